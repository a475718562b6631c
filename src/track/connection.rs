//! One TCP connection: who opened it, what each end sent, how it closed.
//!
//! Each segment becomes [`Signal`]s for both ends, and [`State::after`] follows them. What an end *sent* is observed.
//! What *reached* it is assumed when the segment passes, and proved when the end acts on it; where the end's next
//! segment shows that it had not arrived, the assumption is taken back.

use std::net::SocketAddr;

use super::analysis::{Analysis, Analyzed, Tallies};
use super::state::{Assumption, Endpoint};
use super::stream::{Payload, Stream};
use super::{Chunk, Claim, Completeness, Count, Delivered, Evidence, FlowId, Handshake, Oddity, Signal, State};
use crate::capture::Timestamp;
use crate::decode::options::{self, Value};
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::{Flags, Segment};

/// One TCP connection.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Wireshark's stream number.
    pub id: FlowId,
    /// Which connection on this 5-tuple, from 1.
    pub incarnation: u32,
    /// Who opened it.
    pub initiator: SocketAddr,
    /// Who was called.
    pub responder: SocketAddr,
    /// How we know who opened it.
    pub opening: Opening,
    /// The three segments that open it.
    pub handshake: Handshake,
    /// Both ends.
    pub ends: Ends,
    /// First frame.
    pub first_frame: u64,
    /// Last frame.
    pub last_frame: u64,
    /// Time of the first frame.
    pub start: Option<Timestamp>,
    /// Time of the last frame.
    pub end: Option<Timestamp>,
    /// Wireshark's completeness.
    pub completeness: Completeness,
    /// The first RST that its receiver took: the end of the connection.
    pub reset: Option<u64>,
    /// The first ICMP error about it.
    pub unreachable: Option<u64>,
    seen: Completeness,
    analysis: Box<Analysis>,
}

/// One of a connection's two ends.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Side {
    /// Who opened it.
    Initiator,
    /// Who was called.
    Responder,
}

impl Side {
    /// The other end.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
}

/// Both ends of a connection.
#[derive(Clone, Debug)]
pub struct Ends {
    /// Who opened it.
    pub initiator: End,
    /// Who was called.
    pub responder: End,
}

/// One end of a connection: what it sent, and the state that puts it in.
#[derive(Clone, Debug)]
pub struct End {
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
    /// The octets it sent, in order and each once; complete when the capture ended.
    pub delivered: Delivered,
    /// Segments of it by what Wireshark's sequence analysis says of them.
    pub analysis: Tallies,
    endpoint: Endpoint,
    stream: Stream,
}

/// How it is known who opened a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Opening {
    /// It sent the SYN.
    Syn,
    /// A SYN-ACK was sent to it.
    SynAck,
    /// It sent the first segment in the capture, which began later than the connection: a guess.
    FirstSender,
}

impl Opening {
    /// `syn`, `syn_ack` or `first_sender`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Syn => "syn",
            Self::SynAck => "syn_ack",
            Self::FirstSender => "first_sender",
        }
    }
}

/// What became of a connection, as far as the capture shows.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Outcome {
    /// A SYN, and nothing from the responder.
    NoReply,
    /// A SYN, answered by a RST.
    Refused,
    /// Open when the capture ended.
    Open,
    /// One end sent a FIN, the other did not.
    HalfClosed,
    /// Both ends sent a FIN.
    Closed,
    /// A RST ended it.
    Reset,
    /// Neither its begin nor its end was captured.
    Midstream,
}

impl Outcome {
    /// The word for it in machine-readable output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoReply => "no_reply",
            Self::Refused => "refused",
            Self::Open => "open",
            Self::HalfClosed => "half_closed",
            Self::Closed => "closed",
            Self::Reset => "reset",
            Self::Midstream => "midstream",
        }
    }
}

