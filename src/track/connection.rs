//! One TCP connection: who opened it, what each end sent, how it closed.
//!
//! A segment passes through here once: it is counted, its flags become [`Signal`](super::Signal)s for both ends (see
//! [`End`]), its payload goes to the stream of its sender, and Wireshark's analysis says what it is.

use std::net::SocketAddr;

use jiff::SignedDuration;

use super::analysis::{Analysis, Analyzed};
use super::events::{Detail, Events, Seen};
use super::flow::Slot;
use super::stream::Payload;
use super::{
    Chunk, Close, Closer, Completeness, End, FiveTuple, FlowId, Handshake, Metrics, Note, Oddity, Opening, Outcome, Side, State,
};
use crate::capture::Timestamp;
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
    /// What was odd about its segments, at most [`Connection::MAX_NOTES`].
    pub notes: Vec<Note>,
    /// The initiator's place in the flow key; `None` where one endpoint is both.
    caller: Option<Slot>,
    seen: Completeness,
    before: Completeness,
    analysis: Analysis,
}

/// Both ends of a connection.
#[derive(Clone, Debug)]
pub struct Ends {
    /// Who opened it.
    pub initiator: End,
    /// Who was called.
    pub responder: End,
}

impl Connection {
    /// Notes kept with a connection; all are in [`super::Trace::notes`].
    pub const MAX_NOTES: usize = 64;

    /// A connection on `tuple` that `seen` is the first segment of.
    pub(super) fn new((id, incarnation): (FlowId, u32), tuple: FiveTuple, seen: &Seen<'_>, detail: Detail) -> Self {
        let flags = seen.segment.flags;
        let opening = match flags {
            flags if flags.is_pure_syn() => Opening::Syn,
            flags if flags.is_syn_ack() => Opening::SynAck,
            _ => Opening::FirstSender,
        };
        let (caller, FiveTuple { source: initiator, destination: responder, .. }) = match opening {
            Opening::SynAck => (seen.from.other(), tuple.reversed()),
            Opening::Syn | Opening::FirstSender => (seen.from, tuple),
        };
        let (initial, called) = match opening {
            Opening::Syn => (State::Closed, State::Closed),
            Opening::SynAck => (State::SynSent, State::Listen),
            Opening::FirstSender => (State::Established, State::Established),
        };
        let mut ends = Ends {
            initiator: End::new(Side::Initiator, initial, seen.frame, detail),
            responder: End::new(Side::Responder, called, seen.frame, detail),
        };
        if opening == Opening::SynAck {
            ends.initiator.initial = Some(seen.segment.acknowledgment.plus(u32::MAX));
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
            notes: Vec::new(),
            caller: Some(caller).filter(|_| initiator != responder),
            seen: Completeness::default(),
            before: Completeness::default(),
            analysis: Analysis::new(detail),
        }
    }

    /// The capture began after the connection did.
    pub fn midstream(&self) -> bool {
        self.handshake.syn.is_none() && self.handshake.syn_ack.is_none()
    }

