//! The fingerprint of one capture: digests and counts, no frames.

use super::making::Making;
use crate::capture::Timestamp;

/// What is kept of a capture to compare it with others: at most some 160 kB, usually a few hundred octets.
#[derive(Clone, Debug, Default)]
pub struct Prints {
    /// The port of the lab's server.
    pub(super) port: u16,
    /// SHA-256 of the file, in hexadecimal.
    pub(super) file: String,
    /// Of the octets of all frames; container and times are left out.
    pub(super) content: Digest,
    /// Frames.
    pub(super) frames: u64,
    /// When the first frame was captured, in microseconds since 1970.
    pub(super) first: Option<i64>,
    /// When the last frame was captured.
    pub(super) last: Option<i64>,
    /// The first of the frames that matter, in file order.
    pub(super) sights: Vec<Sight>,
    /// What clients said.
    pub(super) said: Vec<Said>,
    /// The machine and the program, as the file says.
    pub(super) origin: Origin,
    /// How it was made.
    pub(super) making: Making,
}

/// The begin of a SHA-256.
pub(super) type Digest = [u8; 16];

/// Frames that are remembered, of those that use the lab's port.
pub(super) const MAX_SIGHTS: usize = 2048;

/// The same of those that stay on one host: a lab at another port, or what else ran there.
pub(super) const MAX_ASIDE: usize = 512;

/// Texts that are remembered.
pub(super) const MAX_SAID: usize = 32;

/// Octets of a text that are read.
pub(super) const MAX_TEXT: usize = 512;

/// One frame of the lab.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Sight {
    /// Its number.
    pub(super) frame: u64,
    /// When it was captured, in microseconds since 1970: what every container holds.
    pub(super) micros: Option<i64>,
    /// Of its headers without lengths and checksums: what stays when a payload is replaced.
    pub(super) headers: u64,
    /// Of its payload's begin and length.
    pub(super) payload: u64,
    /// The client's port.
    pub(super) port: u16,
    /// It goes to the server.
    pub(super) to_server: bool,
    /// IPv4's identification.
    pub(super) id: Option<u16>,
    /// TCP's sequence number.
    pub(super) sequence: Option<u32>,
    /// It uses the lab's port.
    pub(super) of_lab: bool,
}

/// What chance alone hardly gives two packets in common: a client's port with a number that its system chose.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Token {
    port: u16,
    to_server: bool,
    number: u32,
}

impl Sight {
    /// `None` where the system chose nothing: systems that never fragment may leave the identification 0 (RFC 6864).
    pub(super) fn token(&self) -> Option<Token> {
        Some(Token { port: self.port, to_server: self.to_server, number: self.number()? })
    }

    /// What the system chose: TCP's sequence number, else IPv4's identification.
    pub(super) fn number(&self) -> Option<u32> {
        self.sequence.or(self.id.map(u32::from)).filter(|number| *number != 0)
    }
}

/// A text that a client sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Said {
    /// The frame that brought it.
    pub(super) frame: u64,
    /// Decoded.
    pub(super) text: String,
}

/// What a file says of where it was made.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Origin {
    pub(super) hardware: Option<String>,
    pub(super) os: Option<String>,
    pub(super) application: Option<String>,
}

impl Origin {
    /// The file says something, and the same as the other.
    pub(super) fn is_same_machine(&self, other: &Self) -> bool {
        self.hardware.is_some() && self.os.is_some() && self == other
    }
}

/// Microseconds since 1970, rounded down; saturating at the ends of time.
pub(super) fn micros(time: Timestamp) -> i64 {
    time.seconds().saturating_mul(1_000_000).saturating_add(i64::from(time.nanoseconds() / 1000))
}

/// A moment as people read it, in UTC.
pub(super) fn moment(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| format!("{micros} µs"), |time| time.to_string())
}
