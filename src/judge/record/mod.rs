//! One capture of a lab, read once: all that may be asked of it afterwards.
//!
//! [`Record::read`] goes over the frames and leaves `traffic`, which frames belong to which conversation, the
//! `evidence` of any filter, what the UDP lab's server and clients did (`udp_lab`), and the `prints` by which
//! captures of a class are told apart. Nothing here knows of rubrics or points.

mod capture;
mod evidence;
mod gather;
mod making;
mod prints;
mod traffic;
mod udp_lab;

pub use capture::{Plan, Record, Selected, sha256};
pub use evidence::Evidence;
pub use prints::Prints;
pub use traffic::{Passage, Traffic};
pub use udp_lab::{Client, UdpLab};

pub(super) use making::Checksums;
#[cfg(test)]
pub(super) use prints::MAX_ASIDE;
pub(super) use prints::{Said, Sight, Token, micros, moment};
