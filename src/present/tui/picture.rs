//! What there is to be seen at one moment.

use std::net::{IpAddr, SocketAddr};

use jiff::SignedDuration;

use super::close_up::CloseUp;
use super::recent::Recent;
use crate::capture::Timestamp;
use crate::track::{Count, Evidence, FlowId, Protocol, Rule, SocketState};

/// All that is known at one moment of a live capture, as far as it is shown.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// The interface, as it names itself.
    pub interface: String,
    /// When it was made.
    pub now: Option<Timestamp>,
    /// How long the capture lasts.
    pub elapsed: SignedDuration,
    /// Frames captured.
    pub frames: u64,
    /// Frames that the kernel had no room for.
    pub lost: u64,
    /// Sockets on which packets and the kernel differed, as far as that was asked.
    pub differences: u64,
    /// All that the filter selects, if there is one.
    pub recent: Recent,
    /// The filter, and the frames it selected so far.
    pub filter: Option<(String, u64)>,
    /// The file that all frames are written to.
    pub file: Option<String>,
    /// TCP connections remembered.
    pub connections: u64,
    /// UDP exchanges remembered.
    pub exchanges: u64,
    /// Connections and exchanges that are not among the families: too many to show.
    pub left_out: u64,
    /// The sockets.
    pub families: Vec<Family>,
    /// Recent frames that are held in memory.
    pub held: Held,
    /// The connection or exchange that is looked at closely.
    pub close_up: Option<CloseUp>,
}

/// Recent frames that are held in memory.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Held {
    /// How many.
    pub frames: u64,
    /// The number of the first one.
    pub first: Option<u64>,
}

/// Sockets that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// What holds them together.
    pub kind: FamilyKind,
    /// The same in a sentence.
    pub title: String,
    /// The rows, each member behind its head.
    pub rows: Vec<Row>,
}

/// What holds a family together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FamilyKind {
    /// A port that serves.
    Port(Protocol),
    /// Sockets that spoke first.
    Clients,
    /// Ends of connections that began before the capture.
    Unknown,
}

/// One socket, or one peer of a UDP socket.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What tells it apart.
    pub id: RowId,
    /// It stands under a head.
    pub is_member: bool,
    /// Its own end: `127.0.0.1:5001`, or `?:5001` where the bound address is unknown; empty for a peer of a UDP socket.
    pub local: String,
    /// The other end.
    pub peer: Option<SocketAddr>,
    /// The process that holds it, where that was asked and is known.
    pub owner: Option<String>,
    /// Its state; `None` for a peer of a UDP socket.
    pub state: Option<Stated>,
    /// The state of the other end of its connection.
    pub far: Option<Stated>,
    /// What it was inferred by.
    pub rule: Rule,
    /// What moved lately, both ways.
    pub recent: Recent,
    /// The mean time from a segment it sent to the acknowledgment.
    pub round_trip: Option<SignedDuration>,
    /// Segments it repeated; `None` where nothing can be repeated.
    pub repeated: Option<u64>,
    /// Sent to it.
    pub received: Count,
    /// Sent by it.
    pub sent: Count,
    /// Its first frame.
    pub first_frame: u64,
}

/// A state, and how sure it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stated {
    /// In the words of `ss`.
    pub state: SocketState,
    /// How sure.
    pub evidence: Evidence,
}

/// What tells a row apart from all others, from picture to picture.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RowId {
    /// It is UDP.
    pub is_udp: bool,
    /// The first address it was seen at.
    pub address: Option<IpAddr>,
    /// Its own port.
    pub port: u16,
    /// Its stream; `None` for a listener, and for a UDP socket with all its peers.
    pub stream: Option<u32>,
}

impl RowId {
    /// TCP or UDP.
    pub const fn protocol(&self) -> Protocol {
        if self.is_udp { Protocol::Udp } else { Protocol::Tcp }
    }

    /// The connection or exchange it is an end of.
    pub fn flow(&self) -> Option<FlowId> {
        self.stream.map(|number| FlowId { protocol: self.protocol(), number })
    }
}

impl Row {
    /// The socket is gone.
    pub fn is_closed(&self) -> bool {
        self.state.is_some_and(|stated| stated.state == SocketState::Closed)
    }
}
