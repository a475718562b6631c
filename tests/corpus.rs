//! Captures that others made, held against what tshark 4.0.17 says of each.
//!
//! The folder is not part of the project; where it is missing, the test says so and passes.

#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use serde_json::Value;
use sockscope::capture::{self, Next};
use sockscope::decode::{self, Transport};
use sockscope::track::{Connection, Conversation, Limits, Trace, Tracker};

/// How often something was compared, and how often it was equal.
#[derive(Default)]
struct Score {
    compared: u64,
    equal: u64,
    differences: Vec<String>,
}

/// What the two programs are compared on, with the share that has to be equal.
const RULES: [(&str, f64); 13] = [
    ("frame count", 1.0),
    ("time", 0.995),
    ("lengths", 0.995),
    ("tcp fields", 0.995),
    ("tcp stream", 0.995),
    ("udp fields", 0.995),
    ("udp stream", 0.995),
    ("conversations", 0.995),
    ("connection facts", 0.995),
    ("completeness", 0.999),
    ("analysis of TCP frames", 0.996),
    ("analysis where there is any", 0.98),
    ("reassembled payload", 0.995),
];

#[derive(Default)]
struct Scores(BTreeMap<&'static str, Score>);

impl Scores {
    fn compare<T: PartialEq + std::fmt::Debug>(&mut self, rule: &'static str, place: &str, ours: T, theirs: T) {
        let score = self.0.entry(rule).or_default();
        score.compared += 1;
        if ours == theirs {
            score.equal += 1;
        } else {
            score.differences.push(format!("{place}: {ours:?}, tshark {theirs:?}"));
        }
    }
}

/// One frame as both programs describe it.
#[derive(Debug, PartialEq)]
struct Row {
    number: u64,
    time: Option<String>,
    lengths: (u64, u64),
    transport: Option<(SocketAddr, SocketAddr, Vec<u64>)>,
    stream: Option<u64>,
    tcp: bool,
    analysis: BTreeSet<&'static str>,
}

#[test]
fn agrees_with_tshark() {
    let Some(folder) = support::corpus() else { return };
    let mut scores = Scores::default();
    let truths = support::files_below(&folder.join("truth"), &[".json"]);
    assert!(truths.len() > 150, "the truth is incomplete");
    for truth in &truths {
        let name = truth.strip_prefix(folder.join("truth")).unwrap().to_string_lossy().trim_end_matches(".json").to_owned();
        let truth: Value = serde_json::from_slice(&std::fs::read(truth).unwrap()).unwrap();
        if folder.join(&name).exists() {
            hold(&mut scores, &name, &folder.join(&name), &truth);
        }
    }
    for (rule, least) in RULES {
        let score = scores.0.remove(rule).unwrap_or_else(|| panic!("{rule} was never compared"));
        let share = score.equal as f64 / score.compared as f64;
        println!("{rule:18} {:8.3} %  {} of {}", share * 100.0, score.equal, score.compared);
        for difference in score.differences.iter().take(40) {
            println!("    {difference}");
        }
        assert!(share >= least, "{rule}: {share}");
    }
}

fn hold(scores: &mut Scores, name: &str, path: &Path, truth: &Value) {
    let (rows, trace) = read(path);
    let frames = truth["packets"].as_array().unwrap();
    let tunnelled = truth["counts"]["tunnelled"].as_u64().unwrap_or(0) > 0;
    scores.compare("frame count", name, rows.len(), frames.len());
    for (row, frame) in rows.iter().zip(frames) {
        let place = format!("{name} #{}", row.number);
        if let Some(time) = frame["t"].as_str().filter(|time| !time.is_empty()) {
            scores.compare("time", &place, row.time.as_deref(), Some(time));
        }
        scores.compare("lengths", &place, row.lengths, (number(&frame["len"]), number(&frame["cap"])));
        if ["malformed", "layers", "quoted", "colsrc"].iter().any(|mark| frame.get(mark).is_some()) {
            continue;
        }
        hold_transport(scores, &place, row, frame, tunnelled);
    }
    let sick = ["tcp", "udp"]
        .iter()
        .any(|kind| truth["selfcheck"][kind].as_object().unwrap().values().any(|rows| rows != &Value::Array(vec![])));
    if !tunnelled && truth["counts"]["malformed"].as_u64().unwrap_or(0) == 0 && !sick {
        hold_conversations(scores, name, &trace, truth);
        hold_connections(scores, name, &trace, truth);
    }
}

fn hold_transport(scores: &mut Scores, place: &str, row: &Row, frame: &Value, tunnelled: bool) {
    let (kind, fields, stream, numbers): (_, _, _, &[&str]) = match frame["proto"].as_str() {
        Some("tcp") => ("tcp", "tcp fields", "tcp stream", &["seq", "ack", "len", "flags"]),
        Some("udp") => ("udp", "udp fields", "udp stream", &["len"]),
        _ => return,
    };
    let header = &frame[kind];
    if header["sport"].as_u64().is_none() || header["stream"].is_array() {
        return;
    }
    let numbers: Vec<u64> = numbers.iter().map(|field| number(&header[*field])).collect();
    let theirs = Some((endpoint(&frame["src"], &header["sport"]), endpoint(&frame["dst"], &header["dport"]), numbers));
    scores.compare(fields, place, &row.transport, &theirs);
    if !tunnelled && (kind == "tcp" || header["stream"].as_u64().is_some()) {
        scores.compare(stream, place, row.stream, header["stream"].as_u64());
    }
    if kind == "tcp" {
        hold_analysis(scores, place, row, header);
    }
}

fn hold_analysis(scores: &mut Scores, place: &str, row: &Row, header: &Value) {
    let words = header["an"].as_array().map(Vec::as_slice).unwrap_or_default();
    // What tshark says of TCP Fast Open is no sequence analysis.
    let theirs: BTreeSet<&str> = words.iter().filter_map(Value::as_str).filter(|word| !word.starts_with("tfo")).collect();
    scores.compare("analysis of TCP frames", place, &row.analysis, &theirs);
    if !row.analysis.is_empty() || !theirs.is_empty() {
        scores.compare("analysis where there is any", place, &row.analysis, &theirs);
    }
}

type Side = (u64, u64, u64);

fn hold_conversations(scores: &mut Scores, name: &str, trace: &Trace, truth: &Value) {
    let side = |value: &Value| (number(&value["frames"]), number(&value["bytes"]), number(&value["payload"]));
    let mut theirs: BTreeMap<(String, u64), (BTreeSet<SocketAddr>, Side, Side)> = BTreeMap::new();
    for (protocol, list) in [("tcp", "tcp_connections"), ("udp", "udp_flows")] {
        for row in truth[list].as_array().unwrap() {
            let ends = BTreeSet::from([pair(&row["a"]), pair(&row["b"])]);
            theirs.insert((protocol.into(), number(&row["first"])), (ends, side(&row["ab"]), side(&row["ba"])));
        }
    }
    let side = |count: sockscope::track::Count| (count.frames, count.octets, count.payload);
    let key = |row: &Conversation| (row.id.protocol.word().to_owned(), row.first_frame);
    let ours: BTreeMap<_, _> = trace
        .conversations
        .iter()
        .map(|row| (key(row), (BTreeSet::from([row.a, row.b]), side(row.a_to_b), side(row.b_to_a))))
        .collect();
    for key in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        scores.compare("conversations", &format!("{name} {key:?}"), ours.get(key), theirs.get(key));
    }
}

