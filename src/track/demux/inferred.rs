//! The socket table that a capture shows, made ready to deliver the same capture's packets.
//!
//! A UDP socket and a listener are there from the first frame on, but for the frames at which RST or ICMP say that nobody
//! was: a datagram to a port that answers only later was delivered as well. Connected sockets come and go with their
//! connections. What an unconnected socket is bound to, and with which options, no packet tells: each is taken to be bound
//! to the address it was seen at, alone, and the rule that would decide otherwise is told beside.
//!
//! Names are the numbers of the socket table with an `s` in front. All hosts of the capture have their sockets in one table.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::births::{Birth, Born};
use super::declared::{Basis, Shown};
use super::{Declared, Name, Setup, Standing};
use crate::track::infer::calls_a_listener;
use crate::track::{
    Connection, Evidence, FiveTuple, FlowId, Opening, Protocol, Rule, Socket, SocketId, SocketState, Trace, UdpSocket,
};

impl Setup {
    /// The sockets of a trace, which was read to its end.
    pub fn inferred(trace: &Trace) -> Self {
        let finder = Finder::new(trace);
        let unconnected = trace.sockets.sockets.iter().filter(|socket| socket.peer.is_none());
        let sockets = unconnected.filter_map(|socket| finder.row(socket)).collect();
        let mut births: Vec<Birth> = trace.connections.iter().flat_map(|connection| finder.births(connection)).collect();
        births.sort_by_key(|birth| birth.frame);
        Self { sockets, ordered: true, inferred: true, births, ..Self::default() }
    }
}

/// The name of a socket of the table.
fn name(id: SocketId) -> Name {
    format!("s{id}").into()
}

/// Finds rows by what they are of.
struct Finder<'t> {
    listeners: HashMap<SocketAddr, SocketId, RandomState>,
    ends: HashMap<(FlowId, SocketAddr), SocketId, RandomState>,
    udp: HashMap<SocketAddr, &'t UdpSocket, RandomState>,
    /// The frames at which nobody listened.
    refusals: HashMap<SocketId, Vec<RangeInclusive<u64>>, RandomState>,
}

impl<'t> Finder<'t> {
    fn new(trace: &'t Trace) -> Self {
        let rows = &trace.sockets.sockets;
        let listeners = rows.iter().filter(|row| row.protocol == Protocol::Tcp && row.peer.is_none());
        let seen_at = |row: &'t Socket| row.local.seen_at.iter().map(|ip| (SocketAddr::new(*ip, row.local.port), row.id));
        let end = |row: &Socket| Some(((row.stream?, SocketAddr::new(row.local.address?, row.local.port)), row.id));
        let listeners: HashMap<_, _, _> = listeners.flat_map(seen_at).collect();
        Self {
            refusals: refusals(&trace.connections, &listeners),
            listeners,
            ends: rows.iter().filter_map(end).collect(),
            udp: trace.udp_sockets.iter().map(|socket| (socket.local, socket)).collect(),
        }
    }

    /// The row of a socket without a peer.
    fn row(&self, socket: &Socket) -> Option<Declared> {
        let seen = *socket.local.seen_at.first()?;
        let ip = socket.local.address.unwrap_or(seen);
        Some(Declared {
            name: name(socket.id),
            protocol: socket.protocol,
            local: SocketAddr::new(ip, socket.local.port),
            peer: None,
            standing: Standing::Open,
            reuse_addr: false,
            reuse_port: false,
            only_v6: false,
            device: None,
            syn_cookies: false,
            shown: Some(Shown {
                basis: Basis { evidence: evidence(socket), rule: socket.rule },
                binding_unknown: socket.local.address.is_none(),
                absent: match socket.protocol {
                    Protocol::Tcp => self.refusals.get(&socket.id).cloned().unwrap_or_default(),
                    Protocol::Udp => self.silences(socket, seen),
                },
            }),
        })
    }

