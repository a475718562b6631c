//! Ends of lines that are written again and again, kept by their numbers.

use std::num::NonZeroU32;
use std::ops::Range;

use prefetch_index::prefetch_index;

use super::numbered::Rest;
use super::page::{Piece, STEP, Step};

/// Steps kept, 64 MiB; a text beyond them is made anew each time.
const MAX_STEPS: usize = 1 << 20;

/// Steps of a text, about.
const STEPS_OF_TEXT: usize = 4;

/// Steps that most first pieces take, and most second ones.
const FIRST: usize = 3;
const SECOND: usize = 1;

/// Texts of two pieces, one behind the other in one piece of memory. The second one may be the same for many.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// All pieces, each beginning with a step of its own, and as many empty steps behind them as a short piece may lack.
    steps: Vec<Step>,
    /// How many there are without those.
    taken: usize,
    texts: Vec<Option<[Place; 2]>>,
    /// Second pieces that have a number themselves.
    shared: Vec<Option<Place>>,
}

/// Where a piece stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Its first step, counted from 1.
    first: NonZeroU32,
    len: u32,
}

impl Kept {
    /// The text with this number, in its pieces.
    #[inline(always)]
    pub(super) fn get(&self, number: Option<u32>) -> Option<(Piece<'_, FIRST>, Piece<'_, SECOND>)> {
        let [first, second] = (*self.texts.get(number? as usize)?)?;
        Some((self.piece(first)?, self.piece(second)?))
    }

    /// The second piece with this number.
    pub(super) fn shared(&self, number: Option<u32>) -> Option<Piece<'_, SECOND>> {
        self.piece(self.place_of_shared(number)?)
    }

    /// Keeps a text, if it has a number and there is room; a second piece that has one too stands there once.
    pub(super) fn keep(&mut self, Rest { id, pieces: [first, second], shared }: Rest<'_>) {
        let steps = self.taken + first.len().div_ceil(STEP) + second.len().div_ceil(STEP);
        let Some(number) = id.filter(|_| steps <= MAX_STEPS) else { return };
        if self.steps.capacity() == 0 {
            // Memory that is never touched costs nothing, and what stands there need not move.
            self.steps.reserve_exact(MAX_STEPS + FIRST);
            self.texts.reserve_exact(MAX_STEPS / STEPS_OF_TEXT);
        }
        self.steps.truncate(self.taken);
        let second = self.place_of_shared(shared).unwrap_or_else(|| self.place(second));
        shared.into_iter().for_each(|shared| put(&mut self.shared, shared, second));
        let first = self.place(first);
        put(&mut self.texts, number, [first, second]);
        self.taken = self.steps.len();
        self.steps.extend([Step::EMPTY; FIRST]);
    }

    /// Has the processor fetch where a text stands that is likely to be wanted soon.
    #[inline]
    pub(super) fn expect(&self, number: u32) {
        prefetch_index(&self.texts, number as usize);
    }

    /// Has the processor fetch texts that are [expected](Kept::expect).
    pub(super) fn fetch(&self, numbers: &[u32]) {
        for [text, _] in numbers.iter().filter_map(|number| *self.texts.get(*number as usize)?) {
            // The last step may be fetched again, rather than asking whether there is one more.
            let Range { start, end } = text.steps();
            (0..FIRST).for_each(|step| prefetch_index(&self.steps, (start + step).min(end.saturating_sub(1))));
        }
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.steps.clear();
        self.taken = 0;
        self.texts.clear();
        self.shared.clear();
    }

    fn place_of_shared(&self, number: Option<u32>) -> Option<Place> {
        *self.shared.get(number? as usize)?
    }

    #[inline(always)]
    fn piece<const N: usize>(&self, place: Place) -> Option<Piece<'_, N>> {
        let Range { start, end } = place.steps();
        Some(Piece { steps: self.steps.get(start..end.max(start + N))?, len: place.len as usize })
    }

    fn place(&mut self, text: &[u8]) -> Place {
        let first = NonZeroU32::MIN.saturating_add(self.steps.len() as u32);
        self.steps.extend(Step::all_of(text));
        Place { first, len: text.len() as u32 }
    }
}

impl Place {
    #[inline(always)]
    fn steps(self) -> Range<usize> {
        let first = self.first.get() as usize - 1;
        first..first + (self.len as usize).div_ceil(STEP)
    }
}

fn put<T: Clone>(places: &mut Vec<Option<T>>, number: u32, place: T) {
    if places.len() <= number as usize {
        places.resize(number as usize + 1, None);
    }
    places[number as usize] = Some(place);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(kept: &Kept, number: u32) -> Option<String> {
        let (first, second) = kept.get(Some(number))?;
        Some(String::from_utf8(first.octets().chain(second.octets()).collect()).unwrap())
    }

    #[test]
    fn texts_are_found_by_their_numbers() {
        let mut texts = Kept::default();
        texts.keep(Rest { id: Some(2), pieces: [b"two", b""], shared: None });
        texts.keep(Rest { id: Some(0), pieces: [b"zero", b"!"], shared: None });
        texts.keep(Rest { id: None, pieces: [b"none", b""], shared: None });
        texts.keep(Rest { id: Some(2), pieces: [b"another", b"!"], shared: None });
        let expected = [Some("zero!"), None, Some("another!"), None];
        assert_eq!([0, 1, 2, 3].map(|number| kept(&texts, number)), expected.map(|text| text.map(String::from)));
        assert!(texts.get(None).is_none());
        texts.clear();
        assert!(texts.get(Some(2)).is_none());
    }

    #[test]
    fn a_second_piece_with_a_number_stands_there_once() {
        let mut texts = Kept::default();
        texts.keep(Rest { id: Some(0), pieces: [b"zero ", b"shared"], shared: Some(1) });
        texts.keep(Rest { id: Some(1), pieces: [b"one ", b"shared"], shared: Some(1) });
        assert_eq!((kept(&texts, 0), kept(&texts, 1)), (Some("zero shared".into()), Some("one shared".into())));
        assert!(texts.shared(Some(1)).is_some_and(|piece| piece.octets().eq(*b"shared")));
        assert!(texts.shared(Some(0)).is_none() && texts.shared(None).is_none());
        assert_eq!(texts.taken, 3);
        texts.clear();
        assert!(texts.shared(Some(1)).is_none());
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let mut texts = Kept::default();
        texts.keep(Rest { id: Some(0), pieces: [&vec![b'x'; MAX_STEPS * STEP], b""], shared: None });
        texts.keep(Rest { id: Some(1), pieces: [b"y", b""], shared: None });
        assert!(texts.get(Some(0)).is_some() && texts.get(Some(1)).is_none());
    }
}
