//! The loop of a live capture: the same tracker as for files, fed as packets move.

use std::io;
use std::time::{Duration, Instant};

#[cfg(doc)]
use sockscope::capture::Live;
use sockscope::capture::{Frame, InterfaceId, Next, Source, Statistics, Timestamp};
use sockscope::decode::{self, Packet};
use sockscope::judge::filter;
use sockscope::judge::verify::{Account, Difference};
use sockscope::present::owner_view;
use sockscope::track::{Aging, Limits, Protocol, Trace, Tracker, Update};

use super::super::failure::Failure;
use super::super::run::Follower;
use super::super::selection::Selection;
use super::bounds::{Bounds, taken_until};
use super::census::{Census, Held};
use super::recording::Recording;
use super::witness::Witness;

/// Between two moments of rest while frames keep coming.
const PACE: Duration = Duration::from_millis(100);

/// The only interface of a live capture.
const FIRST: InterfaceId = InterfaceId(0);

/// What an audience is shown.
pub(crate) enum Sight<'a> {
    /// A frame that is selected, and what the tracker says of it.
    Frame(&'a Frame<'a>, &'a Packet<'a>, &'a Update<'a>),
    /// A frame that is not.
    Unselected(&'a Packet<'a>),
    /// Who holds the ends of the conversation of this frame, which was shown.
    Owners(
        u64,
        #[cfg_attr(not(feature = "tui"), allow(dead_code, reason = "lines name addresses and ports alone"))] Protocol,
        &'a [Held],
    ),
    /// A socket on which packets and the kernel differ.
    Differs(&'a Difference),
    /// Nothing to read for now, or a while passed: there is time to draw.
    Rest {
        /// Frames that the kernel had no room for so far.
        lost: u64,
        /// All that is remembered.
        #[cfg_attr(not(feature = "tui"), allow(dead_code, reason = "lines show what is new, not what there is"))]
        tracker: &'a Tracker,
    },
}

/// Who watches a live capture.
pub(crate) trait Audience {
    /// Is shown one thing.
    fn see(&mut self, sight: Sight<'_>) -> io::Result<()>;

    /// Is shown what all of it came to.
    fn end(&mut self, seen: &mut Seen) -> Result<(), Failure>;
}

/// What is remembered of a live capture.
pub(super) struct Watch {
    follower: Follower,
    selection: Selection,
    bounds: Bounds,
    asked: Asked,
    rested: Instant,
}

/// What the kernel is asked meanwhile.
#[derive(Default)]
pub(super) struct Asked {
    /// For its sockets.
    pub(super) witness: Option<Witness>,
    /// For those who hold them.
    pub(super) census: Option<Census>,
}

/// What all frames together came to.
pub(crate) struct Seen {
    /// Of the rows that a selected frame belongs to.
    pub(crate) trace: Trace,
    /// What the kernel says of it, if it was asked.
    pub(crate) account: Option<Account>,
    /// Differences that were not shown yet.
    pub(crate) last: Vec<Difference>,
}

impl Watch {
    /// Nothing seen yet.
    pub(super) fn new(selection: Selection, bounds: Bounds, asked: Asked) -> Self {
        let follower = Follower::new(Tracker::new(Limits::live()).forgetting(Aging::default()), selection.has_filter());
        Self { follower, selection, bounds, asked, rested: Instant::now() }
    }

    /// Shows frame after frame to the audience, until a bound is reached or something fails. The source is a [`Live`], but
    /// where a test lets time pass faster.
    pub(super) fn run<S: Source>(
        &mut self,
        (live, statistics): (&mut S, impl Fn(&mut S) -> Statistics),
        recording: &mut Recording<'_>,
        audience: &mut dyn Audience,
    ) -> Result<(), Failure> {
        // On a live interface all is described before the first frame.
        let name = filter::interface_name(live.description(), FIRST).map(str::to_owned);
        let mut now = Instant::now();
        loop {
            recording.turn(|| statistics(live))?;
            self.asked.witness.iter_mut().for_each(|witness| witness.ask(now, &mut self.bounds));
            match live.next()? {
                // By reference: moving a frame costs as much as reading it.
                Next::Frame(ref frame) if !self.bounds.excludes(frame.timestamp) => {
                    self.catch_up(frame.timestamp, recording)?;
                    match recording.samples() {
                        0 => self.see(frame, name.as_deref(), recording, audience)?,
                        // In the file samples are frames too, and so they are to Wireshark.
                        samples => {
                            let frame = Frame { number: frame.number + samples, ..*frame };
                            self.see(&frame, name.as_deref(), recording, audience)?;
                        }
                    }
                    if self.bounds.has_enough(frame.number) {
                        return Ok(());
                    }
                }
                Next::Idle(now) => {
                    self.catch_up(taken_until(now), recording)?;
                    if self.bounds.is_over(now) {
                        return Ok(());
                    }
                    self.follower.tick(now);
                    recording.flush()?;
                }
                Next::Frame(ref frame) => return self.catch_up(frame.timestamp, recording),
                Next::End => return Ok(()),
            }
            now = Instant::now();
            if now.duration_since(self.rested) >= PACE {
                self.rested = now;
                self.rest(statistics(live).dropped.unwrap_or(0), audience)?;
            }
        }
    }

    /// What all frames together show; `lost` is what the kernel had no room for.
    pub(super) fn finish(self, lost: u64) -> Seen {
        let told = self.asked.witness.map(|witness| witness.finish(self.follower.tracker(), lost));
        let (last, account) = told.map_or((Vec::new(), None), |(last, account)| (last, Some(account)));
        Seen { account, last, trace: self.follower.finish() }
    }

    /// Lets the kernel's samples from before this time be compared.
    fn catch_up(&mut self, time: Option<Timestamp>, recording: &mut Recording<'_>) -> Result<(), Failure> {
        match (&mut self.asked.witness, time) {
            (Some(witness), Some(time)) => witness.catch_up(time, self.follower.tracker(), recording),
            _ => Ok(()),
        }
    }

    /// There is time for more than the next frame.
    fn rest(&mut self, lost: u64, audience: &mut dyn Audience) -> io::Result<()> {
        self.follower.forget();
        let Self { follower, asked: Asked { witness, census }, .. } = self;
        census.iter_mut().for_each(|census| census.forget(|| follower.tracker().flows().collect()));
        let differences = witness.iter_mut().flat_map(|witness| witness.fresh(lost));
        for difference in differences {
            audience.see(Sight::Differs(&difference))?;
        }
        audience.see(Sight::Rest { lost, tracker: follower.tracker() })
    }

    fn see(
        &mut self,
        frame: &Frame<'_>,
        interface: Option<&str>,
        recording: &mut Recording<'_>,
        audience: &mut dyn Audience,
    ) -> Result<(), Failure> {
        let selected = self.selection.selects(frame, interface);
        let packet = decode::packet(frame);
        let update = self.follower.push(&packet, selected);
        let Asked { witness, census } = &mut self.asked;
        witness.iter_mut().for_each(|witness| witness.see(frame.timestamp, &update));
        let held = census.as_mut().map(|census| census.of(frame.timestamp, &update)).unwrap_or_default();
        let comment = (!held.is_empty()).then(|| owner_view::text(&held));
        recording.frame(frame, comment.as_deref())?;
        audience.see(if selected { Sight::Frame(frame, &packet, &update) } else { Sight::Unselected(&packet) })?;
        if let Some(tuple) = update.tuple.filter(|_| selected && !held.is_empty()) {
            audience.see(Sight::Owners(frame.number, tuple.protocol, &held))?;
        }
        Ok(())
    }
}
