//! Exit codes, and the one line that goes with each: 0 done, 2 usage, 3 input.

use std::fs;
use std::io::pipe;
use std::process::{Command, Stdio};

use rstest::rstest;

use crate::{CUT_OFF, TCP, UDP, VIEWS, argument, octets, of, run, run_with, support};

#[test]
fn reading_to_the_end_is_0_and_silent() {
    for view in VIEWS {
        assert!(!run(&of(view, UDP)).good().is_empty(), "{view:?}");
    }
    run(&["packet", UDP, "4"]).good();
    assert_eq!(run(&[UDP]).good(), run(&["show", UDP]).good());
}

#[rstest]
#[case::nothing(&[], "name a capture file")]
#[case::two_files(&[UDP, "info", UDP], "a command stands in front")]
#[case::option_in_front(&["--json", "info", UDP], "stand behind it")]
#[case::frame_beyond_the_end(&["packet", UDP, "5"], "there is no frame 5: the last one is 4")]
#[case::no_such_stream(&["cut", UDP, "udp:2", "-o", "never-written"], "udp:2")]
#[case::no_stream_to_follow(&["follow", UDP, "tcp:0"], "has no stream tcp:0")]
#[case::no_states_of_udp(&["states", UDP, "udp:0"], "only TCP connections have states")]
#[case::output_is_input(&["cut", UDP, "udp:0", "-o", UDP], "is the input, which is never overwritten")]
fn wrong_usage_is_2(#[case] arguments: &[&str], #[case] expected: &str) {
    let run = run(arguments);
    assert!(run.complaint(2).contains(expected), "{run:?}");
    assert_eq!(run.stdout, "");
    assert!(!support::project("never-written").exists());
}

/// What the argument parser finds, it tells in its own words, with the usage.
#[rstest]
#[case::no_file(&["info"], "<FILE>")]
#[case::option(&["info", UDP, "--colour"], "--colour")]
#[case::frame_0(&["packet", UDP, "0"], "0 is not in 1..")]
#[case::both_forms(&["packets", UDP, "--json", "--csv"], "cannot be used with")]
#[case::time_format(&["packets", UDP, "-t", "x"], "'x'")]
#[case::zone(&["packets", UDP, "--zone", "Atlantis"], "Asia/Seoul")]
#[case::stream(&["cut", UDP, "3", "-o", "out"], "tcp:NUMBER")]
#[case::host(&["sockets", UDP, "--host", "localhost"], "'localhost'")]
#[case::shell(&["completions", "cmd"], "'cmd'")]
fn arguments_that_make_no_sense_are_2(#[case] arguments: &[&str], #[case] expected: &str) {
    let run = run(arguments);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
    assert!(run.stderr.contains(expected), "{run:?}");
}

/// Two records of an Endace ERF file: time, type, flags, record length, losses, wire length, eight octets.
fn erf() -> Vec<u8> {
    [1_700_000_000_u32, 1_700_000_001]
        .iter()
        .flat_map(|seconds| [&[0; 4][..], &seconds.to_le_bytes(), &[2, 4, 0, 24, 0, 0, 0, 8], &[0; 8]].concat())
        .collect()
}

#[rstest]
#[case::empty("lab.pcapng", vec![], "empty (0 octets)")]
#[case::png("lab.pcapng", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "a PNG picture")]
#[case::zip("lab.pcapng", b"PK\x03\x04\x14\0\0\0".to_vec(), "a zip archive")]
#[case::export("lab.txt", b"No.     Time           Source\r\n      1 0.000000\r\n".to_vec(), "exported from Wireshark as text")]
#[case::erf("lab.erf", erf(), "Endace ERF capture; expected a pcapng or pcap capture; convert it: editcap")]
#[case::snoop("lab.snoop", b"snoop\0\0\0\0\0\0\x02\0\0\0\x04".to_vec(), "Sun snoop capture")]
#[case::strange("lab.pcapng", vec![7, 19, 1, 254, 0, 0, 0, 0], "no file format known here")]
fn what_is_no_capture_is_3_and_named_for_what_it_is(#[case] name: &str, #[case] content: Vec<u8>, #[case] expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, &content).unwrap();
    for view in VIEWS {
        let run = run(&of(view, argument(&file)));
        let line = run.complaint(3);
        assert!(line.contains(expected) && line.contains(name), "{line}");
        assert_eq!(run.stdout, "");
    }
    assert!(run_with(&["info", "-"], &content).complaint(3).contains(expected));
}

