//! Each rule of the kernel's lookup, with the sockets that show it.

use std::net::SocketAddr;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::capture::HostAddress;
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::Flags;
use crate::track::{FiveTuple, Protocol};

/// `name udp|tcp local [>peer] [addr] [port] [v6only] [wait] [cookies] [%device]`
fn socket(line: &str) -> Declared {
    let mut words = line.split_whitespace();
    let mut next = || words.next().unwrap();
    let (name, protocol, local) = (next().into(), protocol(next()), next().parse().unwrap());
    let rest: Vec<&str> = words.collect();
    let peer = rest.iter().find_map(|word| word.strip_prefix('>')).map(|peer| peer.parse().unwrap());
    let standing = match (rest.contains(&"wait"), peer) {
        (true, _) => Standing::TimeWait,
        (false, Some(_)) => Standing::Connected,
        (false, None) => Standing::Open,
    };
    Declared {
        name,
        protocol,
        local,
        peer,
        standing,
        reuse_addr: rest.contains(&"addr"),
        reuse_port: rest.contains(&"port"),
        only_v6: rest.contains(&"v6only"),
        device: rest.iter().find_map(|word| word.strip_prefix('%')).map(String::from),
        syn_cookies: rest.contains(&"cookies"),
        shown: None,
    }
}

fn protocol(word: &str) -> Protocol {
    if word == "tcp" { Protocol::Tcp } else { Protocol::Udp }
}

fn table(lines: &[&str]) -> DemuxTable {
    DemuxTable::new(lines.iter().map(|line| socket(line)).collect(), true)
}

/// `udp 127.0.0.1:1 127.0.0.1:5000`, or `tcp … FLAGS sequence acknowledgment`.
fn arriving(line: &str) -> Arriving {
    let words: Vec<&str> = line.split_whitespace().collect();
    let end = |place: usize| words[place].parse::<SocketAddr>().unwrap();
    let tuple = FiveTuple { protocol: protocol(words[0]), source: end(1), destination: end(2) };
    let number = |place: usize| words.get(place).map_or(0, |word| word.parse().unwrap());
    let mark = words.get(3).map(|letters| Mark {
        flags: flags(letters),
        end: SeqNumber(number(4)),
        acknowledgment: SeqNumber(number(5)),
    });
    Arriving::new(tuple, mark)
}

fn flags(letters: &str) -> Flags {
    let bit = |letter| match letter {
        'S' => Flags::SYN,
        'A' => Flags::ACK,
        'F' => Flags::FIN,
        'R' => Flags::RST,
        other => panic!("{other}"),
    };
    Flags(letters.chars().map(|letter| bit(letter).0).sum())
}

/// `to s1, wildcard`.
fn told(table: &mut DemuxTable, line: &str) -> String {
    told_on(table, line, None)
}

fn told_on(table: &mut DemuxTable, line: &str, interface: Option<&str>) -> String {
    let delivery = table.deliver(&arriving(line), || interface);
    let sockets: String = delivery.sockets.iter().map(|socket| format!(" {socket}")).collect();
    format!("{}{sockets}, {}", delivery.verdict.word(), delivery.rule.word())
}

#[track_caller]
fn check(sockets: &[&str], packet: &str, expected: &str) {
    assert_eq!(told(&mut table(sockets), packet), expected, "{packet} among {sockets:?}");
}

const UDP: &str = "udp 127.0.0.1:9 127.0.0.1:5000";
const UDP6: &str = "udp [::1]:9 [::1]:5000";
const SYN: &str = "tcp 127.0.0.1:9 127.0.0.1:80 S 1";
const SYN6: &str = "tcp [::1]:9 [::1]:80 S 1";

#[test]
fn a_specific_address_comes_before_any() {
    check(&["a udp 127.0.0.1:5000", "b udp 0.0.0.0:5000"], UDP, "to a, bound");
    check(&["a udp 127.0.0.2:5000", "b udp 0.0.0.0:5000"], UDP, "to b, wildcard");
    check(&["a udp [::1]:5000", "b udp [::]:5000"], UDP6, "to a, bound");
    check(&["a tcp 127.0.0.1:80", "b tcp 0.0.0.0:80"], SYN, "to a, listener on the address");
    check(&["a tcp [::1]:80", "b tcp [::]:80"], "tcp 127.0.0.1:9 127.0.0.1:80 S", "to b, listener on any address");
}

