//! Lines of long lists, built by hand in one reused buffer.
//!
//! A list of a million conversations is printed as fast as it is made: no cell is allocated, no table is held. Columns
//! are padded to widths that the caller knows; a longer text pushes its line, it is never cut.

use std::io::{self, Write};
use std::net::SocketAddr;

use jiff::SignedDuration;
use unicode_width::UnicodeWidthStr;

use super::look::{Ink, Look};
use crate::track::FlowId;

/// Enough spaces for most columns: copying some is faster than counting them out.
const SPACES: [u8; 64] = [b' '; 64];

/// The two digits of each number below a hundred, one after the other.
const PAIRS: [u8; 200] = pairs();

const fn pairs() -> [u8; 200] {
    let mut digits = [0; 200];
    let mut number = 0;
    while number < 100 {
        digits[2 * number] = b'0' + (number / 10) as u8;
        digits[2 * number + 1] = b'0' + (number % 10) as u8;
        number += 1;
    }
    digits
}

/// One line under construction.
#[derive(Debug, Default)]
pub struct Line {
    octets: Vec<u8>,
}

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a number, right-aligned in `width` cells, and two cells of space.
    pub fn number(&mut self, number: u64, width: usize) -> &mut Self {
        let mut digits = [0_u8; 20];
        let text = decimal(number, &mut digits);
        self.pad(width.saturating_sub(text.len()));
        self.octets.extend_from_slice(text);
        self.gap()
    }

    /// Adds a text, left-aligned, and two cells of space.
    pub fn left(&mut self, text: &str, width: usize) -> &mut Self {
        self.text(text).pad(width.saturating_sub(cells(text)));
        self.gap()
    }

    /// Adds a text, right-aligned, and two cells of space.
    pub fn right(&mut self, text: &str, width: usize) -> &mut Self {
        self.pad(width.saturating_sub(cells(text)));
        self.text(text).gap()
    }

    /// Adds a text in a colour, left-aligned, and two cells of space.
    pub fn painted(&mut self, look: Look, ink: Ink, text: &str, width: usize) -> &mut Self {
        if !look.colour {
            return self.left(text, width);
        }
        self.text(&look.paint(ink, text).to_string()).pad(width.saturating_sub(cells(text)));
        self.gap()
    }

    /// Adds an address and port, left-aligned.
    pub fn endpoint(&mut self, endpoint: SocketAddr, width: usize) -> &mut Self {
        let start = self.octets.len();
        match endpoint {
            SocketAddr::V4(endpoint) => {
                for (octet, separator) in endpoint.ip().octets().into_iter().zip(*b"...:") {
                    self.digits(u64::from(octet));
                    self.octets.push(separator);
                }
                self.digits(u64::from(endpoint.port()));
            }
            // Writing to a vector cannot fail.
            SocketAddr::V6(_) => drop(write!(self.octets, "{endpoint}")),
        }
        self.pad((start + width).saturating_sub(self.octets.len()));
        self.gap()
    }

    /// Adds a text to a column that grows with what it holds.
    pub fn growing(&mut self, text: &str, width: &mut usize) -> &mut Self {
        *width = cells(text).max(*width);
        self.left(text, *width)
    }

    /// Adds an address and port to a column that grows with what it holds.
    pub fn growing_endpoint(&mut self, endpoint: SocketAddr, width: &mut usize) -> &mut Self {
        let start = self.octets.len();
        self.endpoint(endpoint, *width);
        *width = (self.octets.len() - start).saturating_sub(2).max(*width);
        self
    }

    /// Adds a stream number as the command line takes it, `tcp:3`, left-aligned.
    pub fn stream(&mut self, id: FlowId, look: Look, width: usize) -> &mut Self {
        if look.colour {
            return self.painted(look, Ink::of(id.protocol), &id.to_string(), width);
        }
        let start = self.octets.len();
        self.text(id.protocol.word()).octets.push(b':');
        self.digits(u64::from(id.number));
        self.pad((start + width).saturating_sub(self.octets.len()));
        self.gap()
    }

    /// Adds a duration in seconds with six digits after the point, right-aligned.
    pub fn seconds(&mut self, duration: SignedDuration, width: usize) -> &mut Self {
        let mut digits = [0_u8; 20];
        let micros = u64::from(duration.subsec_micros().unsigned_abs());
        let (whole, fraction) = (duration.as_secs().unsigned_abs(), micros + 1_000_000);
        let sign = if duration.is_negative() { "-" } else { "" };
        let taken = sign.len() + decimal(whole, &mut digits).len() + 7;
        self.pad(width.saturating_sub(taken)).text(sign).digits(whole).octets.push(b'.');
        // The leading one keeps the zeros in front of the fraction.
        let fraction = decimal(fraction, &mut digits);
        self.octets.extend_from_slice(&fraction[1..]);
        self.gap()
    }

    /// Adds a text as it is, with nothing behind it.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.octets.extend_from_slice(text.as_bytes());
        self
    }

    /// Octets so far.
    pub fn len(&self) -> usize {
        self.octets.len()
    }

    /// Nothing so far.
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// What was added since the line had this length, without trailing space.
    pub fn since(&self, len: usize) -> &[u8] {
        self.octets.get(len..).unwrap_or_default().trim_ascii_end()
    }

    /// Sends the line and what [`Line::since`] gave of another one, and starts the next line.
    ///
    /// # Errors
    /// What the writer says.
    pub fn end_with(&mut self, octets: &[u8], out: &mut impl Write) -> io::Result<()> {
        out.write_all(&self.octets)?;
        self.octets.clear();
        out.write_all(octets)?;
        out.write_all(b"\n")
    }

    /// Sends the line without trailing space, and starts the next one.
    ///
    /// # Errors
    /// What the writer says.
    pub fn end(&mut self, out: &mut impl Write) -> io::Result<()> {
        let end = self.octets.iter().rposition(|octet| *octet != b' ').map_or(0, |last| last + 1);
        self.octets.truncate(end);
        self.octets.push(b'\n');
        let result = out.write_all(&self.octets);
        self.octets.clear();
        result
    }

    fn digits(&mut self, number: u64) -> &mut Self {
        let mut digits = [0_u8; 20];
        let text = decimal(number, &mut digits);
        self.octets.extend_from_slice(text);
        self
    }

    fn pad(&mut self, cells: usize) -> &mut Self {
        match SPACES.get(..cells) {
            Some(spaces) => self.octets.extend_from_slice(spaces),
            None => self.octets.resize(self.octets.len() + cells, b' '),
        }
        self
    }

    fn gap(&mut self) -> &mut Self {
        self.octets.extend_from_slice(b"  ");
        self
    }
}

