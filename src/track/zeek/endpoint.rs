//! One end of a TCP connection as Zeek keeps it: one of seven states, and how far its sequence numbers reach.
//!
//! Positions are octets from the initial sequence number, and do not wrap. An end whose SYN was not seen is given one.

use super::coverage::{Coverage, Progress};
use super::history::Decades;
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::{Flags, Segment};

/// What an end did last (`TCP_ENDPOINT_…`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum State {
    /// It sent nothing.
    #[default]
    Inactive,
    SynSent,
    /// A SYN-ACK, and no SYN was seen before it.
    SynAckSent,
    /// Something, and no SYN was seen before it.
    Partial,
    Established,
    /// A FIN.
    Closed,
    /// A RST.
    Reset,
}

impl State {
    /// The end is not past its handshake.
    pub(super) const fn is_opening(self) -> bool {
        matches!(self, Self::Inactive | Self::SynSent | Self::SynAckSent)
    }
}

/// A jump of sequence numbers that Zeek does not believe of a SYN or a RST.
const INCREDIBLE: i32 = 1 << 20;

/// One end.
#[derive(Clone, Debug, Default)]
pub(super) struct Endpoint {
    pub(super) state: State,
    pub(super) before: State,
    start: SeqNumber,
    /// The end of what it sent.
    last: i64,
    /// The end of what the peer acknowledged.
    acked: i64,
    /// The position after its FIN.
    fin: Option<i64>,
    /// Its close was told.
    pub(super) closed: bool,
    /// All that it sent was delivered.
    pub(super) at_end: bool,
    pub(super) coverage: Coverage,
    pub(super) letters: Letters,
    /// Packets, and octets of IP, that it sent.
    pub(super) packets: u64,
    pub(super) octets: u64,
}

/// What decides whether a letter is written again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Letters {
    pub(super) syn: i64,
    pub(super) fin: i64,
    pub(super) rst: i64,
    pub(super) bad_checksums: Decades,
    pub(super) repeats: Decades,
    pub(super) zero_windows: Decades,
    pub(super) gaps: Decades,
}

impl Endpoint {
    pub(super) fn set(&mut self, state: State) {
        if state != self.state {
            self.before = self.state;
            self.state = state;
        }
    }

    /// The first sequence number, real or assumed.
    pub(super) fn start(&self) -> SeqNumber {
        self.start
    }

    /// Numbering begins here, with octets up to `last` sent.
    fn begin(&mut self, start: SeqNumber, last: i64) {
        (self.start, self.last, self.acked) = (start, last, 0);
    }

    /// Its numbering, before the segment is looked at: a SYN begins it, and so does whatever comes first.
    pub(super) fn meet(&mut self, segment: &Segment<'_>) {
        let syn = segment.flags.contains(Flags::SYN);
        let fresh = match self.state {
            State::Inactive if !syn => return self.begin(before(segment.sequence), 1),
            State::Inactive | State::Established | State::Partial => syn,
            State::SynSent | State::SynAckSent => syn && segment.sequence != self.start,
            State::Reset => syn && self.before == State::Inactive,
            State::Closed => false,
        };
        if fresh {
            self.begin(segment.sequence, i64::from(numbers(segment)));
        }
    }

    /// The peer acknowledges, and this end was not seen yet: its numbering begins one before.
    pub(super) fn assume(&mut self, acknowledgment: SeqNumber) {
        self.begin(before(acknowledgment), 0);
    }

    /// The position of a sequence number of its own; negative if it is before the begin.
    pub(super) fn position(&self, number: SeqNumber) -> i64 {
        self.relative(number, self.last)
    }

    /// The position that an acknowledgment of the peer's names; `None` if that is before the begin.
    pub(super) fn acknowledged_position(&self, number: SeqNumber) -> Option<i64> {
        Some(self.relative(number, self.acked)).filter(|position| *position >= 0)
    }

    /// A number's position, told from one near to it.
    fn relative(&self, number: SeqNumber, near: i64) -> i64 {
        near.saturating_add(i64::from(number.since(self.number(near))))
    }

    /// The sequence number at a position: its low 32 bits count.
    fn number(&self, position: i64) -> SeqNumber {
        self.start.plus(position as u32)
    }

    /// Heeds an acknowledgment of the peer's.
    pub(super) fn heed(&mut self, number: SeqNumber) {
        let delta = number.since(self.number(self.acked));
        let broken = number == SeqNumber(0) && delta > INCREDIBLE;
        if delta > 0 && !broken {
            self.acked = self.acked.saturating_add(i64::from(delta));
        }
    }

    /// Moves on to the segment's end; true if its payload was sent before.
    pub(super) fn advance(&mut self, segment: &Segment<'_>) -> bool {
        let flags = segment.flags;
        let end = segment.sequence.plus(numbers(segment));
        let delta = end.since(self.number(self.last));
        let doubtful = flags.contains(Flags::SYN) || flags.contains(Flags::RST);
        if doubtful && delta.unsigned_abs() > INCREDIBLE.unsigned_abs() {
            return false;
        }
        if flags.contains(Flags::FIN) && self.last == 1 {
            // After a SYN alone the FIN is believed, however far off: all between may be missing.
            self.last = self.last.saturating_add(i64::from(delta.cast_unsigned()));
        } else if self.state == State::Reset {
            return false;
        } else if delta > 0 {
            self.last = self.last.saturating_add(i64::from(delta));
        } else {
            return segment.payload_len > 0;
        }
        false
    }

    /// It sent a FIN, in a segment at this position.
    pub(super) fn finish(&mut self, position: i64, segment: &Segment<'_>) {
        self.fin = Some(position.saturating_add(i64::from(numbers(segment))));
    }

    pub(super) fn sent_fin(&self) -> bool {
        self.fin.is_some()
    }

    /// An acknowledged position, without the one that the FIN takes up.
    pub(super) fn without_fin(&self, position: i64) -> i64 {
        self.fin.filter(|fin| position >= *fin).map_or(position, |fin| fin.saturating_sub(1))
    }

    pub(super) fn progress(&self, peer: State) -> Progress {
        Progress { acked: self.acked, size: i64::try_from(self.size(peer)).unwrap_or(i64::MAX) }
    }

    /// Octets of payload, by sequence numbers: each once, those missing included.
    pub(super) fn size(&self, peer: State) -> u64 {
        let aborted = self.before == State::SynSent && self.state == State::Reset && peer == State::Inactive;
        let unacked = self.acked == 0 || self.acked == 1;
        if aborted && !unacked {
            return 0; // A half-open connection was found and dropped: its numbers mean nothing.
        }
        let all = self.last.max(self.acked).max(0).unsigned_abs();
        all.saturating_sub(1).saturating_sub(u64::from(self.fin.is_some()))
    }

    /// It sent octets that were not delivered yet.
    pub(super) fn is_behind(&self) -> bool {
        self.coverage.is_behind(self.last)
    }

    /// More was delivered than it is known to have sent: its numbers cannot be trusted.
    pub(super) fn is_overtaken(&self) -> bool {
        self.coverage.is_past(self.last)
    }

    /// It is open, or closed after it was.
    pub(super) fn is_clean(&self) -> bool {
        self.state == State::Established || (self.state == State::Closed && self.before == State::Established)
    }
}

/// Sequence numbers that Zeek lets a segment take up: the payload of a RST is not part of the stream.
fn numbers(segment: &Segment<'_>) -> u32 {
    let len = segment.sequence_len();
    if segment.flags.contains(Flags::RST) { len.wrapping_sub(segment.payload_len) } else { len }
}

fn before(number: SeqNumber) -> SeqNumber {
    number.plus(u32::MAX)
}
