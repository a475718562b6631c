//! Link headers, and whatever stands between them and IP.
//!
//! A frame opens with a chain of headers: Ethernet, two VLAN tags, PPPoE, PPP, and only then IP. Each room of this folder
//! reads some kinds of header and says what comes next; `Headers` follows the chain. The EtherType ends it: IP, ARP, or
//! something that is only named.

mod apple;
mod ethernet;
mod linux;
mod loopback;
mod mpls;
mod ppp;
mod wireless;

use std::fmt;

use super::cursor::Cursor;
use super::{EtherType, Layer, Reason, Stop};
use crate::capture::{Frame, LinkType};

/// A 48-bit hardware address.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct MacAddress(pub [u8; 6]);

impl MacAddress {
    /// Everyone on the link.
    pub const BROADCAST: Self = Self([0xff; 6]);
}

/// `02:00:5e:10:00:01`.
impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// The link header of a frame: what a listing or a tracker may ask of it.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// Sender's hardware address, where the link type has one.
    pub source: Option<MacAddress>,
    /// Receiver's hardware address.
    pub destination: Option<MacAddress>,
    /// Which way the packet crossed the capturing host, where the link type says so (SLL, SLL2, PKTAP).
    pub travel: Option<Travel>,
    /// What follows all tags, labels and inner headers; [`EtherType::NONE`] where no EtherType says so.
    pub ether_type: EtherType,
    /// The innermost 802.1Q VLAN id, 0 to 4095.
    pub vlan: Option<u16>,
    /// Octets before the network header.
    pub header_len: usize,
}

impl Link {
    /// A link of which nothing is known yet.
    pub(super) const NONE: Self =
        Self { source: None, destination: None, travel: None, ether_type: EtherType::NONE, vlan: None, header_len: 0 };
}

/// Which way a packet crossed the capturing host.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Travel {
    /// Sent to this host, to all, or to a group.
    In,
    /// Sent by this host.
    Out,
    /// Between other hosts, seen by chance.
    Other,
}

/// The chain of link headers of a frame, outermost first.
///
/// When it has ended, the link is complete, `rest` stands at the network header and `next` or `stop` says what is there.
#[derive(Debug)]
pub(super) struct Headers<'a, 'l> {
    link: &'l mut Link,
    /// What was not read yet.
    pub(super) rest: Cursor<'a>,
    /// What stands at `rest`.
    pub(super) next: Protocol,
    /// Why the chain ended early.
    pub(super) stop: Option<Stop>,
    count: u8,
}

impl<'a, 'l> Headers<'a, 'l> {
    /// Headers read before giving up: more than any network stacks, and a bound on hostile frames.
    const MAX: u8 = 64;

    /// The chain of `frame`; what its headers say is written to `link`, which starts as [`Link::NONE`].
    #[inline]
    pub(super) fn new(frame: &Frame<'a>, link: &'l mut Link) -> Self {
        let wire_len = usize::try_from(frame.original_len).unwrap_or(usize::MAX).max(frame.octets.len());
        let next = Protocol::of_link_type(frame.link_type);
        link.ether_type = next.ether_type();
        Self { link, rest: Cursor { at: 0, octets: frame.octets, wire_len: Some(wire_len) }, next, stop: None, count: 0 }
    }

    /// Not even one header could be read.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0 && !matches!(self.next, Protocol::Network(_))
    }

    #[cold]
    fn stopped(&mut self, reason: Reason) -> Option<Header> {
        self.stop = Some(self.rest.stop(Layer::Link, reason));
        None
    }
}

impl Iterator for Headers<'_, '_> {
    type Item = Header;

    #[inline]
    fn next(&mut self) -> Option<Header> {
        if self.stop.is_some() || matches!(self.next, Protocol::Network(_) | Protocol::Unknown(_)) {
            return None;
        }
        if self.count == Self::MAX {
            return self.stopped(Reason::Malformed("too many link headers"));
        }
        let step = match self.next.read(self.rest.octets, self.link) {
            Ok(step) => step,
            Err(reason) => return self.stopped(reason),
        };
        let header = Header { protocol: self.next, at: self.rest.at, len: step.len };
        self.rest = self.rest.skip(step.len);
        self.next = step.next;
        self.count = self.count.saturating_add(1);
        self.link.header_len = self.rest.at;
        self.link.ether_type = step.next.ether_type();
        Some(header)
    }
}

