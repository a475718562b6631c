//! World out: what the other floors found, as text, JSON or CSV.
//!
//! Nothing is analysed here and nothing is printed: each view writes to the [`Write`](std::io::Write) it is given.
//! [`report`] is the default view; [`listing`] holds the long lists and [`detail`] one frame, octet by octet. [`json`]
//! and [`csv`] say the same to programs, [`lms`] the grades of a class to learning platforms.
//!
//! Every text that came out of a capture passes [`sanitize`] on its way to a terminal.

pub mod class_view;
pub mod connection_view;
pub mod csv;
pub mod demux_view;
pub mod detail;
mod digits;
pub mod feedback;
pub mod follow_view;
pub mod info_column;
pub mod intake_view;
pub mod json;
mod kept;
pub mod ladder;
pub mod layout;
pub mod line;
pub mod listing;
pub mod lms;
pub mod log_view;
pub mod look;
mod numbered;
pub mod originality_view;
pub mod overview;
pub mod owner_view;
mod page;
pub mod report;
pub use crate::sanitize;
mod sentences;
pub mod share_view;
pub mod socket_formats;
pub mod socket_view;
pub mod state_view;
pub mod table;
#[cfg(test)]
mod testing;
pub mod time;
#[cfg(feature = "tui")]
pub mod tui;
pub mod verify_view;
pub mod what_if_view;
pub mod words;
pub mod zeek;

/// Octets that long lists gather before they send them. A standard output that gathers as many passes them on as they are.
pub const GATHERED: usize = 64 << 10;
