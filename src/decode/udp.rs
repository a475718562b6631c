//! UDP datagrams (RFC 768) and UDP-Lite (RFC 3828).
//!
//! Eight octets of header, then payload up to `length`. The checksum also covers the IP addresses, so
//! [`super::checksum`], which is given both, verifies it.

use etherparse::UdpHeaderSlice;

use super::cursor::{Cursor, len32};
use super::{IpProtocol, Layer, Stop};

/// One datagram, as much of it as was captured.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// Offset of the header in the frame (or in the reassembled datagram), in octets.
    pub at: usize,
    /// Sender's port; 0 if the sender wants no reply.
    pub source_port: u16,
    /// Receiver's port.
    pub destination_port: u16,
    /// Header and payload in octets, as the sender claims. UDP-Lite has no such field: there it is the length of the IP payload.
    pub length: u16,
    /// Octets the checksum covers, header included; 0 for all of them. In UDP the same as `length`.
    pub coverage: u16,
    /// 0 means "not computed": legal over IPv4, rarely over IPv6 (RFC 8200 section 8.1).
    pub checksum: u16,
    /// UDP-Lite rather than UDP.
    pub lite: bool,
    /// `length` is below the eight octets of the header. Such a datagram belongs to no conversation.
    pub bad_length: bool,
    /// Octets captured; fewer than `payload_len` if the frame was cut.
    pub payload: &'a [u8],
    /// Octets of payload on the wire.
    pub payload_len: u32,
}

impl Datagram<'_> {
    /// The length counts more octets than IP brought: Wireshark's "bad UDP length".
    pub fn is_beyond_ip(&self) -> bool {
        let brought = self.payload_len.saturating_add(Self::HEADER_LEN as u32);
        !self.lite && u32::from(self.length) > brought
    }

    /// Octets of the header.
    pub const HEADER_LEN: usize = 8;
}

/// Reads the datagram that a header of this version and protocol announces. The IP payload bounds it where its own length reaches further.
#[inline(always)]
pub(super) fn datagram(version: u8, protocol: IpProtocol, rest: Cursor<'_>) -> Result<Datagram<'_>, Stop> {
    let Ok(header) = UdpHeaderSlice::from_slice(rest.octets) else {
        return Err(rest.cut(Layer::Transport, Datagram::HEADER_LEN));
    };
    let lite = protocol == IpProtocol::UDP_LITE;
    let claimed = header.length();
    // Zero stands for all of the packet in UDP-Lite, and in UDP if the packet is an IPv6 jumbogram (RFC 2675 section 4).
    let is_unbounded = lite || (claimed == 0 && version == 6);
    let bad_length = !is_unbounded && usize::from(claimed) < Datagram::HEADER_LEN;
    let payload = if is_unbounded || bad_length { rest } else { rest.limit(usize::from(claimed)) }.skip(Datagram::HEADER_LEN);
    let payload_len = payload.wire_len.unwrap_or(payload.octets.len());
    Ok(Datagram {
        at: rest.at,
        source_port: header.source_port(),
        destination_port: header.destination_port(),
        length: if lite { u16::try_from(payload_len.saturating_add(Datagram::HEADER_LEN)).unwrap_or(u16::MAX) } else { claimed },
        coverage: claimed,
        checksum: header.checksum(),
        lite,
        bad_length,
        payload: payload.octets,
        payload_len: len32(payload_len),
    })
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects)]
mod tests {
    use super::super::testing::{PORTS, cut, ends4, ends6, frame, ipv4, ipv4_with, ipv6, udp};
    use super::super::{Packet, Reason, Transport, first_fragment, packet};
    use super::*;
    use crate::capture::LinkType;

    /// Reads a datagram with `hello` in it whose length field says `length`, in a packet of `protocol`.
    fn read(protocol: u8, length: u16, inspect: impl Fn(&Datagram<'_>)) {
        let mut datagram = udp(ends4(), b"hello");
        datagram[4..6].copy_from_slice(&length.to_be_bytes());
        let octets = ipv4(protocol, &datagram);
        inspect(packet(&frame(LinkType::RAW, &octets)).udp().unwrap());
    }

    #[test]
    fn the_length_field_ends_the_payload() {
        for (length, payload) in [(13, &b"hello"[..]), (10, b"he"), (8, b"")] {
            read(17, length, |datagram| {
                assert_eq!((datagram.source_port, datagram.destination_port), PORTS);
                assert_eq!((datagram.length, datagram.bad_length, datagram.lite), (length, false, false));
                assert_eq!((datagram.payload, datagram.payload_len), (payload, u32::from(length) - 8));
            });
        }
    }

    #[test]
    fn the_packet_ends_it_where_the_field_reaches_further() {
        read(17, 100, |datagram| {
            assert_eq!((datagram.length, datagram.bad_length, datagram.payload_len), (100, false, 5));
        });
    }

    #[test]
    fn a_length_below_the_header_is_bad() {
        for length in [0, 4, 7] {
            read(17, length, |datagram| assert!(datagram.bad_length, "{length}"));
        }
    }

    #[test]
    fn zero_means_all_of_an_ipv6_packet() {
        let mut datagram = udp(ends6(), b"hello");
        datagram[4..6].fill(0);
        let octets = ipv6(17, &datagram);
        let frame = frame(LinkType::RAW, &octets);
        let packet = packet(&frame);
        assert_eq!(packet.udp().map(|datagram| (datagram.bad_length, datagram.payload_len)), Some((false, 5)));
    }

    #[test]
    fn udp_lite_has_a_coverage_in_place_of_a_length() {
        for coverage in [0, 4, 8, 13, 100] {
            read(136, coverage, |datagram| {
                assert_eq!((datagram.lite, datagram.bad_length), (true, false));
                assert_eq!((datagram.length, datagram.coverage, datagram.payload_len), (13, coverage, 5));
            });
        }
    }

    #[test]
    fn a_cut_header_is_a_stop() {
        let octets = ipv4(17, &udp(ends4(), b"hello"));
        let check = |len: usize, inspect: &dyn Fn(&Packet<'_>)| inspect(&packet(&cut(&frame(LinkType::RAW, &octets), len)));
        check(27, &|packet| {
            assert_eq!((packet.udp().is_none(), packet.ports()), (true, Some(PORTS)));
            assert_eq!(packet.stop.map(|stop| stop.reason), Some(Reason::Cut { need: 8, have: 7 }));
        });
        check(30, &|packet| {
            assert_eq!(packet.udp().map(|datagram| (datagram.payload, datagram.payload_len)), Some((&b"he"[..], 5)));
            assert_eq!(packet.stop, None);
        });
    }

    #[test]
    fn a_first_fragment_knows_its_length() {
        let mut datagram = udp(ends4(), &[7; 24]);
        datagram[4..6].copy_from_slice(&200_u16.to_be_bytes());
        let octets = ipv4_with(17, &datagram, |header| header[6] = 0x20);
        let frame = frame(LinkType::RAW, &octets);
        let packet = packet(&frame);
        let (Some(Transport::Udp(datagram)), None) = first_fragment(packet.ip().unwrap()) else { panic!() };
        assert_eq!((datagram.bad_length, datagram.payload.len(), datagram.payload_len), (false, 24, 192));
    }
}
