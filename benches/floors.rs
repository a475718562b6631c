//! The floors apart: reader, decoder, conversation table, tracker, over the same frames in memory.
//!
//! `cargo bench` prints the time for all frames; divide by their number, which stands in each name's group.

use std::io::Cursor;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use sockscope::capture::{self, Frame, Next};
use sockscope::decode;
use sockscope::track::{Conversations, Limits, Sightings, Tracker};

fn main() {
    divan::main();
}

/// A real lab capture's frames, over and over, as one pcap file.
fn file() -> Vec<u8> {
    const FRAMES: u32 = 100_000;
    let lab = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tcp-echo/three-clients/capture.pcapng");
    let mut source = capture::open(lab.as_ref()).expect("the lab's capture opens");
    let mut records: Vec<Vec<u8>> = Vec::new();
    while let Next::Frame(frame) = source.next().expect("the lab's capture reads") {
        records.push(frame.octets.to_vec());
    }
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
        file.extend(word.to_le_bytes());
    }
    for (number, octets) in (0..FRAMES).zip(records.iter().cycle()) {
        let len = octets.len() as u32;
        for word in [1_700_000_000 + number / 1000, number % 1000 * 1000, len, len] {
            file.extend(word.to_le_bytes());
        }
        file.extend(octets);
    }
    file
}

/// Reads the file and shows each frame to `look`; returns how many there were.
fn read(file: &[u8], mut look: impl FnMut(&Frame<'_>)) -> u64 {
    let mut source = capture::from_reader("bench", Box::new(Cursor::new(file.to_vec()))).expect("a capture");
    let mut frames = 0;
    while let Next::Frame(frame) = source.next().expect("memory does not fail") {
        look(&frame);
        frames = frame.number;
    }
    frames
}

fn bench(bencher: Bencher, run: impl Fn(&[u8]) -> u64 + Sync) {
    let file = file();
    let frames = run(&file);
    bencher.counter(ItemsCount::new(frames)).bench(|| run(black_box(&file)));
}

#[divan::bench]
fn reader(bencher: Bencher) {
    bench(bencher, |file| {
        read(file, |frame| {
            black_box(frame.octets);
        })
    });
}

#[divan::bench]
fn reader_and_decoder(bencher: Bencher) {
    bench(bencher, |file| {
        read(file, |frame| {
            black_box(decode::packet(frame));
        })
    });
}

#[divan::bench]
fn conversations(bencher: Bencher) {
    bench(bencher, |file| {
        let limits = Limits::default();
        let (mut sightings, mut table) = (Sightings::new(&limits), Conversations::new(&limits));
        let mut batch = Vec::with_capacity(64);
        let frames = read(file, |frame| {
            sightings.of_frame(frame, |sighting| batch.push(sighting));
            if batch.len() == 64 {
                table.extend(&batch);
                batch.clear();
            }
        });
        table.extend(&batch);
        black_box(table.iter().count());
        frames
    });
}

#[divan::bench]
fn tracker(bencher: Bencher) {
    bench(bencher, |file| {
        let mut tracker = Tracker::new(Limits::default());
        let frames = read(file, |frame| {
            tracker.push(&decode::packet(frame));
        });
        black_box(tracker.finish());
        frames
    });
}
