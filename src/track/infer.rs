//! From connections and UDP exchanges to sockets, by the rules R1 to R7.
//!
//! Rows are made in the order of the rules, then put into the order of their first frames and numbered.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use jiff::SignedDuration;

use super::socket::{Local, Rule, Socket, SocketId, SocketState, SocketTable};
use super::survey::is_loopback;
use super::{Claim, Connection, Count, Evidence, Opening, Outcome, Protocol, Side, State, UdpSocket};
use crate::capture::Timestamp;

/// How long Linux keeps a connection in TIME-WAIT, in seconds (RFC 9293 section 3.4.2 leaves the time to the system).
const TIME_WAIT: SignedDuration = SignedDuration::from_secs(60);

/// How long a connection's sockets live.
#[derive(Clone, Copy)]
enum Life {
    /// A later connection on the same 5-tuple was answered: these are gone.
    Superseded,
    /// Until the end of the capture, at this time.
    Until(Option<Timestamp>),
}

impl SocketTable {
    /// The table behind these connections and UDP sockets at the time `now`; both are in the order of their first frames.
    pub fn infer(connections: &[&Connection], udp: &[UdpSocket], now: Option<Timestamp>) -> Self {
        let mut table = Self::default();
        let listeners = table.add_listeners(connections);
        let latest = latest_incarnations(connections);
        for connection in connections.iter().copied() {
            let tuple = (connection.initiator, connection.responder);
            let end = if latest.get(&tuple).is_some_and(|latest| *latest > connection.incarnation) {
                Life::Superseded
            } else {
                Life::Until(now)
            };
            table.add_initiator(connection, end);
            table.add_responder(connection, &listeners, end);
        }
        table.add_udp(udp);
        table.number();
        table
    }

    /// R1: one listener for each address that answered SYNs, or let them go unanswered; several loopback addresses with
    /// one port count as one listener on all of them. Returns each address's row.
    fn add_listeners(&mut self, connections: &[&Connection]) -> HashMap<SocketAddr, usize, RandomState> {
        let mut rows: HashMap<SocketAddr, usize, RandomState> = HashMap::default();
        let mut loopback: HashMap<u16, usize, RandomState> = HashMap::default();
        for connection in connections.iter().copied().filter(|connection| calls_a_listener(connection)) {
            let address = connection.responder;
            let known = rows.get(&address).or_else(|| loopback.get(&address.port()).filter(|_| is_loopback(address.ip())));
            let place = known.copied().unwrap_or(self.sockets.len());
            if place == self.sockets.len() {
                self.sockets.push(listener(connection));
            }
            rows.insert(address, place);
            if is_loopback(address.ip()) {
                loopback.insert(address.port(), place);
            }
            if let Some(row) = self.sockets.get_mut(place) {
                row.learn_listener(connection);
            }
        }
        rows
    }

    /// R4 and R5: one row for each address and port; several loopback addresses that answer on one port count as one
    /// socket bound to all of them.
    fn add_udp(&mut self, udp: &[UdpSocket]) {
        let mut answering: HashMap<u16, usize, RandomState> = HashMap::default();
        for socket in udp {
            let row = udp_socket(socket);
            let answers = is_loopback(socket.local.ip()) && socket.first_sent.is_some_and(|frame| frame > socket.first_frame);
            let place = answers.then(|| *answering.entry(socket.local.port()).or_insert(self.sockets.len()));
            match place.and_then(|place| self.sockets.get_mut(place)) {
                Some(same) => same.join(row),
                None => self.sockets.push(row),
            }
        }
    }

    /// R3: the client's socket exists from its SYN on.
    fn add_initiator(&mut self, connection: &Connection, life: Life) {
        let rule = if connection.opening == Opening::FirstSender { Rule::R6 } else { Rule::R3 };
        self.sockets.push(connected(connection, Side::Initiator, rule, life));
    }

    /// R2: the listener made a socket for this client if it answered. R3: the other end called as well.
    fn add_responder(&mut self, connection: &Connection, listeners: &HashMap<SocketAddr, usize, RandomState>, life: Life) {
        if connection.opening == Opening::FirstSender {
            self.sockets.push(connected(connection, Side::Responder, Rule::R6, life));
        } else if connection.initiator == connection.responder {
            // Connected to itself: the row of the initiator is the only one.
        } else if connection.ends.responder.called.is_some() {
            self.sockets.push(connected(connection, Side::Responder, Rule::R3, life));
        } else if connection.handshake.syn_ack.is_some() {
            let mut child = connected(connection, Side::Responder, Rule::R2, life);
            // Listeners stand first in the unnumbered table; `number` turns the place into the final number.
            child.listener = listeners.get(&connection.responder).and_then(|place| id_of(*place));
            self.sockets.push(child);
        }
    }

