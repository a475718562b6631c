//! CSV: the same rows as the JSON lists, one level deep. Unknown is an empty field.

use std::fmt::Display;
use std::io::{self, Write};

use super::info_column;
use super::sanitize::sanitize;
use super::time::Seconds;
use super::words;
use crate::decode::{Packet, name};
use crate::track::{Connection, Conversation, Socket, Update};

/// Frames, written as they come.
#[derive(Debug, Default)]
pub struct Packets {
    info: String,
}

impl Packets {
    /// No frame yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes the heading.
    ///
    /// # Errors
    /// What the writer says.
    pub fn heading(&self, out: &mut impl Write) -> io::Result<()> {
        let titles = "frame,time,interface,length,captured,protocol,source,destination,source_port,destination_port,stream,info";
        writeln!(out, "{titles}")
    }

    /// Writes one frame.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&mut self, packet: &Packet<'_>, update: &Update<'_>, out: &mut impl Write) -> io::Result<()> {
        self.info.clear();
        info_column::write(packet, update, &mut self.info);
        let ends = packet.ip().map(|ip| (ip.source, ip.destination));
        let ports = words::ports(update);
        let protocol = name::protocol(packet, update.transport.as_ref());
        write!(out, "{},", packet.number)?;
        write!(out, "{},{},", text(packet.timestamp), packet.interface.0)?;
        write!(out, "{},{},{protocol},", packet.original_len, packet.captured_len)?;
        write!(out, "{},{},", text(ends.map(|(source, _)| source)), text(ends.map(|(_, destination)| destination)))?;
        write!(out, "{},{},", text(ports.map(|(source, _)| source)), text(ports.map(|(_, destination)| destination)))?;
        // Only the last field can hold a comma; a quotation mark it cannot.
        writeln!(out, "{},\"{}\"", text(update.flow.map(|flow| flow.number)), sanitize(&self.info).replace('"', "\"\""))
    }
}

/// Writes conversations.
///
/// # Errors
/// What the writer says.
pub fn conversations(rows: impl Iterator<Item = Conversation>, out: &mut impl Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record([
        "protocol",
        "stream",
        "a",
        "b",
        "first_frame",
        "last_frame",
        "start",
        "duration",
        "a_to_b_frames",
        "a_to_b_octets",
        "a_to_b_payload",
        "b_to_a_frames",
        "b_to_a_octets",
        "b_to_a_payload",
    ])?;
    for row in rows {
        writer.write_record([
            row.id.protocol.word().to_owned(),
            row.id.number.to_string(),
            row.a.to_string(),
            row.b.to_string(),
            row.first_frame.to_string(),
            row.last_frame.to_string(),
            text(row.start),
            text(row.duration().map(Seconds)),
            row.a_to_b.frames.to_string(),
            row.a_to_b.octets.to_string(),
            row.a_to_b.payload.to_string(),
            row.b_to_a.frames.to_string(),
            row.b_to_a.octets.to_string(),
            row.b_to_a.payload.to_string(),
        ])?;
    }
    writer.flush()
}

/// Writes connections.
///
/// # Errors
/// What the writer says.
pub fn connections(rows: &[Connection], out: &mut impl Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record([
        "stream",
        "initiator",
        "responder",
        "midstream",
        "outcome",
        "state_initiator",
        "state_responder",
        "first_frame",
        "last_frame",
        "start",
        "duration",
        "syn",
        "syn_ack",
        "ack",
        "rtt",
        "fin_initiator",
        "fin_responder",
        "rst_initiator",
        "rst_responder",
        "close",
        "closed_first",
        "completeness",
        "initiator_frames",
        "initiator_octets",
        "initiator_payload",
        "responder_frames",
        "responder_octets",
        "responder_payload",
    ])?;
    for row in rows {
        writer.write_record(connection(row))?;
    }
    writer.flush()
}

fn connection(row: &Connection) -> [String; 28] {
    let (initiator, responder, handshake) = (&row.ends.initiator, &row.ends.responder, &row.handshake);
    [
        row.id.number.to_string(),
        row.initiator.to_string(),
        row.responder.to_string(),
        row.midstream().to_string(),
        row.outcome().word().to_owned(),
        initiator.state.state.to_string(),
        responder.state.state.to_string(),
        row.first_frame.to_string(),
        row.last_frame.to_string(),
        text(row.start),
        text(row.start.zip(row.end).map(|(start, end)| Seconds(end.since(start)))),
        text(handshake.syn),
        text(handshake.syn_ack),
        text(handshake.ack),
        text(handshake.round_trip().map(Seconds)),
        text(initiator.fin),
        text(responder.fin),
        text(initiator.rst),
        text(responder.rst),
        text(row.close().map(|close| close.word())),
        text(row.closed_first().map(|closer| closer.word())),
        row.completeness.0.to_string(),
        initiator.sent.frames.to_string(),
        initiator.sent.octets.to_string(),
        initiator.sent.payload.to_string(),
        responder.sent.frames.to_string(),
        responder.sent.octets.to_string(),
        responder.sent.payload.to_string(),
    ]
}

/// Writes sockets.
///
/// # Errors
/// What the writer says.
pub fn sockets(rows: &[&Socket], out: &mut impl Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record([
        "id",
        "protocol",
        "state",
        "local",
        "peer",
        "evidence",
        "rule",
        "frames",
        "first",
        "last",
        "received",
        "received_octets",
        "sent",
        "sent_octets",
        "listener",
        "peers",
    ])?;
    for row in rows {
        writer.write_record([
            row.id.to_string(),
            row.protocol.word().to_owned(),
            row.state.word().to_owned(),
            row.local.to_string(),
            text(row.peer),
            row.evidence.word().to_owned(),
            row.rule.word().to_owned(),
            joined(&row.frames),
            text(row.start),
            text(row.end),
            row.received.frames.to_string(),
            row.received.octets.to_string(),
            row.sent.frames.to_string(),
            row.sent.octets.to_string(),
            text(row.listener),
            joined(&row.peers.iter().map(|peer| peer.address).collect::<Vec<_>>()),
        ])?;
    }
    writer.flush()
}

fn text(value: Option<impl Display>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Several values in one field, with spaces between.
fn joined(values: &[impl Display]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
