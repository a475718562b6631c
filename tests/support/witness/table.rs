//! The kernel's own table of TCP sockets: `/proc/net/tcp` and `/proc/net/tcp6`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

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
    /// Reads the table of this network namespace.
    pub fn read() -> Self {
        let mut table = Self::default();
        for path in ["/proc/net/tcp", "/proc/net/tcp6"] {
            fs::read_to_string(path).unwrap().lines().skip(1).for_each(|line| table.add(line));
        }
        table
    }

    fn add(&mut self, line: &str) {
        let mut words = line.split_whitespace().skip(1);
        let (local, peer, code) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        match state(code) {
            State::Listen => drop(self.listening.insert(address(local))),
            State::Closed => {}
            state => drop(self.connected.insert((address(local), address(peer)), state)),
        }
    }
}

/// The states in the order in which Linux numbers them (`include/net/tcp_states.h`).
fn state(code: &str) -> State {
    use State::*;
    let states = [Established, SynSent, SynReceived, FinWait1, FinWait2, TimeWait, Closed, CloseWait, LastAck, Listen, Closing];
    states[usize::from_str_radix(code, 16).unwrap() - 1]
}

/// An address in groups of eight hexadecimal digits, each in the machine's order of octets; then the port.
fn address(text: &str) -> SocketAddr {
    let (address, port) = text.split_once(':').unwrap();
    let octets: Vec<u8> = (0..address.len() / 8)
        .flat_map(|group| u32::from_str_radix(&address[group * 8..group * 8 + 8], 16).unwrap().to_ne_bytes())
        .collect();
    let ip = match <[u8; 4]>::try_from(octets.as_slice()) {
        Ok(octets) => IpAddr::V4(Ipv4Addr::from(octets)),
        Err(_) => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(octets.as_slice()).unwrap())),
    };
    SocketAddr::new(ip.to_canonical(), u16::from_str_radix(port, 16).unwrap())
}
