//! The plays: what a server and its clients do, step by step. What programs print is what those of the course print.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use super::super::args::Play;
use super::super::failure::{Failure, print_line};
use super::stage::{Prop, Stage};

/// How long anybody waits for octets that do not come.
const PATIENCE: Duration = Duration::from_secs(2);

/// Octets that a program reads at once.
const BUFFER: usize = 4096;

/// Ports of the course.
const UDP_PORT: u16 = 5000;
const TCP_PORT: u16 = 5001;

/// Tries to find a port that is free for UDP and TCP alike.
const TRIES: u32 = 32;

/// The sockets of a server, bound and not used yet.
pub(super) enum Server {
    Udp(UdpSocket),
    Tcp(TcpListener),
    Both(UdpSocket, TcpListener),
    /// Nobody is bound to this port.
    Nobody(u16),
}

impl Server {
    /// The port it is bound to.
    pub(super) fn port(&self) -> u16 {
        let address = match self {
            Self::Udp(socket) | Self::Both(socket, _) => socket.local_addr(),
            Self::Tcp(listener) => listener.local_addr(),
            Self::Nobody(port) => return *port,
        };
        address.map_or(0, |address| address.port())
    }

    /// Binds what the play needs to this port, or to any for 0.
    fn bind(play: Play, port: u16) -> io::Result<Self> {
        let all = |port| SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
        match play {
            Play::UdpEcho => UdpSocket::bind(all(port)).map(Self::Udp),
            Play::TcpEcho | Play::HalfClose | Play::Reset => TcpListener::bind(all(port)).map(Self::Tcp),
            Play::OnePort | Play::Nobody => {
                let socket = UdpSocket::bind(all(port))?;
                let listener = TcpListener::bind(all(socket.local_addr()?.port()))?;
                Ok(Self::Both(socket, listener))
            }
        }
    }
}

/// The server on the port that was asked for; else on that of the course, or where that is taken, said aloud, on another.
pub(super) fn server(play: Play, asked: Option<u16>) -> Result<Server, Failure> {
    let usual = if matches!(play, Play::TcpEcho | Play::HalfClose | Play::Reset) { TCP_PORT } else { UDP_PORT };
    let port = asked.unwrap_or(usual);
    let bound = match Server::bind(play, port) {
        Err(error) if error.kind() == ErrorKind::AddrInUse && asked.is_none() => {
            let any = (0..TRIES).find_map(|_| Server::bind(play, 0).ok()).ok_or(error);
            any.inspect(|server| print_line(&format!("port {port} is taken; this server has port {}", server.port())))
        }
        bound => bound,
    };
    let server = bound.map_err(|error| Failure::Input(format!("port {port}: {error}")))?;
    // That it could be bound shows that nobody is there.
    Ok(if play == Play::Nobody { Server::Nobody(server.port()) } else { server })
}

/// Acts a play to its end; what is given back stays open.
pub(super) fn act(play: Play, stage: &Stage, server: Server) -> io::Result<Vec<Prop>> {
    match (play, server) {
        (Play::HalfClose, Server::Tcp(listener)) => half_close(stage, listener),
        (Play::Reset, Server::Tcp(listener)) => reset(stage, listener),
        (_, Server::Udp(socket)) => udp_echo(stage, socket),
        (_, Server::Tcp(listener)) => tcp_echo(stage, listener),
        (_, Server::Both(socket, listener)) => one_port(stage, socket, listener),
        (_, Server::Nobody(_)) => nobody(stage),
    }
}

fn udp_echo(stage: &Stage, socket: UdpSocket) -> io::Result<Vec<Prop>> {
    let port = stage.port();
    stage.step(
        &format!("서버: socket(), bind(0.0.0.0:{port}). 포트는 번호일 뿐이고, 소켓은 실제 통신 창구입니다."),
        &format!("Server: socket(), bind(0.0.0.0:{port}). A port is a number, a socket is an endpoint."),
    );
    serve_datagrams(stage, &socket)?;
    let mut open: Vec<Prop> = vec![Box::new(socket)];
    for (number, text) in [(1, "client1"), (2, "client2")] {
        stage.step(
            &format!("클라이언트 {number}: socket(), sendto(127.0.0.1:{port}). 자기 포트는 운영체제가 골라 줍니다."),
            &format!("Client {number}: socket(), sendto(127.0.0.1:{port}). The system picks a port of its own for it."),
        );
        open.push(Box::new(ask_by_datagram(stage, text)?));
        stage.pause();
    }
    stage.step(
        "서버의 소켓은 여전히 하나입니다. 누가 보냈는지는 데이터그램마다 적힌 보낸 주소(IP, 포트)로 압니다.",
        "The server still has one socket. Who sent what, it knows by the sender's address in each datagram.",
    );
    Ok(open)
}

