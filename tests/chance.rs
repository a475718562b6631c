//! Thousands of segments by chance, held against what tshark 4.0 says of each: rules that no exhibit was thought up for.

#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

mod support;

use std::fmt::Write;

use sockscope::zoo::{self, Script};
use support::analysis;

/// A sequence of numbers that looks like chance and is always the same (xorshift).
struct Chance(u64);

impl Chance {
    /// A number below `end`.
    fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32 % end
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u32) as usize]
    }
}

/// A connection with segments that careless senders, networks and captures could leave.
fn connection(number: u32, chance: &mut Chance) -> String {
    let mut script = String::new();
    for _ in 0..chance.one_of(&[1, 1, 1, 2]) {
        incarnation(number, chance, &mut script);
    }
    script
}

fn incarnation(number: u32, chance: &mut Chance, script: &mut String) {
    let isn = chance.one_of(&["1000,5000", "70000,90000", "4294967200,4294967100", "1000,4294967290"]);
    writeln!(script, "tcp c{number} 10.0.0.1:{} 10.0.0.2:5001 isn={isn}", 10_000 + number).unwrap();
    let handshake = chance.one_of(&["", "", "", "", "", " uncaptured"]);
    for segment in ["> S", "< SA", "> A"] {
        let options = if segment.contains('S') { chance.one_of(&["mss=100", "mss=100 ws=1", "mss=100 sackok ws=0"]) } else { "" };
        writeln!(script, "c{number}{segment} {options}{handshake}").unwrap();
    }
    let mut sent = [1, 1];
    for _ in 0..chance.one_of(&[6, 12, 24]) {
        script.push_str(chance.one_of(&["", "", "", "", "+1.5\n", "+18\n", "+300\n", "-40\n"]));
        let side = chance.one_of(&[0, 0, 1]);
        write!(script, "c{number}{}", [">", "<"][side]).unwrap();
        segment(side, &mut sent, chance, script);
        writeln!(script, "{}", chance.one_of(&["", "", "", "", " uncaptured", " lost"])).unwrap();
    }
}

/// What a segment may be, and how many numbers it takes up.
const SEGMENTS: [(&str, u32); 18] = [
    ("A", 0),
    ("A", 0),
    ("A", 0),
    ("A", 0),
    ("A", 0),
    ("data 1", 1),
    ("data 100", 100),
    ("data 100", 100),
    ("data 100", 100),
    ("data 100", 100),
    ("data 40", 40),
    ("data 2", 2),
    ("FA", 1),
    ("FA data 30", 31),
    ("RA", 0),
    ("R", 0),
    ("S seq=0", 0),
    ("SA seq=0", 0),
];

fn segment(side: usize, sent: &mut [u32; 2], chance: &mut Chance, script: &mut String) {
    let (what, octets) = chance.one_of(&SEGMENTS);
    write!(script, " {what}").unwrap();
    let back = chance.one_of(&[0, 0, 0, 0, 0, 1, 2, 40, 100, 100, 200]);
    if back > 0 && sent[side] > back && !what.contains("seq") {
        write!(script, " seq={}", sent[side] - back).unwrap();
    } else {
        sent[side] += octets;
    }
    let missing = chance.one_of(&[0, 0, 0, 0, 0, 0, 1, 100, 101]);
    if missing > 0 && sent[1 - side] > missing {
        write!(script, " ack={}", sent[1 - side] - missing).unwrap();
    }
    script.push_str(chance.one_of(&["", "", "", "", "", "", " win=0", " win=100", " win=200", " win=8192"]));
    if chance.below(8) == 0 && sent[1 - side] > 200 {
        let right = sent[1 - side];
        write!(script, " sack={}-{right}", right - chance.one_of(&[100, 200])).unwrap();
    }
}

#[test]
fn segments_by_chance_are_what_tshark_calls_them() {
    if !analysis::is_tshark_4_0() {
        return support::skip("tshark 4.0 is missing, and with it the analysis to compare ours with");
    }
    let mut chance = Chance(0x5eee);
    let connections: Vec<String> = (0..4000).map(|number| connection(number, &mut chance)).collect();
    let script = Script::parse(&connections.concat()).unwrap();
    let file = tempfile::Builder::new().suffix(".pcapng").tempfile().unwrap();
    zoo::write(&script, file.reopen().unwrap()).unwrap();
    let differences = analysis::differences(file.path());
    for line in differences.iter().take(20) {
        println!("{line}");
    }
    assert_eq!(differences.len(), 0, "of {} frames", zoo::frames(&script).len());
}
