//! Wireshark's `tcp.completeness`: which kinds of segments a conversation showed.

use crate::decode::tcp::{Flags, Segment};

/// Six bits: SYN 1, SYN-ACK 2, ACK 4, data 8, FIN 16, RST 32.
///
/// The number is Wireshark's, with its gaps: one FIN is enough for "complete", and any bare acknowledgment sets the
/// ACK bit. What really happened at both ends is in [`super::Connection::ends`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Completeness(pub u8);

impl Completeness {
    const SYN: u8 = 1;
    const SYN_ACK: u8 = 2;
    const ACK: u8 = 4;
    const DATA: u8 = 8;
    const FIN: u8 = 16;
    const RST: u8 = 32;

    /// Adds what one segment shows; `first` if it opens the conversation.
    pub(super) fn see(&mut self, segment: &Segment<'_>, first: bool) {
        let flags = segment.flags;
        let ack = flags.contains(Flags::ACK);
        if flags.contains(Flags::SYN) {
            if ack {
                self.0 |= Self::SYN_ACK;
            } else if first {
                self.0 |= Self::SYN;
            }
            if !ack && segment.payload_len > 0 {
                self.0 |= Self::DATA;
            }
        } else if ack {
            self.0 |= if segment.payload_len > 0 { Self::DATA } else { Self::ACK };
        }
        if flags.contains(Flags::FIN) && ack {
            self.0 |= Self::FIN;
        }
        if flags.contains(Flags::RST) {
            self.0 |= Self::RST;
        }
    }

    /// Wireshark's letters for the bits, RST first: `·FDASS`.
    pub fn letters(self) -> String {
        let bit = |(place, letter)| if self.0 >> (5_u8.saturating_sub(place)) & 1 == 1 { letter } else { '·' };
        (0..).zip("RFDASS".chars()).map(bit).collect()
    }

    /// Wireshark's words for the number.
    pub const fn text(self) -> &'static str {
        match self.0 {
            1 => "Incomplete, SYN_SENT",
            3 => "Incomplete, CLIENT_ESTABLISHED",
            7 => "Incomplete, ESTABLISHED",
            15 => "Incomplete, DATA",
            31 | 47 | 63 => "Complete, WITH_DATA",
            23 | 39 | 55 => "Complete, NO_DATA",
            _ => "Incomplete",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_stand_as_in_wireshark() {
        assert_eq!(Completeness(0).letters(), "······");
        assert_eq!(Completeness(31).letters(), "·FDASS");
        assert_eq!(Completeness(39).letters(), "R··ASS");
    }
}
