//! What one direction of a connection measures: sizes, windows, round trips, silence.

use jiff::SignedDuration;

use super::Verdicts;
use super::events::Seen;
use crate::capture::Timestamp;
use crate::decode::options::{self, Value};
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::{Flags, Segment};

/// One direction's measures, over all its segments.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metrics {
    /// The largest segment it takes, in octets of payload, from its SYN.
    pub maximum_segment: Option<u16>,
    /// Its SYN permits selective acknowledgments (RFC 2018).
    pub sack_permitted: bool,
    /// It sends timestamps (RFC 7323 section 3).
    pub timestamps: bool,
    /// Its SYN asks for a Fast Open cookie, or brings one (RFC 7413).
    pub fast_open: bool,
    /// Segments with selective acknowledgments.
    pub selective: u32,
    /// Segments whose first selective acknowledgment tells of octets that came twice (RFC 2883).
    pub duplicate_selective: u32,
    /// The windows it offered, in octets, scaled where the scale is known.
    pub window: Spread<u32>,
    /// Octets of payload in the segments that carried any.
    pub segment: Spread<u32>,
    /// Octets of payload in retransmissions.
    pub retransmitted_octets: u64,
    /// Time from a segment to the acknowledgment of its end; retransmitted segments are left out (Karn's algorithm).
    pub round_trip: RoundTrips,
    /// The longest time between two of its segments.
    pub longest_silence: Option<SignedDuration>,
    last: Option<Timestamp>,
}

/// The smallest and the largest of some values; `None` before the first one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Spread<T> {
    /// The smallest.
    pub min: Option<T>,
    /// The largest.
    pub max: Option<T>,
}

/// Round trips of one direction.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RoundTrips {
    /// How many were measured.
    pub count: u32,
    /// The shortest and the longest.
    pub spread: Spread<SignedDuration>,
    sum: SignedDuration,
}

impl RoundTrips {
    /// Their arithmetic mean; `None` before the first one.
    pub fn mean(&self) -> Option<SignedDuration> {
        self.sum.checked_div(i32::try_from(self.count).ok().filter(|count| *count > 0)?)
    }

    fn add(&mut self, time: SignedDuration) {
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.saturating_add(time);
        self.spread.add(time);
    }
}

impl<T: Copy + Ord> Spread<T> {
    pub(super) fn add(&mut self, value: T) {
        self.min = Some(self.min.map_or(value, |min| min.min(value)));
        self.max = self.max.max(Some(value));
    }
}

impl Metrics {
    /// A segment was sent, its window to be shifted by `shift` unless it is a SYN, and `found` to be this.
    pub(super) fn sent(&mut self, seen: &Seen<'_>, shift: u8, found: Verdicts) {
        let segment = seen.segment;
        let syn = segment.flags.contains(Flags::SYN);
        self.sent_at(seen.timestamp);
        self.read_options(segment, syn);
        if !segment.flags.contains(Flags::RST) {
            self.window.add(u32::from(segment.window) << if syn { 0 } else { shift });
        }
        if segment.payload_len > 0 {
            self.segment.add(segment.payload_len);
        }
        if found.is_retransmission() {
            self.retransmitted_octets = self.retransmitted_octets.saturating_add(u64::from(segment.payload_len));
        }
    }

    fn read_options(&mut self, segment: &Segment<'_>, syn: bool) {
        if options::are_only_timestamps(segment.options) {
            self.timestamps = true;
            return;
        }
        for option in options::options(segment.options) {
            match option.value {
                Value::MaximumSegmentSize(size) if syn => self.maximum_segment = Some(size),
                Value::SackPermitted if syn => self.sack_permitted = true,
                Value::FastOpen(_) if syn => self.fast_open = true,
                Value::Timestamps { .. } => self.timestamps = true,
                _ => {}
            }
        }
    }

    fn sent_at(&mut self, timestamp: Option<Timestamp>) {
        if let (Some(last), Some(now)) = (self.last, timestamp) {
            self.longest_silence = self.longest_silence.max(Some(now.since(last)));
        }
        self.last = timestamp.or(self.last);
    }

    /// A segment of this direction was acknowledged after this time.
    pub(super) fn acknowledged_after(&mut self, time: SignedDuration) {
        // A clock that steps back measures nothing.
        if time >= SignedDuration::ZERO {
            self.round_trip.add(time);
        }
    }

    /// The segment acknowledges `blocks` beside everything before `ack`.
    pub(super) fn acknowledged_selectively(&mut self, ack: SeqNumber, blocks: &[(SeqNumber, SeqNumber)]) {
        let Some((first, others)) = blocks.split_first() else { return };
        self.selective = self.selective.saturating_add(1);
        let within = |(left, right): &(SeqNumber, SeqNumber)| first.0.since(*left) >= 0 && first.1.since(*right) <= 0;
        if first.0.since(ack) < 0 || others.iter().any(within) {
            self.duplicate_selective = self.duplicate_selective.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_block_tells_of_octets_that_came_twice() {
        let number = SeqNumber;
        let mut metrics = Metrics::default();
        metrics.acknowledged_selectively(number(100), &[(number(150), number(160))]);
        assert_eq!((metrics.selective, metrics.duplicate_selective), (1, 0));
        metrics.acknowledged_selectively(number(100), &[(number(50), number(60))]);
        metrics.acknowledged_selectively(number(100), &[(number(150), number(160)), (number(150), number(170))]);
        metrics.acknowledged_selectively(number(100), &[]);
        assert_eq!((metrics.selective, metrics.duplicate_selective), (3, 2));
    }

    #[test]
    fn round_trips_have_a_mean() {
        let mut metrics = Metrics::default();
        assert_eq!(metrics.round_trip.mean(), None);
        for milliseconds in [10, 20, 60, -5] {
            metrics.acknowledged_after(SignedDuration::from_millis(milliseconds));
        }
        let trips = metrics.round_trip;
        assert_eq!((trips.count, trips.mean()), (3, Some(SignedDuration::from_millis(30))));
        assert_eq!(trips.spread.max, Some(SignedDuration::from_millis(60)));
    }
}
