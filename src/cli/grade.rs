//! `sockscope grade SUBMISSIONS --rubric R --roster CSV --out DIR`: a whole class.
//!
//! A submission that cannot be graded, or on which the program fails, never stops the others: the exit code is 0 unless
//! the rubric, the roster or the folder cannot be used.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use sockscope::judge::grade::{Class, Outcome};
use sockscope::judge::intake::{Intake, Roster, Submission, take_in};
use sockscope::judge::originality::{self, Comparison, Entry};
use sockscope::judge::overrides::Overrides;
use sockscope::judge::record::Prints;
use sockscope::judge::record::Record;
use sockscope::judge::results::{Graded, Results, Student};
use sockscope::judge::rubric::Rubric;
use sockscope::judge::{Language, Message};
use sockscope::present::class_view;
use sockscope::present::feedback::{self, Manner, Reader};
use sockscope::present::json;
use sockscope::present::look::Look;
use sockscope::present::originality_view;

use super::args::GradeArgs;
use super::check;
use super::failure::{Failure, print_line};
use super::intake;
use super::job::{self, Setting};
use super::progress::Tally;
use super::submissions::{self, Submissions};

/// The file of decisions in the folder of a run.
pub(crate) const OVERRIDES: &str = "overrides.toml";

/// The results in the folder of a run.
pub(crate) const RESULTS: &str = "results.json";

pub(crate) fn run(args: GradeArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let rubric = check::rubric(&args.rubric)?;
    let submissions = Submissions::open(&args.submissions)?;
    let (roster, intake) = taken_in(&args, &rubric, &submissions)?;
    for note in &roster.warnings {
        print_line(&format!("{} / {}", note.message.ko, note.message.en));
    }
    let students: Vec<Student> = roster.rows.iter().map(|row| Student::new(row, None)).collect();
    let class = Class { rubric: &rubric, roster: &roster, intake: &intake, students: &students };
    let overrides = decisions(&args.out, &class)?;
    let template = args.template.as_deref().map(|file| template(file, &rubric)).transpose()?;
    let mut outcomes = outcomes(&class, &submissions, args.jobs.map(usize::from))?;
    let comparison = compared(&class, &mut outcomes, template.as_ref());
    let mut results = Results::new(rubric.stamp(), outcomes.into_iter().map(|outcome| outcome.graded).collect());
    for graded in &mut results.results {
        overrides.apply(graded);
        graded.weigh_flags();
    }
    write(&results, &args.out)?;
    let path = args.out.join("originality.txt");
    written(&path, &|out| originality_view::write(&comparison, Language::En, Look::default(), out))?;
    writeln!(out, "{} → {}", class_view::summary(&results), job::shown(&args.out.join("review.txt")))?;
    if setting.verbose {
        class_view::write(&results, setting.look, out)?;
    }
    Ok(())
}

/// The roster, and who on it handed in what. Where nobody says how many digits a number has, that reading of the roster
/// is the right one by which most submissions find their students: zeros that a spreadsheet dropped stand in file names.
fn taken_in(args: &GradeArgs, rubric: &Rubric, submissions: &Submissions) -> Result<(Roster, Intake), Failure> {
    const USUAL: usize = 8;
    let read = |digits: Option<usize>| {
        let roster = intake::roster(&args.roster, digits)?;
        let intake = take_in(submissions.found(), &roster);
        Ok::<_, Failure>((roster, intake))
    };
    if let Some(digits) = args.roster.digits.or(rubric.submission.digits) {
        return read(Some(digits));
    }
    let mut best = read(None)?;
    let longest = best.0.rows.iter().map(|row| row.id.len()).max().unwrap_or(USUAL);
    let most = best.0.rows.iter().filter(|row| row.id.len() == longest).count() * 2 > best.0.rows.len();
    for (digits, needed) in [(longest, usize::from(!most)), (USUAL.max(longest), 1)] {
        let other = read(Some(digits))?;
        if matched(&other.1) >= matched(&best.1) + needed {
            best = other;
        }
    }
    Ok(best)
}

fn matched(intake: &Intake) -> usize {
    intake.submissions.iter().filter(|submission| !submission.attempts.is_empty()).count()
}

/// What staff decided in an earlier run.
fn decisions(folder: &Path, class: &Class<'_>) -> Result<Overrides, Failure> {
    let path = folder.join(OVERRIDES);
    if !path.exists() {
        return Ok(Overrides::default());
    }
    let overrides =
        Overrides::read(&job::text(&path)?, Some(class.rubric)).map_err(|fault| check::wrong(&job::shown(&path), &fault))?;
    for stranger in overrides.students().filter(|id| !class.students.iter().any(|student| student.id == *id)) {
        print_line(&format!("{}: {stranger} is not on the roster", job::shown(&path)));
    }
    Ok(overrides)
}

