//! `sockscope export-grades RUN --lms NAME`: the results of a class as a learning platform takes them.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sockscope::judge::Language;
use sockscope::judge::results::{Graded, Results};
use sockscope::present::lms::{self, Platform};

use super::args::{ExportGradesArgs, Lms};
use super::failure::{Failure, print_line};
use super::intake::octets;
use super::job;
use super::runs::results;

pub(crate) fn run(args: ExportGradesArgs, out: &mut impl Write) -> Result<(), Failure> {
    let results = results(&args.run)?;
    let language = job::language(args.lang);
    let table = match args.lms {
        Lms::Moodle => filled(Platform::Moodle, &results, language, &args)?,
        Lms::Canvas => filled(Platform::Canvas, &results, language, &args)?,
        Lms::Blackboard => filled(Platform::Blackboard, &results, language, &args)?,
        Lms::Nbgrader => written(lms::nbgrader(&results), &results, &args),
        Lms::Csv => written(lms::plain(&results, language), &results, &args),
        Lms::Gradescope => return documents(&results, &args, |graded| lms::gradescope(graded, language)),
        Lms::Prairielearn => return documents(&results, &args, |graded| lms::prairielearn(graded, language)),
    };
    match &args.output {
        Some(path) => write_file(path, &table),
        None => Ok(out.write_all(&table)?),
    }
}

fn filled(platform: Platform, results: &Results, language: Language, args: &ExportGradesArgs) -> Result<Vec<u8>, Failure> {
    let expected = || Failure::Usage("--template: expected the table that the platform exported, to be filled in".to_owned());
    let path = args.template.as_deref().ok_or_else(expected)?;
    let filled = lms::fill(platform, &octets(path)?, results, (language, args.column.as_deref()))
        .map_err(|fault| Failure::Text(format!("{}: {fault}", job::shown(path))))?;
    filled.remarks.iter().for_each(|remark| print_line(remark));
    print_line(&format!("{} of {} students have a grade", filled.graded, results.results.len()));
    Ok(filled.octets)
}

fn written(table: String, results: &Results, args: &ExportGradesArgs) -> Vec<u8> {
    tell_of_unsettled(results);
    let mark = if args.bom { "\u{feff}" } else { "" };
    format!("{mark}{table}").into_bytes()
}

/// Writes `OUT/ID/results.json` for each student.
fn documents(results: &Results, args: &ExportGradesArgs, document: impl Fn(&Graded) -> Option<String>) -> Result<(), Failure> {
    let folder = args.output.as_deref().ok_or_else(|| Failure::Usage("-o: expected a directory for the documents".to_owned()))?;
    tell_of_unsettled(results);
    for graded in &results.results {
        let Some(document) = document(graded) else { continue };
        let place = folder.join(folder_name(&graded.student.id)?);
        fs::create_dir_all(&place).map_err(|error| unwritable(&place, &error))?;
        write_file(&place.join("results.json"), document.as_bytes())?;
    }
    Ok(())
}

/// An id names a folder only if it can lead nowhere else.
fn folder_name(id: &str) -> Result<PathBuf, Failure> {
    let is_plain = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_');
    match !id.is_empty() && id.chars().all(is_plain) {
        true => Ok(PathBuf::from(id)),
        false => Err(Failure::Text(format!("{}: expected an id of letters and digits, to name a folder", id.escape_debug()))),
    }
}

fn tell_of_unsettled(results: &Results) {
    for graded in &results.results {
        if let Err(why) = lms::settled(graded) {
            print_line(&format!("{} {}: no grade: {}", graded.student.id, graded.student.name, why.en));
        }
    }
}

fn write_file(path: &Path, octets: &[u8]) -> Result<(), Failure> {
    let write = || -> io::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(octets)?;
        file.flush()
    };
    write().map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::Output(io::Error::new(error.kind(), format!("{}: {error}", job::shown(path))))
}
