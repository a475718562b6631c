//! `sockscope demo NAME`: a lecture in one command. Real sockets on the loopback speak to each other, the program captures
//! them, and says what happens.
//!
//! [`plays`] are what is shown, acted on a [`stage`] in a thread of its own; [`house`] is the audience: it puts the words
//! between the packets, each where its time says. The capture is that of [`live`](super::live).

mod house;
mod plays;
mod stage;

use std::io::Write;
use std::sync::mpsc;
use std::thread;

use super::args::{DemoArgs, LiveArgs};
use super::failure::Failure;
use super::job::{self, Setting};
use super::live::{self, Lines, Signals};
use super::selection::Selection;
use house::House;
use stage::Stage;

pub(crate) fn run(args: DemoArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let language = job::language(args.lang);
    let server = plays::server(args.play, args.port)?;
    let port = server.port();
    let signals = Signals::catch()?;
    let caller = signals.clone();
    // An ICMP error names the port only in what it quotes.
    let capture = LiveArgs::of_loopback(format!("port {port} or icmp"), args.output);
    live::perform(&capture, signals, out, |_, out| {
        let (say, words) = mpsc::channel();
        let stage = Stage::new(say, language, args.pace.unsigned_abs(), port);
        thread::spawn(move || {
            stage.end(plays::act(args.play, &stage, server));
            caller.call();
        });
        let lines = Lines::new(&capture, setting.look, out);
        Ok((Selection::default(), Box::new(House::new(lines, words, setting.look))))
    })
}
