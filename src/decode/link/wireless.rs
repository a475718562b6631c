//! 802.11 data frames (IEEE 802.11 section 9.3.2), bare or behind a radiotap header (radiotap.org).
//!
//! The header is 24 octets, and more with four addresses or quality of service; then comes LLC. Encrypted frames, fragments,
//! frames that carry several packets, and everything that is not data are named, not read.

use super::super::Reason;
use super::super::cursor::cut;
use super::{Link, MacAddress, Protocol, Step};

/// Bits of the first octet of frame control.
const TYPE: u8 = 0b0000_1100;
const TYPE_DATA: u8 = 0b0000_1000;
const SUBTYPE_NO_DATA: u8 = 0b0100_0000;
const SUBTYPE_QOS: u8 = 0b1000_0000;

/// Bits of the second octet of frame control.
const TO_DS: u8 = 0x01;
const FROM_DS: u8 = 0x02;
const MORE_FRAGMENTS: u8 = 0x04;
const PROTECTED: u8 = 0x40;
const ORDER: u8 = 0x80;

/// Bit of the first QoS octet: several packets share the frame (A-MSDU).
const AGGREGATED: u8 = 0x80;

/// Radiotap: version, pad, little-endian length, words of presence bits, then the fields those announce.
pub(super) fn radiotap(octets: &[u8]) -> Result<Step, Reason> {
    let &[_, _, low, high, ..] = octets.first_chunk::<8>().ok_or_else(|| cut(octets, 8))?;
    let len = usize::from(u16::from_le_bytes([low, high]));
    if len < 8 {
        return Err(Reason::Malformed("radiotap header shorter than 8 octets"));
    }
    let header = octets.get(..len).ok_or_else(|| cut(octets, len))?;
    Ok(Step { len, next: Protocol::Wireless { padded: radiotap_says_padded(header) } })
}

/// Bit 5 of the flags field, which is first of all fields but the eight aligned octets of the timer.
fn radiotap_says_padded(header: &[u8]) -> bool {
    let word = |at: usize| header.get(at..).and_then(<[u8]>::first_chunk).copied().map_or(0, u32::from_le_bytes);
    let present = word(4);
    let mut fields = 8_usize;
    while word(fields.saturating_sub(4)) & (1 << 31) != 0 {
        fields = fields.saturating_add(4);
    }
    let has_timer = present & 1 != 0;
    let flags = if has_timer { fields.next_multiple_of(8).saturating_add(8) } else { fields };
    present & 2 != 0 && header.get(flags).is_some_and(|octet| octet & 0x20 != 0)
}

/// The header of a data frame, with `padded` to a multiple of four octets as some drivers do.
pub(super) fn ieee_802_11(octets: &[u8], padded: bool, link: &mut Link) -> Result<Step, Reason> {
    let &[kind, flags] = octets.first_chunk().ok_or_else(|| cut(octets, 2))?;
    let named = Protocol::Unknown(u16::from_be_bytes([kind, flags]));
    if kind & TYPE != TYPE_DATA {
        return Ok(Step { len: 2, next: named });
    }
    let len = header_len(kind, flags, padded);
    let header = octets.get(..len).ok_or_else(|| cut(octets, len))?;
    addresses(header, flags, link);
    let fragment = flags & MORE_FRAGMENTS != 0 || header.get(22).is_some_and(|octet| octet & 0x0f != 0);
    let qos_at = if is_four_address(flags) { 30 } else { 24 };
    let aggregated = kind & SUBTYPE_QOS != 0 && header.get(qos_at).is_some_and(|octet| octet & AGGREGATED != 0);
    let unread = kind & SUBTYPE_NO_DATA != 0 || flags & PROTECTED != 0 || fragment || aggregated;
    Ok(Step { len, next: if unread { named } else { Protocol::Llc } })
}

fn header_len(kind: u8, flags: u8, padded: bool) -> usize {
    let qos = kind & SUBTYPE_QOS != 0;
    let fourth_address = if is_four_address(flags) { 6 } else { 0 };
    let qos_control = if qos { 2 } else { 0 };
    let ht_control = if qos && flags & ORDER != 0 { 4 } else { 0 };
    let len = 24_usize.saturating_add(fourth_address).saturating_add(qos_control).saturating_add(ht_control);
    if padded { len.next_multiple_of(4) } else { len }
}

/// Which of the four addresses are the ends depends on the two distribution system bits (table 9-30).
fn addresses(header: &[u8], flags: u8, link: &mut Link) {
    let address = |at: usize| header.get(at..).and_then(<[u8]>::first_chunk).copied().map(MacAddress);
    let (destination, source) = match flags & (TO_DS | FROM_DS) {
        0 => (4, 10),
        TO_DS => (16, 10),
        FROM_DS => (4, 16),
        _ => (16, 24),
    };
    link.destination = address(destination);
    link.source = address(source);
}

fn is_four_address(flags: u8) -> bool {
    flags & (TO_DS | FROM_DS) == TO_DS | FROM_DS
}
