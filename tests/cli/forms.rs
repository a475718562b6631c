//! One capture in many forms: files, pipes and compressions in; text with and without colours, JSON and CSV out.

use std::process::Command;

use serde_json::Value;
use sha2::{Digest, Sha256};
use unicode_width::UnicodeWidthStr;

use crate::{TCP, UDP, VIEWS, argument, octets, of, run, run_with, support};

#[test]
fn standard_input_equals_the_file() {
    for view in VIEWS {
        let (file, pipe) = (run(&of(view, TCP)).good(), run_with(&of(view, "-"), &octets(TCP)).good());
        if view[0] == "show" || view[0] == "info" {
            // These tell which file it was, with its size and its hash.
            assert!(pipe.contains("standard input") || pipe.contains(r#""file":"-""#), "{pipe}");
            assert!(!pipe.contains("three-clients"), "{pipe}");
        } else {
            assert_eq!(file, pipe, "{view:?}");
        }
    }
    let last = |text: &str| text.split("\nSockets behind").nth(1).map(|text| text.replace(TCP, "-"));
    assert_eq!(last(&run(&[TCP]).good()).unwrap(), last(&run_with(&["-"], &octets(TCP)).good()).unwrap());
}

/// The same four frames in every container that the fixtures have.
#[test]
fn the_container_changes_nothing() {
    let expected = run(&["packets", "fixtures/udp-echo/on-lo/capture.pcapng"]).good();
    let in_microseconds = run(&["packets", "fixtures/container/pcap/capture.pcap"]).good();
    assert_ne!(expected, in_microseconds);
    assert_eq!(cells(&expected).len(), 5);
    for (name, expected) in [
        ("gzip/capture.pcapng.gz", &expected),
        ("zstd/capture.pcapng.zst", &expected),
        ("lz4/capture.pcapng.lz4", &expected),
        ("pcap-nanosecond/capture.pcap", &expected),
        ("pcap-big-endian/capture.pcap", &in_microseconds),
        ("pcapng-big-endian/capture.pcapng", &in_microseconds),
    ] {
        let path = format!("fixtures/container/{name}");
        assert_eq!(run(&["packets", &path]).good(), *expected, "{name}");
        assert_eq!(run_with(&["packets", "-"], &octets(&path)).good(), *expected, "{name} from standard input");
    }
    let without_time =
        |text: &str| -> Vec<Vec<String>> { cells(text).into_iter().map(|row| [&row[..1], &row[2..]].concat()).collect() };
    assert_eq!(without_time(&expected), without_time(&in_microseconds));
}

/// Each line cut at its gaps.
fn cells(text: &str) -> Vec<Vec<String>> {
    text.lines().map(|line| line.split_whitespace().map(String::from).collect()).collect()
}

#[test]
fn the_same_input_gives_the_same_octets() {
    for view in VIEWS {
        assert_eq!(run(&of(view, TCP)).good(), run(&of(view, TCP)).good(), "{view:?}");
    }
}

/// Nobody reads a bar or a colour in a pipe, and colours change no letter.
#[test]
fn colours_are_for_terminals_and_those_who_ask() {
    for view in VIEWS {
        let (plain, coloured) = (run(&of(view, TCP)).good(), run(&[&of(view, TCP)[..], &["--color", "always"]].concat()).good());
        assert!(!plain.contains('\x1b'), "{view:?}");
        assert_eq!(plain, run(&[&["--color", "never"], &of(view, TCP)[..]].concat()).good());
        assert_eq!(coloured.contains('\x1b'), !view.iter().any(|word| ["--json", "--csv"].contains(word)), "{view:?}");
        assert_eq!(trimmed(&without_colours(&coloured)), trimmed(&plain), "{view:?}");
    }
}

/// Lines without the spaces at their ends.
fn trimmed(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_end).collect()
}

fn without_colours(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').expect("a colour ends with m").1)
}

/// On a terminal of 80 cells, made by script(1) of util-linux: colours unless NO_COLOR says otherwise, and lines that fit.
#[test]
fn a_terminal_gets_colours_and_lines_that_fit() {
    let Some(coloured) = on_a_terminal("show", false) else { return };
    assert!(coloured.contains("\x1b["), "{coloured}");
    let plain = on_a_terminal("show", true).unwrap();
    assert!(!plain.contains('\x1b'), "{plain}");
    assert_eq!(trimmed(&without_colours(&coloured)), trimmed(&plain));
    for command in ["show", "info", "packets", "connections"] {
        let text = on_a_terminal(command, true).unwrap();
        // A path and a program's name are not broken.
        let may_be_long = |line: &str| line.contains("fixtures/") || line.starts_with("Application");
        let long: Vec<&str> = text.lines().filter(|line| line.width() > 80 && !may_be_long(line)).collect();
        assert!(long.is_empty(), "{command}: {long:#?}");
    }
    let sockets = on_a_terminal("sockets --all", true).unwrap();
    assert!(sockets.lines().next().unwrap().ends_with("  Frames"), "a word is broken into letters: {sockets}");
}

fn on_a_terminal(command: &str, no_color: bool) -> Option<String> {
    let version = Command::new("script").arg("--version").output();
    if !version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("util-linux")) {
        support::skip("script(1) of util-linux is missing, and with it the terminal that this test needs");
        return None;
    }
    let line = format!("stty cols 80 rows 24; exec {} {command} {TCP}", env!("CARGO_BIN_EXE_sockscope"));
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).current_dir(support::project(""));
    script.env("TZ", "UTC").env("TERM", "xterm-256color").env("NO_COLOR", if no_color { "1" } else { "" });
    let output = script.stdin(std::process::Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n"))
}

