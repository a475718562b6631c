//! Text from a capture, made harmless for terminals.
//!
//! A packet, a comment or an interface name can hold anything: an escape sequence that repaints the screen, a
//! right-to-left override that swaps what a reader sees. Such characters are shown as `\x1b` or `\u{202e}`, never sent.

use std::borrow::Cow;
use std::fmt::Write;

/// `text` with control, escape and bidirectional characters spelled out; borrowed where there were none.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    // Most names are of ASCII's letters.
    let is_harmless = text.bytes().all(|octet| matches!(octet, b' '..=b'~')) || !text.chars().any(is_harmful);
    if is_harmless { Cow::Borrowed(text) } else { Cow::Owned(spelled_out(text)) }
}

/// The character steers a terminal or the direction of text instead of being seen.
pub fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn spelled_out(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        push(&mut safe, character);
    }
    safe
}

/// Appends one character, spelled out if it is harmful.
fn push(safe: &mut String, character: char) {
    let number = u32::from(character);
    // Writing to a string cannot fail.
    let _ = match character {
        _ if !is_harmful(character) => return safe.push(character),
        _ if number < 0x100 => write!(safe, "\\x{number:02x}"),
        _ => write!(safe, "\\u{{{number:x}}}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmful_characters_are_spelled_out() {
        let cases = [
            ("\x1b[2J", "\\x1b[2J"),
            ("a\nb\r\t\0", "a\\x0ab\\x0d\\x09\\x00"),
            ("\u{9b}31m", "\\x9b31m"),
            ("\x7f", "\\x7f"),
            ("gnp.\u{202e}exe", "gnp.\\u{202e}exe"),
            ("\u{2066}\u{200f}\u{feff}", "\\u{2066}\\u{200f}\\u{feff}"),
        ];
        for (text, shown) in cases {
            assert_eq!(sanitize(text), shown);
        }
    }

    #[test]
    fn ordinary_text_is_borrowed() {
        for text in ["", "lo", "홍길동 · 컴퓨터공학과", "C:\\Users", "👩‍💻"] {
            assert!(matches!(sanitize(text), Cow::Borrowed(same) if same == text));
        }
    }
}
