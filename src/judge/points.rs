//! Points in fixed point: a thousandth is the smallest share, and no float comes near a grade.
//!
//! Written as the shortest decimal (`"12.5"`), in JSON always as a string.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};
use std::str::FromStr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Thousandths in a point.
const SCALE: i64 = 1000;

/// Digits behind the point.
const DIGITS: usize = 3;

/// The largest amount that is read, in points either way: sums of many stay far from overflow.
const MOST: i64 = 1_000_000_000;

/// An amount of points, exact to a thousandth. Arithmetic stops at the ends of the range instead of going round.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Points(i64);

impl Points {
    /// No points.
    pub const ZERO: Self = Self(0);

    /// A whole number of points.
    pub fn whole(points: u32) -> Self {
        Self(i64::from(points) * SCALE)
    }

    /// Thousandths of a point.
    pub const fn thousandths(self) -> i64 {
        self.0
    }

    /// This share of them, to a thousandth, a half rounded up; nothing of nothing.
    pub fn share(self, part: u64, whole: u64) -> Self {
        if whole == 0 {
            return Self::ZERO;
        }
        let product = i128::from(self.0) * i128::from(part);
        Self(i64::try_from(half_up(product, i128::from(whole))).unwrap_or(i64::MAX))
    }

    /// The nearest multiple of a step, a half rounded up; unchanged for a step of nothing.
    pub fn rounded(self, step: Self) -> Self {
        if step.0 <= 0 {
            return self;
        }
        let steps = half_up(i128::from(self.0), i128::from(step.0));
        Self(i64::try_from(steps * i128::from(step.0)).unwrap_or(self.0))
    }

    /// With so many digits behind the point (at most three), a half rounded up: `12.50`.
    pub fn fixed(self, digits: usize) -> String {
        let digits = digits.min(DIGITS);
        let step = SCALE / 10_i64.pow(digits as u32);
        let rounded = self.rounded(Self(step)).0;
        let sign = if rounded < 0 { "-" } else { "" };
        let (whole, rest) = (rounded.unsigned_abs() / SCALE as u64, rounded.unsigned_abs() % SCALE as u64);
        match digits {
            0 => format!("{sign}{whole}"),
            _ => format!("{sign}{whole}.{:0digits$}", rest / step as u64),
        }
    }
}

/// The nearest whole quotient by a positive divisor.
fn half_up(value: i128, divisor: i128) -> i128 {
    (value * 2 + divisor).div_euclid(divisor * 2)
}

/// The shortest decimal that says it exactly.
impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.fixed(DIGITS);
        f.pad(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// A text that is no amount of points.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected points, such as 12 or 12.5, with at most three digits behind the point")]
pub struct NoPoints;

impl FromStr for Points {
    type Err = NoPoints;

    fn from_str(text: &str) -> Result<Self, NoPoints> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        if !are_digits(whole) || !are_digits(rest) || rest.len() > DIGITS {
            return Err(NoPoints);
        }
        let whole: i64 = whole.parse().map_err(|_| NoPoints)?;
        let thousandths: i64 = format!("{rest:0<DIGITS$}").parse().map_err(|_| NoPoints)?;
        let amount = (whole <= MOST).then(|| whole * SCALE + thousandths).ok_or(NoPoints)?;
        Ok(Self(if negative { -amount } else { amount }))
    }
}

impl Add for Points {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Points {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Points {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Points {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::add)
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Decimal)
    }
}

/// Reads a string or a number; a number with a point is taken by its shortest decimal, which is how it was written.
struct Decimal;

impl Visitor<'_> for Decimal {
    type Value = Points;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("points, such as 12 or \"12.5\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Points, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, whole: i64) -> Result<Points, E> {
        self.visit_str(&whole.to_string())
    }

    fn visit_u64<E: Error>(self, whole: u64) -> Result<Points, E> {
        self.visit_str(&whole.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Points, E> {
        self.visit_str(&number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(text: &str) -> Points {
        text.parse().unwrap()
    }

    #[test]
    fn decimals_come_back() {
        for text in ["0", "12", "12.5", "0.001", "-3.25", "1000000000"] {
            assert_eq!(points(text).to_string(), text);
        }
        assert_eq!(points("12.500"), points("12.5"));
        for wrong in ["", "-", ".5", "1.", "1.2345", "1e3", "+1", "１", "1000000001", "99999999999999999999"] {
            assert_eq!(wrong.parse::<Points>(), Err(NoPoints), "{wrong}");
        }
    }

    #[test]
    fn halves_go_up() {
        assert_eq!(points("86.25").rounded(points("0.5")), points("86.5"));
        assert_eq!(points("86.24").rounded(points("0.5")), points("86"));
        assert_eq!(points("-0.25").rounded(points("0.5")), points("0"));
        assert_eq!(points("10").share(1, 3), points("3.333"));
        assert_eq!(points("10").share(2, 3), points("6.667"));
        assert_eq!(points("10").share(1, 0), Points::ZERO);
        assert_eq!(points("7.005").fixed(2), "7.01");
        assert_eq!(points("-7.5").fixed(2), "-7.50");
        assert_eq!(points("99.5").fixed(0), "100");
    }

    #[test]
    fn sums_are_exact_where_floats_are_not() {
        let sum: Points = std::iter::repeat_n(points("0.1"), 10).sum();
        assert_eq!(sum, Points::whole(1));
        assert_eq!(points("1") - points("0.9") + -points("0.1"), Points::ZERO);
    }

    #[test]
    fn json_holds_strings_and_reads_numbers_too() {
        assert_eq!(serde_json::to_string(&points("12.5")).unwrap(), "\"12.5\"");
        for text in ["\"12.5\"", "12.5"] {
            assert_eq!(serde_json::from_str::<Points>(text).unwrap(), points("12.5"));
        }
        assert_eq!(serde_json::from_str::<Points>("12").unwrap(), Points::whole(12));
        assert!(serde_json::from_str::<Points>("0.0001").is_err());
        assert!(serde_json::from_str::<Points>("null").is_err());
    }
}
