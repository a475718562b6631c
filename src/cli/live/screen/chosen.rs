//! Which connections and exchanges are shown where there are too many: those that are open, and of these the ones that
//! moved last.

use sockscope::track::{Connection, FlowId, Outcome, Past, Peer, Protocol, Tracker, UdpSocket};

/// Connections that are shown, and UDP exchanges.
const MOST: usize = 1000;

/// What is shown.
pub(super) struct Chosen<'t> {
    pub(super) connections: Vec<&'t Connection>,
    /// Each with the peers that are shown; the others are among its past ones.
    pub(super) udp: Vec<UdpSocket>,
    /// Exchanges that are not, and connections but for those that are over.
    pub(super) left_out: u64,
}

impl<'t> Chosen<'t> {
    /// Of what the tracker remembers and `selects` takes.
    pub(super) fn new(tracker: &'t Tracker, selects: impl Fn(FlowId) -> bool) -> Self {
        let selected = || tracker.connections().iter().filter(|connection| selects(connection.id));
        let least = least(selected().map(rank));
        let connections: Vec<&Connection> = selected().filter(|connection| rank(connection) >= least).collect();
        let more = selected().map(rank).filter(|rank| *rank < least && rank.0).count();
        let (udp, more_udp) = exchanges(tracker, selects);
        Self { connections, udp, left_out: (more + more_udp) as u64 }
    }
}

/// Open ones first, then those that moved last.
fn rank(connection: &Connection) -> (bool, u64) {
    let is_over = matches!(connection.outcome(), Outcome::Closed | Outcome::Reset | Outcome::Refused);
    (!is_over, connection.last_frame)
}

/// The UDP sockets with the exchanges that are shown, and how many are not.
fn exchanges(tracker: &Tracker, selects: impl Fn(FlowId) -> bool) -> (Vec<UdpSocket>, usize) {
    let selects = |peer: &Peer| selects(FlowId { protocol: Protocol::Udp, number: peer.stream });
    let peers = || tracker.udp_sockets().iter().flat_map(|socket| &socket.peers).filter(|peer| selects(peer));
    let least = least(peers().map(|peer| peer.last_frame));
    // An exchange stands at both of its ends, with the same last frame.
    let shows = |peer: &Peer| selects(peer) && peer.last_frame >= least;
    let mut more: Vec<u32> = peers().filter(|peer| !shows(peer)).map(|peer| peer.stream).collect();
    more.sort_unstable();
    more.dedup();
    let kept = tracker.udp_sockets().iter().filter(|socket| socket.peers.iter().any(shows));
    (kept.map(|socket| with_peers(socket, shows)).collect(), more.len())
}

/// The rank that the last of those shown has.
fn least<R: Ord + Copy + Default>(ranks: impl Iterator<Item = R>) -> R {
    let mut ranks: Vec<R> = ranks.collect();
    match ranks.len().checked_sub(MOST) {
        None | Some(0) => R::default(),
        Some(place) => *ranks.select_nth_unstable(place).1,
    }
}

/// The socket with some of its peers; what the others sent and got is not lost.
fn with_peers(socket: &UdpSocket, shows: impl Fn(&Peer) -> bool) -> UdpSocket {
    let mut past = socket.past;
    let mut peers = Vec::new();
    for peer in &socket.peers {
        if shows(peer) {
            peers.push(*peer);
        } else {
            past = Past {
                peers: past.peers + 1,
                sent: [past.sent, peer.sent].into_iter().sum(),
                received: [past.received, peer.received].into_iter().sum(),
            };
        }
    }
    UdpSocket { peers, past, absences: Vec::new(), ..*socket }
}
