//! The one loop: a source of frames, and something that looks at each.

use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use sockscope::capture::{self, Damage, Description, Frame, Next, Source};
use sockscope::decode;
use sockscope::judge::filter;
use sockscope::track::{FlowId, Limits, Trace, Tracker};
#[cfg(feature = "live")]
use sockscope::{capture::Timestamp, track::Update};

use super::args::Input;
use super::failure::{Failure, print_line};
use super::job::{self, Moment, Setting};
use super::progress::Progress;
use super::selection::{Kept, Selection};
use super::touched::Touched;

/// What is known of a capture when its frames were read.
#[derive(Debug)]
pub(crate) struct Reading {
    file: String,
    /// What the file says of itself.
    pub(crate) description: Description,
    /// Frames seen.
    pub(crate) frames: u64,
    /// Why reading stopped before the end.
    fault: Option<capture::Error>,
}

impl Reading {
    /// Fails if the input was damaged: to be asked when everything that was read is written.
    pub(crate) fn verdict(&self) -> Result<(), Failure> {
        match (&self.fault, self.description.damage.split_first()) {
            (Some(fault), _) => Err(Failure::Input(fault.to_string())),
            (None, Some((damage, rest))) => Err(Failure::Input(self.damage_line(damage, rest.len() as u64))),
            (None, None) => Ok(()),
        }
    }

    fn damage_line(&self, damage: &Damage, rest: u64) -> String {
        let Damage { offset, text, skipped } = damage;
        let more = match rest.saturating_add(self.description.more_damage) {
            0 => String::new(),
            more => format!(", and {more} more damaged places"),
        };
        format!("{}: damaged at octet {offset}: {text}; {skipped} octets skipped{more}", self.file)
    }

    fn tell(&self, started: Instant) {
        print_line(&format!("{}: {} frames in {:.3} s", self.file, self.frames, started.elapsed().as_secs_f64()));
        for damage in self.description.damage.iter().skip(1) {
            print_line(&self.damage_line(damage, 0));
        }
    }
}

/// Reads the capture and shows each frame to `look`, with the word whether it is selected, until that breaks.
///
/// A fault of the input ends the loop, not the command: what was read is still to be shown.
pub(crate) fn frames(
    input: &Input,
    setting: &Setting,
    look: impl FnMut(&Frame<'_>, bool) -> io::Result<ControlFlow<()>>,
) -> Result<Reading, Failure> {
    frames_of(open(input)?, input, setting, look)
}

/// A source of frames, and which of them count.
pub(crate) struct Opened {
    source: Box<dyn Source>,
    selection: Selection,
}

/// Opens the capture, and compiles the filters before that.
pub(crate) fn open(input: &Input) -> Result<Opened, Failure> {
    let selection = Selection::new(&input.choice)?;
    Ok(Opened { selection, source: capture::open(&input.file)? })
}

impl Opened {
    /// A source that is open already.
    pub(crate) fn new(source: Box<dyn Source>, input: &Input) -> Result<Self, Failure> {
        Ok(Self { selection: Selection::new(&input.choice)?, source })
    }
}

/// The same for a capture that is open already.
pub(crate) fn frames_of(
    opened: Opened,
    input: &Input,
    setting: &Setting,
    mut look: impl FnMut(&Frame<'_>, bool) -> io::Result<ControlFlow<()>>,
) -> Result<Reading, Failure> {
    // A fault is kept here: handing one on costs as much as a frame, and there is hardly ever any.
    let mut fault = None;
    let look = |frame: &Frame<'_>, selected| match look(frame, selected) {
        Ok(flow) => flow.is_break(),
        Err(error) => {
            fault = Some(error);
            true
        }
    };
    let tell = |is_over, _: &Description| Ok(if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) });
    let reading = described_frames(opened, input, setting, look, tell)?;
    fault.map_or(Ok(reading), |fault| Err(fault.into()))
}

