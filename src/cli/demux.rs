//! `sockscope demux FILE [--sockets TABLE] [--by-socket | --what-if CHANGE]`: which socket each packet reaches.
//!
//! A declared table delivers as packets come. An inferred one needs the whole capture first, so that is read twice. A
//! verdict that the wire contradicts is told behind all verdicts, since what comes back comes later.

use std::cell::RefCell;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;

use sockscope::capture::{Description, Frame, Interface, InterfaceId};
use sockscope::judge::what_if::WhatIf;
use sockscope::judge::{self, Contradictions, TextFault};
use sockscope::present::demux_view::Verdicts;
use sockscope::present::look::Look;
use sockscope::present::what_if_view::Changes;
use sockscope::present::{json, share_view};
use sockscope::track::{Arrival, Arrivals, Arriving, DemuxTable, Limits, Ruling, Setup, Shares, Tracker};

use super::args::DemuxArgs;
use super::expect::Expectations;
use super::failure::Failure;
use super::job::{self, Setting};
use super::row_filter::RowFilter;
use super::run::{self, Opened, Reading};
use super::twice::Twice;

pub(crate) fn run(mut args: DemuxArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let mut expectations = match &args.expect {
        Some(file) => Expectations::read(&job::text(file)?).map_err(|fault| wrong(file, &fault))?,
        None => Expectations::default(),
    };
    let rows = RowFilter::take(&mut args.input, &["demux"])?;
    let (setup, source) = sockets(&args, setting)?;
    let play = Play { source, args: &args, setting, rows: &rows };
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
fn sockets(args: &DemuxArgs, setting: &Setting) -> Result<(Setup, Opened), Failure> {
    if let Some(table) = &args.sockets {
        let setup = judge::declared(&job::text(table)?).map_err(|fault| wrong(table, &fault))?;
        return Ok((setup, run::open(&args.input)?));
    }
    let input = Twice::new(&args.input)?;
    let quiet = Setting { verbose: false, ..*setting };
    let trace = run::whole_trace(Tracker::new(Limits::default()), input.opened()?, &args.input, &quiet)?;
    Ok((Setup::inferred(&trace), input.opened()?))
}

/// Who gets each packet, and what the wire says to that.
fn verdicts(setup: Setup, play: Play<'_>, expectations: &mut Expectations, out: &mut impl Write) -> Result<Reading, Failure> {
    let rows = play.rows;
    let mut told = Told::new(setup.is_inferred(), play.args, play.setting.look);
    let mut table = DemuxTable::of(setup);
    if play.args.by_socket && rows.keeps_all() {
        table.leave_losers_out();
    }
    let mut contradictions = Contradictions::default();
    let (keeps_all, expects) = (rows.keeps_all(), !expectations.is_empty());
    let mut numbers = Vec::new();
    let mut interfaces = 0;
    let played = play.each(|batch, description| {
        fresh(description, &mut interfaces).for_each(|interface| table.hear_of(&interface.addresses));
        numbers.clear();
        table.expect(batch.iter().filter_map(Event::arriving), |number| {
            told.expect(number);
            contradictions.expect(number);
            numbers.push(number);
        });
        told.fetch(&numbers);
        batch.iter().try_for_each(|event| match &event.arrival {
            Arrival::Refusal(refusal) => {
                contradictions.hear(refusal, table.last_on(&refusal.about).as_ref());
                Ok(())
            }
            Arrival::Packet(arriving) => {
                let ruling = &table.deliver(arriving, || event.interface(description));
                // Only a filter looks at a verdict that was given before.
                if !event.selected || !(keeps_all || rows.keeps(&**ruling)) {
                    return Ok(());
                }
                contradictions.see(arriving, ruling);
                if expects {
                    expectations.see(arriving, ruling);
                }
                told.see(arriving, ruling, out)
            }
        })
    });
    // Whatever ended it: what was read before is shown.
    told.finish(&contradictions, out)?;
    played
}

/// How verdicts are told.
enum Told {
    Text(Verdicts),
    Json(json::Verdicts),
    /// Counted, and told at the end.
    BySocket {
        shares: Shares,
        inferred: bool,
        json: bool,
        look: Look,
    },
}

impl Told {
    fn new(inferred: bool, args: &DemuxArgs, look: Look) -> Self {
        match (args.by_socket, args.form.json) {
            (true, json) => Self::BySocket { shares: Shares::default(), inferred, json, look },
            (false, true) => Self::Json(json::Verdicts::new(inferred)),
            (false, false) => Self::Text(Verdicts::new(look, inferred)),
        }
    }

    /// Has the processor fetch what is likely to be told next, in two turns; see [`DemuxTable::expect`].
    #[inline]
    fn expect(&self, number: u32) {
        match self {
            Self::Text(view) => view.expect(number),
            Self::Json(lines) => lines.expect(number),
            Self::BySocket { shares, .. } => shares.expect(number),
        }
    }

    fn fetch(&self, numbers: &[u32]) {
        match self {
            Self::Text(view) => view.fetch(numbers),
            Self::Json(lines) => lines.fetch(numbers),
            Self::BySocket { .. } => {}
        }
    }

    #[inline]
    fn see(&mut self, arriving: &Arriving, ruling: &Ruling<'_>, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Text(view) => view.write(arriving, ruling, out),
            Self::Json(lines) => lines.write(arriving, ruling, out),
            Self::BySocket { shares, .. } => {
                shares.see(arriving, ruling);
                Ok(())
            }
        }
    }

    fn finish(&mut self, contradictions: &Contradictions, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Text(view) => return view.finish(contradictions, out),
            Self::Json(lines) => lines.finish(out)?,
            Self::BySocket { shares, inferred, json: false, look } => {
                return share_view::write(shares, *inferred, contradictions, *look, out);
            }
            Self::BySocket { shares, .. } => json::shares(shares, out)?,
        }
        json::contradictions(contradictions, out)
    }
}

