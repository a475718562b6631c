//! Zeek's view of a capture: every `conn_state` and every letter of a history from line scripts, and all of it held
//! against the `conn.log` that Zeek's own tests expect.
//!
//! Zeek's baselines have no times of day, and some have only a few columns; what they have is compared. Rows are paired
//! by their addresses and ports, and where there are several by the rest.

#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use etherparse::PacketBuilder;
use rstest::rstest;
use serde_json::Value;
use sockscope::capture::{self, Next, Timestamp};
use sockscope::decode;
use sockscope::judge::{self, Subject};
use sockscope::track::{Ending, FlowId, Limits, Protocol, ZeekChecksums, ZeekConnection, ZeekLog, ZeekTracker};
use support::script::{Made, frame, frames, frames_from, track};

// --- Line scripts ---

fn log(frames: &[Made], checksums: ZeekChecksums) -> ZeekLog {
    let mut tracker = ZeekTracker::new(&Limits::default(), checksums);
    for (number, made) in (1..).zip(frames) {
        tracker.push(&decode::packet(&frame(number, made)));
    }
    tracker.finish()
}

fn rows(frames: &[Made]) -> Vec<ZeekConnection> {
    log(frames, ZeekChecksums::Ignored).connections
}

/// `conn_state history` of each connection.
fn said(frames: &[Made]) -> String {
    let words = rows(frames).iter().map(|row| format!("{} {}", row.state, row.history)).collect::<Vec<_>>();
    words.join(", ")
}

/// The frames of a script whose responder has another port than 80, which Zeek knows for a server's.
fn at_port(script: &str, port: u16) -> Vec<Made> {
    let mut made = frames(script);
    for Made { octets, .. } in &mut made {
        for place in [20, 22] {
            if octets[place..place + 2] == 80_u16.to_be_bytes() {
                octets[place..place + 2].copy_from_slice(&port.to_be_bytes());
            }
        }
    }
    made
}

const OPEN: &str = "> S\n< SA\n> A\n";

/// Every `conn_state`.
#[rstest]
#[case::s0("> S", "S0 S")]
#[case::s1("> S\n< SA\n> A", "S1 ShA")]
#[case::sf("> S\n< SA\n> A\n> data 5\n< A\n> FA\n< FA\n> A", "SF ShADaFf")]
#[case::rej("> S\n< RA seq=0", "REJ Sr")]
#[case::s2("> S\n< SA\n> A\n> FA\n< A", "S2 ShAFa")]
#[case::s3("> S\n< SA\n> A\n< FA\n> A", "S3 ShAf")]
#[case::rsto("> S\n< SA\n> A\n> R", "RSTO ShAR")]
#[case::rstr("> S\n< SA\n> A\n< RA", "RSTR ShAr")]
#[case::rstos0("> S\n> R seq=1", "RSTOS0 SR")]
#[case::rstrh("< SA ack=1\n< R", "RSTRH ^hr")]
#[case::sh("> S\n> F", "SH SF")]
#[case::shr("< SA ack=1\n< FA", "SHR ^hf")]
#[case::oth("> data 5\n< A", "OTH Da")]
fn states(#[case] script: &str, #[case] expected: &str) {
    assert_eq!(said(&frames(script)), expected);
}

/// Letters beyond those of an ordinary connection, after it is established.
#[rstest]
#[case::data_both_ways("> data 3\n< data 3", "ShADd")]
#[case::gap("> data 10 seq=11\n< A ack=21", "ShADaG")]
#[case::gap_at_the_other_side("< data 10 seq=11\n> A ack=21", "ShAdg")]
#[case::repeated("> data 10\n> data 10 seq=1", "ShADT")]
#[case::overtaken("> data 10 seq=11\n> data 10 seq=1", "ShADT")]
#[case::repeated_ten_times(
    "> data 10\n> data 10 seq=1\n> data 10 seq=1\n> data 10 seq=1\n> data 10 seq=1\n> data 10 seq=1
