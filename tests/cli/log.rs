//! `log`: what it prints, and its exit codes: 0 agrees, 1 does not, 3 damaged input, 4 a text that cannot be read.

use std::fs;
use std::path::Path;

use rstest::rstest;

use crate::{CUT_OFF, TCP, UDP, argument, run, support};

const LOG: &str = "fixtures/udp-echo/two-clients/server.log";
const CLIENTS: [&str; 2] = ["fixtures/udp-echo/two-clients/client1.log", "fixtures/udp-echo/two-clients/client2.log"];

/// The log of the lab, changed and encoded, in a file of its own.
fn changed(folder: &Path, change: impl Fn(String) -> Vec<u8>) -> String {
    let path = folder.join("server.log");
    fs::write(&path, change(fs::read_to_string(support::project(LOG)).unwrap())).unwrap();
    argument(&path).to_owned()
}

#[test]
fn a_log_that_agrees_is_0_and_every_line_has_its_frame() {
    let text = run(&["log", UDP, LOG, "--client", CLIENTS[0], "--client", CLIENTS[1]]).good();
    for line in ["server: UDP port 5000", "  line 2 = frame 1  127.0.0.1:44677 b'", "  line 3 = frame 4  127.0.0.1:5000 컴퓨터"]
    {
        assert!(text.contains(line), "{text}");
    }
    let (_, expected) = text.split_once("What the server must have printed\n").unwrap();
    let log = fs::read_to_string(support::project(LOG)).unwrap();
    let printed: Vec<&str> = log.lines().filter(|line| line.starts_with("[recv]")).collect();
    assert_eq!(expected.lines().map(str::trim).collect::<Vec<_>>(), printed);
}

#[rstest]
#[case::port("127.0.0.1:44677", "127.0.0.1:44766", "the same octets came from 127.0.0.1:44677 in frame 1")]
#[case::payload(" 20231234 ", " 20231235 ", "line 2 differs from octet 26 on")]
#[case::line("[recv] 127.0.0.1:44677", "[send] 127.0.0.1:44677", "frame 1 is not in the log: 127.0.0.1:44677")]
fn a_log_that_does_not_agree_is_1(#[case] from: &str, #[case] to: &str, #[case] expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let log = changed(folder.path(), |log| log.replacen(from, to, 1).into_bytes());
    let run = run(&["log", UDP, &log]);
    assert!(run.stdout.contains(expected), "{run:?}");
    assert!(run.complaint(1).contains("the log and the capture disagree"));
}

#[test]
fn powershell_and_cmd_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let utf16 = |log: String| [0xfeff].into_iter().chain(log.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let log = changed(folder.path(), utf16);
    assert!(run(&["log", UDP, &log]).good().contains("UTF-16LE with BOM, 2 receipts"));
    let log = changed(folder.path(), |log| encoding_rs::EUC_KR.encode(&log).0.into_owned());
    assert!(run(&["log", UDP, &log]).good().contains("CP949, 2 receipts"));
}

#[test]
fn damaged_input_is_3() {
    assert!(run(&["log", CUT_OFF, LOG]).complaint(3).contains("damaged at octet 596"));
    assert!(run(&["log", UDP, "no-such.log"]).complaint(3).contains("no-such.log: cannot read"));
}

#[test]
fn texts_that_cannot_be_read_are_4_and_say_where() {
    let folder = tempfile::tempdir().unwrap();
    let log = changed(folder.path(), |log| [log.as_bytes(), b"ab\xff\xff"].concat());
    assert!(run(&["log", UDP, &log]).complaint(4).contains("line 5, column 3: octet 0xff is neither UTF-8 nor CP949"));
    let log = changed(folder.path(), |log| log.replacen("b'\\xec", "b'\\xe", 1).into_bytes());
    assert!(run(&["log", UDP, &log]).complaint(4).contains("expected two hexadecimal digits"));
    assert!(run(&["log", UDP, LOG, "--pattern", "(?P<ip>"]).complaint(4).contains("--pattern, column 1: unclosed group"));
    assert!(run(&["log", UDP, LOG, "--pattern", "(?P<ip>.)(?P<data>.)"]).complaint(4).contains("no group port"));
}

#[test]
fn a_pattern_and_a_port_of_ones_own() {
    let pattern = r"^\[recv\] (?P<ip>[\d.]+):(?P<port>\d+) \(\d+ bytes\) (?P<data>.*)$";
    run(&["log", UDP, LOG, "--pattern", pattern, "--port", "5000"]).good();
    assert!(run(&["log", UDP, LOG, "--port", "5001"]).complaint(1).contains("disagree"));
}

#[test]
fn json_is_one_document() {
    let document: serde_json::Value = serde_json::from_str(&run(&["log", UDP, LOG, "--json"]).good()).unwrap();
    assert_eq!(document["schema"], 1);
    assert_eq!(document["server"]["port"], 5000);
    assert_eq!(document["server"]["protocol"], "udp");
    assert_eq!(document["encoding"], "UTF-8");
    assert_eq!(document["matched"][1]["frame"], 3);
    for list in ["lines", "matched", "expected"] {
        assert_eq!(document[list].as_array().unwrap().len(), 2, "{list}");
    }
    for list in ["missing", "extra", "altered"] {
        assert_eq!(document[list].as_array().unwrap().len(), 0, "{list}");
    }
}

/// A log of text: what it says must not steer the terminal.
#[test]
fn nothing_in_a_log_steers_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let log = changed(folder.path(), |log| (log + "[recv] 127.0.0.1:9 -> a\x1b[2J\u{202e}b\n").into_bytes());
    for form in [&["log", UDP, &log][..], &["log", UDP, &log, "--json"], &["log", TCP, &log]] {
        let run = run(form);
        assert!(!run.stdout.contains(['\x1b', '\u{202e}']), "{run:?}");
    }
}
