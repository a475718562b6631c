//! A list that grows without moving what is in it.
//!
//! Its entries stand on shelves of one length, in order. Nothing is copied when there is no more room, and no more memory
//! is touched than entries need.

use prefetch_index::prefetch_index;

/// Entries of a shelf, as a power of two.
const BITS: u32 = 14;

const LEN: usize = 1 << BITS;

/// A list; entries are found by their places in it.
#[derive(Debug)]
pub(super) struct Shelves<T> {
    /// All but the last are full.
    shelves: Vec<Vec<T>>,
}

impl<T> Default for Shelves<T> {
    fn default() -> Self {
        Self { shelves: Vec::new() }
    }
}

impl<T> Shelves<T> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        let full = self.shelves.len().saturating_sub(1);
        full.saturating_mul(LEN).saturating_add(self.shelves.last().map_or(0, Vec::len))
    }

    #[inline]
    pub(super) fn get(&self, place: u32) -> Option<&T> {
        self.shelves.get((place >> BITS) as usize)?.get(place as usize % LEN)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, place: u32) -> Option<&mut T> {
        self.shelves.get_mut((place >> BITS) as usize)?.get_mut(place as usize % LEN)
    }

    /// Adds one at the end.
    #[inline]
    pub(super) fn push(&mut self, entry: T) {
        match self.shelves.last_mut().filter(|shelf| shelf.len() < LEN) {
            Some(shelf) => shelf.push(entry),
            None => self.push_on_new(entry),
        }
    }

    #[cold]
    fn push_on_new(&mut self, entry: T) {
        let mut shelf = Vec::with_capacity(LEN);
        shelf.push(entry);
        self.shelves.push(shelf);
    }

    /// All of them, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.shelves.iter().flatten()
    }

    /// All of them, to be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.shelves.iter_mut().flatten()
    }

    /// Forgets those that `keep` does not want; the others move together.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        let shelves = std::mem::take(&mut self.shelves);
        shelves.into_iter().flatten().filter(|entry| keep(entry)).for_each(|entry| self.push(entry));
    }
}

/// Has the processor fetch this, the first line of it, from memory, without waiting for it.
#[inline]
pub(super) fn fetch<T>(wanted: &T) {
    prefetch_index(std::slice::from_ref(wanted), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_their_order_and_places() {
        let mut list = Shelves::default();
        assert_eq!((list.len(), list.get(0)), (0, None::<&u32>));
        (0..3 * LEN as u32).for_each(|entry| list.push(entry));
        assert_eq!((list.len(), list.get(3 * LEN as u32)), (3 * LEN, None));
        assert!(list.iter().copied().eq(0..3 * LEN as u32));
        (0..list.len() as u32).for_each(|place| {
            list.get(place).into_iter().for_each(fetch);
            assert_eq!(list.get(place), Some(&place));
        });
        list.get_mut(LEN as u32).into_iter().for_each(|entry| *entry = 7);
        list.iter_mut().for_each(|entry| *entry += 1);
        list.retain(|entry| *entry < 10);
        assert_eq!(list.iter().copied().collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 8]);
        assert_eq!((list.len(), list.get(9)), (10, Some(&8)));
    }
}
