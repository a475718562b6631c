//! Lines of long lists, built by hand in one reused buffer.
//!
//! A list of a million conversations is printed as fast as it is made: no cell is allocated, no table is held. Columns
//! are padded to widths that the caller knows; a longer text pushes its line, it is never cut.

use std::fmt;
use std::io::{self, Write};
use std::mem;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV4};
use std::ops::Range;

use jiff::SignedDuration;
use unicode_width::UnicodeWidthStr;

use super::GATHERED;
use super::digits::{Digits, OCTET, dotted, hexadecimal, six_digits};
use super::look::{Ink, Look};
use crate::track::{FlowId, Protocol};

/// One line under construction, or many of them.
#[derive(Debug, Default)]
pub struct Line {
    /// The line, and spaces behind it: what is written there needs no padding.
    cells: Vec<u8>,
    len: usize,
}

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a number, right-aligned in `width` cells, and two cells of space.
    #[inline(always)]
    pub fn number(&mut self, number: u64, width: usize) -> &mut Self {
        match Digits::of(number) {
            Some(digits) => self.right_digits(digits, width, GAP),
            None => self.right(&number.to_string(), width),
        }
    }

    /// Adds a text, left-aligned, and two cells of space.
    pub fn left(&mut self, text: &str, width: usize) -> &mut Self {
        self.text_of(text, cells(text), width)
    }

    /// Adds a text, right-aligned, and two cells of space.
    pub fn right(&mut self, text: &str, width: usize) -> &mut Self {
        self.pad(width.saturating_sub(cells(text))).text(text).pad(GAP)
    }

    /// Adds a text in a colour, left-aligned, and two cells of space.
    pub fn painted(&mut self, look: Look, ink: Ink, text: &str, width: usize) -> &mut Self {
        if !look.colour {
            return self.left(text, width);
        }
        self.text(&look.paint(ink, text).to_string()).pad(width.saturating_sub(cells(text)) + GAP)
    }

    /// Adds an address and port, left-aligned.
    pub fn endpoint(&mut self, endpoint: SocketAddr, width: usize) -> &mut Self {
        let end = self.len + width;
        match endpoint {
            SocketAddr::V4(endpoint) => self.endpoint4(endpoint),
            SocketAddr::V6(endpoint) if endpoint.scope_id() == 0 && endpoint.ip().to_ipv4_mapped().is_none() => {
                self.endpoint6(endpoint.ip(), endpoint.port())
            }
            SocketAddr::V6(_) => self.text(&endpoint.to_string()),
        };
        self.pad_to(end)
    }

    /// Adds a text to a column that grows with what it holds.
    pub fn growing(&mut self, text: &str, width: &mut usize) -> &mut Self {
        let cells = cells(text);
        *width = cells.max(*width);
        self.text_of(text, cells, *width)
    }

    /// Adds an address and port to a column that grows with what it holds.
    pub fn growing_endpoint(&mut self, endpoint: SocketAddr, width: &mut usize) -> &mut Self {
        let start = self.len;
        self.endpoint(endpoint, *width);
        *width = (self.len - start).saturating_sub(GAP).max(*width);
        self
    }

    /// Adds a stream number as the command line takes it, `tcp:3`, left-aligned.
    pub fn stream(&mut self, id: FlowId, look: Look, width: usize) -> &mut Self {
        if look.colour {
            return self.painted(look, Ink::of(id.protocol), &id.to_string(), width);
        }
        let end = self.len + width;
        let protocol = match id.protocol {
            Protocol::Tcp => b"tcp:",
            Protocol::Udp => b"udp:",
        };
        self.put(0, *protocol, protocol.len()).digits(u64::from(id.number)).pad_to(end)
    }

    /// Adds a duration in seconds with six digits after the point, right-aligned.
    #[inline(always)]
    pub fn seconds(&mut self, duration: SignedDuration, width: usize) -> &mut Self {
        /// Cells of a point and six digits.
        const FRACTION: usize = 1 + 6;
        let (seconds, micros) = (duration.as_secs().unsigned_abs(), duration.subsec_micros().unsigned_abs());
        let sign = if duration.is_negative() { "-" } else { "" };
        let Some(whole) = Digits::of(seconds).filter(|_| sign.is_empty()) else {
            return self.right(&format!("{sign}{seconds}.{micros:06}"), width);
        };
        let fraction = u64::from(b'.') | six_digits(micros) << OCTET | u64::from(b' ') << (OCTET * 7);
        self.right_digits(whole, width.saturating_sub(FRACTION), 0).put(0, fraction.to_le_bytes(), FRACTION + GAP)
    }

    /// Adds a text as it is, with nothing behind it.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.again(text.as_bytes())
    }

    /// Adds a number as it is, with nothing behind it.
    #[inline(always)]
    pub fn digits(&mut self, number: u64) -> &mut Self {
        let Some(Digits { text, len }) = Digits::of(number) else { return self.text(&number.to_string()) };
        // The spaces in front go behind.
        self.put(0, text.rotate_right(OCTET * (Digits::MAX - len) as u32).to_le_bytes(), len)
    }

    /// Octets so far.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Nothing so far.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What was added since the line had this length.
    pub fn since(&self, len: usize) -> &[u8] {
        self.cells.get(len..self.len).unwrap_or_default()
    }

    /// Adds what [`Line::since`] gave of another line.
    pub fn again(&mut self, octets: &[u8]) -> &mut Self {
        self.room(octets.len())[..octets.len()].copy_from_slice(octets);
        self.written(octets.len())
    }

    /// Ends the line, without trailing space.
    pub fn close(&mut self) -> &mut Self {
        self.len = self.since(0).iter().rposition(|octet| *octet != b' ').map_or(0, |last| last + 1);
        self.put(0, *b"\n", 1)
    }

    /// Sends the line as it is, and starts the next one.
    ///
    /// # Errors
    /// What the writer says.
    pub fn send(&mut self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(self.since(0))?;
        self.clear();
        Ok(())
    }

    /// Starts anew.
    pub fn clear(&mut self) {
        self.cells[..mem::take(&mut self.len)].fill(b' ');
    }

    /// Sends the line without trailing space, and starts the next one.
    ///
    /// # Errors
    /// What the writer says.
    pub fn end(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.close().send(out)
    }

    /// Ends the line without trailing space, and sends all lines so far if there are many.
    ///
    /// # Errors
    /// What the writer says.
    pub fn end_among_many(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.close();
        if self.len < GATHERED { Ok(()) } else { self.send(out) }
    }

    /// Adds a text of so many cells, left-aligned, and two cells of space.
    fn text_of(&mut self, text: &str, cells: usize, width: usize) -> &mut Self {
        self.text(text).pad(width.saturating_sub(cells) + GAP)
    }

    fn endpoint4(&mut self, endpoint: SocketAddrV4) -> &mut Self {
        let [a, b, c, d] = endpoint.ip().octets().map(dotted);
        for ((first, len), (second, more)) in [(a, b), (c, d)] {
            let text = first | second << (OCTET * len);
            // What is no text is written over by what comes next.
            self.put(0, text.to_le_bytes(), (len + more) as usize);
        }
        self.len -= 1;
        self.put(0, *b":", 1).digits(endpoint.port().into())
    }

    /// Adds an address as RFC 5952 writes it, the longest run of zeros left out, and port.
    fn endpoint6(&mut self, address: &Ipv6Addr, port: u16) -> &mut Self {
        let segments = address.segments();
        let zeros = longest_zeros(segments);
        self.put(0, *b"[", 1).segments(&segments[..zeros.start]);
        if !zeros.is_empty() {
            // A segment before them brought the first colon.
            let colons = if zeros.start == 0 { 2 } else { 1 };
            self.put(0, *b"::", colons).segments(&segments[zeros.end..]);
        }
        // Behind the last segment there is none.
        self.len -= usize::from(zeros.is_empty() || zeros.end < segments.len());
        self.put(0, *b"]:", 2).digits(port.into())
    }

    /// Adds hexadecimal numbers with a colon behind each.
    #[inline]
    fn segments(&mut self, segments: &[u16]) -> &mut Self {
        for segment in segments {
            let (digits, len) = hexadecimal(*segment);
            let text = digits | u64::from(b':') << (OCTET * len);
            self.put(0, text.to_le_bytes(), 1 + len as usize);
        }
        self
    }

    /// Adds digits, right-aligned, and so many cells of space.
    #[inline(always)]
    fn right_digits(&mut self, Digits { text, len }: Digits, width: usize, gap: usize) -> &mut Self {
        let width = width.max(len);
        // Where the text is too long, the spaces in front that are too many go behind.
        let over = Digits::MAX.saturating_sub(width);
        self.put(width.saturating_sub(Digits::MAX), text.rotate_right(OCTET * over as u32).to_le_bytes(), width + gap)
    }

    /// Adds spaces.
    #[inline]
    fn pad(&mut self, cells: usize) -> &mut Self {
        self.room(cells);
        self.written(cells)
    }

    /// Adds spaces up to the end of a column, and two cells behind it.
    fn pad_to(&mut self, end: usize) -> &mut Self {
        self.pad(end.saturating_sub(self.len) + GAP)
    }

    /// Adds so many cells, of which those that begin `away` from here hold these octets; octets beyond the cells are spaces,
    /// or are written over by what comes next.
    #[inline]
    fn put<const N: usize>(&mut self, away: usize, octets: [u8; N], cells: usize) -> &mut Self {
        self.room(cells.max(away + N))[away..away + N].copy_from_slice(&octets);
        self.written(cells)
    }

    /// At least so many spaces behind the line, to be written over.
    #[inline]
    fn room(&mut self, cells: usize) -> &mut [u8] {
        if self.cells.len() < self.len + cells {
            self.grow(cells);
        }
        &mut self.cells[self.len..]
    }

    #[cold]
    fn grow(&mut self, cells: usize) {
        self.cells.resize((self.len + cells).next_power_of_two(), b' ');
    }

    /// Adds what stands in the [room](Self::room) behind the line.
    #[inline]
    fn written(&mut self, cells: usize) -> &mut Self {
        self.len += cells;
        self
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text(text);
        Ok(())
    }
}

