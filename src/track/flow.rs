//! Who talks to whom: the 5-tuple as a packet travels, and the key both ways share.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, SocketAddr};

/// A transport protocol with ports, as conversations count it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP; UDP-Lite sits in the same table, as in Wireshark.
    Udp,
}

impl Protocol {
    /// `tcp` or `udp`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// `TCP` or `UDP`.
impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        })
    }
}

/// Wireshark's `tcp.stream` or `udp.stream`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FlowId {
    /// Whose stream number it is: the two protocols count apart.
    pub protocol: Protocol,
    /// The number, from 0.
    pub number: u32,
}

/// `tcp:3`, as the command line takes it.
impl fmt::Display for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.protocol.word(), self.number)
    }
}

/// Protocol, source and destination of one packet, as it travels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FiveTuple {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Who sent the packet.
    pub source: SocketAddr,
    /// Whom it was sent to.
    pub destination: SocketAddr,
}

/// The hash is taken of every packet: few words, whatever the family.
impl Hash for FiveTuple {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (source, destination) = (self.source, self.destination);
        match (source.ip(), destination.ip()) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                state.write_u64(u64::from(u32::from(source)) << 32 | u64::from(u32::from(destination)));
            }
            (source, destination) => {
                state.write_u128(wide(source));
                state.write_u128(wide(destination));
            }
        }
        state.write_u64(u64::from(source.port()) << 24 | u64::from(destination.port()) << 8 | self.protocol as u64);
    }
}

impl FiveTuple {
    /// The same conversation the other way.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self { protocol: self.protocol, source: self.destination, destination: self.source }
    }
}

/// A 5-tuple without direction, packed for hashing: equal for both ways of a conversation.
///
/// The endpoint that is smaller by address, then by port, is *low*. An endpoint that talks to itself is low both ways.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FlowKey {
    /// Addresses in two words each: IPv4 addresses fill the second one.
    low: [u64; 2],
    high: [u64; 2],
    rest: Rest,
}

/// The hash is taken of every packet: few words.
impl Hash for FlowKey {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(joined(self.low));
        state.write_u128(joined(self.high));
        state.write_u64(self.rest.0);
    }
}

/// The ports of a key's two endpoints and its kind, in one word: what is written in pieces and read as a whole at once
/// has to be waited for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Rest(u64);

impl Rest {
    #[inline(always)]
    const fn new(low_port: u16, high_port: u16, kind: Kind) -> Self {
        Self((low_port as u64) << 48 | (high_port as u64) << 32 | kind as u64)
    }

    #[inline]
    const fn low_port(self) -> u16 {
        (self.0 >> 48) as u16
    }

    #[inline]
    const fn high_port(self) -> u16 {
        (self.0 >> 32) as u16
    }

    #[inline]
    const fn kind(self) -> Kind {
        match self.0 as u8 {
            0 => Kind::Tcp4,
            1 => Kind::Tcp6,
            2 => Kind::Udp4,
            _ => Kind::Udp6,
        }
    }
}

/// Which table and which address family a key belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
enum Kind {
    Tcp4,
    Tcp6,
    Udp4,
    Udp6,
}

/// Which of a key's two endpoints: the smaller or the larger one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Slot {
    Low,
    High,
}

impl FlowKey {
    /// The key of a packet from `source` to `destination`, and the slot of its sender.
    ///
    /// Both ends of a packet are of one family; should they not be, IPv4 is mapped into IPv6.
    #[inline]
    pub(super) fn new(protocol: Protocol, source: (IpAddr, u16), destination: (IpAddr, u16)) -> (Self, Slot) {
        let (is_v6, from, to) = match (source.0, destination.0) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (false, u32::from(a).into(), u32::from(b).into()),
            (a, b) => (true, wide(a), wide(b)),
        };
        Self::of_numbers(protocol, is_v6, (from, source.1), (to, destination.1))
    }

    /// The same by the numbers of the addresses.
    #[inline(always)]
    pub(super) fn of_numbers(protocol: Protocol, is_v6: bool, source: (u128, u16), destination: (u128, u16)) -> (Self, Slot) {
        let kind = match (protocol, is_v6) {
            (Protocol::Tcp, false) => Kind::Tcp4,
            (Protocol::Tcp, true) => Kind::Tcp6,
            (Protocol::Udp, false) => Kind::Udp4,
            (Protocol::Udp, true) => Kind::Udp6,
        };
        // Addresses are equal for all packets of a capture, or for hardly any.
        let is_low = if source.0 == destination.0 { source.1 <= destination.1 } else { source.0 < destination.0 };
        let (low, high) = if is_low { (source, destination) } else { (destination, source) };
        let key = Self { low: halves(low.0), high: halves(high.0), rest: Rest::new(low.1, high.1, kind) };
        (key, if is_low { Slot::Low } else { Slot::High })
    }

    /// The key of what travels so, and the slot of its sender.
    pub(super) fn of(tuple: &FiveTuple) -> (Self, Slot) {
        let (source, destination) = (tuple.source, tuple.destination);
        Self::new(tuple.protocol, (source.ip(), source.port()), (destination.ip(), destination.port()))
    }

    #[inline]
    pub(super) const fn protocol(&self) -> Protocol {
        match self.rest.kind() {
            Kind::Tcp4 | Kind::Tcp6 => Protocol::Tcp,
            Kind::Udp4 | Kind::Udp6 => Protocol::Udp,
        }
    }

    /// The same conversation with IPv4 in IPv6 as IPv4, where both ends are.
    #[inline]
    pub(super) fn canonical(self) -> Self {
        let kind = match self.rest.kind() {
            Kind::Tcp6 => Kind::Tcp4,
            Kind::Udp6 => Kind::Udp4,
            Kind::Tcp4 | Kind::Udp4 => return self,
        };
        match (unmapped(self.low), unmapped(self.high)) {
            (Some(low), Some(high)) => Self { low, high, rest: Rest::new(self.rest.low_port(), self.rest.high_port(), kind) },
            _ => self,
        }
    }

    /// An endpoint talks to itself: both ways are one.
    #[inline]
    pub(super) fn is_loop(&self) -> bool {
        (self.low, self.rest.low_port()) == (self.high, self.rest.high_port())
    }

    /// The endpoint in a slot.
    pub(super) fn endpoint(&self, slot: Slot) -> SocketAddr {
        let (address, port) = match slot {
            Slot::Low => (self.low, self.rest.low_port()),
            Slot::High => (self.high, self.rest.high_port()),
        };
        match self.rest.kind() {
            Kind::Tcp4 | Kind::Udp4 => SocketAddr::new(IpAddr::V4((address[1] as u32).into()), port),
            Kind::Tcp6 | Kind::Udp6 => SocketAddr::new(IpAddr::V6(joined(address).into()), port),
        }
    }
}

impl From<&FiveTuple> for FlowKey {
    fn from(tuple: &FiveTuple) -> Self {
        Self::of(tuple).0
    }
}

fn wide(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().into(),
        IpAddr::V6(address) => address.into(),
    }
}

fn halves(number: u128) -> [u64; 2] {
    [(number >> 64) as u64, number as u64]
}

/// The IPv4 address in an IPv6 address.
fn unmapped([high, low]: [u64; 2]) -> Option<[u64; 2]> {
    (high == 0 && low >> 32 == 0xffff).then_some([0, low & 0xffff_ffff])
}

fn joined([high, low]: [u64; 2]) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

impl Slot {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }
}