#[test]
fn of_two_with_reuseaddr_the_last_one_bound_gets_it() {
    check(&["a udp 0.0.0.0:5000 addr", "b udp 0.0.0.0:5000 addr"], UDP, "to b, wildcard");
    check(&["a udp [::1]:5000 addr", "b udp [::1]:5000 addr"], UDP6, "to b, bound");
    let mut pasted = DemuxTable::new(["a udp 0.0.0.0:5000", "b udp 0.0.0.0:5000"].map(socket).into(), false);
    assert_eq!(told(&mut pasted, UDP), "one_of a b, wildcard");
}

#[test]
fn a_connected_udp_socket_comes_first_and_takes_nothing_else() {
    let sockets = ["a udp 127.0.0.1:5000 >127.0.0.1:9", "b udp 127.0.0.1:5000 addr", "c udp 0.0.0.0:5000 addr"];
    check(&sockets, UDP, "to a, connected UDP");
    check(&sockets, "udp 127.0.0.1:10 127.0.0.1:5000", "to b, bound");
    check(&sockets[..1], "udp 127.0.0.1:10 127.0.0.1:5000", "refused, none");
    check(&["a udp 0.0.0.0:5000 >127.0.0.2:9"], "udp 127.0.0.2:9 127.0.0.1:5000", "to a, connected UDP");
    check(&["a udp 0.0.0.0:5000 >127.0.0.2:9"], "udp 127.0.0.2:9 127.0.0.3:5000", "refused, none");
}

#[test]
fn ipv4_reaches_dual_stack_sockets_with_a_lower_score() {
    check(&["a udp [::]:5000"], UDP, "to a, wildcard");
    check(&["a udp [::]:5000 v6only"], UDP, "refused, none");
    check(&["a udp 0.0.0.0:5000"], UDP6, "refused, none");
    check(&["a udp 0.0.0.0:5000 addr", "b udp [::]:5000 addr"], UDP, "to a, wildcard");
    check(&["a udp [::ffff:127.0.0.1]:5000", "b udp 0.0.0.0:5000"], UDP, "to a, bound");
    check(&["a tcp [::]:80"], SYN, "to a, listener on any address");
    check(&["a tcp [::]:80 v6only", "b tcp 0.0.0.0:80"], SYN, "to b, listener on any address");
    check(&["a tcp [::]:80 v6only", "b tcp 0.0.0.0:80"], SYN6, "to a, listener on any address");
}

#[test]
fn a_reuseport_group_is_one_of() {
    check(&["a udp 127.0.0.1:5000 port", "b udp 127.0.0.1:5000 port"], UDP, "one_of a b, reuseport group");
    check(&["a tcp 0.0.0.0:80 port", "b tcp 0.0.0.0:80 port"], SYN, "one_of a b, reuseport group");
    // One address, two groups: the one at the head of the chain.
    let families = ["a udp 0.0.0.0:5000 port", "b udp 0.0.0.0:5000 port", "c udp [::]:5000 port", "d udp [::]:5000 port"];
    check(&families, UDP, "one_of a b, reuseport group");
    check(&families, UDP6, "one_of c d, reuseport group");
    check(&families[1..3], UDP, "to b, wildcard");
}

/// AF_INET6 sockets with SO_REUSEPORT go to the tail of the chain.
#[test]
fn the_first_group_to_beat_the_best_score_ends_the_walk() {
    let sockets = ["a udp 0.0.0.0:5000 addr port %lo", "b udp 0.0.0.0:5000 addr port"];
    check(&sockets, UDP, "to b, wildcard");
    check(&["a udp 0.0.0.0:5000 addr %lo", "b udp 0.0.0.0:5000 addr"], UDP, "to a, wildcard");
    check(&["a udp [::]:5000 addr", "b udp [::]:5000 addr port"], UDP6, "to a, wildcard");
    // A group with connected members does not end the walk, and they do not take part in its choice.
    let (a, b) = ("a udp 127.0.0.1:5000 addr port %lo", "b udp 127.0.0.1:5000 addr port");
    let c = "c udp 127.0.0.1:5000 port >127.0.0.1:7";
    check(&[a, b, c], UDP, "to a, bound");
    // One that connected while it was alone does not count; the table does not tell when it did.
    check(&[c, a, b], UDP, "one_of a b, reuseport group");
    // One that was bound to any address is no member any more.
    check(&[sockets[0], sockets[1], "c udp 0.0.0.0:5000 port >127.0.0.1:7"], UDP, "to b, wildcard");
}

