//! TCP with its options, UDP and UDP-Lite, SCTP, and ICMP with the packet an error quotes.

use std::ops::Range;

use super::super::checksum;
use super::super::cursor::len32;
use super::super::icmp::Message;
use super::super::ip::Ip;
use super::super::options::{TcpOption, Value, options};
use super::super::port::PortClass;
use super::super::tcp::Segment;
use super::super::udp::Datagram;
use super::super::{IpProtocol, Packet, Transport};
use super::{Draft, LayerView, network, payload};

/// The transport header of `packet`, as much of it as there is, and what it carries; `octets` end with the packet.
pub(super) fn header(octets: &[u8], ip: &Ip<'_>, packet: &Packet<'_>, layers: &mut Vec<LayerView>) {
    let verdict = checksum::transport(packet);
    let at = ip.rest().at;
    match &packet.transport {
        Some(Transport::Tcp(segment)) => {
            let end = at.saturating_add(usize::from(segment.header_len).max(Segment::MIN_HEADER_LEN));
            let mut layer = tcp(octets, at..end);
            annotate(&mut layer, "tcp.checksum", verdict);
            layers.push(layer);
            layers.push(payload(octets, end, segment.payload.len(), segment.payload_len));
        }
        Some(Transport::Udp(datagram)) => {
            let end = at.saturating_add(Datagram::HEADER_LEN);
            let mut layer = udp(octets, at..end, datagram.lite);
            annotate(&mut layer, "udp.checksum", verdict);
            layers.push(layer);
            layers.push(payload(octets, end, datagram.payload.len(), datagram.payload_len));
        }
        Some(Transport::Icmp(message)) => {
            let mut layer = icmp(octets, message);
            annotate(&mut layer, if message.v6 { "icmpv6.checksum" } else { "icmp.checksum" }, verdict);
            let end = layer.span.end;
            layers.push(layer);
            match message.quoted() {
                Some(quoted) => quotation(octets, &quoted.ip, layers),
                None => {
                    let header_len = len32(end.saturating_sub(at));
                    let sent = message.message_len.saturating_sub(header_len);
                    layers.push(payload(octets, end, octets.len().saturating_sub(end), sent));
                }
            }
        }
        Some(Transport::Sctp { .. }) => layers.push(sctp(octets, at)),
        Some(Transport::Other(_)) => layers.push(payload(octets, at, ip.payload.len(), ip.payload_len)),
        None if ip.fragment.is_some() => layers.push(payload(octets, at, ip.payload.len(), ip.payload_len)),
        None => layers.extend(start_of_header(octets, ip.protocol, at)),
    }
}

/// As much as there is of a header that may be cut.
fn start_of_header(octets: &[u8], protocol: IpProtocol, at: usize) -> Option<LayerView> {
    match protocol {
        IpProtocol::TCP => Some(tcp(octets, at..octets.len())),
        IpProtocol::UDP | IpProtocol::UDP_LITE => {
            let end = at.saturating_add(Datagram::HEADER_LEN);
            Some(udp(octets, at..end, protocol == IpProtocol::UDP_LITE))
        }
        _ => None,
    }
}

/// The start of the packet that an ICMP error is about.
fn quotation(octets: &[u8], ip: &Ip<'_>, layers: &mut Vec<LayerView>) {
    let first = layers.len();
    network::ip(octets, ip, layers);
    let at = ip.rest().at;
    let octets = octets.get(..at.saturating_add(ip.payload.len())).unwrap_or(octets);
    if ip.fragment.is_none_or(|fragment| fragment.offset == 0) {
        layers.extend(start_of_header(octets, ip.protocol, at));
    }
    for layer in layers.iter_mut().skip(first) {
        layer.label = match layer.name {
            "ip" => "Quoted IPv4",
            "ipv6" => "Quoted IPv6",
            "tcp" => "Quoted TCP",
            "udp" => "Quoted UDP",
            _ => "Quoted header",
        };
    }
}

fn annotate(layer: &mut LayerView, name: &str, verdict: Option<checksum::Verdict>) {
    if let (Some(field), Some(verdict)) = (layer.fields.iter_mut().find(|field| field.name == name), verdict) {
        field.note = Some(verdict.to_string());
    }
}

