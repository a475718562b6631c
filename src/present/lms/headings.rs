//! Which column of a platform's table is what.
//!
//! Headings come in the language of the site. The known ones are looked up; Moodle's others are found by what stands
//! below them, since its worksheet always has the same order.

use crate::judge::TextFault;
use crate::judge::sheet::{Cell, Sheet};

/// A platform whose table is filled in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Platform {
    /// The offline grading worksheet.
    Moodle,
    /// The exported gradebook.
    Canvas,
    /// The full grade centre, for working offline.
    Blackboard,
}

/// What a column can say about whose row it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Key {
    /// The platform's own number, at the end of the cell.
    Lms,
    /// The student's number, or that of the student information system.
    Id,
    /// The account.
    Login,
    /// The address.
    Email,
    /// The full name.
    Name,
}

/// The columns that matter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Layout {
    pub(super) keys: Vec<(usize, Key)>,
    pub(super) grade: usize,
    pub(super) feedback: Option<usize>,
    /// The cell that says how many points can be reached, by row and column.
    pub(super) maximum: Option<(usize, usize)>,
}

/// Headings in lower case, letters and digits only.
const KEYS: [(Key, &[&str]); 5] = [
    (
        Key::Lms,
        &[
            "identifier",
            "식별자",
            "참가자",
            "참가자번호",
            "identifikator",
            "identifiant",
            "identificador",
            "識別子",
            "标识符",
            "id",
        ],
    ),
    (Key::Id, &["idnumber", "id번호", "학번", "studentid", "학생id", "sisuserid", "sisid", "학생번호"]),
    (Key::Login, &["username", "사용자이름", "사용자명", "아이디", "sisloginid", "loginid"]),
    (Key::Email, &["emailaddress", "email", "이메일", "이메일주소", "메일주소"]),
    (Key::Name, &["fullname", "성명", "이름", "전체이름", "student", "학생", "name"]),
];
const GRADE: [&str; 9] = ["grade", "성적", "점수", "bewertung", "note", "calificación", "評点", "评分", "成绩"];
const MAXIMUM: [&str; 8] =
    ["maximumgrade", "최고성적", "최대성적", "최고점", "만점", "bestwertung", "notemaximale", "calificaciónmáxima"];
const FEEDBACK: [&str; 10] = [
    "feedbackcomments",
    "피드백",
    "피드백의견",
    "피드백댓글",
    "피드백코멘트",
    "피드백주석",
    "feedbacktolearner",
    "feedbacktouser",
    "학습자에대한피드백",
    "학습자피드백",
];

impl Layout {
    /// Finds the columns; `column` is the heading of the one for grades, where there are several.
    ///
    /// # Errors
    /// A column is missing, or it is open which one is meant.
    pub(super) fn find(platform: Platform, sheet: &Sheet<'_>, column: Option<&str>) -> Result<Self, TextFault> {
        let nothing = || TextFault { line: 1, column: 1, text: "the template is empty: expected a heading".to_owned() };
        let heading = sheet.rows.first().ok_or_else(nothing)?;
        let titles: Vec<String> = heading.iter().map(|cell| plain(&cell.value())).collect();
        let keys = titles.iter().enumerate().filter_map(|(place, title)| Some((place, key(title)?))).collect();
        let mut layout = match platform {
            Platform::Moodle => moodle(sheet, &titles, keys)?,
            Platform::Canvas => {
                Self { keys, grade: numbered(sheet, heading, column, canvas_column)?, feedback: None, maximum: None }
            }
            Platform::Blackboard => {
                let grade = numbered(sheet, heading, column, blackboard_column)?;
                Self { keys, grade, feedback: known(&titles, &FEEDBACK), maximum: None }
            }
        };
        if platform == Platform::Canvas {
            let possible = sheet.rows.iter().position(|row| row.first().is_some_and(|cell| is_points_possible(&cell.value())));
            layout.maximum = possible.map(|row| (row, layout.grade));
        }
        match layout.keys.is_empty() {
            false => Ok(layout),
            true => {
                Err(fault(sheet, heading, "expected a column that tells whose row it is, such as Identifier, ID or Username"))
            }
        }
    }
}

