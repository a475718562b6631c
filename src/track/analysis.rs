//! Wireshark's sequence analysis: what each segment is, told from those before it.
//!
//! The rules and their order are those of Wireshark 4.0 (`tcp_analyze_sequence_number`), so that a person finds the same
//! word there; a packet captured twice is a retransmission to them, and it is [`super::Oddity::CopyOf`] that says it is
//! not. The names `mine` and `theirs` stand for the sender's direction and the other one.

use jiff::SignedDuration;

use super::events::Seen;
use super::{Metrics, Side, Verdicts};
use crate::capture::Timestamp;
use crate::decode::options::{self, Value};
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::{Flags, Segment};

/// What the analysis remembers of a connection.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Analysis {
    initiator: Half,
    responder: Half,
    last_syn: Option<Timestamp>,
    /// Time from the last SYN to the first acknowledgment.
    initial_rtt: Option<SignedDuration>,
}

/// What the analysis remembers of one direction; numbers are as sent, and `None` before the first segment.
#[derive(Clone, Debug, Default, PartialEq)]
struct Half {
    /// The end of the highest segment sent.
    next: Option<SeqNumber>,
    /// When that segment was sent.
    next_time: Option<Timestamp>,
    /// The end of what was sent without a gap.
    contiguous: Option<SeqNumber>,
    /// The last acknowledgment of octets not captured: it is told of once.
    told_lost: Option<SeqNumber>,
    /// No segment was sent since then: until one is, others are not told of either.
    silent: bool,
    /// Acknowledgment, window and time of the last segment sent; 0 before the first one, as in Wireshark.
    acknowledged: SeqNumber,
    window: u16,
    last_time: Option<Timestamp>,
    /// Duplicates of the last acknowledgment, and the frame of the first one that carried it.
    duplicates: u32,
    first_of_ack: u64,
    /// What the last segment was.
    last: Verdicts,
    /// Segments sent that are not acknowledged yet, latest last.
    unacknowledged: Vec<Unacknowledged>,
    /// SACK blocks of the last segment sent, first and last number of each.
    sacked: Vec<(SeqNumber, SeqNumber)>,
    scale: Scale,
    /// An acknowledgment other than a SYN-ACK was sent: its window is scaled.
    acknowledging: bool,
    metrics: Metrics,
}

/// What is known of a direction's window scale.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Scale {
    /// No SYN was captured.
    #[default]
    Unknown,
    /// Either SYN lacked the option.
    Unused,
    /// The shift.
    Shift(u8),
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Unacknowledged {
    sequence: SeqNumber,
    end: SeqNumber,
    time: Option<Timestamp>,
    frame: u64,
    /// It was sent again: which copy an acknowledgment is for cannot be told.
    again: bool,
}

/// Segments remembered until they are acknowledged, as many as Wireshark remembers.
const MAX_UNACKNOWLEDGED: usize = 10_000;

/// A fast retransmission follows the duplicate acknowledgments within this time.
const FAST: SignedDuration = SignedDuration::from_millis(20);

/// A segment is out of order if it follows within this time, while no round trip is known.
const REORDERED: SignedDuration = SignedDuration::from_millis(3);

impl Scale {
    /// The shift to read windows with.
    const fn shift(self) -> u8 {
        match self {
            Self::Shift(shift) => shift,
            Self::Unknown | Self::Unused => 0,
        }
    }
}

/// What the analysis says of one segment.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Analyzed {
    /// What the segment is.
    pub verdicts: Verdicts,
    /// For a duplicate acknowledgment, the frame it repeats and how often that was repeated by now.
    pub duplicate_of: Option<(u64, u32)>,
    /// The segment it acknowledges to its end, and the time since that was sent.
    pub acknowledges: Option<(u64, SignedDuration)>,
    /// Octets sent and not acknowledged after this segment, which carries some.
    pub in_flight: Option<u32>,
}

impl Analysis {
    /// Time from the last SYN to the first acknowledgment that follows it.
    pub(super) fn initial_rtt(&self) -> Option<SignedDuration> {
        self.initial_rtt
    }

    /// What one side's segments measure.
    pub(super) fn metrics(&self, side: Side) -> &Metrics {
        match side {
            Side::Initiator => &self.initiator.metrics,
            Side::Responder => &self.responder.metrics,
        }
    }

