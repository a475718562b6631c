//! The documents that Gradescope and PrairieLearn read, one for each student.

use serde::Serialize;
use serde_json::Number;

use super::feedback::{feedback, title};
use super::settled;
use crate::judge::results::{Checked, Graded, Status, Visibility};
use crate::judge::{Language, Points};
use crate::present::sanitize::sanitize;

/// Characters of one message: PrairieLearn takes a megabyte in all.
const LONGEST: usize = 4000;

#[derive(Serialize)]
struct Gradescope {
    score: Number,
    output: String,
    output_format: &'static str,
    tests: Vec<GradescopeTest>,
}

#[derive(Serialize)]
struct GradescopeTest {
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_score: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    name: String,
    number: String,
    output: String,
    output_format: &'static str,
    visibility: &'static str,
}

#[derive(Serialize)]
struct PrairieLearn {
    gradable: bool,
    score: Number,
    message: String,
    format_errors: Vec<String>,
    tests: Vec<PrairieLearnTest>,
}

#[derive(Serialize)]
struct PrairieLearnTest {
    name: String,
    description: String,
    points: Number,
    max_points: Number,
    message: String,
}

/// `results.json` for Gradescope; `None` without a settled grade, which it has no way to say.
pub fn gradescope(graded: &Graded, language: Language) -> Option<String> {
    let score = settled(graded).ok()?;
    let tests = graded.checks.iter().enumerate().map(|(place, check)| gradescope_test(place, check, language)).collect();
    let document = Gradescope { score: number(score), output: feedback(graded, language), output_format: "text", tests };
    serde_json::to_string(&document).ok()
}

/// Plain text: in Markdown what a capture says could become a link.
fn gradescope_test(place: usize, check: &Checked, language: Language) -> GradescopeTest {
    // A check without points is a remark: with a score it would count.
    let points = check.points.filter(|_| check.max > Points::ZERO);
    GradescopeTest {
        score: points.map(number),
        max_score: points.map(|_| number(check.max)),
        // Without a status Gradescope shows partial credit as failed.
        status: points.map(|points| if points > Points::ZERO { "passed" } else { "failed" }),
        name: shown(title(check, language)),
        number: (place + 1).to_string(),
        output: message(check, language),
        output_format: "text",
        visibility: match check.visibility {
            Visibility::Visible => "visible",
            Visibility::AfterDue => "after_due_date",
            Visibility::Staff => "hidden",
        },
    }
}

/// `results.json` for PrairieLearn; `None` if a person has to look first.
///
/// A submission that cannot be graded is told as such, with the reasons; a missing one is nobody's.
pub fn prairielearn(graded: &Graded, language: Language) -> Option<String> {
    let score = match settled(graded) {
        Ok(score) => Some(score),
        Err(_) if graded.status == Status::Ungradable && graded.file.is_some() => None,
        Err(_) => return None,
    };
    let visible = graded.checks.iter().filter(|check| check.visibility == Visibility::Visible);
    let reasons = visible.clone().filter(|check| check.status == Status::Ungradable).map(|check| message(check, language));
    let document = PrairieLearn {
        gradable: score.is_some(),
        score: share(score.unwrap_or_default(), graded.max),
        message: feedback(graded, language),
        format_errors: if score.is_some() { Vec::new() } else { reasons.collect() },
        tests: visible.filter(|_| score.is_some()).map(|check| prairielearn_test(check, language)).collect(),
    };
    serde_json::to_string(&document).ok()
}

/// One test without points would hide the points of all: nothing is 0 here.
fn prairielearn_test(check: &Checked, language: Language) -> PrairieLearnTest {
    PrairieLearnTest {
        name: check.id.clone(),
        description: shown(title(check, language)),
        points: number(check.points.unwrap_or_default()),
        max_points: number(check.max),
        message: message(check, language),
    }
}

fn message(check: &Checked, language: Language) -> String {
    let fix = check.fix.as_ref().filter(|_| check.status != Status::Pass).map(|fix| format!("\n{}", shown(fix.text(language))));
    format!("{}{}", shown(check.message.text(language)), fix.unwrap_or_default())
}

fn shown(text: &str) -> String {
    sanitize(text).chars().take(LONGEST).collect()
}

/// A number of JSON, whole where it is whole.
fn number(points: Points) -> Number {
    let thousandths = points.thousandths();
    match thousandths % 1000 {
        0 => Number::from(thousandths / 1000),
        _ => Number::from_f64(thousandths as f64 / 1000.0).unwrap_or_else(|| Number::from(0)),
    }
}

/// From 0 to 1.
fn share(points: Points, max: Points) -> Number {
    let share = points.thousandths() as f64 / max.thousandths().max(1) as f64;
    Number::from_f64(share.clamp(0.0, 1.0)).unwrap_or_else(|| Number::from(0))
}
