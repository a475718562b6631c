//! A frame as a filter sees it.
//!
//! An ICMP error quotes a packet: its headers count too, as in Wireshark, and so `udp.port == 5000` also finds the error
//! about a datagram to that port. What `conn` and `state` say of a frame is as of that frame.

use hashbrown::HashMap;
use jiff::SignedDuration;

use super::field::{Field, Out, Read};
use super::row::Row;
use super::value::Value;
use crate::capture::{Description, Format, Frame, InterfaceId, Timestamp};
use crate::decode::checksum::{self, Verdict};
use crate::decode::ip::Ip;
use crate::decode::options::{self, TcpOption};
use crate::decode::tcp::{Flags, Segment};
use crate::decode::udp::Datagram;
use crate::decode::{self, EtherType, IpProtocol, Network, Packet, Transport, link};
use crate::track::{Connection, FlowId, Protocol, Update};

/// A frame with what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct PacketRow<'a> {
    /// The frame.
    pub frame: &'a Frame<'a>,
    /// Its headers.
    pub packet: &'a Packet<'a>,
    /// What the tracker says of it; not needed for filters that need headers alone.
    pub update: Option<&'a Update<'a>>,
    /// The name of its interface, where the file tells.
    pub interface_name: Option<&'a str>,
    /// Where it stands in time.
    pub times: Times,
}

/// The name of a frame's interface as a filter sees it: `unknown` where a pcapng file gives it none, and nothing in a pcap
/// file, which knows no interfaces.
pub fn interface_name(description: &Description, interface: InterfaceId) -> Option<&str> {
    let named = description.interface(interface).and_then(|interface| interface.name.as_deref());
    (description.format == Format::Pcapng).then(|| named.unwrap_or("unknown"))
}

/// A transport header with all it carries: the packet's own, or that of a quoted packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Upper<'a> {
    pub(super) protocol: IpProtocol,
    /// The header and what follows it, as captured.
    pub(super) octets: &'a [u8],
    transport: Option<Transport<'a>>,
    summed: Summed<'a>,
    /// It stands in an ICMP error.
    pub(super) quoted: bool,
}

/// How to learn the verdict on a checksum.
#[derive(Clone, Copy, Debug)]
enum Summed<'a> {
    Known(Option<Verdict>),
    Of(&'a Packet<'a>),
}

impl<'a> PacketRow<'a> {
    /// The stream number of the frame, or of the packet it quotes.
    pub(super) fn stream(&self, protocol: Protocol, update: &Update<'a>) -> Option<u32> {
        let flow = update.flow.or_else(|| update.about?.flow)?;
        (flow.protocol == protocol).then_some(flow.number)
    }

    /// The link headers with this name, outermost first.
    pub(super) fn link_headers(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let octets = self.frame.octets;
        let headers = link::headers(self.frame).filter(move |header| header.name() == Some(name));
        headers.filter_map(move |header| octets.get(header.at..header.at.saturating_add(header.len).min(octets.len())))
    }

    /// Ethernet headers with all they carry.
    pub(super) fn ethernets(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let octets = self.frame.octets;
        let headers = link::headers(self.frame).filter(|header| header.name() == Some("eth"));
        headers.filter_map(move |header| Some(Value::Protocol(octets.get(header.at..)?, header.len)))
    }

