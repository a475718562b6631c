//! From the socket table to families: a port that serves with its children or peers, then clients, then ends of which
//! nobody knows who listened.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::picture::{Family, FamilyKind, Row, RowId, Stated};
use super::recent::Recent;
use crate::present::words::counted;
use crate::track::{
    Connection, FlowId, Peer, PortCard, Protocol, Rule, Side, Socket, SocketId, SocketState, SocketTable, Verdicts,
};

/// What is known of connections and exchanges beside the table.
pub struct Flows<'t> {
    /// The connections that the table was inferred from, by stream number.
    pub connections: HashMap<u32, &'t Connection>,
    /// What moved lately, by stream.
    pub recent: &'t dyn Fn(FlowId) -> Recent,
    /// Who holds the socket at this end, if that was asked and is known.
    pub owner: &'t dyn Fn(Protocol, SocketAddr) -> Option<String>,
    /// The socket is to be shown.
    pub shows: &'t dyn Fn(&Socket) -> bool,
}

/// The sockets of a table in families, each in the order of first frames.
pub fn families(table: &SocketTable, flows: &Flows<'_>) -> Vec<Family> {
    let maker = Maker { table, flows };
    let mut families: Vec<Family> = Vec::new();
    let mut places: HashMap<(Protocol, u16), usize> = HashMap::new();
    let (mut clients, mut unknown) = (Vec::new(), Vec::new());
    for socket in table.sockets.iter().filter(|socket| (flows.shows)(socket)) {
        match maker.standing(socket) {
            Standing::Child => {}
            Standing::Client => clients.push(maker.lone(socket)),
            Standing::Unknown => unknown.push(maker.lone(socket)),
            Standing::Head => {
                let place = *places.entry((socket.protocol, socket.local.port)).or_insert(families.len());
                if place == families.len() {
                    let kind = FamilyKind::Port(socket.protocol);
                    families.push(Family { kind, title: String::new(), rows: Vec::new() });
                }
                families.iter_mut().skip(place).take(1).for_each(|family| family.rows.extend(maker.household(socket)));
            }
        }
    }
    families.iter_mut().for_each(|family| family.title = title_of_port(&family.rows));
    let title = |rows: &[Row], what| format!("{what}: {}", counted(alive(rows), "socket"));
    let lone = [(FamilyKind::Clients, clients, "Clients"), (FamilyKind::Unknown, unknown, "Began before the capture")];
    let lone = lone.into_iter().filter(|(_, rows, _)| !rows.is_empty());
    families.extend(lone.map(|(kind, rows, what)| Family { kind, title: title(&rows, what), rows }));
    families
}

/// `TCP 5001: 1 listening + 2 connected = 3 sockets, all on port 5001`: those that live.
fn title_of_port(rows: &[Row]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let in_state = |state| rows.iter().filter(|row| row.state.is_some_and(|stated| stated.state == state)).count();
    let members = rows.iter().filter(|row| row.is_member && !row.is_closed()).count();
    let (protocol, port, ends) = (first.id.protocol(), first.id.port, Vec::new());
    let (listening, unconnected) = (in_state(SocketState::Listen), in_state(SocketState::Unconn));
    let card = match protocol {
        Protocol::Tcp => PortCard { protocol, port, listening, connected: members, unconnected: 0, peers: 0, ends },
        Protocol::Udp => PortCard { protocol, port, listening: 0, connected: 0, unconnected, peers: members, ends },
    };
    card.to_string()
}

fn alive(rows: &[Row]) -> u64 {
    rows.iter().filter(|row| !row.is_closed()).count() as u64
}

/// Where a socket stands.
enum Standing {
    /// It heads a family, or shares one with others of its port.
    Head,
    /// Under its listener.
    Child,
    /// Among the clients.
    Client,
    /// Nobody knows whether it was called or called itself.
    Unknown,
}

struct Maker<'t> {
    table: &'t SocketTable,
    flows: &'t Flows<'t>,
}