    /// Puts the rows into the order of first frames, and numbers them.
    fn number(&mut self) {
        let mut order: Vec<usize> = (0..self.sockets.len()).collect();
        order.sort_by_key(|place| self.sockets.get(*place).map(|socket| socket.first_frame));
        let mut ids = vec![SocketId(0); order.len()];
        for (rank, place) in order.iter().enumerate() {
            if let (Some(id), Some(rank)) = (ids.get_mut(*place), id_of(rank)) {
                *id = rank;
            }
        }
        for (socket, id) in self.sockets.iter_mut().zip(&ids) {
            socket.id = *id;
            socket.listener = socket.listener.and_then(|place| ids.get(place.0.checked_sub(1)? as usize).copied());
        }
        self.sockets.sort_by_key(|socket| socket.id);
        let links: Vec<(SocketId, SocketId)> =
            self.sockets.iter().filter_map(|socket| Some((socket.listener?, socket.id))).collect();
        for (listener, child) in links {
            if let Some(row) = listener.0.checked_sub(1).and_then(|place| self.sockets.get_mut(place as usize)) {
                row.children.push(child);
            }
        }
    }
}

impl Socket {
    /// Adds what one connection attempt says about a listener.
    fn learn_listener(&mut self, connection: &Connection) {
        let address = connection.responder.ip();
        self.local.see(address);
        self.end = self.end.max(connection.start);
        self.received.frames = self.received.frames.saturating_add(u64::from(connection.handshake.syns));
        if let Some(frame) = connection.handshake.syn_ack {
            self.state = SocketState::Listen;
            self.evidence = if self.local.seen_at.len() > 1 { Evidence::Assumed } else { Evidence::Proved };
            self.frames.push(frame);
        } else if let (Outcome::Refused, Some(frame)) = (connection.outcome(), connection.ends.responder.rst) {
            self.state = SocketState::Closed;
            self.evidence = Evidence::Observed;
            self.frames.push(frame);
        }
    }
}

impl Socket {
    /// Joins the row of another address where the same socket answers.
    fn join(&mut self, row: Self) {
        row.local.seen_at.iter().for_each(|address| self.local.see(*address));
        self.evidence = Evidence::Assumed;
        self.rule = Rule::R5;
        self.frames.extend(row.frames);
        self.end = self.end.max(row.end);
        self.received = [self.received, row.received].into_iter().sum();
        self.sent = [self.sent, row.sent].into_iter().sum();
        self.peers.extend(row.peers);
    }
}

