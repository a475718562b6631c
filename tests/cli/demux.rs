//! `demux`: which socket each packet reaches.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::Value;
use sockscope::capture::{ByteOrder, Description, Format, Frame, HostAddress, Interface, InterfaceId, LinkType, Section, Writer};
use sockscope::zoo::{self, Script};
use tempfile::NamedTempFile;

use crate::support::fixtures;
use crate::{TCP, UDP, is_there, run};

/// A file with this text.
fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn row(name: &str, protocol: &str, local: &str) -> String {
    format!("[[socket]]\nname = \"{name}\"\nprotocol = \"{protocol}\"\nlocal = \"{local}\"\n")
}

fn path(file: &NamedTempFile) -> &str {
    file.path().to_str().unwrap()
}

fn lines(capture: &str, table: &str) -> Vec<Value> {
    let text = run(&["demux", capture, "--sockets", path(&file(table)), "--json"]).good();
    serde_json::Deserializer::from_str(&text).into_iter().collect::<Result<_, _>>().unwrap()
}

#[test]
fn datagrams_reach_the_socket_that_the_rules_name() {
    let packets = lines(UDP, &(row("any", "udp", "0.0.0.0:5000") + &row("s", "udp", "127.0.0.1:5000")));
    let keys: Vec<&String> = packets[0].as_object().unwrap().keys().collect();
    for key in ["frame", "protocol", "source", "destination", "verdict", "sockets", "rule", "losers"] {
        assert!(keys.iter().any(|found| *found == key), "{key}");
    }
    let verdicts: Vec<&str> = packets.iter().map(|packet| packet["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["to", "unknown", "to", "unknown"]);
    assert_eq!(packets[0]["sockets"][0], "s");
    assert_eq!(packets[0]["rule"], "bound");
    assert_eq!(packets[0]["losers"][0]["socket"], "any");
}

#[test]
fn a_syn_reaches_the_listener_and_the_rest_its_child() {
    let packets = lines(TCP, &row("s6", "tcp", "0.0.0.0:5001"));
    let client = &packets[0]["source"];
    let its_own = packets.iter().filter(|packet| packet["source"] == *client);
    let rules: Vec<&str> = its_own.map(|packet| packet["rule"].as_str().unwrap()).collect();
    assert_eq!(rules[..3], ["listener on any address", "request socket", "established 4-tuple"]);
    let child = packets.iter().find(|packet| packet["rule"] == "request socket").unwrap();
    assert_eq!(child["sockets"][0], format!("s6>{}", child["source"].as_str().unwrap()));
}

#[test]
fn text_is_a_table() {
    let table = file(&row("s", "udp", "0.0.0.0:5000"));
    let text = run(&["demux", UDP, "--sockets", path(&table)]).good();
    let heading: Vec<&str> = text.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(heading, ["No.", "Proto", "Source", "Destination", "Verdict", "Socket", "Rule", "Not", "to"]);
    assert_eq!(text.lines().count(), 5);
}

/// What became of packets, with how many it became of and the frame of the first: by lines of packets, and by rules of sockets.
type Fates = BTreeMap<(String, Vec<String>, String, String), (u64, u64)>;

fn of_packets(lines: &[Value]) -> Fates {
    let mut fates = Fates::new();
    for packet in lines.iter().filter(|line| line["frame"].is_u64()) {
        let counted = fates.entry(fate(packet, packet)).or_insert((0, packet["frame"].as_u64().unwrap()));
        counted.0 += 1;
    }
    fates
}

fn of_sockets(lines: &[Value]) -> Fates {
    let mut fates = Fates::new();
    for socket in lines.iter().filter(|line| line["packets"].is_u64()) {
        let rules = socket["rules"].as_array().unwrap();
        assert_eq!(rules.iter().map(|rule| rule["packets"].as_u64().unwrap()).sum::<u64>(), socket["packets"].as_u64().unwrap());
        for rule in rules {
            let counted = (rule["packets"].as_u64().unwrap(), rule["first_frame"].as_u64().unwrap());
            assert_eq!(fates.insert(fate(socket, rule), counted), None, "a rule twice: {socket}");
        }
    }
    fates
}

fn fate(socket: &Value, rule: &Value) -> (String, Vec<String>, String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let sockets = socket["sockets"].as_array().unwrap().iter().map(text).collect();
    (text(&socket["verdict"]), sockets, text(&rule["rule"]), text(&rule["or_rule"]))
}

#[test]
fn what_each_socket_got_is_the_sum_of_its_packets() {
    let table = file(&(row("u", "udp", "0.0.0.0:5000") + &row("t", "tcp", "0.0.0.0:5001")));
    for capture in fixtures() {
        let capture = capture.to_str().unwrap();
        for inferred in [true, false] {
            let told = |more: &[&str]| {
                let declared = ["--sockets", path(&table)];
                let declared = if inferred { &[] } else { &declared[..] };
                let text = run(&[&["demux", capture, "--json"], declared, more].concat()).stdout;
                serde_json::Deserializer::from_str(&text).into_iter().collect::<Result<Vec<Value>, _>>().unwrap()
            };
            let (packets, sockets) = (told(&[]), told(&["--by-socket"]));
            assert_eq!(of_packets(&packets), of_sockets(&sockets), "{capture}, inferred: {inferred}");
            let rest = |lines: &[Value]| lines.iter().filter(|line| line["finding"].is_object()).count();
            assert_eq!(rest(&packets), rest(&sockets), "{capture}: findings");
        }
    }
}

#[test]
fn sockets_stand_in_the_order_of_their_first_packets() {
    let text = run(&["demux", TCP, "--by-socket"]).good();
    let heading: Vec<&str> = text.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(heading, ["Socket", "Verdict", "Packets", "First", "Rules"]);
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0][..4], ["s1", "to", "3", "1"], "three SYNs reach the listener");
    assert_eq!(rows[0][4..], ["listener", "on", "the", "address", "or", "any"]);
    assert!(text.contains("request socket 1, established 4-tuple"), "{text}");
    let filtered = run(&["demux", TCP, "--by-socket", "-Y", "demux.rule == \"request socket\""]).good();
    assert!(filtered.lines().skip(1).take(2).all(|line| line.ends_with("request socket")), "{filtered}");
    assert_eq!(run(&["demux", TCP, "--by-socket", "--what-if", "second s1"]).code, 2);
}

