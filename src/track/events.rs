//! A segment as a connection sees it, and what it brings about there.

use super::flow::Slot;
use super::stream::Chunk;
use super::{Claim, Note, Oddity, Signal};
use crate::capture::Timestamp;
use crate::decode::tcp::Segment;

/// One of a connection's two ends.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Side {
    /// Who opened it.
    Initiator,
    /// Who was called.
    Responder,
}

impl Side {
    /// The other end.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
}

/// How closely connections are followed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Detail {
    /// As far as a table of them shows: neither digests nor metrics.
    Table,
    /// All but digests: they take longer than bulk data takes to come.
    Live,
    /// All there is to know.
    Full,
}

/// A segment, when and where it was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) frame: u64,
    pub(super) timestamp: Option<Timestamp>,
    /// Octets of the frame on the wire.
    pub(super) octets: u32,
    /// Which endpoint of its flow sent it.
    pub(super) from: Slot,
    pub(super) segment: &'a Segment<'a>,
    /// The segment is not just what a first fragment shows of it.
    pub(super) whole: bool,
}

/// One change in what is known of an endpoint's state.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Transition {
    /// The end whose state it is.
    pub side: Side,
    /// Before.
    pub from: Claim,
    /// After.
    pub to: Claim,
    /// What brought it about.
    pub step: Step,
}

/// What changes a claim about a state.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// An arrow of the state diagram.
    Signal(Signal),
    /// The end acted on the signal that had been assumed to reach it.
    Proved(Signal),
    /// The end showed that the signal had not reached it.
    TakenBack(Signal),
}

/// Octets of a connection that is followed, in the order in which its receiver reads them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Piece {
    /// Who sent them.
    pub side: Side,
    /// The frame that brought them; `None` for octets that are not in the capture.
    pub frame: Option<u64>,
    /// The octets; empty where they are missing.
    pub octets: Vec<u8>,
    /// How many are missing.
    pub missing: u64,
}

/// Where the consequences of one segment are collected.
#[derive(Debug)]
pub(super) struct Events<'e> {
    /// The segment's frame.
    pub(super) frame: u64,
    pub(super) notes: &'e mut Vec<Note>,
    pub(super) transitions: &'e mut Vec<Transition>,
    /// The octets that come into order, if somebody wants them.
    pub(super) pieces: Option<&'e mut Vec<Piece>>,
}

impl Events<'_> {
    pub(super) fn note(&mut self, oddity: Oddity) {
        self.notes.push(Note { frame: self.frame, oddity });
    }

    pub(super) fn transition(&mut self, transition: Transition) {
        self.transitions.push(transition);
    }

    pub(super) fn piece(&mut self, side: Side, chunk: Chunk<'_>) {
        if let Some(pieces) = &mut self.pieces {
            pieces.push(Piece::new(side, chunk));
        }
    }
}

impl Piece {
    pub(super) fn new(side: Side, chunk: Chunk<'_>) -> Self {
        match chunk {
            Chunk::Octets { frame, octets } => Self { side, frame: Some(frame), octets: octets.to_vec(), missing: 0 },
            Chunk::Hole { octets } => Self { side, frame: None, octets: Vec::new(), missing: octets },
        }
    }
}
