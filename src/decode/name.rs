//! Names of protocols, for those that are read and those that are only named.

use std::borrow::Cow;

use super::{EtherType, IpProtocol, Network, Packet, Transport};

/// The innermost protocol of a packet, in one word: `tcp`, `udp`, `icmp`, `arp`, `gre`, `ipv4`, …
///
/// `transport` is the header to go by: the packet's own, or that of a datagram its fragment completed. Numbers without
/// a name are given as `ip protocol 200`, `ethertype 0x88b5`, `link type 147`.
pub fn protocol(packet: &Packet<'_>, transport: Option<&Transport<'_>>) -> Cow<'static, str> {
    match (transport, &packet.network) {
        (Some(transport), _) => of_transport(transport),
        (None, Some(Network::Ip(ip))) => Cow::Borrowed(if ip.version() == 4 { "ipv4" } else { "ipv6" }),
        (None, Some(Network::Arp(_))) => Cow::Borrowed("arp"),
        (None, Some(Network::Other(ether_type))) => ether_type.word(),
        (None, None) if packet.link.is_some() => Cow::Borrowed("link"),
        (None, None) => match packet.link_type.name() {
            Some(name) => Cow::Owned(name.to_ascii_lowercase()),
            None => Cow::Owned(format!("link type {}", packet.link_type.0)),
        },
    }
}

fn of_transport(transport: &Transport<'_>) -> Cow<'static, str> {
    match transport {
        Transport::Tcp(_) => Cow::Borrowed("tcp"),
        Transport::Udp(datagram) if datagram.lite => Cow::Borrowed("udplite"),
        Transport::Udp(_) => Cow::Borrowed("udp"),
        Transport::Icmp(message) if message.v6 => Cow::Borrowed("icmpv6"),
        Transport::Icmp(_) => Cow::Borrowed("icmp"),
        Transport::Sctp { .. } => Cow::Borrowed("sctp"),
        Transport::Other(protocol) => protocol.word(),
    }
}

impl IpProtocol {
    /// Its name in one word, or `ip protocol 200`.
    pub fn word(self) -> Cow<'static, str> {
        match self.name() {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(format!("ip protocol {}", self.0)),
        }
    }

    /// Its name in lower case; `None` for numbers not known here.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            1 => "icmp",
            2 => "igmp",
            4 => "ipip",
            6 => "tcp",
            17 => "udp",
            33 => "dccp",
            41 => "6in4",
            46 => "rsvp",
            47 => "gre",
            50 => "esp",
            51 => "ah",
            58 => "icmpv6",
            59 => "ipv6-nonxt",
            88 => "eigrp",
            89 => "ospf",
            94 => "ipip",
            97 => "etherip",
            98 => "encap",
            103 => "pim",
            108 => "ipcomp",
            112 => "vrrp",
            115 => "l2tp",
            132 => "sctp",
            136 => "udplite",
            137 => "mpls-in-ip",
            _ => return None,
        })
    }
}

impl EtherType {
    /// Its name in one word, or `ethertype 0x88b5`.
    pub fn word(self) -> Cow<'static, str> {
        match self.name() {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(format!("ethertype 0x{:04x}", self.0)),
        }
    }

    /// Its name in lower case; `None` for numbers not known here.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0x0800 => "ipv4",
            0x0806 => "arp",
            0x0842 => "wol",
            0x22f0 => "avtp",
            0x6003 => "decnet",
            0x8035 => "rarp",
            0x809b => "appletalk",
            0x80f3 => "aarp",
            0x8100 => "vlan",
            0x8137 => "ipx",
            0x86dd => "ipv6",
            0x8808 => "pause",
            0x8809 => "slow",
            0x8847 | 0x8848 => "mpls",
            0x8863 => "pppoed",
            0x8864 => "pppoes",
            0x888e => "eapol",
            0x88a8 => "vlan",
            0x88cc => "lldp",
            0x88e5 => "macsec",
            0x88f7 => "ptp",
            0x8902 => "cfm",
            0x9000 => "loop",
            _ => return None,
        })
    }
}

/// The tunnel whose packets have this UDP destination port; what is inside is not read.
pub const fn udp_tunnel(destination_port: u16) -> Option<&'static str> {
    Some(match destination_port {
        1701 => "L2TP",
        2152 => "GTP-U",
        3544 => "Teredo",
        4789 => "VXLAN",
        6081 => "Geneve",
        _ => return None,
    })
}
