//! What each socket got of all packets, a line for each socket.

use std::io::{self, Write};

use super::demux_view::{either, foot, said};
use super::line::{Line, cells};
use super::look::{Ink, Look};
use super::sanitize::sanitize;
use super::words::grouped;
use crate::judge::Contradictions;
use crate::track::{Name, Share, Shares};

const SOCKET: &str = "Socket";
const VERDICT: &str = "Verdict";
const PACKETS: &str = "Packets";
const FIRST: &str = "First";
const RULES: &str = "Rules";

/// Cells of a number; longer ones push their line.
const NUMBER: usize = 7;

/// Writes who got how many packets by which rules, with the frame of the first one, and what the wire says to that;
/// `inferred` tells that the sockets are.
///
/// # Errors
/// What the writer says.
pub fn write(
    shares: &mut Shares,
    inferred: bool,
    contradictions: &Contradictions,
    look: Look,
    out: &mut impl Write,
) -> io::Result<()> {
    let left_out = shares.left_out;
    let rows = shares.by_sockets();
    let widest = |title: &str, text: &dyn Fn(&Share) -> usize| {
        rows.iter().filter_map(|row| row.first().copied()).map(text).fold(title.len(), usize::max)
    };
    let socket = widest(SOCKET, &|share| cells(&sockets(&share.sockets)));
    let verdict = widest(VERDICT, &|share| said(share.verdict).len());
    let mut line = Line::new();
    if !rows.is_empty() {
        let titles = format!("{SOCKET:<socket$}  {VERDICT:<verdict$}  {PACKETS:>NUMBER$}  {FIRST:>NUMBER$}  {RULES}");
        line.painted(look, Ink::Quiet, &titles, 0).end(out)?;
    }
    for row in &rows {
        let Some(first) = row.first() else { continue };
        line.left(&sockets(&first.sockets), socket).left(said(first.verdict), verdict);
        line.number(row.iter().map(|share| share.packets).sum(), NUMBER).number(first.first_frame, NUMBER);
        line.text(&rules(row)).end(out)?;
    }
    if left_out > 0 {
        writeln!(out, "  {} packets of sockets beyond {} not counted", grouped(left_out), grouped(Shares::MAX as u64))?;
    }
    foot(!rows.is_empty(), inferred, contradictions, look, out)
}

fn sockets(names: &[Name]) -> String {
    if names.is_empty() { "-".to_owned() } else { sanitize(&names.join(", ")).into_owned() }
}

/// `request socket 1, established 4-tuple 11`: the packets of each rule, where there are several.
fn rules(row: &[&Share]) -> String {
    let rule = |share: &Share| share.or_rule.map_or(share.rule.word().to_owned(), |other| either(share.rule, other));
    match row {
        [one] => rule(one),
        several => several.iter().map(|share| format!("{} {}", rule(share), share.packets)).collect::<Vec<_>>().join(", "),
    }
}
