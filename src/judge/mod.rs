//! Opinion: what a trace means for the person who made the capture.
//!
//! [`preflight()`] says, before anything is concluded from a capture, what is wrong with it and what it cannot decide;
//! [`differences()`] where Wireshark, Zeek and sockscope say different things of one connection, and by which rules.

#![deny(clippy::unwrap_used, clippy::expect_used)]

mod differences;
mod preflight;

pub use differences::{Difference, Subject, differences};
pub use preflight::{Finding, Kind, preflight};
