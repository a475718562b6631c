//! What the specification does not name: right work in other shapes, and work that is right in part.

use sockscope::judge::Status::{Fail, Partial, Review};

use super::{ONE, SERVER, TWO, Table, good, lab, with_file};
use crate::file::{File, Host};
use crate::handin::{DEPARTMENT, HandIn, Student, log};
use crate::talk::Talk;

const THREE: &str = "60123";

/// The good lab as another system captures it.
fn on(s: &Student, host: Host, talk: Talk) -> HandIn {
    with_file(s, talk, |file| File { host, ..file }.pcapng())
}

/// Clients `one` and `two` of the server, everybody at these addresses.
fn between(s: &Student, one: &str, two: &str, server: &str) -> Talk {
    Talk::default().echo(one, server, s.says("client1")).wait(2_000).echo(two, server, s.says("client2"))
}

/// Nothing of this costs anything.
pub(super) fn right(table: &mut Table) {
    table.beyond("good", good, |case| case);
    for (name, host) in [("Windows", Host::Windows), ("macOS", Host::MacOs), ("any", Host::Any), ("any, by tcpdump", Host::Any2)]
    {
        table.beyond(name, |s| on(s, host, lab(s)), |case| case);
    }
    for (name, host) in [("any, out and in", Host::Any), ("any by tcpdump, out and in", Host::Any2)] {
        table.beyond(name, |s| on(s, host, lab(s).out_and_in()), |case| case.says("같은 패킷이 두 번 잡힘", "each counts once"));
    }
    table.beyond("three clients", |s| HandIn::good(s, lab(s).echo(THREE, SERVER, s.says("client3"))), |case| case);
    table.beyond(
        "two clients at a time",
        |s| {
            let (one, two) = (s.says("client1"), s.says("client2"));
            HandIn::good(
                s,
                Talk::default().ask(ONE, SERVER, &one).ask(TWO, SERVER, &two).udp(SERVER, TWO, &two).udp(SERVER, ONE, &one),
            )
        },
        |case| case,
    );
    table.beyond(
        "first without the server",
        |s| {
            let before =
                Talk::default().udp("40001", SERVER, s.says("client1")).refused().wait(1_000).udp("40003", SERVER, "x").refused();
            HandIn::good(s, before.wait(5_000).echo(ONE, SERVER, s.says("client1")).echo(TWO, SERVER, s.says("client2")))
        },
        |case| case,
    );
    table.beyond(
        "the same client, first without the server",
        |s| {
            let before = Talk::default().udp(ONE, SERVER, s.says("client1")).refused().wait(5_000);
            HandIn::good(s, before.echo(ONE, SERVER, s.says("client1")).echo(TWO, SERVER, s.says("client2")))
        },
        |case| case,
    );
    table.beyond(
        "many messages",
        |s| {
            let talk = (0..5).fold(lab(s), |talk, _| talk.echo(ONE, SERVER, "again").wait(300).echo(TWO, SERVER, "again"));
            HandIn::good(s, talk)
        },
        |case| case,
    );
    table.beyond("empty datagrams", |s| HandIn::good(s, lab(s).echo(ONE, SERVER, "")), |case| case);
    table.beyond(
        "noise",
        |s| {
            let talk = lab(s)
                .udp("192.168.0.7:5353", "224.0.0.251:5353", "mdns")
                .open("55000", "631")
                .say("55000", "631", "print")
                .udp("127.0.0.1:5353", "127.0.0.1:5353", "x");
            HandIn::good(s, talk)
        },
        |case| case,
    );
    table.beyond(
        "long text in fragments",
        |s| {
            let long = s.says(&"가나다라마바사아자차카타파하".repeat(60));
            let talk = Talk::default().ask(ONE, SERVER, &long).fragmented(1480).udp(SERVER, ONE, &long).fragmented(1480);
            HandIn::good(s, talk.echo(TWO, SERVER, s.says("client2")))
        },
        |case| case,
    );
    table.beyond(
        "the address of the network",
        |s| {
            let talk = between(s, "192.168.0.7:41733", "192.168.0.7:47915", "192.168.0.7:5000");
            HandIn::captured(s, File { host: Host::WiFi, ..File::new(Host::Linux, talk.clone()) }.pcapng())
                .with(&format!("{}.log", s.id), log(&talk))
        },
        |case| case,
    );
    table.beyond(
        "127.0.0.2",
        |s| HandIn::good(s, between(s, "127.0.0.1:41733", "127.0.0.1:47915", "127.0.0.2:5000")),
        |case| case,
    );
    table.beyond(
        "an earlier run, then the good one",
        |s| {
            let early = Talk::default()
                .echo("6000", SERVER, "client1")
                .wait(900)
                .ask("45001", SERVER, "hello")
                .udp(SERVER, "45001", "HELLO");
            let early = early.ask("45002", SERVER, "stray").udp("45999", "45002", "stray").wait(60_000);
            let talk = early.echo(ONE, SERVER, s.says("client1")).echo(TWO, SERVER, s.says("client2"));
            HandIn::bare(s, talk).with(&format!("{}.log", s.id), log(&lab(s)))
        },
        |case| case.says("로그 시작 전의 패킷 3개", "3 packets from before the log"),
    );
    table.beyond(
        "a log that begins before the capture",
        |s| {
            let early = log(&Talk::default().echo("45001", SERVER, "x").echo("45002", SERVER, "y"));
            HandIn::bare(s, lab(s)).with(&format!("{}.log", s.id), early + &log(&lab(s)))
        },
        |case| case.says("캡처 시작 전의 로그 2줄", "2 lines from before the capture"),
    );
    table.beyond(
        "frames out of order in the file",
        |s| {
            let mut talk = lab(s);
            talk.packets.swap(0, 1);
            HandIn::good(s, talk)
        },
        |case| case,
    );
    table.beyond(
        "name in parts, as macOS types it",
        |s| {
            use unicode_normalization::UnicodeNormalization;
            let text: String = s.says("client1").nfd().collect();
            HandIn::good(s, Talk::default().echo(ONE, SERVER, &text).echo(TWO, SERVER, &text))
        },
        |case| case,
    );
    table.beyond(
        "the three things in three messages",
        |s| {
            let talk = Talk::default().echo(ONE, SERVER, "컴퓨터공학과").echo(ONE, SERVER, &s.id).echo(TWO, SERVER, &s.name);
            HandIn::good(s, talk)
        },
        |case| case,
    );
    table.beyond(
        "a clock that steps back between the clients",
        |s| {
            let talk = Talk::default().echo(ONE, SERVER, s.says("client1")).wait(-9_000).echo(TWO, SERVER, s.says("client2"));
            HandIn::good(s, talk)
        },
        |case| case,
    );
    table.beyond("notes beside the log", |s| good(s).with(&format!("{}_설명.txt", s.id), "UDP 실습입니다.\n"), |case| case);
    table.beyond(
        "drops that cost nothing",
        |s| with_file(s, lab(s), |file| File { dropped: Some(9), ..file }.pcapng()),
        |case| case,
    );
    table.beyond(
        "a capture filter that kept all that matters",
        |s| with_file(s, lab(s), |file| File { filter: Some("port 5000 or icmp"), ..file }.pcapng()),
        |case| case,
    );
}

