//! One table against one sample.

use std::net::SocketAddr;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::{Difference, Held, Reason, SETTLED};
use crate::capture::kernel::{KernelSocket, KernelState, Sample, Transport};
use crate::track::{Evidence, Protocol, Socket, SocketState, SocketTable};

type Ends = (SocketAddr, SocketAddr);

/// Sockets that a row stands for.
type Found<'k> = HashSet<&'k KernelSocket, RandomState>;

/// Compares the table as of the moment of a sample with that sample. Sockets of other hosts are passed over.
pub fn hold(table: &SocketTable, sample: &Sample) -> Held {
    let mut comparison = Comparison { sample, held: Held::default() };
    comparison.hold_connections(table);
    comparison.hold_places(table);
    comparison.held
}

struct Comparison<'s> {
    sample: &'s Sample,
    held: Held,
}

impl Comparison<'_> {
    /// Both ends of connections.
    fn hold_connections(&mut self, table: &SocketTable) {
        let rows = self.rows(table);
        let kernel = kernel_ends(self.sample);
        for (ends, row) in &rows {
            self.hold_end(*ends, Some(row), kernel.get(ends).copied());
        }
        let unknown = kernel.iter().filter(|(ends, _)| !rows.contains_key(*ends));
        unknown.for_each(|(ends, socket)| self.hold_end(*ends, None, Some(socket)));
    }

    /// The last row of each end of a connection on this host; an earlier one on the same ends is over.
    fn rows<'t>(&self, table: &'t SocketTable) -> HashMap<Ends, &'t Socket, RandomState> {
        let mut rows: HashMap<Ends, &Socket, RandomState> = HashMap::default();
        for row in table.sockets.iter().filter(|row| row.protocol == Protocol::Tcp) {
            let (Some(address), Some(peer)) = (row.local.address, row.peer) else { continue };
            if !self.sample.is_here(address) {
                continue;
            }
            let ends = (canonical(SocketAddr::new(address, row.local.port)), canonical(peer));
            let older =
                rows.get(&ends).is_some_and(|known| known.state != SocketState::Closed && row.state == SocketState::Closed);
            if !older {
                rows.insert(ends, row);
            }
        }
        rows
    }

    fn hold_end(&mut self, ends: Ends, row: Option<&Socket>, socket: Option<&KernelSocket>) {
        let kernel = socket.map(|socket| state(socket.state));
        let ours = row.map(|row| row.state).filter(|state| *state != SocketState::Closed);
        let unsettled = row.is_some_and(|row| self.is_unsettled(row));
        if ours.is_none() && kernel.is_none() {
            return;
        }
        match kernel.filter(|_| ours == kernel) {
            _ if unsettled => self.held.unsettled += 1,
            Some(state) => self.held.agree(state),
            None => {}
        }
        if ours == kernel {
            return;
        }
        let reason = match (row, ours, kernel) {
            _ if unsettled => Reason::InFlight,
            (None, ..) => Reason::NoPacket,
            (Some(row), Some(_), None) => Reason::of_missing(row),
            (Some(row), None, Some(kernel)) => Reason::of_left_over(row, kernel),
            (Some(row), Some(_), Some(kernel)) if socket.is_some_and(|socket| socket.send_queue > 0) => {
                Reason::of_waiting(row, kernel)
            }
            (Some(row), ..) => Reason::of_other_state(row),
        };
        let (local, peer) = (ends.0, Some(ends.1));
        self.held.differences.push(Difference {
            at: self.sample.before,
            protocol: Protocol::Tcp,
            local,
            peer,
            ours,
            kernel,
            reason,
        });
    }

    /// A packet of its connection came so late, or by a clock that stepped back even later, that nothing counts.
    fn is_unsettled(&self, row: &Socket) -> bool {
        row.end.is_some_and(|end| self.sample.before.since(end) < SETTLED.try_into().unwrap_or_default())
    }

    /// Listeners and UDP sockets: what is bound, whoever its peers are.
    fn hold_places(&mut self, table: &SocketTable) {
        let mut bound: HashMap<(Protocol, u16), Vec<&KernelSocket>, RandomState> = HashMap::default();
        let mut found: Found<'_> = HashSet::default();
        for socket in self.sample.sockets.iter().filter(|socket| is_place(socket)) {
            bound.entry((protocol(socket.transport), socket.local.port())).or_default().push(socket);
        }
        for row in table.sockets.iter().filter(|row| row.peer.is_none()) {
            let there = bound.get(&(row.protocol, row.local.port)).map_or(&[][..], Vec::as_slice);
            self.hold_place(row, there, &mut found);
        }
        let unseen = bound.values().flatten().filter(|socket| !found.contains(*socket)).count();
        self.held.unseen_places = unseen as u64;
    }

    /// A row against the sockets that the kernel has on its port.
    fn hold_place<'k>(&mut self, row: &Socket, there: &[&'k KernelSocket], found: &mut Found<'k>) {
        let here: Vec<SocketAddr> = row
            .local
            .seen_at
            .iter()
            .filter(|ip| self.sample.is_here(**ip))
            .map(|ip| SocketAddr::new(*ip, row.local.port))
            .collect();
        let Some(local) = here.first() else { return };
        let bound = |socket: &&&KernelSocket| here.iter().any(|address| socket.is_bound_at(*address));
        let sockets: Vec<&KernelSocket> = there.iter().filter(bound).copied().collect();
        found.extend(&sockets);
        let ours = Some(row.state).filter(|state| *state != SocketState::Closed);
        let kernel =
            sockets.first().map(|_| if row.protocol == Protocol::Tcp { SocketState::Listen } else { SocketState::Unconn });
        if ours == kernel {
            self.held.agreeing_places += u64::from(ours.is_some());
            return;
        }
        let reason = match (ours, row.evidence) {
            _ if self.is_unsettled(row) => Reason::InFlight,
            (None, _) => Reason::SilentOpen,
            (Some(_), Evidence::Assumed) => Reason::Assumed,
            (Some(_), _) => Reason::SilentClose,
        };
        let (at, protocol, local) = (self.sample.before, row.protocol, canonical(*local));
        self.held.differences.push(Difference { at, protocol, local, peer: None, ours, kernel, reason });
    }
}

