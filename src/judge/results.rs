//! The results of a class: what `grade` writes into `results.json`, and what exports and comparisons read from there.
//!
//! The keys are a contract: they are added to, never renamed. What is not known is `null`, never 0: a submission that
//! could not be graded has no score.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::intake::{Attempt, Row};
use super::{Message, Points};

/// What a decision on flags is about, instead of a check: somebody has looked, and the score stands.
pub const ORIGINALITY: &str = "originality";

/// The version of the contract.
pub const SCHEMA: u32 = 1;

/// A class, one entry for every row of the roster.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Results {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Name and version of the program that graded.
    pub tool: String,
    /// By what was graded.
    pub rubric: Stamp,
    /// In the order of the roster.
    pub results: Vec<Graded>,
}

impl Results {
    /// Results by this program.
    pub fn new(rubric: Stamp, results: Vec<Graded>) -> Self {
        Self { schema: SCHEMA, tool: format!("sockscope {}", env!("CARGO_PKG_VERSION")), rubric, results }
    }
}

/// Which rubric it was, to the octet.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Stamp {
    /// The rubric's own name.
    pub id: String,
    /// Of its text, in hexadecimal.
    pub sha256: String,
    /// What the assignment is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Message>,
    /// Points that can be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Points>,
}

/// How a check, or a whole submission, came out.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All points.
    Pass,
    /// Some of the points.
    Partial,
    /// None of the points.
    Fail,
    /// Not judged, because what it builds on failed; said once, there.
    Blocked,
    /// The submission cannot be judged: no score, which is not a score of 0.
    Ungradable,
    /// A person decides.
    Review,
    /// A fault of this program: no score.
    Error,
}

impl Status {
    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Partial => "partial",
            Self::Fail => "fail",
            Self::Blocked => "blocked",
            Self::Ungradable => "ungradable",
            Self::Review => "review",
            Self::Error => "error",
        }
    }
}

/// The grade of one student.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Graded {
    /// Whose it is.
    pub student: Student,
    /// The capture that was judged, as it was named.
    pub file: Option<String>,
    /// What that capture is.
    pub capture: Option<CaptureStamp>,
    /// There is something that could be judged.
    pub gradable: bool,
    /// The whole in a word.
    pub status: Status,
    /// Points so far; `None` where there is no score.
    pub score: Option<Points>,
    /// Points that can be reached.
    pub max: Points,
    /// Points that wait for a person.
    pub pending: Points,
    /// In the order of the rubric.
    pub checks: Vec<Checked>,
    /// For staff only.
    pub flags: Vec<Flag>,
    /// What staff decided, and why.
    pub overrides: Vec<Override>,
    /// What the student should know and costs nothing: names that were repaired, other attempts.
    #[serde(default)]
    pub notes: Vec<Message>,
    /// The learning platform says it came too late.
    #[serde(default)]
    pub late: bool,
    /// When it was handed in, as the learning platform says.
    #[serde(default)]
    pub submitted: Option<String>,
    /// Every file of the attempt.
    #[serde(default)]
    pub files: Vec<String>,
    /// Every attempt, the one that was judged first.
    #[serde(default)]
    pub attempts: Vec<String>,
}

impl Graded {
    /// Leaves the whole to a person where a flag says so, until one has looked at it.
    pub fn weigh_flags(&mut self) {
        if self.gradable && self.has_open_flags() {
            self.status = Status::Review;
        }
    }

    /// A strong flag that nobody has looked at.
    pub fn has_open_flags(&self) -> bool {
        const WEIGHTY: [&str; 3] = ["fabricated", "same-capture", "other-identity"];
        let weighty = |flag: &Flag| WEIGHTY.contains(&flag.id.as_str()) && flag.strength == "strong";
        let looked_at = self.overrides.iter().any(|decision| decision.check == ORIGINALITY);
        !looked_at && self.flags.iter().any(weighty)
    }

    /// Says the whole in a word, and how many points wait for a person.
    pub fn summarise(&mut self) {
        let earned: Points = self.checks.iter().map(|checked| checked.points.unwrap_or_default()).sum();
        let pending = self.checks.iter().filter(|checked| checked.status == Status::Review);
        self.pending = pending.map(|checked| checked.max - checked.points.unwrap_or_default()).sum();
        self.status = match earned.cmp(&self.max) {
            _ if self.pending > Points::ZERO => Status::Review,
            Ordering::Less if earned == Points::ZERO => Status::Fail,
            Ordering::Less => Status::Partial,
            Ordering::Equal | Ordering::Greater => Status::Pass,
        };
    }
}

/// A row of the roster.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Student {
    /// The student's number, as in the roster.
    pub id: String,
    /// The full name.
    pub name: String,
    /// What showed whose the submission is: `id`, `folder_id`, `account`, `name`.
    pub matched_by: Option<String>,
    /// The department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The account on the learning platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The number in the student information system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sis: Option<String>,
    /// What the learning platform called the student in the names of files: Moodle's participant, Canvas' user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lms_id: Option<String>,
}

