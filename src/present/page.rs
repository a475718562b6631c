//! Lines that are mostly written again: gathered in one piece of memory, in steps whose length is known beforehand.
//!
//! To foresee how long each piece of a line is, the processor would have to guess, and a wrong guess costs more than the
//! few octets that a whole step copies in vain.

use std::io::{self, Write};

/// Octets copied at once: a line of the processor's cache.
pub(super) const STEP: usize = 64;

/// Octets gathered before they are sent: as many as standard output gathers, which then passes them on as they are.
const GATHERED: usize = 64 << 10;

/// A piece of a line, and behind it a step of whatever stands there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a>(&'a [u8]);

impl<'a> Piece<'a> {
    /// The piece from `begin` to `end`; `None` if the octets end before the step does.
    #[inline(always)]
    pub(super) fn of(octets: &'a [u8], begin: usize, end: usize) -> Option<Self> {
        octets.get(begin..end + STEP).map(Self)
    }

    #[inline(always)]
    fn len(self) -> usize {
        self.0.len() - STEP
    }

    /// The piece itself.
    pub(super) fn octets(self) -> &'a [u8] {
        &self.0[..self.len()]
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
        let len = pieces.iter().map(|piece| piece.len()).sum();
        let mut room = self.room(len);
        for piece in pieces {
            copy(piece.0, room);
            room = &mut room[piece.len()..];
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

/// Copies all whole steps.
#[inline(always)]
fn copy(mut octets: &[u8], mut room: &mut [u8]) {
    while let (Some((from, rest)), Some((to, more))) = (octets.split_first_chunk::<STEP>(), room.split_first_chunk_mut()) {
        *to = *from;
        (octets, room) = (rest, more);
    }
}

/// A number between two texts. It mostly counts up, and then only its last digit is written.
#[derive(Debug)]
pub(super) struct Odometer {
    before: &'static str,
    behind: &'static str,
    width: usize,
    number: u64,
    octets: Vec<u8>,
    /// Where the last digit stands.
    last: usize,
}

impl Odometer {
    /// A number that is right-aligned in `width` cells.
    pub(super) fn new(before: &'static str, width: usize, behind: &'static str) -> Self {
        let mut odometer = Self { before, behind, width, number: 0, octets: Vec::new(), last: 0 };
        odometer.write();
        odometer
    }

    /// Shows this number.
    #[inline(always)]
    pub(super) fn at(&mut self, number: u64) -> Piece<'_> {
        let counts_up = self.number.checked_add(1) == Some(number);
        self.number = number;
        match self.octets.get_mut(self.last).filter(|digit| counts_up && **digit < b'9') {
            Some(digit) => *digit += 1,
            None => self.write(),
        }
        Piece(&self.octets)
    }

    #[inline(never)]
    fn write(&mut self) {
        let Self { before, behind, width, number, .. } = *self;
        self.octets.clear();
        let _ = write!(self.octets, "{before}{number:>width$}{behind}");
        self.last = self.octets.len() - behind.len() - 1;
        self.octets.resize(self.octets.len() + STEP, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_counts_up_or_jumps() {
        let mut odometer = Odometer::new("<", 3, ">");
        for number in (1..=1_234).chain([1_236, 9_999, 10_000, 7, 7, 8, u64::MAX, 0, 1]) {
            let shown = String::from_utf8(odometer.at(number).octets().to_vec()).unwrap();
            assert_eq!(shown, format!("<{number:>3}>"));
        }
    }

    #[test]
    fn pieces_stand_one_behind_the_other_whatever_their_length() {
        let store: Vec<u8> = (0..=u8::MAX).cycle().take(5 * GATHERED).collect();
        let (mut page, mut sent, mut expected) = (Page::new(), Vec::new(), Vec::new());
        for len in (0..200).chain([GATHERED - 1, GATHERED, 2 * GATHERED]) {
            let (first, second) = (&store[len..], &store[6..]);
            page.write([Piece::of(first, 0, len).unwrap(), Piece::of(second, 1, 4).unwrap()], &mut sent).unwrap();
            expected.extend_from_slice(&first[..len]);
            expected.extend_from_slice(&second[1..4]);
        }
        page.send(&mut sent).unwrap();
        assert!(sent == expected);
        assert!(Piece::of(&store[..STEP], 0, 1).is_none());
    }
}
