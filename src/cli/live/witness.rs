//! The kernel as a witness: its own table of sockets, asked for between two frames, and held against what packets show.
//!
//! The loop itself asks. A sample stands before every frame that was captured after it, here as in the file, and that is
//! so by itself where nothing is taken out of the kernel meanwhile; a thread would have to be waited for. Frames wait in
//! the kernel's buffer, never long: however many sockets there are, asking and comparing each take one part in [`REST`] of
//! the time at most, and samples become fewer instead.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use sockscope::capture::Timestamp;
use sockscope::capture::kernel::{Kernel, Sample};
use sockscope::judge::verify::{Account, Difference, Verification};
use sockscope::track::{Tracker, Update};

use super::super::failure::{Failure, print_line};
use super::bounds::Bounds;
use super::recording::Recording;

/// What a sample or a comparison costs, so many times of that no sample follows.
const REST: u32 = 20;

/// Samples that wait for their frames: no more are taken then.
const MAX_WAITING: usize = 16;

/// What the kernel says when it is asked.
type Answer = Box<dyn FnMut() -> io::Result<Sample>>;

/// Asks the kernel, and compares.
pub(super) struct Witness {
    /// `None` once it gave no answer.
    kernel: Option<Answer>,
    verification: Verification,
    /// Samples that frames may still come before.
    waiting: VecDeque<Sample>,
    period: Duration,
    /// When to ask next.
    next: Instant,
}

impl Witness {
    /// Finds the way to ask, which needs no right of its own: neither now nor later.
    pub(super) fn open(period: SignedDuration, filtered: bool) -> Result<Self, Failure> {
        let mut kernel = Kernel::open().map_err(|error| Failure::Input(refusal(&error)))?;
        Ok(Self::of(Box::new(move || kernel.sample()), period, filtered))
    }

    /// Whoever answers.
    pub(super) fn of(kernel: Answer, period: SignedDuration, filtered: bool) -> Self {
        let mut verification = Verification::new();
        if filtered {
            verification.is_filtered();
        }
        let (waiting, period) = (VecDeque::new(), period.unsigned_abs());
        Self { kernel: Some(kernel), verification, waiting, period, next: Instant::now() }
    }

    /// Asks the kernel if it is time for that; what it says after the end of the capture does not count.
    pub(super) fn ask(&mut self, now: Instant, bounds: &mut Bounds) {
        let Some(kernel) = self.kernel.as_mut().filter(|_| now >= self.next && self.waiting.len() < MAX_WAITING) else { return };
        match kernel() {
            Ok(sample) if !bounds.excludes(Some(sample.after)) => self.waiting.push_back(sample),
            Ok(_) => {}
            Err(error) => {
                print_line(&format!("{}: it is asked no more", refusal(&error)));
                self.kernel = None;
            }
        }
        self.next = now + self.period;
        self.rest_since(now);
    }

    /// Writes and compares the samples taken before this time: all frames that are older have been followed.
    pub(super) fn catch_up(&mut self, time: Timestamp, tracker: &Tracker, recording: &mut Recording<'_>) -> Result<(), Failure> {
        while let Some(sample) = self.waiting.pop_front_if(|sample| sample.before < time) {
            let begin = Instant::now();
            recording.sample(&sample)?;
            self.verification.sample(sample);
            self.verification.catch_up(time, tracker);
            self.rest_since(begin);
        }
        Ok(())
    }

    /// A packet was followed.
    pub(super) fn see(&mut self, time: Option<Timestamp>, update: &Update<'_>) {
        if let Some(time) = time {
            self.verification.see(time, update.tuple);
        }
    }

    /// Differences found since this was asked last that packets show.
    pub(super) fn fresh(&mut self, lost: u64) -> impl Iterator<Item = Difference> {
        if lost > 0 {
            self.verification.has_lost();
        }
        self.verification.fresh().into_iter().filter(|difference| difference.reason.is_told())
    }

    /// Differences not told yet, and what all samples together came to. Those that still wait had frames before them that
    /// were not taken.
    pub(super) fn finish(mut self, tracker: &Tracker, lost: u64) -> (Vec<Difference>, Account) {
        self.verification.conclude(tracker);
        let last = self.fresh(lost).collect();
        (last, self.verification.finish(tracker))
    }

    fn rest_since(&mut self, begin: Instant) {
        self.next = self.next.max(begin + begin.elapsed() * REST);
    }
}

fn refusal(error: &io::Error) -> String {
    format!("the kernel's sockets: {error}")
}
