//! The short way through an ordinary frame: Ethernet, IP without options, all of a TCP segment or UDP datagram.
//!
//! Most frames of most captures are like that, and tables of conversations and of sockets need but few of their fields. [`plain`]
//! takes those from their fixed places, and leaves every other frame to [`packet`](super::packet), which would say the
//! same of the ordinary ones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::link::MacAddress;
use super::seq::SeqNumber;
use super::tcp::Flags;
use super::{EtherType, IpProtocol};
use crate::capture::{Frame, LinkType};

/// What tells the conversation of an ordinary frame, and the socket that it reaches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Plain {
    /// Whom the link brings it to.
    pub link_destination: MacAddress,
    /// The sender's address and port.
    pub source: (IpAddr, u16),
    /// The receiver's address and port.
    pub destination: (IpAddr, u16),
    /// Octets of transport payload.
    pub payload_len: u32,
    /// The fields that only one of the protocols has.
    pub transport: Transport,
}

/// The transport protocol of an ordinary frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// A TCP segment.
    Tcp {
        /// Number of the first octet of payload, or of SYN or FIN.
        sequence: SeqNumber,
        /// The next octet the sender expects.
        acknowledgment: SeqNumber,
        /// The twelve bits from the data offset to the window.
        flags: Flags,
    },
    /// A UDP datagram.
    Udp,
}

/// Reads an ordinary frame; `None` if anything about it is not ordinary.
#[inline]
pub fn plain(frame: &Frame<'_>) -> Option<Plain> {
    if frame.link_type != LinkType::ETHERNET {
        return None;
    }
    let (&[m0, m1, m2, m3, m4, m5, .., t0, t1], packet) = frame.octets.split_first_chunk::<14>()?;
    let link_destination = MacAddress([m0, m1, m2, m3, m4, m5]);
    match EtherType(u16::from_be_bytes([t0, t1])) {
        EtherType::IPV4 => v4(link_destination, packet),
        EtherType::IPV6 => v6(link_destination, packet),
        _ => None,
    }
}

#[inline(always)]
fn v4(link_destination: MacAddress, packet: &[u8]) -> Option<Plain> {
    let &[0x45, _, l0, l1, _, _, f0, f1, _, protocol, _, _, ref addresses @ ..] = packet.first_chunk::<20>()? else {
        return None;
    };
    let &[s0, s1, s2, s3, d0, d1, d2, d3] = addresses;
    let is_fragment = u16::from_be_bytes([f0, f1]) & 0x3fff != 0;
    let payload = packet.get(20..usize::from(u16::from_be_bytes([l0, l1]))).filter(|_| !is_fragment)?;
    let ends = (Ipv4Addr::new(s0, s1, s2, s3).into(), Ipv4Addr::new(d0, d1, d2, d3).into());
    transport(link_destination, ends, IpProtocol(protocol), payload)
}

#[inline(always)]
fn v6(link_destination: MacAddress, packet: &[u8]) -> Option<Plain> {
    let (fixed, rest) = packet.split_first_chunk::<8>()?;
    let &[0x60..=0x6f, _, _, _, l0, l1, protocol, _] = fixed else { return None };
    let (source, rest) = rest.split_first_chunk::<16>()?;
    let (destination, rest) = rest.split_first_chunk::<16>()?;
    let payload = rest.get(..usize::from(u16::from_be_bytes([l0, l1])))?;
    let ends = (Ipv6Addr::from(*source).into(), Ipv6Addr::from(*destination).into());
    transport(link_destination, ends, IpProtocol(protocol), payload)
}

#[inline(always)]
fn transport(
    link_destination: MacAddress,
    (source, destination): (IpAddr, IpAddr),
    protocol: IpProtocol,
    octets: &[u8],
) -> Option<Plain> {
    let &[s0, s1, d0, d1] = octets.first_chunk::<4>()?;
    let (header_len, len, transport) = match protocol {
        IpProtocol::TCP => segment(octets)?,
        IpProtocol::UDP => datagram(octets)?,
        _ => return None,
    };
    Some(Plain {
        link_destination,
        source: (source, u16::from_be_bytes([s0, s1])),
        destination: (destination, u16::from_be_bytes([d0, d1])),
        payload_len: u32::try_from(len.checked_sub(header_len)?).ok()?,
        transport,
    })
}

