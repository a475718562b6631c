//! Who holds a socket stands beside its first packet.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::program::{Listener, Recorded};
use crate::{inside, support, traffic};

/// The comments of a file, with the frames they stand at, as tshark reads them; `None`, said aloud, without tshark.
fn comments(path: &Path) -> Option<Vec<(u64, String)>> {
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(path).args(["-Y", "frame.comment", "-T", "fields", "-e", "frame.number", "-e", "frame.comment"]);
    let Ok(output) = tshark.output() else {
        support::skip("tshark is missing, and with it what reads the comments");
        return None;
    };
    let lines = String::from_utf8(output.stdout).unwrap();
    let comment = |line: &str| line.split_once('\t').map(|(frame, text)| (frame.parse().unwrap(), text.to_owned()));
    lines.lines().map(comment).collect()
}

/// A process of its own that holds a socket until its standard input, another socket, is closed.
fn holder(socket: impl Into<OwnedFd>) -> Child {
    Command::new("sleep").arg("60").stdin(Stdio::from(socket.into())).spawn().unwrap()
}

fn is(end: SocketAddr, name: &str, pid: u32) -> String {
    format!("{end} is {name} (pid {pid})")
}

/// What the test calls itself, as the kernel shortens it.
fn own_name() -> String {
    std::fs::read_to_string("/proc/self/comm").unwrap().trim_end().to_owned()
}

#[test]
fn both_ends_are_named_in_the_file() {
    inside("annotated::both_ends_are_named_in_the_file", |folder| {
        let path = folder.join("annotated.pcapng");
        let (server, client) = (traffic::socket(), traffic::socket());
        let (at_server, at_client) = (server.local_addr().unwrap(), client.local_addr().unwrap());
        let mut listener = Listener::start(&["--json", "--annotate", "-w", path.to_str().unwrap()]);
        client.send_to(b"name", at_server).unwrap();
        let shown = listener.line(|line| line.starts_with("{\"owners\""));
        let ended = listener.interrupt();
        ended.good();
        let known: Value = serde_json::from_str(&shown).unwrap();
        let ends = known["owners"]["ends"].as_array().unwrap();
        assert_eq!((&known["owners"]["frame"], ends.len()), (&1.into(), 2), "{known}");
        assert_eq!(ends[1]["process"]["pid"], std::process::id());
        let (name, pid) = (own_name(), std::process::id());
        let expected = format!("{}, {}", is(at_client, &name, pid), is(at_server, &name, pid));
        if let Some(found) = comments(&path) {
            assert_eq!(found, [(1, expected)]);
        }
        Recorded::read(&path).is_whole();
    });
}

/// What is opened while the capture runs, by processes that were not there before.
#[test]
fn sockets_that_come_later_are_named() {
    inside("annotated::sockets_that_come_later_are_named", |folder| {
        let path = folder.join("annotated.pcapng");
        let mut listener = Listener::start(&["--json", "--annotate", "-w", path.to_str().unwrap()]);
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let client = TcpStream::connect(server.local_addr().unwrap()).unwrap();
        let at_client = client.local_addr().unwrap();
        let mut other = holder(client);
        let child = server.accept().unwrap().0;
        let named = |line: &str, pid: u32| line.starts_with("{\"owners\"") && line.contains(&format!("\"pid\":{pid},"));
        listener.line(|line| named(line, other.id()) || named(line, std::process::id()));
        listener.interrupt().good();
        other.kill().unwrap();
        other.wait().unwrap();
        drop(child);
        if let Some(found) = comments(&path) {
            let all: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
            let told = all.join("; ");
            assert!(
                told.contains(&format!("{at_client} is ")) && told.contains(&format!("(pid {})", std::process::id())),
                "{told}"
            );
        }
    });
}

#[test]
fn people_read_it_below_the_packet() {
    inside("annotated::people_read_it_below_the_packet", |_| {
        let server = UdpSocket::bind("0.0.0.0:5000").unwrap();
        let mut listener = Listener::start(&["--annotate", "--port", "5000"]);
        let client = traffic::socket();
        let at_client = client.local_addr().unwrap();
        client.send_to(b"name", "127.0.0.1:5000").unwrap();
        let line = listener.line(|line| line.contains('└'));
        assert!(line.contains(&is(at_client, &own_name(), std::process::id())), "{line}");
        assert!(line.contains("127.0.0.1:5000 is "), "bound to all addresses as it is: {line}");
        listener.interrupt().good();
        drop(server);
    });
}
