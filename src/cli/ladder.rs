//! `sockscope ladder FILE STREAM`: the packets of a stream as arrows between its two ends.

use std::io::Write;
use std::ops::ControlFlow;

use sockscope::decode;
use sockscope::present::ladder::Ladder;
use sockscope::present::time;
use sockscope::track::{Limits, Tracker};

use super::args::LadderArgs;
use super::failure::Failure;
use super::job::Setting;
use super::run;

pub(crate) fn run(args: LadderArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let mut tracker = Tracker::new(Limits::default());
    let mut ladder = Ladder::new(args.stream, setting.look, args.time.into(), args.all);
    let mut seen = false;
    let reading = run::frames(&args.input, setting, |frame, selected| {
        let packet = decode::packet(frame);
        let update = tracker.push(&packet);
        ladder.see(&packet, time::digits_of(frame));
        seen |= update.flow == Some(args.stream);
        if selected {
            ladder.push(&packet, &update, out)?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    ladder.finish(out)?;
    if !seen {
        reading.verdict()?;
        return Err(run::no_such_stream(&args.input.file, args.stream));
    }
    reading.verdict()
}
