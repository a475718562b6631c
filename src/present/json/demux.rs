//! `demux`: JSON Lines, one packet with ports a line.

use std::io::{self, Write};
use std::net::SocketAddr;

use serde::Serialize;

use super::format::{Text, line};
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
