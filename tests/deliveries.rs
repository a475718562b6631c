//! Packets delivered to the sockets that their own capture shows.

#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

mod support;

use std::path::Path;

use rstest::rstest;
use sockscope::capture::{self, Next};
use sockscope::decode;
use sockscope::judge::Contradictions;
use sockscope::track::{
    Arrival, Arrivals, Arriving, Delivery, DemuxTable, Limits, Reach, Setup, SocketId, SocketTable, Trace, Tracker,
};
use sockscope::zoo::{self, Script};
use support::script::{Made, frame, track};

/// Packets of a script, on raw IP.
fn packets(script: &str) -> Vec<Made> {
    let script = Script::parse(script).unwrap_or_else(|error| panic!("{error}\n{script}"));
    zoo::frames(&script).into_iter().map(|made| Made { time: made.time, octets: made.octets[14..].to_vec() }).collect()
}

/// `1 to s2, bound or wildcard, proved R5`, a line for each packet.
fn told(script: &str) -> Vec<String> {
    let packets = packets(script);
    let mut table = DemuxTable::of(Setup::inferred(&track(&packets)));
    let mut arrivals = Arrivals::new(&Limits::default());
    let made = (1..).zip(&packets).map(|(number, made)| frame(number, made));
    let arrived = made.filter_map(|frame| arrivals.of(&decode::packet(&frame)));
    let packets = arrived.filter_map(|arrival| match arrival {
        Arrival::Packet(arriving) => Some(arriving),
        Arrival::Refusal(_) => None,
    });
    packets.map(|arriving| line(&mut table, &arriving)).collect()
}

fn line(table: &mut DemuxTable, arriving: &Arriving) -> String {
    let Delivery { verdict, sockets, rule, basis, or_rule, .. } = &*table.deliver(arriving, || None);
    let sockets = if sockets.is_empty() { String::new() } else { format!(" {}", sockets.join(" ")) };
    let or = or_rule.map(|other| format!(" or {}", other.word())).unwrap_or_default();
    let basis = basis.map(|basis| format!(", {} {}", basis.evidence, basis.rule.word())).unwrap_or_default();
    format!("{} {}{sockets}, {}{or}{basis}", arriving.frame, verdict.word(), rule.word())
}

const UDP: &str = "udp u 10.0.0.1:50000 10.0.0.2:5000\n";
const TCP: &str = "tcp a 10.0.0.1:40000 10.0.0.2:5001\n";

#[rstest]
#[case::answered("u> data 1\nu< data 1", &["1 to s2, bound or wildcard, proved R4", "2 to s1, bound or wildcard, proved R4"])]
#[case::silent("u> data 1\n", &["1 to s2, bound or wildcard, assumed R4"])]
#[case::refused("u> data 1\nu< unreachable port", &["1 refused, none, observed R4"])]
#[case::refused_then_there(
    "u> data 1\nu< unreachable port\nu> data 1\nu< data 1",
    &["1 refused, none, observed R4", "3 to s2, bound or wildcard, proved R4", "4 to s1, bound or wildcard, proved R4"]
)]
#[case::there_then_gone(
    "u> data 1\nu< data 1\nu> data 1\nu< unreachable port",
    &["1 to s2, bound or wildcard, proved R4", "2 to s1, bound or wildcard, proved R4", "3 refused, none, observed R4"]
)]
#[case::gone_and_back(
    "u> data 1\nu< data 1\nu> data 1\nu< unreachable port\nu> data 1\nu< data 1",
    &[
        "1 to s2, bound or wildcard, proved R4",
        "2 to s1, bound or wildcard, proved R4",
        "3 refused, none, observed R4",
        "5 to s2, bound or wildcard, proved R4",
        "6 to s1, bound or wildcard, proved R4",
    ]
)]
fn datagrams(#[case] script: &str, #[case] expected: &[&str]) {
    assert_eq!(told(&format!("{UDP}{script}")), expected);
}

#[test]
fn several_loopback_addresses_are_one_socket_bound_to_any() {
    let script = "udp a 127.0.0.1:50000 127.0.0.1:5000\nudp b 127.0.0.1:50000 127.0.0.2:5000\n\
                  a> data 1\na< data 1\nb> data 1\nb< data 1\n";
    assert_eq!(told(script)[2], "3 to s2, wildcard, assumed R5");
}

/// A group has no socket of its own in a capture.
#[test]
fn who_listens_to_a_group_is_unknown() {
    assert_eq!(told("udp m 10.0.0.1:5353 224.0.0.251:5353\nm> data 1\n"), ["1 unknown, none"]);
}

const LISTENER: &str = "to s1, listener on the address or listener on any address, proved R1";

