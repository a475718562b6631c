//! The one place where a packet meets everything that is remembered.

use std::net::{IpAddr, SocketAddr};

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::aging::Look;
use super::conversation::Met;
use super::copies::Copies;
use super::events::{Detail, Events, Seen};
use super::fragment::{Arrival, Reassembler};
use super::sighting::with_sighting;
use super::udp::{Sent, UdpSockets};
use super::{
    About, Aging, Analyzed, Claim, Connection, Conversations, FiveTuple, FlowId, Forgotten, Limits, Note, Oddity, Overflow,
    Piece, Protocol, Relative, Side, Sighting, SocketTable, Survey, Trace, Transition, UdpSocket, Update, Verdicts,
};
use crate::capture::{Frame, Timestamp};
use crate::decode::checksum::{self, Verdict};
use crate::decode::icmp::Message;
use crate::decode::plain::{Plain, plain};
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::{Flags, Segment};
use crate::decode::{self, IpProtocol, Packet, Transport, name};

/// Follows a capture packet by packet.
#[derive(Debug)]
pub struct Tracker {
    reassembler: Reassembler,
    books: Books,
}

/// All that is remembered but for waiting fragments, which the packet at hand may borrow from.
#[derive(Debug)]
struct Books {
    limits: Limits,
    scope: Scope,
    /// What the clock said last, apart from packets.
    now: Option<Timestamp>,
    survey: Survey,
    conversations: Conversations,
    copies: Copies,
    connections: Vec<Connection>,
    /// Octets of all connections that wait for those before them.
    waiting_octets: usize,
    /// Place in `connections` of each conversation by its own place: the two are found at once, neither through the other.
    /// UDP and streams that were only quoted have none.
    by_conversation: Vec<Option<u32>>,
    udp: UdpSockets,
    notes: Vec<Note>,
    /// Notes of the packet at hand.
    fresh: Vec<Note>,
    /// The connection whose octets are handed out.
    following: Option<FlowId>,
    /// The octets of every connection are handed out.
    following_all: bool,
    /// Octets of that connection which the packet at hand brought into order.
    pieces: Vec<Piece>,
    /// Changes of states that the packet at hand brought about.
    transitions: Vec<Transition>,
    overflow: Overflow,
    /// When to look for what is of no more use, if anything is to be forgotten.
    look: Option<Look>,
    forgotten: Forgotten,
}

/// How much is to be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Scope {
    /// All there is.
    Everything,
    /// TCP connections: packets that concern none are passed over.
    Connections,
    /// TCP connections in no more [`Detail`] than a table shows, and without what is odd about single packets.
    Table,
}

/// What a connection says of the segment at hand.
#[derive(Clone, Copy)]
struct Followed {
    relative: Relative,
    analyzed: Option<Analyzed>,
    side: Side,
    states: (Claim, Claim),
}

/// What was found out about the packet at hand.
struct Taken<'t> {
    arrival: Arrival<'t>,
    met: Option<Met>,
    about: Option<About>,
    checksum: Option<Verdict>,
    followed: Option<Followed>,
}

impl Tracker {
    /// A tracker that has seen nothing.
    pub fn new(limits: Limits) -> Self {
        Self::of(Scope::Everything, limits)
    }

    /// A tracker that follows TCP alone: [`Trace::connections`] is all it will tell, and it is faster for that.
    pub fn of_connections(limits: Limits) -> Self {
        Self::of(Scope::Connections, limits)
    }

    /// The same for a table of connections, which shows neither [`Metrics`](super::Metrics) nor
    /// [`Delivered::sha256`](super::Delivered::sha256), and no copies and wrong checksums: it is faster again.
    pub fn of_connection_table(limits: Limits) -> Self {
        Self::of(Scope::Table, limits)
    }

    fn of(scope: Scope, limits: Limits) -> Self {
        Self { reassembler: Reassembler::new(&limits), books: Books::new(scope, limits) }
    }

    /// The same for a live capture: it forgets what is of no more use, so that it can go on for ever, and makes no
    /// [`Delivered::sha256`](super::Delivered::sha256), so that it keeps up with bulk data.
    #[must_use]
    pub fn forgetting(mut self, aging: Aging) -> Self {
        self.books.look = Some(Look::new(aging, &self.books.limits));
        self
    }

