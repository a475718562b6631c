//! UDP sockets: one per local address and port, however many peers it serves.
//!
//! A UDP socket is named by its local address alone and tells its peers apart by the sender address of each datagram.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::by_stream::ByStream;
use super::{Count, Evidence};
use crate::capture::Timestamp;

/// One UDP socket, as packets to and from its address show it.
#[derive(Clone, Debug, PartialEq)]
pub struct UdpSocket {
    /// The address and port it was seen to send from or receive at. What it is bound to may be wider.
    pub local: SocketAddr,
    /// Proved by its first datagram; assumed while it only received.
    pub evidence: Evidence,
    /// An ICMP error said that nobody listened here, and nothing was sent from here afterwards.
    pub refuted: Option<Unreachable>,
    /// Whom it exchanged datagrams with, in the order of first datagrams.
    pub peers: Vec<Peer>,
    /// Its first frame.
    pub first_frame: u64,
    /// Its last frame.
    pub last_frame: u64,
    /// Time of the first frame.
    pub start: Option<Timestamp>,
    /// Time of the last frame.
    pub end: Option<Timestamp>,
    /// The first datagram it sent.
    pub first_sent: Option<u64>,
    /// Frames during which nobody was there, as ICMP errors say: at most [`UdpSocket::MAX_ABSENCES`], which ended
    /// when something was sent from here.
    pub absences: Vec<RangeInclusive<u64>>,
    /// Since when nobody is there, if an ICMP error said so last.
    pub absent_since: Option<u64>,
    /// Peers that were forgotten.
    pub past: Past,
}

/// What is left of the forgotten peers of a UDP socket.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Past {
    /// How many there were.
    pub peers: u64,
    /// Datagrams to them.
    pub sent: Count,
    /// Datagrams from them.
    pub received: Count,
}

impl UdpSocket {
    /// Absences remembered of one socket.
    pub const MAX_ABSENCES: usize = 64;

    /// Datagrams it sent to all peers.
    pub fn sent(&self) -> Count {
        self.peers.iter().map(|peer| peer.sent).chain([self.past.sent]).sum()
    }

    /// Datagrams sent to it by all peers.
    pub fn received(&self) -> Count {
        self.peers.iter().map(|peer| peer.received).chain([self.past.received]).sum()
    }
}

/// One peer of a UDP socket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peer {
    /// The peer's address and port.
    pub address: SocketAddr,
    /// Wireshark's `udp.stream` of the exchange.
    pub stream: u32,
    /// Datagrams from the socket to the peer.
    pub sent: Count,
    /// Datagrams from the peer to the socket.
    pub received: Count,
    /// First frame of the exchange.
    pub first_frame: u64,
    /// Last frame of the exchange.
    pub last_frame: u64,
    /// The last datagram from the socket to this peer.
    pub last_sent: Option<u64>,
    /// The last ICMP error about a datagram from the socket to this peer.
    pub unreachable: Option<Unreachable>,
}

/// An ICMP port unreachable, and the datagram that drew it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Unreachable {
    /// Frame of the ICMP error.
    pub frame: u64,
    /// Frame of the datagram it is about, if that was captured.
    pub datagram: Option<u64>,
}

/// All UDP sockets of a capture, in the making.
#[derive(Debug, Default)]
pub(super) struct UdpSockets {
    sockets: Vec<UdpSocket>,
    by_address: HashMap<SocketAddr, u32, RandomState>,
    /// The rows of each UDP stream; streams that were only quoted have none.
    exchanges: ByStream<Exchange>,
    limit: usize,
    known: usize,
    refused: u64,
}

/// Where the two ends of a stream stand; a group of receivers has no socket of its own.
#[derive(Clone, Copy, Debug)]
struct Exchange {
    a: SocketAddr,
    at_a: Option<Place>,
    at_b: Option<Place>,
}

/// A socket's place in the list, and its peer's place in the socket's list.
#[derive(Clone, Copy, Debug)]
struct Place {
    socket: u32,
    peer: u32,
}

