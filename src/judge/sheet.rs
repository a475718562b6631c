//! Tables as text (RFC 4180), each cell knowing where it stands.
//!
//! The delimiter is a comma, a semicolon or a tab, whichever the first row has most of. Nothing is normalised: what is not
//! edited comes back octet by octet.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::TextFault;

/// Delimiters that are known, in order of preference.
const DELIMITERS: [char; 3] = [',', ';', '\t'];

/// A text cut into cells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sheet<'t> {
    /// Between cells.
    pub delimiter: char,
    /// Row by row; an empty line is a row with one empty cell.
    pub rows: Vec<Vec<Cell<'t>>>,
    text: &'t str,
}

/// A cell as it is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cell<'t> {
    /// The octet of the text at which it begins.
    pub at: usize,
    /// With its quotes.
    pub raw: &'t str,
}

impl<'t> Sheet<'t> {
    /// Cuts a text into cells.
    ///
    /// # Errors
    /// A quoted cell has no end, or something behind its end.
    pub fn read(text: &'t str) -> Result<Self, TextFault> {
        let mut sheet = Self { delimiter: delimiter(text), rows: Vec::new(), text };
        let mut at = 0;
        while at < text.len() {
            let (row, next) = sheet.row(at)?;
            sheet.rows.push(row);
            at = next;
        }
        Ok(sheet)
    }

    /// A fault at a cell.
    pub fn fault(&self, cell: Cell<'_>, text: impl Into<String>) -> TextFault {
        TextFault::at(self.text, cell.at, text)
    }

    /// The line in which a cell begins, from 1.
    pub fn line(&self, cell: Cell<'_>) -> usize {
        self.fault(cell, "").line
    }

    /// The text with other values in some cells, by row and column; a row that is too short gets the cells it lacks.
    pub fn with(&self, edits: &BTreeMap<(usize, usize), String>) -> String {
        let mut out = String::with_capacity(self.text.len());
        let mut copied = 0;
        for ((place, column), value) in edits {
            let Some(row) = self.rows.get(*place) else { continue };
            let end = row.last().map_or(0, |last| last.at + last.raw.len());
            let cell = row.get(*column);
            let (from, to) = cell.map_or((end, end), |cell| (cell.at, cell.at + cell.raw.len()));
            out.push_str(self.text.get(copied..from).unwrap_or_default());
            if cell.is_none() {
                let before = edits.range((*place, 0)..(*place, *column)).next_back().map_or(0, |((_, before), _)| before + 1);
                let missing = column + 1 - row.len().max(before);
                out.extend(std::iter::repeat_n(self.delimiter, missing));
            }
            out.push_str(&quoted(value, self.delimiter, cell.is_some_and(|cell| cell.raw.starts_with('"'))));
            copied = to;
        }
        out.push_str(self.text.get(copied..).unwrap_or_default());
        out
    }

    /// One row, and where the next one begins.
    fn row(&self, mut at: usize) -> Result<(Vec<Cell<'t>>, usize), TextFault> {
        let mut cells = Vec::new();
        loop {
            let end = self.cell_end(at)?;
            cells.push(Cell { at, raw: self.text.get(at..end).unwrap_or_default() });
            let rest = self.text.get(end..).unwrap_or_default();
            if rest.starts_with(self.delimiter) {
                at = end + self.delimiter.len_utf8();
            } else {
                let ending = if rest.starts_with("\r\n") { 2 } else { rest.len().min(1) };
                return Ok((cells, end + ending));
            }
        }
    }

    fn cell_end(&self, at: usize) -> Result<usize, TextFault> {
        let rest = self.text.get(at..).unwrap_or_default();
        let ends = |character: char| character == self.delimiter || character == '\n' || character == '\r';
        let Some(quoted) = rest.strip_prefix('"') else {
            return Ok(at + rest.find(ends).unwrap_or(rest.len()));
        };
        let mut end = at + 1;
        for part in quoted.split_inclusive('"') {
            end += part.len();
            let after = self.text.get(end..).unwrap_or_default();
            let doubled = part == "\"" && self.text.get(at + 1..end - 1).is_some_and(odd_quotes);
            if part.ends_with('"') && !after.starts_with('"') && !doubled {
                return match after.is_empty() || after.starts_with(ends) {
                    true => Ok(end),
                    false => Err(TextFault::at(self.text, end, format!("expected {:?} or the end of the line", self.delimiter))),
                };
            }
        }
        Err(TextFault::at(self.text, at, "this quote has no end: expected another one"))
    }
}

