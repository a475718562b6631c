//! Logs and deliveries laid beside each other, each differing from its neighbour in one thing.

use super::*;
use crate::track::{FlowId, Protocol};

const SERVER: Server = Server { protocol: Protocol::Udp, port: 5000 };

/// Datagrams to port 5000, in frames 1, 2, …: the client's port and the octets.
fn datagrams(sent: &[(u16, &[u8])]) -> Deliveries {
    let datagrams = (1..).zip(sent).map(|(frame, (port, octets))| Datagram {
        frame,
        source: ([127, 0, 0, 1], *port).into(),
        destination: ([127, 0, 0, 1], 5000).into(),
        octets: octets.to_vec(),
        len: octets.len() as u32,
        timestamp: None,
        refused: None,
        copy_of: None,
        bad_checksum: false,
    });
    let mut deliveries = Deliveries::new();
    deliveries.datagrams.extend(datagrams);
    deliveries
}

/// Connections to port 5000, one for each client's port, every segment in a frame of its own.
fn streams(sent: &[(u16, &[&[u8]])]) -> Deliveries {
    let mut frames = 1..;
    let streams = (0..).zip(sent).map(|(number, (port, segments))| {
        let mut octets = Vec::new();
        let mut places = Vec::new();
        for (segment, frame) in segments.iter().zip(frames.by_ref()) {
            places.push((octets.len(), frame));
            octets.extend(*segment);
        }
        let flow = FlowId { protocol: Protocol::Tcp, number };
        let (source, destination) = (([127, 0, 0, 1], *port).into(), ([127, 0, 0, 1], 5000).into());
        Stream { flow, source, destination, octets, places, cut: false }
    });
    let mut deliveries = Deliveries::new();
    deliveries.streams.extend(streams);
    deliveries
}

/// A log of lines such as `1 b'a'`: port and payload.
fn log(lines: &[&str]) -> Log {
    let lines: Vec<String> = lines.iter().map(|line| format!("[recv] 127.0.0.1:{line}\n")).collect();
    Log::read(&Text { encoding: Encoding::Utf8 { mark: false }, text: lines.concat() }, None)
}

/// What a comparison finds, a word for each: `1=2` line 1 is frame 2, `1~2@3` it differs from octet 3 on, `1≠` it is
/// extra (`1≠2s` the same octets came in frame 2, `1≠2p` that is the nearest port), `-2` frame 2 is missing.
fn found(deliveries: &Deliveries, protocol: Protocol, lines: &[&str]) -> String {
    let mut log = log(lines);
    log.put_together(deliveries);
    let comparison = compare(deliveries, &log, &Addressee::server(Server { protocol, ..SERVER }));
    let mut words = Vec::new();
    for found in &comparison.matched {
        let frames = match found.frames {
            Some((first, last)) if first == last => first.to_string(),
            Some((first, last)) => format!("{first}-{last}"),
            None => "end".to_owned(),
        };
        words.push(format!("{}={frames}{}", found.receipt.line, if found.in_order { "" } else { "!" }));
    }
    words.extend(comparison.altered.iter().map(|found| format!("{}~{}@{}", found.receipt.line, found.frame, found.offset)));
    words.extend(comparison.extra.iter().map(|found| {
        let near = found.nearest.map(|near| format!("{}{}", near.frame, if near.same_octets { "s" } else { "p" }));
        format!("{}≠{}", found.receipt.line, near.unwrap_or_default())
    }));
    words.extend(comparison.undecided.iter().map(|receipt| format!("{}?", receipt.line)));
    words.extend(comparison.missing.iter().map(|missing| format!("-{}", missing.frame)));
    assert_eq!(comparison.agrees(), words.iter().all(|word| word.contains('=') && !word.ends_with('!')), "{words:?}");
    words.join(" ")
}

