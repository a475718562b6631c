//! The TCP lab: connections opened, used and closed in all the ways there are.

use sockscope::judge::Status::{Fail, Partial, Pass, Review};

use super::{Lab, Table};
use crate::file::{File, Host};
use crate::handin::HandIn;
use crate::talk::Talk;
use crate::wire::{ACK, FIN, PSH, SYN};

pub(super) const TCP: Lab = Lab {
    rubric: "tcp-echo",
    good: &[
        ("handshake", Pass, "20"),
        ("n-clients", Pass, "20"),
        ("echo", Pass, "20"),
        ("close", Pass, "20"),
        ("time-wait", Pass, "10"),
        ("demux", Pass, "10"),
    ],
};

const SERVER: &str = "5001";
const ONE: &str = "41733";
const TWO: &str = "47915";
const BELOW: [&str; 5] = ["n-clients", "echo", "close", "time-wait", "demux"];

/// Both clients connected, got their echoes, and closed.
pub(super) fn lab() -> Talk {
    open().close(ONE, SERVER).close(TWO, SERVER)
}

/// Both clients connected, and both got their echoes.
fn open() -> Talk {
    Talk::default()
        .open(ONE, SERVER)
        .wait(900)
        .open(TWO, SERVER)
        .echo_tcp(ONE, SERVER, "client1")
        .echo_tcp(TWO, SERVER, "client2")
}

