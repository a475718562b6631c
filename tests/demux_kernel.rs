//! Verdicts on real sockets: random ones are opened on loopback, and each datagram and each connection has to reach the
//! socket that the table says.
//!
//! Nothing is captured, so this needs no rights. What the kernel refuses to bind is no part of the table.
//! `cargo test --test demux_kernel -- --nocapture` prints the figures.

#![cfg(target_os = "linux")]
#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

#[path = "support/chance.rs"]
mod chance;

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use chance::Chance;
use socket2::{Domain, SockAddr, Socket, Type};
use sockscope::decode::seq::SeqNumber;
use sockscope::decode::tcp::Flags;
use sockscope::track::{Arriving, Declared, DemuxTable, FiveTuple, Mark, Protocol, Reach, Standing};

const SEEDS: u64 = 100;

/// Sockets that a seed tries to open.
const SOCKETS: usize = 8;

/// How long something may take that has to come.
const PATIENCE: Duration = Duration::from_secs(5);

const LOCALS: [&str; 8] = ["0.0.0.0", "127.0.0.1", "127.0.0.2", "::", "::", "::1", "::ffff:127.0.0.1", "0.0.0.0"];

/// Where packets go to.
const TARGETS: [&str; 5] = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "::1", "127.0.0.1"];

/// Sockets that are open, in the order of binding, with what was declared of them.
struct Stage {
    sockets: Vec<Socket>,
    declared: Vec<Declared>,
    port: u16,
}

impl Stage {
    fn open(chance: &mut Chance, protocol: Protocol, port: u16, peers: &[SocketAddr]) -> Self {
        let mut stage = Self { sockets: Vec::new(), declared: Vec::new(), port };
        // Most play with one option for all, since sockets that differ in it seldom get along.
        let (reuse_addr, reuse_port) = (!chance.one_in(4), chance.one_in(2));
        for number in 0..SOCKETS {
            let ip: IpAddr = chance.of(&LOCALS).parse().unwrap();
            let mut declared = Declared {
                name: format!("s{number}").into(),
                protocol,
                local: SocketAddr::new(ip, port),
                peer: None,
                standing: Standing::Open,
                reuse_addr: reuse_addr ^ chance.one_in(8),
                reuse_port: reuse_port ^ chance.one_in(8),
                only_v6: ip.is_ipv6() && ip.to_canonical().is_ipv6() && chance.one_in(3),
                device: chance.one_in(4).then(|| "lo".to_owned()),
                syn_cookies: false,
                shown: None,
            };
            let peer = (protocol == Protocol::Udp && chance.one_in(4)).then(|| *chance.of(peers));
            if let Ok(socket) = opened(&mut declared, peer) {
                stage.sockets.push(socket);
                stage.declared.push(declared);
            }
        }
        stage
    }

    fn names(&self) -> Vec<&str> {
        self.declared.iter().map(|declared| &*declared.name).collect()
    }

    /// The sockets, for a report.
    fn told(&self) -> String {
        self.declared.iter().map(|declared| format!("\n  {declared:?}")).collect()
    }
}

/// Opens a socket as declared, connected to this peer if the kernel allows.
fn opened(declared: &mut Declared, peer: Option<SocketAddr>) -> std::io::Result<Socket> {
    let kind = if declared.protocol == Protocol::Tcp { Type::STREAM } else { Type::DGRAM };
    let socket = Socket::new(Domain::for_address(declared.local), kind, None)?;
    socket.set_nonblocking(true)?;
    socket.set_reuse_address(declared.reuse_addr)?;
    socket.set_reuse_port(declared.reuse_port)?;
    if declared.local.is_ipv6() {
        socket.set_only_v6(declared.only_v6)?;
    }
    if let Some(device) = &declared.device {
        socket.bind_device(Some(device.as_bytes()))?;
    }
    socket.bind(&declared.local.into())?;
    if declared.protocol == Protocol::Tcp {
        socket.listen(16)?;
    }
    if let Some(peer) = peer.map(|peer| seen_from(declared.local, peer))
        && socket.connect(&peer.into()).is_ok()
    {
        (declared.peer, declared.standing) = (Some(peer), Standing::Connected);
    }
    Ok(socket)
}

/// An IPv4 peer as a socket of AF_INET6 calls it.
fn seen_from(local: SocketAddr, peer: SocketAddr) -> SocketAddr {
    match (local, peer.ip()) {
        (SocketAddr::V6(_), IpAddr::V4(ip)) => SocketAddr::new(ip.to_ipv6_mapped().into(), peer.port()),
        _ => peer,
    }
}

/// What is not as the table says.
fn disagreement(stage: &Stage, table: &mut DemuxTable, arriving: &Arriving, got: &[&str]) -> Option<String> {
    let delivery = table.deliver(arriving, || Some("lo"));
    let sockets: Vec<&str> = delivery.sockets.iter().map(|socket| &**socket).collect();
    let agrees = match delivery.verdict {
        Reach::To | Reach::Every => sockets == got,
        Reach::OneOf => matches!(got, [one] if sockets.contains(one)),
        Reach::Refused => got.is_empty(),
        Reach::NotThisHost | Reach::Unknown => false,
    };
    (!agrees).then(|| format!("{:?}: {delivery:?}, but the kernel: {got:?}, among{}", arriving.tuple(), stage.told()))
}

fn tuple(protocol: Protocol, source: SocketAddr, destination: SocketAddr) -> FiveTuple {
    FiveTuple { protocol, source, destination }
}

