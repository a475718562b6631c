//! Reads the kernel's table over and over, and notes when.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sockscope::capture::Timestamp;
use sockscope::capture::kernel::{self, Kernel};

use super::table::Table;

/// Between two samples.
const PERIOD: Duration = Duration::from_millis(2);

/// The kernel's table, read between two moments.
pub struct Sample {
    /// Just before it was read.
    pub before: Duration,
    /// Just after.
    pub after: Duration,
    /// What it said; the kernel does not stop for it, so rows are of different moments between the two.
    pub table: Table,
    /// The same, as it was read.
    pub read: kernel::Sample,
}

/// Samples in a thread of its own.
pub struct Sampler {
    enough: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Sample>>,
}

impl Sampler {
    /// Samples until [`Sampler::stop`].
    pub fn start() -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&enough);
        Self { enough, thread: thread::spawn(move || samples(&flag)) }
    }

    /// All samples, in order.
    pub fn stop(self) -> Vec<Sample> {
        self.enough.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn samples(enough: &AtomicBool) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut kernel = Kernel::open().unwrap();
    while !enough.load(Ordering::Relaxed) {
        let read = kernel.sample().unwrap();
        let (before, after) = (since_epoch(read.before), since_epoch(read.after));
        samples.push(Sample { before, after, table: Table::of(&read), read });
        thread::sleep(PERIOD);
    }
    samples
}

/// A time as [`super::now`] tells it.
pub fn since_epoch(timestamp: Timestamp) -> Duration {
    Duration::new(timestamp.seconds().unsigned_abs(), timestamp.nanoseconds())
}