#[test]
fn a_wrong_table_is_told_with_its_place() {
    let table = file(&row("s", "sctp", "0.0.0.0:5000"));
    let failed = run(&["demux", UDP, "--sockets", path(&table)]);
    assert!(failed.complaint(4).contains("line 3, column 12: expected \"udp\" or \"tcp\""), "{failed:?}");
    run(&["demux", UDP, "--sockets", "no-such-table"]).complaint(3);
    let empty = file("");
    assert!(run(&["demux", UDP, "--sockets", path(&empty)]).complaint(4).contains("line 1, column 1: expected [[socket]]"));
}

#[test]
fn expectations_hold_or_name_the_frame() {
    let table = file(&row("s6", "tcp", "0.0.0.0:5001"));
    let packets = lines(TCP, &row("s6", "tcp", "0.0.0.0:5001"));
    let (source, destination) = (packets[0]["source"].as_str().unwrap(), packets[0]["destination"].as_str().unwrap());
    let outcome = |line: &str| run(&["demux", TCP, "--sockets", path(&table), "--expect", path(&file(line)), "--json"]);
    assert_eq!(outcome(&format!("tcp {source} > {destination} → s6>{source}")).code, 0);
    let failed = outcome(&format!("tcp * > {destination} -> s7"));
    assert!(failed.stderr.contains("line 1 does not hold in frame 1: expected s7, got s6"), "{failed:?}");
    assert_eq!(failed.code, 1);
    assert!(outcome("udp * > 127.0.0.9:9 -> refused").stderr.contains("no frame has such a packet"));
    assert_eq!(outcome("nonsense").code, 4);
}

/// Without a table, the sockets are those of `sockets`, by their numbers.
#[test]
fn inferred_sockets_are_found_again_in_the_table() {
    let text = run(&["demux", UDP]).good();
    let words = |line: usize| text.lines().nth(line).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words(1), "1 udp 127.0.0.1:44677 127.0.0.1:5000 to s2 bound or wildcard proved R5");
    assert!(text.contains("s1, s2, …: the sockets that sockscope sockets --all FILE shows."), "{text}");
    let sockets = run(&["sockets", UDP]).good();
    let row = sockets.lines().find(|line| line.split_whitespace().next() == Some("s2")).unwrap();
    assert!(row.contains("?:5000"), "{row}");
    let json = run(&["demux", UDP, "--json"]).good();
    let first: Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["evidence"], &first["inferred_by"], &first["or_rule"]),
        (&"proved".into(), &"R5".into(), &"wildcard".into())
    );
}

#[test]
fn standard_input_is_read_once_and_delivered_from_memory() {
    let from_pipe = crate::run_with(&["demux", "-"], &crate::octets(TCP));
    assert_eq!(from_pipe.good(), run(&["demux", TCP]).good());
}

