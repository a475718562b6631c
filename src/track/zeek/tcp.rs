//! A TCP connection as Zeek follows it: segment by segment, in Zeek's order.
//!
//! Numbering, history, acknowledgment, state, payload, close: what a later step finds depends on the earlier ones, so
//! the order is kept. [`step`](super::step) holds the states.

use super::endpoint::{Endpoint, State};
use super::flow::{Alarms, Flow};
use super::history::{Event, History, Role};
use super::ports;
use super::row::{ConnState, Ending, ZeekCount};
use super::timer::{Alarm, CLOSE_DELAY, LINGER, LONG_SILENCE, Micros, NEXT_LOOK, PATIENT_SILENCE};
use crate::decode::IpProtocol;
use crate::decode::tcp::{Flags, Segment};

/// Both ends of a TCP connection.
#[derive(Debug)]
pub(super) struct Tcp {
    pub(super) originator: Endpoint,
    pub(super) responder: Endpoint,
    /// The originator's, and the responder's, first packet was seen.
    pub(super) seen: (bool, bool),
    /// It did not begin with a SYN on either side.
    pub(super) partial: bool,
    /// Its end was not told yet.
    pub(super) active: bool,
    /// A close waits for octets to be delivered; and that it is to be told then.
    close_deferred: bool,
    report_deferred: bool,
    /// Timers of an earlier epoch mean nothing any more.
    pub(super) epoch: u32,
}

/// A segment, when it was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival<'a> {
    pub(super) time: Micros,
    pub(super) segment: &'a Segment<'a>,
    /// Octets from the IP header on.
    pub(super) octets: u64,
    pub(super) bad_checksum: bool,
}

/// What a segment's flags lead to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turn {
    /// Its sender closed or reset the connection.
    pub(super) close: bool,
    /// And that is an end to be told, not a refusal.
    pub(super) report: bool,
    /// The connection is established.
    pub(super) established: bool,
}

/// What a connection says when a timer rings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Answer {
    Nothing,
    /// Ring again then.
    Again(Micros),
    /// The connection is over.
    Over(Ending),
}

impl Tcp {
    pub(super) fn new() -> Self {
        Self {
            originator: Endpoint::default(),
            responder: Endpoint::default(),
            seen: (false, false),
            partial: false,
            active: true,
            close_deferred: false,
            report_deferred: false,
            epoch: 0,
        }
    }

    pub(super) fn pair(&mut self, role: Role) -> (&mut Endpoint, &mut Endpoint) {
        match role {
            Role::Originator => (&mut self.originator, &mut self.responder),
            Role::Responder => (&mut self.responder, &mut self.originator),
        }
    }

    /// A SYN on a connection that is there opens another one, unless it is a repetition.
    pub(super) fn is_reused_by(&self, segment: &Segment<'_>) -> bool {
        let syn_ack = segment.flags.contains(Flags::ACK);
        if !segment.flags.contains(Flags::SYN) || (syn_ack && self.originator.state != State::Inactive) {
            return false;
        }
        if self.originator.closed || self.responder.closed {
            return true;
        }
        let caller = if syn_ack { &self.responder } else { &self.originator };
        let repeated = segment.sequence == caller.start();
        let overtaken = !syn_ack
            && self.originator.state == State::SynAckSent
            && self.responder.state == State::Inactive
            && segment.sequence == self.responder.start();
        !repeated && !overtaken
    }

