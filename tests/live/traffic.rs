//! What moves on the loopback.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// A socket on a port of its own.
pub fn socket() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// A client sends so many datagrams to a server, which sends them back: two frames each.
pub fn udp_echo(rounds: usize) -> SocketAddr {
    let (server, client) = (socket(), socket());
    let mut octets = [0; 64];
    for round in 0..rounds {
        client.send_to(format!("echo {round}").as_bytes(), server.local_addr().unwrap()).unwrap();
        let (len, peer) = server.recv_from(&mut octets).unwrap();
        server.send_to(&octets[..len], peer).unwrap();
        client.recv(&mut octets).unwrap();
    }
    server.local_addr().unwrap()
}

/// A client sends a few octets and gets them back; it closes first.
pub fn tcp_echo() -> SocketAddr {
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = server.local_addr().unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    let (mut child, _) = server.accept().unwrap();
    let mut octets = [0; 4];
    client.write_all(b"echo").unwrap();
    child.read_exact(&mut octets).unwrap();
    child.write_all(&octets).unwrap();
    client.read_exact(&mut octets).unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(child.read(&mut octets).unwrap(), 0);
    address
}

/// So many datagrams of 100 octets, that nobody reads, as fast as the machine sends them.
pub fn burst(datagrams: usize) {
    burst_of(datagrams, 100);
}

/// The same of so many octets.
pub fn burst_of(datagrams: usize, octets: usize) {
    let (server, client) = (socket(), socket());
    client.connect(server.local_addr().unwrap()).unwrap();
    (0..datagrams).for_each(|_| assert_eq!(client.send(&vec![7; octets]).unwrap(), octets));
}

/// The same at so many a second, or as many as this machine sends.
pub fn stream(datagrams: usize, a_second: u32) {
    let (server, client) = (socket(), socket());
    client.connect(server.local_addr().unwrap()).unwrap();
    let start = Instant::now();
    for number in 0..datagrams {
        let due = Duration::from_secs(number as u64) / a_second;
        while start.elapsed() < due {
            std::thread::yield_now();
        }
        assert_eq!(client.send(&[7; 100]).unwrap(), 100);
    }
}
