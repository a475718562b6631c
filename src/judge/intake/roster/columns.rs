//! Which column of a roster is what.

use crate::judge::TextFault;
use crate::judge::sheet::{Cell, Sheet};

/// Headings that the user names; the others are recognised.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Columns {
    /// Field and heading, as in `id=Matrikel`.
    named: Vec<(Field, String)>,
}

/// What a column can hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Field {
    Id,
    Name,
    FamilyName,
    Department,
    Email,
    User,
    Participant,
    Sis,
    Group,
}

use Field::{Department, Email, FamilyName, Group, Id, Name, Participant, Sis, User};

/// Fields by the word of the user.
const FIELDS: [(&str, Field); 9] = [
    ("id", Id),
    ("name", Name),
    ("family_name", FamilyName),
    ("department", Department),
    ("email", Email),
    ("user", User),
    ("participant", Participant),
    ("sis", Sis),
    ("group", Group),
];

/// Headings without spaces, signs and capitals.
const HEADINGS: [(Field, &[&str]); 9] = [
    (Id, &["studentid", "학번", "학생번호", "studentnumber", "studentno", "idnumber", "id번호", "교번", "stuid", "id"]),
    (Name, &["name", "이름", "성명", "fullname", "studentname", "학생명", "학생이름", "firstname", "givenname", "student"]),
    (FamilyName, &["lastname", "familyname", "surname", "성"]),
    (Department, &["department", "학과", "dept", "전공", "학부", "소속", "학과전공", "major", "소속학과", "학부학과"]),
    (Email, &["email", "이메일", "emailaddress", "이메일주소", "메일", "전자우편"]),
    (
        User,
        &["user", "username", "lmsuser", "login", "sisloginid", "사용자", "사용자명", "아이디", "userid", "lmsid", "lmsuserid"],
    ),
    (Participant, &["participant", "participantid", "identifier", "참가자", "참가자번호", "참가자id", "식별자"]),
    (Sis, &["sis", "sisid", "sisuserid"]),
    (Group, &["group", "section", "분반", "조", "그룹", "반"]),
];

impl Columns {
    /// Adds a mapping such as `id=Matrikel`.
    ///
    /// # Errors
    /// The text is no mapping, or the field is not known.
    pub fn map(&mut self, mapping: &str) -> Result<(), String> {
        let fields = || FIELDS.map(|(word, _)| word).join(", ");
        let (word, heading) = mapping.split_once('=').ok_or("expected FIELD=HEADING, as in id=학번")?;
        let field = FIELDS.iter().find(|(known, _)| *known == word || word == "student_id" && *known == "id");
        let (_, field) = field.ok_or_else(|| format!("{word} is no field: expected one of {}", fields()))?;
        self.named.push((*field, heading.to_owned()));
        Ok(())
    }
}

/// Where the fields of a row are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    pub(super) id: usize,
    pub(super) name: usize,
    family_name: Option<usize>,
    pub(super) department: Option<usize>,
    pub(super) email: Option<usize>,
    pub(super) user: Option<usize>,
    pub(super) participant: Option<usize>,
    pub(super) sis: Option<usize>,
    pub(super) group: Option<usize>,
}

impl Places {
    /// Looks at the first row that is not empty.
    ///
    /// # Errors
    /// There is no column of ids or names, or none of a heading that the user named.
    pub(super) fn find(sheet: &Sheet<'_>, columns: &Columns) -> Result<Self, TextFault> {
        let filled = |row: &&Vec<Cell<'_>>| row.iter().any(|cell| !cell.value().trim().is_empty());
        let nothing = || TextFault { line: 1, column: 1, text: "the roster is empty: expected a heading".to_owned() };
        let heading = sheet.rows.iter().find(filled).ok_or_else(nothing)?;
        let first = heading.first().copied().ok_or_else(nothing)?;
        for (_, named) in &columns.named {
            if !heading.iter().any(|cell| plain(&cell.value()) == plain(named)) {
                return Err(sheet.fault(first, format!("expected a column {named}, found {}", list(heading))));
            }
        }
        let of = |field| place(heading, field, columns);
        let required = |field, words: &str| {
            of(field).ok_or_else(|| sheet.fault(first, format!("expected a column {words}, found {}", list(heading))))
        };
        Ok(Self {
            id: required(Id, "student_id (학번)")?,
            name: required(Name, "name (이름)")?,
            family_name: of(FamilyName),
            department: of(Department),
            email: of(Email),
            user: of(User),
            participant: of(Participant),
            sis: of(Sis),
            group: of(Group),
        })
    }

    /// The name, put together where it stands in two columns: in Korean the family's comes first.
    pub(super) fn full_name(&self, value: &impl Fn(Option<usize>) -> Option<String>) -> Option<String> {
        let given = value(Some(self.name));
        let Some(family) = value(self.family_name) else { return given };
        let given = given.unwrap_or_default();
        let name = if given.is_ascii() && family.is_ascii() { format!("{given} {family}") } else { family + &given };
        Some(name.trim().to_owned())
    }
}

/// The column that the user named, else the one with the best known heading.
fn place(heading: &[Cell<'_>], field: Field, columns: &Columns) -> Option<usize> {
    let at = |wanted: &str| heading.iter().position(|cell| plain(&cell.value()) == wanted);
    if let Some((_, named)) = columns.named.iter().find(|(named, _)| *named == field) {
        return at(&plain(named));
    }
    let taken = |place: &usize| columns.named.iter().any(|(_, named)| at(&plain(named)) == Some(*place));
    let (_, known) = HEADINGS.iter().find(|(known, _)| *known == field)?;
    known.iter().find_map(|word| at(word).filter(|place| !taken(place)))
}

fn plain(heading: &str) -> String {
    let letters = heading.chars().filter(|character| character.is_alphanumeric());
    super::filename::composed(&letters.flat_map(char::to_lowercase).collect::<String>())
}

fn list(heading: &[Cell<'_>]) -> String {
    heading.iter().take(8).map(|cell| cell.value().trim().to_owned()).collect::<Vec<_>>().join(", ")
}