impl Local {
    /// Adds an address; a socket that answers at several is bound to all of them.
    fn see(&mut self, address: IpAddr) {
        if !self.seen_at.contains(&address) {
            self.seen_at.push(address);
        }
        if self.seen_at.len() > 1 {
            let any_is_v6 = self.seen_at.iter().any(IpAddr::is_ipv6);
            let all = if any_is_v6 { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
            self.address = Some(all);
        }
    }
}

/// The connection says something about a listener: the capture shows its opening, the responder did not call too, be it
/// the initiator itself (RFC 9293 Figure 7), and the SYN was answered, or repeated because it was not.
pub(super) fn calls_a_listener(connection: &Connection) -> bool {
    let (handshake, responder) = (&connection.handshake, &connection.ends.responder);
    let called_too = responder.called.is_some() || connection.initiator == connection.responder;
    let answered = handshake.syn_ack.or(responder.rst).or(connection.unreachable).is_some();
    connection.opening != Opening::FirstSender && !called_too && (answered || handshake.syns > 1)
}

/// The row of a listener, before anything is known of it but one connection attempt.
fn listener(connection: &Connection) -> Socket {
    let answered = connection.handshake.syn_ack.or(connection.ends.responder.rst);
    Socket {
        id: SocketId(0),
        protocol: Protocol::Tcp,
        // An unanswered SYN may have met a full backlog; an ICMP error says that nobody was there.
        state: if connection.unreachable.is_some() { SocketState::Closed } else { SocketState::Listen },
        local: Local { address: None, port: connection.responder.port(), seen_at: Vec::new() },
        stream: None,
        peer: None,
        evidence: Evidence::Assumed,
        rule: Rule::R1,
        frames: if answered.is_none() { connection.handshake.syn.into_iter().collect() } else { Vec::new() },
        first_frame: connection.handshake.syn.unwrap_or(connection.first_frame),
        start: connection.start,
        end: connection.start,
        received: Count::default(),
        sent: Count::default(),
        listener: None,
        children: Vec::new(),
        peers: Vec::new(),
    }
}

/// The row of one end of a connection.
fn connected(connection: &Connection, side: Side, rule: Rule, life: Life) -> Socket {
    let (end, other) = (connection.end_of(side), connection.end_of(side.other()));
    let (local, peer) = match side {
        Side::Initiator => (connection.initiator, connection.responder),
        Side::Responder => (connection.responder, connection.initiator),
    };
    let (state, evidence, rule) = match life {
        Life::Superseded => (SocketState::Closed, Evidence::Proved, rule),
        Life::Until(now) if time_wait_ran_out(connection, end.state, now) => (SocketState::Closed, Evidence::Assumed, Rule::R7),
        Life::Until(_) => (end.state.state.into(), end.state.evidence, rule),
    };
    Socket {
        id: SocketId(0),
        protocol: Protocol::Tcp,
        state,
        local: Local { address: Some(local.ip()), port: local.port(), seen_at: vec![local.ip()] },
        stream: Some(connection.id),
        peer: Some(peer),
        evidence,
        rule,
        frames: frames_of(connection, side),
        first_frame: match side {
            Side::Initiator => connection.first_frame,
            Side::Responder => end.called.or(connection.handshake.syn_ack).unwrap_or(connection.first_frame),
        },
        start: connection.start,
        end: connection.end,
        received: other.sent,
        sent: end.sent,
        listener: None,
        children: Vec::new(),
        peers: Vec::new(),
    }
}

/// The frames in which this end, or its peer's answer, shows how it came to be and to its present state.
fn frames_of(connection: &Connection, side: Side) -> Vec<u64> {
    let (end, handshake) = (connection.end_of(side), &connection.handshake);
    let opening = match side {
        Side::Initiator => [handshake.syn, handshake.ack],
        Side::Responder => [end.called.or(handshake.syn_ack), handshake.ack],
    };
    let mut frames: Vec<u64> = opening.into_iter().chain([end.fin, end.rst, Some(end.state.frame)]).flatten().collect();
    frames.sort_unstable();
    frames.dedup();
    frames
}

/// The last connection between two ends that was answered with a SYN-ACK, by whichever end called.
fn latest_incarnations(connections: &[&Connection]) -> HashMap<(SocketAddr, SocketAddr), u32, RandomState> {
    let answered = |connection: &&Connection| connection.incarnation > 1 && connection.handshake.syn_ack.is_some();
    let both_ways = |connection: &Connection| {
        let (initiator, responder) = (connection.initiator, connection.responder);
        [(initiator, responder), (responder, initiator)].map(|ends| (ends, connection.incarnation))
    };
    connections.iter().copied().filter(answered).flat_map(both_ways).collect()
}

/// R7: nothing on the wire ends TIME-WAIT, only time.
fn time_wait_ran_out(connection: &Connection, claim: Claim, now: Option<Timestamp>) -> bool {
    let waited = now.zip(connection.end).map(|(now, end)| now.since(end));
    claim.state == State::TimeWait && waited.is_some_and(|waited| waited >= TIME_WAIT)
}

/// R4 and R5: a UDP socket with all its peers.
fn udp_socket(udp: &UdpSocket) -> Socket {
    let mut frames: Vec<u64> = udp.first_sent.into_iter().chain(udp.refuted.map(|error| error.frame)).collect();
    if frames.is_empty() {
        frames.push(udp.first_frame);
    }
    Socket {
        id: SocketId(0),
        protocol: Protocol::Udp,
        state: if udp.refuted.is_some() { SocketState::Closed } else { SocketState::Unconn },
        local: Local { address: None, port: udp.local.port(), seen_at: vec![udp.local.ip()] },
        stream: None,
        peer: None,
        evidence: if udp.refuted.is_some() { Evidence::Observed } else { udp.evidence },
        rule: if udp.peers.len() > 1 && udp.refuted.is_none() { Rule::R5 } else { Rule::R4 },
        frames,
        first_frame: udp.first_frame,
        start: udp.start,
        end: udp.end,
        received: udp.received(),
        sent: udp.sent(),
        listener: None,
        children: Vec::new(),
        peers: udp.peers.clone(),
    }
}

fn id_of(place: usize) -> Option<SocketId> {
    u32::try_from(place).ok()?.checked_add(1).map(SocketId)
}
