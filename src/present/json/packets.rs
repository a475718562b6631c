//! `packets`: JSON Lines, one frame a line, in constant memory.

use std::borrow::Cow;
use std::io::{self, Write};
use std::net::IpAddr;

use serde::Serialize;

use super::format::{Text, line};
use crate::capture::Timestamp;
use crate::decode::checksum::Verdict;
use crate::decode::{Packet, Stop, Transport, name};
use crate::present::{info_column, words};
use crate::track::{self, Claim, Oddity, Update, Verdicts};

#[derive(Serialize)]
pub(super) struct Line<'a> {
    frame: u64,
    time: Option<Text<Timestamp>>,
    interface: u32,
    length: u32,
    captured: u32,
    protocol: Cow<'static, str>,
    source: Option<Text<IpAddr>>,
    destination: Option<Text<IpAddr>>,
    source_port: Option<u16>,
    destination_port: Option<u16>,
    stream: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp: Option<Tcp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    udp: Option<Udp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    states: Option<States>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    fragment: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reassembled_from: Option<&'a [u64]>,
    quoted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<About>,
    notes: Notes<'a>,
    stop: Option<Text<Stop>>,
    info: &'a str,
}

#[derive(Serialize)]
struct Tcp {
    seq: u32,
    ack: u32,
    length: u32,
    flags: u16,
    window: u16,
    checksum: Option<&'static str>,
    analysis: Words,
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate_of: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledges: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_flight: Option<u32>,
}

/// Wireshark's words for what a segment is found to be.
struct Words(Verdicts);

impl Serialize for Words {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.words())
    }
}

#[derive(Serialize)]
struct Udp {
    length: u16,
    checksum: Option<&'static str>,
}

/// The states of both ends after a segment.
#[derive(Serialize)]
struct States {
    initiator: &'static str,
    responder: &'static str,
}

impl From<(Claim, Claim)> for States {
    fn from((initiator, responder): (Claim, Claim)) -> Self {
        Self { initiator: initiator.state.name(), responder: responder.state.name() }
    }
}

/// What the header says that an ICMP error quotes.
#[derive(Serialize)]
struct About {
    protocol: Cow<'static, str>,
    source: Text<IpAddr>,
    destination: Text<IpAddr>,
    source_port: Option<u16>,
    destination_port: Option<u16>,
    stream: Option<u32>,
}

struct Notes<'a>(&'a [track::Note]);

impl Serialize for Notes<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|note| Note { kind: note.oddity.word(), text: Text(note.oddity) }))
    }
}

#[derive(Serialize)]
struct Note {
    kind: &'static str,
    text: Text<Oddity>,
}

/// Writes frames as JSON Lines; the buffer for the Info column is reused.
#[derive(Debug, Default)]
pub struct Lines {
    info: String,
}

impl Lines {
    /// No line yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes one frame.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&mut self, packet: &Packet<'_>, update: &Update<'_>, out: &mut impl Write) -> io::Result<()> {
        self.info.clear();
        info_column::write(packet, update, &mut self.info);
        line(&Line::new(packet, update, &self.info), out)
    }
}

impl<'a> Line<'a> {
    pub(super) fn new(packet: &Packet<'_>, update: &'a Update<'_>, info: &'a str) -> Self {
        let transport = update.transport.as_ref();
        let ends = packet.ip().map(|ip| (ip.source, ip.destination));
        let ports = words::ports(update);
        Self {
            frame: packet.number,
            time: packet.timestamp.map(Text),
            interface: packet.interface.0,
            length: packet.original_len,
            captured: packet.captured_len,
            protocol: name::protocol(packet, transport),
            source: ends.map(|(source, _)| Text(source)),
            destination: ends.map(|(_, destination)| Text(destination)),
            source_port: ports.map(|(source, _)| source),
            destination_port: ports.map(|(_, destination)| destination),
            stream: update.flow.map(|flow| flow.number),
            tcp: transport.and_then(|transport| Tcp::new(transport, update)),
            udp: transport.and_then(|transport| Udp::new(transport, update)),
            states: update.states.map(States::from),
            fragment: update.fragment,
            reassembled_from: update.reassembled.as_ref().map(|datagram| datagram.frames),
            quoted: update.about.is_some(),
            about: update.about.as_ref().map(About::from),
            notes: Notes(update.notes),
            stop: packet.stop.map(Text),
            info,
        }
    }
}

impl Tcp {
    fn new(transport: &Transport<'_>, update: &Update<'_>) -> Option<Self> {
        let Transport::Tcp(segment) = transport else { return None };
        let analyzed = update.analyzed.unwrap_or_default();
        Some(Self {
            seq: segment.sequence.0,
            ack: segment.acknowledgment.0,
            length: segment.payload_len,
            flags: segment.flags.0,
            window: segment.window,
            checksum: update.checksum.map(Verdict::word),
            analysis: Words(analyzed.verdicts),
            duplicate_of: analyzed.duplicate_of.map(|(frame, _)| frame),
            acknowledges: analyzed.acknowledges.map(|(frame, _)| frame),
            in_flight: analyzed.in_flight,
        })
    }
}

impl Udp {
    fn new(transport: &Transport<'_>, update: &Update<'_>) -> Option<Self> {
        let Transport::Udp(datagram) = transport else { return None };
        Some(Self { length: datagram.length, checksum: update.checksum.map(Verdict::word) })
    }
}

impl From<&track::About> for About {
    fn from(about: &track::About) -> Self {
        Self {
            protocol: about.protocol.word(),
            source: Text(about.source),
            destination: Text(about.destination),
            source_port: about.ports.map(|(source, _)| source),
            destination_port: about.ports.map(|(_, destination)| destination),
            stream: about.flow.map(|flow| flow.number),
        }
    }
}
