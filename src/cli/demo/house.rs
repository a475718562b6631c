//! The audience of a play: packets as they come, and between them what is said.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::mpsc::Receiver;
use std::time::SystemTime;

use sockscope::capture::Timestamp;
use sockscope::present::look::{Ink, Look};
use sockscope::present::sanitize::sanitize;
use sockscope::present::socket_view;

use super::super::failure::Failure;
use super::super::live::{Audience, Lines, Seen, Sight, taken_until};
use super::stage::{Line, Prop, Word};

/// Packets on lines, words between them.
pub(super) struct House<'o> {
    lines: Lines<'o>,
    words: Receiver<Word>,
    /// Words that packets may still come before.
    waiting: VecDeque<(Timestamp, Line)>,
    /// What the play came to.
    outcome: Option<io::Result<Vec<Prop>>>,
    look: Look,
}

impl<'o> House<'o> {
    pub(super) const fn new(lines: Lines<'o>, words: Receiver<Word>, look: Look) -> Self {
        Self { lines, words, waiting: VecDeque::new(), outcome: None, look }
    }

    /// Writes what was said until this time; a packet comes later out of the kernel than a word out of the play.
    fn say_until(&mut self, time: Option<Timestamp>) -> io::Result<()> {
        for word in self.words.try_iter() {
            match word {
                Word::Line(at, line) => self.waiting.push_back((at, line)),
                Word::End(outcome) => self.outcome = Some(outcome),
            }
        }
        while let Some((_, line)) = self.waiting.pop_front_if(|(at, _)| time.is_none_or(|time| *at <= time)) {
            write(&line, self.look, self.lines.out())?;
        }
        Ok(())
    }
}

impl Audience for House<'_> {
    fn see(&mut self, sight: Sight<'_>) -> io::Result<()> {
        match &sight {
            Sight::Frame(frame, ..) => self.say_until(frame.timestamp)?,
            Sight::Rest { .. } => self.say_until(taken_until(SystemTime::now().into()))?,
            Sight::Unselected(_) | Sight::Owners(..) | Sight::Differs(_) => {}
        }
        self.lines.see(sight)
    }

    fn end(&mut self, seen: &mut Seen) -> Result<(), Failure> {
        self.say_until(None)?;
        self.lines.end(seen)?;
        let cards = seen.trace.sockets.ports();
        if !cards.is_empty() {
            writeln!(self.lines.out())?;
            socket_view::write_ports(&cards, self.look, usize::MAX, &mut self.lines.out())?;
        }
        verdict(self.outcome.take())
    }
}

/// Writes all that was said while a screen was shown.
pub(super) fn tell(words: &Receiver<Word>, look: Look, out: &mut dyn Write) -> Result<(), Failure> {
    let mut over = None;
    for word in words.try_iter() {
        match word {
            Word::Line(_, line) => write(&line, look, out)?,
            Word::End(outcome) => over = Some(outcome),
        }
    }
    verdict(over)
}

/// Whether the play was acted; ended by those who watch, it has no outcome.
fn verdict(outcome: Option<io::Result<Vec<Prop>>>) -> Result<(), Failure> {
    match outcome {
        Some(Err(error)) => Err(Failure::Input(format!("the play could not go on: {error}"))),
        Some(Ok(_)) | None => Ok(()),
    }
}

fn write(line: &Line, look: Look, out: &mut dyn Write) -> io::Result<()> {
    match line {
        Line::Step(number, text) => writeln!(out, "\n{}", look.paint(Ink::Strong, format!("{number}. {text}"))),
        Line::Printed(program, text) => writeln!(out, "{}", look.paint(Ink::Quiet, format!("{program:>7} │ {}", sanitize(text)))),
    }
}
