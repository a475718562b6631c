//! How far reading has come, for big files and people who wait.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

/// Smaller files are read before a bar would be seen.
const BIG: u64 = 64 << 20;

/// Frames between two looks at the bar.
const FRAMES: u64 = 1 << 14;

/// A bar on standard error, if that is a terminal and the file is big.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Nothing read yet.
    pub(crate) fn new(file: &Path) -> Self {
        let big = || fs::metadata(file).ok().filter(|file| file.is_file()).map(|file| file.len()).filter(|size| *size >= BIG);
        let size = if io::stderr().is_terminal() { big() } else { None };
        Self { bar: size.map(bar) }
    }

    /// Frame `number` was read, which ends at the octet that `consumed` gives.
    #[inline]
    pub(crate) fn at(&self, number: u64, consumed: impl FnOnce() -> u64) {
        if let Some(bar) = &self.bar
            && number.is_multiple_of(FRAMES)
        {
            bar.set_position(consumed());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Submissions done, for people who wait.
#[derive(Debug)]
pub(crate) struct Tally {
    bar: Option<ProgressBar>,
}

impl Tally {
    /// None done of so many.
    pub(crate) fn new(all: usize) -> Self {
        let style =
            ProgressStyle::with_template("{bar:30} {pos} of {len} submissions").unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = || ProgressBar::new(all as u64).with_style(style);
        Self { bar: io::stderr().is_terminal().then(bar) }
    }

    /// One more done.
    pub(crate) fn one_more(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(size: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {bytes} of {total_bytes}, {eta} left");
    ProgressBar::new(size).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