/// A datagram on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) frame: u64,
    pub(super) timestamp: Option<Timestamp>,
    pub(super) stream: u32,
    /// Octets of the frame on the wire.
    pub(super) octets: u32,
    /// Octets of UDP payload on the wire.
    pub(super) payload: u32,
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
}

/// Which end of a datagram a socket stands at.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Role {
    Sender,
    Receiver,
}

impl UdpSockets {
    /// No sockets yet, and at most `limit` exchanges between two of them.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Follows one datagram: its sender has a socket, and its receiver too unless it is a group of them.
    pub(super) fn push(&mut self, sent: &Sent) {
        let Some(exchange) = self.exchange(sent.stream).or_else(|| self.open(sent)) else {
            self.refused = self.refused.saturating_add(1);
            return;
        };
        let (sender, receiver) =
            if exchange.a == sent.source { (exchange.at_a, exchange.at_b) } else { (exchange.at_b, exchange.at_a) };
        self.see(sent, sender, Role::Sender);
        self.see(sent, receiver, Role::Receiver);
    }

    /// Follows an ICMP error about a datagram of a stream that `source` had sent: nobody listened there.
    pub(super) fn port_unreachable(&mut self, stream: u32, source: SocketAddr, frame: u64) {
        let Some(exchange) = self.exchange(stream) else { return };
        let (sender, receiver) =
            if exchange.a == source { (exchange.at_a, exchange.at_b) } else { (exchange.at_b, exchange.at_a) };
        let mut datagram = None;
        if let Some(peer) = sender.and_then(|place| self.socket(place)?.peers.get_mut(place.peer as usize)) {
            datagram = peer.last_sent;
            peer.unreachable = Some(Unreachable { frame, datagram });
        }
        if let Some(socket) = receiver.and_then(|place| self.socket(place)) {
            socket.refute(Unreachable { frame, datagram });
        }
    }

    /// Datagrams left out because there were too many exchanges.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// Forgets the exchanges of streams that `keep` does not want, and sockets that have no other.
    pub(super) fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        self.sockets.iter_mut().for_each(|socket| socket.forget(&keep));
        self.sockets.retain(|socket| !socket.peers.is_empty());
        self.by_address = (0..).zip(&self.sockets).map(|(place, socket)| (socket.local, place)).collect();
        let mut exchanges: HashMap<u32, Exchange, RandomState> = HashMap::default();
        for (socket, row) in (0..).zip(&self.sockets) {
            for (peer, at) in (0..).zip(&row.peers) {
                let Some(old) = self.exchanges.get(at.stream) else { continue };
                let exchange = exchanges.entry(at.stream).or_insert(Exchange { a: old.a, at_a: None, at_b: None });
                exchange.take_place(row.local, at.address, Place { socket, peer });
            }
        }
        self.known = exchanges.len();
        self.exchanges = exchanges.into_iter().collect();
    }

    /// Exchanges between two endpoints that are remembered.
    pub(super) const fn known(&self) -> usize {
        self.known
    }

    /// The sockets so far, in the order of their first frames.
    pub(super) fn sockets(&self) -> &[UdpSocket] {
        &self.sockets
    }

    /// The sockets, in the order of their first frames.
    pub(super) fn into_sockets(self) -> Vec<UdpSocket> {
        self.sockets
    }

    fn exchange(&self, stream: u32) -> Option<Exchange> {
        self.exchanges.get(stream)
    }

    /// Makes the rows of a stream; `None` if there are too many.
    fn open(&mut self, sent: &Sent) -> Option<Exchange> {
        if self.known >= self.limit {
            return None;
        }
        self.known = self.known.saturating_add(1);
        let at_a = self.place(sent, sent.source, sent.destination);
        let at_b = if sent.source == sent.destination { at_a } else { self.place(sent, sent.destination, sent.source) };
        let exchange = Exchange { a: sent.source, at_a, at_b };
        self.exchanges.insert(sent.stream, exchange);
        Some(exchange)
    }

    /// A row for a socket with a peer; none for a group address.
    fn place(&mut self, sent: &Sent, local: SocketAddr, remote: SocketAddr) -> Option<Place> {
        if is_group(local.ip()) {
            return None;
        }
        let next = u32::try_from(self.sockets.len()).ok()?;
        let socket = *self.by_address.entry(local).or_insert(next);
        if socket == next {
            self.sockets.push(UdpSocket::new(local, sent));
        }
        let peers = &mut self.sockets.get_mut(socket as usize)?.peers;
        let peer = u32::try_from(peers.len()).ok()?;
        peers.push(Peer::new(remote, sent));
        Some(Place { socket, peer })
    }

    fn see(&mut self, sent: &Sent, place: Option<Place>, role: Role) {
        let Some(place) = place else { return };
        let Some(socket) = self.socket(place) else { return };
        socket.last_frame = sent.frame;
        socket.end = sent.timestamp;
        if role == Role::Sender {
            socket.evidence = Evidence::Proved;
            socket.show_up();
            socket.first_sent.get_or_insert(sent.frame);
        }
        if let Some(peer) = socket.peers.get_mut(place.peer as usize) {
            peer.see(sent, role);
        }
    }

    fn socket(&mut self, place: Place) -> Option<&mut UdpSocket> {
        self.sockets.get_mut(place.socket as usize)
    }
}

