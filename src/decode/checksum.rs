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
        if is_complete(self.sum().add_slice(octets)) {
            // No sum of a packet gives this number, but tools that do not normalise zero write it (RFC 1624 section 3).
            return if stored == 0xffff && self.protocol == IpProtocol::TCP { Verdict::Bad } else { Verdict::Good };
        }
        // Drivers that have the card cut segments leave the length out, since it will differ for each.
        let without_len = Self { len: 0, ..self };
        if stored == folded(self.sum()) || stored == folded(without_len.sum()) { Verdict::Partial } else { Verdict::Bad }
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
