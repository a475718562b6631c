//! A rubric on trial: what it promises and does not keep ([`lint()`]), and whether less work ever scores more
//! ([`trial()`]).

mod lint;
mod trial;

pub use lint::{Lint, Severity, lint};
pub use trial::{Spoiled, Trial, trial};
