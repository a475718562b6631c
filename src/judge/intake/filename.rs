//! Names of files, which come in several encodings and with endings that browsers and platforms added.

use std::fmt;

use encoding_rs::EUC_KR;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Code page 437 from 0x80 on: what a zip's name is in if nothing else is said.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// What was done to a name; never a fault.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Repair {
    /// It was in CP949, as Korean Windows packs.
    Cp949,
    /// It was in code page 437.
    Cp437,
    /// Hangul in parts was put together, as macOS takes it apart.
    Nfd,
    /// The same ending twice: `.pcapng.pcapng`.
    Doubled,
    /// An ending behind the ending: `.pcapng.txt`.
    Appended,
    /// The number of a copy: ` (1)`, `-1`.
    Copy,
    /// More than the student's number: `20231234_홍길동`.
    Suffix,
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cp949 => "cp949 name",
            Self::Cp437 => "cp437 name",
            Self::Nfd => "NFD",
            Self::Doubled => "ending twice",
            Self::Appended => "ending behind the ending",
            Self::Copy => "number of a copy",
            Self::Suffix => "more than the id",
        })
    }
}

/// What a file is, by its name.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// A capture, perhaps of a format that is not read.
    Capture,
    /// A text that a program may have printed.
    Log,
    /// A picture.
    Screenshot,
    /// Anything else.
    Other,
}

/// Endings of captures, the wanted one first.
const CAPTURES: [&str; 8] = ["pcapng", "pcap", "cap", "ntar", "dmp", "etl", "snoop", "erf"];
const PACKED: [&str; 4] = ["gz", "zst", "lz4", "zstd"];
const PICTURES: [&str; 7] = ["png", "jpg", "jpeg", "gif", "webp", "bmp", "heic"];
const LOGS: [&str; 2] = ["log", "txt"];

/// The name of a file, taken apart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct FileName {
    /// Without endings and the number of a copy.
    pub(super) stem: String,
    /// The name as it should have been.
    pub(super) repaired: String,
    /// What it is.
    pub(super) kind: Kind,
    /// How far down the list of endings; captures in the wanted format first.
    pub(super) rank: usize,
    /// The number of a copy; 0 without one.
    pub(super) copy: u32,
    /// What was done.
    pub(super) repairs: Vec<Repair>,
}

impl FileName {
    pub(super) fn read(name: &str) -> Self {
        let mut repairs = Vec::new();
        let (mut stem, mut endings) = split(name);
        // A number may stand before an ending as well as behind it: `x (1).pcapng`, `x.pcapng (1)`.
        let mut copy = uncopied(&mut stem, &mut endings);
        while let [.., before, last] = endings.as_slice() {
            let doubled = before == last;
            let appended = is_capture(before) && LOGS.contains(&last.as_str());
            match (doubled, appended) {
                (true, _) => repairs.push(Repair::Doubled),
                (_, true) => repairs.push(Repair::Appended),
                _ => break,
            }
            endings.pop();
        }
        let (kind, rank) = kind(&endings);
        // `lab-1.pcapng` may be named so on purpose; behind a student's number it was a platform.
        if copy == 0
            && let Some((before, number)) = dashed(&stem)
        {
            (stem, copy) = (before.to_owned(), number);
        }
        if copy > 0 {
            repairs.push(Repair::Copy);
        }
        repairs.sort_unstable();
        repairs.dedup();
        let repaired = [stem.as_str()].into_iter().chain(endings.iter().map(String::as_str)).collect::<Vec<_>>().join(".");
        Self { stem, repaired, kind, rank, copy, repairs }
    }
}

/// The stem, and the known endings behind it in lower case.
fn split(name: &str) -> (String, Vec<String>) {
    let mut stem = name.trim();
    let mut endings = Vec::new();
    while let Some((before, ending)) = stem.rsplit_once('.') {
        let (bare, _) = numbered(ending);
        let lower = bare.to_ascii_lowercase();
        if before.is_empty() || !(is_known(&lower) || endings.is_empty() && is_ending(&lower)) {
            break;
        }
        endings.insert(0, if bare.len() == ending.len() { lower } else { ending.to_ascii_lowercase() });
        stem = before;
    }
    (stem.to_owned(), endings)
}

/// Takes the number of a copy off the stem and the endings, and gives the largest.
fn uncopied(stem: &mut String, endings: &mut [String]) -> u32 {
    let mut copy = 0;
    for part in endings.iter_mut().chain([stem]) {
        let (bare, number) = numbered(part);
        if let Some(number) = number {
            copy = copy.max(number);
            *part = bare.to_owned();
        }
    }
    copy
}

/// `x (1)` or `x(1)`.
fn numbered(text: &str) -> (&str, Option<u32>) {
    let inner = text.strip_suffix(')').and_then(|text| text.rsplit_once('('));
    match inner.and_then(|(before, number)| Some((before.trim_end(), number.parse().ok()?))) {
        Some((before, number)) if number < 1000 && !before.is_empty() => (before, Some(number)),
        _ => (text, None),
    }
}

/// `20231234-1`, but neither `2023-1` nor `lab-1`: a long number has to stand before it.
fn dashed(stem: &str) -> Option<(&str, u32)> {
    let (before, number) = stem.rsplit_once('-')?;
    let digits = before.bytes().filter(u8::is_ascii_digit).count();
    let number: u32 = number.parse().ok().filter(|_| number.len() <= 2)?;
    (number > 0 && digits >= 6).then_some((before, number))
}