    /// The sockets behind the packets so far, as of the last one or the last [`Tracker::tick`].
    ///
    /// It is made anew from all connections there were: too dear to ask for after every packet.
    pub fn sockets(&self) -> SocketTable {
        self.books.sockets()
    }

    /// The same as of `now`, which all packets so far are older than.
    pub fn sockets_at(&self, now: Timestamp) -> SocketTable {
        self.books.sockets_at(Some(now))
    }

    /// The connections as of now, in the order of their first frames.
    pub fn connections(&self) -> &[Connection] {
        &self.books.connections
    }

    /// The UDP sockets as of now, in the order of their first frames.
    pub fn udp_sockets(&self) -> &[UdpSocket] {
        self.books.udp.sockets()
    }

    /// How many exchanges between two UDP endpoints are remembered.
    pub const fn exchanges(&self) -> usize {
        self.books.udp.known()
    }

    /// What has been forgotten so far.
    pub const fn forgotten(&self) -> Forgotten {
        self.books.forgotten
    }

    /// The conversations that are remembered.
    pub fn flows(&self) -> impl Iterator<Item = FlowId> + '_ {
        self.books.conversations.ids()
    }

    /// Follows one packet, and says what it belongs to; packets come in file order.
    pub fn push<'t>(&'t mut self, packet: &Packet<'t>) -> Update<'t> {
        let Self { reassembler, books } = self;
        let Some(taken) = books.take(reassembler, packet) else { return Update::nothing() };
        let tuple = tuple(packet, &taken.arrival);
        if books.scope == Scope::Everything {
            books.survey.see_protocol(&name::protocol(packet, taken.arrival.transport(packet)));
        }
        Update {
            tuple,
            flow: taken.met.filter(|_| tuple.is_some()).map(|met| met.id),
            about: taken.about,
            fragment: !matches!(taken.arrival, Arrival::Whole | Arrival::Complete(_)),
            transport: taken.arrival.transport(packet).copied(),
            reassembled: match taken.arrival {
                Arrival::Complete(datagram) => Some(*datagram),
                _ => None,
            },
            checksum: taken.checksum,
            connection: taken.met.and_then(|met| books.connection_of(&met)),
            relative: taken.followed.map(|followed| followed.relative),
            analyzed: taken.followed.and_then(|followed| followed.analyzed),
            side: taken.followed.map(|followed| followed.side),
            states: taken.followed.map(|followed| followed.states),
            notes: &books.fresh,
            pieces: &books.pieces,
            transitions: &books.transitions,
        }
    }

    /// Follows one packet and says nothing, which is faster where only the trace matters.
    pub fn absorb(&mut self, packet: &Packet<'_>) {
        let Self { reassembler, books } = self;
        let taken = books.take(reassembler, packet);
        if let Some(taken) = taken.filter(|_| books.scope == Scope::Everything) {
            books.survey.see_protocol(&name::protocol(packet, taken.arrival.transport(packet)));
        }
    }

    /// The same as [`Tracker::absorb`] for the packet in a frame, and faster: what nobody asked about is not read.
    pub fn absorb_frame(&mut self, frame: &Frame<'_>) {
        let books = &mut self.books;
        let plain = if books.scope == Scope::Everything { None } else { plain(frame) };
        if !plain.is_some_and(|plain| books.take_plain(frame, &plain)) {
            decode::with_packet(frame, |packet| self.absorb(packet));
        }
    }

    /// Hands out the octets of one connection from now on, in [`Update::pieces`] and at last in [`Trace::pieces`].
    pub fn follow(&mut self, flow: FlowId) {
        self.books.following = Some(flow);
    }

    /// Time passed without a packet: it is `now` at least.
    pub fn tick(&mut self, now: Timestamp) {
        self.books.now = self.books.now.max(Some(now));
    }

    /// Hands out the octets of every connection from now on, in [`Update::pieces`] alone: they belong to its
    /// [`Update::flow`]. Octets that wait behind a hole at the end are not handed out.
    pub fn follow_all(&mut self) {
        self.books.following_all = true;
    }

    /// The trace after the last packet.
    pub fn finish(mut self) -> Trace {
        self.books.fresh.clear();
        for frame in self.reassembler.take_given_up() {
            self.books.note(frame, Oddity::FragmentGivenUp);
        }
        self.books.keep_fresh();
        self.books.overflow.fragments = self.reassembler.given_up_fragments();
        self.books.finish()
    }
}

