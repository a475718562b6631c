//! The screen as the audience of a capture, and the lines that are printed behind it.

use std::io;

use sockscope::judge::verify::Difference;

use super::super::super::failure::Failure;
use super::super::lines::{Lines, MAX_DIFFERENCES};
use super::super::watch::{Audience, Seen, Sight};
use super::Screen;

/// A screen until the end, and then lines.
pub(in crate::cli::live) struct View<'o> {
    screen: Option<Screen>,
    lines: Lines<'o>,
    /// What was found while the screen was shown, to be told behind it.
    differences: Vec<Difference>,
}

impl<'o> View<'o> {
    pub(in crate::cli::live) const fn new(screen: Screen, lines: Lines<'o>) -> Self {
        Self { screen: Some(screen), lines, differences: Vec::new() }
    }
}

impl Audience for View<'_> {
    fn see(&mut self, sight: Sight<'_>) -> io::Result<()> {
        match sight {
            Sight::Frame(frame, ..) => self.lines.begin(frame.timestamp),
            Sight::Differs(difference) if self.differences.len() < MAX_DIFFERENCES => self.differences.push(*difference),
            Sight::Differs(_) => self.lines.pass_differences(1),
            _ => {}
        }
        self.screen.iter_mut().try_for_each(|screen| screen.see(&sight))
    }

    /// The sockets that the screen's filter showed last.
    fn end(&mut self, seen: &mut Seen) -> Result<(), Failure> {
        if let Some(touched) = self.screen.take().map(Screen::close).transpose()?.flatten() {
            touched.prune(&mut seen.trace);
        }
        seen.last.splice(0..0, self.differences.drain(..));
        self.lines.end(seen)
    }
}