/// The capture that the instructor gave out, which proves nothing where two share it.
fn template(file: &Path, rubric: &Rubric) -> Result<Prints, Failure> {
    Ok(Record::read(&job::shown(file), check::octets(file, rubric)?, &rubric.plan())?.prints)
}

/// Lays all captures side by side, and flags what staff should see.
fn compared(class: &Class<'_>, outcomes: &mut [Outcome], template: Option<&Prints>) -> Comparison {
    let entry = |outcome: &'_ Outcome| {
        let prints = outcome.prints.as_ref()?;
        Some((outcome.graded.student.id.clone(), prints.clone(), outcome.pictures.clone()))
    };
    let owned: Vec<_> = outcomes.iter().filter_map(entry).collect();
    let entries: Vec<Entry<'_>> = owned.iter().map(|(student, prints, pictures)| Entry { student, prints, pictures }).collect();
    let comparison = originality::compare(&originality::Class { roster: class.students, entries: &entries, template });
    originality::take_back_habits(outcomes.iter_mut().map(|outcome| &mut outcome.graded));
    for Outcome { graded, .. } in outcomes {
        graded.flags.extend(comparison.flags(&graded.student.id));
        if comparison.is_template(&graded.student.id) {
            let note = "This is the example that was given out, handed in as it is: staff will look.";
            graded.notes.push(Message::new("예시 파일을 그대로 제출함 — 조교 확인.", note));
        }
    }
    comparison
}

/// Grades everybody, several at once, in the order of the roster.
fn outcomes(class: &Class<'_>, submissions: &Submissions, jobs: Option<usize>) -> Result<Vec<Outcome>, Failure> {
    let pool = ThreadPoolBuilder::new().num_threads(jobs.unwrap_or(0)).build();
    let pool = pool.map_err(|error| Failure::Input(format!("cannot start {} workers: {error}", jobs.unwrap_or(0))))?;
    let tally = Tally::new(class.intake.submissions.len());
    let one = |reader: &mut submissions::Reader<'_>, submission: &Submission| {
        let outcome = class.grade(submission, &mut |file| reader.octets(file.index));
        tally.one_more();
        outcome
    };
    let all = || class.intake.submissions.par_iter().map_init(|| submissions.reader(), one).collect();
    Ok(pool.install(all))
}

/// Writes the folder of a run anew; decisions stay.
pub(crate) fn write(results: &Results, folder: &Path) -> Result<(), Failure> {
    let feedback = folder.join("feedback");
    clear(&feedback).and_then(|()| fs::create_dir_all(&feedback)).map_err(|error| fault(&feedback, error))?;
    let file = |name: &str, write: Writing<'_>| written(&folder.join(name), write);
    file(RESULTS, &|out| json::results(results, out))?;
    file("class.txt", &|out| class_view::write(results, Look::default(), out))?;
    file("review.txt", &|out| class_view::queue(results, out))?;
    for graded in &results.results {
        let name = format!("feedback/{}.txt", file_name(&graded.student.id));
        file(&name, &|out| both(graded, results, out))?;
    }
    Ok(())
}

/// Writes into a file.
type Writing<'w> = &'w dyn Fn(&mut BufWriter<File>) -> io::Result<()>;

fn written(path: &Path, write: Writing<'_>) -> Result<(), Failure> {
    let written = File::create(path).map(BufWriter::new).and_then(|mut out| write(&mut out).and_then(|()| out.flush()));
    written.map_err(|error| fault(path, error))
}

fn fault(path: &Path, error: io::Error) -> Failure {
    Failure::Input(format!("{}: cannot write: {error}", job::shown(path)))
}

/// Removes the feedback of an earlier run.
fn clear(folder: &Path) -> io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// A student's number as a file name.
fn file_name(id: &str) -> String {
    id.chars().map(|character| if character.is_alphanumeric() || "-_".contains(character) { character } else { '_' }).collect()
}

/// The feedback in both languages.
fn both(graded: &Graded, results: &Results, out: &mut impl Write) -> io::Result<()> {
    let manner = |language| Manner { language, look: Look::default(), reader: Reader::Student };
    feedback::write(graded, &results.rubric, manner(Language::Ko), out)?;
    writeln!(out, "\n————————————————————————————————\n")?;
    feedback::write(graded, &results.rubric, manner(Language::En), out)
}
