//! One end of a connection: what it sent, and the state that puts it in.
//!
//! What an end *sent* is observed. What *reached* it is assumed when the segment passes, and proved when the end acts on
//! it; where the end's next segment shows that it had not arrived, the assumption is taken back.

use super::events::{Detail, Events, Seen};
use super::stream::Stream;
use super::{Claim, Count, Delivered, Evidence, Side, Signal, State, Step, Tallies, Transition};
use crate::decode::options::{self, Value};
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::{Flags, Segment};

/// One end of a connection.
#[derive(Clone, Debug)]
pub struct End {
    /// Which end it is.
    pub side: Side,
    /// What it sent.
    pub sent: Count,
    /// Frame of its first FIN.
    pub fin: Option<u64>,
    /// Frame in which the peer acknowledged that FIN.
    pub fin_acked: Option<u64>,
    /// Frame of its first RST.
    pub rst: Option<u64>,
    /// Its window scale shift, from its SYN (RFC 7323 section 2.2).
    pub window_scale: Option<u8>,
    /// Its state after the last frame.
    pub state: Claim,
    /// Its segments by what Wireshark's sequence analysis says of them.
    pub analysis: Tallies,
    pub(super) stream: Stream,
    /// Its initial sequence number.
    pub(super) initial: Option<SeqNumber>,
    /// Its SYN or SYN-ACK was captured.
    pub(super) began: bool,
    /// Frame of its first SYN without ACK: it opened the connection, alone or together with its peer.
    pub(super) called: Option<u64>,
    /// The end of what it sent so far.
    next: Option<SeqNumber>,
    /// The number after its FIN.
    pub(super) fin_end: Option<SeqNumber>,
    /// The last acknowledgment it sent.
    acknowledged: Option<SeqNumber>,
    /// The peer's FIN counts as received.
    got_fin: bool,
    /// A signal it has not acted on yet.
    assumption: Option<Assumption>,
}

/// A signal that should have reached an end, and the state to return to if it had not.
#[derive(Clone, Copy, Debug)]
struct Assumption {
    signal: Signal,
    before: Claim,
    /// The acknowledgment that shows it arrived; `None` where a segment that goes on shows it.
    proof: Option<SeqNumber>,
}

/// What an end's next segment says of an assumption about it.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Ruling {
    Proved,
    Refuted,
    Open,
}

impl End {
    /// The octets it sent, in order and each once; complete when the capture ended.
    pub fn delivered(&self) -> Delivered {
        self.stream.delivered()
    }

    pub(super) fn new(side: Side, state: State, frame: u64, detail: Detail) -> Self {
        Self {
            side,
            sent: Count::default(),
            fin: None,
            fin_acked: None,
            rst: None,
            window_scale: None,
            state: Claim { state, frame, evidence: Evidence::Assumed },
            analysis: Tallies::default(),
            stream: Stream::new(detail),
            initial: None,
            began: false,
            called: None,
            next: None,
            fin_end: None,
            acknowledged: None,
            got_fin: false,
            assumption: None,
        }
    }

    /// Holds the last assumption about this end against the segment it sends now.
    pub(super) fn review(&mut self, segment: &Segment<'_>, events: &mut Events<'_>) {
        let Some(assumption) = self.assumption else { return };
        let from = self.state;
        let step = match assumption.rule(segment) {
            Ruling::Open => return,
            Ruling::Proved => {
                self.state.evidence = Evidence::Proved;
                Step::Proved(assumption.signal)
            }
            Ruling::Refuted => {
                self.state = assumption.before;
                self.got_fin &= assumption.signal != Signal::GotFin;
                self.fin_acked = self.fin_acked.filter(|_| assumption.signal != Signal::FinAcked);
                Step::TakenBack(assumption.signal)
            }
        };
        self.assumption = None;
        events.transition(Transition { side: self.side, from, to: self.state, step });
    }

    /// This end sends a SYN or a SYN-ACK.
    pub(super) fn send_syn(&mut self, seen: &Seen<'_>, events: &mut Events<'_>) {
        let segment = seen.segment;
        self.initial = Some(segment.sequence);
        self.began = true;
        self.window_scale = window_scale(segment);
        if segment.flags.contains(Flags::ACK) {
            return self.observe(Signal::SentSynAck, events);
        }
        self.called.get_or_insert(events.frame);
        self.observe(Signal::SentSyn, events);
    }

    /// A SYN on its way to this end matters only where both ends open at once (RFC 9293 Figure 7).
    pub(super) fn meet_syn(&mut self, segment: &Segment<'_>, events: &mut Events<'_>) {
        if segment.flags.is_pure_syn() {
            self.assume(Signal::GotSyn, Some(segment.sequence.plus(1)), events);
        }
    }

