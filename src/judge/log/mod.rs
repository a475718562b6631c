//! A program's log against the capture: did the program print what the network brought it?
//!
//! [`Text`] finds the encoding, [`Log`] reads the lines that tell of a receipt, [`Deliveries`] holds what the capture
//! brought to every port, [`Log::put_together`] finds what decoded text was on the wire, and [`compare()`] lays one beside the other: by address, port and octets, then by order, never
//! by time. A log is hostile text: its length and its lines are bounded, and no line is too strange to be passed over.

mod compare;
mod datagrams;
mod line;
mod pattern;
mod repr;
mod server;
mod streams;
#[cfg(test)]
mod tests;
mod text;
mod wire;

pub use compare::{Addressee, Altered, Comparison, Extra, Match, Missing, Nearest, compare};
pub use line::{Kind, Log, Receipt};
pub use pattern::Pattern;
pub use repr::{Delivered, expected_line, repr};
pub use server::{Server, server};
pub use text::{Encoding, MAX_OCTETS, Text};

use std::fmt;

pub use super::deliveries::{Datagram, Deliveries, Stream};

/// What is wrong with a text of the user's, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The line, from 1.
    pub line: u64,
    /// The character in the line, from 1.
    pub column: u64,
    /// What is wrong, and what was expected.
    pub text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.text)
    }
}
