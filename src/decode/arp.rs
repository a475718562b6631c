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

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects)]
mod tests {
    use super::super::testing::{concat, cut, ethernet, frame};
    use super::super::{Network, Reason, packet};
    use super::*;
    use crate::capture::LinkType;

    fn request() -> Vec<u8> {
        let fixed = [0, 1, 8, 0, 6, 4, 0, 1];
        ethernet(0x0806, &concat(&[&fixed, &[2, 0, 0, 0, 0, 1], &[10, 0, 0, 1], &[0; 6], &[10, 0, 0, 2], &[0xff; 18]]))
    }

    #[test]
    fn fields_of_a_request() {
        let octets = request();
        let Some(Network::Arp(arp)) = packet(&frame(LinkType::ETHERNET, &octets)).network else { panic!() };
        let expected = Arp {
            at: 14,
            operation: 1,
            sender_mac: MacAddress([2, 0, 0, 0, 0, 1]),
            sender: Ipv4Addr::new(10, 0, 0, 1),
            target_mac: MacAddress([0; 6]),
            target: Ipv4Addr::new(10, 0, 0, 2),
        };
        assert_eq!(arp, expected);
    }

    #[test]
    fn other_kinds_of_address_are_named() {
        let mut octets = request();
        octets[15] = 6;
        let packet = packet(&frame(LinkType::ETHERNET, &octets));
        assert!(matches!(packet.network, Some(Network::Other(EtherType::ARP))) && packet.stop.is_none());
    }

    #[test]
    fn a_cut_message_is_a_stop() {
        let octets = request();
        let packet = packet(&cut(&frame(LinkType::ETHERNET, &octets), 41));
        assert!(matches!(packet.network, Some(Network::Other(EtherType::ARP))));
        assert_eq!(packet.stop.map(|stop| (stop.at, stop.reason)), Some((14, Reason::Cut { need: 28, have: 27 })));
    }
}
