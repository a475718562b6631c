//! Opinion: what a trace means for the person who made the capture.
//!
//! [`preflight`] says, before anything is concluded from a capture, what is wrong with it and what it cannot decide.

#![deny(clippy::unwrap_used, clippy::expect_used)]

mod preflight;

pub use preflight::{Finding, Kind, preflight};
