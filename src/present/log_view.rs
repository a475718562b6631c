//! `log`: a program's log beside the capture, line by line, and the lines it must have printed.

use std::fmt::Display;
use std::io::{self, Write};

use super::look::{Ink, Look};
use super::sanitize::sanitize;
use super::words;
use crate::judge::log::{
    Altered, Comparison, Delivered, Encoding, Extra, Kind, Log, Match, Missing, Receipt, Server, expected_line, repr,
};
use crate::track::Protocol;

/// A log beside the capture.
#[derive(Debug)]
pub struct Beside<'a> {
    /// The log's file.
    pub name: String,
    /// How it was encoded.
    pub encoding: Encoding,
    /// What it says.
    pub log: &'a Log,
    /// What the capture says of that.
    pub comparison: Comparison<'a>,
    /// What the capture brought, in the order of frames.
    pub expected: Vec<Delivered<'a>>,
}

/// Octets of a payload that a line of text shows.
const SHOWN: usize = 200;

/// Writes whose log it is laid beside, and how many datagrams of the capture did not fit into memory.
///
/// # Errors
/// What the writer says.
pub fn heading(server: Option<Server>, left_out: u64, out: &mut impl Write) -> io::Result<()> {
    match server {
        Some(Server { protocol, port }) => writeln!(out, "server: {protocol} port {port}"),
        None => writeln!(out, "server: none; nothing in this capture was sent to one"),
    }?;
    match left_out {
        0 => Ok(()),
        _ => writeln!(out, "{} of the capture did not fit into memory", words::counted(left_out, "datagram")),
    }
}

/// Writes one log: counts, each line with its frame, and what does not agree.
///
/// # Errors
/// What the writer says.
pub fn log(beside: &Beside<'_>, look: Look, out: &mut impl Write) -> io::Result<()> {
    let Comparison { matched, missing, extra, altered, undecided } = &beside.comparison;
    writeln!(out)?;
    writeln!(out, "{}", look.paint(Ink::Strong, sanitize(&beside.name)))?;
    let (lines, skipped) = (words::counted(beside.log.receipts.len() as u64, "receipt"), beside.log.skipped);
    writeln!(out, "{}, {lines}; {} of anything else", beside.encoding, words::counted(skipped, "line"))?;
    let counts = [(matched.len(), "matched"), (missing.len(), "missing"), (extra.len(), "extra"), (altered.len(), "altered")];
    let counts = counts.map(|(count, word)| format!("{} {word}", words::grouped(count as u64))).join(", ");
    writeln!(out, "{counts}")?;
    if beside.log.receipts.is_empty() && !missing.is_empty() {
        writeln!(out, "  No line tells of a receipt: another program's log, other words (see --pattern), or output that was")?;
        writeln!(out, "  still buffered when the program was stopped (python -u prints at once).")?;
    }
    matched.iter().try_for_each(|found| matched_line(found, look, out))?;
    let mut bad = |text: String| writeln!(out, "  {}", look.paint(Ink::Bad, text));
    altered.iter().map(altered_text).try_for_each(&mut bad)?;
    extra.iter().map(extra_text).try_for_each(&mut bad)?;
    undecided.iter().map(|receipt| undecided_text(receipt)).try_for_each(&mut bad)?;
    missing.iter().map(missing_text).try_for_each(&mut bad)?;
    beside.log.faults.iter().map(|fault| sanitize(&fault.to_string()).into_owned()).try_for_each(&mut bad)
}

/// Writes the lines that the server must have printed.
///
/// # Errors
/// What the writer says.
pub fn expected(beside: &Beside<'_>, server: Option<Server>, look: Look, out: &mut impl Write) -> io::Result<()> {
    writeln!(out)?;
    writeln!(out, "{}", look.paint(Ink::Strong, "What the server must have printed"))?;
    if server.is_some_and(|server| server.protocol == Protocol::Tcp) {
        writeln!(out, "  A stream has no borders: one line may hold several of these, or a part of one.")?;
    }
    beside.expected.iter().try_for_each(|delivered| writeln!(out, "  {}", expected_line(delivered)))
}

fn matched_line(found: &Match<'_>, look: Look, out: &mut impl Write) -> io::Result<()> {
    let frame = match found.frames {
        Some((first, last)) if first == last => format!("frame {first}"),
        Some((first, last)) => format!("frames {first}–{last}"),
        None => "the end of the stream".to_owned(),
    };
    let line = format!("line {} = {frame}  {}", found.receipt.line, told(found.receipt));
    match found.in_order {
        true => writeln!(out, "  {line}"),
        false => writeln!(out, "  {}", look.paint(Ink::Bad, line + "  (out of order)")),
    }
}

fn altered_text(altered: &Altered<'_>) -> String {
    let Altered { receipt, frame, octets, offset } = altered;
    let frame = format!("frame {frame} has {}", payload(octets));
    format!("line {} differs from octet {offset} on: it tells {}, {frame}", receipt.line, payload(&receipt.octets))
}

fn extra_text(extra: &Extra<'_>) -> String {
    let nearest = match extra.nearest {
        Some(near) if near.same_octets => format!("; the same octets came from {} in frame {}", near.peer, near.frame),
        Some(near) => format!("; the nearest port is {} ({}, frame {})", near.peer.port(), near.peer, near.frame),
        None => String::new(),
    };
    format!("line {} is not in the capture: {}{nearest}", extra.receipt.line, told(extra.receipt))
}

fn undecided_text(receipt: &Receipt) -> String {
    format!("line {} cannot be decided, not all was captured: {}", receipt.line, told(receipt))
}

fn missing_text(missing: &Missing<'_>) -> String {
    format!("frame {} is not in the log: {} {}", missing.frame, missing.peer, payload(missing.octets))
}

/// A receipt as its line tells it.
fn told(receipt: &Receipt) -> String {
    let text = std::str::from_utf8(&receipt.octets).ok().filter(|text| text.len() <= SHOWN && !text.contains('\n'));
    let shown: &dyn Display = match (receipt.kind, text) {
        (Kind::Text, Some(text)) => &sanitize(text).into_owned(),
        _ => &payload(&receipt.octets),
    };
    format!("{} {shown}", receipt.peer)
}

/// Octets in `repr`, the first of them if there are many.
fn payload(octets: &[u8]) -> String {
    match octets.get(..SHOWN) {
        Some(shown) if octets.len() > SHOWN => format!("{}… ({} octets)", repr(shown), words::grouped(octets.len() as u64)),
        _ => repr(octets),
    }
}
