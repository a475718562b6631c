//! Two runs over one class: whose grade changed, and through which checks.

use super::results::{Checked, Graded, Results};
use super::{Points, Status};

/// A student whose grade is another one now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Changed<'r> {
    /// The student's number.
    pub student: &'r str,
    /// The score before and after; `None` for none.
    pub score: (Option<Points>, Option<Points>),
    /// The status before and after.
    pub status: (Option<Status>, Option<Status>),
    /// The checks that came out otherwise: their points before and after.
    pub checks: Vec<ChangedCheck<'r>>,
}

/// A check that came out otherwise.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChangedCheck<'r> {
    /// Its id.
    pub id: &'r str,
    /// How it came out before and after; `None` where there was no such check.
    pub status: (Option<Status>, Option<Status>),
    /// Its points before and after.
    pub points: (Option<Points>, Option<Points>),
}

/// What changed from one run to the other, in the order of the later one; who is gone comes last.
pub fn changes<'r>(before: &'r Results, after: &'r Results) -> Vec<Changed<'r>> {
    let of = |results: &'r Results, id: &str| results.results.iter().find(|graded| graded.student.id == id);
    let there = after.results.iter().filter_map(|graded| changed(of(before, &graded.student.id), Some(graded)));
    let gone = before.results.iter().filter(|graded| of(after, &graded.student.id).is_none());
    there.chain(gone.filter_map(|graded| changed(Some(graded), None))).collect()
}

fn changed<'r>(before: Option<&'r Graded>, after: Option<&'r Graded>) -> Option<Changed<'r>> {
    let student = after.or(before)?.student.id.as_str();
    let score = |graded: Option<&Graded>| graded.and_then(|graded| graded.score);
    let status = |graded: Option<&Graded>| graded.map(|graded| graded.status);
    let checks = checks(before, after);
    let changed = Changed { student, score: (score(before), score(after)), status: (status(before), status(after)), checks };
    let same = changed.score.0 == changed.score.1 && changed.status.0 == changed.status.1 && changed.checks.is_empty();
    (!same).then_some(changed)
}

fn checks<'r>(before: Option<&'r Graded>, after: Option<&'r Graded>) -> Vec<ChangedCheck<'r>> {
    let all = |graded: Option<&'r Graded>| graded.map_or(&[][..], |graded| graded.checks.as_slice());
    let of = |checks: &'r [Checked], id: &str| checks.iter().find(|checked| checked.id == id);
    let (before, after) = (all(before), all(after));
    let ids = after.iter().chain(before.iter().filter(|checked| of(after, &checked.id).is_none()));
    let pair = |checked: &'r Checked| {
        let (old, new) = (of(before, &checked.id), of(after, &checked.id));
        let status = |checked: Option<&Checked>| checked.map(|checked| checked.status);
        let points = |checked: Option<&Checked>| checked.and_then(|checked| checked.points);
        ChangedCheck { id: &checked.id, status: (status(old), status(new)), points: (points(old), points(new)) }
    };
    ids.map(pair).filter(|check| check.status.0 != check.status.1 || check.points.0 != check.points.1).collect()
}
