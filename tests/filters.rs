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
use std::sync::Mutex;

use sockscope::capture::{self, Description, Next};
use sockscope::decode;
use sockscope::judge::filter::{self, Clock, Filter, Needs, PacketRow};
use sockscope::track::{Limits, Tracker};

/// Filters for every capture.
const LIST: &str = include_str!("filters/list.txt");

/// Filters about checksums and data, for captures without applications that tshark knows.
///
/// A checksum left to the network card is bad to tshark, and cannot be verified to us: it is not asked for. What a
/// segment brings again is no data to tshark: no such segment is asked for either.
const SUMMED: &str = include_str!("filters/summed.txt");

/// The frames that each filter selects.
type Selected = Vec<Vec<u64>>;

/// What differs, and why: the end of a file's path, the begin of a filter or of a field in it, the reason.
const KNOWN: &[(&str, &str, &str)] = &[
    ("6in4tunnel.pcap", "", TUNNEL),
    ("pcapplusplus/tcp-reassembly.pcap", "", TUNNEL),
    ("arkime_synthetic.pcap", "", TUNNEL),
    ("Teredo.pcap", "", TUNNEL),
    ("geneve.pcap", "", TUNNEL),
    ("zoo/open-filtered/capture.pcapng", "tcp.checksum.status", QUOTED),
    ("zoo/path-mtu/capture.pcapng", "tcp.checksum.status", QUOTED),
    ("zoo/udp-refused/capture.pcapng", "udp.checksum.status", QUOTED),
    ("", "tcp.analysis", EMPTY_ENTRY),
    ("", "tcp.analysis.initial_rtt", EMPTY_ENTRY),
    ("", "frame.interface_", "tshark counts the interfaces of each section of a file anew; here they count on"),
    ("pcapng-example.pcapng", "frame.time", "times past the year 2262 and before 1970, which tshark reads in 64 bits"),
    ("accecn_handshake.pcap", "tcp.flags.", "tshark reads three flags as one counter where accurate ECN was agreed on"),
    ("tcp-empty-sack__tcp-opt.pcap", "tcp.analysis", "tshark gives up at an empty SACK option"),
    ("fastopen-10-syn-data-ignore__input.pcap", "tcp.window_size", "a SYN that comes again without the option it had"),
    ("zeek/ipv6.pcap", "tcp.completeness", "tshark counts a FIN only where the SYN opened the conversation"),
    ("fragmented-1.pcap", "len(udp.payload)", "a datagram whose first fragment is cut"),
    ("ipv6-routing-header.pcap", "udp.time_relative", "conversations follow a routing header to its last address"),
    ("null_loopback.pcap", "null.family", "tshark guesses the byte order of the family from the whole field"),
];

const TUNNEL: &str = "tunnels and samples of other frames: what is inside is not read";

const QUOTED: &str = "tshark verifies the checksum of a quoted packet; here it cannot be verified, for its payload may be cut";

const EMPTY_ENTRY: &str = "tshark opens an entry for the segment in which nothing stands";

#[test]
fn fixtures_are_selected_as_by_tshark() {
    hold_against_tshark(&support::fixtures(), &[LIST, SUMMED].concat());
}

#[test]
fn the_corpus_is_selected_as_by_tshark() {
    if std::env::var_os("FILTERS_CORPUS").is_none() {
        return support::skip("FILTERS_CORPUS is not set, and with it the captures that others made");
    }
    let Some(folder) = support::corpus() else { return };
    hold_against_tshark(&support::files_below(&folder.join("files"), &[""]), LIST);
}

/// What is found out over all files.
#[derive(Default)]
struct Findings {
    compared: u64,
    known: u64,
    /// How many files each filter selects something in.
    selecting: BTreeMap<String, u64>,
    differences: Vec<String>,
}

impl Findings {
    fn compare(&mut self, file: &Path, text: &str, ours: &[u64], theirs: &[u64]) {
        self.compared += 1;
        *self.selecting.entry(text.to_owned()).or_default() += u64::from(!theirs.is_empty());
        if ours == theirs {
            return;
        }
        let name = file.to_string_lossy();
        if KNOWN.iter().any(|(end, filter, _)| name.ends_with(end) && text.starts_with(filter)) {
            self.known += 1;
            return;
        }
        let (more, less) = (without(ours, theirs), without(theirs, ours));
        self.differences.push(format!("{text}\n  {name}: too many {more:?}, missing {less:?}"));
    }

    /// Says aloud what was compared, and fails if anything differs that nobody knows of.
    fn verdict(&self) {
        let idle = self.selecting.values().filter(|count| **count == 0).count();
        let Self { compared, known, differences, .. } = self;
        let differing = differences.len();
        let summary =
            format!("{compared} selections compared, {known} known to differ, {differing} differ; {idle} filters idle\n");
        std::io::stderr().write_all(summary.as_bytes()).unwrap();
        assert!(*compared > 1000 && known * 100 < *compared);
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }
}

fn hold_against_tshark(files: &[PathBuf], list: &str) {
    if Command::new("tshark").arg("--version").output().is_err() {
        return support::skip("tshark is missing, and with it the frames to compare with");
    }
    let texts: Vec<&str> = list.lines().collect();
    let filters: Vec<Filter> = texts.iter().map(|text| Filter::compile(text).unwrap_or_else(|fault| panic!("{fault}"))).collect();
    let folder = tempfile::tempdir().unwrap();
    let listed = folder.path().join("filters.txt");
    std::fs::write(&listed, list).unwrap();
    let findings = Mutex::new(Findings::default());
    let compare = |file: &PathBuf| {
        let Some(theirs) = tshark(file, &listed, texts.len()) else { return };
        let ours = sockscope(file, &filters);
        let mut findings = findings.lock().unwrap();
        for ((text, ours), theirs) in texts.iter().zip(&ours).zip(&theirs) {
            findings.compare(file, text, ours, theirs);
        }
    };
    // Most of the time goes into starting tshark, which waits for the disk.
    std::thread::scope(|scope| {
        for files in files.chunks(files.len().div_ceil(WORKERS)) {
            scope.spawn(|| files.iter().for_each(compare));
        }
    });
    let findings = findings.into_inner().unwrap();
    assert!(findings.selecting.len() >= 150);
    findings.verdict();
}

/// How many captures are read at a time.
const WORKERS: usize = 4;

fn without(these: &[u64], those: &[u64]) -> Vec<u64> {
    these.iter().filter(|number| !those.contains(number)).take(8).copied().collect()
}

/// Checksums are verified.
const CHECKED: &[&str] = &["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"];

/// What tshark selects, all filters in one run; `None` for a file that it does not read to its end.
fn tshark(file: &Path, list: &Path, count: usize) -> Option<Selected> {
    let script = format!("lua_script:{}", support::project("tests/filters/tap.lua").display());
    let mut tshark = Command::new("tshark");
    tshark.args(["-n", "-q", "-X", &script]).args(CHECKED).arg("-r").arg(file);
    tshark.env("FILTERS", list).env("TZ", "UTC");
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
