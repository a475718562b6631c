//! The lines of the list: a title for each family, its rows below.

use super::picture::{Family, FamilyKind, Row, RowId};
use super::sort::Order;

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Listed {
    /// The sentence over a family.
    Title(FamilyKind, String),
    /// A socket or a peer, and how its branch is drawn.
    Row(&'static str, Box<Row>),
}

impl Listed {
    pub(super) fn row(&self) -> Option<&Row> {
        match self {
            Self::Title(..) => None,
            Self::Row(_, row) => Some(row),
        }
    }
}

/// All lines of the families in this order.
pub(super) fn lines(families: &[Family], order: Order) -> Vec<Listed> {
    let mut families = families.to_vec();
    order.arrange(&mut families);
    families.into_iter().flat_map(of_family).collect()
}

fn of_family(family: Family) -> Vec<Listed> {
    let mut lines = vec![Listed::Title(family.kind, family.title)];
    let mut rows = family.rows.into_iter().peekable();
    while let Some(row) = rows.next() {
        let branch = match (row.is_member, rows.peek().is_some_and(|next| next.is_member)) {
            (false, _) => "",
            (true, true) => "├ ",
            (true, false) => "└ ",
        };
        lines.push(Listed::Row(branch, Box::new(row)));
    }
    lines
}

/// The line with this row.
pub(super) fn place(lines: &[Listed], id: RowId) -> Option<usize> {
    lines.iter().position(|line| line.row().is_some_and(|row| row.id == id))
}

/// The line with a row that is nearest to this one.
pub(super) fn nearest(lines: &[Listed], at: usize) -> Option<usize> {
    let rows = || lines.iter().enumerate().filter(|(_, line)| line.row().is_some()).map(|(place, _)| place);
    rows().min_by_key(|place| place.abs_diff(at))
}
