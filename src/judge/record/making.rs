//! Counts that tell how a capture was made.

use crate::capture::{LinkType, Timestamp};
use crate::decode::checksum::Verdict;
use crate::decode::link::MacAddress;
use crate::decode::{Packet, Transport};

/// What was counted over all frames.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::judge) struct Making {
    /// Frames with a time.
    pub(in crate::judge) timed: u64,
    /// Frames whose time has no digits below the microsecond.
    pub(in crate::judge) whole_micros: u64,
    /// Frames that use the lab's port.
    pub(in crate::judge) of_lab: u64,
    /// Checksums on 127/8 behind an Ethernet header of zeros, as on Linux's `lo`.
    pub(in crate::judge) on_lo: Checksums,
    /// The same behind any other header.
    pub(in crate::judge) on_other: Checksums,
}

/// Checksums of TCP and UDP.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::judge) struct Checksums {
    /// Complete and right.
    pub(in crate::judge) good: u64,
    /// Left to a network card that loopback does not have.
    pub(in crate::judge) partial: u64,
    /// Wrong.
    pub(in crate::judge) bad: u64,
    /// None, or not to be told.
    pub(in crate::judge) other: u64,
    /// The first frame with a wrong one.
    pub(in crate::judge) first_bad: Option<u64>,
}

impl Making {
    /// Enters the time of a frame.
    pub(in crate::judge) fn clock(&mut self, time: Option<Timestamp>) {
        let Some(time) = time else { return };
        self.timed = self.timed.saturating_add(1);
        self.whole_micros = self.whole_micros.saturating_add(u64::from(time.nanoseconds().is_multiple_of(1000)));
    }

    /// Enters a packet that matters.
    pub(in crate::judge) fn packet(&mut self, packet: &Packet<'_>, checksum: Option<Verdict>, of_lab: bool) {
        self.of_lab = self.of_lab.saturating_add(u64::from(of_lab));
        let is_v4_loopback = packet.ip().is_some_and(|ip| ip.source.is_ipv4() && ip.source.is_loopback());
        if !is_v4_loopback || !matches!(packet.transport, Some(Transport::Tcp(_) | Transport::Udp(_))) {
            return;
        }
        if is_like_lo(packet) { &mut self.on_lo } else { &mut self.on_other }.count(packet.number, checksum);
    }
}

/// An Ethernet header of zeros.
fn is_like_lo(packet: &Packet<'_>) -> bool {
    let addresses = packet.link.map(|link| (link.source, link.destination));
    let nobody = Some(MacAddress::default());
    packet.link_type == LinkType::ETHERNET && addresses == Some((nobody, nobody))
}

impl Checksums {
    fn count(&mut self, frame: u64, verdict: Option<Verdict>) {
        let count = match verdict {
            Some(Verdict::Good) => &mut self.good,
            Some(Verdict::Partial) => &mut self.partial,
            Some(Verdict::Bad) => {
                self.first_bad.get_or_insert(frame);
                &mut self.bad
            }
            _ => &mut self.other,
        };
        *count = count.saturating_add(1);
    }

    /// All that could be checked are complete, and there are a few.
    pub(in crate::judge) fn are_complete(&self) -> bool {
        self.good >= 3 && self.partial == 0 && self.bad == 0 && self.other == 0
    }
}
