//! IPv4 (RFC 791) and IPv6 (RFC 8200) with its extension headers, in one shape.
//!
//! The header's length bounds the payload: what the frame holds beyond it is Ethernet's padding. A length of zero is a packet
//! too large for the field, seen before the network card cut it up, and then the frame bounds it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::err::{ipv4, ipv6};
use etherparse::{Ipv4HeaderSlice, Ipv6Header, Ipv6HeaderSlice};

use super::cursor::{Cursor, len32};
use super::{IpProtocol, Layer, Stop, extension};

/// An IP header, as much of it as was captured, and where its payload lies.
#[derive(Clone, Copy, Debug)]
pub struct Ip<'a> {
    /// Offset of the header in the frame, in octets.
    pub at: usize,
    /// The address in the header's source field.
    pub source: IpAddr,
    /// The address in the header's destination field.
    pub destination: IpAddr,
    /// Where the packet ends up when it is not `destination`: the last address of an IPv6 routing header.
    pub final_destination: Option<IpAddr>,
    /// Who sent it when it is not `source`: an IPv6 home address option (RFC 6275 section 6.3).
    pub home_address: Option<IpAddr>,
    /// What the payload is, after all extension headers.
    pub protocol: IpProtocol,
    /// Time to live, or hop limit.
    pub hop_limit: u8,
    /// Set if the payload is a piece of a larger one.
    pub fragment: Option<Fragment>,
    /// The header with its options or extension headers, as captured.
    pub header: &'a [u8],
    /// The payload as captured; shorter than `payload_len` if the frame was cut.
    pub payload: &'a [u8],
    /// Octets of payload on the wire.
    pub payload_len: u32,
}

impl<'a> Ip<'a> {
    /// 4 or 6.
    pub fn version(&self) -> u8 {
        if self.source.is_ipv4() { 4 } else { 6 }
    }

    /// The two ends of the conversation the packet belongs to: routing headers and home addresses are followed.
    pub fn ends(&self) -> (IpAddr, IpAddr) {
        (self.home_address.unwrap_or(self.source), self.final_destination.unwrap_or(self.destination))
    }

    /// All of the payload was captured.
    pub fn is_whole(&self) -> bool {
        len32(self.payload.len()) == self.payload_len
    }

    /// Where the payload begins.
    #[inline]
    pub(super) fn rest(&self) -> Cursor<'a> {
        Cursor {
            at: self.at.saturating_add(self.header.len()),
            octets: self.payload,
            wire_len: usize::try_from(self.payload_len).ok(),
        }
    }
}

/// The place of a fragment in its datagram (RFC 791 section 3.2, RFC 8200 section 4.5).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fragment {
    /// The identification that all fragments of a datagram share.
    pub id: u32,
    /// Octets of the datagram before this fragment; a multiple of eight.
    pub offset: u32,
    /// More fragments follow.
    pub more: bool,
}

