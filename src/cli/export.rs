//! `sockscope export FILE --zeek`: what other tools read.
//!
//! The log is written when the capture is read: where a connection ends shows only later.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;

use sockscope::decode;
use sockscope::present::zeek;
use sockscope::track::{Limits, ZeekChecksums, ZeekLog, ZeekTracker};

use super::args::ExportArgs;
use super::cut::same_file;
use super::failure::{Failure, print_line};
use super::job::{self, Setting};
use super::run::{self, Reading};

pub(crate) fn run(args: ExportArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    if let Some(output) = args.output.as_deref().filter(|output| same_file(&args.input.file, output)) {
        return Err(Failure::Usage(format!("{}: is the input, which is never overwritten", output.display())));
    }
    let (log, reading) = read(&args, setting)?;
    if log.refused_packets > 0 {
        let packets = log.refused_packets;
        print_line(&format!("{}: {packets} packets of connections beyond the limit left out", job::shown(&args.input.file)));
    }
    match args.output.as_deref() {
        Some(output) => write_file(&log, args.form.json, output)?,
        None => write(&log, args.form.json, out)?,
    }
    reading.verdict()
}

fn read(args: &ExportArgs, setting: &Setting) -> Result<(ZeekLog, Reading), Failure> {
    let checksums = if args.checksums { ZeekChecksums::Verified } else { ZeekChecksums::Ignored };
    let mut tracker = ZeekTracker::new(&Limits::default(), checksums);
    let reading = run::frames(&args.input, setting, |frame, selected| {
        if selected {
            tracker.push(&decode::packet(frame));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((tracker.finish(), reading))
}

fn write(log: &ZeekLog, json: bool, out: &mut impl Write) -> io::Result<()> {
    if json { zeek::json_lines(&log.connections, out) } else { zeek::conn_log(&log.connections, out) }
}

fn write_file(log: &ZeekLog, json: bool, output: &Path) -> Result<(), Failure> {
    let cannot = |error: io::Error| Failure::Output(io::Error::new(error.kind(), format!("{}: {error}", output.display())));
    let mut out = BufWriter::new(File::create(output).map_err(cannot)?);
    write(log, json, &mut out).and_then(|()| out.flush()).map_err(cannot)
}
