//! The view on a real terminal: the program behind a pty, and what its screen shows.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtyPair, PtySize, native_pty_system};
use vt100::{Color, Parser, Screen};

use crate::program::Recorded;
use crate::{inside, namespace, traffic};

/// How long a screen may take to show what it should.
const PATIENCE: Duration = Duration::from_secs(40);

/// The program, and the terminal it fills.
struct Seat {
    child: Box<dyn Child + Send + Sync>,
    pty: PtyPair,
    keys: Box<dyn Write + Send>,
    octets: Receiver<Vec<u8>>,
    parser: Parser,
    /// How the terminal treats keys, before the program changes that.
    before: String,
}

impl Seat {
    /// `sockscope live` with these arguments on a terminal of 100 × 30 cells.
    fn take(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::of(folder, &[&["live"], arguments].concat(), variables)
    }

    /// The program with any arguments.
    fn of(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let pty = native_pty_system().openpty(size(30, 100)).unwrap();
        let before = modes(&pty);
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_sockscope"));
        command.args(arguments);
        command.cwd(folder);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        variables.iter().for_each(|(name, value)| command.env(name, value));
        let child = pty.slave.spawn_command(command).unwrap();
        let (mut reader, keys) = (pty.master.try_clone_reader().unwrap(), pty.master.take_writer().unwrap());
        let (sender, octets) = mpsc::channel();
        thread::spawn(move || {
            let mut room = [0; 4096];
            while let Ok(len @ 1..) = reader.read(&mut room) {
                let _ = sender.send(room[..len].to_vec());
            }
        });
        Self { child, pty, keys, octets, parser: Parser::new(cells(30), cells(100), 0), before }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Sends a signal, such as `TERM`.
    fn signal(&self, name: &str) {
        let pid = self.child.process_id().unwrap().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    fn resize(&mut self, rows: u16, columns: u16) {
        self.parser.screen_mut().set_size(cells(rows), cells(columns));
        self.pty.master.resize(size(rows, columns)).unwrap();
    }

    /// Waits until the screen shows all of these texts.
    fn until(&mut self, texts: &[&str]) {
        self.until_it(&format!("{texts:?}"), |screen| texts.iter().all(|text| screen.contents().contains(text)));
    }

    fn until_it(&mut self, what: &str, holds: impl Fn(&Screen) -> bool) {
        let start = Instant::now();
        while !holds(self.parser.screen()) {
            let shown = self.parser.screen().contents();
            assert!(start.elapsed() < PATIENCE, "waited in vain for {what}:\n{shown}");
            match self.octets.recv_timeout(PATIENCE) {
                Ok(octets) => self.parser.process(&octets),
                Err(_) => panic!("it ended, or stood still, without {what}:\n{shown}"),
            }
        }
    }

    /// Waits for its end, which leaves the terminal as it was, and tells what is printed there then.
    #[track_caller]
    fn end(mut self, code: u32) -> String {
        let status = self.child.wait().unwrap();
        assert_eq!(self.before, modes(&self.pty));
        // With the last of its ends the terminal is gone, and what it holds comes to an end.
        drop(self.pty.slave);
        while let Ok(octets) = self.octets.recv_timeout(PATIENCE) {
            self.parser.process(&octets);
        }
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor(), "{}", screen.contents());
        assert_eq!(status.exit_code(), code, "{}", screen.contents());
        screen.contents()
    }
}

fn modes(pty: &PtyPair) -> String {
    format!("{:?}", pty.master.get_termios().unwrap())
}

fn size(rows: u16, columns: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn cells(number: u16) -> NonZeroU16 {
    number.try_into().unwrap()
}

/// A UDP server at port 5000 and two clients, each with an answer; a TCP server at port 5001 and two connections.
struct Lab {
    udp: UdpSocket,
    udp_clients: [UdpSocket; 2],
    connections: Vec<(TcpStream, TcpStream)>,
    _listener: TcpListener,
}

impl Lab {
    fn open() -> Self {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 5000)).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 5001)).unwrap();
        let connect = || (TcpStream::connect((Ipv4Addr::LOCALHOST, 5001)).unwrap(), listener.accept().unwrap().0);
        let lab = Self {
            udp,
            udp_clients: [traffic::socket(), traffic::socket()],
            connections: vec![connect(), connect()],
            _listener: listener,
        };
        lab.echo();
        lab
    }

    /// Each client says something and gets it back.
    fn echo(&self) {
        let mut octets = [0; 64];
        for client in &self.udp_clients {
            client.send_to("안녕, 소켓".as_bytes(), self.udp.local_addr().unwrap()).unwrap();
            let (len, peer) = self.udp.recv_from(&mut octets).unwrap();
            self.udp.send_to(&octets[..len], peer).unwrap();
            client.recv(&mut octets).unwrap();
        }
        for (client, child) in &self.connections {
            let (mut client, mut child) = (client, child);
            client.write_all(b"hello").unwrap();
            child.read_exact(&mut octets[..5]).unwrap();
        }
    }
}

