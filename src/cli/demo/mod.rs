//! `sockscope demo NAME`: a lecture in one command. Real sockets on the loopback speak to each other, the program captures
//! them, and says what happens.
//!
//! [`plays`] are what is shown, acted on a [`stage`] in a thread of its own; [`house`] is the audience: it puts the words
//! between the packets, each where its time says. The capture is that of [`live`](super::live), and so is its view, behind
//! which the words are told.

mod house;
mod plays;
mod stage;

use std::io::Write;
use std::sync::mpsc;
use std::thread;

use super::args::{DemoArgs, LiveArgs};
use super::failure::Failure;
use super::job::{self, Setting};
use super::live::{self, Filtered, Lines, Signals};
use super::selection::Selection;
use house::House;
use stage::Stage;

pub(crate) fn run(args: DemoArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let language = job::language(args.lang);
    let server = plays::server(args.play, args.port)?;
    let port = server.port();
    let capture = capture(&args, port);
    let filtered = Filtered::new(&capture)?;
    let signals = Signals::catch()?;
    let (caller, on_screen) = (signals.clone(), filtered.is_for_screen());
    let (say, words) = mpsc::channel();
    let stage = Stage::new(say, language, args.pace.unsigned_abs(), port);
    let play = move || {
        let outcome = plays::act(args.play, &stage, server);
        let is_over = outcome.is_err() || !on_screen; // Who looks at a screen leaves it.
        stage.end(outcome);
        if is_over {
            caller.call();
        }
    };
    if on_screen {
        live::perform(&capture, signals.clone(), out, |live, out| {
            thread::spawn(play);
            filtered.view(&capture, (live, &signals), setting.look, out)
        })?;
        return house::tell(&words, setting.look, out);
    }
    live::perform(&capture, signals, out, |_, out| {
        thread::spawn(play);
        let lines = Lines::new(&capture, setting.look, out);
        Ok((Selection::default(), Box::new(House::new(lines, words, setting.look))))
    })
}

/// What is captured: an ICMP error names the port only in what it quotes.
fn capture(args: &DemoArgs, port: u16) -> LiveArgs {
    let capture = LiveArgs::of_loopback(format!("port {port} or icmp"), args.output.clone());
    #[cfg(feature = "tui")]
    let capture = LiveArgs { plain: !args.view, ..capture };
    capture
}
