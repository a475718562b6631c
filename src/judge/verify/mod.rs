//! The sockets that packets show, held against those that the kernel had at the same moment.
//!
//! [`hold`] compares one table with one [`Sample`]: pure, so that a file can be asked again what the live capture was
//! asked. [`Verification`] does so for a whole capture: it keeps a sample until it is due, waits for packets that were on
//! their way, tells what it finds as it finds it, and sums up.
//!
//! The kernel changes a state before a sender's packet is stamped, and after a receiver's is: nothing counts for or
//! against us within [`SETTLED`] of a packet of the same connection.

mod hold;
mod reason;
#[cfg(test)]
mod tests;
mod whole;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

pub use hold::hold;
pub use reason::Reason;
pub use whole::{Account, Discrepancy, Verification};

use crate::capture::Timestamp;
#[cfg(doc)]
use crate::capture::kernel::Sample;
use crate::track::{Protocol, SocketState};

/// How far from a packet of its connection a state has to agree.
pub const SETTLED: Duration = Duration::from_millis(50);

/// A socket on which the table and the kernel differ at one moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Difference {
    /// When the kernel was asked.
    pub at: Timestamp,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Its own end.
    pub local: SocketAddr,
    /// Its peer; `None` for a listener, and for a UDP socket.
    pub peer: Option<SocketAddr>,
    /// What packets say; `None` if no packet shows it, or the last one closed it.
    pub ours: Option<SocketState>,
    /// What the kernel said; `None` if it had no such socket.
    pub kernel: Option<SocketState>,
    /// Why, as far as can be told.
    pub reason: Reason,
}

/// What one comparison found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    /// Ends of connections on which both agree, long enough after their last packet.
    pub agreeing: u64,
    /// The same by state, in the words of `ss`.
    pub states: BTreeMap<&'static str, u64>,
    /// Ends of connections with a packet so shortly before the sample that nothing counts.
    pub unsettled: u64,
    /// Listeners and UDP sockets on which both agree.
    pub agreeing_places: u64,
    /// Listeners and UDP sockets of the kernel that no packet went to or came from: no capture shows them.
    pub unseen_places: u64,
    /// All on which they differ.
    pub differences: Vec<Difference>,
}