#[rstest]
#[case::open_and_close(
    "a> S\na< SA\na> A\na> FA\na< FA\na> A\na< FA seq=1",
    &[
        &format!("1 {LISTENER}"),
        "2 to s2, established 4-tuple, observed R3",
        "3 to s3, request socket, observed R2",
        "4 to s3, established 4-tuple, observed R2",
        "5 to s2, established 4-tuple, observed R3",
        "6 to s3, established 4-tuple, observed R2",
        "7 to s2, TIME-WAIT, observed R3",
    ]
)]
#[case::refused("a> S\na< RA seq=0", &["1 refused, none, observed R1", "2 to s2, established 4-tuple, observed R3"])]
#[case::unanswered("a> S\n+1000\na> S seq=0", &[
    "1 to s1, listener on the address or listener on any address, assumed R1",
    "2 to s1, listener on the address or listener on any address, assumed R1",
])]
#[case::asked_once("a> S", &["1 unknown, none"])]
#[case::simultaneous("a> S\na< S\na> SA seq=0\na< SA seq=0", &[
    "1 to s2, established 4-tuple, observed R3",
    "2 to s1, established 4-tuple, observed R3",
    "3 to s2, established 4-tuple, observed R3",
    "4 to s1, established 4-tuple, observed R3",
])]
#[case::older_than_the_capture("a> data 5\na< A", &[
    "1 to s2, established 4-tuple, observed R6",
    "2 to s1, established 4-tuple, observed R6",
])]
#[case::syn_not_captured("a< SA ack=1\na> A seq=1", &[
    "1 to s2, established 4-tuple, observed R3",
    "2 to s3, request socket, observed R2",
])]
fn segments(#[case] script: &str, #[case] expected: &[&str]) {
    assert_eq!(told(&format!("{TCP}{script}")), expected);
}

/// A server that is started after the first call, stopped after the second, and started again.
#[test]
fn a_listener_comes_and_goes() {
    let calls = [("40000", false), ("40001", true), ("40002", false), ("40003", true)];
    let script: String = calls
        .into_iter()
        .map(|(port, answered)| {
            let answer = if answered { "SA\na> A\na> R\n" } else { "RA seq=0\n" };
            format!("tcp a{port} 10.0.0.1:{port} 10.0.0.2:5001\na> S\na< {answer}")
                .replace("a>", &format!("a{port}>"))
                .replace("a<", &format!("a{port}<"))
        })
        .collect();
    let syns: Vec<String> = told(&script).into_iter().filter(|line| line.contains("R1")).collect();
    assert_eq!(
        syns,
        ["1 refused, none, observed R1", &format!("3 {LISTENER}"), "7 refused, none, observed R1", &format!("9 {LISTENER}")]
    );
}

/// Every packet of every lab reaches a row that is of its destination, or was refused.
#[test]
fn packets_of_the_labs_reach_the_sockets_of_the_labs() {
    let (mut delivered, mut refused) = (0, 0);
    for capture in support::fixtures().iter().filter(|capture| capture.with_file_name("sockets.json").exists()) {
        let trace = read(capture);
        let mut table = DemuxTable::of(Setup::inferred(&trace));
        let (mut arrivals, mut contradictions) = (Arrivals::new(&Limits::default()), Contradictions::default());
        each(capture, |packet| {
            let arriving = match arrivals.of(packet) {
                Some(Arrival::Packet(arriving)) => arriving,
                Some(Arrival::Refusal(refusal)) => return contradictions.hear(&refusal, table.last_on(&refusal.about).as_ref()),
                None => return,
            };
            let delivery = table.deliver(&arriving, || None);
            contradictions.see(&arriving, &delivery);
            match delivery.verdict {
                Reach::To => assert!(is_its(&trace.sockets, &delivery, &arriving), "{capture:?}: {arriving:?}: {delivery:?}"),
                Reach::Refused => refused += 1,
                _ => panic!("{capture:?}: {arriving:?}: {delivery:?}"),
            }
            delivered += 1;
        });
        assert_eq!(contradictions.found(), [], "{capture:?}");
    }
    println!("{delivered} packets, {refused} refused");
    assert!(delivered > 500 && refused > 0 && refused < 20);
}

/// The socket is at the packet's destination, and connected to its source if it is to anybody.
fn is_its(table: &SocketTable, delivery: &Delivery, arriving: &Arriving) -> bool {
    let [name] = &delivery.sockets[..] else { return false };
    let row = table.socket(SocketId(name.strip_prefix('s').unwrap().parse().unwrap())).unwrap();
    let destination = arriving.destination();
    let here = row.local.port == destination.port() && row.local.seen_at.contains(&destination.ip());
    here && row.protocol == arriving.protocol() && row.peer.is_none_or(|peer| peer == arriving.source())
}

fn read(capture: &Path) -> Trace {
    let mut tracker = Tracker::new(Limits::default());
    each(capture, |packet| tracker.absorb(packet));
    tracker.finish()
}

/// Shows every packet of a file that may be cut off.
fn each(capture: &Path, mut look: impl FnMut(&decode::Packet<'_>)) {
    let mut source = capture::open(capture).unwrap();
    while let Ok(Next::Frame(frame)) = source.next() {
        look(&decode::packet(&frame));
    }
}
