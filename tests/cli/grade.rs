//! `check`, `grade` and what is done with a run afterwards: from a folder of submissions to reviewed results.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rstest::rstest;
use serde_json::Value;

use crate::{TCP, UDP, argument, octets, run};

const ROSTER: &str = "student_id,name,department\n20231234,홍길동,컴퓨터공학과\n20231235,김철수,소프트웨어학과\n\
    20231236,이영희,정보통신공학과\n20231237,박민수,컴퓨터공학과\n";

const REFUSED: &str = "fixtures/refused/udp/capture.pcapng";

/// A class of four: a good submission with its log, one whose server was not running, an empty file, nothing.
struct Class {
    folder: tempfile::TempDir,
}

impl Class {
    fn new() -> Self {
        let class = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(class.path("subs")).unwrap();
        fs::write(class.path("roster.csv"), ROSTER).unwrap();
        fs::write(class.path("subs/20231234.pcapng"), octets(UDP)).unwrap();
        fs::write(class.path("subs/20231234.log"), octets("fixtures/udp-echo/two-clients/server.log")).unwrap();
        fs::write(class.path("subs/20231235.pcapng"), octets(REFUSED)).unwrap();
        fs::write(class.path("subs/20231236.pcapng"), b"").unwrap();
        class
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn grade(&self, out: &str, more: &[&str]) -> crate::Run {
        let (subs, roster, out) = (self.path("subs"), self.path("roster.csv"), self.path(out));
        let words = ["grade", argument(&subs), "--roster", argument(&roster), "--rubric", "udp-echo", "--out", argument(&out)];
        run(&[&words, more].concat())
    }

    fn results(&self, run: &str) -> Value {
        serde_json::from_str(&self.text(&format!("{run}/results.json"))).unwrap()
    }
}

fn check_of<'v>(graded: &'v Value, id: &str) -> &'v Value {
    graded["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).unwrap()
}

#[test]
fn a_class_is_graded_whatever_is_in_it() {
    let class = Class::new();
    let summary = class.grade("run", &[]).good();
    assert!(summary.starts_with("graded 2 · mean "), "{summary}");
    assert!(summary.contains(" · not gradable 1 · missing 1 → "), "{summary}");
    let results = class.results("run");
    assert_eq!((&results["schema"], &results["rubric"]["id"]), (&1.into(), &"udp-echo".into()));
    let [good, refused, empty, missing] = results["results"].as_array().unwrap().as_slice() else { panic!("{results:#}") };
    assert_eq!((&good["status"], &good["score"], &good["max"]), (&"pass".into(), &"100".into(), &"100".into()));
    assert_eq!(check_of(good, "log")["status"], "pass");
    let echo = check_of(refused, "echo");
    assert_eq!((&echo["status"], &echo["points"]), (&"fail".into(), &"0".into()));
    assert!(echo["message"]["ko"].as_str().unwrap().starts_with("서버가 꺼져 있었음(프레임 2)"), "{echo}");
    assert_eq!(check_of(refused, "demux")["blocked_by"], "echo");
    assert_eq!((&empty["gradable"], &empty["score"]), (&false.into(), &Value::Null));
    assert_eq!(missing["flags"][0]["id"], "missing");
    for file in ["class.txt", "review.txt", "originality.txt", "feedback/20231234.txt", "feedback/20231237.txt"] {
        assert!(class.path("run").join(file).is_file(), "{file}");
    }
    let feedback = class.text("run/feedback/20231235.txt");
    assert!(feedback.contains("먼저 고칠 것: 서버가 꺼져 있었음") && feedback.contains("Fix first: The server was not running"));
}

#[test]
fn the_same_input_gives_the_same_octets() {
    let class = Class::new();
    class.grade("one", &["--jobs", "1"]).good();
    class.grade("two", &["--jobs", "4"]).good();
    for file in ["results.json", "class.txt", "review.txt", "originality.txt", "feedback/20231235.txt"] {
        assert_eq!(class.text(&format!("one/{file}")), class.text(&format!("two/{file}")), "{file}");
    }
}

