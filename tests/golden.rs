//! What the program prints for each lab capture, held against the file that a person has read and accepted.
//!
//! `expected/` beside a capture holds what commands print about it. The name of a file says which command:
//! `show.txt` is `show FILE`, `connections.json` is `connections FILE --json`, `sockets-all.csv` is
//! `sockets FILE --all --csv`, `packet-7.txt` is `packet FILE 7`, `states-tcp0.txt` is `states FILE tcp:0`. `stderr.txt` is
//! what every one of them says on standard error about a capture that cannot be read to its end. To watch one more view,
//! make an empty file of that name and accept what is printed.

#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

mod support;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[test]
fn every_view_prints_what_was_accepted() {
    let (mut commands, mut differences) = (BTreeSet::new(), Vec::new());
    // What the zoo shows is accepted beside its exhibits.
    let of_the_zoo = |capture: &PathBuf| capture.starts_with(support::project("fixtures/zoo"));
    for capture in support::fixtures().into_iter().filter(|capture| !of_the_zoo(capture)) {
        let folder = capture.parent().unwrap().join("expected");
        assert!(folder.join("show.txt").exists(), "{}/show.txt is missing: make an empty one", folder.display());
        let stderr = std::fs::read_to_string(folder.join("stderr.txt")).unwrap_or_default();
        for expected in views(&folder) {
            commands.insert(words(&expected)[0].clone());
            let output = run(&capture, &expected);
            hold_stderr(&output, &stderr, &expected);
            differences.extend(hold(&expected, &String::from_utf8(output.stdout).unwrap()));
        }
    }
    let count = differences.len();
    assert!(differences.is_empty(), "{}\nviews that differ: {count}; if they are right: {ACCEPT}", differences.join("\n"));
    let all = ["connections", "conversations", "follow", "info", "ladder", "packet", "packets", "show", "sockets", "states"];
    assert_eq!(commands, all.map(String::from).into(), "a command without an accepted output");
}

/// Exhibits whose ladder tells a story of its own.
#[test]
fn exhibits_are_drawn_as_was_accepted() {
    let mut differences = Vec::new();
    for exhibit in ["close-half", "open-simultaneous", "reset-by-responder", "retransmission", "udp-refused"] {
        let folder = support::project("fixtures/zoo").join(exhibit);
        let view = views(&folder).into_iter().find(|view| words(view)[0] == "ladder");
        let view = view.unwrap_or_else(|| panic!("{exhibit}: make an empty ladder-tcp0.txt or ladder-udp0.txt"));
        let output = run(&folder.join("capture.pcapng"), &view);
        hold_stderr(&output, "", &view);
        differences.extend(hold(&view, &String::from_utf8(output.stdout).unwrap()));
    }
    assert!(differences.is_empty(), "{}\nif they are right: {ACCEPT}", differences.join("\n"));
}

