//! All that is remembered of a capture, and what of it is forgotten again.

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::aging::Look;
use super::conversations::Met;
use super::copies::Copies;
use super::udp::UdpSockets;
use super::{
    Aging, Connection, Conversations, FlowId, Forgotten, Limits, Note, Oddity, Overflow, Piece, Protocol, SocketTable, Survey,
    Trace, Transition,
};
use crate::capture::Timestamp;

/// All that is remembered but for waiting fragments, which the packet at hand may borrow from.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) limits: Limits,
    pub(super) scope: Scope,
    /// What the clock said last, apart from packets.
    pub(super) now: Option<Timestamp>,
    pub(super) survey: Survey,
    pub(super) conversations: Conversations,
    pub(super) copies: Copies,
    pub(super) connections: Vec<Connection>,
    /// Octets of all connections that wait for those before them.
    pub(super) waiting_octets: usize,
    /// Place in `connections` of each conversation by its own place: the two are found at once, neither through the other.
    /// UDP and streams that were only quoted have none.
    pub(super) by_conversation: Vec<Option<u32>>,
    pub(super) udp: UdpSockets,
    pub(super) notes: Vec<Note>,
    /// Notes of the packet at hand.
    pub(super) fresh: Vec<Note>,
    /// The connection whose octets are handed out.
    pub(super) following: Option<FlowId>,
    /// The octets of every connection are handed out.
    pub(super) following_all: bool,
    /// Octets of that connection which the packet at hand brought into order.
    pub(super) pieces: Vec<Piece>,
    /// Changes of states that the packet at hand brought about.
    pub(super) transitions: Vec<Transition>,
    pub(super) overflow: Overflow,
    /// When to look for what is of no more use, if anything is to be forgotten.
    pub(super) look: Option<Look>,
    pub(super) forgotten: Forgotten,
}

/// How much is to be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scope {
    /// All there is.
    Everything,
    /// TCP connections: packets that concern none are passed over.
    Connections,
    /// TCP connections in no more [`Detail`](super::events::Detail) than a table shows, and without what is odd about single packets.
    Table,
}

impl Books {
    pub(super) fn new(scope: Scope, limits: Limits) -> Self {
        Self {
            limits,
            scope,
            now: None,
            survey: Survey::default(),
            conversations: Conversations::new(&limits),
            copies: Copies::default(),
            connections: Vec::new(),
            waiting_octets: 0,
            by_conversation: Vec::new(),
            udp: UdpSockets::new(limits.udp_peers),
            notes: Vec::new(),
            fresh: Vec::new(),
            following: None,
            following_all: false,
            pieces: Vec::new(),
            transitions: Vec::new(),
            overflow: Overflow::default(),
            look: None,
            forgotten: Forgotten::default(),
        }
    }

    pub(super) fn finish(mut self) -> Trace {
        self.overflow.conversation_packets = self.conversations.refused_packets();
        self.overflow.udp_datagrams = self.udp.refused();
        let mut pieces = Vec::new();
        for connection in &mut self.connections {
            let followed = self.following == Some(connection.id);
            connection.finish(&mut |side, chunk| pieces.extend(followed.then(|| Piece::new(side, chunk))));
        }
        let everything = self.scope == Scope::Everything;
        let sockets = if everything { self.sockets() } else { SocketTable::default() };
        Trace {
            conversations: if everything { self.conversations.iter().collect() } else { Vec::new() },
            sockets,
            survey: self.survey,
            connections: self.connections,
            udp_sockets: self.udp.into_sockets(),
            notes: self.notes,
            pieces,
            overflow: self.overflow,
            forgotten: self.forgotten,
        }
    }

    pub(super) fn sockets(&self) -> SocketTable {
        self.sockets_at(self.time())
    }

    pub(super) fn sockets_at(&self, now: Option<Timestamp>) -> SocketTable {
        let connections: Vec<&Connection> = self.connections.iter().collect();
        SocketTable::infer(&connections, self.udp.sockets(), now)
    }

    /// What time it is at least.
    pub(super) fn time(&self) -> Option<Timestamp> {
        self.survey.latest.max(self.now)
    }

    /// Forgets what is of no more use.
    #[cold]
    pub(super) fn forget(&mut self, aging: Aging, now: Timestamp) {
        let (connections, exchanges) = (self.connections.len(), self.udp.known());
        let fates = aging.fates(&self.connections, now);
        let mut fates = fates.iter();
        self.connections.retain(|_| fates.next() == Some(&true));
        self.waiting_octets = self.connections.iter().map(Connection::waiting_octets).sum();
        let ids = self.connections.iter().map(|connection| connection.id);
        let places: HashMap<FlowId, u32, RandomState> = ids.zip(0..).collect();
        let mut udp_streams: HashSet<u32, RandomState> = HashSet::default();
        self.conversations.retain(|id, end| match id.protocol {
            Protocol::Tcp => places.contains_key(&id),
            Protocol::Udp => end.is_some_and(|end| now.since(end) <= aging.idle_exchange) && udp_streams.insert(id.number),
        });
        self.by_conversation = self.conversations.ids().map(|id| places.get(&id).copied()).collect();
        self.udp.retain(|stream| udp_streams.contains(&stream));
        let gone = |before: usize, after: usize| before.saturating_sub(after) as u64;
        let Forgotten { connections: of_tcp, exchanges: of_udp } = &mut self.forgotten;
        *of_tcp = of_tcp.saturating_add(gone(connections, self.connections.len()));
        *of_udp = of_udp.saturating_add(gone(exchanges, self.udp.known()));
    }

    /// Forgets what is of no more use, if it is time for that.
    #[inline]
    pub(super) fn age(&mut self) {
        let Some(look) = &self.look else { return };
        let now = self.time();
        if !look.is_due(self.conversations.len(), now) {
            return;
        }
        let (aging, Some(now)) = (look.aging, now) else { return };
        self.forget(aging, now);
        let left = self.conversations.len();
        self.look.iter_mut().for_each(|look| look.left(left, now));
    }

    /// Turns to the next packet.
    pub(super) fn turn(&mut self) {
        self.fresh.clear();
        self.pieces.clear();
        self.transitions.clear();
        self.age();
    }

    pub(super) fn note(&mut self, frame: u64, oddity: Oddity) {
        self.fresh.push(Note { frame, oddity });
    }

    /// Copies the notes of the packet at hand to the others, as far as they fit.
    pub(super) fn keep_fresh(&mut self) {
        let room = self.limits.notes.saturating_sub(self.notes.len()).min(self.fresh.len());
        self.notes.extend(self.fresh.iter().take(room));
        self.overflow.notes = self.overflow.notes.saturating_add(self.fresh.len().saturating_sub(room) as u64);
    }

    /// The stream number of a conversation.
    pub(super) fn flow_of(&self, met: &Met) -> Option<FlowId> {
        self.conversations.identity(met.place).map(|(flow, _)| flow)
    }

    /// The place of a conversation's connection; `None` if it is UDP, or was only quoted.
    #[inline]
    pub(super) fn place_of(&self, met: &Met) -> Option<u32> {
        self.by_conversation.get(met.place as usize).copied().flatten()
    }

    pub(super) fn connection_of(&self, met: &Met) -> Option<&Connection> {
        self.place_of(met).and_then(|place| self.connections.get(place as usize))
    }
}
