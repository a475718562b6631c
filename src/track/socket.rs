//! The sockets behind the packets, as far as packets tell.
//!
//! A capture shows tuples; a socket is an endpoint that the operating system keeps. Every row says by which [`Rule`] it
//! was inferred and how sure that is. What an unconnected socket is bound to never shows: its address is unknown, and
//! only where it was seen is told.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use jiff::SignedDuration;

use super::{Claim, Connection, Count, Evidence, Opening, Outcome, Peer, Protocol, Side, State, UdpSocket};
use crate::capture::Timestamp;

/// How long Linux keeps a connection in TIME-WAIT, in seconds (RFC 9293 section 3.4.2 leaves the time to the system).
const TIME_WAIT: SignedDuration = SignedDuration::from_secs(60);

/// A socket's number in its table, from 1 in the order of first frames.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SocketId(pub u32);

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One socket, inferred.
#[derive(Clone, Debug, PartialEq)]
pub struct Socket {
    /// Its number.
    pub id: SocketId,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Its state after the last frame, in the words of `ss`.
    pub state: SocketState,
    /// Its own end.
    pub local: Local,
    /// The other end; `None` for a listener or an unconnected socket.
    pub peer: Option<SocketAddr>,
    /// How sure it is that it exists in this state.
    pub evidence: Evidence,
    /// What it was inferred by.
    pub rule: Rule,
    /// The frames that show it.
    pub frames: Vec<u64>,
    /// Its first frame.
    pub first_frame: u64,
    /// Time of its first frame.
    pub start: Option<Timestamp>,
    /// Time of its last frame.
    pub end: Option<Timestamp>,
    /// Segments or datagrams sent to it.
    pub received: Count,
    /// Segments or datagrams it sent.
    pub sent: Count,
    /// The listening socket that it was accepted from.
    pub listener: Option<SocketId>,
    /// The sockets accepted from this listener.
    pub children: Vec<SocketId>,
    /// The peers of a UDP socket.
    pub peers: Vec<Peer>,
}

/// A socket's own address and port.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Local {
    /// The address it is bound to; `None` where that cannot be told from packets.
    pub address: Option<IpAddr>,
    /// Its port.
    pub port: u16,
    /// The addresses it was seen at.
    pub seen_at: Vec<IpAddr>,
}

/// `127.0.0.1:5000`, or `?:5000` where the bound address is unknown.
impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address) => f.pad(&SocketAddr::new(address, self.port).to_string()),
            None => f.pad(&format!("?:{}", self.port)),
        }
    }
}

/// A socket's state, in the words of `ss`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SocketState {
    /// Waits for connections.
    Listen,
    /// Sent a SYN.
    SynSent,
    /// Answered a SYN.
    SynRecv,
    /// Open.
    Estab,
    /// Sent a FIN.
    FinWait1,
    /// Its FIN was acknowledged.
    FinWait2,
    /// The peer sent a FIN.
    CloseWait,
    /// Both sent a FIN at once.
    Closing,
    /// Sent the second FIN.
    LastAck,
    /// Closed first, waits for late segments.
    TimeWait,
    /// A UDP socket.
    Unconn,
    /// Gone.
    Closed,
}

impl SocketState {
    /// The word `ss` prints.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Listen => "LISTEN",
            Self::SynSent => "SYN-SENT",
            Self::SynRecv => "SYN-RECV",
            Self::Estab => "ESTAB",
            Self::FinWait1 => "FIN-WAIT-1",
            Self::FinWait2 => "FIN-WAIT-2",
            Self::CloseWait => "CLOSE-WAIT",
            Self::Closing => "CLOSING",
            Self::LastAck => "LAST-ACK",
            Self::TimeWait => "TIME-WAIT",
            Self::Unconn => "UNCONN",
            Self::Closed => "CLOSED",
        }
    }
}

impl From<State> for SocketState {
    fn from(state: State) -> Self {
        match state {
            State::Closed => Self::Closed,
            State::Listen => Self::Listen,
            State::SynSent => Self::SynSent,
            State::SynReceived => Self::SynRecv,
            State::Established => Self::Estab,
            State::FinWait1 => Self::FinWait1,
            State::FinWait2 => Self::FinWait2,
            State::CloseWait => Self::CloseWait,
            State::Closing => Self::Closing,
            State::LastAck => Self::LastAck,
            State::TimeWait => Self::TimeWait,
        }
    }
}

