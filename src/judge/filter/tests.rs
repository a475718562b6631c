//! Filters over a row that is made by hand, and the texts of faults.

use std::collections::HashMap;

use super::*;

/// A row with some values.
struct Made(HashMap<&'static str, Vec<Value<'static>>>);

impl Row for Made {
    fn values<'a>(&'a self, field: Field, each: &mut dyn FnMut(Value<'a>)) {
        self.0.get(field.name()).into_iter().flatten().cloned().for_each(each);
    }
}

fn made() -> Made {
    let address = |text: &str| Value::Address(text.parse().unwrap());
    Made(HashMap::from([
        ("tcp", vec![Value::Protocol(b"\x13\x89hello", 2)]),
        ("tcp.srcport", vec![Value::Number(5001)]),
        ("tcp.dstport", vec![Value::Number(49740)]),
        ("tcp.port", vec![Value::Number(5001), Value::Number(49740)]),
        ("tcp.len", vec![Value::Number(37)]),
        ("tcp.flags", vec![Value::Number(0x12)]),
        ("tcp.flags.syn", vec![Value::Flag(true)]),
        ("tcp.flags.fin", vec![Value::Flag(false)]),
        ("tcp.payload", vec![Value::octets(b"hello")]),
        ("ip.addr", vec![address("127.0.0.1"), address("10.1.2.3")]),
        ("ip.src", vec![address("127.0.0.1")]),
        ("eth.src", vec![Value::Mac(crate::decode::link::MacAddress([2, 0, 0, 0, 0, 1]))]),
        ("conn.handshake", vec![Value::text("complete")]),
        ("frame.time_relative", vec![Value::Duration(jiff::SignedDuration::from_millis(250))]),
        ("tcp.analysis.flags", vec![Value::Mark]),
    ]))
}

#[track_caller]
fn check(text: &str, expected: bool) {
    let filter = Filter::compile(text).unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(filter.matches(&made()), expected, "{text}");
}

#[test]
fn one_value_or_all_of_them() {
    for (text, expected) in [
        ("tcp.port == 5001", true),
        ("tcp.port != 5001", false),
        ("tcp.port !== 5001", true),
        ("tcp.port ~= 5001", true),
        ("tcp.port === 5001", false),
        ("tcp.port != 9", true),
        ("udp.port != 9", false),
        ("udp.port !== 9", false),
        ("all tcp.port > 5000", true),
        ("all tcp.port > 5001", false),
        ("any tcp.port != 5001", true),
        ("all tcp.port in {1..6000}", false),
        ("tcp.port in {1..6000}", true),
        ("tcp.port not in {9}", true),
        ("udp.port not in {9}", true),
        ("not udp.port == 9", true),
    ] {
        check(text, expected);
    }
}

#[test]
fn words_bind_as_in_wireshark() {
    for (text, expected) in [
        ("tcp or udp and icmp", true),
        ("(tcp or udp) and icmp", false),
        ("udp and icmp or tcp", true),
        ("not udp and tcp", true),
        ("not tcp or tcp", true),
        ("not (tcp or udp)", false),
        ("tcp ^^ udp", true),
        ("tcp xor tcp", false),
        ("!!tcp", true),
        ("tcp.srcport == tcp.srcport == 5001", true),
        ("tcp.len & 1 + 1 == 2", false),
        ("tcp.len & 5 == 5", true),
        ("{tcp.len + 1} * 2 == 76", true),
        ("tcp.len + 1 * 2 == 39", true),
        ("tcp.len -1 == 36", true),
        ("tcp.len / 0 == 1", false),
        ("tcp.flags & 0x2", true),
        ("tcp.flags & 0x4", false),
        ("-tcp.len == -37", true),
    ] {
        check(text, expected);
    }
}

