//! One direction of a connection as its receiver reads it: octets in order, each once.
//!
//! Segments come late, twice, overlapping, or never. The copy that came first wins; what waits behind a hole is bounded;
//! a hole is given up when the receiver acknowledged past it, when too much waits, or when the capture ends. Positions
//! are 64 bits wide, so that a stream may be longer than the space of sequence numbers.

use sha2::{Digest as _, Sha256};

use super::events::Detail;
use super::waiting::Waiting;
use crate::decode::seq::SeqNumber;

/// A piece of a stream, as the receiver gets it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Chunk<'a> {
    /// Octets, and the frame that brought them.
    Octets {
        /// The frame.
        frame: u64,
        /// What the application reads.
        octets: &'a [u8],
    },
    /// Octets that were sent but are not in the capture.
    Hole {
        /// How many.
        octets: u64,
    },
}

/// What became of a stream so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Delivered {
    /// Octets in order, holes left out.
    pub octets: u64,
    /// Octets sent that are not in the capture.
    pub missing: u64,
    /// Octets that came again after their first copy.
    pub repeated: u64,
    /// SHA-256 over the octets; `None` before the first octet, and where any are missing.
    pub sha256: Option<[u8; 32]>,
}

/// Puts one direction's segments in order.
///
/// One line of the processor's cache holds it, as long as nothing waits and no digest is wanted.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// The number of the octet at `position`.
    expected: Option<SeqNumber>,
    /// Octets and holes passed so far.
    position: u64,
    octets: u64,
    missing: u64,
    repeated: u64,
    digest: Digest,
    waiting: Option<Box<Waiting>>,
}

/// The digest of what was delivered.
#[derive(Clone, Debug)]
enum Digest {
    Unwanted,
    Empty,
    Running(Box<Sha256>),
    Done(Box<[u8; 32]>),
}

/// A segment's payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Payload<'a> {
    pub(super) frame: u64,
    /// The number of its first octet.
    pub(super) sequence: SeqNumber,
    /// The octets captured.
    pub(super) octets: &'a [u8],
    /// Octets on the wire.
    pub(super) len: u32,
}

impl Stream {
    /// Nothing yet.
    pub(super) const fn new(detail: Detail) -> Self {
        let digest = match detail {
            Detail::Table | Detail::Live => Digest::Unwanted,
            Detail::Full => Digest::Empty,
        };
        Self { expected: None, position: 0, octets: 0, missing: 0, repeated: 0, digest, waiting: None }
    }

    /// The stream begins with this number: the one after a SYN.
    pub(super) fn begin(&mut self, first: SeqNumber) {
        self.expected.get_or_insert(first);
    }

