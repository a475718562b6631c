//! TCP options (RFC 9293 section 3.2, IANA TCP option kinds).
//!
//! Each is a kind, a length that counts both octets, and a value; kinds 0 and 1 are a single octet. An unknown kind is
//! stepped over. Only a length that cannot be true ends the list, and the last item then says so.

use super::cursor::u32_at;
use super::seq::SeqNumber;

/// One option.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TcpOption<'a> {
    /// Offset from the start of the options, in octets.
    pub at: usize,
    /// Octets it takes up, kind and length included.
    pub len: usize,
    /// The kind.
    pub kind: u8,
    /// What it says.
    pub value: Value<'a>,
}

impl TcpOption<'_> {
    /// IANA's name for the kind.
    pub const fn name(&self) -> &'static str {
        match self.kind {
            0 => "End of options",
            1 => "No operation",
            2 => "Maximum segment size",
            3 => "Window scale",
            4 => "SACK permitted",
            5 => "SACK",
            6 => "Echo",
            7 => "Echo reply",
            8 => "Timestamps",
            9 => "Partial order connection permitted",
            10 => "Partial order service profile",
            11 => "Connection count",
            12 => "New connection count",
            13 => "Connection count echo",
            14 => "Alternate checksum request",
            15 => "Alternate checksum data",
            18 => "Trailer checksum",
            19 => "MD5 signature",
            20 => "SCPS capabilities",
            21 => "Selective negative acknowledgments",
            22 => "Record boundaries",
            23 => "Corruption experienced",
            27 => "Quick-start response",
            28 => "User timeout",
            29 => "Authentication",
            30 => "Multipath TCP",
            34 => "Fast open cookie",
            69 => "Encryption negotiation",
            172 => "Accurate ECN order 0",
            174 => "Accurate ECN order 1",
            253 | 254 => "Experiment",
            _ => "Unknown option",
        }
    }
}

/// What an option says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Value<'a> {
    /// The list ends here; what follows is padding.
    EndOfList,
    /// Padding.
    NoOperation,
    /// The largest segment its sender takes, in octets of payload (RFC 9293 section 3.7.1).
    MaximumSegmentSize(u16),
    /// Windows are to be shifted left by this much; more than 14 counts as 14 (RFC 7323 section 2.3).
    WindowScale(u8),
    /// Selective acknowledgments are welcome (RFC 2018).
    SackPermitted,
    /// What arrived beyond the acknowledgment number (RFC 2018), or twice (RFC 2883).
    Sack(SackBlocks<'a>),
    /// Clock readings, in ticks of unknown length (RFC 7323 section 3).
    Timestamps {
        /// The sender's clock.
        value: u32,
        /// The latest reading it got from its peer.
        echo: u32,
    },
    /// The sender gives up after this time without acknowledgment (RFC 5482).
    UserTimeout {
        /// The number counts minutes rather than seconds.
        minutes: bool,
        /// 0 to 32767.
        amount: u16,
    },
    /// Signature of the segment: key id and next key id are its first two octets (RFC 5925).
    Authentication(&'a [u8]),
    /// Signature of the segment (RFC 2385).
    Md5(&'a [u8]),
    /// Multipath TCP (RFC 8684).
    Multipath {
        /// What it is for: 0 capable, 1 join, 2 data sequence, 3 add address, and so on.
        subtype: u8,
    },
    /// A request for a cookie if empty, else the cookie (RFC 7413); also in its experimental form.
    FastOpen(&'a [u8]),
    /// An experiment, by the number that tells it from others (RFC 6994).
    Experiment(u16),
    /// The value of a kind that is not read.
    Unknown(&'a [u8]),
    /// The value of a kind that is read, in a length it cannot have.
    WrongLength(&'a [u8]),
    /// The length is below two or beyond the header: what follows cannot be told apart.
    Broken,
}

/// The blocks of a SACK option, in the order sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SackBlocks<'a>(&'a [u8]);

impl<'a> SackBlocks<'a> {
    /// First number of each block, and the number after its last.
    pub fn iter(self) -> impl Iterator<Item = (SeqNumber, SeqNumber)> + use<'a> {
        self.0.chunks_exact(8).filter_map(|block| Some((SeqNumber(u32_at(block, 0)?), SeqNumber(u32_at(block, 4)?))))
    }
}

/// The options in `octets`, which is [`Segment::options`](super::tcp::Segment::options).
#[inline]
pub fn options(octets: &[u8]) -> Options<'_> {
    Options { octets, at: 0 }
}

/// Two octets of padding and the timestamps: what most segments carry (RFC 7323 appendix A), worth a quick look.
#[inline]
pub const fn are_only_timestamps(octets: &[u8]) -> bool {
    matches!(octets, [1, 1, 8, 10, _, _, _, _, _, _, _, _])
}

/// An iterator over options; it ends after [`Value::EndOfList`] and [`Value::Broken`].
#[derive(Clone, Debug)]
pub struct Options<'a> {
    octets: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Options<'a> {
    type Item = TcpOption<'a>;

    fn next(&mut self) -> Option<TcpOption<'a>> {
        let at = self.at;
        let rest = self.octets.get(at..)?;
        let kind = *rest.first()?;
        let (len, value) = match kind {
            0 => (1, Value::EndOfList),
            1 => (1, Value::NoOperation),
            _ => match rest.get(1).and_then(|&len| Some((usize::from(len), rest.get(2..usize::from(len))?))) {
                Some((len, octets)) => (len, value(kind, octets)),
                None => (rest.len(), Value::Broken),
            },
        };
        let is_last = matches!(value, Value::EndOfList | Value::Broken);
        self.at = if is_last { self.octets.len() } else { at.saturating_add(len) };
        Some(TcpOption { at, len, kind, value })
    }
}

fn value(kind: u8, octets: &[u8]) -> Value<'_> {
    match (kind, octets) {
        (2, &[a, b]) => Value::MaximumSegmentSize(u16::from_be_bytes([a, b])),
        (3, &[shift]) => Value::WindowScale(shift),
        (4, []) => Value::SackPermitted,
        (5, blocks) if blocks.len() % 8 == 0 => Value::Sack(SackBlocks(blocks)),
        (8, &[a, b, c, d, e, f, g, h]) => {
            Value::Timestamps { value: u32::from_be_bytes([a, b, c, d]), echo: u32::from_be_bytes([e, f, g, h]) }
        }
        (19, signature) if signature.len() == 16 => Value::Md5(signature),
        (28, &[a, b]) => Value::UserTimeout { minutes: a & 0x80 != 0, amount: u16::from_be_bytes([a & 0x7f, b]) },
        (29, signature) if signature.len() >= 2 => Value::Authentication(signature),
        (30, [first, ..]) => Value::Multipath { subtype: first >> 4 },
        (34, cookie) if is_cookie(cookie) => Value::FastOpen(cookie),
        (253 | 254, [0xf9, 0x89, cookie @ ..]) if is_cookie(cookie) => Value::FastOpen(cookie),
        (253 | 254, &[a, b, ..]) => Value::Experiment(u16::from_be_bytes([a, b])),
        (2 | 3 | 4 | 5 | 8 | 19 | 28 | 29 | 30 | 34 | 253 | 254, octets) => Value::WrongLength(octets),
        (_, octets) => Value::Unknown(octets),
    }
}

