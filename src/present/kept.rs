//! Ends of lines that are written again and again, kept by their numbers.

use std::num::NonZeroU32;

use prefetch_index::prefetch_index;

use super::numbered::Rest;
use super::page::{Piece, STEP};

/// Octets kept; a text beyond them is made anew each time.
const MAX_OCTETS: usize = 64 << 20;

/// Texts of two pieces, one behind the other in one piece of memory. The second one may be the same for many.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// All pieces, behind the first octet, and what fills the last step.
    octets: Vec<u8>,
    /// Octets of the pieces.
    len: usize,
    texts: Vec<Option<[Place; 2]>>,
    /// Second pieces that have a number themselves.
    shared: Vec<Option<Place>>,
}

/// Where a piece begins and ends; none begins with the very first octet.
#[derive(Clone, Copy, Debug)]
struct Place {
    begin: NonZeroU32,
    end: u32,
}

impl Kept {
    /// The text with this number, in its pieces.
    #[inline(always)]
    pub(super) fn get(&self, number: Option<u32>) -> Option<[Piece<'_>; 2]> {
        let [first, second] = (*self.texts.get(number? as usize)?)?;
        Some([self.piece(first)?, self.piece(second)?])
    }

    /// The second piece with this number.
    pub(super) fn shared(&self, number: Option<u32>) -> Option<&[u8]> {
        Some(self.piece((*self.shared.get(number? as usize)?)?)?.octets())
    }

    /// Keeps a text, if it has a number and there is room; a second piece that has one too stands there once.
    pub(super) fn keep(&mut self, Rest { id, pieces: [first, second], shared }: Rest<'_>) {
        let room = self.len + first.len() + second.len() <= MAX_OCTETS;
        let Some(number) = id.filter(|_| room) else { return };
        let known = shared.and_then(|shared| *self.shared.get(shared as usize)?);
        let second = known.unwrap_or_else(|| self.place(second));
        shared.into_iter().for_each(|shared| put(&mut self.shared, shared, second));
        let first = self.place(first);
        put(&mut self.texts, number, [first, second]);
    }

    /// Has the processor fetch texts that are likely to be wanted next.
    pub(super) fn fetch(&self, numbers: &[u32]) {
        numbers.iter().for_each(|number| prefetch_index(&self.texts, *number as usize));
        for [text, _] in numbers.iter().filter_map(|number| *self.texts.get(*number as usize)?) {
            (text.begin.get()..text.end).step_by(STEP).for_each(|place| prefetch_index(&self.octets, place as usize));
            prefetch_index(&self.octets, text.end as usize);
        }
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    #[inline(always)]
    fn piece(&self, Place { begin, end }: Place) -> Option<Piece<'_>> {
        Piece::of(&self.octets, begin.get() as usize, end as usize)
    }

    fn place(&mut self, text: &[u8]) -> Place {
        let begin = NonZeroU32::MIN.saturating_add(self.len as u32);
        self.octets.resize(begin.get() as usize, 0);
        self.octets.extend_from_slice(text);
        let end = self.octets.len();
        self.octets.resize(end + STEP, 0);
        self.len += text.len();
        Place { begin, end: end as u32 }
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
        let pieces = kept.get(Some(number))?.map(Piece::octets);
        Some(String::from_utf8(pieces.concat()).unwrap())
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
        assert_eq!((texts.shared(Some(1)), texts.shared(Some(0)), texts.shared(None)), (Some(&b"shared"[..]), None, None));
        assert_eq!(texts.len, "zero one shared".len());
        texts.clear();
        assert_eq!(texts.shared(Some(1)), None);
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let mut texts = Kept::default();
        texts.keep(Rest { id: Some(0), pieces: [&vec![b'x'; MAX_OCTETS], b""], shared: None });
        texts.keep(Rest { id: Some(1), pieces: [b"y", b""], shared: None });
        assert!(texts.get(Some(0)).is_some() && texts.get(Some(1)).is_none());
    }
}
