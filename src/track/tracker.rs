//! The one place where a packet meets everything that is remembered: the `books`, into which it is entered (`entering`).

use super::aging::Look;
use super::books::{Books, Scope};
use super::entering::tuple;
use super::fragment::{Arrival, Reassembler};
use super::{Aging, Connection, FlowId, Forgotten, Limits, Oddity, SocketTable, Trace, UdpSocket, Update};
use crate::capture::{Frame, Timestamp};
use crate::decode::plain::plain;
use crate::decode::{self, Packet, name};

/// Follows a capture packet by packet.
#[derive(Debug)]
pub struct Tracker {
    reassembler: Reassembler,
    books: Books,
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
            flow: taken.met.filter(|_| tuple.is_some()).and_then(|met| books.flow_of(&met)),
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
