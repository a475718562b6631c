//! The platform's own table, with grades and feedback in their cells and every other octet as it was.

use std::collections::BTreeMap;

use super::encoding::encoded;
use super::headings::{Layout, Platform};
use super::matching::{self, Matches};
use super::{feedback, harmless, settled};
use crate::judge::log::Text;
use crate::judge::results::{Graded, Results};
use crate::judge::sheet::Sheet;
use crate::judge::{Language, Points, TextFault};

/// A table ready to be uploaded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Filled {
    /// The table, in the encoding of the template.
    pub octets: Vec<u8>,
    /// Students whose grade it has now.
    pub graded: usize,
    /// Students who got none and rows that are nobody's, and why; for staff.
    pub remarks: Vec<String>,
}

/// Fills in a table that a platform exported; `column` names the column for grades, where there are several.
///
/// # Errors
/// The template is no such table: the place, and what was expected there.
pub fn fill(
    platform: Platform,
    template: &[u8],
    results: &Results,
    (language, column): (Language, Option<&str>),
) -> Result<Filled, TextFault> {
    let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let text = Text::decode(template).map_err(|fault| TextFault {
        line: place(fault.line),
        column: place(fault.column),
        text: fault.text,
    })?;
    if encoded(&text.text, text.encoding) != template {
        let text = format!("these octets are not what {} writes: expected another export of the table", text.encoding);
        return Err(TextFault { line: 1, column: 1, text });
    }
    let sheet = Sheet::read(&text.text)?;
    let layout = Layout::find(platform, &sheet, column)?;
    let matches = matching::matches(results, &sheet, &layout);
    let mut writer = Writer { sheet: &sheet, layout: &layout, platform, language, edits: BTreeMap::new() };
    let mut remarks = writer.about_maximum(results);
    let mut graded = 0;
    for (student, entry) in results.results.iter().enumerate() {
        match writer.student(entry, student, &matches) {
            Ok(()) => graded += 1,
            Err(why) => remarks.push(format!("{} {}: no grade: {why}", entry.student.id, entry.student.name)),
        }
    }
    let strangers = matching::strangers(&sheet, &layout, &matches);
    remarks.extend(strangers.into_iter().filter_map(|row| writer.stranger(row)));
    Ok(Filled { octets: encoded(&sheet.with(&writer.edits), text.encoding), graded, remarks })
}

struct Writer<'t> {
    sheet: &'t Sheet<'t>,
    layout: &'t Layout,
    platform: Platform,
    language: Language,
    edits: BTreeMap<(usize, usize), String>,
}

impl Writer<'_> {
    /// Notes the cells of one student.
    fn student(&mut self, entry: &Graded, student: usize, matches: &Matches) -> Result<(), String> {
        let score = settled(entry).map_err(|why| why.en)?;
        let row = *matches.rows.get(&student).ok_or_else(|| match matches.open.contains(&student) {
            true => "the template leaves open which row it is".to_owned(),
            false => "not in the template".to_owned(),
        })?;
        // Canvas: an excused student has no grade to be changed.
        if self.platform == Platform::Canvas && self.value(row, self.layout.grade).trim() == "EX" {
            return Err("excused (EX) in the template".to_owned());
        }
        self.edits.insert((row, self.layout.grade), self.number(score));
        if let Some(column) = self.layout.feedback {
            self.edits.insert((row, column), harmless(&feedback(entry, self.language)).into_owned());
        }
        Ok(())
    }

    /// Two digits behind the point, or behind the comma if the table has one there.
    fn number(&self, points: Points) -> String {
        let text = points.fixed(2);
        match self.layout.maximum.map(|(row, column)| self.value(row, column)) {
            Some(maximum) if maximum.contains(',') && !maximum.contains('.') => text.replace('.', ","),
            _ => text,
        }
    }

    /// The platform's points are not the rubric's.
    fn about_maximum(&self, results: &Results) -> Vec<String> {
        let maximum = self.layout.maximum.map(|(row, column)| self.value(row, column).trim().replace(',', "."));
        let maximum = maximum.and_then(|text| text.parse::<Points>().ok());
        match (maximum, results.results.first().map(|graded| graded.max)) {
            (Some(theirs), Some(ours)) if theirs != ours => {
                vec![format!("the template gives {theirs} points, the rubric {ours}: grades are written as they are")]
            }
            _ => Vec::new(),
        }
    }

    fn stranger(&self, row: usize) -> Option<String> {
        let cells = self.sheet.rows.get(row)?;
        let shown = cells.iter().take(3).map(|cell| cell.value().trim().to_owned()).collect::<Vec<_>>().join(", ");
        Some(format!("template line {}: nobody of the roster is known to be {shown}", self.sheet.line(*cells.first()?)))
    }

    fn value(&self, row: usize, column: usize) -> String {
        self.sheet.rows.get(row).and_then(|cells| cells.get(column)).map(|cell| cell.value().into_owned()).unwrap_or_default()
    }
}
