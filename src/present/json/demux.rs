//! `demux`: JSON Lines, one packet with ports a line; behind them a line `{"finding": …}` for each verdict that the wire
//! contradicts, since what comes back comes later.

use std::io::{self, Write};
use std::net::SocketAddr;

use serde::Serialize;

use super::format::{Text, line};
use crate::judge::{Contradiction, Contradictions};
use crate::track::{Arriving, Delivery, Lookup};

#[derive(Serialize)]
struct Line<'a> {
    frame: u64,
    protocol: &'static str,
    source: Text<SocketAddr>,
    destination: Text<SocketAddr>,
    verdict: &'static str,
    sockets: &'a [&'a str],
    rule: &'static str,
    losers: Vec<Loser<'a>>,
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

/// Writes the verdict on one packet; `inferred` tells that the sockets are.
///
/// # Errors
/// What the writer says.
pub fn write(arriving: &Arriving, delivery: &Delivery<'_>, inferred: bool, out: &mut impl Write) -> io::Result<()> {
    let loser = |loser: &(_, _)| Loser { socket: loser.0, because: loser.1 };
    let Arriving { frame, tuple, .. } = *arriving;
    let value = Line {
        frame,
        protocol: tuple.protocol.word(),
        source: Text(tuple.source),
        destination: Text(tuple.destination),
        verdict: delivery.verdict.word(),
        sockets: &delivery.sockets,
        rule: delivery.rule.word(),
        losers: delivery.losers.iter().map(loser).collect(),
        inferred: inferred.then(|| Inferred {
            evidence: delivery.basis.map(|basis| basis.evidence.word()),
            inferred_by: delivery.basis.map(|basis| basis.rule.word()),
            or_rule: delivery.or_rule.map(Lookup::word),
        }),
    };
    line(&value, out)
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