#[test]
fn every_kind_of_value() {
    for (text, expected) in [
        ("tcp contains \"ell\"", true),
        ("tcp contains 13:89", true),
        ("tcp matches \"HELL\"", true),
        ("tcp matches \"(?-i)HELL\"", false),
        ("tcp.payload matches r\"^h.*o$\"", true),
        ("tcp[0:2] == 13:89", true),
        ("tcp[0] == 13", true),
        ("tcp.payload[1:3] == \"ell\"", true),
        ("tcp.payload[-2:] == \"lo\"", true),
        ("tcp.payload[0,4] == \"ho\"", true),
        ("tcp.payload[9:] == \"lo\"", false),
        ("tcp.payload contains \"\"", false),
        ("tcp.flags.syn == True && tcp.flags.fin == 0", true),
        ("tcp.flags.syn == \"Set\"", true),
        ("tcp.flags.syn == 2", true),
        ("ip.addr == 10.0.0.0/8", true),
        ("ip.addr in {10.0.0.0/8, 192.168.0.1}", true),
        ("ip.addr in {10.1.2.0..10.1.2.9}", true),
        ("ip.src[0] == 7f", true),
        ("ip.src & 255.0.0.0 == 127.0.0.0", true),
        ("eth.src == 02-00-00-00-00-01", true),
        ("eth.src[0:3] == 02:00:00", true),
        ("conn.handshake == \"complete\"", true),
        ("frame.time_relative > 0.1", true),
        ("frame.time_relative in {0.2..0.3}", true),
        ("len(tcp) == 2", true),
        ("len(tcp.payload) == 5", true),
        ("count(tcp.port) == 2", true),
        ("max(tcp.port) == 49740", true),
        ("min(tcp.srcport, tcp.dstport) == 5001", true),
        ("string(ip.src) matches \"^127\"", true),
        ("upper(conn.handshake) == \"COMPLETE\"", true),
        ("tcp.port == '\\x13'", false),
        ("tcp.analysis.flags", true),
        ("tcp.srcport in {tcp.dstport 5001}", true),
    ] {
        check(text, expected);
    }
}

#[test]
fn what_a_filter_needs() {
    for (text, needs) in [
        ("ip.addr == 10.0.0.1", Needs::Headers),
        ("udp.port == 5000", Needs::Datagrams),
        ("tcp.stream == 0 or ip", Needs::Tracker),
        ("sock.port == 5000", Needs::Rows),
    ] {
        assert_eq!(Filter::compile(text).unwrap().needs(), needs, "{text}");
    }
}

/// Every kind of fault, as a person sees it.
#[test]
fn faults_say_where_what_and_what_instead() {
    let texts = include_str!("faults.txt");
    let mut shown = String::new();
    for text in texts.lines().filter_map(|line| line.strip_prefix("> ")) {
        let fault = Filter::compile(text).expect_err(text);
        shown += &format!("> {text}\n{fault}\n\n");
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/judge/filter/faults.txt"), &shown).unwrap();
    }
    assert_eq!(shown, texts);
}

#[test]
fn hostile_texts_end_in_a_fault() {
    for text in ["(", "!", "{", "-", "+", "not ", "len(", "tcp.port == {", "tcp[0]", "[", "a#", "tcp&", "tcp.port+", "tcp == "] {
        for count in [99, 200, 5_000, 100_000] {
            assert!(Filter::compile(&text.repeat(count)).is_err(), "{text}");
        }
    }
    let long = format!("tcp{}", " or tcp".repeat(9000));
    assert!(Filter::compile(&long).is_ok());
    assert!(Filter::compile(&format!("tcp matches \"{}\"", "(a{1000}){1000}")).is_err());
}

proptest::proptest! {
    /// No text makes it panic, and no fault points outside of its text.
    #[test]
    fn any_text_compiles_or_is_a_fault(parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..24), junk in ".{0,8}") {
        let text = parts.join(" ") + &junk;
        match Filter::compile(&text) {
            Ok(filter) => { filter.matches(&made()); }
            Err(fault) => { proptest::prop_assert!(fault.column() <= text.chars().count() + 1, "{}", fault); }
        }
    }
}

const PARTS: &[&str] = &[
    "tcp",
    "tcp.port",
    "ip.addr",
    "tcp.payload",
    "eth.src",
    "frame.time",
    "==",
    "!=",
    "===",
    "<",
    "contains",
    "matches",
    "in",
    "{",
    "}",
    "(",
    ")",
    "[0:2]",
    "[-1]",
    "&&",
    "or",
    "not",
    "!",
    "5001",
    "10.0.0.0/8",
    "\"a\"",
    "'a'",
    "-",
    "+",
    "&",
    "*",
    "/",
    "%",
    "len",
    "max",
    ",",
    "..",
    "#1",
    "any",
    "all",
    "xor",
    "0x1f",
    "r\"\\d\"",
    "::1",
    "tcp.flags.syn",
    "frame.time_relative",
    "conn.outcome",
];
