//! `demux`: JSON Lines, one packet with ports a line; behind them a line `{"finding": …}` for each verdict that the wire
//! contradicts, since what comes back comes later, or `{"bind": …}` for each bind that is supposed.

use std::io::{self, Write};
use std::net::SocketAddr;

use serde::Serialize;

use super::format::{Text, line};
use crate::judge::what_if::{Bind, Errno};
use crate::judge::{Contradiction, Contradictions};
use crate::present::numbered::{Numbered, Rest};
use crate::present::what_if_view::is_changed;
use crate::track::{Arriving, Delivery, Lookup, Ruling, Share, Shares};

#[derive(Serialize)]
struct Line<'a> {
    frame: u64,
    protocol: &'static str,
    source: Text<SocketAddr>,
    destination: Text<SocketAddr>,
    verdict: &'static str,
    sockets: Vec<&'a str>,
    rule: &'static str,
    /// `None` if they are written apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    losers: Option<Vec<Loser<'a>>>,
    /// What is known of inferred sockets; a declared table has none of these.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    inferred: Option<Inferred>,
}

#[derive(Serialize)]
struct Inferred {
    evidence: Option<&'static str>,
    inferred_by: Option<&'static str>,
    or_rule: Option<&'static str>,
}

#[derive(Serialize)]
struct Loser<'a> {
    socket: &'a str,
    because: &'static str,
}

impl<'a> Line<'a> {
    fn new(arriving: &Arriving, delivery: &'a Delivery, inferred: bool) -> Self {
        let tuple = arriving.tuple();
        Self {
            frame: arriving.frame,
            protocol: tuple.protocol.word(),
            source: Text(tuple.source),
            destination: Text(tuple.destination),
            verdict: delivery.verdict.word(),
            sockets: sockets(delivery),
            rule: delivery.rule.word(),
            losers: Some(losers(delivery)),
            inferred: inferred.then(|| Inferred {
                evidence: delivery.basis.map(|basis| basis.evidence.word()),
                inferred_by: delivery.basis.map(|basis| basis.rule.word()),
                or_rule: delivery.or_rule.map(Lookup::word),
            }),
        }
    }
}

fn sockets(delivery: &Delivery) -> Vec<&str> {
    delivery.sockets.iter().map(|socket| &**socket).collect()
}

fn losers(delivery: &Delivery) -> Vec<Loser<'_>> {
    delivery.losers().iter().map(|(socket, because)| Loser { socket, because }).collect()
}

#[derive(Serialize)]
struct OfSocket<'a> {
    verdict: &'static str,
    sockets: Vec<&'a str>,
    packets: u64,
    first_frame: u64,
    rules: Vec<OfRule>,
}

#[derive(Serialize)]
struct OfRule {
    rule: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    or_rule: Option<&'static str>,
    packets: u64,
    first_frame: u64,
}

/// Packets that are not counted: there were too many sockets.
#[derive(Serialize)]
struct LeftOut {
    left_out: u64,
}

/// Writes what each socket got, a line for each.
///
/// # Errors
/// What the writer says.
pub fn write_shares(shares: &mut Shares, out: &mut impl Write) -> io::Result<()> {
    let of_rule = |share: &Share| OfRule {
        rule: share.rule.word(),
        or_rule: share.or_rule.map(Lookup::word),
        packets: share.packets,
        first_frame: share.first_frame,
    };
    let left_out = shares.left_out;
    for row in shares.by_sockets() {
        let Some(first) = row.first() else { continue };
        let of_socket = OfSocket {
            verdict: first.verdict.word(),
            sockets: first.sockets.iter().map(|socket| &**socket).collect(),
            packets: row.iter().map(|share| share.packets).sum(),
            first_frame: first.first_frame,
            rules: row.iter().copied().map(of_rule).collect(),
        };
        line(&of_socket, out)?;
    }
    match left_out {
        0 => Ok(()),
        left_out => line(&LeftOut { left_out }, out),
    }
}

/// Writes a line for each packet.
///
/// What stands behind the number of the frame is made once for each numbered verdict, and once for each list of losers.
#[derive(Debug)]
pub struct Verdicts {
    inferred: bool,
    /// Behind the number of the frame: all up to the losers, and these.
    lines: Numbered,
}

impl Verdicts {
    /// No packet yet; `inferred` tells that the sockets are.
    pub fn new(inferred: bool) -> Self {
        Self { inferred, lines: Numbered::new(BEGIN, 0, "") }
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

    /// Writes the verdict on one packet.
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

    /// Writes what waits to be sent.
    ///
    /// # Errors
    /// What the writer says.
    pub fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.lines.send(out)
    }

