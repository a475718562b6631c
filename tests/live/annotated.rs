//! Who holds a socket stands beside its first packet.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

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

fn is(end: SocketAddr, name: &str, pid: u32) -> String {
    format!("{end} is {name} (pid {pid})")
}

/// What the test calls itself, as the kernel shortens it.
fn own_name() -> String {
    std::fs::read_to_string("/proc/self/comm").unwrap().trim_end().to_owned()
}

/// Does something again and again until all of these are told in lines of this kind; gives those lines.
fn told(listener: &mut Listener, kind: &str, texts: &[String], again: impl Fn() + Sync) -> Vec<String> {
    let enough = AtomicBool::new(false);
    let mut lines: Vec<String> = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            while !enough.load(Ordering::Relaxed) {
                again();
                thread::sleep(Duration::from_millis(5));
            }
        });
        while !texts.iter().all(|text| lines.iter().any(|line| line.contains(text))) {
            lines.push(listener.line(|line| line.contains(kind)));
        }
        enough.store(true, Ordering::Relaxed);
    });
    lines
}

/// One datagram may find nobody named yet, where the machine is busy; later ones of the conversation do.
#[test]
fn both_ends_are_named_in_the_file() {
    inside("annotated::both_ends_are_named_in_the_file", |folder| {
        let path = folder.join("annotated.pcapng");
        let mut listener = Listener::start(&["--json", "--annotate", "-w", path.to_str().unwrap()]);
        let (server, client) = (traffic::socket(), traffic::socket());
        let [at_server, at_client] = [&server, &client].map(|socket| socket.local_addr().unwrap());
        let ends =
            [at_client, at_server].map(|end| format!("{{\"endpoint\":\"{end}\",\"process\":{{\"pid\":{},", std::process::id()));
        let lines = told(&mut listener, "\"owners\"", &ends, || assert_eq!(client.send_to(b"name", at_server).unwrap(), 4));
        listener.interrupt().good();
        let owners = |line: &String| serde_json::from_str::<Value>(line).unwrap()["owners"].take();
        let expected: Vec<(u64, String)> = lines.iter().map(|line| comment(&owners(line))).collect();
        if let Some(found) = comments(&path) {
            assert_eq!(found, expected);
        }
        Recorded::read(&path).is_whole();
    });
}

/// The frame and the comment that say what a line says.
fn comment(owners: &Value) -> (u64, String) {
    let text = |key: &Value| key.as_str().unwrap().to_owned();
    let end = |end: &Value| {
        let process = &end["process"];
        format!("{} is {} (pid {})", text(&end["endpoint"]), text(&process["name"]), process["pid"])
    };
    let ends: Vec<String> = owners["ends"].as_array().unwrap().iter().map(end).collect();
    (owners["frame"].as_u64().unwrap(), ends.join(", "))
}

/// What is opened while the capture runs, by a process that was not there before.
#[test]
fn sockets_that_come_later_are_named() {
    inside("annotated::sockets_that_come_later_are_named", |folder| {
        let path = folder.join("annotated.pcapng");
        let mut listener = Listener::start(&["--json", "--annotate", "-w", path.to_str().unwrap()]);
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let dial = format!("exec 3<>/dev/tcp/127.0.0.1/{}; read -r <&3", server.local_addr().unwrap().port());
        let mut caller = Command::new("bash").args(["-c", &dial]).spawn().unwrap();
        let child = server.accept().unwrap().0;
        let process = format!("\"pid\":{},\"name\":\"bash\"", caller.id());
        told(&mut listener, "\"owners\"", &[process], || (&child).write_all(b".").unwrap());
        listener.interrupt().good();
        let caller_is = is(child.peer_addr().unwrap(), "bash", caller.id());
        drop(child);
        caller.wait().unwrap();
        if let Some(found) = comments(&path) {
            assert!(found.iter().any(|(_, text)| text.contains(&caller_is)), "{found:?}");
        }
    });
}

#[test]
fn people_read_it_below_the_packet() {
    inside("annotated::people_read_it_below_the_packet", |_| {
        let server = UdpSocket::bind("0.0.0.0:5000").unwrap();
        let mut listener = Listener::start(&["--annotate", "--port", "5000"]);
        let client = traffic::socket();
        let ends = [client.local_addr().unwrap(), SocketAddr::from((Ipv4Addr::LOCALHOST, 5000))];
        // The server is bound to all addresses.
        let texts = ends.map(|end| is(end, &own_name(), std::process::id()));
        told(&mut listener, "└", &texts, || assert_eq!(client.send_to(b"name", "127.0.0.1:5000").unwrap(), 4));
        listener.interrupt().good();
        drop(server);
    });
}
