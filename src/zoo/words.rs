//! The words of a script's line, each with its place, and what can be wrong with one.

use std::fmt;
use std::str::FromStr;

/// What is wrong in a script, and where.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}, column {column}: expected {expected}, not {found}")]
pub struct Error {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What may stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

/// A word and its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'s> {
    pub(super) text: &'s str,
    pub(super) line: usize,
    pub(super) column: usize,
}

impl<'s> Word<'s> {
    /// This word is not what may stand here.
    pub(super) fn not(&self, expected: impl fmt::Display) -> Error {
        let found = if self.text.is_empty() { "the end of the line".into() } else { format!("\"{}\"", self.text) };
        Error { line: self.line, column: self.column, expected: expected.to_string(), found }
    }

    /// The part from an octet of it on.
    pub(super) fn from(self, at: usize) -> Self {
        let (before, text) = self.text.split_at(at);
        Self { text, column: self.column + before.chars().count(), ..self }
    }

    /// Key and value of `key=value`.
    pub(super) fn key_and_value(self) -> Option<(&'s str, Self)> {
        let at = self.text.find('=')?;
        Some((&self.text[..at], self.from(at + 1)))
    }

    /// The parts between separators.
    pub(super) fn split(self, separator: char) -> impl Iterator<Item = Self> {
        let mut at = 0;
        self.text.split(separator).map(move |text| {
            let part = Self { text, ..self.from(at) };
            at += text.len() + separator.len_utf8();
            part
        })
    }

    /// The number or address it writes.
    pub(super) fn read<T: FromStr>(&self, expected: &str) -> Result<T, Error> {
        self.text.parse().map_err(|_| self.not(expected))
    }

    /// The octets that pairs of hexadecimal digits write.
    pub(super) fn octets(&self) -> Result<Vec<u8>, Error> {
        let wrong = || self.not("pairs of hexadecimal digits");
        if !self.text.len().is_multiple_of(2) || !self.text.is_ascii() {
            return Err(wrong());
        }
        let pairs = (0..self.text.len()).step_by(2).map(|at| &self.text[at..at + 2]);
        pairs.map(|pair| u8::from_str_radix(pair, 16).map_err(|_| wrong())).collect()
    }

    /// Milliseconds with up to three decimals, in microseconds.
    pub(super) fn microseconds(&self) -> Result<i64, Error> {
        let wrong = || self.not("milliseconds, such as 20 or 0.25");
        let (whole, decimals) = self.text.split_once('.').unwrap_or((self.text, ""));
        if decimals.len() > 3 || !decimals.chars().all(|digit| digit.is_ascii_digit()) {
            return Err(wrong());
        }
        let whole: u32 = whole.parse().map_err(|_| wrong())?;
        let decimals: u32 = format!("{decimals:0<3}").parse().map_err(|_| wrong())?;
        Ok(i64::from(whole) * 1000 + i64::from(decimals))
    }
}

/// The words of one line, one after the other; after the last one, empty ones.
#[derive(Clone, Debug)]
pub(super) struct Words<'s> {
    rest: Word<'s>,
}

impl<'s> Words<'s> {
    /// Those of the line with this number.
    pub(super) fn new(line: usize, text: &'s str) -> Self {
        Self { rest: Word { text, line, column: 1 } }
    }

    /// The next word: up to a space, or to the second of two quotation marks; empty before a remark and at the end.
    pub(super) fn next(&mut self) -> Word<'s> {
        let spaces = self.rest.text.len() - self.rest.text.trim_start().len();
        let rest = self.rest.from(spaces);
        let end = match rest.text.chars().next() {
            None | Some('#') => 0,
            Some('"') => rest.text[1..].find('"').map_or(rest.text.len(), |at| at + 2),
            Some(_) => rest.text.find(char::is_whitespace).unwrap_or(rest.text.len()),
        };
        self.rest = rest.from(end);
        Word { text: &rest.text[..end], ..rest }
    }

    /// The next word, if there is one.
    pub(super) fn more(&mut self) -> Option<Word<'s>> {
        Some(self.next()).filter(|word| !word.text.is_empty())
    }

    /// The remark behind the last word.
    pub(super) fn remark(&self) -> &'s str {
        self.rest.text.trim_start().strip_prefix('#').unwrap_or_default().trim()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_columns_and_remarks_end_them() {
        let mut words = Words::new(7, "  > data \"a # b\"  win=5 # 덧붙임 # again");
        let found: Vec<(usize, &str)> = std::iter::from_fn(|| words.more()).map(|word| (word.column, word.text)).collect();
        assert_eq!(found, [(3, ">"), (5, "data"), (10, "\"a # b\""), (19, "win=5")]);
        assert_eq!(words.remark(), "덧붙임 # again");
        assert_eq!(words.next().not("a word").to_string(), "line 7, column 25: expected a word, not the end of the line");
    }

    #[test]
    fn parts_have_columns_too() {
        let word = Word { text: "sack=5-9,가-3", line: 1, column: 4 };
        let (key, value) = word.key_and_value().unwrap();
        let parts: Vec<(usize, &str)> = value.split(',').map(|part| (part.column, part.text)).collect();
        assert_eq!((key, parts), ("sack", vec![(9, "5-9"), (13, "가-3")]));
    }

    #[test]
    fn milliseconds_have_decimals() {
        let read = |text| Word { text, line: 1, column: 1 }.microseconds();
        assert_eq!([read("20"), read("0.25"), read("1.007")], [Ok(20_000), Ok(250), Ok(1007)]);
        for wrong in ["", ".5", "1.2345", "-3", "1e3", "1.x"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
