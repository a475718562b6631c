//! `sockscope connections FILE`: TCP connections with their handshake and close.

use std::io::Write;
use std::ops::ControlFlow;

use sockscope::decode;
use sockscope::judge::differences;
use sockscope::judge::query::Row;
use sockscope::present::{connection_view, csv, json};
use sockscope::track::{Limits, Tracker, ZeekChecksums, ZeekTracker};

use super::args::ConnectionsArgs;
use super::failure::Failure;
use super::job::{Form, Setting};
use super::row_filter::RowFilter;
use super::run;
use super::touched::Touched;

pub(crate) fn run(mut args: ConnectionsArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    if args.explain_differences {
        return explain(&args, setting, out);
    }
    let rows = RowFilter::take(&mut args.input, &["conn", "state"])?;
    let form = Form::from(args.form);
    let tracker = match form {
        Form::Json => Tracker::of_connections(Limits::default()),
        Form::Text | Form::Csv => Tracker::of_connection_table(Limits::default()),
    };
    let (mut trace, reading) = run::trace(tracker, &args.input, setting)?;
    trace.connections.retain(|connection| rows.keeps(&Row::connection(connection)));
    match form {
        Form::Text => connection_view::write(&trace.connections, setting.look, out)?,
        Form::Json => json::connections(&trace.connections, out)?,
        Form::Csv => csv::connections(&trace.connections, out)?,
    }
    reading.verdict()
}

/// Follows the capture as Wireshark, as Zeek and as sockscope do, and says where they part.
fn explain(args: &ConnectionsArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let limits = Limits::default();
    let (mut tracker, mut zeek) = (Tracker::new(limits), ZeekTracker::new(&limits, ZeekChecksums::Ignored));
    let mut touched = Touched::default();
    let reading = run::frames(&args.input, setting, |frame, selected| {
        let packet = decode::packet(frame);
        let update = tracker.push(&packet);
        if selected {
            touched.see(&update);
        }
        zeek.push(&packet);
        Ok(ControlFlow::Continue(()))
    })?;
    let (mut trace, rows) = (tracker.finish(), zeek.finish().connections);
    touched.prune(&mut trace);
    for connection in &trace.connections {
        let found = differences(&trace, &rows, connection.id).unwrap_or_default();
        connection_view::write_differences(connection, &found, setting.look, out)?;
    }
    reading.verdict()
}