    /// The address resolution message, of whatever kinds of address.
    pub(super) fn arp(&self) -> Option<&'a [u8]> {
        let is_arp = match self.packet.network? {
            Network::Arp(_) => true,
            Network::Other(ether_type) => ether_type == EtherType::ARP,
            Network::Ip(_) => false,
        };
        self.frame.octets.get(self.packet.link?.header_len..).filter(|_| is_arp)
    }

    /// The IP headers of one version: the packet's own, then the quoted one.
    pub(super) fn ips(&self, version: u8) -> impl Iterator<Item = Ip<'a>> + use<'a> {
        let quoted = self.message().and_then(|message| message.quoted()).map(|quoted| quoted.ip);
        [self.packet.ip().copied(), quoted].into_iter().flatten().filter(move |ip| ip.version() == version)
    }

    /// The same as protocols, each with what it carries.
    pub(super) fn networks(&self, version: u8) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let octets = self.frame.octets;
        self.ips(version).map(move |ip| {
            let end = ip.at.saturating_add(ip.header.len()).saturating_add(ip.payload.len());
            let header = if version == 6 { 40 } else { ip.header.len() };
            Value::Protocol(octets.get(ip.at..end.min(octets.len())).unwrap_or(ip.header), header)
        })
    }

    fn message(&self) -> Option<decode::icmp::Message<'a>> {
        match self.transport()? {
            Transport::Icmp(message) => Some(message),
            _ => None,
        }
    }

    /// The transport header to go by.
    fn transport(&self) -> Option<Transport<'a>> {
        match self.update {
            Some(update) => update.transport,
            None => self.packet.transport,
        }
    }

    /// The transport headers: the packet's own, then the quoted one.
    fn uppers(&self) -> impl Iterator<Item = Upper<'a>> + use<'a> {
        let outer = self.upper();
        let is_message = |upper: &Upper<'_>| matches!(upper.transport, Some(Transport::Icmp(_)));
        let quoted = outer.filter(is_message).and_then(|_| self.quoted());
        [outer, quoted].into_iter().flatten()
    }

    fn upper(&self) -> Option<Upper<'a>> {
        let whole = self.update.and_then(|update| update.reassembled).map(|datagram| datagram.ip);
        let ip = whole.or(self.packet.ip().copied())?;
        let waiting = whole.is_none() && ip.fragment.is_some() && self.transport().is_none();
        let summed = match self.update {
            Some(update) => Summed::Known(update.checksum),
            None => Summed::Of(self.packet),
        };
        let upper = Upper { protocol: ip.protocol, octets: ip.payload, transport: self.transport(), summed, quoted: false };
        (!waiting).then_some(upper)
    }

    fn quoted(&self) -> Option<Upper<'a>> {
        let ip = self.message()?.quoted()?.ip;
        if ip.fragment.is_some_and(|fragment| fragment.offset > 0) {
            return None;
        }
        let (transport, _) = decode::transport(&ip, ip.payload, 0);
        let summed = Summed::Known(Some(Verdict::Unverifiable));
        Some(Upper { protocol: ip.protocol, octets: ip.payload, transport, summed, quoted: true })
    }

    /// The TCP header that an ICMP error quotes.
    pub(super) fn quoted_tcp(&self) -> Option<Upper<'a>> {
        self.quoted().filter(|upper| upper.protocol == IpProtocol::TCP)
    }

    /// What applications and protocols that are not read sent in the frame.
    pub(super) fn payloads(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let pending = self.packet.ip().filter(|ip| ip.fragment.is_some() && self.transport().is_none());
        let fragment = pending.filter(|_| self.update.is_none_or(|update| update.reassembled.is_none())).map(|ip| ip.payload);
        let carried = self.uppers().filter_map(|upper| upper.payload());
        fragment.into_iter().chain(carried).filter(|octets| !octets.is_empty())
    }

    /// Wireshark's `frame.protocols`, as far as this floor reads.
    pub(super) fn protocols(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for header in link::headers(self.frame) {
            names.extend(header.name());
            if matches!(header.name(), Some("eth" | "sll" | "vlan")) {
                names.push("ethertype");
            }
        }
        if self.arp().is_some() {
            names.push("arp");
        }
        let name = |ip: &Ip<'_>| if ip.version() == 4 { "ip" } else { "ipv6" };
        names.extend(self.packet.ip().map(name));
        for upper in self.uppers() {
            if upper.quoted {
                names.extend(self.message().and_then(|message| message.quoted()).map(|quoted| name(&quoted.ip)));
            }
            names.extend(upper.name());
        }
        if self.payloads().next().is_some() {
            names.push("data");
        }
        names.join(":")
    }

    fn connection(&self) -> Option<&'a Connection> {
        self.update?.connection
    }
}

impl<'a> Upper<'a> {
    /// The segment; `None` if too little was captured.
    pub(super) fn segment(&self) -> Option<Segment<'a>> {
        match self.transport? {
            Transport::Tcp(segment) => Some(segment),
            _ => None,
        }
    }

    fn datagram(&self) -> Option<Datagram<'a>> {
        match self.transport? {
            Transport::Udp(datagram) => Some(datagram),
            _ => None,
        }
    }

    /// The options that can be told apart.
    pub(super) fn options(&self) -> impl Iterator<Item = TcpOption<'a>> + use<'a> {
        let options = options::options(self.segment().map_or(&[], |segment| segment.options));
        options.filter(|option| option.value != options::Value::Broken)
    }

    /// What the header is followed by; `None` if it is not read.
    pub(super) fn payload(&self) -> Option<&'a [u8]> {
        match self.transport? {
            // What a RST carries is the reason for it.
            Transport::Tcp(segment) => (!segment.flags.contains(Flags::RST)).then_some(segment.payload),
            Transport::Udp(_) => self.datagram().filter(|datagram| !datagram.bad_length).map(|datagram| datagram.payload),
            Transport::Icmp(message) if matches!((message.v6, message.kind), (false, 0 | 8) | (true, 128 | 129)) => {
                message.rest.get(4..)
            }
            Transport::Icmp(_) | Transport::Sctp { .. } => None,
            Transport::Other(_) => Some(self.octets),
        }
    }

    pub(super) fn verdict(&self) -> Option<Verdict> {
        match self.summed {
            Summed::Known(verdict) => verdict,
            Summed::Of(packet) => checksum::transport(packet),
        }
    }

    fn name(&self) -> Option<&'static str> {
        Some(match self.protocol {
            IpProtocol::TCP => "tcp",
            IpProtocol::UDP => "udp",
            IpProtocol::UDP_LITE => "udplite",
            IpProtocol::ICMP => "icmp",
            IpProtocol::ICMPV6 => "icmpv6",
            IpProtocol::SCTP => "sctp",
            _ => return None,
        })
    }

    fn is(&self, protocols: &[IpProtocol]) -> bool {
        protocols.contains(&self.protocol)
    }
}

