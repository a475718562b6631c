//! `-Y` and `-f`: which frames and rows are shown, with the numbers of the whole capture.

use std::process::Command;

use rstest::rstest;

use crate::{TCP, UDP, argument, is_there, octets, run, run_with, support};

/// The numbers of the frames that a command lists.
fn listed(arguments: &[&str]) -> Vec<u64> {
    let lines = run(&[&["packets"], arguments, &["--json"]].concat()).good();
    lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["frame"].as_u64().unwrap()).collect()
}

#[rstest]
#[case(TCP, "tcp.flags.syn == 1 && tcp.flags.ack == 0", &[1, 4, 7])]
#[case(TCP, "conn.closed_first == \"initiator\" && tcp.stream == 0", &[24, 25, 26])]
#[case(TCP, "state.responder == \"CLOSE-WAIT\"", &[24, 27, 30])]
#[case(TCP, "frame.interface_name == \"lo\" && tcp.len > 38", &[14, 16, 18, 20])]
#[case(UDP, "udp.dstport == 5000", &[1, 3])]
#[case(UDP, "udp contains \"홍길동\" && udp.dstport == 5000", &[1, 3])]
#[case("fixtures/fragments/udp-echo/capture.pcapng", "udp.srcport == 5000", &[6])]
#[case("fixtures/refused/udp/capture.pcapng", "icmp and udp.port == 5000", &[2, 4])]
fn frames_are_selected(#[case] file: &str, #[case] filter: &str, #[case] expected: &[u64]) {
    assert_eq!(listed(&[file, "-Y", filter]), expected);
    assert_eq!(listed(&[file, "--filter", filter]), expected);
}

#[test]
fn standard_input_is_filtered_too() {
    let piped = run_with(&["packets", "-", "-Y", "udp.dstport == 5000", "-f", "udp"], &octets(UDP)).good();
    assert_eq!(piped, run(&["packets", UDP, "-Y", "udp.dstport == 5000"]).good());
}

/// As `tshark -z conv,tcp,FILTER`: only selected frames count, streams keep their numbers.
#[test]
fn conversations_count_selected_frames() {
    let rows = run(&["conversations", TCP, "-Y", "tcp.len > 0 && tcp.stream != 0", "--csv"]).good();
    let rows: Vec<Vec<&str>> = rows.lines().map(|row| row.split(',').collect()).collect();
    let column = |name: &str| rows[0].iter().position(|title| *title == name).unwrap_or_else(|| panic!("{name}: {:?}", rows[0]));
    let stream = rows[1..].iter().map(|row| row[column("stream")]).collect::<Vec<_>>();
    assert_eq!((rows.len(), stream), (3, vec!["1", "2"]));
    if !is_there("tshark") {
        return;
    }
    let mut tshark = Command::new("tshark");
    tshark.args(["-n", "-q", "-z", "conv,tcp,tcp.len > 0 && tcp.stream != 0", "-r", TCP]).current_dir(support::project(""));
    let text = String::from_utf8(tshark.output().unwrap().stdout).unwrap();
    let theirs: Vec<&str> = text.lines().filter(|line| line.contains("<->")).collect();
    assert_eq!(theirs.len(), 2);
    for line in theirs {
        assert!(line.contains(" 1 106") && line.contains(" 2 212"), "{line}");
    }
}

/// Fields of rows alone filter the rows of a list, each as it is at the end.
#[rstest]
#[case(&["sockets", TCP, "-Y", "sock.state == \"LISTEN\""], 1)]
#[case(&["sockets", UDP, "-Y", "sock.port == 5000"], 1)]
#[case(&["sockets", UDP, "-Y", "sock.peers > 1 && sock.evidence == \"proved\""], 1)]
#[case(&["connections", TCP, "-Y", "conn.outcome == \"open\""], 0)]
#[case(&["connections", TCP, "-Y", "conn.outcome == \"closed\" && conn.stream > 0"], 2)]
fn rows_are_selected_by_their_own_fields(#[case] arguments: &[&str], #[case] expected: usize) {
    let rows = run(&[arguments, &["--csv"]].concat()).good();
    assert_eq!(rows.lines().count() - 1, expected, "{rows}");
}

#[test]
fn verdicts_are_selected_by_their_own_fields() {
    let rows = |filter: &str| run(&["demux", UDP, "-Y", filter, "--json"]).good().lines().count();
    assert_eq!([rows("demux.verdict == \"to\""), rows("demux.socket == \"s2\""), rows("demux.rule == \"none\"")], [4, 2, 0]);
}

#[rstest]
#[case(&["connections", TCP, "--json"], "connections")]
#[case(&["sockets", TCP, "--all", "--json"], "sockets")]
#[case(&["show", TCP, "--json"], "connections")]
fn rows_belong_to_a_selected_frame(#[case] arguments: &[&str], #[case] list: &str) {
    let rows = |filter: &[&str]| {
        let json: serde_json::Value = serde_json::from_str(&run(&[arguments, filter].concat()).good()).unwrap();
        json[list].as_array().unwrap_or_else(|| panic!("{json}")).clone()
    };
    let (all, one) = (rows(&[]), rows(&["-Y", "frame.number == 14"]));
    assert!(one.len() < all.len() && !one.is_empty());
    assert!(one.iter().all(|row| all.contains(row)));
    assert!(rows(&["-Y", "tcp.port == 9"]).is_empty());
    if list == "connections" {
        assert_eq!(one.iter().map(|row| row["stream"].as_u64()).collect::<Vec<_>>(), [Some(1)]);
    }
}

