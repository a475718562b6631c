//! The whole class at once, and what is about a class rather than a submission: rosters, faults of the program.

use std::fs;
use std::path::Path;

use serde_json::Value;
use sockscope::judge::Status;
use sockscope::judge::results::{Graded, Results};
use sockscope::sanitize::is_harmful;

use crate::cases::{fair, specified};
use crate::handin::{DEPARTMENT, cp949, zipped};
use crate::{Given, faults, roster};

/// What a run of the program left behind: exit code, output, complaints.
pub(crate) fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_sockscope")).args(arguments).env("TZ", "UTC").output().unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

pub(crate) fn written(folder: &Path, name: &str, octets: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    fs::write(&path, octets).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Every case in one zip, as a learning platform hands it out.
#[test]
fn the_program_grades_the_whole_class_alike() {
    let cases: Vec<_> = specified().into_iter().chain(fair()).collect();
    let folder = tempfile::tempdir().unwrap();
    let files = cases.iter().flat_map(|case| &case.hand_in.files).map(|(path, octets)| (path.as_str(), octets.as_slice()));
    let zip = written(folder.path(), "class.zip", zipped(files));
    let roster = written(folder.path(), "roster.csv", roster(&cases));
    let out = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (name, jobs) in [("one", "1"), ("two", "2")] {
        let (code, _, complaints) =
            run(&["grade", &zip, "--rubric", "udp-echo", "--roster", &roster, "--out", &out(name), "--jobs", jobs]);
        assert_eq!(code, 0, "{complaints}");
    }
    let text = fs::read_to_string(folder.path().join("one/results.json")).unwrap();
    assert!(text == fs::read_to_string(folder.path().join("two/results.json")).unwrap(), "the same inputs gave other bytes");
    let results: Results = serde_json::from_str(&text).unwrap();
    let wrong: Vec<String> = cases
        .iter()
        .zip(&results.results)
        .flat_map(|(case, graded)| {
            faults(case, &alone(graded)).into_iter().map(|fault| format!("{} {}: {fault}", case.number, case.name))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let pictures: Vec<usize> = cases
        .iter()
        .zip(&results.results)
        .filter(|(_, graded)| graded.flags.iter().any(|flag| flag.id == "same-screenshot"))
        .map(|(case, _)| case.number)
        .collect();
    assert_eq!(pictures, [21, 21], "one picture, handed in by two");
    for case in &cases {
        let feedback = fs::read_to_string(folder.path().join(format!("one/feedback/{}.txt", case.student.id))).unwrap();
        assert!(!feedback.chars().any(|character| is_harmful(character) && character != '\n'), "{}: {feedback:?}", case.name);
    }
    contract(&serde_json::from_str(&text).unwrap());
}

/// A grade without what comparing says: the captures of all cases come from one clock and one count of packets.
fn alone(graded: &Graded) -> Graded {
    let mut alone = graded.clone();
    alone.flags.retain(|flag| !["same-capture", "same-screenshot"].contains(&flag.id.as_str()));
    if alone.flags.len() < graded.flags.len() && !alone.flags.iter().any(|flag| flag.id == "unclear-owner") {
        alone.summarise();
    }
    alone
}

/// A student who asks before handing in is told what the grader will say; what names of archives say, only that one knows.
#[test]
fn check_says_what_the_grader_says() {
    const OF_INTAKE: [usize; 8] = [7, 9, 10, 11, 15, 16, 19, 20];
    for case in specified().iter().filter(|case| !OF_INTAKE.contains(&case.number)) {
        let folder = tempfile::tempdir().unwrap();
        let mut arguments = ["check", "--rubric", "udp-echo", "--dept", DEPARTMENT].map(str::to_owned).to_vec();
        arguments.extend(["--id".to_owned(), case.student.id.clone(), "--name".to_owned(), case.student.name.clone()]);
        for (path, octets) in &case.hand_in.files {
            let file = written(folder.path(), path, octets);
            let option = [(".log", "--log"), (".png", "--screenshot")].into_iter().find(|(ending, _)| path.ends_with(ending));
            arguments.extend(option.map(|(_, option)| option.to_owned()));
            arguments.push(file);
        }
        let says = |language: &str| {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(["--lang", language]).collect();
            run(&arguments)
        };
        let ((code, ko, complaints), (_, en, _)) = (says("ko"), says("en"));
        let lost = case.checks.values().any(|(status, _)| matches!(status, Status::Partial | Status::Fail | Status::Blocked));
        let expected = if case.score.is_none() { 3 } else { i32::from(lost) };
        assert_eq!(code, expected, "{} {}: {ko}{complaints}", case.number, case.name);
        for (in_korean, in_english) in &case.says {
            assert!(ko.contains(in_korean), "{} {}: {in_korean} in {ko}", case.number, case.name);
            assert!(en.contains(in_english), "{} {}: {in_english} in {en}", case.number, case.name);
        }
    }
}

/// The keys that others build on.
fn contract(results: &Value) {
    const CHECKED: [&str; 11] =
        ["id", "status", "points", "max", "expected", "found", "frames", "filter", "near", "blocked_by", "message"];
    assert_eq!(results["schema"], 1);
    for graded in results["results"].as_array().unwrap() {
        for key in ["student", "file", "capture", "gradable", "status", "score", "max", "pending", "checks", "flags", "overrides"]
        {
            assert!(graded.get(key).is_some(), "{key}: {graded}");
        }
        assert_eq!(graded["max"], "100");
        for checked in graded["checks"].as_array().unwrap() {
            assert!(CHECKED.iter().all(|key| checked.get(key).is_some()), "{checked}");
            assert!(
                !checked["message"]["ko"].as_str().unwrap().is_empty() && !checked["message"]["en"].as_str().unwrap().is_empty()
            );
            let judged = !matches!(checked["status"].as_str(), Some("blocked" | "ungradable" | "error"));
            assert_eq!(judged, checked["expected"].is_object() && checked["found"].is_object(), "{checked}");
            assert_eq!(checked["filter"].is_null(), checked["frames"].as_array().unwrap().is_empty(), "{checked}");
            let lost = judged && checked["status"] != "pass";
            assert!(!lost || !checked["near"].as_array().unwrap().is_empty(), "nothing came near: {checked}");
        }
    }
}

/// Case 51: what is wrong with a roster stops everything before anybody is graded; what can be repaired is told.
#[test]
fn rosters_are_looked_at_first() {
    let cases = specified();
    let folder = tempfile::tempdir().unwrap();
    let files = cases[..2].iter().flat_map(|case| &case.hand_in.files).map(|(path, octets)| (path.as_str(), octets.as_slice()));
    let zip = written(folder.path(), "class.zip", zipped(files));
    let out = folder.path().join("out").to_str().unwrap().to_owned();
    let grade = |roster: &str| run(&["grade", &zip, "--rubric", "udp-echo", "--roster", roster, "--out", &out]);
    let plain = roster(&cases[..2]);
    let twice = format!("{plain}{},다른이름,\n", cases[0].student.id);
    let (code, _, complaints) = grade(&written(folder.path(), "twice.csv", twice));
    assert!(code == 4 && complaints.contains("line 4") && complaints.contains(&cases[0].student.id), "{complaints}");
    assert!(!Path::new(&out).exists());
    let excel = format!("{plain}1234567,최서진,\n12345678,{},\n", cases[0].student.name);
    let (code, _, complaints) = grade(&written(folder.path(), "excel.csv", excel));
    assert_eq!(code, 0, "{complaints}");
    for told in ["명단 4행: ", "roster line 4: id 1234567 was read as 01234567", "명단 5행: ", "roster line 5: the name "] {
        assert!(complaints.contains(told), "{told}: {complaints}");
    }
    for (name, octets) in [("bom.csv", ["\u{feff}", &plain].concat().into_bytes()), ("cp949.csv", cp949(&plain))] {
        let (code, _, complaints) = grade(&written(folder.path(), name, octets));
        assert_eq!(code, 0, "{name}: {complaints}");
        let text = fs::read_to_string(folder.path().join("out/results.json")).unwrap();
        assert!(text.contains(&cases[1].student.name), "{name}");
    }
}

/// Case 52: a fault of the program, here while it opens one student's capture, is that student's alone.
#[test]
fn a_panic_is_no_score_and_stops_nobody() {
    let cases = fair();
    let given = Given::of(&cases[..3]);
    let victim = format!("{}.pcapng", cases[1].student.id);
    let outcomes = given.graded(|file| match file.path == victim {
        true => panic!("a fault of the program"),
        false => given.open(file),
    });
    let graded: Vec<_> = outcomes.iter().map(|outcome| (outcome.graded.status, outcome.graded.score.is_some())).collect();
    assert_eq!(graded, [(Status::Pass, true), (Status::Error, false), (Status::Pass, true)]);
    let failed = &outcomes[1].graded;
    assert!(
        !failed.gradable
            && failed.checks[0].status == Status::Error
            && failed.checks.iter().all(|checked| checked.points.is_none())
    );
    let (ko, en) = (&failed.notes[0].ko, &failed.notes[0].en);
    assert!(ko.starts_with("내부 오류: 점수 없음") && en.starts_with("Internal error: no score"), "{ko} {en}");
    for told in [env!("CARGO_PKG_VERSION"), victim.as_str(), "sockscope check", "--rubric udp-echo"] {
        assert!(ko.contains(told) && en.contains(told), "{told}: {ko} {en}");
    }
}