#[test]
fn sockets_come_alive_on_the_screen() {
    inside("view::sockets_come_alive_on_the_screen", |folder| {
        let mut seat = Seat::take(folder, &[], &[]);
        seat.until(&[" lo  0 frames", "no packets yet"]);
        let mut lab = Lab::open();
        let both = ["UDP 5000: 1 socket, 2 peers", "TCP 5001: 1 listening + 2 connected = 3 sockets", "Clients: 4 sockets"];
        seat.until(&both);
        seat.until(&["ESTAB +", "none lost"]);
        seat.press("g\x1b[B\r");
        seat.until(&["tcp:0  127.0.0.1:", "SYN-SENT !", "── SYN Seq=0", "‘hello’"]);
        seat.press("\x1b");
        seat.until(&both);
        // Behind the listener and its two children: the UDP socket, and its first peer.
        seat.press("gjjjj\r");
        seat.until(&["udp:0  127.0.0.1:", "→ 127.0.0.1:5000", "▶", "‘안녕, 소켓’"]);
        seat.press("\t");
        seat.until(&["→ initiator", "  안녕, 소켓", "← responder"]);
        seat.press("\x1b");
        seat.until(&both);
        lab.connections.remove(0);
        seat.until(&["1 listening + 1 connected = 2 sockets", "TIME-WAIT"]);
        seat.press("q");
        let printed = seat.end(0);
        assert!(printed.contains("Sockets behind these packets") && printed.contains("none lost"), "{printed}");
    });
}

#[test]
fn owners_and_what_the_kernel_says_are_told() {
    inside("view::owners_and_what_the_kernel_says_are_told", |folder| {
        let mut seat = Seat::take(folder, &["--verify=10ms", "--annotate"], &[]);
        seat.until(&["no packets yet"]);
        let lab = Lab::open();
        // Who holds a socket is known a little after its first packet, and told with a later one.
        (0..2000).for_each(|_| lab.echo());
        seat.press("g");
        seat.until(&["LISTEN is proved", &format!("(pid {})", std::process::id())]);
        seat.press("q");
        let printed = seat.end(0);
        assert!(printed.contains("samples of the kernel's table") && printed.contains(" 0 differ: 100.000 %"), "{printed}");
    });
}

#[test]
fn a_demonstration_is_shown_until_its_reader_leaves() {
    inside("view::a_demonstration_is_shown_until_its_reader_leaves", |folder| {
        let mut seat = Seat::of(folder, &["demo", "tcp-echo", "--pace", "20ms", "--lang", "en", "--view"], &[]);
        seat.until(&["TCP 5001: 1 listening + 2 connected = 3 sockets"]);
        seat.press("q");
        let printed = seat.end(0);
        assert!(printed.contains("none lost") && printed.contains("\n1. "), "{printed}");
    });
}

