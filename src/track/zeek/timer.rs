//! Zeek's clock and its timers: the capture's time in microseconds, and what is to be looked at when.
//!
//! A timer rings when a packet comes whose time is not before it, never by itself. It is not taken back either: who is
//! rung says whether the ring still means something.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::capture::Timestamp;

/// A time, or a span of it, in microseconds: Zeek reads no finer clock.
pub(super) type Micros = i64;

const SECOND: Micros = 1_000_000;

/// A connection is looked after for the first time (`tcp_SYN_timeout`).
pub(super) const FIRST_LOOK: Micros = 5 * SECOND;
/// A connection that one side has closed is looked after again (`tcp_session_timer`).
pub(super) const NEXT_LOOK: Micros = 6 * SECOND;
/// How long a closed connection may be silent (`tcp_connection_linger`).
pub(super) const LINGER: Micros = 5 * SECOND;
/// How long a SYN may go unanswered (`tcp_attempt_delay`).
pub(super) const ATTEMPT: Micros = 5 * SECOND;
/// How long both closes are remembered (`tcp_close_delay`).
pub(super) const CLOSE_DELAY: Micros = 5 * SECOND;
/// How long an exchange of DNS over UDP is looked at (`dns_session_timeout`), and how much of it must have been silent.
pub(super) const DNS_LOOK: Micros = 10 * SECOND;
pub(super) const DNS_SILENCE: Micros = 9 * SECOND;
/// How long a connection may be silent: UDP and ICMP, TCP in its handshake (`udp_inactivity_timeout`).
pub(super) const SHORT_SILENCE: Micros = 60 * SECOND;
/// TCP after its handshake (`tcp_inactivity_timeout`).
pub(super) const LONG_SILENCE: Micros = 300 * SECOND;
/// TCP on the ports of interactive services.
pub(super) const PATIENT_SILENCE: Micros = 3600 * SECOND;

/// Timers that ring at one packet (`max_timer_expires`); others wait for the next.
const RINGS: usize = 300;

/// A time as Zeek reads it.
pub(super) fn micros(time: Timestamp) -> Micros {
    time.seconds().saturating_mul(SECOND).saturating_add(i64::from(time.nanoseconds() / 1000))
}

/// The other way round.
pub(super) fn timestamp(time: Micros) -> Timestamp {
    let rest = u32::try_from(time.rem_euclid(SECOND)).unwrap_or(0);
    Timestamp::new(time.div_euclid(SECOND), rest.saturating_mul(1000))
}

/// What a connection is to be looked at for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Alarm {
    /// The SYN is still unanswered.
    Attempt { epoch: u32 },
    /// Nothing happened since the close.
    Look { epoch: u32 },
    /// The close is long enough ago.
    Delete,
    /// Nothing happened for so long.
    Silence { limit: Micros },
    /// The exchange of DNS is over.
    Dns,
}

/// One timer, for one connection.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Timer {
    pub(super) at: Micros,
    /// The connection's number.
    pub(super) serial: u64,
    pub(super) alarm: Alarm,
}

/// All timers, the next one first.
#[derive(Debug, Default)]
pub(super) struct Timers(BinaryHeap<Reverse<Timer>>);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer) {
        self.0.push(Reverse(timer));
    }

    /// Those that ring at this time.
    pub(super) fn ring(&mut self, now: Micros) -> Vec<Timer> {
        let mut due = Vec::new();
        while due.len() < RINGS
            && let Some(Reverse(timer)) = self.0.peek()
            && timer.at <= now
        {
            due.push(*timer);
            self.0.pop();
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_cut_to_microseconds_also_before_the_epoch() {
        for (time, expected) in [(Timestamp::new(3, 1_999), 3_000_001), (Timestamp::new(-1, 500_000_000), -500_000)] {
            assert_eq!(micros(time), expected);
            assert_eq!(micros(timestamp(expected)), expected);
        }
    }

    #[test]
    fn timers_ring_in_their_order() {
        let mut timers = Timers::default();
        for at in [30, 10, 20] {
            timers.set(Timer { at, serial: 1, alarm: Alarm::Delete });
        }
        assert_eq!(timers.ring(20).iter().map(|timer| timer.at).collect::<Vec<_>>(), [10, 20]);
        assert!(timers.ring(29).is_empty());
    }
}
