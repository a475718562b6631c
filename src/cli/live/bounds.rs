//! When a live capture ends: after a time, after so many frames, or when someone says so.
//!
//! Whoever says so means this moment: what came before it is still taken out of the kernel, what comes later is not.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use jiff::SignedDuration;
use signal_hook::consts::{SIGINT, SIGTERM};
use sockscope::capture::{LATENCY, Timestamp};

/// How long after the end frames from before it may come out of the kernel.
const LATE: u32 = 4;

/// Ctrl-C and `kill`: the first one ends the capture, the second one the program.
#[derive(Clone)]
pub(crate) struct Signals(Arc<AtomicBool>);

impl Signals {
    /// From now on they are heard.
    pub(crate) fn catch() -> io::Result<Self> {
        let heard = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register_conditional_default(signal, Arc::clone(&heard))?;
            signal_hook::flag::register(signal, Arc::clone(&heard))?;
        }
        Ok(Self(heard))
    }

    /// The end of the terminal is heard too. Without a view, the capture may outlive it.
    #[cfg(all(feature = "tui", unix))]
    pub(super) fn catch_hangup(&self) -> io::Result<()> {
        signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::clone(&self.0)).map(drop)
    }

    /// Nobody calls.
    #[cfg(test)]
    pub(super) fn silent() -> Self {
        Self(Arc::default())
    }

    /// Ends the capture as Ctrl-C does.
    pub(crate) fn call(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn heard(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// When to end.
pub(super) struct Bounds {
    end: Option<Timestamp>,
    frames: u64,
    signals: Signals,
    /// A signal has set the end.
    called: bool,
}

impl Bounds {
    /// So long after `start`, after so many frames, or by a signal.
    pub(super) fn new(duration: Option<SignedDuration>, frames: Option<u64>, start: Timestamp, signals: Signals) -> Self {
        let end = duration.and_then(|duration| start.after(duration));
        Self { end, frames: frames.unwrap_or(u64::MAX), signals, called: false }
    }

    /// The frames were enough.
    pub(super) const fn has_enough(&self, frames: u64) -> bool {
        frames >= self.frames
    }

    /// A frame of this time comes too late. Hears signals.
    pub(super) fn excludes(&mut self, time: Option<Timestamp>) -> bool {
        if !self.called && self.signals.heard() {
            self.called = true;
            let now = Timestamp::from(SystemTime::now());
            self.end = Some(self.end.map_or(now, |end| end.min(now)));
        }
        self.end.zip(time).is_some_and(|(end, time)| time > end)
    }

    /// Nothing is left in the kernel that came before the end, when there was nothing to read at `now`.
    pub(super) fn is_over(&mut self, now: Timestamp) -> bool {
        self.excludes(taken_until(now))
    }
}

/// What came before this has been taken out of the kernel, when there was nothing to read at `now`.
pub(crate) fn taken_until(now: Timestamp) -> Option<Timestamp> {
    let late = SignedDuration::try_from(LATENCY * LATE).unwrap_or_default();
    now.after(-late)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(duration: Option<i64>, frames: Option<u64>) -> Bounds {
        let signals = Signals::silent();
        Bounds::new(duration.map(SignedDuration::from_secs), frames, Timestamp::new(100, 0), signals)
    }

    #[test]
    fn a_frame_of_the_last_moment_still_counts() {
        let mut bounds = bounds(Some(10), None);
        assert!(!bounds.excludes(Some(Timestamp::new(110, 0))));
        assert!(bounds.excludes(Some(Timestamp::new(110, 1))));
        assert!(!bounds.is_over(Timestamp::new(110, 50_000_000)));
        assert!(bounds.is_over(Timestamp::new(110, 200_000_000)));
    }

    #[test]
    fn without_bounds_only_a_signal_ends_it() {
        let mut bounds = bounds(None, Some(3));
        assert!(!bounds.has_enough(2) && bounds.has_enough(3));
        let later = Timestamp::from(SystemTime::now()).after(SignedDuration::from_secs(60));
        assert!(!bounds.excludes(later));
        bounds.signals.0.store(true, Ordering::Relaxed);
        assert!(bounds.excludes(later));
        assert!(!bounds.excludes(Some(Timestamp::new(0, 0))));
    }
}
