//! A line of text that is being typed.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::sanitize::is_harmful;

/// A line and a cursor in it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Prompt {
    text: String,
    /// In characters.
    cursor: usize,
}

/// Characters that a line holds.
const MOST: usize = 1024;

impl Prompt {
    /// Begins with a text, the cursor behind it.
    pub(super) fn new(text: &str) -> Self {
        let text: String = text.chars().filter(|character| !is_harmful(*character)).take(MOST).collect();
        Self { cursor: text.chars().count(), text }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn insert(&mut self, character: char) {
        if !is_harmful(character) && self.text.chars().count() < MOST {
            self.text.insert(self.octet(self.cursor), character);
            self.cursor += 1;
        }
    }

    /// Removes what stands before the cursor.
    pub(super) fn backspace(&mut self) {
        if self.cursor > 0 {
            self.cursor -= 1;
            self.delete();
        }
    }

    /// Removes what stands behind the cursor.
    pub(super) fn delete(&mut self) {
        let at = self.octet(self.cursor);
        if at < self.text.len() {
            self.text.remove(at);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn left(&mut self) {
        self.cursor = self.cursor.saturating_sub(1);
    }

    pub(super) fn right(&mut self) {
        self.cursor = (self.cursor + 1).min(self.text.chars().count());
    }

    pub(super) fn home(&mut self) {
        self.cursor = 0;
    }

    pub(super) fn end(&mut self) {
        self.cursor = self.text.chars().count();
    }

    /// As much of the line around the cursor as so many cells hold, and the cell of the cursor.
    pub(super) fn window(&self, cells: usize) -> (String, u16) {
        let before: String = self.text.chars().take(self.cursor).collect();
        // The cursor needs a cell too.
        let room = cells.saturating_sub(1);
        let mut skipped = 0;
        let mut used = before.width();
        while used > room
            && let Some(character) = before.chars().nth(skipped)
        {
            used -= character.width().unwrap_or(0);
            skipped += 1;
        }
        (self.text.chars().skip(skipped).collect(), u16::try_from(used).unwrap_or(u16::MAX))
    }

    fn octet(&self, character: usize) -> usize {
        self.text.char_indices().nth(character).map_or(self.text.len(), |(octet, _)| octet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_edited_in_characters() {
        let mut prompt = Prompt::new("소켓");
        prompt.left();
        prompt.insert('x');
        assert_eq!(prompt.text(), "소x켓");
        prompt.backspace();
        prompt.delete();
        prompt.delete();
        assert_eq!((prompt.text(), prompt.cursor), ("소", 1));
        prompt.home();
        prompt.backspace();
        prompt.insert('\x1b');
        prompt.end();
        prompt.right();
        assert_eq!((prompt.text(), prompt.cursor), ("소", 1));
    }

    #[test]
    fn the_cursor_stays_in_sight() {
        assert_eq!(Prompt::new("abc").window(10), ("abc".to_owned(), 3));
        assert_eq!(Prompt::new("abcdef").window(4), ("def".to_owned(), 3));
        assert_eq!(Prompt::new("가나다").window(5), ("나다".to_owned(), 4));
        assert_eq!(Prompt::new("가나다").window(0), (String::new(), 0));
    }
}
