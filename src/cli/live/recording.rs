//! The file that a live capture is written into, whole at every moment that matters.
//!
//! Blocks are written whole. Where the disk is full, the file is cut back to its last whole block, and what that frees
//! holds the counters at its end.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sockscope::capture::kernel::Sample;
use sockscope::capture::{Description, Frame, Statistics, Writer};

use super::super::failure::Failure;
use super::super::job;
use super::Ring;

/// Where frames are written, if anywhere.
pub(super) struct Recording<'a> {
    description: &'a Description,
    path: PathBuf,
    ring: Option<Ring>,
    /// Files begun.
    files: u32,
    writer: Option<Writer<'a, Sink<'a>>>,
    /// The counters when the last file was begun.
    before: Statistics,
    /// Frames of the last file.
    frames: u64,
    /// Samples of all files.
    samples: u64,
}

impl<'a> Recording<'a> {
    /// Frames are not written.
    pub(super) fn none(description: &'a Description) -> Self {
        let (path, before) = (PathBuf::new(), Statistics::default());
        Self { description, path, ring: None, files: 0, writer: None, before, frames: 0, samples: 0 }
    }

    /// Frames go to a file, or to the files of a ring.
    pub(super) fn new(path: &Path, ring: Option<Ring>, description: &'a Description) -> Result<Self, Failure> {
        let mut recording = Self { path: path.to_owned(), ring, ..Self::none(description) };
        recording.begin()?;
        Ok(recording)
    }

    /// Frames go to a pipe.
    pub(super) fn piped(path: &Path, out: &'a mut dyn Write, description: &'a Description) -> Result<Self, Failure> {
        let mut recording = Self { path: path.to_owned(), ..Self::none(description) };
        recording.write_with(Sink::Pipe(out))?;
        Ok(recording)
    }

    /// Writes one frame, with a comment if there is one.
    pub(super) fn frame(&mut self, frame: &Frame<'_>, comment: Option<&str>) -> Result<(), Failure> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        self.frames += 1;
        writer.commented(frame, comment).map_err(|error| fault(&self.path, error))
    }

    /// Writes what the kernel said.
    pub(super) fn sample(&mut self, sample: &Sample) -> Result<(), Failure> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        self.samples += 1;
        writer.sample(sample).map_err(|error| fault(&self.path, error))
    }

    /// Samples written so far.
    pub(super) const fn samples(&self) -> u64 {
        self.samples
    }

    /// Writes what waits to be written.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        let written = self.writer.as_mut().map_or(Ok(()), Writer::flush);
        written.map_err(|error| fault(&self.path, error))
    }

    /// Goes on to the next file of a ring, if this one is full.
    pub(super) fn turn(&mut self, statistics: impl FnOnce() -> Statistics) -> Result<(), Failure> {
        let Some(ring) = self.ring else { return Ok(()) };
        if self.writer.as_ref().is_none_or(|writer| writer.octets() < ring.octets) {
            return Ok(());
        }
        let statistics = statistics();
        self.end(&statistics)?;
        self.before = statistics;
        self.begin()?;
        if let Some(oldest) = self.files.checked_sub(ring.files).filter(|oldest| *oldest > 0) {
            let oldest = Ring::path(&self.path, oldest);
            fs::remove_file(&oldest).map_err(|error| fault(&oldest, error))?;
        }
        Ok(())
    }

    /// Writes the counters, and ends.
    pub(super) fn finish(mut self, statistics: &Statistics) -> Result<(), Failure> {
        self.end(statistics)
    }

    fn begin(&mut self) -> Result<(), Failure> {
        self.files += 1;
        let path = if self.ring.is_some() { Ring::path(&self.path, self.files) } else { self.path.clone() };
        let file = File::create(&path).map_err(|error| fault(&path, error))?;
        self.write_with(Sink::File { file, octets: 0, sound: 0 })
    }

    fn write_with(&mut self, sink: Sink<'a>) -> Result<(), Failure> {
        self.frames = 0;
        let writer = self.writer.insert(Writer::new(sink, self.description));
        writer.begin().map_err(|error| fault(&self.path, error))
    }

    fn end(&mut self, statistics: &Statistics) -> Result<(), Failure> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let of_file = Statistics { delivered: Some(self.frames), ..since(statistics, &self.before) };
        writer.finish_with(of_file).map(drop).map_err(|error| fault(&self.path, error))
    }
}

/// What was counted between two moments.
fn since(now: &Statistics, before: &Statistics) -> Statistics {
    let more = |now: Option<u64>, before: Option<u64>| now.map(|now| now.saturating_sub(before.unwrap_or(0)));
    Statistics {
        start: before.end.or(now.start),
        received: more(now.received, before.received),
        dropped: more(now.dropped, before.dropped),
        ..now.clone()
    }
}

fn fault(path: &Path, error: io::Error) -> Failure {
    Failure::Output(io::Error::new(error.kind(), format!("{}: {error}", job::shown(path))))
}

/// Takes blocks, and knows how far they are whole.
enum Sink<'a> {
    File {
        file: File,
        /// Octets written.
        octets: u64,
        /// Octets of whole blocks.
        sound: u64,
    },
    Pipe(&'a mut dyn Write),
}

impl Write for Sink<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Pipe(out) => out.write(octets),
            Self::File { file, octets: all, sound } => {
                let written = file.write(octets);
                match &written {
                    Ok(written) => *all += *written as u64,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    // What cannot be cut back, such as a device, has no use for a place either.
                    Err(_) if file.set_len(*sound).is_ok() => *all = file.seek(SeekFrom::Start(*sound))?,
                    Err(_) => {}
                }
                written
            }
        }
    }

    /// The writer flushes behind whole blocks.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File { octets, sound, .. } => {
                *sound = *octets;
                Ok(())
            }
            Self::Pipe(out) => out.flush(),
        }
    }
}
