//! One flow: who speaks, what will be sent, and what an analyzer should make of it.
//!
//! A flow plans its frames a phase at a time (a handshake, an exchange, a window of data, a close),
//! so that two million flows can be under way without two million flows of frames in memory.
//! [`draw`] makes a flow; [`tcp`], [`transfer`] and [`udp`] plan its phases.

mod draw;
mod tcp;
mod transfer;
mod udp;

use std::collections::VecDeque;

pub(crate) use draw::{Birth, draw};

use crate::payload::Service;
use crate::plan::Plan;
use crate::rng::Rng;
use crate::side::{Both, Side};
use crate::time::Nanoseconds;

pub(crate) const FIN: u8 = 1;
pub(crate) const SYN: u8 = 2;
pub(crate) const RST: u8 = 4;
pub(crate) const PSH: u8 = 8;
pub(crate) const ACK: u8 = 16;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Transport {
    Tcp,
    Udp,
}

/// Where an end is: an IPv4 address, or the last four octets of an IPv6 one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address {
    pub(crate) host: u32,
    pub(crate) port: u16,
}

/// Who speaks with whom, and about what; a later flow may use it again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tuple {
    pub(crate) addresses: Both<Address>,
    pub(crate) v6: bool,
    pub(crate) service: Service,
}

/// How a TCP connection goes. A UDP flow just ends, as [`Fate::Closed`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    /// A FIN from each end.
    Closed,
    Reset,
    /// Its last frames are not in the capture.
    Abandoned,
    /// RST in reply to the first SYN.
    Refused,
    /// No reply to any SYN.
    Unanswered,
}

impl Fate {
    /// The handshake is completed.
    pub(crate) fn connects(self) -> bool {
        !matches!(self, Self::Refused | Self::Unanswered)
    }
}

/// The next phase to plan.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Opening,
    Talking,
    Closing,
    Over,
}

/// What one end sends with, some of it moving with every frame.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// From the capture point to this end and back.
    delay: Nanoseconds,
    initial_sequence: u32,
    /// Next sequence number, less the initial one.
    next: u32,
    /// TCP timestamp at the start of the capture.
    pub(crate) clock: u32,
    /// TCP timestamp last sent; the other end echoes it.
    pub(crate) last_timestamp: u32,
    /// Of the next IPv4 packet.
    pub(crate) identification: u16,
}

/// What an analyzer should count of one end's frames.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) packets: u64,
    /// Octets of payload, repetitions included.
    pub(crate) payload: u64,
    /// Segments seen twice.
    pub(crate) retransmitted: u64,
    /// Neighbours seen in the wrong order.
    pub(crate) swapped: u64,
    /// Segments lost before the capture point and filled in later.
    pub(crate) holes_filled: u64,
    /// Retransmissions of what had arrived.
    pub(crate) spurious: u64,
}

/// A frame to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    pub(crate) time: Nanoseconds,
    pub(crate) sender: Side,
    /// Octets of payload.
    pub(crate) length: u32,
    /// Where in the sender's stream the payload begins; of a datagram, a random number.
    pub(crate) offset: u64,
    /// The rest of a TCP header; a datagram has none.
    pub(crate) segment: Option<Segment>,
}

/// What a TCP header says beyond ports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    pub(crate) flags: u8,
    pub(crate) sequence: u32,
    /// 0 without the ACK flag.
    pub(crate) acknowledgment: u32,
    pub(crate) options: Options,
}

/// TCP options, as far as the flow uses them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Options {
    /// A timestamp.
    Usual,
    /// Segment size, window scale and what else is offered.
    Syn,
    /// A timestamp, and a block that has arrived beyond a hole.
    Sack { left: u32, right: u32 },
    /// None: nobody listens, and no window is offered.
    Refusal,
}

/// One flow under way.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(crate) tuple: Tuple,
    pub(crate) transport: Transport,
    pub(crate) fate: Fate,
    /// The capture begins after the handshake.
    pub(crate) midstream: bool,
    /// TCP timestamps are used.
    pub(crate) timestamps: bool,
    /// Selective acknowledgments are used.
    pub(crate) sack: bool,
    /// Largest payload of a segment.
    pub(crate) mss: u32,
    pub(crate) ends: Both<End>,
    pub(crate) tallies: Both<Tally>,
    pub(crate) syn_retransmissions: u64,
    /// From the SYN to the last ACK of the handshake.
    pub(crate) handshake: Option<Nanoseconds>,
    /// Times of the first and the last frame.
    pub(crate) first: Nanoseconds,
    pub(crate) last: Nanoseconds,

    rng: Rng,
    phase: Phase,
    now: Nanoseconds,
    /// Between two segments of a window.
    gap: Nanoseconds,
    /// Segments in flight, and at most.
    window: u64,
    window_limit: u64,
    /// Who sends the transfer.
    uploader: Side,
    /// Octets of the transfer yet to send.
    octets_left: u64,
    exchanges_left: u64,
    /// Mean pause between exchanges, in nanoseconds.
    pause: f64,
    queue: VecDeque<Planned>,
}

impl Flow {
    /// When the next frame is due, after planning the next phase if need be; `None` at the end of the flow.
    pub(crate) fn due(&mut self, plan: &Plan) -> Option<Nanoseconds> {
        if self.queue.is_empty() {
            self.plan_phase(plan);
        }
        self.queue.front().map(|frame| frame.time)
    }

    /// The next frame, counted.
    ///
    /// # Panics
    /// If [`Flow::due`] has not said that there is one.
    pub(crate) fn take_frame(&mut self) -> Planned {
        let frame = self.queue.pop_front().expect("a frame is due");
        if self.tallies.client.packets + self.tallies.server.packets == 0 {
            self.first = frame.time;
        }
        self.last = frame.time;
        let tally = &mut self.tallies[frame.sender];
        tally.packets += 1;
        tally.payload += u64::from(frame.length);
        frame
    }

    /// Octets of this end's stream, each counted once; `None` if the capture cannot tell.
    pub(crate) fn unique(&self, side: Side) -> Option<u64> {
        if self.transport == Transport::Udp {
            return Some(self.tallies[side].payload);
        }
        let fin = u32::from(self.fate == Fate::Closed);
        let known = self.fate.connects() && !self.midstream;
        known.then(|| u64::from(self.ends[side].next.wrapping_sub(1) - fin))
    }

    fn plan_phase(&mut self, plan: &Plan) {
        match self.transport {
            Transport::Tcp => self.plan_tcp_phase(plan),
            Transport::Udp => self.plan_udp_exchange(plan),
        }
        self.queue.make_contiguous().sort_by_key(|frame| frame.time);
        if let Some(last) = self.queue.back() {
            self.now = self.now.max(last.time);
        }
    }
}
