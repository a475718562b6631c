//! Every filter of every check gives the frames that are listed with it: in tshark, and by our own reading.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use sockscope::judge::filter::Filter;
use sockscope::judge::record::{Plan, Record, sha256};

use crate::cases::{Case, fair, specified, tcp};
use crate::{Given, support};

/// A capture, and what its checks list: frames by filter.
struct Listed {
    name: String,
    capture: Vec<u8>,
    filters: BTreeMap<String, Vec<u64>>,
}

fn listed(cases: &[Case]) -> Vec<Listed> {
    let given = Given::of(cases);
    let mut captures = BTreeMap::new();
    let outcomes = given.graded(|file| {
        let octets = given.open(file)?;
        captures.insert(sha256(&octets), octets.clone());
        Ok(octets)
    });
    let of = |(case, outcome): (&Case, sockscope::judge::grade::Outcome)| {
        let capture = captures.get(&outcome.graded.capture.as_ref()?.sha256)?.clone();
        let filters = outcome.graded.checks.into_iter().filter_map(|checked| Some((checked.filter?, checked.frames)));
        Some(Listed { name: format!("{} {}", case.number, case.name), capture, filters: filters.collect() })
    };
    cases.iter().zip(outcomes).filter_map(of).collect()
}

fn all() -> Vec<Listed> {
    [specified(), fair(), tcp()].iter().flat_map(|cases| listed(cases)).collect()
}

#[test]
fn our_filters_give_the_frames_that_are_listed() {
    let mut looked_at = 0;
    for listed in all() {
        let compiled = listed.filters.keys().map(|text| (text.clone(), Filter::compile(text).unwrap()));
        let plan = Plan { port: 5000, filters: compiled.collect() };
        let record = Record::read("capture", listed.capture, &plan).unwrap();
        for (filter, frames) in &listed.filters {
            assert_eq!(record.frames_of(filter).as_ref(), Some(frames), "{}: {filter}", listed.name);
            looked_at += 1;
        }
    }
    assert!(looked_at > 300, "only {looked_at} filters were compared");
}

/// A run of tshark for each pair of filter and frames that differs.
#[test]
fn tshark_gives_the_frames_that_are_listed() {
    if Command::new("tshark").arg("--version").output().is_err() {
        return support::skip("tshark is missing, and with it the frames that filters give there");
    }
    let folder = tempfile::tempdir().unwrap();
    let mut seen = BTreeSet::new();
    for (place, listed) in all().into_iter().enumerate() {
        let path = folder.path().join(format!("{place}"));
        std::fs::write(&path, &listed.capture).unwrap();
        for (filter, frames) in listed.filters {
            if !seen.insert((filter.clone(), frames.clone())) {
                continue;
            }
            let mut tshark = Command::new("tshark");
            tshark.args(["-n", "-r", path.to_str().unwrap(), "-Y", &filter, "-T", "fields", "-e", "frame.number"]);
            // A file that is cut off is complained about, but read as far as it goes.
            let output = tshark.output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let theirs: Vec<u64> = text.lines().map(|line| line.parse().unwrap()).collect();
            assert_eq!(theirs, frames, "{}: {filter}: {}", listed.name, String::from_utf8_lossy(&output.stderr));
        }
    }
    assert!(seen.len() > 60, "only {} filters were compared", seen.len());
}