#[test]
fn other_commands_leave_out_what_is_not_selected() {
    assert_eq!(run(&["states", TCP, "tcp:1", "-Y", "tcp.flags.fin == 1", "--json"]).good().lines().count(), 2);
    let said = run(&["follow", TCP, "tcp:1", "--raw"]).good();
    let half = run(&["follow", TCP, "tcp:1", "--raw", "-Y", "tcp.srcport == 5001"]).good();
    assert_eq!(half.len() * 2, said.len());
    let zeek = run(&["export", TCP, "--zeek", "--json", "-Y", "tcp.stream == 2"]).good();
    assert_eq!(zeek.lines().count(), 1);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("cut.pcapng");
    run(&["cut", TCP, "-Y", "tcp.len > 0", "-o", argument(&out)]).good();
    assert_eq!(run(&["packets", argument(&out)]).good().lines().count(), 1 + 8);
}

/// Times of `r` and `d` count all frames, of `dd` those shown.
#[test]
fn times_are_those_of_tshark() {
    if !is_there("tshark") {
        return;
    }
    for format in ["r", "d", "dd"] {
        let mut tshark = Command::new("tshark");
        tshark.args(["-n", "-r", TCP, "-Y", "tcp.len > 0", "-t", format, "-T", "fields", "-e", "_ws.col.Time"]);
        let output = tshark.current_dir(support::project("")).output().unwrap();
        let theirs = String::from_utf8(output.stdout).unwrap();
        let ours = run(&["packets", TCP, "-Y", "tcp.len > 0", "-t", format]).good();
        let ours: Vec<&str> = ours.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1)).collect();
        assert_eq!(ours, theirs.lines().collect::<Vec<_>>(), "-t {format}");
    }
}

#[cfg(feature = "live")]
#[rstest]
#[case(TCP, "tcp[tcpflags] & tcp-syn != 0")]
#[case(TCP, "tcp port 41332 and not src port 5001")]
#[case("fixtures/container/null-windows/capture.pcapng", "udp dst port 5000")]
#[case("fixtures/udp-echo/on-any-sll2/capture.pcap", "host 127.0.0.1 and udp")]
#[case("fixtures/zoo/fragments/capture.pcapng", "udp")]
fn capture_filters_pass_what_tcpdump_passes(#[case] file: &str, #[case] filter: &str) {
    let ours = listed(&[file, "-f", filter]);
    assert!(!ours.is_empty() && ours.len() < listed(&[file]).len().max(ours.len() + 1));
    if !is_there("tcpdump") {
        return;
    }
    let mut tcpdump = Command::new("tcpdump");
    let output = tcpdump.args(["-nn", "-t", "-r", file, filter]).current_dir(support::project("")).output().unwrap();
    let theirs = String::from_utf8_lossy(&output.stdout).lines().filter(|line| !line.starts_with(char::is_whitespace)).count();
    assert_eq!(ours.len(), theirs, "{output:?}");
}

/// What a person sees who mistypes a filter; nothing else is done then.
#[rstest]
#[case(&["packets", UDP, "-Y", "udp.prt == 5000"], "sockscope: filter, column 1: no such field
  udp.prt == 5000
  ^~~~~~~
Did you mean udp.port?
")]
#[case(&["show", UDP, "-Y", "udp port 5000"], "sockscope: filter, column 5: expected && or ||, or the end
  udp port 5000
      ^~~~
That is a capture filter (BPF). As a display filter: udp.port == 5000
")]
#[case(&["conversations", UDP, "-Y", "udp contains \"홍길동\" and tcp.port = 1"], "sockscope: filter, column 33: expected ==
  udp contains \"홍길동\" and tcp.port = 1
                                     ^
Equality is written ==: udp contains \"홍길동\" and tcp.port == 1
")]
#[case(&["packets", UDP, "-Y", "sock.port == 5000"], "sockscope: filter: sock.port is no field of frames: sock.* alone filters sockets, demux.* alone demux; rubrics know the others
")]
#[case(&["packets", UDP, "-Y", "udp contains \"\u{1b}[2J\" and"], "sockscope: filter, column 24: expected a field such as tcp.port, or a value
  udp contains \" [2J\" and
                         ^
")]
fn a_wrong_filter_is_shown_with_a_caret(#[case] arguments: &[&str], #[case] expected: &str) {
    let run = run(arguments);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (4, "", expected));
}

#[cfg(feature = "live")]
#[test]
fn a_display_filter_given_as_a_capture_filter_is_told() {
    let run = run(&["packets", UDP, "-f", "udp.port == 5000"]);
    assert!(run.complaint(4).ends_with("as a display filter it goes to -Y"), "{run:?}");
}

#[test]
fn fields_are_listed_with_their_meaning() {
    let all = run(&["fields"]).good();
    assert!(all.lines().count() > 250);
    assert!(run(&["fields", "udp.st"]).good().starts_with("udp.stream  number, 32 bits   Number of the exchange"));
    let json = run(&["fields", "tcp.flags.syn", "--json"]).good();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["kind"], "true/false");
    assert!(run(&["fields", "nothing"]).complaint(2).contains("no field begins with nothing"));
}
