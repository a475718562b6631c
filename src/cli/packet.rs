//! `sockscope packet FILE N`: one frame field by field.

use std::io::Write;
use std::ops::ControlFlow;

use sockscope::decode;
use sockscope::present::detail::{self, Detail};
use sockscope::present::json;
use sockscope::present::time::{self, Dial};
use sockscope::track::{Limits, Tracker};

use super::args::{Choice, Input, PacketArgs};
use super::failure::Failure;
use super::job::{self, Setting};
use super::run;

pub(crate) fn run(args: PacketArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let mut dial = Dial::from(args.time);
    let mut tracker = Tracker::new(Limits::default());
    let mut found = false;
    let reading = run::frames(&Input { file: args.file.clone(), choice: Choice::default() }, setting, |frame, _| {
        let packet = decode::packet(frame);
        let update = tracker.push(&packet);
        let time = dial.text(packet.timestamp, time::digits_of(frame));
        if frame.number != args.number {
            return Ok(ControlFlow::Continue(()));
        }
        found = true;
        let detail = Detail { frame, packet: &packet, update: &update, time: &time };
        if args.form.json {
            json::packet(&detail, out)?;
        } else {
            detail::write(&detail, setting.look, out)?;
        }
        Ok(ControlFlow::Break(()))
    })?;
    reading.verdict()?;
    if found {
        return Ok(());
    }
    let file = job::shown(&args.file);
    Err(Failure::Usage(format!("{file}: there is no frame {}: the last one is {}", args.number, reading.frames)))
}
