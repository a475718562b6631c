//! What the capture brought to every port: datagrams one by one, streams octet by octet.

use std::net::SocketAddr;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::capture::Timestamp;
use crate::decode::checksum::Verdict;
use crate::decode::{IpProtocol, Packet, Transport};
use crate::track::{FiveTuple, FlowId, Oddity, Piece, Side, Update};

/// One datagram.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Datagram {
    /// The frame that brought it, or its last fragment.
    pub frame: u64,
    /// When that was.
    pub timestamp: Option<Timestamp>,
    /// Who sent it.
    pub source: SocketAddr,
    /// Whom it was for.
    pub destination: SocketAddr,
    /// Its payload, as much of it as was captured.
    pub octets: Vec<u8>,
    /// Octets of its payload on the wire.
    pub len: u32,
    /// The ICMP error that says that nobody had its port.
    pub refused: Option<u64>,
    /// The frame that it is a copy of: the same packet, captured twice.
    pub copy_of: Option<u64>,
    /// Its checksum is wrong.
    pub bad_checksum: bool,
}

impl Datagram {
    /// Nothing speaks against its delivery.
    pub fn is_certain(&self) -> bool {
        self.refused.is_none() && self.copy_of.is_none() && !self.bad_checksum
    }

    /// The snap length left out some of its payload.
    pub fn is_cut(&self) -> bool {
        (self.octets.len() as u64) < u64::from(self.len)
    }
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
    /// The only port that matters much; `None` if all do.
    port: Option<u16>,
    held: usize,
    held_aside: usize,
}

/// Octets that are held, with what it takes to hold them.
const MAX_HELD: usize = 512 << 20;

/// The same for one port of interest.
const MAX_HELD_OF_PORT: usize = 64 << 20;

/// Octets that are held of other ports where only one matters.
const MAX_HELD_ASIDE: usize = 4 << 20;

/// What it takes to hold a datagram or a piece beside its octets, roughly.
const OVERHEAD: usize = 128;

impl Deliveries {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing yet, and little is to be held of what neither comes from this port nor goes there: the lab's own traffic
    /// stays whole however much else was captured.
    pub fn about(port: u16) -> Self {
        Self { port: Some(port), ..Self::default() }
    }

    /// Takes what a packet brought; for streams its tracker must have been told to
    /// [`follow_all`](crate::track::Tracker::follow_all).
    pub fn see(&mut self, packet: &Packet<'_>, update: &Update<'_>) {
        match (&update.transport, update.tuple) {
            (Some(Transport::Udp(datagram)), Some(tuple)) if !update.fragment => {
                let copy_of = update.notes.iter().find_map(|note| match note.oddity {
                    Oddity::CopyOf(frame) => Some(frame),
                    _ => None,
                });
                if !self.holds(datagram.payload.len(), tuple) {
                    self.left_out = self.left_out.saturating_add(1);
                    return;
                }
                self.datagram(Datagram {
                    frame: packet.number,
                    timestamp: packet.timestamp,
                    source: tuple.source,
                    destination: tuple.destination,
                    octets: datagram.payload.to_vec(),
                    len: datagram.payload_len,
                    refused: None,
                    copy_of,
                    bad_checksum: update.checksum == Some(Verdict::Bad),
                });
            }
            (Some(Transport::Tcp(_)), Some(tuple)) => self.pieces(tuple, update),
            (Some(Transport::Icmp(message)), _) if message.is_port_unreachable() => self.refuse(packet.number, update),
            _ => {}
        }
    }

    fn datagram(&mut self, datagram: Datagram) {
        self.latest.insert((datagram.source, datagram.destination), self.datagrams.len());
        self.datagrams.push(datagram);
    }

    /// Nobody listened where the quoted datagram went: on a loopback, the last one that went there.
    fn refuse(&mut self, frame: u64, update: &Update<'_>) {
        let Some(about) = update.about.filter(|about| about.protocol == IpProtocol::UDP) else { return };
        let Some((from, to)) = about.ports else { return };
        let ends = (SocketAddr::new(about.source, from), SocketAddr::new(about.destination, to));
        if let Some(datagram) = self.latest.get(&ends).and_then(|place| self.datagrams.get_mut(*place)) {
            datagram.refused = Some(frame);
        }
    }

    fn pieces(&mut self, tuple: FiveTuple, update: &Update<'_>) {
        let (Some(flow), Some(side)) = (update.flow, update.side) else { return };
        for piece in update.pieces {
            let way = if piece.side == side { tuple } else { tuple.reversed() };
            self.piece(flow, way, piece);
        }
    }

    fn piece(&mut self, flow: FlowId, way: FiveTuple, piece: &Piece) {
        let fits = self.holds(piece.octets.len(), way);
        let next = self.streams.len();
        let place = *self.by_flow.entry((flow, piece.side)).or_insert(next);
        if place == next {
            let (octets, places) = (Vec::new(), Vec::new());
            self.streams.push(Stream { flow, source: way.source, destination: way.destination, octets, places, cut: false });
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
    fn holds(&mut self, octets: usize, way: FiveTuple) -> bool {
        let matters = |port: u16| way.source.port() == port || way.destination.port() == port;
        let (held, limit) = match self.port {
            None => (&mut self.held, MAX_HELD),
            Some(port) if matters(port) => (&mut self.held, MAX_HELD_OF_PORT),
            Some(_) => (&mut self.held_aside, MAX_HELD_ASIDE),
        };
        let more = held.saturating_add(octets).saturating_add(OVERHEAD);
        if more <= limit {
            *held = more;
        }
        more <= limit
    }
}

impl Stream {
    /// What each frame brought, in the order in which it is read.
    pub(in crate::judge) fn segments(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let ends = self.places.iter().skip(1).map(|(begin, _)| *begin).chain([self.octets.len()]);
        let segment = |((begin, frame), end): (&(usize, u64), usize)| (*frame, self.octets.get(*begin..end).unwrap_or_default());
        self.places.iter().zip(ends).map(segment)
    }

    /// The frame that brought an octet.
    pub(in crate::judge) fn frame_at(&self, offset: usize) -> Option<u64> {
        let behind = self.places.partition_point(|(begin, _)| *begin <= offset);
        self.places.get(behind.checked_sub(1)?).map(|(_, frame)| *frame)
    }
}
