//! ICMP (RFC 792) and ICMPv6 (RFC 4443): type, code, and the packet an error quotes.
//!
//! An error quotes the start of the packet it is about, from the IP header on: often no more than eight octets beyond it,
//! which is just the ports. Nothing in a quotation was sent on this network at this moment.

use super::cursor::{Cursor, len32};
use super::ip::{self, Ip};
use super::seq::SeqNumber;
use super::tcp::{self, Flags};
use super::{IpProtocol, Layer, Stop, extension};

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
}

impl<'a> Message<'a> {
    /// The packet that an error message quotes, as far as it was quoted; read anew from `rest` each time.
    pub fn quoted(&self) -> Option<Quoted<'a>> {
        if !self.is_error() {
            return None;
        }
        // How much the packet held is its own claim; the message holds less of it.
        let after_checksum = Cursor { at: self.at.saturating_add(4), octets: self.rest, wire_len: None };
        quoted(after_checksum.skip(4))
    }

    /// A type that quotes a packet: unreachable, source quench, redirect, time exceeded, parameter problem; in ICMPv6 1 to 4.
    pub fn is_error(&self) -> bool {
        if self.v6 { matches!(self.kind, 1..=4) } else { matches!(self.kind, 3 | 4 | 5 | 11 | 12) }
    }

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

/// Reads a message: four octets are the same in all of them.
pub(super) fn message(protocol: IpProtocol, rest: Cursor<'_>) -> Result<Message<'_>, Stop> {
    let Some((&[kind, code, high, low], after)) = rest.octets.split_first_chunk() else {
        return Err(rest.cut(Layer::Transport, 4));
    };
    Ok(Message {
        at: rest.at,
        v6: protocol == IpProtocol::ICMPV6,
        kind,
        code,
        checksum: u16::from_be_bytes([high, low]),
        rest: after,
        message_len: len32(rest.wire_len.unwrap_or(rest.octets.len())),
    })
}

fn quoted(rest: Cursor<'_>) -> Option<Quoted<'_>> {
    let mut ip = if ip::claims_v6(rest) { ip::v6(rest) } else { ip::v4(rest) }.ok()?;
    let stop = extension::walk(&mut ip, rest.octets);
    let is_first = ip.fragment.is_none_or(|fragment| fragment.offset == 0);
    let header = if stop.is_none() && is_first { ip.payload } else { &[] };
    let tcp = match ip.protocol {
        IpProtocol::TCP => tcp::partial(Cursor { octets: header, wire_len: None, ..ip.rest() }).0,
        _ => None,
    };
    Some(Quoted { ip, ports: ip.protocol.ports(header), tcp: tcp.map(|segment| (segment.sequence, segment.flags)) })
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects)]
mod tests {
    use super::super::testing::{PORTS, concat, ends4, ends6, frame, ipv4, ipv4_with, ipv6, tcp, udp};
    use super::super::{Packet, Reason, packet};
    use super::*;
    use crate::capture::LinkType;

    /// Reads an ICMP message about `quoted` and hands it to `inspect`.
    fn read(kind: [u8; 2], quoted: &[u8], inspect: impl Fn(&Packet<'_>, &Message<'_>)) {
        let octets = ipv4(1, &concat(&[&kind, &[0; 6], quoted]));
        let frame = frame(LinkType::RAW, &octets);
        let packet = packet(&frame);
        inspect(&packet, packet.icmp().unwrap());
    }

    #[test]
    fn an_error_quotes_ports_and_with_sixteen_octets_numbers() {
        let quoted = ipv4(6, &tcp(ends4(), &[], &[7; 100]));
        for len in 0..=40 {
            read([3, 3], &quoted[..len], |packet, message| {
                assert!(message.is_error() && message.is_port_unreachable());
                assert!(packet.ports().is_none(), "a quotation is no transport");
                let Some(quoted) = message.quoted() else { return assert!(len < 20, "{len}") };
                assert_eq!((quoted.protocol(), quoted.ip.payload_len), (IpProtocol::TCP, 120));
                assert_eq!(quoted.ports, (len >= 24).then_some(PORTS), "{len}");
                assert_eq!(quoted.tcp, (len >= 36).then_some((SeqNumber(1000), Flags(0x18))), "{len}");
            });
        }
    }

    #[test]
    fn only_errors_quote() {
        let quoted = ipv4(17, &udp(ends4(), b"x"));
        for kind in 0..=20 {
            read([kind, 0], &quoted, |_, message| {
                assert_eq!(message.quoted().is_some(), matches!(kind, 3 | 4 | 5 | 11 | 12), "{kind}");
            });
        }
    }

    #[test]
    fn a_quoted_fragment_has_ports_only_if_it_is_the_first() {
        let first = ipv4_with(17, &udp(ends4(), b"x"), |header| header[6] = 0x20);
        let second = ipv4_with(17, &udp(ends4(), b"x"), |header| header[7] = 1);
        read([11, 1], &first, |_, message| assert_eq!(message.quoted().unwrap().ports, Some(PORTS)));
        read([11, 1], &second, |_, message| assert_eq!(message.quoted().unwrap().ports, None));
    }

    #[test]
    fn icmpv6_errors_quote_ipv6() {
        let quoted = ipv6(17, &udp(ends6(), b"x"));
        for kind in 0..=5 {
            let octets = ipv6(58, &concat(&[&[kind, 4, 0, 0, 0, 0, 0, 0], &quoted]));
            let frame = frame(LinkType::RAW, &octets);
            let packet = packet(&frame);
            let message = packet.icmp().unwrap();
            assert_eq!((message.v6, message.is_port_unreachable()), (true, kind == 1));
            assert_eq!(message.quoted().map(|quoted| quoted.ports), (1..=4).contains(&kind).then_some(Some(PORTS)));
        }
    }

    #[test]
    fn a_message_needs_four_octets() {
        let octets = ipv4(1, &[8, 0, 0]);
        let stop = packet(&frame(LinkType::RAW, &octets)).stop.unwrap();
        assert_eq!((stop.at, stop.reason), (20, Reason::Cut { need: 4, have: 3 }));
    }
}
