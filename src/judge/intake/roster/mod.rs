//! The roster: a CSV with a heading, one student a line, from Excel, a learning platform or by hand.
//!
//! The text may be UTF-8, UTF-16 or CP949. What is wrong stops before anything is graded; what was mended or looks odd
//! is a [`RosterNote`]. `columns` knows the headings, `student_id` what Excel does to numbers.

mod columns;
mod student_id;

use std::collections::{BTreeMap, HashMap};

pub use columns::Columns;

use super::filename;
use crate::judge::sheet::{Cell, Sheet};
use crate::judge::{Message, TextFault, log::Text};
use columns::Places;

/// The most students of a roster.
const MAX_ROWS: usize = 10_000;

/// A class.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Roster {
    /// In the order of the text.
    pub rows: Vec<Row>,
    /// What was mended, and what looks odd.
    pub warnings: Vec<RosterNote>,
    /// Rows by the label or path that a person gave them.
    assigned: BTreeMap<String, usize>,
}

/// A student. Cells that are empty or missing are `None`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Row {
    /// The student's number; no two rows have the same.
    pub id: String,
    /// The full name, composed (NFC).
    pub name: String,
    /// The department.
    pub department: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// The name, or number, of the account on the learning platform.
    pub user: Option<String>,
    /// Moodle's number of the participant in the assignment.
    pub participant: Option<String>,
    /// The number in the student information system, which Canvas exports.
    pub sis: Option<String>,
    /// Group or section.
    pub group: Option<String>,
    /// The line of the text, from 1.
    pub line: usize,
}

/// Something about a line of the roster that does not stop the work.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RosterNote {
    /// The line, from 1.
    pub line: usize,
    /// What it is.
    pub message: Message,
}

impl Roster {
    /// Reads a roster; ids of `digits` digits that lost zeros at their begin get them back.
    ///
    /// # Errors
    /// The first place that is wrong, and what was expected there.
    pub fn read(octets: &[u8], columns: &Columns, digits: Option<usize>) -> Result<Self, TextFault> {
        let text = Text::decode(octets).map_err(|fault| TextFault {
            line: usize::try_from(fault.line).unwrap_or(usize::MAX),
            column: usize::try_from(fault.column).unwrap_or(usize::MAX),
            text: fault.text,
        })?;
        let sheet = Sheet::read(&text.text)?;
        let places = Places::find(&sheet, columns)?;
        let mut reader = Reader { sheet: &sheet, places, digits, lines: HashMap::new(), roster: Self::default() };
        let filled = |row: &&Vec<Cell<'_>>| row.iter().any(|cell| !cell.value().trim().is_empty());
        sheet.rows.iter().filter(filled).skip(1).try_for_each(|row| reader.row(row))?;
        reader.finish()
    }
}

impl Roster {
    /// Notes that a person says whose a hand-in is, by its label or by the path of a file of it.
    ///
    /// # Errors
    /// No student has this id.
    pub fn assign(&mut self, label: &str, id: &str) -> Result<(), String> {
        let row = self.rows.iter().position(|row| row.id.eq_ignore_ascii_case(id));
        let row = row.ok_or_else(|| format!("{id} is not on the roster"))?;
        self.assigned.insert(filename::composed(label), row);
        Ok(())
    }

    /// What a person said.
    pub(super) fn assigned(&self) -> &BTreeMap<String, usize> {
        &self.assigned
    }
}

/// Rows so far.
struct Reader<'t> {
    sheet: &'t Sheet<'t>,
    places: Places,
    digits: Option<usize>,
    /// The line of every id.
    lines: HashMap<String, usize>,
    roster: Roster,
}

