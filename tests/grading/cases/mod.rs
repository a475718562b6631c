//! The table: what is handed in, what it is given, and what is said of it.
//!
//! [`files`], [`programs`] and [`captures`] are the cases of the specification by what went wrong, [`fair`] what it does
//! not name and what must cost nothing, or no more than it is worth, and [`tcp`] the other lab.

mod captures;
mod fair;
mod files;
mod programs;
mod tcp;

use std::collections::BTreeMap;

use sockscope::judge::Status::{self, Blocked, Pass, Review, Ungradable};

use crate::file::{File, Host};
use crate::handin::{HandIn, Student, log};
use crate::talk::Talk;

/// One row.
pub(crate) struct Case {
    /// Its number in the specification; 0 beyond it.
    pub(crate) number: usize,
    pub(crate) name: &'static str,
    pub(crate) lab: &'static Lab,
    pub(crate) student: Student,
    pub(crate) hand_in: HandIn,
    /// The status of the whole.
    pub(crate) whole: Status,
    /// Points in all; `None` for no score.
    pub(crate) score: Option<&'static str>,
    /// The checks that come out otherwise than in a good hand-in: status and points.
    pub(crate) checks: BTreeMap<&'static str, (Status, Option<&'static str>)>,
    /// What is said, in Korean and in English.
    pub(crate) says: Vec<(&'static str, &'static str)>,
    /// Flags for staff.
    pub(crate) flags: Vec<&'static str>,
}

/// A lab: its rubric, and its checks with what a good hand-in is given.
#[derive(Debug)]
pub(crate) struct Lab {
    pub(crate) rubric: &'static str,
    pub(crate) good: &'static [(&'static str, Status, &'static str)],
}

pub(crate) const UDP: Lab = Lab {
    rubric: "udp-echo",
    good: &[
        ("readable", Pass, "5"),
        ("named", Pass, "5"),
        ("loopback", Pass, "5"),
        ("server-traffic", Pass, "10"),
        ("two-clients", Pass, "20"),
        ("ephemeral", Pass, "5"),
        ("echo", Pass, "20"),
        ("identity", Pass, "15"),
        ("demux", Pass, "5"),
        ("log", Pass, "10"),
        ("screenshot", Review, "0"),
    ],
};

/// All that asks for packets of the lab.
const BELOW_LOOPBACK: [&str; 7] = ["two-clients", "ephemeral", "echo", "identity", "demux", "log", "server-traffic"];

const SERVER: &str = "5000";
const ONE: &str = "41733";
const TWO: &str = "47915";

impl Case {
    fn is(mut self, check: &'static str, status: Status, points: &'static str) -> Self {
        self.checks.insert(check, (status, Some(points)));
        self
    }

    fn blocked(self, checks: &[&'static str]) -> Self {
        checks.iter().fold(self, |case, check| case.is(check, Blocked, "0"))
    }

    fn scores(self, whole: Status, score: &'static str) -> Self {
        Self { whole, score: Some(score), ..self }
    }

    fn says(mut self, ko: &'static str, en: &'static str) -> Self {
        self.says.push((ko, en));
        self
    }

    fn flagged(mut self, flag: &'static str) -> Self {
        self.flags.push(flag);
        self
    }

    /// Nothing could be judged: the first check says why.
    fn ungradable(mut self) -> Self {
        for (place, (check, ..)) in self.lab.good.iter().enumerate() {
            let status = if place == 0 { Ungradable } else { Blocked };
            self.checks.insert(check, (status, None));
        }
        Self { whole: Ungradable, score: None, ..self }
    }
}

/// The class in the making.
struct Table {
    lab: &'static Lab,
    cases: Vec<Case>,
}

impl Table {
    fn of(lab: &'static Lab) -> Self {
        Self { lab, cases: Vec::new() }
    }

    fn row(&mut self, number: usize, name: &'static str, hand_in: impl Fn(&Student) -> HandIn, told: impl Fn(Case) -> Case) {
        let variant = self.cases.iter().filter(|case| case.number == number).count();
        let student = Student::new(number, variant);
        let hand_in = hand_in(&student);
        let (checks, says, flags, lab) = (BTreeMap::new(), Vec::new(), Vec::new(), self.lab);
        self.cases.push(told(Case { number, name, lab, student, hand_in, whole: Pass, score: Some("100"), checks, says, flags }));
    }

    /// A row that the specification does not have; its number is above all of those.
    fn beyond(&mut self, name: &'static str, hand_in: impl Fn(&Student) -> HandIn, told: impl Fn(Case) -> Case) {
        const SPECIFIED: usize = 52;
        let number = self.cases.iter().map(|case| case.number).max().unwrap_or(0).max(SPECIFIED) + 1;
        self.row(number, name, hand_in, told);
    }
}

/// Two clients, who send what the lab asks for.
pub(crate) fn lab(student: &Student) -> Talk {
    with_texts(student.says("client1"), student.says("client2"))
}

fn with_texts(one: impl AsRef<[u8]>, two: impl AsRef<[u8]>) -> Talk {
    Talk::default().echo(ONE, SERVER, one).wait(4_100).echo(TWO, SERVER, two)
}

fn good(student: &Student) -> HandIn {
    HandIn::good(student, lab(student))
}

/// A good hand-in but for its capture.
fn with_file(student: &Student, talk: Talk, make: impl Fn(File) -> Vec<u8>) -> HandIn {
    let log = log(&talk);
    let id = &student.id;
    HandIn::captured(student, make(File::new(Host::Linux, talk))).with(&format!("{id}.log"), log)
}

/// Every case but those of a whole class: rosters (51) and faults of the program (52).
pub(crate) fn specified() -> Vec<Case> {
    let mut table = Table::of(&UDP);
    files::files(&mut table);
    files::names(&mut table);
    programs::identities(&mut table);
    programs::clients(&mut table);
    programs::servers(&mut table);
    captures::captures(&mut table);
    captures::logs(&mut table);
    table.cases
}

/// What must not cost more than it is worth.
pub(crate) fn fair() -> Vec<Case> {
    let mut table = Table::of(&UDP);
    fair::right(&mut table);
    fair::partly(&mut table);
    table.cases
}

/// The TCP lab.
pub(crate) fn tcp() -> Vec<Case> {
    let mut table = Table::of(&tcp::TCP);
    tcp::connections(&mut table);
    table.cases
}

/// A good run of it.
pub(crate) fn tcp_lab() -> Talk {
    tcp::lab()
}