impl Maker<'_> {
    fn standing(&self, socket: &Socket) -> Standing {
        match (socket.protocol, socket.rule) {
            (Protocol::Udp, _) if spoke_first(socket) => Standing::Client,
            (Protocol::Udp, _) | (_, Rule::R1) => Standing::Head,
            _ if socket.listener.is_some_and(|listener| self.table.socket(listener).is_some()) => Standing::Child,
            _ if socket.rule == Rule::R6 || self.is_midstream(socket) => Standing::Unknown,
            _ => Standing::Client,
        }
    }

    /// R7 tells how a socket ended, not how it began.
    fn is_midstream(&self, socket: &Socket) -> bool {
        self.connection(socket).is_some_and(Connection::midstream)
    }

    fn connection(&self, socket: &Socket) -> Option<&Connection> {
        self.flows.connections.get(&socket.stream?.number).copied()
    }

    /// A head and its members.
    fn household(&self, socket: &Socket) -> Vec<Row> {
        let members: Vec<Row> = match socket.protocol {
            Protocol::Tcp => socket.children.iter().filter_map(|child| self.child(*child)).collect(),
            Protocol::Udp => socket.peers.iter().map(|peer| self.peer(socket, peer)).collect(),
        };
        let recent = members.iter().map(|member| &member.recent).sum();
        let head = Row { recent, ..self.row(socket) };
        [head].into_iter().chain(members).collect()
    }

    fn child(&self, child: SocketId) -> Option<Row> {
        let socket = self.table.socket(child).filter(|socket| (self.flows.shows)(socket))?;
        Some(Row { is_member: true, ..self.connected(socket) })
    }

    /// A socket with one peer and no head.
    fn lone(&self, socket: &Socket) -> Row {
        match (socket.protocol, socket.peers.first()) {
            (Protocol::Udp, Some(peer)) => {
                let row = self.row(socket);
                let recent = self.recent(Protocol::Udp, peer.stream);
                Row { id: RowId { stream: Some(peer.stream), ..row.id }, peer: Some(peer.address), recent, ..row }
            }
            _ => self.connected(socket),
        }
    }

    /// One end of a connection.
    fn connected(&self, socket: &Socket) -> Row {
        let row = self.row(socket);
        let Some(connection) = self.connection(socket) else { return row };
        let side = if Some(connection.responder) == socket.peer { Side::Initiator } else { Side::Responder };
        let (own, far) = (connection.end_of(side), connection.end_of(side.other()));
        Row {
            far: Some(Stated { state: far.state.state.into(), evidence: far.state.evidence }),
            recent: self.recent(Protocol::Tcp, connection.id.number),
            round_trip: connection.metrics(side).round_trip.mean().or_else(|| connection.initial_rtt()),
            repeated: Some(own.analysis.of(Verdicts::RETRANSMISSION).into()),
            ..row
        }
    }

    /// A peer of a UDP socket.
    fn peer(&self, socket: &Socket, peer: &Peer) -> Row {
        let row = self.row(socket);
        Row {
            id: RowId { stream: Some(peer.stream), ..row.id },
            is_member: true,
            local: String::new(),
            peer: Some(peer.address),
            owner: None,
            state: None,
            recent: self.recent(Protocol::Udp, peer.stream),
            received: peer.received,
            sent: peer.sent,
            first_frame: peer.first_frame,
            ..row
        }
    }

    /// What the table says of a socket.
    fn row(&self, socket: &Socket) -> Row {
        let address = socket.local.seen_at.first().copied();
        let stream = socket.stream.map(|flow| flow.number);
        Row {
            id: RowId { is_udp: socket.protocol == Protocol::Udp, address, port: socket.local.port, stream },
            is_member: false,
            local: local(socket),
            peer: socket.peer,
            owner: address.and_then(|address| (self.flows.owner)(socket.protocol, SocketAddr::new(address, socket.local.port))),
            state: Some(Stated { state: socket.state, evidence: socket.evidence }),
            far: None,
            rule: socket.rule,
            recent: Recent::default(),
            round_trip: None,
            repeated: None,
            received: socket.received,
            sent: socket.sent,
            first_frame: socket.first_frame,
        }
    }

    fn recent(&self, protocol: Protocol, number: u32) -> Recent {
        (self.flows.recent)(FlowId { protocol, number })
    }
}

/// A client shows by which address it is known; it may be bound to all of them.
fn local(socket: &Socket) -> String {
    match socket.local.seen_at.first().filter(|_| socket.local.address.is_none() && spoke_first(socket)) {
        Some(address) => SocketAddr::new(*address, socket.local.port).to_string(),
        None => socket.local.to_string(),
    }
}

/// A UDP socket that sent to the only peer it has before it received anything.
fn spoke_first(socket: &Socket) -> bool {
    socket.peers.len() == 1 && socket.sent.frames > 0 && socket.frames.first() == Some(&socket.first_frame)
}