/// The lengths of a segment's header and of all of it, and its fields.
#[inline(always)]
fn segment(octets: &[u8]) -> Option<(usize, usize, Transport)> {
    let &[_, _, _, _, q0, q1, q2, q3, a0, a1, a2, a3, o0, o1, ..] = octets.first_chunk::<20>()?;
    let header_len = usize::from(o0 >> 4 << 2);
    let transport = Transport::Tcp {
        sequence: SeqNumber(u32::from_be_bytes([q0, q1, q2, q3])),
        acknowledgment: SeqNumber(u32::from_be_bytes([a0, a1, a2, a3])),
        flags: Flags(u16::from_be_bytes([o0, o1]) & 0x0fff),
    };
    (header_len >= 20).then_some((header_len, octets.len(), transport))
}

/// The same of a datagram, which IP bounds where its own length reaches further.
#[inline(always)]
fn datagram(octets: &[u8]) -> Option<(usize, usize, Transport)> {
    let &[_, _, _, _, l0, l1, _, _] = octets.first_chunk::<8>()?;
    let claimed = usize::from(u16::from_be_bytes([l0, l1]));
    Some((8, claimed.min(octets.len()), Transport::Udp))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::arithmetic_side_effects)]
mod tests {
    use super::super::testing::{PORTS, concat, cut, ends4, ends6, ethernet, frame, ipv4, ipv4_with, ipv6, tcp, udp};
    use super::*;

    #[track_caller]
    fn read(ether_type: u16, packet: &[u8]) -> Option<Plain> {
        plain(&frame(LinkType::ETHERNET, &ethernet(ether_type, packet)))
    }

    #[test]
    fn both_protocols_over_both_versions() {
        let numbers = (SeqNumber(1000), SeqNumber(2000), Flags(0x18));
        let segment = Transport::Tcp { sequence: numbers.0, acknowledgment: numbers.1, flags: numbers.2 };
        let expected = |(source, destination), payload_len, transport| {
            let (source, destination) = ((source, PORTS.0), (destination, PORTS.1));
            Some(Plain { link_destination: MacAddress([2, 0, 0, 0, 0, 2]), source, destination, payload_len, transport })
        };
        assert_eq!(read(0x0800, &ipv4(6, &tcp(ends4(), &[1; 8], b"abc"))), expected(ends4(), 3, segment));
        assert_eq!(read(0x0800, &ipv4(17, &udp(ends4(), b""))), expected(ends4(), 0, Transport::Udp));
        assert_eq!(read(0x86dd, &ipv6(6, &tcp(ends6(), &[], b"abc"))), expected(ends6(), 3, segment));
        assert_eq!(read(0x86dd, &ipv6(17, &udp(ends6(), b"a"))), expected(ends6(), 1, Transport::Udp));
    }

    #[test]
    fn padding_is_no_payload() {
        let padded = concat(&[&ipv4(17, &udp(ends4(), b"ab")), &[0; 20]]);
        assert_eq!(read(0x0800, &padded).map(|plain| plain.payload_len), Some(2));
        let mut long = udp(ends4(), b"ab");
        long[5] = 200;
        assert_eq!(read(0x0800, &ipv4(17, &long)).map(|plain| plain.payload_len), Some(2), "IP bounds it");
    }

    #[test]
    fn what_is_not_ordinary_takes_the_long_way() {
        let datagram = udp(ends4(), b"abcd");
        let changed = |at: usize, octet: u8| ipv4_with(17, &datagram, |header| header[at] = octet);
        for (at, octet) in [(0, 0x46), (0, 0x65), (2, 0xff), (3, 0), (3, 27), (6, 0x20), (7, 1), (9, 1)] {
            assert_eq!(read(0x0800, &changed(at, octet)), None, "octet {at}: {octet}");
        }
        let mut short = datagram.clone();
        short[5] = 7;
        assert_eq!(read(0x0800, &ipv4(17, &short)), None, "a length below the header's");
        let mut lying = tcp(ends4(), &[], b"");
        for octet in [0x40, 0x60] {
            lying[12] = octet;
            assert_eq!(read(0x0800, &ipv4(6, &lying)), None, "data offset {octet:#x}");
        }
        assert_eq!(read(0x8100, &concat(&[&[0, 5, 8, 0], &ipv4(17, &datagram)])), None, "a tag");
        assert_eq!(read(0x86dd, &ipv4(17, &datagram)), None, "another version than announced");
        assert_eq!(plain(&frame(LinkType::RAW, &ipv4(17, &datagram))), None, "another link type");
        let whole = ethernet(0x0800, &ipv4(17, &datagram));
        assert_eq!(plain(&cut(&frame(LinkType::ETHERNET, &whole), whole.len() - 1)), None, "cut");
    }
}
