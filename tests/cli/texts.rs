//! Texts that a capture carries: Hangul stands in its columns, and nothing reaches a terminal raw.

use std::path::{Path, PathBuf};

use sockscope::capture::{ByteOrder, Description, Format, Frame, Interface, InterfaceId, LinkType, Section, Timestamp, Writer};
use unicode_width::UnicodeWidthStr;

use crate::{argument, run};

/// An Ethernet frame with a UDP datagram of five octets from port 40001 to 5000.
const FRAME: [u8; 47] = *b"\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\x45\0\0\x21\0\0\0\0\x40\x11\x7c\xca\
    \x7f\0\0\x01\x7f\0\0\x01\x9c\x41\x13\x88\0\x0d\0\0hello";

/// Writes a capture with two interfaces of these names, one frame on each, and this text wherever one can stand.
fn capture(folder: &Path, names: [&str; 2], text: &str) -> PathBuf {
    let mut description = Description::new(Format::Pcapng);
    let section = Section::new(ByteOrder::Little);
    description.sections = vec![Section { application: Some(text.into()), comments: vec![text.into()], ..section }];
    description.interfaces = [0, 1].map(|id| Interface::new(InterfaceId(id), 0, LinkType::ETHERNET)).into();
    for (interface, name) in description.interfaces.iter_mut().zip(names) {
        (interface.name, interface.filter) = (Some(name.into()), Some(text.into()));
    }
    let (path, options) = (folder.join("lab.pcapng"), comment(text));
    let mut writer = Writer::new(std::fs::File::create(&path).unwrap(), &description);
    for id in [0, 1] {
        writer.frame(&frame(InterfaceId(id), &options)).unwrap();
    }
    writer.finish().unwrap();
    path
}

fn frame(interface: InterfaceId, options: &[u8]) -> Frame<'_> {
    Frame {
        number: 1,
        timestamp: Some(Timestamp::new(1_763_622_000, 0)),
        ticks: 1_763_622_000_000_000,
        interface,
        link_type: LinkType::ETHERNET,
        original_len: FRAME.len() as u32,
        octets: &FRAME,
        file_offset: 0,
        options,
        byte_order: ByteOrder::Little,
    }
}

/// The options of a packet with one comment.
fn comment(text: &str) -> Vec<u8> {
    let mut options = [&1_u16.to_le_bytes()[..], &(text.len() as u16).to_le_bytes(), text.as_bytes()].concat();
    options.resize(options.len().next_multiple_of(4) + 4, 0);
    options
}

/// The cell at which a word begins.
fn begins(line: &str, word: &str) -> usize {
    line[..line.find(word).unwrap_or_else(|| panic!("{word} is not in {line}"))].width()
}

#[test]
fn hangul_stands_in_its_columns() {
    let folder = tempfile::tempdir().unwrap();
    let file = capture(folder.path(), ["루프백", "wlan0"], "컴퓨터학과 20231234 홍길동");
    let info = run(&["info", argument(&file)]).good();
    // The application, a comment, and of each interface the filter, what it means, and the comment on a frame.
    assert_eq!(info.matches("컴퓨터학과 20231234 홍길동").count(), 8, "{info}");
    let rows: Vec<&str> = info.lines().filter(|line| line.contains("ETHERNET")).collect();
    assert!(rows.len() == 2 && rows[0].contains("루프백") && rows[1].contains("wlan0"), "{info}");
    let heading = info.lines().find(|line| line.contains("Link type")).unwrap();
    for row in &rows {
        assert_eq!(begins(row, "ETHERNET"), begins(heading, "Link type"), "{info}");
        assert_eq!(begins(row, "컴퓨터"), begins(heading, "Filter"), "{info}");
        assert_eq!(row.width(), heading.trim_end().width(), "{info}");
    }
    let show = run(&[argument(&file)]).good();
    assert!(show.contains("2 frames, 94 octets on 루프백 (ETHERNET), wlan0 (ETHERNET)"), "{show}");
}

/// Escape sequences, control characters and marks that turn the direction of text are shown, not sent.
#[test]
fn nothing_reaches_a_terminal_raw() {
    let folder = tempfile::tempdir().unwrap();
    let file = capture(folder.path(), ["\x1b[2Jlo", "eth\u{202e}0"], "\x1b]0;title\x07\u{202e}\r\nnext line\t\u{9b}31m");
    for view in [&["show"][..], &["info"], &["packets"], &["packets", "--csv"], &["packet", "1"]] {
        let text = run(&crate::of(view, argument(&file))).good();
        let raw =
            |character: &char| character.is_control() && *character != '\n' || ('\u{202a}'..='\u{202e}').contains(character);
        assert_eq!(text.chars().find(raw), None, "{view:?}: {text:?}");
    }
    let info = run(&["info", argument(&file)]).good();
    assert!(info.contains("\\x1b[2Jlo") && info.contains("\\x1b]0;title"), "{info}");
    assert!(!info.lines().any(|line| line.starts_with("next line")), "{info}");
}
