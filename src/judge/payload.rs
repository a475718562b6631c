//! A payload as text, in whatever encoding it is.

use encoding_rs::{EUC_KR, UTF_16BE, UTF_16LE};
use unicode_normalization::UnicodeNormalization;

/// How a payload was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Writing {
    Utf8,
    /// UTF-8, but as the text of Python's `repr`.
    Repr,
    /// Another encoding of Hangul, of this name.
    Other(&'static str),
}

/// What a payload says, however it was written; a cut one may end inside a character.
pub(super) fn text_of(octets: &[u8], cut: bool) -> String {
    decoded(octets, cut).1
}

/// The same, and how it was written.
pub(super) fn decoded(octets: &[u8], cut: bool) -> (Writing, String) {
    match whole_utf8(octets, cut) {
        Some(text) => match unquoted(text) {
            Some(inner) => (Writing::Repr, inner),
            None => (Writing::Utf8, text.to_owned()),
        },
        None => other_encoding(octets),
    }
}

/// The text, if it is UTF-8; a cut datagram may end inside a character.
fn whole_utf8(octets: &[u8], cut: bool) -> Option<&str> {
    match std::str::from_utf8(octets) {
        Ok(text) => Some(text),
        Err(error) if cut && error.error_len().is_none() => std::str::from_utf8(octets.get(..error.valid_up_to())?).ok(),
        Err(_) => None,
    }
}

/// UTF-16 tells of itself; everything else that is no UTF-8 is read as Korean Windows writes.
fn other_encoding(octets: &[u8]) -> (Writing, String) {
    let (encoding, name) = match octets {
        [0xff, 0xfe, ..] => (UTF_16LE, "UTF-16"),
        [0xfe, 0xff, ..] => (UTF_16BE, "UTF-16"),
        _ => (EUC_KR, "EUC-KR"),
    };
    let (text, _) = encoding.decode_with_bom_removal(octets);
    (Writing::Other(name), text.into_owned())
}

/// What stands in a text such as `b'\xed\x99\x8d'`, or `\xed\x99\x8d` alone, which `str()` makes of bytes.
fn unquoted(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let inner = ["'", "\""].iter().find_map(|quote| trimmed.strip_prefix('b')?.strip_prefix(quote)?.strip_suffix(quote));
    if inner.is_none() && !trimmed.contains("\\x") {
        return None;
    }
    let octets = unescaped(inner.unwrap_or(trimmed));
    String::from_utf8(octets).ok()
}

/// Python's `\xNN` as octets; all else stays.
fn unescaped(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escaped =
            rest.strip_prefix(b"\\x").and_then(|digits| digits.get(..2)).and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(octet) => {
                octets.push(octet);
                rest = rest.get(4..).unwrap_or_default();
            }
            None => {
                octets.push(*first);
                rest = behind;
            }
        }
    }
    octets
}

/// Composed, without spaces, in lower case: what typing habits do not change.
pub(super) fn plain(text: &str) -> String {
    text.nfc().filter(|character| !character.is_whitespace()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_bytes_is_read_again() {
        assert_eq!(unquoted("b'\\xed\\x99\\x8d'").as_deref(), Some("홍"));
        assert_eq!(unquoted("\\xed\\x99\\x8d 2023").as_deref(), Some("홍 2023"));
        assert_eq!(unquoted("b'client1'").as_deref(), Some("client1"));
        for text in ["홍길동", "b", "'a'", "\\xff"] {
            assert_eq!(unquoted(text), None, "{text}");
        }
    }

    #[test]
    fn habits_of_typing_do_not_matter() {
        let decomposed: String = "컴퓨터 공학과".nfd().collect();
        assert_eq!(plain(&decomposed), "컴퓨터공학과");
        assert_eq!(plain(" AI Dept "), "aidept");
    }
}
