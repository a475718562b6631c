//! Verdicts as text: a line for each packet, printed as it comes.

use std::io::{self, Write};

use super::line::Line;
use super::look::{Ink, Look};
use super::sanitize::sanitize;
use super::words;
use crate::judge::Contradictions;
use crate::track::{Arriving, Delivery, Lookup, Reach};

/// Losers that a line tells; the others are counted.
const LOSERS: usize = 3;

/// What stands below verdicts by inferred sockets.
const LEGEND: &str = "\
s1, s2, …: the sockets that sockscope sockets --all FILE shows.
To which address one is bound, or to all, and whether several share its port, no packet tells: each is taken to be alone
at its address, and what else may have decided stands behind \"or\".";

/// Where each column stands.
const NUMBER: usize = 0;
const PROTOCOL: usize = 1;
const SOURCE: usize = 2;
const DESTINATION: usize = 3;
const VERDICT: usize = 4;
const SOCKET: usize = 5;
const RULE: usize = 6;
const EVIDENCE: usize = 7;
const COLUMNS: usize = 8;

/// Octets that memory hands out together.
const CACHE_LINE: usize = 64;

/// Lines kept for packets with the same verdict, up to 400 octets each.
const MAX_KEPT: usize = 200_000;

/// The table of verdicts: `No. Protocol Source Destination Verdict Socket Rule Evidence Losers`.
///
/// Nothing is known of the packets to come, so a column is as wide as its widest text so far. What stands behind the
/// number of a frame is made once for each numbered verdict, as long as no column grows.
#[derive(Debug)]
pub struct Verdicts {
    look: Look,
    inferred: bool,
    line: Line,
    widths: [usize; COLUMNS],
    /// Columns have grown so often.
    grown: u32,
    kept: Vec<Kept>,
    begun: bool,
}

/// What stands behind the number of a frame, in columns that have grown so often since.
#[derive(Clone, Debug, Default)]
struct Kept {
    text: Box<[u8]>,
    grown: u32,
}

const TITLES: [&str; COLUMNS] = ["No.", "Proto", "Source", "Destination", "Verdict", "Socket", "Rule", "Evidence"];

/// What most texts need, so that the table stands still from its first line.
const WIDTHS: [usize; COLUMNS] = [4, 5, 15, 15, 7, 8, 23, 11];

impl Verdicts {
    /// No packet yet; the evidence of sockets is told where they are inferred.
    pub fn new(look: Look, inferred: bool) -> Self {
        let mut widths = WIDTHS;
        if inferred {
            widths[RULE] = either(Lookup::ListenerOnAddress, Lookup::ListenerOnAny).len();
        }
        Self { look, inferred, line: Line::new(), widths, grown: 0, kept: Vec::new(), begun: false }
    }

    /// Looks at the lines that are likely to be written next; see [`DemuxTable::expect`](crate::track::DemuxTable::expect).
    pub fn expect(&self, numbers: &[u32]) {
        let kept = numbers.iter().filter_map(|number| self.kept.get(*number as usize));
        let octets = kept.flat_map(|kept| kept.text.iter().step_by(CACHE_LINE));
        std::hint::black_box(octets.fold(0, |all, octet| all ^ octet));
    }

