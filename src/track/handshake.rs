//! The three segments that open a connection (RFC 9293 section 3.5).

use jiff::SignedDuration;

use super::Side;
use super::events::Seen;
use crate::capture::Timestamp;
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::Flags;

/// How a connection was opened, as far as the capture shows it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Handshake {
    /// Frame of the first SYN.
    pub syn: Option<u64>,
    /// Frame of the first SYN-ACK.
    pub syn_ack: Option<u64>,
    /// Frame of the first segment by which the initiator acknowledged the SYN-ACK; it may carry data.
    pub ack: Option<u64>,
    /// SYNs sent, first and repeated.
    pub syns: u32,
    /// When the last SYN before the SYN-ACK was seen: a repeated SYN restarts the clock.
    pub syn_time: Option<Timestamp>,
    /// When the SYN-ACK was seen.
    pub syn_ack_time: Option<Timestamp>,
    /// When the acknowledgment was seen.
    pub ack_time: Option<Timestamp>,
}

impl Handshake {
    /// All three segments were seen.
    pub fn complete(&self) -> bool {
        self.syn.is_some() && self.syn_ack.is_some() && self.ack.is_some()
    }

    /// Time from the last SYN to the acknowledgment of its answer: one round trip, wherever the capture was made.
    pub fn round_trip(&self) -> Option<SignedDuration> {
        Some(self.ack_time?.since(self.syn_time?))
    }

    /// Follows one segment; `responder_isn` is the sequence number of the SYN-ACK, once seen.
    pub(super) fn see(&mut self, side: Side, seen: &Seen<'_>, responder_isn: Option<SeqNumber>) {
        let flags = seen.segment.flags;
        if flags.is_pure_syn() {
            self.syn.get_or_insert(seen.frame);
            self.syns = self.syns.saturating_add(1);
            if self.ack.is_none() {
                self.syn_time = seen.timestamp;
            }
        } else if flags.is_syn_ack() {
            if self.syn_ack.is_none() {
                self.syn_ack_time = seen.timestamp;
            }
            self.syn_ack.get_or_insert(seen.frame);
        } else if side == Side::Initiator && self.ack.is_none() && flags.contains(Flags::ACK) {
            let answers = |isn: SeqNumber| seen.segment.acknowledgment.since(isn) > 0;
            if self.syn_ack.is_some() && responder_isn.is_some_and(answers) && !flags.contains(Flags::RST) {
                self.ack = Some(seen.frame);
                self.ack_time = seen.timestamp;
            }
        }
    }
}
