//! Headers as octets: Ethernet, IPv4 and IPv6, TCP, UDP, ICMP, each as its RFC draws it.
//!
//! Checksums are right unless a script asks for a wrong one; those of the transport go over the IP addresses, so they
//! are put in by [`sealed`] when the transport is whole.

use std::net::IpAddr;

use super::script::TcpOption;
use crate::decode::tcp::Flags;

pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
const FRAGMENT: u8 = 44;

/// Octets of an Ethernet header.
const ETHERNET: usize = 14;

/// What an IP header says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ip {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) protocol: u8,
    pub(super) hop_limit: u8,
    pub(super) id: u16,
}

/// What a TCP header says.
pub(super) struct Tcp<'s> {
    pub(super) ports: [u16; 2],
    pub(super) sequence: u32,
    pub(super) acknowledgment: u32,
    pub(super) flags: Flags,
    pub(super) window: u16,
    pub(super) options: &'s [u8],
}

/// A piece of an IP payload: its offset, and whether others follow it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) offset: u16,
    pub(super) more: bool,
}

/// A TCP header (RFC 9293 section 3.1), its checksum still 0.
pub(super) fn tcp(header: &Tcp<'_>) -> Vec<u8> {
    let words = 5 + header.options.len() / 4;
    let mut octets = Vec::new();
    octets.extend(header.ports[0].to_be_bytes());
    octets.extend(header.ports[1].to_be_bytes());
    octets.extend(header.sequence.to_be_bytes());
    octets.extend(header.acknowledgment.to_be_bytes());
    octets.extend((((words as u16) << 12) | header.flags.0).to_be_bytes());
    octets.extend(header.window.to_be_bytes());
    octets.extend([0; 4]); // Checksum and urgent pointer.
    octets.extend(header.options);
    octets
}

/// An option; `base` is where the other side's numbers begin.
pub(super) fn tcp_option(option: &TcpOption, base: u32, octets: &mut Vec<u8>) {
    match option {
        TcpOption::MaximumSegmentSize(size) => octets.extend([&[2, 4], &size.to_be_bytes()[..]].concat()),
        TcpOption::WindowScale(shift) => octets.extend([3, 3, *shift]),
        TcpOption::SackPermitted => octets.extend([4, 2]),
        TcpOption::Sack(blocks) => {
            octets.extend([5, 2 + 8 * blocks.len() as u8]);
            let numbers = blocks.iter().flat_map(|(left, right)| [left, right]);
            octets.extend(numbers.flat_map(|number| base.wrapping_add(*number).to_be_bytes()));
        }
        TcpOption::FastOpen(cookie) => {
            octets.extend([34, 2 + cookie.len() as u8]);
            octets.extend(cookie);
        }
    }
}

/// The timestamps option (RFC 7323 section 3.2).
pub(super) fn timestamps(value: u32, echo: u32, octets: &mut Vec<u8>) {
    octets.extend([8, 10]);
    octets.extend(value.to_be_bytes());
    octets.extend(echo.to_be_bytes());
}

