//! What sockscope says of every end, frame by frame.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use sockscope::capture::{self, Next, Timestamp};
use sockscope::decode::tcp::Flags;
use sockscope::decode::{self, Packet};
use sockscope::track::{Claim, Limits, Side, SocketTable, Tracker, Update};

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

/// The socket table after the last frame at or before a moment.
pub fn sockets_at(path: &Path, moment: Duration) -> SocketTable {
    let mut tracker = Tracker::new(Limits::default());
    let mut source = capture::open(path).unwrap();
    while let Next::Frame(frame) = source.next().unwrap() {
        if frame.timestamp.is_some_and(|time| since_epoch(time) > moment) {
            break;
        }
        tracker.push(&decode::packet(&frame));
    }
    tracker.finish().sockets
}

fn since_epoch(timestamp: Timestamp) -> Duration {
    Duration::new(timestamp.seconds().unsigned_abs(), timestamp.nanoseconds())
}
