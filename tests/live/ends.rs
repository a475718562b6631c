//! However it ends, what was captured is whole.

use std::path::{Path, PathBuf};

use crate::program::{Listener, Recorded};
use crate::{inside, namespace, support, traffic};

#[test]
fn signals_leave_a_whole_file() {
    inside("ends::signals_leave_a_whole_file", |folder| {
        for signal in ["INT", "TERM"] {
            let path = folder.join(format!("{signal}.pcapng"));
            let listener = Listener::start(&["-w", path.to_str().unwrap()]);
            traffic::udp_echo(20);
            listener.signal(signal);
            listener.wait().good();
            let recorded = Recorded::read(&path);
            assert_eq!(recorded.frames.len(), 40, "{signal}");
            recorded.is_whole();
        }
    });
}

#[test]
fn frames_and_time_end_it() {
    inside("ends::frames_and_time_end_it", |folder| {
        let path = folder.join("live.pcapng");
        let listener = Listener::start(&["--frames", "3", "-w", path.to_str().unwrap()]);
        traffic::udp_echo(4);
        listener.wait().good();
        assert_eq!(Recorded::read(&path).frames.len(), 3);
        let listener = Listener::start(&["--duration", "300ms", "-w", path.to_str().unwrap()]);
        traffic::udp_echo(2);
        listener.wait().good();
        Recorded::read(&path).is_whole();
    });
}

#[test]
fn a_ring_keeps_the_last_files_each_whole() {
    inside("ends::a_ring_keeps_the_last_files_each_whole", |folder| {
        let path = folder.join("live.pcapng");
        let listener = Listener::start(&["-q", "-w", path.to_str().unwrap(), "--ring", "8KiBx3"]);
        traffic::udp_echo(400);
        listener.interrupt().good();
        let files = support::files_below(folder, &[".pcapng"]);
        assert_eq!(files.len(), 3, "{files:?}");
        let recorded: Vec<Recorded> = files.iter().map(|file| Recorded::read(file)).collect();
        for (file, recorded) in files.iter().zip(&recorded) {
            assert_eq!(recorded.counters().delivered, Some(recorded.frames.len() as u64));
            assert!(file.metadata().unwrap().len() < 8192 + 512, "{files:?}");
        }
        let last = recorded.last().unwrap().frames.last().unwrap();
        assert!(last.ends_with(b"echo 399"), "the last frame is in the last file");
        assert!(numbers(&recorded).is_sorted());
    });
}

/// The rounds of the echo that the frames of all files belong to.
fn numbers(recorded: &[Recorded]) -> Vec<u32> {
    let number = |octets: &Vec<u8>| String::from_utf8_lossy(&octets[47..]).parse().unwrap();
    recorded.iter().flat_map(|file| &file.frames).map(number).collect()
}

#[test]
fn a_full_disk_keeps_what_was_written() {
    inside("ends::a_full_disk_keeps_what_was_written", |folder| {
        let disk = disk_of(folder, "256k");
        let path = disk.join("live.pcapng");
        let mut listener = Listener::start(&["-q", "-w", path.to_str().unwrap()]);
        listener.wait_while(|| traffic::burst(100));
        let ended = listener.wait();
        assert_eq!(ended.code, Some(3), "{}", ended.stderr);
        assert!(ended.stderr.contains("live.pcapng: No space left on device"), "{}", ended.stderr);
        let recorded = Recorded::read(&path);
        assert!(recorded.frames.len() > 500, "{}", recorded.frames.len());
        assert!(recorded.counters().received >= recorded.counters().delivered);
    });
}

/// Large frames are written from where they stand, in parts: one that does not fit is not there in part.
#[test]
fn a_disk_that_large_frames_fill_keeps_whole_ones() {
    inside("ends::a_disk_that_large_frames_fill_keeps_whole_ones", |folder| {
        let disk = disk_of(folder, "512k");
        let path = disk.join("live.pcapng");
        let mut listener = Listener::start(&["-q", "-w", path.to_str().unwrap()]);
        listener.wait_while(|| {
            traffic::burst_of(1, 30_001);
            traffic::burst(3);
        });
        let ended = listener.wait();
        assert_eq!(ended.code, Some(3), "{}", ended.stderr);
        let recorded = Recorded::read(&path);
        let large = recorded.frames.iter().filter(|octets| octets.len() > 30_000);
        assert!(large.count() > 5 && recorded.frames.iter().any(|octets| octets.len() < 200), "{}", recorded.frames.len());
        recorded.counters();
    });
}

/// A file system of its own, so small.
fn disk_of(folder: &Path, size: &str) -> PathBuf {
    let disk = folder.join("disk");
    std::fs::create_dir(&disk).unwrap();
    namespace::run(&format!("mount -t tmpfs -o size={size} tmpfs {}", disk.display()));
    disk
}

#[test]
fn a_closed_pipe_is_no_fault() {
    inside("ends::a_closed_pipe_is_no_fault", |folder| {
        let path = folder.join("live.pcapng");
        let mut listener = Listener::start(&["-w", path.to_str().unwrap()]);
        listener.close_stdout();
        listener.wait_while(|| traffic::burst(1));
        let ended = listener.wait();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(!Recorded::read(&path).frames.is_empty());
    });
}

#[test]
fn a_vanished_interface_is_told_and_keeps_what_was_written() {
    inside("ends::a_vanished_interface_is_told_and_keeps_what_was_written", |folder| {
        namespace::run("ip link add v0 type veth peer name v1");
        namespace::run("ip link set v0 up");
        let path = folder.join("live.pcapng");
        let listener = Listener::start(&["v0", "-w", path.to_str().unwrap()]);
        namespace::run("ip link del v0");
        let ended = listener.wait();
        assert_eq!(ended.code, Some(3), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().last(), Some("sockscope: v0: The interface disappeared"));
        Recorded::read(&path).counters();
    });
}
