//! The verdict on one packet.

use std::ops::Deref;
use std::sync::Arc;

use smallvec::SmallVec;

use super::{Basis, Lookup, Reach};
use crate::track::shelves::Shelves;

/// A socket's name, as many verdicts tell it.
pub type Name = Arc<str>;

/// The names of sockets: mostly there is one.
pub type Names = SmallVec<[Name; 1]>;

/// The verdict on one packet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delivery {
    /// Who gets it.
    pub verdict: Reach,
    /// The names of those sockets.
    pub sockets: Names,
    /// What decided.
    pub rule: Lookup,
    /// Sockets on the same port that do not get it, if there are any.
    pub losers: Option<Arc<Losers>>,
    /// How the capture shows the socket that gets it, or that nobody was there; `None` where sockets are declared, or
    /// none is known.
    pub basis: Option<Basis>,
    /// What may have decided instead, where the binding of the socket is unknown.
    pub or_rule: Option<Lookup>,
    /// Of a SYN the socket it will become, of what follows the listener it came from, where the capture shows them.
    pub kin: Option<Name>,
}

/// A verdict as a table gives it.
///
/// Of most packets it was given before: who knows what was made of it then need not look at it again.
#[derive(Clone, Copy, Debug)]
pub struct Ruling<'t> {
    /// Packets of one 5-tuple with this number have this very verdict; `None` if it is of this packet alone.
    pub number: Option<u32>,
    /// It was given before to a packet of the same way, and this one changes nothing: it neither opens nor ends a connection,
    /// nor refuses one.
    pub again: bool,
    /// Verdicts by their numbers.
    pub(super) known: Option<&'t Shelves<Delivery>>,
    /// The verdict if it has no number.
    pub(super) alone: &'t Delivery,
}

impl Deref for Ruling<'_> {
    type Target = Delivery;

    #[inline]
    fn deref(&self) -> &Delivery {
        let known = self.number.zip(self.known).and_then(|(number, known)| known.get(number));
        known.unwrap_or(self.alone)
    }
}

/// Of one packet alone.
impl<'t> From<&'t Delivery> for Ruling<'t> {
    fn from(delivery: &'t Delivery) -> Self {
        Self { number: None, again: false, known: None, alone: delivery }
    }
}

/// Sockets that do not get a packet, each with the reason.
///
/// Verdicts share them: on a port with many sockets, the first ones lose against most others.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Losers {
    /// In the order of binding; at most [`Delivery::MAX_LOSERS`].
    pub list: Vec<(Name, &'static str)>,
    /// Lists with this number are this very one; `None` if it is of one verdict alone.
    pub number: Option<u32>,
}

impl Delivery {
    /// Losers that are told.
    pub const MAX_LOSERS: usize = 8;

    /// Sockets on the same port that do not get it, each with the reason.
    pub fn losers(&self) -> &[(Name, &'static str)] {
        self.losers.as_ref().map_or(&[], |losers| &losers.list)
    }

    /// The number of that list, if it has one.
    pub fn losers_number(&self) -> Option<u32> {
        self.losers.as_ref()?.number
    }

    /// Nobody, by no rule.
    pub(super) fn none(verdict: Reach) -> Self {
        Self { verdict, sockets: Names::new(), rule: Lookup::None, losers: None, basis: None, or_rule: None, kin: None }
    }
}
