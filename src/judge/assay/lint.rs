//! What a rubric promises and does not keep.

use crate::capture::{self, ByteOrder, Description, Interface, InterfaceId, LinkType, Section};
use crate::judge::grade::grade;
use crate::judge::hand_in::Who;
use crate::judge::record::Record;
use crate::judge::rubric::{Check, Kind, Rubric};
use crate::judge::template::placeholders;
use crate::judge::{Message, Points, Status};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// Nobody should be graded by this rubric.
    Error,
}

/// A finding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lint {
    /// How bad it is.
    pub severity: Severity,
    /// The check it is about; `None` for the whole.
    pub check: Option<String>,
    /// What is wrong, in one sentence.
    pub text: String,
}

/// Looks for sums that do not add up, languages that are missing, and checks that nothing passes.
pub fn lint(rubric: &Rubric) -> Vec<Lint> {
    let mut found: Vec<Lint> = sum(rubric).into_iter().collect();
    for check in &rubric.checks {
        found.extend(languages(check));
        found.extend(scores(check));
    }
    found.extend(passes_on_nothing(rubric));
    found
}

fn sum(rubric: &Rubric) -> Option<Lint> {
    let sum: Points = rubric.checks.iter().map(|check| check.points).sum();
    let text = format!("the points of the checks add up to {sum}, not to the total of {}", rubric.total);
    (sum != rubric.total).then_some(Lint { severity: Severity::Error, check: None, text })
}

fn of(check: &Check, severity: Severity, text: impl Into<String>) -> Lint {
    Lint { severity, check: Some(check.id.clone()), text: text.into() }
}

fn languages(check: &Check) -> Vec<Lint> {
    let sentences = [("title", Some(&check.title)), ("fail", check.fail.as_ref()), ("fix", check.fix.as_ref())];
    let mut found: Vec<Lint> = sentences.into_iter().filter_map(|(name, message)| language(check, name, message?)).collect();
    if matches!(check.kind, Kind::Query(_)) && check.fail.is_none() {
        found.push(of(check, Severity::Warning, "a query has no words of its own: say fail.ko and fail.en"));
    }
    found
}

fn language(check: &Check, name: &str, message: &Message) -> Option<Lint> {
    let lacks = |text: &str, language: &str| text.is_empty().then(|| format!("{name}.{language} is missing"));
    if let Some(text) = lacks(&message.ko, "ko").or_else(|| lacks(&message.en, "en")) {
        return Some(of(check, Severity::Error, text));
    }
    let names = |text: &str| {
        let mut names: Vec<String> = placeholders(text).into_iter().map(str::to_owned).collect();
        names.sort();
        names.dedup();
        names
    };
    let (ko, en) = (names(&message.ko), names(&message.en));
    (ko != en).then(|| of(check, Severity::Warning, format!("{name}.ko names {ko:?}, {name}.en names {en:?}")))
}

fn scores(check: &Check) -> Option<Lint> {
    let Kind::Query(query) = &check.kind else { return None };
    let steps = query.score.iter().flat_map(|score| &score.steps);
    let over = steps.map(|step| step.points).find(|points| *points > check.points)?;
    Some(of(check, Severity::Error, format!("a step is worth {over}, more than the check's {}", check.points)))
}

/// Checks that a capture without packets passes, but for those that do not ask for packets.
fn passes_on_nothing(rubric: &Rubric) -> Vec<Lint> {
    let Some(graded) = on_nothing(rubric) else { return Vec::new() };
    let about_packets = |check: &&Check| !matches!(check.kind, Kind::Named | Kind::Screenshot);
    let passes = |check: &&Check| {
        graded
            .checks
            .iter()
            .any(|checked| checked.id == check.id && checked.status == Status::Pass && check.points > Points::ZERO)
    };
    let told = |check: &Check| of(check, Severity::Error, "a capture without any packet passes this check");
    rubric.checks.iter().filter(about_packets).filter(passes).map(told).collect()
}

/// The grade of a capture without packets, every check judged alone.
fn on_nothing(rubric: &Rubric) -> Option<crate::judge::results::Graded> {
    let mut description = Description::new(capture::Format::Pcapng);
    description.sections.push(Section::new(ByteOrder::Little));
    let interface = Interface::new(InterfaceId(0), 0, LinkType::ETHERNET);
    description.interfaces.push(Interface { name: Some("lo".to_owned()), ..interface });
    let file = capture::Writer::new(Vec::new(), &description).finish().ok()?;
    let record = Record::read("empty.pcapng", file, &rubric.plan()).ok()?;
    let mut alone = rubric.clone();
    alone.checks.iter_mut().for_each(|check| check.needs.clear());
    Some(grade(&alone, &record, &Who::default(), &rubric.handed()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::rubric::SHIPPED;

    #[test]
    fn shipped_rubrics_keep_their_promises() {
        for (name, text) in SHIPPED {
            assert_eq!(lint(&Rubric::read(text, &[]).unwrap()), [], "{name}");
        }
    }

    #[test]
    fn a_check_that_nothing_fails_is_found() {
        let text = r#"
            schema = 1
            id = "x"
            title = { ko = "x", en = "x" }
            total = 10
            [[check]]
            id = "no-reset"
            kind = "query"
            title = { ko = "x", en = "x" }
            points = 10
            select = "packets"
            where = "tcp.flags.reset == 1"
            absent = true
            fail.ko = "RST"
            fail.en = "RST"
        "#;
        let found = lint(&Rubric::read(text, &[]).unwrap());
        assert!(found.iter().any(|lint| lint.text.contains("without any packet")), "{found:?}");
    }
}
