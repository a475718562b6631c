//! Standard output: buffered, and every error told.

use std::io::{self, BufWriter, StdoutLock};

use sockscope::present::GATHERED;

/// Standard output, to be flushed before the command ends.
pub(crate) fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(GATHERED, io::stdout().lock())
}
