//! The columns of the list: as many as there is room for, the most telling ones first.

use ratatui::style::Style;

use super::paint::{Brush, cut_endpoint, left, right};
use crate::present::look::Ink;
use crate::present::time::Span;
use crate::present::tui::list::Listed;
use crate::present::tui::picture::{Row, Stated};
use crate::present::tui::recent::{Recent, short};
use crate::present::tui::sort::{Order, SortBy};
use crate::track::Evidence;

/// What a column shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Column {
    Local,
    Peer,
    State,
    Far,
    Packets,
    Octets,
    RoundTrip,
    Repeated,
    Recent,
}

use Column::{Far, Local, Octets, Packets, Peer, RoundTrip, State};

/// As they stand, and in which order they are given up.
const ALL: [(Column, u8); 9] = [
    (Local, 0),
    (Peer, 2),
    (State, 1),
    (Far, 3),
    (Packets, 4),
    (Octets, 5),
    (RoundTrip, 7),
    (Column::Repeated, 8),
    (Column::Recent, 6),
];

/// Cells in front of the columns: cursor and mark.
pub(super) const FRONT: usize = 2;

/// Columns with their widths, a cell between them.
pub(super) struct Columns(pub(super) Vec<(Column, usize)>);

impl Columns {
    /// What fits into so many cells, for these lines.
    pub(super) fn new(lines: &[Listed], width: usize) -> Self {
        let rows = || lines.iter().filter_map(|line| line.row());
        let longest = match width {
            0..100 => 24,
            100..150 => 32,
            _ => 47,
        };
        let local = rows().map(|row| row.local.len() + 2 * usize::from(row.is_member)).max().unwrap_or(0);
        let peer = rows().filter_map(|row| row.peer).map(|peer| peer.to_string().len()).max().unwrap_or(0);
        let natural = |column: Column| match column {
            Local => local.clamp(12, longest),
            Peer => peer.clamp(4, longest),
            State | Far => 12,
            Packets | Octets => 6,
            RoundTrip => 7,
            Column::Repeated => 5,
            Column::Recent => 5,
        };
        // Where peers find no place beside their sockets, they stand in place of them.
        let is_narrow = FRONT + natural(Local) + 1 + natural(State) + 1 + natural(Peer) > width;
        let natural = |column: Column| match column {
            Local if is_narrow => local.max(peer + 2).clamp(12, longest),
            column => natural(column),
        };
        let mut room = width.saturating_sub(FRONT);
        let mut kept = Vec::new();
        for rank in 0..ALL.len() as u8 {
            let next = ALL.iter().find(|(_, at)| *at == rank).map(|(column, _)| (*column, natural(*column)));
            let Some((column, cells)) = next.filter(|(_, cells)| *cells <= room) else { break };
            kept.push((column, cells));
            room = room.saturating_sub(cells + 1);
        }
        let place = |column: Column| ALL.iter().position(|(one, _)| *one == column);
        kept.sort_by_key(|(column, _)| place(*column));
        if let Some((Column::Recent, cells)) = kept.last_mut() {
            *cells = (*cells + room).min(Recent::TICKS);
        }
        Self(kept)
    }

    /// The peers of rows have a column of their own.
    pub(super) fn has(&self, column: Column) -> bool {
        self.0.iter().any(|(one, _)| *one == column)
    }

    /// The titles; the one that rows are sorted by has an arrow.
    pub(super) fn titles(&self, order: Order) -> String {
        let titles = self.0.iter().map(|(column, cells)| {
            let arrow = match (column.sorted() == Some(order.by), order.is_reversed) {
                (false, _) => "",
                (true, false) => "▾",
                (true, true) => "▴",
            };
            let title = format!("{}{arrow}", column.title(*cells));
            if column.is_number() { right(&title, *cells) } else { left(&title, *cells) }
        });
        format!("{:FRONT$}{}", "", titles.collect::<Vec<_>>().join(" "))
    }

