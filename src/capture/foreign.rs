//! Names what is not a capture sockscope reads, and says what to do about it.
//!
//! A student who hands in a picture, a text export or a zip needs to be told so, not "bad magic number".
//! Formats that Wireshark reads come with the command that converts them.

use std::borrow::Cow;

use encoding_rs::{EUC_KR, Encoding};

use super::Compression;

/// Octets of a file that are enough to name it.
pub(super) const ENOUGH: usize = 64 * 1024;

/// What a file is that is no capture read here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Foreign {
    /// There is nothing in it.
    Empty,
    /// A picture, or a document with pictures.
    Picture,
    /// Text: packets as a list, or anything else.
    Text,
    /// A capture in a format of another program, by its name.
    Capture(&'static str),
    /// Something may be inside.
    Archive,
    /// What a download or a copy that went wrong leaves.
    Remnant,
    /// Nothing known.
    Unknown,
}

/// What `head`, the beginning of a file, is; and in one line what was expected, and how to get there.
pub(super) fn explain(head: &[u8]) -> (Foreign, String) {
    let (what, advice) = name(head);
    (foreign(head, what, advice), format!("{what}; expected a pcapng or pcap capture{}", advice.text()))
}

fn foreign(head: &[u8], what: &'static str, advice: Advice) -> Foreign {
    let name = || what.trim_start_matches("this is ").trim_start_matches("an ").trim_start_matches("a ");
    match advice {
        _ if head.is_empty() => Foreign::Empty,
        Advice::Editcap | Advice::Etl2pcapng => Foreign::Capture(name()),
        Advice::Unpack => Foreign::Archive,
        Advice::Save if text(head).is_some() => Foreign::Text,
        Advice::Save => Foreign::Picture,
        Advice::FetchAgain => Foreign::Remnant,
        Advice::None => Foreign::Unknown,
    }
}

/// What a person can do with a file of the wrong kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Advice {
    /// Wireshark reads the format.
    Editcap,
    /// Microsoft's trace files need Microsoft's own converter.
    Etl2pcapng,
    /// A capture may be inside.
    Unpack,
    /// A picture or a text of the packets was saved instead of the packets.
    Save,
    /// The download or the copy went wrong.
    FetchAgain,
    /// Nothing can be said.
    None,
}

impl Advice {
    fn text(self) -> &'static str {
        match self {
            Self::Editcap => "; convert it: editcap -F pcapng IN OUT.pcapng",
            Self::Etl2pcapng => "; convert it: etl2pcapng.exe IN OUT.pcapng",
            Self::Unpack => "; unpack it and give the capture inside",
            Self::Save => "; save the packets themselves in Wireshark with File > Save As, type pcapng",
            Self::FetchAgain => "; fetch or copy the file again",
            Self::None => "",
        }
    }
}

fn name(head: &[u8]) -> (&'static str, Advice) {
    if head.is_empty() {
        return ("the file is empty (0 octets), perhaps handed in before it was saved", Advice::None);
    }
    if let Some((_, what, advice)) = MAGICS.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return (what, *advice);
    }
    if Compression::of(head) != Compression::None {
        return ("this is compressed data inside compressed data", Advice::Unpack);
    }
    if let Some(found) = by_structure(head) {
        return found;
    }
    match text(head) {
        Some(text) if !text.trim().is_empty() => name_text(&text),
        _ => ("this is no file format known here", Advice::None),
    }
}

const MAGICS: &[(&[u8], &str, Advice)] = &[
    (b"\x89PNG\r\n\x1a\n", "this is a PNG picture", Advice::Save),
    (b"\xff\xd8\xff", "this is a JPEG picture", Advice::Save),
    (b"GIF8", "this is a GIF picture", Advice::Save),
    (b"BM", "this is a BMP picture", Advice::Save),
    (b"%PDF-", "this is a PDF document", Advice::Save),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "this is an Office or Hangul document", Advice::Save),
    (b"PK\x03\x04", "this is a zip archive or an Office document", Advice::Unpack),
    (b"PK\x05\x06", "this is an empty zip archive", Advice::None),
    (b"Rar!\x1a\x07", "this is a RAR archive", Advice::Unpack),
    (b"7z\xbc\xaf\x27\x1c", "this is a 7-Zip archive", Advice::Unpack),
    (b"\xfd7zXZ\0", "this is xz-compressed data", Advice::Unpack),
    (b"BZh", "this is bzip2-compressed data", Advice::Unpack),
    (b"\x1f\x9d", "this is compress (.Z) data", Advice::Unpack),
    (b"\x02\x21\x4c\x18", "this is LZ4 data in the legacy framing", Advice::Unpack),
    (b"snoop\0\0\0", "this is a Sun snoop capture", Advice::Editcap),
    (b"btsnoop\0", "this is a Bluetooth snoop capture", Advice::Editcap),
    (b"RTSS", "this is a Microsoft Network Monitor 1 capture", Advice::Editcap),
    (b"GMBU", "this is a Microsoft Network Monitor 2 capture", Advice::Editcap),
    (b"iptrace ", "this is an AIX iptrace capture", Advice::Editcap),
    (b"TRSNIFF data    \x1a", "this is a DOS Sniffer capture", Advice::Editcap),
    (b"XCP\0", "this is a NetXRay or Windows Sniffer capture", Advice::Editcap),
    (b"\x1c\0\x01\xac", "this is an Ixia lcap capture", Advice::Editcap),
    (b"\xac\x01\0\x1c", "this is an Ixia lcap capture", Advice::Editcap),
    (b"\x1c\0\x01\xab", "this is an Ixia lcap capture", Advice::Editcap),
    (b"\xab\x01\0\x1c", "this is an Ixia lcap capture", Advice::Editcap),
    (b"MZ", "this is a Windows program", Advice::None),
    (b"\x7fELF", "this is a Linux program", Advice::None),
];