pub(super) fn connections(table: &mut Table) {
    let mut row = |name: &'static str, talk: Talk, told: &dyn Fn(super::Case) -> super::Case| {
        table.beyond(name, |s| HandIn::bare(s, talk.clone()), told);
    };
    row("three segments", open().close(ONE, SERVER).close(TWO, SERVER), &|case| case);
    let four = |talk: Talk, client: &str| {
        talk.tcp(client, SERVER, FIN | ACK, "")
            .tcp(SERVER, client, ACK, "")
            .tcp(SERVER, client, FIN | ACK, "")
            .tcp(client, SERVER, ACK, "")
    };
    row("four segments", four(four(open(), ONE), TWO), &|case| case);
    row(
        "simultaneous",
        {
            let crossed = |talk: Talk, client: &str| {
                // Neither has heard of the other's FIN.
                let talk = talk.tcp(client, SERVER, FIN | ACK, "");
                let server = talk.ahead(SERVER, client, FIN | ACK);
                server.tcp(client, SERVER, ACK, "").tcp(SERVER, client, ACK, "")
            };
            crossed(crossed(open(), ONE), TWO)
        },
        &|case| case,
    );
    row(
        "retransmissions",
        {
            let talk = Talk::default()
                .open(ONE, SERVER)
                .open(TWO, SERVER)
                .tcp(ONE, SERVER, PSH | ACK, "client1")
                .again()
                .tcp(SERVER, ONE, PSH | ACK, "client1")
                .again();
            talk.tcp(ONE, SERVER, ACK, "").echo_tcp(TWO, SERVER, "client2").close(ONE, SERVER).close(TWO, SERVER)
        },
        &|case| case,
    );
    row(
        "keep-alives",
        open().wait(7_000).keep_alive(ONE, SERVER).wait(7_000).keep_alive(ONE, SERVER).close(ONE, SERVER).close(TWO, SERVER),
        &|case| case,
    );
    row(
        "an earlier run without the server",
        {
            let refused = Talk::default().tcp("40001", SERVER, SYN, "").reset(SERVER, "40001").wait(9_000);
            let talk =
                refused.open(ONE, SERVER).open(TWO, SERVER).echo_tcp(ONE, SERVER, "client1").echo_tcp(TWO, SERVER, "client2");
            talk.close(ONE, SERVER).close(TWO, SERVER)
        },
        &|case| case,
    );
    row(
        "over IPv6",
        {
            let (server, one, two) = ("[::1]:5001", "[::1]:41733", "[::1]:47915");
            let talk = Talk::default()
                .open(one, server)
                .open(two, server)
                .echo_tcp(one, server, "client1")
                .echo_tcp(two, server, "client2");
            talk.close(one, server).close(two, server)
        },
        &|case| case,
    );
    row("server first", open().close(SERVER, ONE).close(SERVER, TWO), &|case| {
        case.scores(Partial, "90")
            .is("time-wait", Fail, "0")
            .says("먼저 닫은 쪽: 서버 → TIME_WAIT도 서버", "Closed first: server, so TIME-WAIT is there")
    });
    row("both reset", open().reset(ONE, SERVER).reset(TWO, SERVER), &|case| {
        case.scores(Partial, "70")
            .is("close", Fail, "0")
            .is("time-wait", Fail, "0")
            .says("RST로 끝남(프레임 ", "Ended by RST (frame ")
    });
    row("one reset", open().close(ONE, SERVER).reset(TWO, SERVER), &|case| case.scores(Partial, "90").is("close", Partial, "10"));
    row("half close", open().close(ONE, SERVER).tcp(TWO, SERVER, FIN | ACK, "").tcp(SERVER, TWO, ACK, ""), &|case| {
        case.scores(Partial, "95").is("close", Partial, "15").says("한쪽만 닫음(FIN 프레임 ", "Only one way was closed")
    });
    row("left open", open(), &|case| {
        case.scores(Partial, "70")
            .is("close", Fail, "0")
            .is("time-wait", Fail, "0")
            .says("FIN이 없음: 닫히지 않음", "the connection stays open")
    });
    row(
        "one after the other",
        {
            let talk = Talk::default().open(ONE, SERVER).echo_tcp(ONE, SERVER, "client1").close(ONE, SERVER);
            talk.open(TWO, SERVER).echo_tcp(TWO, SERVER, "client2").close(TWO, SERVER)
        },
        &|case| case.scores(Partial, "95").is("demux", Partial, "5").says("두 연결이 겹치지 않음", "never open together"),
    );
    row("one client", Talk::default().open(ONE, SERVER).echo_tcp(ONE, SERVER, "client1").close(ONE, SERVER), &|case| {
        case.scores(Partial, "60")
            .is("n-clients", Partial, "10")
            .is("echo", Partial, "10")
            .is("close", Partial, "10")
            .is("demux", Fail, "0")
            .says("연결: 1개 (필요: 2개)", "Connections: 1 (need 2)")
    });
    row(
        "less comes back",
        {
            let talk = Talk::default()
                .open(ONE, SERVER)
                .open(TWO, SERVER)
                .echo_tcp(ONE, SERVER, "client1")
                .say(TWO, SERVER, "client2")
                .say(SERVER, TWO, "cli");
            talk.close(ONE, SERVER).close(TWO, SERVER)
        },
        &|case| {
            case.scores(Partial, "90")
                .is("echo", Partial, "10")
                .says("7바이트 중 3바이트만 돌아옴", "only 3 of 7 octets were echoed")
        },
    );
    row("not running", Talk::default().tcp(ONE, SERVER, SYN, "").reset(SERVER, ONE), &|case| {
        case.scores(Fail, "0")
            .blocked(&BELOW)
            .is("handshake", Fail, "0")
            .says("SYN 1에 SYN-ACK 없음(RST=2): 서버가 꺼져 있었음", "the server was not running")
    });
    row("UDP", Talk::default().echo(ONE, SERVER, "client1"), &|case| {
        case.scores(Fail, "0")
            .blocked(&BELOW)
            .is("handshake", Fail, "0")
            .says("UDP로 작성됨", "It was written with UDP")
            .says("SOCK_STREAM", "SOCK_STREAM")
    });
    row("nothing", Talk::default().echo(ONE, "53", "client1"), &|case| {
        case.scores(Fail, "0")
            .blocked(&BELOW)
            .is("handshake", Fail, "0")
            .says("5001번 포트에 TCP 연결이 없음", "There is no TCP connection to port 5001")
    });
    row(
        "started late",
        {
            let mut talk = open().close(ONE, SERVER).close(TWO, SERVER);
            talk.packets.drain(..6);
            talk
        },
        &|case| {
            case.scores(Partial, "80")
                .is("handshake", Fail, "0")
                .says("캡처를 먼저 시작하고 클라이언트 실행", "start the capture before the client")
        },
    );
    let lossy = |packets: std::ops::Range<usize>| {
        let mut talk = open().close(ONE, SERVER).close(TWO, SERVER);
        talk.packets.drain(packets);
        File { dropped: Some(1), ..File::new(Host::Linux, talk) }.pcapng()
    };
    table.beyond(
        "drops: the last FIN",
        |s| HandIn::captured(s, lossy(18..20)),
        |case| case.scores(Review, "95").is("close", Review, "15"),
    );
    table.beyond(
        "drops: a reply",
        |s| HandIn::captured(s, lossy(8..10)),
        |case| case.scores(Review, "90").is("echo", Review, "10"),
    );
}
