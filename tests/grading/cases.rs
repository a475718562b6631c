//! The table: what is handed in, what it is given, and what is said of it.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use sockscope::judge::Status::{self, Blocked, Fail, Partial, Pass, Review, Ungradable};
use unicode_normalization::UnicodeNormalization;

use crate::file::{File, Host};
use crate::handin::{HandIn, Student, cp949, decoded_log, linked, locked, log, repr, zipped, zipped_as};
use crate::talk::Talk;
use crate::wire::Checksum;

/// One row.
pub(crate) struct Case {
    /// Its number in the specification; 0 beyond it.
    pub(crate) number: usize,
    pub(crate) name: &'static str,
    pub(crate) student: Student,
    pub(crate) hand_in: HandIn,
    /// The status of the whole.
    pub(crate) whole: Status,
    /// Points in all; `None` for no score.
    pub(crate) score: Option<&'static str>,
    /// The checks that come out otherwise than in a good hand-in: status and points.
    pub(crate) checks: BTreeMap<&'static str, (Status, Option<&'static str>)>,
    /// What is said, in Korean and in English.
    pub(crate) says: Vec<(&'static str, &'static str)>,
    /// Flags for staff.
    pub(crate) flags: Vec<&'static str>,
}

/// The checks of the rubric with what a good hand-in is given.
pub(crate) const GOOD: [(&str, Status, &str); 11] = [
    ("readable", Pass, "5"),
    ("named", Pass, "5"),
    ("loopback", Pass, "5"),
    ("server-traffic", Pass, "10"),
    ("two-clients", Pass, "20"),
    ("ephemeral", Pass, "5"),
    ("echo", Pass, "20"),
    ("identity", Pass, "15"),
    ("demux", Pass, "5"),
    ("log", Pass, "10"),
    ("screenshot", Review, "0"),
];

/// All that asks for packets of the lab.
const BELOW_LOOPBACK: [&str; 7] = ["two-clients", "ephemeral", "echo", "identity", "demux", "log", "server-traffic"];

const SERVER: &str = "5000";
const ONE: &str = "41733";
const TWO: &str = "47915";

impl Case {
    fn is(mut self, check: &'static str, status: Status, points: &'static str) -> Self {
        self.checks.insert(check, (status, Some(points)));
        self
    }

