//! `sockscope packets FILE`: every frame on a line.

use std::io::Write;
use std::ops::ControlFlow;

use sockscope::capture::Frame;
use sockscope::decode::{self, Packet};
use sockscope::present::look::Look;
use sockscope::present::time::Dial;
use sockscope::present::{csv, json, listing, time};
use sockscope::track::{Limits, Tracker, Update};

use super::args::PacketsArgs;
use super::failure::Failure;
use super::job::{Form, Setting};
use super::run;

pub(crate) fn run(args: PacketsArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let mut tracker = Tracker::new(Limits::default());
    let mut printer = Printer::new(args.form.into(), setting.look, args.time.into());
    let opened = run::open(&args.input)?;
    printer.heading(out)?;
    let reading = run::frames_of(opened, &args.input, setting, |frame, selected| {
        let packet = decode::packet(frame);
        let update = tracker.push(&packet);
        if selected {
            printer.print(frame, &packet, &update, out)?;
        } else {
            printer.pass(&packet);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    reading.verdict()
}

/// A line for each frame, in one of the forms.
pub(super) enum Printer {
    Text(Box<listing::Packets>),
    Json(json::Lines),
    Csv(csv::Packets),
}

impl Printer {
    pub(super) fn new(form: Form, look: Look, dial: Dial) -> Self {
        match form {
            Form::Text => Self::Text(Box::new(listing::Packets::new(look, dial))),
            Form::Json => Self::Json(json::Lines::new()),
            Form::Csv => Self::Csv(csv::Packets::new()),
        }
    }

    fn heading(&mut self, out: &mut impl Write) -> std::io::Result<()> {
        match self {
            Self::Csv(packets) => packets.heading(out),
            Self::Text(_) | Self::Json(_) => Ok(()),
        }
    }

    /// A frame is not shown, but its time counts.
    pub(super) fn pass(&mut self, packet: &Packet<'_>) {
        match self {
            Self::Text(packets) => packets.pass(packet),
            Self::Json(_) | Self::Csv(_) => {}
        }
    }

    pub(super) fn print(
        &mut self,
        frame: &Frame<'_>,
        packet: &Packet<'_>,
        update: &Update<'_>,
        out: &mut impl Write,
    ) -> std::io::Result<()> {
        match self {
            Self::Text(packets) => packets.write(packet, update, time::digits_of(frame), out),
            Self::Json(lines) => lines.write(packet, update, out),
            Self::Csv(packets) => packets.write(packet, update, out),
        }
    }
}