/// None, or an even number of octets from 4 to 16 (RFC 7413 section 4.1.1).
fn is_cookie(octets: &[u8]) -> bool {
    matches!(octets.len(), 0 | 4 | 6 | 8 | 10 | 12 | 14 | 16)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    /// The values of `octets`, each with its offset and length.
    #[track_caller]
    fn check(octets: &[u8], expected: &[(usize, usize, Value<'_>)]) {
        let found: Vec<_> = options(octets).map(|option| (option.at, option.len, option.value)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_kind_that_is_read() {
        check(&[2, 4, 0xff, 0xd7], &[(0, 4, Value::MaximumSegmentSize(65495))]);
        check(&[1, 3, 3, 7], &[(0, 1, Value::NoOperation), (1, 3, Value::WindowScale(7))]);
        check(&[4, 2, 0, 9], &[(0, 2, Value::SackPermitted), (2, 1, Value::EndOfList)]);
        check(&[8, 10, 0, 0, 0, 1, 0, 0, 0, 2], &[(0, 10, Value::Timestamps { value: 1, echo: 2 })]);
        check(&[28, 4, 0x80, 5], &[(0, 4, Value::UserTimeout { minutes: true, amount: 5 })]);
        check(&[30, 4, 0x21, 0], &[(0, 4, Value::Multipath { subtype: 2 })]);
        check(&[34, 2], &[(0, 2, Value::FastOpen(&[]))]);
        check(&[34, 6, 1, 2, 3, 4], &[(0, 6, Value::FastOpen(&[1, 2, 3, 4]))]);
        check(&[254, 4, 0xf9, 0x89], &[(0, 4, Value::FastOpen(&[]))]);
        check(&[253, 4, 0xe2, 0xd4], &[(0, 4, Value::Experiment(0xe2d4))]);
        check(&[29, 4, 1, 2], &[(0, 4, Value::Authentication(&[1, 2]))]);
        check(&[&[19, 18][..], &[7; 16]].concat(), &[(0, 18, Value::Md5(&[7; 16]))]);
    }

    #[test]
    fn sack_blocks_in_order() {
        let octets = [5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 8, 0, 0, 0, 9];
        let Some(TcpOption { value: Value::Sack(blocks), .. }) = options(&octets).next() else { panic!() };
        let blocks: Vec<_> = blocks.iter().collect();
        assert_eq!(blocks, [(SeqNumber(1), SeqNumber(2)), (SeqNumber(8), SeqNumber(9))]);
    }

    #[test]
    fn unknown_kinds_are_stepped_over() {
        check(&[77, 3, 9, 4, 2], &[(0, 3, Value::Unknown(&[9])), (3, 2, Value::SackPermitted)]);
    }

    #[test]
    fn a_wrong_length_does_not_hide_what_follows() {
        check(&[2, 3, 5, 4, 2], &[(0, 3, Value::WrongLength(&[5])), (3, 2, Value::SackPermitted)]);
        check(&[5, 5, 1, 2, 3], &[(0, 5, Value::WrongLength(&[1, 2, 3]))]);
        check(&[34, 3, 1], &[(0, 3, Value::WrongLength(&[1]))]);
    }

    #[test]
    fn an_impossible_length_ends_the_list() {
        for length in [0, 1, 5, 255] {
            check(&[1, 3, length, 7, 1], &[(0, 1, Value::NoOperation), (1, 4, Value::Broken)]);
        }
        check(&[2], &[(0, 1, Value::Broken)]);
        check(&[], &[]);
    }
}
