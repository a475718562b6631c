//! `sockscope rubric`: write, try and test rubrics.

use std::io::Write;
use std::path::Path;

use sockscope::judge::assay::{Severity, Spoiled, Trial, lint, trial};
use sockscope::judge::grade::{self};
use sockscope::judge::hand_in::Who;
use sockscope::judge::record::Record;
use sockscope::judge::rubric::{KINDS, Rubric, SHIPPED, shipped};
use sockscope::judge::{Language, Points};
use sockscope::present::feedback::{self, Manner, Reader};

use super::args::{RubricArgs, RubricWork};
use super::check;
use super::failure::Failure;
use super::job::Setting;

pub(crate) fn run(args: RubricArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    match args.work {
        RubricWork::New { name } => new(&name, out),
        RubricWork::Lint { rubric } => lint_it(&rubric, out),
        RubricWork::Try { rubric, files } => files.iter().try_for_each(|file| try_it(&read(&rubric)?, file, setting, out)),
        RubricWork::Test { rubric, file } => test_it(&read(&rubric)?, &file, out),
        RubricWork::Doc => doc(out),
    }
}

fn read(name: &str) -> Result<Rubric, Failure> {
    let (name, text) = check::rubric_text(name)?;
    Rubric::read(&text, &[]).map_err(|fault| check::wrong(&name, &fault))
}

fn new(name: &str, out: &mut impl Write) -> Result<(), Failure> {
    let known = || SHIPPED.map(|(name, _)| name).join(" or ");
    let text = shipped(name).ok_or_else(|| Failure::Usage(format!("no rubric {name}: expected {}", known())))?;
    Ok(out.write_all(text.as_bytes())?)
}

fn lint_it(name: &str, out: &mut impl Write) -> Result<(), Failure> {
    let rubric = read(name)?;
    let found = lint(&rubric);
    for finding in &found {
        let severity = if finding.severity == Severity::Error { "error" } else { "warning" };
        let check = finding.check.as_ref().map(|check| format!(" {check}:")).unwrap_or_default();
        writeln!(out, "{severity}:{check} {}", finding.text)?;
    }
    if found.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(Failure::Text(format!("{name}: nobody should be graded by this rubric")));
    }
    writeln!(out, "{}: {} checks, {} points", rubric.id, rubric.checks.len(), rubric.total)?;
    Ok(())
}

fn try_it(rubric: &Rubric, file: &Path, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let name = check::file_name(file);
    let record = Record::read(&name, check::octets(file, rubric)?, &rubric.plan())?;
    let handed = rubric.handed();
    let who = Who { id: handed.ids_in(&name).into_iter().next(), ..Who::default() };
    let graded = grade::grade(rubric, &record, &who, &handed);
    let manner = Manner { language: Language::En, look: setting.look, reader: Reader::Staff };
    feedback::write(&graded, &rubric.stamp(), manner, out)?;
    for check in rubric.checks.iter() {
        if let Some(note) = &check.note {
            writeln!(out, "note for staff, {}: {note}", check.id)?;
        }
    }
    Ok(())
}

fn test_it(rubric: &Rubric, file: &Path, out: &mut impl Write) -> Result<(), Failure> {
    let name = check::file_name(file);
    let who = Who { id: rubric.handed().ids_in(&name).into_iter().next(), ..Who::default() };
    let (full, trials) = trial(rubric, &check::octets(file, rubric)?, &who)?;
    let lower = trials.iter().filter(|trial| trial.score < full).count();
    let unfair: Vec<&Trial> = trials.iter().filter(|trial| !trial.holds()).collect();
    writeln!(out, "{name}: {full} points; spoiled in {} ways: {lower} score less, {} score more", trials.len(), unfair.len())?;
    unfair.iter().try_for_each(|trial| {
        writeln!(out, "  {}: {} points, at most {} expected", what(trial.spoiled), trial.score, trial.most)
    })?;
    match unfair.is_empty() {
        true if full == Points::ZERO => Err(Failure::Unmet(format!("{name}: scores nothing, so there is nothing to lose"))),
        true => Ok(()),
        false => Err(Failure::Unmet(format!("{}: less work scores more", rubric.id))),
    }
}

fn what(spoiled: Spoiled) -> String {
    match spoiled {
        Spoiled::Dropped(frame) => format!("without frame {frame}"),
        Spoiled::EndsBehind(frame) => format!("ended behind frame {frame}"),
        Spoiled::Swapped(frame) => format!("frames {frame} and {} swapped", frame + 1),
        Spoiled::Cut(frame) => format!("frame {frame} cut"),
        Spoiled::Moved(frame) => format!("frame {frame} from another address"),
    }
}

fn doc(out: &mut impl Write) -> Result<(), Failure> {
    writeln!(out, "A check is judged by its kind:\n")?;
    for kind in KINDS {
        let parameters = if kind.parameters.is_empty() { String::new() } else { format!(" ({})", kind.parameters.join(", ")) };
        writeln!(out, "  {}{parameters}\n      {}", kind.name, kind.about)?;
    }
    writeln!(out, "{REST}")?;
    Ok(())
}

const REST: &str = "
Every check takes id, kind, points, and where they apply title, needs, visibility (visible, after_due, staff), fail, fix
(each with ko and en) and note, which only staff see.

A query selects packets, datagrams, exchanges, sockets or connections; where is a display filter; group_by is one of src,
dst, client, server, src_addr, dst_addr, stream, conn. require takes groups, rows, any_group, each_group and overlap;
score takes per_group, per_row or steps. In fail and fix {groups}, {rows}, {frames}, {ports} and {keys} tell what was
found; in Korean {ports:이/가} gives the particle that fits. Parameters of [params] stand as {name} everywhere.";
