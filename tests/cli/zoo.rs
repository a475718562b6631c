//! `zoo`: exhibits are listed, shown and written; scripts of one's own too, or what is wrong in them is told.

use crate::{run, run_with};

#[test]
fn the_list_names_every_exhibit_in_two_languages() {
    let list = run(&["zoo", "--list"]).good();
    assert_eq!(list.lines().count(), 3 * sockscope::zoo::exhibits().count());
    let expected = "close-three: Three segments close a connection\n    The second FIN carries the ACK of the first: ";
    assert!(list.contains(expected) && list.contains("세 세그먼트로 닫히고"), "{list}");
}

#[test]
fn an_exhibit_is_a_script_and_a_capture() {
    let script = run(&["zoo", "open"]).good();
    assert!(script.starts_with("title: Three segments open a connection\n"), "{script}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("open.pcapng");
    let file = file.to_str().unwrap();
    assert_eq!(run(&["zoo", "open", "-o", file]).good(), format!("7 frames written to {file}\n"));
    assert_eq!(std::fs::read(file).unwrap(), std::fs::read(crate::support::project("fixtures/zoo/open/capture.pcapng")).unwrap());
    let again = folder.path().join("again.pcapng");
    run_with(&["zoo", "--script", "-", "-o", again.to_str().unwrap()], script.as_bytes()).good();
    assert_eq!(std::fs::read(file).unwrap(), std::fs::read(again).unwrap());
}

#[test]
fn all_exhibits_are_written_into_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zoo");
    let exhibits = sockscope::zoo::exhibits().count();
    let told = run(&["zoo", "--all", path.to_str().unwrap()]).good();
    assert_eq!(told, format!("{exhibits} captures written to {}\n", path.display()));
    assert_eq!(path.read_dir().unwrap().count(), exhibits);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let wrong = run_with(&["zoo", "--script", "-", "-o", "-"], b"> S\n> Q");
    let expected =
        "sockscope: -: line 2, column 3: expected flags, letters of FSRPAUEC, or a word such as data, seq=, lost, not \"Q\"";
    assert_eq!(wrong.complaint(4), expected);
    assert_eq!(run(&["zoo", "opened"]).complaint(2), "sockscope: there is no exhibit opened; sockscope zoo --list names them");
    assert_eq!(run(&["zoo", "--script", "missing.txt", "-o", "-"]).code, 3);
    assert_eq!(run(&["zoo"]).code, 2);
}
