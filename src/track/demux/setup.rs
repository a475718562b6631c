//! What there is to deliver to, before the first packet.

use super::Declared;
use super::births::Birth;
use crate::capture::HostAddress;

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
