//! What may be bound beside what, held against the kernel: random sockets are bound on loopback, one after the other.
//!
//! Nothing is sent but the few connections that end in TIME-WAIT. `cargo test --test binding_kernel -- --nocapture` prints
//! the figures.

#![cfg(target_os = "linux")]
#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

#[path = "support/chance.rs"]
mod chance;

use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Mutex;

use chance::Chance;
use socket2::{Domain, Socket, Type};
use sockscope::track::{Declared, Protocol, Standing, obstacle};

const SEEDS: u64 = 400;

/// Sockets that a seed tries to bind.
const SOCKETS: usize = 8;

const LOCALS: [&str; 8] = ["0.0.0.0", "127.0.0.1", "127.0.0.2", "::", "::", "::1", "::ffff:127.0.0.1", "0.0.0.0"];

fn any(chance: &mut Chance, protocol: Protocol, port: u16, number: usize) -> Declared {
    let ip = chance.of(&LOCALS).parse().unwrap();
    let local = SocketAddr::new(ip, port);
    Declared {
        name: format!("s{number}").into(),
        protocol,
        local,
        peer: None,
        standing: Standing::Open,
        reuse_addr: chance.one_in(2),
        reuse_port: chance.one_in(2),
        only_v6: ip.is_ipv6() && ip.to_canonical().is_ipv6() && chance.one_in(3),
        device: chance.one_in(6).then(|| "lo".to_owned()),
        syn_cookies: false,
        shown: None,
    }
}

/// Opens and binds a socket as declared; a listener listens.
fn bound(declared: &Declared) -> std::io::Result<Socket> {
    let kind = if declared.protocol == Protocol::Tcp { Type::STREAM } else { Type::DGRAM };
    let socket = Socket::new(Domain::for_address(declared.local), kind, None)?;
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
    Ok(socket)
}

/// What the kernel says and what we say of one more socket; the sockets that it is bound beside.
fn disagreement(new: &Declared, others: &[Declared], result: &std::io::Result<Socket>) -> Option<String> {
    let against = obstacle(new, others);
    let in_use = result.as_ref().is_err_and(|error| error.kind() == ErrorKind::AddrInUse);
    assert_eq!(result.is_err(), in_use, "{new:?}: {result:?}");
    let others = || others.iter().map(|other| format!("\n  {other:?}")).collect::<String>();
    (against.is_some() != in_use).then(|| format!("{new:?}: {result:?}, but we: {against:?}, beside{}", others()))
}

/// The tests take turns: the ports of one may not be clients' ports of the other.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn binds_fail_when_we_say_so() {
    let _turn = TURN.lock();
    let (mut faults, mut binds, mut refused) = (Vec::new(), 0, 0);
    for seed in 0..SEEDS {
        let mut chance = Chance::new(seed);
        let protocol = if seed % 2 == 0 { Protocol::Udp } else { Protocol::Tcp };
        let (port, mut sockets, mut declared) = (free_port(protocol), Vec::new(), Vec::new());
        for number in 0..SOCKETS {
            let new = any(&mut chance, protocol, port, number);
            let result = bound(&new);
            if declared.is_empty() && result.is_err() {
                break; // Somebody else took the port meanwhile.
            }
            faults.extend(disagreement(&new, &declared, &result).map(|fault| format!("seed {seed}: {fault}")));
            (binds, refused) = (binds + 1, refused + usize::from(result.is_err()));
            if let Ok(socket) = result {
                sockets.push(socket);
                declared.push(new);
            }
        }
    }
    println!("{SEEDS} seeds: {binds} binds, {refused} refused, {} not as told", faults.len());
    assert_eq!(faults.first(), None);
    assert!(binds >= 3000 && refused * 5 > binds && refused * 5 < binds * 4);
}

/// A server that closed a connection first, and is started again with other options.
#[test]
fn a_server_restarted_in_time_wait_fails_when_we_say_so() {
    let _turn = TURN.lock();
    let (mut faults, mut binds, mut refused) = (Vec::new(), 0, 0);
    for seed in 0..60 {
        let mut chance = Chance::new(seed + 5000);
        let old = Declared { device: None, only_v6: false, ..any(&mut chance, Protocol::Tcp, free_port(Protocol::Tcp), 0) };
        let Ok(listener) = bound(&old) else { continue };
        let only_v6 = old.local.is_ipv6() && !old.local.ip().is_unspecified() && old.local.ip().to_canonical().is_ipv6();
        let at = close_first(listener.into(), old.local);
        let waiting = Declared { local: at, standing: Standing::TimeWait, only_v6, ..old.clone() };
        let new = Declared { local: SocketAddr::new(chance.of(&LOCALS).parse().unwrap(), old.local.port()), ..old };
        let new = Declared { reuse_addr: chance.one_in(2), reuse_port: chance.one_in(2), ..new };
        let result = bound(&new);
        faults.extend(disagreement(&new, &[waiting], &result).map(|fault| format!("seed {seed}: {fault}")));
        (binds, refused) = (binds + 1, refused + usize::from(result.is_err()));
    }
    println!("{binds} restarts, {refused} refused, {} not as told", faults.len());
    assert_eq!(faults.first(), None);
    assert!(binds >= 50 && refused >= 10 && refused + 10 <= binds);
}

/// Lets the server close a connection first; it stays at the address that is returned, in TIME-WAIT.
fn close_first(listener: TcpListener, local: SocketAddr) -> SocketAddr {
    let ip = match local.ip() {
        ip if !ip.is_unspecified() => ip.to_canonical(),
        ip if ip.is_ipv4() => "127.0.0.1".parse().unwrap(),
        _ => "::1".parse().unwrap(),
    };
    let mut client = TcpStream::connect(SocketAddr::new(ip, local.port())).unwrap();
    let (server, _) = listener.accept().unwrap();
    let at = server.local_addr().unwrap();
    drop(server);
    assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
    at
}

/// A port that nobody has now, at whatever address.
fn free_port(protocol: Protocol) -> u16 {
    let local = match protocol {
        Protocol::Tcp => TcpListener::bind("[::]:0").unwrap().local_addr(),
        Protocol::Udp => UdpSocket::bind("[::]:0").unwrap().local_addr(),
    };
    local.unwrap().port()
}
