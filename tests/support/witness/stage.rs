//! What the scenarios play with: real sockets, a pace, and the list of what a capture cannot know.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use socket2::{Domain, SockFilter, SockRef, Socket, Type};
use sockscope::track::{Evidence, State};

use super::now;
use super::table::End;

/// Between two steps of a scenario, so that samples land between them.
pub const PACE: Duration = Duration::from_millis(16);

/// How long the kernel keeps what nobody holds any more in FIN-WAIT-2 here; it would be a minute.
pub const FIN_TIMEOUT: Duration = Duration::from_secs(2);

/// What `connect` says when it does not wait.
const EINPROGRESS: i32 = 115;

/// Lets nothing in.
const NOTHING: [SockFilter; 1] = [SockFilter::new(0x06, 0, 0, 0)];
/// Lets segments with SYN in: octet 13 of the TCP header, bit 1.
const SYN_ONLY: [SockFilter; 4] = [
    SockFilter::new(0x30, 0, 0, 13),
    SockFilter::new(0x45, 0, 1, 2),
    SockFilter::new(0x06, 0, 0, u32::MAX),
    SockFilter::new(0x06, 0, 0, 0),
];

/// Which addresses a scenario uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Family {
    V4,
    V6,
    /// IPv4 to a listener on all addresses of both families.
    Dual,
}

impl Family {
    /// Those that this machine has; said aloud if IPv6 is missing.
    pub fn all() -> Vec<Self> {
        if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
            return vec![Self::V4, Self::V6, Self::Dual];
        }
        eprintln!("SKIPPED: scenarios over IPv6, which this machine does not have");
        vec![Self::V4]
    }

    fn bound(self) -> IpAddr {
        match self {
            Self::V4 => Ipv4Addr::LOCALHOST.into(),
            Self::V6 => Ipv6Addr::LOCALHOST.into(),
            Self::Dual => Ipv6Addr::UNSPECIFIED.into(),
        }
    }

    /// Where clients call.
    pub fn called(self) -> IpAddr {
        match self {
            Self::V4 | Self::Dual => Ipv4Addr::LOCALHOST.into(),
            Self::V6 => Ipv6Addr::LOCALHOST.into(),
        }
    }
}

/// Where the kernel knows what a capture cannot show.
#[derive(Clone, Debug)]
pub enum Limit {
    /// A segment that was captured did not reach this end: a filter on the socket dropped it. What *reached* an end is
    /// assumed, so only an assumed claim is excused, and only until the end sends a segment or one reaches it.
    Deaf { end: End, from: Duration, until: Duration },
    /// The kernel's state changed without a segment.
    Silent { end: End, kernel: State, ours: State, why: &'static str },
    /// A timer ended the FIN-WAIT-2 of a socket that no program holds ([`FIN_TIMEOUT`] after its last segment).
    TimedOut,
    /// Nobody listens at this port, though a row that is known so well says that somebody does.
    Nobody { port: u16, ours: Evidence, why: &'static str },
}

impl Limit {
    /// Why a capture cannot know.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Deaf { .. } => "a captured segment did not reach it; the claim says `assumed`",
            Self::Silent { why, .. } | Self::Nobody { why, .. } => why,
            Self::TimedOut => "a timer ends FIN-WAIT-2 if no program holds the socket",
        }
    }
}

/// Both ends of a connection.
pub struct Pair {
    pub client: TcpStream,
    pub server: TcpStream,
}

impl Pair {
    /// The ends with client and server changed over.
    pub fn reversed(self) -> Self {
        Self { client: self.server, server: self.client }
    }
}

/// Where scenarios are played, several at a time.
pub struct Stage {
    capture: PathBuf,
    limits: Mutex<Vec<Limit>>,
    kept: Mutex<Vec<Socket>>,
}

impl Stage {
    /// A stage whose traffic is captured into this file.
    pub fn new(capture: &Path) -> Self {
        Self { capture: capture.into(), limits: Mutex::new(vec![Limit::TimedOut]), kept: Mutex::default() }
    }

    /// The file that the traffic is captured into.
    pub fn capture(&self) -> &Path {
        &self.capture
    }

    /// What the scenarios say that a capture cannot know; the sockets that were kept are closed.
    pub fn into_limits(self) -> Vec<Limit> {
        self.limits.into_inner().unwrap()
    }

    /// Time for a few samples.
    pub fn pause(&self) {
        self.rest(1);
    }

    /// Time for more of them.
    pub fn rest(&self, paces: u32) {
        thread::sleep(PACE * paces);
    }

    /// A listening socket at a free port, which stays open to the end.
    pub fn listener(&self, family: Family) -> TcpListener {
        let listener = listen(SocketAddr::new(family.bound(), 0), 128);
        self.keep(listener.try_clone().unwrap());
        listener
    }

    /// An open connection.
    pub fn open(&self, family: Family) -> Pair {
        let pair = connect(&self.listener(family), family);
        self.pause();
        pair
    }

