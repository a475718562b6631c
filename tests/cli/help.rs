//! What the program says of itself: help with examples, completions, the manual.

use std::process::{Command, Stdio};

use crate::{is_there, run, support};

/// Commands that there must be.
const KNOWN: &str = "show info packet packets conversations connections sockets states ladder follow demux verify live demo log check grade explain-grade diff review \
     rubric intake cut fields export-grades completions man";

/// The commands that `--help` lists.
fn commands() -> Vec<String> {
    let help = run(&["--help"]).good();
    let list = help.split("\nCommands:\n").nth(1).unwrap_or_else(|| panic!("no list of commands: {help}"));
    let names = list.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
    let names: Vec<String> = names.filter(|name| *name != "help").map(String::from).collect();
    assert!(KNOWN.split(' ').all(|known| names.iter().any(|name| name == known)), "{help}");
    names
}

#[test]
fn every_command_has_a_help_with_an_example() {
    assert!(run(&["--help"]).good().contains("sockscope lab.pcapng"));
    for command in commands() {
        let help = run(&[&command, "--help"]).good();
        assert!(help.contains(&format!("Usage: sockscope {command}")), "{help}");
        let examples = help.split("Example").nth(1).unwrap_or_else(|| panic!("{command} has no example"));
        assert!(examples.contains(&format!("sockscope {command} ")), "{examples}");
        assert!(help.lines().all(|line| line.chars().count() <= 140), "{help}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(run(&["--version"]).good(), concat!("sockscope ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn completions_name_every_command_and_parse_in_their_shell() {
    for (shell, check) in [("bash", Some("-n")), ("zsh", Some("-n")), ("fish", Some("--no-execute")), ("powershell", None)] {
        let script = run(&["completions", shell]).good();
        for command in commands() {
            assert!(script.contains(&command), "{shell} does not complete {command}");
        }
        if let Some(option) = check.filter(|_| is_there(shell)) {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("sockscope");
            std::fs::write(&file, script).unwrap();
            let output = Command::new(shell).arg(option).arg(file).output().unwrap();
            assert!(output.status.success() && output.stderr.is_empty(), "{shell}: {output:?}");
        }
    }
}

#[test]
fn the_manual_renders() {
    let page = run(&["man"]).good();
    assert!(page.contains(".TH sockscope 1"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    run(&["man", "--dir", folder.path().to_str().unwrap()]).good();
    let pages = support::files_below(folder.path(), &[".1"]);
    for command in commands() {
        assert!(pages.iter().any(|page| page.ends_with(format!("sockscope-{command}.1"))), "{command}: {pages:?}");
    }
    if !is_there("man") || !is_there("nroff") {
        return;
    }
    for page in pages {
        let mut man = Command::new("man");
        let output = man.args(["--warnings", "-l"]).arg(&page).env("MANWIDTH", "80").stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.stderr.is_empty() && text.contains("SYNOPSIS"), "{}: {output:?}", page.display());
    }
}