impl Held {
    fn agree(&mut self, state: SocketState) {
        self.agreeing += 1;
        *self.states.entry(state.word()).or_default() += 1;
    }
}

/// The kernel's ends of connections.
fn kernel_ends(sample: &Sample) -> HashMap<Ends, &KernelSocket, RandomState> {
    let tcp = sample.sockets.iter().filter(|socket| socket.transport == Transport::Tcp);
    let open = tcp.filter(|socket| socket.state != KernelState::Closed);
    open.filter_map(|socket| Some(((socket.local(), socket.peer()?), socket))).collect()
}

/// It waits for whoever comes: a listener, or a UDP socket, connected or not.
fn is_place(socket: &KernelSocket) -> bool {
    socket.local.port() != 0 && (socket.transport == Transport::Udp || socket.state == KernelState::Listen)
}

fn protocol(transport: Transport) -> Protocol {
    match transport {
        Transport::Tcp => Protocol::Tcp,
        Transport::Udp => Protocol::Udp,
    }
}

/// A state of TCP as tables call it.
fn state(state: KernelState) -> SocketState {
    match state {
        KernelState::Established => SocketState::Estab,
        KernelState::SynSent => SocketState::SynSent,
        KernelState::SynReceived => SocketState::SynRecv,
        KernelState::FinWait1 => SocketState::FinWait1,
        KernelState::FinWait2 => SocketState::FinWait2,
        KernelState::TimeWait => SocketState::TimeWait,
        KernelState::Closed => SocketState::Closed,
        KernelState::CloseWait => SocketState::CloseWait,
        KernelState::LastAck => SocketState::LastAck,
        KernelState::Listen => SocketState::Listen,
        KernelState::Closing => SocketState::Closing,
    }
}

pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
