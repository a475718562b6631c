//! The sockets behind the packets, as far as packets tell.
//!
//! A capture shows tuples; a socket is an endpoint that the operating system keeps. Every row says by which [`Rule`] it
//! was inferred and how sure that is. What an unconnected socket is bound to never shows: its address is unknown, and
//! only where it was seen is told.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::{Count, Evidence, FlowId, Peer, Protocol, State};
use crate::capture::Timestamp;

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
    /// The TCP connection that it is an end of.
    pub stream: Option<FlowId>,
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

impl Socket {
    /// It waits for others to speak first.
    fn serves(&self) -> bool {
        let answered = self.sent.frames > 0 && self.frames.first().is_some_and(|sent| *sent > self.first_frame);
        match self.state {
            SocketState::Listen => true,
            SocketState::Unconn => answered || self.peers.len() > 1,
            _ => false,
        }
    }
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
            Self::R4 => "datagrams left from this address, or went there",
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
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PortCard {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The port that serves.
    pub port: u16,
    /// Listening sockets.
    pub listening: usize,
    /// Connected sockets on the same port, one for each client, closed ones included.
    pub connected: usize,
    /// UDP sockets.
    pub unconnected: usize,
    /// Peers of the UDP sockets.
    pub peers: usize,
    /// Local end and peer of connected sockets, in the order of first frames; at most [`PortCard::MAX_ENDS`].
    pub ends: Vec<(SocketAddr, SocketAddr)>,
}

impl SocketTable {
    /// The socket with this number.
    pub fn socket(&self, id: SocketId) -> Option<&Socket> {
        self.sockets.get(id.0.checked_sub(1)? as usize)
    }

    /// The UDP socket that was seen at this address and port.
    pub fn row_of(&self, address: SocketAddr) -> Option<&Socket> {
        let udp = |socket: &&Socket| socket.protocol == Protocol::Udp && socket.local.port == address.port();
        self.sockets.iter().filter(udp).find(|socket| socket.local.seen_at.contains(&address.ip()))
    }

    /// The ports that serve: those with a listener, and those of UDP sockets that answered, or were sent to by several.
    pub fn ports(&self) -> Vec<PortCard> {
        let mut places: HashMap<(Protocol, u16), usize> = HashMap::new();
        let mut cards: Vec<PortCard> = Vec::new();
        for socket in self.sockets.iter().filter(|socket| socket.serves()) {
            places.entry((socket.protocol, socket.local.port)).or_insert_with(|| {
                cards.push(PortCard::new(socket.protocol, socket.local.port));
                cards.len().saturating_sub(1)
            });
        }
        let mut clients: HashSet<(Protocol, u16, SocketAddr)> = HashSet::new();
        for socket in &self.sockets {
            let place = places.get(&(socket.protocol, socket.local.port));
            if let Some(card) = place.and_then(|place| cards.get_mut(*place)) {
                card.count(socket, &mut clients);
            }
        }
        cards
    }
}

impl PortCard {
    /// Connected sockets whose ends are kept; [`PortCard::connected`] counts all.
    pub const MAX_ENDS: usize = 8;

    const fn new(protocol: Protocol, port: u16) -> Self {
        Self { protocol, port, listening: 0, connected: 0, unconnected: 0, peers: 0, ends: Vec::new() }
    }

    fn count(&mut self, socket: &Socket, clients: &mut HashSet<(Protocol, u16, SocketAddr)>) {
        let add = |count: &mut usize, more: usize| *count = count.saturating_add(more);
        let of_client = |peer: SocketAddr| (socket.protocol, socket.local.port, peer);
        if let Some(peer) = socket.peer.filter(|peer| socket.listener.is_some() && clients.insert(of_client(*peer))) {
            add(&mut self.connected, 1);
            let local = socket.local.address.map(|address| (SocketAddr::new(address, socket.local.port), peer));
            self.ends.extend(local.filter(|_| self.ends.len() < Self::MAX_ENDS));
        }
        match socket.state {
            SocketState::Listen => add(&mut self.listening, 1),
            SocketState::Unconn => add(&mut self.unconnected, 1),
            _ => {}
        }
        add(&mut self.peers, socket.peers.len());
    }
}

/// `TCP 5001: 1 listening + 3 connected = 4 sockets, all on port 5001`.
impl fmt::Display for PortCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { protocol, port, listening, connected, unconnected, peers, .. } = self;
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
