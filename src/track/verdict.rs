//! The words of the sequence analysis, and how often each was said.

use std::fmt;

/// What a segment is found to be: a set of Wireshark's `tcp.analysis` words.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Verdicts(u16);

impl Verdicts {
    /// The segment repeats octets sent before.
    pub const RETRANSMISSION: Self = Self(1);
    /// A retransmission that duplicate acknowledgments asked for.
    pub const FAST_RETRANSMISSION: Self = Self(1 << 1);
    /// A retransmission of octets that had been acknowledged.
    pub const SPURIOUS_RETRANSMISSION: Self = Self(1 << 2);
    /// The segment was overtaken by a later one.
    pub const OUT_OF_ORDER: Self = Self(1 << 3);
    /// A segment before this one was not captured.
    pub const LOST_SEGMENT: Self = Self(1 << 4);
    /// It acknowledges octets that were not captured.
    pub const ACK_LOST_SEGMENT: Self = Self(1 << 5);
    /// It repeats the last acknowledgment.
    pub const DUPLICATE_ACK: Self = Self(1 << 6);
    /// Its sender takes no more octets for now.
    pub const ZERO_WINDOW: Self = Self(1 << 7);
    /// One octet into a closed window, to draw an acknowledgment.
    pub const ZERO_WINDOW_PROBE: Self = Self(1 << 8);
    /// The answer to such a probe.
    pub const ZERO_WINDOW_PROBE_ACK: Self = Self(1 << 9);
    /// It fills the receiver's window to its edge.
    pub const WINDOW_FULL: Self = Self(1 << 10);
    /// It says nothing but a new window.
    pub const WINDOW_UPDATE: Self = Self(1 << 11);
    /// It begins one octet before the next, to draw an acknowledgment (RFC 9293 section 3.8.4).
    pub const KEEP_ALIVE: Self = Self(1 << 12);
    /// The answer to a keep-alive.
    pub const KEEP_ALIVE_ACK: Self = Self(1 << 13);
    /// A SYN or SYN-ACK with another sequence number on a tuple used before.
    pub const REUSED_PORTS: Self = Self(1 << 14);

    const NAMES: [&'static str; 15] = [
        "retransmission",
        "fast_retransmission",
        "spurious_retransmission",
        "out_of_order",
        "lost_segment",
        "ack_lost_segment",
        "duplicate_ack",
        "zero_window",
        "zero_window_probe",
        "zero_window_probe_ack",
        "window_full",
        "window_update",
        "keep_alive",
        "keep_alive_ack",
        "reused_ports",
    ];

    /// All of `other` are in the set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Nothing was found.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Wireshark's words, without the prefix `tcp.analysis.`.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.iter().enumerate().filter(move |(bit, _)| self.0 >> bit & 1 == 1).map(|(_, name)| *name)
    }

    pub(super) const fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// A retransmission of any kind.
    pub const fn is_retransmission(self) -> bool {
        self.contains(Self::RETRANSMISSION)
    }
}

/// The words, separated by commas.
impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.words().collect();
        f.write_str(&words.join(", "))
    }
}

/// Segments of one direction by what they were found to be; of most directions there is nothing to say.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tallies(Option<Box<[u32; Verdicts::NAMES.len()]>>);

impl Tallies {
    /// Segments that one of `verdicts` was said of.
    pub fn of(&self, verdicts: Verdicts) -> u32 {
        let said = |(bit, count): (usize, &u32)| if verdicts.0 >> bit & 1 == 1 { *count } else { 0 };
        self.0.iter().flat_map(|counts| counts.iter()).enumerate().map(said).fold(0, u32::saturating_add)
    }

    pub(super) fn add(&mut self, verdicts: Verdicts) {
        if verdicts.is_empty() {
            return;
        }
        for (bit, count) in self.0.get_or_insert_default().iter_mut().enumerate() {
            *count = count.saturating_add(u32::from(verdicts.0 >> bit & 1));
        }
    }
}
