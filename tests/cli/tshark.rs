//! tshark as a witness: the columns of `packets` and its times are those of tshark for the same file.

use std::process::Command;

use rstest::rstest;

use crate::{UDP, argument, is_there, run, support};

/// Columns of tshark, a line for each frame, cells between tabs.
fn tshark(file: &str, options: &[&str], columns: &[&str]) -> Vec<Vec<String>> {
    let mut tshark = Command::new("tshark");
    tshark.args(["-n", "-r", file, "-T", "fields"]).args(options).current_dir(support::project("")).env("TZ", "UTC");
    tshark.args(columns.iter().flat_map(|column| ["-e", column]));
    let output = tshark.output().unwrap();
    assert!(output.status.success(), "{file}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split('\t').map(String::from).collect()).collect()
}

#[rstest]
fn times_are_those_of_tshark(#[values("r", "a", "ad", "d", "dd", "e", "u", "ud")] format: &str) {
    if !is_there("tshark") {
        return;
    }
    let reordered = "fixtures/bulk/reordered/capture.pcapng"; // The clock steps back there.
    let files = [UDP, "fixtures/container/pcap/capture.pcap", "fixtures/keep-alive/idle/capture.pcapng", reordered];
    for file in files {
        let theirs = tshark(file, &["-t", format], &["_ws.col.Time"]);
        let ours = run(&["packets", file, "-t", format, "--zone", "UTC"]).good();
        let words = if format.ends_with('d') && format != "d" && format != "dd" { 2 } else { 1 };
        let ours = ours.lines().skip(1).map(|line| line.split_whitespace().skip(1).take(words).collect::<Vec<_>>().join(" "));
        assert_eq!(ours.collect::<Vec<_>>(), theirs.concat(), "{file} -t {format}");
    }
}

/// Number, time, source, destination, protocol, length and info, where the protocol is one that both name alike.
#[test]
fn columns_are_those_of_tshark() {
    if !is_there("tshark") {
        return;
    }
    let columns = ["frame.number", "_ws.col.Time", "_ws.col.Source", "_ws.col.Destination", "frame.len", "_ws.col.Protocol"];
    let columns = [&columns[..], &["_ws.col.Info"]].concat();
    let mut frames = 0;
    for path in support::fixtures() {
        let file = argument(&path);
        if ["cut-off", "garbage"].iter().any(|damaged| file.contains(damaged)) {
            continue; // tshark gives up where a file is damaged.
        }
        let (theirs, ours) = (tshark(file, &[], &columns), rows(file));
        assert_eq!(ours.len(), theirs.len(), "{file}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            let alike = ["TCP", "UDP", "ICMP", "ARP"].contains(&ours[5].as_str());
            let columns = if alike { 0..7 } else { 0..5 };
            assert_eq!(ours[columns.clone()], theirs[columns], "{file}");
            frames += usize::from(alike);
        }
    }
    assert!(frames > 300, "only {frames} frames were compared in full");
}

/// The same columns from our list, but for the info: in text it has no fixed place, so it comes from JSON.
fn rows(file: &str) -> Vec<[String; 7]> {
    let (text, json) = (run(&["packets", file]).good(), run(&["packets", file, "--json"]).good());
    let infos = json.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["info"].clone());
    let row = |(line, info): (&str, serde_json::Value)| {
        let info = info.as_str().unwrap().to_owned();
        assert!(line.ends_with(&info), "{line} ends with other words than {info}");
        let mut cells = line.split_whitespace().map(String::from);
        let [number, time, source, destination, protocol, length] = std::array::from_fn(|_| cells.next().unwrap());
        [number, time, source, destination, length, protocol, info]
    };
    text.lines().skip(1).zip(infos).map(row).collect()
}