/// Who would get each packet under a changed table.
fn changes(setup: &Setup, play: Play<'_>, expectations: &mut Expectations, out: &mut impl Write) -> Result<Reading, Failure> {
    let (changes, json, rows) = (&play.args.what_if, play.args.form.json, play.rows);
    let misread = |(place, fault): (usize, TextFault)| Failure::Text(format!("--what-if '{}': {fault}", changes[place]));
    let mut what_if = WhatIf::new(setup, changes).map_err(misread)?;
    let mut view = Changes::new(play.setting.look, setup.is_inferred());
    if !json {
        view.begin(changes, what_if.binds(), out)?;
    }
    let mut interfaces = 0;
    let reading = play.each(|batch, description| {
        fresh(description, &mut interfaces).for_each(|interface| what_if.hear_of(&interface.addresses));
        batch.iter().try_for_each(|event| {
            let Some(arriving) = event.arriving() else { return Ok(()) };
            let (now, then) = what_if.deliver(arriving, event.interface(description));
            if !event.selected || !rows.keeps(&then) {
                return Ok(());
            }
            expectations.see(arriving, &Ruling::from(&then));
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

/// The interfaces that the file has described since it was asked last.
fn fresh<'d>(description: &'d Description, known: &mut usize) -> impl Iterator<Item = &'d Interface> + use<'d> {
    let before = std::mem::replace(known, description.interfaces.len());
    description.interfaces.iter().skip(before)
}

/// A capture whose packets are to be delivered.
struct Play<'a> {
    source: Opened,
    args: &'a DemuxArgs,
    setting: &'a Setting,
    rows: &'a RowFilter,
}

/// What concerns sockets.
struct Event {
    arrival: Arrival,
    interface: InterfaceId,
    /// The user's filter selects it; delivered are all.
    selected: bool,
}

impl Event {
    /// The name of the interface, where the file tells.
    fn interface<'d>(&self, description: &'d Description) -> Option<&'d str> {
        description.interface(self.interface)?.name.as_deref()
    }

    const fn arriving(&self) -> Option<&Arriving> {
        match &self.arrival {
            Arrival::Packet(arriving) => Some(arriving),
            Arrival::Refusal(_) => None,
        }
    }
}

/// Events shown together: so few that what is fetched for them stays near the processor until it is their turn.
const BATCH: usize = 32;

impl Play<'_> {
    /// Shows all events in batches, with what the file has said of itself so far.
    fn each(self, mut show: impl FnMut(&[Event], &Description) -> io::Result<()>) -> Result<Reading, Failure> {
        let mut arrivals = Arrivals::new(&Limits::default());
        // Filled while a frame is looked at, emptied between frames: moving an event costs as much as making it.
        let batch = RefCell::new(Vec::with_capacity(BATCH));
        let look = |frame: &Frame<'_>, selected| {
            let keep = |arrival| batch.borrow_mut().push(Event { arrival, interface: frame.interface, selected });
            arrivals.of_frame(frame, keep);
        };
        let input = &self.args.input;
        let reading = run::described_frames(self.source, input, self.setting, look, |(), description| {
            let mut batch = batch.borrow_mut();
            if batch.len() == BATCH {
                show(&batch, description)?;
                batch.clear();
            }
            Ok(ControlFlow::Continue(()))
        })?;
        show(&batch.borrow(), &reading.description)?;
        Ok(reading)
    }
}

fn wrong(file: &Path, fault: &TextFault) -> Failure {
    Failure::Text(format!("{}: {fault}", job::shown(file)))
}