    /// Its completeness before its last segment: what Wireshark says of that segment when it reads a capture once.
    pub const fn completeness_before(&self) -> Completeness {
        self.before
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
        let initiator = &self.ends.initiator;
        // An endpoint that is connected to itself is both ends.
        let responder = if self.initiator == self.responder { initiator } else { &self.ends.responder };
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

    /// All that one side sent was captured, from its SYN to its FIN or to a RST that counted: what Wireshark's completeness
    /// cannot tell, as it asks for one FIN of either side and takes any RST.
    pub fn is_complete(&self, side: Side) -> bool {
        let end = self.end_of(side);
        let ended = end.fin_acked.is_some() || self.reset.is_some();
        end.began && ended && end.delivered().missing == 0
    }

    /// Time from the last SYN to the first acknowledgment after it, by either side: Wireshark's `tcp.analysis.initial_rtt`.
    pub fn initial_rtt(&self) -> Option<SignedDuration> {
        self.analysis.initial_rtt()
    }

    /// What the segments of one side measure; nothing where [`Tracker::of_connection_table`](super::Tracker) followed them.
    pub fn metrics(&self, side: Side) -> Metrics {
        self.analysis.metrics(side).copied().unwrap_or_default()
    }

    /// The shift of a side's window field; `None` if its SYN was not seen, 0 if either SYN did not offer one.
    pub fn window_shift(&self, side: Side) -> Option<u8> {
        let (mine, theirs) = (self.end_of(side), self.end_of(side.other()));
        let refused = theirs.began && theirs.window_scale.is_none();
        mine.began.then(|| mine.window_scale.filter(|_| !refused).unwrap_or(0))
    }

    /// Which end a segment is from; an endpoint that talks to itself always counts as initiator.
    pub(super) fn side_of(&self, from: Slot) -> Side {
        if self.caller.is_none_or(|caller| caller == from) { Side::Initiator } else { Side::Responder }
    }

    /// Follows one segment, in file order.
    pub(super) fn push(&mut self, seen: &Seen<'_>, events: &mut Events<'_>) -> Option<Analyzed> {
        let side = self.side_of(seen.from);
        self.count(side, seen);
        self.note_shape(side, seen.segment, events);
        self.change_states(side, seen, events);
        if !seen.whole {
            return None;
        }
        self.read(side, seen.segment, events);
        let analyzed = self.analysis.push(side, seen);
        self.pair(side).0.analysis.add(analyzed.verdicts);
        Some(analyzed)
    }

    /// Keeps what is odd about its last segment.
    pub(super) fn keep_notes(&mut self, notes: &[Note]) {
        let room = Self::MAX_NOTES.saturating_sub(self.notes.len());
        self.notes.extend(notes.iter().take(room));
    }

    /// Octets of both directions that wait for those before them.
    pub(super) fn waiting_octets(&self) -> usize {
        let (initiator, responder) = (&self.ends.initiator, &self.ends.responder);
        initiator.stream.waiting_octets().saturating_add(responder.stream.waiting_octets())
    }

    /// Hands out what waits, without what is missing before it.
    pub(super) fn give_up_holes(&mut self, events: &mut Events<'_>) {
        for side in [Side::Initiator, Side::Responder] {
            self.pair(side).0.stream.give_up(&mut |chunk| events.piece(side, chunk));
        }
    }

    /// No more segments will come: what still waits for octets before it is read now.
    pub(super) fn finish(&mut self, sink: &mut impl FnMut(Side, Chunk<'_>)) {
        for side in [Side::Initiator, Side::Responder] {
            self.pair(side).0.stream.finish(&mut |chunk| sink(side, chunk));
        }
    }

    fn pair(&mut self, side: Side) -> (&mut End, &mut End) {
        match side {
            Side::Initiator => (&mut self.ends.initiator, &mut self.ends.responder),
            Side::Responder => (&mut self.ends.responder, &mut self.ends.initiator),
        }
    }

    /// What the connection as a whole learns from a segment.
    fn count(&mut self, side: Side, seen: &Seen<'_>) {
        let (flags, segment) = (seen.segment.flags, seen.segment);
        let first = self.ends.initiator.sent.frames == 0 && self.ends.responder.sent.frames == 0;
        self.seen.see(segment, first);
        self.before = self.completeness;
        // Wireshark gives a lone segment no completeness unless it is the first SYN.
        self.completeness = if first && !flags.is_pure_syn() { Completeness::default() } else { self.seen };
        self.last_frame = seen.frame;
        self.end = seen.timestamp;
        self.handshake.see(side, seen, self.ends.responder.initial);
        self.pair(side).0.sent.add(seen.octets, segment.payload_len);
    }

    /// Tells of flags and payload that ordinary senders do not send.
    fn note_shape(&self, side: Side, segment: &Segment<'_>, events: &mut Events<'_>) {
        let syn = segment.flags.contains(Flags::SYN);
        if syn && (segment.flags.contains(Flags::FIN) || segment.flags.contains(Flags::RST)) {
            events.note(Oddity::StrangeFlags);
        }
        if syn && segment.payload_len > 0 {
            events.note(Oddity::DataOnSyn);
        }
        let past = |end: SeqNumber| segment.sequence.since(end) >= 0;
        if segment.payload_len > 0 && self.end_of(side).fin_end.is_some_and(past) {
            events.note(Oddity::DataAfterFin);
        }
    }

    /// What the segment means for the states of both ends.
    fn change_states(&mut self, side: Side, seen: &Seen<'_>, events: &mut Events<'_>) {
        self.signal(side, seen, events);
        if self.caller.is_none() {
            // One socket, connected to itself, is both ends: what it sends it also gets.
            self.signal(side.other(), seen, events);
            self.ends.responder.state = self.ends.initiator.state;
            events.transitions.retain(|transition| transition.side == Side::Initiator);
        }
    }

    /// Turns the segment into signals for both ends.
    fn signal(&mut self, side: Side, seen: &Seen<'_>, events: &mut Events<'_>) {
        let (flags, segment) = (seen.segment.flags, seen.segment);
        if flags.is_syn_ack() {
            self.reset = None; // A RST before it ended something older.
        }
        let (sender, receiver) = self.pair(side);
        sender.review(segment, events);
        if flags.contains(Flags::RST) {
            return self.give_up(side, segment, events);
        }
        if flags.contains(Flags::SYN) {
            sender.send_syn(seen, events);
            receiver.meet_syn(segment, events);
        }
        if flags.contains(Flags::ACK) {
            sender.send_ack(receiver, segment, events);
        }
        if flags.contains(Flags::FIN) {
            sender.send_fin(receiver, segment, events);
        }
        sender.advance(segment);
    }

    /// A RST ends the connection for its sender, and for its receiver if that takes it.
    fn give_up(&mut self, side: Side, segment: &Segment<'_>, events: &mut Events<'_>) {
        let (sender, receiver) = self.pair(side);
        if sender.send_rst(receiver, segment, events) {
            self.reset.get_or_insert(events.frame);
        } else {
            events.note(Oddity::ResetIgnored);
        }
    }

    /// Puts a segment's payload into the stream of its sender, and its acknowledgment to that of its receiver.
    fn read(&mut self, side: Side, segment: &Segment<'_>, events: &mut Events<'_>) {
        let (sender, receiver) = self.pair(side);
        let sequence = segment.sequence.plus(u32::from(segment.flags.contains(Flags::SYN)));
        sender.stream.begin(sequence);
        if segment.payload_len > 0 {
            let payload = Payload { frame: events.frame, sequence, octets: segment.payload, len: segment.payload_len };
            sender.stream.push(&payload, &mut |chunk| events.piece(side, chunk));
        }
        if segment.flags.contains(Flags::ACK) {
            receiver.stream.acknowledged(segment.acknowledgment, &mut |chunk| events.piece(side.other(), chunk));
        }
    }
}
