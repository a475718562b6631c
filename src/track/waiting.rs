//! Octets of a stream that came before those in front of them.

use std::collections::BTreeMap;

use super::stream::Payload;

/// Pieces behind a hole, by their position in the stream; they do not overlap.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    pieces: BTreeMap<u64, Piece>,
    octets: usize,
}

/// Octets that wait for those before them.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) frame: u64,
    pub(super) octets: Vec<u8>,
    /// Octets that followed these on the wire, cut by a snap length.
    cut: u32,
}

/// Octets that may wait behind a hole in one direction.
pub(super) const MAX_OCTETS: usize = 4 << 20;

/// Pieces that may wait behind a hole in one direction.
const MAX_PIECES: usize = 8192;

impl Waiting {
    /// Octets held.
    pub(super) const fn octets(&self) -> usize {
        self.octets
    }

    /// More waits than may.
    pub(super) fn is_too_much(&self) -> bool {
        self.octets > MAX_OCTETS || self.pieces.len() > MAX_PIECES
    }

    /// Where the first piece stands.
    pub(super) fn first(&self) -> Option<u64> {
        self.pieces.first_key_value().map(|(at, _)| *at)
    }

    /// Takes the first piece out, if it stands at `position` or before it.
    pub(super) fn take(&mut self, position: u64) -> Option<(u64, Piece)> {
        let entry = self.pieces.first_entry().filter(|entry| *entry.key() <= position)?;
        let (at, piece) = entry.remove_entry();
        self.octets = self.octets.saturating_sub(piece.octets.len());
        Some((at, piece))
    }

    /// Keeps what no piece brought before of a payload that begins at `at`, and says how many octets that is.
    pub(super) fn add(&mut self, at: u64, payload: &Payload<'_>) -> u64 {
        let end = at.saturating_add(u64::from(payload.len));
        let mut from = at;
        let before = self.pieces.range(..=at).next_back();
        if let Some((start, piece)) = before {
            from = from.max(piece.end(*start));
        }
        let mut fresh = Vec::new();
        for (start, piece) in self.pieces.range(at.saturating_add(1)..end) {
            fresh.push((from, *start));
            from = from.max(piece.end(*start));
        }
        fresh.push((from, end));
        let mut kept = 0_u64;
        for (from, until) in fresh.into_iter().filter(|(from, until)| from < until) {
            kept = kept.saturating_add(until.saturating_sub(from));
            self.keep(at, from, until, payload);
        }
        kept
    }

    /// Keeps the octets from `from` until `until` of a payload that begins at `at`.
    fn keep(&mut self, at: u64, from: u64, until: u64, payload: &Payload<'_>) {
        let offset = |position: u64| usize::try_from(position.saturating_sub(at)).unwrap_or(usize::MAX);
        let captured = payload.octets.len();
        let octets = payload.octets.get(offset(from).min(captured)..offset(until).min(captured)).unwrap_or_default().to_vec();
        let len = until.saturating_sub(from);
        let cut = u32::try_from(len.saturating_sub(octets.len() as u64)).unwrap_or(u32::MAX);
        self.octets = self.octets.saturating_add(octets.len());
        self.pieces.insert(from, Piece { frame: payload.frame, octets, cut });
    }
}

impl Piece {
    /// Octets it had on the wire.
    pub(super) fn len(&self) -> u64 {
        u64::from(self.cut).saturating_add(self.octets.len() as u64)
    }

    /// The position after it, if it begins at `start`.
    fn end(&self, start: u64) -> u64 {
        start.saturating_add(self.len())
    }
}