    /// Follows one segment.
    pub(super) fn push(&mut self, flow: &mut Flow, role: Role, arrival: &Arrival<'_>, alarms: &mut Alarms) {
        if arrival.bad_checksum {
            if self.pair(role).0.letters.bad_checksums.count() {
                flow.history.add(role, 'C');
            }
            return;
        }
        let segment = arrival.segment;
        let role = self.turn_syn_ack(flow, role, segment, alarms);
        self.see_first(role, segment.flags);
        let position = self.number(flow, role, segment);
        if !(self.originator.closed && self.responder.closed) {
            flow.last = arrival.time;
        }
        let acknowledged = self.heed(role, segment);
        if self.pair(role).0.advance(segment) && self.pair(role).0.letters.repeats.count() {
            flow.history.add(role, 'T');
        }
        let (turn, role) = self.change_state(flow, role, segment, alarms);
        if segment.flags.contains(Flags::ACK) {
            self.acknowledge(role.other(), acknowledged, flow, alarms);
        }
        self.mark_seen(role);
        self.take_payload(role, segment, position);
        self.check_end(role, flow, alarms);
        if turn.close {
            self.close(role, turn.report, flow, alarms);
        }
        let (end, _) = self.pair(role);
        end.packets = end.packets.saturating_add(1);
        end.octets = end.octets.saturating_add(arrival.octets);
    }

    /// A connection that began with a SYN-ACK, which may have been a stealth scan, goes on like a real one: then the
    /// sender of the SYN-ACK was called, and Zeek turns the roles round (zeek#2191).
    fn turn_syn_ack(&mut self, flow: &mut Flow, role: Role, segment: &Segment<'_>, alarms: &mut Alarms) -> Role {
        let flags = segment.flags;
        let goes_on = !is_control(flags) && (segment.payload_len > 0 || flags.contains(Flags::ACK));
        if !goes_on || !flow.history.is_lone_syn_ack() {
            return role;
        }
        self.swap(flow);
        flow.history.flip_syn_ack();
        self.responder.set(State::Established);
        flow.allow_silence(LONG_SILENCE, alarms);
        role.other()
    }

    /// Turns the roles round.
    pub(super) fn swap(&mut self, flow: &mut Flow) {
        flow.swap();
        std::mem::swap(&mut self.originator, &mut self.responder);
        self.seen = (self.seen.1, self.seen.0);
        self.partial = false;
    }

    /// Whether the connection is partial shows in the first packet of either side.
    fn see_first(&mut self, role: Role, flags: Flags) {
        match role {
            Role::Originator if !self.seen.0 => self.partial = !flags.is_pure_syn(),
            Role::Responder if !self.seen.1 && !self.partial => self.partial = !flags.contains(Flags::SYN),
            _ => {}
        }
    }

    pub(super) fn mark_seen(&mut self, role: Role) {
        match role {
            Role::Originator => self.seen.0 = true,
            Role::Responder => self.seen.1 = true,
        }
    }

    /// Finds the segment's position, and writes its letters.
    fn number(&mut self, flow: &mut Flow, role: Role, segment: &Segment<'_>) -> i64 {
        let (end, peer) = self.pair(role);
        end.meet(segment);
        let position = end.position(segment.sequence);
        end.write_flags(&mut flow.history, role, segment, position);
        // A closed window says nothing once the peer has closed, or with or after a RST.
        let tells = !segment.flags.contains(Flags::RST) && peer.state != State::Closed && end.state != State::Reset;
        if segment.window == 0 && tells && end.letters.zero_windows.count() {
            flow.history.add(role, 'W');
        }
        if segment.flags.contains(Flags::FIN) {
            end.finish(position, segment);
        }
        position
    }

    /// Heeds the acknowledgment; the position it names.
    fn heed(&mut self, role: Role, segment: &Segment<'_>) -> i64 {
        let (_, peer) = self.pair(role);
        if !segment.flags.contains(Flags::ACK) {
            return 0;
        }
        if peer.state == State::Inactive {
            peer.assume(segment.acknowledgment);
            return 1;
        }
        let Some(position) = peer.acknowledged_position(segment.acknowledgment) else { return 0 };
        if !segment.flags.contains(Flags::RST) {
            peer.heed(segment.acknowledgment);
        }
        position
    }

