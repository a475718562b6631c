//! The frame itself, and the headers before the network header.

use std::ops::Range;

use super::super::link::{Header, Headers, Link, Protocol};
use super::{Draft, LayerView};
use crate::capture::{ByteOrder, Frame};

/// What the file says of the frame.
pub(super) fn frame(frame: &Frame<'_>) -> LayerView {
    let mut layer = Draft::new(frame.octets, ("frame", "Frame"), 0..frame.octets.len());
    layer.computed("frame.number", "Number", frame.number);
    if let Some(time) = frame.timestamp {
        layer.computed("frame.time_epoch", "Time", time);
        layer.note("seconds since 1970-01-01 UTC");
    }
    layer.computed("frame.interface_id", "Interface", frame.interface.0);
    layer.computed("frame.link_type", "Link type", frame.link_type.0);
    layer.note(frame.link_type);
    layer.computed("frame.len", "Octets on the wire", frame.original_len);
    layer.computed("frame.cap_len", "Octets captured", frame.captured_len());
    if frame.captured_len() < frame.original_len {
        layer.note("cut by the snap length");
    }
    layer.view
}

/// All link headers of the frame.
pub(super) fn headers(frame: &Frame<'_>, layers: &mut Vec<LayerView>) {
    let mut link = Link::NONE;
    for header in Headers::new(frame, &mut link) {
        if header.len > 0 {
            layers.push(view(frame.octets, header));
        }
    }
}

fn view(octets: &[u8], header: Header) -> LayerView {
    let span = header.at..header.at.saturating_add(header.len);
    match header.protocol {
        Protocol::Ethernet => ethernet(octets, span),
        Protocol::Vlan => vlan(octets, span),
        Protocol::CiscoMetaData => cisco_meta_data(octets, span),
        Protocol::ServiceHeader => service_header(octets, span),
        Protocol::Llc => llc(octets, span),
        Protocol::Fddi => fddi(octets, span),
        Protocol::Mpls => mpls(octets, span),
        Protocol::Pppoe => pppoe(octets, span),
        Protocol::Ppp => ppp(octets, span),
        Protocol::CiscoHdlc => cisco_hdlc(octets, span),
        Protocol::Null => loopback(octets, span, &[ByteOrder::Little, ByteOrder::Big]),
        Protocol::Loop => loopback(octets, span, &[ByteOrder::Big]),
        Protocol::Sll => sll(octets, span),
        Protocol::Sll2 => sll2(octets, span),
        Protocol::Nflog => nflog(octets, span),
        Protocol::Pktap => pktap(octets, span),
        Protocol::Radiotap => radiotap(octets, span),
        Protocol::Wireless { .. } => wireless(octets, span),
        // These have no header.
        Protocol::Raw | Protocol::Network(_) | Protocol::Unknown(_) | Protocol::LinkType(_) => {
            Draft::new(octets, ("link", "Link header"), span).view
        }
    }
}

fn ethernet(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("eth", "Ethernet"), span);
    layer.mac("eth.dst", "Destination", 0);
    layer.mac("eth.src", "Source", 6);
    layer.type_or_length(("eth.type", "eth.len"), 12);
    layer.view
}

fn vlan(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("vlan", "802.1Q VLAN tag"), span);
    layer.bits("vlan.priority", "Priority", 0..2, (0, 3));
    layer.bits("vlan.dei", "Drop eligible", 0..2, (3, 1));
    layer.bits("vlan.id", "VLAN id", 0..2, (4, 12));
    layer.type_or_length(("vlan.etype", "vlan.len"), 2);
    layer.view
}

fn cisco_meta_data(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("cmd", "Cisco metadata"), span);
    layer.u8("cmd.version", "Version", 0);
    layer.u8("cmd.length", "Length", 1);
    layer.u16("cmd.sgt", "Security group tag", 4);
    layer.type_or_length(("eth.type", "eth.len"), 6);
    layer.view
}

