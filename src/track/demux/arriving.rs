//! What the lookup is to know of a packet.
//!
//! Of most packets only the way is asked that they come on: their endpoints are kept packed, as the key to it.

use std::net::{IpAddr, SocketAddr};

use super::declared::canonical;
use crate::capture::{Frame, PacketFlags};
use crate::decode::icmp::Message;
use crate::decode::link::{MacAddress, Travel};
use crate::decode::plain::{Plain, plain};
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::Flags;
use crate::decode::{self, IpProtocol, Packet, Transport};
use crate::track::entering::ports;
use crate::track::flow::Slot;
use crate::track::fragment::Reassembler;
use crate::track::{FiveTuple, FlowKey, Limits, Protocol};

/// A packet on its way to a socket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Arriving {
    /// The frame that brings it, the last one if it came in fragments; 0 if there is none.
    pub frame: u64,
    /// Its protocol and endpoints.
    pub(super) key: FlowKey,
    /// The sender's slot in the key.
    pub(super) from: Slot,
    /// What a segment says; `None` of UDP.
    pub mark: Option<Mark>,
    /// It is for others, or leaves this host: `skb->pkt_type` is not `PACKET_HOST`.
    pub passes_by: bool,
    /// It was sent to everyone on the link.
    pub link_broadcast: bool,
}

/// What decides the life of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mark {
    /// The segment's flags.
    pub flags: Flags,
    /// The sequence number behind its last octet, SYN and FIN included.
    pub end: SeqNumber,
    /// Its acknowledgment number.
    pub acknowledgment: SeqNumber,
}

/// What a frame has to say of sockets; packets are many, and fill no more memory than they need.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Arrival {
    /// A packet for one.
    Packet(Arriving),
    /// Nobody had an earlier one.
    Refusal(Box<Refusal>),
}

/// An ICMP port unreachable: nobody had a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The frame that says so.
    pub frame: u64,
    /// Who says so.
    pub by: IpAddr,
    /// How that packet travelled.
    pub about: FiveTuple,
}

impl Mark {
    /// What a segment says; `None` of anything else.
    #[inline(always)]
    fn of(transport: &Transport<'_>) -> Option<Self> {
        match transport {
            Transport::Tcp(segment) => Some(Self {
                flags: segment.flags,
                end: segment.sequence.plus(segment.sequence_len()),
                acknowledgment: segment.acknowledgment,
            }),
            _ => None,
        }
    }
}

impl Refusal {
    /// Reads a refusal; `None` if the packet is none, or does not quote ports.
    pub fn of(packet: &Packet<'_>) -> Option<Self> {
        let quoted = packet.icmp().filter(|message| Message::is_port_unreachable(message))?.quoted()?;
        let protocol = match quoted.protocol() {
            IpProtocol::TCP => Protocol::Tcp,
            IpProtocol::UDP | IpProtocol::UDP_LITE => Protocol::Udp,
            _ => return None,
        };
        let ((source, destination), (from, to)) = (quoted.ip.ends(), quoted.ports?);
        let (source, destination) = (SocketAddr::new(source, from), SocketAddr::new(destination, to));
        let about = Arriving::new(FiveTuple { protocol, source, destination }, None).tuple();
        Some(Self { frame: packet.number, by: packet.ip()?.ends().0, about })
    }
}

impl Arriving {
    /// A packet of which nothing is known but this.
    pub fn new(tuple: FiveTuple, mark: Option<Mark>) -> Self {
        let (key, from) = FlowKey::of(&tuple);
        Self { frame: 0, key: key.canonical(), from, mark, passes_by: false, link_broadcast: false }
    }

    /// The same as a frame brings it.
    #[must_use]
    pub const fn in_frame(self, frame: u64) -> Self {
        Self { frame, ..self }
    }

    /// TCP or UDP.
    #[inline]
    pub const fn protocol(&self) -> Protocol {
        self.key.protocol()
    }

    /// Who sent it; IPv4 in IPv6 is IPv4.
    pub fn source(&self) -> SocketAddr {
        canonical(self.key.endpoint(self.from))
    }

    /// Whom it was sent to; IPv4 in IPv6 is IPv4.
    pub fn destination(&self) -> SocketAddr {
        canonical(self.key.endpoint(self.from.other()))
    }