impl Row for PacketRow<'_> {
    fn values<'a>(&'a self, field: Field, each: &mut dyn FnMut(Value<'a>)) {
        self.layered(field, &mut |_, value| each(value));
    }

    fn layered<'a>(&'a self, field: Field, each: &mut dyn FnMut(usize, Value<'a>)) {
        let row: &PacketRow<'a> = self;
        match field.read() {
            Read::Frame(read) | Read::Datagram(read) => read(row, &mut Out(&mut |value| each(1, value))),
            Read::Link(name, read) => {
                for (layer, octets) in (1..).zip(row.link_headers(name)) {
                    read(octets, &mut Out(&mut |value| each(layer, value)));
                }
            }
            Read::Ipv4(read) => row.read_ips(4, read, each),
            Read::Ipv6(read) => row.read_ips(6, read, each),
            Read::Tcp(read) => row.read_uppers(&[IpProtocol::TCP], read, each),
            Read::Udp(read) => row.read_uppers(&[IpProtocol::UDP, IpProtocol::UDP_LITE], read, each),
            Read::Icmp(read) => row.read_uppers(&[IpProtocol::ICMP], read, each),
            Read::Icmpv6(read) => row.read_uppers(&[IpProtocol::ICMPV6], read, each),
            Read::Tracked(read) => {
                if let Some(update) = row.update {
                    read(row, update, &mut Out(&mut |value| each(1, value)));
                }
            }
            Read::Connection(read) => {
                if let Some(connection) = row.connection() {
                    read(connection, &mut Out(&mut |value| each(1, value)));
                }
            }
            Read::Row => {}
        }
    }
}

impl<'a> PacketRow<'a> {
    fn read_ips(&self, version: u8, read: fn(&Ip<'a>, &mut Out<'_, 'a>), each: &mut dyn FnMut(usize, Value<'a>)) {
        for (layer, ip) in (1..).zip(self.ips(version)) {
            read(&ip, &mut Out(&mut |value| each(layer, value)));
        }
    }

    fn read_uppers(
        &self,
        protocols: &[IpProtocol],
        read: fn(&Upper<'a>, &mut Out<'_, 'a>),
        each: &mut dyn FnMut(usize, Value<'a>),
    ) {
        for (layer, upper) in (1..).zip(self.uppers().filter(|upper| upper.is(protocols))) {
            read(&upper, &mut Out(&mut |value| each(layer, value)));
        }
    }
}

/// Where a frame stands in time. As in Wireshark, a frame without a time stands at the begin of 1970.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Its own time.
    now: Timestamp,
    /// That of the first frame.
    pub(super) first: Timestamp,
    /// That of the frame before; its own if it is the first.
    pub(super) previous: Timestamp,
    /// Those of the first frame of its conversation and of the one before it there.
    conversation: (Timestamp, Timestamp),
}

impl Times {
    pub(super) fn since_first(&self) -> SignedDuration {
        self.now.since(self.conversation.0)
    }

    pub(super) fn since_previous(&self) -> SignedDuration {
        self.now.since(self.conversation.1)
    }
}

/// Remembers when frames and conversations were seen.
#[derive(Debug, Default)]
pub struct Clock {
    first: Option<Timestamp>,
    previous: Option<Timestamp>,
    conversations: HashMap<FlowId, (Timestamp, Timestamp), foldhash::fast::RandomState>,
}

impl Clock {
    /// Conversations whose times are kept; frames of others stand at the begin of theirs.
    const MAX_CONVERSATIONS: usize = 4 << 20;

    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where a frame stands; frames come in file order.
    pub fn see(&mut self, frame: &Frame<'_>, update: Option<&Update<'_>>) -> Times {
        let now = frame.timestamp.unwrap_or(Timestamp::new(0, 0));
        let quoted = |update: &Update<'_>| update.about?.flow.filter(|flow| flow.protocol == Protocol::Tcp);
        let flow = update.and_then(|update| update.flow.or_else(|| quoted(update)));
        let first = *self.first.get_or_insert(now);
        let previous = self.previous.replace(now).unwrap_or(now);
        Times { now, first, previous, conversation: flow.map_or((now, now), |flow| self.conversation(flow, now)) }
    }

    /// When the conversation began and was seen last.
    fn conversation(&mut self, flow: FlowId, now: Timestamp) -> (Timestamp, Timestamp) {
        if let Some(known) = self.conversations.get_mut(&flow) {
            let before = *known;
            known.1 = now;
            return before;
        }
        if self.conversations.len() < Self::MAX_CONVERSATIONS {
            self.conversations.insert(flow, (now, now));
        }
        (now, now)
    }
}
