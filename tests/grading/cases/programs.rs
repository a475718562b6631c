//! What the programs of the lab did: the texts, the clients, the server.

use sockscope::judge::Status::{Fail, Partial, Review};

use super::{BELOW_LOOPBACK, ONE, SERVER, TWO, Table, lab, with_file, with_texts};
use crate::file::File;
use crate::handin::{DEPARTMENT, HandIn, Student, cp949, repr};
use crate::talk::Talk;

/// What the texts say of their sender.
pub(super) fn identities(table: &mut Table) {
    table.row(
        17,
        "another number in the text",
        |s| {
            let texts = [1, 2].map(|client| s.says(&format!("client{client}")).replace(&s.id, "20991234"));
            HandIn::good(s, with_texts(&texts[0], &texts[1]))
        },
        |case| {
            case.scores(Review, "95")
                .is("identity", Review, "10")
                .says("파일 이름과 메시지의 학번이 다름", "The file's name and the text carry different numbers")
        },
    );
    // The flag of row 18 is originality's.
    table.row(
        18,
        "another student's text",
        |s| {
            let other = Student::new(0, 0);
            HandIn::good(s, with_texts(other.says("client1"), other.says("client2")))
        },
        |case| {
            case.scores(Review, "90")
                .is("identity", Review, "5")
                .says("메시지에 본인 학번 없음", "the student's own is not in the text")
        },
    );
    table.row(
        22,
        "EUC-KR",
        |s| HandIn::good(s, with_texts(cp949(&s.says("client1")), cp949(&s.says("client2")))),
        |case| {
            case.scores(Partial, "90")
                .is("identity", Partial, "5")
                .says("학번은 읽히나 이름이 UTF-8이 아님", "Not UTF-8; as EUC-KR it reads 컴퓨터공학과 20222200")
                .says(".encode('utf-8')", ".encode('utf-8')")
        },
    );
    table.row(
        23,
        "nothing of the sender",
        |s| HandIn::good(s, with_texts("client1", "client2")),
        |case| {
            case.scores(Partial, "85")
                .is("identity", Fail, "0")
                .says("학과·학번·이름이 메시지에 없음", "The text does not tell: department, student number, name")
        },
    );
    let texts: [fn(&str) -> String; 2] =
        [|text| repr(text.as_bytes()), |text| repr(text.as_bytes()).trim_start_matches("b'").trim_end_matches('\'').to_owned()];
    for text in texts {
        table.row(
            24,
            "repr",
            |s| HandIn::good(s, with_texts(text(&s.says("client1")), text(&s.says("client2")))),
            |case| {
                case.scores(Partial, "95")
                    .is("identity", Partial, "10")
                    .says("바이트를 문자열로 바꿔 보냄", "Python's repr was sent")
            },
        );
    }
    table.row(
        39,
        "snap length",
        |s| {
            // The name begins behind Ethernet, IPv4, UDP, the department and the number.
            let snap = 14 + 20 + 8 + format!("{} {} ", DEPARTMENT, s.id).len() + 1;
            with_file(s, lab(s), |file| File { snap, ..file }.pcapng())
        },
        |case| {
            case.scores(Partial, "95")
                .is("identity", Partial, "10")
                .says("29바이트까지만 저장되어 이름 확인 불가", "Only 29 octets were captured, too few to see the name")
        },
    );
    table.row(
        50,
        "hostile text",
        |s| {
            let hostile = format!("\x1b[2J\x1b]0;owned\x07<script>alert(1)</script>\u{202e}{}\u{0}", s.says("client1"));
            HandIn::good(s, with_texts(&hostile, &hostile))
        },
        |case| case.says(r"\x1b[2J", r"\x1b[2J"),
    );
}

/// What the clients did.
pub(super) fn clients(table: &mut Table) {
    table.row(
        25,
        "one client twice",
        |s| HandIn::good(s, Talk::default().echo(ONE, SERVER, s.says("client1")).wait(900).echo(ONE, SERVER, s.says("client1"))),
        |case| {
            case.scores(Partial, "80")
                .is("two-clients", Partial, "10")
                .is("echo", Partial, "10")
                .says("소켓 1개가 2번 보냄", "one socket sent 2 times")
                .says("포트: 1개 (필요: 2개)", "Distinct client ports: 1 (need 2)")
                .says("클라이언트 2: 막힘(원인: 서로 다른 클라이언트)", "Client 2: blocked")
        },
    );
    table.row(
        26,
        "fixed ports",
        |s| HandIn::good(s, Talk::default().echo("6000", SERVER, s.says("client1")).echo("6001", SERVER, s.says("client2"))),
        |case| {
            case.scores(Partial, "95")
                .is("ephemeral", Fail, "0")
                .says("6000: bind로 고정한 포트로 보임", "6000 looks fixed by bind")
        },
    );
    table.row(
        26,
        "one fixed port",
        |s| HandIn::good(s, Talk::default().echo(ONE, SERVER, s.says("client1")).echo("6001", SERVER, s.says("client2"))),
        |case| {
            case.scores(Partial, "95")
                .is("ephemeral", Fail, "0")
                .says("6001: bind로 고정한 포트로 보임", "6001 looks fixed by bind")
        },
    );
    table.row(
        33,
        "TCP",
        |s| {
            let talk = Talk::default().open(ONE, SERVER).echo_tcp(ONE, SERVER, &s.says("client1")).close(ONE, SERVER);
            HandIn::good(s, talk)
        },
        |case| {
            case.scores(Partial, "15")
                .blocked(&BELOW_LOOPBACK)
                .is("server-traffic", Fail, "0")
                .says("TCP로 작성됨", "It was written with TCP")
                .says("SOCK_DGRAM", "SOCK_DGRAM")
        },
    );
    table.row(
        34,
        "localhost",
        |s| {
            let talk = Talk::default().echo("[::1]:41733", "[::1]:5000", s.says("client1")).echo(
                "[::1]:47915",
                "[::1]:5000",
                s.says("client2"),
            );
            HandIn::good(s, talk)
        },
        |case| case.scores(Partial, "95").is("server-traffic", Partial, "5").says("IPv6로 감. 127.0.0.1 사용", "use 127.0.0.1"),
    );
}

