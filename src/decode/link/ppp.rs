//! PPP (RFC 1661), bare, in HDLC-like framing (RFC 1662) or in Ethernet (RFC 2516), and Cisco's own HDLC.

use super::super::cursor::{cut, u16_at};
use super::super::{EtherType, Reason};
use super::{Protocol, Step};

/// The PPPoE header of a session: version and type, code, session, length.
pub(super) fn pppoe(octets: &[u8]) -> Result<Step, Reason> {
    if octets.len() < 6 {
        return Err(cut(octets, 6));
    }
    Ok(Step { len: 6, next: Protocol::Ppp })
}

/// PPP with or without the address and control octets `ff 03`, and with a protocol field of one octet or two.
///
/// Capture files give Cisco's HDLC the same link type; its address octets `0f` and `8f` are no PPP protocols.
pub(super) fn ppp(octets: &[u8]) -> Result<Step, Reason> {
    let framing = match octets {
        [0xff, 0x03, ..] => 2,
        [0x0f | 0x8f, 0x00, ..] => return cisco_hdlc(octets),
        _ => 0,
    };
    let field = octets.get(framing..).unwrap_or_default();
    let (protocol, field_len) = match *field {
        // The first octet of a whole field is even, so an odd one is a compressed field (RFC 1661 section 6.5).
        [compressed, ..] if compressed & 1 == 1 => (u16::from(compressed), 1_usize),
        [high, low, ..] => (u16::from_be_bytes([high, low]), 2),
        _ => return Err(cut(octets, framing.saturating_add(2))),
    };
    Ok(Step { len: field_len.saturating_add(framing), next: of_ppp_protocol(protocol) })
}

/// Address and control, then an EtherType.
pub(super) fn cisco_hdlc(octets: &[u8]) -> Result<Step, Reason> {
    let ether_type = u16_at(octets, 2).ok_or_else(|| cut(octets, 4))?;
    Ok(Step { len: 4, next: Protocol::of_ether_type(EtherType(ether_type)) })
}

/// IANA's PPP numbers, as far as they lead to IP.
fn of_ppp_protocol(protocol: u16) -> Protocol {
    match protocol {
        0x0021 => Protocol::IPV4,
        0x0057 => Protocol::IPV6,
        0x0281 | 0x0283 => Protocol::Mpls,
        other => Protocol::Unknown(other),
    }
}
