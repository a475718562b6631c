//! State to cells. From top to bottom: who listens, what there is, the list or an open page, the row of the cursor in
//! words, and keys or a line that is typed.

mod columns;
mod head;
mod help;
mod open;
mod paint;
mod rows;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::state::{Asked, Page, State};
use crate::present::look::Ink;
use paint::{Brush, cut};

/// Cells and lines below which nothing sensible can be shown.
const SMALLEST: (u16, u16) = (30, 8);

/// Lines from which on the row of the cursor is told in words.
const TALL: u16 = 12;

impl State {
    /// Draws the view; what was drawn where is remembered for the next key.
    pub fn draw(&mut self, frame: &mut Frame<'_>) {
        let area = frame.area();
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            let text = format!("too small: {}×{} needed", SMALLEST.0, SMALLEST.1);
            return put(frame, area, 0, Line::from(cut(&text, area.width.into())));
        }
        let brush = Brush { colour: self.colour };
        put(frame, area, 0, head::captured(self, brush, area.width.into()));
        put(frame, area, 1, head::settings(self, brush, area.width.into()));
        let told = if area.height >= TALL && self.help.is_none() && self.page == Page::List { 2 } else { 0 };
        let body = Rect { y: area.y + 2, height: area.height - 3 - told, ..area };
        match (&self.help, self.page) {
            (Some(_), _) => help::draw(self, brush, frame, body),
            (None, Page::List) => rows::draw(self, brush, frame, body),
            (None, Page::CloseUp(..)) => open::draw(self, brush, frame, body),
        }
        if told > 0 {
            let lines = rows::told(self, brush, area.width.into());
            (area.height - 3..).zip(lines).for_each(|(y, line)| put(frame, area, y, line));
        }
        self.draw_bottom(brush, frame, area);
    }

    /// The line that is typed, what was said last, or the keys.
    fn draw_bottom(&self, brush: Brush, frame: &mut Frame<'_>, area: Rect) {
        let bottom = area.height - 1;
        if let Some((asked, prompt)) = &self.prompt {
            let label = match asked {
                Asked::Filter => " filter: ",
                Asked::Path => " write to: ",
            };
            let (text, cursor) = prompt.window(usize::from(area.width).saturating_sub(label.len()));
            put(frame, area, bottom, Line::from(vec![Span::styled(label, brush.ink(Ink::Strong)), Span::raw(text)]));
            let x = (area.x + label.len() as u16 + cursor).min(area.right().saturating_sub(1));
            frame.set_cursor_position(Position { x, y: area.y + bottom });
            let note = self.note.clone().or_else(|| (*asked == Asked::Path).then(|| head::held(&self.picture.held)));
            if let Some(note) = note {
                put(frame, area, bottom - 1, head::note(&note, brush, area.width.into()));
            }
            return;
        }
        let line = match &self.note {
            Some(note) => head::note(note, brush, area.width.into()),
            None => help::hints(self, brush, area.width.into()),
        };
        put(frame, area, bottom, line);
    }
}

/// Draws one line of the area, and nothing else on it.
fn put(frame: &mut Frame<'_>, area: Rect, y: u16, line: Line<'_>) {
    if y < area.height {
        let row = Rect { y: area.y + y, height: 1, ..area };
        frame.render_widget(ratatui::widgets::Clear, row);
        frame.render_widget(line, row);
    }
}