/// How a connection's two FINs met (RFC 9293 section 3.6).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Close {
    /// FIN, FIN with its acknowledgment, ACK.
    ThreeSegments,
    /// FIN, ACK, FIN, ACK.
    FourSegments,
    /// Two FINs that crossed.
    Simultaneous,
}

impl Close {
    /// The word for it in machine-readable output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ThreeSegments => "three_segments",
            Self::FourSegments => "four_segments",
            Self::Simultaneous => "simultaneous",
        }
    }
}

/// Which end sent the first FIN.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Closer {
    /// The initiator, which then waits in TIME-WAIT.
    Initiator,
    /// The responder, which then waits in TIME-WAIT.
    Responder,
    /// Both: their FINs crossed.
    Both,
}

impl Closer {
    /// `initiator`, `responder` or `both`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Initiator => "initiator",
            Self::Responder => "responder",
            Self::Both => "both",
        }
    }
}

/// A segment, when and where it was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) frame: u64,
    pub(super) timestamp: Option<Timestamp>,
    /// Octets of the frame on the wire.
    pub(super) octets: u32,
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
    pub(super) segment: &'a Segment<'a>,
    /// The segment is not just what a first fragment shows of it.
    pub(super) whole: bool,
}

impl Connection {
    /// A connection that `seen` is the first segment of.
    pub(super) fn new(id: FlowId, incarnation: u32, seen: &Seen<'_>) -> Self {
        let flags = seen.segment.flags;
        let (opening, initiator, responder) = if flags.is_pure_syn() {
            (Opening::Syn, seen.source, seen.destination)
        } else if flags.is_syn_ack() {
            (Opening::SynAck, seen.destination, seen.source)
        } else {
            (Opening::FirstSender, seen.source, seen.destination)
        };
        let (initial, called) = match opening {
            Opening::Syn => (State::Closed, State::Closed),
            Opening::SynAck => (State::SynSent, State::Listen),
            Opening::FirstSender => (State::Established, State::Established),
        };
        let mut ends = Ends { initiator: End::new(initial, seen.frame), responder: End::new(called, seen.frame) };
        if opening == Opening::SynAck {
            ends.initiator.endpoint.initial = Some(seen.segment.acknowledgment.plus(u32::MAX));
        }
        Self {
            id,
            incarnation,
            initiator,
            responder,
            opening,
            handshake: Handshake::default(),
            ends,
            first_frame: seen.frame,
            last_frame: seen.frame,
            start: seen.timestamp,
            end: seen.timestamp,
            completeness: Completeness::default(),
            reset: None,
            unreachable: None,
            seen: Completeness::default(),
            analysis: Box::default(),
        }
    }

    /// The capture began after the connection did.
    pub fn midstream(&self) -> bool {
        self.handshake.syn.is_none() && self.handshake.syn_ack.is_none()
    }

    /// One of its ends.
    pub fn end_of(&self, side: Side) -> &End {
        match side {
            Side::Initiator => &self.ends.initiator,
            Side::Responder => &self.ends.responder,
        }
    }

    /// What became of it.
    pub fn outcome(&self) -> Outcome {
        let (initiator, responder) = (&self.ends.initiator, &self.ends.responder);
        let both_acked = initiator.fin_acked.is_some() && responder.fin_acked.is_some();
        if self.handshake.syn.is_some() && self.handshake.syn_ack.is_none() && responder.rst.is_some() {
            Outcome::Refused
        } else if self.reset.is_some() && !both_acked {
            Outcome::Reset
        } else if initiator.fin.is_some() && responder.fin.is_some() {
            Outcome::Closed
        } else if initiator.fin.is_some() || responder.fin.is_some() {
            Outcome::HalfClosed
        } else if self.midstream() {
            Outcome::Midstream
        } else if responder.sent.frames == 0 {
            Outcome::NoReply
        } else {
            Outcome::Open
        }
    }