/// Reads an IPv4 header with its options.
#[inline(always)]
pub(super) fn v4(rest: Cursor<'_>) -> Result<Ip<'_>, Stop> {
    let header = Ipv4HeaderSlice::from_slice(rest.octets).map_err(|error| v4_stop(rest, error))?;
    let header_len = header.slice().len();
    let total_len = match usize::from(header.total_len()) {
        0 => rest.wire_len.unwrap_or(rest.octets.len()),
        claimed if claimed < header_len => return Err(rest.malformed(Layer::Network, "total length is less than the header's")),
        claimed => claimed,
    };
    let payload = rest.limit(total_len).skip(header_len);
    let offset = header.fragments_offset().byte_offset();
    let more = header.more_fragments();
    let is_fragment = more || offset != 0;
    Ok(Ip {
        at: rest.at,
        source: IpAddr::V4(Ipv4Addr::from(header.source())),
        destination: IpAddr::V4(Ipv4Addr::from(header.destination())),
        final_destination: None,
        home_address: None,
        protocol: IpProtocol(header.protocol().0),
        hop_limit: header.ttl(),
        fragment: is_fragment.then(|| Fragment { id: u32::from(header.identification()), offset: u32::from(offset), more }),
        header: header.slice(),
        payload: payload.octets,
        payload_len: len32(payload.wire_len.unwrap_or(payload.octets.len())),
    })
}

/// Reads an IPv6 header, without the extension headers that may follow.
#[inline(always)]
pub(super) fn v6(rest: Cursor<'_>) -> Result<Ip<'_>, Stop> {
    let header = Ipv6HeaderSlice::from_slice(rest.octets).map_err(|error| v6_stop(rest, error))?;
    let after = rest.skip(Ipv6Header::LEN);
    let protocol = IpProtocol(header.next_header().0);
    let payload_len = match usize::from(header.payload_length()) {
        0 => extension::jumbo_len(protocol, after.octets).or(after.wire_len).unwrap_or(after.octets.len()),
        claimed => claimed,
    };
    let payload = after.limit(payload_len);
    Ok(Ip {
        at: rest.at,
        source: IpAddr::V6(Ipv6Addr::from(header.source())),
        destination: IpAddr::V6(Ipv6Addr::from(header.destination())),
        final_destination: None,
        home_address: None,
        protocol,
        hop_limit: header.hop_limit(),
        fragment: None,
        header: header.slice(),
        payload: payload.octets,
        payload_len: len32(payload.wire_len.unwrap_or(payload.octets.len())),
    })
}

/// Writers of loopback headers and raw IP announce IPv4 and send either.
#[inline]
pub(super) fn claims_v6(rest: Cursor<'_>) -> bool {
    rest.octets.first().is_some_and(|first| first >> 4 == 6)
}

#[cold]
fn v4_stop(rest: Cursor<'_>, error: ipv4::HeaderSliceError) -> Stop {
    match error {
        ipv4::HeaderSliceError::Len(error) => rest.cut(Layer::Network, error.required_len),
        ipv4::HeaderSliceError::Content(ipv4::HeaderError::UnexpectedVersion { .. }) => {
            rest.malformed(Layer::Network, "IP version is not 4")
        }
        ipv4::HeaderSliceError::Content(ipv4::HeaderError::HeaderLengthSmallerThanHeader { .. }) => {
            rest.malformed(Layer::Network, "IPv4 header length is below 20 octets")
        }
    }
}

#[cold]
fn v6_stop(rest: Cursor<'_>, error: ipv6::HeaderSliceError) -> Stop {
    match error {
        ipv6::HeaderSliceError::Len(error) => rest.cut(Layer::Network, error.required_len),
        ipv6::HeaderSliceError::Content(_) => rest.malformed(Layer::Network, "IP version is not 6"),
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects)]
mod tests {
    use super::super::testing::{V4, V6, concat, cut, ends4, ends6, frame, ipv4, ipv4_with, ipv6, tcp, udp};
    use super::super::{Packet, Reason, packet};
    use super::*;
    use crate::capture::LinkType;

    /// Reads a raw packet and hands it to `inspect`.
    fn read(octets: &[u8], inspect: impl Fn(&Packet<'_>)) {
        inspect(&packet(&frame(LinkType::RAW, octets)));
    }

    #[track_caller]
    fn check_malformed(octets: &[u8], reason: &'static str) {
        read(octets, |packet| {
            assert_eq!(packet.stop.map(|stop| stop.reason), Some(Reason::Malformed(reason)));
            assert!(packet.transport.is_none());
        });
    }

    #[test]
    fn fields_of_both_versions() {
        read(&ipv4(17, &udp(ends4(), b"ab")), |packet| {
            let ip = packet.ip().unwrap();
            assert_eq!((ip.source, ip.destination), (V4.0.into(), V4.1.into()));
            assert_eq!((ip.version(), ip.protocol, ip.hop_limit), (4, IpProtocol::UDP, 64));
            assert_eq!((ip.header.len(), ip.payload.len(), ip.payload_len), (20, 10, 10));
        });
        read(&ipv6(6, &tcp(ends6(), &[], b"ab")), |packet| {
            let ip = packet.ip().unwrap();
            assert_eq!((ip.source, ip.destination), (V6.0.into(), V6.1.into()));
            assert_eq!((ip.version(), ip.protocol, ip.hop_limit), (6, IpProtocol::TCP, 64));
            assert_eq!((ip.header.len(), ip.payload.len(), ip.payload_len), (40, 22, 22));
        });
    }

    #[test]
    fn options_belong_to_the_header() {
        let segment = tcp(ends4(), &[], b"ab");
        let with_options = ipv4_with(6, &concat(&[&[0x94, 4, 0, 0], &segment]), |header| header[0] = 0x46);
        read(&with_options, |packet| {
            assert_eq!(packet.ip().map(|ip| (ip.header.len(), ip.payload_len)), Some((24, 22)));
            assert_eq!(packet.tcp().map(|segment| segment.payload), Some(&b"ab"[..]));
        });
    }

    #[test]
    fn a_total_length_of_zero_is_the_frame() {
        let offloaded = ipv4_with(6, &tcp(ends4(), &[], &[7; 100]), |header| header[2..4].fill(0));
        read(&offloaded, |packet| assert_eq!(packet.tcp().map(|segment| segment.payload_len), Some(100)));
        let mut offloaded = ipv6(6, &tcp(ends6(), &[], &[7; 100]));
        offloaded[4..6].fill(0);
        read(&offloaded, |packet| assert_eq!(packet.tcp().map(|segment| segment.payload_len), Some(100)));
    }

    #[test]
    fn a_cut_frame_keeps_the_length_that_was_sent() {
        let octets = ipv4(6, &tcp(ends4(), &[], &[7; 100]));
        let packet = packet(&cut(&frame(LinkType::RAW, &octets), 60));
        let (ip, segment) = (packet.ip().unwrap(), packet.tcp().unwrap());
        assert_eq!((ip.payload.len(), ip.payload_len, ip.is_whole()), (40, 120, false));
        assert_eq!((segment.payload.len(), segment.payload_len), (20, 100));
        assert_eq!(packet.stop, None);
    }

    #[test]
    fn a_total_length_beyond_the_frame_is_bounded_by_it() {
        let octets = ipv4_with(6, &tcp(ends4(), &[], b"ab"), |header| header[2] = 9);
        read(&octets, |packet| assert_eq!(packet.ip().map(|ip| ip.payload_len), Some(22)));
    }

    #[test]
    fn headers_that_contradict_themselves() {
        let segment = tcp(ends4(), &[], b"");
        check_malformed(&ipv4_with(6, &segment, |header| header[0] = 0x44), "IPv4 header length is below 20 octets");
        check_malformed(&ipv4_with(6, &segment, |header| header[3] = 19), "total length is less than the header's");
        let mut ethernet = super::super::testing::ethernet(0x86dd, &ipv4(6, &segment));
        let stop = packet(&frame(LinkType::ETHERNET, &ethernet)).stop.unwrap();
        assert_eq!((stop.at, stop.reason), (14, Reason::Malformed("IP version is not 6")));
        ethernet[12..15].copy_from_slice(&[8, 0, 0x55]);
        let stop = packet(&frame(LinkType::ETHERNET, &ethernet)).stop.unwrap();
        assert_eq!((stop.at, stop.reason), (14, Reason::Malformed("IP version is not 4")));
    }

    #[test]
    fn ipv6_that_was_announced_as_ipv4_is_read() {
        let octets = super::super::testing::ethernet(0x0800, &ipv6(6, &tcp(ends6(), &[], b"")));
        assert!(packet(&frame(LinkType::ETHERNET, &octets)).tcp().is_some());
    }

    #[test]
    fn fragments_have_no_transport() {
        let segment = tcp(ends4(), &[], &[7; 12]);
        let first = ipv4_with(6, &segment, |header| header[6] = 0x20);
        read(&first, |packet| {
            assert_eq!(packet.ip().unwrap().fragment, Some(Fragment { id: 7, offset: 0, more: true }));
            assert!(packet.transport.is_none() && packet.stop.is_none() && packet.ports().is_none());
        });
        let last = ipv4_with(6, &segment, |header| header[7] = 3);
        read(&last, |packet| {
            assert_eq!(packet.ip().unwrap().fragment, Some(Fragment { id: 7, offset: 24, more: false }));
            assert!(packet.transport.is_none());
        });
    }
}
