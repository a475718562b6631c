//! The file itself, its name, the archive it came in, and what came with it.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use sockscope::judge::Status::{Fail, Partial, Review};
use unicode_normalization::UnicodeNormalization;

use super::{ONE, SERVER, Table, good, lab, with_file};
use crate::file::{File, Host};
use crate::handin::{HandIn, Student, cp949, linked, locked, zipped, zipped_as};
use crate::talk::Talk;

/// The file itself.
pub(super) fn files(table: &mut Table) {
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

fn gzipped(octets: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(octets).unwrap();
    out.finish().unwrap()
}

/// Names of files, archives, attempts.
pub(super) fn names(table: &mut Table) {
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