    /// Follows the states, and how long the connection may be silent in them.
    fn change_state(&mut self, flow: &mut Flow, role: Role, segment: &Segment<'_>, alarms: &mut Alarms) -> (Turn, Role) {
        let was_opening = self.is_opening();
        let (turn, role) = self.step(flow, role, segment, alarms);
        if was_opening && !self.is_opening() {
            flow.allow_silence(LONG_SILENCE, alarms);
        }
        if turn.established && ports::is_patient(self.service_port(flow)) {
            flow.allow_silence(PATIENT_SILENCE, alarms);
        }
        (turn, role)
    }

    /// Neither end is past its handshake.
    fn is_opening(&self) -> bool {
        self.originator.state.is_opening() && self.responder.state.is_opening()
    }

    /// The port that names the service; of half a connection the likelier one.
    fn service_port(&self, flow: &Flow) -> u16 {
        let (called, calling) = (flow.responder.port(), flow.originator.port());
        let likely = |port| ports::is_likely_server(IpProtocol::TCP, port);
        if self.originator.state == State::Inactive && !likely(called) && likely(calling) { calling } else { called }
    }

    /// One end's octets up to `position` have arrived; what of them was not captured is missed.
    fn acknowledge(&mut self, role: Role, position: i64, flow: &mut Flow, alarms: &mut Alarms) {
        let partial = self.partial;
        let (end, peer) = self.pair(role);
        let Some(missed) = end.coverage.acknowledge(end.without_fin(position), partial) else { return };
        // Elsewhere a gap may be one of numbers that do not fit.
        if end.is_clean() && peer.is_clean() {
            flow.missed = flow.missed.saturating_add(missed.octets);
            for _ in 0..missed.gaps {
                if end.letters.gaps.count() {
                    flow.history.add(role, 'G');
                }
            }
        }
        self.check_end(role, flow, alarms);
    }

    /// The payload goes to the reassembler, if all of it was captured.
    fn take_payload(&mut self, role: Role, segment: &Segment<'_>, position: i64) {
        let len = segment.payload_len;
        let captured = u32::try_from(segment.payload.len()).is_ok_and(|captured| captured >= len);
        if len == 0 || !captured || position < 0 || segment.flags.contains(Flags::RST) {
            return;
        }
        let from = position.saturating_add(i64::from(segment.flags.contains(Flags::SYN)));
        let (end, peer) = self.pair(role);
        let progress = end.progress(peer.state);
        end.coverage.push(from, from.saturating_add(i64::from(len)), progress);
    }

    /// Whether octets are still to come: its own, or those of its peer that it did not acknowledge.
    fn is_pending(&mut self, role: Role) -> bool {
        let (end, peer) = self.pair(role);
        if end.coverage.is_given_up() || end.is_overtaken() {
            return false;
        }
        end.is_behind() || (end.state != State::Reset && peer.coverage.holds_any())
    }

    /// Tells once that all of an end's octets were delivered, which may complete a close.
    fn check_end(&mut self, role: Role, flow: &Flow, alarms: &mut Alarms) {
        let (end, _) = self.pair(role);
        let ended = end.sent_fin() || matches!(end.state, State::Closed | State::Reset);
        if end.at_end || !ended || self.is_pending(role) {
            return;
        }
        self.pair(role).0.at_end = true;
        if self.close_deferred {
            self.close(role, self.report_deferred, flow, alarms);
            self.close_deferred = false;
        }
    }

    /// One end closed or reset the connection.
    fn close(&mut self, role: Role, report: bool, flow: &Flow, alarms: &mut Alarms) {
        if self.is_pending(role) {
            self.close_deferred = true;
            self.report_deferred |= report;
            return;
        }
        self.close_deferred = false;
        let (end, peer) = self.pair(role);
        if std::mem::replace(&mut end.closed, true) {
            return;
        }
        let first_seen = end.before == State::Inactive;
        let alone = peer.state == State::Inactive;
        if end.state == State::Reset || peer.closed || alone {
            if !(first_seen && alone) && (report || std::mem::take(&mut self.report_deferred)) {
                self.active = false;
            }
            self.epoch = self.epoch.saturating_add(1);
            alarms.push((flow.last.saturating_add(CLOSE_DELAY), Alarm::Delete));
        } else if !first_seen {
            alarms.push((flow.last.saturating_add(NEXT_LOOK), Alarm::Look { epoch: self.epoch }));
        }
    }

