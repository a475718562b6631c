//! Opinion: what a trace means for the person who made the capture.
//!
//! [`preflight()`] says, before anything is concluded from a capture, what is wrong with it and what it cannot decide;
//! [`differences()`] where Wireshark, Zeek and sockscope say different things of one connection, and by which rules;
//! [`log`] whether what a program printed is what the capture brought it;
//! [`declared()`] reads the sockets that a user says there are; [`Contradictions`] holds what they get against the wire, and
//! [`what_if`] supposes others.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod contradictions;
mod declared;
mod differences;
pub mod log;
mod preflight;
pub mod what_if;

pub use contradictions::{Contradiction, Contradictions, Fate};
pub use declared::{TextFault, declared};
pub use differences::{Difference, Subject, differences};
pub use preflight::{Finding, Kind, preflight};