/// A UDP header (RFC 768), its checksum still 0.
pub(super) fn udp(ports: [u16; 2], length: u16) -> Vec<u8> {
    [ports[0], ports[1], length, 0].iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// An ICMP or ICMPv6 error about a packet: protocol and message. `kind` is the type and code of either.
pub(super) fn icmp(kind: [(u8, u8); 2], about: &[u8], ip: &Ip) -> (u8, Vec<u8>) {
    let (protocol, (kind, code), most) = match ip.source {
        IpAddr::V4(_) => (ICMP, kind[0], 548),    // RFC 1812 section 4.3.2.3: 576 octets in all.
        IpAddr::V6(_) => (ICMPV6, kind[1], 1232), // RFC 4443 section 3.1: 1280 octets in all.
    };
    let mtu: u32 = if (kind, code) == (3, 4) || kind == 2 { 1280 } else { 0 };
    let mut octets = vec![kind, code, 0, 0];
    octets.extend(mtu.to_be_bytes());
    octets.extend(&about[..about.len().min(most)]);
    let sum = if protocol == ICMP { sum(&octets) } else { sum(&octets) + pseudo_header(ip, protocol, octets.len()) };
    octets[2..4].copy_from_slice(&(!fold(sum)).to_be_bytes());
    (protocol, octets)
}

/// Puts the checksum into a transport header with its payload; a `fault` makes it a wrong one.
pub(super) fn sealed(mut transport: Vec<u8>, ip: &Ip, fault: bool) -> Vec<u8> {
    let at = if ip.protocol == TCP { 16 } else { 6 };
    let sum = !fold(sum(&transport) + pseudo_header(ip, ip.protocol, transport.len()));
    let right = if ip.protocol == UDP && sum == 0 { 0xffff } else { sum }; // 0 would say that there is none.
    let checksum = if fault { right ^ 0x0f0f } else { right };
    transport[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
    transport
}

/// An IP packet; a `fault` makes the checksum of an IPv4 header a wrong one.
pub(super) fn ip_packet(ip: &Ip, piece: Option<Piece>, payload: &[u8], fault: bool) -> Vec<u8> {
    match (ip.source, ip.destination) {
        (IpAddr::V4(_), _) => [ipv4(ip, piece, payload.len(), fault), payload.to_vec()].concat(),
        (IpAddr::V6(_), _) => [ipv6(ip, piece, payload.len()), payload.to_vec()].concat(),
    }
}

/// An IPv4 header (RFC 791); what is not a fragment must not become one.
fn ipv4(ip: &Ip, piece: Option<Piece>, payload: usize, fault: bool) -> Vec<u8> {
    let fragment = piece.map_or(0x4000, |piece| (u16::from(piece.more) << 13) | (piece.offset / 8));
    let mut octets = vec![0x45, 0];
    octets.extend((20 + payload as u16).to_be_bytes());
    octets.extend(ip.id.to_be_bytes());
    octets.extend(fragment.to_be_bytes());
    octets.extend([ip.hop_limit, ip.protocol, 0, 0]);
    octets.extend(address(ip.source));
    octets.extend(address(ip.destination));
    let checksum = !fold(sum(&octets)) ^ if fault { 0x0f0f } else { 0 };
    octets[10..12].copy_from_slice(&checksum.to_be_bytes());
    octets
}

/// An IPv6 header (RFC 8200), with a fragment header behind it where there is a piece.
fn ipv6(ip: &Ip, piece: Option<Piece>, payload: usize) -> Vec<u8> {
    let (next, more) = if piece.is_some() { (FRAGMENT, 8) } else { (ip.protocol, 0) };
    let mut octets = vec![0x60, 0, 0, 0];
    octets.extend((payload as u16 + more).to_be_bytes());
    octets.extend([next, ip.hop_limit]);
    octets.extend(address(ip.source));
    octets.extend(address(ip.destination));
    if let Some(piece) = piece {
        octets.extend([ip.protocol, 0]);
        octets.extend((piece.offset | u16::from(piece.more)).to_be_bytes());
        octets.extend(u32::from(ip.id).to_be_bytes());
    }
    octets
}

/// The same packet, as a router passes it on with another hop limit.
pub(super) fn with_hop_limit(frame: &mut [u8], hop_limit: u8) {
    let packet = &mut frame[ETHERNET..];
    if packet[0] >> 4 == 6 {
        packet[7] = hop_limit;
        return;
    }
    packet[8] = hop_limit;
    packet[10..12].fill(0);
    let checksum = !fold(sum(&packet[..20]));
    packet[10..12].copy_from_slice(&checksum.to_be_bytes());
}

/// An Ethernet frame; stations are named after the addresses they speak for.
pub(super) fn ethernet(ip: &Ip, packet: &[u8]) -> Vec<u8> {
    let kind: u16 = if ip.source.is_ipv4() { 0x0800 } else { 0x86dd };
    let mut octets = [station(ip.destination), station(ip.source)].concat();
    octets.extend(kind.to_be_bytes());
    octets.extend(packet);
    octets
}

/// A locally administered address with the last four octets of the IP address.
fn station(host: IpAddr) -> [u8; 6] {
    let octets = address(host);
    let mut station = [2, 0, 0, 0, 0, 0];
    station[2..].copy_from_slice(&octets[octets.len() - 4..]);
    station
}

fn address(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// The sum over the pseudo-header (RFC 9293 section 3.1, RFC 8200 section 8.1).
fn pseudo_header(ip: &Ip, protocol: u8, len: usize) -> u32 {
    sum(&address(ip.source)) + sum(&address(ip.destination)) + u32::from(protocol) + len as u32
}

fn sum(octets: &[u8]) -> u32 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
    octets.chunks(2).map(word).sum()
}

/// The sum in ones' complement (RFC 1071).
fn fold(mut sum: u32) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}