fn kind(endings: &[String]) -> (Kind, usize) {
    let plain = match endings {
        [before, last] if PACKED.contains(&last.as_str()) => before,
        [.., last] => last,
        [] => return (Kind::Other, 0),
    };
    let rank = |list: &[&str]| list.iter().position(|ending| ending == plain);
    if let Some(rank) = rank(&CAPTURES) {
        (Kind::Capture, rank)
    } else if PACKED.contains(&plain.as_str()) {
        (Kind::Capture, CAPTURES.len())
    } else if let Some(rank) = rank(&LOGS) {
        (Kind::Log, rank)
    } else {
        rank(&PICTURES).map_or((Kind::Other, 0), |rank| (Kind::Screenshot, rank))
    }
}

fn is_capture(ending: &str) -> bool {
    CAPTURES.contains(&ending) || PACKED.contains(&ending)
}

fn is_known(ending: &str) -> bool {
    is_capture(ending) || PICTURES.contains(&ending) || LOGS.contains(&ending)
}

/// Any ending of a few letters: `docx`, `py`.
fn is_ending(ending: &str) -> bool {
    (1..=5).contains(&ending.len()) && ending.bytes().all(|octet| octet.is_ascii_alphanumeric())
}

/// A name becomes text: the one in UTF-8 that came with it, else what is valid UTF-8, else CP949, else CP437; then NFC.
pub fn decoded(name: &[u8], unicode: Option<&str>) -> (String, Option<Repair>) {
    let (text, repair) = match (unicode, std::str::from_utf8(name)) {
        (Some(text), _) | (None, Ok(text)) => (text.to_owned(), None),
        (None, Err(_)) => match EUC_KR.decode_without_bom_handling_and_without_replacement(name) {
            Some(text) => (text.into_owned(), Some(Repair::Cp949)),
            None => (cp437(name), Some(Repair::Cp437)),
        },
    };
    match is_nfc(&text) {
        true => (text, repair),
        false => (composed(&text), repair.or(Some(Repair::Nfd))),
    }
}

/// Hangul in one piece (NFC).
pub(super) fn composed(text: &str) -> String {
    text.nfc().collect()
}

fn cp437(name: &[u8]) -> String {
    let upper = |octet: u8| CP437.chars().nth(usize::from(octet - 0x80)).unwrap_or(char::REPLACEMENT_CHARACTER);
    name.iter().map(|octet| if octet.is_ascii() { char::from(*octet) } else { upper(*octet) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> (String, Kind, u32, Vec<Repair>) {
        let read = FileName::read(name);
        (read.repaired, read.kind, read.copy, read.repairs)
    }

    #[test]
    fn names_are_repaired() {
        use Repair::{Appended, Copy, Doubled};
        let cases: [(&str, &str, u32, &[Repair]); 13] = [
            ("20231234.pcapng", "20231234.pcapng", 0, &[]),
            ("20231234.PCAPNG", "20231234.pcapng", 0, &[]),
            ("20231234.pcapng.pcapng", "20231234.pcapng", 0, &[Doubled]),
            ("20231234.pcapng.txt", "20231234.pcapng", 0, &[Appended]),
            ("20231234.pcapng.pcapng.txt", "20231234.pcapng", 0, &[Doubled, Appended]),
            ("20231234 (1).pcapng", "20231234.pcapng", 1, &[Copy]),
            ("20231234.pcapng (2)", "20231234.pcapng", 2, &[Copy]),
            ("20231234(3).pcapng.pcapng", "20231234.pcapng", 3, &[Doubled, Copy]),
            ("20231234-1.pcapng", "20231234.pcapng", 1, &[Copy]),
            ("20231234_홍길동.pcapng", "20231234_홍길동.pcapng", 0, &[]),
            ("20231234.pcapng.gz", "20231234.pcapng.gz", 0, &[]),
            ("lab-1.pcap", "lab-1.pcap", 0, &[]),
            ("홍길동 (본인).pcapng", "홍길동 (본인).pcapng", 0, &[]),
        ];
        for (name, repaired, copy, repairs) in cases {
            assert_eq!(read(name), (repaired.to_owned(), Kind::Capture, copy, repairs.to_vec()), "{name}");
        }
    }

    #[test]
    fn kinds_are_told_by_endings() {
        let cases = [
            ("a.gz", Kind::Capture),
            ("a.etl", Kind::Capture),
            ("server.log", Kind::Log),
            ("a.txt", Kind::Log),
            ("a.PNG", Kind::Screenshot),
            ("a.jpeg", Kind::Screenshot),
            ("a.py", Kind::Other),
            ("README", Kind::Other),
            (".pcapng", Kind::Other),
            ("", Kind::Other),
        ];
        for (name, kind) in cases {
            assert_eq!(read(name).1, kind, "{name}");
        }
    }

    #[test]
    fn names_are_decoded_by_the_first_encoding_that_fits() {
        let cp949 = EUC_KR.encode("새로운 폴더/홍길동.pcapng").0.into_owned();
        let nfd: String = "홍길동".nfd().collect();
        assert_eq!(decoded("홍길동".as_bytes(), None), ("홍길동".to_owned(), None));
        assert_eq!(decoded(&cp949, None), ("새로운 폴더/홍길동.pcapng".to_owned(), Some(Repair::Cp949)));
        assert_eq!(decoded(&cp949, Some("홍길동")), ("홍길동".to_owned(), None));
        assert_eq!(decoded(nfd.as_bytes(), None), ("홍길동".to_owned(), Some(Repair::Nfd)));
        assert_eq!(decoded(b"\x80\xff.txt", None), ("Ç\u{a0}.txt".to_owned(), Some(Repair::Cp437)));
        assert_eq!(CP437.chars().count(), 128);
    }
}
