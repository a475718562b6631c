//! TCP segments (RFC 9293 section 3.1).
//!
//! Twenty octets of header, options up to the data offset, payload up to the end of the packet: TCP has no length of its
//! own. A header that the capture cuts after its flags still names its connection, and so does one whose data offset lies.

use std::fmt;

use etherparse::TcpHeaderSlice;

use super::cursor::{Cursor, len32, u16_at};
use super::seq::SeqNumber;
use super::{Layer, Stop};

/// One segment, as much of it as was captured.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// Offset of the header in the frame (or in the reassembled datagram), in octets.
    pub at: usize,
    /// Sender's port.
    pub source_port: u16,
    /// Receiver's port.
    pub destination_port: u16,
    /// Number of the first octet of payload, or of SYN or FIN.
    pub sequence: SeqNumber,
    /// The next octet the sender expects; meaningful only with [`Flags::ACK`].
    pub acknowledgment: SeqNumber,
    /// The twelve bits from the data offset to the window.
    pub flags: Flags,
    /// Length of the header in octets, as the sender claims: 20 to 60, unless [`Packet::stop`](super::Packet::stop) says
    /// that the claim is malformed.
    pub header_len: u8,
    /// The window as it stands in the header, before scaling.
    pub window: u16,
    /// The checksum as it stands in the header; 0 if the header was cut before it.
    pub checksum: u16,
    /// The urgent pointer; 0 if the header was cut before it.
    pub urgent: u16,
    /// The options captured.
    pub options: &'a [u8],
    /// The payload captured.
    pub payload: &'a [u8],
    /// Octets of payload on the wire; 0 where a fragment or a quoted header does not tell.
    pub payload_len: u32,
}

impl Segment<'_> {
    /// Octets of a header without options.
    pub const MIN_HEADER_LEN: usize = 20;

    /// Sequence numbers the segment takes up: its payload, and one each for SYN and FIN.
    pub fn sequence_len(&self) -> u32 {
        self.payload_len.wrapping_add(self.flags.sequence_len())
    }
}

/// The twelve control and reserved bits of a segment, as Wireshark's `tcp.flags`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Flags(pub u16);

impl Flags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x001);
    /// Synchronise sequence numbers.
    pub const SYN: Self = Self(0x002);
    /// Reset the connection.
    pub const RST: Self = Self(0x004);
    /// Push.
    pub const PSH: Self = Self(0x008);
    /// The acknowledgment field counts.
    pub const ACK: Self = Self(0x010);
    /// The urgent pointer counts.
    pub const URG: Self = Self(0x020);
    /// ECN echo (RFC 3168).
    pub const ECE: Self = Self(0x040);
    /// Congestion window reduced (RFC 3168).
    pub const CWR: Self = Self(0x080);
    /// Accurate ECN (RFC 9768); formerly the nonce sum.
    pub const AE: Self = Self(0x100);

    /// All bits of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Sequence numbers that they take up themselves: one for SYN and one for FIN.
    pub const fn sequence_len(self) -> u32 {
        (self.0 & (Self::SYN.0 | Self::FIN.0)).count_ones()
    }

    /// SYN without ACK: the first segment of a connection.
    pub const fn is_pure_syn(self) -> bool {
        self.0 & (Self::SYN.0 | Self::ACK.0) == Self::SYN.0
    }

    /// SYN, FIN or RST: more than data and its acknowledgment.
    pub const fn turns(self) -> bool {
        self.0 & (Self::SYN.0 | Self::FIN.0 | Self::RST.0) != 0
    }

    /// SYN with ACK: the answer to one.
    pub const fn is_syn_ack(self) -> bool {
        self.contains(Self(Self::SYN.0 | Self::ACK.0))
    }
}

/// Wireshark's order and spelling: `SYN, ACK`.
impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(Flags, &str); 9] = [
            (Flags::FIN, "FIN"),
            (Flags::SYN, "SYN"),
            (Flags::RST, "RST"),
            (Flags::PSH, "PSH"),
            (Flags::ACK, "ACK"),
            (Flags::URG, "URG"),
            (Flags::ECE, "ECE"),
            (Flags::CWR, "CWR"),
            (Flags::AE, "AE"),
        ];
        let mut separator = "";
        for (flag, name) in NAMES {
            if self.contains(flag) {
                write!(f, "{separator}{name}")?;
                separator = ", ";
            }
        }
        if separator.is_empty() { f.write_str("<None>") } else { Ok(()) }
    }
}

