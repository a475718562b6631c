//! What a query looks at: rows with fields, frames and a place in time.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::Counted;
use crate::capture::Timestamp;
use crate::judge::WITHIN;
use crate::judge::filter::{self, Field, Filter, Value};
use crate::judge::{Datagram, Echo, Exchange};
use crate::track::{Connection, Protocol, Socket};

/// What a row is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Select {
    /// A frame.
    Packets,
    /// A UDP datagram; copies of a packet count once.
    Datagrams,
    /// A request to the server's UDP port with its reply.
    Exchanges,
    /// A socket, inferred.
    Sockets,
    /// A TCP connection.
    Connections,
}

impl Select {
    /// The words in a rubric.
    pub const ALL: [(&'static str, Self); 5] = [
        ("packets", Self::Packets),
        ("datagrams", Self::Datagrams),
        ("exchanges", Self::Exchanges),
        ("sockets", Self::Sockets),
        ("connections", Self::Connections),
    ];
}

/// What puts rows together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Grouping {
    /// Address and port of the sender; of a connection or exchange, of the client.
    Source,
    /// Address and port of the receiver; of a connection or exchange, of the server.
    Destination,
    /// The address of the sender.
    SourceAddress,
    /// The address of the receiver.
    DestinationAddress,
    /// The stream number.
    Stream,
}

impl Grouping {
    /// What may be written.
    pub const EXPECTED: &'static str = "expected one of src, dst, client, server, src_addr, dst_addr, stream, conn";

    /// The grouping of this name.
    pub fn read(name: &str) -> Option<Self> {
        Some(match name {
            "src" | "client" => Self::Source,
            "dst" | "server" => Self::Destination,
            "src_addr" => Self::SourceAddress,
            "dst_addr" => Self::DestinationAddress,
            "stream" | "conn" => Self::Stream,
            _ => return None,
        })
    }
}

/// One row.
#[derive(Clone, Debug)]
pub struct Row<'r> {
    /// The frames that show it.
    pub frames: Vec<u64>,
    /// Source and destination, or client and server; `None` of a packet without ports.
    pub ends: Option<(SocketAddr, SocketAddr)>,
    /// The stream it belongs to.
    pub stream: Option<u32>,
    /// Its first and its last frame.
    pub span: (u64, u64),
    subject: Subject<'r>,
}

