//! Wireshark's sequence analysis: what each segment is, told from those before it.
//!
//! The rules and their order are those of Wireshark 4.0 (`tcp_analyze_sequence_number`), so that a person finds the same
//! word there; a packet captured twice is a retransmission to them, and it is [`super::Oddity::CopyOf`] that says it is
//! not. The names `mine` and `theirs` stand for the sender's direction and the other one.

use jiff::SignedDuration;

use super::events::{Detail, Seen};
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

/// What the analysis remembers of one direction; numbers are as sent. As in Wireshark, 0 stands for none yet.
#[derive(Clone, Debug, Default, PartialEq)]
struct Half {
    /// The number that Wireshark counts from.
    base: Option<SeqNumber>,
    /// The end of the highest segment sent.
    next: SeqNumber,
    /// When that segment was sent.
    next_time: Option<Timestamp>,
    /// The end of what was sent without a gap.
    contiguous: SeqNumber,
    /// Acknowledgment, window and time of the last segment sent.
    acknowledged: SeqNumber,
    window: Option<u16>,
    last_time: Option<Timestamp>,
    /// Duplicates of the last acknowledgment, and the frame of the first one that carried it.
    duplicates: Duplicates,
    first_of_ack: u64,
    /// What the last segment was.
    last: Verdicts,
    /// Segments sent that are not acknowledged yet, latest last.
    unacknowledged: Vec<Unacknowledged>,
    /// A segment is missing since the other side last acknowledged: octets in flight cannot be told.
    gap: bool,
    /// SACK blocks of the last segment sent, first and last number of each.
    sacked: Vec<(SeqNumber, SeqNumber)>,
    scale: Scale,
    /// The last segment with SYN or ACK was a SYN or SYN-ACK: its window is not scaled.
    handshaking: bool,
    metrics: Option<Box<Metrics>>,
}

/// How often the last acknowledgment was repeated.
///
/// Wireshark keeps another thing in the same place: that octets not captured were acknowledged and told of. To the
/// rules that count it is a large number, and the next duplicate begins at one again.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Duplicates {
    Counted(u32),
    ToldLost,
}

impl Default for Duplicates {
    fn default() -> Self {
        Self::Counted(0)
    }
}

impl Duplicates {
    /// One more, and how many there are.
    const fn count(&mut self) -> u32 {
        let count = match self {
            Self::Counted(count) => count.saturating_add(1),
            Self::ToldLost => 1,
        };
        *self = Self::Counted(count);
        count
    }
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

/// No more octets than this are in flight: there are numbers before the first one.
const FAR: u32 = 2_000_000_000;

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

    /// Nothing seen yet.
    pub(super) fn new(detail: Detail) -> Self {
        let half = Half { metrics: (detail != Detail::Table).then(Box::default), ..Half::default() };
        Self { initiator: half.clone(), responder: half, ..Self::default() }
    }

    /// What one side's segments measure; `None` if nobody asked.
    pub(super) fn metrics(&self, side: Side) -> Option<&Metrics> {
        match side {
            Side::Initiator => self.initiator.metrics.as_deref(),
            Side::Responder => self.responder.metrics.as_deref(),
        }
    }

    /// Says what one segment is, in file order.
    pub(super) fn push(&mut self, side: Side, seen: &Seen<'_>) -> Analyzed {
        let segment = seen.segment;
        let rtt = self.initial_rtt;
        let (mine, theirs) = match side {
            Side::Initiator => (&mut self.initiator, &mut self.responder),
            Side::Responder => (&mut self.responder, &mut self.initiator),
        };
        if segment.flags.is_pure_syn() {
            mine.next = mine.contiguous; // A SYN that comes again begins again where nothing is missing.
        }
        mine.take_base(theirs, segment);
        mine.read_options(theirs, segment);
        let mut analyzed = mine.forward(theirs, segment);
        if segment.acknowledgment != mine.acknowledged {
            mine.first_of_ack = seen.frame;
            mine.duplicates = Duplicates::default();
        }
        Half::reverse(theirs, segment, &mut analyzed.verdicts);
        mine.late(theirs, seen, rtt, &mut analyzed.verdicts);
        mine.remember(seen, analyzed.verdicts);
        analyzed.acknowledges = theirs.acknowledge(seen);
        mine.measure(seen, analyzed.verdicts);
        theirs.gap &= !segment.flags.contains(Flags::ACK);
        mine.gap |= analyzed.verdicts.contains(Verdicts::LOST_SEGMENT);
        analyzed.in_flight = mine.in_flight(theirs, segment);
        self.time_handshake(seen);
        analyzed
    }

