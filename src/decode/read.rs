//! The way through a frame: link headers, IP, transport.
//!
//! Each step hands the next a cursor on what is left. A fragment is read as far as IP: its transport header is read by
//! [`reassembled`] when its datagram is together, or by [`first_fragment`] when that will never be.

use super::cursor::{Cursor, len32};
use super::ip::{Fragment, Ip};
use super::{EtherType, IpProtocol, Layer, Network, Packet, Reason, Stop, Transport};
use super::{arp, extension, icmp, ip, link, tcp, udp};
use crate::capture::Frame;

/// Reads the headers of one frame.
#[inline]
pub fn packet<'a>(frame: &Frame<'a>) -> Packet<'a> {
    with_packet(frame, |packet| *packet)
}

/// Reads the headers of one frame and shows them to `look`: faster than [`packet`], since they stay where they are built.
#[inline]
pub fn with_packet<'a, T>(frame: &Frame<'a>, look: impl FnOnce(&Packet<'a>) -> T) -> T {
    let mut packet = Packet {
        number: frame.number,
        timestamp: frame.timestamp,
        interface: frame.interface,
        link_type: frame.link_type,
        original_len: frame.original_len,
        captured_len: frame.captured_len(),
        flags: frame.flags(),
        link: None,
        network: None,
        transport: None,
        stop: None,
    };
    packet.read(frame);
    look(&packet)
}

/// The packet whose payload was put together from fragments, of which `ip` is one, and its transport header.
///
/// Offsets in the transport count from the start of `payload`, which is all of the datagram.
pub fn reassembled<'a>(ip: &Ip<'a>, payload: &'a [u8]) -> (Ip<'a>, Option<Transport<'a>>, Option<Stop>) {
    let mut whole = Ip { fragment: None, payload, payload_len: len32(payload.len()), ..*ip };
    if let Some(stop) = extension::walk(&mut whole, ip.header) {
        return (whole, None, Some(stop));
    }
    let at = payload.len().saturating_sub(whole.payload.len());
    let (transport, stop) = transport(&whole, whole.payload, at);
    (whole, transport, stop)
}

/// The transport header at the start of `payload`, which is all that was sent under `ip`; offsets in it count from `at`.
pub fn transport<'a>(ip: &Ip<'a>, payload: &'a [u8], at: usize) -> (Option<Transport<'a>>, Option<Stop>) {
    let mut transport = None;
    let stop = upper((ip.version(), ip.protocol), Cursor { at, octets: payload, wire_len: Some(payload.len()) }, &mut transport);
    (transport, stop)
}

/// The transport header of a first fragment that cannot be reassembled; `None` for later fragments, which hold none.
///
/// A TCP segment then has a payload length of 0, which is to say unknown.
pub fn first_fragment<'a>(ip: &Ip<'a>) -> (Option<Transport<'a>>, Option<Stop>) {
    let mut transport = None;
    let stop = match ip.fragment {
        Some(Fragment { offset: 0, .. }) => {
            upper((ip.version(), ip.protocol), Cursor { wire_len: None, ..ip.rest() }, &mut transport)
        }
        _ => None,
    };
    (transport, stop)
}

// Moving headers from one value to the next costs as much as reading them, so what follows builds each where it stays.
impl<'a> Packet<'a> {
    fn read(&mut self, frame: &Frame<'a>) {
        let mut headers = link::Headers::new(frame, self.link.insert(link::Link::NONE));
        while headers.next().is_some() {}
        let (rest, next, stop) = (headers.rest, headers.next, headers.stop);
        if headers.is_empty() {
            self.link = None;
        }
        match (stop, next) {
            (None, link::Protocol::Network(ether_type)) => self.read_network(ether_type, rest),
            (None, link::Protocol::Unknown(number)) => self.stop = Some(rest.stop(Layer::Network, Reason::Unsupported(number))),
            (stop, _) => self.stop = stop,
        }
    }

    /// Reads what follows the link headers.
    #[inline]
    fn read_network(&mut self, ether_type: EtherType, rest: Cursor<'a>) {
        match ether_type {
            EtherType::IPV4 if !ip::claims_v6(rest) => match ip::v4(rest) {
                Ok(ip) => self.read_transport(ip, rest.octets),
                Err(stop) => self.stop = Some(stop),
            },
            EtherType::IPV4 | EtherType::IPV6 => match ip::v6(rest) {
                Ok(ip) => self.read_transport(ip, rest.octets),
                Err(stop) => self.stop = Some(stop),
            },
            EtherType::ARP => {
                let (arp, stop) = arp::message(rest);
                self.network = Some(arp.map_or(Network::Other(ether_type), Network::Arp));
                self.stop = stop;
            }
            _ => self.network = Some(Network::Other(ether_type)),
        }
    }

    /// Keeps the IP header at the start of `octets`, and reads what follows it.
    #[inline(always)]
    fn read_transport(&mut self, ip: Ip<'a>, octets: &'a [u8]) {
        let (version, protocol, fragment, rest) = (ip.version(), ip.protocol, ip.fragment, ip.rest());
        self.network = Some(Network::Ip(ip));
        if extension::is_extension(protocol) {
            self.read_extensions(octets);
        } else if fragment.is_none()
            && let Some(stop) = upper((version, protocol), rest, &mut self.transport)
        {
            self.stop = Some(stop);
        }
    }

    #[cold]
    fn read_extensions(&mut self, octets: &'a [u8]) {
        let Some(Network::Ip(ip)) = &mut self.network else { return };
        self.stop = extension::walk(ip, octets);
        if self.stop.is_none() && ip.fragment.is_none() {
            self.stop = upper((ip.version(), ip.protocol), ip.rest(), &mut self.transport);
        }
    }
}

/// Reads what follows the IP headers into `transport`, and says why not all of it could be read.
#[inline]
fn upper<'a>((version, protocol): (u8, IpProtocol), rest: Cursor<'a>, transport: &mut Option<Transport<'a>>) -> Option<Stop> {
    match protocol {
        IpProtocol::TCP => match tcp::whole(rest) {
            Some(segment) => *transport = Some(Transport::Tcp(segment)),
            None => {
                let (segment, stop) = tcp::partial(rest);
                *transport = segment.map(Transport::Tcp);
                return Some(stop);
            }
        },
        IpProtocol::UDP | IpProtocol::UDP_LITE => match udp::datagram(version, protocol, rest) {
            Ok(datagram) => *transport = Some(Transport::Udp(datagram)),
            Err(stop) => return Some(stop),
        },
        IpProtocol::ICMP | IpProtocol::ICMPV6 => match icmp::message(protocol, rest) {
            Ok(message) => *transport = Some(Transport::Icmp(message)),
            Err(stop) => return Some(stop),
        },
        IpProtocol::SCTP => match protocol.ports(rest.octets) {
            Some((source_port, destination_port)) => *transport = Some(Transport::Sctp { source_port, destination_port }),
            None => return Some(rest.cut(Layer::Transport, 12)),
        },
        other => *transport = Some(Transport::Other(other)),
    }
    None
}
