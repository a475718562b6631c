//! Builders of small correct packets, shared by the tests of this floor.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::capture::{ByteOrder, Frame, InterfaceId, LinkType};

pub(super) const V4: (Ipv4Addr, Ipv4Addr) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
pub(super) const V6: (Ipv6Addr, Ipv6Addr) =
    (Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1), Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2));

/// The ports of every packet built here.
pub(super) const PORTS: (u16, u16) = (49740, 5000);

/// A frame of which everything was captured.
pub(super) fn frame(link_type: LinkType, octets: &[u8]) -> Frame<'_> {
    Frame {
        number: 1,
        timestamp: None,
        ticks: 0,
        interface: InterfaceId(0),
        link_type,
        original_len: u32::try_from(octets.len()).unwrap(),
        octets,
        file_offset: 0,
        options: &[],
        byte_order: ByteOrder::Little,
    }
}

/// The first `len` octets of a frame.
pub(super) fn cut<'a>(whole: &Frame<'a>, len: usize) -> Frame<'a> {
    Frame { octets: &whole.octets[..len], ..*whole }
}

/// An Ethernet frame around `payload`.
pub(super) fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    concat(&[&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1], &ether_type.to_be_bytes(), payload])
}

/// An IPv4 packet with a good checksum between the addresses of [`V4`].
pub(super) fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_with(protocol, payload, |_| ())
}

/// The same after `change` was made to its header; the checksum is good all the same.
pub(super) fn ipv4_with(protocol: u8, payload: &[u8], change: impl Fn(&mut [u8])) -> Vec<u8> {
    let len = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let mut header = vec![0x45, 0, len[0], len[1], 0, 7, 0, 0, 64, protocol, 0, 0];
    header.extend(V4.0.octets());
    header.extend(V4.1.octets());
    change(&mut header);
    let checksum = !sum(&header);
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    concat(&[&header, payload])
}

/// An IPv6 packet between the addresses of [`V6`].
pub(super) fn ipv6(next_header: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let fixed = [0x60, 0, 0, 0, len[0], len[1], next_header, 64];
    concat(&[&fixed, &V6.0.octets(), &V6.1.octets(), payload])
}

/// A TCP segment with PSH and ACK and a good checksum.
pub(super) fn tcp(ends: (IpAddr, IpAddr), options: &[u8], payload: &[u8]) -> Vec<u8> {
    assert!(options.len().is_multiple_of(4), "options come in words");
    let offset = u8::try_from(5 + options.len() / 4).unwrap() << 4;
    let fixed = [0, 0, 3, 232, 0, 0, 7, 208, offset, 0x18, 2, 0, 0, 0, 0, 0];
    with_checksum(ends, 6, 16, concat(&[&ports(), &fixed, options, payload]))
}

/// A UDP datagram with a good checksum.
pub(super) fn udp(ends: (IpAddr, IpAddr), payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(8 + payload.len()).unwrap().to_be_bytes();
    with_checksum(ends, 17, 6, concat(&[&ports(), &len, &[0, 0], payload]))
}

/// The two ends as the functions above want them.
pub(super) fn ends4() -> (IpAddr, IpAddr) {
    (IpAddr::V4(V4.0), IpAddr::V4(V4.1))
}

/// The two ends as the functions above want them.
pub(super) fn ends6() -> (IpAddr, IpAddr) {
    (IpAddr::V6(V6.0), IpAddr::V6(V6.1))
}

/// `octets` with the checksum over them and the pseudo-header written at `at`, which held zero.
pub(super) fn with_checksum(ends: (IpAddr, IpAddr), protocol: u8, at: usize, mut octets: Vec<u8>) -> Vec<u8> {
    let checksum = !sum(&concat(&[&pseudo_header(ends, protocol, octets.len()), &octets]));
    octets[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
    octets
}

/// The pseudo-header of RFC 8200 section 8.1, which gives the same sum as IPv4's for IPv4 addresses.
pub(super) fn pseudo_header(ends: (IpAddr, IpAddr), protocol: u8, len: usize) -> Vec<u8> {
    let address = |end: IpAddr| match end {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let len = u32::try_from(len).unwrap().to_be_bytes();
    concat(&[&address(ends.0), &address(ends.1), &len, &[0, 0, 0, protocol]])
}

/// The ones' complement sum of 16-bit words, written anew rather than borrowed from the code under test.
pub(super) fn sum(octets: &[u8]) -> u16 {
    let words = octets.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let sum = words.sum::<u32>();
    let sum = (sum & 0xffff) + (sum >> 16);
    u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap()
}

pub(super) fn concat(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn ports() -> [u8; 4] {
    let (source, destination) = (PORTS.0.to_be_bytes(), PORTS.1.to_be_bytes());
    [source[0], source[1], destination[0], destination[1]]
}