    /// The first acknowledgment that is no SYN-ACK, by either side, ends the handshake.
    fn time_handshake(&mut self, seen: &Seen<'_>) {
        let flags = seen.segment.flags;
        if flags.is_pure_syn() {
            self.last_syn = seen.timestamp;
        } else if self.initial_rtt.is_none() && flags.contains(Flags::ACK) && !flags.contains(Flags::SYN) {
            let passed = self.last_syn.zip(seen.timestamp).map(|(syn, ack)| ack.since(syn));
            self.initial_rtt = passed.filter(|passed| !passed.is_zero()); // To Wireshark, 0 is "not known yet".
        }
    }
}

impl Half {
    /// Numbers count from the SYN, or else from just before the first one sent or acknowledged.
    fn take_base(&mut self, theirs: &mut Self, segment: &Segment<'_>) {
        let before = |number: SeqNumber| number.plus(u32::MAX);
        if segment.flags.contains(Flags::SYN) {
            self.base = Some(segment.sequence);
        }
        self.base.get_or_insert(before(segment.sequence));
        if segment.flags.contains(Flags::ACK) {
            theirs.base.get_or_insert(before(segment.acknowledgment));
        }
    }

    /// Takes what the segment's options say of this direction.
    fn read_options(&mut self, theirs: &mut Self, segment: &Segment<'_>) {
        let syn = segment.flags.contains(Flags::SYN);
        let mut scale = self.scale;
        self.sacked.clear();
        let worth_reading = Some(segment.options).filter(|octets| !options::are_only_timestamps(octets));
        for option in worth_reading.into_iter().flat_map(options::options) {
            match option.value {
                Value::WindowScale(shift) if syn => scale = Scale::Shift(shift.min(14)),
                Value::Sack(blocks) => self.sacked.extend(blocks.iter()),
                _ => {}
            }
        }
        if syn {
            self.offer(scale, theirs, segment.flags.contains(Flags::ACK));
        }
        if syn || segment.flags.contains(Flags::ACK) {
            self.handshaking = syn;
        }
    }

    /// Takes the window scale of a SYN, or of a SYN-ACK that `answers` one; without the option neither side scales.
    fn offer(&mut self, scale: Scale, theirs: &mut Self, answers: bool) {
        self.scale = scale;
        if scale == Scale::Unknown {
            (self.scale, theirs.scale) = (Scale::Unused, Scale::Unused);
        } else if answers && theirs.scale == Scale::Unused {
            self.scale = Scale::Unused;
        }
    }

    /// The rules that look at the sender's own direction.
    fn forward(&mut self, theirs: &Self, segment: &Segment<'_>) -> Analyzed {
        let (sequence, length, window) = (segment.sequence, segment.payload_len, segment.window);
        let plain = !has_any(segment.flags, &[Flags::SYN, Flags::FIN, Flags::RST]);
        let at_next = self.next == sequence;
        let mut found = Verdicts::default();
        if length == 1 && at_next && theirs.window == Some(0) {
            found.add(Verdicts::ZERO_WINDOW_PROBE);
            return Analyzed { verdicts: found, ..Analyzed::default() };
        }
        if window == 0 && plain {
            found.add(Verdicts::ZERO_WINDOW);
        }
        if self.next.0 != 0 && sequence.since(self.next) > 0 && !segment.flags.contains(Flags::RST) {
            found.add(Verdicts::LOST_SEGMENT);
        }
        if length <= 1 && plain && sequence.plus(1) == self.next {
            found.add(Verdicts::KEEP_ALIVE);
        }
        let repeats = plain && length == 0 && at_next && self.acknowledged == segment.acknowledgment;
        if repeats && window != 0 && Some(window) != self.window {
            found.add(Verdicts::WINDOW_UPDATE);
        }
        if plain && length > 0 && theirs.window_edge() == Some(sequence.plus(length)) {
            found.add(Verdicts::WINDOW_FULL);
        }
        let same_window = Some(window) == self.window;
        if repeats && window != 0 && same_window && theirs.last.contains(Verdicts::KEEP_ALIVE) {
            found.add(Verdicts::KEEP_ALIVE_ACK);
        } else if repeats && window == 0 && same_window && theirs.last.contains(Verdicts::ZERO_WINDOW_PROBE) {
            found.add(Verdicts::ZERO_WINDOW_PROBE_ACK);
        } else if repeats && window != 0 && same_window {
            found.add(Verdicts::DUPLICATE_ACK);
            let duplicate_of = Some((self.first_of_ack, self.duplicates.count()));
            return Analyzed { verdicts: found, duplicate_of, ..Analyzed::default() };
        }
        Analyzed { verdicts: found, ..Analyzed::default() }
    }

