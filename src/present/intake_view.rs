//! Who of a class handed in what, as text: a line of counts, a table, and what a person has to look at.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::look::{Ink, Look};
use super::sanitize::sanitize;
use super::table::{Align, Table};
use crate::judge::intake::{Attempt, Doubt, Intake, Roster, Row, Submission};

/// Writes all of it.
///
/// # Errors
/// What the writer says.
pub fn write(roster: &Roster, intake: &Intake, look: Look, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", sanitize(&summary(roster, intake)))?;
    table(roster, intake, look, out)?;
    let mut section = |title: &str, lines: Vec<String>| section(title, &lines, look, out);
    section("Missing", missing(roster, intake))?;
    section("For a person to decide (then --assign NAME=ID)", doubts(intake))?;
    section("Assigned, but not there", intake.unassigned.clone())?;
    let unknown = intake.unknown.iter().map(|file| match &file.refusal {
        Some(refusal) => format!("{}: {refusal}", file.path),
        None => file.path.clone(),
    });
    section("Unknown files", unknown.collect())?;
    section("Not opened", problems(roster, intake))?;
    section("Understood although not as asked for", notes(roster, intake))?;
    section("Roster", roster.warnings.iter().map(|note| note.message.en.clone()).collect())
}

/// `200 on roster · 193 matched · 4 missing · 2 unknown files · 1 ambiguous (김민수 ×2: use id) · 3 repaired (NFD)`.
pub fn summary(roster: &Roster, intake: &Intake) -> String {
    let matched = intake.submissions.iter().filter(|submission| !submission.attempts.is_empty()).count();
    let repaired: Vec<&Attempt> =
        current(intake).map(|(_, attempt)| attempt).filter(|attempt| !attempt.repairs.is_empty()).collect();
    let repairs: BTreeSet<_> = repaired.iter().flat_map(|attempt| &attempt.repairs).collect();
    let names: BTreeSet<String> = intake.doubts.iter().filter_map(|doubt| namesakes(roster, doubt)).collect();
    let parts = [
        (roster.rows.len(), "on roster".to_owned()),
        (matched, "matched".to_owned()),
        (missing(roster, intake).len(), "missing".to_owned()),
        (intake.unknown.len(), if intake.unknown.len() == 1 { "unknown file" } else { "unknown files" }.to_owned()),
        (intake.doubts.len(), format!("ambiguous{}", bracketed(names.iter()))),
        (repaired.len(), format!("repaired{}", bracketed(repairs.iter()))),
    ];
    let told = |(place, (count, words)): (usize, &(usize, String))| (place < 3 || *count > 0).then(|| format!("{count} {words}"));
    parts.iter().enumerate().filter_map(told).collect::<Vec<_>>().join(" · ")
}

/// The attempt of each student that counts.
fn current(intake: &Intake) -> impl Iterator<Item = (&Submission, &Attempt)> {
    intake.submissions.iter().filter_map(|submission| Some((submission, submission.attempts.first()?)))
}

fn bracketed(texts: impl Iterator<Item: ToString>) -> String {
    let texts: Vec<String> = texts.map(|text| text.to_string()).collect();
    if texts.is_empty() { String::new() } else { format!(" ({})", texts.join(", ")) }
}

/// `김민수 ×2: use id`, if the doubt is about students of one name.
fn namesakes(roster: &Roster, doubt: &Doubt) -> Option<String> {
    let names: BTreeSet<&str> = doubt.rows.iter().filter_map(|row| roster.rows.get(*row)).map(|row| row.name.as_str()).collect();
    let name = names.first().filter(|_| names.len() == 1 && doubt.rows.len() > 1)?;
    Some(format!("{name} ×{}: use id", doubt.rows.len()))
}

fn table(roster: &Roster, intake: &Intake, look: Look, out: &mut impl Write) -> io::Result<()> {
    use Align::{Left, Right, Wrapped};
    let columns = [
        ("Student", Left),
        ("Name", Left),
        ("By", Left),
        ("Handed in", Left),
        ("Capture", Wrapped),
        ("Octets", Right),
        ("Logs", Right),
        ("Pictures", Right),
        ("Attempts", Right),
    ];
    let mut table = Table::new(look, &columns);
    for (submission, attempt) in current(intake) {
        let Some(row) = roster.rows.get(submission.row) else { continue };
        let capture = attempt.capture();
        let late = if attempt.late { "late" } else { "-" };
        let time = attempt.submitted.map(|time| time.strftime("%Y-%m-%d %H:%M:%S").to_string());
        let cells = [
            row.id.clone(),
            row.name.clone(),
            attempt.matched_by.word().to_owned(),
            time.unwrap_or_else(|| late.to_owned()),
            capture.map_or("-", |file| &file.path).to_owned(),
            capture.map_or_else(|| "-".to_owned(), |file| file.size.to_string()),
            attempt.logs.len().to_string(),
            attempt.screenshots.len().to_string(),
            submission.attempts.len().to_string(),
        ];
        table.row(capture.is_none().then_some(Ink::Bad), cells);
    }
    writeln!(out)?;
    table.write(out)
}

fn section(title: &str, lines: &[String], look: Look, out: &mut impl Write) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}: {}", look.paint(Ink::Strong, title), lines.len())?;
    lines.iter().try_for_each(|line| writeln!(out, "  {}", sanitize(line)))
}

/// Students of whom there is nothing, not even in doubt.
fn missing(roster: &Roster, intake: &Intake) -> Vec<String> {
    let missing = intake.submissions.iter().filter(|submission| submission.attempts.is_empty() && submission.doubts.is_empty());
    missing.filter_map(|submission| roster.rows.get(submission.row)).map(student).collect()
}

fn problems(roster: &Roster, intake: &Intake) -> Vec<String> {
    lines(roster, intake, |attempt| {
        attempt.problems.iter().map(|problem| format!("{}: {}", problem.path, problem.refusal)).collect()
    })
}

fn notes(roster: &Roster, intake: &Intake) -> Vec<String> {
    lines(roster, intake, |attempt| attempt.notes.iter().map(|note| note.en.clone()).collect())
}

fn doubts(intake: &Intake) -> Vec<String> {
    intake.doubts.iter().map(|doubt| format!("{}: {}", doubt.attempt.label, doubt.why.en)).collect()
}

/// What there is to say of the attempt of each student that counts.
fn lines(roster: &Roster, intake: &Intake, of: fn(&Attempt) -> Vec<String>) -> Vec<String> {
    let row = |submission: &Submission| roster.rows.get(submission.row);
    let students = current(intake).filter_map(|(submission, attempt)| Some((row(submission)?, attempt)));
    students.flat_map(|(row, attempt)| of(attempt).into_iter().map(|text| format!("{}: {text}", student(row)))).collect()
}

fn student(row: &Row) -> String {
    format!("{} {}", row.id, row.name)
}