/// A line for a connection holds of its SYN, which the listener gets.
#[test]
fn expectations_hold_of_inferred_sockets() {
    let outcome = |line: &str| run(&["demux", TCP, "--expect", path(&file(line)), "--json"]);
    assert_eq!(outcome("tcp 127.0.0.1:41320 > 127.0.0.1:5001 -> s3").code, 0);
    assert_eq!(outcome("tcp 127.0.0.1:41320 > 127.0.0.1:5001 -> s1").code, 0);
    assert_eq!(outcome("tcp 127.0.0.1:41320 > 127.0.0.1:5001 -> s5").code, 1);
}

const REFUSED: &str = "fixtures/refused/udp/capture.pcapng";

#[test]
fn what_the_wire_contradicts_stands_behind_the_verdicts() {
    let table = file(&row("s", "udp", "0.0.0.0:5000"));
    let text = run(&["demux", REFUSED, "--sockets", path(&table)]).good();
    let (_, findings) = text.split_once("\nWhat the wire contradicts\n").unwrap();
    let first =
        "  frame 1: the table delivers it to s, but frame 2 (ICMP port unreachable from 127.0.0.1) says that nobody had it";
    assert_eq!(findings.lines().next(), Some(first), "{text}");
    let other = row("s", "udp", "0.0.0.0:5001");
    let answered = lines(UDP, &other);
    let findings: Vec<&Value> = answered.iter().filter_map(|line| line.get("finding")).collect();
    assert_eq!(findings.len(), 1, "from then on it is known that somebody is there: {findings:?}");
    assert_eq!(findings[0]["frames"], serde_json::json!([1, 2]));
    assert_eq!(findings[0]["kind"], "answered");
    assert_eq!(findings[0]["text"], "frame 1: the table refuses it, but 127.0.0.1:5000 answered in frame 2");
}

#[test]
fn a_refused_call_contradicts_a_listener() {
    let table = row("s", "tcp", "0.0.0.0:5001");
    let lines = lines("fixtures/refused/tcp/capture.pcapng", &table);
    assert_eq!(lines.last().unwrap()["finding"]["kind"], "reset");
    assert_eq!(lines.iter().filter(|line| line.get("finding").is_some()).count(), 1);
}

#[test]
fn what_would_be_otherwise() {
    let bind = run(&["demux", UDP, "--what-if", "s2: bind 127.0.0.2"]).good();
    let lines: Vec<String> = bind.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let expected = [
        "What if s2: bind 127.0.0.2",
        "s2 binds 127.0.0.2:5000: that works",
        "No. Proto Source Destination Now Then Rule",
        "1 udp 127.0.0.1:44677 127.0.0.1:5000 to s2 refused none",
        "3 udp 127.0.0.1:48422 127.0.0.1:5000 to s2 refused none",
        "another socket, or none, for 2 of 4 packets",
    ];
    assert_eq!(lines, expected);
    let second = run(&["demux", UDP, "--what-if", "second s2"]).good();
    assert!(second.contains("s2b binds 127.0.0.1:5000: EADDRINUSE, because s2 is bound to 127.0.0.1:5000"), "{second}");
    assert!(second.ends_with("  no other socket for any of 4 packets\n"), "{second}");
    let fault = run(&["demux", UDP, "--what-if", "s2: reuse_port", "--what-if", "third s2"]);
    assert!(fault.complaint(4).contains("--what-if 'third s2': line 1, column 1: expected NAME: CHANGE"), "{fault:?}");
}

/// The server of this lab closes first: started again at once, it cannot bind.
#[test]
fn a_server_restarted_in_time_wait_cannot_bind() {
    let capture = "fixtures/close/server-first/capture.pcapng";
    let text = run(&["demux", capture, "--what-if", "restart s1", "--json"]).good();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((&last["bind"]["errno"], &last["bind"]["in_place_of"]), (&"EADDRINUSE".into(), &"s1".into()));
    assert!(last["bind"]["because"].as_str().unwrap().contains("is in TIME-WAIT at 127.0.0.1:5001"));
    let with = ["demux", capture, "--what-if", "s1: reuse_addr", "--what-if", "restart s1", "--json"];
    let last: Value = serde_json::from_str(run(&with).good().lines().last().unwrap()).unwrap();
    assert_eq!((&last["bind"]["errno"], &last["bind"]["socket"]), (&Value::Null, &"s1b".into()));
}

