//! A point in time as captured: seconds since the Unix epoch, with nanoseconds.

use std::fmt;
use std::num::NonZeroU32;
use std::time::SystemTime;

use jiff::SignedDuration;

/// When a frame was captured, in seconds and nanoseconds since the Unix epoch.
///
/// Real files hold times that nanoseconds in an `i64` cannot (a pcapng clock has 64 bits of any unit), hence two parts.
/// `nanoseconds` is below 1,000,000,000 and always counts forward, also before 1970.
///
/// It fills twelve octets, and no more: millions are remembered.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(Rust, packed(4))]
pub struct Timestamp {
    seconds: i64,
    /// One more than the nanoseconds: a number that is never 0 lets an `Option<Timestamp>` be no larger.
    nanoseconds_and_one: NonZeroU32,
}

const _: () = assert!(size_of::<Option<Timestamp>>() == 12);

impl Timestamp {
    /// A time from whole seconds and nanoseconds; nanoseconds past a second carry over.
    pub const fn new(seconds: i64, nanoseconds: u32) -> Self {
        let carry = nanoseconds / 1_000_000_000;
        let nanoseconds = nanoseconds % 1_000_000_000;
        Self { seconds: seconds.saturating_add(carry as i64), nanoseconds_and_one: NonZeroU32::MIN.saturating_add(nanoseconds) }
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after [`Self::seconds`], 0 to 999,999,999.
    pub const fn nanoseconds(self) -> u32 {
        self.nanoseconds_and_one.get().wrapping_sub(1)
    }

    /// The time so long after `self`; `None` past the ends of time.
    pub fn after(self, duration: SignedDuration) -> Option<Self> {
        let nanoseconds = i64::from(self.nanoseconds()).checked_add(i64::from(duration.subsec_nanos()))?;
        let carry = nanoseconds.div_euclid(1_000_000_000);
        let seconds = self.seconds.checked_add(duration.as_secs())?.checked_add(carry)?;
        Some(Self::new(seconds, u32::try_from(nanoseconds.rem_euclid(1_000_000_000)).ok()?))
    }

    /// Time from `earlier` to `self`; negative if the clock stepped back, saturating at the ends.
    pub fn since(self, earlier: Self) -> SignedDuration {
        let seconds = self.seconds.saturating_sub(earlier.seconds);
        // Both are below a second, and so is what is between them: there is nothing to overflow.
        SignedDuration::new(seconds, self.nanoseconds().wrapping_sub(earlier.nanoseconds()).cast_signed())
    }
}

/// The reading of a clock; before 1970 it is 1970.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self::new(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos())
    }
}

/// Decimal seconds with nine digits, as in `1385474294.492448000`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seconds >= 0 || self.nanoseconds() == 0 {
            return write!(f, "{}.{:09}", self.seconds(), self.nanoseconds());
        }
        let whole = self.seconds.saturating_add(1).unsigned_abs();
        write!(f, "-{whole}.{:09}", 1_000_000_000_u32.saturating_sub(self.nanoseconds()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_nine_digits_before_and_after_the_epoch() {
        assert_eq!(Timestamp::new(1_385_474_294, 492_448_000).to_string(), "1385474294.492448000");
        assert_eq!(Timestamp::new(-1, 750_000_000).to_string(), "-0.250000000");
        assert_eq!(Timestamp::new(-2, 0).to_string(), "-2.000000000");
        assert_eq!(Timestamp::new(0, 1_500_000_000).to_string(), "1.500000000");
    }

    #[test]
    fn after_is_the_inverse_of_since() {
        let start = Timestamp::new(9, 900_000_000);
        for milliseconds in [0, 100, 250, 5_200, -100, -9_950] {
            let duration = SignedDuration::from_millis(milliseconds);
            assert_eq!(start.after(duration).map(|end| end.since(start)), Some(duration));
        }
        assert_eq!(start.after(SignedDuration::MAX), None);
    }

    #[test]
    fn differences_have_a_sign() {
        let (early, late) = (Timestamp::new(9, 900_000_000), Timestamp::new(10, 100_000_000));
        assert_eq!(late.since(early), SignedDuration::from_millis(200));
        assert_eq!(early.since(late), SignedDuration::from_millis(-200));
    }
}
