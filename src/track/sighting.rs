//! A packet reduced to what the conversation table needs.
//!
//! Fragments are put together on the way: a datagram counts once, in the frame that completes it.

use super::flow::Slot;
use super::fragment::{Arrival, Reassembler};
use super::{FlowKey, Limits, Protocol};
use crate::capture::{Frame, Timestamp};
use crate::decode::plain::{Plain, plain};
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::Flags;
use crate::decode::{self, IpProtocol, Packet, Transport, icmp};

/// One packet as the conversation table sees it.
#[derive(Clone, Copy, Debug)]
pub struct Sighting {
    pub(super) key: FlowKey,
    /// The sender's slot in the key.
    pub(super) from: Slot,
    pub(super) number: u64,
    pub(super) timestamp: Option<Timestamp>,
    /// Octets of the frame on the wire.
    pub(super) octets: u32,
    /// Octets of transport payload on the wire.
    pub(super) payload: u32,
    pub(super) tcp: Option<TcpMark>,
    /// The transport header is whole and of this packet: neither quoted nor all that a fragment shows.
    pub(super) whole: bool,
    /// It takes a stream number and counts for nothing: a header in an ICMP error, or a packet that a filter left out.
    pub(super) quoted: bool,
}

/// What decides whether a segment opens a new conversation.
#[derive(Clone, Copy, Debug)]
pub(super) struct TcpMark {
    pub(super) sequence: SeqNumber,
    pub(super) acknowledgment: SeqNumber,
    pub(super) flags: Flags,
}

impl Sighting {
    /// The sighting of an ordinary frame.
    #[inline(always)] // So that it is made where it stays.
    pub(super) fn plain(frame: &Frame<'_>, plain: &Plain<'_>, transport: &Transport<'_>) -> Option<Self> {
        let stamp = (frame.number, frame.timestamp, frame.original_len);
        Self::new(stamp, transport, true, |protocol, ports| {
            FlowKey::of_numbers(protocol, plain.is_v6, (plain.source, ports.0), (plain.destination, ports.1))
        })
    }

    /// The sighting of a frame by its number, time and length; a transport header that is not `whole` tells of no payload.
    #[inline(always)]
    fn new(
        (number, timestamp, octets): (u64, Option<Timestamp>, u32),
        transport: &Transport<'_>,
        whole: bool,
        key: impl FnOnce(Protocol, (u16, u16)) -> (FlowKey, Slot),
    ) -> Option<Self> {
        let (protocol, ports, payload, tcp) = match transport {
            Transport::Tcp(segment) => {
                let mark = TcpMark { sequence: segment.sequence, acknowledgment: segment.acknowledgment, flags: segment.flags };
                let payload = if whole { segment.payload_len } else { 0 };
                (Protocol::Tcp, (segment.source_port, segment.destination_port), payload, Some(mark))
            }
            Transport::Udp(datagram) if !datagram.bad_length => {
                let ports = (datagram.source_port, datagram.destination_port);
                (Protocol::Udp, ports, datagram.payload_len, None)
            }
            _ => return None,
        };
        let (key, from) = key(protocol, ports);
        Some(Self { key, from, number, timestamp, octets, payload, tcp, whole, quoted: false })
    }

    /// From now on the packet takes part in the numbering of streams and counts for nothing.
    pub fn uncount(&mut self) {
        self.quoted = true;
    }
}

/// Turns packets into sightings, with the fragments that are still waiting.
#[derive(Debug)]
pub struct Sightings {
    reassembler: Reassembler,
}

impl Sightings {
    /// Nothing waiting yet.
    pub fn new(limits: &Limits) -> Self {
        Self { reassembler: Reassembler::new(limits) }
    }

    /// The same as [`Sightings::of`] for the packet in a frame, and faster: ordinary frames take the short way.
    #[inline]
    pub fn of_frame<T>(&mut self, frame: &Frame<'_>, take: impl FnOnce(Sighting) -> T) -> Option<T> {
        match plain(frame).and_then(|plain| Sighting::plain(frame, &plain, &plain.transport()?)) {
            Some(sighting) => Some(take(sighting)),
            None => self.of_any_frame(frame, take),
        }
    }

    /// Apart from the short way, which needs but a few fields of the frame.
    #[inline(never)]
    fn of_any_frame<T>(&mut self, frame: &Frame<'_>, take: impl FnOnce(Sighting) -> T) -> Option<T> {
        decode::with_packet(frame, |packet| self.of(packet, take))
    }

    /// Hands what the conversation table is to see of a packet to `take`: nothing if it has no ports, or is a fragment of
    /// a datagram that is not complete.
    #[inline]
    pub fn of<T>(&mut self, packet: &Packet<'_>, take: impl FnOnce(Sighting) -> T) -> Option<T> {
        let arrival = self.reassembler.push(packet);
        with_sighting(packet, &arrival, take)
    }
}

/// Hands the sighting of a packet, as it arrived, to `take`, which may put it in its place at once: moving it costs as
/// much as making it.
#[inline]
pub(super) fn with_sighting<T>(packet: &Packet<'_>, arrival: &Arrival<'_>, take: impl FnOnce(Sighting) -> T) -> Option<T> {
    let ((source, destination), transport) = (arrival.ip(packet)?.ends(), arrival.transport(packet)?);
    if let Transport::Icmp(message) = transport {
        return quoted(packet, &message.quoted()?).map(take);
    }
    let stamp = (packet.number, packet.timestamp, packet.original_len);
    let key = |protocol, ports: (u16, u16)| FlowKey::new(protocol, (source, ports.0), (destination, ports.1));
    Sighting::new(stamp, transport, arrival.is_whole(), key).map(take)
}

/// The sighting of a header that an ICMP error quotes.
#[cold]
fn quoted(packet: &Packet<'_>, quoted: &icmp::Quoted<'_>) -> Option<Sighting> {
    let (source, destination) = quoted.ip.ends();
    let ports = quoted.ports?;
    let (protocol, tcp) = match quoted.protocol() {
        IpProtocol::TCP => {
            let (sequence, flags) = quoted.tcp?;
            (Protocol::Tcp, Some(TcpMark { sequence, acknowledgment: SeqNumber(0), flags }))
        }
        IpProtocol::UDP | IpProtocol::UDP_LITE => (Protocol::Udp, None),
        _ => return None,
    };
    let (key, from) = FlowKey::new(protocol, (source, ports.0), (destination, ports.1));
    let (number, timestamp) = (packet.number, packet.timestamp);
    Some(Sighting { key, from, number, timestamp, octets: 0, payload: 0, tcp, whole: false, quoted: true })
}
