//! What sockscope says of every end, frame by frame.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use sockscope::capture::{self, Next};
use sockscope::decode::tcp::Flags;
use sockscope::decode::{self, Packet};
use sockscope::track::{Claim, Limits, Side, Tracker, Update};

use super::sampler::since_epoch;
use super::table::End;

/// What is claimed of an end from one frame on.
#[derive(Clone, Copy)]
pub struct Moment {
    pub time: Duration,
    pub frame: u64,
    pub claim: Claim,
    flags: Flags,
    /// The frame was sent to this end, not by it.
    pub received: bool,
}

/// `frame 7 got SYN, ACK: ESTABLISHED assumed`.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.received { "got" } else { "sent" };
        write!(f, "frame {} {verb} {}: {} {}", self.frame, self.flags, self.claim.state, self.claim.evidence)
    }
}

/// Every end's moments, in the order of frames.
#[derive(Default)]
pub struct History {
    ends: BTreeMap<End, Vec<Moment>>,
    /// Frames read.
    pub frames: u64,
}

impl History {
    /// Reads a capture, and notes what every frame says of the two ends it concerns.
    pub fn read(path: &Path) -> Self {
        let mut history = Self::default();
        let mut tracker = Tracker::new(Limits::default());
        let mut source = capture::open(path).unwrap();
        while let Next::Frame(frame) = source.next().unwrap() {
            history.frames = frame.number;
            let packet = decode::packet(&frame);
            history.note(&packet, &tracker.push(&packet));
        }
        history
    }

    /// Both ends of one frame. A socket connected to itself has one: the later entry is what it sent.
    fn note(&mut self, packet: &Packet<'_>, update: &Update<'_>) {
        let (Some(tuple), Some(side), Some((initiator, responder))) = (update.tuple, update.side, update.states) else { return };
        let (mine, theirs) = if side == Side::Initiator { (initiator, responder) } else { (responder, initiator) };
        let moment = Moment {
            time: since_epoch(packet.timestamp.unwrap()),
            frame: packet.number,
            claim: theirs,
            flags: update.segment().unwrap().flags,
            received: true,
        };
        self.add((tuple.destination, tuple.source), moment);
        self.add((tuple.source, tuple.destination), Moment { claim: mine, received: false, ..moment });
    }

    fn add(&mut self, end: End, moment: Moment) {
        self.ends.entry(end).or_default().push(moment);
    }

    /// All ends that any frame concerns.
    pub fn ends(&self) -> impl Iterator<Item = &End> {
        self.ends.keys()
    }

    /// One end's moments.
    pub fn of(&self, end: End) -> &[Moment] {
        self.ends.get(&end).map_or(&[], Vec::as_slice)
    }

    /// The times of all frames, sorted.
    pub fn times(&self) -> Vec<Duration> {
        let mut times: Vec<Duration> = self.ends.values().flatten().map(|moment| moment.time).collect();
        times.sort_unstable();
        times
    }
}

/// One row of the socket table, as the program prints it.
#[derive(Debug)]
pub struct Row {
    pub state: String,
    pub evidence: String,
    pub rule: String,
    pub port: u16,
    /// Where it was seen.
    pub seen_at: Vec<IpAddr>,
    pub peer: Option<SocketAddr>,
}

/// What `sockets --at time:T` prints of the moment.
pub fn sockets_at(path: &Path, moment: Duration) -> Vec<Row> {
    let moment = format!("time:{}.{:09}", moment.as_secs(), moment.subsec_nanos());
    let mut program = Command::new(env!("CARGO_BIN_EXE_sockscope"));
    let output = program.arg("sockets").arg(path).args(["--all", "--json", "--at", &moment]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    document["sockets"].as_array().unwrap().iter().map(Row::read).collect()
}

impl Row {
    fn read(row: &Value) -> Self {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        let seen_at = row["seen_at"].as_array().unwrap().iter();
        Self {
            state: text("state"),
            evidence: text("evidence"),
            rule: text("rule"),
            port: text("local").rsplit_once(':').unwrap().1.parse().unwrap(),
            seen_at: seen_at.map(|address| address.as_str().unwrap().parse().unwrap()).collect(),
            peer: row["peer"].as_str().map(|peer| peer.parse().unwrap()),
        }
    }

    /// Its own end, of a connected socket.
    pub fn local(&self) -> SocketAddr {
        SocketAddr::new(self.seen_at[0], self.port)
    }
}
