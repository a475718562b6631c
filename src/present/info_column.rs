//! Wireshark's Protocol and Info columns, as tshark 4.0 words them.
//!
//! What would need a second pass over the capture ("reply in 2", "Reassembled in #5") is left out, and so are the
//! texts of application protocols.

use std::fmt::{self, Write};
use std::net::{IpAddr, Ipv6Addr};

use crate::decode::arp::Arp;
use crate::decode::icmp::Message;
use crate::decode::ip::Ip;
use crate::decode::link::MacAddress;
use crate::decode::options::{self, TcpOption, Value};
use crate::decode::tcp::{Flags, Segment};
use crate::decode::udp::Datagram;
use crate::decode::{IpProtocol, Network, Packet, Transport, name};
use crate::track::{Analyzed, Relative, Update, Verdicts};

/// Appends the Protocol column of a packet: the name of [`name::protocol`] as Wireshark writes it.
pub fn write_protocol(packet: &Packet<'_>, transport: Option<&Transport<'_>>, out: &mut String) {
    let word = name::protocol(packet, transport);
    out.push_str(match &*word {
        "icmpv6" => "ICMPv6",
        "ipv4" => "IPv4",
        "ipv6" => "IPv6",
        "pppoed" => "PPPoED",
        "pppoes" => "PPPoES",
        "udplite" => "UDP-Lite",
        other => return out.extend(other.chars().map(|letter| letter.to_ascii_uppercase())),
    });
}

/// Appends the Info column of a packet.
pub fn write(packet: &Packet<'_>, update: &Update<'_>, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = column(packet, update, out);
}

fn column(packet: &Packet<'_>, update: &Update<'_>, out: &mut String) -> fmt::Result {
    match (&update.transport, &packet.network) {
        (Some(Transport::Tcp(segment)), _) => {
            update.analyzed.map_or(Ok(()), |analyzed| analysis(&analyzed, out))?;
            tcp(segment, update.relative, out)?;
        }
        (Some(Transport::Udp(datagram)), _) => udp(datagram, out)?,
        (Some(Transport::Icmp(message)), Some(Network::Ip(ip))) => icmp(message, ip, out)?,
        (Some(Transport::Sctp { source_port, destination_port }), _) => write!(out, "{source_port} → {destination_port}")?,
        (Some(Transport::Other(protocol)), _) => write!(out, "IP protocol {}", protocol.0)?,
        (_, Some(Network::Ip(ip))) if ip.fragment.is_some() => fragment(ip, out)?,
        (_, Some(Network::Ip(ip))) => write!(out, "IP protocol {}", ip.protocol.0)?,
        (_, Some(Network::Arp(message))) => arp(message, out)?,
        (_, Some(Network::Other(ether_type))) if ether_type.0 != 0 => write!(out, "EtherType 0x{:04x}", ether_type.0)?,
        _ => {}
    }
    match (packet.stop, out.is_empty()) {
        (None, _) => Ok(()),
        (Some(stop), true) => write!(out, "{stop}"),
        (Some(stop), false) => write!(out, " [{stop}]"),
    }
}

