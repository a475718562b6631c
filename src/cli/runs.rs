//! What a run of `grade` left behind, looked at again: `explain-grade`, `diff`, `review`.

use std::fs::OpenOptions;
use std::io::{self, BufRead, Write};
use std::path::Path;

use sockscope::judge::comparison::{Changed, changes};
use sockscope::judge::overrides::{Overrides, written};
use sockscope::judge::results::{Graded, ORIGINALITY, Override, Results, SCHEMA};
use sockscope::judge::{Points, TextFault};
use sockscope::present::class_view::items;
use sockscope::present::feedback::{self, Manner, Reader};
use sockscope::present::sanitize::sanitize;

use super::args::{DiffArgs, ExplainGradeArgs, ReviewArgs};
use super::check;
use super::failure::Failure;
use super::grade::{self, OVERRIDES, RESULTS};
use super::intake::octets;
use super::job::{self, Setting};

/// The results of a run, by its directory or its file.
pub(crate) fn results(run: &Path) -> Result<Results, Failure> {
    let path = if run.is_dir() { run.join(RESULTS) } else { run.to_owned() };
    let wrong = |text: String| Failure::Text(format!("{}: {text}", job::shown(&path)));
    let results: Results = serde_json::from_slice(&octets(&path)?).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let text = text.split(" at line ").next().unwrap_or_default().to_owned();
        wrong(TextFault { line, column, text: format!("expected the results of a run: {text}") }.to_string())
    })?;
    match results.schema {
        SCHEMA => Ok(results),
        other => Err(wrong(format!("line 1, column 1: expected schema {SCHEMA}, found {other}"))),
    }
}

/// `explain-grade RUN STUDENT [CHECK]`: why, with everything that shows it.
pub(crate) fn explain(args: ExplainGradeArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let results = results(&args.run)?;
    let graded = student(&results, &args.student)?;
    let language = job::language(args.language);
    let mut told = graded.clone();
    if let Some(check) = &args.check {
        told.checks.retain(|checked| checked.id == *check);
        if told.checks.is_empty() {
            let known = graded.checks.iter().map(|checked| checked.id.as_str()).collect::<Vec<_>>().join(", ");
            return Err(Failure::Usage(format!("no check {check}; there are {known}")));
        }
    }
    feedback::write(&told, &results.rubric, Manner { language, look: setting.look, reader: Reader::Staff }, out)?;
    for flag in &graded.flags {
        let facts = flag.facts.iter().map(|fact| fact.text(language)).collect::<Vec<_>>().join("; ");
        writeln!(out, "flag {} ({}): {}", sanitize(&flag.id), flag.strength, sanitize(&facts))?;
    }
    if let Some(file) = graded.files.first().or(graded.file.as_ref()) {
        let id = &graded.student.id;
        writeln!(out, "again: sockscope check {} --rubric {} --id {id}", sanitize(file), sanitize(&results.rubric.id))?;
    }
    Ok(())
}

fn student<'r>(results: &'r Results, id: &str) -> Result<&'r Graded, Failure> {
    let found = results.results.iter().find(|graded| graded.student.id == id);
    found.ok_or_else(|| Failure::Usage(format!("no student {id} in this run")))
}

/// `diff RUN1 RUN2`: whose grade changed, and through which checks.
pub(crate) fn diff(args: DiffArgs, out: &mut impl Write) -> Result<(), Failure> {
    let (before, after) = (results(&args.before)?, results(&args.after)?);
    let changes = changes(&before, &after);
    let short = |sha256: &str| sha256.chars().take(8).collect::<String>();
    if before.rubric.sha256 != after.rubric.sha256 {
        writeln!(out, "rubric {} → {}", short(&before.rubric.sha256), short(&after.rubric.sha256))?;
    }
    if before.tool != after.tool {
        writeln!(out, "{} → {}", sanitize(&before.tool), sanitize(&after.tool))?;
    }
    let students = if changes.len() == 1 { "1 student".to_owned() } else { format!("{} students", changes.len()) };
    writeln!(out, "{students} changed")?;
    changes.iter().try_for_each(|changed| writeln!(out, "  {}", line(changed))).map_err(Failure::from)
}