    fn blocked(self, checks: &[&'static str]) -> Self {
        checks.iter().fold(self, |case, check| case.is(check, Blocked, "0"))
    }

    fn scores(self, whole: Status, score: &'static str) -> Self {
        Self { whole, score: Some(score), ..self }
    }

    fn says(mut self, ko: &'static str, en: &'static str) -> Self {
        self.says.push((ko, en));
        self
    }

    fn flagged(mut self, flag: &'static str) -> Self {
        self.flags.push(flag);
        self
    }

    /// Nothing could be judged: the first check says why.
    fn ungradable(mut self) -> Self {
        for (check, ..) in GOOD {
            let status = if check == "readable" { Ungradable } else { Blocked };
            self.checks.insert(check, (status, None));
        }
        Self { whole: Ungradable, score: None, ..self }
    }
}

/// The class in the making.
#[derive(Default)]
struct Table {
    cases: Vec<Case>,
}

impl Table {
    fn row(&mut self, number: usize, name: &'static str, hand_in: impl Fn(&Student) -> HandIn, told: impl Fn(Case) -> Case) {
        let variant = self.cases.iter().filter(|case| case.number == number).count();
        let student = Student::new(number, variant);
        let hand_in = hand_in(&student);
        let (checks, says, flags) = (BTreeMap::new(), Vec::new(), Vec::new());
        self.cases.push(told(Case { number, name, student, hand_in, whole: Pass, score: Some("100"), checks, says, flags }));
    }
}

/// Two clients, who send what the lab asks for.
pub(crate) fn lab(student: &Student) -> Talk {
    with_texts(&student.says("client1"), &student.says("client2"))
}

fn with_texts(one: impl AsRef<[u8]>, two: impl AsRef<[u8]>) -> Talk {
    Talk::default().echo(ONE, SERVER, one).wait(4_100).echo(TWO, SERVER, two)
}

fn good(student: &Student) -> HandIn {
    HandIn::good(student, lab(student))
}

/// A good hand-in but for its capture.
fn with_file(student: &Student, talk: Talk, make: impl Fn(File) -> Vec<u8>) -> HandIn {
    let log = log(&talk);
    let id = &student.id;
    HandIn::captured(student, make(File::new(Host::Linux, talk))).with(&format!("{id}.log"), log)
}

fn gzipped(octets: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(octets).unwrap();
    out.finish().unwrap()
}

/// Every case but those of a whole class: rosters (51) and faults of the program (52).
pub(crate) fn cases() -> Vec<Case> {
    let mut table = Table::default();
    table.row(0, "good", good, |case| case);
    files(&mut table);
    names(&mut table);
    identities(&mut table);
    clients(&mut table);
    servers(&mut table);
    captures(&mut table);
    logs(&mut table);
    table.cases
}

/// The file itself.
fn files(table: &mut Table) {
    table.row(
        1,
        "empty",
        |s| good(s).recaptured(|_| Vec::new()),
        |case| {
            case.ungradable().says("파일이 비어 있음(0바이트). 저장이 끝나기 전에 올렸을 수 있음", "The file is empty (0 octets)")
        },
    );
    table.row(
        5,
        "cut off",
        |s| {
            let talk = lab(s).wait(3_000).udp("127.0.0.1:5353", "127.0.0.1:5353", "noise");
            with_file(s, talk, |file| File { dropped: None, ..file }.pcapng())
                .recaptured(|octets| octets[..octets.len() - 9].to_vec())
        },
        |case| {
            case.scores(Partial, "98")
                .is("readable", Partial, "3")
                .says("끝이 잘림: 온전한 프레임 4개만 채점", "The file is cut: only its 4 whole frames were graded")
                .flagged("cut")
        },
    );
    table.row(
        6,
        "pcap named pcapng",
        |s| with_file(s, lab(s), |file| file.pcap()),
        |case| {
            case.scores(Partial, "98")
                .is("readable", Partial, "3")
                .says("내용은 pcap: 그대로 채점", "The content is pcap, not pcapng: graded as it is")
        },
    );
    table.row(
        8,
        "gzip inside",
        |s| good(s).recaptured(gzipped),
        |case| case.says("압축을 풀어 채점함", "Graded after unpacking gzip"),
    );
    table.row(
        8,
        "zstd, and named so",
        |s| {
            let zst = |octets: &[u8]| zstd::encode_all(octets, 3).unwrap();
            good(s).recaptured(zst).renamed(".pcapng", ".pcapng.zst")
        },
        |case| case.says("압축을 풀어 채점함", "Graded after unpacking Zstandard"),
    );
    let csv = "\"No.\",\"Time\",\"Source\",\"Destination\",\"Protocol\",\"Length\",\"Info\"\r\n\"1\",\"0.000000\",\"127.0.0.1\"";
    table.row(
        12,
        "list of packets",
        |s| good(s).recaptured(|_| csv.as_bytes().to_vec()),
        |case| case.ungradable().says("패킷 목록을 글자로 내보낸 파일. File > Save As에서 .pcapng", "exported list of packets"),
    );
    table.row(
        13,
        "picture",
        |s| good(s).recaptured(|_| b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()),
        |case| case.ungradable().says("그림 파일임", "This is a picture"),
    );
    for (name, magic) in [("snoop", &b"snoop\0\0\0\0\0\0\x02"[..]), ("netmon", b"GMBU\0\x02\0\0")] {
        table.row(
            14,
            name,
            |s| good(s).recaptured(|_| [magic, &[0; 64]].concat()),
            |case| case.ungradable().says("지원하지 않는 형식", "The format is not supported"),
        );
    }
}

/// Names of files, archives, attempts.
fn names(table: &mut Table) {
    for ending in [".pcapng.pcapng", ".pcapng.txt", " (1).pcapng", "-1.pcapng"] {
        table.row(7, "odd ending", |s| good(s).renamed(".pcapng", ending), |case| case.says(".pcapng로 해석함", ".pcapng"));
    }
    let in_zip = |s: &Student, name: &[u8]| {
        let capture = File::new(Host::Linux, lab(s)).pcapng();
        let zip = zipped_as(name, &capture);
        let hand_in = good(s).without(".pcapng");
        hand_in.with(&format!("{}.zip", s.id), zip)
    };
    let called = |s: &Student| format!("{}_{}.pcapng", s.id, s.name);
    table.row(9, "CP949 in a zip", |s| in_zip(s, &cp949(&called(s))), |case| case.says("이름 복원: ", "name restored: "));
    table.row(
        9,
        "UTF-8 that nobody mentions",
        |s| in_zip(s, called(s).as_bytes()),
        |case| case.says("로 인식", "was read as id"),
    );
    table.row(
        9,
        "NFD in a zip",
        |s| in_zip(s, called(s).nfd().collect::<String>().as_bytes()),
        |case| case.says("이름 복원: ", "name restored: "),
    );
    let archived = |s: &Student, zip: Vec<u8>| HandIn::default().with(&format!("{}.zip", s.id), zip);
    table.row(
        10,
        "password",
        |s| archived(s, locked(&format!("{}.pcapng", s.id), b"secret")),
        |case| case.ungradable().says("암호가 걸린 zip. 암호 없이 다시 제출", "the zip has a password"),
    );
    let bomb = vec![0; 8 << 20];
    let inner = zipped([("x.pcapng", &b"x"[..])]);
    let dangers: [(&str, Vec<u8>); 4] = [
        ("bomb", zipped([("x.pcapng", bomb.as_slice())])),
        ("zip in a zip", zipped([("deep.zip", inner.as_slice())])),
        ("out of the folder", zipped([("../../x.pcapng", &b"x"[..])])),
        ("symbolic link", linked("x.pcapng", "/etc/passwd")),
    ];
    for (name, zip) in dangers {
        table.row(
            11,
            name,
            |s| archived(s, zip.clone()),
            |case| case.ungradable().says("안전 한도 초과: 열지 않음", "over a safety limit, not opened"),
        );
    }
    table.row(
        15,
        "number and name",
        |s| good(s).renamed(&s.id, &format!("{}_{}", s.id, s.name)),
        |case| case.says("학번 20151500로 인식", "was read as id 20151500"),
    );
    table.row(
        16,
        "typo in the number",
        |s| good(s).renamed(&s.id, &format!("{}9", &s.id[..7])),
        |case| {
            case.scores(Review, "95")
                .is("named", Review, "0")
                .says(
                    "20161609: 명단에 없음. 20161600과 1자리 다름 — 조교 확인",
                    "20161609 is not on the roster, but one digit from 20161600",
                )
                .flagged("unclear-owner")
        },
    );
    table.row(
        19,
        "two attempts",
        |s| {
            let early = HandIn::good(s, Talk::default().echo(ONE, SERVER, "x")).renamed(&s.id, &format!("first/{}", s.id));
            let late = good(s).renamed(&format!("{}.pcapng", s.id), &format!("{} (1).pcapng", s.id));
            HandIn { files: [early.files, late.files].concat() }
        },
        |case| case.says("사용, 이전 것 보관", "the newest complete attempt"),
    );
    table.row(
        20,
        "no picture",
        |s| good(s).without(".png"),
        |case| case.is("screenshot", Fail, "0").says("터미널 화면 20202000.png 없음", "20202000.png, is missing"),
    );
    // The flag of row 21 is originality's.
    let same = b"\x89PNG\r\n\x1a\nsame";
    for _ in 0..2 {
        table.row(21, "picture of another's", |s| good(s).without(".png").with(&format!("{}.png", s.id), *same), |case| case);
    }
}

/// What the texts say of their sender.
fn identities(table: &mut Table) {
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
            let snap = 14 + 20 + 8 + format!("{} {} ", crate::handin::DEPARTMENT, s.id).len() + 1;
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
        |case| case.says(r"\x1b[2J", r"\u{202e}"),
    );
}

/// What the clients did.
fn clients(table: &mut Table) {
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
fn servers(table: &mut Table) {
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
        |case| {
            case.scores(Partial, "75").is("echo", Fail, "0").blocked(&["demux"]).says("보낸 것과 다름: 위치 0", "from offset 0")
        },
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

/// How it was captured.
fn captures(table: &mut Table) {
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
    table.row(46, "another's capture", |s| good(s), |case| case);
    table.row(47, "the sample", |s| good(s), |case| case);
}

/// The server's log beside the capture.
fn logs(table: &mut Table) {
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
        |case| case.says("인코딩 UTF-16LE with BOM로 읽음", "was read as UTF-16LE"),
    );
    table.row(
        49,
        "CP949",
        |s| with_log(s, cp949(&decoded_log(&lab(s)))),
        |case| case.says("인코딩 CP949로 읽음", "was read as CP949"),
    );
}
