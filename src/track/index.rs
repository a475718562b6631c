//! Where the entry of a 5-tuple stands: the index of the tables that every packet is looked up in.
//!
//! Entries are in a list of their own, one behind the other. The index holds their places, each with the hash of its key:
//! so it grows without a look at the entries, and tells where an entry nearly certainly is before its key was fetched from
//! memory. Many packets are looked up in turns: [`Index::fetch`] for all of them, then [`Index::guess`], and all entries
//! can be fetched at once, for memory answers many questions at once faster than one after the other.
//!
//! It is a table with open addressing: a hash tells the slot where to begin, and what has no room there stands in the
//! next free one.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use prefetch_index::prefetch_index;

use super::FlowKey;

/// Slots of the smallest table: a power of two, as of all.
const FEWEST: usize = 64;

/// The places of entries by their keys.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Half of them are free or more.
    slots: Vec<Slot>,
    taken: usize,
    hasher: RandomState,
}

/// A place for an entry's place.
#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: Hash,
    /// [`Slot::FREE`] if there is none.
    entry: u32,
}

impl Slot {
    const FREE: u32 = u32::MAX;
}

/// What a key is found by.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Hash(u32);

impl Index {
    /// Entries that there can be.
    pub(super) const MAX: usize = Slot::FREE as usize;

    #[inline]
    pub(super) fn hash(&self, key: &FlowKey) -> Hash {
        Hash((self.hasher.hash_one(key) >> 32) as u32)
    }

    /// Has the processor fetch what [`Index::guess`] will look at.
    #[inline]
    pub(super) fn fetch(&self, hash: Hash) {
        prefetch_index(&self.slots, self.begin(hash));
    }

    /// The place of an entry whose key has this hash: one in a thousand million is not the one that is meant.
    #[inline]
    pub(super) fn guess(&self, hash: Hash) -> Option<u32> {
        self.find(hash, |_| true)
    }

    /// The place of a key's entry; `is_its` says whether that is what stands in a place.
    #[inline]
    pub(super) fn find(&self, hash: Hash, is_its: impl Fn(u32) -> bool) -> Option<u32> {
        let (_, slot) = self.probe(hash, |slot| slot.hash == hash && is_its(slot.entry))?;
        (slot.entry != Slot::FREE).then_some(slot.entry)
    }

    /// Enters the place of a key that has none.
    pub(super) fn insert(&mut self, hash: Hash, entry: u32) {
        if self.taken >= self.slots.len() / 2 {
            self.grow();
        }
        self.put(Slot { hash, entry });
        self.taken = self.taken.saturating_add(1);
    }

    /// Puts another entry in the place of a known one with the same key.
    pub(super) fn replace(&mut self, hash: Hash, known: u32, entry: u32) {
        if let Some((at, slot)) = self.probe(hash, |slot| slot.entry == known)
            && slot.entry == known
        {
            self.set(at, Slot { hash, entry });
        }
    }

    /// Forgets all places.
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.taken = 0;
    }

    /// The slot that a search begins with.
    #[inline]
    const fn begin(&self, hash: Hash) -> usize {
        hash.0 as usize & self.slots.len().wrapping_sub(1)
    }

    /// The first slot that is free or wanted; `None` if there are no slots.
    #[inline]
    fn probe(&self, hash: Hash, is_wanted: impl Fn(&Slot) -> bool) -> Option<(usize, Slot)> {
        let mut at = self.begin(hash);
        loop {
            let slot = self.slots.get(at)?;
            if slot.entry == Slot::FREE || is_wanted(slot) {
                return Some((at, *slot));
            }
            at = at.wrapping_add(1) & self.slots.len().wrapping_sub(1);
        }
    }

    fn put(&mut self, slot: Slot) {
        if let Some((at, _)) = self.probe(slot.hash, |_| false) {
            self.set(at, slot);
        }
    }

    fn set(&mut self, at: usize, slot: Slot) {
        self.slots.get_mut(at).into_iter().for_each(|place| *place = slot);
    }

    /// Doubles the table where it stands: memory that was touched is used again.
    ///
    /// An entry stays in its half or goes to the new one. Begun behind a free slot, each finds all before it in its row of
    /// taken slots settled, and its own place free: nothing is passed that is still to go.
    #[cold]
    fn grow(&mut self) {
        let before = self.slots.len();
        self.slots.resize(before.saturating_mul(2).max(FEWEST), Slot { hash: Hash(0), entry: Slot::FREE });
        let first = self.slots.iter().position(|slot| slot.entry == Slot::FREE).unwrap_or(0);
        for at in (first..before).chain(0..first) {
            let slot = self.slots.get_mut(at).map(|slot| std::mem::replace(slot, Slot { entry: Slot::FREE, ..*slot }));
            slot.filter(|slot| slot.entry != Slot::FREE).into_iter().for_each(|slot| self.put(slot));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::track::{FiveTuple, Protocol};

    #[test]
    fn places_are_found_by_keys_and_replaced() {
        let key = |port: u16| {
            let (source, destination) = (([127, 0, 0, 1], port).into(), ([127, 0, 0, 1], 5000).into());
            FlowKey::from(&FiveTuple { protocol: Protocol::Udp, source, destination })
        };
        let mut index = Index::default();
        let hashes: Vec<Hash> = (0..1000).map(|port| index.hash(&key(port))).collect();
        assert_eq!(index.guess(hashes[0]), None);
        for (entry, hash) in (0..).zip(&hashes) {
            assert_eq!(index.find(*hash, |other| other == entry), None);
            index.insert(*hash, entry);
        }
        for (entry, hash) in (0..).zip(&hashes) {
            assert_eq!(index.find(*hash, |other| other == entry), Some(entry));
            assert!(index.guess(*hash).is_some_and(|guess| hashes[guess as usize] == *hash));
        }
        index.replace(hashes[7], 7, 1007);
        index.replace(hashes[8], 1008, 2008);
        assert_eq!((index.find(hashes[7], |entry| entry == 7), index.guess(hashes[7])), (None, Some(1007)));
        assert_eq!(index.guess(hashes[8]), Some(8), "nothing known, nothing replaced");
        index.clear();
        assert_eq!(index.guess(hashes[8]), None);
        index.insert(hashes[8], 8);
        assert_eq!(index.guess(hashes[8]), Some(8));
    }

    /// Hashes that begin at both ends of every table, and any others.
    fn hashes() -> impl Strategy<Value = Vec<u32>> {
        vec(prop_oneof![0..40_u32, u32::MAX - 40..=u32::MAX, any::<u32>()], 0..300)
    }

    proptest! {
        /// Rows of taken slots, some of them around the end, keep together while the table grows.
        #[test]
        fn entries_are_found_however_the_table_grows(hashes in hashes()) {
            let mut index = Index::default();
            for (entry, hash) in (0..).zip(&hashes) {
                index.insert(Hash(*hash), entry);
                let finds = |(entry, hash): (u32, &u32)| index.find(Hash(*hash), |other| other == entry).is_some();
                prop_assert!((0..=entry).zip(&hashes).all(finds));
            }
        }
    }

    #[test]
    fn keys_with_one_hash_stand_beside_each_other() {
        let (mut index, hash) = (Index::default(), Hash(u32::MAX));
        (0..200).for_each(|entry| index.insert(hash, entry));
        assert!(index.guess(hash).is_some());
        assert!((0..200).all(|entry| index.find(hash, |other| other == entry) == Some(entry)));
        assert_eq!(index.find(hash, |_| false), None);
    }
}
