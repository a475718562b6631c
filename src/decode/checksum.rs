//! Internet checksums (RFC 1071): is what the header holds right, left to the network card, or wrong?
//!
//! A host captures its own packets before the card fills the checksum in. What the field then holds is the sum of the
//! pseudo-header alone, which the card is to complete: that is [`Verdict::Partial`], and no fault. Nothing here is computed
//! unless asked for, since it is the one thing in decoding that must touch the payload.

use std::fmt;
use std::net::IpAddr;

use etherparse::checksum::Sum16BitWords;

use super::cursor::{len32, u16_at};
use super::icmp::Message;
use super::ip::Ip;
use super::tcp::Segment;
use super::udp::Datagram;
use super::{IpProtocol, Packet, Transport};

/// What a checksum says about the octets it covers.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Verdict {
    /// It is right.
    Good,
    /// It holds the pseudo-header's sum only: the network card was to complete it.
    Partial,
    /// The sender computed none.
    Absent,
    /// It is wrong.
    Bad,
    /// Octets it covers are missing: the frame was cut, or holds a fragment.
    Unverifiable,
}

impl Verdict {
    /// The word for it in machine-readable output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Partial => "partial",
            Self::Absent => "absent",
            Self::Bad => "bad",
            Self::Unverifiable => "unverifiable",
        }
    }
}

/// [`Verdict::word`].
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The verdict on the transport header of `packet`; `None` if it has none with a checksum that is read.
///
/// A packet that the capturing system marked as not summed yet is never [`Verdict::Bad`].
pub fn transport(packet: &Packet<'_>) -> Option<Verdict> {
    let ip = packet.ip()?;
    let verdict = match &packet.transport {
        Some(Transport::Tcp(segment)) => tcp(ip, segment),
        Some(Transport::Udp(datagram)) => udp(ip, datagram),
        Some(Transport::Icmp(message)) => icmp(ip, message),
        _ => return None,
    };
    let left_to_the_card = packet.flags.is_some_and(|flags| flags.checksum_not_ready());
    Some(if verdict == Verdict::Bad && left_to_the_card { Verdict::Partial } else { verdict })
}

/// The verdict on the header of an IPv4 packet. IPv6 has no header checksum: always [`Verdict::Absent`].
///
/// A zero is [`Verdict::Absent`] too: cards that cut large packets up fill it in later.
pub fn ip_header(ip: &Ip<'_>) -> Verdict {
    // An authentication header, if there is one, is not covered.
    let len = ip.header.first().map_or(0, |octet| usize::from(octet & 0x0f).wrapping_mul(4));
    match (ip.source, ip.header.get(..len)) {
        (IpAddr::V6(_), _) => Verdict::Absent,
        (IpAddr::V4(_), None) => Verdict::Unverifiable,
        (IpAddr::V4(_), Some(header)) if is_complete(Sum16BitWords::new().add_slice(header)) => Verdict::Good,
        (IpAddr::V4(_), Some(header)) if u16_at(header, 10) == Some(0) => Verdict::Absent,
        (IpAddr::V4(_), Some(_)) => Verdict::Bad,
    }
}

/// The verdict on a datagram that was put together from fragments: `octets` begin with its transport header and are all of it.
///
/// `ends` are those of [`Ip::ends`]. `None` if the protocol has no checksum that is read.
pub fn datagram(ends: (IpAddr, IpAddr), protocol: IpProtocol, octets: &[u8]) -> Option<Verdict> {
    let pseudo = PseudoHeader { ends, protocol, len: len32(octets.len()) };
    let stored_at = match protocol {
        IpProtocol::TCP => 16,
        IpProtocol::UDP | IpProtocol::UDP_LITE => 6,
        IpProtocol::ICMP | IpProtocol::ICMPV6 => 2,
        _ => return None,
    };
    let Some(stored) = u16_at(octets, stored_at) else { return Some(Verdict::Unverifiable) };
    Some(match protocol {
        IpProtocol::ICMP => plain(octets),
        IpProtocol::UDP | IpProtocol::UDP_LITE => covered(pseudo, stored, octets, u16_at(octets, 4).unwrap_or(0)),
        _ => pseudo.verify(stored, octets),
    })
}