fn hold_connections(scores: &mut Scores, name: &str, trace: &Trace, truth: &Value) {
    let ftp_data = ftp_data_streams(truth);
    for row in truth["tcp_connections"].as_array().unwrap() {
        let place = format!("{name} stream {}", row["stream"]);
        let ours = trace.connections.iter().find(|connection| connection.first_frame == number(&row["first"]));
        let names = ["syn", "synack", "fin_a", "fin_b", "rst_a", "rst_b"];
        let theirs: Vec<Option<u64>> = names.iter().map(|name| row[*name].as_u64()).collect();
        scores.compare("connection facts", &place, ours.map(|connection| facts(connection, pair(&row["a"]))), Some(theirs));
        if let Some(connection) = ours {
            hold_streams(scores, &place, connection, row, truth);
        }
        if let Some(completeness) = row["completeness"].as_u64() {
            // tshark makes FTP data conversations before their first frame and loses the SYN bit.
            let known = |bits: u64| if ftp_data.contains(&number(&row["stream"])) { bits & 62 } else { bits };
            let ours = ours.map(|connection| known(u64::from(connection.completeness.0)));
            scores.compare("completeness", &place, ours, Some(known(completeness)));
        }
    }
}

/// The octets of both directions, where tshark saw all of them.
fn hold_streams(scores: &mut Scores, place: &str, connection: &Connection, row: &Value, truth: &Value) {
    let follow = &row["follow"];
    let any = |list: &Value| list.as_array().is_some_and(|list| list.iter().any(|number| number != 0));
    if follow.is_null() || any(&follow["gaps"]) || any(&follow["missing"]) || number(&truth["counts"]["cut_short"]) > 0 {
        return;
    }
    for (side, node) in ["node0", "node1"].iter().enumerate() {
        let node = follow[node].as_str().unwrap();
        let (host, port) = node.rsplit_once(':').unwrap();
        let node = SocketAddr::new(host.trim_matches(['[', ']']).parse().unwrap(), port.parse().unwrap());
        let end = if node == connection.initiator { &connection.ends.initiator } else { &connection.ends.responder };
        let hex = |digest: [u8; 32]| digest.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
        let octets = number(&follow["bytes"][side]);
        let theirs = (octets, Some(follow["sha256"][side].as_str().unwrap().to_owned()).filter(|_| octets > 0));
        scores.compare("reassembled payload", place, (end.delivered().octets, end.delivered().sha256.map(hex)), theirs);
    }
}