    /// How its two FINs met; `None` unless both were seen.
    pub fn close(&self) -> Option<Close> {
        let (initiator, responder) = (&self.ends.initiator, &self.ends.responder);
        let (first, second) = if initiator.fin? < responder.fin? { (initiator, responder) } else { (responder, initiator) };
        Some(match first.fin_acked {
            Some(acked) if Some(acked) < second.fin => Close::FourSegments,
            Some(acked) if Some(acked) == second.fin => Close::ThreeSegments,
            _ => Close::Simultaneous,
        })
    }

    /// Which end sent the first FIN.
    pub fn closed_first(&self) -> Option<Closer> {
        match (self.ends.initiator.fin, self.ends.responder.fin) {
            (None, None) => None,
            (Some(_), Some(_)) if self.close() == Some(Close::Simultaneous) => Some(Closer::Both),
            (Some(first), second) if second.is_none_or(|second| first < second) => Some(Closer::Initiator),
            _ => Some(Closer::Responder),
        }
    }

    /// The shift of a side's window field; `None` if the SYNs were not seen, 0 if either did not offer one.
    pub fn window_shift(&self, side: Side) -> Option<u8> {
        let (mine, theirs) = (self.end_of(side), self.end_of(side.other()));
        (mine.endpoint.began && theirs.endpoint.began)
            .then(|| mine.window_scale.filter(|_| theirs.window_scale.is_some()).unwrap_or(0))
    }

    /// Which end sent a packet with this source; an endpoint that talks to itself always counts as initiator.
    pub(super) fn side_of(&self, source: SocketAddr) -> Side {
        if source == self.initiator { Side::Initiator } else { Side::Responder }
    }

