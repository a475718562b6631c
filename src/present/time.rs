//! Times as tshark's `-t` prints them, in a time zone of choice, and durations for people.
//!
//! A time has as many digits as the interface's clock resolves, as in tshark. Times that no calendar holds (a pcapng
//! clock has 64 bits of any unit) are printed as seconds since the epoch.

use std::fmt::{self, Write};
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use crate::capture::{Frame, Resolution, Timestamp};

/// What a time is counted from, and how it is written: the values of tshark's `-t`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TimeFormat {
    /// `r`: seconds since the first frame.
    #[default]
    Relative,
    /// `a`: time of day.
    Absolute,
    /// `ad`: date and time of day.
    AbsoluteDate,
    /// `d`: seconds since the frame before.
    Delta,
    /// `dd`: seconds since the frame shown before.
    DeltaShown,
    /// `e`: seconds since 1970-01-01 00:00 UTC.
    Epoch,
    /// `u`: time of day in UTC.
    Utc,
    /// `ud`: date and time of day in UTC.
    UtcDate,
}

impl TimeFormat {
    /// All formats with their letters, in tshark's order.
    pub const ALL: [(&'static str, Self); 8] = [
        ("r", Self::Relative),
        ("a", Self::Absolute),
        ("ad", Self::AbsoluteDate),
        ("d", Self::Delta),
        ("dd", Self::DeltaShown),
        ("e", Self::Epoch),
        ("u", Self::Utc),
        ("ud", Self::UtcDate),
    ];
}

/// The letters are not those of a time format.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected one of r, a, ad, d, dd, e, u, ud")]
pub struct UnknownTimeFormat;

impl FromStr for TimeFormat {
    type Err = UnknownTimeFormat;

    fn from_str(letters: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().find(|(known, _)| *known == letters).map(|(_, format)| *format).ok_or(UnknownTimeFormat)
    }
}

/// Writes the times of frames, one after the other.
#[derive(Clone, Debug)]
pub struct Dial {
    format: TimeFormat,
    zone: TimeZone,
    first: Option<Timestamp>,
    previous: Option<Timestamp>,
}

impl Dial {
    /// A dial that has seen no frame yet. `zone` counts for `a` and `ad` only.
    pub fn new(format: TimeFormat, zone: TimeZone) -> Self {
        Self { format, zone, first: None, previous: None }
    }

    /// The format it writes.
    pub fn format(&self) -> TimeFormat {
        self.format
    }

    /// Counts relative times from here instead of from the first time written.
    pub fn start_at(&mut self, first: Option<Timestamp>) {
        self.first = first;
    }

    /// Appends the time of the next frame with so many digits after the point; nothing for a frame without time.
    pub fn write(&mut self, time: Option<Timestamp>, digits: usize, out: &mut String) {
        let Some(time) = time else { return };
        let first = *self.first.get_or_insert(time);
        let previous = self.previous.replace(time).unwrap_or(time);
        // Writing to a string cannot fail.
        let _ = match self.format {
            TimeFormat::Relative => write!(out, "{:.digits$}", Seconds(time.since(first))),
            TimeFormat::Delta | TimeFormat::DeltaShown => write!(out, "{:.digits$}", Seconds(time.since(previous))),
            TimeFormat::Epoch => write!(out, "{}", Cut(time, digits)),
            TimeFormat::Absolute | TimeFormat::Utc => write!(out, "{}", self.clock(time, digits, TIME_OF_DAY)),
            TimeFormat::AbsoluteDate | TimeFormat::UtcDate => write!(out, "{}", self.clock(time, digits, DATE)),
        };
    }

    /// Passes over the next frame, which is not shown.
    pub fn pass(&mut self, time: Option<Timestamp>) {
        self.first = self.first.or(time);
        if self.format != TimeFormat::DeltaShown {
            self.previous = time.or(self.previous);
        }
    }

    /// The time of the next frame as a text of its own.
    pub fn text(&mut self, time: Option<Timestamp>, digits: usize) -> String {
        let mut text = String::new();
        self.write(time, digits, &mut text);
        text
    }