#[test]
fn keys_filter_pause_mark_and_write() {
    inside("view::keys_filter_pause_mark_and_write", |folder| {
        let mut seat = Seat::take(folder, &[], &[]);
        seat.until(&["no packets yet"]);
        let lab = Lab::open();
        seat.until(&["TCP 5001", "UDP 5000: 1 socket, 2 peers"]);
        seat.press("/tcp.prt\r");
        seat.until(&["column 1: no such field. Did you mean tcp.port?"]);
        seat.press("\x7f\x7f\x7fport == 5001\r");
        let hides = |text: &'static str| {
            move |screen: &Screen| !screen.contents().contains(text) && screen.contents().contains("filter tcp")
        };
        seat.until_it("no UDP", hides("UDP 5000"));
        seat.until(&["3 sockets, all on port 5001"]);
        seat.press("/\x15\r");
        seat.until(&["UDP 5000"]);
        seat.press("p");
        seat.until(&["PAUSED"]);
        lab.echo();
        seat.until_it("what came meanwhile", |screen| {
            let shown = screen.contents();
            ["PAUSED, 8 more", "PAUSED, 9 more", "PAUSED, 10 more"].iter().any(|text| shown.contains(text))
        });
        seat.press("pgjjjj w");
        seat.until(&["● 1 marked", "write to: sockscope-"]);
        seat.press("\x15one-peer.pcapng\r");
        seat.until(&["one-peer.pcapng: 4 frames written"]);
        seat.press("w\x15one-peer.pcapng\r");
        seat.until(&["one-peer.pcapng: cannot write: File exists"]);
        assert_eq!(Recorded::read(&folder.join("one-peer.pcapng")).frames.len(), 4);
        seat.press("\x03");
        seat.end(0);
    });
}

#[test]
fn the_screen_may_have_any_size() {
    inside("view::the_screen_may_have_any_size", |folder| {
        let mut seat = Seat::take(folder, &[], &[("NO_COLOR", "1")]);
        seat.until(&["no packets yet"]);
        let _lab = Lab::open();
        seat.until(&["TCP 5001: 1 listening"]);
        for (rows, columns) in [(24, 80), (10, 40), (4, 20), (60, 200), (30, 100)] {
            seat.resize(rows, columns);
            seat.until(&[if rows > 4 { "UDP 5000" } else { "too small" }]);
            let last = if rows > 4 { "quit" } else { "" };
            seat.until_it("keys", |screen| screen.rows(0, columns).last().unwrap().contains(last));
        }
        let screen = seat.parser.screen();
        let coloured = |row, column| screen.cell(row, column).is_some_and(|cell| cell.fgcolor() != Color::Default);
        assert!(!(0..30).any(|row| (0..100).any(|column| coloured(row, column))));
        seat.signal("TERM");
        seat.end(0);
    });
}

#[test]
fn a_terminal_that_hangs_up_leaves_a_whole_file() {
    inside("view::a_terminal_that_hangs_up_leaves_a_whole_file", |folder| {
        let mut seat = Seat::take(folder, &["-w", "lab.pcapng"], &[]);
        seat.until(&["no packets yet"]);
        traffic::udp_echo(5);
        seat.signal("HUP");
        seat.end(0);
        let recorded = Recorded::read(&folder.join("lab.pcapng"));
        assert_eq!(recorded.frames.len(), 10);
        recorded.is_whole();
    });
}

#[test]
fn a_fault_gives_the_terminal_back_too() {
    inside("view::a_fault_gives_the_terminal_back_too", |folder| {
        namespace::run("ip link add v0 type veth peer name v1");
        namespace::run("ip link set v0 up");
        let mut seat = Seat::take(folder, &["v0", "-w", "lab.pcapng"], &[]);
        seat.until(&[" v0  "]);
        namespace::run("ip link del v0");
        let printed = seat.end(3);
        assert!(printed.contains("v0: The interface disappeared"), "{printed}");
        Recorded::read(&folder.join("lab.pcapng")).counters();
    });
}

#[test]
fn lines_are_printed_on_a_terminal_if_they_are_wanted() {
    inside("view::lines_are_printed_on_a_terminal_if_they_are_wanted", |folder| {
        let mut seat = Seat::take(folder, &["--plain", "--frames", "2"], &[]);
        seat.until(&["listening"]);
        traffic::udp_echo(1);
        let printed = seat.end(0);
        assert!(printed.contains("Len=6") && printed.contains("2 frames, none lost"), "{printed}");
    });
}
