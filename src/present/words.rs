//! Words that several views share.

use crate::decode::{Packet, Transport};
use crate::track::{Count, Outcome, Side, Update};

/// Why a client's port may be a registered one.
pub const BORROWED_PORTS: &str = "Linux gives clients ports 32768–60999, registered and dynamic ones alike.";

/// `1 frame`, `2 frames`.
pub fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// A number with its thousands apart: `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A few frame numbers: `3, 4, 7`, or `3, 4, 7, 9, 12 and 40 more`.
pub fn frames(numbers: &[u64]) -> String {
    const SHOWN: usize = 5;
    let shown = numbers.iter().take(SHOWN).map(u64::to_string).collect::<Vec<_>>().join(", ");
    match numbers.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// `7`, or `1–10`.
pub fn frame_range(first: u64, last: u64) -> String {
    if first == last { first.to_string() } else { format!("{first}–{last}") }
}

/// `5, 189 B`: datagrams or segments, and octets of payload.
pub fn traffic(count: &Count) -> String {
    format!("{}, {} B", count.frames, count.payload)
}

/// An outcome in words.
pub const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NoReply => "no reply",
        Outcome::HalfClosed => "half closed",
        Outcome::Midstream => "mid-stream",
        other => other.word(),
    }
}

/// The outcome is one that someone will want to look into.
pub const fn is_bad(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::NoReply | Outcome::Refused | Outcome::Reset)
}

/// `initiator` or `responder`.
pub const fn side(side: Side) -> &'static str {
    match side {
        Side::Initiator => "initiator",
        Side::Responder => "responder",
    }
}

/// Source and destination port of a packet; `None` for a fragment that completes nothing.
pub fn ports(update: &Update<'_>) -> Option<(u16, u16)> {
    match update.transport.as_ref().filter(|_| !update.fragment)? {
        Transport::Tcp(segment) => Some((segment.source_port, segment.destination_port)),
        Transport::Udp(datagram) => Some((datagram.source_port, datagram.destination_port)),
        Transport::Sctp { source_port, destination_port } => Some((*source_port, *destination_port)),
        Transport::Icmp(_) | Transport::Other(_) => None,
    }
}

/// Octets a frame had on the wire beyond those captured, in words; `None` if it was captured whole.
pub fn cut(packet: &Packet<'_>) -> Option<String> {
    let missing = packet.original_len.checked_sub(packet.captured_len).filter(|missing| *missing > 0)?;
    Some(format!("{} not captured", counted(u64::from(missing), "octet")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lists() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(counted(1, "frame"), "1 frame");
        assert_eq!(counted(1000, "frame"), "1,000 frames");
        assert_eq!(frames(&[3, 4]), "3, 4");
        assert_eq!(frames(&[1, 2, 3, 4, 5, 6, 7]), "1, 2, 3, 4, 5 and 2 more");
        assert_eq!(frame_range(7, 7), "7");
        assert_eq!(frame_range(1, 10), "1–10");
    }
}