/// The link headers of a frame, outermost first.
pub fn headers(frame: &Frame<'_>) -> impl Iterator<Item = Header> + use<> {
    let mut link = Link::NONE;
    Headers::new(frame, &mut link).collect::<Vec<_>>().into_iter()
}

/// One header of the chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Header {
    pub(super) protocol: Protocol,
    /// Offset in the frame, in octets.
    pub at: usize,
    /// Length in octets; 0 for raw IP, which has none.
    pub len: usize,
}

impl Header {
    /// Wireshark's name of the protocol; `None` for raw IP, which has no header.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.protocol {
            Protocol::Ethernet => "eth",
            Protocol::Vlan => "vlan",
            Protocol::CiscoMetaData => "cmd",
            Protocol::ServiceHeader => "nsh",
            Protocol::Llc => "llc",
            Protocol::Fddi => "fddi",
            Protocol::Mpls => "mpls",
            Protocol::Pppoe => "pppoes",
            Protocol::Ppp => "ppp",
            Protocol::CiscoHdlc => "chdlc",
            Protocol::Null | Protocol::Loop => "null",
            Protocol::Sll | Protocol::Sll2 => "sll",
            Protocol::Nflog => "nflog",
            Protocol::Pktap => "pktap",
            Protocol::Radiotap => "radiotap",
            Protocol::Wireless { .. } => "wlan",
            Protocol::Raw | Protocol::Network(_) | Protocol::Unknown(_) | Protocol::LinkType(_) => return None,
        })
    }
}

/// What a room returns: the length of its header, and what follows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Step {
    len: usize,
    next: Protocol,
}

/// What stands at some place before the network header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Protocol {
    Ethernet,
    Vlan,
    CiscoMetaData,
    ServiceHeader,
    Llc,
    Fddi,
    Mpls,
    Pppoe,
    Ppp,
    CiscoHdlc,
    Null,
    Loop,
    Raw,
    Sll,
    Sll2,
    Nflog,
    Pktap,
    Radiotap,
    /// 802.11, whose header some drivers pad to a multiple of four octets.
    Wireless {
        padded: bool,
    },
    /// The chain is complete.
    Network(EtherType),
    /// The chain leads to something that has no EtherType and is not read: the number that announced it.
    Unknown(u16),
    /// The file's link type is not one that is read.
    LinkType(LinkType),
}

impl Protocol {
    const IPV4: Self = Self::Network(EtherType::IPV4);
    const IPV6: Self = Self::Network(EtherType::IPV6);

    /// What a frame of this link type opens with.
    #[inline]
    fn of_link_type(link_type: LinkType) -> Self {
        match link_type {
            LinkType::ETHERNET => Self::Ethernet,
            LinkType::NULL => Self::Null,
            LinkType::LOOP => Self::Loop,
            LinkType::RAW_12 | LinkType::RAW_14 | LinkType::RAW => Self::Raw,
            LinkType::IPV4 => Self::IPV4,
            LinkType::IPV6 => Self::IPV6,
            LinkType::SLL => Self::Sll,
            LinkType::SLL2 => Self::Sll2,
            LinkType::NFLOG => Self::Nflog,
            LinkType::PPP | LinkType::PPP_HDLC => Self::Ppp,
            LinkType::PPP_ETHER => Self::Pppoe,
            LinkType::CISCO_HDLC => Self::CiscoHdlc,
            LinkType::FDDI => Self::Fddi,
            LinkType::IEEE_802_11 => Self::Wireless { padded: false },
            LinkType::RADIOTAP => Self::Radiotap,
            LinkType::PKTAP => Self::Pktap,
            unknown => Self::LinkType(unknown),
        }
    }

