//! `sockets`: the socket table rebuilt from packets.

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use super::SCHEMA;
use super::format::{Text, document};
use crate::capture::Timestamp;
use crate::track::{Count, Peer, Protocol, Socket};

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    sockets: Vec<Row<'a>>,
}

#[derive(Serialize)]
pub(super) struct Row<'a> {
    id: u32,
    protocol: &'static str,
    state: &'static str,
    local: Text<&'a crate::track::Local>,
    seen_at: Vec<Text<IpAddr>>,
    peer: Option<Text<SocketAddr>>,
    evidence: &'static str,
    rule: &'static str,
    because: &'static str,
    frames: &'a [u64],
    first_frame: u64,
    first: Option<Text<Timestamp>>,
    last: Option<Text<Timestamp>>,
    received: Traffic,
    sent: Traffic,
    listener: Option<u32>,
    children: Vec<u32>,
    peers: Vec<PeerRow>,
}

/// Datagrams or segments, with their octets on the wire and of payload.
#[derive(Serialize)]
#[serde(untagged)]
enum Traffic {
    Tcp { segments: u64, octets: u64, payload: u64 },
    Udp { datagrams: u64, octets: u64, payload: u64 },
}

impl Traffic {
    const fn new(protocol: Protocol, count: Count) -> Self {
        let Count { frames, octets, payload } = count;
        match protocol {
            Protocol::Tcp => Self::Tcp { segments: frames, octets, payload },
            Protocol::Udp => Self::Udp { datagrams: frames, octets, payload },
        }
    }
}

#[derive(Serialize)]
struct PeerRow {
    peer: Text<SocketAddr>,
    stream: u32,
    received: Traffic,
    sent: Traffic,
    first_frame: u64,
    last_frame: u64,
    unreachable: Option<Unreachable>,
}

/// An ICMP error about this peer, and the datagram that drew it.
#[derive(Serialize)]
struct Unreachable {
    frame: u64,
    datagram: Option<u64>,
}

impl From<&Peer> for PeerRow {
    fn from(peer: &Peer) -> Self {
        Self {
            peer: Text(peer.address),
            stream: peer.stream,
            received: Traffic::new(Protocol::Udp, peer.received),
            sent: Traffic::new(Protocol::Udp, peer.sent),
            first_frame: peer.first_frame,
            last_frame: peer.last_frame,
            unreachable: peer.unreachable.map(|error| Unreachable { frame: error.frame, datagram: error.datagram }),
        }
    }
}

impl<'a> From<&'a Socket> for Row<'a> {
    fn from(socket: &'a Socket) -> Self {
        Self {
            id: socket.id.0,
            protocol: socket.protocol.word(),
            state: socket.state.word(),
            local: Text(&socket.local),
            seen_at: socket.local.seen_at.iter().copied().map(Text).collect(),
            peer: socket.peer.map(Text),
            evidence: socket.evidence.word(),
            rule: socket.rule.word(),
            because: socket.rule.text(),
            frames: &socket.frames,
            first_frame: socket.first_frame,
            first: socket.start.map(Text),
            last: socket.end.map(Text),
            received: Traffic::new(socket.protocol, socket.received),
            sent: Traffic::new(socket.protocol, socket.sent),
            listener: socket.listener.map(|id| id.0),
            children: socket.children.iter().map(|id| id.0).collect(),
            peers: socket.peers.iter().map(PeerRow::from).collect(),
        }
    }
}

/// Writes sockets as one document.
///
/// # Errors
/// What the writer says.
pub fn write(sockets: &[&Socket], out: &mut impl Write) -> io::Result<()> {
    document(&Document { schema: SCHEMA, sockets: sockets.iter().map(|socket| Row::from(*socket)).collect() }, out)
}