/// Answers of a person at the terminal.
fn review(class: &Class, run: &str, answers: &str) -> String {
    use std::io::Write;
    let mut child = Command::new(env!("CARGO_BIN_EXE_sockscope"))
        .args(["review", argument(&class.path(run)), "--by", "kim", "--lang", "en"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn decisions_come_last_and_stay() {
    let class = Class::new();
    class.grade("run", &[]).good();
    class.grade("before", &[]).good();
    let first = review(&class, "run", "nonsense\n3\nq\n");
    assert!(first.contains("y, n, s, q, or points from 0 to") && first.contains("1 decided,"), "{first}");
    let left = first.lines().last().unwrap().to_owned();
    let changed = run(&["diff", argument(&class.path("before")), argument(&class.path("run"))]).good();
    assert!(changed.starts_with("1 student changed\n  20231235 "), "{changed}");
    let reviewed = class.text("run/results.json");
    class.grade("run", &[]).good();
    assert_eq!(class.text("run/results.json"), reviewed, "grading again keeps the decision");
    assert!(class.text("run/feedback/20231235.txt").contains("조교가 조정함"));
    let again = review(&class, "run", "q\n");
    assert!(left.ends_with(&format!("{} left", again.lines().next().unwrap().split(' ').next().unwrap())), "{left} {again}");
    assert_eq!(run(&["diff", argument(&class.path("run")), argument(&class.path("run"))]).good(), "0 students changed\n");
}

#[test]
fn a_grade_is_explained() {
    let class = Class::new();
    class.grade("run", &[]).good();
    let folder = class.path("run");
    let told = run(&["explain-grade", argument(&folder), "20231235", "echo", "--lang", "en"]).good();
    for part in
        ["The server was not running", "frame.number in {1, 2}", "again: sockscope check 20231235.pcapng --rubric udp-echo"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(run(&["explain-grade", argument(&folder), "1"]).complaint(2), "sockscope: no student 1 in this run\n".trim_end());
    run(&["explain-grade", argument(&folder), "20231235", "eco"]).complaint(2);
    run(&["explain-grade", argument(&class.path("subs")), "20231235"]).complaint(3);
}

#[rstest]
#[case::good(UDP, "udp-echo", 0)]
#[case::lost(REFUSED, "udp-echo", 1)]
#[case::tcp(TCP, "tcp-echo", 0)]
#[case::picture("README.md", "udp-echo", 3)]
fn a_student_sees_the_verdicts_of_the_grader(#[case] file: &str, #[case] rubric: &str, #[case] code: i32) {
    let run = run(&["check", file, "--rubric", rubric, "--json"]);
    assert_eq!(run.code, code, "{run:?}");
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["results"].as_array().unwrap().len(), 1);
    assert_eq!(document["results"][0]["gradable"], code < 3);
}

#[test]
fn korean_or_english() {
    let korean = run(&["check", UDP, "--rubric", "udp-echo", "--lang", "ko"]).stdout;
    let english = run(&["check", UDP, "--rubric", "udp-echo", "--lang", "en"]).stdout;
    assert!(
        korean.contains("합계 90/90 + 확인 대기 10") && english.contains("Sum 90/90 + waiting for staff 10"),
        "{korean}{english}"
    );
}

fn rubric_file(folder: &Path, change: impl Fn(String) -> String) -> String {
    let text = run(&["rubric", "new"]).good();
    let path = folder.join("mine.toml");
    fs::write(&path, change(text)).unwrap();
    argument(&path).to_owned()
}

#[rstest]
#[case::sum(|text: String| text.replace("total = 100", "total = 90"), "the points of the checks add up to 100, not to the total of 90")]
#[case::kind(|text: String| text.replace("\"udp.echo\"", "\"udp.ecko\""), ", column 8: expected one of file.readable,")]
#[case::filter(|text: String| text.replacen("udp.dstport ==", "udp.dstprt ==", 1), ", column 9: udp.dstprt: no such field. Did you mean udp.dstport?")]
#[case::language(|text: String| text.replace("fail.en", "note2"), "unknown field `note2`")]
#[case::need(|text: String| text.replacen("[\"readable\"]", "[\"echo\"]", 1), "expected the id of a check that stands before")]
fn a_rubric_that_is_wrong_has_a_place(#[case] change: impl Fn(String) -> String, #[case] says: &str) {
    let folder = tempfile::tempdir().unwrap();
    let rubric = rubric_file(folder.path(), change);
    let complaint = run(&["check", UDP, "--rubric", &rubric]);
    assert!(complaint.complaint(4).contains(says), "{complaint:?}");
}

#[test]
fn a_rubric_is_linted_tried_and_tested() {
    for name in ["udp-echo", "tcp-echo"] {
        assert!(run(&["rubric", "lint", name]).good().contains("checks, 100 points"));
    }
    let folder = tempfile::tempdir().unwrap();
    let generous = rubric_file(folder.path(), |text| text.replace("groups = { min = 2 }", "groups = { min = 0 }"));
    let found = run(&["rubric", "lint", &generous]);
    assert!(found.complaint(4).ends_with("nobody should be graded by this rubric"), "{found:?}");
    assert!(found.stdout.contains("error: two-clients: a capture without any packet passes this check"), "{found:?}");
    assert!(run(&["rubric", "try", "udp-echo", UDP]).good().contains("note for staff, two-clients: "));
    let tested = run(&["rubric", "test", "udp-echo", UDP]).good();
    assert!(tested.contains("90 points; spoiled in 20 ways") && tested.contains(" 0 score more"), "{tested}");
    let unfair = rubric_file(folder.path(), |text| {
        text.replace("groups = { min = 2 }", "groups = { max = 1 }").replace("score = { per_group = 10 }\n", "")
    });
    run(&["rubric", "test", &unfair, UDP]).complaint(1);
    assert!(run(&["rubric", "doc"]).good().contains("payload.identity (fields)"));
}

#[test]
fn parameters_are_set_and_known() {
    let other = run(&["check", UDP, "--rubric", "udp-echo", "--set", "server_port=6000", "--lang", "en"]);
    assert!(other.stdout.contains("The server ran on port 5000, not 6000"), "{other:?}");
    let unknown = run(&["check", UDP, "--rubric", "udp-echo", "--set", "port=6000"]);
    assert!(unknown.complaint(4).ends_with("--set port: the rubric has no such parameter; it has: clients, server_port"));
}

/// Numbers of another length, and numbers whose zeros a spreadsheet dropped: the submissions tell.
#[rstest]
#[case::ten("2023123456", "2023123456")]
#[case::seven("2312345", "2312345")]
#[case::lost_zeros("123456", "00123456")]
fn a_class_has_numbers_of_its_own(#[case] on_the_roster: &str, #[case] on_the_file: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("subs")).unwrap();
    fs::write(path("subs").join(format!("{on_the_file}.pcapng")), octets(UDP)).unwrap();
    fs::write(path("roster.csv"), format!("student_id,name,department\n{on_the_roster},홍길동,컴퓨터공학과\n")).unwrap();
    let (subs, roster, out) = (path("subs"), path("roster.csv"), path("run"));
    let words = ["grade", argument(&subs), "--roster", argument(&roster), "--rubric", "udp-echo", "--out", argument(&out)];
    let graded = run(&words);
    assert_eq!((graded.code, graded.stderr.is_empty()), (0, on_the_roster == on_the_file), "{graded:?}");
    let results: Value = serde_json::from_str(&fs::read_to_string(path("run/results.json")).unwrap()).unwrap();
    assert_eq!(results["results"][0]["student"]["id"], on_the_file);
    assert_eq!(check_of(&results["results"][0], "named")["status"], "pass");
}

/// Lateness goes by the platform's time in the rubric's zone; what is hidden from students hides the sum.
#[test]
fn lateness_costs_and_hidden_checks_stay_hidden() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let window = "[submission]\nwindow = { from = \"2026-11-09T00:00+09:00\", to = \"2026-11-19T23:59+09:00\" }";
    let late = format!("[late]\nper_day = 10\nmax_days = 3\n\n{window}");
    let hidden = "id = \"ephemeral\"\nvisibility = \"staff\"";
    let rubric = rubric_file(folder.path(), |text| text.replace("[submission]", &late).replace("id = \"ephemeral\"", hidden));
    fs::create_dir(path("subs")).unwrap();
    let name = "Lab_20231234_attempt_2026-11-21-10-00-00_20231234.pcapng";
    fs::write(path("subs").join(name), octets(UDP)).unwrap();
    fs::write(path("roster.csv"), ROSTER).unwrap();
    let (subs, roster, out) = (path("subs"), path("roster.csv"), path("run"));
    let words = ["grade", argument(&subs), "--roster", argument(&roster), "--rubric", &rubric, "--out", argument(&out)];
    run(&words).good();
    let results: Value = serde_json::from_str(&fs::read_to_string(path("run/results.json")).unwrap()).unwrap();
    let graded = &results["results"][0];
    assert_eq!((&graded["score"], &graded["late"], &graded["pending"]), (&"70".into(), &true.into(), &"10".into()));
    let feedback = fs::read_to_string(path("run/feedback/20231234.txt")).unwrap();
    assert!(feedback.contains("마감보다 2일 늦음, −20점") && feedback.contains("합계는 마감 뒤에 공개"), "{feedback}");
    assert!(!feedback.contains("임시 포트") && !feedback.contains("70/"), "{feedback}");
}