fn tcp_echo(stage: &Stage, listener: TcpListener) -> io::Result<Vec<Prop>> {
    let port = stage.port();
    stage.step(
        &format!("서버: socket(), bind(0.0.0.0:{port}), listen(). 이 소켓은 연결을 기다리기만 합니다."),
        &format!("Server: socket(), bind(0.0.0.0:{port}), listen(). This socket does nothing but wait for connections."),
    );
    stage.print("server", format!("[ ] TCP Echo Server listening on 0.0.0.0:{port}"));
    let mut open = Vec::new();
    for (number, text) in [(1, "client1"), (2, "client2")] {
        open.push(talk(stage, &listener, number, text)?);
    }
    stage.step(
        "클라이언트 1: close(). FIN이 가고, 서버도 닫으면 먼저 닫은 쪽에 TIME-WAIT이 남습니다.",
        "Client 1: close(). A FIN goes out; when the server closes too, TIME-WAIT stays with who closed first.",
    );
    let (client, child) = open.remove(0);
    drop(client);
    stage.pause();
    drop(child);
    stage.pause();
    stage.step(
        &format!("포트 번호는 {port} 하나인데 서버가 쓴 소켓은 셋입니다: 기다리는 소켓과, 클라이언트마다 하나씩."),
        &format!("One port, {port}, and the server had three sockets: the one that listens, and one for each client."),
    );
    Ok(kept(open, listener))
}

fn one_port(stage: &Stage, socket: UdpSocket, listener: TcpListener) -> io::Result<Vec<Prop>> {
    let port = stage.port();
    stage.step(
        &format!("서버: UDP 소켓과 TCP 소켓을 같은 번호 {port}에 bind 합니다. UDP {port}과 TCP {port}은 서로 다릅니다."),
        &format!(
            "Server: binds a UDP socket and a TCP socket to the same number, {port}. UDP {port} and TCP {port} are not the same."
        ),
    );
    serve_datagrams(stage, &socket)?;
    stage.step(
        "UDP: 두 클라이언트가 보내도 서버의 소켓은 하나입니다.",
        "UDP: two clients send, and one socket of the server gets both.",
    );
    let mut open: Vec<Prop> = vec![Box::new(socket)];
    for text in ["client1", "client2"] {
        open.push(Box::new(ask_by_datagram(stage, text)?));
        stage.pause();
    }
    let mut pairs = Vec::new();
    for (number, text) in [(3, "client3"), (4, "client4")] {
        pairs.push(talk(stage, &listener, number, text)?);
    }
    stage.step(
        &format!("포트 {port} 하나에 서버의 소켓이 넷입니다. 포트는 번호일 뿐이고, 소켓은 실제 통신 창구입니다."),
        &format!("One port number, {port}, and four sockets of the server. A port is a number, a socket is an endpoint."),
    );
    open.extend(kept(pairs, listener));
    Ok(open)
}

fn half_close(stage: &Stage, listener: TcpListener) -> io::Result<Vec<Prop>> {
    stage.print("server", format!("[ ] TCP Echo Server listening on 0.0.0.0:{}", stage.port()));
    let (mut client, mut child) = talk(stage, &listener, 1, "client1")?;
    stage.step(
        "클라이언트: shutdown(SHUT_WR). 더 보낼 것이 없다는 FIN입니다. 읽을 수는 있습니다: FIN-WAIT-2, 서버는 CLOSE-WAIT.",
        "Client: shutdown(SHUT_WR). The FIN says that it has no more to send; it still reads: FIN-WAIT-2, the server CLOSE-WAIT.",
    );
    client.shutdown(Shutdown::Write)?;
    let read = child.read(&mut [0; BUFFER])?;
    stage.print("server", format!("recv() returned {read}: the client has no more to say"));
    stage.pause();
    stage.step("서버: 남은 것을 보내고 close() 합니다.", "Server: sends what is left, and closes.");
    child.write_all(b"the rest")?;
    stage.pause();
    drop(child);
    let mut rest = String::new();
    client.read_to_string(&mut rest)?;
    stage.print("client", format!("[recv] {} -> {rest}", stage.server()));
    stage.pause();
    stage.step(
        "양쪽 FIN이 모두 확인되었습니다. 먼저 닫은 클라이언트에 TIME-WAIT이 남습니다.",
        "Both FINs are acknowledged. TIME-WAIT stays with the client, who closed first.",
    );
    Ok(vec![Box::new(listener)])
}

fn reset(stage: &Stage, listener: TcpListener) -> io::Result<Vec<Prop>> {
    stage.print("server", format!("[ ] TCP Echo Server listening on 0.0.0.0:{}", stage.port()));
    let (client, mut child) = talk(stage, &listener, 1, "client1")?;
    stage.step("서버: 한 번 더 보냅니다. 클라이언트는 읽지 않습니다.", "Server: sends once more. The client does not read it.");
    child.write_all(b"unread")?;
    client.peek(&mut [0; BUFFER])?;
    stage.pause();
    stage.step(
        "클라이언트: 읽지 않은 것이 있는데 close() 합니다. FIN 대신 RST가 가고, 두 소켓은 바로 사라집니다.",
        "Client: closes with octets unread. A RST goes out instead of a FIN, and both sockets are gone at once.",
    );
    drop(client);
    stage.pause();
    let fault = child.read(&mut [0; BUFFER]).map_or_else(|error| error.to_string(), |read| format!("recv() returned {read}"));
    stage.print("server", fault);
    stage.step(
        "TIME-WAIT도 남지 않습니다: 기다리는 소켓 하나뿐입니다.",
        "Not even TIME-WAIT is left: only the socket that listens.",
    );
    Ok(vec![Box::new(listener)])
}

