//! What there is to deliver to, before the first packet.

use std::net::{IpAddr, Ipv4Addr};

use super::Declared;
use super::births::Birth;

/// Sockets, and the connections that will open among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setup {
    /// Sockets in the order of binding.
    pub sockets: Vec<Declared>,
    /// The order of binding is known; where it is not, what it would decide is left open.
    pub ordered: bool,
    /// Addresses of this host, as far as they are known.
    pub addresses: Vec<HostAddress>,
    /// The capture itself shows them: about what it does not show, nothing is concluded.
    pub(super) inferred: bool,
    /// Connected sockets by the frame that brings each.
    pub(super) births: Vec<Birth>,
}

impl Setup {
    /// The sockets that a user declares.
    pub fn declared(sockets: Vec<Declared>, ordered: bool) -> Self {
        Self { sockets, ordered, ..Self::default() }
    }

    /// The same on a host with these addresses.
    #[must_use]
    pub fn on(self, addresses: Vec<HostAddress>) -> Self {
        Self { addresses, ..self }
    }

    /// The capture shows these sockets; nobody declared them.
    pub const fn is_inferred(&self) -> bool {
        self.inferred
    }
}

/// An address of this host and its netmask, as in `192.168.0.7/24`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HostAddress {
    /// The address.
    pub ip: IpAddr,
    /// The bits that all addresses of its network share: up to 32, of IPv6 128.
    pub prefix: u8,
}

impl HostAddress {
    /// The address of everyone in its network (RFC 919); a network of two hosts or one has none (RFC 3021), and neither
    /// has one of IPv6.
    pub fn broadcast(self) -> Option<Ipv4Addr> {
        let IpAddr::V4(ip) = self.ip else { return None };
        let hosts = u32::MAX.checked_shr(self.prefix.into()).filter(|hosts| *hosts > 1)?;
        Some((u32::from(ip) | hosts).into())
    }
}
