//! The kernel's own table of TCP sockets, as it is compared: by ends.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use sockscope::capture::kernel::{KernelSocket, KernelState, Sample, Transport};
use sockscope::track::State;

/// A socket's own address and its peer's.
pub type End = (SocketAddr, SocketAddr);

/// All TCP sockets at one moment, IPv4 in IPv6 written as IPv4.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Table {
    /// Those with a peer; those in TIME-WAIT and those not accepted yet are among them.
    pub connected: BTreeMap<End, State>,
    /// Where listening sockets are bound.
    pub listening: BTreeSet<SocketAddr>,
}

impl Table {
    /// The TCP sockets of a sample.
    pub fn of(sample: &Sample) -> Self {
        let mut table = Self::default();
        sample.sockets.iter().filter(|socket| socket.transport == Transport::Tcp).for_each(|socket| table.add(socket));
        table
    }

    fn add(&mut self, socket: &KernelSocket) {
        match (socket.state, socket.peer()) {
            (KernelState::Listen, _) => drop(self.listening.insert(socket.local())),
            (KernelState::Closed, _) | (_, None) => {}
            (state, Some(peer)) => drop(self.connected.insert((socket.local(), peer), state_of(state))),
        }
    }
}

fn state_of(state: KernelState) -> State {
    match state {
        KernelState::Established => State::Established,
        KernelState::SynSent => State::SynSent,
        KernelState::SynReceived => State::SynReceived,
        KernelState::FinWait1 => State::FinWait1,
        KernelState::FinWait2 => State::FinWait2,
        KernelState::TimeWait => State::TimeWait,
        KernelState::Closed => State::Closed,
        KernelState::CloseWait => State::CloseWait,
        KernelState::LastAck => State::LastAck,
        KernelState::Listen => State::Listen,
        KernelState::Closing => State::Closing,
    }
}