#[test]
fn what_cannot_be_opened_is_3() {
    assert!(run(&["no-such-file.pcapng"]).complaint(3).contains("no-such-file.pcapng: cannot open: "));
    assert!(run(&["info", "fixtures"]).complaint(3).contains("fixtures: "));
}

#[test]
fn a_damaged_file_is_shown_as_far_as_it_can_be_read() {
    let line = "sockscope: fixtures/container/cut-off/capture.pcapng: damaged at octet 596: \
                found 40 octets of a block, expected 112; 40 octets skipped";
    for view in VIEWS {
        let run = run(&of(view, CUT_OFF));
        assert_eq!(run.complaint(3), line);
        assert!(!run.stdout.is_empty(), "{view:?}");
    }
    assert_eq!(run(&["packets", CUT_OFF, "--json"]).stdout.lines().count(), 3);
    assert!(run(&["conversations", CUT_OFF]).stdout.contains("udp:1"));
    assert!(run(&["packet", CUT_OFF, "3"]).good().starts_with("Frame 3  UDP 46311 → 5000"));
    assert_eq!(run(&["packet", CUT_OFF, "4"]).complaint(3), line);
}

/// What follows a damaged place is read as well; more is said on request.
#[test]
fn a_file_with_garbage_inside_is_read_to_its_end() {
    let garbage = "fixtures/container/garbage/capture.pcapng";
    let run_quiet = run(&["packets", garbage, "--json"]);
    assert!(run_quiet.complaint(3).ends_with("expected 12 to 16777216; 37 octets skipped"), "{run_quiet:?}");
    assert_eq!(run_quiet.stdout.lines().count(), 4);
    let told = run(&["packets", garbage, "-v"]).stderr;
    assert!(told.lines().count() == 2 && told.contains("4 frames in "), "{told}");
}

/// A compressed file that ends too early is damage as well.
#[test]
fn a_cut_compressed_file_is_3() {
    let whole = octets("fixtures/container/gzip/capture.pcapng.gz");
    let run = run_with(&["packets", "-"], &whole[..whole.len() - 60]);
    assert!(run.complaint(3).starts_with("sockscope: -: damaged at octet "), "{run:?}");
    assert!(run.stdout.contains("33309 → 5000"), "{run:?}");
}

#[test]
fn a_file_may_be_named_like_a_command() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("info"), octets(UDP)).unwrap();
    let run = |arguments: &[&str]| {
        let output = crate::program().args(arguments).current_dir(folder.path()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = run(&["./info"]);
    assert!(code == Some(0) && text.starts_with("./info\n"), "{text}");
    let (code, text) = run(&["show", "info"]);
    assert!(code == Some(0) && text.starts_with("info\n"), "{text}");
    assert_eq!(run(&["info"]), (Some(2), String::new()));
    let (code, text) = run(&["info", "info"]);
    assert!(code == Some(0) && text.starts_with("File         info\n"), "{text}");
}

/// Everything that prints: nobody is left to read it.
#[test]
fn a_closed_pipe_is_0_and_silent() {
    let mut commands: Vec<Vec<&str>> = VIEWS.iter().map(|view| of(view, TCP)).collect();
    commands.extend([
        vec!["follow", TCP, "tcp:0"],
        vec!["states", TCP, "tcp:0"],
        vec!["packet", TCP, "1"],
        vec!["completions", "bash"],
        vec!["man"],
        vec!["--help"],
        vec!["help", "cut"],
    ]);
    for command in commands {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut program = Command::new(env!("CARGO_BIN_EXE_sockscope"));
        program.args(&command).current_dir(support::project("")).stdin(Stdio::null()).stdout(writer);
        let output = program.stderr(Stdio::piped()).output().unwrap();
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""), "{command:?}");
    }
}

/// A closed pipe ends the work on a capture without end, too.
#[test]
fn a_closed_pipe_ends_reading() {
    let once = octets("fixtures/container/pcap/capture.pcap");
    let endless = std::iter::once(&once[..24]).chain(std::iter::repeat_n(&once[24..], 20_000)).collect::<Vec<_>>().concat();
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("long.pcap");
    fs::write(&file, endless).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_sockscope"));
    let output = program.args(["packets", "-v"]).arg(file).stdout(writer).stderr(Stdio::piped()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !told.contains("80000 frames"), "{told}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_3_and_told() {
    for command in [["packets", UDP], ["man", "--verbose"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_sockscope"));
        let output = program.args(command).current_dir(support::project("")).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{command:?}");
        assert!(String::from_utf8_lossy(&output.stderr).starts_with("sockscope: cannot write: No space left"), "{output:?}");
    }
}
