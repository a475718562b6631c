//! Intake: who of a class handed in what.
//!
//! The caller says what lies in a folder or a zip ([`Found`]), by name and size; [`take_in()`] lays that beside the
//! [`Roster`] and gives every student their attempts. Nothing is read here but zips, from whatever the caller opened
//! ([`archive`]). A guess between two students is never made: what leaves a doubt is listed for a person.
//!
//! `filename` decodes and repairs names, `platform` knows what learning platforms call the files they hand out,
//! `identity` finds the student, `grouping` what was handed in together, `attempts` which of it counts; `refusal`
//! is why a file stays closed.

pub mod archive;
mod attempts;
mod filename;
mod grouping;
mod identity;
mod platform;
mod refusal;
mod roster;
mod submission;

pub use filename::{Kind, Repair, decoded};
pub use grouping::take_in;
pub use refusal::{MAX_ENTRIES, MAX_FILE, MAX_TOTAL, Refusal};
pub use roster::{Columns, Roster, RosterNote, Row};
pub use submission::{Attempt, Doubt, File, Found, Intake, MatchedBy, Problem, Submission, Unknown};
