//! `sockscope demux FILE --sockets TABLE`: which socket each packet reaches.

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use sockscope::capture::{Description, Frame, InterfaceId};
use sockscope::decode;
use sockscope::judge;
use sockscope::present::demux_view::Verdicts;
use sockscope::present::json;
use sockscope::track::{Arrivals, DemuxTable, Limits};

use super::args::DemuxArgs;
use super::expect::Expectations;
use super::failure::Failure;
use super::job::{self, Setting};
use super::run;

pub(crate) fn run(args: DemuxArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let mut table = table(&args.sockets)?;
    let mut expectations = match &args.expect {
        Some(file) => Expectations::read(&text(file)?).map_err(|fault| wrong(file, &fault))?,
        None => Expectations::default(),
    };
    let mut arrivals = Arrivals::new(&Limits::default());
    let mut view = Verdicts::new(setting.look);
    let opened = run::open(&args.input)?;
    let look = |frame: &Frame<'_>, selected| {
        let packet = decode::packet(frame);
        (packet.number, packet.interface, selected, arrivals.of(&packet))
    };
    let reading =
        run::described_frames(opened, &args.input, setting, look, |(frame, interface, selected, arriving), description| {
            let Some(arriving) = arriving else { return Ok(ControlFlow::Continue(())) };
            let delivery = table.deliver(&arriving, name(description, interface));
            if !selected {
                return Ok(ControlFlow::Continue(()));
            }
            expectations.see(frame, arriving.tuple, &delivery);
            match args.form.json {
                true => json::demux(frame, arriving.tuple, &delivery, out)?,
                false => view.write(frame, arriving.tuple, &delivery, out)?,
            }
            Ok(ControlFlow::Continue(()))
        })?;
    match (expectations.unmet(), &args.expect) {
        (Some(unmet), Some(file)) => Err(Failure::Unmet(format!("{}: {unmet}", job::shown(file)))),
        _ => reading.verdict(),
    }
}

/// The name of the interface, where the file tells.
fn name(description: &Description, interface: InterfaceId) -> Option<&str> {
    description.interface(interface)?.name.as_deref()
}

fn table(file: &Path) -> Result<DemuxTable, Failure> {
    judge::declared(&text(file)?).map_err(|fault| wrong(file, &fault))
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
