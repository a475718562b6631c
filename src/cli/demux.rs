//! `sockscope demux FILE [--sockets TABLE] [--what-if CHANGE]`: which socket each packet reaches.
//!
//! A declared table delivers as packets come. An inferred one needs the whole capture first, so that is read twice. A
//! verdict that the wire contradicts is told behind all verdicts, since what comes back comes later.

use std::fs;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;

use sockscope::capture::{self, Description, Frame, InterfaceId, Source};
use sockscope::decode::{self, Packet};
use sockscope::judge::what_if::WhatIf;
use sockscope::judge::{self, Contradictions, TextFault};
use sockscope::present::demux_view::Verdicts;
use sockscope::present::json;
use sockscope::present::what_if_view::Changes;
use sockscope::track::{Arrivals, Arriving, DemuxTable, FiveTuple, Limits, Refusal, Setup, Tracker};

use super::args::DemuxArgs;
use super::expect::Expectations;
use super::failure::Failure;
use super::job::{self, Setting};
use super::run::{self, Reading};
use super::twice::Twice;

pub(crate) fn run(args: DemuxArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let mut expectations = match &args.expect {
        Some(file) => Expectations::read(&text(file)?).map_err(|fault| wrong(file, &fault))?,
        None => Expectations::default(),
    };
    let (setup, source) = sockets(&args, setting)?;
    let play = Play { source, args: &args, setting };
    let reading = match args.what_if.is_empty() {
        true => verdicts(setup, play, &mut expectations, out)?,
        false => changes(&setup, play, &mut expectations, out)?,
    };
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

/// Who gets each packet, and what the wire says to that.
fn verdicts(setup: Setup, play: Play<'_>, expectations: &mut Expectations, out: &mut impl Write) -> Result<Reading, Failure> {
    let (inferred, json) = (setup.is_inferred(), play.args.form.json);
    let mut view = Verdicts::new(play.setting.look, inferred);
    let mut lines = json::Verdicts::new(inferred);
    let mut table = DemuxTable::of(setup);
    let mut contradictions = Contradictions::default();
    let mut numbers = Vec::new();
    let reading = play.each(|batch, description| {
        numbers.clear();
        table.expect(batch.iter().filter_map(Event::tuple), &mut numbers);
        view.expect(&numbers);
        batch.iter().try_for_each(|event| match event {
            Event::Refusal(refusal) => {
                contradictions.hear(refusal);
                Ok(())
            }
            Event::Packet(arriving, interface) => {
                let delivery = table.deliver(arriving, name(description, *interface));
                contradictions.see(arriving, delivery);
                expectations.see(arriving, delivery);
                if json { lines.write(arriving, delivery, out) } else { view.write(arriving, delivery, out) }
            }
        })
    })?;
    if json {
        json::contradictions(&contradictions, out)?
    } else {
        view.finish(&contradictions, out)?
    }
    Ok(reading)
}

/// Who would get each packet under a changed table.
fn changes(setup: &Setup, play: Play<'_>, expectations: &mut Expectations, out: &mut impl Write) -> Result<Reading, Failure> {
    let (changes, json) = (&play.args.what_if, play.args.form.json);
    let misread = |(place, fault): (usize, TextFault)| Failure::Text(format!("--what-if '{}': {fault}", changes[place]));
    let mut what_if = WhatIf::new(setup, changes).map_err(misread)?;
    let mut view = Changes::new(play.setting.look, setup.is_inferred());
    if !json {
        view.begin(changes, what_if.binds(), out)?;
    }
    let reading = play.each(|batch, description| {
        batch.iter().try_for_each(|event| {
            let Event::Packet(arriving, interface) = event else { return Ok(()) };
            let (now, then) = what_if.deliver(arriving, name(description, *interface));
            expectations.see(arriving, &then);
            match json {
                true => json::what_if(arriving, (&now, &then), setup.is_inferred(), out),
                false => view.write(arriving, (&now, &then), out),
            }
        })
    })?;
    what_if.finish();
    if json {
        json::binds(what_if.binds(), out)?
    } else {
        view.finish(what_if.binds(), out)?
    }
    Ok(reading)
}

/// A capture whose packets are to be delivered.
struct Play<'a> {
    source: Box<dyn Source>,
    args: &'a DemuxArgs,
    setting: &'a Setting,
}

/// What concerns sockets.
enum Event {
    Packet(Arriving, InterfaceId),
    Refusal(Refusal),
}

impl Event {
    fn of(packet: &Packet<'_>, arrivals: &mut Arrivals) -> Option<Self> {
        let arriving = arrivals.of(packet).map(|arriving| Self::Packet(arriving, packet.interface));
        arriving.or_else(|| Refusal::of(packet).map(Self::Refusal))
    }

    const fn tuple(&self) -> Option<FiveTuple> {
        match self {
            Self::Packet(arriving, _) => Some(arriving.tuple),
            Self::Refusal(_) => None,
        }
    }
}

/// Events shown together.
const BATCH: usize = 64;

impl Play<'_> {
    /// Shows all events in batches, with what the file has said of itself so far.
    fn each(self, mut show: impl FnMut(&[Event], &Description) -> io::Result<()>) -> Result<Reading, Failure> {
        let mut arrivals = Arrivals::new(&Limits::default());
        let mut batch = Vec::with_capacity(BATCH);
        let look = |frame: &Frame<'_>| Event::of(&decode::packet(frame), &mut arrivals);
        let file = &self.args.input.file;
        let reading = run::described_frames(self.source, file, self.setting, look, |event, description| {
            batch.extend(event);
            if batch.len() == BATCH {
                show(&batch, description)?;
                batch.clear();
            }
            Ok(ControlFlow::Continue(()))
        })?;
        show(&batch, &reading.description)?;
        Ok(reading)
    }
}

/// The name of an interface, where the file tells.
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

fn wrong(file: &Path, fault: &TextFault) -> Failure {
    Failure::Text(format!("{}: {fault}", job::shown(file)))
}
