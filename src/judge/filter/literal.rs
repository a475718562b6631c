//! What a word or a text in the filter means for a field of some kind.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::field::Kind;
use super::value::{Constant, Value};
use crate::capture::Timestamp;
use crate::decode::link::MacAddress;

/// What is expected of a literal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'z> {
    pub(super) kind: Kind,
    /// Words that stand for numbers.
    pub(super) names: &'static [(u64, &'static str)],
    /// The zone of times that name none.
    pub(super) zone: &'z TimeZone,
}

/// A literal as written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Written<'t> {
    Word(&'t str),
    Quoted(&'t [u8]),
    Char(u8),
}

impl Wanted<'_> {
    /// The constant that was written.
    ///
    /// # Errors
    /// What was expected.
    pub(super) fn read(self, written: Written<'_>) -> Result<Constant, String> {
        let value = match self.kind {
            Kind::Mark => None,
            Kind::Flag => self.flag(written).map(Value::Flag),
            Kind::Number(bits) => return self.number(bits, written).map(Constant::Value),
            Kind::Signed(bits) => self.signed(bits, written).map(Value::Signed),
            Kind::Text => text(written),
            Kind::Octets | Kind::Protocol => octets(written).map(|octets| Value::Octets(Cow::Owned(octets))),
            Kind::Mac => word(written).and_then(mac).map(Value::Mac),
            Kind::Ipv4 => return word(written).and_then(|word| network::<Ipv4Addr>(word, 32)).ok_or_else(|| self.expected()),
            Kind::Ipv6 => return word(written).and_then(|word| network::<Ipv6Addr>(word, 128)).ok_or_else(|| self.expected()),
            Kind::Address => return word(written).and_then(address).ok_or_else(|| self.expected()),
            Kind::Time => self.time(written).map(Value::Time),
            Kind::Duration => word(written).and_then(duration).map(Value::Duration),
        };
        value.map(Constant::Value).ok_or_else(|| self.expected())
    }

    /// What a value of the kind looks like.
    pub(super) fn expected(self) -> String {
        let words = |names: &[(u64, &str)]| names.iter().map(|(_, name)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        match self.kind {
            Kind::Mark => "nothing: it is only there or not".to_owned(),
            Kind::Flag => "1 or 0, True or False".to_owned(),
            Kind::Number(bits) if self.names.is_empty() => format!("a number from 0 to {}", largest(bits)),
            Kind::Number(bits) => format!("a number from 0 to {} or one of {}", largest(bits), words(self.names)),
            Kind::Signed(_) => "a number".to_owned(),
            Kind::Text => "a text in double quotes".to_owned(),
            Kind::Octets | Kind::Protocol => "octets such as 0a:1b, or a text in double quotes".to_owned(),
            Kind::Mac => "a hardware address such as 02:00:5e:10:00:01".to_owned(),
            Kind::Ipv4 => "an IPv4 address such as 127.0.0.1 or 10.0.0.0/8".to_owned(),
            Kind::Ipv6 => "an IPv6 address such as ::1 or fe80::/10".to_owned(),
            Kind::Address => "an IP address such as 127.0.0.1, ::1 or 10.0.0.0/8".to_owned(),
            Kind::Time => "a time such as \"2026-11-20 12:00:00\" or \"Nov 20, 2026 12:00:00\"".to_owned(),
            Kind::Duration => "seconds such as 0.5".to_owned(),
        }
    }

    fn flag(self, written: Written<'_>) -> Option<bool> {
        if let Some(number) = self.named(written) {
            return Some(number != 0);
        }
        match text_of(written)? {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => word(written).and_then(integer).map(|number| number != 0),
        }
    }

    fn number(self, bits: u32, written: Written<'_>) -> Result<Value<'static>, String> {
        if let Written::Char(octet) = written {
            return Ok(Value::Number(octet.into()));
        }
        if let Some(number) = self.named(written) {
            return Ok(Value::Number(number));
        }
        let number = word(written).and_then(integer).ok_or_else(|| self.expected())?;
        let inside = u64::try_from(number).ok().filter(|number| *number <= largest(bits));
        inside.map(Value::Number).ok_or_else(|| self.expected())
    }

    fn signed(self, bits: u32, written: Written<'_>) -> Option<i64> {
        let most = i128::from(largest(bits) >> 1);
        let number = word(written).and_then(integer).filter(|number| (-most - 1..=most).contains(number))?;
        i64::try_from(number).ok()
    }

    /// The number that one of the field's words stands for.
    fn named(self, written: Written<'_>) -> Option<u64> {
        let text = text_of(written)?;
        self.names.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(number, _)| *number)
    }

    /// `Nov 20, 2026 12:00:00.5`, `2026-11-20 12:00:00`, with `T` between, with a zone or without.
    fn time(self, written: Written<'_>) -> Option<Timestamp> {
        let text = text_of(written)?.trim();
        let stamp = |time: jiff::Timestamp| {
            let nanosecond = time.as_nanosecond();
            let seconds = i64::try_from(nanosecond.div_euclid(1_000_000_000)).ok()?;
            Some(Timestamp::new(seconds, u32::try_from(nanosecond.rem_euclid(1_000_000_000)).ok()?))
        };
        if let Ok(time) = text.parse::<jiff::Timestamp>() {
            return stamp(time);
        }
        let (text, zone) = match text.strip_suffix(" UTC").or_else(|| text.strip_suffix('Z')) {
            Some(text) => (text, &TimeZone::UTC),
            None => (text, self.zone),
        };
        let formats =
            ["%b %d, %Y %H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
        let civil = formats.into_iter().find_map(|format| DateTime::strptime(format, text).ok());
        let date = || jiff::civil::Date::strptime("%Y-%m-%d", text).ok().map(|date| date.at(0, 0, 0, 0));
        stamp(zone.to_timestamp(civil.or_else(date)?).ok()?)
    }
}

/// The largest number of so many bits.
fn largest(bits: u32) -> u64 {
    u64::MAX >> 64_u32.saturating_sub(bits).min(63)
}

fn word(written: Written<'_>) -> Option<&str> {
    match written {
        Written::Word(word) => Some(word),
        Written::Quoted(_) | Written::Char(_) => None,
    }
}

fn text_of(written: Written<'_>) -> Option<&str> {
    match written {
        Written::Word(word) => Some(word),
        Written::Quoted(octets) => std::str::from_utf8(octets).ok(),
        Written::Char(_) => None,
    }
}

/// Decimal, `0x` hexadecimal, `0b` binary, or octal after a leading zero.
fn integer(word: &str) -> Option<i128> {
    let (sign, digits) = word.strip_prefix('-').map_or((1, word), |digits| (-1, digits));
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    if !digits.starts_with(|first: char| first.is_digit(radix)) {
        return None;
    }
    i128::from_str_radix(digits, radix).ok().filter(|number| *number < 1 << 64).map(|number| sign * number)
}

/// Decimal seconds.
fn duration(word: &str) -> Option<SignedDuration> {
    let (negative, digits) = word.strip_prefix('-').map_or((false, word), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    if !plain(whole) || !plain(fraction) || fraction.len() > 9 {
        return None;
    }
    let duration = SignedDuration::new(whole.parse().ok()?, format!("{fraction:0<9}").parse().ok()?);
    if negative { duration.checked_neg() } else { Some(duration) }
}

/// Text, quoted or not; octets that are no UTF-8 cannot be in a field of text.
fn text(written: Written<'_>) -> Option<Value<'static>> {
    Some(match written {
        Written::Char(octet) => Value::Octets(Cow::Owned(vec![octet])),
        Written::Quoted(octets) => Value::Octets(Cow::Owned(octets.to_vec())),
        Written::Word(word) => Value::Text(Cow::Owned(word.to_owned())),
    })
}

/// A text's octets; without quotes hexadecimal ones, with or without `:`, `-` or `.` between, or else the word itself.
fn octets(written: Written<'_>) -> Option<Vec<u8>> {
    match written {
        Written::Char(octet) => Some(vec![octet]),
        Written::Quoted(octets) => Some(octets.to_vec()),
        Written::Word(word) if word.starts_with("0x") => hexadecimal(word),
        Written::Word(word) => hexadecimal(word).or_else(|| Some(word.as_bytes().to_vec())),
    }
}

fn hexadecimal(word: &str) -> Option<Vec<u8>> {
    let pair = |pair: &str| u8::from_str_radix(pair, 16).ok().filter(|_| pair.bytes().all(|digit| digit.is_ascii_hexdigit()));
    if let Some(digits) = word.strip_prefix("0x") {
        return (digits.len() <= 2).then(|| pair(digits).map(|octet| vec![octet]))?;
    }
    if let Some(separator) = word.chars().find(|char| matches!(char, ':' | '-' | '.')) {
        let part = |part: &str| if part.is_empty() || part.len() > 2 { None } else { pair(part) };
        let word = word.strip_suffix(separator).unwrap_or(word);
        return word.split(separator).map(part).collect();
    }
    if !word.is_ascii() {
        return None;
    }
    // Of an odd number of digits the last one is an octet, as in Wireshark.
    word.as_bytes().chunks(2).map(|digits| pair(std::str::from_utf8(digits).ok()?)).collect()
}

/// `02:00:5e:10:00:01`, with dashes, or as `0200.5e10.0001`.
fn mac(word: &str) -> Option<MacAddress> {
    let octets = match word.split('.').collect::<Vec<_>>().as_slice() {
        parts @ [_, _, _] if parts.iter().all(|part| part.len() == 4) => hexadecimal(&parts.concat()),
        _ => hexadecimal(word),
    }?;
    Some(MacAddress(octets.try_into().ok()?))
}

/// An address of either version, with the length of its prefix or without.
fn address(word: &str) -> Option<Constant> {
    network::<Ipv4Addr>(word, 32).or_else(|| network::<Ipv6Addr>(word, 128))
}

fn network<A: std::str::FromStr + Into<IpAddr>>(word: &str, most: u8) -> Option<Constant> {
    let (address, bits) = match word.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u8>().ok().filter(|bits| *bits <= most)?)),
        None => (word, None),
    };
    let address: IpAddr = address.parse::<A>().ok()?.into();
    Some(match bits {
        Some(bits) => Constant::Network(address, bits),
        None => Constant::Value(Value::Address(address)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, word: &str) -> Option<Constant> {
        Wanted { kind, names: &[(1, "Good")], zone: &TimeZone::UTC }.read(Written::Word(word)).ok()
    }

    fn number(number: u64) -> Option<Constant> {
        Some(Constant::Value(Value::Number(number)))
    }

    #[test]
    fn numbers_in_four_bases() {
        for word in ["37", "0x25", "045", "0b100101"] {
            assert_eq!(read(Kind::Number(16), word), number(37), "{word}");
        }
        assert_eq!(read(Kind::Number(16), "good"), number(1));
        assert_eq!(read(Kind::Number(64), "18446744073709551615"), number(u64::MAX));
        for word in ["65536", "-1", "abc", "1.0", "", "0x", "--1", "+1", "09"] {
            assert_eq!(read(Kind::Number(16), word), None, "{word}");
        }
        assert_eq!(read(Kind::Signed(32), "-2"), Some(Constant::Value(Value::Signed(-2))));
    }

    #[test]
    fn octets_in_every_writing() {
        let octets = |octets: &[u8]| Some(Constant::Value(Value::Octets(Cow::Owned(octets.to_vec()))));
        for word in ["13:89", "13-89", "1389", "13.89"] {
            assert_eq!(read(Kind::Octets, word), octets(&[0x13, 0x89]), "{word}");
        }
        assert_eq!(read(Kind::Octets, "0x13"), octets(&[0x13]));
        assert_eq!(read(Kind::Octets, "127"), octets(&[0x12, 7]));
        for word in ["xyz", "홍길"] {
            assert_eq!(read(Kind::Octets, word), octets(word.as_bytes()), "{word}");
        }
        assert_eq!(read(Kind::Octets, "0x1389"), None);
        for word in ["02:00:5e:10:00:01", "02-00-5e-10-00-01", "0200.5e10.0001", "02005e100001"] {
            assert!(read(Kind::Mac, word).is_some(), "{word}");
        }
        assert!(read(Kind::Mac, "02:00").is_none());
    }

    #[test]
    fn times_in_every_writing() {
        let noon = Some(Constant::Value(Value::Time(Timestamp::new(1_795_176_000, 0))));
        for word in [
            "Nov 20, 2026 12:00:00",
            "Nov 20, 2026 12:00:00.000000000 UTC",
            "2026-11-20 12:00:00",
            "2026-11-20T12:00:00Z",
            "2026-11-20T21:00:00+09:00",
            "2026-11-20 12:00",
        ] {
            assert_eq!(read(Kind::Time, word), noon, "{word}");
        }
        assert!(read(Kind::Time, "2026-11-20").is_some() && read(Kind::Time, "noon").is_none());
        assert_eq!(read(Kind::Duration, "-0.5"), Some(Constant::Value(Value::Duration(SignedDuration::from_millis(-500)))));
        assert!(read(Kind::Duration, "1e3").is_none() && read(Kind::Duration, ".5").is_none());
    }

    #[test]
    fn addresses_with_their_prefix() {
        assert!(read(Kind::Ipv4, "10.0.0.0/8").is_some() && read(Kind::Ipv4, "10.0.0.0/33").is_none());
        assert!(read(Kind::Ipv6, "fe80::/10").is_some() && read(Kind::Ipv6, "10.0.0.1").is_none());
        assert!(read(Kind::Address, "10.0.0.1").is_some() && read(Kind::Address, "::1").is_some());
    }
}
