//! What belongs to a stream, by its number.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// A value for each of some streams of one protocol.
#[derive(Clone, Debug)]
pub(super) enum ByStream<T> {
    /// For most streams from 0 on: the way of a file, of which all is remembered.
    Dense(Vec<Option<T>>),
    /// For few of very many: the way of a capture that never ends.
    Sparse(HashMap<u32, T, RandomState>),
}

impl<T> Default for ByStream<T> {
    fn default() -> Self {
        Self::Dense(Vec::new())
    }
}

impl<T: Copy> ByStream<T> {
    #[inline]
    pub(super) fn get(&self, stream: u32) -> Option<T> {
        match self {
            Self::Dense(values) => values.get(stream as usize).copied().flatten(),
            Self::Sparse(values) => values.get(&stream).copied(),
        }
    }

    pub(super) fn insert(&mut self, stream: u32, value: T) {
        match self {
            Self::Dense(values) => {
                let place = stream as usize;
                if values.len() <= place {
                    values.resize(place.saturating_add(1), None);
                }
                values.get_mut(place).into_iter().for_each(|old| *old = Some(value));
            }
            Self::Sparse(values) => {
                values.insert(stream, value);
            }
        }
    }
}

/// Few of many.
impl<T> FromIterator<(u32, T)> for ByStream<T> {
    fn from_iter<I: IntoIterator<Item = (u32, T)>>(values: I) -> Self {
        Self::Sparse(values.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_hold_the_same() {
        for mut values in [ByStream::default(), [].into_iter().collect::<ByStream<char>>()] {
            values.insert(3, 'a');
            values.insert(0, 'b');
            values.insert(3, 'c');
            assert_eq!([0, 1, 3, 4].map(|stream| values.get(stream)), [Some('b'), None, Some('c'), None]);
        }
    }
}
