//! `sockscope cut FILE STREAM… -o OUT`: the frames of some streams, copied as they are.
//!
//! The capture is read twice: a fragment shows only later whose datagram it belongs to, and a pcapng file names
//! interfaces before frames.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;

use sockscope::capture::{self, Description, Writer};
use sockscope::decode;
use sockscope::present::words;
use sockscope::track::{FlowId, Limits, Tracker};

use super::args::CutArgs;
use super::failure::Failure;
use super::job::{self, Setting};
use super::run::{self, Reading};
use super::touched::flow;
use super::twice::Twice;

pub(crate) fn run(args: CutArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let input = Twice::new(&args.input)?;
    let (chosen, reading) = choose(&input, &args.streams, setting)?;
    if same_file(&args.input.file, &args.output) {
        return Err(Failure::Usage(format!("{}: is the input, which is never overwritten", args.output.display())));
    }
    copy(&input, &chosen, reading.description.clone(), &args.output)?;
    let streams = args.streams.iter().map(FlowId::to_string).collect::<Vec<_>>().join(", ");
    let of = if streams.is_empty() { String::new() } else { format!(" of {streams}") };
    writeln!(out, "{}{of} written to {}", words::counted(chosen.len() as u64, "frame"), job::shown(&args.output))?;
    reading.verdict()
}

/// The numbers of the frames that belong to the streams, ascending.
fn choose(input: &Twice<'_>, streams: &[FlowId], setting: &Setting) -> Result<(Vec<u64>, Reading), Failure> {
    let wanted: HashSet<FlowId> = streams.iter().copied().collect();
    let (mut chosen, mut seen) = (Vec::new(), HashSet::new());
    let mut tracker = Tracker::new(Limits::default());
    let reading = run::frames_of(input.opened()?, input.input, setting, |frame, selected| {
        let packet = decode::packet(frame);
        let update = tracker.push(&packet);
        let flow = flow(&update).filter(|flow| wanted.contains(flow));
        if selected && (flow.is_some() || wanted.is_empty()) {
            chosen.push(frame.number);
            chosen.extend(update.reassembled.iter().flat_map(|datagram| datagram.frames));
        }
        seen.extend(flow);
        Ok(ControlFlow::Continue(()))
    })?;
    chosen.sort_unstable();
    chosen.dedup();
    match streams.iter().find(|stream| !seen.contains(stream)) {
        Some(stream) => Err(Failure::Usage(format!("{}: there is no stream {stream}", job::shown(&input.input.file)))),
        None => Ok((chosen, reading)),
    }
}

fn copy(input: &Twice<'_>, chosen: &[u64], mut description: Description, output: &Path) -> Result<(), Failure> {
    // The statistics count frames that are left out.
    description.interfaces.iter_mut().for_each(|interface| interface.statistics = None);
    let cannot = |error: io::Error| Failure::Output(io::Error::new(error.kind(), format!("{}: {error}", output.display())));
    let mut writer = Writer::new(File::create(output).map_err(cannot)?, &description);
    let mut source = input.open()?;
    let mut left = chosen.iter().peekable();
    while left.peek().is_some()
        && let capture::Next::Frame(frame) = source.next()?
    {
        if left.next_if(|number| **number == frame.number).is_some() {
            writer.frame(&frame).map_err(cannot)?;
        }
    }
    writer.finish().map_err(cannot)?;
    Ok(())
}

/// Both paths lead to one file.
pub(super) fn same_file(input: &Path, output: &Path) -> bool {
    match (fs::metadata(input), fs::metadata(output)) {
        (Ok(a), Ok(b)) => is_same(&a, &b) || fs::canonicalize(input).ok() == fs::canonicalize(output).ok(),
        _ => false,
    }
}

#[cfg(unix)]
fn is_same(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn is_same(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    false
}
