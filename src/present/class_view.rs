//! A class at one look: counts, everybody's checks, what was hardest, and what waits for a person.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::feedback::symbol;
use super::look::{Ink, Look};
use super::sanitize::sanitize;
use super::table::{Align, Table};
use crate::judge::results::{Graded, Results};
use crate::judge::{Points, Status};

/// How many submissions came out how.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// With a score.
    pub graded: u64,
    /// With all points.
    pub full: u64,
    /// With something for a person to decide that points hang on.
    pub review: u64,
    /// That cannot be judged.
    pub ungradable: u64,
    /// That never came.
    pub missing: u64,
    /// On which the program failed.
    pub error: u64,
}

impl Counts {
    /// Counts a class.
    pub fn of(results: &Results) -> Self {
        let count = |is: fn(&Graded) -> bool| results.results.iter().filter(|graded| is(graded)).count() as u64;
        Self {
            graded: count(|graded| graded.gradable),
            full: count(|graded| graded.status == Status::Pass),
            review: count(|graded| graded.status == Status::Review),
            ungradable: count(|graded| graded.status == Status::Ungradable && !is_missing(graded)),
            missing: count(is_missing),
            error: count(|graded| graded.status == Status::Error),
        }
    }
}

fn is_missing(graded: &Graded) -> bool {
    graded.flags.iter().any(|flag| flag.id == "missing")
}

/// One line: `graded 193 · mean 86.4 · full 121 · review 11 · not gradable 5 · missing 7`.
pub fn summary(results: &Results) -> String {
    let counts = Counts::of(results);
    let scores: Vec<Points> = results.results.iter().filter_map(|graded| graded.score).collect();
    let mean = scores.iter().copied().sum::<Points>().share(1, scores.len() as u64);
    let mean = if scores.is_empty() { "–".to_owned() } else { mean.fixed(1) };
    let Counts { graded, full, review, ungradable, missing, error } = counts;
    let error = if error > 0 { format!(" · internal error {error}") } else { String::new() };
    format!(
        "graded {graded} · mean {mean} · full {full} · review {review} · not gradable {ungradable} · missing {missing}{error}"
    )
}

/// Writes the class: summary, a row for everybody, the checks that most points were lost on.
///
/// # Errors
/// What the writer says.
pub fn write(results: &Results, look: Look, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", summary(results))?;
    writeln!(out)?;
    let ids: Vec<&str> = results
        .results
        .iter()
        .find(|graded| !graded.checks.is_empty())
        .map_or_else(Vec::new, |graded| graded.checks.iter().map(|checked| checked.id.as_str()).collect());
    let mut columns = vec![
        ("Student", Align::Left),
        ("Name", Align::Left),
        ("Score", Align::Right),
        ("Open", Align::Right),
        ("Status", Align::Left),
    ];
    columns.extend(ids.iter().map(|id| (*id, Align::Left)));
    columns.push(("Flags", Align::Wrapped));
    let mut table = Table::new(look, &columns);
    for graded in &results.results {
        table.row(ink(graded.status), row(graded, ids.len()));
    }
    table.write(out)?;
    hardest(results, look, out)
}

const fn ink(status: Status) -> Option<Ink> {
    match status {
        Status::Pass => None,
        Status::Ungradable | Status::Error | Status::Fail => Some(Ink::Bad),
        _ => Some(Ink::Strong),
    }
}

fn row(graded: &Graded, checks: usize) -> Vec<String> {
    let pending = if graded.pending == Points::ZERO { String::new() } else { graded.pending.to_string() };
    let score = graded.score.map_or_else(|| "–".to_owned(), |score| score.to_string());
    let mut cells = vec![graded.student.id.clone(), graded.student.name.clone(), score, pending, graded.status.word().to_owned()];
    let cell = |checked: &crate::judge::results::Checked| match checked.points {
        Some(points) if checked.status == Status::Partial => format!("{} {points}", symbol(checked.status)),
        _ => symbol(checked.status).to_owned(),
    };
    cells.extend(graded.checks.iter().map(cell).chain(std::iter::repeat(String::new())).take(checks));
    let flags: Vec<String> = graded.flags.iter().map(|flag| format!("{} ({})", flag.id, flag.strength)).collect();
    cells.push(flags.join(", "));
    cells
}

/// Checks, by the points lost on them, with the commonest reasons.
fn hardest(results: &Results, look: Look, out: &mut impl Write) -> io::Result<()> {
    const CHECKS: usize = 5;
    const REASONS: usize = 3;
    let mut lost: BTreeMap<&str, (Points, BTreeMap<String, u64>)> = BTreeMap::new();
    for checked in results.results.iter().filter(|graded| graded.gradable).flat_map(|graded| &graded.checks) {
        let points = checked.max - checked.points.unwrap_or_default();
        if matches!(checked.status, Status::Partial | Status::Fail) && points > Points::ZERO {
            let (sum, reasons) = lost.entry(&checked.id).or_default();
            *sum += points;
            *reasons.entry(general(&checked.message.en)).or_default() += 1;
        }
    }
    let mut lost: Vec<_> = lost.into_iter().collect();
    lost.sort_by_key(|(id, (points, _))| (std::cmp::Reverse(*points), *id));
    if lost.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", look.paint(Ink::Strong, "Hardest checks"))?;
    for (id, (points, reasons)) in lost.into_iter().take(CHECKS) {
        let mut reasons: Vec<(String, u64)> = reasons.into_iter().collect();
        reasons.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        let told = reasons.into_iter().take(REASONS).map(|(reason, count)| format!("{count} × {reason}")).collect::<Vec<_>>();
        writeln!(out, "  {}: {points} points lost: {}", sanitize(id), sanitize(&told.join("; ")))?;
    }
    Ok(())
}

/// A reason without its numbers, so that equal ones are counted together.
fn general(reason: &str) -> String {
    let mut general = String::with_capacity(reason.len());
    for character in reason.chars() {
        match character {
            '0'..='9' if general.ends_with('#') => {}
            '0'..='9' => general.push('#'),
            other => general.push(other),
        }
    }
    general
}

/// Writes what waits for a person: a block for each student.
///
/// # Errors
/// What the writer says.
pub fn queue(results: &Results, out: &mut impl Write) -> io::Result<()> {
    let waits = |graded: &&Graded| !items(graded).is_empty() || !graded.flags.is_empty() || !graded.gradable;
    for graded in results.results.iter().filter(waits) {
        let student = &graded.student;
        writeln!(out, "{} {}  {}", sanitize(&student.id), sanitize(&student.name), graded.status.word())?;
        for note in graded.notes.iter().filter(|_| !graded.gradable) {
            writeln!(out, "  {}", sanitize(&note.en))?;
        }
        for checked in items(graded) {
            writeln!(out, "  ? {} (of {}): {}", sanitize(&checked.id), checked.max, sanitize(&checked.message.en))?;
        }
        for flag in &graded.flags {
            let with = if flag.with.is_empty() { String::new() } else { format!(" with {}", flag.with.join(", ")) };
            writeln!(out, "  ! {} ({}){}", sanitize(&flag.id), flag.strength, sanitize(&with))?;
            flag.facts.iter().try_for_each(|fact| writeln!(out, "      {}", sanitize(&fact.en)))?;
            if let Some(innocent) = &flag.innocent {
                writeln!(out, "      innocent if: {}", sanitize(&innocent.en))?;
            }
        }
    }
    Ok(())
}

/// The checks that a person has to decide.
pub fn items(graded: &Graded) -> Vec<&crate::judge::results::Checked> {
    graded.checks.iter().filter(|checked| checked.status == Status::Review).collect()
}