/// The same, but what `look` made of a frame goes on to `tell`, which knows what the file has said of itself so far.
pub(crate) fn described_frames<T>(
    opened: Opened,
    input: &Input,
    setting: &Setting,
    mut look: impl FnMut(&Frame<'_>, bool) -> T,
    mut tell: impl FnMut(T, &Description) -> io::Result<ControlFlow<()>>,
) -> Result<Reading, Failure> {
    let started = Instant::now();
    let progress = Progress::new(&input.file);
    let Opened { mut source, mut selection } = opened;
    // Asked once: a question that may fail costs as much as a frame.
    let (names, chooses) = (selection.names_interfaces(), selection.has_capture_filter());
    let mut frames = 0;
    let fault = loop {
        match source.next() {
            // By reference: moving a frame costs as much as reading it.
            Ok(Next::Frame(ref frame)) => {
                frames = frame.number;
                if !chooses || selection.reads(frame)? {
                    let seen = if names {
                        // Only now that the frame is read, the file has told of its interface.
                        let (kept, plain) = (Kept::new(frame), Frame { octets: &[], options: &[], ..*frame });
                        let frame = kept.frame(plain);
                        let name = filter::interface_name(source.description(), frame.interface);
                        look(&frame, selection.selects(&frame, name))
                    } else {
                        look(frame, selection.selects(frame, None))
                    };
                    if tell(seen, source.description())?.is_break() {
                        break None;
                    }
                }
                progress.at(frames, || source.consumed());
            }
            Ok(Next::Idle(_)) => {}
            Ok(Next::End) => break None,
            Err(fault) => break Some(fault),
        }
    };
    let reading = Reading { file: job::shown(&input.file), description: source.description().clone(), frames, fault };
    if setting.verbose {
        reading.tell(started);
    }
    Ok(reading)
}

/// Reads the capture until a moment, which includes its frame, into a trace as of then.
pub(crate) fn trace_until(moment: Moment, input: &Input, setting: &Setting) -> Result<(Trace, Reading), Failure> {
    let mut follower = Follower::new(Tracker::new(Limits::default()), input.choice.filter.is_some());
    let mut first = None;
    let mut until = match moment {
        Moment::Time(time) => Some(time),
        _ => None,
    };
    let reading = frames(input, setting, |frame, selected| {
        if let (Moment::Since(duration), None, Some(time)) = (moment, first, frame.timestamp) {
            until = time.after(duration);
        }
        first = first.or(frame.timestamp);
        let later = until.zip(frame.timestamp).is_some_and(|(until, time)| time > until);
        if later || matches!(moment, Moment::Frame(number) if frame.number > number) {
            return Ok(ControlFlow::Break(()));
        }
        follower.see(frame, selected);
        Ok(ControlFlow::Continue(()))
    })?;
    match moment {
        Moment::Frame(number) if number > reading.frames => {
            let file = job::shown(&input.file);
            return Err(Failure::Usage(format!("{file}: has {} frames, no frame {number}", reading.frames)));
        }
        _ => until.into_iter().for_each(|until| follower.tracker.tick(until)),
    }
    Ok((follower.finish(), reading))
}

/// A tracker that notes what the selected frames belong to, if a filter selects any.
pub(super) struct Follower {
    tracker: Tracker,
    touched: Option<Touched>,
}

impl Follower {
    pub(super) fn new(tracker: Tracker, filtered: bool) -> Self {
        Self { tracker, touched: filtered.then(Touched::default) }
    }

    /// Follows a packet, and says what it belongs to.
    #[cfg(feature = "live")]
    pub(super) fn push<'t>(&'t mut self, packet: &decode::Packet<'t>, selected: bool) -> Update<'t> {
        let update = self.tracker.push(packet);
        self.touched.iter_mut().filter(|_| selected).for_each(|touched| touched.see(&update));
        update
    }

    /// All that is remembered.
    #[cfg(feature = "live")]
    pub(super) const fn tracker(&self) -> &Tracker {
        &self.tracker
    }

    /// Forgets what its tracker has forgotten.
    #[cfg(feature = "live")]
    pub(super) fn forget(&mut self) {
        let Self { tracker, touched } = self;
        touched.iter_mut().for_each(|touched| touched.forget(|| tracker.flows().collect()));
    }

    /// Time passed without a packet.
    #[cfg(feature = "live")]
    pub(super) fn tick(&mut self, now: Timestamp) {
        self.tracker.tick(now);
    }

    fn see(&mut self, frame: &Frame<'_>, selected: bool) {
        match &mut self.touched {
            Some(touched) if selected => decode::with_packet(frame, |packet| touched.see(&self.tracker.push(packet))),
            _ => self.tracker.absorb_frame(frame),
        }
    }

    pub(super) fn finish(self) -> Trace {
        let mut trace = self.tracker.finish();
        if let Some(touched) = &self.touched {
            touched.prune(&mut trace);
        }
        trace
    }
}

/// The stream is not in the capture.
pub(crate) fn no_such_stream(file: &Path, stream: FlowId) -> Failure {
    Failure::Usage(format!("{}: has no stream {stream}", job::shown(file)))
}

/// Reads the whole capture into a trace by this tracker, of the rows that a selected frame belongs to.
pub(crate) fn trace(tracker: Tracker, input: &Input, setting: &Setting) -> Result<(Trace, Reading), Failure> {
    let mut follower = Follower::new(tracker, input.choice.filter.is_some());
    let reading = frames(input, setting, |frame, selected| {
        follower.see(frame, selected);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((follower.finish(), reading))
}

/// Reads the whole capture into a trace by this tracker, whatever a display filter selects.
pub(crate) fn whole_trace(mut tracker: Tracker, opened: Opened, input: &Input, setting: &Setting) -> Result<Trace, Failure> {
    frames_of(opened, input, setting, |frame, _| {
        tracker.absorb_frame(frame);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(tracker.finish())
}