/// What Wireshark puts in front of a segment's ports, last finding first.
fn analysis(analyzed: &Analyzed, out: &mut String) -> fmt::Result {
    const OUTER: [(Verdicts, &str); 9] = [
        (Verdicts::ZERO_WINDOW_PROBE_ACK, "ZeroWindowProbeAck"),
        (Verdicts::ZERO_WINDOW, "ZeroWindow"),
        (Verdicts::ZERO_WINDOW_PROBE, "ZeroWindowProbe"),
        (Verdicts::KEEP_ALIVE_ACK, "Keep-Alive ACK"),
        (Verdicts::KEEP_ALIVE, "Keep-Alive"),
        (Verdicts::WINDOW_FULL, "Window Full"),
        (Verdicts::WINDOW_UPDATE, "Window Update"),
        (Verdicts::ACK_LOST_SEGMENT, "ACKed unseen segment"),
        (Verdicts::LOST_SEGMENT, "Previous segment not captured"),
    ];
    let verdicts = analyzed.verdicts;
    if verdicts.is_empty() {
        return Ok(());
    }
    if let Some((frame, times)) = analyzed.duplicate_of {
        write!(out, "[TCP Dup ACK {frame}#{times}] ")?;
    }
    for (_, text) in OUTER.iter().filter(|(verdict, _)| verdicts.contains(*verdict)) {
        write!(out, "[TCP {text}] ")?;
    }
    if let Some(text) = late(verdicts) {
        write!(out, "[TCP {text}] ")?;
    }
    if verdicts.contains(Verdicts::REUSED_PORTS) { out.write_str("[TCP Port numbers reused] ") } else { Ok(()) }
}

/// The one word for a segment that comes late.
fn late(verdicts: Verdicts) -> Option<&'static str> {
    const LATE: [(Verdicts, &str); 4] = [
        (Verdicts::SPURIOUS_RETRANSMISSION, "Spurious Retransmission"),
        (Verdicts::FAST_RETRANSMISSION, "Fast Retransmission"),
        (Verdicts::RETRANSMISSION, "Retransmission"),
        (Verdicts::OUT_OF_ORDER, "Out-Of-Order"),
    ];
    LATE.iter().find(|(verdict, _)| verdicts.contains(*verdict)).map(|(_, text)| *text)
}

fn tcp(segment: &Segment<'_>, relative: Option<Relative>, out: &mut String) -> fmt::Result {
    let flags = segment.flags;
    let relative = relative.unwrap_or(Relative {
        sequence: segment.sequence.0,
        acknowledgment: segment.acknowledgment.0,
        window: u32::from(segment.window),
    });
    write!(out, "{} → {} [{flags}] Seq={}", segment.source_port, segment.destination_port, relative.sequence)?;
    if flags.contains(Flags::ACK) {
        write!(out, " Ack={}", relative.acknowledgment)?;
    }
    write!(out, " Win={}", relative.window)?;
    if flags.contains(Flags::URG) {
        write!(out, " Urg={}", segment.urgent)?;
    }
    write!(out, " Len={}", segment.payload_len)?;
    // Blocks of SACK are counted from where the acknowledgment is counted from.
    let base = segment.acknowledgment.0.wrapping_sub(relative.acknowledgment);
    options::options(segment.options).try_for_each(|option| tcp_option(&option, base, out))
}

fn tcp_option(option: &TcpOption<'_>, base: u32, out: &mut String) -> fmt::Result {
    match option.value {
        Value::MaximumSegmentSize(octets) => write!(out, " MSS={octets}"),
        Value::WindowScale(shift) => write!(out, " WS={}", 1_u32 << shift.min(14)),
        Value::SackPermitted => out.write_str(" SACK_PERM"),
        Value::Timestamps { value, echo } => write!(out, " TSval={value} TSecr={echo}"),
        Value::Sack(blocks) => blocks
            .iter()
            .try_for_each(|(left, right)| write!(out, " SLE={} SRE={}", left.0.wrapping_sub(base), right.0.wrapping_sub(base))),
        Value::Md5(_) => out.write_str(" MD5"),
        Value::UserTimeout { amount, .. } => write!(out, " USER_TO={amount}"),
        Value::FastOpen([]) => out.write_str(" TFO=R"),
        Value::FastOpen(_) => out.write_str(" TFO=C"),
        _ => Ok(()),
    }
}

fn udp(datagram: &Datagram<'_>, out: &mut String) -> fmt::Result {
    write!(out, "{} → {}", datagram.source_port, datagram.destination_port)?;
    if datagram.bad_length {
        return write!(out, " [BAD UDP LENGTH {} < 8]", datagram.length);
    }
    write!(out, " Len={}", datagram.payload_len)
}