/// The inner of a quoted cell ends within a doubled quote.
fn odd_quotes(inner: &str) -> bool {
    inner.chars().rev().take_while(|character| *character == '"').count() % 2 == 1
}

impl Cell<'_> {
    /// What it says, without quotes.
    pub fn value(&self) -> Cow<'_, str> {
        match self.raw.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
            Some(inner) if inner.contains("\"\"") => Cow::Owned(inner.replace("\"\"", "\"")),
            Some(inner) => Cow::Borrowed(inner),
            None => Cow::Borrowed(self.raw),
        }
    }
}

/// A value as a cell, in quotes where it needs them.
pub fn quoted(value: &str, delimiter: char, always: bool) -> Cow<'_, str> {
    let needed = value.contains([delimiter, '"', '\n', '\r']) || value.starts_with(' ') || value.ends_with(' ');
    match always || needed {
        true => Cow::Owned(format!("\"{}\"", value.replace('"', "\"\""))),
        false => Cow::Borrowed(value),
    }
}

/// The one of which the first line has most, outside quotes.
fn delimiter(text: &str) -> char {
    let line = text.trim_start_matches(['\r', '\n']).split(['\r', '\n']).next().unwrap_or_default();
    let outside: String = line.split('"').step_by(2).collect();
    let count = |delimiter: char| outside.chars().filter(|character| *character == delimiter).count();
    // The last of equals would win: the comma stands last.
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(',')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(text: &str) -> Vec<Vec<String>> {
        let sheet = Sheet::read(text).unwrap();
        sheet.rows.iter().map(|row| row.iter().map(|cell| cell.value().into_owned()).collect()).collect()
    }

    #[test]
    fn cells_are_read() {
        let cases: [(&str, &[&[&str]]); 8] = [
            ("", &[]),
            ("a,b\nc,d", &[&["a", "b"], &["c", "d"]]),
            ("a;b\r\nc;d,e\r\n", &[&["a", "b"], &["c", "d,e"]]),
            ("a\tb\n\n", &[&["a", "b"], &[""]]),
            ("\"a,\nb\",\"c\"\"d\"\n", &[&["a,\nb", "c\"d"]]),
            ("\"\",x", &[&["", "x"]]),
            ("\"\"\"\",x", &[&["\"", "x"]]),
            ("\"a\"\"\",\"\"\"b\"", &[&["a\"", "\"b"]]),
        ];
        for (text, expected) in cases {
            assert_eq!(values(text), expected, "{text:?}");
        }
    }

    #[test]
    fn faults_have_a_place() {
        let fault = |text: &str| Sheet::read(text).unwrap_err().to_string();
        assert_eq!(fault("a,b\nc,\"d"), "line 2, column 3: this quote has no end: expected another one");
        assert_eq!(fault("a,b\n\"c\"d,e"), "line 2, column 4: expected ',' or the end of the line");
    }

    #[test]
    fn edits_change_their_cells_only() {
        let sheet = Sheet::read("a,\"b\", c\r\nd\r\n").unwrap();
        let edits = BTreeMap::from([((0, 1), "x".to_owned()), ((1, 2), "1,5".to_owned()), ((1, 3), "z".to_owned())]);
        assert_eq!(sheet.with(&edits), "a,\"x\", c\r\nd,,\"1,5\",z\r\n");
        assert_eq!(sheet.with(&BTreeMap::new()), "a,\"b\", c\r\nd\r\n");
    }

    proptest! {
        #[test]
        fn any_values_come_back(rows in prop::collection::vec(prop::collection::vec("[a\", \r\n;가]{0,6}", 2..5), 1..5)) {
            let line = |row: &Vec<String>| row.iter().map(|value| quoted(value, ',', true)).collect::<Vec<_>>().join(",");
            let text: String = rows.iter().map(|row| line(row) + "\n").collect();
            prop_assert_eq!(values(&text), rows);
        }

        #[test]
        fn no_text_is_too_strange(text in "[a\",;\t\r\n가]{0,40}") {
            if let Ok(sheet) = Sheet::read(&text) {
                prop_assert_eq!(sheet.with(&BTreeMap::new()), text.clone());
                // The first line with something in it tells the delimiter, and stays.
                let heading = sheet.rows.iter().take_while(|row| row.len() == 1 && row[0].raw.is_empty()).count();
                let below = sheet.rows.iter().enumerate().skip(heading + 1);
                let edits = below.map(|(row, cells)| ((row, cells.len() - 1), "x".to_owned()));
                let edited = sheet.with(&edits.collect());
                prop_assert_eq!(Sheet::read(&edited).map(|again| again.rows.len()), Ok(sheet.rows.len()));
            }
        }
    }
}