    /// Follows one segment, in file order; hands what is odd about it to `note`.
    ///
    /// What its receiver reads because of it, or of an acknowledgment in it, goes to `sink` with the side that sent it.
    pub(super) fn push(
        &mut self,
        seen: &Seen<'_>,
        note: &mut impl FnMut(Oddity),
        sink: &mut impl FnMut(Side, Chunk<'_>),
    ) -> Option<Analyzed> {
        let side = self.side_of(seen.source);
        let analyzed = seen.whole.then(|| self.analysis.push(side, seen));
        self.follow(side, seen, note);
        if seen.whole {
            self.read(side, seen.frame, seen.segment, sink);
        }
        if let Some(analyzed) = analyzed {
            self.pair(side).0.analysis.add(analyzed.verdicts);
        }
        analyzed
    }

    /// No more segments will come: what still waits for octets before it is read now.
    pub(super) fn finish(&mut self, sink: &mut impl FnMut(Side, Chunk<'_>)) {
        for side in [Side::Initiator, Side::Responder] {
            let end = self.pair(side).0;
            end.delivered = end.stream.finish(&mut |chunk| sink(side, chunk));
        }
    }

    /// Puts a segment's payload into the stream of its sender, and its acknowledgment to that of its receiver.
    fn read(&mut self, side: Side, frame: u64, segment: &Segment<'_>, sink: &mut impl FnMut(Side, Chunk<'_>)) {
        let (sender, receiver) = self.pair(side);
        let sequence = segment.sequence.plus(u32::from(segment.flags.contains(Flags::SYN)));
        sender.stream.begin(sequence);
        if segment.payload_len > 0 {
            let payload = Payload { frame, sequence, octets: segment.payload, len: segment.payload_len };
            sender.stream.push(&payload, &mut |chunk| sink(side, chunk));
        }
        if segment.flags.contains(Flags::ACK) {
            receiver.stream.acknowledged(segment.acknowledgment, &mut |chunk| sink(side.other(), chunk));
        }
    }

    fn follow(&mut self, side: Side, seen: &Seen<'_>, note: &mut impl FnMut(Oddity)) {
        let (flags, segment) = (seen.segment.flags, seen.segment);
        let first = self.ends.initiator.sent.frames == 0 && self.ends.responder.sent.frames == 0;
        self.seen.see(segment, first);
        // Wireshark gives a lone segment no completeness unless it is the first SYN.
        self.completeness = if first && !flags.is_pure_syn() { Completeness::default() } else { self.seen };
        self.last_frame = seen.frame;
        self.end = seen.timestamp;
        self.note_shape(side, seen, note);
        self.handshake.see(side, seen, self.ends.responder.endpoint.initial);

        let (sender, receiver) = self.pair(side);
        sender.sent.add(seen.octets, segment.payload_len);
        sender.take_back(seen);
        if flags.contains(Flags::RST) {
            return self.on_reset(side, seen, note);
        }
        if flags.contains(Flags::SYN) {
            sender.on_syn_sent(seen);
            receiver.on_syn_passing(seen);
        }
        if flags.contains(Flags::ACK) {
            sender.on_ack_sent(receiver, seen);
        }
        if flags.contains(Flags::FIN) {
            sender.on_fin_sent(receiver, seen);
        }
        sender.endpoint.sent_until(segment.sequence.plus(segment.sequence_len()));
    }

    fn pair(&mut self, side: Side) -> (&mut End, &mut End) {
        match side {
            Side::Initiator => (&mut self.ends.initiator, &mut self.ends.responder),
            Side::Responder => (&mut self.ends.responder, &mut self.ends.initiator),
        }
    }

    /// Tells of flags and payload that ordinary senders do not send.
    fn note_shape(&self, side: Side, seen: &Seen<'_>, note: &mut impl FnMut(Oddity)) {
        let flags = seen.segment.flags;
        let syn = flags.contains(Flags::SYN);
        if syn && (flags.contains(Flags::FIN) || flags.contains(Flags::RST)) {
            note(Oddity::StrangeFlags);
        }
        if syn && seen.segment.payload_len > 0 {
            note(Oddity::DataOnSyn);
        }
        let past = |end: SeqNumber| seen.segment.sequence.since(end) >= 0;
        if seen.segment.payload_len > 0 && self.end_of(side).endpoint.fin_end.is_some_and(past) {
            note(Oddity::DataAfterFin);
        }
    }

    /// A RST ends the connection at its sender, and at its receiver if it is acceptable there (RFC 9293 section
    /// 3.10.7, RFC 5961 section 3.2).
    fn on_reset(&mut self, side: Side, seen: &Seen<'_>, note: &mut impl FnMut(Oddity)) {
        let (sender, receiver) = self.pair(side);
        sender.rst.get_or_insert(seen.frame);
        let acceptable = receiver.accepts_reset(sender, seen.segment);
        if acceptable {
            receiver.assume(Signal::GotRst, seen.frame, None);
        } else {
            note(Oddity::ResetIgnored);
        }
        if sender.state.state == State::Closed {
            sender.state = Claim { state: State::Closed, frame: seen.frame, evidence: Evidence::Observed };
        }
        sender.observe(Signal::SentRst, seen.frame);
        if acceptable {
            self.reset.get_or_insert(seen.frame);
        }
    }
}

impl End {
    fn new(state: State, frame: u64) -> Self {
        Self {
            sent: Count::default(),
            fin: None,
            fin_acked: None,
            rst: None,
            window_scale: None,
            state: Claim { state, frame, evidence: Evidence::Assumed },
            delivered: Delivered::default(),
            analysis: Tallies::default(),
            endpoint: Endpoint::default(),
            stream: Stream::new(),
        }
    }

    fn observe(&mut self, signal: Signal, frame: u64) {
        self.endpoint.assumption = None;
        self.state.observe(signal, frame);
    }

    /// Follows a signal that this end has not acted on yet; `proof` is the acknowledgment that would show it has.
    fn assume(&mut self, signal: Signal, frame: u64, proof: Option<SeqNumber>) {
        let before = self.state;
        if self.state.assume(signal, frame) {
            self.endpoint.assumption = Some(Assumption { signal, before, proof });
        }
    }

