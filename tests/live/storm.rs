//! A storm of what applications do: short connections, half closes, resets, exchanges of datagrams. Meanwhile the program
//! holds what packets show against the kernel's own table.
//!
//! `cargo test --test live storm -- --nocapture` prints the figures.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use socket2::SockRef;

use crate::chance::Chance;
use crate::inside;
use crate::program::Listener;
use crate::proof::{verification, verified};

/// Clients at a time, and what each does in turn.
const CLIENTS: u64 = 12;
const ACTS: usize = 35;

/// Between two steps, so many times of this: samples count 50 ms after the last packet.
const PACE: Duration = Duration::from_millis(30);

/// Of the ends that packets show, the share that agrees.
const SHARE: f64 = 0.999;

/// What servers and clients share.
struct Weather {
    echo: SocketAddr,
    name: SocketAddr,
    nobody: SocketAddr,
    /// What stays open to the end.
    kept: Mutex<Vec<Kept>>,
}

/// A socket that is only held.
#[allow(dead_code, reason = "what is kept is not looked at")]
enum Kept {
    Stream(TcpStream),
    Datagrams(UdpSocket),
}

#[test]
fn a_storm_is_seen_as_the_kernel_sees_it() {
    inside("storm::a_storm_is_seen_as_the_kernel_sees_it", |folder| {
        let path = folder.join("storm.pcapng");
        // With its small table, the namespace keeps 256 in TIME-WAIT, and ends more at once.
        std::fs::write("/proc/sys/net/ipv4/tcp_max_tw_buckets", "65536").unwrap();
        let listener = Listener::start(&["--json", "--verify=20ms", "-w", path.to_str().unwrap()]);
        let collector = listener.collect();
        let kept = storm();
        let ended = collector.interrupt();
        ended.good();
        drop(kept);
        let live = verification(&ended);
        report(&live);
        assert_eq!(live, verified(&path), "the file says the same");
        let told = ended.good().lines().filter(|line| line.starts_with("{\"difference\"")).count();
        let to_tell = live["differences"].as_array().unwrap().iter().filter(|row| row["reason"] != "in_flight");
        assert_eq!(told, to_tell.count(), "each is told once");
        judge(&live);
    });
}

/// The figures, and how often which reason was given.
fn report(live: &Value) {
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    for row in live["differences"].as_array().unwrap() {
        let end = if row["peer"].is_null() { "place" } else { "end" };
        let what =
            format!("{} {end}: {} to us, {} to the kernel: {}", row["protocol"], row["ours"], row["kernel"], row["reason"]);
        *reasons.entry(what).or_default() += row["samples"].as_u64().unwrap();
    }
    println!("{} samples; ends of connections: {}; places: {}", live["samples"], live["connections"], live["places"]);
    println!("agreed: {:.4} %", 100.0 * share(live));
    reasons.iter().for_each(|(what, count)| println!("{count:>6} {what}"));
}

/// Of ends that packets show and that are not in TIME-WAIT, which lasts and would hide the others, the share that agrees.
fn share(live: &Value) -> f64 {
    let of = |key: &str| live["connections"][key].as_u64().unwrap();
    let good = of("agreeing") - live["connections"]["states"]["TIME-WAIT"].as_u64().unwrap_or(0);
    good as f64 / (good + of("explained") + of("unexplained")) as f64
}

fn judge(live: &Value) {
    let connections = &live["connections"];
    assert_eq!(connections["unexplained"], 0, "{connections}");
    assert!(share(live) >= SHARE, "{connections}");
    for state in ["ESTAB", "FIN-WAIT-2", "CLOSE-WAIT", "TIME-WAIT"] {
        assert!(connections["states"][state].as_u64() > Some(20), "{state} was hardly seen: {connections}");
    }
    assert!(live["places"]["agreeing"].as_u64() > Some(100), "{live}");
}

/// All clients do what they do; what stays open is given back.
fn storm() -> Vec<Kept> {
    let (listener, sockets) = servers();
    let weather = Weather {
        echo: listener.local_addr().unwrap(),
        name: sockets.local_addr().unwrap(),
        nobody: nobody(),
        kept: Mutex::default(),
    };
    let called = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), weather.echo.port());
    let weather = Weather { echo: called, ..weather };
    thread::spawn(move || listener.incoming().for_each(|stream| drop(thread::spawn(move || serve(&mut stream.unwrap())))));
    thread::spawn(move || answer(&sockets));
    thread::scope(|scope| {
        for seed in 0..CLIENTS {
            let weather = &weather;
            scope.spawn(move || (0..ACTS).fold(Chance::new(seed), |chance, _| act(weather, chance)));
        }
    });
    thread::sleep(4 * PACE);
    weather.kept.into_inner().unwrap()
}

