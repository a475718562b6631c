//! Lines that are mostly written again: gathered in one piece of memory, in steps whose length is known beforehand.
//!
//! To foresee how long each piece of a line is, the processor would have to guess, and a wrong guess costs more than the
//! few octets that a whole step copies in vain.

use std::io::{self, Write};

/// Octets copied at once: a line of the processor's cache.
pub(super) const STEP: usize = 64;

/// Octets gathered before they are sent: as many as standard output gathers, which then passes them on as they are.
const GATHERED: usize = 64 << 10;

/// A piece of a line, and behind it whatever fills its last step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    octets: &'a [u8],
    len: usize,
}

impl<'a> Piece<'a> {
    /// The first `len` of these octets; `None` if they end before the last step does.
    #[inline(always)]
    pub(super) fn new(octets: &'a [u8], len: usize) -> Option<Self> {
        (len + STEP <= octets.len()).then_some(Self { octets, len })
    }

    /// The piece itself.
    pub(super) fn octets(self) -> &'a [u8] {
        &self.octets[..self.len]
    }
}

/// Lines that wait to be sent.
#[derive(Debug)]
pub(super) struct Page {
    octets: Vec<u8>,
    len: usize,
}

impl Page {
    /// Nothing on it.
    pub(super) fn new() -> Self {
        Self { octets: vec![0; GATHERED], len: 0 }
    }

    /// Adds a line, and sends all of them if that fills the page.
    ///
    /// # Errors
    /// What the writer says.
    #[inline(always)]
    pub(super) fn write<const N: usize>(&mut self, pieces: [Piece<'_>; N], out: &mut impl Write) -> io::Result<()> {
        let len = pieces.iter().map(|piece| piece.len).sum();
        let mut room = self.room(len);
        for Piece { octets, len } in pieces {
            copy(octets, room, len);
            room = &mut room[len..];
        }
        self.written(len, out)
    }

    /// Adds octets of which nothing is known, and sends all if that fills the page.
    ///
    /// # Errors
    /// What the writer says.
    pub(super) fn write_any(&mut self, octets: &[u8], out: &mut impl Write) -> io::Result<()> {
        self.room(octets.len())[..octets.len()].copy_from_slice(octets);
        self.written(octets.len(), out)
    }

    /// Sends what is on it.
    ///
    /// # Errors
    /// What the writer says.
    pub(super) fn send(&mut self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(&self.octets[..std::mem::take(&mut self.len)])
    }

    /// At least so many octets to write over, and a step.
    #[inline(always)]
    fn room(&mut self, len: usize) -> &mut [u8] {
        if self.octets.len() < self.len + len + STEP {
            self.octets.resize(self.len + len + GATHERED, 0);
        }
        &mut self.octets[self.len..]
    }

    /// Adds what stands in the [room](Self::room).
    #[inline(always)]
    fn written(&mut self, len: usize, out: &mut impl Write) -> io::Result<()> {
        self.len += len;
        if self.len < GATHERED { Ok(()) } else { self.send(out) }
    }
}

/// Copies in whole steps at least `len` octets.
#[inline(always)]
fn copy(mut octets: &[u8], mut room: &mut [u8], len: usize) {
    for _ in 0..len.div_ceil(STEP) {
        let (Some((from, rest)), Some((to, more))) = (octets.split_first_chunk::<STEP>(), room.split_first_chunk_mut()) else {
            return;
        };
        *to = *from;
        (octets, room) = (rest, more);
    }
}

/// A number between two texts. It mostly counts up, and then only its last digits are written.
#[derive(Debug)]
pub(super) struct Odometer {
    before: &'static str,
    behind: &'static str,
    width: usize,
    number: u64,
    octets: Vec<u8>,
    len: usize,
}

impl Odometer {
    /// A number that is right-aligned in `width` cells.
    pub(super) fn new(before: &'static str, width: usize, behind: &'static str) -> Self {
        let mut odometer = Self { before, behind, width, number: 0, octets: Vec::new(), len: 0 };
        odometer.write();
        odometer
    }

    /// Shows this number.
    #[inline(always)]
    pub(super) fn at(&mut self, number: u64) -> Piece<'_> {
        let counts_up = number == self.number.wrapping_add(1);
        self.number = number;
        if !(counts_up && self.count_up()) {
            self.write();
        }
        Piece { octets: &self.octets, len: self.len }
    }

    /// Adds one, if there are digits enough.
    #[inline(always)]
    fn count_up(&mut self) -> bool {
        let digits = self.before.len()..self.len.saturating_sub(self.behind.len());
        for digit in self.octets[digits].iter_mut().rev() {
            match *digit {
                b'9' => *digit = b'0',
                b'0'..b'9' => {
                    *digit += 1;
                    return true;
                }
                _ => break,
            }
        }
        false
    }

    #[cold]
    fn write(&mut self) {
        let Self { before, behind, width, number, .. } = *self;
        self.octets = format!("{before}{number:>width$}{behind}").into_bytes();
        self.len = self.octets.len();
        self.octets.resize(self.len + STEP, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_counts_up_or_jumps() {
        let mut odometer = Odometer::new("<", 3, ">");
        for number in (1..=1_234).chain([1_236, 9_999, 10_000, 7, 7, 8, u64::MAX, 0, 1]) {
            assert_eq!(odometer.at(number).octets(), format!("<{number:>3}>").as_bytes());
        }
    }

    #[test]
    fn pieces_stand_one_behind_the_other_whatever_their_length() {
        let store: Vec<u8> = (0..=u8::MAX).cycle().take(3 * GATHERED).collect();
        let (mut page, mut sent, mut expected) = (Page::new(), Vec::new(), Vec::new());
        for len in (0..200).chain([GATHERED - 1, GATHERED, 2 * GATHERED]) {
            let (first, second) = (&store[len..], &store[7..]);
            page.write([Piece::new(first, len).unwrap(), Piece::new(second, 3).unwrap()], &mut sent).unwrap();
            expected.extend_from_slice(&first[..len]);
            expected.extend_from_slice(&second[..3]);
        }
        page.send(&mut sent).unwrap();
        assert!(sent == expected);
        assert!(Piece::new(&store[..STEP], 1).is_none());
    }
}
