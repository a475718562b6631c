//! Standard output: buffered, and every error told.

use std::io::{self, BufWriter, StdoutLock};

/// Octets gathered before they are sent.
const GATHERED: usize = 64 << 10;

/// Standard output, to be flushed before the command ends.
pub(crate) fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(GATHERED, io::stdout().lock())
}