fn nobody(stage: &Stage) -> io::Result<Vec<Prop>> {
    let (port, server) = (stage.port(), stage.server());
    stage.step(
        &format!("포트 {port}에는 소켓이 없습니다. 번호는 있어도 받을 창구가 없습니다. UDP로 보내 봅니다."),
        &format!("No socket is bound to port {port}: the number is there, an endpoint is not. A datagram goes there."),
    );
    let client = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    client.connect(server)?;
    client.set_read_timeout(Some(PATIENCE))?;
    client.send(b"anybody?")?;
    let told = |outcome: io::Result<()>| outcome.map_or_else(|error| error.to_string(), |()| "answered".to_owned());
    stage.print("client", format!("recv(): {}", told(client.recv(&mut [0; BUFFER]).map(drop))));
    stage.pause();
    stage.step(
        "커널이 ICMP port unreachable로 답했습니다. TCP로 연결하면 RST로 답합니다.",
        "The kernel answered with an ICMP port unreachable. To a TCP connection it answers with a RST.",
    );
    stage.print("client", format!("connect(): {}", told(TcpStream::connect(server).map(drop))));
    stage.pause();
    Ok(vec![Box::new(client)])
}

/// Echoes datagrams from now on.
fn serve_datagrams(stage: &Stage, socket: &UdpSocket) -> io::Result<()> {
    stage.print("server", format!("[ ] UDP Echo Server listening on 0.0.0.0:{}", stage.port()));
    let (stage, socket) = (stage.clone(), socket.try_clone()?);
    thread::spawn(move || {
        let mut octets = [0; BUFFER];
        while let Ok((read, client)) = socket.recv_from(&mut octets) {
            stage.print("server", received(client, &octets[..read]));
            if socket.send_to(&octets[..read], client).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// A client's socket, after a question and its answer.
fn ask_by_datagram(stage: &Stage, text: &str) -> io::Result<UdpSocket> {
    let client = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    client.set_read_timeout(Some(PATIENCE))?;
    client.send_to(text.as_bytes(), stage.server())?;
    let mut octets = [0; BUFFER];
    let (read, server) = client.recv_from(&mut octets)?;
    stage.print("client", format!("[recv] {server} -> {}", String::from_utf8_lossy(&octets[..read])));
    Ok(client)
}

/// Both ends of a connection, after a question and its answer.
fn talk(stage: &Stage, listener: &TcpListener, number: u32, text: &str) -> io::Result<(TcpStream, TcpStream)> {
    let port = stage.port();
    stage.step(
        &format!("클라이언트 {number}: connect(127.0.0.1:{port}). 세 번 주고받으면(SYN, SYN-ACK, ACK) 연결됩니다."),
        &format!("Client {number}: connect(127.0.0.1:{port}). Three segments, SYN, SYN-ACK and ACK, and it is connected."),
    );
    let mut client = TcpStream::connect(stage.server())?;
    client.set_read_timeout(Some(PATIENCE))?;
    stage.pause();
    stage.step(
        "서버: accept(). 이 클라이언트만을 위한 새 소켓입니다. 포트 번호는 그대로입니다.",
        "Server: accept(). A new socket for this client alone; its port number is the same.",
    );
    let (mut child, from) = listener.accept()?;
    child.set_read_timeout(Some(PATIENCE))?;
    let mut octets = [0; BUFFER];
    client.write_all(text.as_bytes())?;
    let read = child.read(&mut octets)?;
    stage.print("server", received(from, &octets[..read]));
    child.write_all(&octets[..read])?;
    let read = client.read(&mut octets)?;
    stage.print("client", format!("[recv] {} -> {}", stage.server(), String::from_utf8_lossy(&octets[..read])));
    stage.pause();
    Ok((client, child))
}

/// As the server of the course prints it: `[recv] 127.0.0.1:49740 (7 bytes) b'client1'`.
fn received(client: SocketAddr, octets: &[u8]) -> String {
    format!("[recv] {client} ({} bytes) b'{}'", octets.len(), octets.escape_ascii())
}

/// All of them stay open.
fn kept(pairs: Vec<(TcpStream, TcpStream)>, listener: TcpListener) -> Vec<Prop> {
    let pairs = pairs.into_iter().map(|pair| Box::new(pair) as Prop);
    pairs.chain([Box::new(listener) as Prop]).collect()
}