    /// Date, time and offset of the zone, such as `2025-11-20 09:31:12.345 +09:00`.
    pub fn date(&self, time: Timestamp, digits: usize) -> String {
        let Ok(instant) = jiff::Timestamp::new(time.seconds(), 0) else { return Cut(time, digits).to_string() };
        let zoned = instant.to_zoned(self.zone.clone());
        format!("{}{} {}", zoned.strftime(DATE), Fraction(time.nanoseconds(), digits), zoned.strftime("%:z"))
    }

    fn clock(&self, time: Timestamp, digits: usize, pattern: &str) -> String {
        let zone = match self.format {
            TimeFormat::Utc | TimeFormat::UtcDate => &TimeZone::UTC,
            _ => &self.zone,
        };
        let Ok(instant) = jiff::Timestamp::new(time.seconds(), 0) else { return Cut(time, digits).to_string() };
        format!("{}{}", zone.to_datetime(instant).strftime(pattern), Fraction(time.nanoseconds(), digits))
    }
}

const DATE: &str = "%Y-%m-%d %H:%M:%S";
const TIME_OF_DAY: &str = "%H:%M:%S";

/// Digits after the point that a clock of this resolution is worth: as tshark, in steps of three beyond two.
pub fn digits(resolution: Resolution) -> usize {
    match resolution {
        Resolution::Decimal(n @ 0..=3) => usize::from(n),
        Resolution::Decimal(4..=6) => 6,
        Resolution::Decimal(_) | Resolution::Binary(_) => 9,
    }
}

/// Digits that the clock of a frame's interface is worth, told from the frame alone: the interface may be described
/// where a reader of frames cannot look while it holds one. Nine where the ticks are no power of ten.
pub fn digits_of(frame: &Frame<'_>) -> usize {
    let Some(time) = frame.timestamp else { return 6 };
    let ticks = |digits: usize| {
        let second = 10_i128.pow(digits as u32);
        i128::from(time.seconds()) * second + i128::from(time.nanoseconds()) * second / 1_000_000_000
    };
    [6, 9, 3, 0, 1, 2].into_iter().find(|digits| ticks(*digits) == i128::from(frame.ticks)).unwrap_or(9)
}

/// `.492448`: the part of a second, cut to so many digits.
struct Fraction(u32, usize);

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(nanoseconds, digits @ 1..=9) = *self else { return Ok(()) };
        let unit = 10_u32.pow(9 - digits as u32);
        write!(f, ".{:0digits$}", nanoseconds / unit)
    }
}

/// A time in seconds since the epoch, cut to so many digits.
struct Cut(Timestamp, usize);

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let point = text.len().saturating_sub(10);
        let end = if self.1 == 0 { point } else { point + 1 + self.1.min(9) };
        f.write_str(text.get(..end).unwrap_or(&text))
    }
}

/// A duration in decimal seconds: nine digits, or as many as the format's precision says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seconds(pub SignedDuration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0.is_negative() { "-" } else { "" };
        write!(
            f,
            "{sign}{}{}",
            self.0.as_secs().unsigned_abs(),
            Fraction(self.0.subsec_nanos().unsigned_abs(), f.precision().unwrap_or(9))
        )
    }
}

/// A duration for people: three digits and the unit that suits it, as in `41.3 µs`, `2.05 ms`, `1.50 s`, `2 min 3 s`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span(pub SignedDuration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, seconds) = (if self.0.is_negative() { "-" } else { "" }, self.0.as_secs().unsigned_abs());
        match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
            (0, 0, _) => short(f, sign, seconds * 1_000_000_000 + u64::from(self.0.subsec_nanos().unsigned_abs())),
            (0, minutes, rest) => write!(f, "{sign}{minutes} min {rest} s"),
            (hours @ ..=24, minutes, _) => write!(f, "{sign}{hours} h {minutes} min"),
            (hours, ..) => write!(f, "{sign}{} d {} h", hours / 24, hours % 24),
        }
    }
}