/// The worksheet of Moodle: `Identifier, Full name, …, Grade, Maximum Grade, …, Feedback comments`.
fn moodle(sheet: &Sheet<'_>, titles: &[String], mut keys: Vec<(usize, Key)>) -> Result<Layout, TextFault> {
    let rows = sheet.rows.get(1..).unwrap_or_default();
    let all = |place: usize, holds: fn(&str) -> bool| {
        !rows.is_empty()
            && rows.iter().filter(|row| row.len() > 1).all(|row| row.get(place).is_some_and(|cell| holds(cell.value().trim())))
    };
    if !keys.iter().any(|(_, key)| *key == Key::Lms) && all(0, ends_with_number) {
        keys.insert(0, (0, Key::Lms));
    }
    if !keys.iter().any(|(_, key)| *key == Key::Email) {
        keys.extend((1..titles.len()).find(|place| all(*place, |text| text.contains('@'))).map(|place| (place, Key::Email)));
    }
    if !keys.iter().any(|(_, key)| *key == Key::Name) && titles.len() > 2 {
        keys.push((1, Key::Name));
    }
    let maximum = known(titles, &MAXIMUM).or_else(|| (1..titles.len()).find(|place| all(*place, is_number)));
    let grade = known(titles, &GRADE).or_else(|| maximum?.checked_sub(1));
    let feedback = known(titles, &FEEDBACK)
        .or_else(|| titles.len().checked_sub(1).filter(|last| maximum.is_some_and(|maximum| maximum < *last)));
    match (grade, sheet.rows.first()) {
        (Some(grade), _) => Ok(Layout { keys, grade, feedback, maximum: maximum.map(|column| (1, column)) }),
        (None, heading) => Err(fault(
            sheet,
            heading.map_or(&[][..], Vec::as_slice),
            "expected a column Grade (성적), as in Moodle's grading worksheet",
        )),
    }
}

/// The one column of an assignment, or the one that is named.
fn numbered(sheet: &Sheet<'_>, heading: &[Cell<'_>], column: Option<&str>, is_of: fn(&str) -> bool) -> Result<usize, TextFault> {
    let is_locked = |place: usize| {
        sheet.rows.iter().take(4).any(|row| row.get(place).is_some_and(|cell| cell.value().contains("(read only)")))
    };
    let assignments = heading.iter().enumerate().filter(|(place, cell)| is_of(cell.value().trim()) && !is_locked(*place));
    let named = |title: &str| column.is_none_or(|column| title.trim() == column || title.trim().starts_with(column));
    let places: Vec<(usize, String)> =
        assignments.map(|(place, cell)| (place, cell.value().into_owned())).filter(|(_, title)| named(title)).collect();
    let exact = places.iter().find(|(_, title)| column == Some(title.trim()));
    match (exact, places.as_slice()) {
        (Some((place, _)), _) | (None, [(place, _)]) => Ok(*place),
        (None, []) => {
            Err(fault(sheet, heading, "expected the column of an assignment, with its number as the platform writes it"))
        }
        (None, several) => {
            let titles = several.iter().map(|(_, title)| title.as_str()).collect::<Vec<_>>().join(" | ");
            Err(fault(sheet, heading, &format!("expected --column with one of {titles}")))
        }
    }
}

/// `UDP echo (12345)`.
fn canvas_column(title: &str) -> bool {
    let number = title.strip_suffix(')').and_then(|title| title.rsplit_once(" ("));
    number.is_some_and(|(_, number)| is_digits(number))
}

/// `UDP echo [Total Pts: 100 Score] |12345`.
fn blackboard_column(title: &str) -> bool {
    title.rsplit_once('|').is_some_and(|(_, number)| is_digits(number))
}

fn fault(sheet: &Sheet<'_>, heading: &[Cell<'_>], text: &str) -> TextFault {
    sheet.fault(heading.first().copied().unwrap_or(Cell { at: 0, raw: "" }), text)
}

fn key(title: &str) -> Option<Key> {
    KEYS.iter().find(|(_, titles)| titles.contains(&title)).map(|(key, _)| *key)
}

fn known(titles: &[String], known: &[&str]) -> Option<usize> {
    known.iter().find_map(|title| titles.iter().position(|heading| heading == title))
}

fn plain(title: &str) -> String {
    title.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn ends_with_number(text: &str) -> bool {
    text.ends_with(|character: char| character.is_ascii_digit()) && !text.contains('@')
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}

/// `100`, `100.00`, `100,00`.
fn is_number(text: &str) -> bool {
    let (whole, rest) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    is_digits(whole) && is_digits(rest)
}

fn is_points_possible(text: &str) -> bool {
    matches!(plain(text).as_str(), "pointspossible" | "가능한점수" | "배점" | "만점")
}
