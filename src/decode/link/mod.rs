//! Link headers, and whatever stands between them and IP.
//!
//! A frame opens with a chain of headers: Ethernet, two VLAN tags, PPPoE, PPP, and only then IP. Each room of this folder
//! reads some kinds of header and says what comes next; [`Headers`] follows the chain. The EtherType ends it: IP, ARP, or
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
/// When it has ended, `link` is complete, `rest` stands at the network header and `next` or `stop` says what is there.
#[derive(Clone, Debug)]
pub(super) struct Headers<'a> {
    /// What the headers passed so far say.
    pub(super) link: Link,
    /// What was not read yet.
    pub(super) rest: Cursor<'a>,
    /// What stands at `rest`.
    pub(super) next: Protocol,
    /// Why the chain ended early.
    pub(super) stop: Option<Stop>,
    count: u8,
}

impl<'a> Headers<'a> {
    /// Headers read before giving up: more than any network stacks, and a bound on hostile frames.
    const MAX: u8 = 64;

    #[inline]
    pub(super) fn new(frame: &Frame<'a>) -> Self {
        let wire_len = usize::try_from(frame.original_len).unwrap_or(usize::MAX).max(frame.octets.len());
        let next = Protocol::of_link_type(frame.link_type);
        Self {
            link: Link {
                source: None,
                destination: None,
                travel: None,
                ether_type: next.ether_type(),
                vlan: None,
                header_len: 0,
            },
            rest: Cursor { at: 0, octets: frame.octets, wire_len: Some(wire_len) },
            next,
            stop: None,
            count: 0,
        }
    }

    /// The link header, unless not even one header could be read.
    #[inline]
    pub(super) fn link(&self) -> Option<Link> {
        (self.count > 0 || matches!(self.next, Protocol::Network(_))).then_some(self.link)
    }

    #[cold]
    fn stopped(&mut self, reason: Reason) -> Option<Header> {
        self.stop = Some(self.rest.stop(Layer::Link, reason));
        None
    }
}

impl Iterator for Headers<'_> {
    type Item = Header;

    #[inline]
    fn next(&mut self) -> Option<Header> {
        if self.stop.is_some() || matches!(self.next, Protocol::Network(_) | Protocol::Unknown(_)) {
            return None;
        }
        if self.count == Self::MAX {
            return self.stopped(Reason::Malformed("too many link headers"));
        }
        let step = match self.next.read(self.rest.octets, &mut self.link) {
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

/// One header of the chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Header {
    pub(super) protocol: Protocol,
    /// Offset in the frame, in octets.
    pub(super) at: usize,
    /// Length in octets; 0 for raw IP, which has none.
    pub(super) len: usize,
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
