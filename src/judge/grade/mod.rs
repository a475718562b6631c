//! One submission, graded: a rubric, a capture, and who handed it in.
//!
//! `verdict` lets every check of the rubric look at the capture's record; `submission` finds the capture among what a
//! student handed in. The same capture, rubric and roster row give the same grade, to the octet.

mod submission;
mod verdict;

pub use submission::{Class, Open, Outcome};
pub use verdict::{grade, unreadable, why_unreadable};
