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

use super::look::{Ink, Look};
use crate::track::FlowId;

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

/// The decimal digits of each octet and a dot, left-aligned, and how many cells they take.
const DOTTED: [([u8; 4], u8); 256] = dotted();

const fn dotted() -> [([u8; 4], u8); 256] {
    let mut dotted = [([b' '; 4], 0); 256];
    let mut number = 0;
    while number < 256 {
        let digits = [b'0' + (number / 100) as u8, b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8];
        dotted[number] = match (number, digits) {
            (0..10, [_, _, c]) => ([c, b'.', b' ', b' '], 2),
            (10..100, [_, b, c]) => ([b, c, b'.', b' '], 3),
            (_, [a, b, c]) => ([a, b, c, b'.'], 4),
        };
        number += 1;
    }
    dotted
}

/// One line under construction.
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
    #[inline]
    pub fn number(&mut self, number: u64, width: usize) -> &mut Self {
        let width = width.max(decimal_len(number));
        write_decimal(number, &mut self.room(width + GAP)[..width]);
        self.written(width + GAP)
    }

    /// Adds a text, left-aligned, and two cells of space.
    pub fn left(&mut self, text: &str, width: usize) -> &mut Self {
        self.text(text).pad(width.saturating_sub(cells(text)) + GAP)
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
        *width = cells(text).max(*width);
        self.left(text, *width)
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
        self.text(id.protocol.word()).text(":").digits(u64::from(id.number)).pad_to(end)
    }

    /// Adds a duration in seconds with six digits after the point, right-aligned.
    pub fn seconds(&mut self, duration: SignedDuration, width: usize) -> &mut Self {
        let mut micros = duration.subsec_micros().unsigned_abs();
        let (whole, sign) = (duration.as_secs().unsigned_abs(), usize::from(duration.is_negative()));
        let digits = decimal_len(whole);
        let width = width.max(sign + digits + FRACTION);
        let (integer, fraction) = self.room(width + GAP)[..width].split_at_mut(width - FRACTION);
        write_decimal(whole, integer);
        if sign > 0 {
            integer[integer.len() - digits - 1] = b'-';
        }
        fraction[0] = b'.';
        for pair in fraction[1..].rchunks_exact_mut(2) {
            pair.copy_from_slice(&PAIRS[(micros % 100) as usize]);
            micros /= 100;
        }
        self.written(width + GAP)
    }

    /// Adds a text as it is, with nothing behind it.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.again(text.as_bytes())
    }

    /// Adds a number as it is, with nothing behind it.
    pub fn digits(&mut self, number: u64) -> &mut Self {
        let len = decimal_len(number);
        write_decimal(number, &mut self.room(len)[..len]);
        self.written(len)
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
        self.text("\n")
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

    fn endpoint4(&mut self, endpoint: SocketAddrV4) -> &mut Self {
        let cell = self.room(LONGEST_V4);
        let mut at = 0;
        for octet in endpoint.ip().octets() {
            let (digits, len) = DOTTED[usize::from(octet)];
            cell[at..at + 4].copy_from_slice(&digits);
            at += usize::from(len);
        }
        cell[at - 1] = b':';
        self.written(at).digits(endpoint.port().into())
    }

    /// Adds an address as RFC 5952 writes it, the longest run of zeros left out, and port.
    fn endpoint6(&mut self, address: &Ipv6Addr, port: u16) -> &mut Self {
        let segments = address.segments();
        let zeros = longest_zeros(&segments);
        let cell = self.room(LONGEST_V6);
        cell[0] = b'[';
        let mut at = 1;
        for (place, segment) in segments.into_iter().enumerate() {
            if zeros.contains(&place) {
                continue;
            }
            if place == zeros.end {
                cell[at..at + 2].copy_from_slice(b"::");
                at += 2;
            } else if place > 0 {
                cell[at] = b':';
                at += 1;
            }
            let (digits, len) = hexadecimal(segment);
            cell[at..at + 4].copy_from_slice(&digits);
            at += len;
        }
        if zeros.end == segments.len() {
            cell[at..at + 2].copy_from_slice(b"::");
            at += 2;
        }
        cell[at..at + 2].copy_from_slice(b"]:");
        self.written(at + 2).digits(port.into())
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

    /// At least so many spaces behind the line, to be written over.
    #[inline]
    fn room(&mut self, cells: usize) -> &mut [u8] {
        let end = self.len + cells;
        if self.cells.len() < end {
            self.cells.resize(end.next_power_of_two(), b' ');
        }
        &mut self.cells[self.len..]
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

/// Cells of the longest IPv4 address with its port.
const LONGEST_V4: usize = "255.255.255.255:65535".len();

/// Cells of the longest IPv6 address with its port.
const LONGEST_V6: usize = "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535".len();

/// Cells of a fraction of a second.
const FRACTION: usize = ".000000".len();

/// Cells that a text takes up on a terminal.
pub(super) fn cells(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// How many decimal digits a number has, by how many binary ones: a binary digit is 0.30103 of a decimal one.
#[inline]
fn decimal_len(number: u64) -> usize {
    let bits = u64::BITS - (number | 1).leading_zeros();
    let less = ((bits * 1233) >> 12) as usize;
    less + usize::from(number | 1 >= POWERS_OF_TEN[less])
}

const POWERS_OF_TEN: [u64; LONGEST_NUMBER] = powers_of_ten();

const fn powers_of_ten() -> [u64; LONGEST_NUMBER] {
    let mut powers = [1; LONGEST_NUMBER];
    let mut exponent = 1;
    while exponent < LONGEST_NUMBER {
        powers[exponent] = 10 * powers[exponent - 1];
        exponent += 1;
    }
    powers
}

/// Digits of the largest number.
const LONGEST_NUMBER: usize = u64::MAX.ilog10() as usize + 1;

/// Writes a number's decimal digits at the end of `cell`, which has room for them.
#[inline]
fn write_decimal(mut number: u64, cell: &mut [u8]) {
    let mut at = cell.len();
    while number >= 10 {
        at -= 2;
        cell[at..at + 2].copy_from_slice(&PAIRS[(number % 100) as usize]);
        number /= 100;
    }
    if number > 0 || at == cell.len() {
        cell[at - 1] = b'0' + number as u8;
    }
}

/// A segment's hexadecimal digits, left-aligned, and how many there are.
#[inline]
fn hexadecimal(segment: u16) -> ([u8; 4], usize) {
    let digit = |bits: u16| b"0123456789abcdef"[usize::from(segment >> bits & 0xf)];
    let all = u32::from_be_bytes([12, 8, 4, 0].map(digit));
    let len = segment.checked_ilog2().map_or(1, |bits| 1 + bits as usize / 4);
    // The zeros in front are pushed out, and spaces come in behind.
    let aligned = (u64::from(all) << 32 | u64::from(u32::from_be_bytes([b' '; 4]))) << (8 * (4 - len));
    (((aligned >> 32) as u32).to_be_bytes(), len)
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
        for width in [0, 19, 20, 25] {
            let expected = format!("{:>width$}\n", u64::MAX);
            assert_eq!(printed(|line| line.number(u64::MAX, width)), expected);
        }
        assert_eq!(printed(|line| line.number(u64::MAX, 3).left("abcdef", 4)), "18446744073709551615  abcdef\n");
        assert_eq!(printed(|line| line.text("a").left("", 9)), "a\n");
    }

    #[test]
    fn numbers_of_every_length() {
        for power in POWERS_OF_TEN {
            for number in [power - 1, power, power + 1, power.wrapping_mul(9), u64::MAX - power] {
                assert_eq!(printed(|line| line.number(number, 0)), format!("{number}\n"));
            }
        }
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
