//! Changes, and what they bring.

use super::*;
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::Flags;
use crate::judge::declared;
use crate::track::{FiveTuple, Mark, Protocol};

const TABLE: &str = r#"
[[socket]]
name = "any"
protocol = "udp"
local = "0.0.0.0:5000"
[[socket]]
name = "peer"
protocol = "udp"
local = "127.0.0.1:6000"
peer = "127.0.0.1:9"
[[socket]]
name = "web"
protocol = "tcp"
local = "127.0.0.1:80"
"#;

fn what_if(changes: &[&str]) -> WhatIf {
    let changes: Vec<String> = changes.iter().map(|change| (*change).to_owned()).collect();
    WhatIf::new(&declared(TABLE).unwrap(), &changes).unwrap()
}

/// `any -> any, bound`; what was and what would be.
fn delivered(what_if: &mut WhatIf, frame: u64, source: &str, destination: &str) -> String {
    deliver(what_if, frame, (Protocol::Udp, source, destination), None)
}

fn deliver(
    what_if: &mut WhatIf,
    frame: u64,
    (protocol, source, destination): (Protocol, &str, &str),
    mark: Option<Mark>,
) -> String {
    let tuple = FiveTuple { protocol, source: source.parse().unwrap(), destination: destination.parse().unwrap() };
    let (before, after) = what_if.deliver(&Arriving::new(tuple, mark).in_frame(frame), None);
    let word = |delivery: &Delivery| match delivery.sockets.as_slice() {
        [] => delivery.verdict.word().to_owned(),
        sockets => sockets.join(" "),
    };
    format!("{} -> {}", word(&before), word(&after))
}

/// `s1 127.0.0.1:80: EADDRINUSE: …`.
fn binds(what_if: &WhatIf) -> Vec<String> {
    let failure = |bind: &Bind| bind.failure.as_ref().map_or("done".to_owned(), |(errno, because)| format!("{errno}: {because}"));
    what_if.binds().iter().map(|bind| format!("{} {}: {}", bind.socket, bind.local, failure(bind))).collect()
}

#[test]
fn a_socket_that_is_not_connected_takes_from_others() {
    let mut what_if = what_if(&["peer: no connect"]);
    assert_eq!(delivered(&mut what_if, 1, "127.0.0.1:9", "127.0.0.1:6000"), "peer -> peer");
    assert_eq!(delivered(&mut what_if, 2, "127.0.0.1:10", "127.0.0.1:6000"), "refused -> peer");
}

#[test]
fn a_socket_that_is_connected_does_not() {
    let mut what_if = what_if(&["any: connect 127.0.0.1:9"]);
    assert_eq!(delivered(&mut what_if, 1, "127.0.0.1:9", "127.0.0.1:5000"), "any -> any");
    assert_eq!(delivered(&mut what_if, 2, "127.0.0.1:10", "127.0.0.1:5000"), "any -> refused");
}

#[test]
fn one_address_instead_of_any() {
    let mut what_if = what_if(&["any: bind 127.0.0.1"]);
    assert_eq!(binds(&what_if), ["any 127.0.0.1:5000: done"]);
    assert_eq!(delivered(&mut what_if, 1, "127.0.0.1:9", "127.0.0.1:5000"), "any -> any");
    assert_eq!(delivered(&mut what_if, 2, "127.0.0.1:9", "127.0.0.2:5000"), "any -> refused");
}

#[test]
fn a_second_socket_fails_or_takes_over() {
    let in_use =
        "anyb 0.0.0.0:5000: EADDRINUSE: any is bound to 0.0.0.0:5000, and SO_REUSEADDR or SO_REUSEPORT is not set on both";
    assert_eq!(binds(&what_if(&["second any"])), [in_use]);
    let mut shared = what_if(&["any: reuse_addr", "second any"]);
    assert_eq!(binds(&shared), ["any 0.0.0.0:5000: done", "anyb 0.0.0.0:5000: done"]);
    assert_eq!(delivered(&mut shared, 1, "127.0.0.1:9", "127.0.0.1:5000"), "any -> anyb");
    let mut group = what_if(&["any: reuse_port", "second any"]);
    assert_eq!(delivered(&mut group, 1, "127.0.0.1:9", "127.0.0.1:5000"), "any -> any anyb");
}

