//! Ends of lines that are written again and again, kept by their numbers.

use prefetch_index::prefetch_index;

use super::page::{Piece, STEP};

/// Octets kept; a text beyond them is made anew each time.
const MAX_OCTETS: usize = 64 << 20;

/// Texts of two pieces, one behind the other in one piece of memory. The second one may be the same for many.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// All pieces, and behind them what fills the last step.
    octets: Vec<u8>,
    /// Octets of the pieces.
    len: usize,
    /// The pieces of each text; empty if there is none.
    texts: Vec<[Place; 2]>,
    /// Second pieces that have a number themselves.
    shared: Vec<Place>,
}

/// Where a piece begins and ends.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    begin: u32,
    end: u32,
}

impl Kept {
    /// The text with this number, in its pieces.
    #[inline(always)]
    pub(super) fn get(&self, number: Option<u32>) -> Option<[Piece<'_>; 2]> {
        let [first, second] = *self.texts.get(number? as usize)?;
        Some([self.piece(first)?, self.piece(second)?])
    }

    /// The second piece with this number.
    pub(super) fn shared(&self, number: Option<u32>) -> Option<&[u8]> {
        Some(self.piece(*self.shared.get(number? as usize)?)?.octets())
    }

    /// Keeps a text, if it has a number and there is room; a second piece that has one too stands there once.
    pub(super) fn keep(&mut self, number: Option<u32>, [first, second]: [&[u8]; 2], shared: Option<u32>) {
        let room = self.len + first.len() + second.len() <= MAX_OCTETS;
        let Some(number) = number.filter(|_| room) else { return };
        let second = match shared {
            None => self.place(second),
            Some(number) if self.shared(shared).is_some() => self.shared[number as usize],
            Some(number) => {
                let place = self.place(second);
                put(&mut self.shared, number, place);
                place
            }
        };
        let text = [self.place(first), second];
        put(&mut self.texts, number, text);
    }

    /// Has the processor fetch texts that are likely to be wanted next.
    pub(super) fn fetch(&self, numbers: &[u32]) {
        numbers.iter().for_each(|number| prefetch_index(&self.texts, *number as usize));
        for [text, _] in numbers.iter().filter_map(|number| self.texts.get(*number as usize)) {
            (text.begin..text.end).step_by(STEP).for_each(|place| prefetch_index(&self.octets, place as usize));
            prefetch_index(&self.octets, text.end as usize);
        }
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// What stands in a place; `None` if there is nothing.
    #[inline(always)]
    fn piece(&self, Place { begin, end }: Place) -> Option<Piece<'_>> {
        if begin == 0 { None } else { Piece::of(&self.octets, begin as usize, end as usize) }
    }

    /// Nothing stands at the very begin: there a place would look like none.
    fn place(&mut self, text: &[u8]) -> Place {
        let begin = self.len.max(1);
        self.octets.resize(begin, 0);
        self.octets.extend_from_slice(text);
        self.len = self.octets.len();
        self.octets.resize(self.len + STEP, 0);
        Place { begin: begin as u32, end: self.len as u32 }
    }
}

fn put<T: Clone + Default>(places: &mut Vec<T>, number: u32, place: T) {
    if places.len() <= number as usize {
        places.resize(number as usize + 1, T::default());
    }
    places[number as usize] = place;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(kept: &Kept, number: u32) -> Option<String> {
        let pieces = kept.get(Some(number))?.map(Piece::octets);
        Some(String::from_utf8(pieces.concat()).unwrap())
    }

    #[test]
    fn texts_are_found_by_their_numbers() {
        let mut texts = Kept::default();
        texts.keep(Some(2), [b"two", b""], None);
        texts.keep(Some(0), [b"zero", b"!"], None);
        texts.keep(None, [b"none", b""], None);
        texts.keep(Some(2), [b"another", b"!"], None);
        let expected = [Some("zero!"), None, Some("another!"), None];
        assert_eq!([0, 1, 2, 3].map(|number| kept(&texts, number)), expected.map(|text| text.map(String::from)));
        assert!(texts.get(None).is_none());
        texts.clear();
        assert!(texts.get(Some(2)).is_none());
    }

    #[test]
    fn a_second_piece_with_a_number_stands_there_once() {
        let mut texts = Kept::default();
        texts.keep(Some(0), [b"zero ", b"shared"], Some(1));
        texts.keep(Some(1), [b"one ", b"shared"], Some(1));
        assert_eq!((kept(&texts, 0), kept(&texts, 1)), (Some("zero shared".into()), Some("one shared".into())));
        assert_eq!((texts.shared(Some(1)), texts.shared(Some(0)), texts.shared(None)), (Some(&b"shared"[..]), None, None));
        assert_eq!(texts.len, 1 + "zero one shared".len());
        texts.clear();
        assert_eq!(texts.shared(Some(1)), None);
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let mut texts = Kept::default();
        texts.keep(Some(0), [&vec![b'x'; MAX_OCTETS], b""], None);
        texts.keep(Some(1), [b"y", b""], None);
        assert!(texts.get(Some(0)).is_some() && texts.get(Some(1)).is_none());
    }
}
