//! Zeek's states of the two ends of a TCP connection: what a segment's flags make of its sender.

use super::endpoint::State;
use super::flow::{Alarms, Flow};
use super::history::Role;
use super::tcp::{Tcp, Turn};
use super::timer::{ATTEMPT, Alarm};
use crate::decode::tcp::{Flags, Segment};

/// A segment, with its control bits.
#[derive(Clone, Copy)]
struct Control<'a> {
    segment: &'a Segment<'a>,
    syn: bool,
    ack: bool,
    fin: bool,
    rst: bool,
}

impl Tcp {
    /// Follows a segment from `role`, which may turn out to be the other one: what it leads to, and who sent it.
    pub(super) fn step(&mut self, flow: &mut Flow, role: Role, segment: &Segment<'_>, alarms: &mut Alarms) -> (Turn, Role) {
        let [syn, ack, fin, rst] = [Flags::SYN, Flags::ACK, Flags::FIN, Flags::RST].map(|flag| segment.flags.contains(flag));
        let control = Control { segment, syn, ack, fin, rst };
        match self.pair(role).0.state {
            State::Inactive => self.when_inactive(flow, role, control, alarms),
            State::SynSent | State::SynAckSent => (self.when_syn_sent(role, control), role),
            State::Established | State::Partial => (self.when_established(role, control), role),
            State::Closed => (self.when_closed(role, control), role),
            State::Reset => (Turn::default(), role),
        }
    }

    /// The first segment of this end.
    fn when_inactive(&mut self, flow: &mut Flow, mut role: Role, control: Control<'_>, alarms: &mut Alarms) -> (Turn, Role) {
        let mut turn = Turn::default();
        match role {
            Role::Originator if control.syn => {
                let state = if control.ack { State::SynAckSent } else { State::SynSent };
                self.originator.set(state);
                alarms.push((flow.last.saturating_add(ATTEMPT), Alarm::Attempt { epoch: self.epoch }));
            }
            Role::Responder if control.syn => {
                role = self.on_first_syn_of_responder(flow, control);
                turn.established = self.pair(role).1.state != State::Partial;
            }
            _ => {}
        }
        let (end, peer) = self.pair(role);
        if control.fin {
            end.set(State::Closed);
            (turn.close, turn.report) = (true, true);
        }
        if control.rst {
            end.set(State::Reset);
            let refusal = match role {
                Role::Originator => peer.state == State::Established,
                Role::Responder => matches!(peer.state, State::SynSent | State::SynAckSent),
            };
            (turn.close, turn.report) = (true, !refusal);
        }
        if end.state == State::Inactive {
            self.begin_partial(role, control);
        }
        (turn, role)
    }

    /// The end that was called sends a SYN or SYN-ACK; the role of its sender after that.
    fn on_first_syn_of_responder(&mut self, flow: &mut Flow, control: Control<'_>) -> Role {
        let overtaken =
            !control.ack && self.originator.state == State::SynAckSent && control.segment.sequence == self.responder.start();
        let role = if overtaken {
            // The SYN-ACK was captured before the SYN.
            self.swap(flow);
            flow.history.flip();
            self.responder.set(State::Established);
            self.mark_seen(Role::Originator);
            Role::Originator
        } else {
            Role::Responder
        };
        let (end, peer) = self.pair(role);
        if peer.state == State::SynSent {
            peer.set(State::Established);
        }
        end.set(State::Established);
        role
    }

    /// An end begins without SYN, FIN or RST.
    fn begin_partial(&mut self, role: Role, control: Control<'_>) {
        let (end, peer) = self.pair(role);
        if role == Role::Responder && control.segment.payload_len == 0 && peer.state == State::SynSent {
            return; // Some acknowledge a SYN before they answer it.
        }
        if control.ack && peer.state == State::Established {
            end.set(State::Established); // Its SYN was missed.
            self.partial = false;
            self.mark_seen(role);
        } else {
            end.set(State::Partial);
        }
    }

    fn when_syn_sent(&mut self, role: Role, control: Control<'_>) -> Turn {
        let mut turn = Turn::default();
        let (end, _) = self.pair(role);
        if control.fin {
            end.set(State::Closed);
            (turn.close, turn.report) = (true, true);
        }
        if control.rst {
            end.set(State::Reset);
            turn.close = true;
            self.active = false;
        }
        turn
    }

    fn when_established(&mut self, role: Role, control: Control<'_>) -> Turn {
        let mut turn = Turn::default();
        let (end, peer) = self.pair(role);
        if control.syn && !control.ack && end.state == State::Partial && peer.state == State::Inactive {
            end.set(State::SynSent);
        }
        if control.fin && !control.rst {
            end.set(State::Closed);
            if peer.state == State::Reset && peer.before == State::Closed {
                peer.set(State::Closed); // A RST after its FIN, before ours: an ordinary close.
            }
            (turn.close, turn.report) = (true, true);
        }
        if control.rst {
            end.set(State::Reset);
            turn.close = true;
            if peer.state != State::Reset || peer.before != State::Established {
                self.active = false;
            }
        }
        turn
    }

    /// After its FIN, a RST counts unless the other end has sent its FIN too.
    fn when_closed(&mut self, role: Role, control: Control<'_>) -> Turn {
        let (end, peer) = self.pair(role);
        if !control.rst || peer.state == State::Closed {
            return Turn::default();
        }
        end.set(State::Reset);
        Turn { close: !end.closed, ..Turn::default() }
    }
}
