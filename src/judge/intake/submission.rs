//! What intake works on, and what it finds.

use jiff::civil::DateTime;

use super::filename::{Kind, Repair};
use super::refusal::Refusal;
use crate::judge::Message;

/// A file that lies among the submissions.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Found {
    /// Its path below the folder or zip that was given, with `/`; an inner zip is a folder in it.
    pub path: String,
    /// In octets.
    pub size: u64,
    /// Last change, by whatever clock; only to tell later from earlier.
    pub modified: Option<DateTime>,
    /// What was done to make the name readable.
    pub repair: Option<Repair>,
    /// Why its octets are not to be had.
    pub refusal: Option<Refusal>,
}

/// Who of a class handed in what.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Intake {
    /// One for every row of the roster, in its order.
    pub submissions: Vec<Submission>,
    /// What is somebody's, but whose is for a person to say.
    pub doubts: Vec<Doubt>,
    /// Files that point to nobody, by path.
    pub unknown: Vec<Unknown>,
    /// What a person assigned, and is not there.
    pub unassigned: Vec<String>,
}

/// What one student handed in.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Submission {
    /// The student's row of the roster, from 0.
    pub row: usize,
    /// The one to be judged first: the newest complete one; then the others from new to old. None: missing.
    pub attempts: Vec<Attempt>,
    /// Those of [`Intake::doubts`] that may be this student's.
    pub doubts: Vec<usize>,
}

/// Files that were handed in together: never mixed with those of another attempt.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attempt {
    /// The folder, or what the files are called in common.
    pub label: String,
    /// What shows whose it is.
    pub matched_by: MatchedBy,
    /// The number by which Moodle or Canvas know the student, out of the name that they gave the files.
    pub account: Option<String>,
    /// When it was handed in, as the learning platform says, in its own time.
    pub submitted: Option<DateTime>,
    /// The last change of its captures, or of all its files.
    pub modified: Option<DateTime>,
    /// The learning platform says it came too late.
    pub late: bool,
    /// The first is to be judged.
    pub captures: Vec<File>,
    /// Texts that a program may have printed.
    pub logs: Vec<File>,
    /// Pictures.
    pub screenshots: Vec<File>,
    /// Anything else.
    pub others: Vec<File>,
    /// Files that are not opened.
    pub problems: Vec<Problem>,
    /// What was understood although it was not as asked for; costs nothing.
    pub notes: Vec<Message>,
    /// The same in a word each, for the overview of staff.
    pub repairs: Vec<Repair>,
}

/// What shows whose an attempt is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum MatchedBy {
    /// The student's number in the name of a file.
    FileId,
    /// The student's number in the name of a folder, or in what the learning platform put before the name.
    FolderId,
    /// The account on the learning platform.
    Account,
    /// The full name, which no other student has.
    Name,
    /// A person said so.
    Staff,
}

impl MatchedBy {
    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::FileId => "id",
            Self::FolderId => "folder_id",
            Self::Account => "account",
            Self::Name => "name",
            Self::Staff => "staff",
        }
    }
}

/// A file of an attempt.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct File {
    /// Its place in the list of what was found.
    pub index: usize,
    /// Its path.
    pub path: String,
    /// Its name, repaired.
    pub name: String,
    /// In octets.
    pub size: u64,
    /// What it is, by its name.
    pub kind: Kind,
}

/// A file that is not opened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// Its path.
    pub path: String,
    /// Why.
    pub refusal: Refusal,
}

/// An attempt that may be one student's or another's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Doubt {
    /// The files.
    pub attempt: Attempt,
    /// Rows of the roster that it may belong to.
    pub rows: Vec<usize>,
    /// Why that is open; for staff, as it names students.
    pub why: Message,
}

/// A file that points to nobody.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unknown {
    /// Its path.
    pub path: String,
    /// Why it could not be opened either.
    pub refusal: Option<Refusal>,
}

impl Attempt {
    /// The capture to be judged.
    pub fn capture(&self) -> Option<&File> {
        self.captures.first()
    }

    /// It holds a capture with something in it.
    pub fn is_complete(&self) -> bool {
        self.captures.iter().any(|capture| capture.size > 0)
    }

    /// All files that can be opened.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.captures.iter().chain(&self.logs).chain(&self.screenshots).chain(&self.others)
    }
}

impl File {
    /// The name as it was written.
    pub fn written(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}
