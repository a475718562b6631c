//! libpcap as a second reader: it delivers the same frames of every fixture it can read.
//!
//! It reads pcap and pcapng, but nothing compressed, and it gives up where a file is damaged; its times are microseconds.

#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

mod support;

use std::path::Path;

use pcap::Capture;
use sockscope::capture::{self, LinkType, Next};

/// A frame as both readers know it: link type, seconds, microseconds, length on the wire, octets.
type Plain = (i32, i64, u32, u32, Vec<u8>);

#[test]
fn libpcap_delivers_the_same_frames() {
    let (mut files, mut frames) = (0, 0);
    for path in support::fixtures() {
        let name = path.display();
        if ["gz", "zst", "lz4"].iter().any(|compression| path.extension().is_some_and(|extension| extension == *compression)) {
            continue;
        }
        let (ours, damaged) = our_frames(&path);
        let (theirs, fault) = their_frames(&path);
        assert_eq!(fault.is_some(), damaged, "{name}: libpcap says {fault:?}");
        // Behind a fault only our reader goes on.
        assert!(if damaged { ours.len() >= theirs.len() } else { ours.len() == theirs.len() }, "{name}");
        for (number, (ours, theirs)) in (1..).zip(ours.iter().zip(&theirs)) {
            assert_eq!(ours, theirs, "{name}, frame {number}");
        }
        assert!(!theirs.is_empty(), "{name}: only {} frames were compared", theirs.len());
        files += 1;
        frames += theirs.len();
    }
    assert!(files >= 30 && frames > 350, "only {frames} frames of {files} files were compared");
}

/// Our frames, and whether the file is damaged.
fn our_frames(path: &Path) -> (Vec<Plain>, bool) {
    let mut source = capture::open(path).unwrap();
    let mut frames = Vec::new();
    while let Next::Frame(frame) = source.next().unwrap() {
        let time = frame.timestamp.unwrap();
        let link_type = i32::from(frame.link_type.0);
        frames.push((link_type, time.seconds(), time.nanoseconds() / 1000, frame.original_len, frame.octets.to_vec()));
    }
    (frames, !source.description().damage.is_empty())
}

/// The frames that libpcap delivers, and what it says where it stops before the end.
fn their_frames(path: &Path) -> (Vec<Plain>, Option<pcap::Error>) {
    let mut capture = Capture::from_file(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // In files, raw IP has a number of its own; the systems that libpcap runs on number it in two other ways.
    let link_type = match capture.get_datalink().0 {
        12 | 14 => i32::from(LinkType::RAW.0),
        other => other,
    };
    let mut frames = Vec::new();
    loop {
        match capture.next_packet() {
            Ok(packet) => {
                let time = packet.header.ts;
                frames.push((link_type, time.tv_sec, time.tv_usec as u32, packet.header.len, packet.data.to_vec()));
            }
            Err(pcap::Error::NoMorePackets) => return (frames, None),
            Err(fault) => return (frames, Some(fault)),
        }
    }
}
