//! What stands between an IP header and its transport: IPv6 extension headers (RFC 8200 section 4) and AH (RFC 4302).
//!
//! Two of them move the ends of the conversation. With a routing header the packet is addressed to its next stop, and its
//! destination is the last address of the list; with a home address option its sender is elsewhere than its source. The
//! transport's checksum is computed over those ends.

use std::net::{IpAddr, Ipv6Addr};

use super::cursor::{Cursor, len32, u16_at, u32_at};
use super::ip::{Fragment, Ip};
use super::{IpProtocol, Layer, Stop};

/// Options of hop-by-hop and destination headers (RFC 2675, RFC 6275).
const OPTION_PAD: u8 = 0x00;
const OPTION_JUMBO: u8 = 0xc2;
const OPTION_HOME_ADDRESS: u8 = 0xc9;

/// Routing types (RFC 5095, RFC 6275, RFC 6554, RFC 8754).
const ROUTING_SOURCE: u8 = 0;
const ROUTING_MOBILE: u8 = 2;
const ROUTING_RPL: u8 = 3;
const ROUTING_SEGMENTS: u8 = 4;

/// Moves the extension headers at the start of the payload to the end of the header, and heeds what they say.
#[inline]
pub(super) fn walk<'a>(ip: &mut Ip<'a>, packet: &'a [u8]) -> Option<Stop> {
    // What an IPv4 fragment holds is known only when its datagram is together.
    if ip.fragment.is_some() || !is_extension(ip.protocol) {
        return None;
    }
    let mut headers = Headers::new(ip.protocol, ip.rest());
    for header in headers.by_ref() {
        heed(header, ip);
    }
    ip.protocol = headers.protocol;
    ip.payload = headers.rest.octets;
    ip.payload_len = len32(headers.rest.wire_len.unwrap_or(ip.payload.len()));
    ip.header = packet.get(..headers.rest.at.saturating_sub(ip.at)).unwrap_or(ip.header);
    headers.stop
}

/// The payload length of a jumbogram, from the hop-by-hop header that must then come first (RFC 2675 section 2).
pub(super) fn jumbo_len(protocol: IpProtocol, after: &[u8]) -> Option<usize> {
    if protocol != IpProtocol::HOP_BY_HOP {
        return None;
    }
    let len = usize::from(*after.get(1)?).saturating_add(1).saturating_mul(8);
    let (_, value) = options(after.get(..len)?).find(|&(kind, _)| kind == OPTION_JUMBO)?;
    usize::try_from(u32_at(value, 0)?).ok()
}

/// Whether a header of this protocol leads on to another. The numbers are the same in both versions of IP.
#[inline]
pub(super) fn is_extension(protocol: IpProtocol) -> bool {
    matches!(
        protocol,
        IpProtocol::HOP_BY_HOP | IpProtocol::ROUTING | IpProtocol::FRAGMENT | IpProtocol::AH | IpProtocol::DESTINATION_OPTIONS
    )
}

/// A chain of extension headers. When it has ended, `protocol` stands at `rest`, unless `stop` says why not.
#[derive(Clone, Debug)]
pub(super) struct Headers<'a> {
    /// The protocol at `rest`.
    pub(super) protocol: IpProtocol,
    /// What was not read yet.
    pub(super) rest: Cursor<'a>,
    /// Why the chain ended early.
    pub(super) stop: Option<Stop>,
    fragmented: bool,
}

/// One extension header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    /// Its kind.
    pub(super) protocol: IpProtocol,
    /// Offset in the frame, in octets.
    pub(super) at: usize,
    /// All of its octets: at least 8.
    pub(super) octets: &'a [u8],
}

impl<'a> Headers<'a> {
    /// The chain that begins with a header of `protocol` at `rest`.
    pub(super) fn new(protocol: IpProtocol, rest: Cursor<'a>) -> Self {
        Self { protocol, rest, stop: None, fragmented: false }
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        if self.fragmented || self.stop.is_some() || !is_extension(self.protocol) {
            return None;
        }
        let need = match *self.rest.octets {
            [_, len, ..] => header_len(self.protocol, len),
            _ => 8,
        };
        if self.rest.wire_len.is_some_and(|wire| wire < need) {
            self.stop = Some(self.rest.malformed(Layer::Network, "extension header is longer than its packet"));
            return None;
        }
        let Some((octets, next)) = self.rest.octets.get(..need).and_then(|octets| Some((octets, *octets.first()?))) else {
            self.stop = Some(self.rest.cut(Layer::Network, need));
            return None;
        };
        let header = Header { protocol: self.protocol, at: self.rest.at, octets };
        self.fragmented = header.fragment().is_some();
        self.protocol = IpProtocol(next);
        self.rest = self.rest.skip(need);
        Some(header)
    }
}

