//! Verdicts as text: a line for each packet, printed as it comes.

use std::io::{self, Write};

use super::line::Line;
use super::look::{Ink, Look};
use super::numbered::{Numbered, Rest};
use super::sanitize::sanitize;
use super::words;
use crate::judge::Contradictions;
use crate::track::{Arriving, Delivery, Lookup, Name, Reach, Ruling};

/// Losers that a line tells; the others are counted.
const TOLD: usize = 3;

/// What stands below verdicts by inferred sockets.
const LEGEND: &str = "\
s1, s2, …: the sockets that sockscope sockets --all FILE shows.
To which address one is bound, or to all, and whether several share its port, no packet tells: each is taken to be alone
at its address, and what else may have decided stands behind \"or\".";

/// What stands between the number of a frame and the next column.
const GAP: &str = "  ";

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

/// The table of verdicts: `No. Protocol Source Destination Verdict Socket Rule Evidence Losers`.
///
/// Nothing is known of the packets to come, so a column is as wide as its widest text so far. What stands behind the
/// number of a frame is made once for each numbered verdict, as long as no column grows, and once for each list of losers.
#[derive(Debug)]
pub struct Verdicts {
    look: Look,
    inferred: bool,
    /// Behind the number of the frame: cells by the verdict, and losers.
    lines: Numbered,
    /// What stands there, while it is made.
    line: Line,
    widths: [usize; COLUMNS],
    begun: bool,
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
        let lines = Numbered::new("", widths[NUMBER], GAP);
        Self { look, inferred, lines, line: Line::new(), widths, begun: false }
    }

    /// Has the processor fetch where the line of a verdict stands that is likely to come next.
    #[inline]
    pub fn expect(&self, number: u32) {
        self.lines.expect(number);
    }

    /// Has the processor fetch the lines that are [expected](Verdicts::expect).
    pub fn fetch(&self, numbers: &[u32]) {
        self.lines.fetch(numbers);
    }

    /// Writes the verdict on one packet, the first one under a heading.
    ///
    /// # Errors
    /// What the writer says.
    #[inline(always)]
    pub fn write(&mut self, arriving: &Arriving, ruling: &Ruling<'_>, out: &mut impl Write) -> io::Result<()> {
        match self.lines.again(arriving.frame, ruling.number, out) {
            Some(written) => written,
            None => self.write_new(arriving, ruling, out),
        }
    }

    /// Writes a verdict that was not written before.
    #[inline(never)]
    fn write_new(&mut self, arriving: &Arriving, ruling: &Ruling<'_>, out: &mut impl Write) -> io::Result<()> {
        if !self.begun {
            self.begun = true;
            self.write_heading(arriving, out)?;
        }
        let (delivery, widths): (&Delivery, _) = (ruling, self.widths);
        self.fill_cells(arriving, delivery);
        if widths != self.widths {
            self.lines.forget();
        }
        let cells = self.line.len();
        self.write_losers(delivery);
        let rest = self.line.since(0);
        // Without losers, the line ends before its last column does.
        let pieces = rest.split_at(cells.min(rest.len())).into();
        self.lines.anew(arriving.frame, Rest { id: ruling.number, pieces, shared: delivery.losers_number() }, out)?;
        self.line.clear();
        Ok(())
    }

    fn fill_cells(&mut self, arriving: &Arriving, delivery: &Delivery) {
        let Self { look, line, widths, .. } = self;
        let tuple = arriving.tuple();
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
    }

    /// Writes who does not get it, if anybody and if it was not written before, and ends the line.
    fn write_losers(&mut self, delivery: &Delivery) {
        match (delivery.losers(), self.lines.knows(delivery.losers_number())) {
            (_, true) => {}
            ([], false) => _ = self.line.close(),
            (losers, false) => _ = self.line.painted(self.look, Ink::Quiet, &told(losers), 0).close(),
        };
    }

    /// Writes what is to be said below all verdicts.
    ///
    /// # Errors
    /// What the writer says.
    pub fn finish(&mut self, contradictions: &Contradictions, out: &mut impl Write) -> io::Result<()> {
        self.lines.send(out)?;
        foot(self.begun, self.inferred, contradictions, self.look, out)
    }

    fn write_heading(&mut self, first: &Arriving, out: &mut impl Write) -> io::Result<()> {
        for (column, end) in [(SOURCE, first.source()), (DESTINATION, first.destination())] {
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

/// Writes what stands below verdicts, if there are any, or their counts.
pub(super) fn foot(
    any: bool,
    inferred: bool,
    contradictions: &Contradictions,
    look: Look,
    out: &mut impl Write,
) -> io::Result<()> {
    if contradictions.unwatched > 0 {
        let packets = words::counted(contradictions.unwatched, "packet");
        writeln!(out, "  {packets} not held against the wire: too many others wait for an answer")?;
    }
    if !contradictions.found().is_empty() {
        writeln!(out, "\n{}", look.paint(Ink::Strong, "What the wire contradicts"))?;
    }
    for found in contradictions.found() {
        writeln!(out, "  {}", look.paint(Ink::Bad, sanitize(&found.to_string())))?;
    }
    if contradictions.more > 0 {
        writeln!(out, "  … {} more", words::grouped(contradictions.more))?;
    }
    match (any, inferred) {
        (false, _) => writeln!(out, "no packet with ports"),
        (true, false) => Ok(()),
        (true, true) => LEGEND.lines().try_for_each(|line| writeln!(out, "  {}", look.paint(Ink::Quiet, line))),
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
pub(super) fn either(rule: Lookup, other: Lookup) -> String {
    match (rule, other) {
        (Lookup::ListenerOnAddress, Lookup::ListenerOnAny) => "listener on the address or any".to_owned(),
        _ => format!("{} or {}", rule.word(), other.word()),
    }
}

/// `s2, s3 (bound to another address), s5 (…) and 4 more`: a reason stands once behind all that it follows.
fn told(losers: &[(Name, &str)]) -> String {
    let told = losers.get(..TOLD).unwrap_or(losers);
    let alike = told.chunk_by(|(_, because), (_, next)| because == next).map(|alike| {
        let names = alike.iter().map(|(socket, _)| sanitize(socket)).collect::<Vec<_>>().join(", ");
        alike.first().map_or(String::new(), |(_, because)| format!("{names} ({because})"))
    });
    let told = alike.collect::<Vec<_>>().join(", ");
    match losers.len().saturating_sub(TOLD) {
        0 => told,
        more if losers.len() == Delivery::MAX_LOSERS => format!("{told} and {more} or more"),
        more => format!("{told} and {more} more"),
    }
}

fn ink(arriving: &Arriving, verdict: Reach) -> Ink {
    match verdict {
        Reach::To | Reach::OneOf | Reach::Every => Ink::of(arriving.protocol()),
        Reach::Refused => Ink::Bad,
        Reach::NotThisHost | Reach::Unknown => Ink::Quiet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losers_share_their_reason() {
        let losers = |reasons: &[&'static str]| -> Vec<(Name, &'static str)> {
            reasons.iter().enumerate().map(|(place, because)| (format!("s{place}").into(), *because)).collect()
        };
        let (address, peer) = ("bound to another address", "connected to another peer");
        assert_eq!(told(&losers(&[peer])), "s0 (connected to another peer)");
        assert_eq!(told(&losers(&[address, address, peer])), "s0, s1 (bound to another address), s2 (connected to another peer)");
        assert_eq!(told(&losers(&[address, peer, address])), format!("s0 ({address}), s1 ({peer}), s2 ({address})"));
        assert_eq!(told(&losers(&[peer; 5])), "s0, s1, s2 (connected to another peer) and 2 more");
        assert_eq!(told(&losers(&[peer; Delivery::MAX_LOSERS])), "s0, s1, s2 (connected to another peer) and 5 or more");
    }
}
