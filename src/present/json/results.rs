//! `grade` and `check`: what submissions were given, one document.

use std::io::{self, Write};

use super::format::document;
use crate::judge::results::Results;

/// Writes the results of a class, or of one who checks alone.
///
/// # Errors
/// What the writer says.
pub fn write(results: &Results, out: &mut impl Write) -> io::Result<()> {
    document(results, out)
}
