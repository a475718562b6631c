//! Colours, and texts made to fit.

use ratatui::style::{Color, Modifier, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::present::look::Ink;
use crate::track::SocketState;

/// Colours, if they are wanted.
#[derive(Clone, Copy)]
pub(super) struct Brush {
    pub(super) colour: bool,
}

impl Brush {
    /// A colour by its meaning; without colours, bold and dim are left.
    pub(super) fn ink(self, ink: Ink) -> Style {
        match ink {
            Ink::Strong => Style::new().add_modifier(Modifier::BOLD),
            Ink::Quiet => Style::new().add_modifier(Modifier::DIM),
            Ink::Bad if !self.colour => Style::new().add_modifier(Modifier::BOLD),
            ink => ink.palette().map_or(Style::new(), |number| self.indexed(number)),
        }
    }

    /// A title in the colour of its meaning.
    pub(super) fn title(self, ink: Ink) -> Style {
        self.ink(ink).add_modifier(Modifier::BOLD)
    }

    /// The row of the cursor.
    pub(super) fn cursor() -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What asks for attention and is no fault: marks, a view that stands still.
    pub(super) fn notice(self) -> Style {
        self.indexed(179).add_modifier(Modifier::BOLD)
    }

    /// A state: coming up, open, going down, gone.
    pub(super) fn state(self, state: SocketState) -> Style {
        match state {
            SocketState::Listen | SocketState::Unconn => self.ink(Ink::Strong),
            SocketState::SynSent | SocketState::SynRecv => self.indexed(179),
            SocketState::Estab => self.indexed(108),
            SocketState::TimeWait | SocketState::Closed => self.ink(Ink::Quiet),
            _ => self.indexed(173),
        }
    }

    fn indexed(self, number: u8) -> Style {
        if self.colour { Style::new().fg(Color::Indexed(number)) } else { Style::new() }
    }
}

/// A text in exactly so many cells, at their left end.
pub(super) fn left(text: &str, cells: usize) -> String {
    let text = cut(text, cells);
    let space = cells.saturating_sub(text.width());
    format!("{text}{:space$}", "")
}

/// A text in exactly so many cells, at their right end.
pub(super) fn right(text: &str, cells: usize) -> String {
    let text = cut(text, cells);
    let space = cells.saturating_sub(text.width());
    format!("{:space$}{text}", "")
}

/// As much of a text as so many cells hold.
pub(super) fn cut(text: &str, cells: usize) -> String {
    if text.width() <= cells {
        return text.to_owned();
    }
    let (head, _) = split(text, cells.saturating_sub(1));
    let ellipsis = if cells > 0 { "…" } else { "" };
    format!("{head}{ellipsis}")
}

/// An address and port as far as so many cells hold; the port stays.
pub(super) fn cut_endpoint(text: &str, cells: usize) -> String {
    let port = text.rfind(':').map_or("", |place| &text[place..]);
    if text.width() <= cells || port.len() + 2 > cells {
        return cut(text, cells);
    }
    format!("{}{port}", cut(&text[..text.len() - port.len()], cells - port.len()))
}

/// A text from this cell on.
pub(super) fn from_cell(text: &str, cell: usize) -> &str {
    split(text, cell).1
}

/// The characters that so many cells hold, and the others.
fn split(text: &str, cells: usize) -> (&str, &str) {
    let mut used = 0;
    let full = text.char_indices().find(|(_, character)| {
        used += character.width().unwrap_or(0);
        used > cells
    });
    text.split_at(full.map_or(text.len(), |(place, _)| place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fill_their_cells() {
        assert_eq!(left("소켓", 6), "소켓  ");
        assert_eq!(left("소켓소켓", 6), "소켓… ");
        assert_eq!(right("12", 4), "  12");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(from_cell("가나다", 3), "나다");
    }

    #[test]
    fn the_port_of_a_long_address_stays() {
        assert_eq!(cut_endpoint("[2001:db8::1234:5678]:40000", 16), "[2001:db8…:40000");
        assert_eq!(cut_endpoint("127.0.0.1:5000", 16), "127.0.0.1:5000");
        assert_eq!(cut_endpoint("127.0.0.1:5000", 4), "127…");
    }
}
