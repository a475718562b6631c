//! What a datagram says: its octets as text, in whatever encoding they are.

use crate::judge::Datagram;
use crate::judge::payload::{Writing, decoded, plain};

/// What one datagram says.
#[derive(Debug)]
pub(super) struct Said<'d> {
    pub(super) datagram: &'d Datagram,
    pub(super) writing: Writing,
    /// As it stands.
    pub(super) text: String,
    /// Composed, without spaces, in lower case.
    plain: String,
}

impl<'d> Said<'d> {
    /// Reads a datagram; `None` if it says nothing.
    pub(super) fn read(datagram: &'d Datagram) -> Option<Self> {
        if datagram.octets.is_empty() {
            return None;
        }
        let (writing, text) = decoded(&datagram.octets, datagram.is_cut());
        Some(Self { datagram, writing, plain: plain(&text), text })
    }

    /// It contains a text, however it was typed: a name of several words in any order of them.
    pub(super) fn contains(&self, text: &str) -> bool {
        let whole = plain(text);
        let mut words = text.split_whitespace().map(plain);
        !whole.is_empty() && (self.plain.contains(&whole) || words.all(|word| self.plain.contains(&word)))
    }

    /// The begin of it, to be shown.
    pub(super) fn shown(&self) -> String {
        const SHOWN: usize = 60;
        self.text.chars().take(SHOWN).collect()
    }
}