/// Work that is right in part, and captures that cannot tell.
pub(super) fn partly(table: &mut Table) {
    table.beyond(
        "no log",
        |s| HandIn::bare(s, lab(s)),
        |case| {
            case.scores(Review, "90").is("log", Review, "0").says(
                "서버 로그 파일이 없음 — 조교가 터미널 화면과 비교",
                "No log file was handed in: staff will compare the picture",
            )
        },
    );
    table.beyond(
        "only notes for a log",
        |s| HandIn::bare(s, lab(s)).with(&format!("{}.txt", s.id), "UDP 실습입니다.\n"),
        |case| {
            case.scores(Review, "90")
                .is("log", Review, "0")
                .says("로그 파일에 서버가 받은 줄이 없음", "No log file tells what the server received")
        },
    );
    table.beyond(
        "one client",
        |s| HandIn::good(s, Talk::default().echo(ONE, SERVER, s.says("client1"))),
        |case| case.scores(Partial, "80").is("two-clients", Partial, "10").is("echo", Partial, "10"),
    );
    table.beyond(
        "late, then in time",
        |s| {
            let one = s.says("client1");
            let talk = Talk::default().ask(ONE, SERVER, &one).wait(2_500).udp(SERVER, ONE, &one).echo(ONE, SERVER, &one).echo(
                TWO,
                SERVER,
                s.says("client2"),
            );
            HandIn::good(s, talk)
        },
        |case| case,
    );
    table.beyond(
        "unanswered, with a server that says nothing",
        |s| {
            HandIn::good(
                s,
                Talk::default()
                    .ask(ONE, SERVER, s.says("client1"))
                    .wait(3_000)
                    .ask(TWO, SERVER, s.says("client2"))
                    .wait(9_000)
                    .udp("127.0.0.1:5353", "127.0.0.1:5353", "x"),
            )
        },
        |case| {
            case.scores(Partial, "75")
                .is("echo", Fail, "0")
                .is("demux", super::Blocked, "0")
                .says("프레임 1의 답 없음", "No reply to frame 1")
        },
    );
    table.beyond(
        "nothing on the port, and drops",
        |s| {
            let talk = Talk::default().udp("127.0.0.1:5353", "127.0.0.1:5353", "x");
            HandIn::captured(s, File { dropped: Some(40), ..File::new(Host::Linux, talk) }.pcapng())
        },
        |case| {
            let waits = ["server-traffic", "two-clients", "ephemeral", "echo", "identity", "demux", "log"];
            let case = waits.into_iter().fold(case, |case, check| case.is(check, Review, "0"));
            case.scores(Review, "15").says("캡처 중 40개 유실: 없는 패킷은 감점 보류", "40 packets were lost while capturing")
        },
    );
    table.beyond(
        "UDP-Lite",
        |s| HandIn::good(s, Talk::default().echo_lite(ONE, SERVER, s.says("client1")).echo_lite(TWO, SERVER, s.says("client2"))),
        |case| case,
    );
    let in_department = |s: &Student, department: &str| {
        let texts = ["client1", "client2"].map(|word| s.says(word).replace(DEPARTMENT, department));
        HandIn::good(s, Talk::default().echo(ONE, SERVER, &texts[0]).echo(TWO, SERVER, &texts[1]))
    };
    table.beyond("another word for the department", |s| in_department(s, "컴퓨터공학부"), |case| case);
    table.beyond(
        "another department",
        |s| in_department(s, "전자공학과"),
        |case| {
            case.scores(Review, "95")
                .is("identity", Review, "10")
                .says("학과가 명단(컴퓨터공학과)과 다르게 적힘", "names the department otherwise than the roster")
        },
    );
    table.beyond(
        "no department",
        |s| in_department(s, ""),
        |case| {
            case.scores(Partial, "95")
                .is("identity", Partial, "10")
                .says("메시지에 없음: 학과", "The text does not tell: department")
        },
    );
    table.beyond(
        "UTF-16",
        |s| {
            let text: Vec<u8> = [0xfeff].into_iter().chain(s.says("client1").encode_utf16()).flat_map(u16::to_le_bytes).collect();
            HandIn::good(s, Talk::default().echo(ONE, SERVER, &text).echo(TWO, SERVER, &text))
        },
        |case| case.scores(Partial, "90").is("identity", Partial, "5").says("UTF-16으로 읽으면", "as UTF-16 it reads"),
    );
}
