//! `demux`: JSON Lines, one packet with ports a line.

use std::io::{self, Write};
use std::net::SocketAddr;

use serde::Serialize;

use super::format::{Text, line};
use crate::track::{Delivery, FiveTuple};

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
}

#[derive(Serialize)]
struct Loser<'a> {
    socket: &'a str,
    because: &'static str,
}

/// Writes the verdict on the packet of one frame.
///
/// # Errors
/// What the writer says.
pub fn write(frame: u64, tuple: FiveTuple, delivery: &Delivery<'_>, out: &mut impl Write) -> io::Result<()> {
    let loser = |loser: &(_, _)| Loser { socket: loser.0, because: loser.1 };
    let value = Line {
        frame,
        protocol: tuple.protocol.word(),
        source: Text(tuple.source),
        destination: Text(tuple.destination),
        verdict: delivery.verdict.word(),
        sockets: &delivery.sockets,
        rule: delivery.rule.word(),
        losers: delivery.losers.iter().map(loser).collect(),
    };
    line(&value, out)
}