fn ftp_data_streams(truth: &Value) -> BTreeSet<u64> {
    let is_ftp_data = |frame: &&Value| frame["protos"].as_str().is_some_and(|protocols| protocols.contains("ftp-data"));
    truth["packets"].as_array().unwrap().iter().filter(is_ftp_data).filter_map(|frame| frame["tcp"]["stream"].as_u64()).collect()
}

fn facts(connection: &Connection, a: SocketAddr) -> Vec<Option<u64>> {
    let ends = &connection.ends;
    let (first, second) =
        if connection.initiator == a { (&ends.initiator, &ends.responder) } else { (&ends.responder, &ends.initiator) };
    vec![connection.handshake.syn, connection.handshake.syn_ack, first.fin, second.fin, first.rst, second.rst]
}

/// Reads a capture to its end, each frame as tshark describes it.
fn read(path: &Path) -> (Vec<Row>, Trace) {
    let mut source = capture::open(path).unwrap();
    let mut tracker = Tracker::new(Limits::default());
    let mut rows = Vec::new();
    while let Next::Frame(frame) = source.next().unwrap() {
        let packet = decode::packet(&frame);
        let update = tracker.push(&packet);
        let numbers = update.transport.map(|transport| match transport {
            Transport::Tcp(segment) => vec![
                u64::from(segment.sequence.0),
                u64::from(segment.acknowledgment.0),
                u64::from(segment.payload_len),
                u64::from(segment.flags.0),
            ],
            Transport::Udp(datagram) => vec![u64::from(datagram.length)],
            _ => vec![],
        });
        rows.push(Row {
            number: packet.number,
            time: packet.timestamp.map(|time| time.to_string()),
            lengths: (u64::from(packet.original_len), u64::from(packet.captured_len)),
            transport: update.tuple.zip(numbers).map(|(tuple, numbers)| (tuple.source, tuple.destination, numbers)),
            stream: update.flow.map(|flow| u64::from(flow.number)),
            tcp: packet.tcp().is_some(),
            analysis: update.analyzed.map(|analyzed| analyzed.verdicts.words().collect()).unwrap_or_default(),
        });
    }
    (rows, tracker.finish())
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn endpoint(address: &Value, port: &Value) -> SocketAddr {
    SocketAddr::new(address.as_str().unwrap().parse::<IpAddr>().unwrap(), number(port) as u16)
}

fn pair(value: &Value) -> SocketAddr {
    endpoint(&value[0], &value[1])
}
