//! `sockscope check FILE --rubric R`: what a submission would be given, before it is handed in.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use sockscope::capture;
use sockscope::judge::assay::{Severity, lint};
use sockscope::judge::grade::{self};
use sockscope::judge::hand_in::{Handed, Who};
use sockscope::judge::log::{MAX_OCTETS, Text};
use sockscope::judge::record::Record;
use sockscope::judge::results::{Graded, Results};
use sockscope::judge::rubric::{Rubric, shipped};
use sockscope::judge::{Points, Status, TextFault};
use sockscope::present::feedback::{self, Manner, Reader};
use sockscope::present::json;

use super::args::{CheckArgs, RubricChoice};
use super::failure::Failure;
use super::job::{self, Setting};

pub(crate) fn run(args: CheckArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let rubric = rubric(&args.rubric)?;
    let name = file_name(&args.file);
    let handed = handed(&args, &rubric)?.of(args.id.as_deref().unwrap_or_default());
    let id = args.id.clone().or_else(|| handed.ids_in(&name).into_iter().next());
    let who = Who { id, name: args.name.clone(), department: args.department.clone(), class: &[] };
    let graded = match Record::read(&name, octets(&args.file, &rubric)?, &rubric.plan()) {
        Ok(record) => grade::grade(&rubric, &record, &who, &handed),
        Err(error @ capture::Error::NotACapture { .. }) => {
            grade::unreadable(&rubric, Some(&name), grade::why_unreadable(&error), &who)
        }
        Err(error) => return Err(error.into()),
    };
    let stamp = rubric.stamp();
    if args.form.json {
        json::results(&Results::new(stamp, vec![graded.clone()]), out)?;
    } else {
        let manner = Manner { language: job::language(args.language), look: setting.look, reader: Reader::Student };
        feedback::write(&graded, &stamp, manner, out)?;
    }
    verdict(&graded, &name)
}

/// 1 if points are lost, 3 if nothing could be judged; what waits for a person is no loss.
fn verdict(graded: &Graded, name: &str) -> Result<(), Failure> {
    let lost: Points = graded
        .checks
        .iter()
        .filter(|checked| checked.status != Status::Review)
        .map(|checked| checked.max - checked.points.unwrap_or_default())
        .sum();
    match graded.gradable {
        false => Err(Failure::Input(format!("{name}: cannot be graded"))),
        true if lost > Points::ZERO => Err(Failure::Unmet(format!("{name}: {lost} of {} points are lost", graded.max))),
        true => Ok(()),
    }
}

/// The rubric that was named: a shipped one, or a file.
pub(crate) fn rubric(choice: &RubricChoice) -> Result<Rubric, Failure> {
    let (name, text) = rubric_text(&choice.rubric)?;
    let rubric = Rubric::read(&text, &choice.set).map_err(|fault| wrong(&name, &fault))?;
    match lint(&rubric).into_iter().find(|finding| finding.severity == Severity::Error) {
        Some(finding) => {
            let check = finding.check.map(|check| format!("check \"{check}\": ")).unwrap_or_default();
            Err(Failure::Text(format!("{name}: {check}{}", finding.text)))
        }
        None => Ok(rubric),
    }
}

/// The name and the text of a rubric.
pub(crate) fn rubric_text(rubric: &str) -> Result<(String, String), Failure> {
    match shipped(rubric) {
        Some(text) => Ok((rubric.to_owned(), text.to_owned())),
        None => Ok((rubric.to_owned(), job::text(Path::new(rubric))?)),
    }
}

pub(crate) fn wrong(name: &str, fault: &TextFault) -> Failure {
    Failure::Text(format!("{name}: {fault}"))
}

pub(crate) fn file_name(file: &Path) -> String {
    file.file_name().map_or_else(|| job::shown(file), |name| name.to_string_lossy().into_owned())
}

pub(crate) fn octets(file: &Path, rubric: &Rubric) -> Result<Vec<u8>, Failure> {
    let name = job::shown(file);
    let most = rubric.submission.max_octets;
    let mut octets = Vec::new();
    let input: Box<dyn Read> = match job::is_stdin(file) {
        true => Box::new(std::io::stdin().lock()),
        false => Box::new(fs::File::open(file).map_err(|error| Failure::Input(format!("{name}: cannot open: {error}")))?),
    };
    input.take(most.saturating_add(1)).read_to_end(&mut octets).map_err(|error| Failure::Input(format!("{name}: {error}")))?;
    match octets.len() as u64 > most {
        true => Err(Failure::Input(format!("{name}: larger than the {} MiB that the rubric allows", most >> 20))),
        false => Ok(octets),
    }
}

fn handed(args: &CheckArgs, rubric: &Rubric) -> Result<Handed, Failure> {
    let mut handed = rubric.handed();
    for path in &args.logs {
        let name = job::shown(path);
        let mut octets = Vec::new();
        let read = fs::File::open(path).and_then(|file| file.take(MAX_OCTETS + 1).read_to_end(&mut octets));
        read.map_err(|error| Failure::Input(format!("{name}: cannot read: {error}")))?;
        let text = Text::decode(&octets).map_err(|fault| Failure::Text(format!("{name}: {fault}")))?;
        handed.logs.push((name, text));
    }
    handed.screenshots = args.screenshots.iter().map(|path| file_name(path)).collect();
    Ok(handed)
}

impl RubricChoice {
    /// Reads `NAME=VALUE`.
    pub(crate) fn setting(text: &str) -> Result<(String, String), String> {
        let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    }
}