/// A listener on all addresses of both families where there are two, and a UDP socket.
fn servers() -> (TcpListener, UdpSocket) {
    let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).or_else(|_| TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)));
    (listener.unwrap(), UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap())
}

/// A port of which nobody listens.
fn nobody() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// Sends back what comes, in the way the first octet asks for.
fn serve(stream: &mut TcpStream) {
    let mut octets = [0; 1 << 16];
    while let Ok(read @ 1..) = stream.read(&mut octets) {
        match octets[0] {
            b'c' => return,
            b'h' => {
                let _ = stream.write_all(&octets[..read]).and_then(|()| stream.shutdown(Shutdown::Write));
            }
            b'r' => return SockRef::from(&*stream).set_linger(Some(Duration::ZERO)).unwrap(),
            _ if stream.write_all(&octets[..read]).is_err() => return,
            _ => {}
        }
    }
    // The client has closed its half: the server finishes in its own time.
    thread::sleep(9 * PACE);
    let _ = stream.write_all(b"the rest");
}

fn answer(socket: &UdpSocket) {
    let mut octets = [0; 2048];
    while let Ok((read, from)) = socket.recv_from(&mut octets) {
        let _ = socket.send_to(&octets[..read], from);
    }
}

/// One client does one thing.
fn act(weather: &Weather, mut chance: Chance) -> Chance {
    let rest = |chance: &mut Chance| thread::sleep(PACE * (1 + chance.below(5) as u32));
    let outcome = match chance.below(12) {
        0 | 1 => ask(weather, b"short").map(drop),
        2 => ask(weather, b"close").map(|stream| {
            rest(&mut chance);
            drop(stream);
        }),
        3 | 4 => ask(weather, b"echo").and_then(|stream| {
            stream.shutdown(Shutdown::Write)?;
            drain(stream)
        }),
        5 => ask(weather, b"half").and_then(|stream| {
            rest(&mut chance);
            drain(stream)
        }),
        6 => ask(weather, b"echo").and_then(|stream| {
            rest(&mut chance);
            SockRef::from(&stream).set_linger(Some(Duration::ZERO))
        }),
        7 => ask(weather, b"reset").map(|stream| {
            rest(&mut chance);
            drop(stream);
        }),
        8 => unread(weather),
        9 => bulk(weather),
        10 => datagrams(weather, &mut chance),
        _ => ask(weather, b"stay").map(|stream| weather.kept.lock().unwrap().push(Kept::Stream(stream))),
    };
    // A reset is an outcome like any other.
    drop(outcome);
    if chance.one_in(6) {
        drop(TcpStream::connect(weather.nobody));
    }
    rest(&mut chance);
    chance
}

/// Connects, and asks for something; the answer is read where there is one.
fn ask(weather: &Weather, question: &[u8]) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(weather.echo)?;
    stream.write_all(question)?;
    if !matches!(question[0], b'c' | b'r') {
        stream.read_exact(&mut vec![0; question.len()])?;
    }
    Ok(stream)
}

fn drain(mut stream: TcpStream) -> io::Result<()> {
    stream.read_to_end(&mut Vec::new()).map(drop)
}

/// Closes before the answer is read: the kernel sends a RST.
fn unread(weather: &Weather) -> io::Result<()> {
    let mut stream = TcpStream::connect(weather.echo)?;
    stream.write_all(b"unread")?;
    stream.peek(&mut [0; 1])?;
    Ok(())
}

fn bulk(weather: &Weather) -> io::Result<()> {
    let mut stream = TcpStream::connect(weather.echo)?;
    let octets = vec![b'b'; 1 << 18];
    let mut writer = stream.try_clone()?;
    let sent = thread::spawn(move || writer.write_all(&octets).and_then(|()| writer.shutdown(Shutdown::Write)));
    stream.read_to_end(&mut Vec::new())?;
    sent.join().unwrap()
}

/// A few questions, also to nobody; some clients are connected, some stay.
fn datagrams(weather: &Weather, chance: &mut Chance) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_read_timeout(Some(8 * PACE))?;
    if chance.one_in(2) {
        socket.connect(weather.name)?;
        socket.send(b"question")?;
    } else {
        socket.send_to(b"question", weather.name)?;
    }
    socket.recv(&mut [0; 64])?;
    if chance.one_in(3) {
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.send_to(b"anybody?", weather.nobody)?;
    }
    if chance.one_in(3) {
        weather.kept.lock().unwrap().push(Kept::Datagrams(socket));
    }
    Ok(())
}
