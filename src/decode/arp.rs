//! Address resolution (RFC 826), as Ethernet and IPv4 use it.
//!
//! The format fits any two kinds of address; a message about others is named, not read.

use std::net::Ipv4Addr;

use etherparse::{ArpHardwareId, ArpPacketSlice};

use super::cursor::Cursor;
use super::link::MacAddress;
use super::{EtherType, Layer, Stop};

/// One ARP message for IPv4 over Ethernet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Arp {
    /// Offset of the message in the frame, in octets.
    pub at: usize,
    /// 1 asks, 2 answers.
    pub operation: u16,
    /// Who sent it.
    pub sender_mac: MacAddress,
    /// The sender's address.
    pub sender: Ipv4Addr,
    /// Whom it is for; zero in a request.
    pub target_mac: MacAddress,
    /// The address asked for.
    pub target: Ipv4Addr,
}

/// Reads a message; neither result is given if it is about other addresses than MAC and IPv4.
pub(super) fn message(rest: Cursor<'_>) -> (Option<Arp>, Option<Stop>) {
    let message = match ArpPacketSlice::from_slice(rest.octets) {
        Ok(message) => message,
        Err(error) => return (None, Some(rest.cut(Layer::Network, error.required_len))),
    };
    (mac_for_ipv4(&message, rest.at), None)
}

fn mac_for_ipv4(message: &ArpPacketSlice<'_>, at: usize) -> Option<Arp> {
    if message.hw_addr_type() != ArpHardwareId::ETHERNET || EtherType(message.proto_addr_type().0) != EtherType::IPV4 {
        return None;
    }
    Some(Arp {
        at,
        operation: message.operation().0,
        sender_mac: MacAddress(message.sender_hw_addr().try_into().ok()?),
        sender: Ipv4Addr::from(<[u8; 4]>::try_from(message.sender_protocol_addr()).ok()?),
        target_mac: MacAddress(message.target_hw_addr().try_into().ok()?),
        target: Ipv4Addr::from(<[u8; 4]>::try_from(message.target_protocol_addr()).ok()?),
    })
}
