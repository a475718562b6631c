//! The socket table inferred from each lab's capture, held against the sockets that the lab's programs wrote down.

#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

mod support;

use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;
use sockscope::capture::{self, Next};
use sockscope::decode;
use sockscope::track::{Limits, Protocol, Rule, Socket, SocketState, Trace, Tracker};

#[test]
fn inferred_sockets_are_those_the_programs_opened() {
    let mut labs = 0;
    for list in support::files_below(&support::project("fixtures"), &["sockets.json"]) {
        let folder = list.parent().unwrap();
        let Some(capture) = capture_in(folder) else { continue };
        let opened: Vec<Value> = serde_json::from_slice(&std::fs::read(&list).unwrap()).unwrap();
        let trace = read(&capture);
        let mut inferred: Vec<&Socket> = trace.sockets.sockets.iter().filter(|socket| existed(socket)).collect();
        for row in &opened {
            let place = inferred.iter().position(|socket| is_that(socket, row));
            let place = place.unwrap_or_else(|| panic!("{}: no row for {row}, left {inferred:#?}", capture.display()));
            inferred.remove(place);
        }
        assert!(inferred.is_empty(), "{}: rows for no socket: {inferred:#?}", capture.display());
        labs += 1;
    }
    assert!(labs >= 30, "only {labs} labs were read");
}

/// The lab's capture, unless the file was cut on purpose.
fn capture_in(folder: &Path) -> Option<std::path::PathBuf> {
    if folder.ends_with("cut-off") {
        return None;
    }
    support::files_below(folder, &[".pcap", ".pcapng", ".gz", ".zst", ".lz4"]).into_iter().next()
}

fn read(path: &Path) -> Trace {
    let mut source = capture::open(path).unwrap();
    let mut tracker = Tracker::new(Limits::default());
    while let Next::Frame(frame) = source.next().unwrap() {
        tracker.push(&decode::packet(&frame));
    }
    tracker.finish()
}

/// The row is of a socket, and not of an address where nobody answered.
fn existed(socket: &Socket) -> bool {
    let refused_listener = socket.rule == Rule::R1 && socket.state == SocketState::Closed;
    let refused_udp = socket.protocol == Protocol::Udp && socket.sent.frames == 0 && socket.state == SocketState::Closed;
    !refused_listener && !refused_udp
}

/// The row can be of the socket that a program wrote down; unknown and unspecified addresses match any.
fn is_that(socket: &Socket, row: &Value) -> bool {
    let local: SocketAddr = row["local"].as_str().unwrap().parse().unwrap();
    let role = match row["role"].as_str().unwrap() {
        "udp" => socket.protocol == Protocol::Udp,
        "listener" => socket.rule == Rule::R1,
        "accepted" => socket.rule == Rule::R2 || (socket.rule == Rule::R7 && socket.listener.is_some()),
        "client" => socket.rule == Rule::R3 || (socket.rule == Rule::R7 && socket.listener.is_none()),
        other => panic!("{other} is no role"),
    };
    let address = socket.local.address.is_none_or(|address| local.ip().is_unspecified() || address == local.ip());
    let seen = local.ip().is_unspecified() || socket.local.seen_at.contains(&local.ip());
    let peer = socket.protocol == Protocol::Udp || socket.peer.map(|peer| peer.to_string()).as_deref() == row["peer"].as_str();
    role && socket.local.port == local.port() && address && seen && peer
}
