//! What a student reads beside the grade: the root causes first, then every check that lost points.

use crate::judge::results::{Checked, Graded, Status, Visibility};
use crate::judge::{Language, Message, Points};
use crate::present::sanitize::sanitize;

/// The most characters of a feedback: a cell of Excel holds 32,767.
const LONGEST: usize = 30_000;

/// A few lines of plain text; nothing about checks that the student may not see, or about other students.
pub fn feedback(graded: &Graded, language: Language) -> String {
    let score = graded.score.map_or_else(|| "–".to_owned(), |score| score.to_string());
    let head = Message::new(format!("점수 {score}/{}", graded.max), format!("Score {score}/{}", graded.max));
    let checks = graded.checks.iter().filter(|check| check.visibility == Visibility::Visible && is_told(check));
    let adjusted = graded.overrides.iter().map(|decision| {
        let (check, points, reason) = (&decision.check, decision.points, &decision.reason);
        Message::new(format!("조교 조정: {check} {points}점. {reason}"), format!("adjusted by staff: {check} {points}. {reason}"))
    });
    let lines = [head.text(language).to_owned()].into_iter();
    let lines = lines.chain(checks.map(|check| line(check, language)));
    let lines = lines.chain(adjusted.map(|message| message.text(language).to_owned()));
    let lines = lines.chain(graded.notes.iter().map(|note| note.text(language).to_owned()));
    let text = lines.map(|line| sanitize(&line).into_owned()).collect::<Vec<_>>().join("\n");
    text.chars().take(LONGEST).collect()
}

/// It lost points, or could not be judged.
fn is_told(check: &Checked) -> bool {
    check.status != Status::Pass && check.max > Points::ZERO
}

/// `에코 10/20: 프레임 3의 답 없음 → 서버를 먼저 켜세요 [udp.stream eq 1]`.
fn line(check: &Checked, language: Language) -> String {
    let points = check.points.map_or_else(|| "–".to_owned(), |points| points.to_string());
    let fix = check.fix.as_ref().map(|fix| format!(" → {}", fix.text(language))).unwrap_or_default();
    let filter = check.filter.as_ref().map(|filter| format!(" [{filter}]")).unwrap_or_default();
    format!("{} {points}/{}: {}{fix}{filter}", title(check, language), check.max, check.message.text(language))
}

/// What a check is called.
pub(super) fn title(check: &Checked, language: Language) -> &str {
    check.title.as_ref().map_or(&check.id, |title| title.text(language))
}
