//! Zeek's view of a capture: the connections that its `conn.log` lists.
//!
//! They are not Wireshark's streams. Zeek forgets a connection after a silence, a refusal or a close, and what comes
//! later on the same addresses is another one; it guesses who called where the begin is missing, and turns a
//! connection round when it finds that it guessed wrong; it counts octets by their sequence numbers. So this is a
//! tracker of its own beside [`super::Tracker`], created only where it is asked for, and fed with the same packets.
//!
//! [`table`] finds the connection of a packet and rings the timers, as Zeek's session manager does, for what [`load`]
//! makes of the packet. A connection is [`live`] until it becomes a [`row`]: [`flow`] is what all of them have, [`tcp`]
//! and [`step`] what those of TCP have beside it, with two of [`endpoint`] and the [`coverage`] of each.
//!
//! The rules are those of Zeek 8 with its standard scripts. Not followed: what a protocol analyzer learns from payload
//! (a service, a role), and packets inside of tunnels.

mod coverage;
mod endpoint;
mod flow;
mod history;
mod icmp;
mod live;
mod load;
mod ports;
mod row;
mod step;
mod table;
mod tcp;
mod timer;
mod uid;

pub use row::{ConnState, Ending, ZeekConnection, ZeekCount};
pub use table::{ZeekChecksums, ZeekLog, ZeekTracker};
