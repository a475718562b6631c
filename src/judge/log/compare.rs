//! Receipts against deliveries: what agrees, what lacks, what is too much, what is not the same.

use std::net::{IpAddr, SocketAddr};

use super::{Datagram, Deliveries, Log, Receipt, Server, Stream, datagrams, streams};
use crate::track::{FlowId, Protocol};

/// Whose log it is: what was delivered elsewhere does not concern it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Addressee {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Its address; `None` for any.
    pub ip: Option<IpAddr>,
    /// Its port; `None` for any.
    pub port: Option<u16>,
    /// The port of those it hears of; `None` for any.
    pub from: Option<u16>,
    /// Its only connection; `None` for any.
    pub flow: Option<FlowId>,
}

impl Addressee {
    /// The server, which hears of everyone.
    pub fn server(server: Server) -> Self {
        Self { protocol: server.protocol, ip: None, port: Some(server.port), from: None, flow: None }
    }

    /// A client of the server: of several connections from one port, the first that is not in `taken`.
    pub fn client(server: Server, own: Option<SocketAddr>, deliveries: &Deliveries, taken: &[FlowId]) -> Self {
        let own = own.filter(|own| own.port() != 0 && own.port() != server.port);
        let ip = own.map(|own| own.ip()).filter(|ip| !ip.is_unspecified());
        let from = Some(server.port);
        let any = Self { protocol: server.protocol, ip, port: own.map(|own| own.port()), from, flow: None };
        let streams = deliveries.streams.iter().filter(|stream| own.is_some() && any.hears_stream(stream));
        Self { flow: streams.map(|stream| stream.flow).find(|flow| !taken.contains(flow)), ..any }
    }

    fn hears(&self, source: SocketAddr, destination: SocketAddr) -> bool {
        self.ip.is_none_or(|ip| ip == destination.ip())
            && self.port.is_none_or(|port| port == destination.port())
            && self.from.is_none_or(|port| port == source.port())
    }

    fn hears_stream(&self, stream: &Stream) -> bool {
        self.protocol == Protocol::Tcp
            && self.flow.is_none_or(|flow| flow == stream.flow)
            && self.hears(stream.source, stream.destination)
    }

    fn datagrams<'d>(&self, deliveries: &'d Deliveries) -> Vec<&'d Datagram> {
        let hears = |datagram: &&Datagram| self.protocol == Protocol::Udp && self.hears(datagram.source, datagram.destination);
        deliveries.datagrams.iter().filter(hears).collect()
    }

    fn streams<'d>(&self, deliveries: &'d Deliveries) -> Vec<&'d Stream> {
        deliveries.streams.iter().filter(|stream| self.hears_stream(stream)).collect()
    }

    /// What it must have received, in the order of frames: frame, peer, octets. A stream has no borders; here they are
    /// those of its segments.
    pub fn expected<'d>(&self, deliveries: &'d Deliveries) -> Vec<(u64, SocketAddr, &'d [u8])> {
        let certain = self.datagrams(deliveries).into_iter().filter(|datagram| datagram.is_certain());
        let mut expected: Vec<_> =
            certain.map(|datagram| (datagram.frame, datagram.source, datagram.octets.as_slice())).collect();
        for stream in self.streams(deliveries) {
            expected.extend(stream.segments().map(|(frame, octets)| (frame, stream.source, octets)));
        }
        expected.sort_by_key(|(frame, ..)| *frame);
        expected
    }
}

/// A line that agrees.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Match<'a> {
    /// The line.
    pub receipt: &'a Receipt,
    /// The frames that brought the octets, first and last; `None` where there are no octets.
    pub frames: Option<(u64, u64)>,
    /// It stands where the capture has it: among all datagrams, or within its connection.
    pub in_order: bool,
}

/// A delivery of which the log does not tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Missing<'a> {
    /// The frame that brought it.
    pub frame: u64,
    /// Who had sent it.
    pub peer: SocketAddr,
    /// Its octets.
    pub octets: &'a [u8],
}

/// A line of which the capture does not tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Extra<'a> {
    /// The line.
    pub receipt: &'a Receipt,
    /// What is in the capture and resembles it most.
    pub nearest: Option<Nearest>,
}

/// A delivery that resembles a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Nearest {
    /// The frame that brought it.
    pub frame: u64,
    /// Who had sent it.
    pub peer: SocketAddr,
    /// The octets are the same; otherwise the port is the nearest number.
    pub same_octets: bool,
}

/// A line that tells other octets than the capture has from this peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Altered<'a> {
    /// The line.
    pub receipt: &'a Receipt,
    /// The frame that brought what it should tell.
    pub frame: u64,
    /// What it should tell.
    pub octets: &'a [u8],
    /// The first octet that differs, from 0.
    pub offset: usize,
}

/// A log beside a capture.
#[derive(Clone, Debug, Default)]
pub struct Comparison<'a> {
    /// Lines that agree, in the order of the log.
    pub matched: Vec<Match<'a>>,
    /// Deliveries that lack, in the order of frames.
    pub missing: Vec<Missing<'a>>,
    /// Lines too many, in the order of the log.
    pub extra: Vec<Extra<'a>>,
    /// Lines with other octets, in the order of the log.
    pub altered: Vec<Altered<'a>>,
    /// Lines of which the capture cannot tell, because what they tell of was not captured whole.
    pub undecided: Vec<&'a Receipt>,
}

impl Comparison<'_> {
    /// Every delivery has its line and every line its delivery, in the same order.
    pub fn agrees(&self) -> bool {
        self.missing.is_empty()
            && self.extra.is_empty()
            && self.altered.is_empty()
            && self.undecided.is_empty()
            && self.matched.iter().all(|line| line.in_order)
    }
}

/// Lays the log of `addressee` beside what the capture brought it.
pub fn compare<'a>(deliveries: &'a Deliveries, log: &'a Log, addressee: &Addressee) -> Comparison<'a> {
    let mut comparison = Comparison::default();
    match addressee.protocol {
        Protocol::Udp => {
            datagrams::compare(&addressee.datagrams(deliveries), &log.receipts, deliveries.left_out > 0, &mut comparison);
        }
        Protocol::Tcp => streams::compare(&addressee.streams(deliveries), &log.receipts, &mut comparison),
    }
    comparison.matched.sort_by_key(|line| line.receipt.line);
    comparison.extra.sort_by_key(|line| line.receipt.line);
    comparison.altered.sort_by_key(|line| line.receipt.line);
    comparison.undecided.sort_by_key(|line| line.line);
    comparison.missing.sort_by_key(|missing| missing.frame);
    comparison
}

/// The first octet in which two differ; the length of the shorter where that is all of it.
pub(super) fn first_difference(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}