    /// What follows a header whose last field is an EtherType.
    #[inline]
    fn of_ether_type(ether_type: EtherType) -> Self {
        match ether_type {
            EtherType::VLAN | EtherType::PROVIDER_BRIDGE | EtherType::QINQ => Self::Vlan,
            EtherType::MPLS | EtherType::MPLS_MULTICAST => Self::Mpls,
            EtherType::PPPOE_SESSION => Self::Pppoe,
            EtherType::CISCO_META_DATA => Self::CiscoMetaData,
            EtherType::NETWORK_SERVICE_HEADER => Self::ServiceHeader,
            _ => Self::Network(ether_type),
        }
    }

    /// The EtherType that the chain has come to.
    #[inline]
    fn ether_type(self) -> EtherType {
        if let Self::Network(ether_type) = self { ether_type } else { EtherType::NONE }
    }

    /// IPv4 or IPv6, as the first four bits of the packet say.
    fn of_ip_version(octets: &[u8]) -> Option<Self> {
        match octets.first()? >> 4 {
            4 => Some(Self::IPV4),
            6 => Some(Self::IPV6),
            _ => None,
        }
    }

    /// Reads one header of this kind.
    #[inline]
    fn read(self, octets: &[u8], link: &mut Link) -> Result<Step, Reason> {
        match self {
            Self::Ethernet => ethernet::ethernet(octets, link),
            Self::Null => loopback::null(octets),
            Self::Vlan => ethernet::vlan(octets, link),
            Self::CiscoMetaData => ethernet::cisco_meta_data(octets),
            Self::ServiceHeader => ethernet::service_header(octets),
            Self::Llc => ethernet::llc(octets),
            Self::Fddi => ethernet::fddi(octets, link),
            Self::Mpls => mpls::label(octets),
            Self::Pppoe => ppp::pppoe(octets),
            Self::Ppp => ppp::ppp(octets),
            Self::CiscoHdlc => ppp::cisco_hdlc(octets),
            Self::Loop => loopback::openbsd(octets),
            Self::Raw => loopback::raw(octets),
            Self::Sll => linux::sll(octets, link),
            Self::Sll2 => linux::sll2(octets, link),
            Self::Nflog => linux::nflog(octets),
            Self::Pktap => apple::pktap(octets, link),
            Self::Radiotap => wireless::radiotap(octets),
            Self::Wireless { padded } => wireless::ieee_802_11(octets, padded, link),
            Self::LinkType(LinkType(number)) | Self::Unknown(number) => Err(Reason::Unsupported(number)),
            Self::Network(EtherType(number)) => Err(Reason::Unsupported(number)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects)]
mod tests {
    use super::super::testing::{concat, ends4, ends6, ethernet, frame, ipv4, ipv6, tcp, udp};
    use super::super::{IpProtocol, packet};
    use super::*;

    /// Reads `header` and a TCP packet over IPv4 behind it.
    #[track_caller]
    fn check4(link_type: LinkType, header: &[u8]) -> Link {
        check(link_type, header, &ipv4(6, &tcp(ends4(), &[], b"hello")), IpProtocol::TCP)
    }

    /// Reads `header` and a UDP packet over IPv6 behind it.
    #[track_caller]
    fn check6(link_type: LinkType, header: &[u8]) -> Link {
        check(link_type, header, &ipv6(17, &udp(ends6(), b"hello")), IpProtocol::UDP)
    }

    #[track_caller]
    fn check(link_type: LinkType, header: &[u8], ip: &[u8], protocol: IpProtocol) -> Link {
        let octets = concat(&[header, ip]);
        let frame = frame(link_type, &octets);
        let packet = packet(&frame);
        assert_eq!(packet.stop, None);
        let link = packet.link.expect("a link header");
        assert_eq!(link.header_len, header.len());
        assert_eq!(packet.ip().map(|ip| (ip.at, ip.protocol)), Some((header.len(), protocol)));
        assert!(packet.ports().is_some());
        link
    }

    /// Reads `octets` up to a stop in the network layer, which names the number that is not read.
    #[track_caller]
    fn check_unread(link_type: LinkType, octets: &[u8], number: u16) {
        let frame = frame(link_type, octets);
        let packet = packet(&frame);
        assert!(packet.link.is_some() && packet.network.is_none());
        assert_eq!(packet.stop.map(|stop| (stop.layer, stop.reason)), Some((Layer::Network, Reason::Unsupported(number))));
    }

    fn mac(last: u8) -> Option<MacAddress> {
        Some(MacAddress([2, 0, 0, 0, 0, last]))
    }

    #[test]
    fn ethernet_and_its_tags() {
        let link = check4(LinkType::ETHERNET, &ethernet(0x0800, &[]));
        assert_eq!((link.source, link.destination, link.vlan, link.ether_type), (mac(1), mac(2), None, EtherType::IPV4));
        assert_eq!(link.source.unwrap().to_string(), "02:00:00:00:00:01");
        check6(LinkType::ETHERNET, &ethernet(0x86dd, &[]));
        for tag in [0x8100, 0x88a8, 0x9100] {
            assert_eq!(check4(LinkType::ETHERNET, &ethernet(tag, &[0xe0, 5, 8, 0])).vlan, Some(5));
        }
        let stack = [0, 1, 0x81, 0, 0, 2, 0x88, 0xa8, 0x0f, 0xff, 0x86, 0xdd];
        assert_eq!(check6(LinkType::ETHERNET, &ethernet(0x88a8, &stack)).vlan, Some(4095));
        check4(LinkType::ETHERNET, &ethernet(0x8909, &[1, 1, 0, 1, 0, 5, 8, 0]));
        check4(LinkType::ETHERNET, &ethernet(0x894f, &[0, 2, 1, 1, 0, 0, 1, 255]));
    }

    #[test]
    fn ethernet_lengths_lead_to_llc() {
        check4(LinkType::ETHERNET, &ethernet(53, &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]));
        check4(LinkType::ETHERNET, &ethernet(53, &[0xaa, 0xaa, 3, 0, 0, 0xf8, 8, 0]));
        check4(LinkType::ETHERNET, &ethernet(53, &[0xaa, 0xaa, 0, 0, 0, 0, 0, 8, 0]));
        check4(LinkType::ETHERNET, &ethernet(48, &[6, 6, 3]));
        check4(LinkType::ETHERNET, &ethernet(0x8100, &[0, 5, 0, 53, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]));
        check_unread(LinkType::ETHERNET, &ethernet(38, &[0x42, 0x42, 3, 0, 0]), 0x42);
        check_unread(LinkType::ETHERNET, &ethernet(53, &[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0, 1]), 0x2000);
    }

    #[test]
    fn a_stack_of_tags_without_end_is_given_up() {
        let octets = ethernet(0x8100, &[0, 1, 0x81, 0].repeat(100));
        let frame = frame(LinkType::ETHERNET, &octets);
        let stop = packet(&frame).stop.unwrap();
        assert_eq!((stop.at, stop.reason), (14 + 4 * 63, Reason::Malformed("too many link headers")));
    }

    #[test]
    fn mpls_guesses_by_the_first_bits() {
        check4(LinkType::ETHERNET, &ethernet(0x8847, &[0, 1, 0, 64, 0, 1, 1, 64]));
        check6(LinkType::ETHERNET, &ethernet(0x8848, &[0, 1, 1, 64]));
        let pseudo_wire = ethernet(0x8847, &[0, 1, 1, 64, 0, 0, 0, 0]);
        let link = packet(&frame(LinkType::ETHERNET, &pseudo_wire)).link.unwrap();
        assert_eq!((link.ether_type, link.header_len), (EtherType::MPLS, 18));
    }

    #[test]
    fn ppp_in_all_its_framings() {
        for link_type in [LinkType::PPP, LinkType::PPP_HDLC] {
            for header in [&[0xff, 3, 0, 0x21][..], &[0, 0x21], &[0x21], &[0xff, 3, 0x21], &[0x0f, 0, 8, 0], &[0x8f, 0, 8, 0]] {
                check4(link_type, header);
            }
            check4(link_type, &[0xff, 3, 2, 0x81, 0, 1, 1, 64]);
            check6(link_type, &[0xff, 3, 0, 0x57]);
            check_unread(link_type, &[0xff, 3, 0xc0, 0x21, 1], 0xc021);
        }
        check4(LinkType::PPP_ETHER, &[0x11, 0, 0, 1, 0, 47, 0, 0x21]);
        check4(LinkType::ETHERNET, &ethernet(0x8864, &[0x11, 0, 0, 1, 0, 47, 0, 0x21]));
        check4(LinkType::CISCO_HDLC, &[0x0f, 0, 8, 0]);
    }

    #[test]
    fn loopback_families_in_both_byte_orders() {
        check4(LinkType::NULL, &[2, 0, 0, 0]);
        check4(LinkType::NULL, &[0, 0, 0, 2]);
        check4(LinkType::NULL, &[0, 0, 2, 0]);
        check4(LinkType::NULL, &[0x0f, 0, 8, 0]);
        check4(LinkType::LOOP, &[0, 0, 0, 2]);
        for family in [10, 23, 24, 28, 30] {
            check6(LinkType::NULL, &[family, 0, 0, 0]);
            check6(LinkType::NULL, &[0, 0, 0, family]);
            check6(LinkType::LOOP, &[0, 0, 0, family]);
        }
        // 24 is IPv6 on some systems only.
        check_unread(LinkType::NULL, &[24, 0, 0, 0, 0x45, 0], 24);
    }

    #[test]
    fn raw_packets_say_their_version() {
        for number in [12, 14, 101, 228] {
            check4(LinkType(number), &[]);
        }
        for number in [12, 14, 101, 229] {
            check6(LinkType(number), &[]);
        }
        let neither = packet(&frame(LinkType::RAW, &[0x55, 0])).stop.unwrap();
        assert_eq!(neither.reason, Reason::Unsupported(0x55));
    }

    #[test]
    fn cooked_captures_tell_the_direction() {
        let sll = |kind: u8, hardware: u16, protocol: u16| {
            let (hardware, protocol) = (hardware.to_be_bytes(), protocol.to_be_bytes());
            concat(&[&[0, kind], &hardware, &[0, 6, 2, 0, 0, 0, 0, 1, 0, 0], &protocol])
        };
        let sll2 = |kind: u8, hardware: u16, protocol: u16| {
            let (hardware, protocol) = (hardware.to_be_bytes(), protocol.to_be_bytes());
            concat(&[&protocol, &[0, 0, 0, 0, 0, 3], &hardware, &[kind, 6, 2, 0, 0, 0, 0, 1, 0, 0]])
        };
        check_cooked(LinkType::SLL, sll);
        check_cooked(LinkType::SLL2, sll2);
    }

    /// Tries the header of one version, made from packet type, hardware type and protocol.
    fn check_cooked(link_type: LinkType, header: impl Fn(u8, u16, u16) -> Vec<u8>) {
        for (kind, travel) in [(0, Travel::In), (1, Travel::In), (2, Travel::In), (3, Travel::Other), (4, Travel::Out)] {
            let link = check4(link_type, &header(kind, 1, 0x0800));
            assert_eq!((link.travel, link.source, link.destination), (Some(travel), mac(1), None));
        }
        check4(link_type, &header(4, 772, 0x0800));
        check6(link_type, &header(4, 65534, 0x86dd));
        check4(link_type, &concat(&[&header(0, 1, 4), &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]]));
        check4(link_type, &concat(&[&header(0, 1, 0x8100), &[0, 5, 8, 0]]));
        check_unread(link_type, &header(0, 824, 0x0800), 0x0800);
        check_unread(link_type, &header(0, 1, 1), 1);
    }

