//! Ladders of whole captures, rung by rung.

use unicode_width::UnicodeWidthStr;

use super::*;
use crate::present::look::Look;
use crate::present::testing::{dial, opened_and_closed, track, udp};
use crate::track::Protocol;
use crate::zoo;

fn ladder(frames: &[Vec<u8>], protocol: Protocol, look: Look, all: bool) -> String {
    let mut ladder = Ladder::new(FlowId { protocol, number: 0 }, look, dial(), all);
    let mut out = Vec::new();
    track(frames, |packet, update| {
        ladder.see(packet, 6);
        ladder.push(packet, update, &mut out).unwrap();
    });
    ladder.finish(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn plain(frames: &[Vec<u8>], protocol: Protocol) -> String {
    ladder(frames, protocol, Look::default(), false)
}

const CLIENT: &str = "10.0.0.1:40000";
const SERVER: &str = "10.0.0.2:80";

/// A handshake, and so many segments that only move data.
fn long(segments: usize) -> Vec<Vec<u8>> {
    let data = ["> data 10\n", "< data 10\n"].into_iter().cycle().take(segments).collect::<String>();
    let script = zoo::Script::parse(&format!("> S\n< SA\n> A\n{data}")).unwrap();
    zoo::frames(&script).into_iter().map(|made| made.octets).collect()
}

#[test]
fn a_connection_is_drawn_between_its_ends() {
    let expected = "\
tcp:0  10.0.0.1:40000 → 10.0.0.2:80
States where they change: ! observed, + proved by a later segment, ? assumed.

  No. Time      State        │10.0.0.1:40000           10.0.0.2:80│ State
    1 0.000000  SYN-SENT !   │── SYN Seq=0 ──────────────────────▶│ CLOSED ?
    2 0.001000  ESTAB ?      │◀─────────── SYN, ACK Seq=0 Ack=1 ──│ SYN-RECV !
    3 0.002000  ESTAB +      │── ACK Seq=1 Ack=1 ────────────────▶│ ESTAB ?
    4 0.003000  FIN-WAIT-1 ! │── FIN, ACK Seq=1 Ack=1 ───────────▶│ CLOSE-WAIT ?
    5 0.004000  TIME-WAIT ?  │◀─────────── FIN, ACK Seq=1 Ack=2 ──│ LAST-ACK !
    6 0.005000  TIME-WAIT +  │── ACK Seq=2 Ack=2 ────────────────▶│ CLOSED ?
";
    assert_eq!(plain(&opened_and_closed(), Protocol::Tcp), expected);
}

#[test]
fn long_runs_are_folded_and_no_frame_is_lost_to_the_count() {
    for segments in 0..30 {
        let text = plain(&long(segments), Protocol::Tcp);
        let shown = text.lines().filter(|line| line.contains('▶') || line.contains('◀')).count();
        let folded: usize =
            text.lines().filter_map(|line| line.split("… ").nth(1)?.split(' ').next()?.parse::<usize>().ok()).sum();
        assert_eq!(shown + folded, 3 + segments, "{text}");
        assert!(folded != 1 && (segments < 12 || folded > 2), "{text}");
        let every = ladder(&long(segments), Protocol::Tcp, Look::default(), true);
        assert_eq!(every.lines().filter(|line| line.contains('│')).count(), 4 + segments);
    }
}

#[test]
fn every_line_ends_within_its_width() {
    for width in [None, Some(20), Some(80), Some(100), Some(200)] {
        let look = Look { colour: false, width };
        let room = width.map_or(80, |width: u16| usize::from(width).max(80));
        for (frames, protocol) in [(long(20), Protocol::Tcp), (vec![udp(CLIENT, SERVER, 90)], Protocol::Udp)] {
            let text = ladder(&frames, protocol, look, false);
            assert!(text.lines().all(|line| line.width() <= room), "{text}");
            let right = |line: &str| line.rfind('│').map(|place| line[..place].width());
            let uprights: Vec<usize> = text.lines().filter_map(right).collect();
            assert!(!uprights.is_empty() && uprights.iter().all(|place| *place == uprights[0]), "{text}");
        }
    }
}

/// What the arrow of a datagram with this payload says.
fn said(payload: &[u8]) -> String {
    let rung = Rung {
        frame: 1,
        time: "0.000000".into(),
        side: Side::Responder,
        label: format!("Len={}", payload.len()),
        short: String::new(),
        payload: payload.to_vec(),
        octets: payload.len() as u64,
        remark: String::new(),
        states: [None, None],
        is_plain: true,
    };
    let paper = Paper::new(Protocol::Udp, Look::default(), "0.000000");
    let line = draw(&Step::Rung(rung), paper).remove(0);
    assert_eq!(line.width(), 78, "{line}");
    line.trim_end_matches("│").split("◀").nth(1).unwrap().trim_matches(['─', ' ']).to_owned()
}

#[test]
fn what_is_carried_shows_as_far_as_it_is_text_and_fits() {
    assert_eq!(said("안녕, 소켓\n".as_bytes()), "Len=15 ‘안녕, 소켓’");
    assert_eq!(said(&"가".repeat(21).as_bytes()[..62]), "Len=62 ‘가가가가가가가가가가가가가가가가가가가가’");
    assert_eq!(said("나".repeat(40).as_bytes()), format!("Len=120 ‘{}…’", "나".repeat(22)));
    assert_eq!(said(b"\x16\x03\x01\xff"), "Len=4");
    assert_eq!(said(b"a\x1b[31mb"), "Len=7");
    assert_eq!(said("a\u{202e}b".as_bytes()), "Len=5 ‘a\\u{202e}b’");
    assert_eq!(said(b""), "Len=0");
}

#[test]
fn a_remark_stands_below_its_rung() {
    let mut frames = opened_and_closed();
    frames.truncate(4);
    frames.push(frames[3].clone());
    let text = plain(&frames, Protocol::Tcp);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.last().unwrap().contains("retransmission)"), "{text}");
}
