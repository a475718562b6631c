//! IPv4 and IPv6 fragments to datagrams (RFC 791 section 3.2, RFC 8200 section 4.5).
//!
//! Fragments come in any order, twice, overlapping, or never. Where they overlap, the one with the lower offset counts, as
//! in Wireshark, and the overlap is told. What waits is bounded by [`Limits`]: the oldest datagram is given up first. As in Wireshark, a fragment that was cut
//! or whose IPv4 header checksum is wrong cannot be put together with others; the first of such fragments still shows
//! its ports.

use std::collections::VecDeque;
use std::net::IpAddr;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::Limits;
use crate::decode::checksum::{self, Verdict};
use crate::decode::ip::{Fragment, Ip};
use crate::decode::{self, IpProtocol, Packet, Transport};

/// A datagram put together from its fragments.
#[derive(Clone, Copy, Debug)]
pub struct Reassembled<'t> {
    /// The frames of its fragments, in the order of arrival; the last one completed it.
    pub frames: &'t [u64],
    /// The IP header of the fragment that completed it, over the whole payload.
    pub ip: Ip<'t>,
    /// The transport header in it.
    pub transport: Option<Transport<'t>>,
    /// Fragments overlapped.
    pub overlap: bool,
}

/// What a packet is to the reassembler; what is rare is boxed, since an arrival is handed on with every packet.
#[derive(Debug)]
pub(super) enum Arrival<'t> {
    /// No fragment.
    Whole,
    /// The first fragment of a datagram that cannot be put together, with the header it shows.
    Start(Box<Transport<'t>>),
    /// A fragment whose datagram is not complete.
    Piece,
    /// The fragment that completed a datagram.
    Complete(Box<Reassembled<'t>>),
}

impl<'t> Arrival<'t> {
    /// The IP header to go by: the packet's own, or that over the whole datagram.
    pub(super) fn ip<'a>(&'a self, packet: &'a Packet<'t>) -> Option<&'a Ip<'t>> {
        match self {
            Self::Complete(datagram) => Some(&datagram.ip),
            _ => packet.ip(),
        }
    }

    /// The transport header to go by.
    pub(super) fn transport<'a>(&'a self, packet: &'a Packet<'t>) -> Option<&'a Transport<'t>> {
        match self {
            Self::Whole => packet.transport.as_ref(),
            Self::Start(transport) => Some(transport),
            Self::Piece => None,
            Self::Complete(datagram) => datagram.transport.as_ref(),
        }
    }

    /// The transport header stands over all of its payload, not just over a first fragment.
    pub(super) const fn is_whole(&self) -> bool {
        matches!(self, Self::Whole | Self::Complete(_))
    }
}

/// Holds fragments until their datagram is complete.
#[derive(Debug)]
pub(super) struct Reassembler {
    waiting: HashMap<Key, Partial, RandomState>,
    /// Keys in the order in which their datagrams began; some may be complete by now.
    order: VecDeque<(Key, u64)>,
    octets: usize,
    octet_limit: usize,
    datagram_limit: usize,
    given_up: Vec<u64>,
    given_up_fragments: u64,
    done: Partial,
}

/// All fragments of a datagram share this.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    protocol: IpProtocol,
    id: u32,
}

/// A datagram in the making.
#[derive(Debug, Default)]
struct Partial {
    /// Pieces in order of offset.
    pieces: Vec<(u32, Vec<u8>)>,
    frames: Vec<u64>,
    /// Octets of the whole payload, once its last fragment came.
    len: Option<u32>,
    overlap: bool,
    whole: Vec<u8>,
}

/// The largest IP payload that fragments can form, in octets (RFC 791: the total length has 16 bits).
const MAX_PAYLOAD: u32 = 65_535;

/// Fragments that may wait for one datagram: more is an attack.
const MAX_PIECES: usize = 1024;