#[test]
fn devices_keep_out_and_score() {
    let sockets = ["a udp 0.0.0.0:5000 %eth0", "b udp 0.0.0.0:5000"];
    let packet = "udp 192.0.2.1:9 192.0.2.2:5000";
    assert_eq!(told_on(&mut table(&sockets), packet, Some("eth0")), "to a, wildcard");
    assert_eq!(told_on(&mut table(&sockets), packet, Some("eth1")), "to b, wildcard");
    assert_eq!(told_on(&mut table(&sockets), packet, None), "unknown, none");
    assert_eq!(told_on(&mut table(&["a udp 0.0.0.0:5000 %lo"]), UDP, None), "to a, wildcard");
    check(&["a tcp 0.0.0.0:80 %lo", "b tcp 0.0.0.0:80"], SYN, "to a, listener on any address");
    check(&["a tcp 0.0.0.0:80 %eth0", "b tcp 0.0.0.0:80"], SYN, "to b, listener on any address");
}

#[test]
fn multicast_and_broadcast_go_to_every_socket() {
    let sockets = [
        "a udp 0.0.0.0:5000 addr",
        "b udp 224.0.0.251:5000 addr",
        "c udp 127.0.0.1:5000 addr",
        "d udp [::]:5000 addr",
        "e udp [::]:5000 addr v6only",
        "f udp 224.0.0.251:5000 >127.0.0.1:7",
    ];
    check(&sockets, "udp 127.0.0.1:9 224.0.0.251:5000", "every a b d, every member");
    check(&sockets, "udp 127.0.0.1:7 224.0.0.251:5000", "every a b d f, every member");
    check(&sockets, "udp 127.0.0.1:9 255.255.255.255:5000", "every a d, every member");
    check(&sockets, "udp [::1]:9 [ff02::fb]:5000", "every d e, every member");
    check(&sockets, "udp 127.0.0.1:9 224.0.0.251:5001", "refused, none");
}

/// Only who knows the netmask knows which address is everyone's.
#[test]
fn the_broadcast_address_of_an_interface_goes_to_every_socket() {
    let told = |address: &str, packet: &str| {
        let sockets = ["a udp 0.0.0.0:5000 addr", "b udp 192.168.0.7:5000 addr", "c udp 0.0.0.0:5000 addr"].map(socket);
        let (ip, prefix) = address.split_once('/').unwrap();
        let interfaces = vec![HostAddress { ip: ip.parse().unwrap(), prefix: prefix.parse().unwrap() }];
        told(&mut DemuxTable::of(Setup::declared(sockets.into(), true).on(interfaces)), packet)
    };
    let directed = "udp 192.168.0.9:9 192.168.0.255:5000";
    assert_eq!(told("192.168.0.7/24", directed), "every a c, every member");
    assert_eq!(told("192.168.0.7/23", directed), "to c, wildcard");
    assert_eq!(told("192.168.0.7/23", "udp 192.168.0.9:9 192.168.1.255:5000"), "every a c, every member");
    assert_eq!(told("192.168.0.254/31", directed), "to c, wildcard", "two hosts alone have no broadcast (RFC 3021)");
    assert_eq!(told("192.168.0.255/32", directed), "to c, wildcard");
    assert_eq!(told("10.0.0.1/0", "udp 10.0.0.2:9 10.0.0.1:53"), "refused, none", "the address is this host's");
    assert_eq!(told("fe80::1/64", directed), "to c, wildcard");
}

