//! A place in a frame: the octets captured from there on, and how many there were on the wire.

use super::{Layer, Reason, Stop};

/// What is left to read. Taking octets from the front moves `at` along, so a [`Stop`] can name the place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    /// Offset from the start of the frame, in octets.
    pub(super) at: usize,
    /// The octets captured.
    pub(super) octets: &'a [u8],
    /// How many there were on the wire, never fewer than captured; `None` where a fragment or a quotation does not tell.
    pub(super) wire_len: Option<usize>,
}

impl<'a> Cursor<'a> {
    /// Everything after the first `len` octets; nothing is left if there are not that many.
    #[inline]
    pub(super) fn skip(self, len: usize) -> Self {
        Self {
            at: self.at.saturating_add(len),
            octets: self.octets.get(len..).unwrap_or_default(),
            wire_len: self.wire_len.map(|wire| wire.saturating_sub(len)),
        }
    }

    /// No more than the first `len` octets: what follows is padding or a trailer.
    #[inline]
    pub(super) fn limit(self, len: usize) -> Self {
        Self {
            octets: self.octets.get(..len).unwrap_or(self.octets),
            wire_len: Some(self.wire_len.map_or(len, |wire| wire.min(len))),
            ..self
        }
    }

    /// The stop of a header of `need` octets that the capture ends inside.
    #[cold]
    pub(super) fn cut(self, layer: Layer, need: usize) -> Stop {
        self.stop(layer, cut(self.octets, need))
    }

    /// The stop of a header that contradicts itself.
    #[cold]
    pub(super) fn malformed(self, layer: Layer, what: &'static str) -> Stop {
        self.stop(layer, Reason::Malformed(what))
    }

    /// A stop at this place.
    #[cold]
    pub(super) fn stop(self, layer: Layer, reason: Reason) -> Stop {
        Stop { layer, at: self.at, reason }
    }
}

/// Why a header of `need` octets cannot be read from `octets`.
#[cold]
pub(super) fn cut(octets: &[u8], need: usize) -> Reason {
    Reason::Cut { need, have: octets.len() }
}

/// The big-endian number at `at`, if it was captured.
#[inline]
pub(super) fn u16_at(octets: &[u8], at: usize) -> Option<u16> {
    octets.get(at..)?.first_chunk().copied().map(u16::from_be_bytes)
}

/// The big-endian number at `at`, if it was captured.
#[inline]
pub(super) fn u32_at(octets: &[u8], at: usize) -> Option<u32> {
    octets.get(at..)?.first_chunk().copied().map(u32::from_be_bytes)
}

/// A length as the packet types hold it; none in a frame exceeds 32 bits.
#[inline]
pub(super) fn len32(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_skips_keep_both_lengths() {
        let all = Cursor { at: 14, octets: &[1, 2, 3, 4], wire_len: Some(10) };
        let rest = all.limit(8).skip(3);
        assert_eq!((rest.at, rest.octets, rest.wire_len), (17, &[4][..], Some(5)));
        assert_eq!(all.limit(2).octets, [1, 2]);
        assert_eq!((all.skip(9).octets, all.skip(9).wire_len), (&[][..], Some(1)));
    }

    #[test]
    fn a_quotation_learns_its_length_from_its_header() {
        let quoted = Cursor { at: 0, octets: &[1, 2], wire_len: None };
        assert_eq!((quoted.skip(1).wire_len, quoted.limit(40).wire_len), (None, Some(40)));
    }
}