#[test]
fn expectations_of_what_if_are_of_the_changed_table() {
    let outcome = |line: &str| {
        run(&["demux", UDP, "--what-if", "s2: connect 127.0.0.1:44677", "--expect", path(&file(line)), "--json"]).code
    };
    assert_eq!(outcome("udp 127.0.0.1:48422 > 127.0.0.1:5000 -> refused"), 0);
    assert_eq!(outcome("udp 127.0.0.1:48422 > 127.0.0.1:5000 -> s2"), 1);
}

/// A capture of one datagram to the broadcast address of 192.168.0.0/24, on an interface with these addresses.
fn directed_broadcast(addresses: &[HostAddress]) -> NamedTempFile {
    let script = Script::parse("udp u 192.168.0.9:9 192.168.0.255:5000\nu> data 1").unwrap();
    let octets = &zoo::frames(&script)[0].octets;
    let mut description = Description::new(Format::Pcapng);
    description.sections.push(Section::new(ByteOrder::Little));
    let interface = Interface::new(InterfaceId(0), 0, LinkType::ETHERNET);
    description.interfaces.push(Interface { addresses: addresses.to_vec(), ..interface });
    let mut file = NamedTempFile::new().unwrap();
    let mut writer = Writer::new(&mut file, &description);
    let frame = Frame {
        number: 1,
        timestamp: None,
        ticks: 0,
        interface: InterfaceId(0),
        link_type: LinkType::ETHERNET,
        original_len: octets.len() as u32,
        octets,
        file_offset: 0,
        options: &[],
        byte_order: ByteOrder::Little,
    };
    writer.frame(&frame).unwrap();
    writer.finish().unwrap();
    file
}

fn addresses() -> [HostAddress; 2] {
    [
        HostAddress { ip: [192, 168, 0, 7].into(), prefix: 24 },
        HostAddress { ip: [0xfe80, 0, 0, 0, 0, 0, 0, 7].into(), prefix: 64 },
    ]
}

#[test]
fn the_netmask_of_a_captured_interface_tells_its_broadcasts() {
    let verdict = |capture: &NamedTempFile, more: &str| {
        let packets = lines(path(capture), &(row("a", "udp", "0.0.0.0:5000") + &row("b", "udp", "192.168.0.7:5000") + more));
        packets[0]["verdict"].as_str().unwrap().to_owned() + " " + packets[0]["rule"].as_str().unwrap()
    };
    let (told, untold) = (directed_broadcast(&addresses()), directed_broadcast(&[]));
    assert_eq!(verdict(&told, ""), "every every member");
    assert_eq!(verdict(&untold, ""), "to wildcard");
    let own = "[[interface]]\nname = \"eth0\"\naddress = \"192.168.0.7/23\"\n";
    assert_eq!(verdict(&told, own), "to wildcard", "the table knows better");
    let inferred = |capture| run(&["demux", path(capture), "--json"]).good();
    assert!(inferred(&told).contains(r#""verdict":"unknown""#), "who listens to all, no packet tells");
    assert!(inferred(&untold).contains(r#""verdict":"to""#));
    let table = file(&row("a", "udp", "0.0.0.0:5000"));
    let supposed = ["demux", path(&told), "--sockets", path(&table), "--what-if", "second a", "--json"];
    assert!(run(&supposed).good().contains(r#""verdict":"every""#));
}

#[test]
fn the_addresses_of_an_interface_are_told_and_are_those_of_tshark() {
    let capture = directed_broadcast(&addresses());
    assert!(run(&["info", path(&capture)]).good().contains("\n  Interface 0 has 192.168.0.7/24, fe80::7/64\n"));
    let document: Value = serde_json::from_str(&run(&["info", path(&capture), "--json"]).good()).unwrap();
    assert_eq!(document["interfaces"][0]["addresses"], serde_json::json!(["192.168.0.7/24", "fe80::7/64"]));
    if !is_there("tshark") {
        return;
    }
    let fields = ["ipv4", "ipv4_mask", "ipv6", "ipv6_mask"].map(|field| format!("pcapng.options.option.data.{field}"));
    let mut tshark = std::process::Command::new("tshark");
    tshark.args(["-X", "read_format:MIME Files Format", "-r", path(&capture), "-T", "fields"]);
    let output = tshark.args(fields.iter().flat_map(|field| ["-e", field])).output().unwrap();
    let told: Vec<String> = String::from_utf8_lossy(&output.stdout).split_whitespace().map(String::from).collect();
    assert_eq!(told, ["192.168.0.7", "255.255.255.0", "fe80::7", "64"], "{output:?}");
}
