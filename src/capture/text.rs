//! Text in capture files, which ought to be UTF-8 and sometimes is not.
//!
//! Korean Windows programs write CP949, so that is tried next. What is neither is kept readable: each octet that fits
//! nowhere becomes `\xNN`. Control characters stay as they are; whoever shows the text makes them harmless.

use std::borrow::Cow;
use std::fmt::Write as _;

use encoding_rs::EUC_KR;

/// The text in `octets`, up to the first NUL.
pub(super) fn decode(octets: &[u8]) -> Cow<'_, str> {
    let octets = octets.split(|octet| *octet == 0).next().unwrap_or_default();
    if let Ok(text) = std::str::from_utf8(octets) {
        return Cow::Borrowed(text);
    }
    // The WHATWG's EUC-KR is CP949: it has all 11,172 syllables.
    match EUC_KR.decode_without_bom_handling_and_without_replacement(octets) {
        Some(text) => text,
        None => Cow::Owned(escaped(octets)),
    }
}

fn escaped(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    for chunk in octets.utf8_chunks() {
        text.push_str(chunk.valid());
        for octet in chunk.invalid() {
            // Writing to a String cannot fail.
            _ = write!(text, "\\x{octet:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_then_cp949_then_escapes() {
        let check = |octets: &[u8], expected: &str| assert_eq!(decode(octets), expected);
        check(b"lo", "lo");
        check("홍길동".as_bytes(), "홍길동");
        check(b"\xc8\xab\xb1\xe6\xb5\xbf", "홍길동");
        check(b"\x94\xee", "뷁"); // In CP949, not in EUC-KR proper.
        check(b"caf\xe9 au lait", "caf\\xe9 au lait");
        check(b"eth0\0\0\0", "eth0");
        check(b"", "");
    }
}
