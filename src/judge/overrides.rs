//! What staff decided, and why: `overrides.toml` beside the results.
//!
//! ```toml
//! [[override]]
//! student = "20231234"
//! check = "screenshot"
//! points = 10
//! reason = "the picture shows both clients"
//! by = "kim"
//! ```
//!
//! A decision on `originality` says that the flags were looked at. Decisions come last, over whatever was judged, and no run of the program rewrites them.

use serde::Deserialize;
use toml::Spanned;

use super::results::{Graded, ORIGINALITY, Override};
use super::rubric::Rubric;
use super::{Points, Status, TextFault};

/// Decisions, in the order of the file; the last one about a check counts.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    student: String,
    decision: Override,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default, rename = "override")]
    entries: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    student: Spanned<String>,
    check: Spanned<String>,
    points: Spanned<Points>,
    #[serde(default)]
    reason: String,
    by: Option<String>,
}

impl Overrides {
    /// Reads decisions; with a rubric, only those on its checks.
    ///
    /// # Errors
    /// The first place that cannot be read, names no check, or gives more points than there are.
    pub fn read(text: &str, rubric: Option<&Rubric>) -> Result<Self, TextFault> {
        let document: Document = toml::from_str(text).map_err(|error| TextFault::of_toml(text, &error))?;
        let entries = document.entries.into_iter().map(|written| entry(text, written, rubric)).collect::<Result<_, _>>()?;
        Ok(Self { entries })
    }

    /// Students that the decisions name.
    pub fn students(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.student.as_str())
    }

    /// Lays the decisions over a grade.
    pub fn apply(&self, graded: &mut Graded) {
        let student = graded.student.id.clone();
        self.entries.iter().filter(|entry| entry.student == student).for_each(|entry| decide(&entry.decision, graded));
    }
}

fn entry(text: &str, written: Written, rubric: Option<&Rubric>) -> Result<Entry, TextFault> {
    if let Some(rubric) = rubric {
        of_rubric(text, &written, rubric)?;
    }
    let points = written.points.into_inner();
    let decision = Override { check: written.check.into_inner(), points, reason: written.reason, by: written.by };
    Ok(Entry { student: written.student.into_inner(), decision })
}

/// The decision is on a check of the rubric, and gives no more than that is worth.
fn of_rubric(text: &str, written: &Written, rubric: &Rubric) -> Result<(), TextFault> {
    if written.check.get_ref() == ORIGINALITY {
        return Ok(());
    }
    let Some(check) = rubric.check(written.check.get_ref()) else {
        let known = rubric.checks.iter().map(|check| check.id.as_str()).collect::<Vec<_>>().join(", ");
        return Err(TextFault::at(text, written.check.span().start, format!("expected one of {known}")));
    };
    let points = *written.points.get_ref();
    if points < Points::ZERO || points > check.points {
        return Err(TextFault::at(text, written.points.span().start, format!("expected points from 0 to {}", check.points)));
    }
    Ok(())
}

fn decide(decision: &Override, graded: &mut Graded) {
    graded.overrides.retain(|other| other.check != decision.check);
    graded.overrides.push(decision.clone());
    let Some(checked) = graded.checks.iter_mut().find(|checked| checked.id == decision.check) else { return };
    let before = checked.points.replace(decision.points).unwrap_or_default();
    checked.status = match decision.points {
        points if points >= checked.max => Status::Pass,
        Points::ZERO => Status::Fail,
        _ => Status::Partial,
    };
    graded.score = Some(graded.score.unwrap_or_default() + decision.points - before);
    graded.summarise();
}

/// The text of one decision, to be added to `overrides.toml`.
pub fn written(student: &str, decision: &Override) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let by = decision.by.as_deref().map(|by| format!("by = {}\n", quoted(by))).unwrap_or_default();
    format!(
        "\n[[override]]\nstudent = {}\ncheck = {}\npoints = \"{}\"\nreason = {}\n{by}",
        quoted(student),
        quoted(&decision.check),
        decision.points,
        quoted(&decision.reason)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::rubric::shipped;

    fn rubric() -> Rubric {
        Rubric::read(shipped("udp-echo").unwrap(), &[]).unwrap()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let decision = Override {
            check: "echo".into(),
            points: "12.5".parse().unwrap(),
            reason: "둘째 \"에코\"는\n다른 파일에".into(),
            by: Some("kim".into()),
        };
        let read = Overrides::read(&written("20231234", &decision), Some(&rubric())).unwrap();
        assert_eq!((read.entries[0].student.as_str(), &read.entries[0].decision), ("20231234", &decision));
    }

    #[test]
    fn faults_have_a_place() {
        let fault = |text: &str| Overrides::read(text, Some(&rubric())).unwrap_err().to_string();
        let entry =
            |check: &str, points: &str| format!("[[override]]\nstudent = \"1\"\ncheck = \"{check}\"\npoints = {points}\n");
        assert!(fault(&entry("eco", "1")).starts_with("line 3, column 9: expected one of readable,"));
        assert_eq!(fault(&entry("echo", "21")), "line 4, column 10: expected points from 0 to 20");
        assert!(fault("[[override]]\nstudent = 3\n").starts_with("line 2, column 11: "));
    }
}