fn fragment(ip: &Ip<'_>, out: &mut String) -> fmt::Result {
    let Some(fragment) = ip.fragment else { return Ok(()) };
    let name = match ip.protocol {
        IpProtocol::ICMP => "ICMP",
        IpProtocol::TCP => "TCP",
        IpProtocol::UDP => "UDP",
        IpProtocol::ICMPV6 => "ICMPv6",
        IpProtocol::UDP_LITE => "UDPlite",
        other => other.name().unwrap_or("unknown"),
    };
    match ip.source {
        IpAddr::V4(_) => {
            let (number, offset, id) = (ip.protocol.0, fragment.offset, fragment.id);
            write!(out, "Fragmented IP protocol (proto={name} {number}, off={offset}, ID={id:04x})")
        }
        IpAddr::V6(_) => {
            let more = if fragment.more { "y" } else { "n" };
            write!(out, "IPv6 fragment (off={} more={more} ident=0x{:08x} nxt={})", fragment.offset, fragment.id, ip.protocol.0)
        }
    }
}

fn arp(message: &Arp, out: &mut String) -> fmt::Result {
    let Arp { sender, target, sender_mac, target_mac, .. } = message;
    match message.operation {
        1 if sender == target && *target_mac == MacAddress::default() => write!(out, "ARP Announcement for {target}"),
        1 if sender == target => write!(out, "Gratuitous ARP for {target} (Request)"),
        1 if sender.is_unspecified() => write!(out, "Who has {target}? (ARP Probe)"),
        1 => write!(out, "Who has {target}? Tell {sender}"),
        2 if sender == target => write!(out, "Gratuitous ARP for {target} (Reply)"),
        2 => write!(out, "{sender} is at {}", Mac(*sender_mac)),
        other => write!(out, "ARP operation {other}"),
    }
}

fn icmp(message: &Message<'_>, ip: &Ip<'_>, out: &mut String) -> fmt::Result {
    if message.v6 { icmpv6(message, ip, out) } else { icmpv4(message, ip, out) }
}

fn icmpv4(message: &Message<'_>, ip: &Ip<'_>, out: &mut String) -> fmt::Result {
    let name = icmpv4_name(message.kind);
    if let (0 | 8, Some((id, sequence))) = (message.kind, echo(message)) {
        let (swapped, ttl) = (sequence.swap_bytes(), ip.hop_limit);
        return write!(out, "{name:<20} id=0x{id:04x}, seq={sequence}/{swapped}, ttl={ttl}");
    }
    out.push_str(name);
    match icmpv4_code(message.kind, message.code) {
        Some(code) => write!(out, " ({code})"),
        None => Ok(()),
    }
}

fn icmpv6(message: &Message<'_>, ip: &Ip<'_>, out: &mut String) -> fmt::Result {
    out.push_str(icmpv6_name(message.kind));
    match (message.kind, echo(message), target(message)) {
        (128 | 129, Some((id, sequence)), _) => write!(out, " id=0x{id:04x}, seq={sequence}, hop limit={}", ip.hop_limit),
        (133, ..) => link_address(message, 4).map_or(Ok(()), |mac| write!(out, " from {}", Mac(mac))),
        (134, ..) => link_address(message, 12).map_or(Ok(()), |mac| write!(out, " from {}", Mac(mac))),
        (135, _, Some(target)) => {
            write!(out, " for {target}")?;
            link_address(message, 20).map_or(Ok(()), |mac| write!(out, " from {}", Mac(mac)))
        }
        (136, _, Some(target)) => {
            write!(out, " {target} ({})", advertisement_flags(message))?;
            link_address(message, 20).map_or(Ok(()), |mac| write!(out, " is at {}", Mac(mac)))
        }
        _ => icmpv6_code(message.kind, message.code).map_or(Ok(()), |code| write!(out, " ({code})")),
    }
}

