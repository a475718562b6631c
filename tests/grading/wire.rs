//! IP packets from scratch, with the checksums that each system leaves on its loopback.

use std::net::{IpAddr, SocketAddr};

pub(crate) const FIN: u8 = 1;
pub(crate) const SYN: u8 = 2;
pub(crate) const RST: u8 = 4;
pub(crate) const PSH: u8 = 8;
pub(crate) const ACK: u8 = 16;

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
pub(crate) const UDP_LITE: u8 = 136;
const ICMPV6: u8 = 58;

/// What stands where the transport's checksum belongs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Checksum {
    /// The sum over the pseudo header alone, for hardware to complete: Linux's loopback.
    Partial,
    /// The whole sum.
    Whole,
}

/// A TCP segment's header, as far as a test says something of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: u8,
}

/// A UDP datagram as an IP packet.
pub(crate) fn udp(from: SocketAddr, to: SocketAddr, octets: &[u8], id: u16, checksum: Checksum) -> Vec<u8> {
    let mut datagram = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
    datagram.extend((octets.len() as u16 + 8).to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(octets);
    summed(from, to, UDP, &mut datagram, 6, checksum);
    packet(from.ip(), to.ip(), UDP, id, &datagram)
}

/// A UDP-Lite datagram (RFC 3828) whose checksum covers all of it.
pub(crate) fn udp_lite(from: SocketAddr, to: SocketAddr, octets: &[u8], id: u16) -> Vec<u8> {
    let mut datagram = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
    datagram.extend([0; 4]);
    datagram.extend(octets);
    summed(from, to, UDP_LITE, &mut datagram, 6, Checksum::Whole);
    packet(from.ip(), to.ip(), UDP_LITE, id, &datagram)
}

/// A TCP segment as an IP packet.
pub(crate) fn tcp(from: SocketAddr, to: SocketAddr, header: Segment, octets: &[u8], id: u16) -> Vec<u8> {
    let mut segment = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
    segment.extend(header.seq.to_be_bytes());
    segment.extend(header.ack.to_be_bytes());
    segment.extend([5 << 4, header.flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend(octets);
    summed(from, to, TCP, &mut segment, 16, Checksum::Whole);
    packet(from.ip(), to.ip(), TCP, id, &segment)
}

/// The ICMP error of the host that had nobody on the port to which this packet went.
pub(crate) fn unreachable(refused: &[u8], id: u16) -> Vec<u8> {
    let (from, to) = ends(refused);
    let (kind, code, protocol) = if from.is_ipv4() { (3, 3, ICMP) } else { (1, 4, ICMPV6) };
    let mut message = vec![kind, code, 0, 0, 0, 0, 0, 0];
    message.extend(&refused[..refused.len().min(548)]);
    let pseudo = if from.is_ipv4() { 0 } else { pseudo_header(to, from, protocol, message.len()) };
    let sum = folded(pseudo + words(&message));
    message[2..4].copy_from_slice(&(!sum).to_be_bytes());
    packet(to, from, protocol, id, &message)
}

/// An IPv4 packet in fragments of at most so many octets of payload, a multiple of 8.
pub(crate) fn fragments(whole: &[u8], size: usize) -> Vec<Vec<u8>> {
    let (header, payload) = whole.split_at(20);
    let pieces: Vec<&[u8]> = payload.chunks(size).collect();
    let fragment = |(place, piece): (usize, &&[u8])| {
        let mut octets = [header, *piece].concat();
        let more = if place + 1 < pieces.len() { 0x2000 } else { 0 };
        let offset = (place * size / 8) as u16 | more;
        octets[2..4].copy_from_slice(&(20 + piece.len() as u16).to_be_bytes());
        octets[6..8].copy_from_slice(&offset.to_be_bytes());
        octets[10..12].copy_from_slice(&[0, 0]);
        let sum = !folded(words(&octets[..20]));
        octets[10..12].copy_from_slice(&sum.to_be_bytes());
        octets
    };
    pieces.iter().enumerate().map(fragment).collect()
}

fn packet(from: IpAddr, to: IpAddr, protocol: u8, id: u16, payload: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            octets.extend([0x45, 0]);
            octets.extend((20 + payload.len() as u16).to_be_bytes());
            octets.extend(id.to_be_bytes());
            octets.extend([0, 0, 64, protocol, 0, 0]);
            octets.extend(from.octets());
            octets.extend(to.octets());
            let sum = !folded(words(&octets));
            octets[10..12].copy_from_slice(&sum.to_be_bytes());
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            octets.extend([0x60, 0, 0, 0]);
            octets.extend((payload.len() as u16).to_be_bytes());
            octets.extend([protocol, 64]);
            octets.extend(from.octets());
            octets.extend(to.octets());
        }
        _ => panic!("{from} and {to} are not of one family"),
    }
    octets.extend(payload);
    octets
}

/// Source and destination of a packet.
fn ends(packet: &[u8]) -> (IpAddr, IpAddr) {
    let v4 = |at: usize| IpAddr::from(<[u8; 4]>::try_from(&packet[at..at + 4]).unwrap());
    let v6 = |at: usize| IpAddr::from(<[u8; 16]>::try_from(&packet[at..at + 16]).unwrap());
    if packet[0] >> 4 == 4 { (v4(12), v4(16)) } else { (v6(8), v6(24)) }
}

/// Writes the checksum of a transport header at its place.
fn summed(from: SocketAddr, to: SocketAddr, protocol: u8, octets: &mut [u8], at: usize, checksum: Checksum) {
    let pseudo = pseudo_header(from.ip(), to.ip(), protocol, octets.len());
    let sum = match checksum {
        Checksum::Partial => folded(pseudo),
        Checksum::Whole => !folded(pseudo + words(octets)),
    };
    octets[at..at + 2].copy_from_slice(&if sum == 0 { 0xffff } else { sum }.to_be_bytes());
}

fn pseudo_header(from: IpAddr, to: IpAddr, protocol: u8, len: usize) -> u64 {
    let address = |address: IpAddr| match address {
        IpAddr::V4(address) => words(&address.octets()),
        IpAddr::V6(address) => words(&address.octets()),
    };
    address(from) + address(to) + u64::from(protocol) + len as u64
}

fn words(octets: &[u8]) -> u64 {
    octets.chunks(2).map(|pair| u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0))).sum()
}

fn folded(mut sum: u64) -> u16 {
    while sum >> 16 > 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}
