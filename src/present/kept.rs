//! Ends of lines that are written again and again, kept by their numbers.

use std::hint::black_box;
use std::ops::Range;

/// Octets kept; a text beyond them is made anew each time.
const MAX_OCTETS: usize = 64 << 20;

/// Octets that memory hands out together.
const CACHE_LINE: usize = 64;

/// Texts of two pieces, one behind the other in one piece of memory. The second one may be the same for many.
#[derive(Debug, Default)]
pub(super) struct Kept {
    octets: Vec<u8>,
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

impl Place {
    const fn range(self) -> Range<usize> {
        self.begin as usize..self.end as usize
    }
}

impl Kept {
    /// The text with this number, in its pieces.
    #[inline]
    pub(super) fn get(&self, number: Option<u32>) -> Option<[&[u8]; 2]> {
        let [first, second] = self.texts.get(number? as usize)?;
        let pieces = [self.octets.get(first.range())?, self.octets.get(second.range())?];
        (!pieces[0].is_empty()).then_some(pieces)
    }

    /// The second piece with this number.
    pub(super) fn shared(&self, number: Option<u32>) -> Option<&[u8]> {
        let place = self.shared.get(number? as usize)?;
        self.octets.get(place.range()).filter(|piece| !piece.is_empty())
    }

    /// Keeps a text, if it has a number and there is room; a second piece that has one too stands there once.
    pub(super) fn keep(&mut self, number: Option<u32>, [first, second]: [&[u8]; 2], shared: Option<u32>) {
        let room = self.octets.len() + first.len() + second.len() <= MAX_OCTETS;
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

    /// Looks at texts that are likely to be wanted next, but for their ends: memory answers many questions at once faster than one after the
    /// other.
    pub(super) fn expect(&self, numbers: &[u32]) {
        let mut seen = 0;
        for [text, _] in numbers.iter().filter_map(|number| self.get(Some(*number))) {
            for place in [0, CACHE_LINE, text.len() - 1] {
                seen ^= text.get(place).copied().unwrap_or_default();
            }
        }
        black_box(seen);
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.octets.clear();
        self.texts.clear();
        self.shared.clear();
    }

    fn place(&mut self, text: &[u8]) -> Place {
        let begin = self.octets.len() as u32;
        self.octets.extend_from_slice(text);
        Place { begin, end: self.octets.len() as u32 }
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
        kept.get(Some(number)).map(|pieces| String::from_utf8(pieces.concat()).unwrap())
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
        assert_eq!(texts.get(None), None);
        texts.clear();
        assert_eq!(texts.get(Some(2)), None);
    }

    #[test]
    fn a_second_piece_with_a_number_stands_there_once() {
        let mut texts = Kept::default();
        texts.keep(Some(0), [b"zero ", b"shared"], Some(1));
        texts.keep(Some(1), [b"one ", b"shared"], Some(1));
        assert_eq!((kept(&texts, 0), kept(&texts, 1)), (Some("zero shared".into()), Some("one shared".into())));
        assert_eq!((texts.shared(Some(1)), texts.shared(Some(0)), texts.shared(None)), (Some(&b"shared"[..]), None, None));
        assert_eq!(texts.octets.len(), "zero one shared".len());
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
