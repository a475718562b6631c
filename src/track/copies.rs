//! The same packet captured twice: no retransmission, but a copy (traps T1 to T3).
//!
//! `any` shows a packet on every interface it crosses, and raw sockets show loopback traffic on its way out and in. Two
//! frames are one packet if they are equal from the IP header up, but for hop limit and header checksum, within a
//! millisecond; and if they were captured on different interfaces or in different directions, or carry the same
//! IPv4 identification, which a sender changes when it sends again.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use jiff::SignedDuration;

use crate::capture::{InterfaceId, Timestamp};
use crate::decode::Packet;
use crate::decode::ip::Ip;
use crate::decode::link::Travel;

/// How far apart two frames of one packet may be.
const WINDOW: SignedDuration = SignedDuration::from_millis(1);

/// Packets remembered within the window.
const MEMORY: usize = 4096;

/// Finds copies among the packets of the last millisecond.
#[derive(Debug, Default)]
pub(super) struct Copies {
    seen: HashMap<u64, Place, RandomState>,
    order: VecDeque<(u64, Place)>,
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

impl Copies {
    /// The frame that `packet` is a copy of, if it is one.
    pub(super) fn find(&mut self, packet: &Packet<'_>) -> Option<u64> {
        let (ip, timestamp) = (packet.ip()?, packet.timestamp?);
        let place = Place { frame: packet.number, timestamp, interface: packet.interface, travel: travel(packet) };
        self.forget(timestamp);
        let digest = self.digest(ip);
        if let Some(first) = self.seen.get(&digest)
            && is_copy(first, &place, ip)
        {
            return Some(first.frame);
        }
        self.seen.insert(digest, place);
        self.order.push_back((digest, place));
        None
    }

    /// Drops what lies before the window.
    fn forget(&mut self, now: Timestamp) {
        while let Some((digest, place)) = self.order.front().copied() {
            if now.since(place.timestamp).abs() <= WINDOW && self.order.len() < MEMORY {
                return;
            }
            self.order.pop_front();
            if self.seen.get(&digest) == Some(&place) {
                self.seen.remove(&digest);
            }
        }
    }

    /// A digest of all that does not change on the way.
    fn digest(&self, ip: &Ip<'_>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        let (before, after) = if ip.version() == 4 { (8, 12) } else { (7, 8) };
        hasher.write(ip.header.get(..before).unwrap_or(ip.header));
        hasher.write(ip.header.get(after..).unwrap_or_default());
        hasher.write(ip.payload);
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
