//! TCP connections: handshake, exchanges of requests and replies, close.
//!
//! Every frame is planned as the capture point sees it:
//! what one end sends on hearing of a frame comes that end's delay after it.

use super::{ACK, FIN, Fate, Flow, Options, PSH, Phase, Planned, RST, SYN, Segment};
use crate::plan::Plan;
use crate::side::{Both, Side};
use crate::time::{MICROSECOND, MILLISECOND, Nanoseconds, SECOND};

const SYN_LOST: f64 = 0.005;
const REQUEST_LOST: f64 = 0.002;

/// When an unanswered SYN is sent again, counted from the first.
const SYN_RETRIES: [Nanoseconds; 3] = [SECOND, 3 * SECOND, 7 * SECOND];

/// The shortest retransmission timeout of Linux.
pub(super) const RETRANSMISSION_TIMEOUT: Nanoseconds = 200 * MILLISECOND;

impl Flow {
    pub(super) fn plan_tcp_phase(&mut self, plan: &Plan) {
        match self.phase {
            Phase::Opening if self.midstream => {
                self.join_midstream();
                self.talk(plan);
            }
            Phase::Opening => self.open(plan),
            Phase::Talking => self.talk(plan),
            Phase::Closing => self.close(),
            Phase::Over => {}
        }
    }

    /// Sequence number of the next octet this end sends.
    pub(super) fn sequence(&self, side: Side) -> u32 {
        let end = &self.ends[side];
        end.initial_sequence.wrapping_add(end.next)
    }

    /// Where the next octet lies in this end's stream.
    pub(super) fn offset(&self, side: Side) -> u64 {
        u64::from(self.ends[side].next.wrapping_sub(1))
    }

    /// Plans the next segment of `sender` in order; the copy is for those who send it again.
    pub(super) fn send(&mut self, time: Nanoseconds, sender: Side, flags: u8, length: u32) -> Planned {
        let segment = Segment {
            flags,
            sequence: self.sequence(sender),
            acknowledgment: self.sequence(sender.other()),
            options: Options::Usual,
        };
        let frame = Planned { time, sender, length, offset: self.offset(sender), segment: Some(segment) };
        self.queue.push_back(frame);
        let occupied = length + u32::from(flags & FIN);
        self.ends[sender].next = self.ends[sender].next.wrapping_add(occupied);
        frame
    }

    fn join_midstream(&mut self) {
        for side in [Side::Client, Side::Server] {
            self.ends[side].next = 1 + self.rng.between(1_000, 1 << 30) as u32;
        }
        self.phase = Phase::Talking;
    }

    fn open(&mut self, plan: &Plan) {
        let first = self.now;
        self.send_syn(first);
        self.phase = Phase::Over;
        match self.fate {
            Fate::Unanswered => self.repeat_syn(first),
            Fate::Refused => self.refuse(first),
            _ if self.rng.chance(SYN_LOST * plan.anomalies) => {
                self.send_syn(first + SECOND);
                self.syn_retransmissions += 1;
                self.accept(first + SECOND);
            }
            _ => self.accept(first),
        }
    }

    fn send_syn(&mut self, time: Nanoseconds) {
        let sequence = self.ends.client.initial_sequence;
        let segment = Segment { flags: SYN, sequence, acknowledgment: 0, options: Options::Syn };
        self.send_control(time, Side::Client, segment);
    }

    fn repeat_syn(&mut self, first: Nanoseconds) {
        for retry in SYN_RETRIES {
            self.send_syn(first + retry);
            self.syn_retransmissions += 1;
        }
    }

    fn refuse(&mut self, syn: Nanoseconds) {
        let segment = Segment {
            flags: RST | ACK,
            sequence: 0,
            acknowledgment: self.ends.client.initial_sequence.wrapping_add(1),
            options: Options::Refusal,
        };
        self.send_control(syn + self.ends.server.delay, Side::Server, segment);
    }

    /// The server's SYN and the client's ACK.
    fn accept(&mut self, syn: Nanoseconds) {
        let segment = Segment {
            flags: SYN | ACK,
            sequence: self.ends.server.initial_sequence,
            acknowledgment: self.ends.client.initial_sequence.wrapping_add(1),
            options: Options::Syn,
        };
        let answered = syn + self.ends.server.delay;
        self.send_control(answered, Side::Server, segment);
        let completed = answered + self.ends.client.delay;
        self.send(completed, Side::Client, ACK, 0);
        self.handshake = Some(completed - syn);
        self.phase = Phase::Talking;
    }

    /// Plans a segment outside the two streams of payload.
    fn send_control(&mut self, time: Nanoseconds, sender: Side, segment: Segment) {
        let frame = Planned { time, sender, length: 0, offset: 0, segment: Some(segment) };
        self.queue.push_back(frame);
    }

    fn talk(&mut self, plan: &Plan) {
        if self.exchanges_left > 0 {
            self.exchange(plan);
        } else {
            self.transfer_window(plan);
        }
        if self.exchanges_left == 0 && self.octets_left == 0 {
            self.phase = Phase::Closing;
        }
    }

    /// A request and its reply.
    fn exchange(&mut self, plan: &Plan) {
        self.exchanges_left -= 1;
        let pause = self.rng.exponential(self.pause) as u64 + 10 * MICROSECOND;
        let Both { client: to_client, server: to_server } = self.delays();
        let lengths = self
            .tuple
            .service
            .lengths()
            .unwrap_or_else(|| Both { client: self.rng.between(6, 54) as u32, server: self.rng.between(6, 54) as u32 });

        let mut asked = self.now + pause;
        let request = self.send(asked, Side::Client, PSH | ACK, lengths.client);
        if self.rng.chance(REQUEST_LOST * plan.anomalies) {
            asked += RETRANSMISSION_TIMEOUT + to_client + to_server;
            self.queue.push_back(Planned { time: asked, ..request });
            self.tallies.client.retransmitted += 1;
        }
        let replied = asked + to_server + self.rng.between(5, 300) * MICROSECOND;
        self.send(replied, Side::Server, PSH | ACK, lengths.server);
        // Otherwise the next request acknowledges the reply.
        if self.exchanges_left == 0 || self.rng.chance(0.5) {
            self.send(replied + to_client, Side::Client, ACK, 0);
        }
    }

    fn close(&mut self) {
        let time = self.now + self.rng.between(1, 50) * 100 * MICROSECOND;
        let closer = [Side::Client, Side::Server][self.rng.between(0, 1) as usize];
        match self.fate {
            Fate::Reset => {
                self.send(time, closer, RST | ACK, 0);
            }
            Fate::Closed => self.close_both_ways(time, closer),
            _ => {}
        }
        self.phase = Phase::Over;
    }

    /// FIN both ways; the second comes with the first one's ACK, or after a while.
    fn close_both_ways(&mut self, time: Nanoseconds, closer: Side) {
        let other = closer.other();
        let mut heard = time + self.ends[other].delay;
        self.send(time, closer, FIN | ACK, 0);
        if !self.rng.chance(0.5) {
            self.send(heard, other, ACK, 0);
            heard += self.rng.between(10, 3_000) * MICROSECOND;
        }
        self.send(heard, other, FIN | ACK, 0);
        self.send(heard + self.ends[closer].delay, closer, ACK, 0);
    }

    pub(super) fn delays(&self) -> Both<Nanoseconds> {
        Both { client: self.ends.client.delay, server: self.ends.server.delay }
    }
}