/// What the capture tells of its interfaces holds of the network, and only where the host's own are not known.
#[test]
fn a_network_heard_of_has_a_broadcast_address() {
    let network = [HostAddress { ip: [192, 168, 0, 7].into(), prefix: 24 }];
    let setup = || Setup::declared(["a udp 0.0.0.0:5000", "b udp 192.168.0.7:5000"].map(socket).into(), true);
    let directed = "udp 192.168.0.9:9 192.168.0.255:5000";
    let mut table = DemuxTable::of(setup());
    assert_eq!(told(&mut table, directed), "to a, wildcard");
    table.hear_of(&network);
    assert_eq!(told(&mut table, directed), "every a, every member", "not as before");
    assert_eq!(told(&mut table, "udp 192.168.0.9:9 192.168.0.7:53"), "refused, none");
    let mut own = DemuxTable::of(setup().on(vec![HostAddress { ip: [192, 168, 0, 7].into(), prefix: 23 }]));
    own.hear_of(&network);
    assert_eq!(told(&mut own, directed), "to a, wildcard");
}

#[test]
fn what_nobody_gets() {
    check(&["a udp 0.0.0.0:5000"], "udp 127.0.0.1:9 127.0.0.1:5001", "refused, none");
    check(&["a udp 127.0.0.1:5000"], "tcp 127.0.0.1:9 127.0.0.1:5000 S", "refused, none");
    check(&["a udp 192.0.2.1:5000"], "udp 192.0.2.2:9 192.0.2.1:5001", "refused, none");
    check(&["a udp 192.0.2.1:5000"], "udp 192.0.2.1:9 192.0.2.7:5000", "not_this_host, none");
    check(&["a udp 0.0.0.0:5000"], "udp 192.0.2.1:9 192.0.2.7:53", "unknown, none");
    let mut answered = table(&["a udp 127.0.0.1:5000"]);
    assert_eq!(told(&mut answered, UDP), "to a, bound");
    assert_eq!(told(&mut answered, "udp 127.0.0.1:5000 127.0.0.1:9"), "unknown, none", "its socket is not declared");
    let passing = Arriving { passes_by: true, ..arriving(UDP) };
    assert_eq!(answered.deliver(&passing, || None).verdict, Reach::NotThisHost);
}

/// The whole life of a connection, with both ends on this host.
#[test]
fn the_third_acknowledgment_makes_the_child() {
    let (to, back) = ("tcp 127.0.0.3:41000 127.0.0.1:80", "tcp 127.0.0.1:80 127.0.0.3:41000");
    let script = [
        (to, "S 1", "to s6, listener on any address"),
        (to, "S 1", "to s6, listener on any address"),
        (back, "SA 1 1", "unknown, none"),
        (to, "A 1 1", "to s6>127.0.0.3:41000, request socket"),
        (to, "A 5 1", "to s6>127.0.0.3:41000, established 4-tuple"),
        (back, "FA 2 5", "unknown, none"),
        (to, "A 5 2", "to s6>127.0.0.3:41000, established 4-tuple"),
        (to, "FA 6 2", "to s6>127.0.0.3:41000, established 4-tuple"),
        (back, "A 2 6", "unknown, none"),
        (to, "FA 6 2", "to s6>127.0.0.3:41000, TIME-WAIT"),
        (to, "S 900", "to s6, listener on any address"),
        (to, "A 900 1", "to s6>127.0.0.3:41000, request socket"),
        (to, "R 900 1", "to s6>127.0.0.3:41000, established 4-tuple"),
        (to, "A 900 1", "to s6, listener on any address"),
    ];
    let mut table = table(&["s6 tcp 0.0.0.0:80"]);
    for (step, (way, segment, expected)) in script.into_iter().enumerate() {
        assert_eq!(told(&mut table, &format!("{way} {segment}")), expected, "step {step}");
    }
}

/// No request waits for it: the listener reads the connection out of the number that it acknowledges.
#[test]
fn with_syn_cookies_the_listener_gets_the_third_acknowledgment() {
    let (to, back) = ("tcp 127.0.0.3:41000 127.0.0.1:80", "tcp 127.0.0.1:80 127.0.0.3:41000");
    let script = [
        (to, "S 1", "to s, listener on any address"),
        (back, "SA 1 1", "unknown, none"),
        (to, "S 1", "to s, listener on any address"),
        (to, "R 1 0", "to s, listener on any address"),
        (to, "A 1 1", "to s, listener on any address"),
        (to, "A 5 1", "to s>127.0.0.3:41000, established 4-tuple"),
        (back, "R 2 5", "unknown, none"),
        (to, "A 5 1", "to s, listener on any address"),
        (to, "S 9", "to s, listener on any address"),
        (to, "FA 10 1", "to s, listener on any address"),
        (to, "A 10 1", "to s>127.0.0.3:41000, established 4-tuple"),
    ];
    let mut table = table(&["s tcp 0.0.0.0:80 cookies"]);
    for (step, (way, segment, expected)) in script.into_iter().enumerate() {
        assert_eq!(told(&mut table, &format!("{way} {segment}")), expected, "step {step}");
    }
}