    /// How it travels.
    pub fn tuple(&self) -> FiveTuple {
        FiveTuple { protocol: self.protocol(), source: self.source(), destination: self.destination() }
    }

    /// What [`Arrivals::of`] would make of an ordinary frame.
    #[inline(always)]
    fn plain(frame: &Frame<'_>, plain: &Plain<'_>, transport: &Transport<'_>) -> Option<Self> {
        let (protocol, from, to) = ports(transport)?;
        let (key, from) = FlowKey::of_numbers(protocol, plain.is_v6, (plain.source, from), (plain.destination, to));
        Some(Self {
            frame: frame.number,
            key: key.canonical(),
            from,
            mark: Mark::of(transport),
            passes_by: frame.flags().is_some_and(PacketFlags::outbound) && !stays(plain.ends()),
            link_broadcast: plain.link_destination == MacAddress::BROADCAST,
        })
    }

    /// The key of the way it comes on, and the sender's slot in it.
    pub(super) const fn way(&self) -> (FlowKey, Slot) {
        (self.key, self.from)
    }

    /// The segment carries this flag.
    pub(super) fn has(&self, flags: Flags) -> bool {
        self.mark.is_some_and(|mark| mark.flags.contains(flags))
    }
}

/// Turns packets into arrivals, with the fragments that are still waiting.
#[derive(Debug)]
pub struct Arrivals {
    reassembler: Reassembler,
}

impl Arrivals {
    /// Nothing waiting yet.
    pub fn new(limits: &Limits) -> Self {
        Self { reassembler: Reassembler::new(limits) }
    }

    /// The same as [`Arrivals::of`] for the packet in a frame, and faster: ordinary frames take the short way.
    #[inline]
    pub fn of_frame<T>(&mut self, frame: &Frame<'_>, take: impl FnOnce(Arrival) -> T) -> Option<T> {
        match plain(frame).and_then(|plain| Arriving::plain(frame, &plain, &plain.transport()?)) {
            Some(arriving) => Some(take(Arrival::Packet(arriving))),
            None => self.of_any_frame(frame).map(take),
        }
    }

    /// Apart from the short way, which needs but a few fields of the frame.
    #[inline(never)]
    fn of_any_frame(&mut self, frame: &Frame<'_>) -> Option<Arrival> {
        decode::with_packet(frame, |packet| self.of(packet))
    }

    /// What a packet has to say of sockets: nothing if it has no ports, or is a fragment of a datagram that is not
    /// complete.
    pub fn of(&mut self, packet: &Packet<'_>) -> Option<Arrival> {
        match self.packet(packet) {
            Some(arriving) => Some(Arrival::Packet(arriving)),
            None => Refusal::of(packet).map(|refusal| Arrival::Refusal(Box::new(refusal))),
        }
    }

    fn packet(&mut self, packet: &Packet<'_>) -> Option<Arriving> {
        let arrival = self.reassembler.push(packet);
        let transport = arrival.transport(packet)?;
        let (source, destination) = arrival.ip(packet)?.ends();
        let (protocol, from, to) = ports(transport)?;
        let mark = Mark::of(transport);
        let (passes_by, link_broadcast) = (passes_by(packet, (source, destination)), is_broadcast(packet));
        let (key, from) = FlowKey::new(protocol, (source, from), (destination, to));
        Some(Arriving { frame: packet.number, key: key.canonical(), from, mark, passes_by, link_broadcast })
    }
}

/// The packet leaves, or is for another host and was overheard.
fn passes_by(packet: &Packet<'_>, ends: (IpAddr, IpAddr)) -> bool {
    let leaves = packet.flags.is_some_and(PacketFlags::outbound) || travel(packet) == Some(Travel::Out);
    travel(packet) == Some(Travel::Other) || (leaves && !stays(ends))
}

/// It does not leave the host that sent it.
pub(super) fn stays((source, destination): (IpAddr, IpAddr)) -> bool {
    let (source, destination) = (source.to_canonical(), destination.to_canonical());
    destination.is_loopback() || source == destination
}

fn travel(packet: &Packet<'_>) -> Option<Travel> {
    packet.link.as_ref()?.travel
}

fn is_broadcast(packet: &Packet<'_>) -> bool {
    packet.link.as_ref().and_then(|link| link.destination) == Some(MacAddress::BROADCAST)
}