/// Octets of header that hold ports, numbers and flags: with fewer, a segment cannot be told from another.
const IDENTIFYING_LEN: usize = 16;

/// Reads a segment whose header was captured whole and says nothing impossible.
#[inline(always)]
pub(super) fn whole(rest: Cursor<'_>) -> Option<Segment<'_>> {
    let header = TcpHeaderSlice::from_slice(rest.octets).ok()?;
    let octets = header.slice();
    if rest.wire_len.is_some_and(|wire| wire < octets.len()) {
        return None;
    }
    let payload = rest.skip(octets.len());
    Some(Segment {
        at: rest.at,
        source_port: header.source_port(),
        destination_port: header.destination_port(),
        sequence: SeqNumber(header.sequence_number()),
        acknowledgment: SeqNumber(header.acknowledgment_number()),
        flags: flags(octets),
        header_len: header.data_offset().wrapping_mul(4),
        window: header.window_size(),
        checksum: header.checksum(),
        urgent: header.urgent_pointer(),
        options: octets.get(Segment::MIN_HEADER_LEN..).unwrap_or_default(),
        payload: payload.octets,
        payload_len: payload.wire_len.map_or(0, len32),
    })
}

/// What can be said of a segment that is not [`whole`], and why; read by hand, since etherparse gives nothing then.
#[cold]
pub(super) fn partial(rest: Cursor<'_>) -> (Option<Segment<'_>>, Stop) {
    let Some(&[s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, offset, _, w0, w1]) = rest.octets.first_chunk::<IDENTIFYING_LEN>()
    else {
        return (None, rest.cut(Layer::Transport, Segment::MIN_HEADER_LEN));
    };
    let header_len = offset >> 4 << 2;
    let stop = if usize::from(header_len) < Segment::MIN_HEADER_LEN {
        rest.malformed(Layer::Transport, "TCP header length is below 20 octets")
    } else if rest.wire_len.is_some_and(|wire| wire < usize::from(header_len)) {
        rest.malformed(Layer::Transport, "TCP header is longer than its packet")
    } else {
        rest.cut(Layer::Transport, usize::from(header_len))
    };
    let segment = Segment {
        at: rest.at,
        source_port: u16::from_be_bytes([s0, s1]),
        destination_port: u16::from_be_bytes([d0, d1]),
        sequence: SeqNumber(u32::from_be_bytes([q0, q1, q2, q3])),
        acknowledgment: SeqNumber(u32::from_be_bytes([a0, a1, a2, a3])),
        flags: flags(rest.octets),
        header_len,
        window: u16::from_be_bytes([w0, w1]),
        checksum: u16_at(rest.octets, 16).unwrap_or(0),
        urgent: u16_at(rest.octets, 18).unwrap_or(0),
        options: rest.octets.get(Segment::MIN_HEADER_LEN..usize::from(header_len).min(rest.octets.len())).unwrap_or_default(),
        payload: &[],
        payload_len: rest.wire_len.map_or(0, |wire| len32(wire.saturating_sub(usize::from(header_len)))),
    };
    (Some(segment), stop)
}

/// The twelve bits before the window: etherparse has no accessor for the three reserved ones.
#[inline]
fn flags(header: &[u8]) -> Flags {
    Flags(u16_at(header, 12).unwrap_or(0) & 0x0fff)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects)]
mod tests {
    use super::super::testing::{PORTS, cut, ends4, frame, ipv4, ipv4_with, tcp};
    use super::super::{Reason, Transport, first_fragment, packet};
    use super::*;
    use crate::capture::LinkType;

    /// A raw packet with MSS and SACK permitted and five octets of payload: 20 octets of IP, 28 of TCP, 5.
    fn sample() -> Vec<u8> {
        ipv4(6, &tcp(ends4(), &[2, 4, 5, 180, 4, 2, 1, 0], b"hello"))
    }

