//! A packet as Zeek's table takes it: fragments put together, its checksum judged, and where it travels.

use std::net::{IpAddr, SocketAddr};

use super::icmp::{self, Counterpart};
use super::timer::Micros;
use crate::decode::checksum::{self, Verdict};
use crate::decode::icmp::Message;
use crate::decode::ip::Ip;
use crate::decode::tcp::Segment;
use crate::decode::{IpProtocol, Packet, Transport};
use crate::track::fragment::{Arrival, Reassembler};

/// A packet's transport header, fragments put together.
pub(super) struct Load<'a> {
    pub(super) frame: u64,
    pub(super) time: Micros,
    pub(super) ip: Ip<'a>,
    pub(super) transport: Transport<'a>,
    /// Octets from the IP header on.
    pub(super) octets: u64,
    pub(super) bad_checksum: bool,
}

/// The transport header of a packet, or of the datagram that it completes; `None` for packets that Zeek does not look
/// at, those with a wrong header checksum among them where it verifies.
pub(super) fn load<'t>(reassembler: &'t mut Reassembler, packet: &Packet<'t>, time: Micros, verify: bool) -> Option<Load<'t>> {
    let ip = packet.ip()?;
    if verify && is_bad_header(ip) {
        return None;
    }
    match reassembler.push(packet) {
        Arrival::Whole => {
            let bad_checksum = verify && is_bad(checksum::transport(packet), ip);
            Some(Load { frame: packet.number, time, ip: *ip, transport: packet.transport?, octets: octets(ip), bad_checksum })
        }
        Arrival::Complete(datagram) => {
            let ip = datagram.ip;
            let bad_checksum = verify && is_bad(checksum::datagram(ip.ends(), ip.protocol, ip.payload), &ip);
            let octets = octets(&ip).saturating_sub(fragment_header(&ip));
            Some(Load { frame: packet.number, time, ip, transport: datagram.transport?, octets, bad_checksum })
        }
        Arrival::Start(_) | Arrival::Piece => None,
    }
}

/// A wrong header checksum to Zeek: a missing one is.
fn is_bad_header(ip: &Ip<'_>) -> bool {
    ip.version() == 4 && matches!(checksum::ip_header(ip), Verdict::Bad | Verdict::Absent)
}

/// A wrong checksum to Zeek: one left to the card is, and so is a missing one over IPv6.
fn is_bad(verdict: Option<Verdict>, ip: &Ip<'_>) -> bool {
    match verdict {
        Some(Verdict::Bad | Verdict::Partial) => true,
        Some(Verdict::Absent) => ip.version() == 6,
        Some(Verdict::Good | Verdict::Unverifiable) | None => false,
    }
}

fn octets(ip: &Ip<'_>) -> u64 {
    u64::from(ip.payload_len).saturating_add(ip.header.len() as u64)
}

/// Octets of the fragment header that a packet put together has no more.
fn fragment_header(ip: &Ip<'_>) -> u64 {
    if ip.version() == 6 { 8 } else { 0 }
}

/// Both ends of a connection without direction; of one-way messages with it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Key {
    protocol: IpProtocol,
    low: (IpAddr, u16),
    high: (IpAddr, u16),
}

/// Where a packet travels, in Zeek's ports.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub(super) protocol: IpProtocol,
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
    one_way: bool,
}

impl Way {
    pub(super) fn key(&self) -> Key {
        let (from, to) = (ends(self.source), ends(self.destination));
        let (low, high) = if self.one_way || from <= to { (from, to) } else { (to, from) };
        Key { protocol: self.protocol, low, high }
    }
}

fn ends(address: SocketAddr) -> (IpAddr, u16) {
    (address.ip(), address.port())
}

/// Where a packet travels; `None` if Zeek makes no connection of it.
pub(super) fn way(load: &Load<'_>) -> Option<Way> {
    let (source, destination) = load.ip.ends();
    let (from, to, one_way) = match &load.transport {
        Transport::Tcp(segment) if load.ip.payload.len() >= Segment::MIN_HEADER_LEN => {
            (segment.source_port, segment.destination_port, false)
        }
        Transport::Udp(datagram) if !datagram.lite => (datagram.source_port, datagram.destination_port, false),
        Transport::Icmp(message) if load.ip.payload.len() >= ICMP_HEADER_LEN => icmp_ports(message),
        _ => return None,
    };
    Some(Way {
        protocol: load.ip.protocol,
        source: SocketAddr::new(source, from),
        destination: SocketAddr::new(destination, to),
        one_way,
    })
}

/// Octets of an ICMP header, without which Zeek does not look at the message.
pub(super) const ICMP_HEADER_LEN: usize = 8;

fn icmp_ports(message: &Message<'_>) -> (u16, u16, bool) {
    match icmp::counterpart(message.v6, message.kind, message.code) {
        Counterpart::Answer(answer) => (message.kind.into(), answer.into(), false),
        Counterpart::OneWay(code) => (message.kind.into(), code.into(), true),
    }
}