/// Identifier and sequence number of an echo message.
fn echo(message: &Message<'_>) -> Option<(u16, u16)> {
    let [a, b, c, d] = *message.rest.first_chunk()?;
    Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
}

/// The target address of a neighbour message (RFC 4861 sections 4.3 and 4.4).
fn target(message: &Message<'_>) -> Option<Ipv6Addr> {
    let octets: [u8; 16] = *message.rest.get(4..)?.first_chunk()?;
    Some(Ipv6Addr::from(octets))
}

/// The link-layer address among the options of a neighbour or router message (RFC 4861 section 4.6), which begin at `at`.
fn link_address(message: &Message<'_>, at: usize) -> Option<MacAddress> {
    let mut options = message.rest.get(at..)?;
    loop {
        match *options {
            [1 | 2, 1, a, b, c, d, e, f, ..] => return Some(MacAddress([a, b, c, d, e, f])),
            [_, units, ..] if units > 0 => options = options.get(8 * usize::from(units)..)?,
            _ => return None,
        }
    }
}

fn advertisement_flags(message: &Message<'_>) -> String {
    let bits = message.rest.first().copied().unwrap_or(0);
    let set = [(0x80, "rtr"), (0x40, "sol"), (0x20, "ovr")].into_iter().filter(|(bit, _)| bits & bit != 0);
    set.map(|(_, name)| name).collect::<Vec<_>>().join(", ")
}

const fn icmpv4_name(kind: u8) -> &'static str {
    match kind {
        0 => "Echo (ping) reply",
        3 => "Destination unreachable",
        4 => "Source quench",
        5 => "Redirect",
        8 => "Echo (ping) request",
        9 => "Router advertisement",
        10 => "Router solicitation",
        11 => "Time-to-live exceeded",
        12 => "Parameter problem",
        13 => "Timestamp request",
        14 => "Timestamp reply",
        15 => "Information request",
        16 => "Information reply",
        17 => "Address mask request",
        18 => "Address mask reply",
        _ => "Unknown ICMP type",
    }
}

fn icmpv4_code(kind: u8, code: u8) -> Option<&'static str> {
    const UNREACHABLE: [&str; 16] = [
        "Network unreachable",
        "Host unreachable",
        "Protocol unreachable",
        "Port unreachable",
        "Fragmentation needed",
        "Source route failed",
        "Network unknown",
        "Host unknown",
        "Source host isolated",
        "Network administratively prohibited",
        "Host administratively prohibited",
        "Network unreachable for TOS",
        "Host unreachable for TOS",
        "Communication administratively filtered",
        "Host precedence violation",
        "Precedence cutoff in effect",
    ];
    const REDIRECT: [&str; 4] =
        ["Redirect for network", "Redirect for host", "Redirect for TOS and network", "Redirect for TOS and host"];
    const EXCEEDED: [&str; 2] = ["Time to live exceeded in transit", "Fragment reassembly time exceeded"];
    let names: &[&str] = match kind {
        3 => &UNREACHABLE,
        5 => &REDIRECT,
        11 => &EXCEEDED,
        _ => &[],
    };
    names.get(usize::from(code)).copied()
}

const fn icmpv6_name(kind: u8) -> &'static str {
    match kind {
        1 => "Destination Unreachable",
        2 => "Packet Too Big",
        3 => "Time Exceeded",
        4 => "Parameter Problem",
        128 => "Echo (ping) request",
        129 => "Echo (ping) reply",
        130 => "Multicast Listener Query",
        131 => "Multicast Listener Report",
        132 => "Multicast Listener Done",
        133 => "Router Solicitation",
        134 => "Router Advertisement",
        135 => "Neighbor Solicitation",
        136 => "Neighbor Advertisement",
        137 => "Redirect",
        143 => "Multicast Listener Report Message v2",
        144 => "Home Agent Address Discovery Request",
        145 => "Home Agent Address Discovery Reply",
        146 => "Mobile Prefix Solicitation",
        147 => "Mobile Prefix Advertisement",
        _ => "Unknown",
    }
}

