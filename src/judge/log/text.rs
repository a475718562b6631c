//! The octets of a log become text.
//!
//! A log that was redirected is UTF-8 from most shells, UTF-16 with a byte order mark from PowerShell 5.1, and CP949 from
//! a Korean `cmd`. A mark decides; without one, NULs tell UTF-16, and what is not UTF-8 must be CP949.

use std::fmt;

use encoding_rs::{EUC_KR, UTF_16BE, UTF_16LE};

use super::Fault;

/// The longest log that is read, in octets.
pub const MAX_OCTETS: u64 = 64 << 20;

/// The most lines that are read.
const MAX_LINES: usize = 1_000_000;

/// Octets at the begin that are searched for NULs.
const SAMPLE: usize = 4096;

/// How a log was encoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8 {
        /// It began with EF BB BF.
        mark: bool,
    },
    /// UTF-16, least significant octet first.
    Utf16Le {
        /// It began with FF FE.
        mark: bool,
    },
    /// UTF-16, most significant octet first.
    Utf16Be {
        /// It began with FE FF.
        mark: bool,
    },
    /// Windows code page 949, a superset of EUC-KR.
    Cp949,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, mark) = match self {
            Self::Utf8 { mark } => ("UTF-8", mark),
            Self::Utf16Le { mark } => ("UTF-16LE", mark),
            Self::Utf16Be { mark } => ("UTF-16BE", mark),
            Self::Cp949 => ("CP949", &false),
        };
        write!(f, "{name}{}", if *mark { " with BOM" } else { "" })
    }
}

/// A log as text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Text {
    /// How it was encoded.
    pub encoding: Encoding,
    /// The text, without its mark.
    pub text: String,
}

impl Text {
    /// Finds the encoding and decodes.
    ///
    /// # Errors
    /// The place of the first octets that no encoding explains; or where the log is too long.
    pub fn decode(octets: &[u8]) -> Result<Self, Fault> {
        if octets.len() as u64 > MAX_OCTETS {
            let text = format!("the log is too long: expected at most {MAX_OCTETS} octets");
            return Err(Fault { line: 1, column: 1, text });
        }
        let (encoding, skipped) = encoding(octets);
        let octets = octets.get(skipped..).unwrap_or_default();
        let text = match encoding {
            Encoding::Utf16Le { .. } => utf16(octets, encoding),
            Encoding::Utf16Be { .. } => utf16(octets, encoding),
            Encoding::Utf8 { .. } => utf8(octets),
            Encoding::Cp949 => cp949(octets),
        }?;
        match text.lines().nth(MAX_LINES) {
            None => Ok(Self { encoding, text }),
            Some(_) => {
                let text = format!("the log is too long: expected at most {MAX_LINES} lines");
                Err(Fault { line: MAX_LINES as u64 + 1, column: 1, text })
            }
        }
    }
}

/// The encoding, and the octets of its mark.
fn encoding(octets: &[u8]) -> (Encoding, usize) {
    match octets {
        [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8 { mark: true }, 3),
        [0xff, 0xfe, ..] => (Encoding::Utf16Le { mark: true }, 2),
        [0xfe, 0xff, ..] => (Encoding::Utf16Be { mark: true }, 2),
        _ => (unmarked(octets), 0),
    }
}

/// In UTF-16 every ASCII character has a NUL for its upper half: a third of all units is enough to believe it.
fn unmarked(octets: &[u8]) -> Encoding {
    let sample = octets.get(..SAMPLE).unwrap_or(octets);
    let units = sample.chunks_exact(2);
    let count = units.len();
    let (even, odd) = units.fold((0, 0), |(even, odd), unit| match unit {
        [0, 0] => (even, odd),
        [0, _] => (even + 1, odd),
        [_, 0] => (even, odd + 1),
        _ => (even, odd),
    });
    if count > 0 && odd * 3 >= count && odd > even {
        Encoding::Utf16Le { mark: false }
    } else if count > 0 && even * 3 >= count {
        Encoding::Utf16Be { mark: false }
    } else if std::str::from_utf8(octets).is_ok() {
        Encoding::Utf8 { mark: false }
    } else {
        Encoding::Cp949
    }
}

fn utf8(octets: &[u8]) -> Result<String, Fault> {
    match std::str::from_utf8(octets) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let (sound, rest) = octets.split_at(error.valid_up_to().min(octets.len()));
            Err(fault(&String::from_utf8_lossy(sound), &format!("{} is not UTF-8, as its mark says it is", shown(rest))))
        }
    }
}

