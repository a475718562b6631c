//! The socket table at a moment, the changes between two, and the forms of other programs.

use crate::{TCP, UDP, run};

/// States of the table's rows, in its order.
fn states(arguments: &[&str]) -> Vec<String> {
    let table = run(&[&["sockets", TCP][..], arguments].concat()).good();
    let rows = table.lines().filter(|line| line.starts_with("  s"));
    rows.map(state).collect()
}

/// The third word of a row, the branch of a child left out.
fn state(row: &str) -> String {
    row.split_whitespace().filter(|word| *word != "└").nth(2).unwrap_or_default().to_owned()
}

/// The sentence of the lecture: four sockets on one port.
#[test]
fn what_shares_a_port_is_told_below_the_table() {
    let told =
        |arguments: &[&str]| run(&[&["sockets", "fixtures/tcp-echo/three-clients/capture.pcapng"], arguments].concat()).good();
    let card = "  TCP 5001: 1 listening + 3 connected = 4 sockets, all on port 5001
    registered port (1024 to 49151); its connected sockets, by their 5-tuples:
    TCP 127.0.0.1:5001 ↔ 127.0.0.1:41320
    TCP 127.0.0.1:5001 ↔ 127.0.0.1:41332
    TCP 127.0.0.1:5001 ↔ 127.0.0.1:41344
";
    assert!(told(&["--at", "frame:20"]).ends_with(card) && told(&[]).ends_with(card), "{}", told(&[]));
    assert!(!told(&["--host", "127.0.0.1"]).contains("all on port"));
}

#[test]
fn a_moment_includes_its_frame() {
    assert_eq!(states(&["--at", "frame:1"]), ["SYN-SENT"], "a SYN that nobody answered yet has no listener for sure");
    assert_eq!(states(&["--at", "frame:2"]), ["LISTEN", "SYN-RECV", "ESTAB"]);
    assert_eq!(states(&["--at", "frame:3"]), ["LISTEN", "ESTAB", "ESTAB"]);
}

#[test]
fn the_three_ways_to_name_a_moment_agree() {
    let at = |moment: &str| run(&["sockets", TCP, "--json", "--at", moment]).good();
    let packets = run(&["packets", TCP, "--json"]).good();
    let second = packets.lines().nth(1).unwrap();
    let time = second.split("\"time\":\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(at("frame:2"), at(&format!("time:{time}")));
    assert_eq!(at("frame:32"), run(&["sockets", TCP, "--json"]).good());
    assert_eq!(at("1000s"), run(&["sockets", TCP, "--json", "--at", "time:1795167789.400000000"]).good(), "TIME-WAIT is over");
    assert!(!at("1000s").contains("TIME-WAIT") && at("frame:32").contains("TIME-WAIT"));
}

#[test]
fn changes_are_births_deaths_and_states() {
    let diff = run(&["sockets", TCP, "--diff", "frame:3..frame:26"]).good();
    let signs: String = diff.lines().skip(1).filter_map(|line| line.trim_start().chars().next()).collect();
    assert_eq!(signs, "~++++-", "{diff}");
    assert_eq!(run(&["sockets", UDP, "--diff", "frame:4..9s"]).good(), "  nothing changed\n");
}

#[test]
fn tables_as_ss_and_netstat_print_them() {
    let ss = run(&["sockets", UDP, "--format", "ss"]).good();
    assert!(ss.starts_with("Netid  State   Recv-Q  Send-Q  Local Address:Port"), "{ss}");
    assert!(ss.contains("udp    UNCONN  ?       ?       ?:5000"), "{ss}");
    let netstat = run(&["sockets", TCP, "--format", "netstat"]).good();
    assert!(netstat.contains("TIME_WAIT"), "{netstat}");
    assert_eq!(run(&["sockets", TCP, "--format", "json"]).good(), run(&["sockets", TCP, "--json"]).good());
}

#[test]
fn moments_that_cannot_be_are_named() {
    assert!(run(&["sockets", TCP, "--at", "frame:33"]).complaint(2).ends_with("has 32 frames, no frame 33"));
    assert!(run(&["sockets", "-", "--diff", "1s..2s"]).complaint(2).contains("name a file"));
    let wrong = run(&["sockets", TCP, "--at", "noon"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("such as 3.25s"), "{wrong:?}");
}
