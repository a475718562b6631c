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
#[cold]
pub(super) fn jumbo_len(protocol: IpProtocol, after: &[u8]) -> Option<usize> {
    if protocol != IpProtocol::HOP_BY_HOP {
        return None;
    }
    let len = usize::from(*after.get(1)?).saturating_add(1).saturating_mul(8);
    let jumbo = options(after.get(..len)?).find(|option| option.kind == OPTION_JUMBO)?;
    usize::try_from(u32_at(jumbo.value, 0)?).ok()
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

/// An option of a hop-by-hop or destination header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ipv6Option<'a> {
    /// Offset from the start of its header, in octets.
    pub(super) at: usize,
    /// Its kind.
    pub(super) kind: u8,
    /// Its value, without kind and length.
    pub(super) value: &'a [u8],
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
    pub(super) fn options(&self) -> impl Iterator<Item = Ipv6Option<'a>> + use<'a> {
        let has_options = matches!(self.protocol, IpProtocol::HOP_BY_HOP | IpProtocol::DESTINATION_OPTIONS);
        options(if has_options { self.octets } else { &[] })
    }

    /// Who really sent the packet, as a destination header says.
    fn home_address(&self) -> Option<Ipv6Addr> {
        address(self.options().find(|option| option.kind == OPTION_HOME_ADDRESS)?.value, 0)
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

/// The options of a whole hop-by-hop or destination header, without single octets of padding; ends at one that overruns it.
fn options(header: &[u8]) -> impl Iterator<Item = Ipv6Option<'_>> {
    let mut rest = header.get(2..).unwrap_or_default();
    std::iter::from_fn(move || {
        while let [OPTION_PAD, after @ ..] = rest {
            rest = after;
        }
        let (&[kind, len], after) = rest.split_first_chunk()?;
        let (value, after) = after.split_at_checked(usize::from(len))?;
        let at = header.len().saturating_sub(rest.len());
        rest = after;
        Some(Ipv6Option { at, kind, value })
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

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects)]
mod tests {
    use super::super::testing::{PORTS, V6, concat, ends4, ends6, ethernet, frame, ipv4, ipv6, tcp, udp};
    use super::super::{Packet, Reason, checksum, packet, reassembled};
    use super::*;
    use crate::capture::LinkType;

    /// A hop-by-hop or destination header in front of UDP: two octets, then `options`.
    fn with_options(options: &[u8]) -> Vec<u8> {
        concat(&[&[17, u8::try_from((options.len() + 2) / 8 - 1).unwrap()], options])
    }

    /// A routing header of this type and these segments left, in front of UDP.
    fn routing(kind: u8, left: u8, last: [u8; 4], addresses: &[Ipv6Addr]) -> Vec<u8> {
        let addresses: Vec<u8> = addresses.iter().flat_map(Ipv6Addr::octets).collect();
        concat(&[&[17, u8::try_from(addresses.len() / 8).unwrap(), kind, left], &last, &addresses])
    }

    /// Reads a packet of `protocol` whose payload is `header` and UDP, and hands it to `inspect`.
    fn read(protocol: u8, header: &[u8], inspect: impl Fn(&Packet<'_>)) {
        let octets = ipv6(protocol, &concat(&[header, &udp(ends6(), b"ab")]));
        inspect(&packet(&frame(LinkType::IPV6, &octets)));
    }

    /// The final destination a routing header leads to.
    #[track_caller]
    fn check_final(header: &[u8], expected: Option<Ipv6Addr>) {
        read(43, header, |packet| {
            assert_eq!(packet.ports(), Some(PORTS));
            let ip = packet.ip().unwrap();
            assert_eq!(ip.final_destination, expected.map(IpAddr::V6));
            assert_eq!(ip.ends(), (V6.0.into(), expected.unwrap_or(V6.1).into()));
            assert_eq!((ip.protocol, ip.payload_len), (IpProtocol::UDP, 10));
        });
    }

    #[test]
    fn extension_headers_belong_to_the_header() {
        for (protocol, header) in [
            (0, with_options(&[1, 4, 0, 0, 0, 0])),
            (60, with_options(&[0; 14])),
            (44, vec![17, 0, 0, 0, 0, 0, 0, 9]),
            (51, vec![17, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]),
        ] {
            read(protocol, &header, |packet| {
                assert_eq!((packet.stop, packet.ports()), (None, Some(PORTS)), "{protocol}");
                let ip = packet.ip().unwrap();
                assert_eq!((ip.header.len(), ip.payload_len, ip.fragment), (40 + header.len(), 10, None), "{protocol}");
                assert_eq!(checksum::transport(packet), Some(checksum::Verdict::Good), "{protocol}");
            });
        }
    }

    #[test]
    fn an_authentication_header_may_follow_ipv4() {
        let octets = ipv4(51, &concat(&[&[6, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], &tcp(ends4(), &[], b"ab")]));
        let frame = frame(LinkType::RAW, &octets);
        let packet = packet(&frame);
        assert_eq!((packet.ports(), packet.ip().unwrap().header.len()), (Some(PORTS), 32));
        assert_eq!(checksum::ip_header(packet.ip().unwrap()), checksum::Verdict::Good);
    }

    #[test]
    fn routing_headers_lead_to_their_last_address() {
        let address = |last| Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last);
        let route = [address(10), address(11), address(12)];
        check_final(&routing(0, 2, [0; 4], &route), Some(address(12)));
        check_final(&routing(0, 0, [0; 4], &route), None);
        check_final(&routing(2, 1, [0; 4], &route[..1]), Some(address(10)));
        check_final(&routing(4, 1, [2, 0, 0, 0], &route), Some(address(10)));
        check_final(&routing(4, 0, [2, 0, 0, 0], &route), None);
        check_final(&routing(3, 3, [0; 4], &route), Some(address(12)));
        check_final(&routing(5, 1, [0; 4], &route), None);
        // Compressed to the last octet of each address, and five octets of padding.
        let compressed = [17, 1, 3, 2, 0xff, 0x50, 0, 0, 10, 11, 12, 0, 0, 0, 0, 0];
        check_final(&compressed, Some(address(12)));
    }

    #[test]
    fn a_home_address_is_the_sender() {
        let home = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0x77);
        let header = with_options(&concat(&[&[1, 2, 0, 0, 0xc9, 16], &home.octets()]));
        read(60, &header, |packet| {
            assert_eq!(packet.ip().unwrap().ends(), (home.into(), V6.1.into()));
            assert_eq!(packet.ip().unwrap().source, IpAddr::V6(V6.0));
        });
    }

    #[test]
    fn jumbograms_have_their_length_in_an_option() {
        let segment = tcp(ends6(), &[], b"ab");
        let mut octets = ipv6(0, &concat(&[&[6, 0, 0xc2, 4, 0, 0, 0, 30], &segment, &[0xff; 9]]));
        octets[4..6].fill(0);
        let frame = frame(LinkType::IPV6, &octets);
        let packet = packet(&frame);
        assert_eq!(packet.ip().map(|ip| ip.payload_len), Some(22));
        assert_eq!(packet.tcp().map(|segment| segment.payload), Some(&b"ab"[..]));
    }

    #[test]
    fn fragments_are_decoded_once_they_are_together() {
        let header = with_options(&[1, 4, 0, 0, 0, 0]);
        let whole = concat(&[&header, &udp(ends6(), &[7; 30])]);
        let fragment = ipv6(44, &concat(&[&[60, 0, 0, 1, 0, 0, 0, 9], &whole[..24]]));
        let frame = frame(LinkType::IPV6, &fragment);
        let packet = packet(&frame);
        let ip = packet.ip().unwrap();
        assert_eq!(ip.fragment, Some(Fragment { id: 9, offset: 0, more: true }));
        assert_eq!((ip.protocol, ip.header.len(), packet.transport.is_none()), (IpProtocol::DESTINATION_OPTIONS, 48, true));

        let (ip, transport, stop) = reassembled(ip, &whole);
        assert_eq!((ip.fragment, ip.protocol, ip.payload_len, stop), (None, IpProtocol::UDP, 38, None));
        let Some(super::super::Transport::Udp(datagram)) = transport else { panic!("{transport:?}") };
        assert_eq!((datagram.at, datagram.payload_len), (8, 30));
        assert_eq!(checksum::datagram(ip.ends(), ip.protocol, ip.payload), Some(checksum::Verdict::Good));
    }

    #[test]
    fn a_header_that_overruns_its_packet_is_malformed() {
        let octets = ethernet(0x86dd, &concat(&[&ipv6(60, &[17, 9, 1, 4, 0, 0, 0, 0]), &[0; 99]]));
        let stop = packet(&frame(LinkType::ETHERNET, &octets)).stop.unwrap();
        assert_eq!((stop.at, stop.reason), (54, Reason::Malformed("extension header is longer than its packet")));
    }

    #[test]
    fn encrypted_payload_is_named() {
        read(50, &[], |packet| {
            assert!(matches!(packet.transport, Some(super::super::Transport::Other(IpProtocol::ESP))));
        });
    }
}
