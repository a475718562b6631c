//! `states` and `follow`: a connection's states over time, and the octets that were said in it, as JSON Lines.

use std::io::{self, Write};

use serde::Serialize;

use super::format::{Text, hex, line};
use crate::capture::Timestamp;
use crate::decode::Packet;
use crate::present::words;
use crate::track::{Claim, Piece, Side, Step, Transition, Update};

#[derive(Serialize)]
struct Row {
    frame: u64,
    time: Option<Text<Timestamp>>,
    from: &'static str,
    flags: u16,
    length: u32,
    initiator: State,
    responder: State,
    transitions: Vec<Change>,
}

#[derive(Serialize)]
struct State {
    state: &'static str,
    evidence: &'static str,
    since: u64,
}

impl From<Claim> for State {
    fn from(claim: Claim) -> Self {
        Self { state: claim.state.name(), evidence: claim.evidence.word(), since: claim.frame }
    }
}

#[derive(Serialize)]
struct Change {
    side: &'static str,
    from: &'static str,
    to: &'static str,
    step: &'static str,
    signal: &'static str,
    section: &'static str,
    evidence: &'static str,
}

impl From<&Transition> for Change {
    fn from(transition: &Transition) -> Self {
        let (step, signal) = match transition.step {
            Step::Signal(signal) => ("signal", signal),
            Step::Proved(signal) => ("proved", signal),
            Step::TakenBack(signal) => ("taken_back", signal),
        };
        Self {
            side: words::side(transition.side),
            from: transition.from.state.name(),
            to: transition.to.state.name(),
            step,
            signal: signal.text(),
            section: signal.section(transition.from.state),
            evidence: transition.to.evidence.word(),
        }
    }
}

/// Writes the states after each segment, a line for each.
#[derive(Debug, Default)]
pub struct States(());

impl States {
    /// No line yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes one segment; nothing for packets of no connection.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&mut self, packet: &Packet<'_>, update: &Update<'_>, out: &mut impl Write) -> io::Result<()> {
        let (Some((initiator, responder)), Some(side), Some(segment)) = (update.states, update.side, update.segment()) else {
            return Ok(());
        };
        let row = Row {
            frame: packet.number,
            time: packet.timestamp.map(Text),
            from: words::side(side),
            flags: segment.flags.0,
            length: segment.payload_len,
            initiator: initiator.into(),
            responder: responder.into(),
            transitions: update.transitions.iter().map(Change::from).collect(),
        };
        line(&row, out)
    }
}

#[derive(Serialize)]
struct Said {
    from: &'static str,
    frame: Option<u64>,
    offset: u64,
    octets: String,
    missing: u64,
}

/// Writes the octets of a stream, a line for each piece; octets in hexadecimal.
#[derive(Debug, Default)]
pub struct Followed {
    initiator: u64,
    responder: u64,
}

impl Followed {
    /// No line yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes one piece.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&mut self, piece: &Piece, out: &mut impl Write) -> io::Result<()> {
        let offset = match piece.side {
            Side::Initiator => &mut self.initiator,
            Side::Responder => &mut self.responder,
        };
        let said = Said {
            from: words::side(piece.side),
            frame: piece.frame,
            offset: *offset,
            octets: hex(&piece.octets),
            missing: piece.missing,
        };
        *offset += piece.octets.len() as u64 + piece.missing;
        line(&said, out)
    }
}
