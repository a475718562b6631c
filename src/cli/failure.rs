//! How a command can fail, and what that is to the caller: one line and an exit code.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use sockscope::capture;
use sockscope::judge::filter::FilterFault;
use sockscope::present::sanitize::sanitize;

/// Why a command did not do all it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// All was done, and something that was asked for does not hold.
    Unmet(String),
    /// What was asked for makes no sense.
    Usage(String),
    /// The input could not be read, or not to its end.
    Input(String),
    /// A text of the user's is wrong.
    Text(String),
    /// A display filter is wrong.
    Filter(FilterFault),
    /// The output could not be written.
    Output(io::Error),
}

impl Failure {
    /// Says on standard error what happened, and gives the exit code for it.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            Self::Unmet(text) | Self::Usage(text) => print_line(text),
            Self::Input(text) | Self::Text(text) => print_line(text),
            Self::Filter(fault) => print_lines(&fault.to_string()),
            // Whoever read our output has read enough.
            Self::Output(error) if error.kind() == ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Self::Output(error) => print_line(&format!("cannot write: {error}")),
        }
        match self {
            Self::Unmet(_) => ExitCode::from(1),
            Self::Usage(_) => ExitCode::from(2),
            Self::Input(_) | Self::Output(_) => ExitCode::from(3),
            Self::Text(_) | Self::Filter(_) => ExitCode::from(4),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<capture::Error> for Failure {
    fn from(error: capture::Error) -> Self {
        Self::Input(error.to_string())
    }
}

/// Prints a text of several lines on standard error; lines after the first one keep their columns.
fn print_lines(text: &str) {
    let mut lines = text.lines();
    lines.next().into_iter().for_each(print_line);
    lines.for_each(|line| {
        // Where standard error is closed there is nobody to tell.
        let _ = writeln!(io::stderr(), "{}", sanitize(line));
    });
}

/// Prints one line on standard error, whatever is in the text.
pub(crate) fn print_line(text: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "sockscope: {}", sanitize(text));
}