    /// Holds the last assumption about this end against the segment it sends now.
    fn take_back(&mut self, seen: &Seen<'_>) {
        let Some(assumption) = self.endpoint.assumption else { return };
        match assumption.judge(seen.segment) {
            Some(true) => {
                self.state.evidence = Evidence::Proved;
                self.endpoint.assumption = None;
            }
            Some(false) => {
                self.state = assumption.before;
                self.endpoint.assumption = None;
                self.endpoint.got_fin &= assumption.signal != Signal::GotFin;
            }
            None => {}
        }
    }

    fn on_syn_sent(&mut self, seen: &Seen<'_>) {
        let segment = seen.segment;
        self.endpoint.initial = Some(segment.sequence);
        self.endpoint.began = true;
        self.window_scale = window_scale(segment);
        let signal = if segment.flags.contains(Flags::ACK) { Signal::SentSynAck } else { Signal::SentSyn };
        self.observe(signal, seen.frame);
    }

    /// A SYN on its way to this end matters only where both ends open at once (RFC 9293 Figure 7).
    fn on_syn_passing(&mut self, seen: &Seen<'_>) {
        if seen.segment.flags.is_pure_syn() {
            self.assume(Signal::GotSyn, seen.frame, Some(seen.segment.sequence.plus(1)));
        }
    }

    /// This end acknowledges what `peer` sent.
    fn on_ack_sent(&mut self, peer: &mut Self, seen: &Seen<'_>) {
        let (frame, segment, ack) = (seen.frame, seen.segment, seen.segment.acknowledgment);
        self.endpoint.acknowledged = Some(ack);
        let covers = |number: Option<SeqNumber>| number.is_some_and(|number| ack.since(number) >= 0);
        if covers(peer.endpoint.initial.map(|isn| isn.plus(1))) {
            if segment.flags.contains(Flags::SYN) {
                peer.assume(Signal::GotSynAck, frame, Some(segment.sequence.plus(1)));
            }
            peer.assume(Signal::SynAcked, frame, None);
        }
        if covers(peer.endpoint.fin_end) {
            if !self.endpoint.got_fin {
                self.endpoint.got_fin = true;
                self.state.prove(Signal::GotFin, frame);
            }
            if peer.fin_acked.is_none() {
                peer.fin_acked = Some(frame);
                peer.assume(Signal::FinAcked, frame, None);
            }
        }
    }

    /// This end will send no more; `peer` learns of it when all before it arrived.
    fn on_fin_sent(&mut self, peer: &mut Self, seen: &Seen<'_>) {
        let segment = seen.segment;
        let end = segment.sequence.plus(segment.sequence_len());
        self.fin.get_or_insert(seen.frame);
        self.endpoint.fin_end.get_or_insert(end);
        self.observe(Signal::SentFin, seen.frame);
        let in_order = self.endpoint.next.is_none_or(|next| segment.sequence.since(next) <= 0);
        if in_order && !peer.endpoint.got_fin {
            peer.endpoint.got_fin = true;
            peer.assume(Signal::GotFin, seen.frame, Some(end));
        }
    }

    /// Would this end, in its present state, take a RST from `peer`?
    fn accepts_reset(&self, peer: &Self, segment: &Segment<'_>) -> bool {
        if self.state.state == State::SynSent {
            let acked = |isn: SeqNumber| segment.acknowledgment == isn.plus(1);
            return segment.flags.contains(Flags::ACK) && self.endpoint.initial.is_none_or(acked);
        }
        let expected = [self.endpoint.acknowledged, peer.endpoint.next];
        let exact = expected.iter().flatten().any(|number| *number == segment.sequence);
        exact || expected.iter().all(Option::is_none)
    }
}

/// The shift that a SYN offers for its sender's windows.
fn window_scale(segment: &Segment<'_>) -> Option<u8> {
    options::options(segment.options).find_map(|option| match option.value {
        Value::WindowScale(shift) => Some(shift),
        _ => None,
    })
}
