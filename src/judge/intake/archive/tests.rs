//! Zips by another library's hand, sound, dangerous and damaged.

use std::io::{Cursor, Write};

use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime};

use super::*;
use crate::judge::intake::MAX_ENTRIES;

/// A zip of these files by another's hand.
fn zipped(files: &[(&str, &[u8], CompressionMethod)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, octets, method) in files {
        let time = DateTime::from_date_and_time(2026, 11, 20, 9, 41, 26).unwrap();
        zip.start_file(*name, SimpleFileOptions::default().compression_method(*method).last_modified_time(time)).unwrap();
        zip.write_all(octets).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn read(zip: &[u8]) -> Result<Vec<Member>, Refusal> {
    members(Cursor::new(zip), MAX_ENTRIES)
}

/// Every place of `from` becomes `to`, which is as long.
fn replaced(octets: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut octets = octets.to_vec();
    for at in 0..=octets.len() - from.len() {
        if octets[at..].starts_with(from) {
            octets[at..at + to.len()].copy_from_slice(to);
        }
    }
    octets
}

/// Changes octets of the first entry of the directory.
fn with_entry(mut zip: Vec<u8>, at: usize, octets: &[u8]) -> Vec<u8> {
    let entry = zip.windows(4).position(|window| window == b"PK\x01\x02").unwrap() + at;
    zip[entry..entry + octets.len()].copy_from_slice(octets);
    zip
}

#[test]
fn stored_and_deflated_members_come_out() {
    let text = b"hello ".repeat(50);
    let zip = zipped(&[("a/b.log", &text, CompressionMethod::Deflated), ("새 폴더/c", b"c", CompressionMethod::Stored)]);
    for before in [&b""[..], b"#!/bin/sh self-extracting\n"] {
        let zip = [before, &zip].concat();
        let members = read(&zip).unwrap();
        assert_eq!(members.iter().map(|member| member.path.as_str()).collect::<Vec<_>>(), ["a/b.log", "새 폴더/c"]);
        assert_eq!(members[0].octets(Cursor::new(&zip)).unwrap(), text);
        assert_eq!(members[1].octets(Cursor::new(&zip)).unwrap(), b"c");
        assert_eq!(members[0].modified.unwrap().to_string(), "2026-11-20T09:41:26");
    }
}

/// What the library, which keeps members by their names, would lose.
#[test]
fn members_of_one_name_are_both_read() {
    let zip = zipped(&[("first.log", b"1", CompressionMethod::Stored), ("other.log", b"2", CompressionMethod::Stored)]);
    let zip = replaced(&zip, b"other.log", b"first.log");
    let members = read(&zip).unwrap();
    assert!(members.iter().all(|member| member.path == "first.log"));
    assert!(members.iter().map(|member| member.octets(Cursor::new(&zip)).unwrap()).eq([b"1", b"2"]));
    assert_eq!(zip::ZipArchive::new(Cursor::new(&zip)).unwrap().len(), 1);
}

#[test]
fn zip64_is_read() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("a", SimpleFileOptions::default().large_file(true)).unwrap();
    zip.write_all(b"abc").unwrap();
    let zip = zip.finish().unwrap().into_inner();
    assert_eq!(read(&zip).unwrap()[0].octets(Cursor::new(&zip)).unwrap(), b"abc");
    // Sizes and offset moved into the extra field, as streaming platforms write them.
    let extra = [&[1, 0, 24, 0][..], &3_u64.to_le_bytes(), &3_u64.to_le_bytes(), &7_u64.to_le_bytes()].concat();
    assert_eq!(sizes([u32::MAX; 3], &extra), Ok([3, 3, 7]));
    assert_eq!(sizes([5, u32::MAX, 9], &extra), Ok([5, 3, 9]));
    assert_eq!(sizes([u32::MAX; 3], &extra[..20]), Err(Refusal::Damaged("sizes are missing")));
}

#[test]
fn names_of_korean_windows_are_read() {
    let cp949 = encoding_rs::EUC_KR.encode("가나다").0.into_owned();
    let zip = replaced(&zipped(&[("nnnnnn", b"x", CompressionMethod::Stored)]), b"nnnnnn", &cp949);
    assert_eq!((read(&zip).unwrap()[0].path.as_str(), read(&zip).unwrap()[0].repair), ("가나다", Some(Repair::Cp949)));
    let mut crc = Crc::new();
    crc.update(&cp949);
    let extra = [&[0x75, 0x70, 5 + 9, 0, 1][..], &crc.sum().to_le_bytes(), "마바사".as_bytes()].concat();
    assert_eq!(unicode_name(&cp949, &extra), Some("마바사"));
    assert_eq!(unicode_name(b"another", &extra), None);
}

#[test]
fn dangers_are_refused() {
    let zip = |name: &str| zipped(&[(name, b"x", CompressionMethod::Stored)]);
    let entry = |zip: Vec<u8>| read(&zip).unwrap()[0].refusal.clone();
    for outside in ["../x", "a/../../x", "/x", "C:/x", "..\\x"] {
        let plain = "n".repeat(outside.len());
        assert_eq!(entry(replaced(&zip(&plain), plain.as_bytes(), outside.as_bytes())), Some(Refusal::Outside), "{outside}");
    }
    let deep = read(&zip(&"a/".repeat(9000))).unwrap_or_default();
    assert_eq!(deep, []);
    let deep = read(&zip(&format!("{}x", "가/".repeat(9000)))).unwrap();
    assert_eq!((deep[0].path.len(), deep[0].refusal.clone()), (1024, Some(Refusal::TooDeep)));
    assert_eq!(entry(with_entry(zip("x"), 8, &[1, 0])), Some(Refusal::Password));
    assert_eq!(entry(with_entry(zip("x"), 10, &[9, 0])), Some(Refusal::Method(9)));
    assert_eq!(entry(with_entry(zip("x"), 40, &0o120_777_u16.to_le_bytes())), Some(Refusal::Link));
    assert_eq!(entry(with_entry(zip("x"), 40, &0o020_666_u16.to_le_bytes())), Some(Refusal::Special));
    assert_eq!(entry(with_entry(zip("x"), 24, &(MAX_FILE as u32 + 1).to_le_bytes())), Some(Refusal::Bomb));
    let packed = (MAX_FILE as u32).to_le_bytes();
    assert_eq!(
        entry(with_entry(with_entry(zip("x"), 24, &(MAX_FILE as u32 + 1).to_le_bytes()), 20, &packed)),
        Some(Refusal::TooLarge)
    );
    assert_eq!(entry(zipped(&[("bomb", &vec![0; 1 << 20], CompressionMethod::Deflated)])), Some(Refusal::Bomb));
    assert_eq!(entry(zipped(&[("log", &b"the same line\n".repeat(9000), CompressionMethod::Deflated)])), None);
    let many: Vec<String> = (0..11).map(|number| number.to_string()).collect();
    let many: Vec<(&str, &[u8], CompressionMethod)> =
        many.iter().map(|name| (name.as_str(), &b""[..], CompressionMethod::Stored)).collect();
    assert_eq!(members(Cursor::new(zipped(&many)), 10), Err(Refusal::TooManyEntries));
}

/// Limits hold for what comes out, whatever the headers say.
#[test]
fn headers_that_lie_are_caught() {
    let honest = zipped(&[("a", &b"0123456789".repeat(100), CompressionMethod::Deflated)]);
    for (said, expected) in [(999_u32, Refusal::Liar), (1001, Refusal::Damaged("checksum"))] {
        let zip = with_entry(honest.clone(), 24, &said.to_le_bytes());
        assert_eq!(read(&zip).unwrap()[0].octets(Cursor::new(&zip)), Err(expected));
    }
    let zip = with_entry(honest.clone(), 42, &7_u32.to_le_bytes());
    assert!(matches!(read(&zip).unwrap()[0].octets(Cursor::new(&zip)), Err(Refusal::Damaged(_))));
    let zip = with_entry(honest, 16, &[0; 4]);
    assert_eq!(read(&zip).unwrap()[0].octets(Cursor::new(&zip)), Err(Refusal::Damaged("checksum")));
}

#[test]
fn no_damage_is_too_much() {
    let zip = zipped(&[("a/b.log", b"hello", CompressionMethod::Deflated), ("c", b"c", CompressionMethod::Stored)]);
    let try_all = |octets: &[u8]| {
        for member in read(octets).unwrap_or_default() {
            let _ = member.octets(Cursor::new(octets));
        }
    };
    for length in 0..zip.len() {
        assert!(read(&zip[..length]).is_err(), "cut at {length}");
    }
    for bit in 0..zip.len() * 8 {
        let mut zip = zip.clone();
        zip[bit / 8] ^= 1 << (bit % 8);
        try_all(&zip);
    }
}