fn utf16(octets: &[u8], encoding: Encoding) -> Result<String, Fault> {
    let big = matches!(encoding, Encoding::Utf16Be { .. });
    let decoder = if big { UTF_16BE } else { UTF_16LE };
    if let Some(text) = decoder.decode_without_bom_handling_and_without_replacement(octets) {
        return Ok(text.into_owned());
    }
    let unit = |pair: &[u8]| match pair {
        [first, second, ..] if big => u16::from_be_bytes([*first, *second]),
        [first, second, ..] => u16::from_le_bytes([*first, *second]),
        _ => 0xd800, // Half a unit is no character.
    };
    let sound: String = char::decode_utf16(octets.chunks(2).map(unit)).map_while(Result::ok).collect();
    Err(fault(&sound, &format!("no character: expected {encoding} from here to the end")))
}

fn cp949(octets: &[u8]) -> Result<String, Fault> {
    if let Some(text) = EUC_KR.decode_without_bom_handling_and_without_replacement(octets) {
        return Ok(text.into_owned());
    }
    let mut decoder = EUC_KR.new_decoder_without_bom_handling();
    let mut sound = String::with_capacity(decoder.max_utf8_buffer_length(octets.len()).unwrap_or_default());
    let (_, read) = decoder.decode_to_string_without_replacement(octets, &mut sound, true);
    let rest = octets.get(read.saturating_sub(1)..).unwrap_or_default();
    Err(fault(&sound, &format!("{} is neither UTF-8 nor CP949: expected one of them, or UTF-16 with a mark", shown(rest))))
}

fn shown(rest: &[u8]) -> String {
    rest.first().map_or_else(|| "the end".to_owned(), |octet| format!("octet 0x{octet:02x}"))
}

/// The place behind the text that could be read.
fn fault(sound: &str, text: &str) -> Fault {
    let line = sound.matches('\n').count() as u64 + 1;
    let column = sound.rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1;
    Fault { line, column, text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "[recv] 127.0.0.1:49740 -> 홍길동\n";

    fn units(text: &str, octets: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(octets).collect()
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let cp949 = EUC_KR.encode(LINE).0.into_owned();
        assert!(std::str::from_utf8(&cp949).is_err());
        let cases = [
            (LINE.as_bytes().to_vec(), "UTF-8"),
            ([b"\xef\xbb\xbf", LINE.as_bytes()].concat(), "UTF-8 with BOM"),
            ([vec![0xff, 0xfe], units(LINE, u16::to_le_bytes)].concat(), "UTF-16LE with BOM"),
            ([vec![0xfe, 0xff], units(LINE, u16::to_be_bytes)].concat(), "UTF-16BE with BOM"),
            (units(LINE, u16::to_le_bytes), "UTF-16LE"),
            (units(LINE, u16::to_be_bytes), "UTF-16BE"),
            (cp949, "CP949"),
        ];
        for (octets, name) in cases {
            let text = Text::decode(&octets).unwrap();
            assert_eq!((text.text.as_str(), text.encoding.to_string().as_str()), (LINE, name));
        }
    }

    #[test]
    fn what_no_encoding_explains_has_a_place() {
        let cases: [(&[u8], u64, u64); 4] = [
            (b"ab\nc\xff\xff", 2, 2),
            (b"\xef\xbb\xbfa\xffb", 1, 2),
            (b"\xff\xfea\0\n\0b\0\0\xd8", 2, 2),
            (b"\xff\xfea\0b", 1, 2),
        ];
        for (octets, line, column) in cases {
            let fault = Text::decode(octets).unwrap_err();
            assert_eq!((fault.line, fault.column), (line, column), "{fault}");
        }
    }

    #[test]
    fn lines_are_bounded() {
        assert!(Text::decode(&b"\n".repeat(MAX_LINES)).is_ok());
        assert_eq!(Text::decode(&b"\n".repeat(MAX_LINES + 1)).unwrap_err().line, MAX_LINES as u64 + 1);
    }

    #[test]
    fn an_empty_log_is_text() {
        assert_eq!(Text::decode(b"").unwrap(), Text { encoding: Encoding::Utf8 { mark: false }, text: String::new() });
    }
}
