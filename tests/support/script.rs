//! Packets from line scripts, in the language of [`sockscope::zoo::script`], on raw IP.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use sockscope::capture::{ByteOrder, Frame, InterfaceId, LinkType, Timestamp};
use sockscope::decode;
use sockscope::track::{Connection, Limits, Trace, Tracker};
use sockscope::zoo::{self, Script};

/// Octets of the Ethernet header that the zoo's frames begin with.
const ETHERNET: usize = 14;

/// A packet, and when it was captured.
pub struct Made {
    pub time: Timestamp,
    pub octets: Vec<u8>,
}

/// The packets of a script whose responder is at port 80.
pub fn frames(script: &str) -> Vec<Made> {
    frames_from(script, [1000, 5000])
}

fn packets(script: &str) -> Vec<Made> {
    let script = Script::parse(script).unwrap_or_else(|error| panic!("{error}\n{script}"));
    zoo::frames(&script).into_iter().map(|made| Made { time: made.time, octets: made.octets[ETHERNET..].to_vec() }).collect()
}

/// The packets of a script whose two sides begin at these sequence numbers.
pub fn frames_from(script: &str, [initiator, responder]: [u32; 2]) -> Vec<Made> {
    packets(&format!("tcp 10.0.0.1:40000 10.0.0.2:80 isn={initiator},{responder}\n{script}"))
}

/// Runs packets through a tracker.
pub fn track(frames: &[Made]) -> Trace {
    track_within(Limits::default(), frames)
}

/// Runs frames through a tracker with these limits.
pub fn track_within(limits: Limits, frames: &[Made]) -> Trace {
    let mut tracker = Tracker::new(limits);
    for (number, made) in (1..).zip(frames) {
        tracker.push(&decode::packet(&frame(number, made)));
    }
    tracker.finish()
}

/// A packet as a reader would deliver it.
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