impl Reassembler {
    /// Nothing waiting yet.
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            waiting: HashMap::default(),
            order: VecDeque::new(),
            octets: 0,
            octet_limit: limits.fragment_octets,
            datagram_limit: limits.fragment_datagrams,
            given_up: Vec::new(),
            given_up_fragments: 0,
            done: Partial::default(),
        }
    }

    /// Takes one packet, and says what it is.
    #[inline]
    pub(super) fn push<'t>(&'t mut self, packet: &Packet<'t>) -> Arrival<'t> {
        match packet.ip().and_then(|ip| Some((ip, ip.fragment?))) {
            Some((ip, fragment)) => self.join(packet.number, ip, fragment),
            None => Arrival::Whole,
        }
    }

    /// Takes one fragment.
    #[cold]
    fn join<'t>(&'t mut self, frame: u64, ip: &Ip<'t>, fragment: Fragment) -> Arrival<'t> {
        if !can_be_joined(ip) {
            return decode::first_fragment(ip).0.map_or(Arrival::Piece, |transport| Arrival::Start(Box::new(transport)));
        }
        let key = Key { source: ip.source, destination: ip.destination, protocol: ip.protocol, id: fragment.id };
        if !self.add(key, frame, ip, fragment) {
            return Arrival::Piece;
        }
        let Some(mut done) = self.waiting.remove(&key) else { return Arrival::Piece };
        self.octets = self.octets.saturating_sub(done.octets());
        done.join();
        self.done = done;
        let (ip, transport, _) = decode::reassembled(ip, &self.done.whole);
        let overlap = self.done.overlap;
        Arrival::Complete(Box::new(Reassembled { frames: &self.done.frames, ip, transport, overlap }))
    }

    /// First frames of the datagrams given up since the last call.
    pub(super) fn take_given_up(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.given_up)
    }

    /// Fragments of datagrams that were given up because too many waited.
    pub(super) fn given_up_fragments(&self) -> u64 {
        self.given_up_fragments
    }

    /// Adds a fragment; true if its datagram is complete now.
    fn add(&mut self, key: Key, frame: u64, ip: &Ip<'_>, fragment: Fragment) -> bool {
        let partial = match self.waiting.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                self.order.push_back((key, frame));
                entry.insert(Partial::default())
            }
        };
        let before = partial.octets();
        partial.add(frame, fragment, ip.payload);
        let complete = partial.is_complete();
        self.octets = self.octets.saturating_add(partial.octets()).saturating_sub(before);
        if !complete {
            self.make_room();
        }
        complete
    }

    /// Gives up the oldest datagrams until the limits hold.
    fn make_room(&mut self) {
        while self.octets > self.octet_limit || self.waiting.len() > self.datagram_limit {
            let Some((key, began)) = self.order.pop_front() else { return };
            if self.waiting.get(&key).is_some_and(|partial| partial.frames.first() == Some(&began))
                && let Some(partial) = self.waiting.remove(&key)
            {
                self.octets = self.octets.saturating_sub(partial.octets());
                self.given_up.push(began);
                self.given_up_fragments = self.given_up_fragments.saturating_add(partial.frames.len() as u64);
            }
        }
        // Complete datagrams leave their place in the order behind; it must not outgrow what waits.
        if self.order.len() > self.datagram_limit.saturating_mul(2) {
            let waiting = &self.waiting;
            self.order.retain(|(key, began)| waiting.get(key).is_some_and(|partial| partial.frames.first() == Some(began)));
        }
    }
}

/// A fragment can be put together with others if all of it was captured and its header is sound.
fn can_be_joined(ip: &Ip<'_>) -> bool {
    let captured = u32::try_from(ip.payload.len()).is_ok_and(|len| len >= ip.payload_len);
    captured && (ip.version() == 6 || checksum::ip_header(ip) == Verdict::Good)
}

impl Partial {
    fn add(&mut self, frame: u64, fragment: Fragment, payload: &[u8]) {
        self.frames.push(frame);
        let end = fragment.offset.saturating_add(u32::try_from(payload.len()).unwrap_or(u32::MAX));
        if end > MAX_PAYLOAD || self.pieces.len() >= MAX_PIECES {
            self.overlap = true;
            return;
        }
        if !fragment.more && self.len.is_none() {
            self.len = Some(end);
        }
        self.pieces.push((fragment.offset, payload.to_vec()));
        // A stable sort: of two pieces with one offset, the one that came first stands first.
        self.pieces.sort_by_key(|(start, _)| *start);
    }

    fn octets(&self) -> usize {
        self.pieces.iter().map(|(_, octets)| octets.len().saturating_add(size_of::<(u32, Vec<u8>)>())).sum()
    }

    /// The last fragment came, and no octet before its end is missing.
    fn is_complete(&self) -> bool {
        let Some(len) = self.len else { return false };
        let mut at = 0_u32;
        for (start, octets) in &self.pieces {
            if *start > at {
                return false;
            }
            at = at.max(start.saturating_add(octets.len() as u32));
        }
        at >= len
    }

    /// Joins the pieces into one payload, each octet from the first piece that holds it.
    fn join(&mut self) {
        for (start, octets) in self.pieces.drain(..) {
            let known = self.whole.len().saturating_sub(start as usize);
            self.overlap |= known > 0;
            self.whole.extend_from_slice(octets.get(known..).unwrap_or_default());
        }
        if let Some(len) = self.len {
            self.whole.truncate(len as usize);
        }
    }
}