    #[test]
    fn netfilter_logs_in_both_byte_orders() {
        check4(LinkType::NFLOG, &[2, 0, 0, 5, 8, 0, 1, 0, 8, 0, 1, 0, 7, 0, 10, 0, b'a', b'b', 0, 0, 49, 0, 9, 0]);
        check6(LinkType::NFLOG, &[10, 0, 0, 5, 0, 8, 0, 1, 8, 0, 1, 0, 0, 57, 0, 9]);
        let stuck = packet(&frame(LinkType::NFLOG, &[2, 0, 0, 5, 3, 0, 1, 0, 0, 0, 0, 0])).stop.unwrap();
        assert_eq!(stuck.reason, Reason::Malformed("netfilter attribute shorter than its own header"));
    }

    #[test]
    fn pktap_goes_on_with_its_own_link_type() {
        let pktap = |link_type: u8, flags: u8| {
            let mut header = vec![0; 108];
            (header[0], header[8], header[36]) = (108, link_type, flags);
            header
        };
        let link = check4(LinkType::PKTAP, &concat(&[&pktap(1, 1), &ethernet(0x0800, &[])]));
        assert_eq!((link.travel, link.source), (Some(Travel::In), mac(1)));
        assert_eq!(check4(LinkType::PKTAP, &concat(&[&pktap(0, 2), &[2, 0, 0, 0]])).travel, Some(Travel::Out));
        check6(LinkType::PKTAP, &pktap(101, 0));
    }