fn service_header(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("nsh", "Network service header"), span);
    layer.bits("nsh.version", "Version", 0..2, (0, 2));
    layer.bits("nsh.length", "Length in words", 0..2, (10, 6));
    layer.bits("nsh.mdtype", "Metadata type", 2..3, (4, 4));
    layer.u8("nsh.nextproto", "Next protocol", 3);
    layer.bits("nsh.spi", "Service path", 4..8, (0, 24));
    layer.u8("nsh.si", "Service index", 7);
    layer.view
}

fn llc(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("llc", "802.2 LLC"), span);
    layer.u8("llc.dsap", "Destination access point", 0);
    layer.u8("llc.ssap", "Source access point", 1);
    let Some(control) = layer.u8("llc.control", "Control", 2) else { return layer.view };
    let snap = if control & 0b11 == 0b11 { 3 } else { 4 };
    layer.hex("llc.oui", "Organisation", snap..snap.saturating_add(3));
    layer.hex16("llc.type", "Type", snap.saturating_add(3));
    layer.view
}

fn fddi(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("fddi", "FDDI"), span);
    layer.u8("fddi.fc", "Frame control", 0);
    layer.mac("fddi.dst", "Destination", 1);
    layer.note("bits of each octet in transmission order");
    layer.mac("fddi.src", "Source", 7);
    layer.view
}

fn mpls(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("mpls", "MPLS label"), span);
    layer.bits("mpls.label", "Label", 0..4, (0, 20));
    layer.bits("mpls.exp", "Traffic class", 0..4, (20, 3));
    layer.bits("mpls.bottom", "Bottom of stack", 0..4, (23, 1));
    layer.u8("mpls.ttl", "Time to live", 3);
    layer.view
}

fn pppoe(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("pppoes", "PPP over Ethernet"), span);
    layer.bits("pppoe.version", "Version", 0..1, (0, 4));
    layer.bits("pppoe.type", "Type", 0..1, (4, 4));
    layer.u8("pppoe.code", "Code", 1);
    layer.hex16("pppoe.session_id", "Session", 2);
    layer.u16("pppoe.payload_length", "Payload length", 4);
    layer.view
}

fn ppp(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("ppp", "PPP"), span);
    let framing = if layer.octets.starts_with(&[0xff, 0x03]) { 2 } else { 0 };
    if framing > 0 {
        layer.u8("ppp.address", "Address", 0);
        layer.u8("ppp.control", "Control", 1);
    }
    match layer.octets.get(framing..) {
        Some(&[compressed]) => {
            layer.add(("ppp.protocol", "Protocol"), framing..framing.saturating_add(1), format!("{compressed:#06x}"));
            layer.note("compressed");
        }
        _ => {
            layer.hex16("ppp.protocol", "Protocol", framing);
        }
    }
    layer.view
}

fn cisco_hdlc(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("chdlc", "Cisco HDLC"), span);
    layer.u8("chdlc.address", "Address", 0);
    layer.hex16("chdlc.protocol", "Protocol", 2);
    layer.view
}

/// The family is shown in the first of `orders` that makes it small.
fn loopback(octets: &[u8], span: Range<usize>, orders: &[ByteOrder]) -> LayerView {
    let mut layer = Draft::new(octets, ("null", "Loopback"), span);
    let field = layer.octets.first_chunk().copied().unwrap_or_default();
    let family = orders.iter().map(|order| order.u32(field)).min().unwrap_or(0);
    layer.add(("null.family", "Address family"), 0..4, family);
    layer.note(match family {
        2 => "IPv4",
        10 => "IPv6 on Linux",
        23 => "IPv6 on Windows",
        24 => "IPv6 on NetBSD, OpenBSD and Npcap",
        28 => "IPv6 on FreeBSD",
        30 => "IPv6 on macOS",
        _ => "not an IP family",
    });
    layer.view
}

