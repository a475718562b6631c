//! The verdict on one packet.

use std::sync::Arc;

use super::{Basis, Lookup, Reach};

/// A socket's name, as many verdicts tell it.
pub type Name = Arc<str>;

/// The verdict on one packet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delivery {
    /// Who gets it.
    pub verdict: Reach,
    /// The names of those sockets.
    pub sockets: Vec<Name>,
    /// What decided.
    pub rule: Lookup,
    /// Sockets on the same port that do not get it, and why; at most [`Delivery::MAX_LOSERS`].
    pub losers: Vec<(Name, &'static str)>,
    /// How the capture shows the socket that gets it, or that nobody was there; `None` where sockets are declared, or
    /// none is known.
    pub basis: Option<Basis>,
    /// What may have decided instead, where the binding of the socket is unknown.
    pub or_rule: Option<Lookup>,
    /// Of a SYN the socket it will become, of what follows the listener it came from, where the capture shows them.
    pub kin: Option<Name>,
    /// Packets of one 5-tuple with this number have this very verdict; `None` if it is of this packet alone.
    pub number: Option<u32>,
}

impl Delivery {
    /// Losers that are told.
    pub const MAX_LOSERS: usize = 8;

    /// Nobody, by no rule.
    pub(super) const fn none(verdict: Reach) -> Self {
        Self {
            verdict,
            sockets: Vec::new(),
            rule: Lookup::None,
            losers: Vec::new(),
            basis: None,
            or_rule: None,
            kin: None,
            number: None,
        }
    }
}
