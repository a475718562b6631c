//! Grades for learning platforms: the platform's own table filled in, or the documents that it reads.
//!
//! [`fill()`] changes the grade and feedback cells of a table that Moodle, Canvas or Blackboard exported, and leaves every
//! other octet as it is: a heading that we invented would be wrong in some language. [`nbgrader()`] and [`plain()`] are
//! tables of our own; [`gradescope()`] and [`prairielearn()`] documents for one student.
//!
//! A student whose grade is not settled gets none: not a 0, which a platform would publish.

mod document;
mod encoding;
mod feedback;
mod fill;
mod headings;
mod matching;
mod table;

pub use document::{gradescope, prairielearn};
pub use feedback::feedback;
pub use fill::{Filled, fill};
pub use headings::Platform;
pub use table::{nbgrader, plain};

use std::borrow::Cow;

use crate::judge::results::{Graded, Status};
use crate::judge::{Message, Points};

/// The grade of a student, if it is settled.
///
/// # Errors
/// Why there is none.
pub fn settled(graded: &Graded) -> Result<Points, Message> {
    let missing = graded.flags.iter().any(|flag| flag.id == "missing");
    match (graded.score, graded.status) {
        _ if missing => Err(Message::new("제출 없음", "nothing was handed in")),
        (_, Status::Error) => Err(Message::new("내부 오류", "an internal error")),
        (_, Status::Review) => Err(Message::new("확인 대기", "waits for a review")),
        _ if graded.pending > Points::ZERO => {
            Err(Message::new(format!("확인 대기 {}점", graded.pending), format!("{} points wait for a review", graded.pending)))
        }
        (Some(score), status) if graded.gradable && status != Status::Ungradable => Ok(score),
        _ => Err(Message::new("채점 불가", "not gradable")),
    }
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(value: &str) -> Cow<'_, str> {
    match value.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        true => Cow::Owned(format!("'{value}")),
        false => Cow::Borrowed(value),
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