impl fmt::Display for SocketState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What a socket was inferred by.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Rule {
    /// A listener: something answered SYNs at its address.
    R1,
    /// The socket that a listener made for one client.
    R2,
    /// The socket of a client that opened a connection.
    R3,
    /// A UDP socket: datagrams left from its address, or went there unanswered.
    R4,
    /// One UDP socket for all its peers.
    R5,
    /// An end of a connection that began before the capture: which one listened is unknown.
    R6,
    /// The end of a socket's life, by the clock: TIME-WAIT ran out.
    R7,
}

impl Rule {
    /// `R1` to `R7`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::R1 => "R1",
            Self::R2 => "R2",
            Self::R3 => "R3",
            Self::R4 => "R4",
            Self::R5 => "R5",
            Self::R6 => "R6",
            Self::R7 => "R7",
        }
    }

    /// The rule in one sentence.
    pub const fn text(self) -> &'static str {
        match self {
            Self::R1 => "something answered, or should have answered, SYNs at this address",
            Self::R2 => "a listener makes one connected socket for each client",
            Self::R3 => "a client's SYN left from this address",
            Self::R4 => "datagrams left from this address, or went there and drew no error",
            Self::R5 => "one UDP socket serves all peers of its address and port",
            Self::R6 => "an end of a connection that began before the capture",
            Self::R7 => "TIME-WAIT lasts 60 s on Linux; no packet shows its end",
        }
    }
}

/// The socket table at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SocketTable {
    /// All sockets the capture shows, closed ones included, in the order of first frames.
    pub sockets: Vec<Socket>,
}

/// What shares one port: the lesson in a sentence.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PortCard {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The port that serves.
    pub port: u16,
    /// Listening sockets.
    pub listening: usize,
    /// Connected sockets on the same port, closed ones included.
    pub connected: usize,
    /// UDP sockets.
    pub unconnected: usize,
    /// Peers of the UDP sockets.
    pub peers: usize,
}

impl SocketTable {
    /// The table after the last frame, which was captured at `now`.
    pub(super) fn infer(connections: &[Connection], udp: &[UdpSocket], now: Option<Timestamp>) -> Self {
        let mut table = Self::default();
        let listeners = table.add_listeners(connections);
        for connection in connections {
            table.add_initiator(connection, now);
            table.add_responder(connection, &listeners, now);
        }
        table.sockets.extend(udp.iter().map(udp_socket));
        table.number();
        table
    }

    /// The socket with this number.
    pub fn socket(&self, id: SocketId) -> Option<&Socket> {
        self.sockets.get(id.0.checked_sub(1)? as usize)
    }

    /// The ports that serve more than themselves: those with a listener, and UDP ports with several peers.
    pub fn ports(&self) -> Vec<PortCard> {
        let mut cards: Vec<PortCard> = Vec::new();
        for socket in &self.sockets {
            let serves = socket.rule == Rule::R1 && socket.state == SocketState::Listen || socket.peers.len() > 1;
            let (protocol, port) = (socket.protocol, socket.local.port);
            if serves && !cards.iter().any(|card| (card.protocol, card.port) == (protocol, port)) {
                cards.push(self.card(protocol, port));
            }
        }
        cards
    }

    fn card(&self, protocol: Protocol, port: u16) -> PortCard {
        let here = || self.sockets.iter().filter(move |socket| socket.protocol == protocol && socket.local.port == port);
        PortCard {
            protocol,
            port,
            listening: here().filter(|socket| socket.state == SocketState::Listen).count(),
            connected: here().filter(|socket| socket.rule == Rule::R2).count(),
            unconnected: here().filter(|socket| socket.protocol == Protocol::Udp).count(),
            peers: here().map(|socket| socket.peers.len()).sum(),
        }
    }

    /// R1: one listener for each address that answered SYNs, or let them go unanswered; several addresses of the
    /// loopback network with one port count as one listener on all of them. Returns each address's row.
    fn add_listeners(&mut self, connections: &[Connection]) -> HashMap<SocketAddr, usize, RandomState> {
        let mut rows: HashMap<SocketAddr, usize, RandomState> = HashMap::default();
        let mut loopback: HashMap<u16, usize, RandomState> = HashMap::default();
        for connection in connections.iter().filter(|connection| connection.opening != Opening::FirstSender) {
            let address = connection.responder;
            let known = rows.get(&address).or_else(|| loopback.get(&address.port()).filter(|_| is_loopback4(address)));
            let place = known.copied().unwrap_or(self.sockets.len());
            if place == self.sockets.len() {
                self.sockets.push(listener(connection));
            }
            rows.insert(address, place);
            if is_loopback4(address) {
                loopback.insert(address.port(), place);
            }
            if let Some(row) = self.sockets.get_mut(place) {
                row.learn_listener(connection);
            }
        }
        rows
    }

