//! The cases of the specification: what can go wrong with a submission, and what is then said of it.
//!
//! [`wire`] makes packets, [`talk`] puts them into conversations, [`file`] into captures, [`handin`] beside logs,
//! pictures and archives; [`cases`] is the table. [`class`] grades it with the real binary, [`evidence`] asks tshark for
//! the frames of every filter, [`monotone`] takes packets away.

#[allow(unreachable_pub, reason = "shared test code is public to its siblings")]
#[path = "../support/mod.rs"]
mod support;

mod cases;
mod class;
mod evidence;
mod file;
mod handin;
mod hostile;
mod monotone;
mod staff;
mod talk;
mod wire;

use std::collections::BTreeMap;

use cases::Case;
use handin::{DEPARTMENT, Lying};
use sockscope::judge::grade::{Class, Outcome};
use sockscope::judge::intake::{self, Columns, Intake, Refusal, Roster, Row, take_in};
use sockscope::judge::results::{Graded, Student};
use sockscope::judge::rubric::{Rubric, shipped};
use sockscope::judge::{Message, Points};

pub(crate) fn rubric(name: &str) -> Rubric {
    Rubric::read(shipped(name).unwrap(), &[]).unwrap()
}

pub(crate) fn roster(cases: &[Case]) -> String {
    let row = |case: &Case| format!("{},{},{DEPARTMENT}\n", case.student.id, case.student.name);
    ["학번,이름,학과\n".to_owned()].into_iter().chain(cases.iter().map(row)).collect()
}

/// A class and all that it handed in.
pub(crate) struct Given {
    rubric: Rubric,
    roster: Roster,
    students: Vec<Student>,
    lying: Lying,
    intake: Intake,
}

impl Given {
    pub(crate) fn of(cases: &[Case]) -> Self {
        let rubric = rubric(cases[0].lab.rubric);
        let roster = Roster::read(roster(cases).as_bytes(), &Columns::default(), Some(8)).unwrap();
        let mut lying = Lying::default();
        cases.iter().flat_map(|case| &case.hand_in.files).for_each(|(path, octets)| lying.add(path, octets));
        let intake = take_in(&lying.found, &roster);
        let student = |row: &Row| Student::new(row, None);
        let students = roster.rows.iter().map(student).collect();
        Self { rubric, roster, students, lying, intake }
    }

    /// Grades everybody; `open` opens a file by its place.
    pub(crate) fn graded(&self, mut open: impl FnMut(&intake::File) -> Result<Vec<u8>, Refusal>) -> Vec<Outcome> {
        let class = Class { rubric: &self.rubric, roster: &self.roster, intake: &self.intake, students: &self.students };
        self.intake.submissions.iter().map(|submission| class.grade(submission, &mut open)).collect()
    }

    pub(crate) fn open(&self, file: &intake::File) -> Result<Vec<u8>, Refusal> {
        self.lying.open(file.index)
    }
}

/// All that a student reads, in one language.
fn said(graded: &Graded, text: fn(&Message) -> &str) -> String {
    let of_checks = graded.checks.iter().flat_map(|checked| {
        [Some(&checked.message), checked.expected.as_ref(), checked.found.as_ref(), checked.fix.as_ref()]
            .into_iter()
            .flatten()
            .chain(&checked.near)
    });
    graded.notes.iter().chain(of_checks).map(text).collect::<Vec<_>>().join("\n")
}

pub(crate) fn faults(case: &Case, graded: &Graded) -> Vec<String> {
    let mut faults = Vec::new();
    let mut same = |what: &str, found: &dyn std::fmt::Debug, expected: &dyn std::fmt::Debug| {
        let (found, expected) = (format!("{found:?}"), format!("{expected:?}"));
        if found != expected {
            faults.push(format!("{what}: {found}, expected {expected}"));
        }
    };
    let points = |text: &str| text.parse::<Points>().unwrap();
    same("whole", &graded.status, &case.whole);
    same("score", &graded.score, &case.score.map(points));
    let checks: BTreeMap<&str, _> =
        case.lab.good.iter().map(|(id, status, points)| (*id, (*status, Some(*points)))).chain(case.checks.clone()).collect();
    for checked in &graded.checks {
        let (status, expected) = checks[checked.id.as_str()];
        same(
            &format!("{} \"{}\"", checked.id, checked.message.ko),
            &(checked.status, checked.points),
            &(status, expected.map(points)),
        );
    }
    let flags: Vec<&str> = graded.flags.iter().map(|flag| flag.id.as_str()).collect();
    same("flags", &flags, &case.flags);
    for (ko, en) in &case.says {
        for (wanted, all) in [(ko, said(graded, |message| &message.ko)), (en, said(graded, |message| &message.en))] {
            if !all.contains(*wanted) {
                faults.push(format!("says nothing of {wanted:?}:\n{all}"));
            }
        }
    }
    faults
}

fn check(cases: &[Case]) {
    let given = Given::of(cases);
    let outcomes = given.graded(|file| given.open(file));
    assert_eq!(cases.len(), outcomes.len());
    let mut wrong = Vec::new();
    for (case, outcome) in cases.iter().zip(&outcomes) {
        for fault in faults(case, &outcome.graded) {
            wrong.push(format!("{} {} ({}): {fault}", case.number, case.name, case.student.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_case_is_graded_as_specified() {
    check(&cases::specified());
}

#[test]
fn right_work_in_other_shapes_costs_nothing() {
    check(&cases::fair());
}

#[test]
fn connections_are_graded_as_they_went() {
    check(&cases::tcp());
}
