//! What Linux hands out where there is no uniform link header: cooked captures (SLL, SLL2) and netfilter logs (NFLOG).
//!
//! A cooked header says which way the packet went and holds one address, the sender's.

use pnet_packet::Packet;
use pnet_packet::sll::SLLPacket;
use pnet_packet::sll2::SLL2Packet;

use super::super::cursor::cut;
use super::super::{EtherType, Reason};
use super::{Link, MacAddress, Protocol, Step, Travel};
use crate::capture::ByteOrder;

/// Octets of the cooked headers. `pnet_packet` does not count their address field among the least it needs.
const SLL_LEN: usize = 16;
const SLL2_LEN: usize = 20;

/// Hardware types whose protocol field is no EtherType (`if_arp.h`).
const ARPHRD_IEEE80211: u16 = 801;
const ARPHRD_IEEE80211_RADIOTAP: u16 = 803;
const ARPHRD_NETLINK: u16 = 824;

/// `ETH_P_802_2`: an 802.3 frame, which goes on with LLC.
const ETH_P_802_2: u16 = 4;

/// Numbers below are Linux's own, not EtherTypes (`if_ether.h`, `ETH_P_802_3_MIN`).
const FIRST_ETHER_TYPE: u16 = 1536;

/// The netfilter attribute that holds the packet (`NFULA_PAYLOAD`).
const NFULA_PAYLOAD: u16 = 9;

/// LINKTYPE_LINUX_SLL: 16 octets, the protocol last.
pub(super) fn sll(octets: &[u8], link: &mut Link) -> Result<Step, Reason> {
    let header = octets.get(..SLL_LEN).and_then(SLLPacket::new).ok_or_else(|| cut(octets, SLL_LEN))?;
    link.travel = Some(travel(header.get_packet_type()));
    link.source = address(header.packet().get(6..14), header.get_link_layer_address_len());
    Ok(Step { len: SLL_LEN, next: of_linux_protocol(header.get_link_layer_address_type(), header.get_protocol().0) })
}

/// LINKTYPE_LINUX_SLL2: 20 octets, the protocol first.
pub(super) fn sll2(octets: &[u8], link: &mut Link) -> Result<Step, Reason> {
    let header = octets.get(..SLL2_LEN).and_then(SLL2Packet::new).ok_or_else(|| cut(octets, SLL2_LEN))?;
    link.travel = Some(travel(u16::from(header.get_packet_type())));
    link.source = address(header.packet().get(12..20), u16::from(header.get_link_layer_address_length()));
    Ok(Step { len: SLL2_LEN, next: of_linux_protocol(header.get_arphrd_type(), header.get_protocol_type().0) })
}

/// LINKTYPE_NFLOG: family, version and group, then attributes, one of which is the packet.
///
/// Attributes are in the capturing host's byte order. Their types are small numbers, so the first one shows the order.
pub(super) fn nflog(octets: &[u8]) -> Result<Step, Reason> {
    let mut at = 4_usize;
    let order = match octets.get(at..).and_then(<[u8]>::first_chunk).ok_or_else(|| cut(octets, 8))? {
        [_, _, 0, _] => ByteOrder::Big,
        [_, _, _, _] => ByteOrder::Little,
    };
    loop {
        let (&[a, b, c, d], value) =
            octets.get(at..).and_then(<[u8]>::split_first_chunk).ok_or_else(|| cut(octets, at.saturating_add(4)))?;
        let (len, kind) = (usize::from(order.u16([a, b])), order.u16([c, d]));
        if kind & 0x7fff == NFULA_PAYLOAD {
            let next = Protocol::of_ip_version(value).unwrap_or(Protocol::Unknown(u16::from(*octets.first().unwrap_or(&0))));
            return Ok(Step { len: at.saturating_add(4), next });
        }
        if len < 4 {
            return Err(Reason::Malformed("netfilter attribute shorter than its own header"));
        }
        at = at.saturating_add(len.next_multiple_of(4));
    }
}

/// The packet type of a cooked header: to us, to all, to a group, to others, by us.
fn travel(packet_type: u16) -> Travel {
    match packet_type {
        0..=2 => Travel::In,
        4 => Travel::Out,
        _ => Travel::Other,
    }
}

/// Up to eight octets of address, of which only those of Ethernet's length are kept.
fn address(field: Option<&[u8]>, len: u16) -> Option<MacAddress> {
    if len != 6 {
        return None;
    }
    field?.first_chunk().copied().map(MacAddress)
}

fn of_linux_protocol(hardware: u16, protocol: u16) -> Protocol {
    match (hardware, protocol) {
        (ARPHRD_NETLINK, _) => Protocol::Unknown(protocol),
        (ARPHRD_IEEE80211, _) => Protocol::Wireless { padded: false },
        (ARPHRD_IEEE80211_RADIOTAP, _) => Protocol::Radiotap,
        (_, ETH_P_802_2) => Protocol::Llc,
        (_, ..FIRST_ETHER_TYPE) => Protocol::Unknown(protocol),
        _ => Protocol::of_ether_type(EtherType(protocol)),
    }
}