fn icmpv6_code(kind: u8, code: u8) -> Option<&'static str> {
    const UNREACHABLE: [&str; 7] = [
        "no route to destination",
        "Administratively prohibited",
        "Beyond scope of source address",
        "Address unreachable",
        "Port unreachable",
        "Source address failed ingress/egress policy",
        "Reject route to destination",
    ];
    const EXCEEDED: [&str; 2] = ["hop limit exceeded in transit", "fragment reassembly time exceeded"];
    let names: &[&str] = match kind {
        1 => &UNREACHABLE,
        3 => &EXCEEDED,
        _ => &[],
    };
    names.get(usize::from(code)).copied()
}

/// A hardware address in Wireshark's notation: `00:1b:44:11:3a:b7`.
#[derive(Clone, Copy, Debug)]
pub struct Mac(pub MacAddress);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MacAddress([a, b, c, d, e, g]) = self.0;
        f.pad(&format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::testing::track;

    const SYN: &str = "00000000000000000000000008004500003cf31b40004006499e7f0000017f000001a16813893ffa66af00000000a002ffd7\
                       fe3000000204ffd70402080a77f61376000000000103030a";
    const UNREACHABLE: &str = "000000000000000000000000080045c0005d08a000004001733e7f0000017f0000010303b08c00000000\
                               450000418f0540004011ada47f0000017f000001d50e1388002dfe40ecbbb4ed93a8ed84b0eab3b5ed9599eab3bc20\
                               323032333132333420ed998deab8b8eb8f99";
    const WHO_HAS: &str = "ffffffffffff000102030405080600010800060400010001020304050a0000010000000000000a000002";
    const SOLICITATION: &str = "3333ff00000200010203040586dd6000000000203afffe80000000000000000000000000\
                                0001ff0200000000000000000001ff0000028700000000000000fe800000000000000000000000000002\
                                0101000102030405";

    fn octets(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter_map(|digit| char::from(digit).to_digit(16)).map(|digit| digit as u8).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    /// The columns of these frames, seen one after the other.
    fn columns(frames: &[Vec<u8>]) -> Vec<String> {
        let mut columns = Vec::new();
        track(frames, |packet, update| {
            let mut text = String::new();
            write_protocol(packet, update.transport.as_ref(), &mut text);
            text.push_str(": ");
            write(packet, update, &mut text);
            columns.push(text);
        });
        columns
    }

    #[test]
    fn columns_read_as_in_tshark() {
        let cases = [
            (SYN, "TCP: 41320 → 5001 [SYN] Seq=0 Win=65495 Len=0 MSS=65495 SACK_PERM TSval=2012615542 TSecr=0 WS=1024"),
            (UNREACHABLE, "ICMP: Destination unreachable (Port unreachable)"),
            (WHO_HAS, "ARP: Who has 10.0.0.2? Tell 10.0.0.1"),
            (SOLICITATION, "ICMPv6: Neighbor Solicitation for fe80::2 from 00:01:02:03:04:05"),
        ];
        for (hex, expected) in cases {
            assert_eq!(columns(&[octets(hex)]), [expected]);
        }
    }

    #[test]
    fn findings_stand_in_front() {
        let again = columns(&[octets(SYN), octets(SYN)]).pop().unwrap();
        assert!(again.starts_with("TCP: [TCP Retransmission] 41320 → 5001 [SYN] Seq=0"), "{again}");
    }

    #[test]
    fn a_cut_frame_says_where_it_ends() {
        let cut = columns(&[octets(SYN)[..40].to_vec()]).pop().unwrap();
        assert!(cut.contains("transport header at octet 34: needs 20 octets, 6 captured"), "{cut}");
    }
}
