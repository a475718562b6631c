//! A table goes back to the platform in the encoding in which it came.

use encoding_rs::EUC_KR;

use crate::judge::log::Encoding;

/// The text in an encoding, with its mark; in CP949 what it cannot say becomes `?`.
pub(super) fn encoded(text: &str, encoding: Encoding) -> Vec<u8> {
    let units = |mark: bool, octets: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        mark.into_iter().chain(text.encode_utf16()).flat_map(octets).collect()
    };
    match encoding {
        Encoding::Utf8 { mark: true } => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        Encoding::Utf8 { mark: false } => text.as_bytes().to_vec(),
        Encoding::Utf16Le { mark } => units(mark, u16::to_le_bytes),
        Encoding::Utf16Be { mark } => units(mark, u16::to_be_bytes),
        Encoding::Cp949 => text.chars().flat_map(cp949).collect(),
    }
}

fn cp949(character: char) -> Vec<u8> {
    let text = character.to_string();
    match EUC_KR.encode(&text) {
        (octets, _, false) => octets.into_owned(),
        (_, _, true) => vec![b'?'],
    }
}
