//! What the lookup is to know of a packet.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::declared::canonical;
use crate::decode::icmp::Message;
use crate::decode::link::{MacAddress, Travel};
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::Flags;
use crate::decode::{IpProtocol, Packet, Transport};
use crate::track::fragment::Reassembler;
use crate::track::tracker::ports;
use crate::track::{FiveTuple, Limits, Protocol};

/// A packet on its way to a socket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Arriving {
    /// The frame that brings it, the last one if it came in fragments; 0 if there is none.
    pub frame: u64,
    /// Protocol and endpoints.
    pub tuple: FiveTuple,
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
        let about = Arriving::new(FiveTuple { protocol, source, destination }, None).tuple;
        Some(Self { frame: packet.number, by: packet.ip()?.ends().0, about })
    }
}

impl Arriving {
    /// A packet of which nothing is known but this.
    pub fn new(tuple: FiveTuple, mark: Option<Mark>) -> Self {
        let FiveTuple { protocol, source, destination } = tuple;
        let tuple = FiveTuple { protocol, source: canonical(source), destination: canonical(destination) };
        Self { frame: 0, tuple, mark, passes_by: false, link_broadcast: false }
    }

    /// Goes to a group or to everyone.
    pub(super) fn goes_to_many(&self) -> bool {
        match self.tuple.destination.ip() {
            IpAddr::V4(address) => {
                address.is_multicast() || address.is_broadcast() || self.link_broadcast || address == LOOPBACK_BROADCAST
            }
            IpAddr::V6(address) => address.is_multicast(),
        }
    }

    /// The segment carries this flag.
    pub(super) fn has(&self, flags: Flags) -> bool {
        self.mark.is_some_and(|mark| mark.flags.contains(flags))
    }

    /// The interface it came in on: what stays on this host comes in on `lo`.
    pub(super) fn interface<'a>(&self, named: Option<&'a str>) -> Option<&'a str> {
        let FiveTuple { source, destination, .. } = self.tuple;
        let stays = destination.ip().is_loopback() || source.ip() == destination.ip();
        named.filter(|name| *name != "any").or(stays.then_some("lo"))
    }
}

/// The broadcast address of 127.0.0.0/8.
const LOOPBACK_BROADCAST: Ipv4Addr = Ipv4Addr::new(127, 255, 255, 255);

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

    /// What a packet brings to sockets: nothing if it has no ports, or is a fragment of a datagram that is not complete.
    #[inline]
    pub fn of(&mut self, packet: &Packet<'_>) -> Option<Arriving> {
        let arrival = self.reassembler.push(packet);
        let transport = arrival.transport(packet)?;
        let mark = match transport {
            Transport::Tcp(segment) => Some(Mark {
                flags: segment.flags,
                end: SeqNumber(segment.sequence.0.wrapping_add(segment.sequence_len())),
                acknowledgment: segment.acknowledgment,
            }),
            _ => None,
        };
        // Addresses are looked at before endpoints are made of them: reading back what was just written waits for it.
        let (source, destination) = arrival.ip(packet)?.ends();
        let ends = (source.to_canonical(), destination.to_canonical());
        let (protocol, from, to) = ports(transport)?;
        let (passes_by, link_broadcast) = (passes_by(packet, ends), is_broadcast(packet));
        let tuple = FiveTuple { protocol, source: SocketAddr::new(ends.0, from), destination: SocketAddr::new(ends.1, to) };
        Some(Arriving { frame: packet.number, tuple, mark, passes_by, link_broadcast })
    }
}

/// The packet leaves, or is for another host and was overheard.
fn passes_by(packet: &Packet<'_>, (source, destination): (IpAddr, IpAddr)) -> bool {
    let leaves = packet.flags.is_some_and(|flags| flags.outbound()) || travel(packet) == Some(Travel::Out);
    let stays = destination.is_loopback() || source == destination;
    travel(packet) == Some(Travel::Other) || (leaves && !stays)
}

fn travel(packet: &Packet<'_>) -> Option<Travel> {
    packet.link.as_ref()?.travel
}

fn is_broadcast(packet: &Packet<'_>) -> bool {
    packet.link.as_ref().and_then(|link| link.destination) == Some(MacAddress([0xff; 6]))
}