    /// Writes a verdict that was not written before.
    #[inline(never)]
    fn write_new(&mut self, arriving: &Arriving, ruling: &Ruling<'_>, out: &mut impl Write) -> io::Result<()> {
        // Behind the losers of an inferred table stands what is known of the socket.
        let number = ruling.losers_number().filter(|_| !self.inferred);
        let whole = Line::new(arriving, ruling, self.inferred);
        let (row, losers) = match (number, self.lines.knows(number)) {
            (None, _) => (text(&whole)?, Vec::new()),
            (Some(_), true) => (begin_of(whole)?, Vec::new()),
            (Some(_), false) => (begin_of(whole)?, losers_apart(ruling)?),
        };
        let digits = arriving.frame.checked_ilog10().map_or(1, |less| less as usize + 1);
        let row = row.get(BEGIN.len() + digits..).unwrap_or_default();
        self.lines.anew(arriving.frame, Rest { id: ruling.number, pieces: [row, &losers], shared: number }, out)
    }
}

/// What every line begins with.
const BEGIN: &str = "{\"frame\":";

/// A line up to its losers.
fn begin_of(row: Line<'_>) -> io::Result<Vec<u8>> {
    let mut text = text(&Line { losers: None, ..row })?;
    text.truncate(text.len().saturating_sub(END.len()));
    Ok(text)
}

fn text(row: &Line<'_>) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    line(row, &mut text)?;
    Ok(text)
}

/// What every line ends with.
const END: &[u8] = b"}\n";

/// `,"losers":[…]}` and the end of the line.
fn losers_apart(delivery: &Delivery) -> io::Result<Vec<u8>> {
    let mut text = b",\"losers\":".to_vec();
    line(&losers(delivery), &mut text)?;
    text.pop();
    text.extend_from_slice(END);
    Ok(text)
}

#[derive(Serialize)]
struct WhatIfLine<'a> {
    #[serde(flatten)]
    now: Line<'a>,
    what_if: Then<'a>,
}

/// The verdict under what is supposed.
#[derive(Serialize)]
struct Then<'a> {
    changed: bool,
    verdict: &'static str,
    sockets: Vec<&'a str>,
    rule: &'static str,
    losers: Vec<Loser<'a>>,
}

/// Writes the verdict on one packet, and what it would be.
///
/// # Errors
/// What the writer says.
pub fn write_what_if(
    arriving: &Arriving,
    (now, then): (&Delivery, &Delivery),
    inferred: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let what_if = Then {
        changed: is_changed(now, then),
        verdict: then.verdict.word(),
        sockets: sockets(then),
        rule: then.rule.word(),
        losers: losers(then),
    };
    line(&WhatIfLine { now: Line::new(arriving, now, inferred), what_if }, out)
}

#[derive(Serialize)]
struct BindLine<'a> {
    bind: BindRow<'a>,
}

#[derive(Serialize)]
struct BindRow<'a> {
    socket: &'a str,
    local: Text<SocketAddr>,
    after_frame: Option<u64>,
    in_place_of: Option<&'a str>,
    errno: Option<Text<Errno>>,
    because: Option<&'a str>,
}

/// Writes the binds that a change brings, and how they go.
///
/// # Errors
/// What the writer says.
pub fn write_binds(binds: &[Bind], out: &mut impl Write) -> io::Result<()> {
    binds.iter().try_for_each(|bind| {
        let bind = BindRow {
            socket: &bind.socket,
            local: Text(bind.local),
            after_frame: bind.after,
            in_place_of: bind.restarted.as_deref(),
            errno: bind.failure.as_ref().map(|(errno, _)| Text(*errno)),
            because: bind.failure.as_ref().map(|(_, because)| because.as_str()),
        };
        line(&BindLine { bind }, out)
    })
}

#[derive(Serialize)]
struct FindingLine<'a> {
    finding: Finding<'a>,
}

/// A verdict, and the frame that contradicts it.
#[derive(Serialize)]
struct Finding<'a> {
    kind: &'static str,
    text: Text<&'a Contradiction>,
    frames: [u64; 2],
}

/// Writes what the wire contradicts.
///
/// # Errors
/// What the writer says.
pub fn write_contradictions(contradictions: &Contradictions, out: &mut impl Write) -> io::Result<()> {
    contradictions.found().iter().try_for_each(|found| {
        let finding = Finding { kind: found.kind.word(), text: Text(found), frames: [found.frame, found.by] };
        line(&FindingLine { finding }, out)
    })
}
