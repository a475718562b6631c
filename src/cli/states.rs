//! `sockscope states FILE STREAM`: both ends' states after each segment of a connection, and why they changed.

use std::io::Write;
use std::ops::ControlFlow;

use sockscope::decode;
use sockscope::present::state_view::States;
use sockscope::present::{json, time};
use sockscope::track::{Limits, Protocol, Tracker};

use super::args::StatesArgs;
use super::failure::Failure;
use super::job::Setting;
use super::run;

pub(crate) fn run(args: StatesArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    if args.stream.protocol != Protocol::Tcp {
        return Err(Failure::Usage(format!("{}: only TCP connections have states; name one such as tcp:0", args.stream)));
    }
    let mut tracker = Tracker::new(Limits::default());
    let mut view = States::new(setting.look, args.time.into());
    let mut lines = json::States::new();
    let (mut seen, mut segments) = (false, 0_u64);
    let reading = run::frames(&args.input, setting, |frame, selected| {
        let packet = decode::packet(frame);
        let update = tracker.push(&packet);
        view.see(&packet, time::digits_of(frame));
        if update.flow != Some(args.stream) {
            return Ok(ControlFlow::Continue(()));
        }
        seen = true;
        if !selected {
            return Ok(ControlFlow::Continue(()));
        }
        segments += 1;
        if args.form.json {
            lines.write(&packet, &update, out)?;
        } else {
            if segments == 1 {
                view.heading(args.stream, &update, out)?;
            }
            view.segment(&packet, &update, out)?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    if !seen {
        reading.verdict()?;
        return Err(run::no_such_stream(&args.input.file, args.stream));
    }
    reading.verdict()
}
