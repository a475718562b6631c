//! `sockscope grade SUBMISSIONS --rubric R --roster CSV --out DIR`: a whole class.
//!
//! A submission that cannot be graded, or on which the program fails, never stops the others: the exit code is 0 unless
//! the rubric, the roster or the folder cannot be used.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use sockscope::judge::Language;
use sockscope::judge::grade::Class;
use sockscope::judge::intake::{Row, Submission, take_in};
use sockscope::judge::overrides::Overrides;
use sockscope::judge::results::{Graded, Results, Student};
use sockscope::present::class_view;
use sockscope::present::feedback::{self, Manner, Reader};
use sockscope::present::json;
use sockscope::present::look::Look;

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
    let roster = intake::roster(&args.roster, Some(args.roster.digits.unwrap_or(rubric.submission.digits)))?;
    for note in &roster.warnings {
        print_line(&format!("{} / {}", note.message.ko, note.message.en));
    }
    let submissions = Submissions::open(&args.submissions)?;
    let intake = take_in(submissions.found(), &roster);
    let students: Vec<Student> = roster.rows.iter().map(student).collect();
    let class = Class { rubric: &rubric, roster: &roster, intake: &intake, students: &students };
    let overrides = decisions(&args.out, &class)?;
    let mut results = Results::new(rubric.stamp(), graded(&class, &submissions, args.jobs.map(usize::from))?);
    for graded in &mut results.results {
        overrides.apply(graded, &rubric);
    }
    write(&results, &args.out)?;
    writeln!(out, "{} → {}", class_view::summary(&results), job::shown(&args.out.join("review.txt")))?;
    if setting.verbose {
        class_view::write(&results, setting.look, out)?;
    }
    Ok(())
}

fn student(row: &Row) -> Student {
    Student { id: row.id.clone(), name: row.name.clone(), matched_by: None, department: row.department.clone() }
}

/// What staff decided in an earlier run.
fn decisions(folder: &Path, class: &Class<'_>) -> Result<Overrides, Failure> {
    let path = folder.join(OVERRIDES);
    if !path.exists() {
        return Ok(Overrides::default());
    }
    let overrides =
        Overrides::read(&job::text(&path)?, class.rubric).map_err(|fault| check::wrong(&job::shown(&path), &fault))?;
    for stranger in overrides.students().filter(|id| !class.students.iter().any(|student| student.id == *id)) {
        print_line(&format!("{}: {stranger} is not on the roster", job::shown(&path)));
    }
    Ok(overrides)
}

/// Grades everybody, several at once, in the order of the roster.
fn graded(class: &Class<'_>, submissions: &Submissions, jobs: Option<usize>) -> Result<Vec<Graded>, Failure> {
    let pool = ThreadPoolBuilder::new().num_threads(jobs.unwrap_or(0)).build();
    let pool = pool.map_err(|error| Failure::Input(format!("cannot start {} workers: {error}", jobs.unwrap_or(0))))?;
    let tally = Tally::new(class.intake.submissions.len());
    let one = |reader: &mut submissions::Reader<'_>, submission: &Submission| {
        let graded = class.grade(submission, &mut |file| reader.octets(file.index)).graded;
        tally.one_more();
        graded
    };
    let all = || class.intake.submissions.par_iter().map_init(|| submissions.reader(), one).collect();
    Ok(pool.install(all))
}

/// Writes the folder of a run anew; decisions stay.
fn write(results: &Results, folder: &Path) -> Result<(), Failure> {
    let fault = |path: &Path, error: io::Error| Failure::Input(format!("{}: cannot write: {error}", job::shown(path)));
    let feedback = folder.join("feedback");
    clear(&feedback).and_then(|()| fs::create_dir_all(&feedback)).map_err(|error| fault(&feedback, error))?;
    let file = |name: &str, write: &dyn Fn(&mut BufWriter<File>) -> io::Result<()>| {
        let path = folder.join(name);
        let written = File::create(&path).map(BufWriter::new).and_then(|mut out| write(&mut out).and_then(|()| out.flush()));
        written.map_err(|error| fault(&path, error))
    };
    file(RESULTS, &|out| json::results(results, out))?;
    file("class.txt", &|out| class_view::write(results, Look::default(), out))?;
    file("review.txt", &|out| class_view::queue(results, out))?;
    for graded in &results.results {
        let name = format!("feedback/{}.txt", file_name(&graded.student.id));
        file(&name, &|out| both(graded, results, out))?;
    }
    Ok(())
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