fn tcp(ip: &Ip<'_>, segment: &Segment<'_>) -> Verdict {
    let has_checksum = ip.payload.len() >= Segment::MIN_HEADER_LEN;
    if !ip.is_whole() || !has_checksum || ip.fragment.is_some() {
        return Verdict::Unverifiable;
    }
    PseudoHeader::of(ip).verify(segment.checksum, ip.payload)
}

fn udp(ip: &Ip<'_>, datagram: &Datagram<'_>) -> Verdict {
    if datagram.checksum == 0 {
        return Verdict::Absent;
    }
    if ip.fragment.is_some() || datagram.bad_length {
        return Verdict::Unverifiable;
    }
    covered(PseudoHeader::of(ip), datagram.checksum, ip.payload, datagram.coverage)
}

fn icmp(ip: &Ip<'_>, message: &Message<'_>) -> Verdict {
    if !ip.is_whole() || ip.fragment.is_some() {
        Verdict::Unverifiable
    } else if message.v6 {
        PseudoHeader::of(ip).verify(message.checksum, ip.payload)
    } else {
        plain(ip.payload)
    }
}

/// The checksum of a UDP or UDP-Lite datagram whose `length` field may end it before the IP payload does.
///
/// In UDP the pseudo-header repeats that field; in UDP-Lite the field is the coverage, and the pseudo-header holds the length
/// of the IP payload (RFC 3828 section 3.1).
fn covered(pseudo: PseudoHeader, stored: u16, payload: &[u8], length: u16) -> Verdict {
    if stored == 0 {
        return Verdict::Absent;
    }
    let len = if length == 0 { pseudo.len } else { u32::from(length) };
    let Some(octets) = usize::try_from(len).ok().and_then(|len| payload.get(..len)) else { return Verdict::Unverifiable };
    let pseudo_len = if pseudo.protocol == IpProtocol::UDP_LITE { pseudo.len } else { len };
    PseudoHeader { len: pseudo_len, ..pseudo }.verify(stored, octets)
}

/// A checksum without a pseudo-header, as in ICMP.
fn plain(octets: &[u8]) -> Verdict {
    if is_complete(Sum16BitWords::new().add_slice(octets)) { Verdict::Good } else { Verdict::Bad }
}

/// Octets of the largest packets that cards send as they are: a larger one is on a loopback, or is still to be cut up.
const LARGEST_OF_A_CARD: usize = 16_384;

/// What a transport's checksum covers beside its own octets (RFC 9293 section 3.1, RFC 8200 section 8.1).
#[derive(Clone, Copy, Debug)]
struct PseudoHeader {
    ends: (IpAddr, IpAddr),
    protocol: IpProtocol,
    len: u32,
}

impl PseudoHeader {
    fn of(ip: &Ip<'_>) -> Self {
        Self { ends: ip.ends(), protocol: ip.protocol, len: ip.payload_len }
    }

    fn verify(self, stored: u16, octets: &[u8]) -> Verdict {
        // Of these the sum takes as long as to copy them, and one in 65,536 would be right as well.
        if octets.len() > LARGEST_OF_A_CARD && self.is_left_to_the_card(stored) {
            return Verdict::Partial;
        }
        if is_complete(self.sum().add_slice(octets)) {
            // No sum of a packet gives this number, but tools that do not normalise zero write it (RFC 1624 section 3).
            return if stored == 0xffff && self.protocol == IpProtocol::TCP { Verdict::Bad } else { Verdict::Good };
        }
        if self.is_left_to_the_card(stored) { Verdict::Partial } else { Verdict::Bad }
    }

    /// Drivers that have the card cut segments leave the length out, since it will differ for each.
    fn is_left_to_the_card(self, stored: u16) -> bool {
        let without_len = Self { len: 0, ..self };
        stored == folded(self.sum()) || stored == folded(without_len.sum())
    }

    fn sum(self) -> Sum16BitWords {
        let mut sum = Sum16BitWords::new();
        for end in [self.ends.0, self.ends.1] {
            sum = match end {
                IpAddr::V4(address) => sum.add_4bytes(address.octets()),
                IpAddr::V6(address) => sum.add_16bytes(address.octets()),
            };
        }
        sum.add_4bytes(self.len.to_be_bytes()).add_2bytes([0, self.protocol.0])
    }
}

