//! Bursts are not lost, and what is lost is told.

use crate::program::{Listener, Recorded};
use crate::{inside, traffic};

#[test]
fn a_hundred_thousand_datagrams_a_second_are_not_lost() {
    inside("losses::a_hundred_thousand_datagrams_a_second_are_not_lost", |folder| {
        const DATAGRAMS: usize = 200_000;
        let path = folder.join("live.pcapng");
        let listener = Listener::start(&["-q", "-w", path.to_str().unwrap()]);
        traffic::stream(DATAGRAMS, 100_000);
        listener.interrupt().good();
        let recorded = Recorded::read(&path);
        assert_eq!(recorded.frames.len(), DATAGRAMS);
        recorded.is_whole();
    });
}

#[test]
fn losses_are_told() {
    inside("losses::losses_are_told", |folder| {
        const DATAGRAMS: usize = 40_000;
        let path = folder.join("live.pcapng");
        let listener = Listener::start(&["-q", "--buffer", "1", "-w", path.to_str().unwrap()]);
        // It cannot read while it stands still, and the buffer is too small for so much.
        listener.signal("STOP");
        traffic::burst(DATAGRAMS);
        listener.signal("CONT");
        let ended = listener.interrupt();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(ended.stderr.contains("more lost: the kernel's buffer was full"), "{}", ended.stderr);
        let recorded = Recorded::read(&path);
        let counters = recorded.counters();
        let dropped = counters.dropped.unwrap() as usize;
        assert_eq!(recorded.frames.len() + dropped, DATAGRAMS);
        assert_eq!(counters.received, Some(DATAGRAMS as u64));
        assert!(dropped > 0 && !recorded.frames.is_empty());
    });
}
