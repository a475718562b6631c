//! `ladder`: a stream as arrows between its ends.

use unicode_width::UnicodeWidthStr;

use crate::{TCP, UDP, octets, run, run_with};

#[test]
fn every_packet_of_the_stream_is_a_rung() {
    let frames = run(&["packets", TCP, "-Y", "tcp.stream == 1", "--csv"]).good().lines().count() - 1;
    let text = run(&["ladder", TCP, "tcp:1", "--all"]).good();
    assert_eq!(text.lines().filter(|line| line.contains('▶') || line.contains('◀')).count(), frames, "{text}");
    assert!(text.lines().all(|line| line.width() <= 80), "{text}");
    assert_eq!(run_with(&["ladder", "-", "tcp:1", "--all"], &octets(TCP)).good(), text);
}

#[test]
fn a_filter_leaves_rungs_out() {
    let text = run(&["ladder", TCP, "tcp:0", "-Y", "tcp.flags.syn == 1"]).good();
    assert_eq!(text.lines().filter(|line| line.contains("SYN Seq") || line.contains("SYN, ACK")).count(), 2, "{text}");
    assert!(!text.contains("FIN"), "{text}");
}

#[test]
fn colours_only_underline() {
    let plain = run(&["ladder", UDP, "udp:0"]).good();
    let coloured = run(&["ladder", UDP, "udp:0", "--color", "always"]).good();
    let codes = ["\u{1b}[1m", "\u{1b}[2m", "\u{1b}[0m"];
    assert_ne!(plain, coloured);
    assert_eq!(codes.iter().fold(coloured, |text, code| text.replace(code, "")), plain);
}

#[test]
fn a_stream_that_is_not_there_is_told() {
    assert!(run(&["ladder", UDP, "udp:99"]).complaint(2).contains("no stream udp:99"));
}
