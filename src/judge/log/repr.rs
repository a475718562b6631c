//! Python's `repr` of octets, read and written: `b'...'`, or `b"it's"` where an apostrophe would end it.
//!
//! What is not printable ASCII stands as `\t`, `\n`, `\r` or `\xNN`, so Hangul in UTF-8 is three `\xNN` each.

use std::fmt::Write;
use std::net::SocketAddr;

/// Why a text is no `repr`: the character, from 0, and what was expected there.
pub(super) type Expected = (usize, &'static str);

/// The text begins as a `repr` of octets does.
pub(super) fn is_repr(text: &str) -> bool {
    matches!(text.as_bytes(), [b'b' | b'B', b'\'' | b'"', ..])
}

/// Reads a `repr` that fills the text.
///
/// # Errors
/// Where it stops being one.
pub(super) fn parse(text: &str) -> Result<Vec<u8>, Expected> {
    let mut characters = text.chars().enumerate().skip(1).peekable();
    let Some((_, quote)) = characters.next() else { return Err((0, "expected b'...'")) };
    let mut octets = Vec::new();
    while let Some((at, character)) = characters.next() {
        match character {
            _ if character == quote => {
                return match characters.find(|(_, rest)| !rest.is_whitespace()) {
                    None => Ok(octets),
                    Some((at, _)) => Err((at, "expected the end of the line behind the closing quote")),
                };
            }
            '\\' => {
                let (_, escape) = characters.next().ok_or((at, "expected a character behind the backslash"))?;
                let mut digit = || characters.next_if(|(_, digit)| digit.is_ascii_hexdigit())?.1.to_digit(16);
                octets.push(match escape {
                    'x' => match (digit(), digit()) {
                        (Some(high), Some(low)) => u8::try_from(high * 16 + low).unwrap_or_default(),
                        _ => return Err((at, "expected two hexadecimal digits behind \\x")),
                    },
                    't' => b'\t',
                    'n' => b'\n',
                    'r' => b'\r',
                    '\\' | '\'' | '"' => escape as u8,
                    _ => return Err((at, "expected \\xNN, \\t, \\n, \\r, \\\\, \\' or \\\"")),
                });
            }
            ' '..='~' => octets.push(character as u8),
            _ => return Err((at, "expected printable ASCII, or \\xNN")),
        }
    }
    Err((text.chars().count(), "expected the closing quote"))
}

/// Octets as Python writes them; always printable ASCII.
pub fn repr(octets: &[u8]) -> String {
    let quote = if octets.contains(&b'\'') && !octets.contains(&b'"') { '"' } else { '\'' };
    let mut text = format!("b{quote}");
    for octet in octets {
        // Writing to a string cannot fail.
        let _ = match octet {
            b'\\' => text.write_str("\\\\"),
            b'\t' => text.write_str("\\t"),
            b'\n' => text.write_str("\\n"),
            b'\r' => text.write_str("\\r"),
            _ if char::from(*octet) == quote => write!(text, "\\{quote}"),
            b' '..=b'~' => text.write_char(char::from(*octet)),
            _ => write!(text, "\\x{octet:02x}"),
        };
    }
    text.push(quote);
    text
}

/// A delivery: frame, sender, octets.
pub type Delivered<'a> = (u64, SocketAddr, &'a [u8]);

/// The line that the lab's program prints for a delivery.
pub fn expected_line((_, peer, octets): &Delivered<'_>) -> String {
    format!("[recv] {peer} ({} bytes) {}", octets.len(), repr(octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_writes_and_we_read() {
        let cases: [(&str, &[u8]); 7] = [
            ("b'client1'", b"client1"),
            ("b''", b""),
            ("b\"it's\"", b"it's"),
            ("b'it\\'s \"it\"'", b"it's \"it\""),
            ("b'\\xed\\x99\\x8d\\xea\\xb8\\xb8\\xeb\\x8f\\x99'", "홍길동".as_bytes()),
            ("b'\\\\ \\n\\t\\r\\x00\\x1b\\x7f\\xff'", b"\\ \n\t\r\0\x1b\x7f\xff"),
            ("b'say \"hi\"'", b"say \"hi\""),
        ];
        for (text, octets) in cases {
            assert_eq!(parse(text), Ok(octets.to_vec()), "{text}");
            assert_eq!(repr(octets), text);
        }
    }

    #[test]
    fn what_is_no_repr_says_where() {
        for (text, at) in [("b'ab", 4), ("b'\\xe'", 2), ("b'a\\q'", 3), ("b'홍'", 2), ("b'a' more", 5), ("b'a\\", 3), ("b", 0)] {
            assert_eq!(parse(text).unwrap_err().0, at, "{text}");
        }
    }

    #[test]
    fn all_octets_come_back() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(parse(&repr(&all)), Ok(all));
    }
}
