//! What stands in brackets: which octets of a value, or which layers of a packet.
//!
//! `[2]` one, `[0:4]` four from the first, `[0-3]` the first to the fourth, `[:2]` the first two, `[2:]` from the third
//! on. A negative number counts from the end.

/// One range.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Span {
    first: i64,
    until: Until,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Until {
    /// So many.
    Length(i64),
    /// This one included.
    Last(i64),
    /// The end.
    End,
}

/// The ranges of one pair of brackets, in order.
pub(super) type Ranges = Vec<Span>;

/// Ranges in one pair of brackets.
const MAX_RANGES: usize = 64;

impl Span {
    /// A single place.
    pub(super) const fn one(first: i64) -> Self {
        Self { first, until: Until::Length(1) }
    }

    /// The range of a sequence of this length; `None` if it is not all inside.
    pub(super) fn within(self, len: usize) -> Option<std::ops::Range<usize>> {
        let len = i64::try_from(len).ok()?;
        let place = |number: i64| if number < 0 { len.saturating_add(number) } else { number };
        let first = place(self.first);
        let end = match self.until {
            Until::Length(count) => first.saturating_add(count),
            Until::Last(last) => place(last).saturating_add(1),
            Until::End => len,
        };
        let inside = first >= 0 && first < end && end <= len;
        inside.then(|| Some(usize::try_from(first).ok()?..usize::try_from(end).ok()?))?
    }
}

impl Span {
    /// The range of layers, which count from one, as numbers from one.
    pub(super) fn of_layers(self, layers: usize) -> Option<std::ops::Range<usize>> {
        let down = |number: i64| if number > 0 { number.saturating_sub(1) } else { number };
        let until = match self.until {
            Until::Last(last) => Until::Last(down(last)),
            until => until,
        };
        let range = Self { first: down(self.first), until }.within(layers)?;
        Some(range.start.saturating_add(1)..range.end.saturating_add(1))
    }
}

/// Reads what stands between brackets.
///
/// # Errors
/// What was expected.
pub(super) fn read(text: &str) -> Result<Ranges, String> {
    let ranges: Ranges = text.split(',').take(MAX_RANGES + 1).map(|part| span(part.trim())).collect::<Result<_, _>>()?;
    if ranges.len() > MAX_RANGES {
        return Err(format!("expected at most {MAX_RANGES} ranges"));
    }
    Ok(ranges)
}

fn span(text: &str) -> Result<Span, String> {
    let expected = || format!("{text}: expected a place [2], a start and a length [0:4], first and last [0-3], [:2] or [2:]");
    let number = |text: &str| text.trim().parse::<i64>().ok().filter(|number| number.unsigned_abs() < 1 << 31);
    if let Some((first, length)) = text.split_once(':') {
        let start = if first.trim().is_empty() { Some(0) } else { number(first) };
        let until = if length.trim().is_empty() { Some(Until::End) } else { number(length).map(Until::Length) };
        return match (start, until) {
            (Some(_), Some(Until::Length(..=0))) => Err(format!("{text}: expected a length of one or more")),
            (Some(first), Some(until)) => Ok(Span { first, until }),
            _ => Err(expected()),
        };
    }
    if let Some(number) = number(text) {
        return Ok(Span::one(number));
    }
    // A dash after the first character is the one between two numbers.
    let dash = text.char_indices().skip(1).find(|(_, char)| *char == '-').map(|(at, _)| at).ok_or_else(expected)?;
    let (first, last) = (text.get(..dash).unwrap_or_default(), text.get(dash + 1..).unwrap_or_default());
    match (number(first), last.trim()) {
        (Some(first), "") => Ok(Span { first, until: Until::End }),
        (Some(first), last) => match number(last).ok_or_else(expected)? {
            last if (first < 0) == (last < 0) && last < first => Err(format!("{text}: expected the last not before the first")),
            last => Ok(Span { first, until: Until::Last(last) }),
        },
        _ => Err(expected()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, octets: &str, expected: Option<&str>) {
        let parts: Option<Vec<&str>> = read(text).unwrap().iter().map(|span| Some(&octets[span.within(octets.len())?])).collect();
        assert_eq!(parts.map(|parts| parts.concat()).as_deref(), expected, "{text}");
    }

    #[test]
    fn every_form() {
        for (text, expected) in [
            ("0", "a"),
            ("-1", "f"),
            ("0:2", "ab"),
            ("0-2", "abc"),
            (":2", "ab"),
            ("2:", "cdef"),
            ("-2:", "ef"),
            ("-2:2", "ef"),
            ("-3--2", "de"),
            ("0,2:2,-1", "acdf"),
            ("1-", "bcdef"),
        ] {
            check(text, "abcdef", Some(expected));
        }
    }

    #[test]
    fn what_is_not_all_inside_is_nothing() {
        for text in ["6", "4:3", "-7", "2-6", "6:"] {
            check(text, "abcdef", None);
        }
    }

    #[test]
    fn what_is_no_range_is_told() {
        for text in ["", "a", "0:0", "0:-1", "3-1", "1:x", "99999999999", "-", "1--"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
