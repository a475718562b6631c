//! `sockscope intake SUBMISSIONS --roster CSV`: who of a class handed in what.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use sockscope::judge::intake::{self, Columns, Intake, MAX_FILE, Problem, Roster, take_in};
use sockscope::present::{intake_view, json};

use super::args::{IntakeArgs, RosterArgs};
use super::failure::Failure;
use super::job::{self, Setting};
use super::submissions::Submissions;

pub(crate) fn run(args: IntakeArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let roster = roster(&args.roster, args.roster.digits)?;
    let submissions = Submissions::open(&args.submissions)?;
    let mut intake = take_in(submissions.found(), &roster);
    try_captures(&submissions, &mut intake);
    match args.form.json {
        true => json::intake(&roster, &intake, out)?,
        false => intake_view::write(&roster, &intake, setting.look, out)?,
    }
    Ok(())
}

/// Reads every capture that counts: what a directory says of a file is not what comes out of it.
fn try_captures(submissions: &Submissions, intake: &mut Intake) {
    let mut reader = submissions.reader();
    for attempt in intake.submissions.iter_mut().filter_map(|submission| submission.attempts.first_mut()) {
        let refused = |file: &intake::File| {
            let refusal = reader.octets(file.index).err()?;
            Some(Problem { path: file.path.clone(), refusal })
        };
        let refused: Vec<Problem> = attempt.captures.iter().filter_map(refused).collect();
        attempt.problems.extend(refused);
    }
}

/// Reads the roster as the options say.
pub(crate) fn roster(args: &RosterArgs, digits: Option<usize>) -> Result<Roster, Failure> {
    let mut columns = Columns::default();
    args.map.iter().try_for_each(|mapping| columns.map(mapping)).map_err(|text| Failure::Usage(format!("--map: {text}")))?;
    let octets = octets(&args.roster)?;
    let wrong = |fault| Failure::Text(format!("{}: {fault}", job::shown(&args.roster)));
    let mut roster = Roster::read(&octets, &columns, digits).map_err(wrong)?;
    for assignment in &args.assign {
        let expected = || "expected NAME=ID, as in 홍길동_4711=20231234".to_owned();
        let assigned = assignment.rsplit_once('=').ok_or_else(expected).and_then(|(name, id)| roster.assign(name, id));
        assigned.map_err(|text| Failure::Usage(format!("--assign: {text}")))?;
    }
    Ok(roster)
}

/// A whole file of the user's.
pub(crate) fn octets(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut octets = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut octets));
    read.map_err(|error| Failure::Input(format!("{}: cannot read: {error}", job::shown(path))))?;
    Ok(octets)
}
