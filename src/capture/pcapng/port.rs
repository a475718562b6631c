//! One interface while its frames are read: its clock, its limits, and what its statistics mean.
//!
//! dumpcap 4.0 writes the times of Interface Statistics Blocks in microseconds whatever the interface's unit is. Taken
//! literally, an honest capture would end in January 1970. Only the packets' own times tell, so this is settled at the end.

use super::super::clock::Clock;
use super::super::{Interface, LinkType, Statistics, Timestamp};
use super::describe::RawStatistics;

/// Statistics further than this from the packets they count, in seconds, may be in another unit.
const FAR: u64 = 86_400;

/// The years 1988, when the first packets were captured to files, and 2106, in seconds since the epoch.
const OLDEST: i64 = 567_993_600;
const NEWEST: i64 = 1 << 32;

/// What reading frames of one interface takes; the rest is in [`Description::interfaces`](super::super::Description::interfaces).
#[derive(Debug)]
pub(super) struct Port {
    pub(super) clock: Clock,
    pub(super) link_type: LinkType,
    pub(super) snap_length: u32,
    /// Times of its first and its last frame.
    pub(super) times: Option<(Timestamp, Timestamp)>,
    /// Start and end of its last statistics, in ticks.
    statistics: (Option<u64>, Option<u64>),
}

impl Port {
    pub(super) fn of(interface: &Interface) -> Self {
        Self {
            clock: Clock::of(interface),
            link_type: interface.link_type,
            snap_length: interface.snap_length.unwrap_or(u32::MAX),
            times: None,
            statistics: (None, None),
        }
    }

    /// The statistics in a block, with its times as this interface's clock reads them.
    pub(super) fn timed(&mut self, raw: RawStatistics) -> Statistics {
        self.statistics = (raw.start, raw.end);
        self.read_times(raw.counters, self.clock)
    }

    /// Reads the times of `statistics` again if they were written in microseconds under another unit.
    ///
    /// `others` are times of packets on other interfaces, for an interface without any.
    pub(super) fn repair(&self, statistics: &mut Statistics, others: Option<(Timestamp, Timestamp)>) {
        if self.counts_statistics_in_microseconds(others) {
            *statistics = self.read_times(std::mem::take(statistics), self.clock.in_microseconds());
            statistics.unit_repaired = true;
        }
    }

    fn read_times(&self, statistics: Statistics, clock: Clock) -> Statistics {
        let (start, end) = self.statistics;
        Statistics { start: start.map(|ticks| clock.time(ticks)), end: end.map(|ticks| clock.time(ticks)), ..statistics }
    }

    /// Whether the last statistics are far from their packets, and a hundred times nearer when read as microseconds.
    ///
    /// In a file without packets, a time is wrong if packet capture itself is younger.
    fn counts_statistics_in_microseconds(&self, others: Option<(Timestamp, Timestamp)>) -> bool {
        let microseconds = self.clock.in_microseconds();
        match self.times.or(others) {
            Some(packets) => {
                let distance = self.distance(self.clock, packets);
                distance > FAR && self.distance(microseconds, packets) < distance / 100
            }
            None => !self.is_of_our_time(self.clock) && self.is_of_our_time(microseconds),
        }
    }

    /// How far start and end lie from the first and the last packet at most, in seconds.
    fn distance(&self, clock: Clock, (first, last): (Timestamp, Timestamp)) -> u64 {
        let between = |ticks: Option<u64>, packet: Timestamp| {
            ticks.map_or(0, |ticks| clock.time(ticks).since(packet).as_secs().unsigned_abs())
        };
        between(self.statistics.0, first).max(between(self.statistics.1, last))
    }

    fn is_of_our_time(&self, clock: Clock) -> bool {
        let (start, end) = self.statistics;
        [start, end].into_iter().flatten().all(|ticks| (OLDEST..NEWEST).contains(&clock.time(ticks).seconds()))
    }
}
