//! Texts that declare sockets: a table of the user's in TOML, or what a system said of its sockets.
//!
//! Which it is, its content tells. [`table`] is the format to write by hand, in the order of binding, and [`plain`] its
//! short way for rows that many programs write; [`pasted`] reads `ss`, `netstat` and `/proc/net`, which know no such order:
//! what it would decide is left open.

mod pasted;
mod plain;
mod table;

use std::fmt;

use crate::track::Setup;

/// What is wrong with a text, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TextFault {
    /// The line, from 1.
    pub line: usize,
    /// The character in it, from 1.
    pub column: usize,
    /// What is wrong, and what was expected.
    pub text: String,
}

/// `line 3, column 9: …`.
impl fmt::Display for TextFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.text)
    }
}

impl std::error::Error for TextFault {}

impl TextFault {
    /// A fault at this octet of a text.
    pub(in crate::judge) fn at(source: &str, octet: usize, text: impl Into<String>) -> Self {
        let before = source.get(..octet).unwrap_or(source);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
        Self { line, column, text: text.into() }
    }

    /// What the TOML library says against a text.
    pub(in crate::judge) fn of_toml(source: &str, error: &toml::de::Error) -> Self {
        let octet = error.span().map_or(0, |span| span.start);
        Self::at(source, octet, error.message().lines().collect::<Vec<_>>().join(", "))
    }
}

/// Reads a text that declares sockets.
///
/// # Errors
/// The first place that cannot be read, and what was expected there.
pub fn declared(text: &str) -> Result<Setup, TextFault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match !table::is_table(text) && pasted::is_pasted(text) {
        true => Ok(Setup::declared(pasted::sockets(text)?, false)),
        false => table::setup(text),
    }
}
