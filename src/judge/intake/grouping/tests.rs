//! Files as learning platforms lay them out, and whose they are.

use proptest::prelude::*;

use super::*;
use crate::judge::intake::{Columns, File, Repair};

const ROSTER: &str =
    "학번,이름,user,participant\n20231234,홍길동,hong,4711\n20231301,김민수,,\n20231302,김민수,,\n20231400,이영희,,\n";

fn roster() -> Roster {
    Roster::read(ROSTER.as_bytes(), &Columns::default(), Some(8)).unwrap()
}

fn found(path: &str, size: u64) -> Found {
    Found { path: path.to_owned(), size, ..Found::default() }
}

fn taken(paths: &[&str]) -> Intake {
    take_in(&paths.iter().map(|path| found(path, 100)).collect::<Vec<_>>(), &roster())
}

/// Each attempt of the first student: the capture, and how many files of any kind.
fn attempts(intake: &Intake) -> Vec<(Option<&str>, usize)> {
    let attempts = intake.submissions[0].attempts.iter();
    attempts.map(|attempt| (attempt.capture().map(|file| file.path.as_str()), attempt.files().count())).collect()
}

fn notes(intake: &Intake) -> Vec<&str> {
    intake.submissions[0].attempts[0].notes.iter().map(|note| note.ko.as_str()).collect()
}

#[test]
fn every_layout_gives_the_same_attempt() {
    let layouts: [&[&str]; 9] = [
        &["20231234.pcapng", "20231234.png", "20231234.log"],
        &["captures/20231234.pcapng", "pictures/20231234.png", "logs/20231234.log"],
        &["class/a/20231234/x.pcapng", "class/a/20231234/x.png", "class/a/20231234/deep/server.log"],
        &["20231234.zip/x.pcapng", "20231234.zip/x.png", "20231234.zip/server.log"],
        &["team/20231234.pcapng", "team/screen.png", "team/server.log"],
        &[
            "홍길동_4711_assignsubmission_file_/a.pcapng",
            "홍길동_4711_assignsubmission_file_/b.png",
            "홍길동_4711_assignsubmission_file_/c.log",
        ],
        &["홍길동_99_55012_a.pcapng", "홍길동_99_55013_b.png", "홍길동_99_55014_c.log"],
        &[
            "L_1_hong_attempt_2026-11-20-10-00-00_a.pcapng",
            "L_1_hong_attempt_2026-11-20-10-00-00_b.png",
            "L_1_hong_attempt_2026-11-20-10-00-00.txt",
        ],
        &["홍길동.pcapng", "홍길동_2.png", "server 홍길동.log"],
    ];
    for layout in layouts {
        let intake = taken(layout);
        assert_eq!(attempts(&intake), [(Some(layout[0]), 3)], "{layout:?}: {intake:#?}");
        assert!(intake.doubts.is_empty() && intake.unknown.is_empty(), "{intake:#?}");
        let attempt = &intake.submissions[0].attempts[0];
        assert_eq!((attempt.logs.len() + attempt.others.len(), attempt.screenshots.len()), (1, 1));
    }
}

#[test]
fn the_newest_complete_attempt_comes_first() {
    let blackboard = |hour: u8, name: &str| format!("Lab_hong_attempt_2026-11-20-{hour:02}-00-00_{name}");
    let files = [(9, "a.pcapng", 9), (11, "b.pcapng", 9), (12, "c.pcapng", 0), (10, "d.pcapng", 9), (13, "e.png", 9)];
    let files: Vec<Found> = files.iter().map(|(hour, name, size)| found(&blackboard(*hour, name), *size)).collect();
    let intake = take_in(&files, &roster());
    let order: Vec<i8> = intake.submissions[0].attempts.iter().map(|attempt| attempt.submitted.unwrap().hour()).collect();
    assert_eq!(order, [11, 10, 9, 13, 12]);
    assert_eq!(notes(&intake), ["최신 온전한 제출(2026-11-20 11:00:00) 사용, 이전 것 보관"]);
}

/// What lies beside one student's files is theirs only where nobody else's is.
#[test]
fn a_folder_of_many_makes_nobody_an_owner() {
    let alone = ["class/20231234.pcapng", "class/who.pcapng"];
    assert_eq!(attempts(&taken(&alone)), [(Some("class/20231234.pcapng"), 2)]);
    let intake = taken(&[&alone[..], &["class/20231400/x.pcapng"]].concat());
    assert_eq!(attempts(&intake), [(Some("class/20231234.pcapng"), 1)]);
    assert_eq!(intake.unknown[0].path, "class/who.pcapng");
}

/// Files of two attempts are never mixed; but a picture that was handed in once is of both.
#[test]
fn loose_copies_are_attempts() {
    let intake = taken(&["20231234.pcapng", "20231234 (1).pcapng", "20231234.png"]);
    assert_eq!(attempts(&intake), [(Some("20231234 (1).pcapng"), 2), (Some("20231234.pcapng"), 2)]);
    let intake = taken(&["1/20231234.pcapng", "1/20231234.png", "2/20231234.pcapng", "2/20231234.png", "2/20231234.log"]);
    assert_eq!(attempts(&intake), [(Some("1/20231234.pcapng"), 3), (Some("2/20231234.pcapng"), 3)]);
    assert!(intake.submissions[0].attempts[0].screenshots[0].path.starts_with("1/"));
    let intake = taken(&["20231234/x.pcapng", "20231234 (1)/x.pcapng", "20231234-2/x.pcapng"]);
    let order = ["20231234-2/x.pcapng", "20231234 (1)/x.pcapng", "20231234/x.pcapng"];
    assert_eq!(attempts(&intake), order.map(|path| (Some(path), 1)));
}

