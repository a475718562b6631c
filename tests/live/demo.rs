//! A lecture in one command: what is said, what is captured, and what sockets are shown.

use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::program::{Listener, Recorded, sockscope};
use crate::{inside, support};

/// What a demonstration printed; its capture is whole.
#[track_caller]
fn played(name: &str, path: &Path, options: &[&str]) -> String {
    let fixed = [name, "--pace", "20ms", "-w", path.to_str().unwrap()];
    let ended = Listener::of(sockscope("demo", &[&fixed, options].concat())).wait();
    let shown = ended.good().to_owned();
    Recorded::read(path).is_whole();
    shown
}

/// How many frames tshark selects.
fn selected(path: &Path, filter: &str) -> Option<usize> {
    let Ok(output) = Command::new("tshark").arg("-r").arg(path).args(["-Y", filter]).output() else {
        support::skip("tshark is missing, and with it the second opinion on a demonstration");
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).lines().count())
}

#[track_caller]
fn holds(path: &Path, expected: &[(&str, usize)]) {
    for (filter, frames) in expected {
        assert!(selected(path, filter).is_none_or(|found| found == *frames), "{filter}");
    }
}

/// The states of our own table of the file, of sockets on this port.
fn states(path: &Path, port: u16) -> Vec<String> {
    let output = sockscope("sockets", &[path.to_str().unwrap(), "--json"]).output().unwrap();
    let table: Value = serde_json::from_slice(&output.stdout).unwrap();
    let here = |socket: &&Value| socket["local"].as_str().unwrap().ends_with(&format!(":{port}"));
    let rows = table["sockets"].as_array().unwrap().iter().filter(here);
    rows.map(|socket| format!("{} {}", socket["protocol"].as_str().unwrap(), socket["state"].as_str().unwrap())).collect()
}

/// Each text stands behind the one before.
#[track_caller]
fn in_order(shown: &str, texts: &[&str]) {
    texts.iter().fold(0, |from, text| {
        let at = shown[from..].find(text).unwrap_or_else(|| panic!("{text} is not where it belongs: {shown}"));
        from + at + text.len()
    });
}

#[test]
fn one_udp_socket_serves_two_clients() {
    inside("demo::one_udp_socket_serves_two_clients", |folder| {
        let path = folder.join("demo.pcapng");
        let shown = played("udp-echo", &path, &["--lang", "ko"]);
        let texts = [
            "1. 서버: socket(), bind(0.0.0.0:5000). 포트는 번호일 뿐이고",
            "server │ [ ] UDP Echo Server listening on 0.0.0.0:5000",
            "→ 5000 Len=7",
            "(7 bytes) b'client1'",
            "5000 →",
            "client │ [recv] 127.0.0.1:5000 -> client1",
            "b'client2'",
            "UDP 5000: 1 socket, 2 peers",
        ];
        in_order(&shown, &texts);
        holds(&path, &[("udp", 4), ("udp.dstport == 5000", 2), ("udp.stream == 1", 2)]);
        assert_eq!(states(&path, 5000), ["udp UNCONN"]);
    });
}

#[test]
fn a_listener_makes_a_socket_for_each_client() {
    inside("demo::a_listener_makes_a_socket_for_each_client", |folder| {
        let path = folder.join("demo.pcapng");
        let shown = played("tcp-echo", &path, &["--lang", "en"]);
        let texts = ["listen().", "[SYN]", "accept().", "b'client1'", "[FIN, ACK]", "1 listening + 2 connected = 3 sockets"];
        in_order(&shown, &texts);
        holds(&path, &[("tcp.flags.syn == 1", 4), ("tcp.flags.fin == 1", 2), ("tcp.flags.reset == 1", 0)]);
        assert_eq!(states(&path, 5001), ["tcp LISTEN", "tcp ESTAB"]);
    });
}

#[test]
fn one_port_has_many_sockets() {
    inside("demo::one_port_has_many_sockets", |folder| {
        let path = folder.join("demo.pcapng");
        let shown = played("one-port", &path, &["--port", "7000", "--lang", "en"]);
        in_order(&shown, &["A port is a number, a socket is an endpoint.", "UDP 7000: 1 socket, 2 peers"]);
        in_order(&shown, &["TCP 7000: 1 listening + 2 connected = 3 sockets, all on port 7000"]);
        assert_eq!(states(&path, 7000), ["udp UNCONN", "tcp LISTEN", "tcp ESTAB", "tcp ESTAB"]);
    });
}

#[test]
fn connections_end_in_their_ways() {
    inside("demo::connections_end_in_their_ways", |folder| {
        let path = folder.join("demo.pcapng");
        let shown = played("half-close", &path, &["--lang", "en"]);
        in_order(
            &shown,
            &["SHUT_WR", "[FIN, ACK]", "recv() returned 0", "[PSH, ACK]", "[recv] 127.0.0.1:5001 -> the rest", "TIME-WAIT"],
        );
        holds(&path, &[("tcp.flags.fin == 1", 2), ("tcp.payload contains \"rest\"", 1)]);
        assert_eq!(states(&path, 5001), ["tcp LISTEN"]);
        let shown = played("reset", &path, &["--lang", "en"]);
        in_order(
            &shown,
            &["The client does not read it.", "[RST, ACK]", "server │ Connection reset by peer", "Not even TIME-WAIT"],
        );
        holds(&path, &[("tcp.flags.fin == 1", 0), ("tcp.flags.reset == 1", 1)]);
        let shown = played("nobody", &path, &["--lang", "en"]);
        in_order(
            &shown,
            &[
                "Destination unreachable (Port unreachable)",
                "recv(): Connection refused",
                "[RST, ACK]",
                "connect(): Connection refused",
            ],
        );
        holds(&path, &[("icmp.type == 3", 1), ("tcp.flags.reset == 1", 1)]);
        assert_eq!(states(&path, 5000), [""; 0]);
    });
}

#[test]
fn a_port_that_is_taken_is_told() {
    inside("demo::a_port_that_is_taken_is_told", |_| {
        let _taken = UdpSocket::bind("127.0.0.1:5000").unwrap();
        let output = sockscope("demo", &["udp-echo", "--pace", "1ms"]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && said.contains("port 5000 is taken; this server has port "), "{said}");
        let output = sockscope("demo", &["udp-echo", "--port", "5000"]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(3) && said.contains("port 5000: Address already in use"), "{said}");
    });
}

#[test]
fn those_who_watch_may_leave_early() {
    inside("demo::those_who_watch_may_leave_early", |folder| {
        let path = folder.join("demo.pcapng");
        let words = ["udp-echo", "--pace", "1m", "--lang", "en", "-w", path.to_str().unwrap()];
        let mut listener = Listener::of(sockscope("demo", &words));
        listener.line(|line| line.contains("UDP Echo Server listening") || line.starts_with("1. Server: "));
        listener.interrupt().good();
        Recorded::read(&path).is_whole();
    });
}

#[test]
fn without_the_right_it_says_what_to_run() {
    inside("demo::without_the_right_it_says_what_to_run", |_| {
        let program = env!("CARGO_BIN_EXE_sockscope");
        let mut powerless = Command::new("setpriv");
        powerless.args(["--bounding-set=-net_raw", "--inh-caps=-net_raw", program, "demo", "udp-echo"]);
        let Ok(output) = powerless.output() else {
            return support::skip("setpriv is missing, and with it a way to give rights up");
        };
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(3) && said.contains("sudo setcap cap_net_raw"), "{said}");
    });
}