impl<'a> Header<'a> {
    /// The place a fragment header gives its payload. An atomic fragment (RFC 6946) is whole, and has none.
    pub(super) fn fragment(&self) -> Option<Fragment> {
        if self.protocol != IpProtocol::FRAGMENT {
            return None;
        }
        let (place, id) = (u16_at(self.octets, 2)?, u32_at(self.octets, 4)?);
        let (offset, more) = (u32::from(place & !0b111), place & 1 == 1);
        (more || offset != 0).then_some(Fragment { id, offset, more })
    }

    /// The options of a hop-by-hop or destination header.
    pub(super) fn options(&self) -> impl Iterator<Item = (u8, &'a [u8])> + use<'a> {
        let has_options = matches!(self.protocol, IpProtocol::HOP_BY_HOP | IpProtocol::DESTINATION_OPTIONS);
        options(if has_options { self.octets } else { &[] })
    }

    /// Who really sent the packet, as a destination header says.
    fn home_address(&self) -> Option<Ipv6Addr> {
        let (_, value) = self.options().find(|&(kind, _)| kind == OPTION_HOME_ADDRESS)?;
        address(value, 0)
    }

    /// The last address of a routing header that is not used up.
    fn final_destination(&self, destination: IpAddr) -> Option<Ipv6Addr> {
        let &[_, _, routing_type, left, compression, padding, ..] = self.octets else { return None };
        if self.protocol != IpProtocol::ROUTING || left == 0 {
            return None;
        }
        match routing_type {
            ROUTING_SOURCE | ROUTING_MOBILE => {
                let count = self.octets.len().saturating_sub(8).checked_div(16)?;
                address(self.octets, count.checked_sub(1)?.saturating_mul(16).saturating_add(8))
            }
            ROUTING_SEGMENTS => address(self.octets, 8), // The list is in reverse.
            ROUTING_RPL => {
                let elided = usize::from(compression & 0x0f);
                rpl_last(self.octets, elided, usize::from(padding >> 4), destination)
            }
            _ => None,
        }
    }
}

/// Lets a header change what is known of its packet.
fn heed<'a>(header: Header<'a>, ip: &mut Ip<'a>) {
    ip.fragment = header.fragment().or(ip.fragment);
    ip.home_address = header.home_address().map(IpAddr::V6).or(ip.home_address);
    ip.final_destination = header.final_destination(ip.destination).map(IpAddr::V6).or(ip.final_destination);
}

/// The length of a header in octets from its length field, which counts in units of its own.
fn header_len(protocol: IpProtocol, field: u8) -> usize {
    let field = usize::from(field);
    match protocol {
        IpProtocol::FRAGMENT => 8,
        IpProtocol::AH => field.saturating_add(2).saturating_mul(4),
        _ => field.saturating_add(1).saturating_mul(8),
    }
}

/// Kind and value of each option of a whole hop-by-hop or destination header; ends at one that overruns it.
fn options(header: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = header.get(2..).unwrap_or_default();
    std::iter::from_fn(move || {
        while let [OPTION_PAD, after @ ..] = rest {
            rest = after;
        }
        let (&[kind, len], after) = rest.split_first_chunk()?;
        let (value, after) = after.split_at_checked(usize::from(len))?;
        rest = after;
        Some((kind, value))
    })
}

/// The last address of a compressed route: its first `elided` octets are those of the destination (RFC 6554 section 3).
fn rpl_last(header: &[u8], elided: usize, padding: usize, destination: IpAddr) -> Option<Ipv6Addr> {
    let IpAddr::V6(destination) = destination else { return None };
    let route = header.get(8..header.len().checked_sub(padding)?)?;
    let tail = route.get(route.len().checked_sub(16_usize.checked_sub(elided)?)?..)?;
    let mut octets = destination.octets();
    octets.get_mut(elided..)?.copy_from_slice(tail);
    Some(Ipv6Addr::from(octets))
}

fn address(octets: &[u8], at: usize) -> Option<Ipv6Addr> {
    octets.get(at..)?.first_chunk::<16>().copied().map(Ipv6Addr::from)
}
