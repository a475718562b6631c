//! `follow`: what the two ends of a stream said to each other, as text, as hexadecimal, or octet by octet.

use std::collections::HashMap;
use std::io::{self, Write};

use super::look::{Ink, Look};
use super::sanitize::is_harmful;
use super::words;
use crate::track::{Piece, Side};

/// How octets are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FollowForm {
    /// As UTF-8; what is not text is escaped as `\xNN`.
    Text,
    /// Offset, hexadecimal, and characters.
    Hex,
    /// As they are.
    Raw,
}

/// A stream being written, piece by piece, in the order in which the receivers read it.
#[derive(Debug)]
pub struct Follow {
    look: Look,
    form: FollowForm,
    /// Frame numbers are wanted.
    frames: bool,
    /// The side whose octets are wanted; `None` for both.
    only: Option<Side>,
    /// Who spoke last.
    last: Option<Side>,
    /// Octets of each side so far, missing ones included.
    offsets: HashMap<Side, u64>,
    /// The begin of a character that ends in a later piece.
    unfinished: HashMap<Side, Vec<u8>>,
}

impl Follow {
    /// A stream of which nothing is written yet.
    pub fn new(look: Look, form: FollowForm, frames: bool, only: Option<Side>) -> Self {
        Self { look, form, frames, only, last: None, offsets: HashMap::new(), unfinished: HashMap::new() }
    }

    /// Writes one piece.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&mut self, piece: &Piece, out: &mut impl Write) -> io::Result<()> {
        let offset = *self.offsets.get(&piece.side).unwrap_or(&0);
        self.offsets.insert(piece.side, offset + piece.octets.len() as u64 + piece.missing);
        if self.only.is_some_and(|side| side != piece.side) {
            return Ok(());
        }
        if self.form == FollowForm::Raw {
            return out.write_all(&piece.octets);
        }
        self.turn(piece, out)?;
        if piece.missing > 0 {
            let hole = format!("[{} octets are not in the capture]", piece.missing);
            return writeln!(out, "{}", self.look.paint(Ink::Bad, hole));
        }
        match self.form {
            FollowForm::Hex => self.hex(piece, offset, out),
            _ => self.text(piece, out),
        }
    }

    /// Writes what was held back.
    ///
    /// # Errors
    /// What the writer says.
    pub fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        for (_, octets) in self.unfinished.drain() {
            writeln!(out, "{}", escaped(&octets))?;
        }
        Ok(())
    }

    /// A heading where the speaker changes, or where frames are told.
    fn turn(&mut self, piece: &Piece, out: &mut impl Write) -> io::Result<()> {
        let changed = self.last.replace(piece.side) != Some(piece.side);
        if !changed && !self.frames {
            return Ok(());
        }
        let arrow = if piece.side == Side::Initiator { "→" } else { "←" };
        let frame = piece.frame.filter(|_| self.frames).map(|frame| format!(", frame {frame}")).unwrap_or_default();
        writeln!(out, "{}", self.look.paint(ink(piece.side), format!("{arrow} {}{frame}", words::side(piece.side))))
    }

    fn text(&mut self, piece: &Piece, out: &mut impl Write) -> io::Result<()> {
        let mut octets = self.unfinished.remove(&piece.side).unwrap_or_default();
        octets.extend(&piece.octets);
        let rest = octets.split_off(octets.len() - unfinished_len(&octets));
        if !rest.is_empty() {
            self.unfinished.insert(piece.side, rest);
        }
        let text = escaped(&octets);
        if text.is_empty() {
            return Ok(());
        }
        for line in text.strip_suffix('\n').unwrap_or(&text).split('\n') {
            writeln!(out, "  {line}")?;
        }
        Ok(())
    }

    fn hex(&self, piece: &Piece, offset: u64, out: &mut impl Write) -> io::Result<()> {
        for (number, octets) in (0_u64..).zip(piece.octets.chunks(16)) {
            let digits: Vec<String> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
            let characters: String = octets.iter().map(|octet| printable(*octet)).collect();
            writeln!(out, "  {:08x}  {:<47}  {characters}", offset + 16 * number, digits.join(" "))?;
        }
        Ok(())
    }
}

const fn ink(side: Side) -> Ink {
    match side {
        Side::Initiator => Ink::Tcp,
        Side::Responder => Ink::Udp,
    }
}

const fn printable(octet: u8) -> char {
    if octet.is_ascii_graphic() || octet == b' ' { octet as char } else { '.' }
}

/// Octets at the end that begin a character of UTF-8 and do not end it.
fn unfinished_len(octets: &[u8]) -> usize {
    let start = octets.len().saturating_sub(3);
    let tail = &octets[start..];
    let begins = |octet: &u8| *octet >= 0xc0;
    match tail.iter().rposition(begins) {
        Some(place) if std::str::from_utf8(&tail[place..]).is_err_and(|error| error.error_len().is_none()) => tail.len() - place,
        _ => 0,
    }
}

/// UTF-8 as text with its line ends; everything else, and all that would steer a terminal, as `\xNN` or `\u{NNNN}`.
fn escaped(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    for chunk in octets.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' | '\t' => text.push(character),
                '\r' => {}
                _ if (character as u32) < 0x80 && character.is_control() => {
                    text.push_str(&format!("\\x{:02x}", character as u32))
                }
                _ if is_harmful(character) => text.extend(character.escape_unicode()),
                _ => text.push(character),
            }
        }
        chunk.invalid().iter().for_each(|octet| text.push_str(&format!("\\x{octet:02x}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(form: FollowForm, pieces: &[(Side, &[u8])]) -> String {
        let mut follow = Follow::new(Look::default(), form, false, None);
        let mut out = Vec::new();
        for (side, octets) in pieces {
            let piece = Piece { side: *side, frame: Some(1), octets: octets.to_vec(), missing: 0 };
            follow.write(&piece, &mut out).unwrap();
        }
        follow.finish(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_character_may_be_cut_between_segments() {
        let name = "홍길동".as_bytes();
        let (first, second) = name.split_at(4);
        let out = followed(FollowForm::Text, &[(Side::Initiator, first), (Side::Initiator, second)]);
        assert_eq!(out, "→ initiator\n  홍\n  길동\n");
    }

    #[test]
    fn nothing_steers_the_terminal() {
        let out = followed(FollowForm::Text, &[(Side::Responder, b"a\x1b[31mb\xff\r\nc\xe2\x80\xaed")]);
        assert_eq!(out, "← responder\n  a\\x1b[31mb\\xff\n  c\\u{202e}d\n");
    }

    #[test]
    fn hexadecimal_goes_on_where_the_side_left_off() {
        let out = followed(
            FollowForm::Hex,
            &[(Side::Initiator, b"0123456789abcdefXY"), (Side::Responder, b"\0"), (Side::Initiator, b"Z")],
        );
        let offsets: Vec<&str> = out.lines().filter(|line| line.starts_with("  ")).map(|line| &line[2..10]).collect();
        assert_eq!(offsets, ["00000000", "00000010", "00000000", "00000012"]);
    }

    #[test]
    fn raw_octets_are_those_of_the_stream() {
        let mut follow = Follow::new(Look::default(), FollowForm::Raw, true, Some(Side::Responder));
        let mut out = Vec::new();
        for (side, octet) in [(Side::Initiator, 1), (Side::Responder, 0xff), (Side::Responder, 0)] {
            follow.write(&Piece { side, frame: None, octets: vec![octet], missing: 0 }, &mut out).unwrap();
        }
        assert_eq!(out, [0xff, 0]);
    }
}