impl UdpSocket {
    fn new(local: SocketAddr, sent: &Sent) -> Self {
        Self {
            local,
            evidence: Evidence::Assumed,
            refuted: None,
            peers: Vec::new(),
            first_frame: sent.frame,
            last_frame: sent.frame,
            start: sent.timestamp,
            end: sent.timestamp,
            first_sent: None,
            absences: Vec::new(),
            absent_since: None,
            past: Past::default(),
        }
    }

    /// Forgets peers whose streams `keep` does not want; their counts stay.
    fn forget(&mut self, keep: impl Fn(u32) -> bool) {
        let Self { peers, past, .. } = self;
        peers.retain(|peer| {
            let kept = keep(peer.stream);
            if !kept {
                past.add(peer);
            }
            kept
        });
    }

    /// Nobody listened here.
    fn refute(&mut self, error: Unreachable) {
        self.refuted = Some(error);
        let never_sent = self.first_sent.is_none();
        self.absent_since.get_or_insert(if never_sent { 0 } else { error.datagram.unwrap_or(error.frame) });
    }

    /// It sends, so it is there, at least since the last error.
    fn show_up(&mut self) {
        if let (Some(error), Some(since)) = (self.refuted.take(), self.absent_since.take())
            && self.absences.len() < Self::MAX_ABSENCES
        {
            self.absences.push(since..=error.frame);
        }
    }
}

impl Past {
    fn add(&mut self, peer: &Peer) {
        self.peers = self.peers.saturating_add(1);
        self.sent = [self.sent, peer.sent].into_iter().sum();
        self.received = [self.received, peer.received].into_iter().sum();
    }
}

impl Exchange {
    /// The socket at `local` stands at this place, with its peer.
    fn take_place(&mut self, local: SocketAddr, peer: SocketAddr, place: Place) {
        if local == self.a {
            self.at_a = Some(place);
        }
        if local != self.a || local == peer {
            self.at_b = Some(place);
        }
    }
}

impl Peer {
    fn new(address: SocketAddr, sent: &Sent) -> Self {
        Self {
            address,
            stream: sent.stream,
            sent: Count::default(),
            received: Count::default(),
            first_frame: sent.frame,
            last_frame: sent.frame,
            last_sent: None,
            unreachable: None,
        }
    }

    fn see(&mut self, sent: &Sent, role: Role) {
        self.last_frame = sent.frame;
        match role {
            Role::Sender => {
                self.sent.add(sent.octets, sent.payload);
                self.last_sent = Some(sent.frame);
            }
            Role::Receiver => self.received.add(sent.octets, sent.payload),
        }
    }
}

/// An address that stands for many receivers, or for none in particular.
fn is_group(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_multicast() || address == Ipv4Addr::BROADCAST || address.is_unspecified(),
        IpAddr::V6(address) => address.is_multicast() || address.is_unspecified(),
    }
}