/// Cells between two columns.
pub(super) const GAP: usize = 2;

/// Cells that a text takes up on a terminal.
pub(super) fn cells(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// Where the first of the longest runs of zeros stands that is longer than one; empty at the end if there is none.
#[inline]
fn longest_zeros(segments: [u16; 8]) -> Range<usize> {
    let bits = (0..).zip(segments).map(|(place, segment)| u8::from(segment == 0) << place);
    let (start, end) = LONGEST_ZEROS[usize::from(bits.sum::<u8>())];
    usize::from(start)..usize::from(end)
}

/// The longest run of ones by the bits that are, the lowest one first.
const LONGEST_ZEROS: [(u8, u8); 256] = longest_runs();

const fn longest_runs() -> [(u8, u8); 256] {
    let mut runs = [(8, 8); 256];
    let mut bits: usize = 0;
    while bits < 256 {
        let (mut longest, mut start) = (1, 0);
        while start < 8 {
            let len = (!(bits >> start)).trailing_zeros() as u8;
            if len > longest {
                runs[bits] = (start, start + len);
                longest = len;
            }
            start += 1;
        }
        bits += 1;
    }
    runs
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
        for width in [0, 19, 20, 25] {
            let expected = format!("{:>width$}\n", u64::MAX);
            assert_eq!(printed(|line| line.number(u64::MAX, width)), expected);
        }
        assert_eq!(printed(|line| line.number(u64::MAX, 3).left("abcdef", 4)), "18446744073709551615  abcdef\n");
        assert_eq!(printed(|line| line.text("a").left("", 9)), "a\n");
    }

    #[test]
    fn numbers_of_every_length() {
        for power in (0..20).map(|exponent| 10_u64.pow(exponent)) {
            for number in [power - 1, power, power + 1, power.wrapping_mul(9), power.wrapping_mul(12_345), u64::MAX - power] {
                assert_eq!(printed(|line| line.digits(number).text("|")), format!("{number}|\n"));
                for width in [0, 1, 7, 8, 9, 20] {
                    assert_eq!(printed(|line| line.number(number, width).text("|")), format!("{number:>width$}  |\n"));
                }
            }
        }
    }

    #[test]
    fn durations_have_six_digits_and_a_sign() {
        for (nanoseconds, expected) in [
            (0, "0.000000"),
            (1_002_003_999, "1.002003"),
            (-41_000, "-0.000041"),
            (7_999_999, "0.007999"),
            (999_999_123_456_000, "999999.123456"),
            (-999_999_123_456_000, "-999999.123456"),
            (i64::MAX, "9223372036.854775"),
            (i64::MIN, "-9223372036.854775"),
        ] {
            for width in [0, 8, 9, 15, 16, 17, 30] {
                let text = printed(|line| line.seconds(SignedDuration::from_nanos(nanoseconds), width).text("|"));
                assert_eq!(text, format!("{expected:>width$}  |\n"));
            }
        }
    }

    #[test]
    fn endpoints_read_as_the_standard_library_writes_them() {
        let same = |endpoint: SocketAddr| assert_eq!(printed(|line| line.endpoint(endpoint, 0)), format!("{endpoint}\n"));
        for text in ["127.0.0.1:5000", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:5000", "[::ffff:127.0.0.1]:80"] {
            same(text.parse().unwrap());
        }
        for octet in 0..=255 {
            same(SocketAddr::from(([octet, 9, 255 - octet, octet], 1 << (octet % 16))));
        }
        // Every choice of segments that are zero, and one that is not of four digits.
        for choice in 0..=255_u8 {
            let segments = std::array::from_fn(|place| if choice >> place & 1 == 1 { 0x0fe0_u16 >> place } else { 0 });
            same(SocketAddr::new(Ipv6Addr::from(segments).into(), u16::from(choice)));
        }
        assert_eq!(printed(|line| line.endpoint("1.2.3.4:5".parse().unwrap(), 12).text("|")), "1.2.3.4:5     |\n");
    }
}
