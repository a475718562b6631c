//! Opinion: what a trace means for the person who made the capture.
//!
//! Of any capture: [`preflight()`] says, before anything is concluded from it, what is wrong with it and what it cannot
//! decide; [`differences()`] where Wireshark, Zeek and sockscope say different things of one connection, and by which
//! rules; [`filter`] which frames and rows a user asks for.
//!
//! Of sockets: [`declared()`] reads those that a user says there are, [`Contradictions`] holds what they get against the
//! wire, and [`what_if`] supposes others. [`verify`] holds those that packets show against the kernel's own.
//!
//! Of a lab: [`log`] asks whether what a program printed is what the capture brought it. [`intake`] finds out who of a
//! class handed in what; a [`rubric`] says what is asked for, and [`mod@grade`] what a submission is worth, by its
//! [`record`];
//! [`originality`] whose work it is. [`results`] is what a class was given, [`overrides`] what staff decided,
//! [`comparison`] what changed between two runs.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

pub mod assay;
mod checks;
pub mod comparison;
mod contradictions;
mod declared;
mod deliveries;
mod differences;
mod exchange;
pub mod filter;
pub mod grade;
pub mod hand_in;
pub mod intake;
pub mod log;
mod message;
pub mod originality;
pub mod overrides;
mod payload;
mod points;
mod preflight;
pub mod query;
pub mod record;
pub mod results;
pub mod rubric;
pub mod sheet;
mod template;
pub mod verify;
pub mod what_if;

pub use contradictions::{Contradiction, Contradictions, Fate};
pub use declared::{TextFault, declared};
pub use deliveries::{Datagram, Deliveries, Stream};
pub use differences::{Difference, Subject, differences};
pub use exchange::{Echo, Exchange, WITHIN, exchanges};
pub use message::{Language, Message};
pub use points::{NoPoints, Points};
pub use preflight::{Finding, Kind, preflight};
pub use results::Status;