fn tcp(octets: &[u8], span: Range<usize>) -> LayerView {
    let mut layer = Draft::new(octets, ("tcp", "TCP"), span);
    layer.port("tcp.srcport", "Source port", 0);
    layer.port("tcp.dstport", "Destination port", 2);
    layer.u32("tcp.seq_raw", "Sequence number", 4);
    layer.u32("tcp.ack_raw", "Acknowledgment number", 8);
    let header_len = layer.scaled(("tcp.hdr_len", "Header length"), 12..13, (0, 4), 4);
    let Some(header_len) = header_len.and_then(|octets| usize::try_from(octets).ok()) else { return layer.view };
    layer.note("octets, in the header as a count of 4");
    layer.bits("tcp.flags.res", "Reserved", 12..14, (4, 3));
    let flags = [
        ("tcp.flags.ae", "Accurate ECN"),
        ("tcp.flags.cwr", "Congestion window reduced"),
        ("tcp.flags.ece", "ECN echo"),
        ("tcp.flags.urg", "Urgent"),
        ("tcp.flags.ack", "Acknowledgment"),
        ("tcp.flags.push", "Push"),
        ("tcp.flags.reset", "Reset"),
        ("tcp.flags.syn", "Synchronise"),
        ("tcp.flags.fin", "Finish"),
    ];
    for ((name, label), bit) in flags.into_iter().zip(7..) {
        layer.bits(name, label, 12..14, (bit, 1));
    }
    if layer.u16("tcp.window_size_value", "Window", 14).is_some() {
        layer.note("before scaling");
    }
    layer.hex16("tcp.checksum", "Checksum", 16);
    layer.u16("tcp.urgent_pointer", "Urgent pointer", 18);
    let captured = layer.octets.get(Segment::MIN_HEADER_LEN..header_len.min(layer.octets.len())).unwrap_or_default();
    for option in options(captured) {
        tcp_option(&mut layer, option);
    }
    layer.view
}

fn tcp_option(layer: &mut Draft<'_>, option: TcpOption<'_>) {
    let at = Segment::MIN_HEADER_LEN.saturating_add(option.at);
    let span = at..at.saturating_add(option.len);
    let value = at.saturating_add(2);
    layer.add(("tcp.option_kind", "Option"), span.clone(), option.kind);
    layer.note(option.name());
    match option.value {
        Value::EndOfList | Value::NoOperation | Value::SackPermitted => {}
        Value::MaximumSegmentSize(_) => {
            layer.u16("tcp.options.mss_val", "Maximum segment size", value);
        }
        Value::WindowScale(shift) => {
            layer.u8("tcp.options.wscale.shift", "Window scale", value);
            layer.note(format!("times {}", 1_u32 << shift.min(14)));
        }
        Value::Sack(blocks) => {
            for ((left, right), block) in blocks.iter().zip((value..).step_by(8)) {
                let middle = block.saturating_add(4);
                layer.add(("tcp.options.sack_le", "SACK left edge"), block..middle, left);
                layer.add(("tcp.options.sack_re", "SACK right edge"), middle..middle.saturating_add(4), right);
            }
        }
        Value::Timestamps { .. } => {
            layer.u32("tcp.options.timestamp.tsval", "Timestamp value", value);
            layer.u32("tcp.options.timestamp.tsecr", "Timestamp echo", value.saturating_add(4));
        }
        Value::UserTimeout { minutes, amount } => {
            layer.add(("tcp.options.user_to_val", "User timeout"), value..span.end, amount);
            layer.note(if minutes { "minutes" } else { "seconds" });
        }
        Value::Authentication(_) => {
            layer.u8("tcp.options.ao.keyid", "Key id", value);
            layer.u8("tcp.options.ao.rnextkeyid", "Next key id", value.saturating_add(1));
            layer.hex("tcp.options.ao.mac", "Signature", value.saturating_add(2)..span.end);
        }
        Value::Md5(_) => {
            layer.hex("tcp.options.md5.digest", "Signature", value..span.end);
        }
        Value::Multipath { subtype } => {
            layer.add(("tcp.options.mptcp.subtype", "Subtype"), value..value.saturating_add(1), subtype);
        }
        Value::FastOpen([]) => layer.note("fast open cookie request"),
        Value::FastOpen(cookie) => {
            layer.hex("tcp.options.tfo.cookie", "Cookie", span.end.saturating_sub(cookie.len())..span.end);
        }
        Value::Experiment(id) => {
            layer.add(("tcp.options.experimental.exid", "Experiment"), value..value.saturating_add(2), format!("{id:#06x}"));
        }
        Value::Unknown(octets) => layer.note(format!("{}, {} octets of value", option.name(), octets.len())),
        Value::WrongLength(octets) => layer.note(format!("{}, in a length it cannot have: {}", option.name(), octets.len())),
        Value::Broken => layer.note("length cannot be true: the rest cannot be told apart"),
    }
}

