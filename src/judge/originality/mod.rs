//! Whose work a capture is: the same capture handed in twice, another student's data, captures made up or edited.
//!
//! Reading a capture leaves its [`Prints`](super::record::Prints), small enough to keep for a whole class. [`signals()`] says what is odd about
//! one capture alone; [`compare()`] lays all of them side by side, by indexes of what they share and never each frame
//! against each. What two captures have in common counts by `chance`: one client port is shared in every class, the
//! same ports with the same IP identifications at the same intervals are not.
//!
//! All of this is for staff: facts with their innocent explanations, never a verdict and never points.

mod chance;
mod class;
mod habit;
mod identity;
mod level;
mod pair;
mod signals;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use class::{Class, Comparison, Entry, Group, Templated, compare};
pub use habit::take_back_habits;
pub use identity::Stranger;
pub use level::Level;
pub use pair::{Fact, Pair};
pub use signals::signals;

/// How much a flag weighs.
mod strength {
    pub(super) const STRONG: &str = "strong";
    pub(super) const MEDIUM: &str = "medium";
    pub(super) const WEAK: &str = "weak";
}
