//! IPv4, IPv6 with its extension headers, and ARP.

use std::ops::Range;

use super::super::IpProtocol;
use super::super::checksum;
use super::super::cursor::Cursor;
use super::super::extension::{Header, Headers};
use super::super::ip::Ip;
use super::{Draft, LayerView};

/// The IP header and, as layers of their own, the extension headers behind it.
pub(super) fn ip(octets: &[u8], ip: &Ip<'_>, layers: &mut Vec<LayerView>) {
    let (len, first) = if ip.version() == 4 {
        let len = ip.header.first().map_or(0, |octet| usize::from(octet & 0x0f).saturating_mul(4));
        layers.push(ipv4(octets, ip.at..ip.at.saturating_add(len), ip));
        (len, ip.header.get(9))
    } else {
        layers.push(ipv6(octets, ip.at..ip.at.saturating_add(40)));
        (40, ip.header.get(6))
    };
    let Some(&first) = first else { return };
    let rest = Cursor { at: ip.at.saturating_add(len), octets: ip.header.get(len..).unwrap_or_default(), wire_len: None };
    for header in Headers::new(IpProtocol(first), rest) {
        layers.push(extension(octets, header));
    }
}

/// An address resolution message: hardware and protocol addresses of the sizes it gives.
pub(super) fn arp(octets: &[u8], at: usize) -> LayerView {
    let mut layer = Draft::new(octets, ("arp", "Address resolution"), at..at.saturating_add(28));
    layer.u16("arp.hw.type", "Hardware type", 0);
    layer.hex16("arp.proto.type", "Protocol type", 2);
    layer.u8("arp.hw.size", "Hardware address size", 4);
    layer.u8("arp.proto.size", "Protocol address size", 5);
    if let Some(operation) = layer.u16("arp.opcode", "Operation", 6) {
        layer.note(match operation {
            1 => "request",
            2 => "reply",
            _ => "other",
        });
    }
    layer.mac("arp.src.hw_mac", "Sender's hardware address", 8);
    layer.ipv4("arp.src.proto_ipv4", "Sender's address", 14);
    layer.mac("arp.dst.hw_mac", "Target's hardware address", 18);
    layer.ipv4("arp.dst.proto_ipv4", "Target's address", 24);
    layer.view
}

fn ipv4(octets: &[u8], span: Range<usize>, ip: &Ip<'_>) -> LayerView {
    let mut layer = Draft::new(octets, ("ip", "IPv4"), span);
    layer.bits("ip.version", "Version", 0..1, (0, 4));
    if layer.scaled(("ip.hdr_len", "Header length"), 0..1, (4, 4), 4).is_some() {
        layer.note("octets, in the header as a count of 4");
    }
    layer.bits("ip.dsfield.dscp", "Differentiated services", 1..2, (0, 6));
    layer.bits("ip.dsfield.ecn", "Congestion notification", 1..2, (6, 2));
    if layer.u16("ip.len", "Total length", 2) == Some(0) {
        layer.note("too large for the field: the frame's length counts");
    }
    layer.hex16("ip.id", "Identification", 4);
    layer.bits("ip.flags.rb", "Reserved bit", 6..7, (0, 1));
    layer.bits("ip.flags.df", "Don't fragment", 6..7, (1, 1));
    layer.bits("ip.flags.mf", "More fragments", 6..7, (2, 1));
    if layer.scaled(("ip.frag_offset", "Fragment offset"), 6..8, (3, 13), 8).is_some() {
        layer.note("octets, in the header as a count of 8");
    }
    layer.u8("ip.ttl", "Time to live", 8);
    if let Some(protocol) = layer.u8("ip.proto", "Protocol", 9) {
        layer.note(name(IpProtocol(protocol)));
    }
    layer.hex16("ip.checksum", "Header checksum", 10);
    layer.note(checksum::ip_header(ip));
    layer.ipv4("ip.src", "Source", 12);
    layer.ipv4("ip.dst", "Destination", 16);
    ipv4_options(&mut layer);
    layer.view
}

/// Options have the shape of TCP's: a kind, and for all but two kinds a length (RFC 791 section 3.1).
fn ipv4_options(layer: &mut Draft<'_>) {
    let mut at = 20_usize;
    while let Some(kind) = layer.octets.get(at).copied() {
        let len = match kind {
            0 | 1 => 1,
            _ => layer.octets.get(at.saturating_add(1)).map_or(0, |len| usize::from(*len)),
        };
        let end = at.saturating_add(len);
        if (kind > 1 && len < 2) || end > layer.octets.len() {
            layer.add(("ip.opt.type", "Option"), at..layer.octets.len(), kind);
            return layer.note("length cannot be true");
        }
        layer.add(("ip.opt.type", "Option"), at..end, kind);
        layer.note(match kind & 0x1f {
            0 => "end of options",
            1 => "no operation",
            2 => "security",
            3 => "loose source route",
            4 => "timestamps",
            7 => "record route",
            8 => "stream id",
            9 => "strict source route",
            20 => "router alert",
            25 => "quick-start",
            _ => "unknown",
        });
        if kind == 0 {
            return;
        }
        at = end;
    }
}