#[test]
fn lines_and_datagrams() {
    let capture = datagrams(&[(50016, b"a"), (50016, b"bcd"), (40000, b"a"), (50016, b"a")]);
    let cases: [(&[&str], &str); 9] = [
        (&["50016 b'a'", "50016 b'bcd'", "40000 b'a'", "50016 b'a'"], "1=1 2=2 3=3 4=4"),
        (&["50016 b'a'", "50016 -> bcd", "40000 b'a'", "50016 b'a'"], "1=1 2=2 3=3 4=4"),
        // Equal lines are interchangeable, so that one of them lacks, not its place.
        (&["50016 b'a'", "50016 b'bcd'", "40000 b'a'"], "1=1 2=2 3=3 -4"),
        (&["50016 b'a'", "50016 b'bXd'", "40000 b'a'", "50016 b'a'"], "1=1 3=3 4=4 2~2@1"),
        (&["50016 b'a'", "50016 b'bc'", "40000 b'a'", "50016 b'a'"], "1=1 3=3 4=4 2~2@2"),
        (&["50016 b'a'", "50061 b'bcd'", "40000 b'a'", "50016 b'a'"], "1=1 3=3 4=4 2≠2s -2"),
        (&["50016 b'a'", "50016 b'bcd'", "40000 b'a'", "50016 b'a'", "40001 b'z'"], "1=1 2=2 3=3 4=4 5≠3p"),
        (&["50016 b'bcd'", "50016 b'a'", "40000 b'a'", "50016 b'a'"], "1=2! 2=1 3=3 4=4"),
        (&[], "-1 -2 -3 -4"),
    ];
    for (lines, expected) in cases {
        let same = found(&capture, Protocol::Udp, lines);
        // Of two that are swapped, either may be called the one out of order.
        assert!(same == expected || same == expected.replace("1=2! 2=1", "1=2 2=1!"), "{lines:?}: {same}");
    }
}

#[test]
fn doubtful_datagrams_may_have_a_line_and_need_none() {
    let mut capture = datagrams(&[(9, b"a"), (9, b"a")]);
    capture.datagrams[0].refused = Some(2);
    assert_eq!(found(&capture, Protocol::Udp, &["9 b'a'"]), "1=2");
    assert_eq!(found(&capture, Protocol::Udp, &[]), "-2");
    assert!(found(&capture, Protocol::Udp, &["9 b'a'", "9 b'a'"]).contains("=1"));
}

#[test]
fn a_datagram_cut_by_the_snap_length_agrees_as_far_as_it_goes() {
    let mut capture = datagrams(&[(9, b"ab")]);
    capture.datagrams[0].len = 4;
    assert_eq!(found(&capture, Protocol::Udp, &["9 b'abcd'"]), "1=1");
    assert_eq!(found(&capture, Protocol::Udp, &["9 b'abc'"]), "1~1@2");
}

#[test]
fn text_has_lost_its_line_end_and_octets_have_not() {
    let capture = datagrams(&[(9, "홍길동\r\n".as_bytes())]);
    assert_eq!(found(&capture, Protocol::Udp, &["9 -> 홍길동"]), "1=1");
    assert!(found(&capture, Protocol::Udp, &["9 b'\\xed\\x99\\x8d\\xea\\xb8\\xb8\\xeb\\x8f\\x99'"]).starts_with("1~1@9"));
}

/// Python's `print(data.decode())`: the payload's line ends are those of the log.
#[test]
fn text_over_several_lines_is_put_together() {
    let capture = datagrams(&[(9, b"a\nb\n\nc\n"), (9, b"a\r\nb"), (9, b"a")]);
    let lines = &["9 -> a\nb\n\nc\n", "9 -> a\nb", "9 -> a\nnot sent"];
    assert_eq!(found(&capture, Protocol::Udp, lines), "1=1 6=2 8=3");
    assert_eq!(found(&capture, Protocol::Udp, &["9 -> a\nX\n\nc", "9 -> a\nb"]), "1=3! 5=2 -1");
    let stream = streams(&[(9, &[b"a\nb", b"\nc"])]);
    assert_eq!(found(&stream, Protocol::Tcp, &["9 -> a\nb", "9 -> c"]), "1=1 3=2");
    assert_eq!(found(&stream, Protocol::Tcp, &["9 -> a\nb\nc\nnot sent"]), "1=1-2");
}

#[test]
fn lines_put_together_are_no_longer_of_anything_else() {
    let mut log = log(&["9 -> a\nb\nstopped"]);
    assert_eq!(log.skipped, 2);
    log.put_together(&datagrams(&[(9, b"a\nb")]));
    assert_eq!((log.skipped, log.receipts[0].octets.as_slice()), (1, &b"a\nb"[..]));
}