impl Reader<'_> {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), TextFault> {
        let first = cells.first().copied().unwrap_or(Cell { at: 0, raw: "" });
        let line = self.sheet.line(first);
        if self.roster.rows.len() >= MAX_ROWS {
            return Err(self.sheet.fault(first, format!("expected at most {MAX_ROWS} students")));
        }
        let end = cells.last().map_or(0, |last| last.at + last.raw.len());
        let cell = |place: usize| cells.get(place).copied().unwrap_or(Cell { at: end, raw: "" });
        let id_cell = cell(self.places.id);
        let id = self.id(id_cell, line)?;
        let value = |place: Option<usize>| cells.get(place?).map(|cell| clean(&cell.value())).filter(|text| !text.is_empty());
        let name = self.places.full_name(&value);
        let name = name.ok_or_else(|| self.sheet.fault(cell(self.places.name), "expected a name"))?;
        if let Some(earlier) = self.lines.insert(id.clone(), line) {
            return Err(self.sheet.fault(id_cell, format!("{id} stands in line {earlier} already: expected every id once")));
        }
        self.roster.rows.push(Row {
            id,
            name,
            department: value(self.places.department),
            email: value(self.places.email),
            user: value(self.places.user),
            participant: value(self.places.participant),
            sis: value(self.places.sis),
            group: value(self.places.group),
            line,
        });
        Ok(())
    }

    fn id(&mut self, cell: Cell<'_>, line: usize) -> Result<String, TextFault> {
        let written = clean(&cell.value());
        let read = student_id::read(&written, self.digits).map_err(|text| self.sheet.fault(cell, text))?;
        if read.mended {
            let id = &read.id;
            self.note(line, format!("학번 {written}을(를) {id}로 읽음(앞자리 0 복원)"), format!("id {written} was read as {id}"));
        }
        Ok(read.id)
    }

    fn note(&mut self, line: usize, ko: String, en: String) {
        let message = Message::new(format!("명단 {line}행: {ko}"), format!("roster line {line}: {en}"));
        self.roster.warnings.push(RosterNote { line, message });
    }

    fn finish(mut self) -> Result<Roster, TextFault> {
        if self.roster.rows.is_empty() {
            let line = self.sheet.rows.len() + 1;
            return Err(TextFault { line, column: 1, text: "expected a student below the heading".to_owned() });
        }
        self.note_names();
        self.note_lengths();
        self.roster.warnings.sort_by_key(|note| note.line);
        Ok(self.roster)
    }

    /// Two students of one name can only be told apart by their ids.
    fn note_names(&mut self) {
        let mut lines: HashMap<String, usize> = HashMap::new();
        for place in 0..self.roster.rows.len() {
            let Some(row) = self.roster.rows.get(place) else { continue };
            let (name, line) = (row.name.clone(), row.line);
            if let Some(first) = lines.insert(name.clone(), line) {
                let ko = format!("이름 {name}이(가) {first}행과 같음. 학번으로만 구별함");
                self.note(line, ko, format!("the name {name} stands in line {first} too; only ids tell them apart"));
            }
        }
    }

    /// Without a known number of digits, an id shorter than nearly all others is only pointed out.
    fn note_lengths(&mut self) {
        let numeric = |row: &&Row| row.id.bytes().all(|octet| octet.is_ascii_digit());
        let lengths: Vec<usize> = self.roster.rows.iter().filter(numeric).map(|row| row.id.len()).collect();
        let Some(usual) = lengths.iter().copied().max() else { return };
        let are_usual = lengths.iter().filter(|length| **length == usual).count() * 10 >= lengths.len() * 9;
        let odd = self.roster.rows.iter().filter(numeric).filter(|row| row.id.len() < usual && are_usual);
        let odd: Vec<(usize, String)> = odd.map(|row| (row.line, row.id.clone())).collect();
        for (line, id) in odd {
            let ko = format!("학번 {id}이(가) {usual}자리가 아님. Excel이 앞자리 0을 지웠을 수 있음");
            self.note(line, ko, format!("id {id} has fewer than {usual} digits; Excel may have dropped zeros"));
        }
    }
}

/// Without spaces around it, composed.
fn clean(value: &str) -> String {
    filename::composed(value.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}'))
}

#[cfg(test)]
mod tests;
