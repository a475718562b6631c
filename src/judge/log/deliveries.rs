//! What the capture brought to every port: datagrams one by one, streams octet by octet.

use std::net::SocketAddr;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::decode::checksum::Verdict;
use crate::decode::{IpProtocol, Transport};
use crate::track::{FiveTuple, FlowId, Oddity, Piece, Side, Update};

/// One datagram.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Datagram {
    /// The frame that brought it, or its last fragment.
    pub frame: u64,
    /// Who sent it.
    pub source: SocketAddr,
    /// Whom it was for.
    pub destination: SocketAddr,
    /// Its payload, as much of it as was captured.
    pub octets: Vec<u8>,
    /// Octets of its payload on the wire.
    pub len: u32,
    /// Nothing speaks against its delivery: no port unreachable, no bad checksum, no frame of which it is a copy.
    pub certain: bool,
}

/// One direction of a connection, in the order in which its receiver reads it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stream {
    /// The connection.
    pub flow: FlowId,
    /// Who sent it.
    pub source: SocketAddr,
    /// Who reads it.
    pub destination: SocketAddr,
    /// The octets before the first hole.
    pub octets: Vec<u8>,
    /// Where the octets of a frame begin: offset and frame, in order.
    pub places: Vec<(usize, u64)>,
    /// More was sent, but it is not in the capture or did not fit.
    pub cut: bool,
}

/// What the capture brought to every port.
#[derive(Debug, Default)]
pub struct Deliveries {
    /// Datagrams, in the order of their frames.
    pub datagrams: Vec<Datagram>,
    /// Streams, in the order of their first octets.
    pub streams: Vec<Stream>,
    /// Datagrams that did not fit.
    pub left_out: u64,
    latest: HashMap<(SocketAddr, SocketAddr), usize, RandomState>,
    by_flow: HashMap<(FlowId, Side), usize, RandomState>,
    held: usize,
}

/// Octets that are held, with what it takes to hold them.
const MAX_HELD: usize = 512 << 20;

/// What it takes to hold a datagram or a piece beside its octets, roughly.
const OVERHEAD: usize = 128;

impl Deliveries {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what a packet brought; its tracker must have been told to [`follow_all`](crate::track::Tracker::follow_all).
    pub fn see(&mut self, frame: u64, update: &Update<'_>) {
        match (&update.transport, update.tuple) {
            (Some(Transport::Udp(datagram)), Some(tuple)) if !update.fragment => {
                let doubted = update.checksum == Some(Verdict::Bad)
                    || update.notes.iter().any(|note| matches!(note.oddity, Oddity::CopyOf(_)));
                self.datagram(Datagram {
                    frame,
                    source: tuple.source,
                    destination: tuple.destination,
                    octets: datagram.payload.to_vec(),
                    len: datagram.payload_len,
                    certain: !doubted,
                });
            }
            (Some(Transport::Tcp(_)), Some(tuple)) => self.pieces(tuple, update),
            (Some(Transport::Icmp(message)), _) if message.is_port_unreachable() => self.refuse(update),
            _ => {}
        }
    }

    fn datagram(&mut self, datagram: Datagram) {
        if !self.holds(datagram.octets.len()) {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        self.latest.insert((datagram.source, datagram.destination), self.datagrams.len());
        self.datagrams.push(datagram);
    }

    /// Nobody listened where the quoted datagram went: on a loopback, the last one that went there.
    fn refuse(&mut self, update: &Update<'_>) {
        let Some(about) = update.about.filter(|about| about.protocol == IpProtocol::UDP) else { return };
        let Some((from, to)) = about.ports else { return };
        let ends = (SocketAddr::new(about.source, from), SocketAddr::new(about.destination, to));
        if let Some(datagram) = self.latest.get(&ends).and_then(|place| self.datagrams.get_mut(*place)) {
            datagram.certain = false;
        }
    }

    fn pieces(&mut self, tuple: FiveTuple, update: &Update<'_>) {
        let (Some(flow), Some(side)) = (update.flow, update.side) else { return };
        for piece in update.pieces {
            let forth = piece.side == side;
            let (source, destination) = if forth { (tuple.source, tuple.destination) } else { (tuple.destination, tuple.source) };
            self.piece(flow, source, destination, piece);
        }
    }

    fn piece(&mut self, flow: FlowId, source: SocketAddr, destination: SocketAddr, piece: &Piece) {
        let fits = self.holds(piece.octets.len());
        let next = self.streams.len();
        let place = *self.by_flow.entry((flow, piece.side)).or_insert(next);
        if place == next {
            let (octets, places) = (Vec::new(), Vec::new());
            self.streams.push(Stream { flow, source, destination, octets, places, cut: false });
        }
        let Some(stream) = self.streams.get_mut(place) else { return };
        if stream.cut {
            return;
        }
        if let Some(frame) = piece.frame.filter(|_| fits && !piece.octets.is_empty()) {
            stream.places.push((stream.octets.len(), frame));
            stream.octets.extend(&piece.octets);
        }
        stream.cut = piece.missing > 0 || !fits;
    }

    /// Makes room; says whether there is any.
    fn holds(&mut self, octets: usize) -> bool {
        let held = self.held.saturating_add(octets).saturating_add(OVERHEAD);
        if held <= MAX_HELD {
            self.held = held;
        }
        held <= MAX_HELD
    }
}

impl Stream {
    /// What each frame brought, in the order in which it is read.
    pub(super) fn segments(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let ends = self.places.iter().skip(1).map(|(begin, _)| *begin).chain([self.octets.len()]);
        let segment = |((begin, frame), end): (&(usize, u64), usize)| (*frame, self.octets.get(*begin..end).unwrap_or_default());
        self.places.iter().zip(ends).map(segment)
    }

    /// The frame that brought an octet.
    pub(super) fn frame_at(&self, offset: usize) -> Option<u64> {
        let behind = self.places.partition_point(|(begin, _)| *begin <= offset);
        self.places.get(behind.checked_sub(1)?).map(|(_, frame)| *frame)
    }
}
