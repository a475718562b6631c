//! A packet reduced to what the conversation table needs.
//!
//! Fragments are put together on the way: a datagram counts once, in the frame that completes it.

use super::flow::Slot;
use super::fragment::{Arrival, Reassembler};
use super::{FlowKey, Limits, Protocol};
use crate::capture::Timestamp;
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::Flags;
use crate::decode::{IpProtocol, Packet, Transport, icmp};

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
    /// The same packet, which takes part in the numbering of streams and counts for nothing.
    #[must_use]
    pub fn uncounted(self) -> Self {
        Self { quoted: true, ..self }
    }

    fn new(packet: &Packet<'_>, (key, from): (FlowKey, Slot)) -> Self {
        Self {
            key,
            from,
            number: packet.number,
            timestamp: packet.timestamp,
            octets: packet.original_len,
            payload: 0,
            tcp: None,
            whole: false,
            quoted: false,
        }
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

    /// What the conversation table is to see of a packet: nothing if it has no ports, or is a fragment of a datagram
    /// that is not complete.
    #[inline]
    pub fn of(&mut self, packet: &Packet<'_>) -> Option<Sighting> {
        let arrival = self.reassembler.push(packet);
        sighting(packet, &arrival)
    }
}

/// The sighting of a packet, as it arrived.
#[inline]
pub(super) fn sighting(packet: &Packet<'_>, arrival: &Arrival<'_>) -> Option<Sighting> {
    let (source, destination) = arrival.ip(packet)?.ends();
    let (transport, whole) = (arrival.transport(packet)?, arrival.is_whole());
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
        Transport::Icmp(message) => return quoted(packet, &message.quoted()?),
        _ => return None,
    };
    let key = FlowKey::new(protocol, (source, ports.0), (destination, ports.1));
    Some(Sighting { payload, tcp, whole, ..Sighting::new(packet, key) })
}

/// The sighting of a header that an ICMP error quotes.
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
    let key = FlowKey::new(protocol, (source, ports.0), (destination, ports.1));
    Some(Sighting { octets: 0, tcp, quoted: true, ..Sighting::new(packet, key) })
}
