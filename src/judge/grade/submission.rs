//! What one student handed in, graded: which file counts, what else there is, what cannot be opened.

use std::panic::{self, AssertUnwindSafe};

use super::{grade, unreadable, why_unreadable};
use crate::judge::hand_in::{Handed, Who};
use crate::judge::intake::{Attempt, Doubt, File, Intake, Refusal, Roster, Row, Submission};
use crate::judge::log::{MAX_OCTETS, Text};
use crate::judge::originality::signals;
use crate::judge::record::{Prints, Record, sha256};
use crate::judge::results::{Flag, Graded, Student};
use crate::judge::rubric::Rubric;
use crate::judge::{Message, Points, Status};

/// A class, as far as one submission needs to know of it.
#[derive(Debug)]
pub struct Class<'c> {
    /// By what is graded.
    pub rubric: &'c Rubric,
    /// Who is in it.
    pub roster: &'c Roster,
    /// Who handed in what.
    pub intake: &'c Intake,
    /// Everybody, as the results name them.
    pub students: &'c [Student],
}

/// A grade, and what comparing it with others needs.
#[derive(Debug)]
pub struct Outcome {
    /// The grade.
    pub graded: Graded,
    /// What comparing the capture with others needs, if it could be read.
    pub prints: Option<Prints>,
    /// SHA-256 of each picture.
    pub pictures: Vec<String>,
}

/// Opens files of a submission.
pub type Open<'o> = &'o mut dyn FnMut(&File) -> Result<Vec<u8>, Refusal>;