/// Formats that have no magic number at their beginning.
fn by_structure(head: &[u8]) -> Option<(&'static str, Advice)> {
    if head.get(257..262) == Some(b"ustar") {
        return Some(("this is a tar archive", Advice::Unpack));
    }
    if head.get(4..8) == Some(b"ftyp") {
        return Some(("this is a HEIC picture or a film", Advice::Save));
    }
    if head.len() >= 64 && head.iter().all(|octet| *octet == 0) {
        return Some(("this file holds nothing but zeros: its content was never written", Advice::FetchAgain));
    }
    if is_etl(head) {
        return Some(("this is a Windows event trace (ETL), as netsh and pktmon write", Advice::Etl2pcapng));
    }
    is_erf(head).then_some(("this is an Endace ERF capture", Advice::Editcap))
}

/// A trace's first buffer has a size that is a whole number of KiB, and begins with a system event header,
/// whose fourth octet is 0xc0 (`WMI_BUFFER_HEADER`, then `SYSTEM_TRACE_HEADER`).
fn is_etl(head: &[u8]) -> bool {
    let (Some(size), Some(saved)) = (little_u32(head, 0), little_u32(head, 4)) else { return false };
    (1024..=16 * 1024 * 1024).contains(&size)
        && size.is_multiple_of(1024)
        && (72..=size).contains(&saved)
        && matches!(head.get(0x4a..0x4c), Some([1 | 2, 0xc0]))
}

/// ERF is a bare chain of records: 64 bits of little-endian time, type, flags, and the record's length.
///
/// The chain has to hold for four records or to the end of the file, with times between 1990 and 2106 that stay within a day.
fn is_erf(head: &[u8]) -> bool {
    let (mut at, mut records, mut first_seconds) = (0_usize, 0_u32, None);
    while let Some(record) = head.get(at..) {
        if record.is_empty() || records == 4 {
            return records > 0;
        }
        let Some([_, _, _, _, s0, s1, s2, s3, kind, _, l0, l1]) = record.first_chunk::<12>() else { return false };
        let seconds = u32::from_le_bytes([*s0, *s1, *s2, *s3]);
        let first = *first_seconds.get_or_insert(seconds);
        let len = u16::from_be_bytes([*l0, *l1]);
        if !(1..=48).contains(&(kind & 0x7f)) || len < 16 || seconds < 631_152_000 || seconds.abs_diff(first) > 86_400 {
            return false;
        }
        at = at.saturating_add(usize::from(len));
        records = records.saturating_add(1);
    }
    false
}

fn little_u32(head: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*head.get(at..)?.first_chunk()?))
}

/// The head as text if it is text: UTF-16 with a mark, UTF-8, or CP949.
fn text(head: &[u8]) -> Option<String> {
    if let Some((encoding, mark)) = Encoding::for_bom(head) {
        return Some(encoding.decode_without_bom_handling(head.get(mark..)?).0.into_owned());
    }
    if head.iter().any(|octet| octet.is_ascii_control() && !matches!(octet, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b)) {
        return None;
    }
    match std::str::from_utf8(head) {
        Ok(text) => Some(text.to_owned()),
        // The last character may be cut.
        Err(error) if error.error_len().is_none() => Some(String::from_utf8_lossy(head).into_owned()),
        Err(_) => EUC_KR.decode_without_bom_handling_and_without_replacement(head).map(Cow::into_owned),
    }
}