    /// Says what one segment is, in file order.
    pub(super) fn push(&mut self, side: Side, seen: &Seen<'_>) -> Analyzed {
        let segment = seen.segment;
        self.time_handshake(seen);
        let rtt = self.initial_rtt;
        let (mine, theirs) = match side {
            Side::Initiator => (&mut self.initiator, &mut self.responder),
            Side::Responder => (&mut self.responder, &mut self.initiator),
        };
        mine.read_options(theirs, segment);
        let mut analyzed = mine.forward(theirs, segment);
        if segment.acknowledgment != mine.acknowledged {
            mine.first_of_ack = seen.frame;
            mine.duplicates = 0;
        }
        mine.reverse(theirs, segment, &mut analyzed.verdicts);
        mine.late(theirs, seen, rtt, &mut analyzed.verdicts);
        mine.remember(seen, analyzed.verdicts);
        analyzed.acknowledges = theirs.acknowledge(seen);
        mine.measure(seen, analyzed.verdicts);
        if segment.payload_len > 0 {
            analyzed.in_flight = Some(mine.in_flight());
        }
        analyzed
    }

    /// The first acknowledgment that is no SYN-ACK, by either side, ends the handshake.
    fn time_handshake(&mut self, seen: &Seen<'_>) {
        let flags = seen.segment.flags;
        if flags.is_pure_syn() {
            self.last_syn = seen.timestamp;
        } else if self.initial_rtt.is_none() && flags.contains(Flags::ACK) && !flags.contains(Flags::SYN) {
            self.initial_rtt = self.last_syn.zip(seen.timestamp).map(|(syn, ack)| ack.since(syn));
        }
    }
}

impl Half {
    /// Takes what the segment's options say of this direction.
    fn read_options(&mut self, theirs: &mut Self, segment: &Segment<'_>) {
        let syn = segment.flags.contains(Flags::SYN);
        let mut scale = Scale::Unused;
        self.sacked.clear();
        for option in options::options(segment.options) {
            match option.value {
                Value::WindowScale(shift) if syn => scale = Scale::Shift(shift.min(14)),
                Value::MaximumSegmentSize(size) if syn => self.metrics.maximum_segment = Some(size),
                Value::SackPermitted if syn => self.metrics.sack_permitted = true,
                Value::FastOpen(_) if syn => self.metrics.fast_open = true,
                Value::Timestamps { .. } => self.metrics.timestamps = true,
                Value::Sack(blocks) => self.sacked.extend(blocks.iter()),
                _ => {}
            }
        }
        if syn {
            self.scale = scale;
            if segment.flags.contains(Flags::ACK) && (scale == Scale::Unused || theirs.scale == Scale::Unused) {
                (self.scale, theirs.scale) = (Scale::Unused, Scale::Unused);
            }
        } else if segment.flags.contains(Flags::ACK) {
            self.acknowledging = true;
        }
    }

    /// The rules that look at the sender's own direction.
    fn forward(&mut self, theirs: &mut Self, segment: &Segment<'_>) -> Analyzed {
        let (sequence, length, window) = (segment.sequence, segment.payload_len, segment.window);
        let plain = !has_any(segment.flags, &[Flags::SYN, Flags::FIN, Flags::RST]);
        let at_next = self.next == Some(sequence);
        let mut found = Verdicts::default();
        if length == 1 && at_next && theirs.window == 0 {
            found.add(Verdicts::ZERO_WINDOW_PROBE);
            return Analyzed { verdicts: found, ..Analyzed::default() };
        }
        if window == 0 && plain {
            found.add(Verdicts::ZERO_WINDOW);
        }
        if self.next.is_some_and(|next| sequence.since(next) > 0) && !segment.flags.contains(Flags::RST) {
            found.add(Verdicts::LOST_SEGMENT);
        }
        if length <= 1 && plain && self.next.is_some_and(|next| sequence.plus(1) == next) {
            found.add(Verdicts::KEEP_ALIVE);
        }
        let repeats = plain && length == 0 && at_next && self.acknowledged == segment.acknowledgment;
        if repeats && window != 0 && window != self.window {
            found.add(Verdicts::WINDOW_UPDATE);
        }
        if plain && length > 0 && theirs.window_edge() == Some(sequence.plus(length)) {
            found.add(Verdicts::WINDOW_FULL);
        }
        let same_window = window == self.window;
        if repeats && window != 0 && same_window && theirs.last.contains(Verdicts::KEEP_ALIVE) {
            found.add(Verdicts::KEEP_ALIVE_ACK);
        } else if plain && length == 0 && at_next && window == 0 && same_window && self.answers_probe(theirs, segment) {
            found.add(Verdicts::ZERO_WINDOW_PROBE_ACK);
        } else if repeats && window != 0 && same_window {
            found.add(Verdicts::DUPLICATE_ACK);
            self.duplicates = self.duplicates.saturating_add(1);
            return Analyzed { verdicts: found, duplicate_of: Some((self.first_of_ack, self.duplicates)), ..Analyzed::default() };
        }
        Analyzed { verdicts: found, ..Analyzed::default() }
    }

