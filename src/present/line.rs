//! Lines of long lists, built by hand in one reused buffer.
//!
//! A list of a million conversations is printed as fast as it is made: no cell is allocated, no table is held. Columns
//! are padded to widths that the caller knows; a longer text pushes its line, it is never cut.

use std::io::{self, Write};
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV4};
use std::ops::Range;

use jiff::SignedDuration;
use unicode_width::UnicodeWidthStr;

use super::look::{Ink, Look};
use crate::track::FlowId;

/// Enough spaces for most columns: copying all of them is faster than counting some out.
const SPACES: [u8; 32] = [b' '; 32];

/// The two digits of each number below a hundred.
const PAIRS: [[u8; 2]; 100] = pairs();

const fn pairs() -> [[u8; 2]; 100] {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
}

/// The decimal digits of each octet, left-aligned, and how many there are.
const OCTETS: [([u8; 4], u8); 256] = octets();

const fn octets() -> [([u8; 4], u8); 256] {
    let mut octets = [([b' '; 4], 0); 256];
    let mut number = 0;
    while number < 256 {
        let digits = [b'0' + (number / 100) as u8, b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8];
        octets[number] = match (number, digits) {
            (0..10, [_, _, c]) => ([c, b' ', b' ', b' '], 1),
            (10..100, [_, b, c]) => ([b, c, b' ', b' '], 2),
            (_, [a, b, c]) => ([a, b, c, b' '], 3),
        };
        number += 1;
    }
    octets
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
        let mut cell = [b' '; LONGEST_NUMBER + GAP];
        let begin = write_decimal(number, &mut cell[..LONGEST_NUMBER]);
        if width > LONGEST_NUMBER {
            self.pad(width - LONGEST_NUMBER);
        }
        self.octets.extend_from_slice(&cell[begin.min(LONGEST_NUMBER.saturating_sub(width))..]);
        self
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
            SocketAddr::V4(endpoint) => return self.endpoint4(endpoint, width),
            SocketAddr::V6(endpoint) if endpoint.scope_id() == 0 && endpoint.ip().to_ipv4_mapped().is_none() => {
                self.text("[").address6(endpoint.ip()).text("]:").digits(u64::from(endpoint.port()));
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
        let micros = u64::from(duration.subsec_micros().unsigned_abs());
        let (whole, sign) = (duration.as_secs().unsigned_abs(), usize::from(duration.is_negative()));
        let digits = decimal_len(whole);
        let width = width.max(sign + digits + 7);
        let cell = &mut self.spaces(width + GAP)[..width];
        // The leading one keeps the zeros in front of the fraction, until the point takes its place.
        write_decimal(micros + 1_000_000, cell);
        cell[width - 7] = b'.';
        write_decimal(whole, &mut cell[..width - 7]);
        if sign > 0 {
            cell[width - 8 - digits] = b'-';
        }
        self
    }

    /// Adds a text as it is, with nothing behind it.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.octets.extend_from_slice(text.as_bytes());
        self
    }

    /// Adds a number as it is, with nothing behind it.
    pub fn digits(&mut self, number: u64) -> &mut Self {
        let mut cell = [0; LONGEST_NUMBER];
        let begin = write_decimal(number, &mut cell);
        self.octets.extend_from_slice(&cell[begin..]);
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

    /// What was added since the line had this length.
    pub fn since(&self, len: usize) -> &[u8] {
        self.octets.get(len..).unwrap_or_default()
    }

    /// Adds what [`Line::since`] gave of another line.
    pub fn again(&mut self, octets: &[u8]) -> &mut Self {
        self.octets.extend_from_slice(octets);
        self
    }

    /// Ends the line, without trailing space.
    pub fn close(&mut self) -> &mut Self {
        let end = self.octets.iter().rposition(|octet| *octet != b' ').map_or(0, |last| last + 1);
        self.octets.truncate(end);
        self.octets.push(b'\n');
        self
    }

    /// Sends the line as it is, and starts the next one.
    ///
    /// # Errors
    /// What the writer says.
    pub fn send(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.send_with([], out)
    }

    /// Sends the line, and behind it what [`Line::since`] gave of others, and starts the next one.
    ///
    /// # Errors
    /// What the writer says.
    #[inline]
    pub fn send_with<const N: usize>(&mut self, octets: [&[u8]; N], out: &mut impl Write) -> io::Result<()> {
        out.write_all(&self.octets)?;
        self.octets.clear();
        octets.into_iter().try_for_each(|octets| out.write_all(octets))
    }

    /// Sends the line without trailing space, and starts the next one.
    ///
    /// # Errors
    /// What the writer says.
    pub fn end(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.close().send(out)
    }

    /// Adds an IPv4 address and port, left-aligned: over the spaces of the column, so that no octet is padded by itself.
    fn endpoint4(&mut self, endpoint: SocketAddrV4, width: usize) -> &mut Self {
        let start = self.octets.len();
        let cell = self.spaces(width.max(LONGEST_V4) + GAP);
        let mut at = 0;
        for (octet, separator) in endpoint.ip().octets().into_iter().zip(*b"...:") {
            let (digits, len) = OCTETS[usize::from(octet)];
            cell[at..at + 4].copy_from_slice(&digits);
            at += usize::from(len) + 1;
            cell[at - 1] = separator;
        }
        let port = u64::from(endpoint.port());
        let end = at + decimal_len(port);
        write_decimal(port, &mut cell[at..end]);
        self.octets.truncate(start + width.max(end) + GAP);
        self
    }

    /// Adds an address as RFC 5952 writes it: the longest run of zeros left out.
    fn address6(&mut self, address: &Ipv6Addr) -> &mut Self {
        let segments = address.segments();
        let zeros = longest_zeros(&segments);
        for (place, segment) in segments.into_iter().enumerate() {
            if zeros.contains(&place) {
                continue;
            }
            if place == zeros.end {
                self.text("::");
            } else if place > 0 {
                self.text(":");
            }
            self.hexadecimal(segment);
        }
        if zeros.end == segments.len() { self.text("::") } else { self }
    }

    fn hexadecimal(&mut self, number: u16) -> &mut Self {
        let digits = (4 - number.leading_zeros() / 4).max(1);
        for digit in (0..digits).rev() {
            self.octets.push(b"0123456789abcdef"[usize::from(number >> (4 * digit) & 0xf)]);
        }
        self
    }

    fn pad(&mut self, cells: usize) -> &mut Self {
        self.spaces(cells);
        self
    }

    /// Adds spaces, and lends them to be written over.
    #[inline]
    fn spaces(&mut self, cells: usize) -> &mut [u8] {
        let start = self.octets.len();
        self.octets.extend_from_slice(&SPACES);
        if cells > SPACES.len() {
            self.octets.resize(start + cells, b' ');
        }
        self.octets.truncate(start + cells);
        &mut self.octets[start..]
    }

    fn gap(&mut self) -> &mut Self {
        self.octets.extend_from_slice(&[b' '; GAP]);
        self
    }
}

