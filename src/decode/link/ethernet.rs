//! Ethernet and its relatives: VLAN tags (IEEE 802.1Q), LLC and SNAP (IEEE 802.2), FDDI.
//!
//! The two octets after the addresses are an EtherType from 1536 on, and up to 1500 the length of an 802.3 frame, which
//! goes on with LLC. LLC in turn may carry an EtherType, behind a SNAP header.

use etherparse::{Ethernet2HeaderSlice, SingleVlanHeaderSlice};

use super::super::cursor::{cut, u16_at};
use super::super::{EtherType, Reason};
use super::{Link, MacAddress, Protocol, Step};

/// The largest number in the type field that is a length (IEEE 802.3 section 3.2.6).
const MAX_LENGTH: u16 = 1500;

/// Service access points of LLC: SNAP, and IP without SNAP.
const SAP_SNAP: u8 = 0xaa;
const SAP_IP: u8 = 0x06;

#[inline]
pub(super) fn ethernet(octets: &[u8], link: &mut Link) -> Result<Step, Reason> {
    let header = Ethernet2HeaderSlice::from_slice(octets).map_err(|_| cut(octets, 14))?;
    link.destination = Some(MacAddress(header.destination()));
    link.source = Some(MacAddress(header.source()));
    Ok(Step { len: 14, next: of_type_or_length(header.ether_type().0) })
}

/// Any of the tags: they differ in the EtherType before them only.
pub(super) fn vlan(octets: &[u8], link: &mut Link) -> Result<Step, Reason> {
    let tag = SingleVlanHeaderSlice::from_slice(octets).map_err(|_| cut(octets, 4))?;
    link.vlan = Some(tag.vlan_identifier().value());
    Ok(Step { len: 4, next: of_type_or_length(tag.ether_type().0) })
}

/// Cisco's security group tag: version, length, option and tag, then the EtherType.
pub(super) fn cisco_meta_data(octets: &[u8]) -> Result<Step, Reason> {
    let ether_type = u16_at(octets, 6).ok_or_else(|| cut(octets, 8))?;
    Ok(Step { len: 8, next: of_type_or_length(ether_type) })
}

/// A network service header (RFC 8300): its length in words of four octets is in the second octet, what follows in the fourth.
pub(super) fn service_header(octets: &[u8]) -> Result<Step, Reason> {
    let &[_, words, _, next_protocol, ..] = octets.first_chunk::<8>().ok_or_else(|| cut(octets, 8))?;
    let len = usize::from(words & 0x3f).saturating_mul(4);
    if len < 8 {
        return Err(Reason::Malformed("network service header shorter than 8 octets"));
    }
    if len > octets.len() {
        return Err(cut(octets, len));
    }
    let next = match next_protocol {
        1 => Protocol::IPV4,
        2 => Protocol::IPV6,
        3 => Protocol::Ethernet,
        5 => Protocol::Mpls,
        other => Protocol::Unknown(u16::from(other)),
    };
    Ok(Step { len, next })
}

/// LLC, with the SNAP header if there is one.
pub(super) fn llc(octets: &[u8]) -> Result<Step, Reason> {
    let &[to, from, control] = octets.first_chunk().ok_or_else(|| cut(octets, 3))?;
    // Unnumbered frames have one control octet, the others two; only unnumbered and supervised ones carry no data.
    let len = if control & 0b11 == 0b11 { 3 } else { 4 };
    match (to, from) {
        (SAP_SNAP, SAP_SNAP) => snap(octets, len),
        (SAP_IP, _) => Ok(Step { len, next: Protocol::IPV4 }),
        _ => Ok(Step { len, next: Protocol::Unknown(u16::from(to)) }),
    }
}

/// The five octets of SNAP after `llc_len` octets of LLC: an organisation and its own type.
///
/// Only Ethernet's organisation (and Cisco's for bridged 802.1H) numbers types as EtherTypes.
fn snap(octets: &[u8], llc_len: usize) -> Result<Step, Reason> {
    let len = llc_len.saturating_add(5);
    let &[a, b, c, high, low] = octets.get(llc_len..).and_then(<[u8]>::first_chunk).ok_or_else(|| cut(octets, len))?;
    let number = u16::from_be_bytes([high, low]);
    let next = match [a, b, c] {
        [0, 0, 0] | [0, 0, 0xf8] => Protocol::of_ether_type(EtherType(number)),
        _ => Protocol::Unknown(number),
    };
    Ok(Step { len, next })
}

/// FDDI: frame control, addresses, then LLC. Captures hold the addresses with the bits of each octet reversed.
pub(super) fn fddi(octets: &[u8], link: &mut Link) -> Result<Step, Reason> {
    let (&[control], rest) = octets.split_first_chunk().ok_or_else(|| cut(octets, 13))?;
    let (&destination, rest) = rest.split_first_chunk::<6>().ok_or_else(|| cut(octets, 13))?;
    let &source = rest.first_chunk::<6>().ok_or_else(|| cut(octets, 13))?;
    link.destination = Some(MacAddress(destination.map(u8::reverse_bits)));
    link.source = Some(MacAddress(source.map(u8::reverse_bits)));
    // The rest manages the ring.
    let next = match control {
        0x50..=0x5f => Protocol::Llc,
        _ => Protocol::Unknown(u16::from(control)),
    };
    Ok(Step { len: 13, next })
}

#[inline]
fn of_type_or_length(field: u16) -> Protocol {
    if field <= MAX_LENGTH { Protocol::Llc } else { Protocol::of_ether_type(EtherType(field)) }
}