    /// R3: the client's socket exists from its SYN on.
    fn add_initiator(&mut self, connection: &Connection, now: Option<Timestamp>) {
        let rule = if connection.opening == Opening::FirstSender { Rule::R6 } else { Rule::R3 };
        self.sockets.push(connected(connection, Side::Initiator, rule, now));
    }

    /// R2: the listener made a socket for this client if it answered.
    fn add_responder(
        &mut self,
        connection: &Connection,
        listeners: &HashMap<SocketAddr, usize, RandomState>,
        now: Option<Timestamp>,
    ) {
        if connection.opening == Opening::FirstSender {
            self.sockets.push(connected(connection, Side::Responder, Rule::R6, now));
        } else if connection.handshake.syn_ack.is_some() {
            let mut child = connected(connection, Side::Responder, Rule::R2, now);
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
        if !self.local.seen_at.contains(&address) {
            self.local.seen_at.push(address);
        }
        if self.local.seen_at.len() > 1 {
            self.local.address = Some(IpAddr::from([0, 0, 0, 0]));
        }
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

/// The row of a listener, before anything is known of it but one connection attempt.
fn listener(connection: &Connection) -> Socket {
    let answered = connection.handshake.syn_ack.or(connection.ends.responder.rst);
    Socket {
        id: SocketId(0),
        protocol: Protocol::Tcp,
        // An unanswered SYN may have met a full backlog; an ICMP error says that nobody was there.
        state: if connection.unreachable.is_some() { SocketState::Closed } else { SocketState::Listen },
        local: Local { address: None, port: connection.responder.port(), seen_at: Vec::new() },
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
fn connected(connection: &Connection, side: Side, rule: Rule, now: Option<Timestamp>) -> Socket {
    let (end, other) = (connection.end_of(side), connection.end_of(side.other()));
    let (local, peer) = match side {
        Side::Initiator => (connection.initiator, connection.responder),
        Side::Responder => (connection.responder, connection.initiator),
    };
    let ran_out = time_wait_ran_out(connection, end.state, now);
    Socket {
        id: SocketId(0),
        protocol: Protocol::Tcp,
        state: if ran_out { SocketState::Closed } else { end.state.state.into() },
        local: Local { address: Some(local.ip()), port: local.port(), seen_at: vec![local.ip()] },
        peer: Some(peer),
        evidence: if ran_out { Evidence::Assumed } else { end.state.evidence },
        rule: if ran_out { Rule::R7 } else { rule },
        frames: frames_of(connection, side),
        first_frame: match side {
            Side::Initiator => connection.first_frame,
            Side::Responder => connection.handshake.syn_ack.unwrap_or(connection.first_frame),
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
        Side::Responder => [handshake.syn_ack, handshake.ack],
    };
    let mut frames: Vec<u64> = opening.into_iter().chain([end.fin, end.rst, Some(end.state.frame)]).flatten().collect();
    frames.sort_unstable();
    frames.dedup();
    frames
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
        peer: None,
        evidence: if udp.refuted.is_some() { Evidence::Observed } else { udp.evidence },
        rule: if udp.peers.len() > 1 { Rule::R5 } else { Rule::R4 },
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

fn is_loopback4(address: SocketAddr) -> bool {
    address.is_ipv4() && address.ip().is_loopback()
}

fn id_of(place: usize) -> Option<SocketId> {
    u32::try_from(place).ok()?.checked_add(1).map(SocketId)
}

/// `TCP 5001: 1 listening + 3 connected = 4 sockets, all on port 5001`.
impl fmt::Display for PortCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { protocol, port, listening, connected, unconnected, peers } = self;
        match protocol {
            Protocol::Tcp => {
                let all = listening.saturating_add(*connected);
                write!(
                    f,
                    "TCP {port}: {listening} listening + {connected} connected = {}, all on port {port}",
                    count(all, "socket")
                )
            }
            Protocol::Udp => write!(f, "UDP {port}: {}, {}", count(*unconnected, "socket"), count(*peers, "peer")),
        }
    }
}

/// `1 socket`, `2 sockets`.
fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
