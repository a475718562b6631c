//! Texts that are written again and again, kept by their numbers.

/// Octets kept; a text beyond them is made anew each time.
const MAX_OCTETS: usize = 64 << 20;

/// Octets that memory hands out together.
const CACHE_LINE: usize = 64;

/// Texts by number, one behind the other in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct Kept {
    octets: Vec<u8>,
    /// Begin and end of each; empty if there is none.
    places: Vec<(u32, u32)>,
}

impl Kept {
    /// The text with this number.
    #[inline]
    pub(super) fn get(&self, number: Option<u32>) -> Option<&[u8]> {
        let (begin, end) = *self.places.get(number? as usize)?;
        self.octets.get(begin as usize..end as usize).filter(|text| !text.is_empty())
    }

    /// Keeps a text, if it has a number and there is room.
    pub(super) fn keep(&mut self, number: Option<u32>, text: &[u8]) {
        let Some(number) = number.filter(|_| self.octets.len() + text.len() <= MAX_OCTETS) else { return };
        let begin = self.octets.len();
        self.octets.extend_from_slice(text);
        if self.places.len() <= number as usize {
            self.places.resize(number as usize + 1, (0, 0));
        }
        self.places[number as usize] = (begin as u32, self.octets.len() as u32);
    }

    /// Looks at texts that are likely to be wanted next: memory answers many questions at once faster than one after the
    /// other.
    pub(super) fn expect(&self, numbers: &[u32]) {
        let octets = numbers.iter().filter_map(|number| self.get(Some(*number))).flat_map(|text| text.iter().step_by(CACHE_LINE));
        std::hint::black_box(octets.fold(0, |all, octet| all ^ octet));
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.octets.clear();
        self.places.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_their_numbers() {
        let mut kept = Kept::default();
        kept.keep(Some(2), b"two");
        kept.keep(Some(0), b"zero");
        kept.keep(None, b"none");
        kept.keep(Some(2), b"another");
        assert_eq!([0, 1, 2, 3].map(|number| kept.get(Some(number))), [Some(&b"zero"[..]), None, Some(b"another"), None]);
        assert_eq!(kept.get(None), None);
        kept.clear();
        assert_eq!(kept.get(Some(2)), None);
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let mut kept = Kept::default();
        kept.keep(Some(0), &vec![b'x'; MAX_OCTETS]);
        kept.keep(Some(1), b"y");
        assert!(kept.get(Some(0)).is_some() && kept.get(Some(1)).is_none());
    }
}
