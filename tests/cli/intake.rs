//! `intake`: who of a class handed in what, from folders and zips as learning platforms make them.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use rstest::rstest;
use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::{UDP, argument, octets, run};

const ROSTER: &str = "학번,이름,학과,participant\n\
    20231234,홍길동,컴퓨터공학과,4711\n20231301,김민수,컴퓨터공학과,\n20231302,김민수,전자공학과,\n20231400,이영희,수학과,\n";

/// A folder of the test with a roster in it.
fn class() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("roster.csv");
    fs::write(&roster, ROSTER).unwrap();
    let roster = argument(&roster).to_owned();
    (folder, roster)
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, octets) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(octets).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn write(folder: &Path, path: &str, octets: &[u8]) -> String {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, octets).unwrap();
    argument(&path).to_owned()
}

fn json(submissions: &str, roster: &str) -> Value {
    serde_json::from_str(&run(&["intake", submissions, "--roster", roster, "--json"]).good()).unwrap()
}

#[rstest]
#[case::moodle("홍길동_4711_assignsubmission_file_/20231234.pcapng", "이영희_99_assignsubmission_file_/cap.pcapng")]
#[case::canvas("honggildong_1001_55012_20231234.pcapng", "leeyounghee_LATE_1002_55013_20231400-1.pcapng")]
#[case::blackboard("Lab_20231234_attempt_2026-11-20-10-00-00_a.pcapng", "Lab_20231400_attempt_2026-11-20-10-00-00_b.pcapng")]
#[case::folders("class/20231234/a.pcapng", "class/이영희/a.pcapng")]
#[case::flat("20231234.pcapng.pcapng", "20231400_이영희.pcapng")]
fn a_zip_and_its_folder_are_the_same(#[case] first: &str, #[case] second: &str) {
    let (folder, roster) = class();
    let capture = octets(UDP);
    let files = [(first, capture.as_slice()), (second, capture.as_slice()), ("who.docx", b"?")];
    let zip = write(folder.path(), "subs.zip", &zipped(&files));
    let extracted = folder.path().join("subs");
    files.iter().for_each(|(path, octets)| _ = write(&extracted, path, octets));
    let run = run(&["intake", &zip, "--roster", &roster]);
    assert!(run.stdout.starts_with("4 on roster · 2 matched · 2 missing · 1 unknown file"), "{run:?}");
    let document = json(&zip, &roster);
    assert_eq!(document, json(argument(&extracted), &roster));
    assert_eq!(document["matched"], 2);
    for (student, path) in [(0, first), (3, second)] {
        assert_eq!(document["submissions"][student]["attempts"][0]["captures"][0], path, "{document:#}");
    }
    assert_eq!(document["submissions"][3]["attempts"][0]["late"], second.contains("LATE"));
    assert_eq!(document["unknown"][0]["path"], "who.docx");
}

