//! Which socket a packet reaches, by Linux's own order of lookup.
//!
//! Sockets are declared in the order in which they were bound, and for each packet the table says who gets it, by which
//! rule, and why the others do not. [`lookup`] is the kernel's search (`__inet_lookup`, `__udp4_lib_lookup` and their
//! IPv6 twins), [`table`] the hash tables it searches, [`children`] the connections that open while the capture runs,
//! [`losers`] the reasons. A [`Setup`] is what a table starts from: what a user declares, or what [`inferred`] makes of a
//! trace.
//!
//! The surprise: among UDP sockets with SO_REUSEADDR the *last* one bound gets what comes, since the kernel adds a
//! socket at the head of its chain.

mod arriving;
mod binding;
mod children;
mod declared;
mod inferred;
mod lookup;
mod losers;
mod setup;
mod table;
#[cfg(test)]
mod tests;

pub use arriving::{Arrivals, Arriving, Mark, Refusal};
pub use binding::obstacle;
pub use declared::{Basis, Declared, Shown, Standing};
pub use lookup::Lookup;
pub use setup::Setup;
pub use table::DemuxTable;

/// Who gets a packet.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Reach {
    /// One socket.
    To,
    /// One of several: a random number or an unknown order decides which.
    OneOf,
    /// Every one of them gets a copy.
    Every,
    /// None: a RST or a port unreachable answers it; a multicast is dropped in silence.
    Refused,
    /// It passes by a host that has none of these sockets.
    NotThisHost,
    /// The table does not tell.
    Unknown,
}

impl Reach {
    /// The word of the machine-readable output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::To => "to",
            Self::OneOf => "one_of",
            Self::Every => "every",
            Self::Refused => "refused",
            Self::NotThisHost => "not_this_host",
            Self::Unknown => "unknown",
        }
    }
}

/// The verdict on one packet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delivery<'t> {
    /// Who gets it.
    pub verdict: Reach,
    /// The names of those sockets.
    pub sockets: Vec<&'t str>,
    /// What decided.
    pub rule: Lookup,
    /// Sockets on the same port that do not get it, and why; at most [`Delivery::MAX_LOSERS`].
    pub losers: Vec<(&'t str, &'static str)>,
    /// How the capture shows the socket that gets it, or that nobody was there; `None` where sockets are declared, or
    /// none is known.
    pub basis: Option<Basis>,
    /// What may have decided instead, where the binding of the socket is unknown.
    pub or_rule: Option<Lookup>,
    /// Of a SYN the socket it will become, of what follows the listener it came from, where the capture shows them.
    pub kin: Option<&'t str>,
}

impl Delivery<'_> {
    /// Nobody, by no rule.
    const fn none(verdict: Reach) -> Self {
        Self { verdict, sockets: Vec::new(), rule: Lookup::None, losers: Vec::new(), basis: None, or_rule: None, kin: None }
    }

    /// Losers that are told.
    pub const MAX_LOSERS: usize = 16;
}