/// Cells that a text takes up on a terminal.
fn cells(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// The decimal digits of a number, at the end of `digits`.
fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut at = digits.len();
    while number >= 100 {
        let pair = 2 * (number % 100) as usize;
        number /= 100;
        at -= 2;
        digits[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    if number >= 10 {
        let pair = 2 * number as usize;
        at -= 2;
        digits[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    } else {
        at -= 1;
        digits[at] = b'0' + number as u8;
    }
    &digits[at..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(build: impl FnOnce(&mut Line) -> &mut Line) -> String {
        let (mut line, mut out) = (Line::new(), Vec::new());
        build(&mut line).end(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_padded_and_never_cut() {
        assert_eq!(printed(|line| line.number(7, 3).left("한", 4).right("c", 2).text("end")), "  7  한     c  end\n");
        assert_eq!(printed(|line| line.number(u64::MAX, 3).left("abcdef", 4)), "18446744073709551615  abcdef\n");
        assert_eq!(printed(|line| line.text("a").left("", 9)), "a\n");
    }

    #[test]
    fn durations_have_six_digits_and_a_sign() {
        for (nanoseconds, expected) in
            [(0, "0.000000"), (1_002_003_999, "1.002003"), (-41_000, "-0.000041"), (7_999_999, "0.007999")]
        {
            assert_eq!(printed(|line| line.seconds(SignedDuration::from_nanos(nanoseconds), 0)), format!("{expected}\n"));
        }
    }

    #[test]
    fn endpoints_read_as_the_standard_library_writes_them() {
        for text in ["127.0.0.1:5000", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:5000", "[::ffff:127.0.0.1]:80"] {
            let endpoint: SocketAddr = text.parse().unwrap();
            assert_eq!(printed(|line| line.endpoint(endpoint, 0)), format!("{endpoint}\n"));
        }
        assert_eq!(printed(|line| line.endpoint("1.2.3.4:5".parse().unwrap(), 12).text("|")), "1.2.3.4:5     |\n");
    }
}
