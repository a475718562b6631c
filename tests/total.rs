//! Nothing that a file can hold makes the reader, the decoder or the tracker fail: frames cut, bits flipped, files cut.

#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

mod support;

use std::io::Cursor;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use sockscope::capture::{self, ByteOrder, Error, Frame, LinkType, Next};
use sockscope::decode::{self, checksum, field};
use sockscope::track::{Arrivals, Limits, Sighting, Sightings, Tracker};

/// A frame with its octets, to be changed.
struct Kept {
    frame: Frame<'static>,
    octets: Vec<u8>,
}

impl Kept {
    fn with<'a>(&self, octets: &'a [u8]) -> Frame<'a> {
        Frame { octets, options: &[], ..self.frame }
    }
}

/// Every distinct frame of the fixtures, but for those that only repeat another in a larger size.
fn frames() -> Vec<Kept> {
    let mut kept: Vec<Kept> = Vec::new();
    for path in support::fixtures() {
        let mut source = capture::open(&path).unwrap();
        while let Next::Frame(frame) = source.next().unwrap() {
            let octets = frame.octets[..frame.octets.len().min(300)].to_vec();
            if !kept.iter().any(|other| other.octets == octets && other.frame.link_type == frame.link_type) {
                kept.push(Kept { frame: Frame { octets: &[], options: &[], ..frame }, octets });
            }
        }
    }
    assert!(kept.len() > 200, "only {} frames", kept.len());
    kept
}

/// Everything that is done with a frame, on a tracker that has seen others.
fn digest(tracker: &mut Tracker, frame: &Frame<'_>) {
    let packet = decode::packet(frame);
    checksum::transport(&packet);
    field::layers(frame);
    tracker.push(&packet);
    same_both_ways(frame);
}

/// The short way through a frame shows what the long way does: to conversations, and to sockets. A verdict on a packet,
/// and the line that tells it, are made of its arrival and of nothing else.
fn same_both_ways(frame: &Frame<'_>) {
    let limits = Limits::default();
    let text = |sighting: Sighting| format!("{sighting:?}");
    let short = Sightings::new(&limits).of_frame(frame, text);
    let long = Sightings::new(&limits).of(&decode::packet(frame), text);
    assert_eq!(short, long, "{:02x?}", frame.octets);
    let short = Arrivals::new(&limits).of_frame(frame, |arrival| arrival);
    assert_eq!(short, Arrivals::new(&limits).of(&decode::packet(frame)), "{:02x?}", frame.octets);
}

/// `epb_flags`: nothing known, came in, went out.
const DIRECTIONS: [[u8; 8]; 3] = [[2, 0, 4, 0, 0, 0, 0, 0], [2, 0, 4, 0, 1, 0, 0, 0], [2, 0, 4, 0, 2, 0, 0, 0]];

/// An octet of a header as it may well be.
fn octet() -> impl Strategy<Value = u8> {
    prop_oneof![Just(0), Just(0xff), Just(127), Just(1), any::<u8>()]
}

/// Frames of Ethernet with some octets of their headers exchanged, to everyone or not, in either direction.
#[test]
fn both_ways_through_changed_frames() {
    let frames: Vec<Kept> = frames().into_iter().filter(|kept| kept.frame.link_type == LinkType::ETHERNET).collect();
    let changes = vec((0..60_usize, octet()), 0..6);
    let case = (0..frames.len(), changes, any::<bool>(), 0..DIRECTIONS.len());
    proptest!(ProptestConfig::with_cases(20_000), |((place, changes, to_all, direction) in case)| {
        let mut octets = frames[place].octets.clone();
        if to_all {
            octets.iter_mut().take(6).for_each(|octet| *octet = 0xff);
        }
        for (at, octet) in changes {
            octets.get_mut(at).into_iter().for_each(|old| *old = octet);
        }
        let frame = frames[place].with(&octets);
        same_both_ways(&Frame { options: &DIRECTIONS[direction], byte_order: ByteOrder::Little, ..frame });
    });
}

#[test]
fn frames_cut_at_every_octet() {
    let mut tracker = Tracker::new(Limits::default());
    for kept in frames() {
        for len in 0..=kept.octets.len() {
            digest(&mut tracker, &kept.with(&kept.octets[..len]));
        }
    }
    assert!(tracker.finish().survey.frames > 10_000);
}

#[test]
fn frames_with_every_bit_of_their_headers_flipped() {
    let mut tracker = Tracker::new(Limits::default());
    for kept in frames() {
        let mut octets = kept.octets.clone();
        for bit in 0..octets.len().min(100) * 8 {
            octets[bit / 8] ^= 1 << (bit % 8);
            digest(&mut tracker, &kept.with(&octets));
            octets[bit / 8] ^= 1 << (bit % 8);
        }
    }
    assert!(tracker.finish().survey.frames > 100_000);
}

/// Frames read from octets, and whether the reader told of damage.
fn read(octets: &[u8]) -> Option<(u64, bool)> {
    let mut source = match capture::from_reader("cut", Box::new(Cursor::new(octets.to_vec()))) {
        Ok(source) => source,
        Err(Error::NotACapture { .. }) => return None,
        Err(error) => panic!("{error}"),
    };
    let mut frames = 0;
    while let Next::Frame(frame) = source.next().unwrap() {
        frames = frame.number;
    }
    Some((frames, !source.description().damage.is_empty()))
}

/// A file that ends anywhere is read to there; only where a record ends may it pass for a whole one.
#[test]
fn files_cut_at_every_octet() {
    for path in ["fixtures/udp-echo/two-clients/20231234.pcapng", "fixtures/container/pcap/capture.pcap"] {
        let octets = std::fs::read(support::project(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let (whole, damaged) = read(&octets).unwrap();
        assert!(!damaged, "{path}");
        let (mut unharmed, mut most) = (0, 0);
        for len in 0..octets.len() {
            let Some((frames, damaged)) = read(&octets[..len]) else { continue };
            assert!(frames >= most && frames <= whole, "{path} cut at {len}: {frames} frames after {most}");
            most = frames;
            unharmed += u64::from(!damaged);
        }
        assert!(unharmed <= whole + 6, "{path}: {unharmed} cuts passed for whole files");
    }
}

/// Inputs that others made to break readers: an answer or one error, in bounded time.
#[test]
fn hostile_files() {
    let Some(folder) = support::corpus() else { return };
    let files = support::files_below(&folder.join("hostile"), &[""]);
    assert!(files.len() > 300);
    for path in files {
        let started = std::time::Instant::now();
        if let Some(frames) = read_through(&path) {
            assert!(frames < 100_000, "{}: {frames} frames", path.display());
        }
        assert!(started.elapsed().as_secs() < 5, "{} takes long", path.display());
    }
}

fn read_through(path: &Path) -> Option<u64> {
    let mut source = capture::open(path).ok()?;
    let mut tracker = Tracker::new(Limits::default());
    loop {
        match source.next() {
            Ok(Next::Frame(frame)) => digest(&mut tracker, &frame),
            Ok(Next::Idle(_)) => {}
            Ok(Next::End) | Err(_) => return Some(tracker.finish().survey.frames),
        }
    }
}