impl Class<'_> {
    /// Grades what a student handed in. A fault of this program's, which is a panic, gives no score, and is told.
    pub fn grade(&self, submission: &Submission, open: Open<'_>) -> Outcome {
        let judged = panic::catch_unwind(AssertUnwindSafe(|| self.judged(submission, open)));
        judged.unwrap_or_else(|_| self.failed(submission))
    }

    /// A fault of ours is no score, and no zero.
    fn failed(&self, submission: &Submission) -> Outcome {
        let row = self.roster.rows.get(submission.row);
        let who = row.map(|row| self.who(row)).unwrap_or_default();
        let file = submission.attempts.first().and_then(Attempt::capture).map(File::written);
        let (version, name) = (env!("CARGO_PKG_VERSION"), file.unwrap_or("–"));
        let command = format!("sockscope check \"{name}\" --rubric {} --id {}", self.rubric.id, who.id.as_deref().unwrap_or("–"));
        let why = Message::new(
            format!("내부 오류: 점수 없음 — 조교 확인 (sockscope {version}, 파일 {name}, 명령 {command})."),
            format!("Internal error: no score. Staff will look (sockscope {version}, file {name}, command {command})."),
        );
        let mut graded = unreadable(self.rubric, file, why, &who);
        (graded.status, graded.score) = (Status::Error, None);
        graded.checks.iter_mut().take(1).for_each(|checked| checked.status = Status::Error);
        Outcome { graded, prints: None, pictures: Vec::new() }
    }

    fn judged(&self, submission: &Submission, open: Open<'_>) -> Outcome {
        let Some(row) = self.roster.rows.get(submission.row) else { return self.nothing(&Who::default(), missing()) };
        let who = self.who(row);
        match submission.attempts.split_first() {
            Some((counts, others)) => {
                let mut outcome = self.attempt(counts, &who, open);
                outcome.graded.student = Student::new(row, Some(counts));
                self.tell(counts, others, &mut outcome.graded);
                outcome
            }
            None => {
                let mut outcome = self.without_attempt(submission, &who, open);
                outcome.graded.student = Student::new(row, None);
                outcome
            }
        }
    }

    fn who(&self, row: &Row) -> Who<'_> {
        Who { id: Some(row.id.clone()), name: Some(row.name.clone()), department: row.department.clone(), class: self.students }
    }

    /// Nothing is surely this student's: what may be, a person decides.
    fn without_attempt(&self, submission: &Submission, who: &Who<'_>, open: Open<'_>) -> Outcome {
        let doubts = submission.doubts.iter().filter_map(|doubt| self.intake.doubts.get(*doubt));
        let mut doubts = doubts.collect::<Vec<_>>();
        doubts.sort_by_key(|doubt| (doubt.rows.len(), !doubt.attempt.is_complete()));
        let Some(doubt) = doubts.first() else {
            let mut outcome = self.nothing(who, missing());
            outcome.graded.flags.push(missing_flag());
            return outcome;
        };
        let mut outcome = match doubt.rows.len() {
            1 => self.attempt(&with_companions(doubt, &doubts), who, open),
            _ => self.nothing(
                who,
                Message::new(
                    "누구의 것인지 확정되지 않은 제출이 있음 — 조교 확인.",
                    "A submission may be this student's or another's: staff will look.",
                ),
            ),
        };
        let reason = Message::new(
            "제출자의 학번이 명단과 정확히 맞지 않음 — 조교 확인.",
            "The submission's number does not match the roster exactly: staff will look.",
        );
        outcome.graded.notes.push(reason);
        outcome.graded.status = Status::Review;
        outcome.graded.flags.push(Flag {
            id: "unclear-owner".to_owned(),
            strength: "medium".to_owned(),
            facts: vec![doubt.why.clone()],
            innocent: Some(Message::new("학번을 잘못 적었을 수 있음", "the number may have been mistyped")),
            with: Vec::new(),
        });
        outcome
    }

    fn nothing(&self, who: &Who<'_>, why: Message) -> Outcome {
        Outcome { graded: unreadable(self.rubric, None, why, who), prints: None, pictures: Vec::new() }
    }

    /// Grades one attempt.
    fn attempt(&self, attempt: &Attempt, who: &Who<'_>, open: Open<'_>) -> Outcome {
        let Some(file) = attempt.capture() else {
            let why =
                attempt.problems.first().map_or_else(|| self.no_capture(attempt, open), |problem| problem.refusal.message());
            return self.nothing(who, why);
        };
        let octets = match open(file) {
            Ok(octets) if octets.len() as u64 > self.rubric.submission.max_octets => {
                let most = self.rubric.submission.max_octets >> 20;
                let why = Message::new(format!("캡처가 {most} MiB보다 큼."), format!("The capture is larger than {most} MiB."));
                return self.nothing(who, why);
            }
            Ok(octets) => octets,
            Err(refusal) => {
                return Outcome {
                    graded: unreadable(self.rubric, Some(file.written()), refusal.message(), who),
                    ..self.nothing(who, missing())
                };
            }
        };
        let (handed, pictures) = self.handed(attempt, who, open);
        match Record::read(file.written(), octets, &self.rubric.plan()) {
            Ok(record) => {
                let mut graded = grade(self.rubric, &record, who, &handed);
                graded.flags.extend(signals(&record, self.rubric.submission.window));
                Outcome { graded, prints: Some(record.prints), pictures }
            }
            Err(error) => {
                let graded = unreadable(self.rubric, Some(file.written()), why_unreadable(&error), who);
                Outcome { graded, prints: None, pictures }
            }
        }
    }

    /// Why there is no capture: what was handed in instead may tell.
    fn no_capture(&self, attempt: &Attempt, open: Open<'_>) -> Message {
        let instead = attempt.logs.iter().chain(&attempt.others).chain(&attempt.screenshots).next();
        let why = instead.and_then(|file| {
            let error = Record::read(file.written(), open(file).ok()?, &self.rubric.plan()).err()?;
            Some(why_unreadable(&error))
        });
        why.unwrap_or_else(|| Message::new("캡처 파일이 없음.", "There is no capture."))
    }

    /// The logs and pictures that came with it.
    fn handed(&self, attempt: &Attempt, who: &Who<'_>, open: Open<'_>) -> (Handed, Vec<String>) {
        let mut handed = Handed { is_all: true, ..self.rubric.handed().of(who.id.as_deref().unwrap_or_default()) };
        for log in attempt.logs.iter().filter(|log| log.size <= MAX_OCTETS) {
            if let Some(text) = open(log).ok().and_then(|octets| Text::decode(&octets).ok()) {
                handed.logs.push((log.name.clone(), text));
            }
        }
        handed.screenshots = attempt.screenshots.iter().map(|picture| picture.name.clone()).collect();
        let pictures =
            attempt.screenshots.iter().filter_map(|picture| open(picture).ok()).map(|octets| sha256(&octets)).collect();
        (handed, pictures)
    }

    /// Tells what is known of the hand-in beside its capture.
    fn tell(&self, counts: &Attempt, others: &[Attempt], graded: &mut Graded) {
        graded.notes.extend(counts.notes.iter().cloned());
        graded.late = counts.late;
        graded.submitted = counts.submitted.map(|time| time.to_string());
        graded.files = counts.files().map(|file| file.path.clone()).collect();
        graded.attempts = [counts].into_iter().chain(others).map(|attempt| attempt.label.clone()).collect();
        self.late(counts, graded);
    }

    /// Takes points for lateness, by the times of the learning platform alone.
    fn late(&self, attempt: &Attempt, graded: &mut Graded) {
        let (Some(late), Some(window), Some(submitted)) = (self.rubric.late, self.rubric.submission.window, attempt.submitted)
        else {
            return;
        };
        let days = window.days_after(submitted);
        if days == 0 {
            return;
        }
        let points = late.per_day.share(u64::from(days.min(late.max_days)), 1);
        graded.late = true;
        graded.score = graded.score.map(|score| (score - points).max(Points::ZERO));
        graded.notes.push(Message::new(
            format!("제출 {submitted} ({}): 마감보다 {days}일 늦음, −{points}점.", window.offset),
            format!("Handed in {submitted} ({}): {days} days late, −{points} points.", window.offset),
        ));
    }
}

/// The attempt of a doubt, with the logs and pictures that may be the same student's and no other's.
fn with_companions(doubt: &Doubt, doubts: &[&Doubt]) -> Attempt {
    let mut attempt = doubt.attempt.clone();
    let beside =
        |other: &&&Doubt| other.rows == doubt.rows && other.attempt.captures.is_empty() && !doubt.attempt.captures.is_empty();
    for other in doubts.iter().filter(beside) {
        attempt.logs.extend(other.attempt.logs.iter().cloned());
        attempt.screenshots.extend(other.attempt.screenshots.iter().cloned());
    }
    attempt
}

fn missing() -> Message {
    Message::new("제출 없음.", "Nothing was handed in.")
}

fn missing_flag() -> Flag {
    Flag {
        id: "missing".to_owned(),
        strength: "strong".to_owned(),
        facts: vec![missing()],
        innocent: Some(Message::new(
            "다른 이름이나 다른 경로로 냈을 수 있음",
            "it may have come under another name or another way",
        )),
        with: Vec::new(),
    }
}
