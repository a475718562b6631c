//! What the search for a packet's socket asks of the packet, worked out once.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Deref;

use super::Arriving;
use super::arriving::stays;
use super::table::Slot;
use crate::decode::tcp::Flags;
use crate::track::{FiveTuple, Protocol};

/// A packet whose socket is sought.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sought<'a> {
    arriving: &'a Arriving,
    /// How it travels.
    pub(super) tuple: FiveTuple,
    /// The interface it came in on, if that is known: what stays on this host comes in on `lo`.
    pub(super) interface: Option<&'a str>,
}

impl<'a> Sought<'a> {
    /// A packet that came in on the interface with this name, if the capture tells it.
    pub(super) fn new(arriving: &'a Arriving, named: Option<&'a str>) -> Self {
        let tuple = arriving.tuple();
        let stays = || stays((tuple.source.ip(), tuple.destination.ip()));
        let interface = named.filter(|name| *name != "any").or_else(|| stays().then_some("lo"));
        Self { arriving, tuple, interface }
    }

    /// The same on another interface.
    pub(super) const fn on(self, interface: &'a str) -> Self {
        Self { interface: Some(interface), ..self }
    }

    pub(super) const fn source(&self) -> SocketAddr {
        self.tuple.source
    }

    pub(super) const fn destination(&self) -> SocketAddr {
        self.tuple.destination
    }

    /// The port it is for.
    pub(super) const fn port(&self) -> (Protocol, u16) {
        (self.tuple.protocol, self.tuple.destination.port())
    }

    /// Where a socket waits for it that is bound to this address.
    pub(super) const fn slot(&self, address: Option<IpAddr>) -> Slot {
        let (protocol, port) = self.port();
        (protocol, address, port)
    }

    /// The segment asks for a connection.
    pub(super) fn opens(&self) -> bool {
        self.has(Flags::SYN) && !self.has(Flags::ACK) && !self.has(Flags::RST)
    }

    /// Goes to a group or to everyone.
    pub(super) const fn goes_to_many(&self) -> bool {
        match self.tuple.destination.ip() {
            IpAddr::V4(address) => {
                address.is_multicast() || address.is_broadcast() || self.arriving.link_broadcast || is_loopback_broadcast(address)
            }
            IpAddr::V6(address) => address.is_multicast(),
        }
    }
}

impl Deref for Sought<'_> {
    type Target = Arriving;

    fn deref(&self) -> &Arriving {
        self.arriving
    }
}

/// The broadcast address of 127.0.0.0/8.
const fn is_loopback_broadcast(address: Ipv4Addr) -> bool {
    matches!(address.octets(), [127, 255, 255, 255])
}