/// Those that can be sent from, one for each address.
fn senders() -> Vec<UdpSocket> {
    ["127.0.0.1:0", "127.0.0.3:0", "[::1]:0"].into_iter().filter_map(|local| UdpSocket::bind(local).ok()).collect()
}

/// Takes what every socket has received; each datagram must be this one.
fn received<'s>(stage: &'s Stage, mark: &[u8]) -> Vec<&'s str> {
    let mut buffer = [0; 16];
    let mut got = Vec::new();
    for (socket, name) in stage.sockets.iter().zip(stage.names()) {
        while let Ok(length) = std::io::Read::read(&mut &*socket, &mut buffer) {
            assert_eq!(&buffer[..length], mark);
            got.push(name);
        }
    }
    got
}

#[test]
fn datagrams_reach_the_sockets_that_the_table_names() {
    let (mut faults, mut deliveries, mut reached) = (Vec::new(), 0, 0);
    // Whatever was sent before has arrived when this has.
    let barrier = UdpSocket::bind("127.0.0.1:0").unwrap();
    barrier.set_read_timeout(Some(PATIENCE)).unwrap();
    for seed in 0..SEEDS {
        let mut chance = Chance::new(seed);
        let senders = senders();
        let peers: Vec<SocketAddr> = senders.iter().map(|sender| sender.local_addr().unwrap()).collect();
        let stage = Stage::open(&mut chance, Protocol::Udp, free_port(), &peers);
        let mut table = DemuxTable::new(stage.declared.clone(), true);
        for number in 0..240_u32 {
            let sender = chance.of(&senders);
            let source = sender.local_addr().unwrap();
            let group = chance.one_in(8).then_some("127.255.255.255");
            let target = group.unwrap_or(*chance.of(&TARGETS));
            let destination = SocketAddr::new(target.parse().unwrap(), stage.port);
            if source.is_ipv4() != destination.is_ipv4() {
                continue;
            }
            sender.set_broadcast(true).unwrap();
            // The error that an earlier refusal left is told once.
            let mark = number.to_be_bytes();
            while let Err(error) = sender.send_to(&mark, destination) {
                assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{destination}");
            }
            barrier.send_to(&mark, barrier.local_addr().unwrap()).unwrap();
            barrier.recv(&mut [0; 16]).unwrap();
            let got = received(&stage, &mark);
            (deliveries, reached) = (deliveries + 1, reached + usize::from(!got.is_empty()));
            let arriving = Arriving::new(tuple(Protocol::Udp, source, destination), None);
            faults.extend(disagreement(&stage, &mut table, &arriving, &got).map(|fault| format!("seed {seed}: {fault}")));
        }
    }
    println!("{SEEDS} seeds: {deliveries} datagrams, {reached} received, {} not as told", faults.len());
    assert_eq!(faults.first(), None);
    assert!(deliveries >= 10_000 && reached * 2 >= deliveries);
}

#[test]
fn connections_reach_the_listeners_that_the_table_names() {
    let (mut faults, mut calls, mut reached) = (Vec::new(), 0, 0);
    for seed in 0..SEEDS {
        let mut chance = Chance::new(seed + 1000);
        let stage = Stage::open(&mut chance, Protocol::Tcp, free_port(), &[]);
        let mut table = DemuxTable::new(stage.declared.clone(), true);
        for _ in 0..30 {
            let destination = SocketAddr::new(chance.of(&TARGETS).parse().unwrap(), stage.port);
            let (client, answered) = call(destination);
            let Some(source) = client.local_addr().ok().and_then(|local| local.as_socket()) else { continue };
            let got: Vec<&str> = accepted(&stage, answered).into_iter().collect();
            (calls, reached) = (calls + 1, reached + got.len());
            let syn = Mark { flags: Flags::SYN, end: SeqNumber(1), acknowledgment: SeqNumber(0) };
            let arriving = Arriving::new(tuple(Protocol::Tcp, source, destination), Some(syn));
            faults.extend(disagreement(&stage, &mut table, &arriving, &got).map(|fault| format!("seed {seed}: {fault}")));
        }
    }
    println!("{SEEDS} seeds: {calls} calls, {reached} accepted, {} not as told", faults.len());
    assert_eq!(faults.first(), None);
    assert!(calls >= 1_000 && reached * 2 >= calls);
}

/// A client, and whether its call was answered; it will end with a RST, which leaves no TIME-WAIT.
fn call(destination: SocketAddr) -> (Socket, bool) {
    let client = Socket::new(Domain::for_address(destination), Type::STREAM, None).unwrap();
    client.set_linger(Some(Duration::ZERO)).unwrap();
    let from = if destination.is_ipv4() { "127.0.0.9:0" } else { "[::1]:0" };
    client.bind(&SockAddr::from(from.parse::<SocketAddr>().unwrap())).unwrap();
    let answered = client.connect_timeout(&destination.into(), PATIENCE).is_ok();
    (client, answered)
}

/// The listener that has a connection waiting, if the call was answered.
fn accepted(stage: &Stage, answered: bool) -> Option<&str> {
    if !answered {
        return None;
    }
    let start = Instant::now();
    loop {
        let found = stage.sockets.iter().zip(stage.names()).find(|(socket, _)| socket.accept().is_ok());
        if let Some((_, name)) = found {
            return Some(name);
        }
        assert!(start.elapsed() < PATIENCE, "an answered call is nowhere");
        std::thread::yield_now();
    }
}

/// A port that nobody has now.
fn free_port() -> u16 {
    UdpSocket::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port()
}
