//! The loop of a live capture: the same tracker as for files, fed as packets move.

use std::io;
use std::time::{Duration, Instant};

use sockscope::capture::{Frame, InterfaceId, Live, Next, Source};
use sockscope::decode::{self, Packet};
use sockscope::judge::filter;
use sockscope::track::{Aging, Limits, Trace, Tracker, Update};

use super::super::failure::Failure;
use super::super::run::Follower;
use super::super::selection::Selection;
use super::bounds::Bounds;
use super::recording::Recording;

/// Between two moments of rest while frames keep coming.
const PACE: Duration = Duration::from_millis(100);

/// The only interface of a live capture.
const FIRST: InterfaceId = InterfaceId(0);

/// What a view is shown.
pub(super) enum Sight<'a> {
    /// A frame that is selected, and what the tracker says of it.
    Frame(&'a Frame<'a>, &'a Packet<'a>, &'a Update<'a>),
    /// A frame that is not.
    Unselected(&'a Packet<'a>),
    /// Nothing to read for now, or a while passed: there is time to draw.
    Rest {
        /// Frames that the kernel had no room for so far.
        lost: u64,
        /// All that is remembered.
        #[cfg_attr(not(feature = "tui"), allow(dead_code, reason = "lines show what is new, not what there is"))]
        tracker: &'a Tracker,
    },
}

/// What is remembered of a live capture.
pub(super) struct Watch {
    follower: Follower,
    selection: Selection,
    bounds: Bounds,
    rested: Instant,
}

impl Watch {
    /// Nothing seen yet.
    pub(super) fn new(selection: Selection, bounds: Bounds) -> Self {
        let follower = Follower::new(Tracker::new(Limits::live()).forgetting(Aging::default()), selection.has_filter());
        Self { follower, selection, bounds, rested: Instant::now() }
    }

    /// Shows frame after frame to `look`, until a bound is reached or something fails.
    pub(super) fn run(
        &mut self,
        live: &mut Live,
        recording: &mut Recording<'_>,
        mut look: impl FnMut(Sight<'_>) -> io::Result<()>,
    ) -> Result<(), Failure> {
        // On a live interface all is described before the first frame.
        let name = filter::interface_name(live.description(), FIRST).map(str::to_owned);
        loop {
            recording.turn(|| live.statistics())?;
            match live.next()? {
                // By reference: moving a frame costs as much as reading it.
                Next::Frame(ref frame) if !self.bounds.excludes(frame.timestamp) => {
                    recording.frame(frame)?;
                    self.see(frame, name.as_deref(), &mut look)?;
                    if self.bounds.has_enough(frame.number) {
                        return Ok(());
                    }
                }
                Next::Idle(now) if !self.bounds.is_over(now) => {
                    self.follower.tick(now);
                    recording.flush()?;
                }
                Next::Frame(_) | Next::Idle(_) | Next::End => return Ok(()),
            }
            if self.rested.elapsed() >= PACE {
                self.rested = Instant::now();
                self.follower.forget();
                let lost = live.statistics().dropped.unwrap_or(0);
                look(Sight::Rest { lost, tracker: self.follower.tracker() })?;
            }
        }
    }

    /// What all frames together show, of the rows that a selected frame belongs to.
    pub(super) fn finish(self) -> Trace {
        self.follower.finish()
    }

    fn see(
        &mut self,
        frame: &Frame<'_>,
        interface: Option<&str>,
        look: &mut impl FnMut(Sight<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let selected = self.selection.selects(frame, interface);
        let packet = decode::packet(frame);
        let update = self.follower.push(&packet, selected);
        look(if selected { Sight::Frame(frame, &packet, &update) } else { Sight::Unselected(&packet) })
    }
}