> data 10 seq=1\n> data 10 seq=1\n> data 10 seq=1\n> data 10 seq=1\n> data 10 seq=1",
    "ShADTT"
)]
#[case::keep_alive("> data 5\n< A\n> data 1 seq=5", "ShADaT")]
#[case::fin_with_rst("> FR", "ShAI")]
#[case::syn_with_fin("> SF seq=0", "ShAQ")]
#[case::fin_repeated("> FA\n> FA seq=1", "ShAF")]
#[case::fin_further_on("> FA\n> FA seq=9", "ShAFF")]
#[case::rst_repeated_elsewhere("< RA\n< RA seq=7", "ShArr")]
#[case::syn_repeated("> S seq=0", "ShA")]
#[case::syn_ack_repeated("< SA seq=0", "ShA")]
fn letters(#[case] script: &str, #[case] expected: &str) {
    let rows = rows(&frames(&format!("{OPEN}{script}")));
    assert_eq!(rows[0].history, expected);
}

#[test]
fn a_closed_window_is_a_w_and_a_bad_checksum_a_c() {
    let mut made = frames(&format!("{OPEN}< A\n> A\n< A"));
    made[3].octets[34..36].fill(0);
    assert_eq!(said(&made), "S1 ShAaw");
    // The sum is wrong now, so that a Zeek that verifies it does not see the segment.
    let row = &log(&made, ZeekChecksums::Verified).connections[0];
    assert_eq!((row.history.as_str(), row.from_responder.packets), ("ShAca", 2));
}

#[test]
fn what_was_missed_is_counted_but_not_of_partial_connections() {
    let row = &rows(&frames(&format!("{OPEN}> data 10 seq=11\n< A ack=31")))[0];
    assert_eq!((row.missed, row.from_originator.payload), (20, 30));
    let partial = &rows(&frames("> data 10\n< A ack=50"))[0];
    assert_eq!((partial.missed, partial.history.as_str()), (0, "Da"));
}

/// Who called, where the begin is missing.
#[rstest]
#[case::by_port("< data 5\n> A", 80, "OTH ^dA", "10.0.0.1:40000")]
#[case::first_sender("< data 5\n> A", 8081, "OTH Da", "10.0.0.2:8081")]
#[case::syn_ack_alone("< SA ack=1", 8081, "OTH H", "10.0.0.2:8081")]
#[case::syn_ack_that_goes_on("< SA ack=1\n> A seq=1\n> data 2", 8081, "S1 ^hAD", "10.0.0.1:40000")]
#[case::syn_ack_refused("< SA ack=1\n> R seq=1", 8081, "REJ Hr", "10.0.0.2:8081")]
#[case::syn_ack_before_the_syn("< SA ack=1\n> S seq=0\n> A", 8081, "S1 Hs^A", "10.0.0.1:40000")]
fn originators(#[case] script: &str, #[case] port: u16, #[case] expected: &str, #[case] originator: &str) {
    let made = at_port(script, port);
    assert_eq!((said(&made).as_str(), rows(&made)[0].originator.to_string().as_str()), (expected, originator));
}

/// Where Zeek ends a connection and begins another.
#[rstest]
#[case::attempt("> S\n+7000\n> S seq=0", 80, "S0 S, S0 S")]
#[case::attempt_in_time("> S\n+3000\n> S seq=0", 80, "S0 S")]
#[case::silence("> S\n< SA\n> A\n+301000\n> data 5", 80, "S1 ShA, OTH D")]
#[case::less_silence("> S\n< SA\n> A\n+299000\n> data 5", 80, "S1 ShAD")]
#[case::patience("> S\n< SA\n> A\n+3500000\n> data 5", 22, "S1 ShAD")]
#[case::silence_after_a_turn("< SA ack=1\n> A seq=1\n+100000\n> data 2", 8081, "S1 ^hAD")]
#[case::acknowledged_not_answered("> S\n< A ack=1\n+61000\n< SA seq=0", 80, "S0 Sa, OTH ^h")]
#[case::after_the_close("> S\n< SA\n> A\n> FA\n< FA\n> A\n+6000\n< R", 80, "SF ShAFf, RSTRH ^r")]
#[case::soon_after_the_close("> S\n< SA\n> A\n> FA\n< FA\n> A\n+3000\n< R", 80, "SF ShAFfr")]
#[case::reuse("> S\n< SA\n> A\n> FA\n< FA\n> A\n> S seq=70000", 80, "SF ShAFf, S0 S")]
#[case::same_syn_after_the_close("> S\n< SA\n> A\n> FA\n< FA\n> A\n> S seq=0", 80, "SF ShAFf, S0 S")]
#[case::syn_of_another_number("> S\n> S seq=70000", 80, "S0 S, S0 S")]
#[case::simultaneous_open("> S\n< S", 80, "S0 S, S0 S")]
fn ends(#[case] script: &str, #[case] port: u16, #[case] expected: &str) {
    assert_eq!(said(&at_port(script, port)), expected);
}

