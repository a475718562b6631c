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
        let controls = u32::from(self.flags.contains(Flags::SYN)).wrapping_add(u32::from(self.flags.contains(Flags::FIN)));
        self.payload_len.wrapping_add(controls)
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

    /// SYN without ACK: the first segment of a connection.
    pub const fn is_pure_syn(self) -> bool {
        self.0 & (Self::SYN.0 | Self::ACK.0) == Self::SYN.0
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

/// Reads a segment. One whose header is cut or contradicts itself comes without options and payload, and with the reason.
#[inline]
pub(super) fn segment(rest: Cursor<'_>) -> (Option<Segment<'_>>, Option<Stop>) {
    match TcpHeaderSlice::from_slice(rest.octets) {
        Ok(header) if rest.wire_len.is_none_or(|wire| header.slice().len() <= wire) => (Some(whole(&header, rest)), None),
        _ => partial(rest),
    }
}

#[inline]
fn whole<'a>(header: &TcpHeaderSlice<'a>, rest: Cursor<'a>) -> Segment<'a> {
    let octets = header.slice();
    let payload = rest.skip(octets.len());
    Segment {
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
    }
}

/// What can be said of a segment whose header is not all there, read by hand: etherparse gives nothing then.
#[cold]
fn partial(rest: Cursor<'_>) -> (Option<Segment<'_>>, Option<Stop>) {
    let Some(&[s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, offset, _, w0, w1]) = rest.octets.first_chunk::<IDENTIFYING_LEN>()
    else {
        return (None, Some(rest.cut(Layer::Transport, Segment::MIN_HEADER_LEN)));
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
    (Some(segment), Some(stop))
}

/// The twelve bits before the window: etherparse has no accessor for the three reserved ones.
#[inline]
fn flags(header: &[u8]) -> Flags {
    Flags(u16_at(header, 12).unwrap_or(0) & 0x0fff)
}