#[test]
fn csv_has_the_rows_of_json() {
    let mut rows_seen = 0;
    for path in support::fixtures() {
        let file = argument(&path);
        for view in [&["packets"][..], &["conversations"], &["connections"], &["sockets", "--all"]] {
            let json = run(&[&of(view, file)[..], &["--json"]].concat()).stdout;
            let csv = run(&[&of(view, file)[..], &["--csv"]].concat()).stdout;
            let mut reader = csv::Reader::from_reader(csv.as_bytes());
            let columns = reader.headers().unwrap().len();
            // The reader refuses rows of another length.
            let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
            assert!(columns > 10 && rows.iter().all(|row| row.len() == columns), "{view:?} {file}");
            assert_eq!(rows.len(), json_rows(view[0], &json), "{view:?} {file}");
            rows_seen += rows.len();
        }
    }
    assert!(rows_seen > 500, "{rows_seen}");
}

fn json_rows(list: &str, json: &str) -> usize {
    if list == "packets" {
        return json.lines().filter(|line| serde_json::from_str::<Value>(line).unwrap()["frame"].is_u64()).count();
    }
    serde_json::from_str::<Value>(json).unwrap()[list].as_array().unwrap().len()
}

#[test]
fn the_sockets_of_one_host() {
    let rows = |arguments: &[&str]| run(&[&["sockets", TCP, "--all", "--csv"], arguments].concat()).good().lines().count();
    assert_eq!(rows(&["--host", "127.0.0.1"]), rows(&[]));
    assert_eq!(rows(&["--host", "::ffff:127.0.0.1"]), rows(&[]));
    assert_eq!(rows(&["--host", "192.0.2.1"]), 1);
    assert!(rows(&[]) > 5);
}

#[test]
fn zones_move_dates_and_nothing_else() {
    let date = |arguments: &[&str]| run(&[&["packets", UDP, "-t", "ad"], arguments].concat()).good();
    assert!(date(&["--zone", "UTC"]).contains("2026-11-20 09:41:26.566142743"));
    assert!(date(&["--zone", "Asia/Seoul"]).contains("2026-11-20 18:41:26.566142743"));
    assert_eq!(date(&[]), date(&["--zone", "UTC"]));
    let show = run(&[UDP, "--zone", "Asia/Seoul"]).good();
    assert!(show.contains("from 2026-11-20 18:41:26.566142743 +09:00"), "{show}");
}

/// The octets of a stream, raw and in a file, are those that the hash of the connection is of.
#[test]
fn what_is_followed_is_what_was_hashed() {
    let connections: Value = serde_json::from_str(&run(&["connections", TCP, "--json"]).good()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("octets");
    for side in ["initiator", "responder"] {
        let other = if side == "initiator" { "responder" } else { "initiator" };
        let expected = &connections["connections"][1][format!("{side}_to_{other}")]["sha256"];
        let arguments = ["follow", TCP, "tcp:1", "--raw", "--side", side];
        run(&[&arguments[..], &["-o", argument(&file)]].concat()).good();
        let octets = std::fs::read(&file).unwrap();
        let hash: String = Sha256::digest(&octets).iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(hash, expected.as_str().unwrap(), "{side}");
        assert_eq!(run(&arguments).good().as_bytes(), octets);
    }
}