    /// Takes a segment's payload; what is in order now goes to `sink`.
    pub(super) fn push(&mut self, payload: &Payload<'_>, sink: &mut impl FnMut(Chunk<'_>)) {
        let expected = *self.expected.get_or_insert(payload.sequence);
        let distance = payload.sequence.since(expected);
        if distance > 0 {
            return self.wait(distance.unsigned_abs(), payload, sink);
        }
        let known = distance.unsigned_abs().min(payload.len);
        self.repeated = self.repeated.saturating_add(u64::from(known));
        let fresh = payload.len.saturating_sub(known);
        if fresh > 0 {
            self.deliver(payload.frame, payload.octets.get(known as usize..).unwrap_or_default(), fresh, sink);
            self.drain(sink);
        }
    }

    /// The receiver has everything before `number`: holes before it will not be filled.
    pub(super) fn acknowledged(&mut self, number: SeqNumber, sink: &mut impl FnMut(Chunk<'_>)) {
        while let (Some(expected), Some(at)) = (self.expected, self.first_waiting()) {
            let hole = at.saturating_sub(self.position);
            if i64::from(number.since(expected)) < i64::try_from(hole).unwrap_or(i64::MAX) {
                return;
            }
            self.give_up_hole(sink);
        }
    }

    /// Octets that wait for those before them.
    pub(super) fn waiting_octets(&self) -> usize {
        self.waiting.as_ref().map_or(0, |waiting| waiting.octets())
    }

    /// Holes will not be filled: what waits behind them is handed out.
    pub(super) fn give_up(&mut self, sink: &mut impl FnMut(Chunk<'_>)) {
        while self.first_waiting().is_some() {
            self.give_up_hole(sink);
        }
    }

    /// No more will come.
    pub(super) fn finish(&mut self, sink: &mut impl FnMut(Chunk<'_>)) {
        self.give_up(sink);
        self.digest = match std::mem::replace(&mut self.digest, Digest::Unwanted) {
            Digest::Running(digest) if self.missing == 0 => Digest::Done(Box::new(digest.finalize().into())),
            _ => Digest::Unwanted,
        };
    }

    /// What became of the stream so far; the digest is there once it is finished.
    pub(super) fn delivered(&self) -> Delivered {
        let sha256 = match &self.digest {
            Digest::Done(digest) => Some(**digest),
            _ => None,
        };
        Delivered { octets: self.octets, missing: self.missing, repeated: self.repeated, sha256 }
    }

    /// Keeps a payload that begins `ahead` of what is expected.
    #[cold]
    fn wait(&mut self, ahead: u32, payload: &Payload<'_>, sink: &mut impl FnMut(Chunk<'_>)) {
        let waiting = self.waiting.get_or_insert_default();
        let kept = waiting.add(self.position.saturating_add(u64::from(ahead)), payload);
        self.repeated = self.repeated.saturating_add(u64::from(payload.len).saturating_sub(kept));
        if waiting.is_too_much() {
            self.give_up_hole(sink);
        }
    }

    /// Where the first piece stands that waits.
    fn first_waiting(&self) -> Option<u64> {
        self.waiting.as_ref()?.first()
    }

    /// Passes the hole before the first piece that waits.
    fn give_up_hole(&mut self, sink: &mut impl FnMut(Chunk<'_>)) {
        let Some(at) = self.first_waiting() else { return };
        let hole = at.saturating_sub(self.position);
        self.pass(hole, sink);
        self.drain(sink);
    }

    /// Delivers the pieces that are in order now.
    fn drain(&mut self, sink: &mut impl FnMut(Chunk<'_>)) {
        while let Some((at, piece)) = self.waiting.as_mut().and_then(|waiting| waiting.take(self.position)) {
            let known = self.position.saturating_sub(at).min(piece.len());
            self.repeated = self.repeated.saturating_add(known);
            let fresh = u32::try_from(piece.len().saturating_sub(known)).unwrap_or(u32::MAX);
            if fresh > 0 {
                let from = usize::try_from(known).unwrap_or(usize::MAX);
                self.deliver(piece.frame, piece.octets.get(from..).unwrap_or_default(), fresh, sink);
            }
        }
    }

    /// Hands out octets at the present position; those of `len` that were not captured are a hole.
    fn deliver(&mut self, frame: u64, octets: &[u8], len: u32, sink: &mut impl FnMut(Chunk<'_>)) {
        let octets = octets.get(..len as usize).unwrap_or(octets);
        if !octets.is_empty() {
            self.digest.update(octets);
            sink(Chunk::Octets { frame, octets });
            let captured = octets.len() as u64;
            self.octets = self.octets.saturating_add(captured);
            self.advance(captured);
        }
        self.pass(u64::from(len).saturating_sub(octets.len() as u64), sink);
    }

    /// Passes octets that are not in the capture.
    fn pass(&mut self, octets: u64, sink: &mut impl FnMut(Chunk<'_>)) {
        if octets > 0 {
            self.missing = self.missing.saturating_add(octets);
            sink(Chunk::Hole { octets });
            self.advance(octets);
        }
    }

    fn advance(&mut self, octets: u64) {
        self.position = self.position.saturating_add(octets);
        // Sequence numbers wrap: the low 32 bits are all that moves them.
        self.expected = self.expected.map(|number| number.plus(octets as u32));
    }
}

impl Digest {
    fn update(&mut self, octets: &[u8]) {
        match self {
            Self::Unwanted | Self::Done(_) => {}
            Self::Empty => *self = Self::Running(Box::new(Sha256::new_with_prefix(octets))),
            Self::Running(digest) => digest.update(octets),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::waiting;
    use super::*;

    /// Pushes pieces of `text`, given as ranges, into a stream that begins at `first`.
    fn read(first: u32, text: &[u8], pieces: &[(usize, usize)]) -> (Vec<u8>, Delivered) {
        let mut stream = Stream::new(Detail::Full);
        let mut out = Vec::new();
        let mut sink = |chunk: Chunk<'_>| match chunk {
            Chunk::Octets { octets, .. } => out.extend(octets),
            Chunk::Hole { octets } => out.extend(vec![b'?'; octets as usize]),
        };
        stream.begin(SeqNumber(first));
        for (frame, (start, end)) in (1..).zip(pieces) {
            let octets = &text[*start..*end];
            let sequence = SeqNumber(first).plus(*start as u32);
            stream.push(&Payload { frame, sequence, octets, len: octets.len() as u32 }, &mut sink);
        }
        stream.finish(&mut sink);
        (out, stream.delivered())
    }

    #[test]
    fn segments_in_order_out_of_order_and_twice_give_the_same() {
        let text = b"abcdefghij";
        let orders: [&[(usize, usize)]; 5] = [
            &[(0, 4), (4, 10)],
            &[(4, 10), (0, 4)],
            &[(0, 4), (0, 4), (2, 10)],
            &[(6, 10), (2, 8), (0, 3)],
            &[(2, 4), (6, 8), (1, 9), (0, 10)],
        ];
        for order in orders {
            let (out, delivered) = read(u32::MAX - 3, text, order);
            assert_eq!((out.as_slice(), delivered.octets, delivered.missing), (&text[..], 10, 0), "{order:?}");
            assert_eq!(delivered.sha256, Some(Sha256::digest(text).into()));
        }
    }

    #[test]
    fn what_is_missing_is_told_and_has_no_digest() {
        let (out, delivered) = read(9, b"abcdefghij", &[(0, 2), (5, 7), (9, 10)]);
        assert_eq!(out, b"ab???fg??j");
        assert_eq!((delivered.octets, delivered.missing, delivered.sha256), (5, 5, None));
    }

    #[test]
    fn a_hole_ends_when_the_receiver_acknowledges_past_it() {
        let mut stream = Stream::new(Detail::Full);
        let mut chunks = Vec::new();
        stream.begin(SeqNumber(100));
        let late = Payload { frame: 7, sequence: SeqNumber(105), octets: b"xyz", len: 3 };
        stream.push(&late, &mut |chunk| chunks.push(format!("{chunk:?}")));
        stream.acknowledged(SeqNumber(104), &mut |chunk| chunks.push(format!("{chunk:?}")));
        assert!(chunks.is_empty());
        stream.acknowledged(SeqNumber(108), &mut |chunk| chunks.push(format!("{chunk:?}")));
        let expected = [Chunk::Hole { octets: 5 }, Chunk::Octets { frame: 7, octets: b"xyz" }];
        assert_eq!(chunks, expected.map(|chunk| format!("{chunk:?}")));
    }

    #[test]
    fn octets_cut_by_a_snap_length_are_a_hole() {
        let mut stream = Stream::new(Detail::Full);
        let mut chunks = Vec::new();
        let payload = Payload { frame: 1, sequence: SeqNumber(1), octets: b"ab", len: 5 };
        stream.push(&payload, &mut |chunk| chunks.push(format!("{chunk:?}")));
        let expected = [Chunk::Octets { frame: 1, octets: b"ab" }, Chunk::Hole { octets: 3 }];
        assert_eq!(chunks, expected.map(|chunk| format!("{chunk:?}")));
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut stream = Stream::new(Detail::Full);
        stream.begin(SeqNumber(0));
        let octets = vec![0; 60_000];
        for number in 0..1000_u32 {
            let sequence = SeqNumber(1 + number * 60_000);
            stream.push(&Payload { frame: 1, sequence, octets: &octets, len: 60_000 }, &mut |_| {});
            assert!(stream.waiting_octets() <= waiting::MAX_OCTETS);
        }
        assert_eq!(stream.missing, 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// However a text is cut, repeated and shuffled: if every octet comes, the same octets go out.
        #[test]
        fn any_order_of_overlapping_pieces_gives_the_text(
            first in any::<u32>(),
            cuts in proptest::collection::vec((0_usize..200, 1_usize..40), 0..40),
            seed in any::<u64>(),
        ) {
            let text: Vec<u8> = (0..=199).collect();
            let mut pieces: Vec<(usize, usize)> = cuts.into_iter().map(|(start, len)| (start, (start + len).min(200))).collect();
            pieces.extend((0..20).map(|piece| (piece * 10, piece * 10 + 10)));
            let len = pieces.len() as u64;
            pieces.sort_by_key(|(start, end)| (seed.rotate_left(*start as u32) ^ *end as u64).wrapping_mul(0x9e37_79b9) % len);
            let (out, delivered) = read(first, &text, &pieces);
            prop_assert_eq!(out, text);
            prop_assert_eq!(delivered.missing, 0);
        }
    }
}
