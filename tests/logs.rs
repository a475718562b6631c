//! The log of each lab's server and clients, held against the lab's capture.

#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

mod support;

use std::fs;
use std::path::Path;

use sockscope::capture::{self, Next};
use sockscope::decode;
use sockscope::judge::log::{self, Addressee, Comparison, Deliveries, Encoding, Log, Server, Text};
use sockscope::track::{Limits, Protocol, Trace, Tracker};

/// Servers that print nothing of what they receive.
const SILENT: [&str; 2] = ["[i] TCP collecting server", "[i] TCP stalling server"];

#[test]
fn every_server_log_agrees_with_its_capture() {
    let mut labs = 0;
    for path in support::files_below(&support::project("fixtures"), &["server.log"]) {
        let Some(lab) = Lab::of(&path) else { continue };
        let log = fs::read_to_string(&path).unwrap();
        if SILENT.iter().any(|program| log.starts_with(program)) {
            assert!(!log.contains("[recv]"), "{}", path.display());
            continue;
        }
        lab.compare(&log, |comparison| {
            assert!(comparison.agrees() && !comparison.matched.is_empty(), "{}: {}", path.display(), brief(comparison));
        });
        labs += 1;
    }
    assert!(labs >= 25, "only {labs} labs were read");
}

#[test]
fn every_client_log_agrees_with_its_capture() {
    let mut logs = 0;
    for first in support::files_below(&support::project("fixtures"), &["client1.log"]) {
        let (Some(lab), mut taken) = (Lab::of(&first), Vec::new()) else { continue };
        for path in support::files_below(first.parent().unwrap(), &["client1.log", "client2.log", "client3.log"]) {
            let said = fs::read_to_string(&path).unwrap();
            let log = lab.read(&said);
            let Some(server) = server_of(&said, &log) else { continue };
            let addressee = Addressee::client(server, log.own, &lab.deliveries, &taken);
            taken.extend(addressee.flow);
            let comparison = log::compare(&lab.deliveries, &log, &addressee);
            assert!(comparison.agrees() && !comparison.matched.is_empty(), "{}: {}", path.display(), brief(&comparison));
            logs += 1;
        }
    }
    assert!(logs >= 50, "only {logs} logs were read");
}

/// The server that a client tells of: TCP if it says that it connected; `None` if nothing came back.
fn server_of(said: &str, log: &Log) -> Option<Server> {
    let port = log.receipts.first()?.peer.port();
    let connected = said.contains(" connected\n") || said.starts_with("[i] to ");
    Some(Server { protocol: if connected { Protocol::Tcp } else { Protocol::Udp }, port })
}

/// The proof that the agreement above means something: a digit of a port, an octet of a payload, a line.
#[test]
fn no_altered_log_agrees_with_its_capture() {
    for path in support::files_below(&support::project("fixtures"), &["server.log"]) {
        let (Some(lab), log) = (Lab::of(&path), fs::read_to_string(&path).unwrap()) else { continue };
        let Some(line) = log.lines().find(|line| line.starts_with("[recv]")) else { continue };
        let (head, tail) = line.split_once(" (").unwrap();
        let digit = if head.ends_with('1') { "2" } else { "1" };
        let port = format!("{}{digit} ({tail}", &head[..head.len() - 1]);
        let (before, octets) = line.split_once(" b'").unwrap();
        let payload = format!("{before} b'{}", octets.replacen(' ', "_", 1));
        assert_ne!(payload, line, "{}", path.display());
        lab.compare(&log.replacen(line, &port, 1), |comparison| {
            assert_eq!((comparison.extra.len(), comparison.missing.len()), (1, 1), "{}: {}", path.display(), brief(comparison));
            let near = comparison.extra[0].nearest.unwrap();
            assert!(near.same_octets, "{}: {near:?}", path.display());
        });
        lab.compare(&log.replacen(line, &payload, 1), |comparison| {
            assert_eq!(comparison.altered.len(), 1, "{}: {}", path.display(), brief(comparison));
            let altered = comparison.altered[0];
            assert_eq!(altered.octets[altered.offset], b' ', "{}", path.display());
        });
        lab.compare(&log.replacen(line, "", 1), |comparison| {
            assert_eq!((comparison.missing.len(), comparison.extra.len()), (1, 0), "{}: {}", path.display(), brief(comparison));
        });
        lab.compare(&format!("{log}{line}\n"), |comparison| assert!(!comparison.agrees(), "{}", path.display()));
    }
}

/// The comparison without the octets.
fn brief(comparison: &Comparison<'_>) -> String {
    let Comparison { matched, missing, extra, altered, undecided } = comparison;
    let order = matched.iter().filter(|found| !found.in_order).map(|found| found.receipt.line).collect::<Vec<_>>();
    let extra: Vec<_> = extra.iter().map(|extra| (extra.receipt.line, extra.nearest)).collect();
    let altered: Vec<_> = altered.iter().map(|altered| (altered.receipt.line, altered.frame, altered.offset)).collect();
    let missing: Vec<_> = missing.iter().map(|missing| (missing.frame, missing.peer, missing.octets.len())).collect();
    let undecided = undecided.len();
    format!(
        "{} matched, out of order {order:?}, missing {missing:?}, extra {extra:?}, altered {altered:?}, undecided {undecided}",
        matched.len()
    )
}

struct Lab {
    deliveries: Deliveries,
    trace: Trace,
}

impl Lab {
    /// The lab that a log belongs to, unless its capture is damaged on purpose.
    fn of(log: &Path) -> Option<Self> {
        let folder = log.parent()?;
        if folder.ends_with("cut-off") || folder.ends_with("garbage") {
            return None;
        }
        let path = support::files_below(folder, &[".pcap", ".pcapng", ".gz", ".zst", ".lz4"]).into_iter().next()?;
        let mut source = capture::open(&path).unwrap();
        let mut tracker = Tracker::new(Limits::default());
        tracker.follow_all();
        let mut deliveries = Deliveries::new();
        while let Next::Frame(frame) = source.next().unwrap() {
            let packet = decode::packet(&frame);
            deliveries.see(&packet, &tracker.push(&packet));
        }
        Some(Self { deliveries, trace: tracker.finish() })
    }

    fn read(&self, log: &str) -> Log {
        let text = Text { encoding: Encoding::Utf8 { mark: false }, text: log.to_owned() };
        let mut log = Log::read(&text, None);
        log.put_together(&self.deliveries);
        log
    }

    fn compare(&self, log: &str, check: impl Fn(&Comparison<'_>)) {
        let log = self.read(log);
        let server = log::server(&self.deliveries, &self.trace, None, &log).unwrap();
        check(&log::compare(&self.deliveries, &log, &Addressee::server(server)));
    }
}