#[test]
fn several_captures_of_one_attempt_have_an_order() {
    let intake =
        taken(&["20231234/x.pcapng", "20231234/20231234.pcap", "20231234/20231234.pcapng", "20231234/20231234 (1).pcapng"]);
    let names: Vec<&str> = intake.submissions[0].attempts[0].captures.iter().map(File::written).collect();
    assert_eq!(names, ["20231234 (1).pcapng", "20231234.pcapng", "20231234.pcap", "x.pcapng"]);
    assert!(notes(&intake)[1].starts_with("캡처가 여러 개: 20231234 (1).pcapng 채점함."), "{intake:#?}");
}

#[test]
fn repairs_are_noted() {
    let cases = [
        ("20231234.pcapng.pcapng", "이름을 20231234.pcapng로 해석함: 20231234.pcapng.pcapng", Repair::Doubled),
        ("20231234.pcapng.txt", "이름을 20231234.pcapng로 해석함: 20231234.pcapng.txt", Repair::Appended),
        ("20231234 (1).pcapng", "이름을 20231234.pcapng로 해석함: 20231234 (1).pcapng", Repair::Copy),
        ("20231234_홍길동.pcapng", "학번 20231234로 인식: 20231234_홍길동.pcapng", Repair::Suffix),
    ];
    for (path, note, repair) in cases {
        let intake = taken(&[path]);
        assert_eq!((notes(&intake), &intake.submissions[0].attempts[0].repairs), (vec![note], &vec![repair]));
    }
    let nfd = Found { repair: Some(Repair::Nfd), ..found("홍길동.pcapng", 1) };
    assert_eq!(notes(&take_in(&[nfd], &roster())), ["이름 복원: 홍길동.pcapng"]);
}

#[test]
fn doubts_and_strangers_are_listed() {
    let intake = taken(&[
        "김민수.pcapng",
        "20231303/x.pcapng",
        "20231234_이영희.pcapng",
        "20231234.pcapng",
        "who.pcapng",
        "__MACOSX/._20231234.pcapng",
    ]);
    let doubts: Vec<(&str, &[usize])> =
        intake.doubts.iter().map(|doubt| (doubt.attempt.label.as_str(), doubt.rows.as_slice())).collect();
    let expected: [(&str, &[usize]); 3] =
        [("20231234_이영희.pcapng", &[0, 3]), ("20231303/x.pcapng", &[1, 2]), ("김민수.pcapng", &[1, 2])];
    let expected = expected.map(|(label, rows)| (label.strip_suffix("/x.pcapng").unwrap_or(label), rows));
    assert_eq!(doubts, expected);
    assert_eq!(intake.submissions[1].doubts, [1, 2]);
    assert_eq!(attempts(&intake), [(Some("20231234.pcapng"), 1)]);
    assert_eq!(intake.unknown.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["who.pcapng"]);
}

#[test]
fn dangers_stay_with_their_student() {
    let zip = Found { refusal: Some(Refusal::Password), ..found("20231234.zip", 9) };
    let many: Vec<Found> = (0..=MAX_ENTRIES).map(|number| found(&format!("20231400/{number}.txt"), 1)).collect();
    let intake = take_in(&[vec![zip, found("20231301.pcapng", MAX_TOTAL + 1)], many].concat(), &roster());
    let problems = intake.submissions.iter().map(|submission| {
        submission
            .attempts
            .iter()
            .flat_map(|attempt| &attempt.problems)
            .map(|problem| problem.refusal.clone())
            .collect::<Vec<_>>()
    });
    let expected = [vec![Refusal::Password], vec![Refusal::TooMuch], vec![], vec![Refusal::TooManyEntries]];
    assert_eq!(problems.collect::<Vec<_>>(), expected);
    assert!(intake.submissions.iter().all(|submission| submission.attempts.iter().all(|attempt| attempt.files().count() == 0)));
}

#[test]
fn the_order_of_the_list_does_not_matter() {
    let paths = ["20231234.pcapng", "a/20231234.pcapng", "20231234.png", "20231301/x.pcapng", "20231301/y.pcapng", "z.log"];
    let mut turned = paths;
    turned.reverse();
    let labels = |intake: Intake| {
        let attempts = intake.submissions.into_iter().flat_map(|submission| submission.attempts);
        attempts.map(|attempt| attempt.files().map(|file| file.path.clone()).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    assert_eq!(labels(taken(&paths)), labels(taken(&turned)));
}

proptest! {
    /// Whatever the names: no file is two students', and none gets lost.
    #[test]
    fn nothing_is_guessed_and_nothing_lost(
        paths in prop::collection::vec("((20231234|20231301|20231303|홍길동|김민수|이영희|a_99_5555_|_4711_assignsubmission_file_|L_hong_attempt_2026-11-20-10-00-00_|x|-1| \\(1\\)|_|/){1,4}(\\.pcapng|\\.png|\\.txt|\\.zip/y\\.pcapng)?)", 1..12)
    ) {
        let files: Vec<Found> = paths.iter().map(|path| found(path, 1)).collect();
        let intake = take_in(&files, &roster());
        for (index, file) in files.iter().enumerate() {
            let has = |attempt: &crate::judge::intake::Attempt| attempt.files().any(|file| file.index == index);
            let owners = intake.submissions.iter().filter(|submission| submission.attempts.iter().any(has)).count();
            let doubts = intake.doubts.iter().filter(|doubt| has(&doubt.attempt)).count();
            let unknown = intake.unknown.iter().any(|unknown| unknown.path == file.path);
            prop_assert_eq!(owners + doubts + usize::from(unknown && owners + doubts == 0), 1, "{} {:#?}", file.path, intake);
        }
        for doubt in &intake.doubts {
            prop_assert!(!doubt.rows.is_empty() && doubt.rows.is_sorted());
        }
    }
}
