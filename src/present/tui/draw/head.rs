//! The two lines on top: what is captured, and how it is shown; and what was said to the reader.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::paint::{Brush, cut, from_cell};
use crate::present::look::Ink;
use crate::present::tui::picture::Held;
use crate::present::tui::recent::{Recent, short};
use crate::present::tui::state::{Note, State};
use crate::present::words::{counted, grouped};
use crate::sanitize::sanitize;

/// Bars of all traffic.
const BARS: usize = 12;

/// Interface, frames, losses and time, and at the right all that moves.
pub(super) fn captured(state: &State, brush: Brush, width: usize) -> Line<'static> {
    let picture = &state.picture;
    let lost = match picture.lost {
        0 => ("none lost".to_owned(), Style::new()),
        lost => (format!("{} lost", grouped(lost)), brush.title(Ink::Bad)),
    };
    let seconds = picture.elapsed.as_secs().max(0);
    let time = match seconds / 3600 {
        0 => format!("{:02}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    };
    let mut left = vec![
        (format!(" {}", sanitize(&picture.interface)), brush.ink(Ink::Strong)),
        (counted(picture.frames, "frame"), Style::new()),
        lost,
        (time, Style::new()),
    ];
    if picture.differences > 0 {
        left.push((format!("kernel differs: {}", grouped(picture.differences)), brush.title(Ink::Bad)));
    }
    let right = rates(&picture.recent);
    let mut line = joined(left, width);
    let space = width.saturating_sub(line.width());
    if right.width() < space {
        line.push_span(Span::raw(" ".repeat(space - right.width() - 1)));
        line.push_span(Span::styled(right, brush.ink(Ink::Udp)));
    }
    line
}

/// `▁▂█▅ 120 pkt/s 9.6k oct/s`
fn rates(recent: &Recent) -> String {
    format!("{} {} pkt/s {} oct/s", recent.bars(BARS), short(recent.packets()), short(recent.octets()))
}

/// What there is, what is filtered and marked, the order, and whether the view stands still.
pub(super) fn settings(state: &State, brush: Brush, width: usize) -> Line<'static> {
    let (picture, quiet) = (&state.picture, brush.ink(Ink::Quiet));
    let mut parts = Vec::new();
    if let Some(frames) = state.paused {
        let more = frames.saturating_sub(picture.frames);
        parts.push((format!("PAUSED, {}", counted(more, "more frame")), brush.notice()));
    }
    if let Some((text, frames)) = &picture.filter {
        parts.push((format!("filter {} ({})", sanitize(text), counted(*frames, "frame")), brush.notice()));
    }
    if !state.marks.is_empty() {
        parts.push((format!("● {} marked", state.marks.len()), brush.notice()));
    }
    let exchanges = counted(picture.exchanges, "UDP exchange");
    parts.push((format!("{}, {exchanges}", counted(picture.connections, "TCP connection")), quiet));
    if picture.left_out > 0 {
        parts.push((format!("{} not shown", grouped(picture.left_out)), brush.title(Ink::Bad)));
    }
    let way = if state.order.is_reversed { " reversed" } else { "" };
    parts.push((format!("by {}{way}", state.order.by.word()), quiet));
    let first = parts.first_mut();
    first.into_iter().for_each(|(text, _)| text.insert(0, ' '));
    joined(parts, width)
}

/// How much there is to write.
pub(super) fn held(held: &Held) -> Note {
    let from = held.first.filter(|first| *first > 1).map(|first| format!(", from frame {first} on")).unwrap_or_default();
    Note { text: format!("{} held{from}", counted(held.frames, "frame")), is_bad: false }
}

/// What was said to the reader; of a long fault as much as there is room for.
pub(super) fn note(note: &Note, brush: Brush, width: usize) -> Line<'static> {
    let style = if note.is_bad { brush.title(Ink::Bad) } else { brush.notice() };
    Line::styled(cut(&format!(" {}", sanitize(&note.text)), width), style)
}

/// Parts with space between them, as far as there is room.
fn joined(parts: Vec<(String, Style)>, width: usize) -> Line<'static> {
    let mut line = Line::default();
    for (text, style) in parts {
        let gap = if line.spans.is_empty() { "" } else { "  " };
        let room = width.saturating_sub(line.width() + gap.len());
        if room > 3 {
            line.push_span(Span::raw(gap));
            line.push_span(Span::styled(cut(&text, room), style));
        }
    }
    line
}

/// A line from this cell on, in so many cells.
pub(super) fn window(text: &str, from: usize, width: usize) -> String {
    cut(from_cell(text, from), width)
}