impl Books {
    fn new(scope: Scope, limits: Limits) -> Self {
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

    fn finish(mut self) -> Trace {
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

    fn sockets(&self) -> SocketTable {
        self.sockets_at(self.time())
    }

    fn sockets_at(&self, now: Option<Timestamp>) -> SocketTable {
        let connections: Vec<&Connection> = self.connections.iter().collect();
        SocketTable::infer(&connections, self.udp.sockets(), now)
    }

    /// What time it is at least.
    fn time(&self) -> Option<Timestamp> {
        self.survey.latest.max(self.now)
    }

    /// Forgets what is of no more use.
    #[cold]
    fn forget(&mut self, aging: Aging, now: Timestamp) {
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
    fn age(&mut self) {
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

    /// Enters one packet; `None` if it is passed over.
    #[inline(always)] // So that what only `push` tells is not made for `absorb`.
    fn take<'t>(&mut self, reassembler: &'t mut Reassembler, packet: &Packet<'t>) -> Option<Taken<'t>> {
        self.turn();
        if self.scope != Scope::Everything && !may_concern_tcp(packet) {
            return None;
        }
        if self.scope != Scope::Table {
            self.see(packet);
        }
        for frame in reassembler.take_given_up() {
            self.note(frame, Oddity::FragmentGivenUp);
        }
        let arrival = reassembler.push(packet);
        if matches!(&arrival, Arrival::Complete(datagram) if datagram.overlap) {
            self.note(packet.number, Oddity::FragmentOverlap);
        }
        let checksum = if self.scope == Scope::Table { None } else { self.verify(packet, &arrival) };
        let met = self.meet(packet, &arrival);
        let followed = met.and_then(|met| self.follow(packet, &arrival, &met));
        let about = about(packet, met);
        if let (Some(about), Some(met)) = (&about, &met) {
            self.hear_of(packet, about, met);
        }
        self.keep_fresh();
        Some(Taken { arrival, met, about, checksum, followed })
    }

    /// Enters an ordinary frame as [`Books::take`] would; false if that has more to do.
    #[inline(always)]
    fn take_plain(&mut self, frame: &Frame<'_>, plain: &Plain<'_>) -> bool {
        match &plain.transport() {
            Some(Transport::Udp(_)) => true,
            Some(transport @ Transport::Tcp(segment)) if self.scope == Scope::Table => {
                self.turn();
                let sighting = Sighting::plain(frame, plain, transport);
                let met = sighting.and_then(|sighting| self.conversations.identify(&sighting));
                met.into_iter().for_each(|met| self.follow_plain(frame, plain, segment, &met));
                self.keep_fresh();
                true
            }
            _ => false,
        }
    }

    fn follow_plain(&mut self, frame: &Frame<'_>, plain: &Plain<'_>, segment: &Segment<'_>, met: &Met) {
        self.note_met(frame.number, met);
        let (number, timestamp, octets) = (frame.number, frame.timestamp, frame.original_len);
        let seen = Seen { frame: number, timestamp, octets, from: met.from, segment, whole: true };
        self.follow_segment(&seen, met, || five_tuple(plain.ends(), &Transport::Tcp(*segment)));
    }

    /// Turns to the next packet.
    fn turn(&mut self) {
        self.fresh.clear();
        self.pieces.clear();
        self.transitions.clear();
        self.age();
    }

    fn note(&mut self, frame: u64, oddity: Oddity) {
        self.fresh.push(Note { frame, oddity });
    }

    /// Copies the notes of the packet at hand to the others, as far as they fit.
    fn keep_fresh(&mut self) {
        let room = self.limits.notes.saturating_sub(self.notes.len()).min(self.fresh.len());
        self.notes.extend(self.fresh.iter().take(room));
        self.overflow.notes = self.overflow.notes.saturating_add(self.fresh.len().saturating_sub(room) as u64);
    }

    /// What concerns every frame, whatever it carries.
    fn see(&mut self, packet: &Packet<'_>) {
        if self.scope == Scope::Everything && self.survey.see(packet) {
            self.note(packet.number, Oddity::ClockStep);
        }
        if let Some(first) = self.copies.find(packet) {
            self.survey.copies.add(packet.number);
            self.note(packet.number, Oddity::CopyOf(first));
        }
        if packet.ip().is_some_and(|ip| checksum::ip_header(ip) == Verdict::Bad) {
            self.note(packet.number, Oddity::BadHeaderChecksum);
        }
    }

    /// The verdict on the transport checksum.
    fn verify(&mut self, packet: &Packet<'_>, arrival: &Arrival<'_>) -> Option<Verdict> {
        let verdict = match arrival {
            Arrival::Whole => checksum::transport(packet),
            Arrival::Start(_) => Some(Verdict::Unverifiable),
            Arrival::Piece => None,
            Arrival::Complete(datagram) => {
                let ip = &datagram.ip;
                checksum::datagram(ip.ends(), ip.protocol, ip.payload)
            }
        }?;
        self.survey.see_checksum(packet.number, verdict);
        if verdict == Verdict::Bad {
            self.note(packet.number, Oddity::BadChecksum);
        }
        Some(verdict)
    }

    /// Finds the conversation that the packet, or the header it quotes, belongs to.
    fn meet(&mut self, packet: &Packet<'_>, arrival: &Arrival<'_>) -> Option<Met> {
        if let Some(Transport::Udp(datagram)) = arrival.transport(packet)
            && (datagram.bad_length || (arrival.is_whole() && datagram.is_beyond_ip()))
        {
            self.note(packet.number, Oddity::BadLength);
        }
        let met = with_sighting(packet, arrival, |sighting| match self.scope {
            Scope::Everything => self.conversations.meet(&sighting),
            Scope::Connections | Scope::Table => self.conversations.identify(&sighting),
        })??;
        self.note_met(packet.number, &met);
        Some(met)
    }

    /// Tells what is odd about a conversation as a packet meets it.
    fn note_met(&mut self, frame: u64, met: &Met) {
        if met.new && met.incarnation > 1 {
            self.note(frame, Oddity::PortReuse);
        }
        if met.rebased {
            self.note(frame, Oddity::SynAckChanged);
        }
    }

    /// Follows the packet in its connection or at its UDP sockets.
    fn follow(&mut self, packet: &Packet<'_>, arrival: &Arrival<'_>, met: &Met) -> Option<Followed> {
        match arrival.transport(packet)? {
            Transport::Tcp(segment) => {
                let (number, timestamp, octets) = (packet.number, packet.timestamp, packet.original_len);
                let seen = Seen { frame: number, timestamp, octets, from: met.from, segment, whole: arrival.is_whole() };
                self.follow_segment(&seen, met, || tuple(packet, arrival))
            }
            Transport::Udp(datagram) => {
                let tuple = tuple(packet, arrival)?;
                self.udp.push(&Sent {
                    frame: packet.number,
                    timestamp: packet.timestamp,
                    stream: met.id.number,
                    octets: packet.original_len,
                    payload: datagram.payload_len,
                    source: tuple.source,
                    destination: tuple.destination,
                });
                None
            }
            _ => None,
        }
    }

    fn follow_segment(&mut self, seen: &Seen<'_>, met: &Met, tuple: impl FnOnce() -> Option<FiveTuple>) -> Option<Followed> {
        let place = self.connection(seen, met, tuple)?;
        let connection = self.connections.get_mut(place as usize)?;
        let mut events = Events {
            frame: seen.frame,
            notes: &mut self.fresh,
            transitions: &mut self.transitions,
            pieces: Some(&mut self.pieces).filter(|_| self.following_all || self.following == Some(met.id)),
        };
        let waited = connection.waiting_octets();
        let mut analyzed = connection.push(seen, &mut events);
        self.waiting_octets = self.waiting_octets.saturating_add(connection.waiting_octets()).saturating_sub(waited);
        if self.waiting_octets > self.limits.stream_octets {
            self.waiting_octets = self.waiting_octets.saturating_sub(connection.waiting_octets());
            connection.give_up_holes(&mut events);
            self.overflow.stream_holes = self.overflow.stream_holes.saturating_add(1);
        }
        if let Some(analyzed) = &mut analyzed
            && (met.rebased || (met.new && met.incarnation > 1))
        {
            analyzed.verdicts.add(Verdicts::REUSED_PORTS);
        }
        connection.keep_notes(&self.fresh);
        let (side, segment) = (connection.side_of(met.from), seen.segment);
        let shift = if segment.flags.contains(Flags::SYN) { None } else { connection.window_shift(side) };
        let states = (connection.ends.initiator.state, connection.ends.responder.state);
        Some(Followed { relative: relative(segment, met, shift.unwrap_or(0)), analyzed, side, states })
    }

    /// The place of a segment's connection, made if this is its first; `None` if it does not fit into the limits.
    fn connection(&mut self, seen: &Seen<'_>, met: &Met, tuple: impl FnOnce() -> Option<FiveTuple>) -> Option<u32> {
        if let Some(place) = self.place_of(met) {
            return Some(place);
        }
        if self.connections.len() >= self.limits.connections {
            self.overflow.connection_segments = self.overflow.connection_segments.saturating_add(1);
            return None;
        }
        let place = u32::try_from(self.connections.len()).ok()?;
        let detail = match (self.scope, &self.look) {
            (Scope::Table, _) => Detail::Table,
            (_, Some(_)) => Detail::Live,
            (_, None) => Detail::Full,
        };
        self.connections.push(Connection::new((met.id, met.incarnation), tuple()?, seen, detail));
        let at = met.place as usize;
        if self.by_conversation.len() <= at {
            self.by_conversation.resize(at.saturating_add(1), None);
        }
        self.by_conversation.get_mut(at).into_iter().for_each(|known| *known = Some(place));
        Some(place)
    }

    /// The place of a conversation's connection; `None` if it is UDP, or was only quoted.
    #[inline]
    fn place_of(&self, met: &Met) -> Option<u32> {
        self.by_conversation.get(met.place as usize).copied().flatten()
    }

    fn connection_of(&self, met: &Met) -> Option<&Connection> {
        self.place_of(met).and_then(|place| self.connections.get(place as usize))
    }

    /// Ties an ICMP error to the socket or connection it is about.
    fn hear_of(&mut self, packet: &Packet<'_>, about: &About, met: &Met) {
        let Some(source) = about.sender() else { return };
        if !packet.icmp().is_some_and(Message::is_port_unreachable) {
            return;
        }
        match met.id.protocol {
            Protocol::Udp => self.udp.port_unreachable(met.id.number, source, packet.number),
            Protocol::Tcp => {
                if let Some(connection) = self.place_of(met).and_then(|place| self.connections.get_mut(place as usize)) {
                    connection.unreachable.get_or_insert(packet.number);
                }
            }
        }
    }
}

/// TCP segments, the errors that quote them, and fragments of either.
fn may_concern_tcp(packet: &Packet<'_>) -> bool {
    match packet.transport {
        Some(Transport::Tcp(_) | Transport::Icmp(_)) => true,
        Some(_) => false,
        None => packet.ip().is_some_and(|ip| ip.fragment.is_some() && ip.protocol != IpProtocol::UDP),
    }
}

/// The endpoints of a packet with ports.
pub(super) fn tuple(packet: &Packet<'_>, arrival: &Arrival<'_>) -> Option<FiveTuple> {
    five_tuple(arrival.ip(packet)?.ends(), arrival.transport(packet)?)
}

fn five_tuple((source, destination): (IpAddr, IpAddr), transport: &Transport<'_>) -> Option<FiveTuple> {
    let (protocol, from, to) = ports(transport)?;
    Some(FiveTuple { protocol, source: SocketAddr::new(source, from), destination: SocketAddr::new(destination, to) })
}

/// The protocol of a transport header, and its ports.
#[inline]
pub(super) const fn ports(transport: &Transport<'_>) -> Option<(Protocol, u16, u16)> {
    match transport {
        Transport::Tcp(segment) => Some((Protocol::Tcp, segment.source_port, segment.destination_port)),
        Transport::Udp(datagram) => Some((Protocol::Udp, datagram.source_port, datagram.destination_port)),
        _ => None,
    }
}

/// What an ICMP error quotes.
fn about(packet: &Packet<'_>, met: Option<Met>) -> Option<About> {
    let quoted = packet.icmp()?.quoted()?;
    let (source, destination) = quoted.ip.ends();
    Some(About { protocol: quoted.protocol(), source, destination, ports: quoted.ports, flow: met.map(|met| met.id) })
}

fn relative(segment: &Segment<'_>, met: &Met, shift: u8) -> Relative {
    let distance = |number: SeqNumber, base: Option<SeqNumber>| base.map_or(number.0, |base| number.since(base).cast_unsigned());
    let acknowledged = segment.flags.contains(Flags::ACK);
    Relative {
        sequence: distance(segment.sequence, met.bases.0),
        acknowledgment: if acknowledged { distance(segment.acknowledgment, met.bases.1) } else { 0 },
        window: u32::from(segment.window) << shift.min(14),
    }
}
