//! How much a tracker may remember, and what it says when that was not enough.

/// Bounds on a tracker's memory. A capture that needs more is still read to its end; what was left out is reported as
/// [`Overflow`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Conversations remembered, about 200 octets each; default 16,000,000.
    pub conversations: usize,
    /// Connections remembered with their handshake and states, about 1,200 octets each; default 2,000,000.
    pub connections: usize,
    /// UDP sockets and, apart from them, their peers remembered, about 150 octets each; default 2,000,000.
    pub udp_peers: usize,
    /// Octets of fragments waiting for the rest of their datagram; default 32 MiB.
    pub fragment_octets: usize,
    /// Datagrams waiting for more fragments; default 4,096.
    pub fragment_datagrams: usize,
    /// Octets of all connections together that wait for those before them; default 64 MiB.
    pub stream_octets: usize,
    /// Notes kept; default 100,000.
    pub notes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            conversations: 16_000_000,
            connections: 2_000_000,
            udp_peers: 2_000_000,
            fragment_octets: 32 << 20,
            fragment_datagrams: 4096,
            stream_octets: 64 << 20,
            notes: 100_000,
        }
    }
}

impl Limits {
    /// For a capture that never ends, beside [`Tracker::forgetting`](super::Tracker::forgetting): 400,000 conversations,
    /// 200,000 connections and UDP peers, 10,000 notes; about 500 MB if all of that is in use.
    pub fn live() -> Self {
        Self { conversations: 400_000, connections: 200_000, udp_peers: 200_000, notes: 10_000, ..Self::default() }
    }
}

/// What did not fit into the [`Limits`]; all zero in ordinary captures.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Overflow {
    /// Packets of conversations beyond the limit: they have no stream number and count nowhere.
    pub conversation_packets: u64,
    /// Segments of connections beyond the limit: they count as conversations only.
    pub connection_segments: u64,
    /// Datagrams of UDP peers beyond the limit: they count as conversations only.
    pub udp_datagrams: u64,
    /// Fragments given up because too many were waiting.
    pub fragments: u64,
    /// Connections whose holes were given up because too many octets waited behind holes.
    pub stream_holes: u64,
    /// Notes beyond the limit.
    pub notes: u64,
}

impl Overflow {
    /// Something was left out.
    pub fn any(&self) -> bool {
        *self != Self::default()
    }
}
