//! `intake`: who of a class handed in what.

use std::io::{self, Write};

use serde::Serialize;

use super::SCHEMA;
use super::format::document;
use crate::judge::Message;
use crate::judge::intake::{Attempt, File, Intake, Problem, Refusal, Roster, Row, Submission};

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    on_roster: usize,
    matched: usize,
    submissions: Vec<Entry<'a>>,
    doubts: Vec<Doubt<'a>>,
    unknown: Vec<Closed<'a>>,
    unassigned: &'a [String],
    warnings: Vec<Warning<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    student: Student<'a>,
    attempts: Vec<Written<'a>>,
    doubts: &'a [usize],
}

#[derive(Serialize)]
struct Student<'a> {
    id: &'a str,
    name: &'a str,
    matched_by: Option<&'static str>,
}

#[derive(Serialize)]
struct Written<'a> {
    label: &'a str,
    submitted: Option<String>,
    late: bool,
    captures: Vec<&'a str>,
    logs: Vec<&'a str>,
    screenshots: Vec<&'a str>,
    others: Vec<&'a str>,
    problems: Vec<Closed<'a>>,
    notes: &'a [Message],
}

#[derive(Serialize)]
struct Closed<'a> {
    path: &'a str,
    message: Option<Message>,
}

#[derive(Serialize)]
struct Doubt<'a> {
    #[serde(flatten)]
    attempt: Written<'a>,
    candidates: Vec<&'a str>,
    why: &'a Message,
}

#[derive(Serialize)]
struct Warning<'a> {
    line: usize,
    message: &'a Message,
}

/// Writes the document.
///
/// # Errors
/// What the writer says.
pub fn write(roster: &Roster, intake: &Intake, out: &mut impl Write) -> io::Result<()> {
    let pairs = intake.submissions.iter().filter_map(|submission| Some((submission, roster.rows.get(submission.row)?)));
    let doubts = intake.doubts.iter().map(|doubt| Doubt {
        attempt: written(&doubt.attempt),
        candidates: doubt.rows.iter().filter_map(|row| roster.rows.get(*row)).map(|row| row.id.as_str()).collect(),
        why: &doubt.why,
    });
    let unknown =
        intake.unknown.iter().map(|file| Closed { path: &file.path, message: file.refusal.as_ref().map(Refusal::message) });
    let value = Document {
        schema: SCHEMA,
        on_roster: roster.rows.len(),
        matched: intake.submissions.iter().filter(|submission| !submission.attempts.is_empty()).count(),
        submissions: pairs.map(|(submission, row)| entry(submission, row)).collect(),
        doubts: doubts.collect(),
        unknown: unknown.collect(),
        unassigned: &intake.unassigned,
        warnings: roster.warnings.iter().map(|note| Warning { line: note.line, message: &note.message }).collect(),
    };
    document(&value, out)
}

fn entry<'a>(submission: &'a Submission, row: &'a Row) -> Entry<'a> {
    let matched_by = submission.attempts.first().map(|attempt| attempt.matched_by.word());
    Entry {
        student: Student { id: &row.id, name: &row.name, matched_by },
        attempts: submission.attempts.iter().map(written).collect(),
        doubts: &submission.doubts,
    }
}

fn written(attempt: &Attempt) -> Written<'_> {
    Written {
        label: &attempt.label,
        submitted: attempt.submitted.map(|time| time.to_string()),
        late: attempt.late,
        captures: paths(&attempt.captures),
        logs: paths(&attempt.logs),
        screenshots: paths(&attempt.screenshots),
        others: paths(&attempt.others),
        problems: attempt.problems.iter().map(closed).collect(),
        notes: &attempt.notes,
    }
}

fn paths(files: &[File]) -> Vec<&str> {
    files.iter().map(|file| file.path.as_str()).collect()
}

fn closed(problem: &Problem) -> Closed<'_> {
    Closed { path: &problem.path, message: Some(problem.refusal.message()) }
}