/// `20231301 80 → 90 (echo 10 → 20)`.
fn line(changed: &Changed<'_>) -> String {
    let points = |points: Option<Points>| points.map_or_else(|| "–".to_owned(), |points| points.to_string());
    let mut text = format!("{} {} → {}", sanitize(changed.student), points(changed.score.0), points(changed.score.1));
    if changed.status.0 != changed.status.1 {
        let word = |status: Option<sockscope::judge::Status>| status.map_or("not there", |status| status.word());
        text += &format!(" {} → {}", word(changed.status.0), word(changed.status.1));
    }
    let check = |check: &sockscope::judge::comparison::ChangedCheck<'_>| {
        format!("{} {} → {}", sanitize(check.id), points(check.points.0), points(check.points.1))
    };
    let checks = changed.checks.iter().map(check).collect::<Vec<_>>();
    if checks.is_empty() { text } else { format!("{text} ({})", checks.join(", ")) }
}

/// What a person answers.
enum Answer {
    Points(Points),
    Skip,
    Quit,
}

/// `review RUN`: walks through what waits for a person, and writes each decision at once.
pub(crate) fn review(args: ReviewArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let mut results = results(&args.run)?;
    let path = args.run.join(OVERRIDES);
    let mut input = io::stdin().lock();
    let waiting: Vec<(String, String)> = results.results.iter().flat_map(waiting).collect();
    writeln!(out, "{} waiting; y: all points, n: none, a number, s: skip, q: quit", waiting.len())?;
    let mut decided = 0_usize;
    for (student, check) in &waiting {
        let Some(graded) = results.results.iter().find(|graded| graded.student.id == *student) else { continue };
        heading(graded, out)?;
        let answer = match graded.checks.iter().find(|checked| checked.id == *check) {
            Some(checked) => {
                let manner = Manner { language: job::language(args.language), look: setting.look, reader: Reader::Staff };
                feedback::one(graded, checked, manner, out)?;
                ask(check, checked.max, &mut input, out)?
            }
            None => {
                flags(graded, out)?;
                ask(check, Points::ZERO, &mut input, out)?
            }
        };
        match answer {
            Answer::Quit => break,
            Answer::Skip => continue,
            Answer::Points(points) => {
                let decision = Override { check: check.clone(), points, reason: "reviewed".to_owned(), by: args.by.clone() };
                append(&path, &written(student, &decision))?;
                decided += 1;
            }
        }
    }
    if decided > 0 {
        let overrides = Overrides::read(&job::text(&path)?, None).map_err(|fault| check::wrong(&job::shown(&path), &fault))?;
        for graded in &mut results.results {
            overrides.apply(graded);
            graded.weigh_flags();
        }
        grade::write(&results, &args.run)?;
    }
    writeln!(out, "{decided} decided, {} left", waiting.len() - decided)?;
    Ok(())
}

/// The checks of a student that a person has to decide, and the flags that nobody has looked at.
fn waiting(graded: &Graded) -> Vec<(String, String)> {
    let flags = graded.has_open_flags().then(|| ORIGINALITY.to_owned());
    let checks = items(graded).into_iter().map(|checked| checked.id.clone());
    checks.chain(flags).map(|check| (graded.student.id.clone(), check)).collect()
}

fn heading(graded: &Graded, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n{} {}", sanitize(&graded.student.id), sanitize(&graded.student.name))?;
    graded.files.iter().try_for_each(|file| writeln!(out, "  {}", sanitize(file)))
}

fn flags(graded: &Graded, out: &mut impl Write) -> io::Result<()> {
    for flag in &graded.flags {
        let with = if flag.with.is_empty() { String::new() } else { format!(" with {}", flag.with.join(", ")) };
        writeln!(out, " ! {} ({}){}", sanitize(&flag.id), flag.strength, sanitize(&with))?;
        flag.facts.iter().try_for_each(|fact| writeln!(out, "     {}", sanitize(&fact.en)))?;
    }
    writeln!(out, "   y: looked at, the score stands; points are changed through the checks")
}

fn ask(check: &str, max: Points, input: &mut impl BufRead, out: &mut impl Write) -> Result<Answer, Failure> {
    loop {
        write!(out, "{} of {max}? ", sanitize(check))?;
        out.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line).map_err(|error| Failure::Input(format!("standard input: {error}")))? == 0 {
            return Ok(Answer::Quit);
        }
        match line.trim() {
            "y" | "Y" => return Ok(Answer::Points(max)),
            "n" | "N" => return Ok(Answer::Points(Points::ZERO)),
            "s" | "S" | "" => return Ok(Answer::Skip),
            "q" | "Q" => return Ok(Answer::Quit),
            number => match number.parse::<Points>() {
                Ok(points) if points >= Points::ZERO && points <= max => return Ok(Answer::Points(points)),
                _ => writeln!(out, "y, n, s, q, or points from 0 to {max}")?,
            },
        }
    }
}

fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    let fault = |error: io::Error| Failure::Input(format!("{}: cannot write: {error}", job::shown(path)));
    opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(fault)
}
