//! The short way through an ordinary frame: Ethernet, IP without options, all of a TCP segment or UDP datagram.
//!
//! Most frames of most captures are like that. [`plain`] takes what tells their conversation and socket from its place, and
//! leaves every other frame to [`packet`](super::packet), which would say the same of the ordinary ones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cursor::Cursor;
use super::link::MacAddress;
use super::{EtherType, IpProtocol, Transport, tcp, udp};
use crate::capture::{Frame, LinkType};

/// An ordinary frame, read as far as IP.
///
/// All of it are numbers, which stay in registers: moving what was read costs as much as reading it.
#[derive(Clone, Copy, Debug)]
pub struct Plain<'a> {
    /// Whom the link brings it to.
    pub link_destination: MacAddress,
    /// The addresses are of IPv6.
    pub is_v6: bool,
    /// The sender's address; one of IPv4 fills the low 32 bits.
    pub source: u128,
    /// The receiver's address.
    pub destination: u128,
    protocol: IpProtocol,
    payload: &'a [u8],
}

/// Reads an ordinary frame; `None` if anything about it is not ordinary.
#[inline(always)]
pub fn plain<'a>(frame: &Frame<'a>) -> Option<Plain<'a>> {
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
fn v4(link_destination: MacAddress, packet: &[u8]) -> Option<Plain<'_>> {
    let &[0x45, _, l0, l1, _, _, f0, f1, _, protocol, _, _, ref addresses @ ..] = packet.first_chunk::<20>()? else {
        return None;
    };
    let &[s0, s1, s2, s3, d0, d1, d2, d3] = addresses;
    let is_fragment = u16::from_be_bytes([f0, f1]) & 0x3fff != 0;
    Some(Plain {
        link_destination,
        is_v6: false,
        source: u32::from_be_bytes([s0, s1, s2, s3]).into(),
        destination: u32::from_be_bytes([d0, d1, d2, d3]).into(),
        protocol: IpProtocol(protocol),
        payload: packet.get(20..usize::from(u16::from_be_bytes([l0, l1]))).filter(|_| !is_fragment)?,
    })
}

#[inline(always)]
fn v6(link_destination: MacAddress, packet: &[u8]) -> Option<Plain<'_>> {
    let (fixed, rest) = packet.split_first_chunk::<8>()?;
    let &[0x60..=0x6f, _, _, _, l0, l1, protocol, _] = fixed else { return None };
    let (source, rest) = rest.split_first_chunk::<16>()?;
    let (destination, rest) = rest.split_first_chunk::<16>()?;
    Some(Plain {
        link_destination,
        is_v6: true,
        source: u128::from_be_bytes(*source),
        destination: u128::from_be_bytes(*destination),
        protocol: IpProtocol(protocol),
        payload: rest.get(..usize::from(u16::from_be_bytes([l0, l1])))?,
    })
}

impl<'a> Plain<'a> {
    /// Octets before the payload: Ethernet's header and the IP header.
    const BEFORE: (usize, usize) = (14 + 20, 14 + 40);

    /// The segment or the datagram, captured to its end; `None` if it is something else, or anything about it is not ordinary.
    #[inline(always)]
    pub fn transport(&self) -> Option<Transport<'a>> {
        let (version, at) = if self.is_v6 { (6, Self::BEFORE.1) } else { (4, Self::BEFORE.0) };
        let rest = Cursor { at, octets: self.payload, wire_len: Some(self.payload.len()) };
        match self.protocol {
            IpProtocol::TCP => tcp::whole(rest).map(Transport::Tcp),
            IpProtocol::UDP => {
                let datagram = udp::datagram(version, self.protocol, rest).ok();
                datagram.filter(|datagram| !datagram.bad_length).map(Transport::Udp)
            }
            _ => None,
        }
    }

    /// It carries a datagram, or what ought to be one.
    #[inline]
    pub fn is_udp(&self) -> bool {
        self.protocol == IpProtocol::UDP
    }

    /// The sender's address and the receiver's.
    pub fn ends(&self) -> (IpAddr, IpAddr) {
        if self.is_v6 {
            (Ipv6Addr::from(self.source).into(), Ipv6Addr::from(self.destination).into())
        } else {
            (Ipv4Addr::from(self.source as u32).into(), Ipv4Addr::from(self.destination as u32).into())
        }
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::arithmetic_side_effects)]
mod tests {
    use super::super::packet;
    use super::super::testing::{concat, cut, ends4, ends6, ethernet, frame, ipv4, ipv4_with, ipv6, tcp, udp};
    use super::*;

    /// The octets of payload in an ordinary frame, of which both ways have to say the same.
    #[track_caller]
    fn read(ether_type: u16, octets: &[u8]) -> Option<u32> {
        let octets = ethernet(ether_type, octets);
        let frame = frame(LinkType::ETHERNET, &octets);
        let (plain, packet) = (plain(&frame)?, packet(&frame));
        let transport = plain.transport()?;
        assert_eq!(packet.ip().map(|ip| ip.ends()), Some(plain.ends()));
        assert_eq!(packet.link.and_then(|link| link.destination), Some(plain.link_destination));
        assert_eq!(format!("{:?}", packet.transport), format!("{:?}", Some(transport)));
        match transport {
            Transport::Tcp(segment) => Some(segment.payload_len),
            Transport::Udp(datagram) => Some(datagram.payload_len),
            _ => None,
        }
    }

    #[test]
    fn both_protocols_over_both_versions() {
        assert_eq!(read(0x0800, &ipv4(6, &tcp(ends4(), &[1; 8], b"abc"))), Some(3));
        assert_eq!(read(0x0800, &ipv4(17, &udp(ends4(), b""))), Some(0));
        assert_eq!(read(0x86dd, &ipv6(6, &tcp(ends6(), &[], b"abc"))), Some(3));
        assert_eq!(read(0x86dd, &ipv6(17, &udp(ends6(), b"a"))), Some(1));
    }

    #[test]
    fn padding_is_no_payload() {
        let padded = concat(&[&ipv4(17, &udp(ends4(), b"ab")), &[0; 20]]);
        assert_eq!(read(0x0800, &padded), Some(2));
        let mut long = udp(ends4(), b"ab");
        long[5] = 200;
        assert_eq!(read(0x0800, &ipv4(17, &long)), Some(2), "IP bounds it");
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
        assert!(plain(&frame(LinkType::RAW, &ipv4(17, &datagram))).is_none(), "another link type");
        let whole = ethernet(0x0800, &ipv4(17, &datagram));
        assert!(plain(&cut(&frame(LinkType::ETHERNET, &whole), whole.len() - 1)).is_none(), "cut");
    }
}