#[test]
fn who_closes_second_leaves_nothing_behind() {
    let (to, back) = ("tcp 127.0.0.3:41000 127.0.0.1:80", "tcp 127.0.0.1:80 127.0.0.3:41000");
    let mut table = table(&["s tcp 127.0.0.1:80"]);
    for (way, segment) in [(to, "S 1"), (to, "A 1 1"), (to, "FA 2 1"), (back, "FA 2 2")] {
        told(&mut table, &format!("{way} {segment}"));
    }
    assert_eq!(told(&mut table, &format!("{to} A 2 2")), "to s>127.0.0.3:41000, established 4-tuple");
    assert_eq!(told(&mut table, &format!("{to} A 2 2")), "to s, listener on the address");
}

#[test]
fn children_of_a_group_are_one_of_its_members_children() {
    let mut table = table(&["a tcp 127.0.0.1:80 port", "b tcp 127.0.0.1:80 port"]);
    told(&mut table, SYN);
    assert_eq!(told(&mut table, "tcp 127.0.0.1:9 127.0.0.1:80 A 1 1"), "one_of a>127.0.0.1:9 b>127.0.0.1:9, request socket");
}

#[test]
fn declared_connections_come_before_listeners() {
    let sockets = ["l tcp 0.0.0.0:80", "c tcp 127.0.0.1:80 >127.0.0.1:9", "w tcp 127.0.0.1:80 >127.0.0.1:10 wait"];
    check(&sockets, "tcp 127.0.0.1:9 127.0.0.1:80 A", "to c, established 4-tuple");
    check(&sockets, "tcp 127.0.0.1:10 127.0.0.1:80 A", "to w, TIME-WAIT");
    check(&sockets, "tcp 127.0.0.1:10 127.0.0.1:80 S", "to l, listener on any address");
    check(&sockets[1..], "tcp 127.0.0.1:10 127.0.0.1:80 S", "to w, TIME-WAIT");
    check(&sockets, "tcp 127.0.0.1:11 127.0.0.1:80 A", "unknown, none");
    check(&["m tcp [::ffff:127.0.0.1]:80 >[::ffff:127.0.0.1]:9"], "tcp 127.0.0.1:9 127.0.0.1:80 A", "to m, established 4-tuple");
}

#[test]
fn losers_say_why() {
    let sockets = [
        "any udp 0.0.0.0:5000 addr",
        "other udp 127.0.0.2:5000 addr",
        "early udp 127.0.0.1:5000 addr",
        "peer udp 127.0.0.1:5000 addr >127.0.0.1:7",
        "six udp [::1]:5000",
        "far udp 127.0.0.1:5000 addr %eth0",
        "mapped udp [::ffff:127.0.0.1]:5000 addr",
        "late udp 127.0.0.1:5000 addr",
    ];
    let mut table = table(&sockets);
    let delivery = table.deliver(&arriving(UDP), || None);
    assert_eq!(*delivery.sockets, ["late".into()]);
    let expected = [
        ("any", "bound to any address: the specific one comes first"),
        ("other", "bound to another address"),
        ("early", "bound earlier: the last one bound is found first"),
        ("peer", "connected to another peer"),
        ("six", "bound to another address"),
        ("far", "bound to another device"),
        ("mapped", "AF_INET6: scores lower for IPv4"),
    ];
    assert_eq!(delivery.losers(), expected.map(|(socket, because)| (socket.into(), because)));
}

