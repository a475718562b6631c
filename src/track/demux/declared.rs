//! A socket as a user declares it, or as a capture shows it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;

use super::delivery::Name;
use crate::track::{Evidence, Protocol, Rule};

/// One socket with the options that decide what it gets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Declared {
    /// Its name, unique in a table.
    pub name: Name,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// What it is bound to; an IPv6 address makes it a socket of AF_INET6, an IPv4-mapped one too.
    pub local: SocketAddr,
    /// Whom it is connected to.
    pub peer: Option<SocketAddr>,
    /// What it does there.
    pub standing: Standing,
    /// SO_REUSEADDR: lets others bind the same; who gets what, the order of binding decides.
    pub reuse_addr: bool,
    /// SO_REUSEPORT: shares what comes with its group.
    pub reuse_port: bool,
    /// IPV6_V6ONLY: takes no IPv4.
    pub only_v6: bool,
    /// SO_BINDTODEVICE: takes what comes in on this interface.
    pub device: Option<String>,
    /// `net.ipv4.tcp_syncookies` at work: a SYN leaves no request at this listener, so that it gets the third ACK itself.
    /// No packet tells, since a cookie looks like any other sequence number.
    pub syn_cookies: bool,
    /// How it is known, if the capture shows it; `None` if the user says so.
    pub shown: Option<Shown>,
}

/// What a capture tells of a socket, and what it does not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Shown {
    /// How sure it is that there is such a socket.
    pub basis: Basis,
    /// It may be bound to its address or to any: no packet tells.
    pub binding_unknown: bool,
    /// Frames during which nobody was there: calls were refused.
    pub absent: Vec<RangeInclusive<u64>>,
}

/// What a socket was inferred by, and how sure that is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Basis {
    /// How it is known.
    pub evidence: Evidence,
    /// What it was inferred by.
    pub rule: Rule,
}

/// What a socket does at its address.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Standing {
    /// Listens, or is a UDP socket without a peer.
    Open,
    /// Is connected.
    Connected,
    /// Was closed first and waits for late segments.
    TimeWait,
}

impl Declared {
    /// The address the kernel finds it by (`inet_rcv_saddr`); `None` for any address.
    ///
    /// Connecting an unbound UDP socket binds it to the source address of the route (`__ip4_datagram_connect`); of
    /// routes only that over loopback is known.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.bound().or_else(|| match self.peer?.ip().to_canonical() {
            IpAddr::V4(peer) => peer.is_loopback().then_some(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(peer) => peer.is_loopback().then_some(Ipv6Addr::LOCALHOST.into()),
        })
    }

    /// The address it was bound to; `None` for any address.
    pub(super) fn bound(&self) -> Option<IpAddr> {
        Some(self.local.ip().to_canonical()).filter(|address| !address.is_unspecified())
    }

    /// Its other end, IPv4 in IPv6 as IPv4.
    pub(super) fn connected_to(&self) -> Option<SocketAddr> {
        self.peer.map(canonical)
    }

    /// It is a socket of AF_INET.
    pub(super) const fn is_v4(&self) -> bool {
        self.local.is_ipv4()
    }

    /// Packets of this family can reach it (`ipv6_only_sock`).
    pub(super) fn takes(&self, packet: IpAddr) -> bool {
        match packet {
            IpAddr::V4(_) => self.is_v4() || !self.only_v6,
            IpAddr::V6(_) => !self.is_v4() && !self.bound().is_some_and(|address| address.is_ipv4()),
        }
    }

    /// It takes no IPv4 (`sk_ipv6only`, which binding to an IPv6 address sets by itself).
    pub(super) fn is_only_v6(&self) -> bool {
        !self.is_v4() && (self.only_v6 || self.bound().is_some_and(|address| address.is_ipv6()))
    }

    /// What comes in on this interface can reach it (`inet_sk_bound_dev_eq`).
    pub(super) fn hears(&self, interface: Option<&str>) -> bool {
        self.device.is_none() || self.device.as_deref() == interface
    }

    /// It was there at this frame.
    pub(super) fn is_there(&self, frame: u64) -> bool {
        self.shown.as_ref().is_none_or(|shown| !shown.absent.iter().any(|absent| absent.contains(&frame)))
    }

    /// AF_INET6 with SO_REUSEPORT, which goes to the tail of its chain.
    pub(super) const fn is_added_behind(&self) -> bool {
        self.reuse_port && !self.is_v4()
    }
}

/// IPv4 in IPv6 as IPv4, and no scope.
#[inline]
pub(super) fn canonical(end: SocketAddr) -> SocketAddr {
    match end {
        SocketAddr::V4(_) => end,
        SocketAddr::V6(end) => SocketAddr::new(end.ip().to_canonical(), end.port()),
    }
}
