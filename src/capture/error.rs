//! What can go wrong with the world: each error names the file, the place and what was expected.

use std::io;
use std::path::PathBuf;

use super::Foreign;

/// A capture could not be read at all, or no further.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be opened.
    #[error("{}: cannot open: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The operating system or the decompressor failed in the middle of the file.
    #[error("{}: cannot read past octet {offset}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Octets read until then, after decompression.
        offset: u64,
        /// Why.
        source: io::Error,
    },
    /// The file is something else than a capture sockscope reads.
    #[error("{}: {reason}", path.display())]
    NotACapture {
        /// The file.
        path: PathBuf,
        /// What it is.
        foreign: Foreign,
        /// The same in words, and what to do about it.
        reason: String,
    },
    /// There is no such interface.
    #[error("{interface}: there is no such interface; there are {}", known.join(", "))]
    NoInterface {
        /// The name that was asked for.
        interface: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// The process has no right to capture.
    #[error("{interface}: this program has no right to capture")]
    NotPermitted {
        /// The interface.
        interface: String,
    },
    /// The capture filter is none, or does not fit the interface.
    #[error("capture filter {text}: {reason}")]
    Filter {
        /// What was asked for.
        text: String,
        /// What libpcap says of it.
        reason: String,
    },
    /// The interface cannot be opened, or is gone.
    #[error("{interface}: {reason}")]
    Interface {
        /// The interface.
        interface: String,
        /// What libpcap says.
        reason: String,
    },
}
