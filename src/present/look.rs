//! How text output looks: colours and width, decided once by the command line.

use std::fmt;

use crate::track::Protocol;

/// What the output may use: colours, and how many cells a line has.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Look {
    /// Colours are wanted.
    pub colour: bool,
    /// Cells in a line of the terminal; `None` when the output goes to a file or a pipe, where nothing is wrapped or cut.
    pub width: Option<u16>,
}

/// A colour by its meaning. Each one only underlines a word that stands there anyway.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ink {
    /// TCP: lilac, as in Wireshark.
    Tcp,
    /// UDP: pale blue, as in Wireshark.
    Udp,
    /// Resets, refusals, faults: red.
    Bad,
    /// Headings.
    Strong,
    /// What may be passed over.
    Quiet,
    /// A layer of a frame, by its place: neighbours differ.
    Layer(usize),
}

impl Ink {
    /// The colour of a protocol.
    pub const fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Tcp => Self::Tcp,
            Protocol::Udp => Self::Udp,
        }
    }

    /// The parameter of the "select graphic rendition" sequence (ECMA-48 section 8.3.117).
    const fn code(self) -> &'static str {
        match self {
            Self::Tcp => "38;5;141",
            Self::Udp => "38;5;75",
            Self::Bad => "38;5;203",
            Self::Strong => "1",
            Self::Quiet => "2",
            Self::Layer(place) => ["38;5;179", "38;5;108", "38;5;173", "38;5;73"][place % 4],
        }
    }

    /// The same as a number of the 256-colour table; `None` where it is no colour.
    pub(super) const fn palette(self) -> Option<u8> {
        match self {
            Self::Tcp => Some(141),
            Self::Udp => Some(75),
            Self::Bad => Some(203),
            Self::Strong | Self::Quiet | Self::Layer(_) => None,
        }
    }
}

impl Look {
    /// `text` in a colour, or plain where colours are not wanted.
    pub fn paint<T: fmt::Display>(self, ink: Ink, text: T) -> Painted<T> {
        Painted { ink: self.colour.then_some(ink), text }
    }
}

/// A text and its colour.
#[derive(Clone, Copy, Debug)]
pub struct Painted<T> {
    ink: Option<Ink>,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ink {
            None => self.text.fmt(f),
            Some(ink) => {
                write!(f, "\x1b[{}m", ink.code())?;
                self.text.fmt(f)?;
                f.write_str("\x1b[0m")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_only_where_wanted() {
        let coloured = Look { colour: true, width: None };
        assert_eq!(Look::default().paint(Ink::Bad, "RST").to_string(), "RST");
        assert_eq!(coloured.paint(Ink::Bad, "RST").to_string(), "\x1b[38;5;203mRST\x1b[0m");
        assert_eq!(coloured.paint(Ink::Strong, format_args!("{:>4}", 7)).to_string(), "\x1b[1m   7\x1b[0m");
    }
}
