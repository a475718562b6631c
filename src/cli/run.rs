//! The one loop: a source of frames, and something that looks at each.

use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use sockscope::capture::{self, Damage, Description, Frame, Next, Source};
use sockscope::decode;
use sockscope::track::{FlowId, Limits, Trace, Tracker};

use super::failure::{Failure, print_line};
use super::job::{self, Moment, Setting};
use super::progress::Progress;

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

/// Reads the capture and shows each frame to `look`, until that breaks.
///
/// A fault of the input ends the loop, not the command: what was read is still to be shown.
pub(crate) fn frames(
    file: &Path,
    setting: &Setting,
    look: impl FnMut(&Frame<'_>) -> io::Result<ControlFlow<()>>,
) -> Result<Reading, Failure> {
    frames_of(capture::open(file)?, file, setting, look)
}

/// The same for a source that is open already.
pub(crate) fn frames_of(
    source: Box<dyn Source>,
    file: &Path,
    setting: &Setting,
    look: impl FnMut(&Frame<'_>) -> io::Result<ControlFlow<()>>,
) -> Result<Reading, Failure> {
    described_frames(source, file, setting, look, |flow, _| flow)
}

/// The same, but what `look` made of a frame goes on to `tell`, which knows what the file has said of itself so far.
pub(crate) fn described_frames<T>(
    mut source: Box<dyn Source>,
    file: &Path,
    setting: &Setting,
    mut look: impl FnMut(&Frame<'_>) -> T,
    mut tell: impl FnMut(T, &Description) -> io::Result<ControlFlow<()>>,
) -> Result<Reading, Failure> {
    let started = Instant::now();
    let progress = Progress::new(file);
    let mut frames = 0;
    let fault = loop {
        match source.next() {
            // By reference: moving a frame costs as much as reading it.
            Ok(Next::Frame(ref frame)) => {
                frames = frame.number;
                let seen = look(frame);
                if tell(seen, source.description())?.is_break() {
                    break None;
                }
                progress.at(frames, || source.consumed());
            }
            Ok(Next::Idle(_)) => {}
            Ok(Next::End) => break None,
            Err(fault) => break Some(fault),
        }
    };
    let reading = Reading { file: job::shown(file), description: source.description().clone(), frames, fault };
    if setting.verbose {
        reading.tell(started);
    }
    Ok(reading)
}

/// Reads the capture until a moment, which includes its frame, into a trace as of then.
pub(crate) fn trace_until(moment: Moment, file: &Path, setting: &Setting) -> Result<(Trace, Reading), Failure> {
    let mut tracker = Tracker::new(Limits::default());
    let mut first = None;
    let mut until = match moment {
        Moment::Time(time) => Some(time),
        _ => None,
    };
    let reading = frames(file, setting, |frame| {
        if let (Moment::Since(duration), None, Some(time)) = (moment, first, frame.timestamp) {
            until = time.after(duration);
        }
        first = first.or(frame.timestamp);
        let later = until.zip(frame.timestamp).is_some_and(|(until, time)| time > until);
        if later || matches!(moment, Moment::Frame(number) if frame.number > number) {
            return Ok(ControlFlow::Break(()));
        }
        decode::with_packet(frame, |packet| tracker.absorb(packet));
        Ok(ControlFlow::Continue(()))
    })?;
    match moment {
        Moment::Frame(number) if number > reading.frames => {
            return Err(Failure::Usage(format!("{}: has {} frames, no frame {number}", job::shown(file), reading.frames)));
        }
        _ => until.into_iter().for_each(|until| tracker.tick(until)),
    }
    Ok((tracker.finish(), reading))
}

/// The stream is not in the capture.
pub(crate) fn no_such_stream(file: &Path, stream: FlowId) -> Failure {
    Failure::Usage(format!("{}: has no stream {stream}", job::shown(file)))
}

/// Reads the whole capture into a trace by this tracker.
pub(crate) fn trace(mut tracker: Tracker, file: &Path, setting: &Setting) -> Result<(Trace, Reading), Failure> {
    let reading = frames(file, setting, |frame| {
        decode::with_packet(frame, |packet| tracker.absorb(packet));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((tracker.finish(), reading))
}