#[test]
fn every_end_has_its_reason() {
    let reasons = |script: &str| rows(&frames(script)).iter().map(|row| row.ending).collect::<Vec<_>>();
    assert_eq!(reasons("> S\n+7000\n> S seq=0"), [Ending::NoAnswer, Ending::Capture]);
    assert_eq!(reasons("> S\n> S seq=70000"), [Ending::Reuse, Ending::Capture]);
    let closed = format!("{OPEN}> FA\n< FA\n> A\n+6000\n< R");
    assert_eq!(reasons(&closed)[0], Ending::Close);
    assert_eq!(reasons(&format!("{OPEN}+301000\n> A"))[0].to_string(), "after 5 min of silence");
}

#[test]
fn the_last_acknowledgment_does_not_make_a_connection_longer() {
    let row = &rows(&frames(&format!("{OPEN}> FA\n< FA\n+100\n> A")))[0];
    assert_eq!(row.duration.unwrap().as_millis(), 4);
}

#[test]
fn nothing_depends_on_where_sequence_numbers_begin() {
    let script = format!("{OPEN}> data 100\n< A\n< data 50\n> data 100 seq=201\n< A ack=301\n> FA\n< FA\n> A");
    let summary = |row: &ZeekConnection| (row.state, row.history.clone(), row.missed, row.from_originator, row.from_responder);
    let expected = summary(&rows(&frames(&script))[0]);
    for isn in [0, 1, u32::MAX - 150, u32::MAX, 1 << 31] {
        let made = frames_from(&script, [isn, isn.wrapping_add(7)]);
        assert_eq!(summary(&rows(&made)[0]), expected, "initial sequence number {isn}");
    }
}

#[test]
fn connections_have_names_of_their_own_that_stay() {
    let made = frames("> S\n> S seq=70000\n+7000\n> S seq=9");
    let names: Vec<String> = rows(&made).into_iter().map(|row| row.uid).collect();
    assert_eq!(names, rows(&made).into_iter().map(|row| row.uid).collect::<Vec<_>>());
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 3);
    assert!(names.iter().all(|name| name.starts_with('C') && name.len() <= 18 && name.chars().all(char::is_alphanumeric)));
}

#[test]
fn connections_beyond_the_limit_are_told() {
    let mut tracker = ZeekTracker::new(&Limits { connections: 1, ..Limits::default() }, ZeekChecksums::Ignored);
    for (number, made) in (1..).zip(&frames("> S\n> S seq=70000\n> A seq=70001")) {
        tracker.push(&decode::packet(&frame(number, made)));
    }
    let log = tracker.finish();
    assert_eq!((log.connections.len(), log.refused_packets), (1, 2));
}

// --- UDP and ICMP ---

/// A datagram between a client (10.0.0.1:40000) and a server's port, at a second.
fn datagram(second: i64, from_server: bool, port: u16) -> Made {
    let [client, server] = [[10, 0, 0, 1], [10, 0, 0, 2]];
    let builder = if from_server {
        PacketBuilder::ipv4(server, client, 64).udp(port, 40_000)
    } else {
        PacketBuilder::ipv4(client, server, 64).udp(40_000, port)
    };
    let mut octets = Vec::new();
    builder.write(&mut octets, b"hello").unwrap();
    Made { time: Timestamp::new(1_700_000_000 + second, 0), octets }
}

#[rstest]
#[case::both(&[(0, false), (1, true)], 5000, "SF Dd")]
#[case::no_answer(&[(0, false), (1, false)], 5000, "S0 D")]
#[case::answer_first(&[(0, true)], 5000, "S0 D")]
#[case::answer_first_from_a_known_port(&[(0, true)], 53, "SHR ^d")]
#[case::silence(&[(0, false), (61, true)], 5000, "S0 D, S0 D")]
#[case::less_silence(&[(0, false), (59, true)], 5000, "SF Dd")]
#[case::dns(&[(0, false), (1, true), (12, false)], 53, "SF Dd, S0 D")]
#[case::busy_dns(&[(0, false), (3, true), (9, false), (12, true)], 53, "SF Dd")]
fn datagrams(#[case] sent: &[(i64, bool)], #[case] port: u16, #[case] expected: &str) {
    let made: Vec<Made> = sent.iter().map(|(second, from_server)| datagram(*second, *from_server, port)).collect();
    assert_eq!(said(&made), expected);
}

