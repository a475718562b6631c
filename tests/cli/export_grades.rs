//! `export-grades`: from the results of a run to what a learning platform takes.

use std::fs;
use std::path::Path;

use rstest::rstest;
use serde_json::{Value, json};

use crate::{argument, run};

fn graded(id: &str, name: &str, score: Value, status: &str, pending: &str) -> Value {
    let check = json!({"id": "echo", "status": "partial", "points": "12.5", "max": 20, "expected": null, "found": null, "frames": [3],
        "filter": "udp.stream eq 1", "near": [], "blocked_by": null, "message": {"ko": "=답 없음", "en": "=no reply"}});
    json!({"student": {"id": id, "name": name, "matched_by": "id"}, "file": format!("{id}.pcapng"), "capture": null,
        "gradable": true, "status": status, "score": score, "max": 100, "pending": pending, "checks": [check], "flags": [], "overrides": []})
}

/// A run of two students, one of whom waits for a review.
fn class() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let results = json!({"schema": 1, "tool": "sockscope", "rubric": {"id": "udp-echo", "sha256": ""}, "results": [
        graded("20231234", "홍길동", json!("92.5"), "partial", "0"), graded("20231301", "김민수", json!("80"), "review", "10")]});
    fs::write(folder.path().join("results.json"), results.to_string()).unwrap();
    let run = argument(folder.path()).to_owned();
    (folder, run)
}

fn template(folder: &Path, text: &str) -> String {
    let path = folder.join("template.csv");
    fs::write(&path, text).unwrap();
    argument(&path).to_owned()
}

#[test]
fn a_worksheet_is_filled_in() {
    let (folder, class) = class();
    let text = "식별자,성명,성적,최고 성적,피드백\r\n참가자 1,홍길동,,100.00,\r\n참가자 2,김민수,,100.00,\r\n";
    let template = template(folder.path(), text);
    let run = run(&["export-grades", &class, "--lms", "moodle", "--template", &template, "--lang", "ko"]);
    let expected = "참가자 1,홍길동,92.50,100.00,\"점수 92.5/100\necho 12.5/20: =답 없음 [udp.stream eq 1]\"\r\n참가자 2,김민수,,100.00,\r\n";
    assert_eq!((run.code, run.stdout.split_once("\r\n").unwrap().1), (0, expected));
    assert_eq!(run.stderr, "sockscope: 20231301 김민수: no grade: waits for a review\nsockscope: 1 of 2 students have a grade\n");
}

#[rstest]
#[case("nbgrader", "assignment,duedate,timestamp,student_id,")]
#[case("csv", "student_id,name,department,status,score,")]
fn tables_have_a_mark_on_request(#[case] lms: &str, #[case] heading: &str) {
    let (_folder, class) = class();
    let table = run(&["export-grades", &class, "--lms", lms]);
    assert!(table.stdout.starts_with(heading) && table.stderr.contains("20231301 김민수: no grade"), "{table:?}");
    assert_eq!(run(&["export-grades", &class, "--lms", lms, "--bom"]).stdout, format!("\u{feff}{}", table.stdout));
}

#[rstest]
#[case("gradescope")]
#[case("prairielearn")]
fn documents_go_into_a_folder_each(#[case] lms: &str) {
    let (folder, class) = class();
    let out = folder.path().join("out");
    let run = run(&["export-grades", &class, "--lms", lms, "-o", argument(&out)]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""));
    let document: Value = serde_json::from_slice(&fs::read(out.join("20231234/results.json")).unwrap()).unwrap();
    assert_eq!(document["score"], if lms == "gradescope" { json!(92.5) } else { json!(0.925) });
    assert!(!out.join("20231301").exists());
}

#[test]
fn what_is_wrong_has_a_place_and_a_code() {
    let (folder, class) = class();
    assert!(run(&["export-grades", &class, "--lms", "moodle"]).complaint(2).contains("--template: expected the table"));
    assert!(run(&["export-grades", &class, "--lms", "gradescope"]).complaint(2).contains("-o: expected a directory"));
    assert!(run(&["export-grades", "nowhere", "--lms", "csv"]).complaint(3).contains("nowhere: cannot read"));
    let template = template(folder.path(), "a,b\n");
    let moodle = run(&["export-grades", &class, "--lms", "moodle", "--template", &template]);
    assert!(moodle.complaint(4).contains("template.csv: line 1, column 1: expected a column Grade (성적)"), "{moodle:?}");
    let results = folder.path().join("results.json");
    fs::write(&results, "{\"schema\": 1,\n \"tool\": 3}").unwrap();
    assert!(
        run(&["export-grades", &class, "--lms", "csv"])
            .complaint(4)
            .contains("results.json: line 2, column 10: expected the results of a run: ")
    );
    fs::write(&results, "{\"schema\": 7, \"tool\": \"\", \"rubric\": {\"id\": \"\", \"sha256\": \"\"}, \"results\": []}")
        .unwrap();
    assert!(run(&["export-grades", &class, "--lms", "csv"]).complaint(4).contains("expected schema 1, found 7"));
    let hostile = json!({"schema": 1, "tool": "", "rubric": {"id": "", "sha256": ""}, "results": [graded("../up", "x", json!("1"), "pass", "0")]});
    fs::write(&results, hostile.to_string()).unwrap();
    let out = folder.path().join("out");
    assert!(
        run(&["export-grades", &class, "--lms", "gradescope", "-o", argument(&out)]).complaint(4).contains("to name a folder")
    );
}
