//! Octets to headers: pure, total, the same on every machine.
//!
//! [`packet`] reads the headers of one frame and says where and why it had to stop. It cannot fail and cannot panic:
//! a damaged packet is a result with a [`Stop`]. Lengths follow IP, not the frame, so Ethernet padding is no payload
//! and a snap length hides octets without changing what was sent.
//!
//! What every frame needs is read at once and kept small; what only a detailed view needs (names of fields, options,
//! verdicts on checksums) is read on request from the same octets: [`field::layers`], [`checksum`], [`options`].

#![deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects)]

pub mod arp;
pub mod checksum;
mod cursor;
mod extension;
pub mod field;
pub mod icmp;
pub mod ip;
pub mod link;
pub mod name;
pub mod options;
pub mod plain;
pub mod port;
mod read;
pub mod seq;
pub mod tcp;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod udp;

use std::fmt;

pub use read::{first_fragment, packet, reassembled, transport, with_packet};

use self::cursor::u16_at;
use crate::capture::{InterfaceId, LinkType, PacketFlags, Timestamp};

/// The headers of one frame: what was readable, and where and why reading stopped.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// The frame's number, from 1.
    pub number: u64,
    /// When it was captured, where the file says so.
    pub timestamp: Option<Timestamp>,
    /// The interface it was captured on.
    pub interface: InterfaceId,
    /// What its first octet belongs to.
    pub link_type: LinkType,
    /// Octets on the wire.
    pub original_len: u32,
    /// Octets captured.
    pub captured_len: u32,
    /// The `epb_flags` of the frame, where the file has them.
    pub flags: Option<PacketFlags>,
    /// The link header; `None` if its type is unknown or not even its first octets were captured.
    pub link: Option<link::Link>,
    /// The network header.
    pub network: Option<Network<'a>>,
    /// The transport header, or what stands in its place.
    pub transport: Option<Transport<'a>>,
    /// Where reading stopped early; `None` when nothing was in the way.
    pub stop: Option<Stop>,
}

impl<'a> Packet<'a> {
    /// Source and destination port, also those of a header that the capture cuts after them and that is no transport here.
    pub fn ports(&self) -> Option<(u16, u16)> {
        let ip = self.ip()?;
        if ip.fragment.is_some() { None } else { ip.protocol.ports(ip.payload) }
    }

    /// The IP header, if the frame has one.
    pub fn ip(&self) -> Option<&ip::Ip<'a>> {
        match &self.network {
            Some(Network::Ip(ip)) => Some(ip),
            _ => None,
        }
    }

    /// The TCP segment, if the frame carries one.
    pub fn tcp(&self) -> Option<&tcp::Segment<'a>> {
        match &self.transport {
            Some(Transport::Tcp(segment)) => Some(segment),
            _ => None,
        }
    }

    /// The UDP or UDP-Lite datagram, if the frame carries one.
    pub fn udp(&self) -> Option<&udp::Datagram<'a>> {
        match &self.transport {
            Some(Transport::Udp(datagram)) => Some(datagram),
            _ => None,
        }
    }

    /// The ICMP or ICMPv6 message, if the frame carries one.
    pub fn icmp(&self) -> Option<&icmp::Message<'a>> {
        match &self.transport {
            Some(Transport::Icmp(message)) => Some(message),
            _ => None,
        }
    }
}

/// What the link header announced.
#[derive(Clone, Copy, Debug)]
pub enum Network<'a> {
    /// IPv4 or IPv6.
    Ip(ip::Ip<'a>),
    /// An address resolution message.
    Arp(arp::Arp),
    /// Something that is named, not read.
    Other(EtherType),
}

