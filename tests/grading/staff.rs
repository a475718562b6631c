//! What staff is told of whose work a capture is, through the real program: rows 18, 42, 43, 45, 46 and 47.

use std::collections::BTreeMap;
use std::fs;

use sockscope::judge::Status;
use sockscope::judge::results::Results;
use sockscope::judge::rubric::shipped;

use crate::class::{run, written};
use crate::file::{File, Host};
use crate::handin::{DEPARTMENT, HandIn, Student, zipped};
use crate::talk::Talk;
use crate::wire::Checksum;

/// Somebody's lab: ports, identifications and pauses of one's own.
fn lab(student: &Student, number: u16, says: &Student) -> Talk {
    let pause = i64::from(number) * 137 + 11;
    let (one, two) = (format!("{}", 40_000 + number * 613), format!("{}", 50_011 + number * 419));
    let talk = Talk { id: number.wrapping_mul(7_919).wrapping_add(3), now: pause * 31, ..Talk::default() };
    let first = talk.echo(&one, "5000", says.says("client1")).wait(pause);
    let first = Talk { id: first.id.wrapping_add(number * 57 + 2), now: first.now + pause, ..first };
    let second = first.echo(&two, "5000", says.says(&format!("client2 of {}", student.id)));
    Talk { now: second.now + 1, ..second }
}

/// Packets as a program makes them that knows no network: one identification, one interval, whole checksums.
fn made_up(student: &Student) -> Talk {
    let mut talk = Talk { checksum: Checksum::Whole, ..Talk::default() };
    for client in ["41733", "47915"] {
        for (from, to) in [(client, "5000"), ("5000", client)] {
            talk = Talk { id: 1, ..talk }.udp(from, to, student.says("client"));
        }
    }
    let packets = talk.packets.into_iter().zip(0..).map(|(packet, place)| crate::talk::Packet { at: place * 100_000, ..packet });
    Talk { packets: packets.collect(), ..Talk::default() }
}

#[test]
fn flags_are_raised_for_staff_and_for_nobody_else() {
    let students: Vec<Student> = (0..8).map(|number| Student::new(number + 60, number)).collect();
    let own = |number: usize| File::new(Host::Linux, lab(&students[number], number as u16, &students[number]));
    let teacher = Student::new(99, 9);
    let sample = File::new(Host::Windows, lab(&teacher, 8, &teacher)).pcapng();
    let captures = [
        own(0).pcapng(),
        own(1).pcapng(),
        File { signed: false, ..own(0) }.pcapng(),
        File::new(Host::Linux, lab(&students[3], 3, &students[1])).pcapng(),
        File { signed: false, dropped: None, ..File::new(Host::Linux, made_up(&students[4])) }.pcapng(),
        File { began: own(5).began - 31_536_000, ..own(5) }.pcapng(),
        sample.clone(),
        File { began: 3_600, ..own(7) }.pcapng(),
    ];
    let expected: [&[&str]; 8] = [
        &["same-capture"],
        &[],
        &["other-identity", "same-capture"],
        &["other-identity"],
        &["fabricated"],
        &["outside-window"],
        &["same-capture"],
        &["clock-wrong"],
    ];
    let hand_ins: Vec<HandIn> =
        students.iter().zip(captures).map(|(student, capture)| HandIn::captured(student, capture)).collect();
    let folder = tempfile::tempdir().unwrap();
    let files = hand_ins.iter().flat_map(|hand_in| &hand_in.files).map(|(path, octets)| (path.as_str(), octets.as_slice()));
    let zip = written(folder.path(), "class.zip", zipped(files));
    let row = |student: &Student| format!("{},{},{DEPARTMENT}\n", student.id, student.name);
    let roster: String = ["학번,이름,학과\n".to_owned()].into_iter().chain(students.iter().map(row)).collect();
    let roster = written(folder.path(), "roster.csv", roster);
    let window = "[submission]\nwindow = { from = \"2026-11-09T00:00+09:00\", to = \"2026-11-23T23:59+09:00\" }";
    let rubric = written(folder.path(), "rubric.toml", shipped("udp-echo").unwrap().replace("[submission]", window));
    let (template, out) = (written(folder.path(), "sample.pcapng", sample), folder.path().join("out"));
    let words =
        ["grade", &zip, "--rubric", &rubric, "--roster", &roster, "--template", &template, "--out", out.to_str().unwrap()];
    let (code, _, complaints) = run(&words);
    assert_eq!((code, complaints.as_str()), (0, ""));
    let results: Results = serde_json::from_str(&fs::read_to_string(out.join("results.json")).unwrap()).unwrap();
    for ((graded, expected), student) in results.results.iter().zip(expected).zip(&students) {
        let mut flags: Vec<&str> = graded.flags.iter().map(|flag| flag.id.as_str()).collect();
        flags.sort_unstable();
        flags.dedup();
        assert_eq!(flags, expected, "{}: {:#?}", student.id, graded.flags);
        assert!(graded.score.is_some(), "no flag takes points");
        let feedback = fs::read_to_string(out.join(format!("feedback/{}.txt", student.id))).unwrap();
        // Of what the student's own capture says, the page may speak.
        if !expected.contains(&"other-identity") {
            assert!(!students.iter().any(|other| other.id != student.id && feedback.contains(&other.id)), "{feedback}");
        }
    }
    let status = |place: usize| results.results[place].status;
    assert_eq!([status(0), status(2), status(3), status(4), status(6)], [Status::Review; 5]);
    let with: BTreeMap<usize, &Vec<String>> =
        [0, 2].into_iter().map(|place| (place, &results.results[place].flags[0].with)).collect();
    assert_eq!((with[&0].as_slice(), with[&2].as_slice()), (&[students[2].id.clone()][..], &[students[0].id.clone()][..]));
    let feedback = fs::read_to_string(out.join(format!("feedback/{}.txt", students[6].id))).unwrap();
    assert!(feedback.contains("예시 파일을 그대로 제출함"), "{feedback}");
}