fn ipv6(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("ipv6", "IPv6"), span);
    layer.bits("ipv6.version", "Version", 0..4, (0, 4));
    layer.bits("ipv6.tclass.dscp", "Differentiated services", 0..4, (4, 6));
    layer.bits("ipv6.tclass.ecn", "Congestion notification", 0..4, (10, 2));
    layer.bits("ipv6.flow", "Flow label", 0..4, (12, 20));
    if layer.u16("ipv6.plen", "Payload length", 4) == Some(0) {
        layer.note("too large for the field: a jumbo option or the frame's length counts");
    }
    layer.next_header("ipv6.nxt", 6);
    layer.u8("ipv6.hlim", "Hop limit", 7);
    layer.ipv6("ipv6.src", "Source", 8);
    layer.ipv6("ipv6.dst", "Destination", 24);
    layer.view
}

fn extension(octets: &[u8], header: Header<'_>) -> LayerView {
    let span = header.at..header.at.saturating_add(header.octets.len());
    match header.protocol {
        IpProtocol::ROUTING => routing(octets, span),
        IpProtocol::FRAGMENT => fragment(octets, span),
        IpProtocol::AH => authentication(octets, span),
        IpProtocol::HOP_BY_HOP => {
            let mut layer = Draft::new(octets, ("ipv6.hopopts", "IPv6 hop-by-hop options"), span);
            layer.next_header("ipv6.hopopts.nxt", 0);
            layer.u8("ipv6.hopopts.len", "Length", 1);
            options(layer, header)
        }
        _ => {
            let mut layer = Draft::new(octets, ("ipv6.dstopts", "IPv6 destination options"), span);
            layer.next_header("ipv6.dstopts.nxt", 0);
            layer.u8("ipv6.dstopts.len", "Length", 1);
            options(layer, header)
        }
    }
}

fn options(mut layer: Draft<'_>, header: Header<'_>) -> LayerView {
    for option in header.options() {
        let value = option.at.saturating_add(2);
        let end = value.saturating_add(option.value.len());
        layer.add(("ipv6.opt.type", "Option"), option.at..end, option.kind);
        match option.kind {
            1 => layer.note("padding"),
            0xc2 => {
                layer.u32("ipv6.opt.jumbo", "Jumbo payload length", value);
            }
            0xc9 => {
                layer.ipv6("ipv6.opt.mipv6.home_address", "Home address", value);
            }
            _ => layer.note(format!("{} octets of value", option.value.len())),
        }
    }
    layer.view
}

fn routing(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("ipv6.routing", "IPv6 routing header"), span);
    layer.next_header("ipv6.routing.nxt", 0);
    layer.u8("ipv6.routing.len", "Length", 1);
    let kind = layer.u8("ipv6.routing.type", "Type", 2);
    layer.u8("ipv6.routing.segleft", "Segments left", 3);
    let name = match kind {
        Some(0) => "ipv6.routing.src.addr",
        Some(2) => "ipv6.routing.mipv6.home_address",
        Some(4) => "ipv6.routing.srh.addr",
        _ => return layer.view,
    };
    let mut at = 8_usize;
    while layer.ipv6(name, "Address", at).is_some() {
        at = at.saturating_add(16);
    }
    layer.view
}

fn fragment(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("ipv6.fraghdr", "IPv6 fragment header"), span);
    layer.next_header("ipv6.fraghdr.nxt", 0);
    if let Some(units) = layer.bits("ipv6.fraghdr.offset", "Fragment offset", 2..4, (0, 13)) {
        layer.note(format!("octet {} of the datagram", units.saturating_mul(8)));
    }
    layer.bits("ipv6.fraghdr.more", "More fragments", 2..4, (15, 1));
    layer.u32("ipv6.fraghdr.ident", "Identification", 4);
    layer.view
}

fn authentication(octets: &[u8], span: Range<usize>) -> LayerView {
    let len = span.len();
    let mut layer = Draft::new(octets, ("ah", "Authentication header"), span);
    layer.next_header("ah.next_header", 0);
    layer.u8("ah.length", "Length", 1);
    layer.u32("ah.spi", "Security parameters index", 4);
    layer.u32("ah.sequence", "Sequence number", 8);
    layer.hex("ah.icv", "Integrity check value", 12..len);
    layer.view
}

/// IANA's name for the protocols one meets.
fn name(protocol: IpProtocol) -> &'static str {
    match protocol {
        IpProtocol::HOP_BY_HOP => "hop-by-hop options",
        IpProtocol::ICMP => "ICMP",
        IpProtocol(2) => "IGMP",
        IpProtocol::IPV4 => "IPv4",
        IpProtocol::TCP => "TCP",
        IpProtocol::UDP => "UDP",
        IpProtocol::IPV6 => "IPv6",
        IpProtocol::ROUTING => "routing header",
        IpProtocol::FRAGMENT => "fragment header",
        IpProtocol::GRE => "GRE",
        IpProtocol::ESP => "ESP",
        IpProtocol::AH => "authentication header",
        IpProtocol::ICMPV6 => "ICMPv6",
        IpProtocol::NO_NEXT_HEADER => "no next header",
        IpProtocol::DESTINATION_OPTIONS => "destination options",
        IpProtocol(89) => "OSPF",
        IpProtocol(103) => "PIM",
        IpProtocol(112) => "VRRP",
        IpProtocol::SCTP => "SCTP",
        IpProtocol::UDP_LITE => "UDP-Lite",
        _ => "not read",
    }
}

impl Draft<'_> {
    /// The octet that announces what follows.
    fn next_header(&mut self, filter: &'static str, at: usize) {
        if let Some(protocol) = self.u8(filter, "Next header", at) {
            self.note(name(IpProtocol(protocol)));
        }
    }
}