#[test]
fn icmp_has_types_for_ports_and_no_history() {
    let [one, other] = [[10, 0, 0, 1], [10, 0, 0, 2]];
    let mut made: Vec<Made> = (0..2).map(|second| Made { time: Timestamp::new(second, 0), octets: Vec::new() }).collect();
    let [request, reply] = made.as_mut_slice() else { unreachable!() };
    PacketBuilder::ipv4(one, other, 64).icmpv4_echo_request(7, 1).write(&mut request.octets, b"ping").unwrap();
    PacketBuilder::ipv4(other, one, 64).icmpv4_echo_reply(7, 1).write(&mut reply.octets, b"ping").unwrap();
    let row = &rows(&made)[0];
    assert_eq!((row.originator.to_string(), row.responder.to_string()), ("10.0.0.1:8".into(), "10.0.0.2:0".into()));
    assert_eq!((row.protocol_word(), row.state.word(), row.history.as_str()), ("icmp", "OTH", ""));
    assert_eq!((row.from_originator.payload, row.from_responder.packets, row.from_responder.octets), (4, 1, 32));
}

#[test]
fn a_fragmented_datagram_counts_once() {
    let folder = support::project("fixtures/fragments/udp-echo");
    for file in support::files_below(&folder, &[".pcapng"]) {
        for row in read(&file, ZeekChecksums::Ignored).connections.iter().filter(|row| row.protocol_word() == "udp") {
            let (sent, payload) = (row.from_originator, row.from_originator.payload);
            assert_eq!(sent.octets, payload + 28 * sent.packets, "{}", file.display());
        }
    }
}

// --- Where the three disagree ---

/// What is told of the first stream of a script: the subjects, and all sentences.
fn told(made: &[Made]) -> (Vec<Subject>, String) {
    let trace = track(made);
    let id = FlowId { protocol: Protocol::Tcp, number: 0 };
    let found = judge::differences(&trace, &rows(made), id).unwrap();
    (
        found.iter().map(|difference| difference.subject).collect(),
        found.iter().map(|difference| format!("{difference}\n")).collect(),
    )
}

#[rstest]
#[case::agree("> S\n< SA\n> A\n> data 5\n< data 5", 80, &[], "")]
#[case::split("> S\n< SA\n> A\n+301000\n> data 5", 80, &[Subject::Extent, Subject::Fate], "after 5 minutes of silence")]
#[case::retried("> S\n+7000\n> S seq=0", 80, &[Subject::Extent], "5 s after its first SYN")]
#[case::reused("> S\n< SA\n> A\n> FA\n< FA\n> A\n> S seq=0", 80, &[Subject::Extent], "newer versions also after a FIN or RST")]
#[case::flipped("< data 5\n> A", 80, &[Subject::Roles], "well-known server port")]
#[case::last_ack("> S\n< SA\n> A\n> FA\n< FA\n> A", 80, &[Subject::Duration], "when both ends have closed")]
#[case::repeated("> S\n< SA\n> A\n> data 9\n+300\n> data 9 seq=1", 80, &[Subject::Payload], "sent again count once")]
#[case::missed("> S\n< SA\n> A\n> data 9 seq=11\n< A ack=20", 80, &[Subject::Payload], "not in the capture count too")]
#[case::overtaken("> S\n< SA\n> A\n> data 9 seq=10\n> data 9 seq=1", 80, &[Subject::Repeats], "ends no further")]
#[case::half_closed("> S\n< SA\n> A\n> FA\n< A", 80, &[Subject::Fate], "complete after one FIN")]
#[case::spoofed_rst("> S\n< SA\n> A\n< R seq=9000", 80, &[Subject::Fate], "RFC 5961")]
#[case::one_packet("> data 5", 80, &[Subject::Payload], "came at the same time")]
fn differences(#[case] script: &str, #[case] port: u16, #[case] subjects: &[Subject], #[case] rule: &str) {
    let (found, text) = told(&at_port(script, port));
    assert!(subjects.iter().all(|subject| found.contains(subject)), "{found:?}\n{text}");
    assert!(!subjects.is_empty() || found.is_empty(), "{text}");
    assert!(text.contains(rule), "{text}");
}