    #[test]
    fn fields_of_a_segment() {
        let octets = sample();
        let frame = frame(LinkType::RAW, &octets);
        let packet = packet(&frame);
        let segment = packet.tcp().unwrap();
        assert_eq!((segment.at, segment.source_port, segment.destination_port), (20, PORTS.0, PORTS.1));
        assert_eq!((segment.sequence, segment.acknowledgment), (SeqNumber(1000), SeqNumber(2000)));
        assert_eq!((segment.flags, segment.flags.to_string().as_str()), (Flags(0x18), "PSH, ACK"));
        assert_eq!((segment.header_len, segment.window, segment.urgent), (28, 512, 0));
        assert_eq!((segment.options, segment.payload, segment.payload_len), (&[2, 4, 5, 180, 4, 2, 1, 0][..], &b"hello"[..], 5));
        assert_eq!(segment.sequence_len(), 5);
    }

    #[test]
    fn all_twelve_bits_are_flags() {
        let mut segment = tcp(ends4(), &[], b"");
        (segment[12], segment[13]) = (0x5f, 0xff);
        let octets = ipv4(6, &segment);
        assert_eq!(packet(&frame(LinkType::RAW, &octets)).tcp().unwrap().flags, Flags(0xfff));
        assert_eq!(Flags(0x1c2).to_string(), "SYN, ECE, CWR, AE");
        assert_eq!(Flags(0).to_string(), "<None>");
    }

    #[test]
    fn a_header_cut_in_its_options_still_names_its_connection() {
        let octets = sample();
        for have in 16..28 {
            let packet = packet(&cut(&frame(LinkType::RAW, &octets), 20 + have));
            let segment = packet.tcp().unwrap();
            assert_eq!((segment.source_port, segment.sequence, segment.flags), (PORTS.0, SeqNumber(1000), Flags(0x18)));
            assert_eq!((segment.payload_len, segment.options.len()), (5, have.saturating_sub(20)));
            assert_eq!(packet.stop.map(|stop| stop.reason), Some(Reason::Cut { need: 28, have }));
        }
    }

    #[test]
    fn with_less_than_sixteen_octets_only_ports_are_known() {
        let octets = sample();
        for have in 0..16 {
            let packet = packet(&cut(&frame(LinkType::RAW, &octets), 20 + have));
            assert!(packet.transport.is_none());
            assert_eq!(packet.ports(), (have >= 4).then_some(PORTS));
            assert_eq!(packet.stop.map(|stop| (stop.at, stop.reason)), Some((20, Reason::Cut { need: 20, have })));
        }
    }

    #[test]
    fn data_offsets_that_cannot_be() {
        for (offset, reason) in [
            (0x40, "TCP header length is below 20 octets"),
            (0x00, "TCP header length is below 20 octets"),
            (0xf0, "TCP header is longer than its packet"),
        ] {
            let mut segment = tcp(ends4(), &[], b"hello");
            segment[12] = offset;
            let octets = ipv4(6, &segment);
            let frame = frame(LinkType::RAW, &octets);
            let packet = packet(&frame);
            assert_eq!(packet.stop.map(|stop| (stop.at, stop.reason)), Some((20, Reason::Malformed(reason))));
            let segment = packet.tcp().unwrap();
            assert_eq!((segment.header_len, segment.payload), (offset >> 2, &[][..]));
        }
    }

    #[test]
    fn the_length_of_a_first_fragment_is_unknown() {
        let octets = ipv4_with(6, &tcp(ends4(), &[], &[7; 12]), |header| header[6] = 0x20);
        let frame = frame(LinkType::RAW, &octets);
        let packet = packet(&frame);
        let (Some(Transport::Tcp(segment)), None) = first_fragment(packet.ip().unwrap()) else { panic!() };
        assert_eq!((segment.source_port, segment.payload.len(), segment.payload_len), (PORTS.0, 12, 0));
    }

    #[test]
    fn syn_and_fin_take_up_a_number_each() {
        let mut segment = tcp(ends4(), &[], b"ab");
        segment[13] = 0x03;
        let octets = ipv4(6, &segment);
        assert_eq!(packet(&frame(LinkType::RAW, &octets)).tcp().unwrap().sequence_len(), 4);
    }
}