/// Octets that include their own right checksum add up to all ones.
fn is_complete(sum: Sum16BitWords) -> bool {
    sum.ones_complement() == 0
}

/// A sum as a checksum field holds it before it is complemented.
fn folded(sum: Sum16BitWords) -> u16 {
    !sum.ones_complement().to_be()
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects)]
mod tests {
    use super::super::packet;
    use super::super::testing::{
        concat, cut, ends4, ends6, ethernet, frame, ipv4, ipv4_with, ipv6, pseudo_header, sum, tcp, udp, with_checksum,
    };
    use super::*;
    use crate::capture::{Frame, LinkType, PacketFlags};

    #[track_caller]
    fn check(octets: &[u8], expected: Verdict) {
        check_frame(&frame(LinkType::RAW, octets), expected);
    }

    #[track_caller]
    fn check_frame(frame: &Frame<'_>, expected: Verdict) {
        assert_eq!(transport(&packet(frame)), Some(expected));
    }

    /// The same octets with another checksum at `at`.
    fn with_stored(mut octets: Vec<u8>, at: usize, checksum: u16) -> Vec<u8> {
        octets[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
        octets
    }

    #[test]
    fn the_example_of_rfc_1071() {
        // Section 3: the sum of these octets is ddf2.
        let octets = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(folded(Sum16BitWords::new().add_slice(&octets)), 0xddf2);
        assert_eq!(sum(&octets), 0xddf2);
        assert_eq!(plain(&concat(&[&octets, &(!0xddf2_u16).to_be_bytes()])), Verdict::Good);
        assert_eq!(plain(&concat(&[&octets, &[0x22, 0x0e]])), Verdict::Bad);
    }

    #[test]
    fn good_and_bad_over_both_versions() {
        for payload in [&b""[..], b"x", b"hello"] {
            for (ends, ip) in [(ends4(), ipv4 as fn(u8, &[u8]) -> Vec<u8>), (ends6(), ipv6)] {
                check(&ip(6, &tcp(ends, &[], payload)), Verdict::Good);
                check(&ip(17, &udp(ends, payload)), Verdict::Good);
                check(&ip(6, &with_stored(tcp(ends, &[], payload), 16, 0x1234)), Verdict::Bad);
                check(&ip(17, &with_stored(udp(ends, payload), 6, 0x1234)), Verdict::Bad);
            }
        }
    }

    #[test]
    fn a_pseudo_header_sum_is_left_to_the_card() {
        let segment = tcp(ends4(), &[], b"hello");
        let datagram = udp(ends6(), b"hello");
        for len in [segment.len(), 0] {
            let stored = sum(&pseudo_header(ends4(), 6, len));
            check(&ipv4(6, &with_stored(segment.clone(), 16, stored)), Verdict::Partial);
        }
        let stored = sum(&pseudo_header(ends6(), 17, datagram.len()));
        check(&ipv6(17, &with_stored(datagram, 6, stored)), Verdict::Partial);
    }

    #[test]
    fn large_packets_are_left_to_the_card_or_summed() {
        let payload = vec![7; 40_000];
        let segment = tcp(ends4(), &[], &payload);
        check(&ipv4(6, &segment), Verdict::Good);
        check(&ipv4(6, &with_stored(segment.clone(), 16, 0x1234)), Verdict::Bad);
        let stored = sum(&pseudo_header(ends4(), 6, segment.len()));
        check(&ipv4(6, &with_stored(segment, 16, stored)), Verdict::Partial);
    }

    #[test]
    fn a_packet_marked_as_unfinished_is_not_bad() {
        let octets = ipv4(6, &with_stored(tcp(ends4(), &[], b"hello"), 16, 0x1234));
        let frame = frame(LinkType::RAW, &octets);
        let mut packet = packet(&frame);
        packet.flags = Some(PacketFlags(1 << 9));
        assert_eq!(transport(&packet), Some(Verdict::Partial));
        packet.flags = Some(PacketFlags(1 << 10));
        assert_eq!(transport(&packet), Some(Verdict::Bad));
    }

    #[test]
    fn udp_may_go_without() {
        check(&ipv4(17, &with_stored(udp(ends4(), b"hello"), 6, 0)), Verdict::Absent);
        check(&ipv6(17, &with_stored(udp(ends6(), b"hello"), 6, 0)), Verdict::Absent);
        check(&ipv4(6, &with_stored(tcp(ends4(), &[], b"hello"), 16, 0)), Verdict::Bad);
    }

    #[test]
    fn zero_is_never_written_as_all_ones_in_tcp() {
        let payload =
            (!sum(&concat(&[&pseudo_header(ends4(), 6, 22), &with_stored(tcp(ends4(), &[], &[0; 2]), 16, 0)]))).to_be_bytes();
        let segment = tcp(ends4(), &[], &payload);
        assert_eq!(segment[16..18], [0, 0]);
        check(&ipv4(6, &segment), Verdict::Good);
        check(&ipv4(6, &with_stored(segment, 16, 0xffff)), Verdict::Bad);
    }

    #[test]
    fn missing_octets_cannot_be_verified() {
        let octets = ipv4(6, &tcp(ends4(), &[], b"hello"));
        for len in 36..octets.len() {
            check_frame(&cut(&frame(LinkType::RAW, &octets), len), Verdict::Unverifiable);
        }
        let reaching_too_far = with_stored(udp(ends4(), b"hello"), 4, 100);
        check(&ipv4(17, &reaching_too_far), Verdict::Unverifiable);
        let padded = concat(&[&ethernet(0x0800, &ipv4(17, &udp(ends4(), b"x"))), &[0xff; 17]]);
        check_frame(&cut(&frame(LinkType::ETHERNET, &padded), padded.len() - 17), Verdict::Good);
    }

    #[test]
    fn udp_lite_covers_as_much_as_it_says() {
        for coverage in [0_u8, 8, 10, 13] {
            let mut datagram = with_stored(udp(ends4(), b"hello"), 6, 0);
            datagram[5] = coverage;
            let covered = if coverage == 0 { 13 } else { usize::from(coverage) };
            let checksum = !sum(&concat(&[&pseudo_header(ends4(), 136, 13), &datagram[..covered]]));
            let mut datagram = with_stored(datagram, 6, checksum);
            check(&ipv4(136, &datagram), Verdict::Good);
            datagram[12] ^= 1;
            check(&ipv4(136, &datagram), if covered < 13 { Verdict::Good } else { Verdict::Bad });
        }
    }

    #[test]
    fn icmp_has_a_pseudo_header_in_ipv6_only() {
        let message = [8, 0, 0, 0, 0, 1, 0, 1, 9];
        let good = with_stored(message.to_vec(), 2, !sum(&message));
        check(&ipv4(1, &good), Verdict::Good);
        check(&ipv4(1, &message), Verdict::Bad);
        check(&ipv6(58, &good), Verdict::Bad);
        check(&ipv6(58, &with_checksum(ends6(), 58, 2, message.to_vec())), Verdict::Good);
    }

    #[test]
    fn headers_of_ipv4() {
        let verdict = |octets: &[u8]| ip_header(packet(&frame(LinkType::RAW, octets)).ip().unwrap());
        let segment = tcp(ends4(), &[], b"");
        assert_eq!(verdict(&ipv4(6, &segment)), Verdict::Good);
        assert_eq!(verdict(&with_stored(ipv4(6, &segment), 10, 0x1234)), Verdict::Bad);
        assert_eq!(verdict(&with_stored(ipv4(6, &segment), 10, 0)), Verdict::Absent);
        assert_eq!(verdict(&ipv6(6, &tcp(ends6(), &[], b""))), Verdict::Absent);
    }

    #[test]
    fn reassembled_octets_are_verified_as_a_whole() {
        for (protocol, octets) in [(IpProtocol::TCP, tcp(ends4(), &[], b"hello")), (IpProtocol::UDP, udp(ends4(), b"hello"))] {
            assert_eq!(datagram(ends4(), protocol, &octets), Some(Verdict::Good));
            assert_eq!(datagram(ends6(), protocol, &octets), Some(Verdict::Bad));
            assert_eq!(datagram(ends4(), protocol, &octets[..5]), Some(Verdict::Unverifiable));
        }
        assert_eq!(datagram(ends4(), IpProtocol::GRE, &[0; 40]), None);
        let fragment = ipv4_with(17, &udp(ends4(), b"hello"), |header| header[6] = 0x20);
        assert_eq!(transport(&packet(&frame(LinkType::RAW, &fragment))), None);
    }
}