    /// The acknowledgment of a zero window probe; some receivers take the octet it brought.
    fn answers_probe(&self, theirs: &mut Self, segment: &Segment<'_>) -> bool {
        if !theirs.last.contains(Verdicts::ZERO_WINDOW_PROBE) {
            return false;
        }
        if segment.acknowledgment == self.acknowledged.plus(1) {
            theirs.next = Some(segment.acknowledgment);
            theirs.contiguous = Some(segment.acknowledgment);
            return true;
        }
        segment.acknowledgment == self.acknowledged
    }

    /// The right edge of the window this direction's receiver last offered.
    fn window_edge(&self) -> Option<SeqNumber> {
        let shift = match self.scale {
            Scale::Unknown => return None,
            Scale::Shift(shift) if self.acknowledging => shift,
            _ => 0,
        };
        Some(self.acknowledged.plus(u32::from(self.window) << shift))
    }

    /// The rule that looks at the other direction: does this acknowledge what was not captured?
    fn reverse(&mut self, theirs: &mut Self, segment: &Segment<'_>, found: &mut Verdicts) {
        let ack = segment.acknowledgment;
        let told = theirs.silent || theirs.told_lost == Some(ack);
        let beyond = !told && theirs.contiguous.is_some_and(|end| ack.since(end) > 0);
        if !beyond || !segment.flags.contains(Flags::ACK) {
            return;
        }
        let reopens = ack == self.acknowledged.plus(1) && self.next == Some(segment.sequence);
        if reopens && theirs.last.contains(Verdicts::ZERO_WINDOW_PROBE) {
            theirs.next = Some(ack);
            theirs.contiguous = Some(ack);
            found.add(Verdicts::WINDOW_UPDATE);
        } else {
            theirs.contiguous = theirs.next;
            theirs.told_lost = Some(ack);
            theirs.silent = true;
            found.add(Verdicts::ACK_LOST_SEGMENT);
        }
    }

    /// The rules for segments that do not carry on where the sender stood.
    fn late(&self, theirs: &Self, seen: &Seen<'_>, rtt: Option<SignedDuration>, found: &mut Verdicts) {
        let segment = seen.segment;
        let (sequence, length) = (segment.sequence, segment.payload_len);
        let takes_numbers = length > 0 || has_any(segment.flags, &[Flags::SYN, Flags::FIN]);
        if !takes_numbers || found.contains(Verdicts::KEEP_ALIVE) {
            return;
        }
        if length > 0 && theirs.acknowledged.0 != 0 && sequence.plus(length).since(theirs.acknowledged) <= 0 {
            found.add(Verdicts::SPURIOUS_RETRANSMISSION);
            return found.add(Verdicts::RETRANSMISSION);
        }
        let Some(next) = self.next.filter(|next| sequence.since(*next) < 0) else { return };
        if length > 1 && sequence.plus(1) == next {
            return;
        }
        if theirs.asked_for(segment) && within(seen.timestamp, theirs.last_time, FAST) {
            found.add(Verdicts::FAST_RETRANSMISSION);
            found.add(Verdicts::RETRANSMISSION);
        } else if within(seen.timestamp, self.next_time, rtt.unwrap_or(REORDERED)) && next != end_of(segment) {
            found.add(Verdicts::OUT_OF_ORDER);
        } else {
            found.add(Verdicts::RETRANSMISSION);
        }
    }

