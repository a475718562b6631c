//! What all of Zeek's connections have, and those of UDP and ICMP nothing beside it.

use std::net::SocketAddr;

use super::history::{Decades, Event, History, Role};
use super::row::{ConnState, ZeekCount};
use super::timer::{Alarm, Micros};
use crate::decode::IpProtocol;

/// A connection, whatever its protocol.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) protocol: IpProtocol,
    pub(super) originator: SocketAddr,
    pub(super) responder: SocketAddr,
    /// Time of the first packet.
    pub(super) start: Micros,
    /// Time of the last packet that counts.
    pub(super) last: Micros,
    /// How long it may be silent.
    pub(super) silence: Micros,
    pub(super) history: History,
    /// Octets missed in gaps.
    pub(super) missed: u64,
    pub(super) first_frame: u64,
    pub(super) last_frame: u64,
}

/// Timers that a connection asks for.
pub(super) type Alarms = Vec<(Micros, Alarm)>;

impl Flow {
    /// Who sent a packet from there; an endpoint that talks to itself always counts as originator.
    pub(super) fn role_of(&self, source: SocketAddr) -> Role {
        if source == self.originator { Role::Originator } else { Role::Responder }
    }

    /// The other one called, as it turns out.
    pub(super) fn swap(&mut self) {
        std::mem::swap(&mut self.originator, &mut self.responder);
    }

    /// From now on it may be silent for so long.
    pub(super) fn allow_silence(&mut self, limit: Micros, alarms: &mut Alarms) {
        if limit != self.silence {
            self.silence = limit;
            alarms.push((self.last.saturating_add(limit), Alarm::Silence { limit }));
        }
    }
}

/// A datagram or message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Datagram {
    pub(super) time: Micros,
    pub(super) payload: u64,
    /// Octets from the IP header on; `None` for a packet that Zeek does not count.
    pub(super) octets: Option<u64>,
    pub(super) bad_checksum: bool,
}

/// Both ends of a UDP or ICMP connection.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    originator: Side,
    responder: Side,
}

/// What one end sent.
#[derive(Debug, Default)]
struct Side {
    sent: ZeekCount,
    active: bool,
    bad_checksums: Decades,
}

impl Exchange {
    /// Counts one packet. ICMP has no history.
    pub(super) fn push(&mut self, flow: &mut Flow, role: Role, datagram: Datagram) {
        let side = match role {
            Role::Originator => &mut self.originator,
            Role::Responder => &mut self.responder,
        };
        let has_history = flow.protocol == IpProtocol::UDP;
        if datagram.bad_checksum {
            if has_history && side.bad_checksums.count() {
                flow.history.add(role, 'C');
            }
            return;
        }
        flow.last = datagram.time;
        side.active = true;
        side.sent.payload = side.sent.payload.saturating_add(datagram.payload);
        if let Some(octets) = datagram.octets {
            side.sent.packets = side.sent.packets.saturating_add(1);
            side.sent.octets = side.sent.octets.saturating_add(octets);
        }
        if has_history {
            flow.history.first(role, Event::Data, 'D');
        }
    }

    pub(super) fn state(&self, protocol: IpProtocol) -> ConnState {
        if protocol == IpProtocol::UDP {
            ConnState::of_udp(self.originator.active, self.responder.active)
        } else {
            ConnState::Oth
        }
    }

    /// What originator and responder sent.
    pub(super) fn sent(&self) -> (ZeekCount, ZeekCount) {
        (self.originator.sent, self.responder.sent)
    }
}
