//! ICMP (RFC 792) and ICMPv6 (RFC 4443): type, code, and the packet an error quotes.
//!
//! An error quotes the start of the packet it is about, from the IP header on: often no more than eight octets beyond it,
//! which is just the ports. Nothing in a quotation was sent on this network at this moment.

use super::cursor::{Cursor, len32};
use super::ip::{self, Ip};
use super::seq::SeqNumber;
use super::tcp::{self, Flags};
use super::{EtherType, IpProtocol, Layer, Stop};

/// One message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Offset of the header in the frame, in octets.
    pub at: usize,
    /// ICMPv6 rather than ICMP.
    pub v6: bool,
    /// The message type.
    pub kind: u8,
    /// The code under that type.
    pub code: u8,
    /// The checksum as it stands in the header.
    pub checksum: u16,
    /// Everything after the first four octets, as captured.
    pub rest: &'a [u8],
    /// Octets of the message on the wire, header included.
    pub message_len: u32,
    /// The packet that an error message quotes, as far as it was quoted.
    pub quoted: Option<Quoted<'a>>,
}

impl Message<'_> {
    /// The error says that nobody listens on the port: type 3 code 3, or ICMPv6 type 1 code 4.
    pub fn is_port_unreachable(&self) -> bool {
        matches!((self.v6, self.kind, self.code), (false, 3, 3) | (true, 1, 4))
    }
}

/// The start of a packet inside an ICMP error: it once travelled the other way, and belongs to no conversation here.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a> {
    /// The quoted IP header.
    pub ip: Ip<'a>,
    /// The quoted packet's source and destination ports, if that much was quoted.
    pub ports: Option<(u16, u16)>,
    /// Sequence number and flags of a quoted TCP header of at least 16 octets, which is what Wireshark needs to give
    /// it a stream number.
    pub tcp: Option<(SeqNumber, Flags)>,
}

impl Quoted<'_> {
    /// The protocol of the quoted packet.
    pub fn protocol(&self) -> IpProtocol {
        self.ip.protocol
    }
}

/// Octets before the quoted packet, or before whatever else the type defines.
const HEADER_LEN: usize = 8;

/// Reads a message: four octets are the same in all of them.
pub(super) fn message(protocol: IpProtocol, rest: Cursor<'_>) -> (Option<Message<'_>>, Option<Stop>) {
    let Some((&[kind, code, high, low], after)) = rest.octets.split_first_chunk() else {
        return (None, Some(rest.cut(Layer::Transport, 4)));
    };
    let v6 = protocol == IpProtocol::ICMPV6;
    let message = Message {
        at: rest.at,
        v6,
        kind,
        code,
        checksum: u16::from_be_bytes([high, low]),
        rest: after,
        message_len: len32(rest.wire_len.unwrap_or(rest.octets.len())),
        quoted: if is_error(v6, kind) { quoted(rest.skip(HEADER_LEN)) } else { None },
    };
    (Some(message), None)
}

/// The types that quote a packet: unreachable, source quench, redirect, time exceeded, parameter problem; in ICMPv6 1 to 4.
fn is_error(v6: bool, kind: u8) -> bool {
    if v6 { matches!(kind, 1..=4) } else { matches!(kind, 3 | 4 | 5 | 11 | 12) }
}

fn quoted(rest: Cursor<'_>) -> Option<Quoted<'_>> {
    let ether_type = match rest.octets.first()? >> 4 {
        4 => EtherType::IPV4,
        6 => EtherType::IPV6,
        _ => return None,
    };
    // How much the packet held is its own claim; the message holds less of it.
    let (ip, stop) = ip::packet(ether_type, Cursor { wire_len: None, ..rest });
    let ip = ip?;
    let has_header = stop.is_none() && ip.fragment.is_none_or(|fragment| fragment.offset == 0);
    let payload = if has_header { Cursor { wire_len: None, ..ip.rest() } } else { Cursor { octets: &[], ..ip.rest() } };
    let tcp = if ip.protocol == IpProtocol::TCP { tcp::segment(payload).0 } else { None };
    Some(Quoted { ip, ports: ip.protocol.ports(payload.octets), tcp: tcp.map(|segment| (segment.sequence, segment.flags)) })
}