    /// Duplicate acknowledgments, or selective ones, of this direction ask for the segment.
    fn asked_for(&self, segment: &Segment<'_>) -> bool {
        let (sequence, end) = (segment.sequence, segment.sequence.plus(segment.payload_len));
        let next_wanted = self.acknowledged == sequence;
        if self.duplicates >= 2 && next_wanted {
            return true;
        }
        let has = |(left, right): &(SeqNumber, SeqNumber)| sequence.since(*left) >= 0 && end.since(*right) <= 0;
        if self.sacked.is_empty() || self.sacked.iter().any(has) {
            return false;
        }
        let octets: i64 = self.sacked.iter().map(|(left, right)| i64::from(right.since(*left))).sum();
        let much = self.metrics.maximum_segment.is_some_and(|size| octets > i64::from(size).saturating_mul(2));
        self.duplicates >= 2 || (next_wanted && much)
    }

    /// Remembers the segment for those that follow.
    fn remember(&mut self, seen: &Seen<'_>, found: Verdicts) {
        let segment = seen.segment;
        let end = end_of(segment);
        if end != segment.sequence && self.unacknowledged.len() < MAX_UNACKNOWLEDGED {
            self.unacknowledged.push(Unacknowledged {
                sequence: segment.sequence,
                end,
                time: seen.timestamp,
                frame: seen.frame,
                again: found.is_retransmission(),
            });
        }
        if !found.contains(Verdicts::ZERO_WINDOW_PROBE) {
            if self.next.is_none_or(|next| end.since(next) > 0) {
                self.next = Some(end);
                self.next_time = seen.timestamp;
            }
            if self.contiguous.is_none_or(|contiguous| contiguous == segment.sequence) {
                self.contiguous = self.next;
            }
        }
        self.silent = false;
        self.window = segment.window;
        self.acknowledged = segment.acknowledgment;
        self.last_time = seen.timestamp;
        self.last = found;
    }

    /// Forgets what the segment acknowledges of this direction, and says which segment it acknowledges to its end.
    fn acknowledge(&mut self, seen: &Seen<'_>) -> Option<(u64, SignedDuration)> {
        let ack = seen.segment.acknowledgment;
        let exact = self.unacknowledged.iter().rev().find(|sent| sent.end == ack).copied();
        self.unacknowledged.retain_mut(|sent| {
            if ack.since(sent.sequence) > 0 && ack.since(sent.end) < 0 {
                sent.sequence = ack;
            }
            sent.end.since(ack) > 0
        });
        let exact = exact?;
        let passed = seen.timestamp?.since(exact.time?);
        if !exact.again {
            self.metrics.acknowledged_after(passed);
        }
        Some((exact.frame, passed))
    }

    /// Takes the segment's sizes and times.
    fn measure(&mut self, seen: &Seen<'_>, found: Verdicts) {
        let segment = seen.segment;
        let shift = if segment.flags.contains(Flags::SYN) { 0 } else { self.scale.shift() };
        self.metrics.sent_at(seen.timestamp);
        if !segment.flags.contains(Flags::RST) {
            self.metrics.window.add(u32::from(segment.window) << shift);
        }
        if segment.payload_len > 0 {
            self.metrics.segment.add(segment.payload_len);
        }
        if found.is_retransmission() {
            let octets = u64::from(segment.payload_len);
            self.metrics.retransmitted_octets = self.metrics.retransmitted_octets.saturating_add(octets);
        }
        self.metrics.acknowledged_selectively(segment.acknowledgment, &self.sacked);
    }

    /// Octets sent and not acknowledged.
    fn in_flight(&self) -> u32 {
        let first = self.unacknowledged.iter().map(|sent| sent.sequence).reduce(|a, b| if b.since(a) < 0 { b } else { a });
        let last = self.unacknowledged.iter().map(|sent| sent.end).reduce(|a, b| if b.since(a) > 0 { b } else { a });
        first.zip(last).map_or(0, |(first, last)| last.since(first).max(0).cast_unsigned())
    }
}

/// The number after a segment; Wireshark counts one for SYN and FIN together.
fn end_of(segment: &Segment<'_>) -> SeqNumber {
    let control = u32::from(has_any(segment.flags, &[Flags::SYN, Flags::FIN]));
    segment.sequence.plus(segment.payload_len.wrapping_add(control))
}

fn has_any(flags: Flags, wanted: &[Flags]) -> bool {
    wanted.iter().any(|flag| flags.contains(*flag))
}

/// `now` is less than `limit` after `then`; a clock that stepped back is far away, as in Wireshark 4.0.
fn within(now: Option<Timestamp>, then: Option<Timestamp>, limit: SignedDuration) -> bool {
    let passed = now.zip(then).map(|(now, then)| now.since(then));
    passed.is_some_and(|passed| passed >= SignedDuration::ZERO && passed < limit)
}
