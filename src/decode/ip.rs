//! IPv4 (RFC 791) and IPv6 (RFC 8200) with its extension headers, in one shape.
//!
//! The header's length bounds the payload: what the frame holds beyond it is Ethernet's padding. A length of zero is a packet
//! too large for the field, seen before the network card cut it up, and then the frame bounds it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::err::{ipv4, ipv6};
use etherparse::{Ipv4HeaderSlice, Ipv6Header, Ipv6HeaderSlice};

use super::cursor::{Cursor, len32};
use super::{EtherType, IpProtocol, Layer, Stop, extension};

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

/// Reads the packet that `ether_type` announces; an extension header that cannot be read gives both results.
#[inline]
pub(super) fn packet(ether_type: EtherType, rest: Cursor<'_>) -> (Option<Ip<'_>>, Option<Stop>) {
    let read = if ether_type == EtherType::IPV4 && !claims_v6(rest) { v4(rest) } else { v6(rest) };
    match read {
        Ok(mut ip) => {
            let stop = extension::walk(&mut ip, rest.octets);
            (Some(ip), stop)
        }
        Err(stop) => (None, Some(stop)),
    }
}

#[inline]
fn v4(rest: Cursor<'_>) -> Result<Ip<'_>, Stop> {
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

#[inline]
fn v6(rest: Cursor<'_>) -> Result<Ip<'_>, Stop> {
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
fn claims_v6(rest: Cursor<'_>) -> bool {
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
