//! An interface's clock: ticks of some unit into time and back.
//!
//! pcapng counts 64-bit ticks of ten or two to the minus n-th seconds and may add whole seconds
//! (draft-ietf-opsawg-pcapng, section 4.2, `if_tsresol` and `if_tsoffset`). What is finer than a nanosecond is cut off,
//! as tshark does.

use super::{Interface, Resolution, Timestamp};

const NANOSECONDS: u128 = 1_000_000_000;

/// Turns the ticks of one interface into time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    resolution: Resolution,
    offset_seconds: i64,
}

impl Clock {
    pub(super) const fn new(resolution: Resolution, offset_seconds: i64) -> Self {
        Self { resolution, offset_seconds }
    }

    /// The clock that `interface` describes.
    pub(super) const fn of(interface: &Interface) -> Self {
        Self::new(interface.resolution, interface.offset_seconds)
    }

    /// The same clock, had it counted microseconds.
    pub(super) const fn in_microseconds(self) -> Self {
        Self { resolution: Resolution::Decimal(6), ..self }
    }

    /// The time `ticks` stand for.
    #[inline(always)]
    pub(super) fn time(self, ticks: u64) -> Timestamp {
        // The two units of nearly all files need no wide division.
        match self.resolution {
            Resolution::Decimal(6) => self.at((ticks / 1_000_000, (ticks % 1_000_000).wrapping_mul(1000))),
            Resolution::Decimal(9) => self.at((ticks / 1_000_000_000, ticks % 1_000_000_000)),
            _ => self.time_of_rare_unit(ticks),
        }
    }

    #[cold]
    fn time_of_rare_unit(self, ticks: u64) -> Timestamp {
        match self.resolution {
            Resolution::Decimal(digits) => self.at(decimal(ticks, digits)),
            Resolution::Binary(bits) => self.at(binary(ticks, bits)),
        }
    }

    /// The time that this clock shows after whole seconds, and nanoseconds below a second.
    #[inline(always)]
    fn at(self, (seconds, nanoseconds): (u64, u64)) -> Timestamp {
        Timestamp::new(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_add(self.offset_seconds), nanoseconds as u32)
    }

    /// The smallest number of ticks that stands for `time`; `None` where the clock cannot say it.
    pub(super) fn ticks(self, time: Timestamp) -> Option<u64> {
        let seconds = u128::try_from(i128::from(time.seconds()).checked_sub(i128::from(self.offset_seconds))?).ok()?;
        let nanoseconds = seconds.checked_mul(NANOSECONDS)?.checked_add(u128::from(time.nanoseconds()))?;
        let per_second = match self.resolution {
            Resolution::Decimal(digits) => 10_u128.checked_pow(u32::from(digits))?,
            Resolution::Binary(bits) => 1_u128.checked_shl(u32::from(bits))?,
        };
        u64::try_from(nanoseconds.checked_mul(per_second)?.div_ceil(NANOSECONDS)).ok()
    }
}

fn decimal(ticks: u64, digits: u8) -> (u64, u64) {
    match 10_u128.checked_pow(u32::from(digits)) {
        Some(per_second) => parts(ticks, per_second),
        None => (0, 0), // 2^64 ticks of 10^-39 seconds are no nanosecond.
    }
}

fn binary(ticks: u64, bits: u8) -> (u64, u64) {
    match 1_u128.checked_shl(u32::from(bits)) {
        Some(per_second) => parts(ticks, per_second),
        None => (0, 0),
    }
}

/// Whole seconds and nanoseconds in `ticks`.
fn parts(ticks: u64, per_second: u128) -> (u64, u64) {
    let ticks = u128::from(ticks);
    let seconds = ticks.checked_div(per_second).unwrap_or(0);
    let rest = ticks.checked_rem(per_second).unwrap_or(0);
    // The rest is below 2^64, so the product is below 2^94.
    let nanoseconds = rest.saturating_mul(NANOSECONDS).checked_div(per_second).unwrap_or(0);
    (seconds as u64, nanoseconds as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Resolution::{Binary, Decimal};

    #[test]
    fn every_unit_gives_the_same_half_second() {
        let check = |resolution, ticks, seconds, nanoseconds| {
            let time = Timestamp::new(seconds, nanoseconds);
            let clock = Clock::new(resolution, 0);
            assert_eq!(clock.time(ticks), time, "{resolution}");
            assert_eq!(clock.time(clock.ticks(time).unwrap()), time, "{resolution} and back");
        };
        check(Decimal(0), 7, 7, 0);
        check(Decimal(1), 75, 7, 500_000_000);
        check(Decimal(3), 7_500, 7, 500_000_000);
        check(Decimal(6), 7_500_000, 7, 500_000_000);
        check(Decimal(9), 7_500_000_000, 7, 500_000_000);
        check(Decimal(12), 7_500_000_000_999, 7, 500_000_000);
        check(Decimal(19), 15_000_000_000_000_000_000, 1, 500_000_000);
        check(Decimal(20), u64::MAX, 0, 184_467_440);
        check(Binary(0), 7, 7, 0);
        check(Binary(1), 15, 7, 500_000_000);
        check(Binary(20), 7 << 20 | 1 << 19, 7, 500_000_000);
        check(Binary(32), u64::MAX, u32::MAX.into(), 999_999_999);
        check(Binary(63), 3 << 62, 1, 500_000_000);
        check(Binary(64), 1 << 63, 0, 500_000_000);
    }

    #[test]
    fn ticks_survive_the_way_through_nanoseconds() {
        for resolution in [Decimal(0), Decimal(3), Decimal(6), Decimal(9), Binary(10), Binary(29)] {
            let clock = Clock::new(resolution, -5);
            for ticks in [0, 1, 2, 999, 1_234_567_891, 1_385_474_294_492_448] {
                assert_eq!(clock.ticks(clock.time(ticks)), Some(ticks), "{resolution}");
            }
        }
    }

    #[test]
    fn a_unit_too_fine_to_count_is_no_time_at_all() {
        for resolution in [Decimal(39), Decimal(127), Binary(127)] {
            assert_eq!(Clock::new(resolution, 3).time(u64::MAX), Timestamp::new(3, 0), "{resolution}");
        }
    }

    #[test]
    fn the_offset_is_signed_and_saturates() {
        assert_eq!(Clock::new(Decimal(6), -10).time(1_250_000), Timestamp::new(-9, 250_000_000));
        assert_eq!(Clock::new(Decimal(0), i64::MAX).time(u64::MAX), Timestamp::new(i64::MAX, 0));
        assert_eq!(Clock::new(Decimal(0), 10).ticks(Timestamp::new(9, 0)), None);
    }
}
