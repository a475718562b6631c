//! The terminal: taken for the view, and given back as it was, once, however the program ends.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};

/// Octets of a draw that are gathered: a large terminal, whole.
const GATHERED: usize = 256 << 10;

/// The terminal behind standard output.
///
/// It has a descriptor of its own: standard output is locked by the command, which writes there again at the end.
#[derive(Clone)]
pub(super) struct Terminal {
    tty: Arc<File>,
    is_taken: Arc<AtomicBool>,
}

impl Terminal {
    /// Takes it: keys come as they are pressed, and what stood there is kept behind the view. A panic, too, finds it as it
    /// was.
    pub(super) fn take() -> io::Result<Self> {
        let terminal = Self { tty: Arc::new(stdout()?), is_taken: Arc::new(AtomicBool::new(true)) };
        enable_raw_mode()?;
        execute!(&*terminal.tty, EnterAlternateScreen).inspect_err(|_| drop(terminal.leave()))?;
        let (before, at_panic) = (panic::take_hook(), terminal.clone());
        panic::set_hook(Box::new(move |fault| {
            let _ = at_panic.leave();
            before(fault);
        }));
        Ok(terminal)
    }

    /// Where the view is drawn; nothing is, once the terminal is given back.
    pub(super) fn writer(&self) -> BufWriter<Self> {
        BufWriter::with_capacity(GATHERED, self.clone())
    }

    /// Gives it back.
    pub(super) fn leave(&self) -> io::Result<()> {
        if !self.is_taken.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let shown = execute!(&*self.tty, LeaveAlternateScreen, Show);
        disable_raw_mode().and(shown)
    }

    /// Gives back as much of it as can be without writing there.
    pub(super) fn leave_mode(&self) -> io::Result<()> {
        self.is_taken.store(false, Ordering::Release);
        disable_raw_mode()
    }
}

impl Write for Terminal {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.is_taken.load(Ordering::Acquire) { (&*self.tty).write(octets) } else { Ok(octets.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Standard output once more.
#[cfg(unix)]
fn stdout() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

/// Standard output once more.
#[cfg(windows)]
fn stdout() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
}

/// Gives the terminal back when it is dropped.
pub(super) struct Guard(pub(super) Terminal);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.leave();
    }
}