    /// The cells of a row; how its branch is drawn comes before its first one.
    pub(super) fn cells(&self, row: &Row, branch: &str, brush: Brush) -> Vec<(String, Style)> {
        let cell = |(column, cells): &(Column, usize)| {
            let (text, style) = match column {
                Local if row.is_member && !self.has(Peer) => {
                    (format!("{branch}{}", cut_endpoint(&peer(row), cells - branch.chars().count())), Style::new())
                }
                Local => (format!("{branch}{}", cut_endpoint(&row.local, cells - branch.chars().count())), Style::new()),
                column => column.cell(row, *cells, brush),
            };
            let text = if column.is_number() { right(&text, *cells) } else { left(&text, *cells) };
            (text, if row.is_closed() { brush.ink(Ink::Quiet) } else { style })
        };
        self.0.iter().map(cell).collect()
    }
}

impl Column {
    const fn title(self, cells: usize) -> &'static str {
        match self {
            Self::Local => "Socket",
            Self::Peer => "Peer",
            Self::State => "State",
            Self::Far => "Other end",
            Self::Packets => "pkt/s",
            Self::Octets => "oct/s",
            Self::RoundTrip => "RTT",
            Self::Repeated => "Retr",
            Self::Recent if cells < 6 => "Past",
            Self::Recent => "Recent",
        }
    }

    const fn sorted(self) -> Option<SortBy> {
        match self {
            Self::Peer => Some(SortBy::Peer),
            Self::Packets => Some(SortBy::Packets),
            Self::Octets => Some(SortBy::Octets),
            Self::RoundTrip => Some(SortBy::RoundTrip),
            Self::Repeated => Some(SortBy::Repeated),
            _ => None,
        }
    }

    const fn is_number(self) -> bool {
        matches!(self, Self::Packets | Self::Octets | Self::RoundTrip | Self::Repeated)
    }

    /// What the column says of a row.
    fn cell(self, row: &Row, cells: usize, brush: Brush) -> (String, Style) {
        let stated = |stated: Option<Stated>| {
            stated.map_or_else(Default::default, |one| (format!("{} {}", one.state.word(), sign(one)), brush.state(one.state)))
        };
        let rate = |number: u64| (short(number), if number == 0 { brush.ink(Ink::Quiet) } else { Style::new() });
        match self {
            Self::Local => (row.local.clone(), Style::new()),
            Self::Peer => (cut_endpoint(&peer(row), cells), Style::new()),
            Self::State => stated(row.state),
            Self::Far => stated(row.far),
            Self::Packets => rate(row.recent.packets()),
            Self::Octets => rate(row.recent.octets()),
            Self::RoundTrip => (round_trip(row), Style::new()),
            Self::Repeated => repeated(row, brush),
            Self::Recent => (row.recent.bars(cells), brush.ink(Ink::of(row.id.protocol()))),
        }
    }
}

/// `*` where it has none.
fn peer(row: &Row) -> String {
    row.peer.map_or_else(|| "*".to_owned(), |peer| peer.to_string())
}

/// How sure a state is: in one letter, as in ladders.
pub(super) const fn sign(stated: Stated) -> char {
    match stated.evidence {
        Evidence::Observed => '!',
        Evidence::Proved => '+',
        Evidence::Assumed => '?',
    }
}

/// A connection has one, known or not.
fn round_trip(row: &Row) -> String {
    match (row.round_trip, row.far) {
        (Some(time), _) => Span(time).to_string(),
        (None, Some(_)) => "?".to_owned(),
        (None, None) => String::new(),
    }
}

fn repeated(row: &Row, brush: Brush) -> (String, Style) {
    match row.repeated {
        None => Default::default(),
        Some(0) => ("0".to_owned(), brush.ink(Ink::Quiet)),
        Some(count) => (short(count), brush.title(Ink::Bad)),
    }
}
