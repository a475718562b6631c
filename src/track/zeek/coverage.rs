//! Which octets of one direction Zeek's reassembler has seen, without the octets.
//!
//! Positions count from the initial sequence number. A hole is given up, and counted as missed, when the other side
//! acknowledges past it. Octets wait until they are acknowledged; where acknowledgments do not show up, Zeek stops
//! reassembling, and from then on misses nothing.

/// Octets above a hole that Zeek holds while no acknowledgment at all was seen (`tcp_max_above_hole_without_any_acks`).
const MAX_ABOVE_HOLE: i64 = 16_384;

/// Octets sent before Zeek concludes that it does not see the acknowledgments (`tcp_max_initial_window`).
const MAX_INITIAL_WINDOW: i64 = 16_384;

/// Octets that Zeek holds while it waits for acknowledgments (`tcp_excessive_data_without_further_acks`).
const MAX_HELD: i64 = 10 << 20;

/// Ranges held in one direction, 16 octets each. Zeek has no such bound; a sender with more holes in one window is no sender.
const MAX_RANGES: usize = 1024;

/// The octets of one direction.
#[derive(Clone, Debug)]
pub(super) struct Coverage {
    /// Everything before was delivered or given up.
    delivered: i64,
    /// Everything before was acknowledged.
    trimmed: i64,
    /// What was seen and is not acknowledged, in order, neither overlapping nor touching.
    held: Vec<(i64, i64)>,
    /// Zeek stopped reassembling.
    given_up: bool,
}

/// Holes that were given up.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Missed {
    pub(super) gaps: u32,
    pub(super) octets: u64,
}

/// How far a direction's sender and its acknowledgments are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub(super) acked: i64,
    /// Octets of payload sent.
    pub(super) size: i64,
}

impl Progress {
    /// None but perhaps the SYN was acknowledged.
    pub(super) const fn is_unacked(self) -> bool {
        self.acked == 0 || self.acked == 1
    }
}

impl Default for Coverage {
    fn default() -> Self {
        Self { delivered: 1, trimmed: 1, held: Vec::new(), given_up: false }
    }
}

impl Coverage {
    /// Takes the octets of one segment.
    pub(super) fn push(&mut self, from: i64, until: i64, progress: Progress) {
        let from = from.max(progress.acked).max(self.trimmed);
        if self.given_up || from >= until {
            return;
        }
        self.hold(from, until);
        if self.deliver() && progress.is_unacked() && progress.size > MAX_INITIAL_WINDOW {
            self.trim(self.delivered);
        }
        let above = self.held.last().map_or(0, |(_, end)| end.saturating_sub(self.delivered));
        let stuck = progress.is_unacked() && above > MAX_ABOVE_HOLE;
        if stuck || self.held_octets() > MAX_HELD || self.held.len() > MAX_RANGES {
            self.held.clear();
            self.given_up = true;
        }
    }

    /// The other side has everything before `until`. In a `partial` connection the first octets count as seen: Zeek
    /// only assumed the number before them.
    pub(super) fn acknowledge(&mut self, until: i64, partial: bool) -> Option<Missed> {
        if until <= self.trimmed {
            return None;
        }
        let excused = partial && until <= 2;
        let missed = if until > self.delivered && !excused { self.give_up(until) } else { Missed::default() };
        self.trim(until);
        self.deliver();
        Some(missed)
    }

    /// Octets up to `last` are still to be delivered: a FIN takes up a number that is not delivered, a RST does not.
    pub(super) fn is_behind(&self, last: i64) -> bool {
        last.saturating_sub(1) > self.delivered
    }

    /// More was delivered than up to `last`.
    pub(super) fn is_past(&self, last: i64) -> bool {
        self.delivered > last
    }

    /// Zeek does not look at the octets any more.
    pub(super) fn is_given_up(&self) -> bool {
        self.given_up
    }

    /// Some octets wait for their acknowledgment, or behind a hole.
    pub(super) fn holds_any(&self) -> bool {
        !self.held.is_empty()
    }

    /// Passes all holes before `until`.
    fn give_up(&mut self, until: i64) -> Missed {
        let mut missed = Missed::default();
        if !self.given_up {
            for (start, end) in self.held.iter().filter(|(start, _)| *start < until) {
                missed.add(start.saturating_sub(self.delivered));
                self.delivered = self.delivered.max(*end);
            }
            missed.add(until.saturating_sub(self.delivered));
        }
        self.delivered = self.delivered.max(until);
        missed
    }

    /// Forgets what is before `until`.
    fn trim(&mut self, until: i64) {
        self.held.retain(|(_, end)| *end > until);
        if let Some((start, _)) = self.held.first_mut() {
            *start = (*start).max(until);
        }
        self.trimmed = until;
    }

    /// Moves on over octets that are in order now; false if there are none.
    fn deliver(&mut self) -> bool {
        let next = self.held.iter().find(|(start, end)| *start <= self.delivered && *end > self.delivered);
        let Some((_, end)) = next else { return false };
        self.delivered = *end;
        true
    }

    /// Adds a range, and joins it with those it touches.
    fn hold(&mut self, from: i64, until: i64) {
        let first = self.held.partition_point(|(_, end)| *end < from);
        let after = self.held.partition_point(|(start, _)| *start <= until);
        let touched = self.held.get(first..after).unwrap_or_default();
        let start = touched.first().map_or(from, |(start, _)| from.min(*start));
        let end = touched.last().map_or(until, |(_, end)| until.max(*end));
        self.held.splice(first..after.max(first), [(start, end)]);
    }

    fn held_octets(&self) -> i64 {
        self.held.iter().map(|(start, end)| end.saturating_sub(*start)).fold(0, i64::saturating_add)
    }
}

impl Missed {
    fn add(&mut self, octets: i64) {
        if octets > 0 {
            self.gaps = self.gaps.saturating_add(1);
            self.octets = self.octets.saturating_add(octets.unsigned_abs());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGUN: Progress = Progress { acked: 1, size: 100 };

    #[test]
    fn a_hole_is_missed_once_it_is_acknowledged() {
        let mut coverage = Coverage::default();
        coverage.push(1, 11, BEGUN);
        coverage.push(21, 31, BEGUN);
        coverage.push(41, 51, BEGUN);
        assert_eq!(coverage.acknowledge(51, false), Some(Missed { gaps: 2, octets: 20 }));
        assert_eq!(coverage.acknowledge(51, false), None);
        assert!(!coverage.holds_any());
    }

    #[test]
    fn a_filled_hole_is_not_missed() {
        let mut coverage = Coverage::default();
        for (from, until) in [(1, 11), (21, 31), (5, 25), (31, 32)] {
            coverage.push(from, until, Progress { acked: 1, size: 40 });
        }
        assert_eq!(coverage.held, [(1, 32)]);
        assert!(!coverage.is_behind(32) && !coverage.is_behind(33) && coverage.is_behind(34));
        assert_eq!(coverage.acknowledge(32, false), Some(Missed::default()));
    }

    #[test]
    fn without_acknowledgments_zeek_gives_up() {
        let mut coverage = Coverage::default();
        coverage.push(2, 20_000, Progress { acked: 1, size: 20_000 });
        assert!(coverage.is_given_up());
        assert_eq!(coverage.acknowledge(30_000, false), Some(Missed::default()));
    }

    #[test]
    fn the_assumed_begin_of_a_partial_connection_is_excused() {
        assert_eq!(Coverage::default().acknowledge(2, true), Some(Missed::default()));
        assert_eq!(Coverage::default().acknowledge(2, false), Some(Missed { gaps: 1, octets: 1 }));
    }
}
