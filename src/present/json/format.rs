//! How values are written: texts made of what displays itself, and nothing a terminal would obey.

use std::fmt::{self, Display};
use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};

use crate::present::sanitize::is_harmful;
use crate::present::time::Seconds;
use crate::track::Count;

/// A value that is written as the text it displays.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<T>(pub(super) T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Frames, octets on the wire, and octets of payload.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Traffic {
    frames: u64,
    octets: u64,
    payload: u64,
}

impl From<Count> for Traffic {
    fn from(Count { frames, octets, payload }: Count) -> Self {
        Self { frames, octets, payload }
    }
}

/// Octets in hexadecimal.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(2 * octets.len()), |mut text, octet| {
        // Writing to a string cannot fail.
        let _ = fmt::Write::write_fmt(&mut text, format_args!("{octet:02x}"));
        text
    })
}

/// Writes one document and ends its line.
pub(super) fn document(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    write(value, Layout::new(2), out)
}

/// Writes one line of JSON Lines.
pub(super) fn line(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    write(value, Layout::new(0), out)
}

fn write(value: &impl Serialize, layout: Layout, out: &mut impl Write) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, layout)).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// Compact JSON in which the elements of a document's lists stand on lines of their own, and in which characters that
/// steer a terminal or the direction of text are escaped.
struct Layout {
    depth: usize,
    /// The depth at which a list's elements get lines; 0 for none.
    lines_at: usize,
}

impl Layout {
    const fn new(lines_at: usize) -> Self {
        Self { depth: 0, lines_at }
    }

    const fn on_lines(&self) -> bool {
        self.lines_at > 0 && self.depth == self.lines_at
    }
}

impl Formatter for Layout {
    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        CompactFormatter.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        CompactFormatter.end_object(writer)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        CompactFormatter.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        CompactFormatter.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        CompactFormatter.begin_array_value(writer, first)?;
        if self.on_lines() { writer.write_all(b"\n") } else { Ok(()) }
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // Control characters of ASCII but for DEL come as escapes of their own, never in a fragment.
        let plain = fragment.is_ascii() && !fragment.as_bytes().contains(&0x7f);
        if plain || !fragment.chars().any(is_harmful) {
            return writer.write_all(fragment.as_bytes());
        }
        fragment.chars().try_for_each(|character| match is_harmful(character) {
            true => write!(writer, "\\u{:04x}", u32::from(character)),
            false => writer.write_all(character.encode_utf8(&mut [0; 4]).as_bytes()),
        })
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        CompactFormatter.write_char_escape(writer, escape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn list_elements_have_lines() {
        let value = serde_json::json!({"list": [{"inner": [1, 2]}, {"inner": []}]});
        assert_eq!(written(|out| document(&value, out)), "{\"list\":[\n{\"inner\":[1,2]},\n{\"inner\":[]}]}\n");
        assert_eq!(written(|out| line(&value, out)), "{\"list\":[{\"inner\":[1,2]},{\"inner\":[]}]}\n");
    }

    #[test]
    fn harmful_characters_are_escaped_and_come_back() {
        let value = "\x1b[2J \u{202e}한글\u{7f}\u{9b}";
        let text = written(|out| line(&value, out));
        assert_eq!(text, "\"\\u001b[2J \\u202e한글\\u007f\\u009b\"\n");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value);
    }
}
