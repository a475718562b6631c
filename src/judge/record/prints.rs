//! The fingerprint of one capture: digests and counts, no frames.

use super::making::Making;
use crate::capture::Timestamp;

/// What is kept of a capture to compare it with others: at most some 160 kB, usually a few hundred octets.
#[derive(Clone, Debug, Default)]
pub struct Prints {
    /// The port of the lab's server.
    pub(in crate::judge) port: u16,
    /// SHA-256 of the file, in hexadecimal.
    pub(in crate::judge) file: String,
    /// Of the octets of all frames; container and times are left out.
    pub(in crate::judge) content: Digest,
    /// Frames.
    pub(in crate::judge) frames: u64,
    /// When the first frame was captured, in microseconds since 1970.
    pub(in crate::judge) first: Option<i64>,
    /// When the last frame was captured.
    pub(in crate::judge) last: Option<i64>,
    /// The first of the frames that matter, in file order.
    pub(in crate::judge) sights: Vec<Sight>,
    /// What clients said.
    pub(in crate::judge) said: Vec<Said>,
    /// The machine and the program, as the file says.
    pub(in crate::judge) origin: Origin,
    /// How it was made.
    pub(in crate::judge) making: Making,
}

/// The begin of a SHA-256.
pub(in crate::judge) type Digest = [u8; 16];

/// Frames that are remembered, of those that use the lab's port.
pub(in crate::judge) const MAX_SIGHTS: usize = 2048;

/// The same of those that stay on one host: a lab at another port, or what else ran there.
pub(in crate::judge) const MAX_ASIDE: usize = 512;

/// Texts that are remembered.
pub(in crate::judge) const MAX_SAID: usize = 32;

/// Octets of a text that are read.
pub(in crate::judge) const MAX_TEXT: usize = 512;

/// One frame of the lab.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::judge) struct Sight {
    /// Its number.
    pub(in crate::judge) frame: u64,
    /// When it was captured, in microseconds since 1970: what every container holds.
    pub(in crate::judge) micros: Option<i64>,
    /// Of its headers without lengths and checksums: what stays when a payload is replaced.
    pub(in crate::judge) headers: u64,
    /// Of its payload's begin and length.
    pub(in crate::judge) payload: u64,
    /// The client's port.
    pub(in crate::judge) port: u16,
    /// It goes to the server.
    pub(in crate::judge) to_server: bool,
    /// IPv4's identification.
    pub(in crate::judge) id: Option<u16>,
    /// TCP's sequence number.
    pub(in crate::judge) sequence: Option<u32>,
    /// It uses the lab's port.
    pub(in crate::judge) of_lab: bool,
}

/// What chance alone hardly gives two packets in common: a client's port with a number that its system chose.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(in crate::judge) struct Token {
    port: u16,
    to_server: bool,
    number: u32,
}

impl Sight {
    /// `None` where the system chose nothing: systems that never fragment may leave the identification 0 (RFC 6864).
    pub(in crate::judge) fn token(&self) -> Option<Token> {
        Some(Token { port: self.port, to_server: self.to_server, number: self.number()? })
    }

    /// What the system chose: TCP's sequence number, else IPv4's identification.
    pub(in crate::judge) fn number(&self) -> Option<u32> {
        self.sequence.or(self.id.map(u32::from)).filter(|number| *number != 0)
    }
}

/// A text that a client sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::judge) struct Said {
    /// The frame that brought it.
    pub(in crate::judge) frame: u64,
    /// Decoded.
    pub(in crate::judge) text: String,
}

/// What a file says of where it was made.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::judge) struct Origin {
    pub(in crate::judge) hardware: Option<String>,
    pub(in crate::judge) os: Option<String>,
    pub(in crate::judge) application: Option<String>,
}

impl Origin {
    /// The file says something, and the same as the other.
    pub(in crate::judge) fn is_same_machine(&self, other: &Self) -> bool {
        self.hardware.is_some() && self.os.is_some() && self == other
    }
}

/// Microseconds since 1970, rounded down; saturating at the ends of time.
pub(in crate::judge) fn micros(time: Timestamp) -> i64 {
    time.seconds().saturating_mul(1_000_000).saturating_add(i64::from(time.nanoseconds() / 1000))
}

/// A moment as people read it, in UTC.
pub(in crate::judge) fn moment(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| format!("{micros} µs"), |time| time.to_string())
}
