//! `sockscope demux FILE [--sockets TABLE]`: which socket each packet reaches.
//!
//! A verdict that the wire contradicts is told behind all verdicts, since what comes back comes later.
//!
//! A declared table delivers as packets come. An inferred one needs the whole capture first, so that is read twice.

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use sockscope::capture::{self, Description, Frame, InterfaceId, Source};
use sockscope::decode;
use sockscope::judge::{self, Contradictions};
use sockscope::present::demux_view::Verdicts;
use sockscope::present::json;
use sockscope::track::{Arrivals, DemuxTable, Limits, Refusal, Setup, Tracker};

use super::args::DemuxArgs;
use super::expect::Expectations;
use super::failure::Failure;
use super::job::{self, Setting};
use super::run;
use super::twice::Twice;

pub(crate) fn run(args: DemuxArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let mut expectations = match &args.expect {
        Some(file) => Expectations::read(&text(file)?).map_err(|fault| wrong(file, &fault))?,
        None => Expectations::default(),
    };
    let (setup, source) = sockets(&args, setting)?;
    let inferred = setup.is_inferred();
    let mut view = Verdicts::new(setting.look, inferred);
    let mut table = DemuxTable::of(setup);
    let mut contradictions = Contradictions::default();
    let mut arrivals = Arrivals::new(&Limits::default());
    let look = |frame: &Frame<'_>| {
        let packet = decode::packet(frame);
        (packet.interface, arrivals.of(&packet), Refusal::of(&packet))
    };
    let reading =
        run::described_frames(source, &args.input.file, setting, look, |(interface, arriving, refusal), description| {
            refusal.iter().for_each(|refusal| contradictions.hear(refusal));
            let Some(arriving) = arriving else { return Ok(ControlFlow::Continue(())) };
            let delivery = table.deliver(&arriving, name(description, interface));
            contradictions.see(&arriving, &delivery);
            expectations.see(&arriving, &delivery);
            match args.form.json {
                true => json::demux(&arriving, &delivery, inferred, out)?,
                false => view.write(&arriving, &delivery, out)?,
            }
            Ok(ControlFlow::Continue(()))
        })?;
    match args.form.json {
        true => json::contradictions(&contradictions, out)?,
        false => view.finish(&contradictions, out)?,
    }
    match (expectations.unmet(), &args.expect) {
        (Some(unmet), Some(file)) => Err(Failure::Unmet(format!("{}: {unmet}", job::shown(file)))),
        _ => reading.verdict(),
    }
}

/// The sockets there are, and the capture from its begin.
fn sockets(args: &DemuxArgs, setting: &Setting) -> Result<(Setup, Box<dyn Source>), Failure> {
    let file = &args.input.file;
    if let Some(table) = &args.sockets {
        let setup = judge::declared(&text(table)?).map_err(|fault| wrong(table, &fault))?;
        return Ok((setup, capture::open(file)?));
    }
    let input = Twice::new(file)?;
    let quiet = Setting { verbose: false, ..*setting };
    let (trace, _) = run::trace_of(input.open()?, Tracker::new(Limits::default()), file, &quiet)?;
    Ok((Setup::inferred(&trace), input.open()?))
}

/// The name of the interface, where the file tells.
fn name(description: &Description, interface: InterfaceId) -> Option<&str> {
    description.interface(interface)?.name.as_deref()
}

fn text(file: &Path) -> Result<String, Failure> {
    let octets = fs::read(file).map_err(|error| Failure::Input(format!("{}: {error}", job::shown(file))))?;
    String::from_utf8(octets).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        let before = &error.as_bytes()[..place];
        let line = before.iter().filter(|octet| **octet == b'\n').count() + 1;
        Failure::Text(format!("{}: line {line}: expected UTF-8", job::shown(file)))
    })
}

fn wrong(file: &Path, fault: &judge::TextFault) -> Failure {
    Failure::Text(format!("{}: {fault}", job::shown(file)))
}
