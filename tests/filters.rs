//! Display filters, held against tshark: for every filter of a list the frames selected are the same.
//!
//! Over the project's own captures always; over the corpus of others with `FILTERS_CORPUS=1`, for that takes longer. What
//! differs has to stand in [`KNOWN`], with the reason.

#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

mod support;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use sockscope::capture::{self, Description, Next};
use sockscope::decode;
use sockscope::judge::filter::{self, Clock, Filter, Needs, PacketRow};
use sockscope::track::{Limits, Tracker};

const LIST: &str = include_str!("filters/list.txt");

/// The frames that each filter selects.
type Selected = Vec<Vec<u64>>;

#[test]
fn fixtures_are_selected_as_by_tshark() {
    hold_against_tshark(&support::fixtures());
}

#[test]
fn the_corpus_is_selected_as_by_tshark() {
    if std::env::var_os("FILTERS_CORPUS").is_none() {
        return support::skip("FILTERS_CORPUS is not set, and with it the captures that others made");
    }
    let Some(folder) = support::corpus() else { return };
    hold_against_tshark(&support::files_below(&folder.join("files"), &[""]));
}

fn hold_against_tshark(files: &[PathBuf]) {
    if Command::new("tshark").arg("--version").output().is_err() {
        return support::skip("tshark is missing, and with it the frames to compare with");
    }
    let texts: Vec<&str> = LIST.lines().collect();
    assert!(texts.len() >= 150);
    let filters: Vec<Filter> = texts.iter().map(|text| Filter::compile(text).unwrap_or_else(|fault| panic!("{fault}"))).collect();
    let (mut compared, mut selecting, mut differences) = (0_u64, vec![0_u64; texts.len()], BTreeMap::<&str, Vec<String>>::new());
    for file in files {
        let Some(theirs) = tshark(file, texts.len()) else { continue };
        let ours = sockscope(file, &filters);
        for (index, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            compared += 1;
            selecting[index] += u64::from(!theirs.is_empty());
            if ours != theirs {
                let (more, less) = (without(ours, theirs), without(theirs, ours));
                let line = format!("{}: too many {more:?}, missing {less:?}", file.display());
                differences.entry(texts[index]).or_default().push(line);
            }
        }
    }
    let idle = selecting.iter().filter(|count| **count == 0).count();
    let differing: usize = differences.values().map(Vec::len).sum();
    let summary = format!("{compared} selections compared, {differing} differ; {idle} filters select nothing anywhere\n");
    std::io::stderr().write_all(summary.as_bytes()).unwrap();
    if let Some(path) = std::env::var_os("FILTERS_REPORT") {
        let idle = texts.iter().zip(&selecting).filter(|(_, count)| **count == 0).map(|(text, _)| format!("idle: {text}\n"));
        let report: String =
            differences.iter().map(|(text, lines)| format!("{text}\n  {}\n", lines.join("\n  "))).chain(idle).collect();
        std::fs::write(path, report).unwrap();
    }
    assert!(compared > 1000);
    assert!(differences.is_empty(), "{differences:#?}");
}

fn without(these: &[u64], those: &[u64]) -> Vec<u64> {
    these.iter().filter(|number| !those.contains(number)).take(8).copied().collect()
}

/// What tshark selects, all filters in one run; `None` for a file that it does not read to its end.
fn tshark(file: &Path, count: usize) -> Option<Selected> {
    let script = format!("lua_script:{}", support::project("tests/filters/tap.lua").display());
    let mut tshark = Command::new("tshark");
    tshark.args(["-n", "-q", "-X", &script, "-r"]).arg(file);
    tshark.env("FILTERS", support::project("tests/filters/list.txt")).env("TZ", "UTC");
    let output = tshark.output().unwrap();
    if !output.status.success() {
        return None;
    }
    let mut selected = vec![None; count];
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        assert!(!line.starts_with('!'), "tshark takes no such filter: {line}");
        let Some((index, numbers)) = line.strip_prefix('=').and_then(|line| line.split_once(':')) else { continue };
        let numbers = numbers.split_whitespace().map(|number| number.parse().unwrap()).collect();
        selected[index.parse::<usize>().unwrap() - 1] = Some(numbers);
    }
    Some(selected.into_iter().map(Option::unwrap_or_default).collect())
}

fn sockscope(file: &Path, filters: &[Filter]) -> Selected {
    let mut selected = vec![Vec::new(); filters.len()];
    let (mut tracker, mut clock) = (Tracker::new(Limits::default()), Clock::new());
    let mut source = capture::open(file).unwrap();
    let description = description(file);
    while let Ok(Next::Frame(frame)) = source.next() {
        let packet = decode::packet(&frame);
        let update = tracker.push(&packet);
        let times = clock.see(&frame, Some(&update));
        let interface_name = filter::interface_name(&description, frame.interface);
        let row = PacketRow { frame: &frame, packet: &packet, update: Some(&update), interface_name, times };
        for (filter, selected) in filters.iter().zip(&mut selected) {
            assert!(filter.needs() < Needs::Rows);
            if filter.matches(&row) {
                selected.push(frame.number);
            }
        }
    }
    selected
}

fn description(file: &Path) -> Description {
    let mut source = capture::open(file).unwrap();
    while let Ok(Next::Frame(_) | Next::Idle(_)) = source.next() {}
    source.description().clone()
}
