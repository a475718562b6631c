//! One submission, graded: a rubric, a capture, and who handed it in.
//!
//! A capture is read once into a [`Record`]; every check of the rubric looks at that. The same capture, rubric and roster
//! row give the same grade, to the octet.

mod evidence;
mod record;
mod ruling;
mod submission;
mod traffic;
mod udp_lab;
mod verdict;
mod who;

pub use evidence::Evidence;
pub use record::{Plan, Record, Selected, sha256};
pub use ruling::Ruling;
pub use submission::{Class, Open, Outcome};
pub use traffic::{Passage, Traffic};
pub use udp_lab::{Client, UdpLab, WITHIN};
pub use verdict::{grade, unreadable, why_unreadable};
pub use who::{Handed, Who};
