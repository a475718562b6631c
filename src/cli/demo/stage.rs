//! What a play is acted with: words for those who watch, and a pace.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, SystemTime};

use sockscope::capture::Timestamp;
use sockscope::judge::Language;

/// What reaches those who watch.
pub(super) enum Word {
    /// A line, said at this time.
    Line(Timestamp, Line),
    /// The play is over; its sockets stay open until the capture is.
    End(io::Result<Vec<Prop>>),
}

/// A line between the packets.
pub(super) enum Line {
    /// A step, and its number.
    Step(u32, String),
    /// What a program prints, and which.
    Printed(&'static str, String),
}

/// A socket that stays open.
pub(super) type Prop = Box<dyn Send>;

/// Where a play is acted. Copies speak to the same audience.
#[derive(Clone)]
pub(super) struct Stage {
    say: Sender<Word>,
    language: Language,
    pace: Duration,
    port: u16,
    steps: Arc<AtomicU32>,
}

impl Stage {
    pub(super) fn new(say: Sender<Word>, language: Language, pace: Duration, port: u16) -> Self {
        Self { say, language, pace, port, steps: Arc::default() }
    }

    /// The port of the server.
    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// Where clients call the server.
    pub(super) fn server(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Says what comes next, in Korean or in English, and gives time to read it.
    pub(super) fn step(&self, ko: &str, en: &str) {
        let number = self.steps.fetch_add(1, Ordering::Relaxed) + 1;
        let text = match self.language {
            Language::Ko => ko,
            Language::En => en,
        };
        self.tell(Line::Step(number, text.to_owned()));
        self.pause();
    }

    /// A program of the play prints something.
    pub(super) fn print(&self, program: &'static str, text: String) {
        self.tell(Line::Printed(program, text));
    }

    /// Time to look.
    pub(super) fn pause(&self) {
        thread::sleep(self.pace);
    }

    /// The play came to this.
    pub(super) fn end(&self, outcome: io::Result<Vec<Prop>>) {
        self.send(Word::End(outcome));
    }

    fn tell(&self, line: Line) {
        self.send(Word::Line(Timestamp::from(SystemTime::now()), line));
    }

    /// Those who have left hear nothing.
    fn send(&self, word: Word) {
        let _ = self.say.send(word);
    }
}