/// What the server did.
pub(super) fn servers(table: &mut Table) {
    table.row(
        27,
        "not running",
        |s| {
            let talk = Talk::default()
                .udp(ONE, SERVER, s.says("client1"))
                .refused()
                .wait(3_000)
                .udp(TWO, SERVER, s.says("client2"))
                .refused();
            HandIn::bare(s, talk.wait(4_000).udp("127.0.0.1:5353", "127.0.0.1:5353", "noise"))
        },
        |case| {
            case.scores(Review, "65")
                .is("echo", Fail, "0")
                .blocked(&["demux"])
                .is("log", Review, "0")
                .says("서버가 꺼져 있었음(프레임 2)", "The server was not running: frame 2")
        },
    );
    table.row(
        28,
        "10054",
        |s| {
            let talk = Talk::default()
                .echo(ONE, SERVER, s.says("client1"))
                .refused()
                .wait(3_000)
                .udp(TWO, SERVER, s.says("client2"))
                .refused();
            HandIn::good(s, talk)
        },
        |case| {
            case.scores(Partial, "90")
                .is("echo", Partial, "10")
                .says("앞 클라이언트가 먼저 닫혀(프레임 3) 서버가 중단됐을 수 있음", "an earlier client was gone (frame 3)")
        },
    );
    table.row(
        29,
        "reply from another port",
        |s| {
            let (one, two) = (s.says("client1"), s.says("client2"));
            let talk =
                Talk::default().ask(ONE, SERVER, &one).udp("55555", ONE, &one).ask(TWO, SERVER, &two).udp("55556", TWO, &two);
            HandIn::good(s, talk)
        },
        |case| {
            case.scores(Partial, "95")
                .is("demux", Fail, "0")
                .says("답의 출발지가 127.0.0.1:55555: 같은 소켓으로 sendto", "A reply came from 127.0.0.1:55555")
        },
    );
    table.row(
        29,
        "reply from another address",
        |s| {
            let (one, two) = (s.says("client1"), s.says("client2"));
            let talk = Talk::default()
                .ask(ONE, "127.0.0.2:5000", &one)
                .udp(SERVER, ONE, &one)
                .ask(TWO, "127.0.0.2:5000", &two)
                .udp(SERVER, TWO, &two);
            HandIn::good(s, talk)
        },
        |case| {
            case.scores(Partial, "95")
                .is("demux", Fail, "0")
                .says("답의 출발지가 127.0.0.1:5000", "A reply came from 127.0.0.1:5000")
        },
    );
    table.row(
        30,
        "altered once",
        |s| {
            let talk = Talk::default().echo(ONE, SERVER, s.says("client1")).ask(TWO, SERVER, s.says("client2")).udp(
                SERVER,
                TWO,
                s.says("CLIENT2"),
            );
            HandIn::good(s, talk)
        },
        |case| case.scores(Partial, "90").is("echo", Partial, "10").says("보낸 것과 다름: 위치 38", "from offset 38"),
    );
    table.row(
        30,
        "a word before each",
        |s| {
            let talk = [(ONE, "client1"), (TWO, "client2")].into_iter().fold(Talk::default(), |talk, (client, word)| {
                talk.ask(client, SERVER, s.says(word)).udp(SERVER, client, format!("echo: {}", s.says(word)))
            });
            HandIn::good(s, talk)
        },
        |case| case.scores(Partial, "80").is("echo", Fail, "0").says("보낸 것과 다름: 위치 0", "from offset 0"),
    );
    table.row(
        31,
        "late",
        |s| {
            let two = s.says("client2");
            HandIn::good(
                s,
                Talk::default().echo(ONE, SERVER, s.says("client1")).ask(TWO, SERVER, &two).wait(2_500).udp(SERVER, TWO, &two),
            )
        },
        |case| {
            case.scores(Partial, "95")
                .is("echo", Partial, "15")
                .says("2500 ms 뒤 도착(제한 2000)", "came after 2500 ms (2000 at most)")
        },
    );
    for (server, ko, en) in [
        ("5001", "5000이 아니라 5001에서 동작", "The server ran on port 5001, not 5000"),
        ("12000", "5000이 아니라 12000에서 동작", "The server ran on port 12000, not 5000"),
    ] {
        table.row(
            32,
            "other port",
            |s| HandIn::good(s, Talk::default().echo(ONE, server, s.says("client1")).echo(TWO, server, s.says("client2"))),
            |case| case.scores(Partial, "95").is("server-traffic", Partial, "5").says(ko, en),
        );
    }
    table.row(
        35,
        "AirPlay",
        |s| {
            let talk = lab(s).open("55000", SERVER).say("55000", SERVER, "hello").say(
                SERVER,
                "55000",
                "HTTP/1.1 403 Forbidden\r\nServer: AirTunes/710.75.1\r\n\r\n",
            );
            HandIn::good(s, talk)
        },
        |case| case.says("5000은 macOS의 AirPlay가 사용 중", "AirPlay answers on TCP port 5000"),
    );
}