    /// Writes the verdict on one packet, the first one under a heading.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&mut self, arriving: &Arriving, delivery: &Delivery, out: &mut impl Write) -> io::Result<()> {
        if !self.begun {
            self.begun = true;
            self.write_heading(arriving, out)?;
        }
        self.line.number(arriving.frame, self.widths[NUMBER]);
        match delivery.number.and_then(|number| self.kept.get(number as usize)) {
            Some(kept) if kept.grown == self.grown && !kept.text.is_empty() => self.line.end_with(&kept.text, out),
            _ => self.behind_number(arriving, delivery).end(out),
        }
    }

    /// Writes what stands behind the number, and keeps it.
    fn behind_number(&mut self, arriving: &Arriving, delivery: &Delivery) -> &mut Line {
        let (begin, widths) = (self.line.len(), self.widths);
        self.cells(arriving, delivery);
        self.grown += u32::from(widths != self.widths);
        if let Some(number) = delivery.number.map(|number| number as usize).filter(|number| *number < MAX_KEPT) {
            if self.kept.len() <= number {
                self.kept.resize(number + 1, Kept::default());
            }
            self.kept[number] = Kept { text: self.line.since(begin).into(), grown: self.grown };
        }
        &mut self.line
    }

    fn cells(&mut self, arriving: &Arriving, delivery: &Delivery) {
        let Self { look, line, widths, .. } = self;
        let tuple = arriving.tuple;
        line.left(tuple.protocol.word(), widths[PROTOCOL]);
        line.growing_endpoint(tuple.source, &mut widths[SOURCE]);
        line.growing_endpoint(tuple.destination, &mut widths[DESTINATION]);
        line.painted(*look, ink(arriving, delivery.verdict), said(delivery.verdict), widths[VERDICT]);
        match delivery.sockets.as_slice() {
            [] => line.growing("-", &mut widths[SOCKET]),
            [one] => line.growing(&sanitize(one), &mut widths[SOCKET]),
            several => line.growing(&sanitize(&several.join(", ")), &mut widths[SOCKET]),
        };
        match delivery.or_rule {
            None => line.growing(delivery.rule.word(), &mut widths[RULE]),
            Some(other) => line.growing(&either(delivery.rule, other), &mut widths[RULE]),
        };
        if self.inferred {
            let basis = delivery.basis.map(|basis| format!("{} {}", basis.evidence, basis.rule.word()));
            line.growing(basis.as_deref().unwrap_or("-"), &mut widths[EVIDENCE]);
        }
        if !delivery.losers.is_empty() {
            line.painted(*look, Ink::Quiet, &losers(delivery), 0);
        }
    }

    /// Writes what is to be said below all verdicts.
    ///
    /// # Errors
    /// What the writer says.
    pub fn finish(&mut self, contradictions: &Contradictions, out: &mut impl Write) -> io::Result<()> {
        self.write_contradictions(contradictions, out)?;
        match (self.begun, self.inferred) {
            (false, _) => writeln!(out, "no packet with ports"),
            (true, false) => Ok(()),
            (true, true) => LEGEND.lines().try_for_each(|line| writeln!(out, "  {}", self.look.paint(Ink::Quiet, line))),
        }
    }

    fn write_contradictions(&self, contradictions: &Contradictions, out: &mut impl Write) -> io::Result<()> {
        if contradictions.unwatched > 0 {
            let packets = words::counted(contradictions.unwatched, "packet");
            writeln!(out, "  {packets} not held against the wire: too many others wait for an answer")?;
        }
        if contradictions.found().is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", self.look.paint(Ink::Strong, "What the wire contradicts"))?;
        for found in contradictions.found() {
            writeln!(out, "  {}", self.look.paint(Ink::Bad, sanitize(&found.to_string())))?;
        }
        match contradictions.more {
            0 => Ok(()),
            more => writeln!(out, "  … {} more", words::grouped(more)),
        }
    }

    fn write_heading(&mut self, first: &Arriving, out: &mut impl Write) -> io::Result<()> {
        for (column, end) in [(SOURCE, first.tuple.source), (DESTINATION, first.tuple.destination)] {
            self.widths[column] = self.widths[column].max(end.to_string().len());
        }
        let number = format!("{:>1$}", TITLES[NUMBER], self.widths[NUMBER]);
        self.line.painted(self.look, Ink::Quiet, &number, 0);
        let columns = if self.inferred { COLUMNS } else { EVIDENCE };
        for (title, width) in TITLES.iter().zip(self.widths).take(columns).skip(1) {
            self.line.painted(self.look, Ink::Quiet, title, width);
        }
        self.line.painted(self.look, Ink::Quiet, "Not to", 0).end(out)
    }
}

/// The verdict as people say it.
pub(super) const fn said(verdict: Reach) -> &'static str {
    match verdict {
        Reach::To => "to",
        Reach::OneOf => "to one of",
        Reach::Every => "to every",
        Reach::Refused => "refused",
        Reach::NotThisHost => "not this host",
        Reach::Unknown => "unknown",
    }
}

/// `bound or wildcard`.
fn either(rule: Lookup, other: Lookup) -> String {
    match (rule, other) {
        (Lookup::ListenerOnAddress, Lookup::ListenerOnAny) => "listener on the address or any".to_owned(),
        _ => format!("{} or {}", rule.word(), other.word()),
    }
}

/// `s2 (bound to another address), s3 (…) and 4 more`.
fn losers(delivery: &Delivery) -> String {
    let told = delivery.losers.iter().take(LOSERS).map(|(socket, because)| format!("{} ({because})", sanitize(socket)));
    let told = told.collect::<Vec<_>>().join(", ");
    match delivery.losers.len().saturating_sub(LOSERS) {
        0 => told,
        more if delivery.losers.len() == Delivery::MAX_LOSERS => format!("{told} and {more} or more"),
        more => format!("{told} and {more} more"),
    }
}

const fn ink(arriving: &Arriving, verdict: Reach) -> Ink {
    match verdict {
        Reach::To | Reach::OneOf | Reach::Every => Ink::of(arriving.tuple.protocol),
        Reach::Refused => Ink::Bad,
        Reach::NotThisHost | Reach::Unknown => Ink::Quiet,
    }
}
