//! Lines that are mostly written again: gathered in one piece of memory, in steps whose length is known beforehand, and so is
//! how many of them most lines take.
//!
//! To foresee how long each piece of a line is, the processor would have to guess, and a wrong guess costs more than the
//! octets that whole steps copy in vain.

use std::io::{self, Write};

use super::GATHERED;

/// Octets copied at once: a line of the processor's cache, and they begin where one does.
pub(super) const STEP: usize = 64;

/// A piece of a text, or the end of one with whatever stands behind it.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Step(pub(super) [u8; STEP]);

/// Octets of what a line begins with.
const HEAD: usize = 32;

/// What a line begins with: so many of these octets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    octets: [u8; HEAD],
    len: usize,
}

/// A piece of a line that was written before: so many octets of these steps. `N` steps are copied of it in any case, so many
/// or more there are, and the others are hardly ever needed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a, const N: usize> {
    pub(super) steps: &'a [Step],
    pub(super) len: usize,
}

impl Step {
    /// Zeros.
    pub(super) const EMPTY: Self = Self([0; STEP]);

    /// A text in steps.
    pub(super) fn all_of(text: &[u8]) -> impl Iterator<Item = Self> {
        text.chunks(STEP).map(|chunk| {
            let mut step = Self::EMPTY;
            step.0[..chunk.len()].copy_from_slice(chunk);
            step
        })
    }
}

impl<const N: usize> Piece<'_, N> {
    /// Octets that are written over beyond those that it has.
    const MORE: usize = N * STEP;

    /// Writes it to the begin of this room.
    #[inline(always)]
    fn copy(self, room: &mut [u8]) {
        let room = room.as_chunks_mut().0;
        if let (Some(room), Some(steps)) = (room.first_chunk_mut::<N>(), self.steps.first_chunk::<N>()) {
            room.iter_mut().zip(steps).for_each(|(room, step)| *room = step.0);
        }
        if self.steps.len() > N {
            self.steps.iter().zip(room).skip(N).for_each(|(step, room)| *room = step.0);
        }
    }

    /// The piece itself.
    #[cfg(test)]
    pub(super) fn octets(self) -> impl Iterator<Item = u8> {
        self.steps.iter().flat_map(|step| step.0).take(self.len)
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

    /// Adds a line that was written before, but for what it begins with, and sends all of them if that fills the page.
    ///
    /// # Errors
    /// What the writer says.
    #[inline(always)]
    pub(super) fn write_again<const M: usize, const N: usize>(
        &mut self,
        head: &Head,
        first: Piece<'_, M>,
        second: Piece<'_, N>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let len = head.len + first.len + second.len;
        let room = self.room(len + Piece::<M>::MORE + Piece::<N>::MORE);
        room[..HEAD].copy_from_slice(&head.octets);
        first.copy(&mut room[head.len..]);
        second.copy(&mut room[head.len + first.len..]);
        self.written(len, out)
    }

    /// Adds what a line begins with.
    ///
    /// # Errors
    /// What the writer says.
    pub(super) fn write_head(&mut self, head: &Head, out: &mut impl Write) -> io::Result<()> {
        self.write_any(&head.octets[..head.len], out)
    }

    /// Adds a piece that was written before.
    ///
    /// # Errors
    /// What the writer says.
    pub(super) fn write_piece<const N: usize>(&mut self, piece: Piece<'_, N>, out: &mut impl Write) -> io::Result<()> {
        piece.copy(self.room(piece.len + Piece::<N>::MORE));
        self.written(piece.len, out)
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

    /// At least so many octets to write over.
    #[inline(always)]
    fn room(&mut self, len: usize) -> &mut [u8] {
        if self.octets.len() < self.len + len {
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

/// A number between two short texts. It mostly counts up, and then only its last digits are written.
#[derive(Debug)]
pub(super) struct Odometer {
    before: &'static str,
    behind: &'static str,
    width: usize,
    number: u64,
    head: Head,
    /// Where the last digit stands.
    last: usize,
}

impl Odometer {
    /// A number that is right-aligned in `width` cells.
    pub(super) fn new(before: &'static str, width: usize, behind: &'static str) -> Self {
        let mut odometer = Self { before, behind, width, number: 0, head: Head { octets: [0; HEAD], len: 0 }, last: 0 };
        odometer.write();
        odometer
    }

    /// Shows this number.
    #[inline(always)]
    pub(super) fn at(&mut self, number: u64) -> &Head {
        let counts_up = self.number.checked_add(1) == Some(number);
        self.number = number;
        match self.head.octets.get_mut(self.last).filter(|digit| counts_up && **digit < b'9') {
            Some(digit) => *digit += 1,
            None if counts_up => self.carry(),
            None => self.write(),
        }
        &self.head
    }

    /// Adds one to a number that ends with nines.
    #[inline(never)]
    fn carry(&mut self) {
        for digit in self.head.octets[self.before.len()..=self.last].iter_mut().rev() {
            match digit {
                b'9' => *digit = b'0',
                b'0'..=b'8' => {
                    *digit += 1;
                    return;
                }
                _ => break,
            }
        }
        // It has a digit more than it had.
        self.write();
    }

    #[inline(never)]
    fn write(&mut self) {
        let Self { before, behind, width, number, .. } = *self;
        let mut room = self.head.octets.as_mut_slice();
        let written = write!(room, "{before}{number:>width$}{behind}");
        debug_assert!(written.is_ok(), "more than a head has room for");
        self.head.len = HEAD - room.len();
        self.last = self.head.len - behind.len() - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_counts_up_or_jumps() {
        let mut odometer = Odometer::new("<", 3, ">");
        for number in (1..=1_234).chain([1_236, 9_999, 10_000, 7, 7, 8, u64::MAX, 0, 1]).chain(9_985..=10_015) {
            let Head { octets, len } = odometer.at(number);
            assert_eq!(octets[..*len], *format!("<{number:>3}>").as_bytes());
        }
    }

    #[test]
    fn pieces_stand_one_behind_the_other_whatever_their_length() {
        let store: Vec<u8> = (0..=u8::MAX).cycle().take(5 * GATHERED).collect();
        let (mut page, mut sent, mut expected) = (Page::new(), Vec::new(), Vec::new());
        let steps: Vec<Step> = Step::all_of(&store).collect();
        for len in (0..400).chain([GATHERED - 1, GATHERED, 2 * GATHERED]) {
            let head = Head { octets: [b'h'; HEAD], len: len % (HEAD + 1) };
            let first: Piece<'_, 3> = Piece { steps: &steps[1..1 + len.div_ceil(STEP).max(3)], len };
            let second: Piece<'_, 1> = Piece { steps: &steps[6..8], len: 3 + len % STEP };
            page.write_again(&head, first, second, &mut sent).unwrap();
            page.write_head(&head, &mut sent).unwrap();
            page.write_piece(second, &mut sent).unwrap();
            expected.extend_from_slice(&head.octets[..head.len]);
            expected.extend_from_slice(&store[STEP..STEP + len]);
            expected.extend_from_slice(&store[6 * STEP..6 * STEP + second.len]);
            expected.extend_from_slice(&head.octets[..head.len]);
            expected.extend_from_slice(&store[6 * STEP..6 * STEP + second.len]);
        }
        page.send(&mut sent).unwrap();
        assert!(sent == expected);
    }
}
