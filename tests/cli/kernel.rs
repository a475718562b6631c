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
    let (local, peer) = (client.local_addr().unwrap().to_string(), Some(server.to_string()));
    let shown = |document: &Value, local: &str, peer: &Option<String>| {
        let rows = document["sockets"].as_array().unwrap();
        let row = rows.iter().find(|row| row["local"] == *local && row["peer"].as_str() == peer.as_deref());
        row.map(|row| (row["state"].clone(), row["process"]["pid"].clone())).unwrap_or_else(|| panic!("{local}"))
    };
    let mine = |state: &str| (Value::from(state), Value::from(std::process::id()));
    until_it_is_ours(|| {
        let document: Value = serde_json::from_str(&run(&["sockets", "--kernel", "--json"]).good()).unwrap();
        assert_eq!(shown(&document, &udp.local_addr().unwrap().to_string(), &None).0, "UNCONN");
        let (listening, connected) = (shown(&document, &server.to_string(), &None), shown(&document, &local, &peer));
        (listening, connected) == (mine("LISTEN"), mine("ESTAB"))
    });
    until_it_is_ours(|| {
        let text = run(&["sockets", "--kernel"]).good();
        let line = text.lines().find(|line| line.contains(&server.to_string()) && line.contains("LISTEN")).unwrap();
        line.starts_with("tcp") && line.contains(&format!(",pid={},fd=", std::process::id()))
    });
}

/// Tries again where it is not: from the fork to the exec of a program that another test starts, that process holds all
/// sockets of this one too, and may be the one that is named.
#[track_caller]
fn until_it_is_ours(mut is_ours: impl FnMut() -> bool) {
    assert!((0..50).any(|_| is_ours()));
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
