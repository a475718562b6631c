//! What became of a connection, in sentences that are written straight into a line.

use std::fmt::Write;

use super::line::Line;
use super::time::Span;
use super::words::{counted, side};
use crate::track::{Close, Closer, Connection, End, Outcome, Side, Verdicts};

/// How a connection was opened: `SYN 1 → SYN-ACK 2 → ACK 3, round trip 41.3 µs`.
pub(super) fn opening(line: &mut Line, connection: &Connection) {
    let handshake = &connection.handshake;
    if connection.midstream() {
        line.text("no handshake in this capture: it begins with frame ").digits(connection.first_frame);
        return;
    }
    match handshake.syn {
        Some(frame) => line.text("SYN ").digits(frame),
        None => line.text("SYN not captured"),
    };
    if handshake.syn.is_some() && handshake.syns > 1 {
        line.text(" (sent ").digits(handshake.syns.into()).text(" times)");
    }
    for (name, frame) in [("SYN-ACK", handshake.syn_ack), ("ACK", handshake.ack)] {
        match frame {
            Some(frame) => line.text(" → ").text(name).text(" ").digits(frame),
            None if handshake.syn_ack.is_some() => line.text(", no ").text(name),
            None => &mut *line,
        };
    }
    if let Some(round_trip) = handshake.round_trip() {
        // Writing to a line cannot fail.
        let _ = write!(line.text(", round trip "), "{}", Span(round_trip));
    }
}

/// How a connection ended: `closed by initiator first, FIN 10 and FIN 12, 3 segments`.
pub(super) fn ending(line: &mut Line, connection: &Connection) {
    match connection.outcome() {
        Outcome::NoReply => line.text("nobody answered"),
        Outcome::Refused => frame(line.text("refused by responder, RST "), connection.ends.responder.rst),
        Outcome::Reset => reset(line, connection),
        Outcome::Open | Outcome::Midstream => line.text("open at the end of the capture"),
        Outcome::HalfClosed => half_close(line, connection),
        Outcome::Closed => close(line, connection),
    };
}

/// Which side sent the RST that ended it.
fn reset<'l>(line: &'l mut Line, connection: &Connection) -> &'l mut Line {
    let (initiator, responder) = (connection.ends.initiator.rst, connection.ends.responder.rst);
    let by_initiator = connection.reset.is_some() && connection.reset == initiator;
    let (who, own) = if by_initiator { (Side::Initiator, connection.reset) } else { (Side::Responder, responder) };
    frame(line.text("reset by ").text(side(who)).text(", RST "), connection.reset.or(own).or(initiator))
}

fn half_close<'l>(line: &'l mut Line, connection: &Connection) -> &'l mut Line {
    let who = match connection.closed_first() {
        Some(Closer::Responder) => Side::Responder,
        _ => Side::Initiator,
    };
    let fin = connection.end_of(who).fin;
    frame(line.text("half closed: ").text(side(who)).text(" sent FIN "), fin).text(", ").text(side(who.other())).text(" did not")
}

fn close<'l>(line: &'l mut Line, connection: &Connection) -> &'l mut Line {
    let (initiator, responder) = (connection.ends.initiator.fin, connection.ends.responder.fin);
    let (who, first, second, how) = match connection.closed_first() {
        Some(Closer::Responder) => ("responder first", responder, initiator, ""),
        Some(Closer::Both) => ("both at once", initiator, responder, " crossed"),
        _ => ("initiator first", initiator, responder, ""),
    };
    frame(line.text("closed by ").text(who).text(", FIN "), first);
    frame(line.text(" and FIN "), second).text(how);
    line.text(match connection.close() {
        Some(Close::ThreeSegments) => ", 3 segments",
        Some(Close::FourSegments) => ", 4 segments",
        _ => "",
    })
}

fn frame(line: &mut Line, number: Option<u64>) -> &mut Line {
    match number {
        Some(number) => line.digits(number),
        None => line.text("?"),
    }
}

/// The states of both ends with their evidence: `initiator TIME-WAIT (assumed), responder CLOSED (assumed)`.
pub(super) fn states(line: &mut Line, connection: &Connection) {
    let [initiator, responder] = [Side::Initiator, Side::Responder].map(|side| connection.end_of(side).state);
    let alike = initiator.state == responder.state && initiator.evidence == responder.evidence;
    let ends: &[_] = if alike { &[("both ends ", initiator)] } else { &[("initiator ", initiator), (", responder ", responder)] };
    for (who, claim) in ends {
        line.text(who).text(claim.state.name()).text(" (").text(claim.evidence.word()).text(")");
    }
}

/// What went wrong one way: `initiator: 1 retransmission (65,483 octets came twice), 2 duplicate ACKs`; `None` if nothing
/// did.
pub(super) fn trouble(end: &End) -> Option<String> {
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
    (!parts.is_empty()).then(|| format!("{}: {}", side(end.side), parts.join(", ")))
}

/// `1 segment out of order`, `2 segments out of order`: the plural is at the noun, wherever that stands.
fn many(count: u64, noun: &str) -> String {
    match noun.split_once(' ') {
        Some((first, rest)) if matches!(first, "segment" | "gap") => format!("{} {rest}", counted(count, first)),
        _ => counted(count, noun),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::testing::{opened_and_closed, tcp, trace};

    fn said(frames: &[Vec<u8>]) -> [String; 2] {
        let trace = trace(frames);
        [opening, ending].map(|sentence| {
            let mut line = Line::new();
            sentence(&mut line, &trace.connections[0]);
            String::from_utf8(line.since(0).to_vec()).unwrap()
        })
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
}
