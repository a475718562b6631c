//! Small tables: no borders, two spaces between columns, wide characters counted as two cells.
//!
//! On a terminal a table that is too wide wraps inside its cells; into a file or a pipe every row is one line, and
//! nothing is cut.

use std::io::{self, Write};

use comfy_table::{Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Width};

use super::look::{Ink, Look};
use super::sanitize::sanitize;

/// How a text stands in its column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Align {
    /// Words and addresses, in one piece.
    Left,
    /// Numbers.
    Right,
    /// Texts that may be broken into several lines.
    Wrapped,
}

/// Cells that a text to be broken gets at least, its gap included: a line too long reads better than a letter a line.
const NARROWEST: u16 = 8;

/// A table under construction.
#[derive(Debug)]
pub struct Table {
    inner: comfy_table::Table,
    colour: bool,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(look: Look, columns: &[(&str, Align)]) -> Self {
        let mut inner = comfy_table::Table::new();
        inner.load_style(comfy_table::presets::NOTHING).force_no_tty();
        match look.width {
            Some(width) => inner.set_width(width).set_content_arrangement(ContentArrangement::Dynamic),
            None => inner.set_content_arrangement(ContentArrangement::Disabled),
        };
        if look.colour {
            inner.enforce_styling();
        }
        inner.set_header(columns.iter().map(|(title, _)| heading(title, look.colour)));
        for (column, (_, align)) in inner.column_iter_mut().zip(columns) {
            column.set_padding((2, 0));
            column.set_cell_alignment(match align {
                Align::Left | Align::Wrapped => CellAlignment::Left,
                Align::Right => CellAlignment::Right,
            });
            column.set_constraint(match align {
                Align::Left | Align::Right => ColumnConstraint::ContentWidth,
                Align::Wrapped => ColumnConstraint::LowerBoundary(Width::Fixed(NARROWEST)),
            });
        }
        Self { inner, colour: look.colour }
    }

    /// Adds a row; texts may come from the capture.
    pub fn row(&mut self, ink: Option<Ink>, cells: impl AsRef<[String]>) {
        let cells = cells.as_ref().iter().map(|text| self.cell(ink, text)).collect::<Vec<_>>();
        self.inner.add_row(cells);
    }

    /// Writes all rows, without trailing spaces.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        self.inner.lines().try_for_each(|line| writeln!(out, "{}", line.trim_end()))
    }

    fn cell(&self, ink: Option<Ink>, text: &str) -> Cell {
        let cell = Cell::new_owned(sanitize(text).into_owned());
        match ink.filter(|_| self.colour) {
            Some(Ink::Strong) => cell.add_attribute(Attribute::Bold),
            Some(Ink::Quiet) => cell.add_attribute(Attribute::Dim),
            Some(ink) => ink.palette().map_or(cell.clone(), |number| cell.fg(Color::AnsiValue(number))),
            None => cell,
        }
    }
}

fn heading(title: &str, colour: bool) -> Cell {
    if colour { Cell::new(title).add_attribute(Attribute::Dim) } else { Cell::new(title) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    fn lines(look: Look, rows: &[[&str; 2]]) -> Vec<String> {
        let mut table = Table::new(look, &[("Name", Align::Wrapped), ("Frames", Align::Right)]);
        for row in rows {
            table.row(Some(Ink::Udp), row.map(str::to_owned));
        }
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn hangul_takes_two_cells() {
        let lines = lines(Look::default(), &[["홍길동", "7"], ["abcdef", "12"]]);
        assert_eq!(lines, ["  Name    Frames", "  홍길동       7", "  abcdef      12"]);
        assert!(lines.iter().all(|line| line.width() == 16));
    }

    #[test]
    fn a_pipe_gets_whole_lines_and_a_terminal_wrapped_ones() {
        let long = "a word and more words to fill a line";
        assert_eq!(lines(Look::default(), &[[long, "1"]]).len(), 2);
        let narrow = lines(Look { colour: false, width: Some(30) }, &[[long, "1"]]);
        assert!(narrow.len() > 2 && narrow.iter().all(|line| line.width() <= 30));
    }

    #[test]
    fn texts_are_sanitised() {
        assert_eq!(lines(Look::default(), &[["\x1b[2J", "1"]])[1].trim(), "\\x1b[2J       1");
    }
}
