//! JSON as others build on it: one document, or JSON Lines for packets.
//!
//! The keys are a contract: they are added to, never renamed. Unknown is `null`, never 0; times are strings of decimal
//! seconds with nine digits; every document carries `"schema": 1`. The elements of a document's lists stand on a line
//! each, so that outputs can be compared and searched by line.

mod connections;
mod conversations;
mod demux;
mod format;
mod info;
mod intake;
mod kernel;
mod log;
mod packet;
mod packets;
mod results;
mod show;
mod sockets;
mod states;
mod verify;

pub use connections::write as connections;
pub use conversations::write as conversations;
pub use demux::{
    Verdicts, write_binds as binds, write_contradictions as contradictions, write_shares as shares, write_what_if as what_if,
};
pub use info::write as info;
pub use intake::write as intake;
pub use kernel::{write as kernel, write_owners as owners};
pub use log::write as log;
pub use packet::write as packet;
pub use packets::Lines;
pub use results::write as results;
pub use show::write as show;
pub use sockets::write as sockets;
pub use states::{Followed, States};
pub use verify::{write as verify, write_difference as difference, write_line as verification};

/// The version of the contract.
pub const SCHEMA: u32 = 1;
