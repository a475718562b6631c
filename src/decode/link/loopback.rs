//! Loopback interfaces of BSD, macOS and Npcap, and raw IP, which has no link header at all.
//!
//! Four octets hold the address family. In LINKTYPE_NULL they are in the capturing host's byte order, which the file does
//! not tell: families are small, so the order that gives a small number is the right one. IPv6 has another number on every
//! system, and some of these numbers mean something else elsewhere: the packet's first four bits confirm it.

use super::super::cursor::cut;
use super::super::{EtherType, Reason};
use super::{Protocol, Step};

/// `AF_INET`, the same everywhere.
const AF_INET: u32 = 2;

/// Smaller numbers are no EtherTypes.
const FIRST_ETHER_TYPE: u16 = 1536;

/// LINKTYPE_NULL: host byte order.
#[inline]
pub(super) fn null(octets: &[u8]) -> Result<Step, Reason> {
    let (&field, packet) = octets.split_first_chunk().ok_or_else(|| cut(octets, 4))?;
    let family = u32::from_le_bytes(field);
    of_family(if family < 0x1_0000 { family } else { family.swap_bytes() }, packet)
}

/// LINKTYPE_LOOP: network byte order.
pub(super) fn openbsd(octets: &[u8]) -> Result<Step, Reason> {
    let (&field, packet) = octets.split_first_chunk().ok_or_else(|| cut(octets, 4))?;
    of_family(u32::from_be_bytes(field), packet)
}

/// Raw IP: the version says which.
pub(super) fn raw(octets: &[u8]) -> Result<Step, Reason> {
    let first = octets.first().ok_or_else(|| cut(octets, 1))?;
    let next = Protocol::of_ip_version(octets).ok_or(Reason::Unsupported(u16::from(*first)))?;
    Ok(Step { len: 0, next })
}

#[inline]
fn of_family(family: u32, packet: &[u8]) -> Result<Step, Reason> {
    let next = match family {
        AF_INET => Protocol::IPV4,
        // Linux; Npcap of old; NetBSD, OpenBSD and Npcap; FreeBSD; macOS.
        10 | 23 | 24 | 28 | 30 if is_v6(packet) => Protocol::IPV6,
        _ => of_odd_family(family),
    };
    Ok(Step { len: 4, next })
}

/// Rare writers: some hold the family in 16 bits, so that it stands in the upper half here, and some hold an EtherType.
#[cold]
fn of_odd_family(family: u32) -> Protocol {
    let [_, _, high, low] = family.to_be_bytes();
    match (family, u16::from_be_bytes([high, low])) {
        (0x200, _) => Protocol::IPV4,
        (_, ether_type @ FIRST_ETHER_TYPE..) => Protocol::of_ether_type(EtherType(ether_type)),
        (_, number) => Protocol::Unknown(number),
    }
}

/// The packet can be IPv6: one whose first octet was not captured is believed.
fn is_v6(packet: &[u8]) -> bool {
    packet.first().is_none_or(|first| first >> 4 == 6)
}
