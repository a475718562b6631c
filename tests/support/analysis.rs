//! What tshark's sequence analysis says of a capture, beside what ours says.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use sockscope::capture::{self, Next};
use sockscope::decode;
use sockscope::track::{Limits, Tracker};

/// The words, as tshark names its fields.
pub const WORDS: [&str; 15] = [
    "retransmission",
    "fast_retransmission",
    "spurious_retransmission",
    "out_of_order",
    "lost_segment",
    "ack_lost_segment",
    "duplicate_ack",
    "zero_window",
    "zero_window_probe",
    "zero_window_probe_ack",
    "window_full",
    "window_update",
    "keep_alive",
    "keep_alive_ack",
    "reused_ports",
];

/// What is said of a segment.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Said {
    pub words: BTreeSet<String>,
    /// The frame that a duplicate acknowledgment repeats, and how often.
    pub duplicate_of: Option<(u64, u32)>,
    /// The frame it acknowledges to its end.
    pub acknowledges: Option<u64>,
    /// Octets sent and not acknowledged after it.
    pub in_flight: Option<u32>,
}

/// The tshark whose rules ours are: later ones changed some.
pub fn is_tshark_4_0() -> bool {
    let version = Command::new("tshark").arg("--version").output();
    version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(" 4.0."))
}

/// Frames of a capture whose analysis differs from tshark's.
pub fn differences(capture: &Path) -> Vec<String> {
    let (ours, theirs) = (ours(capture), theirs(capture));
    assert_eq!(ours.len(), theirs.len(), "{}", capture.display());
    let rows = (1..).zip(ours.iter().zip(&theirs));
    let differing = rows.filter(|(_, (our, their))| our != their);
    differing.map(|(number, (our, their))| format!("frame {number}: ours {our:?}, theirs {their:?}")).collect()
}

/// What we say of each frame.
pub fn ours(capture: &Path) -> Vec<Said> {
    let mut source = capture::open(capture).unwrap_or_else(|error| panic!("{error}"));
    let mut tracker = Tracker::new(Limits::default());
    let mut said = Vec::new();
    while let Next::Frame(frame) = source.next().unwrap() {
        let analyzed = tracker.push(&decode::packet(&frame)).analyzed.unwrap_or_default();
        let words = analyzed.verdicts.words().map(str::to_owned).collect();
        said.push(Said {
            words,
            duplicate_of: analyzed.duplicate_of,
            acknowledges: analyzed.acknowledges.map(|(frame, _)| frame),
            in_flight: analyzed.in_flight,
        });
    }
    said
}

/// What tshark says of each frame.
pub fn theirs(capture: &Path) -> Vec<Said> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-r"]).arg(capture).args(["-T", "fields", "-E", "occurrence=f"]);
    for field in WORDS.iter().chain(&["duplicate_ack_frame", "duplicate_ack_num", "acks_frame", "bytes_in_flight"]) {
        command.args(["-e", &format!("tcp.analysis.{field}")]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(said).collect()
}

fn said(line: &str) -> Said {
    let fields: Vec<&str> = line.split('\t').collect();
    let words = WORDS.iter().zip(&fields).filter(|(_, value)| !value.is_empty()).map(|(word, _)| (*word).to_owned());
    let number = |at: usize| fields.get(at).and_then(|value| value.parse::<u32>().ok());
    let duplicate_of = number(WORDS.len()).map(u64::from).zip(number(WORDS.len() + 1));
    Said {
        words: words.collect(),
        duplicate_of,
        acknowledges: number(WORDS.len() + 2).map(u64::from),
        in_flight: number(WORDS.len() + 3),
    }
}