/// `"홍길동".encode("cp949")`, printed as octets and as text.
#[test]
fn korean_is_on_the_wire_as_the_client_encoded_it() {
    let korean: &[u8] = b"\xc8\xab\xb1\xe6\xb5\xbf";
    let capture = datagrams(&[(9, korean), (9, &[korean, b"\n", korean].concat()), (9, "홍길동".as_bytes())]);
    let lines = &["9 b'\\xc8\\xab\\xb1\\xe6\\xb5\\xbf'", "9 -> 홍길동\n홍길동", "9 -> 홍길동"];
    assert_eq!(found(&capture, Protocol::Udp, lines), "1=1 2=2 4=3");
    assert_eq!(found(&datagrams(&[(9, korean)]), Protocol::Udp, &["9 -> 홍길동"]), "1=1");
    assert_eq!(found(&datagrams(&[(9, korean)]), Protocol::Udp, &["9 -> 홍길순"]), "1~1@0");
    assert_eq!(found(&streams(&[(9, &[b"id ", korean])]), Protocol::Tcp, &["9 -> id 홍길동"]), "1=1-2");
}

#[test]
fn lines_and_streams() {
    let capture = streams(&[(1, &[b"abc", b"defg"]), (7, &[b"xyz"])]);
    let cases: [(&[&str], &str); 10] = [
        (&["1 b'abc'", "7 b'xyz'", "1 b'defg'"], "1=1 2=3 3=2"),
        (&["1 b'abcdefg'", "7 b'x'", "7 b'yz'"], "1=1-2 2=3 3=3"),
        (&["7 b'xyz'", "1 b'abcdefg'", "7 b''"], "1=3 2=1-2 3=end"),
        (&["1 b'abc'", "7 b'xyz'"], "1=1 2=3 -2"),
        (&["1 b'defg'", "7 b'xyz'"], "1=2 2=3 -1"),
        (&["1 b'aXc'", "1 b'defg'", "7 b'xyz'"], "2=2 3=3 1~1@1"),
        (&["1 b'abc'", "1 b'def'", "7 b'xyz'"], "1=1 2=2 3=3 -2"),
        (&["1 b'defg'", "1 b'abc'", "7 b'xyz'"], "1=2 2=1! 3=3"),
        (&["1 b'abcdefg'", "8 b'xyz'"], "1=1-2 2≠3s -3"),
        (&["1 b'abcdefg'", "7 b'xyz'", "7 b'more'", "2 b'?'"], "1=1-2 2=3 3≠3p 4≠1p"),
    ];
    for (lines, expected) in cases {
        assert_eq!(found(&capture, Protocol::Tcp, lines), expected, "{lines:?}");
    }
}

#[test]
fn behind_a_hole_nothing_is_decided() {
    let mut capture = streams(&[(1, &[b"abc"])]);
    capture.streams[0].cut = true;
    assert_eq!(found(&capture, Protocol::Tcp, &["1 b'abc'", "1 b'def'"]), "1=1 2?");
}

#[test]
fn a_port_used_twice_is_two_streams_one_behind_the_other() {
    let capture = streams(&[(1, &[b"same"]), (1, &[b"same"])]);
    assert_eq!(found(&capture, Protocol::Tcp, &["1 b'same'", "1 b'same'"]), "1=1 2=2");
    assert_eq!(found(&capture, Protocol::Tcp, &["1 b'same'"]), "1=1 -2");
}

#[test]
fn many_lines_that_are_nowhere_end_in_time() {
    let sent: Vec<u8> = vec![b'a'; 100_000];
    let capture = streams(&[(1, &[&sent])]);
    let line = format!("1 b'{}b'", "a".repeat(10_000));
    let log = log(&vec![line.as_str(); 500]);
    let comparison = compare(&capture, &log, &Addressee::server(Server { protocol: Protocol::Tcp, port: 5000 }));
    assert!(comparison.matched.is_empty() && !comparison.agrees());
}

proptest::proptest! {
    #[test]
    fn no_octets_are_too_strange(octets: Vec<u8>, line in r"(> )?\[(recv|i)\] ?.{0,40}", said in r"[b'\x22\\x0-9a-f ]{0,12}") {
        let strange = [&octets, line.as_bytes(), b"\n[recv] 1.2.3.4:5 (1 bytes) b'", said.as_bytes()].concat();
        for octets in [&octets, &strange] {
            if let Ok(text) = Text::decode(octets) {
                let mut log = Log::read(&text, None);
                let capture = datagrams(&[(5, b"a"), (5, said.as_bytes())]);
                log.put_together(&capture);
                compare(&capture, &log, &Addressee::server(SERVER));
                let capture = streams(&[(5, &[b"a", said.as_bytes()]), (5, &[b""])]);
                compare(&capture, &log, &Addressee::server(Server { protocol: Protocol::Tcp, ..SERVER }));
            }
        }
    }
}
