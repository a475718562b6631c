//! What packets show, held against the kernel while they move.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use socket2::{SockFilter, SockRef};
use sockscope::capture::kernel::Sample;
use sockscope::capture::{self, LinkType, Next};

use crate::program::{Ended, Listener};
use crate::{inside, traffic};

/// What the last line says of all samples.
#[track_caller]
pub fn verification(ended: &Ended) -> Value {
    let last = std::str::from_utf8(&ended.stdout).unwrap().lines().last().unwrap_or_else(|| panic!("{ended:?}"));
    serde_json::from_str::<Value>(last).unwrap()["verification"].take()
}

/// What `sockscope verify` says of the file.
pub fn verified(path: &Path) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_sockscope")).arg("verify").arg(path).arg("--json").output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// The numbers and times of the frames in these lines.
fn numbered(lines: &str) -> Vec<(u64, String)> {
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let frames = lines.filter(|line| line["time"].is_string() && line["frame"].is_u64());
    frames.map(|line| (line["frame"].as_u64().unwrap(), line["time"].as_str().unwrap().to_owned())).collect()
}

/// The same of the frames in a file.
fn numbered_in(path: &Path) -> Vec<(u64, String)> {
    let output = crate::program::sockscope("packets", &[path.to_str().unwrap(), "--json"]).output().unwrap();
    numbered(std::str::from_utf8(&output.stdout).unwrap())
}

/// Waits for the difference at this end.
fn difference(listener: &mut Listener, local: SocketAddr) -> Value {
    let at = |line: &str| serde_json::from_str::<Value>(line).unwrap()["difference"].take();
    at(&listener.line(|line| at(line)["local"] == *local.to_string()))
}

/// A server and a client, and a datagram between them each way.
fn exchange() -> (UdpSocket, UdpSocket) {
    let (server, client) = (traffic::socket(), traffic::socket());
    client.send_to(b"name", server.local_addr().unwrap()).unwrap();
    let (_, peer) = server.recv_from(&mut [0; 8]).unwrap();
    server.send_to(b"name", peer).unwrap();
    (server, client)
}

#[test]
fn a_silent_close_is_told_as_it_is_found_and_once_more_by_the_file() {
    inside("proof::a_silent_close_is_told_as_it_is_found_and_once_more_by_the_file", |folder| {
        let path = folder.join("proof.pcapng");
        let mut listener = Listener::start(&["--json", "--verify=10ms", "-w", path.to_str().unwrap()]);
        let (server, client) = exchange();
        traffic::tcp_echo();
        let gone = client.local_addr().unwrap();
        drop(client);
        let found = difference(&mut listener, gone);
        assert_eq!(
            (&found["ours"], &found["kernel"], &found["reason"]),
            (&"UNCONN".into(), &Value::Null, &"silent_close".into())
        );
        assert!(found["time"].as_str().unwrap().parse::<f64>().unwrap() > 1e9, "{found}");
        traffic::udp_echo(2);
        let ended = listener.interrupt();
        ended.good();
        let live = verification(&ended);
        assert!(live["samples"].as_u64() > Some(3) && live["places"]["agreeing"].as_u64() > Some(0), "{live}");
        assert_eq!((&live["late"], &live["connections"]["unexplained"]), (&0.into(), &0.into()));
        assert_eq!(live, verified(&path));
        let (shown, written) = (numbered(std::str::from_utf8(&ended.stdout).unwrap()), numbered_in(&path));
        assert!(!shown.is_empty() && written.ends_with(&shown), "samples count as frames: {shown:?}, {written:?}");
        assert!(server.local_addr().is_ok(), "open to the end");
    });
}

/// Samples stand between the frames captured before and after, so that they can be taken in order.
#[test]
fn samples_stand_before_younger_frames() {
    inside("proof::samples_stand_before_younger_frames", |folder| {
        let path = folder.join("proof.pcapng");
        let listener = Listener::start(&["-q", "--verify=1ms", "-w", path.to_str().unwrap()]);
        traffic::stream(20_000, 50_000);
        listener.interrupt().good();
        let mut source = capture::open(&path).unwrap();
        let (mut samples, mut youngest) = (0, None);
        while let Next::Frame(frame) = source.next().unwrap() {
            match Sample::from_frame(&frame) {
                Some(sample) => {
                    samples += 1;
                    assert!(youngest <= Some(sample.unwrap().before), "frame {}", frame.number);
                }
                None if frame.link_type != LinkType::NO_PACKET => youngest = youngest.max(frame.timestamp),
                None => {}
            }
        }
        assert!(samples > 2, "{samples}");
        assert_eq!(verified(&path)["late"], 0);
    });
}

#[test]
fn both_agree_also_when_root_is_left() {
    inside("proof::both_agree_also_when_root_is_left", |_| {
        let mut command = crate::program::command(&["--verify=10ms", "--json"]);
        command.envs([("SUDO_UID", "65534"), ("SUDO_GID", "65533")]);
        let mut listener = Listener::of(command);
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let client = TcpStream::connect(server.local_addr().unwrap()).unwrap();
        let child = server.accept().unwrap().0;
        let (_server, silent) = exchange();
        let gone = silent.local_addr().unwrap();
        drop(silent);
        difference(&mut listener, gone);
        let ended = listener.interrupt();
        let found = verification(&ended);
        assert_eq!((ended.code, &found["connections"]["unexplained"]), (Some(0), &0.into()), "{found}");
        assert!(found["places"]["agreeing"].as_u64() > Some(0), "{found}");
        drop((client, child));
    });
}

#[test]
fn people_read_it_on_lines() {
    inside("proof::people_read_it_on_lines", |_| {
        let mut listener = Listener::start(&["-q", "--verify"]);
        let (_server, client) = exchange();
        let gone = client.local_addr().unwrap();
        drop(client);
        let line = listener.line(|line| line.contains(&gone.to_string()));
        assert!(
            line.starts_with("≠ ") && line.ends_with("packets UNCONN, kernel none: it was closed, which sends nothing"),
            "{line}"
        );
        let shown = listener.interrupt();
        assert!(shown.good().contains("of the kernel's table\n  ends of connections: "), "{shown:?}");
    });
}

/// A connection that gives up as its user timeout says: no packet tells, and no reason is known.
#[test]
fn what_nothing_explains_is_exit_code_1() {
    inside("proof::what_nothing_explains_is_exit_code_1", |folder| {
        let path = folder.join("proof.pcapng");
        let mut listener = Listener::start(&["--json", "--verify=10ms", "-w", path.to_str().unwrap()]);
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut client = TcpStream::connect(server.local_addr().unwrap()).unwrap();
        let child = server.accept().unwrap().0;
        SockRef::from(&client).set_tcp_user_timeout(Some(Duration::from_millis(300))).unwrap();
        SockRef::from(&child).attach_filter(&[SockFilter::new(0x06, 0, 0, 0)]).unwrap();
        client.write_all(b"never acknowledged").unwrap();
        let found = difference(&mut listener, client.local_addr().unwrap());
        assert_eq!((&found["ours"], &found["kernel"], &found["reason"]), (&"ESTAB".into(), &Value::Null, &"unexplained".into()));
        let ended = listener.interrupt();
        assert!(ended.code == Some(1) && ended.stderr.contains("and nothing explains it"), "{ended:?}");
        assert_eq!(verification(&ended), verified(&path));
    });
}