fn udp(octets: &[u8], span: Range<usize>, lite: bool) -> LayerView {
    let mut layer = Draft::new(octets, if lite { ("udplite", "UDP-Lite") } else { ("udp", "UDP") }, span);
    layer.port("udp.srcport", "Source port", 0);
    layer.port("udp.dstport", "Destination port", 2);
    if lite {
        layer.u16("udp.checksum_coverage", "Checksum coverage", 4);
    } else {
        layer.u16("udp.length", "Length", 4);
    }
    layer.hex16("udp.checksum", "Checksum", 6);
    layer.view
}

fn sctp(octets: &[u8], at: usize) -> LayerView {
    let mut layer = Draft::new(octets, ("sctp", "SCTP"), at..at.saturating_add(12));
    layer.port("sctp.srcport", "Source port", 0);
    layer.port("sctp.dstport", "Destination port", 2);
    layer.hex("sctp.verification_tag", "Verification tag", 4..8);
    layer.hex("sctp.checksum", "Checksum", 8..12);
    layer.note("not verified");
    layer.view
}

/// The first eight octets: four that all messages share, and four whose meaning depends on the type.
fn icmp(octets: &[u8], message: &Message<'_>) -> LayerView {
    let span = message.at..message.at.saturating_add(8);
    if message.v6 { icmpv6(octets, span, message.kind) } else { icmpv4(octets, span, message) }
}

fn icmpv4(octets: &[u8], span: Range<usize>, message: &Message<'_>) -> LayerView {
    let mut layer = Draft::new(octets, ("icmp", "ICMP"), span);
    layer.u8("icmp.type", "Type", 0);
    layer.note(match message.kind {
        0 => "echo reply",
        3 => "destination unreachable",
        4 => "source quench",
        5 => "redirect",
        8 => "echo request",
        9 => "router advertisement",
        10 => "router solicitation",
        11 => "time exceeded",
        12 => "parameter problem",
        13 => "timestamp request",
        14 => "timestamp reply",
        _ => "other",
    });
    layer.u8("icmp.code", "Code", 1);
    if message.is_port_unreachable() {
        layer.note("port unreachable");
    }
    layer.hex16("icmp.checksum", "Checksum", 2);
    match (message.kind, message.code) {
        (0 | 8 | 13 | 14, _) => {
            layer.u16("icmp.ident", "Identifier", 4);
            layer.u16("icmp.seq", "Sequence number", 6);
        }
        (3, 4) => {
            layer.u16("icmp.mtu", "MTU of next hop", 6);
        }
        (5, _) => {
            layer.ipv4("icmp.redir_gw", "Gateway", 4);
        }
        _ => {}
    }
    layer.view
}

fn icmpv6(octets: &[u8], span: Range<usize>, kind: u8) -> LayerView {
    // Neighbour messages go on with the address they are about.
    let len = if matches!(kind, 135 | 136) { 24 } else { 8 };
    let mut layer = Draft::new(octets, ("icmpv6", "ICMPv6"), span.start..span.start.saturating_add(len));
    layer.u8("icmpv6.type", "Type", 0);
    layer.note(match kind {
        1 => "destination unreachable",
        2 => "packet too big",
        3 => "time exceeded",
        4 => "parameter problem",
        128 => "echo request",
        129 => "echo reply",
        133 => "router solicitation",
        134 => "router advertisement",
        135 => "neighbour solicitation",
        136 => "neighbour advertisement",
        137 => "redirect",
        143 => "multicast listener report",
        _ => "other",
    });
    let code = layer.u8("icmpv6.code", "Code", 1);
    if (kind, code) == (1, Some(4)) {
        layer.note("port unreachable");
    }
    layer.hex16("icmpv6.checksum", "Checksum", 2);
    match kind {
        2 => {
            layer.u32("icmpv6.mtu", "MTU of next hop", 4);
        }
        128 | 129 => {
            layer.u16("icmpv6.echo.identifier", "Identifier", 4);
            layer.u16("icmpv6.echo.sequence_number", "Sequence number", 6);
        }
        135 => {
            layer.ipv6("icmpv6.nd.ns.target_address", "Target", 8);
        }
        136 => {
            layer.ipv6("icmpv6.nd.na.target_address", "Target", 8);
        }
        _ => {}
    }
    layer.view
}

impl Draft<'_> {
    /// A port, with the range it is in.
    fn port(&mut self, name: &'static str, label: &'static str, at: usize) {
        if let Some(port) = self.u16(name, label, at) {
            self.note(PortClass::of(port));
        }
    }
}
