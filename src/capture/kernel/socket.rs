//! One row of the kernel's table, and the table as of one moment.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::capture::Timestamp;

/// The protocol of a socket.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Transport {
    /// `tcp` or `udp`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    /// Its number in IP headers.
    pub const fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
        }
    }

    /// The protocol with this number in IP headers.
    pub(super) const fn from_number(number: u8) -> Option<Self> {
        match number {
            6 => Some(Self::Tcp),
            17 => Some(Self::Udp),
            _ => None,
        }
    }
}

/// A socket's state, as Linux numbers it (`include/net/tcp_states.h`). UDP sockets know two: connected to a peer, and not.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum KernelState {
    /// Open; of UDP: connected to a peer.
    Established = 1,
    /// Sent a SYN.
    SynSent,
    /// Answered a SYN.
    SynReceived,
    /// Sent a FIN.
    FinWait1,
    /// Its FIN was acknowledged.
    FinWait2,
    /// Closed first, waits for late segments.
    TimeWait,
    /// Nothing yet, or nothing any more; of UDP: not connected.
    Closed,
    /// The peer sent a FIN.
    CloseWait,
    /// Sent the second FIN.
    LastAck,
    /// Waits for connections.
    Listen,
    /// Both sent a FIN at once.
    Closing,
}

impl KernelState {
    /// The number in `tcp_states.h`.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The state with this number. 12 is a request that waits for the third segment of its handshake, and 13 a socket
    /// that is bound and does nothing yet.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Established,
            2 => Self::SynSent,
            3 | 12 => Self::SynReceived,
            4 => Self::FinWait1,
            5 => Self::FinWait2,
            6 => Self::TimeWait,
            7 | 13 => Self::Closed,
            8 => Self::CloseWait,
            9 => Self::LastAck,
            10 => Self::Listen,
            11 => Self::Closing,
            _ => return None,
        })
    }

    /// The word that `ss` prints, of a socket of this protocol.
    pub const fn word(self, transport: Transport) -> &'static str {
        match self {
            Self::Established => "ESTAB",
            Self::SynSent => "SYN-SENT",
            Self::SynReceived => "SYN-RECV",
            Self::FinWait1 => "FIN-WAIT-1",
            Self::FinWait2 => "FIN-WAIT-2",
            Self::TimeWait => "TIME-WAIT",
            Self::Closed if matches!(transport, Transport::Udp) => "UNCONN",
            Self::Closed => "CLOSED",
            Self::CloseWait => "CLOSE-WAIT",
            Self::LastAck => "LAST-ACK",
            Self::Listen => "LISTEN",
            Self::Closing => "CLOSING",
        }
    }
}

/// One socket, as the kernel describes it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KernelSocket {
    /// TCP or UDP.
    pub transport: Transport,
    /// What it is bound to; an IPv6 socket that speaks IPv4 has a mapped address here.
    pub local: SocketAddr,
    /// Its peer; all zero where there is none.
    pub remote: SocketAddr,
    /// Its state.
    pub state: KernelState,
    /// Octets that wait to be read; of a listener: connections that wait to be accepted.
    pub receive_queue: u32,
    /// Octets that wait to be acknowledged; of a listener: how many connections may wait.
    pub send_queue: u32,
    /// Whose it is.
    pub uid: u32,
    /// Its inode, by which its process is found; 0 where no process holds it: in TIME-WAIT, or not accepted yet.
    pub inode: u64,
}

impl KernelSocket {
    /// Its own end, IPv4 written as IPv4.
    pub fn local(&self) -> SocketAddr {
        canonical(self.local)
    }

    /// Its peer, IPv4 written as IPv4; `None` where there is none.
    pub fn peer(&self) -> Option<SocketAddr> {
        Some(canonical(self.remote)).filter(|peer| peer.port() != 0)
    }

    /// It takes what is sent to this address: it is bound to it, or to all addresses of the family; `[::]` counts for both.
    pub fn is_bound_at(&self, address: SocketAddr) -> bool {
        let (own, address) = (self.local(), canonical(address));
        let all = own.ip().is_unspecified() && (own.is_ipv6() || address.is_ipv4());
        own.port() == address.port() && (all || own.ip() == address.ip())
    }
}

/// `tcp ESTAB 127.0.0.1:5000 127.0.0.1:40000`.
impl fmt::Display for KernelSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.transport.word(), self.state.word(self.transport), self.local, self.remote)
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// All sockets of a network namespace, read between two moments: the kernel does not stop for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sample {
    /// Just before the kernel was asked.
    pub before: Timestamp,
    /// Just after its last answer.
    pub after: Timestamp,
    /// The addresses of this host: what has another address is no socket of this kernel. Loopback always is.
    pub addresses: Vec<IpAddr>,
    /// The sockets.
    pub sockets: Vec<KernelSocket>,
}

impl Sample {
    /// Sockets that a sample may hold: more are not read back.
    pub const MAX_SOCKETS: usize = 262_144;
    /// Addresses that a sample may hold.
    pub const MAX_ADDRESSES: usize = 4_096;

    /// The address is one of this host.
    pub fn is_here(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_loopback() || self.addresses.contains(&address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_the_numbers_of_linux() {
        let states: Vec<KernelState> = (0..=20).filter_map(KernelState::from_code).collect();
        assert_eq!(states.len(), 13);
        for (code, state) in (1..=11).zip(states) {
            assert_eq!(state.code(), code);
        }
        assert_eq!(KernelState::from_code(12), Some(KernelState::SynReceived));
    }

    #[test]
    fn a_wildcard_takes_its_family_and_that_of_ipv6_both() {
        let bound = |local: &str, address: &str| {
            let local = local.parse().unwrap();
            let socket = KernelSocket {
                transport: Transport::Udp,
                local,
                remote: local,
                state: KernelState::Closed,
                receive_queue: 0,
                send_queue: 0,
                uid: 0,
                inode: 0,
            };
            socket.is_bound_at(address.parse().unwrap())
        };
        assert!(bound("0.0.0.0:5", "127.0.0.1:5") && bound("[::]:5", "127.0.0.1:5") && bound("[::]:5", "[::1]:5"));
        assert!(bound("[::ffff:127.0.0.1]:5", "127.0.0.1:5"));
        assert!(!bound("0.0.0.0:5", "[::1]:5") && !bound("127.0.0.1:5", "127.0.0.2:5") && !bound("[::]:5", "[::1]:6"));
    }
}
