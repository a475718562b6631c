//! UDP datagrams (RFC 768) and UDP-Lite (RFC 3828).
//!
//! Eight octets of header, then payload up to `length`. The checksum also covers the IP addresses, so
//! [`super::checksum`], which is given both, verifies it.

use etherparse::UdpHeaderSlice;

use super::cursor::{Cursor, len32};
use super::ip::Ip;
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
    /// Octets of the header.
    pub const HEADER_LEN: usize = 8;
}

/// Reads the datagram that `ip` announces. The IP payload bounds it where its own length reaches further.
#[inline]
pub(super) fn datagram<'a>(ip: &Ip<'_>, rest: Cursor<'a>) -> (Option<Datagram<'a>>, Option<Stop>) {
    let Ok(header) = UdpHeaderSlice::from_slice(rest.octets) else {
        return (None, Some(rest.cut(Layer::Transport, Datagram::HEADER_LEN)));
    };
    let lite = ip.protocol == IpProtocol::UDP_LITE;
    let claimed = header.length();
    // Zero stands for all of the packet in UDP-Lite, and in UDP if the packet is an IPv6 jumbogram (RFC 2675 section 4).
    let is_unbounded = lite || (claimed == 0 && ip.version() == 6);
    let bad_length = !is_unbounded && usize::from(claimed) < Datagram::HEADER_LEN;
    let payload = if is_unbounded || bad_length { rest } else { rest.limit(usize::from(claimed)) }.skip(Datagram::HEADER_LEN);
    let payload_len = payload.wire_len.unwrap_or(payload.octets.len());
    let datagram = Datagram {
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
    };
    (Some(datagram), None)
}
