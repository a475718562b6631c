//! Which socket a packet reaches, by Linux's own order of lookup.
//!
//! Sockets are declared in the order in which they were bound, and for each packet the table says who gets it, by which
//! rule, and why the others do not. [`lookup`] is the kernel's search (`__inet_lookup`, `__udp4_lib_lookup` and their
//! IPv6 twins), [`sought`] what it asks of a packet, [`table`] the hash tables it searches, [`ways`] the 5-tuples of the
//! capture, [`pair`] and [`child`] what is remembered of each and of its connection, [`losers`] the reasons, [`deliver`]
//! the call that asks them all. A [`Setup`] is what a table starts from: what a user declares, or what [`inferred`] makes
//! of a trace; [`shares`] counts what each socket got; [`binding`] says which sockets can be bound beside which.
//!
//! The surprise: among UDP sockets with SO_REUSEADDR the *last* one bound gets what comes, since the kernel adds a
//! socket at the head of its chain.

mod arriving;
mod binding;
mod births;
mod child;
mod declared;
mod deliver;
mod delivery;
mod inferred;
mod lookup;
mod losers;
mod pair;
mod setup;
mod shares;
mod sought;
mod table;
#[cfg(test)]
mod tests;
mod ways;

pub use arriving::{Arrival, Arrivals, Arriving, Mark, Refusal};
pub use binding::obstacle;
pub use declared::{Basis, Declared, Shown, Standing};
pub use delivery::{Delivery, Losers, Name, Names, Ruling};
pub use lookup::Lookup;
pub use setup::Setup;
pub use shares::{Share, Shares};
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
