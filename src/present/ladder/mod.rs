//! The ladder of a stream: two hosts as uprights, each packet a rung between them.
//!
//! A packet becomes a [`Rung`], which knows neither paper nor colour; [`Runs`] folds long runs of rungs that tell
//! nothing new; [`draw`] makes lines of text of what is left. A page or a terminal view begins from the same rungs.

mod draw;
mod runs;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

pub use draw::{Ladder, Paper, draw};
pub use runs::{Run, Runs, Step};

use crate::decode::tcp::{Flags, Segment};
use crate::decode::{Packet, Transport};
use crate::track::{Claim, Evidence, FlowId, Relative, Side, SocketState, Transition, Update};

/// A packet between two ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rung {
    /// Its frame.
    pub frame: u64,
    /// When it was captured, as the reader wants to see it.
    pub time: String,
    /// Who sent it.
    pub side: Side,
    /// What it is: `SYN, ACK Seq=0 Ack=1`.
    pub label: String,
    /// The same in fewer letters: `[SA] Seq=0 Ack=1`.
    pub short: String,
    /// The begin of what it carries, as captured; empty if it carries nothing.
    pub payload: Vec<u8>,
    /// Octets it carries.
    pub octets: u64,
    /// What is said of it besides: that it repeats octets, for example.
    pub remark: String,
    /// The state of each end after it, where it changed or is told first: initiator, responder.
    pub states: [Option<String>; 2],
    /// It moves data or acknowledges some, and nothing else.
    pub is_plain: bool,
}

/// What turns the packets of one stream into rungs. Who sent the first datagram of a UDP exchange stands at the left.
#[derive(Debug)]
pub struct Rungs {
    flow: FlowId,
    ends: Option<[SocketAddr; 2]>,
}

/// Octets of payload kept with a rung: enough for any line.
const PREVIEW: usize = 64;

impl Rungs {
    /// The rungs of this stream.
    pub const fn new(flow: FlowId) -> Self {
        Self { flow, ends: None }
    }

    /// Initiator and responder, once a packet has shown them.
    pub const fn ends(&self) -> Option<[SocketAddr; 2]> {
        self.ends
    }

    /// The rung of a packet; `None` if it belongs to something else.
    pub fn rung(&mut self, packet: &Packet<'_>, update: &Update<'_>, time: &str) -> Option<Rung> {
        if update.flow == Some(self.flow) {
            return match &update.transport {
                Some(Transport::Tcp(segment)) => self.of_segment(packet, segment, update, time),
                Some(Transport::Udp(datagram)) => {
                    let rung = self.blank(packet, update, time)?;
                    let label = format!("Len={}", datagram.payload_len);
                    let payload = preview(datagram.payload);
                    let octets = datagram.payload_len.into();
                    Some(Rung { short: label.clone(), label, payload, octets, is_plain: true, ..rung })
                }
                _ => None,
            };
        }
        self.of_error(packet, update, time)
    }

    fn of_segment(&mut self, packet: &Packet<'_>, segment: &Segment<'_>, update: &Update<'_>, time: &str) -> Option<Rung> {
        let is_first = self.ends.is_none();
        let rung = self.blank(packet, update, time)?;
        let remark = update.analyzed.map(|analyzed| analyzed.verdicts.to_string().replace('_', " ")).unwrap_or_default();
        let only = Flags::ACK.0 | Flags::PSH.0;
        let numbers = numbers(segment, update.relative);
        Some(Rung {
            label: format!("{} {numbers}", segment.flags),
            short: format!("[{}] {numbers}", letters(segment.flags)),
            payload: preview(segment.payload),
            octets: segment.payload_len.into(),
            is_plain: remark.is_empty() && update.transitions.is_empty() && segment.flags.0 & !only == 0,
            states: states(update, is_first),
            remark,
            ..rung
        })
    }

    /// An ICMP error about a packet of the stream: it goes to who had sent that.
    fn of_error(&mut self, packet: &Packet<'_>, update: &Update<'_>, time: &str) -> Option<Rung> {
        let about = update.about.as_ref().filter(|about| about.flow == Some(self.flow))?;
        let [initiator, _] = self.ends?;
        let to_initiator = about.ports.is_some_and(|(port, _)| SocketAddr::new(about.source, port) == initiator);
        let side = if to_initiator { Side::Responder } else { Side::Initiator };
        let mut label = String::new();
        super::info_column::write(packet, update, &mut label);
        Some(Rung { side, short: label.clone(), label, ..self.bare(packet, time) })
    }

    /// A rung that says no more than who sent it.
    fn blank(&mut self, packet: &Packet<'_>, update: &Update<'_>, time: &str) -> Option<Rung> {
        let tuple = update.tuple?;
        let sender_is = |end: SocketAddr| if tuple.source == end { Side::Initiator } else { Side::Responder };
        let ends = match update.side {
            Some(Side::Responder) => [tuple.destination, tuple.source],
            _ => [tuple.source, tuple.destination],
        };
        let [initiator, _] = *self.ends.get_or_insert(ends);
        Some(Rung { side: update.side.unwrap_or_else(|| sender_is(initiator)), ..self.bare(packet, time) })
    }

    fn bare(&self, packet: &Packet<'_>, time: &str) -> Rung {
        Rung {
            frame: packet.number,
            time: time.to_owned(),
            side: Side::Initiator,
            label: String::new(),
            short: String::new(),
            payload: Vec::new(),
            octets: 0,
            remark: String::new(),
            states: [None, None],
            is_plain: false,
        }
    }
}

/// `Seq=1 Ack=1 Len=17`; a length of 0 is left out.
fn numbers(segment: &Segment<'_>, relative: Option<Relative>) -> String {
    let (sequence, acknowledgment) =
        relative.map_or((segment.sequence.0, segment.acknowledgment.0), |relative| (relative.sequence, relative.acknowledgment));
    let ack = if segment.flags.contains(Flags::ACK) { format!(" Ack={acknowledgment}") } else { String::new() };
    let len = if segment.payload_len > 0 { format!(" Len={}", segment.payload_len) } else { String::new() };
    format!("Seq={sequence}{ack}{len}")
}

/// `SA`: the first letter of each flag.
fn letters(flags: Flags) -> String {
    flags.to_string().split(", ").filter_map(|name| name.chars().next()).filter(|letter| letter.is_ascii_uppercase()).collect()
}

/// The states that the segment changed; both of them on the first one.
fn states(update: &Update<'_>, is_first: bool) -> [Option<String>; 2] {
    let Some((initiator, responder)) = update.states else { return [None, None] };
    let changed = |side: Side| update.transitions.iter().any(|transition: &Transition| transition.side == side);
    [(Side::Initiator, initiator), (Side::Responder, responder)]
        .map(|(side, claim)| (is_first || changed(side)).then(|| marked(&claim)))
}

/// `SYN-SENT !`, in the words of `ss`.
fn marked(claim: &Claim) -> String {
    let mark = match claim.evidence {
        Evidence::Observed => '!',
        Evidence::Proved => '+',
        Evidence::Assumed => '?',
    };
    format!("{} {mark}", SocketState::from(claim.state).word())
}

fn preview(payload: &[u8]) -> Vec<u8> {
    payload.get(..PREVIEW).unwrap_or(payload).to_vec()
}
