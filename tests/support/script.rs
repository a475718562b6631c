//! TCP connections from line scripts: `> S`, `< SA`, `> A`, `> data 5`, …
//!
//! `>` is a segment of the initiator (10.0.0.1:40000), `<` one of the responder (10.0.0.2:80). Then flags (S, A, F, R,
//! P, U) or `data N` for N octets with ACK and PSH. Sequence and acknowledgment numbers follow the script, as if every
//! segment arrived; `seq=N` and `ack=N` set them for one segment, counted from the side's initial number, and `data N`
//! may follow flags. `+MS` lets that many milliseconds pass; each segment takes one. Lines after `#` are remarks.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use etherparse::PacketBuilder;
use sockscope::capture::{ByteOrder, Frame, InterfaceId, LinkType, Timestamp};
use sockscope::decode;
use sockscope::track::{Connection, Limits, Trace, Tracker};

/// One end of a scripted connection.
struct End {
    address: ([u8; 4], u16),
    isn: u32,
    /// Octets sent, counted from `isn`.
    next: u32,
}

/// A frame made by a script.
pub struct Made {
    pub time: Timestamp,
    pub octets: Vec<u8>,
}

/// The frames of a script, on raw IP.
pub fn frames(script: &str) -> Vec<Made> {
    frames_from(script, [1000, 5000])
}

/// The frames of a script whose two sides begin at these sequence numbers.
pub fn frames_from(script: &str, isns: [u32; 2]) -> Vec<Made> {
    let mut ends = [
        End { address: ([10, 0, 0, 1], 40_000), isn: isns[0], next: 0 },
        End { address: ([10, 0, 0, 2], 80), isn: isns[1], next: 0 },
    ];
    let mut milliseconds = 0_u64;
    let mut made = Vec::new();
    for line in script.lines().map(|line| line.split('#').next().unwrap_or("").trim()).filter(|line| !line.is_empty()) {
        if let Some(pause) = line.strip_prefix('+') {
            milliseconds += pause.trim().parse::<u64>().unwrap_or_else(|_| panic!("{line}: milliseconds expected"));
            continue;
        }
        milliseconds += 1;
        let time = Timestamp::new(1_700_000_000 + (milliseconds / 1000) as i64, (milliseconds % 1000) as u32 * 1_000_000);
        made.push(Made { time, octets: segment(line, &mut ends) });
    }
    made
}

fn segment(line: &str, ends: &mut [End; 2]) -> Vec<u8> {
    let mut words = line.split_whitespace();
    let side = match words.next() {
        Some(">") => 0,
        Some("<") => 1,
        other => panic!("{line}: > or < expected, not {other:?}"),
    };
    let (mut flags, mut payload, mut seq, mut ack) = (String::new(), 0, ends[side].next, ends[1 - side].next);
    while let Some(word) = words.next() {
        if let Some(number) = word.strip_prefix("seq=") {
            seq = number.parse().unwrap();
        } else if let Some(number) = word.strip_prefix("ack=") {
            ack = number.parse().unwrap();
        } else if word == "data" {
            payload = words.next().and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{line}: octets expected"));
            if flags.is_empty() {
                flags = "PA".into();
            }
        } else {
            flags = word.into();
        }
    }
    let has = |flag: char| flags.contains(flag);
    let (from, to) = (&ends[side], &ends[1 - side]);
    let mut builder =
        PacketBuilder::ipv4(from.address.0, to.address.0, 64).tcp(from.address.1, to.address.1, from.isn.wrapping_add(seq), 8192);
    if has('A') {
        builder = builder.ack(to.isn.wrapping_add(ack));
    }
    for (flag, set) in [('S', 0), ('F', 1), ('R', 2), ('P', 3)] {
        if has(flag) {
            builder = match set {
                0 => builder.syn(),
                1 => builder.fin(),
                2 => builder.rst(),
                _ => builder.psh(),
            };
        }
    }
    let mut octets = Vec::new();
    builder.write(&mut octets, &vec![b'x'; payload]).unwrap();
    let len = payload as u32 + u32::from(has('S')) + u32::from(has('F'));
    ends[side].next = ends[side].next.max(seq + len);
    octets
}

/// Runs frames through a tracker.
pub fn track(frames: &[Made]) -> Trace {
    let mut tracker = Tracker::new(Limits::default());
    for (number, made) in (1..).zip(frames) {
        tracker.push(&decode::packet(&frame(number, made)));
    }
    tracker.finish()
}

/// A frame of raw IP as a reader would deliver it.
pub fn frame(number: u64, made: &Made) -> Frame<'_> {
    Frame {
        number,
        timestamp: Some(made.time),
        ticks: 0,
        interface: InterfaceId(0),
        link_type: LinkType::RAW,
        original_len: made.octets.len() as u32,
        octets: &made.octets,
        file_offset: 0,
        options: &[],
        byte_order: ByteOrder::Little,
    }
}

/// The only connection of a script.
pub fn connection(script: &str) -> Connection {
    let trace = track(&frames(script));
    assert_eq!(trace.connections.len(), 1, "one connection expected");
    trace.connections[0].clone()
}

/// The initiator's address in scripts.
pub fn initiator() -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 40_000)
}
