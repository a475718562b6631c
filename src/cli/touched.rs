//! The rows that at least one selected frame belongs to.

use std::collections::HashSet;

use sockscope::track::{Connection, FlowId, Protocol, Socket, Trace, Update};

/// The conversations of the frames that were selected.
#[derive(Debug, Default)]
pub(crate) struct Touched(HashSet<FlowId>);

/// Conversations below which it is not worth it to forget any.
#[cfg(feature = "live")]
const FEW: usize = 10_000;

impl Touched {
    /// Takes a selected frame.
    pub(crate) fn see(&mut self, update: &Update<'_>) {
        self.0.extend(flow(update));
    }

    /// Takes a conversation that a selected frame belongs to.
    #[cfg(feature = "tui")]
    pub(crate) fn add(&mut self, flow: FlowId) {
        self.0.insert(flow);
    }

    /// A selected frame belongs to the conversation.
    #[cfg(feature = "tui")]
    pub(crate) fn has(&self, flow: FlowId) -> bool {
        self.0.contains(&flow)
    }

    /// Forgets conversations that nobody remembers, when they are so many that the set would have to grow.
    #[cfg(feature = "live")]
    pub(crate) fn forget(&mut self, remembered: impl FnOnce() -> HashSet<FlowId>) {
        if self.0.len() >= FEW && self.0.capacity() - self.0.len() < self.0.len() / 8 {
            let remembered = remembered();
            self.0.retain(|flow| remembered.contains(flow));
        }
    }

    /// Leaves out of the trace what no selected frame belongs to; what it says of the whole capture stays.
    pub(crate) fn prune(&self, trace: &mut Trace) {
        let udp = |stream: u32| self.0.contains(&FlowId { protocol: Protocol::Udp, number: stream });
        trace.connections.retain(|connection| self.0.contains(&connection.id));
        trace.conversations.retain(|conversation| self.0.contains(&conversation.id));
        trace.udp_sockets.retain(|socket| socket.peers.iter().any(|peer| udp(peer.stream)));
        let connections = &trace.connections;
        let shown = |socket: &Socket| match socket.protocol {
            Protocol::Udp => socket.peers.iter().any(|peer| udp(peer.stream)),
            Protocol::Tcp => connections.iter().any(|connection| is_end_of(socket, connection)),
        };
        let kept: HashSet<_> = trace.sockets.sockets.iter().filter(|socket| shown(socket)).map(|socket| socket.id).collect();
        trace
            .sockets
            .sockets
            .retain(|socket| kept.contains(&socket.id) || socket.children.iter().any(|child| kept.contains(child)));
    }
}

/// The stream a packet belongs to, or that its ICMP error is about.
pub(crate) fn flow(update: &Update<'_>) -> Option<FlowId> {
    update.flow.or_else(|| update.about.as_ref()?.flow)
}

/// The socket is one end of the connection, and not of another one on the same addresses and ports.
fn is_end_of(socket: &Socket, connection: &Connection) -> bool {
    let ends = [(connection.initiator, connection.responder), (connection.responder, connection.initiator)];
    let lives = (connection.first_frame..=connection.last_frame).contains(&socket.first_frame);
    lives
        && ends.into_iter().any(|(own, peer)| {
            socket.local.port == own.port() && socket.local.address == Some(own.ip()) && socket.peer == Some(peer)
        })
}
