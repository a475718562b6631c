//! `verify`: a file with frames and what the kernel said between them.

use std::path::PathBuf;

use serde_json::Value;
use sockscope::capture::kernel::{KernelSocket, KernelState, Sample, Transport};
use sockscope::capture::{self, Next, Timestamp, Writer};
use tempfile::TempDir;

use crate::support::project;
use crate::{TCP, UDP, argument, run};

/// The lab's capture with a sample ten seconds behind its last frame, in a folder of its own.
fn with_sample(fixture: &str, sockets: &[KernelSocket]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("verified.pcapng");
    let open = || capture::open(&project(fixture)).unwrap();
    let mut all = open();
    while !matches!(all.next().unwrap(), Next::End) {}
    let mut writer = Writer::new(std::fs::File::create(&path).unwrap(), all.description());
    let (mut source, mut last) = (open(), None);
    while let Next::Frame(frame) = source.next().unwrap() {
        last = frame.timestamp;
        writer.frame(&frame).unwrap();
    }
    let at = Timestamp::new(last.unwrap().seconds() + 10, 0);
    writer.sample(&Sample { before: at, after: at, addresses: Vec::new(), sockets: sockets.to_vec() }).unwrap();
    writer.finish().unwrap();
    (folder, path)
}

fn bound(transport: Transport, state: KernelState, port: u16) -> KernelSocket {
    let (local, remote) = (([0, 0, 0, 0], port).into(), ([0, 0, 0, 0], 0).into());
    KernelSocket { transport, local, remote, state, receive_queue: 0, send_queue: 0, uid: 0, inode: 1 }
}

#[test]
fn a_kernel_that_says_the_same_is_agreed_with() {
    let (_folder, path) = with_sample(UDP, &[bound(Transport::Udp, KernelState::Closed, 5000)]);
    let found: Value = serde_json::from_str(&run(&["verify", argument(&path), "--json"]).good()).unwrap();
    assert_eq!((&found["schema"], &found["samples"], &found["late"]), (&1.into(), &1.into(), &0.into()));
    assert_eq!(found["places"]["agreeing"], 1);
    let reasons: Vec<&Value> = found["differences"].as_array().unwrap().iter().map(|row| &row["reason"]).collect();
    assert!(reasons.len() == found["places"]["differing"].as_u64().unwrap() as usize && !reasons.is_empty());
    assert!(reasons.iter().all(|reason| **reason == "silent_close"), "the clients are gone: {reasons:?}");
    let text = run(&["verify", argument(&path)]).good();
    assert!(text.starts_with("1 sample of the kernel's table\n"), "{text}");
}

/// A connection that every packet says is closed, and the kernel says is open.
#[test]
fn what_nothing_explains_is_exit_code_1() {
    let connections: Value = serde_json::from_str(&run(&["connections", TCP, "--json"]).good()).unwrap();
    let closed = connections["connections"].as_array().unwrap().iter().find(|row| row["outcome"] == "closed").unwrap();
    let [local, remote] = ["initiator", "responder"].map(|end| closed[end].as_str().unwrap().parse().unwrap());
    let open = KernelSocket { local, remote, ..bound(Transport::Tcp, KernelState::SynReceived, 1) };
    let (_folder, path) = with_sample(TCP, &[open, bound(Transport::Tcp, KernelState::Listen, 5001)]);
    let found = run(&["verify", argument(&path), "--json"]);
    assert!(found.code == 1 && found.stderr.contains("nothing explains"), "{found:?}");
    let document: Value = serde_json::from_str(&found.stdout).unwrap();
    let row = document["differences"].as_array().unwrap().iter().find(|row| row["kernel"] == "SYN-RECV").unwrap();
    assert_eq!((&row["reason"], &row["local"]), (&"unexplained".into(), &closed["initiator"]));
}

#[test]
fn a_capture_without_samples_cannot_be_verified() {
    let line = run(&["verify", UDP]).complaint(2).to_owned();
    assert!(line.contains("holds nothing that the kernel said"), "{line}");
}