impl Student {
    /// A row of the roster, and what the attempt that counts says of its owner.
    pub fn new(row: &Row, attempt: Option<&Attempt>) -> Self {
        let digits = |text: &str| text.rsplit(|character: char| !character.is_ascii_digit()).next().map(str::to_owned);
        let told = attempt.and_then(|attempt| attempt.account.clone());
        Self {
            id: row.id.clone(),
            name: row.name.clone(),
            matched_by: attempt.map(|attempt| attempt.matched_by.word().to_owned()),
            department: row.department.clone(),
            email: row.email.clone(),
            user: row.user.clone(),
            sis: row.sis.clone(),
            lms_id: told.or_else(|| row.participant.as_deref().and_then(digits)).filter(|id| !id.is_empty()),
        }
    }
}

/// What a capture is.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CaptureStamp {
    /// Of the file as handed in, in hexadecimal.
    pub sha256: String,
    /// `pcapng`, `pcap`, ….
    pub format: String,
    /// Of its interfaces, each once.
    pub link_types: Vec<String>,
    /// Whole frames.
    pub frames: u64,
    /// Time of the first frame, in decimal seconds.
    pub first: Option<String>,
    /// Time of the last frame, in decimal seconds.
    pub last: Option<String>,
}

/// Who may read about a check.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// The student.
    #[default]
    Visible,
    /// The student, once the time is over.
    AfterDue,
    /// Staff.
    Staff,
}

/// How one check came out, and what shows it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Checked {
    /// The check's name in the rubric.
    pub id: String,
    /// How it came out.
    pub status: Status,
    /// Points given; `None` while a person has to decide, or nobody can.
    pub points: Option<Points>,
    /// Points that can be reached.
    pub max: Points,
    /// What should have been.
    pub expected: Option<Message>,
    /// What is there.
    pub found: Option<Message>,
    /// Frames that show it, by Wireshark's numbers.
    pub frames: Vec<u64>,
    /// A display filter that gives the same frames in Wireshark.
    pub filter: Option<String>,
    /// What came nearest.
    pub near: Vec<Message>,
    /// The check whose failure made this one pointless.
    pub blocked_by: Option<String>,
    /// The verdict in words.
    pub message: Message,
    /// What the check is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Message>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Message>,
    /// Who may read this.
    #[serde(default)]
    pub visibility: Visibility,
}

/// A reason for staff to look.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Flag {
    /// `same-capture`, `missing`, ….
    pub id: String,
    /// `strong`, `medium` or `weak`.
    pub strength: String,
    /// What was seen.
    pub facts: Vec<Message>,
    /// How it can come about in an honest way.
    pub innocent: Option<Message>,
    /// Other students it is about.
    pub with: Vec<String>,
}

/// What staff decided about a check.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Override {
    /// The check.
    pub check: String,
    /// Points given instead.
    pub points: Points,
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::intake::{Columns, Found, Roster, take_in};

    const TEXT: &str = r#"{"schema":1,"tool":"sockscope 0.1.0","rubric":{"id":"udp-echo","sha256":"ab"},"results":[
        {"student":{"id":"20231234","name":"홍길동","matched_by":"id"},"file":"20231234.pcapng",
         "capture":{"sha256":"cd","format":"pcapng","link_types":["ETHERNET"],"frames":4,"first":"1.000000000","last":null},
         "gradable":true,"status":"partial","score":"12.5","max":20,"pending":"0",
         "checks":[{"id":"echo","status":"partial","points":"12.5","max":"20","expected":null,"found":null,"frames":[1,3],
                    "filter":"udp.stream eq 0","near":[],"blocked_by":null,"message":{"ko":"답 없음","en":"no reply"}}],
         "flags":[],"overrides":[]}]}"#;

    #[test]
    fn the_contract_reads_and_comes_back() {
        let results: Results = serde_json::from_str(TEXT).unwrap();
        let graded = &results.results[0];
        assert_eq!((graded.score, graded.max), ("12.5".parse().ok(), Points::whole(20)));
        assert_eq!((graded.checks[0].visibility, graded.late), (Visibility::Visible, false));
        let again = serde_json::to_string(&results).unwrap();
        assert_eq!(serde_json::from_str::<Results>(&again).unwrap(), results);
    }

    #[test]
    fn a_student_is_known_by_what_the_platform_says_first() {
        let row = Row { id: "20231234".to_owned(), participant: Some("참가자 4711".to_owned()), ..Row::default() };
        assert_eq!(Student::new(&row, None).lms_id.as_deref(), Some("4711"));
        assert_eq!(Student::new(&Row::default(), None).lms_id, None);
        let found = Found { path: "홍길동_4712_assignsubmission_file_/20231234.pcapng".to_owned(), ..Found::default() };
        let roster = Roster::read("학번,이름\n20231234,홍길동\n".as_bytes(), &Columns::default(), None).unwrap();
        let intake = take_in(&[found], &roster);
        let student = Student::new(&row, intake.submissions[0].attempts.first());
        assert_eq!((student.lms_id.as_deref(), student.matched_by.as_deref()), (Some("4712"), Some("id")));
    }

    #[test]
    fn words_are_those_of_json() {
        use Status::{Blocked, Error, Fail, Partial, Pass, Review, Ungradable};
        for status in [Pass, Partial, Fail, Blocked, Ungradable, Review, Error] {
            assert_eq!(serde_json::to_string(&status).unwrap(), format!("\"{}\"", status.word()));
        }
    }
}
