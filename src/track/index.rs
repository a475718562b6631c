//! Where the entry of a 5-tuple stands: the index of the tables that every packet is looked up in.
//!
//! Entries are in a list of their own, one behind the other. A place in it is kept with the hash of its key, so that the
//! index grows without a look at the entries, and tells where an entry nearly certainly is before its key was fetched
//! from memory: for many packets first all hashes, then all places, then a look at all entries. Memory answers many
//! questions at once faster than one after the other.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::FlowKey;

/// Packets looked up at once.
pub(super) const BATCH: usize = 64;

/// The places of entries by their keys.
#[derive(Debug, Default)]
pub(super) struct Index {
    places: HashTable<Place>,
    hasher: RandomState,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    hash: Hash,
    entry: u32,
}

/// What a key is found by.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Hash(u32);

impl Hash {
    /// The table takes its place from the low bits and a check from the highest: 32 bits serve for both.
    const fn spread(self) -> u64 {
        (self.0 as u64) << 32 | self.0 as u64
    }
}

impl Index {
    #[inline]
    pub(super) fn hash(&self, key: &FlowKey) -> Hash {
        Hash((self.hasher.hash_one(key) >> 32) as u32)
    }

    /// The place of a key's entry; `is_its` says whether that is what stands in a place.
    #[inline]
    pub(super) fn find(&self, hash: Hash, is_its: impl Fn(u32) -> bool) -> Option<u32> {
        self.places.find(hash.spread(), |place| place.hash == hash && is_its(place.entry)).map(|place| place.entry)
    }

    /// The place of an entry whose key has this hash: one in a thousand million is not the one that is meant.
    #[inline]
    pub(super) fn guess(&self, hash: Hash) -> Option<u32> {
        self.find(hash, |_| true)
    }

    /// Enters the place of a key that has none.
    pub(super) fn insert(&mut self, hash: Hash, entry: u32) {
        self.places.insert_unique(hash.spread(), Place { hash, entry }, |place| place.hash.spread());
    }

    /// Puts another entry in the place of a known one with the same key.
    pub(super) fn replace(&mut self, hash: Hash, known: u32, entry: u32) {
        let place = self.places.find_mut(hash.spread(), |place| place.entry == known);
        place.into_iter().for_each(|place| place.entry = entry);
    }

    /// Forgets all places.
    pub(super) fn clear(&mut self) {
        self.places.clear();
    }
}

#[cfg(test)]
mod tests {
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
        for (entry, hash) in (0..).zip(&hashes) {
            assert_eq!(index.find(*hash, |other| other == entry), None);
            index.insert(*hash, entry);
        }
        for (entry, hash) in (0..).zip(&hashes) {
            assert_eq!(index.find(*hash, |other| other == entry), Some(entry));
            assert!(index.guess(*hash).is_some_and(|guess| hashes[guess as usize] == *hash));
        }
        index.replace(hashes[7], 7, 1007);
        assert_eq!((index.find(hashes[7], |entry| entry == 7), index.guess(hashes[7])), (None, Some(1007)));
        index.clear();
        assert_eq!(index.guess(hashes[8]), None);
    }
}