#[test]
fn a_stream_that_is_not_there_has_no_differences() {
    let made = frames(OPEN);
    let id = FlowId { protocol: Protocol::Udp, number: 0 };
    assert_eq!(judge::differences(&track(&made), &rows(&made), id), None);
}

// --- Zeek's own baselines ---

/// Reads a capture to its end.
fn read(path: &Path, checksums: ZeekChecksums) -> ZeekLog {
    let mut source = capture::open(path).unwrap();
    let mut tracker = ZeekTracker::new(&Limits::default(), checksums);
    while let Next::Frame(frame) = source.next().unwrap() {
        tracker.push(&decode::packet(&frame));
    }
    tracker.finish()
}

type Row = BTreeMap<String, String>;

/// Rows of Zeek's that are not ours: which baseline, which row, and why.
const EXPLAINED: [(&str, (&str, &str), &str); 2] = [
    (
        "core.checksums_ignore_nets conn-failed.log",
        ("id.orig_h", "35.221.46.9"),
        "in bare mode (-b) Zeek knows no server ports, so that it does not see that port 80 was called",
    ),
    (
        "scripts.base.protocols.ntp.misordered-ntp conn.log",
        ("history", "D^"),
        "Zeek's NTP analyzer reads in the payload which of two ports 123 is the server's",
    ),
];

/// How often a column was compared, and how often it was equal.
#[derive(Default)]
struct Score {
    compared: u64,
    equal: u64,
}

#[derive(Default)]
struct Scores {
    columns: BTreeMap<String, Score>,
    differences: Vec<String>,
}

impl Scores {
    fn compare(&mut self, place: &str, column: &str, ours: Option<&String>, theirs: &String) {
        let score = self.columns.entry(column.to_owned()).or_default();
        score.compared += 1;
        if ours == Some(theirs) {
            score.equal += 1;
        } else {
            self.differences.push(format!("{place} {column}: {ours:?}, Zeek {theirs}"));
        }
    }
}

#[test]
fn agrees_with_zeek() {
    let Some(folder) = support::corpus() else { return };
    let mut scores = Scores::default();
    let baselines = support::files_below(&folder.join("zeek"), &[".json"]);
    assert!(baselines.len() >= 22, "baselines are missing");
    for baseline in &baselines {
        let baseline: Value = serde_json::from_slice(&std::fs::read(baseline).unwrap()).unwrap();
        let path = folder.join(baseline["file"].as_str().unwrap());
        for run in baseline["runs"].as_array().unwrap() {
            hold(&mut scores, &path, run);
        }
    }
    for (column, score) in &scores.columns {
        let share = score.equal as f64 / score.compared as f64;
        println!("{column:16} {:7.3} %  {} of {}", share * 100.0, score.equal, score.compared);
        assert!(share >= 0.95, "{column}: {share}");
    }
    assert_eq!(scores.differences, Vec::<String>::new());
}

fn hold(scores: &mut Scores, path: &Path, run: &Value) {
    let name = format!("{} {}", run["baseline"].as_str().unwrap(), run["log"].as_str().unwrap());
    let mut ours: Vec<Row> = read(path, checksums(run)).connections.iter().map(columns).collect();
    let explained = EXPLAINED.iter().find(|(baseline, ..)| *baseline == name);
    for row in theirs(run) {
        let place = format!("{name} {:?}", ADDRESSES.map(|column| row.get(column)));
        let ours = take(&mut ours, &row);
        let explained = explained.filter(|(_, (column, value), _)| row.get(*column).is_some_and(|theirs| theirs == value));
        if let Some((.., why)) = explained {
            println!("{place}: {why}");
            assert!(ours.is_none(), "{place}: explained, but equal");
            count_unequal(scores, &row);
            continue;
        }
        for (column, value) in row.iter().filter(|(column, _)| COMPARED.contains(&column.as_str())) {
            scores.compare(&place, column, ours.as_ref().and_then(|ours| ours.get(column)), value);
        }
    }
    // A packet filter, which the row's columns do not tell, leaves connections out.
    let filtered = run["command"].as_array().unwrap().iter().any(|command| command.as_str().unwrap().contains(" -f "));
    if !filtered && explained.is_none() {
        scores.differences.extend(ours.iter().map(|row| format!("{name}: not Zeek's: {row:?}")));
    }
}

/// A row that is explained counts as one that differs in what names a connection's fate.
fn count_unequal(scores: &mut Scores, row: &Row) {
    for column in ["conn_state", "history"].iter().filter(|column| row.contains_key(**column)) {
        scores.columns.entry((*column).to_owned()).or_default().compared += 1;
    }
}

