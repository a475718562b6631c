//! A stream that is open: its ladder, or what was said.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::head::window;
use super::paint::{Brush, cut};
use super::put;
use crate::present::look::Ink;
use crate::present::tui::close_up::{CloseUp, Inked};
use crate::present::tui::state::{Page, State, Tab};

/// Which stream, the tabs, and as much of the open one as there is room for.
pub(super) fn draw(state: &mut State, brush: Brush, frame: &mut Frame<'_>, area: Rect) {
    let Page::CloseUp(flow, tab, mut scroll) = state.page else { return };
    let close_up = state.picture.close_up.as_ref().filter(|close_up| close_up.flow == flow);
    let title = match close_up.and_then(|close_up| close_up.ends) {
        Some([initiator, responder]) => format!(" {flow}  {initiator} → {responder}"),
        None => format!(" {flow}"),
    };
    put(frame, area, 0, tabs(&title, tab, brush, area.width.into(), Ink::of(flow.protocol)));
    let (heading, lines) = text(close_up, tab, area.width);
    let above = heading.is_some() as u16;
    if let Some(heading) = heading {
        put(frame, area, 1, Line::styled(window(&heading, scroll.left, area.width.into()), brush.ink(Ink::Quiet)));
    }
    let room = usize::from(area.height.saturating_sub(1 + above));
    let top = scroll.place(lines.len(), room);
    for (y, (ink, line)) in (1 + above..).zip(lines.into_iter().skip(top).take(room)) {
        let style = ink.map_or(Style::new(), |ink| brush.ink(ink));
        put(frame, area, y, Line::styled(window(&line, scroll.left, area.width.into()), style));
    }
    state.page = Page::CloseUp(flow, tab, scroll);
}

/// What stands above the text, and the text.
fn text(close_up: Option<&CloseUp>, tab: Tab, width: u16) -> (Option<String>, Vec<Inked>) {
    let quiet = |text: &str| (Some(Ink::Quiet), format!("  {text}"));
    let Some(close_up) = close_up else { return (None, vec![quiet("…")]) };
    let (heading, mut lines) = match tab {
        Tab::Ladder => close_up.ladder(width),
        Tab::Stream => (None, close_up.stream(width)),
    };
    if close_up.begins_late {
        lines.insert(0, quiet("what came before is no more held"));
    } else if lines.is_empty() {
        lines.push(quiet("nothing yet"));
    }
    (heading, lines)
}

/// The title, and the tabs with the open one highlighted.
fn tabs(title: &str, open: Tab, brush: Brush, width: usize, ink: Ink) -> Line<'static> {
    const NAMES: [(Tab, &str); 2] = [(Tab::Ladder, " ladder "), (Tab::Stream, " stream ")];
    let cells: usize = NAMES.iter().map(|(_, name)| name.len()).sum();
    let title = cut(title, width.saturating_sub(cells + 2));
    let mut line = Line::from(Span::styled(title, brush.title(ink)));
    line.push_span(Span::raw("  "));
    for (tab, name) in NAMES {
        line.push_span(Span::styled(name, if tab == open { Brush::cursor() } else { brush.ink(Ink::Quiet) }));
    }
    line
}
