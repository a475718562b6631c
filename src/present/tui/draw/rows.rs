//! The list of sockets, and the row of the cursor in words.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::columns::Columns;
use super::paint::{Brush, cut};
use super::put;
use crate::present::look::Ink;
use crate::present::time;
use crate::present::tui::list::Listed;
use crate::present::tui::picture::{FamilyKind, Row};
use crate::present::tui::state::State;
use crate::present::words::{counted, grouped};

/// Titles, and as many lines as there is room for; the cursor is among them.
pub(super) fn draw(state: &mut State, brush: Brush, frame: &mut Frame<'_>, area: Rect) {
    let columns = Columns::new(&state.lines, area.width.into());
    put(frame, area, 0, Line::styled(columns.titles(state.order), brush.ink(Ink::Quiet)));
    let room = usize::from(area.height).saturating_sub(1);
    state.room = room;
    state.top = top(state, room);
    if state.lines.is_empty() {
        let waits = if state.picture.filter.is_some() { "nothing that the filter selects, yet" } else { "no packets yet" };
        return put(frame, area, 2, Line::styled(format!("  {waits}"), brush.ink(Ink::Quiet)));
    }
    for (y, line) in (1..).zip(state.lines.iter().skip(state.top).take(room)) {
        put(frame, area, y, listed(state, line, &columns, brush));
    }
}

/// The first line shown: as before, if the cursor is in sight then; with the title above the first row.
fn top(state: &State, room: usize) -> usize {
    let last = state.lines.len().saturating_sub(room);
    let top = state.top.min(last);
    if state.at <= 1 {
        0
    } else if state.at < top {
        state.at
    } else if state.at >= top + room {
        state.at + 1 - room
    } else {
        top
    }
}

fn listed(state: &State, line: &Listed, columns: &Columns, brush: Brush) -> Line<'static> {
    match line {
        Listed::Title(kind, text) => {
            let ink = match kind {
                FamilyKind::Port(protocol) => Ink::of(*protocol),
                FamilyKind::Clients | FamilyKind::Unknown => Ink::Strong,
            };
            Line::styled(format!(" {text}"), brush.title(ink))
        }
        Listed::Row(branch, row) => of_row(state, row, columns.cells(row, branch, brush), brush),
    }
}

fn of_row(state: &State, row: &Row, cells: Vec<(String, ratatui::style::Style)>, brush: Brush) -> Line<'static> {
    let (is_marked, has_cursor) = (state.marks.contains(&row.id), state.cursor == Some(row.id));
    let mut spans =
        vec![Span::raw(if has_cursor { "›" } else { " " }), Span::styled(if is_marked { "●" } else { " " }, brush.notice())];
    for (place, (text, style)) in cells.into_iter().enumerate() {
        let gap = if place > 0 { " " } else { "" };
        spans.extend([Span::raw(gap), Span::styled(text, style)]);
    }
    match has_cursor {
        // Its colours would hide in the reversed ones.
        true => Line::styled(spans.into_iter().map(|span| span.content).collect::<String>(), Brush::cursor()),
        false => Line::from(spans),
    }
}

/// The row of the cursor in words, in two lines.
pub(super) fn told(state: &State, brush: Brush, width: usize) -> Vec<Line<'static>> {
    let Some(row) = state.row() else { return Vec::new() };
    let lines = [told_of(row), format!("{}: {}", row.rule.word(), row.rule.text())];
    lines.map(|text| Line::styled(cut(&format!(" {text}"), width), brush.ink(Ink::Quiet))).into()
}

/// `tcp:0  ESTAB is proved  RTT 41.3 µs  0 retransmitted  received 12, sent 14 segments`
fn told_of(row: &Row) -> String {
    let repeated = row.repeated.map(|count| format!("{} retransmitted", grouped(count)));
    let unit = if row.id.is_udp { "datagram" } else { "segment" };
    let traffic = format!("received {}, sent {}", grouped(row.received.frames), counted(row.sent.frames, unit));
    let seen = row.id.address.filter(|_| row.local.starts_with('?')).map(|address| format!("seen at {address}"));
    let parts = [
        row.id.flow().map(|flow| flow.to_string()),
        row.state.map(|stated| format!("{} is {}", stated.state.word(), stated.evidence)),
        seen,
        row.owner.as_ref().map(|owner| format!("held by {owner}")),
        row.round_trip.map(|time| format!("RTT {}", time::Span(time))),
        repeated,
        Some(traffic),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
}
