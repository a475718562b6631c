//! The same packet captured twice: no retransmission, but a copy (traps T1 to T3).
//!
//! `any` shows a packet on every interface it crosses, and raw sockets show loopback traffic on its way out and in. Two
//! frames are one packet if they are equal from the IP header up, but for hop limit and header checksum, near each
//! other and within a millisecond; and if they were captured on different interfaces or in different directions, or carry the same
//! IPv4 identification, which a sender changes when it sends again.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use jiff::SignedDuration;

use crate::capture::{InterfaceId, Timestamp};
use crate::decode::Packet;
use crate::decode::ip::Ip;
use crate::decode::link::Travel;

/// How far apart two frames of one packet may be.
const WINDOW: SignedDuration = SignedDuration::from_millis(1);

/// Frames that a copy is looked for among: the last ones before it.
const MEMORY: usize = 128;

/// Octets from the IP header up that two frames are compared by: the headers, and the begin of the payload.
const COMPARED: usize = 160;

/// Finds copies among the last packets.
#[derive(Debug)]
pub(super) struct Copies {
    /// Ends of the digests of the last packets: most searches read only these.
    ends: [u16; MEMORY],
    digests: [u64; MEMORY],
    places: [Option<Place>; MEMORY],
    next: usize,
    hasher: RandomState,
}

/// Where and when a packet was captured.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    frame: u64,
    timestamp: Timestamp,
    interface: InterfaceId,
    travel: Option<Travel>,
}

impl Default for Copies {
    fn default() -> Self {
        Self { ends: [0; MEMORY], digests: [0; MEMORY], places: [None; MEMORY], next: 0, hasher: RandomState::default() }
    }
}

impl Copies {
    /// The frame that `packet` is a copy of, if it is one.
    pub(super) fn find(&mut self, packet: &Packet<'_>) -> Option<u64> {
        let (ip, timestamp) = (packet.ip()?, packet.timestamp?);
        let place = Place { frame: packet.number, timestamp, interface: packet.interface, travel: travel(packet) };
        let digest = self.digest(ip);
        let first = self.seen(digest);
        if let Some(first) = first.filter(|first| is_copy(first, &place, ip)) {
            return Some(first.frame);
        }
        let slot = self.next % MEMORY;
        if let (Some(end), Some(old), Some(at)) = (self.ends.get_mut(slot), self.digests.get_mut(slot), self.places.get_mut(slot))
        {
            (*end, *old, *at) = (digest as u16, digest, Some(place));
        }
        self.next = self.next.wrapping_add(1);
        None
    }

    /// Where a packet with this digest was seen.
    fn seen(&self, digest: u64) -> Option<Place> {
        // All are compared, without a branch, so that the compiler compares many at once.
        let may_be = self.ends.iter().fold(false, |found, end| found | (*end == digest as u16));
        let slot = if may_be { self.digests.iter().position(|other| *other == digest) } else { None };
        self.places.get(slot?).copied().flatten()
    }

    /// A digest of what does not change on the way.
    fn digest(&self, ip: &Ip<'_>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        let (before, after) = if ip.version() == 4 { (8, 12) } else { (7, 8) };
        hasher.write(ip.header.get(..before).unwrap_or(ip.header));
        hasher.write(ip.header.get(after..).unwrap_or_default());
        hasher.write(ip.payload.get(..COMPARED).unwrap_or(ip.payload));
        hasher.finish()
    }
}

fn is_copy(first: &Place, second: &Place, ip: &Ip<'_>) -> bool {
    let elsewhere = first.interface != second.interface || first.travel != second.travel;
    let near = second.timestamp.since(first.timestamp).abs() <= WINDOW;
    near && (elsewhere || ipv4_id(ip).is_some_and(|id| id != 0))
}

/// Which way a packet went: the link header says so, or the capture program.
fn travel(packet: &Packet<'_>) -> Option<Travel> {
    let by_link = packet.link.and_then(|link| link.travel);
    by_link.or_else(|| match packet.flags? {
        flags if flags.inbound() => Some(Travel::In),
        flags if flags.outbound() => Some(Travel::Out),
        _ => None,
    })
}

/// The identification field of an IPv4 header.
fn ipv4_id(ip: &Ip<'_>) -> Option<u16> {
    match ip.header {
        [0x40..=0x4f, _, _, _, high, low, ..] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}
