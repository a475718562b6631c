//! `cut`: exactly the frames of the streams, octet for octet, in a file that others read without a word.

use std::path::Path;
use std::process::Command;

use rstest::rstest;
use sockscope::capture::{self, Next};

use crate::{TCP, UDP, argument, is_there, octets, run, run_with, support};

/// What a frame is, apart from its number and its place in the file.
type Plain = (Option<String>, u32, String, Vec<u8>, Vec<u8>);

fn frames(path: &Path) -> Vec<Plain> {
    let mut source = capture::open(path).unwrap();
    let mut frames = Vec::new();
    while let Next::Frame(frame) = source.next().unwrap() {
        let time = frame.timestamp.map(|time| time.to_string());
        frames.push((time, frame.original_len, frame.link_type.to_string(), frame.octets.to_vec(), frame.options.to_vec()));
    }
    frames
}

#[rstest]
#[case::connection(TCP, &["tcp:1"], &[4, 5, 6, 14, 15, 16, 17, 27, 28, 29])]
#[case::two(TCP, &["tcp:2", "tcp:0"], &[1, 2, 3, 7, 8, 9, 10, 11, 12, 13, 18, 19, 20, 21, 22, 23, 24, 25, 26, 30, 31, 32])]
#[case::udp(UDP, &["udp:1"], &[3, 4])]
#[case::both("fixtures/tcp-echo/same-port-as-udp/capture.pcapng", &["udp:0"], &[4, 5])]
#[case::with_fragments("fixtures/fragments/udp-echo/capture.pcapng", &["udp:0"], &[1, 2, 3, 4, 5, 6])]
#[case::with_errors("fixtures/refused/udp/capture.pcapng", &["udp:1"], &[3, 4])]
#[case::pcap("fixtures/container/pcap-big-endian/capture.pcap", &["udp:0"], &[1, 2])]
#[case::nanoseconds("fixtures/container/pcap-nanosecond/capture.pcap", &["udp:1"], &[3, 4])]
#[case::big_endian("fixtures/container/pcapng-big-endian/capture.pcapng", &["udp:0"], &[1, 2])]
#[case::compressed("fixtures/container/zstd/capture.pcapng.zst", &["udp:0"], &[1, 2])]
#[case::other_link("fixtures/udp-echo/on-any-sll2/capture.pcap", &["udp:1"], &[3, 4])]
fn the_frames_of_a_stream_are_copied(#[case] file: &str, #[case] streams: &[&str], #[case] numbers: &[usize]) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.pcapng");
    let told = run(&[&["cut", file], streams, &["-o", argument(&out)]].concat()).good();
    let count = numbers.len();
    assert_eq!(told, format!("{count} frames of {} written to {}\n", streams.join(", "), out.display()));
    let all = frames(&support::project(file));
    let expected: Vec<Plain> = numbers.iter().map(|number| all[number - 1].clone()).collect();
    assert_eq!(frames(&out), expected);
    read_by_others(&out, count);

    let piped = folder.path().join("piped.pcapng");
    let told = run_with(&[&["cut", "-"], streams, &["-o", argument(&piped)]].concat(), &octets(file)).good();
    assert!(told.starts_with(&format!("{count} frames of ")), "{told}");
    assert_eq!(std::fs::read(&piped).unwrap(), std::fs::read(&out).unwrap());
}

/// tshark and capinfos read the file without a word of complaint and find as many frames.
fn read_by_others(file: &Path, count: usize) {
    for (witness, arguments) in [("tshark", &["-n", "-r"][..]), ("capinfos", &["-c", "-T", "-r", "-M"])] {
        if !is_there(witness) {
            continue;
        }
        let output = Command::new(witness).args(arguments).arg(file).output().unwrap();
        let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
        let complaints: Vec<&str> = complaints.lines().filter(|line| !line.starts_with("Running as user")).collect();
        assert!(output.status.success() && complaints.is_empty(), "{witness}: {complaints:?}");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let found = if witness == "tshark" { text.lines().count().to_string() } else { last_word(&text) };
        assert_eq!(found, count.to_string(), "{witness}: {text}");
    }
}

fn last_word(text: &str) -> String {
    text.split_whitespace().last().unwrap_or_default().to_owned()
}

/// What is cut out is a capture again, with streams numbered anew.
#[test]
fn a_cut_of_a_cut_is_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let [once, twice] = ["once.pcapng", "twice.pcapng"].map(|name| folder.path().join(name));
    run(&["cut", TCP, "tcp:2", "-o", argument(&once)]).good();
    run(&["cut", argument(&once), "tcp:0", "-o", argument(&twice)]).good();
    assert_eq!(std::fs::read(&once).unwrap(), std::fs::read(&twice).unwrap());
}

/// The input by its name, by another path, by a link of each kind.
#[test]
fn the_input_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("lab.pcapng");
    std::fs::copy(support::project(UDP), &input).unwrap();
    let [hard, soft] = ["hard.pcapng", "soft.pcapng"].map(|name| folder.path().join(name));
    std::fs::hard_link(&input, &hard).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&input, &soft).unwrap();
    #[cfg(not(unix))]
    std::fs::hard_link(&input, &soft).unwrap();
    for output in [&input, &folder.path().join(".").join("lab.pcapng"), &hard, &soft] {
        for command in ["cut", "follow"] {
            let run = run(&[command, argument(&input), "udp:0", "-o", argument(output)]);
            assert!(run.complaint(2).contains("is the input, which is never overwritten"), "{run:?}");
            assert_eq!(std::fs::read(&input).unwrap(), octets(UDP));
        }
    }
}

#[test]
fn an_output_that_cannot_be_written_is_3() {
    let run = run(&["cut", UDP, "udp:0", "-o", "no-such-folder/out.pcapng"]);
    assert!(run.complaint(3).contains("no-such-folder/out.pcapng: "), "{run:?}");
}

/// A stream that is not there leaves no file behind.
#[test]
fn nothing_is_written_for_a_stream_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.pcapng");
    run(&["cut", UDP, "udp:0", "tcp:0", "-o", argument(&out)]).complaint(2);
    assert!(!out.exists());
}