/// An error that comes later asks who got what it is about, whatever became of the sockets since.
#[test]
fn the_last_verdict_on_a_way_is_remembered() {
    let mut table = table(&["a udp 0.0.0.0:5000 addr"]);
    let about = arriving(UDP).tuple();
    assert!(table.last_on(&about).is_none());
    let number = table.deliver(&arriving(UDP), || None).number;
    table.open(socket("b udp 0.0.0.0:5000 addr"));
    let last = table.last_on(&about).unwrap();
    assert_eq!((last.number, &*last.sockets), (number, ["a".into()].as_slice()));
    assert_ne!(table.deliver(&arriving(UDP), || None).number, number);
    assert_eq!(*table.last_on(&about).unwrap().sockets, ["b".into()]);
    assert!(table.last_on(&about.reversed()).is_none());
}

/// Ten thousand sockets on other ports cost nothing; neither do ten thousand connections on one.
#[test]
fn only_sockets_of_the_slot_are_looked_at() {
    let mut lines: Vec<String> = (10_000..20_000).map(|port| format!("s{port} udp 127.0.0.1:{port}")).collect();
    lines.extend((10_000..20_000).map(|port| format!("c{port} udp 127.0.0.1:5000 >127.0.0.1:{port}")));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let mut table = table(&lines);
    assert_eq!(told(&mut table, "udp 127.0.0.1:9 127.0.0.1:12345"), "to s12345, bound");
    assert_eq!(told(&mut table, "udp 127.0.0.1:12345 127.0.0.1:5000"), "to c12345, connected UDP");
}

/// Among them what a verdict hangs on: who else is there, and what came before.
const MANY: [&str; 9] = [
    "any tcp 0.0.0.0:80",
    "cookies tcp 127.0.0.1:81 cookies",
    "open tcp 127.0.0.1:80 >127.0.0.3:41000",
    "closed tcp 127.0.0.1:80 >127.0.0.3:41001 wait",
    "all udp 0.0.0.0:5000",
    "one udp 127.0.0.1:5000 >127.0.0.3:9",
    "a udp 127.0.0.1:5001 port",
    "b udp 127.0.0.1:5001 port",
    "device udp 127.0.0.1:5002 %lo",
];

fn any_arriving() -> impl Strategy<Value = Arriving> {
    let client = (3_u8..5, prop_oneof![41_000_u16..41_003, Just(9)]);
    let server = prop_oneof![Just(80_u16), Just(81), Just(5000), Just(5001), Just(5002), Just(7)];
    let says = prop::sample::select(vec!["", "A", "A", "A", "S", "SA", "FA", "R", "RA"]);
    (client, server, says, 0_u32..3, 0_u32..3, any::<bool>(), 0_u8..20).prop_map(
        |((host, from), to, says, end, acknowledgment, back, odd)| {
            let ends = (SocketAddr::from(([127, 0, 0, host], from)), SocketAddr::from(([127, 0, 0, 1], to)));
            let (source, destination) = if back { (ends.1, ends.0) } else { ends };
            let protocol = if says.is_empty() { Protocol::Udp } else { Protocol::Tcp };
            let mark = Mark { flags: flags(says), end: SeqNumber(end), acknowledgment: SeqNumber(acknowledgment) };
            let arriving = Arriving::new(FiveTuple { protocol, source, destination }, (!says.is_empty()).then_some(mark));
            Arriving { passes_by: odd == 0, link_broadcast: odd == 1, ..arriving }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Verdicts that are kept, and packets that were expected, change nothing about who gets what.
    #[test]
    fn what_was_decided_before_would_be_decided_again(packets in vec(any_arriving(), 1..120), batch in 1_usize..40) {
        let (mut remembers, mut forgets) = (table(&MANY), table(&MANY));
        let packets: Vec<Arriving> = (1..).zip(packets).map(|(frame, packet)| packet.in_frame(frame)).collect();
        for batch in packets.chunks(batch) {
            // Not all that is expected need come, nor need all be expected that comes.
            remembers.expect(batch.iter().filter(|packet| packet.frame % 7 != 0), |_| ());
            for packet in batch.iter().filter(|packet| packet.frame % 11 != 0) {
                forgets.forget();
                prop_assert_eq!(&*remembers.deliver(packet, || None), &*forgets.deliver(packet, || None), "{:?}", packet);
            }
        }
    }
}
