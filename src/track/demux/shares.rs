//! What each socket got of all packets, and by which rules.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::mem;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use prefetch_index::prefetch_index;

use super::delivery::{Name, Names};
use super::{Arriving, Delivery, Lookup, Reach, Ruling};
use crate::track::shelves::Shelves;

/// Packets that fared alike: the same verdict, the same sockets, the same rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Share {
    /// Who got them.
    pub verdict: Reach,
    /// The names of those sockets.
    pub sockets: Names,
    /// What decided.
    pub rule: Lookup,
    /// What may have decided instead.
    pub or_rule: Option<Lookup>,
    /// The frame of the first one.
    pub first_frame: u64,
    /// How many there were.
    pub packets: u64,
}

/// Counts packets by what became of them.
#[derive(Debug, Default)]
pub struct Shares {
    shares: Shelves<Share>,
    index: HashTable<u32>,
    hasher: RandomState,
    /// What is counted by the number of a verdict.
    numbered: Vec<Numbered>,
    /// Packets that fared in more ways than are remembered.
    pub left_out: u64,
}

/// How often a numbered verdict was given, but for the first time.
#[derive(Clone, Copy, Debug, Default)]
struct Numbered {
    /// Its share, more by one; 0 if it was not given yet.
    share: u32,
    again: u64,
}

impl Shares {
    /// Ways to fare that are remembered, about 150 octets each: one or a few for each socket.
    pub const MAX: usize = 1_000_000;

    /// Has the processor fetch what is counted of a verdict that is likely to come next.
    #[inline]
    pub fn expect(&self, number: u32) {
        prefetch_index(&self.numbered, number as usize);
    }

    /// Counts a packet by the verdict on it; packets come in file order.
    #[inline]
    pub fn see(&mut self, arriving: &Arriving, ruling: &Ruling<'_>) {
        match ruling.number.and_then(|number| self.numbered.get_mut(number as usize)).filter(|numbered| numbered.share > 0) {
            Some(numbered) => numbered.again = numbered.again.saturating_add(1),
            None => self.see_new(arriving.frame, ruling),
        }
    }

    /// What each socket got, in the order of first packets; the shares of one stand together.
    pub fn by_sockets(&mut self) -> Vec<Vec<&Share>> {
        for Numbered { share, again } in &mut self.numbered {
            let (again, share) = (mem::take(again), share.checked_sub(1).and_then(|share| self.shares.get_mut(share)));
            share.into_iter().for_each(|share| share.packets = share.packets.saturating_add(again));
        }
        let mut rows: Vec<Vec<&Share>> = Vec::new();
        let mut places = HashMap::<_, _, RandomState>::default();
        for share in self.shares.iter() {
            let place = *places.entry((share.verdict, &share.sockets)).or_insert(rows.len());
            match rows.get_mut(place) {
                Some(row) => row.push(share),
                None => rows.push(vec![share]),
            }
        }
        rows
    }

    /// Counts a packet whose verdict has no number, or was not given before.
    #[inline(never)]
    fn see_new(&mut self, frame: u64, ruling: &Ruling<'_>) {
        let place = self.place(frame, ruling);
        let Some((place, share)) = place.and_then(|place| Some((place, self.shares.get_mut(place)?))) else {
            self.left_out = self.left_out.saturating_add(1);
            return;
        };
        share.packets = share.packets.saturating_add(1);
        if let Some(number) = ruling.number.map(|number| number as usize) {
            if self.numbered.len() <= number {
                self.numbered.resize(number.saturating_add(1), Numbered::default());
            }
            let numbered = self.numbered.get_mut(number);
            numbered.into_iter().for_each(|numbered| numbered.share = place.saturating_add(1));
        }
    }

    /// The place of a verdict's share, made if this is the first of it; `None` if there is no room.
    fn place(&mut self, frame: u64, delivery: &Delivery) -> Option<u32> {
        let hash = self.hasher.hash_one(key(delivery.verdict, &delivery.sockets, delivery.rule));
        let shares = &self.shares;
        let same = |place: &u32| shares.get(*place).is_some_and(|share| share.is_of(delivery));
        if let Some(place) = self.index.find(hash, same) {
            return Some(*place);
        }
        let place = u32::try_from(self.shares.len()).ok().filter(|_| self.shares.len() < Self::MAX)?;
        let Delivery { verdict, sockets, rule, or_rule, .. } = delivery;
        let (verdict, sockets, rule, or_rule) = (*verdict, sockets.clone(), *rule, *or_rule);
        self.shares.push(Share { verdict, sockets, rule, or_rule, first_frame: frame, packets: 0 });
        let Self { index, shares, hasher, .. } = self;
        let hash_of = |share: &Share| hasher.hash_one(key(share.verdict, &share.sockets, share.rule));
        index.insert_unique(hash, place, |place| shares.get(*place).map_or(0, hash_of));
        Some(place)
    }
}

/// What is told of a share by its hash.
fn key(verdict: Reach, sockets: &[Name], rule: Lookup) -> (Reach, Option<&Name>, Lookup) {
    (verdict, sockets.first(), rule)
}

impl Share {
    fn is_of(&self, delivery: &Delivery) -> bool {
        (self.verdict, &self.sockets, self.rule, self.or_rule)
            == (delivery.verdict, &delivery.sockets, delivery.rule, delivery.or_rule)
    }
}
