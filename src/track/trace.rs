//! All that a tracker found, ready to be judged and shown.

use super::{Connection, Conversation, Forgotten, Note, Overflow, Piece, SocketTable, Survey, UdpSocket};

/// What a capture holds, from packets to sockets. Lists are in the order of first frames.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Counts over all frames.
    pub survey: Survey,
    /// TCP and UDP conversations, as Wireshark numbers them.
    pub conversations: Vec<Conversation>,
    /// TCP connections, with handshake, close, and the states of both ends.
    pub connections: Vec<Connection>,
    /// UDP sockets with their peers.
    pub udp_sockets: Vec<UdpSocket>,
    /// The sockets behind the packets, at the end of the capture.
    pub sockets: SocketTable,
    /// Oddities, each with its frame.
    pub notes: Vec<Note>,
    /// Octets of the followed connection that were waiting for others when the capture ended.
    pub pieces: Vec<Piece>,
    /// What did not fit into the limits.
    pub overflow: Overflow,
    /// What was forgotten because it was of no more use: nothing, unless the tracker was told to
    /// [forget](super::Tracker::forgetting).
    pub forgotten: Forgotten,
}