/// Cells between two columns.
pub(super) const GAP: usize = 2;

/// Digits of the largest number.
const LONGEST_NUMBER: usize = u64::MAX.ilog10() as usize + 1;

/// Cells of the longest IPv4 address with its port.
const LONGEST_V4: usize = "255.255.255.255:65535".len();

/// Cells that a text takes up on a terminal.
fn cells(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

fn decimal_len(number: u64) -> usize {
    1 + number.checked_ilog10().unwrap_or(0) as usize
}

/// Writes a number's decimal digits at the end of `cell`, which has room for them, and says where they begin.
#[inline]
fn write_decimal(mut number: u64, cell: &mut [u8]) -> usize {
    let mut at = cell.len();
    while number >= 10 {
        at -= 2;
        cell[at..at + 2].copy_from_slice(&PAIRS[(number % 100) as usize]);
        number /= 100;
    }
    if number > 0 || at == cell.len() {
        at -= 1;
        cell[at] = b'0' + number as u8;
    }
    at
}

/// Where the first of the longest runs of zeros stands that is longer than one; past the end if there is none.
fn longest_zeros(segments: &[u16; 8]) -> Range<usize> {
    const NONE: usize = usize::MAX;
    let (mut longest, mut start) = (NONE..NONE, 0);
    for (place, segment) in segments.iter().enumerate() {
        if *segment != 0 {
            start = place + 1;
        } else if place > start && place - start >= longest.len() {
            longest = start..place + 1;
        }
    }
    longest
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