#[test]
fn an_address_of_no_host_is_not_available() {
    let mut what_if = what_if(&["any: bind 192.0.2.9"]);
    assert!(binds(&what_if)[0].contains("EADDRNOTAVAIL: 192.0.2.9 is no address of this host"));
    assert_eq!(delivered(&mut what_if, 1, "127.0.0.1:9", "127.0.0.1:5000"), "any -> refused");
}

/// The server closes a connection first, ends, and starts again.
fn restarted(changes: &[&str]) -> (WhatIf, Vec<String>) {
    let (to, back) = ((Protocol::Tcp, "127.0.0.1:9", "127.0.0.1:80"), (Protocol::Tcp, "127.0.0.1:80", "127.0.0.1:9"));
    let script = [
        (to, Flags::SYN, 1, 0),
        (to, Flags::ACK, 1, 1),
        (back, Flags::FIN, 2, 1),
        (to, Flags::FIN, 2, 2),
        (back, Flags::ACK, 2, 2),
    ];
    let mut what_if = what_if(changes);
    for (frame, (way, flags, end, acknowledgment)) in (1..).zip(script) {
        let flags = if flags == Flags::SYN { flags } else { Flags(flags.0 | Flags::ACK.0) };
        deliver(&mut what_if, frame, way, Some(Mark { flags, end: SeqNumber(end), acknowledgment: SeqNumber(acknowledgment) }));
    }
    let call = (Protocol::Tcp, "127.0.0.1:10", "127.0.0.1:80");
    let syn = Mark { flags: Flags::SYN, end: SeqNumber(1), acknowledgment: SeqNumber(0) };
    let calls = vec![deliver(&mut what_if, 6, call, Some(syn))];
    what_if.finish();
    (what_if, calls)
}

#[test]
fn a_server_restarted_in_time_wait() {
    let in_use =
        "webb 127.0.0.1:80: EADDRINUSE: web>127.0.0.1:9 is in TIME-WAIT at 127.0.0.1:80, and SO_REUSEADDR is not set on both";
    let (what_if, calls) = restarted(&["restart web after frame 5"]);
    assert_eq!((binds(&what_if), calls), (vec![in_use.to_owned()], vec!["web -> refused".to_owned()]));
    let (what_if, calls) = restarted(&["web: reuse_addr", "restart web after frame 5"]);
    assert_eq!((binds(&what_if)[1].as_str(), calls), ("webb 127.0.0.1:80: done", vec!["web -> webb".to_owned()]));
    let (what_if, calls) = restarted(&["restart web"]);
    assert_eq!((binds(&what_if), calls), (vec![in_use.to_owned()], vec!["web -> web".to_owned()]));
}

#[test]
fn faults_have_a_place() {
    let setup = declared(TABLE).unwrap();
    let names = "the sockets are any, peer, web";
    let cases = [
        ("", format!("1: expected NAME: CHANGE, second NAME, or restart NAME; {names}")),
        ("s9: bind 127.0.0.1", format!("1: expected NAME: CHANGE, second NAME, or restart NAME; {names}")),
        ("second s9", format!("8: expected the name of a socket; {names}")),
        ("any: bind localhost", "11: expected an address such as 127.0.0.1 or ::1".to_owned()),
        ("any: sleep", format!("6: {}", super::change::SWITCHES)),
        ("any: no connect", "6: expected a socket that is connected: this one is not, as far as its table tells".to_owned()),
        ("web: connect 127.0.0.1:9", "6: expected a change of a TCP socket: connect is for UDP".to_owned()),
        ("any: reuse_addr now", "17: expected the end of the change".to_owned()),
        ("restart web after frame x", "25: expected the number of a frame".to_owned()),
        ("restart web after lunch", "19: expected frame NUMBER".to_owned()),
    ];
    for (text, expected) in cases {
        let (_, fault) = WhatIf::new(&setup, &[text.to_owned()]).unwrap_err();
        assert_eq!(fault.to_string(), format!("line 1, column {expected}"), "{text}");
    }
}
