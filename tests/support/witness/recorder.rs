//! Captures `lo`, every frame of it.
//!
//! Nothing is sent to learn whether the capture runs: the kernel's list of packet sockets tells when it has begun, and
//! the counter of `lo` how many frames the file must hold in the end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sockscope::capture::{self, Next};

/// How long the capture may take to begin, or to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running tcpdump.
pub struct Recorder {
    program: Child,
    path: PathBuf,
}

impl Recorder {
    /// Captures until [`Recorder::stop`].
    pub fn start(folder: &Path) -> Self {
        let path = folder.join("lo.pcap");
        let program = Command::new("tcpdump")
            .args(["--immediate-mode", "-U", "-Z", "root", "-n", "-B", "16384", "-s", "256", "--time-stamp-precision=nano"])
            .args(["-i", "lo", "-w"])
            .arg(&path)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_for("the capture to begin", || packet_sockets() == 1 && path.exists());
        Self { program, path }
    }

    /// Where the frames are written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Ends the capture once it holds all frames.
    pub fn stop(mut self) -> PathBuf {
        wait_for("all frames", || frames_in(&self.path) == frames_on_loopback());
        self.program.kill().unwrap();
        self.program.wait().unwrap();
        self.path
    }
}

fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The packet sockets of this namespace that are bound and running.
fn packet_sockets() -> usize {
    let list = fs::read_to_string("/proc/net/packet").unwrap();
    let running = |line: &&str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words[3] != "0000" && words[5] == "1"
    };
    list.lines().skip(1).filter(running).count()
}

/// The kernel's count of frames received on `lo`.
fn frames_on_loopback() -> u64 {
    let list = fs::read_to_string("/proc/net/dev").unwrap();
    let row = list.lines().find_map(|line| line.trim().strip_prefix("lo:")).unwrap();
    row.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The whole frames that a file holds so far.
fn frames_in(path: &Path) -> u64 {
    let Ok(mut source) = capture::open(path) else { return 0 };
    let mut frames = 0;
    while let Ok(Next::Frame(_)) = source.next() {
        frames += 1;
    }
    frames
}
