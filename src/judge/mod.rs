//! Opinion: what a trace means for the person who made the capture.
//!
//! [`preflight()`] says, before anything is concluded from a capture, what is wrong with it and what it cannot decide;
//! [`differences()`] where Wireshark, Zeek and sockscope say different things of one connection, and by which rules;
//! [`log`] whether what a program printed is what the capture brought it;
//! [`declared()`] reads the sockets that a user says there are;
//! [`originality`] whose work a capture is;
//! [`intake`] finds out who of a class handed in what, and [`results`] is what a class was given for it.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod checks;
mod declared;
mod deliveries;
mod differences;
mod exchange;
pub mod filter;
pub mod grade;
pub mod intake;
pub mod log;
mod message;
pub mod originality;
mod points;
mod preflight;
pub mod query;
pub mod results;
pub mod rubric;
pub mod sheet;
mod template;

pub use declared::{TextFault, declared};
pub use deliveries::{Datagram, Deliveries, Stream};
pub use exchange::{Echo, Exchange, exchanges};
pub use differences::{Difference, Subject, differences};
pub use message::{Language, Message};
pub use points::{NoPoints, Points};
pub use preflight::{Finding, Kind, preflight};
pub use results::Status;
