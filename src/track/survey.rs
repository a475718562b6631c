//! What a capture shows as a whole: the counts that tell what it can and cannot decide.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::SignedDuration;

use crate::capture::{LinkType, Timestamp};
use crate::decode::checksum::Verdict;
use crate::decode::{Layer, Packet, Reason, Stop};

/// How often something was seen, and in which frame first.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Frames that showed it.
    pub frames: u64,
    /// The first of them.
    pub first: Option<u64>,
}

impl Tally {
    /// Counts one more frame.
    pub(super) fn add(&mut self, frame: u64) {
        self.frames = self.frames.saturating_add(1);
        self.first.get_or_insert(frame);
    }
}

/// Counts over all frames of a capture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// Frames read.
    pub frames: u64,
    /// Octets on the wire.
    pub octets: u64,
    /// Octets captured.
    pub captured_octets: u64,
    /// Time of the first frame that has one.
    pub first: Option<Timestamp>,
    /// Time of the last frame that has one.
    pub last: Option<Timestamp>,
    /// The earliest time of all frames; differs from `first` only if the clock stepped back.
    pub earliest: Option<Timestamp>,
    /// The latest time of all frames.
    pub latest: Option<Timestamp>,
    /// Frames shorter than they were on the wire.
    pub cut: Tally,
    /// Frames without a time.
    pub untimed: Tally,
    /// Frames whose time is before that of the frame in front of them.
    pub clock_steps: Tally,
    /// The largest step back.
    pub largest_step: SignedDuration,
    /// Frames captured before on another interface or in the other direction.
    pub copies: Tally,
    /// Frames with an address of 127.0.0.0/8 or ::1 at both ends.
    pub loopback: Tally,
    /// Frames with another IP address.
    pub not_loopback: Tally,
    /// Transport checksums that are good.
    pub checksum_good: Tally,
    /// Transport checksums left to the hardware.
    pub checksum_partial: Tally,
    /// UDP datagrams sent without checksum.
    pub checksum_absent: Tally,
    /// Transport checksums that are wrong.
    pub checksum_bad: Tally,
    /// Frames larger than any network carries: segmentation is left to hardware.
    pub oversized: Tally,
    /// Pieces of fragmented datagrams.
    pub fragments: Tally,
    /// Frames of link types that are not read.
    pub unknown_links: BTreeMap<u16, Tally>,
    /// Frames by the innermost protocol that was decoded or named, such as `tcp`, `arp`, `gre`.
    pub protocols: BTreeMap<String, u64>,
    /// Link types seen, with their frames.
    pub links: BTreeMap<u16, u64>,
}

impl Survey {
    /// Time from the earliest to the latest frame.
    pub fn duration(&self) -> Option<SignedDuration> {
        Some(self.latest?.since(self.earliest?))
    }

    /// The link types seen.
    pub fn link_types(&self) -> impl Iterator<Item = LinkType> + '_ {
        self.links.keys().copied().map(LinkType)
    }
}

/// The largest frame that is not the work of segmentation offload: 9,000 octets of jumbo payload with all its headers.
const LARGEST_ON_WIRE: u32 = 9_500;

impl Survey {
    /// Counts one packet; true if the clock stepped back with it.
    pub(super) fn see(&mut self, packet: &Packet<'_>) -> bool {
        let frame = packet.number;
        self.frames = self.frames.saturating_add(1);
        self.octets = self.octets.saturating_add(u64::from(packet.original_len));
        self.captured_octets = self.captured_octets.saturating_add(u64::from(packet.captured_len));
        count(self.links.entry(packet.link_type.0).or_default());
        if packet.captured_len < packet.original_len {
            self.cut.add(frame);
        }
        if packet.original_len > LARGEST_ON_WIRE {
            self.oversized.add(frame);
        }
        if let Some(Stop { layer: Layer::Link, reason: Reason::Unsupported(number), .. }) = packet.stop {
            self.unknown_links.entry(number).or_default().add(frame);
        }
        if let Some(ip) = packet.ip() {
            let tally =
                if is_loopback(ip.source) && is_loopback(ip.destination) { &mut self.loopback } else { &mut self.not_loopback };
            tally.add(frame);
            if ip.fragment.is_some() {
                self.fragments.add(frame);
            }
        }
        match packet.timestamp {
            Some(timestamp) => self.see_time(frame, timestamp),
            None => {
                self.untimed.add(frame);
                false
            }
        }
    }

    /// Counts a frame under the protocol it is listed as.
    pub(super) fn see_protocol(&mut self, protocol: &str) {
        match self.protocols.get_mut(protocol) {
            Some(frames) => count(frames),
            None => {
                self.protocols.insert(protocol.to_owned(), 1);
            }
        }
    }

    /// Counts the verdict on a transport checksum.
    pub(super) fn see_checksum(&mut self, frame: u64, verdict: Verdict) {
        match verdict {
            Verdict::Good => self.checksum_good.add(frame),
            Verdict::Partial => self.checksum_partial.add(frame),
            Verdict::Absent => self.checksum_absent.add(frame),
            Verdict::Bad => self.checksum_bad.add(frame),
            Verdict::Unverifiable => {}
        }
    }

    fn see_time(&mut self, frame: u64, timestamp: Timestamp) -> bool {
        let step = self.last.map_or(SignedDuration::ZERO, |last| last.since(timestamp));
        self.first.get_or_insert(timestamp);
        self.last = Some(timestamp);
        self.earliest = Some(self.earliest.map_or(timestamp, |earliest| earliest.min(timestamp)));
        self.latest = self.latest.max(Some(timestamp));
        if step <= SignedDuration::ZERO {
            return false;
        }
        self.clock_steps.add(frame);
        self.largest_step = self.largest_step.max(step);
        true
    }
}

fn count(number: &mut u64) {
    *number = number.saturating_add(1);
}

/// 127.0.0.0/8, ::1, or the former mapped into IPv6.
pub(super) fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}
