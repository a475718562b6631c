//! Small captures made by hand, for the tests of this floor.

use std::net::{IpAddr, SocketAddr};

use jiff::tz::TimeZone;

use super::time::{Dial, TimeFormat};
use crate::capture::{ByteOrder, Frame, InterfaceId, LinkType, Timestamp};
use crate::decode;
use crate::decode::tcp::Flags;
use crate::track::{Limits, Trace, Tracker, Update};

/// Octets of one Ethernet frame.
pub(super) type Octets = Vec<u8>;

/// A UDP datagram of so many octets of payload, without checksum.
pub(super) fn udp(source: &str, destination: &str, payload: u8) -> Octets {
    let (source, destination) = ends(source, destination);
    let header = [&source.port().to_be_bytes()[..], &destination.port().to_be_bytes(), &[0, 8 + payload, 0, 0]].concat();
    ip(17, (source, destination), &[header, vec![b'x'; usize::from(payload)]].concat())
}

/// A TCP segment without options and payload.
pub(super) fn tcp(source: &str, destination: &str, flags: u16, sequence: u32, acknowledgment: u32) -> Octets {
    let (source, destination) = ends(source, destination);
    let ports = [source.port().to_be_bytes(), destination.port().to_be_bytes()].concat();
    let numbers = [sequence.to_be_bytes(), acknowledgment.to_be_bytes()].concat();
    ip(6, (source, destination), &[ports, numbers, vec![0x50, flags as u8, 0x20, 0, 0, 0, 0, 0]].concat())
}

/// A handshake from 10.0.0.1:40000 to 10.0.0.2:80, and the three segments that close it.
pub(super) fn opened_and_closed() -> Vec<Octets> {
    let (client, server) = ("10.0.0.1:40000", "10.0.0.2:80");
    let (syn, ack, fin) = (Flags::SYN.0, Flags::ACK.0, Flags::FIN.0);
    vec![
        tcp(client, server, syn, 100, 0),
        tcp(server, client, syn | ack, 500, 101),
        tcp(client, server, ack, 101, 501),
        tcp(client, server, fin | ack, 101, 501),
        tcp(server, client, fin | ack, 501, 102),
        tcp(client, server, ack, 102, 502),
    ]
}

/// Tracks frames that are a millisecond apart and shows each to `look`.
pub(super) fn track(frames: &[Octets], mut look: impl FnMut(&decode::Packet<'_>, &Update<'_>)) -> Trace {
    let mut tracker = Tracker::new(Limits::default());
    for (number, octets) in (1..).zip(frames) {
        let packet = decode::packet(&frame(number, octets));
        let update = tracker.push(&packet);
        look(&packet, &update);
    }
    tracker.finish()
}

/// The trace of these frames.
pub(super) fn trace(frames: &[Octets]) -> Trace {
    track(frames, |_, _| {})
}

/// A dial that counts from the first frame.
pub(super) fn dial() -> Dial {
    Dial::new(TimeFormat::Relative, TimeZone::UTC)
}

/// The text that a view writes.
pub(super) fn written(view: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    view(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A frame whole on Ethernet, captured `number` milliseconds after the epoch.
pub(super) fn frame(number: u64, octets: &[u8]) -> Frame<'_> {
    Frame {
        number,
        timestamp: Some(Timestamp::new(0, number as u32 * 1_000_000)),
        ticks: number * 1000,
        interface: InterfaceId(0),
        link_type: LinkType::ETHERNET,
        original_len: octets.len() as u32,
        octets,
        file_offset: 0,
        options: &[],
        byte_order: ByteOrder::Little,
    }
}

fn ends(source: &str, destination: &str) -> (SocketAddr, SocketAddr) {
    (source.parse().unwrap(), destination.parse().unwrap())
}

fn ip(protocol: u8, (source, destination): (SocketAddr, SocketAddr), payload: &[u8]) -> Octets {
    let address = |end: SocketAddr| match end.ip() {
        IpAddr::V4(address) => address.octets(),
        IpAddr::V6(_) => panic!("only IPv4 is made here"),
    };
    let header =
        [&[0x45, 0, 0, 20 + payload.len() as u8, 0, 0, 0x40, 0, 64, protocol, 0, 0][..], &address(source), &address(destination)]
            .concat();
    let sum = header.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum::<u32>();
    let checksum = !((sum & 0xffff) + (sum >> 16)) as u16;
    let mut frame = [&[0; 12][..], &[8, 0], &header, payload].concat();
    frame[24..26].copy_from_slice(&checksum.to_be_bytes());
    frame
}
