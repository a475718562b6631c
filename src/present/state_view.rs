//! `states`: the states of both ends of a connection over time, a segment between them.

use std::io::{self, Write};
use std::net::SocketAddr;

use super::look::{Ink, Look};
use super::time::Dial;
use super::words;
use crate::decode::Packet;
use crate::track::{Claim, Evidence, FlowId, Side, Step, Transition, Update};

/// The time line of one connection: `initiator | segment | responder`, and below it why a state changed.
#[derive(Debug)]
pub struct States {
    look: Look,
    dial: Dial,
    time: String,
}

/// Cells of a state: the longest is `SYN-RECEIVED +`.
const STATE: usize = 14;

/// Cells of the segment between the states.
const SEGMENT: usize = 30;

impl States {
    /// A time line that has not begun.
    pub fn new(look: Look, dial: Dial) -> Self {
        Self { look, dial, time: String::new() }
    }

    /// Writes what stands over the time line.
    ///
    /// # Errors
    /// What the writer says.
    pub fn heading(&self, flow: FlowId, update: &Update<'_>, out: &mut impl Write) -> io::Result<()> {
        if let Some((initiator, responder)) = ends(update) {
            writeln!(out, "{}", self.look.paint(Ink::Strong, format!("{flow}  {initiator} → {responder}")))?;
        }
        let legend = "States after each segment: ! observed, + proved by a later segment, ? assumed.\nSections (§) are those of RFC 9293.\n";
        writeln!(out, "{}", self.look.paint(Ink::Quiet, legend))?;
        let columns = format!("{:>5}  {:<11}  {:<STATE$}  {:^SEGMENT$}  {}", "No.", "Time", "Initiator", "Segment", "Responder");
        writeln!(out, "{}", self.look.paint(Ink::Quiet, columns))
    }

    /// Sets the clock by the first frame of the capture, and by every other frame.
    pub fn see(&mut self, packet: &Packet<'_>, digits: usize) {
        self.time.clear();
        self.dial.write(packet.timestamp, digits, &mut self.time);
    }

    /// Writes the segment that was seen last, and the changes it brought about.
    ///
    /// # Errors
    /// What the writer says.
    pub fn segment(&mut self, packet: &Packet<'_>, update: &Update<'_>, out: &mut impl Write) -> io::Result<()> {
        let (Some((initiator, responder)), Some(side)) = (update.states, update.side) else { return Ok(()) };
        let arrow = arrow(side, &label(update));
        let line =
            format!("{:>5}  {:<11}  {:<STATE$}  {arrow}  {}", packet.number, self.time, marked(&initiator), marked(&responder));
        writeln!(out, "{}", line.trim_end())?;
        update.transitions.iter().try_for_each(|transition| self.transition(transition, out))
    }

    fn transition(&self, transition: &Transition, out: &mut impl Write) -> io::Result<()> {
        let text = format!("{:20}{} {}", "", words::side(transition.side), reason(transition));
        writeln!(out, "{}", self.look.paint(Ink::Quiet, text))
    }
}

/// `SYN-SENT !`
fn marked(claim: &Claim) -> String {
    let mark = match claim.evidence {
        Evidence::Observed => '!',
        Evidence::Proved => '+',
        Evidence::Assumed => '?',
    };
    format!("{} {mark}", claim.state.name())
}

/// `──── SYN ───▶`, as wide as the column.
fn arrow(side: Side, label: &str) -> String {
    let room = SEGMENT.saturating_sub(label.chars().count() + 3);
    let (before, after) = (room / 2, room - room / 2);
    let shaft = |len: usize| "─".repeat(len);
    match side {
        Side::Initiator => format!("{} {label} {}▶", shaft(before), shaft(after)),
        Side::Responder => format!("◀{} {label} {}", shaft(before), shaft(after)),
    }
}

/// `SYN, ACK` or `PSH, ACK 17`: the flags, and the octets of payload.
fn label(update: &Update<'_>) -> String {
    let Some(segment) = update.segment() else { return String::new() };
    match segment.payload_len {
        0 => segment.flags.to_string(),
        octets => format!("{} +{octets}", segment.flags),
    }
}

/// `SYN-SENT → ESTABLISHED ?: got the answer to its SYN, §3.10.7.3`.
fn reason(transition: &Transition) -> String {
    let from = transition.from.state.name();
    match transition.step {
        Step::Signal(signal) => {
            format!("{from} → {}: {}, §{}", marked(&transition.to), signal.text(), signal.section(transition.from.state))
        }
        Step::Proved(signal) => format!("{}, proved by this segment: {}", marked(&transition.to), signal.text()),
        Step::TakenBack(signal) => {
            format!("{from} taken back to {}, refuted by this segment: {}", marked(&transition.to), signal.text())
        }
    }
}

/// Initiator and responder.
fn ends(update: &Update<'_>) -> Option<(SocketAddr, SocketAddr)> {
    let tuple = update.tuple?;
    Some(match update.side? {
        Side::Initiator => (tuple.source, tuple.destination),
        Side::Responder => (tuple.destination, tuple.source),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_fill_their_column_both_ways() {
        for label in ["SYN", "FIN, PSH, ACK +65483", ""] {
            for side in [Side::Initiator, Side::Responder] {
                assert_eq!(arrow(side, label).chars().count(), SEGMENT, "{label}");
            }
        }
        assert!(arrow(Side::Initiator, "SYN").ends_with("─▶"));
        assert!(arrow(Side::Responder, "SYN").starts_with("◀─"));
    }
}