    /// This end acknowledges what `peer` sent.
    pub(super) fn send_ack(&mut self, peer: &mut Self, segment: &Segment<'_>, events: &mut Events<'_>) {
        let ack = segment.acknowledgment;
        self.acknowledged = Some(ack);
        let covers = |number: Option<SeqNumber>| number.is_some_and(|number| ack.since(number) >= 0);
        if covers(peer.initial.map(|isn| isn.plus(1))) {
            if segment.flags.contains(Flags::SYN) {
                peer.assume(Signal::GotSynAck, Some(segment.sequence.plus(1)), events);
            }
            peer.assume(Signal::SynAcked, None, events);
        }
        if !covers(peer.fin_end) {
            return;
        }
        if !self.got_fin {
            self.got_fin = true;
            self.follow(Signal::GotFin, Evidence::Proved, events);
        }
        if peer.fin_acked.is_none() {
            peer.fin_acked = Some(events.frame);
            peer.assume(Signal::FinAcked, None, events);
        }
    }

    /// This end will send no more; `peer` learns of it when all before it arrived.
    pub(super) fn send_fin(&mut self, peer: &mut Self, segment: &Segment<'_>, events: &mut Events<'_>) {
        let end = segment.sequence.plus(segment.sequence_len());
        self.fin.get_or_insert(events.frame);
        self.fin_end.get_or_insert(end);
        self.observe(Signal::SentFin, events);
        let in_order = self.next.is_none_or(|next| segment.sequence.since(next) <= 0);
        if in_order && !peer.got_fin {
            peer.got_fin = true;
            peer.assume(Signal::GotFin, Some(end), events);
        }
    }

    /// This end gives the connection up; true if `peer` takes its RST (RFC 9293 section 3.10.7, RFC 5961 section 3.2).
    pub(super) fn send_rst(&mut self, peer: &mut Self, segment: &Segment<'_>, events: &mut Events<'_>) -> bool {
        self.rst.get_or_insert(events.frame);
        let acceptable = peer.accepts_rst(self, segment);
        if acceptable {
            peer.assume(Signal::GotRst, None, events);
        }
        if self.state.state == State::Closed {
            self.state = Claim { state: State::Closed, frame: events.frame, evidence: Evidence::Observed };
        }
        self.observe(Signal::SentRst, events);
        acceptable
    }

    /// This end sent everything before the end of `segment`.
    pub(super) fn advance(&mut self, segment: &Segment<'_>) {
        let end = segment.sequence.plus(segment.sequence_len());
        if self.next.is_none_or(|next| end.since(next) > 0) {
            self.next = Some(end);
        }
    }

    /// Would this end, in its present state, take a RST from `peer`?
    fn accepts_rst(&self, peer: &Self, segment: &Segment<'_>) -> bool {
        if self.state.state == State::SynSent {
            let ack = segment.acknowledgment;
            let sent = |isn: SeqNumber| ack.since(isn) > 0 && self.next.is_none_or(|next| ack.since(next) <= 0);
            return segment.flags.contains(Flags::ACK) && self.initial.is_none_or(sent);
        }
        let expected = [self.acknowledged, peer.next];
        let exact = expected.iter().flatten().any(|number| *number == segment.sequence);
        exact || expected.iter().all(Option::is_none)
    }

    fn observe(&mut self, signal: Signal, events: &mut Events<'_>) {
        self.assumption = None;
        self.follow(signal, Evidence::Observed, events);
    }

    /// Follows a signal that this end has not acted on yet.
    fn assume(&mut self, signal: Signal, proof: Option<SeqNumber>, events: &mut Events<'_>) {
        let before = self.state;
        if self.follow(signal, Evidence::Assumed, events) {
            self.assumption = Some(Assumption { signal, before, proof });
        }
    }

    /// True if the signal changes the state.
    fn follow(&mut self, signal: Signal, evidence: Evidence, events: &mut Events<'_>) -> bool {
        let Some(state) = self.state.state.after(signal) else { return false };
        let from = std::mem::replace(&mut self.state, Claim { state, frame: events.frame, evidence });
        events.transition(Transition { side: self.side, from, to: self.state, step: Step::Signal(signal) });
        true
    }
}

impl Assumption {
    /// What the end's next segment says of it.
    fn rule(&self, segment: &Segment<'_>) -> Ruling {
        let flags = segment.flags;
        let refuted = match self.signal {
            Signal::GotSynAck => flags.is_pure_syn(),
            Signal::SynAcked => flags.contains(Flags::SYN),
            Signal::FinAcked => flags.contains(Flags::FIN),
            _ => false,
        };
        match self.proof {
            _ if refuted => Ruling::Refuted,
            Some(_) if !flags.contains(Flags::ACK) => Ruling::Open,
            Some(proof) if segment.acknowledgment.since(proof) >= 0 => Ruling::Proved,
            Some(_) => Ruling::Refuted,
            None if self.signal == Signal::SynAcked => Ruling::Proved,
            None => Ruling::Open,
        }
    }
}

/// The shift that a SYN offers for its sender's windows.
fn window_scale(segment: &Segment<'_>) -> Option<u8> {
    options::options(segment.options).find_map(|option| match option.value {
        Value::WindowScale(shift) => Some(shift),
        _ => None,
    })
}