    #[test]
    fn fddi_addresses_are_bit_reversed() {
        let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
        let link = check4(LinkType::FDDI, &concat(&[&[0x50, 0x40, 0, 0, 0, 0, 0x40, 0x40, 0, 0, 0, 0, 0x80], &snap]));
        assert_eq!((link.source, link.destination), (mac(1), mac(2)));
        check_unread(LinkType::FDDI, &concat(&[&[0xc0], &[0; 12], &snap]), 0xc0);
    }

    #[test]
    fn wireless_data_frames() {
        let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
        let header = |control: [u8; 2], rest: &[u8]| {
            let addresses = [[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 3]].concat();
            concat(&[&control, &[0, 0], &addresses, &[0, 0], rest, &snap])
        };
        let ends = |link: Link| (link.source, link.destination);
        let bare = LinkType::IEEE_802_11;
        assert_eq!(ends(check4(bare, &header([0x08, 0], &[]))), (mac(2), mac(1)));
        assert_eq!(ends(check4(bare, &header([0x08, 1], &[]))), (mac(2), mac(3)));
        assert_eq!(ends(check4(bare, &header([0x08, 2], &[]))), (mac(3), mac(1)));
        assert_eq!(ends(check4(bare, &header([0x08, 3], &[2, 0, 0, 0, 0, 4]))), (mac(4), mac(3)));
        check4(bare, &header([0x88, 1], &[0, 0]));
        check4(bare, &header([0x88, 3], &[2, 0, 0, 0, 0, 4, 0, 0]));
        check4(bare, &header([0x88, 0x81], &[0, 0, 0, 0, 0, 0]));

        let plain = [0, 0, 8, 0, 0, 0, 0, 0];
        let padded = [0, 0, 17, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20];
        let extended = [0, 0, 13, 0, 2, 0, 0, 0x80, 0, 0, 0, 0, 0x20];
        check4(LinkType::RADIOTAP, &concat(&[&plain, &header([0x88, 1], &[0, 0])]));
        check4(LinkType::RADIOTAP, &concat(&[&padded, &header([0x88, 1], &[0, 0, 0, 0])]));
        check4(LinkType::RADIOTAP, &concat(&[&extended, &header([0x88, 1], &[0, 0, 0, 0])]));

        for (control, qos) in
            [([0x08, 0x41], &[][..]), ([0x48, 1], &[]), ([0x80, 0], &[]), ([0x08, 5], &[]), ([0x88, 1], &[0x80, 0])]
        {
            check_unread(bare, &header(control, qos), u16::from_be_bytes(control));
        }
    }
}