    /// The frames at which no UDP socket was there.
    fn silences(&self, socket: &Socket, seen: IpAddr) -> Vec<RangeInclusive<u64>> {
        let Some(udp) = self.udp.get(&SocketAddr::new(seen, socket.local.port)) else { return Vec::new() };
        let last = udp.absent_since.map(|since| since..=u64::MAX);
        udp.absences.iter().cloned().chain(last).collect()
    }

    /// The connected sockets of one connection.
    fn births(&self, connection: &Connection) -> Vec<Birth> {
        let (initiator, responder) = (connection.initiator, connection.responder);
        let to_initiator = FiveTuple { protocol: Protocol::Tcp, source: responder, destination: initiator };
        let caller = Birth::of(connection.first_frame, to_initiator, Born::Open, self.end(connection, initiator));
        let answering = match (connection.opening, connection.ends.responder.called) {
            _ if initiator == responder => None,
            (Opening::FirstSender, _) => Some((connection.first_frame, Born::Open)),
            // Their calls crossed: each was made before the other one came.
            (_, Some(_)) => Some((connection.first_frame, Born::Open)),
            (_, None) if connection.handshake.syn_ack.is_none() => None,
            (Opening::SynAck, None) => Some((connection.first_frame, Born::Request)),
            (Opening::Syn, None) => {
                Some((connection.first_frame, Born::Accepted(self.listeners.get(&responder).copied().map(name))))
            }
        };
        let child =
            answering.map(|(frame, born)| Birth::of(frame, to_initiator.reversed(), born, self.end(connection, responder)));
        [Some(caller), child].into_iter().flatten().flatten().collect()
    }

    /// The name of one end, and how it is known: its own packets show it, unless it never spoke.
    fn end(&self, connection: &Connection, local: SocketAddr) -> Option<(Name, Basis)> {
        let id = *self.ends.get(&(connection.id, local))?;
        let (end, caller) = match local == connection.initiator {
            true => (&connection.ends.initiator, true),
            false => (&connection.ends.responder, connection.ends.responder.called.is_some()),
        };
        let rule = match (connection.opening, caller) {
            (Opening::FirstSender, _) => Rule::R6,
            (_, true) => Rule::R3,
            (_, false) => Rule::R2,
        };
        let evidence = if end.sent.frames > 0 { Evidence::Observed } else { Evidence::Assumed };
        Some((name(id), Basis { evidence, rule }))
    }
}

/// How sure it is that a socket was there, apart from when it was gone.
const fn evidence(socket: &Socket) -> Evidence {
    match (socket.state, socket.protocol) {
        // What is told of a closed UDP socket is its end; before it, it may have spoken.
        (SocketState::Closed, Protocol::Udp) if socket.sent.frames > 0 => Evidence::Proved,
        _ => socket.evidence,
    }
}

/// The frames at which nobody listened: from the call that was refused to the next one that was answered.
fn refusals(
    connections: &[Connection],
    listeners: &HashMap<SocketAddr, SocketId, RandomState>,
) -> HashMap<SocketId, Vec<RangeInclusive<u64>>, RandomState> {
    let mut absences: HashMap<SocketId, Vec<RangeInclusive<u64>>, RandomState> = HashMap::default();
    let mut called: HashMap<SocketId, bool, RandomState> = HashMap::default();
    for connection in connections.iter().filter(|connection| calls_a_listener(connection)) {
        let Some(id) = listeners.get(&connection.responder) else { continue };
        let frame = connection.handshake.syn.unwrap_or(connection.first_frame);
        let refusing =
            connection.handshake.syn_ack.is_none() && connection.ends.responder.rst.or(connection.unreachable).is_some();
        let absences = absences.entry(*id).or_default();
        let first = called.insert(*id, true).is_none();
        match (absences.last_mut().filter(|last| *last.end() == u64::MAX), refusing) {
            (None, true) => absences.push(if first { 0 } else { frame }..=u64::MAX),
            (Some(open), false) => *open = *open.start()..=frame.saturating_sub(1),
            (None, false) | (Some(_), true) => {}
        }
    }
    absences
}
