//! The default view: what the capture is, its connections, its UDP sockets, and the socket table behind them.

use std::io::{self, Write};

use super::look::{Ink, Look};
use super::overview::{self, Overview};
use super::sanitize::sanitize;
use super::socket_view::{self, Columns, UdpView};
use super::time::Dial;
use super::{connection_view, words};
use crate::judge::{Finding, Kind};
use crate::track::{Note, Oddity, Overflow, Socket, SocketState, Trace};

/// Rows shown of each list; the commands named below a longer one show all.
const MOST: usize = 50;

/// Writes the report.
///
/// # Errors
/// What the writer says.
pub fn write(overview: &Overview<'_>, look: Look, dial: &Dial, out: &mut impl Write) -> io::Result<()> {
    let trace = overview.trace;
    overview::write_heading(overview, look, dial, out)?;
    write_preflight(overview, look, out)?;
    write_connections(overview, look, out)?;
    write_udp_sockets(trace, look, out)?;
    write_sockets(overview, look, out)?;
    write_notes(&trace.notes, look, out)?;
    write_overflow(&trace.overflow, look, out)
}

fn heading(title: &str, look: Look, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n{}", look.paint(Ink::Strong, title))
}

fn write_preflight(overview: &Overview<'_>, look: Look, out: &mut impl Write) -> io::Result<()> {
    // How a capture program wrote its statistics decides nothing about packets: `info` tells it.
    let matters = |finding: &&Finding| finding.kind != Kind::StatisticsUnit;
    let findings: Vec<Finding> = overview.findings.iter().filter(matters).cloned().collect();
    if findings.is_empty() {
        return Ok(());
    }
    heading("Before you rely on it", look, out)?;
    overview::write_findings(&findings, look, out)
}

fn write_connections(overview: &Overview<'_>, look: Look, out: &mut impl Write) -> io::Result<()> {
    let connections = &overview.trace.connections;
    if connections.is_empty() {
        return Ok(());
    }
    heading("TCP connections", look, out)?;
    connection_view::write(&connections[..connections.len().min(MOST)], look, out)?;
    write_more(connections.len(), "connections", overview.file, out)
}

fn write_udp_sockets(trace: &Trace, look: Look, out: &mut impl Write) -> io::Result<()> {
    if trace.udp_sockets.is_empty() {
        return Ok(());
    }
    heading("UDP sockets and their peers", look, out)?;
    UdpView::new(trace, look, MOST).write(out)
}

fn write_sockets(overview: &Overview<'_>, look: Look, out: &mut impl Write) -> io::Result<()> {
    let table = &overview.trace.sockets;
    let open: Vec<&Socket> = table.sockets.iter().filter(|socket| socket.state != SocketState::Closed).collect();
    if table.sockets.is_empty() {
        return Ok(());
    }
    heading("Sockets behind these packets, as of the last frame", look, out)?;
    socket_view::write(&open[..open.len().min(MOST)], Columns::Few, look, out)?;
    write_more(open.len(), "sockets", overview.file, out)?;
    match table.sockets.len() - open.len() {
        0 => {}
        closed => {
            let closed = words::counted(closed as u64, "closed socket");
            let text = format!("{closed} left out; sockscope sockets --all FILE shows them");
            writeln!(out, "  {}", look.paint(Ink::Quiet, text))?;
        }
    }
    let ports = table.ports();
    if ports.is_empty() {
        return Ok(());
    }
    heading("Ports", look, out)?;
    socket_view::write_ports(&ports, look, MOST, out)
}

/// Says how to see the rest of a list.
fn write_more(rows: usize, command: &str, file: &str, out: &mut impl Write) -> io::Result<()> {
    match rows.saturating_sub(MOST) {
        0 => Ok(()),
        more => {
            writeln!(out, "  … {} more: sockscope {command} {}", words::grouped(more as u64), sanitize(file))
        }
    }
}

/// Writes each kind of oddity once, with the frames that show it.
fn write_notes(notes: &[Note], look: Look, out: &mut impl Write) -> io::Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    heading("Findings", look, out)?;
    let mut kinds: Vec<(Oddity, Vec<u64>)> = Vec::new();
    for note in notes {
        match kinds.iter_mut().find(|(kind, _)| kind.word() == note.oddity.word()) {
            Some((_, frames)) => frames.push(note.frame),
            None => kinds.push((note.oddity, vec![note.frame])),
        }
    }
    kinds.iter().try_for_each(|(kind, frames)| match kind {
        Oddity::CopyOf(_) => writeln!(out, "  copies of earlier frames: {}", words::frames(frames)),
        kind => writeln!(out, "  {kind}: {} {}", if frames.len() == 1 { "frame" } else { "frames" }, words::frames(frames)),
    })
}

/// Says what the limits on memory left out.
fn write_overflow(overflow: &Overflow, look: Look, out: &mut impl Write) -> io::Result<()> {
    if !overflow.any() {
        return Ok(());
    }
    heading("Left out, because it did not fit into the limits", look, out)?;
    let counts = [
        (overflow.conversation_packets, "packet", "of conversations"),
        (overflow.connection_segments, "segment", "of connections"),
        (overflow.udp_datagrams, "datagram", "of UDP peers"),
        (overflow.fragments, "fragment", "waiting for the rest of a datagram"),
        (overflow.stream_holes, "stream", "whose octets waited for missing ones"),
        (overflow.notes, "note", "on odd frames"),
    ];
    for (count, noun, of_what) in counts.into_iter().filter(|(count, ..)| *count > 0) {
        writeln!(out, "  {} {of_what}", words::counted(count, noun))?;
    }
    Ok(())
}
