//! `sockscope connections FILE`: TCP connections with their handshake and close.

use std::io::Write;

use sockscope::present::{connection_view, csv, json};
use sockscope::track::{Limits, Tracker};

use super::args::ConnectionsArgs;
use super::failure::Failure;
use super::job::{Form, Setting};
use super::run;

pub(crate) fn run(args: ConnectionsArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let (trace, reading) = run::trace(Tracker::of_connections(Limits::default()), &args.input.file, setting)?;
    match Form::from(args.form) {
        Form::Text => connection_view::write(&trace.connections, setting.look, out)?,
        Form::Json => json::connections(&trace.connections, out)?,
        Form::Csv => csv::connections(&trace.connections, out)?,
    }
    reading.verdict()
}
