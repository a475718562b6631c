//! `log`: a program's log beside the capture.

use std::io::{self, Write};

use serde::Serialize;

use super::SCHEMA;
use super::format::{document, hex};
use crate::judge::log::{Delivered, Kind, Nearest, Receipt, Server, expected_line, repr};
use crate::present::log_view::Beside;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    file: &'a str,
    #[serde(flatten)]
    server_log: Log<'a>,
    server: Option<Port>,
    left_out: u64,
    clients: Vec<Log<'a>>,
}

#[derive(Serialize)]
struct Port {
    protocol: &'static str,
    port: u16,
}

impl From<Server> for Port {
    fn from(server: Server) -> Self {
        Self { protocol: server.protocol.word(), port: server.port }
    }
}

#[derive(Serialize)]
struct Log<'a> {
    log: &'a str,
    encoding: String,
    agrees: bool,
    skipped: u64,
    faults: Vec<Fault<'a>>,
    lines: Vec<Line<'a>>,
    matched: Vec<Matched>,
    missing: Vec<Missing>,
    extra: Vec<Extra>,
    altered: Vec<Altered>,
    undecided: Vec<u64>,
    expected: Vec<Expected>,
}

#[derive(Serialize)]
struct Fault<'a> {
    line: u64,
    column: u64,
    text: &'a str,
}

#[derive(Serialize)]
struct Line<'a> {
    line: u64,
    peer: String,
    told_as: &'static str,
    octets: String,
    text: Option<&'a str>,
}

#[derive(Serialize)]
struct Matched {
    line: u64,
    frame: Option<u64>,
    last_frame: Option<u64>,
    in_order: bool,
}

#[derive(Serialize)]
struct Missing {
    frame: u64,
    peer: String,
    octets: String,
}

#[derive(Serialize)]
struct Extra {
    line: u64,
    nearest: Option<Near>,
}

#[derive(Serialize)]
struct Near {
    frame: u64,
    peer: String,
    same_octets: bool,
}

#[derive(Serialize)]
struct Altered {
    line: u64,
    frame: u64,
    offset: usize,
    octets: String,
}

#[derive(Serialize)]
struct Expected {
    frame: u64,
    peer: String,
    octets: String,
    repr: String,
    line: String,
}

/// Writes the document: the server's log, and those of clients; `left_out` datagrams did not fit into memory.
///
/// # Errors
/// What the writer says.
pub fn write(
    file: &str,
    server: Option<Server>,
    left_out: u64,
    logs: (&Beside<'_>, &[Beside<'_>]),
    out: &mut impl Write,
) -> io::Result<()> {
    let clients = logs.1.iter().map(Log::from).collect();
    let document_of =
        Document { schema: SCHEMA, file, server_log: logs.0.into(), server: server.map(Port::from), left_out, clients };
    document(&document_of, out)
}

impl<'a> From<&'a Beside<'_>> for Log<'a> {
    fn from(beside: &'a Beside<'_>) -> Self {
        let comparison = &beside.comparison;
        Self {
            log: &beside.name,
            encoding: beside.encoding.to_string(),
            agrees: comparison.agrees(),
            skipped: beside.log.skipped,
            faults: beside.log.faults.iter().map(Fault::from).collect(),
            lines: beside.log.receipts.iter().map(Line::from).collect(),
            matched: comparison.matched.iter().map(Matched::from).collect(),
            missing: comparison.missing.iter().map(Missing::from).collect(),
            extra: comparison.extra.iter().map(Extra::from).collect(),
            altered: comparison.altered.iter().map(Altered::from).collect(),
            undecided: comparison.undecided.iter().map(|receipt| receipt.line).collect(),
            expected: beside.expected.iter().map(Expected::from).collect(),
        }
    }
}

impl<'a> From<&'a crate::judge::log::Fault> for Fault<'a> {
    fn from(fault: &'a crate::judge::log::Fault) -> Self {
        Self { line: fault.line, column: fault.column, text: &fault.text }
    }
}

impl<'a> From<&'a Receipt> for Line<'a> {
    fn from(receipt: &'a Receipt) -> Self {
        Self {
            line: receipt.line,
            peer: receipt.peer.to_string(),
            told_as: match receipt.kind {
                Kind::Octets => "octets",
                Kind::Text => "text",
            },
            octets: hex(&receipt.octets),
            text: std::str::from_utf8(&receipt.octets).ok(),
        }
    }
}

impl From<&crate::judge::log::Match<'_>> for Matched {
    fn from(found: &crate::judge::log::Match<'_>) -> Self {
        let (frame, last_frame) = found.frames.unzip();
        Self { line: found.receipt.line, frame, last_frame, in_order: found.in_order }
    }
}

impl From<&crate::judge::log::Missing<'_>> for Missing {
    fn from(missing: &crate::judge::log::Missing<'_>) -> Self {
        Self { frame: missing.frame, peer: missing.peer.to_string(), octets: hex(missing.octets) }
    }
}

impl From<&crate::judge::log::Extra<'_>> for Extra {
    fn from(extra: &crate::judge::log::Extra<'_>) -> Self {
        let near = |near: Nearest| Near { frame: near.frame, peer: near.peer.to_string(), same_octets: near.same_octets };
        Self { line: extra.receipt.line, nearest: extra.nearest.map(near) }
    }
}

impl From<&crate::judge::log::Altered<'_>> for Altered {
    fn from(altered: &crate::judge::log::Altered<'_>) -> Self {
        let octets = hex(altered.octets);
        Self { line: altered.receipt.line, frame: altered.frame, offset: altered.offset, octets }
    }
}

impl From<&Delivered<'_>> for Expected {
    fn from(delivered: &Delivered<'_>) -> Self {
        let (frame, peer, octets) = delivered;
        let line = expected_line(delivered);
        Self { frame: *frame, peer: peer.to_string(), octets: hex(octets), repr: repr(octets), line }
    }
}