    /// Leaves a socket open to the end.
    pub fn keep(&self, socket: impl Into<Socket>) {
        self.kept.lock().unwrap().push(socket.into());
    }

    /// From now on nothing reaches this socket.
    pub fn deafen<'s>(&self, socket: impl Into<SockRef<'s>>, end: End) {
        self.filter(socket, end, &NOTHING);
    }

    /// From now on nothing reaches this socket, and nothing is sent that would change its state.
    pub fn isolate<'s>(&self, socket: impl Into<SockRef<'s>>) {
        socket.into().attach_filter(&NOTHING).unwrap();
    }

    /// From now on only SYNs reach the listener, and the end that it makes of the next one.
    pub fn deafen_to_acks<'s>(&self, listener: impl Into<SockRef<'s>>, end: End) {
        self.filter(listener, end, &SYN_ONLY);
    }

    fn filter<'s>(&self, socket: impl Into<SockRef<'s>>, end: End, filter: &[SockFilter]) {
        self.limits.lock().unwrap().push(Limit::Deaf { end, from: now(), until: Duration::MAX });
        socket.into().attach_filter(filter).unwrap();
    }

    /// Everything reaches this socket again.
    pub fn undeafen<'s>(&self, socket: impl Into<SockRef<'s>>, deaf: End) {
        socket.into().detach_filter().unwrap();
        for limit in self.limits.lock().unwrap().iter_mut() {
            if let Limit::Deaf { end, until, .. } = limit
                && *end == deaf
            {
                *until = (*until).min(now());
            }
        }
    }

    /// A SYN for this port will not be answered, which looks as if somebody listened there and were too busy.
    pub fn unanswered(&self, port: u16) {
        self.nobody(port, Evidence::Assumed, "a SYN was not answered");
    }

    /// Nobody listens at this port, for this reason.
    pub fn nobody(&self, port: u16, ours: Evidence, why: &'static str) {
        self.limits.lock().unwrap().push(Limit::Nobody { port, ours, why });
    }

    /// The kernel will be in a state that no segment shows, for this reason.
    pub fn silently(&self, end: End, kernel: State, ours: State, why: &'static str) {
        self.limits.lock().unwrap().push(Limit::Silent { end, kernel, ours, why });
    }
}

/// A socket that listens at an address and keeps this many connections waiting.
pub fn listen(address: SocketAddr, backlog: i32) -> TcpListener {
    let socket = socket(address);
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified()).unwrap();
    }
    socket.bind(&address.into()).unwrap();
    socket.listen(backlog).unwrap();
    socket.into()
}

/// A socket with SO_REUSEADDR, bound to nothing.
pub fn socket(address: SocketAddr) -> Socket {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket
}

/// Connects a client to a listener and accepts it.
pub fn connect(listener: &TcpListener, family: Family) -> Pair {
    let client = TcpStream::connect(call(listener, family)).unwrap();
    Pair { client, server: listener.accept().unwrap().0 }
}

/// Connects a client that is bound to this address, and lets others be bound to it later.
pub fn connect_from(from: SocketAddr, listener: &TcpListener, family: Family) -> Pair {
    let client = socket(from);
    client.bind(&from.into()).unwrap();
    client.connect(&call(listener, family).into()).unwrap();
    Pair { client: client.into(), server: listener.accept().unwrap().0 }
}

/// Where a client calls a listener.
pub fn call(listener: &TcpListener, family: Family) -> SocketAddr {
    SocketAddr::new(family.called(), listener.local_addr().unwrap().port())
}

/// A client that will not wait for the answer to its SYN; bound, so that its address is known before that leaves.
pub fn calling(from: SocketAddr) -> Socket {
    let socket = socket(from);
    socket.bind(&from.into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

/// Sends the SYN of a socket that does not wait for the answer.
pub fn dial(socket: &Socket, to: SocketAddr) {
    match socket.connect(&to.into()) {
        Ok(()) => {}
        Err(error) if error.raw_os_error() == Some(EINPROGRESS) || error.kind() == io::ErrorKind::WouldBlock => {}
        Err(error) => panic!("{to}: {error}"),
    }
}

/// The address that a bound socket has.
pub fn local(socket: &Socket) -> SocketAddr {
    canonical(socket.local_addr().unwrap().as_socket().unwrap())
}

/// A stream's two addresses.
pub fn end(stream: &TcpStream) -> End {
    (canonical(stream.local_addr().unwrap()), canonical(stream.peer_addr().unwrap()))
}

/// IPv4 in IPv6 as IPv4.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Closes a stream with a RST.
pub fn reset(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
}

/// Sends octets from one end and reads them at the other.
pub fn send(from: &TcpStream, to: &TcpStream, octets: usize) {
    let mut buffer = vec![0; octets];
    (&*from).write_all(&buffer).unwrap();
    (&*to).read_exact(&mut buffer).unwrap();
}
