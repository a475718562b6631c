//! How it was captured, and what the server's log says beside it.

use sockscope::judge::Status::{Fail, Partial, Review};

use super::{BELOW_LOOPBACK, ONE, SERVER, TWO, Table, good, lab, with_file};
use crate::file::{File, Host};
use crate::handin::{HandIn, Student, cp949, decoded_log, log};
use crate::talk::Talk;
use crate::wire::Checksum;

/// How it was captured.
pub(super) fn captures(table: &mut Table) {
    table.row(
        2,
        "Wi-Fi",
        |s| {
            let talk = (0..6).fold(Talk::default(), |talk, _| {
                talk.udp("192.168.0.7:50123", "192.168.0.1:53", "where").udp("192.168.0.1:53", "192.168.0.7:50123", "there")
            });
            HandIn::captured(s, File::new(Host::WiFi, talk).pcapng()).with(&format!("{}.log", s.id), log(&lab(s)))
        },
        |case| {
            case.scores(Partial, "10").blocked(&BELOW_LOOPBACK).is("loopback", Fail, "0").says(
                "루프백이 아니라 \"Wi-Fi\"를 캡처함. 선택할 것: \"Adapter for loopback traffic capture\"",
                "Captured \"Wi-Fi\", not the loopback. Choose \"Adapter for loopback traffic capture\"",
            )
        },
    );
    table.row(
        3,
        "started late",
        |s| {
            let first = Talk::default().ask(ONE, SERVER, s.says("client1")).lost();
            HandIn::good(s, first.udp(SERVER, ONE, s.says("client1")).wait(4_000).echo(TWO, SERVER, s.says("client2")))
        },
        |case| {
            case.scores(Partial, "80")
                .is("two-clients", Partial, "10")
                .is("echo", Partial, "10")
                .says("첫 요청이 없음: 캡처를 먼저 시작하고 클라이언트 실행", "start the capture before the client")
        },
    );
    table.row(
        4,
        "stopped early",
        |s| HandIn::good(s, lab(s).lost()),
        |case| {
            case.scores(Partial, "90")
                .is("echo", Partial, "10")
                .says("마지막 요청(프레임 3) 직후 캡처가 끝남", "The capture ends right behind the last request (frame 3)")
        },
    );
    table.row(
        36,
        "huge background",
        |s| {
            let noise =
                (0..12_000).fold(lab(s), |talk, number| talk.udp("192.168.0.7:50123", "192.168.0.9:443", format!("{number}")));
            with_file(s, noise, |file| file.pcapng())
        },
        |case| case.says("관련 4프레임만 사용. 다음엔 캡처 필터", "Only 4 frames matter here; next time use a capture filter"),
    );
    // The flag of row 37 is originality's.
    table.row(
        37,
        "only what was displayed",
        |s| with_file(s, lab(s), |file| File { dropped: None, ..file }.pcapng()),
        |case| case.flagged("edited"),
    );
    table.row(
        38,
        "narrow capture filter",
        |s| {
            let asked =
                Talk::default().ask(ONE, SERVER, s.says("client1")).wait(4_000).ask(TWO, SERVER, s.says("client2")).wait(3_000);
            let talk = asked.udp("127.0.0.1:5353", "127.0.0.1:5353", "noise");
            with_file(s, talk, |file| File { filter: Some("udp dst port 5000 or udp port 5353"), ..file }.pcapng())
        },
        |case| {
            case.scores(Partial, "75").is("echo", Fail, "0").blocked(&["demux"]).says(
                "필터 \"udp dst port 5000 or udp port 5353\" 때문에 ICMP나 응답이 빠졌을 수 있음",
                "The capture filter \"udp dst port 5000 or udp port 5353\"",
            )
        },
    );
    table.row(
        40,
        "drops",
        |s| with_file(s, lab(s).lost(), |file| File { dropped: Some(3), ..file }.pcapng()),
        |case| {
            case.scores(Review, "90")
                .is("echo", Review, "10")
                .says("캡처 중 3개 유실: 없는 패킷은 감점 보류", "3 packets were lost while capturing")
        },
    );
    table.row(
        40,
        "drops, and a client missing",
        |s| {
            let talk = Talk::default().echo(ONE, SERVER, s.says("client1")).ask(TWO, SERVER, s.says("client2")).lost();
            with_file(s, talk, |file| File { dropped: Some(1), ..file }.pcapng())
        },
        |case| {
            case.scores(Review, "75")
                .is("two-clients", Review, "10")
                .is("echo", Review, "10")
                .is("log", Review, "5")
                .says("캡처 중 1개 유실: 없는 패킷은 감점 보류", "1 packet was lost while capturing")
        },
    );
    table.row(
        41,
        "two interfaces",
        |s| HandIn::good(s, lab(s).doubled()),
        |case| case.says("같은 패킷이 두 번 잡힘: 한 번만 셈", "each counts once"),
    );
    // The flags of rows 42, 43, 45, 46 and 47 are originality's.
    table.row(
        42,
        "last year's",
        |s| with_file(s, lab(s), |file| File { began: file.began - 31_536_000, ..file }.pcapng()),
        |case| case,
    );
    table.row(
        43,
        "a clock of 1970",
        |s| with_file(s, lab(s), |file| File { began: 3_600, ..file }.pcapng()),
        |case| case.flagged("clock-wrong"),
    );
    table.row(
        44,
        "no times",
        |s| with_file(s, lab(s), |file| File { timed: false, dropped: None, ..file }.pcapng()),
        |case| {
            case.scores(Review, "80")
                .is("echo", Review, "0")
                .says("시각이 없어 2초 검사를 할 수 없음", "The frames carry no time")
        },
    );
    table.row(
        44,
        "a clock that steps back",
        |s| {
            let (one, two) = (s.says("client1"), s.says("client2"));
            let talk = Talk::default()
                .ask(ONE, SERVER, &one)
                .wait(-700)
                .udp(SERVER, ONE, &one)
                .ask(TWO, SERVER, &two)
                .wait(-700)
                .udp(SERVER, TWO, &two);
            HandIn::good(s, talk)
        },
        |case| {
            case.scores(Review, "80")
                .is("echo", Review, "0")
                .says("시각이 거꾸로 가서 2초 검사를 할 수 없음", "The clock steps back")
        },
    );
    table.row(
        45,
        "made by scapy",
        |s| {
            let whole = Talk { checksum: Checksum::Whole, ..Talk::default() };
            let talk = whole.echo(ONE, SERVER, s.says("client1")).echo(TWO, SERVER, s.says("client2"));
            with_file(s, talk, |file| File { signed: false, dropped: None, ..file }.pcapng())
        },
        |case| case,
    );
    table.row(46, "another's capture", good, |case| case);
    table.row(47, "the sample", good, |case| case);
}

/// The server's log beside the capture.
pub(super) fn logs(table: &mut Table) {
    let with_log = |s: &Student, octets: Vec<u8>| HandIn::bare(s, lab(s)).with(&format!("{}.log", s.id), octets);
    table.row(
        48,
        "a port that is not there",
        |s| with_log(s, log(&lab(s)).replace(TWO, "50061").into_bytes()),
        |case| {
            case.scores(Partial, "95").is("log", Partial, "5").says(
                "로그 3행의 포트 50061이 캡처에 없음(가까운 값 47915)",
                "Port 50061 of the log's line 3 is not in the capture (nearest: 47915)",
            )
        },
    );
    table.row(
        49,
        "UTF-16",
        |s| {
            let text: Vec<u8> = log(&lab(s)).encode_utf16().flat_map(u16::to_le_bytes).collect();
            with_log(s, [&[0xff, 0xfe][..], &text].concat())
        },
        |case| case.says("인코딩 UTF-16LE with BOM으로 읽음", "was read as UTF-16LE"),
    );
    table.row(
        49,
        "CP949",
        |s| with_log(s, cp949(&decoded_log(&lab(s)))),
        |case| case.says("인코딩 CP949로 읽음", "was read as CP949"),
    );
}