/// What a person sees of the program first is true.
#[test]
fn the_readme_shows_what_is_printed() {
    const PROMPT: &str = "$ sockscope ";
    let path = support::project("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let mut parts = readme.split(PROMPT);
    let mut true_one = parts.next().unwrap().to_owned();
    for part in parts {
        let (line, rest) = part.split_once('\n').unwrap();
        let (_, after) = rest.split_once("```").unwrap();
        let printed = String::from_utf8(program(line.split(' ')).stdout).unwrap();
        true_one += &format!("{PROMPT}{line}\n{printed}```{after}");
    }
    if is_to_accept() {
        std::fs::write(path, true_one).unwrap();
    } else {
        assert_eq!(readme, true_one, "if the new output is right: {ACCEPT}");
    }
}

const ACCEPT: &str = "UPDATE_EXPECTED=1 cargo test --test golden";

/// What is printed now is to become what is expected.
fn is_to_accept() -> bool {
    std::env::var_os("UPDATE_EXPECTED").is_some()
}

/// The accepted outputs in a folder.
fn views(folder: &Path) -> Vec<PathBuf> {
    let mut views = support::files_below(folder, &[".txt", ".json", ".csv"]);
    views.retain(|path| !path.ends_with("stderr.txt"));
    views
}

/// The command that a file's name stands for, without the capture: `sockets-all.csv` is `sockets --all --csv`.
fn words(view: &Path) -> Vec<String> {
    let (stem, form) = (view.file_stem().unwrap().to_str().unwrap(), view.extension().unwrap());
    let mut words: Vec<String> = stem.split('-').map(String::from).collect();
    for word in words.iter_mut().skip(1) {
        match word.split_at_checked(3) {
            Some(("tcp" | "udp", _)) => word.insert(3, ':'),
            _ if word.parse::<u64>().is_ok() => {}
            _ => word.insert_str(0, "--"),
        }
    }
    if form != "txt" {
        words.push(format!("--{}", form.display()));
    }
    words
}

fn run(capture: &Path, view: &Path) -> Output {
    let mut words = words(view);
    words.insert(1, capture.strip_prefix(support::project("")).unwrap().to_str().unwrap().to_owned());
    program(words)
}

/// What the program prints, in the project's folder.
fn program(words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_sockscope"));
    program.args(words).current_dir(support::project("")).env("TZ", "UTC").env("NO_COLOR", "1").output().unwrap()
}

fn hold_stderr(output: &Output, expected: &str, view: &Path) {
    assert_eq!(String::from_utf8_lossy(&output.stderr), expected, "standard error beside {}", view.display());
    let code = if expected.is_empty() { 0 } else { 3 };
    assert_eq!(output.status.code(), Some(code), "exit code beside {}", view.display());
}

/// What differs, as text for a person; nothing if the new output is accepted.
fn hold(expected: &Path, found: &str) -> Option<String> {
    let accepted = std::fs::read_to_string(expected).unwrap();
    if accepted == found {
        return None;
    }
    if is_to_accept() {
        std::fs::write(expected, found).unwrap();
        return None;
    }
    let name = expected.strip_prefix(support::project("")).unwrap().display();
    Some(format!("--- {name}\n+++ printed now\n{}", difference(&accepted, found)))
}

/// Lines before and behind a change that are shown with it.
const CONTEXT: usize = 3;

/// The lines that were lost (`-`) and came (`+`), each with some that stayed.
fn difference(old: &str, new: &str) -> String {
    let lines = aligned(&old.lines().collect::<Vec<_>>(), &new.lines().collect::<Vec<_>>());
    let is_change = |at: usize| lines.get(at).is_some_and(|(mark, _)| *mark != ' ');
    let is_near = |at: usize| (at.saturating_sub(CONTEXT)..=at + CONTEXT).any(is_change);
    let mut text = String::new();
    for (at, (mark, line)) in lines.iter().enumerate() {
        if is_near(at) {
            let gap = if at == 0 || is_near(at - 1) { "" } else { "@@\n" };
            text += &format!("{gap}{mark}{line}\n");
        }
    }
    if text.is_empty() { "(only the ends of lines differ)\n".to_owned() } else { text }
}

/// Both texts as one list along their longest common subsequence.
fn aligned<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for (i, a) in old.iter().enumerate().rev() {
        for (j, b) in new.iter().enumerate().rev() {
            common[i][j] = if a == b { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(('-', old[i]));
            i += 1;
        } else {
            lines.push(('+', new[j]));
            j += 1;
        }
    }
    lines
}

#[test]
fn a_difference_is_shown_with_its_neighbours() {
    let old: Vec<String> = (0..20).map(|line| line.to_string()).collect();
    let mut new = old.clone();
    new[10] = "ten".into();
    assert_eq!(difference(&old.join("\n"), &new.join("\n")), "@@\n 7\n 8\n 9\n-10\n+ten\n 11\n 12\n 13\n");
}

#[test]
fn the_name_of_a_view_is_its_command() {
    assert_eq!(words(Path::new("packet-7.json")), ["packet", "7", "--json"]);
    assert_eq!(words(Path::new("sockets-all.txt")), ["sockets", "--all"]);
    assert_eq!(words(Path::new("states-tcp0.txt")), ["states", "tcp:0"]);
}
