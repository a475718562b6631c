//! Binds that are supposed, and how they fail.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::track::{Declared, Name, Protocol, Setup, Standing, obstacle};

/// One call of `bind` (and `listen`, for TCP), and how it went.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bind {
    /// The socket.
    pub socket: Name,
    /// Where it is to be bound.
    pub local: SocketAddr,
    /// The last frame before; `None` if it is called before all frames, or, at a restart, behind them.
    pub after: Option<u64>,
    /// The socket in whose place it comes.
    pub restarted: Option<Name>,
    /// The error, and what stands against it.
    pub failure: Option<(Errno, String)>,
}

/// How `bind` fails.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Errno {
    /// Another socket is there.
    AddrInUse,
    /// This host has no such address.
    AddrNotAvail,
}

/// `EADDRINUSE`.
impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::AddrInUse => "EADDRINUSE",
            Self::AddrNotAvail => "EADDRNOTAVAIL",
        })
    }
}

/// Binds the sockets of each port that a change touches in their order, takes away those that fail now and did not before,
/// and tells how it went for them and for those that are touched.
pub(super) fn replay(before: &Setup, after: &mut Setup, touched: &[Name]) -> Vec<Bind> {
    let hosts: Vec<IpAddr> = before.sockets.iter().map(|socket| socket.local.ip().to_canonical()).collect();
    let is_touched = |socket: &Declared| touched.contains(&socket.name);
    let ports: Vec<(Protocol, u16)> = after.sockets.iter().filter(|socket| is_touched(socket)).map(port).collect();
    let failed_before: Vec<Name> = failures(&before.sockets, &ports).into_iter().map(|(name, _)| name).collect();
    let mut failures = failures(&after.sockets, &ports);
    for socket in after.sockets.iter().filter(|socket| is_touched(socket)) {
        let ip = socket.local.ip().to_canonical();
        if !(ip.is_unspecified() || ip.is_loopback() || hosts.contains(&ip)) {
            let because = format!("{ip} is no address of this host, as far as its other sockets tell");
            failures.retain(|(name, _)| *name != socket.name);
            failures.push((socket.name.clone(), (Errno::AddrNotAvail, because)));
        }
    }
    failures.retain(|(name, _)| touched.contains(name) || !failed_before.contains(name));
    let failure = |socket: &Declared| failures.iter().find(|(name, _)| *name == socket.name).map(|(_, failure)| failure.clone());
    let told = after.sockets.iter().filter(|socket| is_touched(socket) || failure(socket).is_some());
    let binds = told
        .map(|socket| Bind {
            socket: socket.name.clone(),
            local: socket.local,
            after: None,
            restarted: None,
            failure: failure(socket),
        })
        .collect();
    after.sockets.retain(|socket| !failures.iter().any(|(name, _)| *name == socket.name));
    binds
}

const fn port(socket: &Declared) -> (Protocol, u16) {
    (socket.protocol, socket.local.port())
}

/// Names of the sockets on these ports that cannot be bound behind those before them.
fn failures(sockets: &[Declared], ports: &[(Protocol, u16)]) -> Vec<(Name, (Errno, String))> {
    let (mut bound, mut failures) = (Vec::new(), Vec::new());
    for socket in sockets.iter().filter(|socket| ports.contains(&port(socket))) {
        // What was accepted is never bound.
        let accepted = socket.protocol == Protocol::Tcp && socket.standing != Standing::Open;
        match failure(socket, &bound).filter(|_| !accepted) {
            Some(failure) => failures.push((socket.name.clone(), failure)),
            None => bound.push(socket.clone()),
        }
    }
    failures
}

/// Why a socket cannot be bound beside others.
pub(super) fn failure(new: &Declared, others: &[Declared]) -> Option<(Errno, String)> {
    let against = obstacle(new, others)?;
    let (does, options) = match (against.protocol, against.standing) {
        (Protocol::Udp, _) => ("is bound to", "SO_REUSEADDR or SO_REUSEPORT"),
        (Protocol::Tcp, Standing::Open) => ("listens at", "SO_REUSEPORT"),
        (Protocol::Tcp, Standing::Connected) => ("is connected at", "SO_REUSEADDR"),
        (Protocol::Tcp, Standing::TimeWait) => ("is in TIME-WAIT at", "SO_REUSEADDR"),
    };
    let name = &against.name;
    Some((Errno::AddrInUse, format!("{name} {does} {}, and {options} is not set on both", against.local)))
}
