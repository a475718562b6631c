//! Long lists of numbered lines, where behind the number mostly stands what stood in a line before.

use std::io::{self, Write};

use super::kept::Kept;
use super::page::{Odometer, Page};

/// Lines on their way out, and what may be written again.
#[derive(Debug)]
pub(super) struct Numbered {
    page: Page,
    number: Odometer,
    kept: Kept,
}

/// What stands behind the number of a line, in two pieces; the second one may be left out if it is [known](Numbered::knows).
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest<'a> {
    /// By which it is found again; `None` if it is of one line alone.
    pub(super) id: Option<u32>,
    pub(super) pieces: [&'a [u8]; 2],
    /// By which the second piece is found again, if it stands in other lines too.
    pub(super) shared: Option<u32>,
}

impl Numbered {
    /// No line yet; the number is right-aligned in `width` cells between two texts.
    pub(super) fn new(before: &'static str, width: usize, behind: &'static str) -> Self {
        Self { page: Page::new(), number: Odometer::new(before, width, behind), kept: Kept::default() }
    }

    /// Has the processor fetch what is likely to be written again soon, one thing after the other for all of them: one by one
    /// where it stands, then all of that.
    #[inline]
    pub(super) fn expect(&self, id: u32) {
        self.kept.expect(id);
    }

    /// Has the processor fetch what is [expected](Numbered::expect).
    pub(super) fn fetch(&self, ids: &[u32]) {
        self.kept.fetch(ids);
    }

    /// Writes a line whose rest was written before; `None` if it was not, or is forgotten.
    #[inline(always)]
    pub(super) fn again(&mut self, number: u64, id: Option<u32>, out: &mut impl Write) -> Option<io::Result<()>> {
        let (first, second) = self.kept.get(id)?;
        Some(self.page.write_again(self.number.at(number), first, second, out))
    }

    /// Writes a line, and keeps its rest.
    ///
    /// # Errors
    /// What the writer says.
    pub(super) fn anew(&mut self, number: u64, rest: Rest<'_>, out: &mut impl Write) -> io::Result<()> {
        self.kept.keep(rest);
        self.page.write_head(self.number.at(number), out)?;
        let [first, second] = rest.pieces;
        self.page.write_any(first, out)?;
        match self.kept.shared(rest.shared) {
            Some(known) => self.page.write_piece(known, out),
            None => self.page.write_any(second, out),
        }
    }

    /// The second piece with this number was written before.
    pub(super) fn knows(&self, shared: Option<u32>) -> bool {
        self.kept.shared(shared).is_some()
    }

    /// Forgets what was written: the columns are others now.
    pub(super) fn forget(&mut self) {
        self.kept.clear();
    }

    /// Sends all lines that wait.
    ///
    /// # Errors
    /// What the writer says.
    pub(super) fn send(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.page.send(out)
    }
}