    /// The right edge of the window this direction's receiver last offered.
    fn window_edge(&self) -> Option<SeqNumber> {
        let shift = match self.scale {
            Scale::Unknown => return None,
            Scale::Shift(shift) if !self.handshaking => shift,
            _ => 0,
        };
        Some(self.acknowledged.plus(u32::from(self.window?) << shift))
    }

    /// The rule that looks at the other direction: does `segment` acknowledge what was not captured?
    ///
    /// It is told of once for each gap; where no gap shows, once until the other side acknowledges something else.
    fn reverse(theirs: &mut Self, segment: &Segment<'_>, found: &mut Verdicts) {
        let ack = segment.acknowledgment;
        if !segment.flags.contains(Flags::ACK) || theirs.contiguous.0 == 0 || ack.since(theirs.contiguous) <= 0 {
            return;
        }
        let gap = theirs.contiguous.since(theirs.next) < 0;
        if gap {
            theirs.contiguous = theirs.next;
        }
        if gap || theirs.duplicates == Duplicates::Counted(0) {
            found.add(Verdicts::ACK_LOST_SEGMENT);
        }
        if !gap {
            theirs.duplicates = Duplicates::ToldLost;
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
        let next = self.next;
        if next.0 == 0 || sequence.since(next) >= 0 || length > 1 && sequence.plus(1) == next {
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

    /// Duplicate acknowledgments of this direction ask for the segment; what was acknowledged selectively does not count.
    fn asked_for(&self, segment: &Segment<'_>) -> bool {
        self.duplicates >= Duplicates::Counted(2) && self.acknowledged == segment.sequence
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
            if self.next.0 == 0 || end.since(self.next) > 0 {
                self.next = end;
                self.next_time = seen.timestamp;
            }
            if self.contiguous.0 == 0 || self.contiguous == segment.sequence {
                self.contiguous = self.next;
            }
        }
        self.window = Some(segment.window);
        self.acknowledged = segment.acknowledgment;
        self.last_time = seen.timestamp;
        self.last = found;
    }

    /// Forgets what the segment acknowledges of this direction, and says which segment it acknowledges to its end.
    fn acknowledge(&mut self, seen: &Seen<'_>) -> Option<(u64, SignedDuration)> {
        let ack = seen.segment.acknowledgment;
        let (mut first, mut again) = (None, false);
        self.unacknowledged.retain_mut(|sent| {
            if sent.end == ack {
                again |= sent.again;
                first.get_or_insert(*sent);
            }
            if ack.since(sent.sequence) > 0 && ack.since(sent.end) < 0 {
                sent.sequence = ack;
            }
            sent.end.since(ack) > 0
        });
        let first = first?;
        let passed = seen.timestamp?.since(first.time?);
        if let Some(metrics) = self.metrics.as_mut().filter(|_| !again) {
            metrics.acknowledged_after(passed);
        }
        Some((first.frame, passed))
    }

    /// Takes the segment's sizes and times.
    fn measure(&mut self, seen: &Seen<'_>, found: Verdicts) {
        let Some(metrics) = &mut self.metrics else { return };
        metrics.sent(seen, self.scale.shift(), found);
        metrics.acknowledged_selectively(seen.segment.acknowledgment, &self.sacked);
    }

    /// Octets sent and not acknowledged, neither selectively, after a segment with payload.
    fn in_flight(&self, theirs: &Self, segment: &Segment<'_>) -> Option<u32> {
        if segment.payload_len == 0 || self.gap {
            return None;
        }
        let base = self.base.unwrap_or_default();
        let place = |number: SeqNumber| number.since(base).cast_unsigned();
        let first = self.unacknowledged.iter().map(|sent| place(sent.sequence)).min()?;
        let last = self.unacknowledged.iter().map(|sent| place(sent.end)).max()?;
        let selectively = theirs.sacked.iter().map(|(left, right)| right.since(*left).cast_unsigned());
        let octets = selectively.fold(last.wrapping_sub(first), u32::wrapping_sub);
        let control = end_of(segment).since(segment.sequence.plus(segment.payload_len)).cast_unsigned();
        let told = octets > 0 && octets < FAR;
        Some(octets.wrapping_sub(control)).filter(|octets| told && *octets > 0)
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
    let unsigned = |time: SignedDuration| time.as_nanos().cast_unsigned();
    let passed = now.zip(then).map(|(now, then)| now.since(then));
    passed.is_some_and(|passed| unsigned(passed) < unsigned(limit))
}
