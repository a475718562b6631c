//! Sentences and words that several views share.

use std::fmt::Write;

use super::time::Span;
use crate::decode::{Packet, Transport};
use crate::track::{Close, Closer, Connection, Count, End, Outcome, Side, Update, Verdicts};

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

/// How a connection was opened: `SYN 1 → SYN-ACK 2 → ACK 3, round trip 41.3 µs`.
pub fn opening(connection: &Connection) -> String {
    let handshake = &connection.handshake;
    if connection.midstream() {
        return format!("no handshake in this capture: it begins with frame {}", connection.first_frame);
    }
    let mut text = match handshake.syn {
        Some(frame) if handshake.syns > 1 => format!("SYN {frame} (sent {} times)", handshake.syns),
        Some(frame) => format!("SYN {frame}"),
        None => "SYN not captured".to_owned(),
    };
    for (name, frame) in [("SYN-ACK", handshake.syn_ack), ("ACK", handshake.ack)] {
        // Writing to a string cannot fail.
        let _ = match frame {
            Some(frame) => write!(text, " → {name} {frame}"),
            None if handshake.syn_ack.is_some() => write!(text, ", no {name}"),
            None => Ok(()),
        };
    }
    if let Some(round_trip) = handshake.round_trip() {
        let _ = write!(text, ", round trip {}", Span(round_trip));
    }
    text
}

/// How a connection ended: `closed by initiator first, FIN 10 and FIN 12, 3 segments`.
pub fn ending(connection: &Connection) -> String {
    match connection.outcome() {
        Outcome::NoReply => "nobody answered".to_owned(),
        Outcome::Refused => format!("refused by responder, RST {}", frame(connection.ends.responder.rst)),
        Outcome::Reset => reset(connection),
        Outcome::Open | Outcome::Midstream => "open at the end of the capture".to_owned(),
        Outcome::HalfClosed => half_close(connection),
        Outcome::Closed => close(connection),
    }
}

/// Which side sent the RST that ended it.
fn reset(connection: &Connection) -> String {
    let by_initiator = connection.reset.is_some() && connection.reset == connection.ends.initiator.rst;
    let (who, own) = if by_initiator { ("initiator", connection.reset) } else { ("responder", connection.ends.responder.rst) };
    format!("reset by {who}, RST {}", frame(connection.reset.or(own).or(connection.ends.initiator.rst)))
}

fn half_close(connection: &Connection) -> String {
    let (who, other, end) = match connection.closed_first() {
        Some(Closer::Responder) => ("responder", "initiator", &connection.ends.responder),
        _ => ("initiator", "responder", &connection.ends.initiator),
    };
    format!("half closed: {who} sent FIN {}, {other} did not", frame(end.fin))
}

fn close(connection: &Connection) -> String {
    let (initiator, responder) = (frame(connection.ends.initiator.fin), frame(connection.ends.responder.fin));
    let order = match connection.closed_first() {
        Some(Closer::Responder) => format!("closed by responder first, FIN {responder} and FIN {initiator}"),
        Some(Closer::Both) => format!("closed by both at once, FIN {initiator} and FIN {responder} crossed"),
        _ => format!("closed by initiator first, FIN {initiator} and FIN {responder}"),
    };
    match connection.close() {
        Some(Close::ThreeSegments) => order + ", 3 segments",
        Some(Close::FourSegments) => order + ", 4 segments",
        _ => order,
    }
}

/// `initiator` or `responder`.
pub const fn side(side: Side) -> &'static str {
    match side {
        Side::Initiator => "initiator",
        Side::Responder => "responder",
    }
}

/// The states of both ends with their evidence: `initiator TIME-WAIT (assumed), responder CLOSED (assumed)`.
pub fn states(connection: &Connection) -> String {
    let [initiator, responder] = [Side::Initiator, Side::Responder].map(|side| connection.end_of(side).state);
    if initiator.state == responder.state && initiator.evidence == responder.evidence {
        return format!("both ends {} ({})", initiator.state, initiator.evidence);
    }
    format!("initiator {} ({}), responder {} ({})", initiator.state, initiator.evidence, responder.state, responder.evidence)
}

/// What went wrong each way: `initiator: 1 retransmission (65,483 octets came twice), 2 duplicate ACKs`.
pub fn trouble(connection: &Connection) -> Vec<String> {
    let told = |end: &End| {
        let parts = trouble_of(end);
        (!parts.is_empty()).then(|| format!("{}: {}", side(end.side), parts.join(", ")))
    };
    [&connection.ends.initiator, &connection.ends.responder].into_iter().filter_map(told).collect()
}

fn trouble_of(end: &End) -> Vec<String> {
    let kinds = [
        (Verdicts::RETRANSMISSION, "retransmission"),
        (Verdicts::OUT_OF_ORDER, "segment out of order"),
        (Verdicts::LOST_SEGMENT, "gap before a segment"),
        (Verdicts::DUPLICATE_ACK, "duplicate ACK"),
        (Verdicts::ZERO_WINDOW, "closed window"),
        (Verdicts::WINDOW_FULL, "filled window"),
        (Verdicts::KEEP_ALIVE, "keep-alive"),
    ];
    let seen = kinds.into_iter().map(|(verdict, noun)| (u64::from(end.analysis.of(verdict)), noun));
    let mut parts: Vec<String> = seen.filter(|(count, _)| *count > 0).map(|(count, noun)| many(count, noun)).collect();
    let delivered = end.delivered();
    if delivered.repeated > 0 {
        parts.push(format!("{} sent again", counted(delivered.repeated, "octet")));
    }
    if delivered.missing > 0 {
        parts.push(format!("{} not in the capture", counted(delivered.missing, "octet")));
    }
    parts
}

/// `1 segment out of order`, `2 segments out of order`: the plural is at the noun, wherever that stands.
fn many(count: u64, noun: &str) -> String {
    match noun.split_once(' ') {
        Some((first, rest)) if matches!(first, "segment" | "gap") => format!("{} {rest}", counted(count, first)),
        _ => counted(count, noun),
    }
}

fn frame(number: Option<u64>) -> String {
    number.map_or_else(|| "?".to_owned(), |number| number.to_string())
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
    use crate::present::testing::{opened_and_closed, tcp, trace};

    fn said(frames: &[Vec<u8>]) -> [String; 2] {
        let trace = trace(frames);
        [opening(&trace.connections[0]), ending(&trace.connections[0])]
    }

    #[test]
    fn connections_in_words() {
        let all = opened_and_closed();
        assert_eq!(
            said(&all),
            ["SYN 1 → SYN-ACK 2 → ACK 3, round trip 2.00 ms", "closed by initiator first, FIN 4 and FIN 5, 3 segments"]
        );
        assert_eq!(said(&all[..2]), ["SYN 1 → SYN-ACK 2, no ACK", "open at the end of the capture"]);
        assert_eq!(said(&[all[0].clone(), all[0].clone()]), ["SYN 1 (sent 2 times)", "nobody answered"]);
        assert_eq!(
            said(&all[2..4]),
            ["no handshake in this capture: it begins with frame 1", "half closed: initiator sent FIN 2, responder did not"]
        );
        let refusal = tcp("10.0.0.2:80", "10.0.0.1:40000", 0x14, 0, 101);
        assert_eq!(said(&[all[0].clone(), refusal]), ["SYN 1", "refused by responder, RST 2"]);
    }

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