#[test]
fn the_overview_tells_what_needs_a_person() {
    let (folder, roster) = class();
    let capture = octets(UDP);
    let zip = zipped(&[
        ("20231234.pcapng", &capture),
        ("20231234 (1).pcapng.pcapng", &capture),
        ("김민수.pcapng", &capture),
        ("20231403.pcapng", &capture),
        ("notes.hwp", b"?"),
    ]);
    let text = run(&["intake", &write(folder.path(), "subs.zip", &zip), "--roster", &roster]).good();
    let summary = "4 on roster · 1 matched · 0 missing · 1 unknown file · 2 ambiguous (김민수 ×2: use id) · 1 repaired (ending twice, number of a copy)\n";
    assert!(text.starts_with(summary), "{text}");
    for line in [
        "20231403 is not on the roster, but one digit from 20231400: a person has to confirm",
        "several students have this name: use the id: 20231301 김민수, 20231302 김민수",
        "  notes.hwp\n",
        "roster line 4: the name 김민수 stands in line 3 too",
        "the newest complete attempt",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn a_person_decides_what_was_open() {
    let (folder, roster) = class();
    let zip = zipped(&[("김민수_7_assignsubmission_file_/x.pcapng", &octets(UDP)), ("who.pcapng", b"x")]);
    let zip = write(folder.path(), "subs.zip", &zip);
    let assigned = ["--assign", "김민수_7=20231302", "--assign", "who.pcapng=20231400", "--assign", "nobody=20231234"];
    let text = run(&[&["intake", &zip, "--roster", &roster], &assigned[..]].concat()).good();
    assert!(text.starts_with("4 on roster · 2 matched · 2 missing\n"), "{text}");
    assert!(text.contains("  20231302  김민수  staff") && text.contains("Assigned, but not there: 1\n  nobody\n"), "{text}");
    let wrong = |assignment: &str| run(&["intake", &zip, "--roster", &roster, "--assign", assignment]).complaint(2).to_owned();
    assert!(wrong("김민수_7").contains("--assign: expected NAME=ID"));
    assert!(wrong("김민수_7=1").contains("--assign: 1 is not on the roster"));
}

/// Names as Windows packs them (CP949), as macOS does (NFD), and as others do without saying that they are UTF-8.
#[test]
fn names_are_restored() {
    let (folder, roster) = class();
    let name = "홍길동.pcapng";
    let placeholder = "nnnnnn.pcapng";
    let cp949 = encoding_rs::EUC_KR.encode(name).0.into_owned();
    let mut zip = zipped(&[(placeholder, &octets(UDP))]);
    for at in 0..zip.len() - placeholder.len() {
        if zip[at..].starts_with(placeholder.as_bytes()) {
            zip[at..at + cp949.len()].copy_from_slice(&cp949);
        }
    }
    let text = run(&["intake", &write(folder.path(), "cp949.zip", &zip), "--roster", &roster]).good();
    assert!(text.contains("1 repaired (cp949 name)") && text.contains("name restored: 홍길동.pcapng"), "{text}");
    let nfd = "\u{1112}\u{1169}\u{11bc}\u{1100}\u{1175}\u{11af}\u{1103}\u{1169}\u{11bc}.pcapng";
    write(&folder.path().join("mac"), nfd, &octets(UDP));
    let text = run(&["intake", argument(&folder.path().join("mac")), "--roster", &roster]).good();
    assert!(text.contains("1 matched") && text.contains("1 repaired (NFD)"), "{text}");
}

#[test]
fn dangers_are_refused_and_the_rest_goes_on() {
    let (folder, roster) = class();
    let class = folder.path().join("class");
    let bomb = zipped(&[("20231301.pcapng", &vec![0; 8 << 20])]);
    let inner = zipped(&[("x.pcapng", b"x")]);
    let mut locked = zipped(&[("20231302.pcapng", b"x")]);
    let entry = locked.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    locked[entry + 8] |= 1;
    write(&class, "20231234.pcapng", &octets(UDP));
    write(&class, "20231301.zip", &bomb);
    write(&class, "20231302.zip", &locked);
    write(&class, "20231400.zip", &zipped(&[("deep.zip", &inner), ("../../up.pcapng", b"x"), ("ok.pcapng", b"x")]));
    let document = json(argument(&class), &roster);
    let told = |student: usize| {
        let problems = document["submissions"][student]["attempts"][0]["problems"].as_array().unwrap().iter();
        problems.map(|problem| problem["message"]["ko"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told(0), [""; 0]);
    assert_eq!(told(1), ["안전 한도 초과: 열지 않음(압축률이 200배를 넘음)"]);
    assert_eq!(told(2), ["암호가 걸린 zip. 암호 없이 다시 제출하세요"]);
    let outside = "안전 한도 초과: 열지 않음(폴더 밖을 가리키는 이름)";
    assert_eq!(told(3), [outside, "안전 한도 초과: 열지 않음(압축 안의 압축 또는 너무 깊은 폴더)"]);
    assert_eq!(document["submissions"][3]["attempts"][0]["captures"][0], "20231400.zip/ok.pcapng");
}

/// What the directory of a zip says and what comes out of it are two things.
#[test]
fn lies_are_found_by_reading() {
    let (folder, roster) = class();
    let mut zip = zipped(&[("20231234.pcapng", &octets(UDP)), ("20231400.pcapng", &octets(UDP))]);
    let entry = zip.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    zip[entry + 24] -= 1;
    let text = run(&["intake", &write(folder.path(), "subs.zip", &zip), "--roster", &roster]).good();
    assert!(
        text.contains("20231234 홍길동: 20231234.pcapng: over a safety limit, not opened: it unpacks to more than it says"),
        "{text}"
    );
    assert!(text.starts_with("4 on roster · 2 matched"), "{text}");
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_not_followed() {
    let (folder, roster) = class();
    let class = folder.path().join("class");
    write(&class, "20231234.pcapng", &octets(UDP));
    std::os::unix::fs::symlink("/etc/passwd", class.join("20231400.pcapng")).unwrap();
    std::os::unix::fs::symlink("/", class.join("20231301")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(class.join("20231302.pcapng")).status().unwrap();
    assert!(made.success());
    let text = run(&["intake", argument(&class), "--roster", &roster]).good();
    for line in [
        "20231400 이영희: 20231400.pcapng: over a safety limit, not opened: a symbolic link",
        "20231301 김민수: 20231301: over a safety limit, not opened: a symbolic link",
        "20231302 김민수: 20231302.pcapng: over a safety limit, not opened: not an ordinary file",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn what_is_wrong_has_a_place_and_a_code() {
    let (folder, roster) = class();
    let subs = write(folder.path(), "subs.zip", &zipped(&[("20231234.pcapng", b"x")]));
    let twice = write(folder.path(), "twice.csv", "학번,이름\n1,a\n1,b\n".as_bytes());
    assert!(
        run(&["intake", &subs, "--roster", &twice])
            .complaint(4)
            .ends_with("line 3, column 1: 1 stands in line 2 already: expected every id once")
    );
    assert!(run(&["intake", &subs, "--roster", "none.csv"]).complaint(3).contains("none.csv: cannot read"));
    assert!(run(&["intake", &roster, "--roster", &roster]).complaint(3).contains("expected a folder or a zip"));
    assert!(run(&["intake", "nowhere", "--roster", &roster]).complaint(3).contains("nowhere: cannot open"));
    assert!(run(&["intake", &subs, "--roster", &roster, "--map", "shoe=1"]).complaint(2).contains("--map: shoe is no field"));
    let excel = write(folder.path(), "excel.csv", "번호,성명\n1234567,홍길동\n".as_bytes());
    let text = run(&["intake", &subs, "--roster", &excel, "--map", "id=번호", "--digits", "8"]).good();
    assert!(text.contains("roster line 2: id 1234567 was read as 01234567"), "{text}");
}
