//! Whose work real captures are: those of different labs are nobody's copy, and copies made with Wireshark's own tools are found.

#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use sockscope::capture::{self, Frame, Next, Writer};
use sockscope::judge::originality::{Class, Comparison, Entry, Level, Pair, compare, signals};
use sockscope::judge::record::{Plan, Record};
use sockscope::judge::results::Student;

#[test]
fn real_captures_raise_nothing() {
    let captures = captures("fixtures");
    assert!(captures.len() > 60, "only {} captures", captures.len());
    for path in captures {
        let octets = std::fs::read(&path).unwrap();
        for port in [5000, 5001] {
            let record = record(octets.clone(), port);
            assert_eq!(signals(&record, None), [], "{}", path.display());
        }
    }
}

#[test]
fn different_labs_are_different_captures() {
    let labs = ["addresses", "bulk", "close", "fragments", "ipv6", "keep-alive", "refused", "reuse", "tcp-echo", "udp-echo"];
    let paths: Vec<PathBuf> = labs.iter().flat_map(|lab| captures(&format!("fixtures/{lab}"))).collect();
    let comparison = compared(&paths.iter().map(|path| std::fs::read(path).unwrap()).collect::<Vec<_>>(), 5000);
    let name = |id: &str| paths[id.parse::<usize>().unwrap()].display().to_string();
    // One run of the lab, captured on three interfaces at once: truly the same packets in other frames.
    let at_once =
        |pair: &Pair| [&pair.one, &pair.other].iter().all(|id| name(id).contains("udp-echo/on-")) && pair.level == Level::E;
    let (known, others): (Vec<&Pair>, Vec<&Pair>) = comparison.pairs.iter().partition(|pair| at_once(pair));
    assert_eq!((known.len(), others), (3, vec![]));
}

#[test]
fn one_capture_in_many_containers_is_one_capture() {
    let original = lab();
    let gzip = support::project("fixtures/container/gzip/capture.pcapng.gz");
    let unpacked = support::project("fixtures/container/zstd/capture.pcapng.zst");
    let pair = |other: &Path| level(std::fs::read(other).unwrap(), std::fs::read(other).unwrap(), 5000);
    assert_eq!([pair(&gzip), pair(&unpacked), pair(&original)], [Some(Level::A); 3]);
    let Some(pcap) = rewritten(&original, "editcap", &["-F", "pcap"]) else { return };
    assert_eq!(level(std::fs::read(&original).unwrap(), pcap, 5000), Some(Level::B));
}

#[test]
fn copies_made_with_wireshark_are_found() {
    let original = lab();
    let octets = || std::fs::read(&original).unwrap();
    let Some(commented) = rewritten(&original, "editcap", &["-a", "1:mine"]) else { return };
    assert_eq!(level(octets(), commented, 5000), Some(Level::B));
    let shifted = rewritten(&original, "editcap", &["-t", "86400.25"]).unwrap();
    let raised = signals(&record(shifted.clone(), 5000), None);
    assert_eq!(raised.iter().map(|flag| (&*flag.id, &*flag.strength)).collect::<Vec<_>>(), [("edited", "weak")], "no statistics");
    assert_eq!(level(octets(), shifted, 5000), Some(Level::C));
}

/// Calls one of Wireshark's tools; `None`, said aloud, where it is missing.
fn rewritten(input: &Path, tool: &str, options: &[&str]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out");
    let Ok(done) = Command::new(tool).args(options).arg(input).arg(&output).output() else {
        support::skip(&format!("{tool} is not installed"));
        return None;
    };
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Some(std::fs::read(output).unwrap())
}

#[test]
fn segments_give_an_edited_connection_away() {
    let original = std::fs::read(support::project("fixtures/tcp-echo/three-clients/capture.pcapng")).unwrap();
    let payload = |octets: &mut Vec<u8>| {
        let end = octets.len();
        octets.get_mut(66..end).into_iter().flatten().for_each(|octet| *octet ^= 1);
    };
    assert_eq!(level(original.clone(), edited(&original, payload), 5001), Some(Level::D));
    let rerouted = |octets: &mut Vec<u8>| {
        payload(octets);
        octets[22] -= 1; // Time to live.
    };
    assert_eq!(level(original.clone(), edited(&original, rerouted), 5001), Some(Level::E));
}

/// The same capture with other octets in its frames.
fn edited(file: &[u8], edit: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let open = || capture::from_reader("lab", Box::new(std::io::Cursor::new(file.to_vec()))).unwrap();
    let mut first = open();
    while !matches!(first.next().unwrap(), Next::End) {}
    let description = first.description().clone();
    let mut writer = Writer::new(Vec::new(), &description);
    let mut source = open();
    while let Next::Frame(frame) = source.next().unwrap() {
        let mut octets = frame.octets.to_vec();
        edit(&mut octets);
        writer.frame(&Frame { octets: &octets, ..frame }).unwrap();
    }
    writer.finish().unwrap()
}

/// At which level two of a class of two are the same.
fn level(one: Vec<u8>, other: Vec<u8>, port: u16) -> Option<Level> {
    let comparison = compared(&[one, other], port);
    assert!(comparison.pairs.len() < 2);
    comparison.pairs.first().map(|pair| pair.level)
}

/// Students are numbered by the places of their captures.
fn compared(files: &[Vec<u8>], port: u16) -> Comparison {
    let records: Vec<Record> = files.iter().map(|octets| record(octets.clone(), port)).collect();
    let student = |place: usize| Student { id: place.to_string(), ..Student::default() };
    let roster: Vec<Student> = (0..files.len()).map(student).collect();
    let entry = |(student, record)| entry(student, record);
    let entries: Vec<Entry<'_>> = roster.iter().zip(&records).map(entry).collect();
    compare(&Class { roster: &roster, entries: &entries, template: None })
}

fn entry<'c>(student: &'c Student, record: &'c Record) -> Entry<'c> {
    Entry { student: &student.id, prints: &record.prints, pictures: &[] }
}

fn record(octets: Vec<u8>, port: u16) -> Record {
    Record::read("x.pcapng", octets, &Plan { port, ..Plan::default() }).unwrap()
}

fn lab() -> PathBuf {
    support::project("fixtures/udp-echo/two-clients/20231234.pcapng")
}

fn captures(folder: &str) -> Vec<PathBuf> {
    support::files_below(&support::project(folder), &[".pcap", ".pcapng", ".gz", ".zst", ".lz4"])
}