/// What the IP header announced.
#[derive(Clone, Copy, Debug)]
pub enum Transport<'a> {
    /// A TCP segment.
    Tcp(tcp::Segment<'a>),
    /// A UDP or UDP-Lite datagram.
    Udp(udp::Datagram<'a>),
    /// An ICMP or ICMPv6 message.
    Icmp(icmp::Message<'a>),
    /// An SCTP packet, of which only the ports are read.
    Sctp {
        /// Sender's port.
        source_port: u16,
        /// Receiver's port.
        destination_port: u16,
    },
    /// A protocol that is named, not read: tunnels among them.
    Other(IpProtocol),
}

/// An EtherType (IEEE 802 numbers).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct EtherType(pub u16);

impl EtherType {
    /// No EtherType: the link type says in another way what it carries.
    pub const NONE: Self = Self(0);
    /// IPv4.
    pub const IPV4: Self = Self(0x0800);
    /// Address resolution.
    pub const ARP: Self = Self(0x0806);
    /// A VLAN tag (IEEE 802.1Q).
    pub const VLAN: Self = Self(0x8100);
    /// IPv6.
    pub const IPV6: Self = Self(0x86dd);
    /// An MPLS label stack (RFC 3032).
    pub const MPLS: Self = Self(0x8847);
    /// An MPLS label stack with an upstream-assigned label (RFC 5332).
    pub const MPLS_MULTICAST: Self = Self(0x8848);
    /// PPPoE session (RFC 2516).
    pub const PPPOE_SESSION: Self = Self(0x8864);
    /// The outer tag of a provider bridge (IEEE 802.1ad).
    pub const PROVIDER_BRIDGE: Self = Self(0x88a8);
    /// Cisco's security group tag.
    pub const CISCO_META_DATA: Self = Self(0x8909);
    /// A network service header, which sends a packet through a chain of services (RFC 8300).
    pub const NETWORK_SERVICE_HEADER: Self = Self(0x894f);
    /// The outer tag of two, before 802.1ad.
    pub const QINQ: Self = Self(0x9100);
}

/// An IP protocol number (IANA protocol numbers).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct IpProtocol(pub u8);

impl IpProtocol {
    /// IPv6 hop-by-hop options (RFC 8200 section 4.3).
    pub const HOP_BY_HOP: Self = Self(0);
    /// ICMP for IPv4.
    pub const ICMP: Self = Self(1);
    /// IPv4 in IP (RFC 2003).
    pub const IPV4: Self = Self(4);
    /// TCP.
    pub const TCP: Self = Self(6);
    /// UDP.
    pub const UDP: Self = Self(17);
    /// IPv6 in IP (RFC 4213).
    pub const IPV6: Self = Self(41);
    /// IPv6 routing header (RFC 8200 section 4.4).
    pub const ROUTING: Self = Self(43);
    /// IPv6 fragment header (RFC 8200 section 4.5).
    pub const FRAGMENT: Self = Self(44);
    /// Generic Routing Encapsulation (RFC 2784).
    pub const GRE: Self = Self(47);
    /// Encapsulating security payload (RFC 4303).
    pub const ESP: Self = Self(50);
    /// Authentication header (RFC 4302).
    pub const AH: Self = Self(51);
    /// ICMP for IPv6.
    pub const ICMPV6: Self = Self(58);
    /// Nothing follows the IPv6 header (RFC 8200 section 4.7).
    pub const NO_NEXT_HEADER: Self = Self(59);
    /// IPv6 destination options (RFC 8200 section 4.6).
    pub const DESTINATION_OPTIONS: Self = Self(60);
    /// SCTP.
    pub const SCTP: Self = Self(132);
    /// UDP-Lite (RFC 3828).
    pub const UDP_LITE: Self = Self(136);

    /// The ports at the start of a `header` of this protocol: all that have ports have them in the first four octets.
    fn ports(self, header: &[u8]) -> Option<(u16, u16)> {
        match self {
            Self::TCP | Self::UDP | Self::UDP_LITE | Self::SCTP => Some((u16_at(header, 0)?, u16_at(header, 2)?)),
            _ => None,
        }
    }
}

/// A layer of the stack, as a [`Stop`] names it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Layer {
    /// The link header and what stands between it and the network header.
    Link,
    /// IP or ARP.
    Network,
    /// TCP, UDP, ICMP.
    Transport,
}

/// Where and why reading a frame stopped before its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stop {
    /// The layer that could not be read.
    pub layer: Layer,
    /// Offset in the frame, in octets, where that layer's header begins.
    pub at: usize,
    /// Why it could not be read.
    pub reason: Reason,
}

/// Why a header could not be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// The capture ends inside it.
    Cut {
        /// Octets the header needs.
        need: usize,
        /// Octets there are.
        have: usize,
    },
    /// It contradicts itself.
    Malformed(&'static str),
    /// Its type is not one sockscope reads.
    Unsupported(u16),
}

impl Stop {
    /// There was no packet to read.
    fn is_of_no_packet(&self) -> bool {
        self.layer == Layer::Link && self.reason == Reason::Unsupported(LinkType::NO_PACKET.0)
    }
}

/// One line, such as `transport header at octet 34: needs 20 octets, 8 captured`.
impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_of_no_packet() {
            return f.write_str("a block of the file that holds no packet");
        }
        let layer = match self.layer {
            Layer::Link => "link",
            Layer::Network => "network",
            Layer::Transport => "transport",
        };
        write!(f, "{layer} header at octet {}: ", self.at)?;
        match self.reason {
            Reason::Cut { need, have } => write!(f, "needs {need} octets, {have} captured"),
            Reason::Malformed(what) => f.write_str(what),
            Reason::Unsupported(number) => write!(f, "type {number} is not read"),
        }
    }
}