fn name_text(text: &str) -> (&'static str, Advice) {
    let text = text.trim_start();
    let first_line = text.lines().next().unwrap_or_default();
    let is_packet_list = (first_line.starts_with("No.") || first_line.starts_with("\"No.\"")) && first_line.contains("Time");
    if is_packet_list {
        return ("this is a packet list exported from Wireshark as text", Advice::Save);
    }
    let lower = text.get(..text.floor_char_boundary(400)).unwrap_or(text).to_ascii_lowercase();
    if lower.starts_with("version https://git-lfs") {
        return ("this is a Git LFS pointer, not the file it stands for", Advice::FetchAgain);
    }
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return ("this is a web page, as a download that needs a login gives", Advice::FetchAgain);
    }
    if lower.contains("<pdml") || lower.contains("<psml") || lower.contains("\"_index\"") {
        return ("this is a packet export from Wireshark or tshark (XML or JSON)", Advice::Save);
    }
    ("this is a text file", Advice::Save)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_students_hand_in_is_named() {
        let check = |head: &[u8], what: &str, advice| {
            let (name, found) = name(head);
            assert!(name.contains(what), "{name} for {what}");
            assert_eq!(found, advice, "{what}");
        };
        check(b"", "empty (0 octets)", Advice::None);
        check(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG", Advice::Save);
        check(b"\xff\xd8\xff\xe0", "JPEG", Advice::Save);
        check(b"%PDF-1.7\n", "PDF", Advice::Save);
        check(b"PK\x03\x04\x14\0", "zip", Advice::Unpack);
        check(b"\xfd7zXZ\0\0", "xz", Advice::Unpack);
        check(b"BZh91AY", "bzip2", Advice::Unpack);
        check(b"\x1f\x8b\x08\0", "compressed data inside", Advice::Unpack);
        check(b"snoop\0\0\0\0\0\0\x02", "snoop", Advice::Editcap);
        check(b"GMBU\0\x02", "Network Monitor 2", Advice::Editcap);
        check(b"RTSS\x01\x01", "Network Monitor 1", Advice::Editcap);
        check(b"\"No.\",\"Time\",\"Source\"\r\n\"1\",\"0.0\"", "packet list", Advice::Save);
        check(b"\xef\xbb\xbfNo.     Time           Source\n", "packet list", Advice::Save);
        check(b"\xff\xfeN\0o\0.\0 \0T\0i\0m\0e\0\n\0", "packet list", Advice::Save);
        check("학번,이름\n".as_bytes(), "text file", Advice::Save);
        check(b"\xc7\xd0\xb9\xf8,\xc0\xcc\xb8\xa7\r\n", "text file", Advice::Save); // CP949.
        check(&"한".as_bytes()[..2], "text file", Advice::Save); // Cut inside a character.
        check(b"<!DOCTYPE html><html>", "web page", Advice::FetchAgain);
        check(b"version https://git-lfs.github.com/spec/v1\n", "Git LFS", Advice::FetchAgain);
        check(b"<?xml version=\"1.0\"?>\n<pdml version=\"0\">", "packet export", Advice::Save);
        check(&[0; 4096], "zeros", Advice::FetchAgain);
        check(b"\x07\x13\x01\xfe\0\0\0\0", "no file format known", Advice::None);
    }

    fn erf_record(seconds: u32, kind: u8) -> Vec<u8> {
        let mut record = vec![0; 4];
        record.extend(seconds.to_le_bytes());
        record.extend([kind, 4, 0, 24, 0, 0, 0, 8]);
        record.extend([0; 8]);
        record
    }

    #[test]
    fn erf_needs_a_chain_of_sane_records() {
        let two = [erf_record(1_700_000_000, 2), erf_record(1_700_000_001, 2)].concat();
        assert!(is_erf(&two));
        assert!(!is_erf(&two[..30]), "cut");
        assert!(!is_erf(&[erf_record(1_700_000_000, 2), erf_record(1_800_000_000, 2)].concat()), "years between");
        assert!(!is_erf(&erf_record(1_700_000_000, 77)), "type");
        assert!(!is_erf(&[]));
    }

    #[test]
    fn etl_is_known_by_its_first_buffer() {
        let mut head = vec![0; 0x80];
        head[..8].copy_from_slice(&[0, 0, 1, 0, 0x48, 2, 0, 0]);
        head[0x4a] = 2;
        head[0x4b] = 0xc0;
        assert_eq!(name(&head).1, Advice::Etl2pcapng);
        head[0x4b] = 0;
        assert_eq!(name(&head).1, Advice::None);
    }

    #[test]
    fn the_line_says_what_was_found_expected_and_to_do() {
        assert_eq!(
            explain(b"snoop\0\0\0"),
            (
                Foreign::Capture("Sun snoop capture"),
                "this is a Sun snoop capture; expected a pcapng or pcap capture; convert it: editcap -F pcapng IN OUT.pcapng"
                    .to_owned()
            )
        );
        let kinds = [
            (&b""[..], Foreign::Empty),
            (b"\x89PNG\r\n\x1a\n", Foreign::Picture),
            (b"\"No.\",\"Time\"\r\n", Foreign::Text),
            (b"PK\x03\x04", Foreign::Archive),
            (b"<!DOCTYPE html>", Foreign::Remnant),
            (b"\x07\x13\x01\xfe", Foreign::Unknown),
        ];
        kinds.into_iter().for_each(|(head, kind)| assert_eq!(explain(head).0, kind));
    }
}