    /// A timer rings; `last` is the time of the last packet that counts.
    pub(super) fn ring(&mut self, alarm: Alarm, now: Micros, last: Micros) -> Answer {
        let (one, other) = (&self.originator, &self.responder);
        match alarm {
            Alarm::Delete => Answer::Over(Ending::Close),
            Alarm::Attempt { epoch } if epoch == self.epoch && self.active => {
                let waiting = matches!(one.state, State::SynSent | State::SynAckSent) && other.state == State::Inactive;
                if waiting { Answer::Over(Ending::NoAnswer) } else { Answer::Nothing }
            }
            Alarm::Look { epoch } if epoch == self.epoch && self.active => {
                if last.saturating_add(LINGER) < now && self.is_over() {
                    return Answer::Over(Ending::Close);
                }
                Answer::Again(now.saturating_add(NEXT_LOOK))
            }
            _ => Answer::Nothing,
        }
    }

    /// After some silence: closed by both, or by one and no more to come; or nothing ever happened.
    fn is_over(&self) -> bool {
        let (one, other) = (&self.originator, &self.responder);
        let is = |state| one.state == state || other.state == state;
        let ended = (one.closed && other.closed) || is(State::Reset) || is(State::Inactive);
        ((one.closed || other.closed) && ended) || (one.state == State::Inactive && other.state == State::Inactive)
    }

    pub(super) fn state(&self, history: &str) -> ConnState {
        let (originator, responder) = self.sent();
        let empty = originator.payload == 0 && responder.payload == 0;
        ConnState::of_tcp(self.originator.state, self.responder.state, empty, history)
    }

    /// What originator and responder sent.
    pub(super) fn sent(&self) -> (ZeekCount, ZeekCount) {
        let count = |end: &Endpoint, peer: State| ZeekCount { payload: end.size(peer), packets: end.packets, octets: end.octets };
        (count(&self.originator, self.responder.state), count(&self.responder, self.originator.state))
    }
}

/// The segment has a SYN, a FIN or a RST.
fn is_control(flags: Flags) -> bool {
    [Flags::SYN, Flags::FIN, Flags::RST].into_iter().any(|flag| flags.contains(flag))
}

impl Endpoint {
    /// Writes the letters of a segment's flags and payload.
    fn write_flags(&mut self, history: &mut History, role: Role, segment: &Segment<'_>, position: i64) {
        let flags = segment.flags;
        let [syn, fin, rst] = [Flags::SYN, Flags::FIN, Flags::RST].map(|flag| flags.contains(flag));
        let mut again = |event, letter, at: i64, last: &mut i64| {
            if !history.first(role, event, letter) && at != *last {
                history.add(role, letter);
            }
            *last = at;
        };
        match (syn, fin, rst) {
            (true, false, false) => {
                let letter = if flags.contains(Flags::ACK) { 'H' } else { 'S' };
                again(Event::Syn, letter, position, &mut self.letters.syn);
            }
            (false, true, false) => {
                let at = position.saturating_add(i64::from(segment.payload_len));
                again(Event::Fin, 'F', at, &mut self.letters.fin);
            }
            (false, false, true) => again(Event::Reset, 'R', position, &mut self.letters.rst),
            (_, true, true) => drop(history.first(role, Event::Inconsistent, 'I')),
            (true, ..) => drop(history.first(role, Event::ManyFlags, 'Q')),
            (false, false, false) if segment.payload_len > 0 => drop(history.first(role, Event::Data, 'D')),
            (false, false, false) if flags.contains(Flags::ACK) => drop(history.first(role, Event::Ack, 'A')),
            (false, false, false) => {}
        }
    }
}