fn sll(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("sll", "Linux cooked capture"), span);
    if let Some(kind) = layer.u16("sll.pkttype", "Packet type", 0) {
        layer.note(sll_packet_type(kind));
    }
    layer.u16("sll.hatype", "Hardware type", 2);
    let len = layer.u16("sll.halen", "Address length", 4);
    layer.sll_address(len, 6);
    layer.hex16("sll.etype", "Protocol", 14);
    layer.view
}

fn sll2(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("sll", "Linux cooked capture v2"), span);
    layer.hex16("sll.etype", "Protocol", 0);
    layer.u32("sll.ifindex", "Interface index", 4);
    layer.u16("sll.hatype", "Hardware type", 8);
    if let Some(kind) = layer.u8("sll.pkttype", "Packet type", 10) {
        layer.note(sll_packet_type(u16::from(kind)));
    }
    let len = layer.u8("sll.halen", "Address length", 11).map(u16::from);
    layer.sll_address(len, 12);
    layer.view
}

fn sll_packet_type(kind: u16) -> &'static str {
    match kind {
        0 => "to this host",
        1 => "broadcast",
        2 => "multicast",
        3 => "between other hosts",
        4 => "sent by this host",
        _ => "unknown",
    }
}

fn nflog(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("nflog", "Netfilter log"), span);
    layer.u8("nflog.family", "Address family", 0);
    layer.u8("nflog.version", "Version", 1);
    layer.u16("nflog.res_id", "Group", 2);
    layer.view
}

fn pktap(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("pktap", "Apple PKTAP"), span);
    let fields = [
        ("pktap.hdrlen", "Header length", 0),
        ("pktap.rectype", "Record type", 4),
        ("pktap.dlt", "Link type", 8),
        ("pktap.flags", "Flags", 36),
    ];
    for (name, label, at) in fields {
        if let Some(value) = layer.octets.get(at..).and_then(<[u8]>::first_chunk).copied() {
            layer.add((name, label), at..at.saturating_add(4), u32::from_le_bytes(value));
        }
    }
    layer.view
}

fn radiotap(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("radiotap", "Radiotap"), span);
    layer.u8("radiotap.version", "Version", 0);
    if let Some(&[_, _, low, high]) = layer.octets.first_chunk() {
        layer.add(("radiotap.length", "Header length"), 2..4, u16::from_le_bytes([low, high]));
    }
    layer.view
}

fn wireless(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("wlan", "802.11"), span);
    layer.bits("wlan.fc.subtype", "Subtype", 0..1, (0, 4));
    layer.bits("wlan.fc.type", "Type", 0..1, (4, 2));
    let flags = [
        ("wlan.fc.order", "Order"),
        ("wlan.fc.protected", "Protected"),
        ("wlan.fc.moredata", "More data"),
        ("wlan.fc.pwrmgt", "Power management"),
        ("wlan.fc.retry", "Retry"),
        ("wlan.fc.frag", "More fragments"),
        ("wlan.fc.fromds", "From distribution system"),
        ("wlan.fc.tods", "To distribution system"),
    ];
    for ((name, label), bit) in flags.into_iter().zip(0..) {
        layer.bits(name, label, 1..2, (bit, 1));
    }
    layer.mac("wlan.addr", "Address 1", 4);
    layer.mac("wlan.addr", "Address 2", 10);
    layer.mac("wlan.addr", "Address 3", 16);
    layer.view
}

impl Draft<'_> {
    /// The two octets that are an EtherType or, up to 1500, a length.
    fn type_or_length(&mut self, (type_name, length_name): (&'static str, &'static str), at: usize) {
        match super::u16_at(self.octets, at) {
            Some(0..=1500) => self.u16(length_name, "Length", at),
            _ => self.hex16(type_name, "Type", at),
        };
    }

    /// The address of a cooked header, in a field of eight octets.
    fn sll_address(&mut self, len: Option<u16>, at: usize) {
        match len {
            Some(6) => {
                self.mac("sll.src.eth", "Source", at);
            }
            Some(len @ 1..=8) => {
                self.hex("sll.src.other", "Source", at..at.saturating_add(usize::from(len)));
            }
            _ => {}
        }
    }
}
