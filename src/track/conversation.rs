//! Conversations as they are shown: the rows of Wireshark's Conversations.

use std::iter::Sum;
use std::net::SocketAddr;

use jiff::SignedDuration;

use super::FlowId;
use crate::capture::Timestamp;

/// Frames and octets one way.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Count {
    /// Frames; a fragmented datagram counts once, in the frame that completes it.
    pub frames: u64,
    /// Octets of those frames on the wire.
    pub octets: u64,
    /// Octets of transport payload on the wire.
    pub payload: u64,
}

impl Count {
    /// Counts one more frame.
    #[inline]
    pub(super) fn add(&mut self, octets: u32, payload: u32) {
        self.frames = self.frames.wrapping_add(1);
        self.octets = self.octets.wrapping_add(u64::from(octets));
        self.payload = self.payload.wrapping_add(u64::from(payload));
    }
}

impl Sum for Count {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, count| Self {
            frames: sum.frames.wrapping_add(count.frames),
            octets: sum.octets.wrapping_add(count.octets),
            payload: sum.payload.wrapping_add(count.payload),
        })
    }
}

/// One conversation: a row of Wireshark's Conversations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversation {
    /// Wireshark's stream number.
    pub id: FlowId,
    /// Who sent the first frame.
    pub a: SocketAddr,
    /// The other end.
    pub b: SocketAddr,
    /// First frame.
    pub first_frame: u64,
    /// Last frame.
    pub last_frame: u64,
    /// Time of the first frame.
    pub start: Option<Timestamp>,
    /// Time of the last frame.
    pub end: Option<Timestamp>,
    /// From `a` to `b`.
    pub a_to_b: Count,
    /// From `b` to `a`.
    pub b_to_a: Count,
}

impl Conversation {
    /// Time from the first to the last frame in file order; negative if the clock stepped back.
    pub fn duration(&self) -> Option<SignedDuration> {
        Some(self.end?.since(self.start?))
    }
}
