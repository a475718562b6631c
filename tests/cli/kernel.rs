//! `sockets --kernel`: this machine's own sockets.

use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::Command;

use serde_json::Value;

use crate::{UDP, run};

#[test]
fn what_a_process_holds_stands_beside_its_name() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap();
    let client = TcpStream::connect(server).unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let document: Value = serde_json::from_str(&run(&["sockets", "--kernel", "--json"]).good()).unwrap();
    let rows = document["sockets"].as_array().unwrap();
    let row = |local: String, peer: Option<String>| {
        rows.iter()
            .find(|row| row["local"] == *local && row["peer"].as_str() == peer.as_deref())
            .unwrap_or_else(|| panic!("{local}"))
    };
    let (local, peer) = (client.local_addr().unwrap().to_string(), Some(server.to_string()));
    for (row, state) in [(row(server.to_string(), None), "LISTEN"), (row(local, peer), "ESTAB")] {
        assert_eq!((&row["state"], &row["process"]["pid"]), (&state.into(), &std::process::id().into()));
    }
    assert_eq!(row(udp.local_addr().unwrap().to_string(), None)["state"], "UNCONN");
    let text = run(&["sockets", "--kernel"]).good();
    let line = text.lines().find(|line| line.contains(&server.to_string()) && line.contains("LISTEN")).unwrap();
    assert!(line.starts_with("tcp") && line.contains(&format!(",pid={},fd=", std::process::id())), "{line}");
}

/// Every socket of `ss` in the same columns, and none besides, at an address that only this test uses.
#[test]
fn ss_prints_the_same() {
    let listener = TcpListener::bind("127.0.0.77:0").unwrap();
    let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let Ok(ss) = Command::new("ss").arg("-tuanH").output() else {
        return crate::support::skip("ss is missing, which prints the same table");
    };
    let ours = run(&["sockets", "--kernel"]).good();
    let rows = |text: &str| -> Vec<Vec<String>> {
        let words = |line: &str| line.split_whitespace().take(6).map(String::from).collect::<Vec<_>>();
        let mut rows: Vec<_> = text.lines().filter(|line| line.contains("127.0.0.77:")).map(words).collect();
        rows.sort();
        rows
    };
    let ours = rows(&ours);
    assert_eq!(ours, rows(&String::from_utf8(ss.stdout).unwrap()));
    assert_eq!(ours.len(), 3);
}

#[test]
fn the_kernel_is_no_capture() {
    for wrong in [&["sockets", UDP, "--kernel"][..], &["sockets"], &["sockets", "--kernel", "--at", "frame:1"]] {
        assert_eq!(run(wrong).code, 2, "{wrong:?}");
    }
}