/// Nanoseconds below a minute with three significant digits.
fn short(f: &mut fmt::Formatter<'_>, sign: &str, nanoseconds: u64) -> fmt::Result {
    let (per_unit, unit) = match nanoseconds {
        0 | 999_500_000.. => (1_000_000_000, "s"),
        999_500.. => (1_000_000, "ms"),
        1000.. => (1000, "µs"),
        _ => return write!(f, "{sign}{nanoseconds} ns"),
    };
    let rounded = |parts: u64| (nanoseconds * parts + per_unit / 2) / per_unit;
    match nanoseconds {
        0 => write!(f, "0 {unit}"),
        _ if rounded(100) < 1000 => write!(f, "{sign}{}.{:02} {unit}", rounded(100) / 100, rounded(100) % 100),
        _ if rounded(10) < 1000 => write!(f, "{sign}{}.{} {unit}", rounded(10) / 10, rounded(10) % 10),
        _ => write!(f, "{sign}{} {unit}", rounded(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(letters: &str, digits: usize) -> Vec<String> {
        let times = [(1_385_474_294, 492_448_000), (1_385_474_294, 492_449_000), (1_385_474_300, 2_448_000), (1_385_474_299, 0)];
        let mut dial = Dial::new(letters.parse().unwrap(), TimeZone::fixed(jiff::tz::offset(9)));
        times.iter().map(|(s, n)| dial.text(Some(Timestamp::new(*s, *n)), digits)).collect()
    }

    #[test]
    fn every_format_as_tshark_prints_it() {
        assert_eq!(lines("r", 6), ["0.000000", "0.000001", "5.510000", "4.507552"]);
        assert_eq!(lines("d", 6), ["0.000000", "0.000001", "5.509999", "-1.002448"]);
        assert_eq!(lines("dd", 3), ["0.000", "0.000", "5.509", "-1.002"]);
        assert_eq!(lines("e", 9)[0], "1385474294.492448000");
        assert_eq!(lines("e", 0)[0], "1385474294");
        assert_eq!(lines("a", 6)[0], "22:58:14.492448");
        assert_eq!(lines("ad", 6)[0], "2013-11-26 22:58:14.492448");
        assert_eq!(lines("u", 6)[0], "13:58:14.492448");
        assert_eq!(lines("ud", 0)[0], "2013-11-26 13:58:14");
        assert!("x".parse::<TimeFormat>().is_err());
    }

    #[test]
    fn a_date_carries_its_offset() {
        let dial = Dial::new(TimeFormat::Relative, TimeZone::fixed(jiff::tz::offset(9)));
        assert_eq!(dial.date(Timestamp::new(1_385_474_294, 492_448_000), 3), "2013-11-26 22:58:14.492 +09:00");
    }

    #[test]
    fn times_beyond_the_calendar_are_seconds() {
        let far = Timestamp::new(i64::MAX / 2, 5);
        let mut dial = Dial::new(TimeFormat::AbsoluteDate, TimeZone::UTC);
        assert_eq!(dial.text(Some(far), 9), far.to_string());
        assert_eq!(dial.text(None, 9), "");
    }

    #[test]
    fn clocks_have_the_digits_they_resolve() {
        let cases =
            [(Resolution::Decimal(6), 6), (Resolution::Decimal(9), 9), (Resolution::Decimal(0), 0), (Resolution::Binary(20), 9)];
        for (resolution, expected) in cases {
            assert_eq!(digits(resolution), expected);
        }
    }

    #[test]
    fn durations_for_people() {
        let cases = [
            (0, "0 s"),
            (41, "41 ns"),
            (999, "999 ns"),
            (1000, "1.00 µs"),
            (9_994, "9.99 µs"),
            (9_995, "10.0 µs"),
            (41_300, "41.3 µs"),
            (99_949, "99.9 µs"),
            (99_950, "100 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (-2_005_000, "-2.01 ms"),
            (2_050_000, "2.05 ms"),
            (999_600_000, "1.00 s"),
            (1_500_000_000, "1.50 s"),
            (-1_500_000_000, "-1.50 s"),
            (59_999_999_999, "60.0 s"),
            (123_000_000_000, "2 min 3 s"),
            (-123_000_000_000, "-2 min 3 s"),
            (3_723_000_000_000, "1 h 2 min"),
            (90_000_000_000_000, "1 d 1 h"),
        ];
        for (nanoseconds, expected) in cases {
            assert_eq!(Span(SignedDuration::from_nanos(nanoseconds)).to_string(), expected);
        }
        assert_eq!(Seconds(SignedDuration::from_nanos(-1_500_000_000)).to_string(), "-1.500000000");
    }
}
