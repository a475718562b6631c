//! The kernel as a witness: sockets in a network namespace, their traffic, and what the kernel says of them meanwhile.
//!
//! [`namespace`] gives the test a network of its own, [`recorder`] captures it, [`sampler`] reads the kernel's [`table`]
//! of TCP sockets over and over, [`scenarios`] and [`walk`] open and close sockets on the [`stage`]. [`history`] is what
//! sockscope makes of the capture; [`hold`] compares, [`report`] counts. [`verified`] lets the program itself compare.

mod forge;
mod history;
mod hold;
#[path = "../namespace.rs"]
mod namespace;
mod recorder;
mod report;
mod sampler;
mod scenarios;
mod stage;
mod table;
mod verified;
mod walk;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use hold::hold;
pub use namespace::{Place, enter};
pub use verified::verify;

/// What was recorded.
pub struct Testimony {
    /// All frames of the namespace's `lo`.
    capture: PathBuf,
    /// What the kernel said, and when.
    samples: Vec<sampler::Sample>,
    /// Where a capture cannot know what the kernel knows.
    limits: Vec<stage::Limit>,
}

/// Plays all scenarios in this network namespace, which is ours alone, and records what can be seen of them.
pub fn gather(folder: &Path, seed: u64) -> Testimony {
    furnish();
    let recorder = recorder::Recorder::start(folder);
    let sampler = sampler::Sampler::start();
    let stage = stage::Stage::new(recorder.path());
    scenarios::play_all(&stage, seed);
    // Sockets that were kept live until the capture is whole: their closing is no part of the play.
    let samples = sampler.stop();
    let capture = recorder.stop();
    Testimony { capture, samples, limits: stage.into_limits() }
}

/// Sets the namespace up; what is sent to the documentation addresses is captured on `lo` and then lost.
fn furnish() {
    namespace::run("ip link set lo up");
    namespace::run("ip route add 192.0.2.0/24 dev lo");
    namespace::run("ip addr add 198.51.100.1/32 dev lo");
    std::fs::write("/proc/sys/net/ipv4/tcp_fin_timeout", stage::FIN_TIMEOUT.as_secs().to_string()).unwrap();
}

/// Time since 1970, by the clock that also stamps frames.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}