/// One run of a file ignores checksums of some networks, and one of none; the baseline says the same of both.
fn checksums(run: &Value) -> ZeekChecksums {
    let ignored = run["ignores_checksums"].as_bool().unwrap() && run["log"] != "conn-failed.log";
    if ignored { ZeekChecksums::Ignored } else { ZeekChecksums::Verified }
}

/// Takes out the connection that a row is about: that with the same addresses, the most alike if there are several.
fn take(ours: &mut Vec<Row>, row: &Row) -> Option<Row> {
    let equal = |one: &Row, columns: &[&str]| {
        columns.iter().filter(|column| row.get(**column).is_none_or(|value| one.get(**column) == Some(value))).count()
    };
    let fitting = (0..ours.len()).filter(|place| equal(&ours[*place], &ADDRESSES) == ADDRESSES.len());
    let place = fitting.max_by_key(|place| (equal(&ours[*place], &COMPARED), usize::MAX - place))?;
    Some(ours.remove(place))
}

const ADDRESSES: [&str; 5] = ["proto", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"];

const COMPARED: [&str; 16] = [
    "id.orig_h",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "proto",
    "duration",
    "orig_bytes",
    "resp_bytes",
    "conn_state",
    "missed_bytes",
    "history",
    "orig_pkts",
    "orig_ip_bytes",
    "resp_pkts",
    "resp_ip_bytes",
    "ip_proto",
];

/// The rows of a run, by column, unset values as `-`; without those of packets inside of tunnels, which are not read,
/// and without counts of packets where the run does not make any.
fn theirs(run: &Value) -> Vec<Row> {
    let all = run["rows"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let rows: Vec<Row> = match all.first().and_then(|row| row["_cut"].as_array()) {
        Some(first) => {
            // What zeek-cut printed has its heading in the first row, or none.
            let heading: Vec<String> = first.iter().map(text).collect();
            let has_heading = heading.iter().any(|name| name == "uid");
            let names = if has_heading { heading } else { CUT_WITHOUT_HEADING.map(str::to_owned).to_vec() };
            let values = all.iter().skip(usize::from(has_heading)).map(|row| row["_cut"].as_array().unwrap());
            values.map(|values| names.iter().cloned().zip(values.iter().map(text)).collect()).collect()
        }
        None => all
            .iter()
            .map(|row| row.as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect())
            .collect(),
    };
    let is_count = |column: &str| column.ends_with("_pkts") || column.ends_with("_ip_bytes");
    let in_tunnel = |row: &Row| row.get("tunnel_parents").is_some_and(|parents| parents != "-");
    let mut rows: Vec<Row> = rows.into_iter().filter(|row| !in_tunnel(row)).collect();
    rows.iter_mut().for_each(|row| row.retain(|column, value| !(is_count(column) && value == "-")));
    rows
}

/// The columns of the one baseline that `zeek-cut` wrote without a heading.
const CUT_WITHOUT_HEADING: [&str; 7] = ["id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "community_id"];

/// A connection in the columns of `conn.log` that are compared.
fn columns(row: &ZeekConnection) -> Row {
    let payload = |octets: u64| row.duration.map_or("-".into(), |_| octets.to_string());
    let columns = [
        ("id.orig_h", row.originator.ip().to_string()),
        ("id.orig_p", row.originator.port().to_string()),
        ("id.resp_h", row.responder.ip().to_string()),
        ("id.resp_p", row.responder.port().to_string()),
        ("proto", row.protocol_word().to_owned()),
        ("duration", row.duration.map_or("-".into(), |duration| format!("{:.6}", duration.as_secs_f64()))),
        ("orig_bytes", payload(row.from_originator.payload)),
        ("resp_bytes", payload(row.from_responder.payload)),
        ("conn_state", row.state.to_string()),
        ("missed_bytes", row.missed.to_string()),
        ("history", if row.history.is_empty() { "-".into() } else { row.history.clone() }),
        ("orig_pkts", row.from_originator.packets.to_string()),
        ("orig_ip_bytes", row.from_originator.octets.to_string()),
        ("resp_pkts", row.from_responder.packets.to_string()),
        ("resp_ip_bytes", row.from_responder.octets.to_string()),
        ("ip_proto", row.protocol.0.to_string()),
    ];
    columns.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
