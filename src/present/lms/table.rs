//! Tables of our own: nbgrader's export, and a plain one.

use super::{feedback, harmless, settled};
use crate::judge::results::{Graded, Results, Student};
use crate::judge::sheet::quoted;
use crate::judge::{Language, Points};

/// The table that nbgrader exports, with `status` and `flags` behind its columns.
pub fn nbgrader(results: &Results) -> String {
    let heading = "assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,late_submission_penalty,score,max_score,status,flags";
    let row = |graded: &Graded| {
        let Student { id, name, email, .. } = &graded.student;
        let (given, family) = name.rsplit_once(' ').unwrap_or((name, ""));
        let score = grade(graded);
        let penalty = if score.is_empty() { String::new() } else { Points::ZERO.to_string() };
        line(&[
            results.rubric.id.clone(),
            String::new(),
            graded.submitted.clone().unwrap_or_default(),
            id.clone(),
            family.to_owned(),
            given.to_owned(),
            email.clone().unwrap_or_default(),
            score.clone(),
            penalty,
            score,
            graded.max.to_string(),
            graded.status.word().to_owned(),
            flags(graded),
        ])
    };
    lines(heading, results.results.iter().map(row))
}

/// A table of everything: a column for each check, the feedback last.
pub fn plain(results: &Results, language: Language) -> String {
    let checks: Vec<&str> = results
        .results
        .iter()
        .map(|graded| graded.checks.as_slice())
        .max_by_key(|checks| checks.len())
        .map_or(Vec::new(), |checks| checks.iter().map(|check| check.id.as_str()).collect());
    let fixed = ["student_id", "name", "department", "status", "score", "max", "pending", "submitted", "late", "flags"];
    let heading = fixed.iter().chain(&checks).chain(&["feedback"]).map(|title| (*title).to_owned()).collect::<Vec<_>>();
    let row = |graded: &Graded| {
        let Student { id, name, department, .. } = &graded.student;
        let points = |wanted: &&str| {
            let check = graded.checks.iter().find(|check| check.id == *wanted);
            check.and_then(|check| check.points).map(|points| points.to_string()).unwrap_or_default()
        };
        let mut cells = vec![
            id.clone(),
            name.clone(),
            department.clone().unwrap_or_default(),
            graded.status.word().to_owned(),
            grade(graded),
            graded.max.to_string(),
            graded.pending.to_string(),
            graded.submitted.clone().unwrap_or_default(),
            graded.late.to_string(),
            flags(graded),
        ];
        cells.extend(checks.iter().map(points));
        cells.push(feedback(graded, language));
        line(&cells)
    };
    lines(&line(&heading), results.results.iter().map(row))
}

fn grade(graded: &Graded) -> String {
    settled(graded).map(|points| points.to_string()).unwrap_or_default()
}

fn flags(graded: &Graded) -> String {
    graded.flags.iter().map(|flag| flag.id.as_str()).collect::<Vec<_>>().join(" ")
}

fn line(cells: &[String]) -> String {
    cells.iter().map(|cell| quoted(&harmless(cell), ',', false).into_owned()).collect::<Vec<_>>().join(",")
}

/// Lines end as RFC 4180 has it.
fn lines(heading: &str, rows: impl Iterator<Item = String>) -> String {
    let rows: String = rows.map(|row| row + "\r\n").collect();
    format!("{heading}\r\n{rows}")
}
