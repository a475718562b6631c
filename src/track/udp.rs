//! UDP sockets: one per local address and port, however many peers it serves.
//!
//! A UDP socket is named by its local address alone and tells its peers apart by the sender address of each datagram.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use foldhash::fast::RandomState;
use hashbrown::HashMap;

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
}

impl UdpSocket {
    /// Datagrams it sent to all peers.
    pub fn sent(&self) -> Count {
        self.peers.iter().map(|peer| peer.sent).sum()
    }

    /// Datagrams sent to it by all peers.
    pub fn received(&self) -> Count {
        self.peers.iter().map(|peer| peer.received).sum()
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
    by_address: HashMap<SocketAddr, usize, RandomState>,
    /// Place of a peer in its socket's list, by socket and peer address.
    peer_places: HashMap<(SocketAddr, SocketAddr), usize, RandomState>,
    limit: usize,
    refused: u64,
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
    /// No sockets yet, and at most `limit` peers of all together.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Follows one datagram: its sender has a socket, and its receiver too unless it is a group of them.
    pub(super) fn push(&mut self, sent: &Sent) {
        if self.peer_places.len() >= self.limit {
            self.refused = self.refused.saturating_add(1);
            return;
        }
        self.see(sent, sent.source, sent.destination, Role::Sender);
        if !is_group(sent.destination.ip()) {
            self.see(sent, sent.destination, sent.source, Role::Receiver);
        }
    }

    /// Follows an ICMP error about a datagram from `source` to `destination`: nobody listened there.
    pub(super) fn port_unreachable(&mut self, source: SocketAddr, destination: SocketAddr, frame: u64) {
        let datagram = self.peer(source, destination).and_then(|peer| {
            peer.unreachable = Some(Unreachable { frame, datagram: peer.last_sent });
            peer.last_sent
        });
        if let Some(socket) = self.by_address.get(&destination).and_then(|place| self.sockets.get_mut(*place)) {
            socket.refuted = Some(Unreachable { frame, datagram });
        }
    }

    /// Datagrams left out because there were too many peers.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// The sockets, in the order of their first frames.
    pub(super) fn into_sockets(self) -> Vec<UdpSocket> {
        self.sockets
    }

    fn see(&mut self, sent: &Sent, local: SocketAddr, remote: SocketAddr, role: Role) {
        let place = *self.by_address.entry(local).or_insert_with(|| {
            self.sockets.push(UdpSocket::new(local, sent));
            self.sockets.len().wrapping_sub(1)
        });
        let Some(socket) = self.sockets.get_mut(place) else { return };
        socket.last_frame = sent.frame;
        socket.end = sent.timestamp;
        if role == Role::Sender {
            socket.evidence = Evidence::Proved;
            socket.refuted = None;
            socket.first_sent.get_or_insert(sent.frame);
        }
        let place = *self.peer_places.entry((local, remote)).or_insert_with(|| {
            socket.peers.push(Peer::new(remote, sent));
            socket.peers.len().wrapping_sub(1)
        });
        if let Some(peer) = socket.peers.get_mut(place) {
            peer.see(sent, role);
        }
    }

    fn peer(&mut self, local: SocketAddr, remote: SocketAddr) -> Option<&mut Peer> {
        let place = *self.peer_places.get(&(local, remote))?;
        let socket = self.sockets.get_mut(*self.by_address.get(&local)?)?;
        socket.peers.get_mut(place)
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