#[derive(Clone, Copy, Debug)]
enum Subject<'r> {
    Packet,
    Datagram(&'r Datagram),
    Exchange(Exchange<'r>),
    Connection(&'r Connection),
    Socket(&'r Socket),
}

impl<'r> Row<'r> {
    /// A frame, which the filter has seen already.
    pub fn packet(frame: u64, ends: Option<(SocketAddr, SocketAddr)>, stream: Option<u32>) -> Self {
        Self { frames: vec![frame], ends, stream, span: (frame, frame), subject: Subject::Packet }
    }

    /// A datagram.
    pub fn datagram(datagram: &'r Datagram) -> Self {
        let frame = datagram.frame;
        let ends = Some((datagram.source, datagram.destination));
        Self { frames: vec![frame], ends, stream: None, span: (frame, frame), subject: Subject::Datagram(datagram) }
    }

    /// A request with its reply.
    pub fn exchange(exchange: Exchange<'r>) -> Self {
        let frames: Vec<u64> = exchange.frames().collect();
        let span = (frames.first().copied().unwrap_or(0), frames.last().copied().unwrap_or(0));
        let ends = Some((exchange.client, exchange.server));
        Self { frames, ends, stream: None, span, subject: Subject::Exchange(exchange) }
    }

    /// A connection; the frame that opened it shows it.
    pub fn connection(connection: &'r Connection) -> Self {
        let opening = connection.handshake;
        let frames: Vec<u64> = [opening.syn, opening.syn_ack, opening.ack].into_iter().flatten().collect();
        Self {
            frames: if frames.is_empty() { vec![connection.first_frame] } else { frames },
            ends: Some((connection.initiator, connection.responder)),
            stream: Some(connection.id.number),
            span: (connection.first_frame, connection.last_frame),
            subject: Subject::Connection(connection),
        }
    }

    /// A socket.
    pub fn socket(socket: &'r Socket) -> Self {
        let address = socket.local.address.or_else(|| socket.local.seen_at.first().copied());
        let local = address.map(|address| SocketAddr::new(address, socket.local.port));
        let peer = socket.peer.or_else(|| socket.peers.first().map(|peer| peer.address));
        let span = (socket.first_frame, socket.frames.last().copied().unwrap_or(socket.first_frame));
        Self { frames: socket.frames.clone(), ends: local.zip(peer), stream: None, span, subject: Subject::Socket(socket) }
    }

    /// What it is put together by.
    pub fn key(&self, grouping: Grouping) -> String {
        let end = |pick: fn((SocketAddr, SocketAddr)) -> String| self.ends.map(pick).unwrap_or_default();
        match grouping {
            Grouping::Source => end(|(source, _)| source.to_string()),
            Grouping::Destination => end(|(_, destination)| destination.to_string()),
            Grouping::SourceAddress => end(|(source, _)| source.ip().to_string()),
            Grouping::DestinationAddress => end(|(_, destination)| destination.ip().to_string()),
            Grouping::Stream => self.stream.map(|stream| stream.to_string()).unwrap_or_default(),
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.span.0 < other.span.1 && other.span.0 < self.span.1
    }
}

/// The rows that match.
pub fn rows<'r>(all: impl Iterator<Item = Row<'r>>, filter: &Filter) -> Vec<Row<'r>> {
    all.filter(|row| matches!(row.subject, Subject::Packet) || filter.matches(row)).collect()
}

/// Rows that are compared for overlap.
const MAX_COMPARED: usize = 256;

impl Counted {
    /// Counts rows, in groups if they have any.
    pub fn of(rows: &[Row<'_>], grouping: Option<Grouping>) -> Self {
        let key = |row: &Row<'_>| grouping.map(|grouping| row.key(grouping)).unwrap_or_default();
        let mut groups: BTreeMap<String, u64> = BTreeMap::new();
        for row in rows.iter().filter(|_| grouping.is_some()) {
            let count = groups.entry(key(row)).or_default();
            *count = count.saturating_add(1);
        }
        let compared = || rows.iter().take(MAX_COMPARED).enumerate();
        let apart = |one: &Row<'_>, other: &Row<'_>| grouping.is_none() || key(one) != key(other);
        let overlap = compared().any(|(place, one)| {
            compared().skip(place.saturating_add(1)).any(|(_, other)| one.overlaps(other) && apart(one, other))
        });
        Self { rows: rows.len() as u64, groups: groups.into_values().collect(), overlap }
    }
}

impl filter::Row for Row<'_> {
    fn values<'a>(&'a self, field: Field, each: &mut dyn FnMut(Value<'a>)) {
        if field.name() == "frame.number" {
            return self.frames.iter().for_each(|frame| each(Value::Number(*frame)));
        }
        match &self.subject {
            Subject::Packet => {}
            Subject::Datagram(datagram) => datagram_values(datagram, field, each),
            Subject::Exchange(exchange) => exchange_values(exchange, field, each),
            Subject::Connection(connection) => match field.name().split_once('.') {
                Some(("conn" | "state", _)) => filter::Row::values(*connection, field, each),
                _ => header_values(Protocol::Tcp, (connection.initiator, connection.responder), field, each),
            },
            Subject::Socket(socket) => socket_values(socket, field, each),
        }
    }
}

fn datagram_values<'a>(datagram: &'a Datagram, field: Field, each: &mut dyn FnMut(Value<'a>)) {
    match field.name() {
        "frame.time_epoch" => datagram.timestamp.into_iter().for_each(|time: Timestamp| each(Value::Time(time))),
        "udp.length" => each(Value::Number(u64::from(datagram.len).saturating_add(8))),
        "data.len" => each(Value::Number(u64::from(datagram.len))),
        "udp.payload" | "data.data" => each(Value::octets(&datagram.octets)),
        "data" | "udp" => each(Value::Protocol(&datagram.octets, 0)),
        _ => header_values(Protocol::Udp, (datagram.source, datagram.destination), field, each),
    }
}

fn exchange_values<'a>(exchange: &Exchange<'a>, field: Field, each: &mut dyn FnMut(Value<'a>)) {
    let number = |datagram: Option<&Datagram>| datagram.map(|datagram| Value::Number(datagram.frame));
    let payload = |datagram: Option<&'a Datagram>| datagram.map(|datagram| Value::octets(&datagram.octets));
    let value = match field.name() {
        "xchg.client.addr" => Some(Value::Address(exchange.client.ip())),
        "xchg.client.port" => Some(Value::Number(exchange.client.port().into())),
        "xchg.server.addr" => Some(Value::Address(exchange.server.ip())),
        "xchg.server.port" => Some(Value::Number(exchange.server.port().into())),
        "xchg.request" => number(exchange.request),
        "xchg.reply" => number(exchange.reply),
        "xchg.answered" => Some(Value::Flag(exchange.reply.is_some())),
        "xchg.same" => Some(Value::Flag(!matches!(exchange.echo(WITHIN), Echo::Altered(_) | Echo::Unanswered | Echo::Unasked))),
        "xchg.delay" => exchange.elapsed().map(Value::Duration),
        "xchg.payload" => payload(exchange.request),
        "xchg.reply.payload" => payload(exchange.reply),
        _ => return header_values(Protocol::Udp, (exchange.client, exchange.server), field, each),
    };
    value.into_iter().for_each(each);
}

fn socket_values<'a>(socket: &'a Socket, field: Field, each: &mut dyn FnMut(Value<'a>)) {
    let number = |number: u64| Some(Value::Number(number));
    let value = match field.name() {
        "sock.peer.addr" => return peers(socket).for_each(|peer| each(Value::Address(peer.ip()))),
        "sock.peer.port" => return peers(socket).for_each(|peer| each(Value::Number(peer.port().into()))),
        "sock.addr" => return addresses(socket).for_each(|address| each(Value::Address(address))),
        "sock.protocol" => Some(Value::text(socket.protocol.word())),
        "sock.port" => number(socket.local.port.into()),
        "sock.peers" => number(peers(socket).count() as u64),
        "sock.state" => Some(Value::text(socket.state.word())),
        "sock.evidence" => Some(Value::text(socket.evidence.word())),
        "sock.sent" => number(socket.sent.frames),
        "sock.received" => number(socket.received.frames),
        _ => None,
    };
    value.into_iter().for_each(each);
}

fn peers(socket: &Socket) -> impl Iterator<Item = SocketAddr> {
    socket.peer.into_iter().chain(socket.peers.iter().map(|peer| peer.address))
}

/// The address it is bound to, or those it was seen at.
fn addresses(socket: &Socket) -> impl Iterator<Item = IpAddr> {
    let seen = socket.local.seen_at.iter().copied().filter(|_| socket.local.address.is_none());
    socket.local.address.into_iter().chain(seen)
}

/// What the headers of the first packet say.
fn header_values<'a>(protocol: Protocol, (from, to): (SocketAddr, SocketAddr), field: Field, each: &mut dyn FnMut(Value<'a>)) {
    let (layer, name) = field.name().split_once('.').unwrap_or((field.name(), ""));
    let mut addresses = |version: fn(&IpAddr) -> bool| {
        let ends: &[IpAddr] = match name {
            "src" | "src_host" => &[from.ip()],
            "dst" | "dst_host" => &[to.ip()],
            "addr" | "host" => &[from.ip(), to.ip()],
            _ => &[],
        };
        ends.iter().filter(|address| version(address)).for_each(|address| each(Value::Address(*address)));
    };
    match layer {
        "ip" => addresses(IpAddr::is_ipv4),
        "ipv6" => addresses(IpAddr::is_ipv6),
        _ if layer == protocol.word() => match name {
            "" => each(Value::Mark),
            "srcport" => each(Value::Number(from.port().into())),
            "dstport" => each(Value::Number(to.port().into())),
            "port" => [from, to].into_iter().for_each(|end| each(Value::Number(end.port().into()))),
            _ => {}
        },
        _ => {}
    }
}
