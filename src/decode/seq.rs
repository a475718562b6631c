//! TCP sequence numbers: 32 bits that wrap (RFC 9293 section 3.4).

use std::fmt;

/// A sequence or acknowledgment number.
///
/// There is no order among numbers that wrap, only distance: compare with [`SeqNumber::since`].
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct SeqNumber(pub u32);

impl SeqNumber {
    /// Octets from `base` to `self`: negative if `self` comes before it, within half of the number space either way.
    pub const fn since(self, base: Self) -> i32 {
        self.0.wrapping_sub(base.0).cast_signed()
    }

    /// The number `octets` further on.
    #[must_use]
    pub const fn plus(self, octets: u32) -> Self {
        Self(self.0.wrapping_add(octets))
    }
}

/// The raw number, as it stands in the header.
impl fmt::Display for SeqNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_survives_the_wrap() {
        let (before, after) = (SeqNumber(u32::MAX - 1), SeqNumber(3));
        assert_eq!(after.since(before), 5);
        assert_eq!(before.since(after), -5);
        assert_eq!(before.plus(5), after);
    }
}
