//! A rubric on trial: a good capture is spoiled frame by frame, and what is less must never score more.
//!
//! Frames are dropped one by one, the capture is ended after each of them, neighbours change places, payloads are cut,
//! and addresses changed. Of two captures of which one holds all frames of the other, the larger one is never worth less.

use std::io::Cursor;

use crate::capture::{self, Description, Frame, Next, Writer};
use crate::decode;
use crate::judge::Points;
use crate::judge::grade::grade;
use crate::judge::hand_in::{Handed, Who};
use crate::judge::record::Record;
use crate::judge::rubric::Rubric;

/// What was done to the capture.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spoiled {
    /// The frame is not there.
    Dropped(u64),
    /// Nothing behind the frame is there.
    EndsBehind(u64),
    /// The frame and the one behind it have changed places.
    Swapped(u64),
    /// All but the headers of the frame, about, is not there.
    Cut(u64),
    /// The frame comes from another address.
    Moved(u64),
}

/// One spoiled capture with its score.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Trial {
    /// What was done.
    pub spoiled: Spoiled,
    /// What it scores.
    pub score: Points,
    /// What it may score at most.
    pub most: Points,
}

impl Trial {
    /// It scores no more than it may.
    pub fn holds(&self) -> bool {
        self.score <= self.most
    }
}

/// Frames that are spoiled; a lab needs few.
const MAX_FRAMES: u64 = 100;

/// Octets of a frame that stay when it is cut.
const HEADERS: usize = 46;

/// Spoils a good capture in every way; gives its own score first.
///
/// # Errors
/// The capture cannot be read.
pub fn trial(rubric: &Rubric, octets: &[u8], who: &Who<'_>) -> Result<(Points, Vec<Trial>), capture::Error> {
    let court = Court { rubric, octets, who, description: description(octets)? };
    let (full, frames) = court.score(None)?;
    let frames = frames.min(MAX_FRAMES);
    let mut trials = Vec::new();
    let mut behind = full;
    for number in (1..=frames).rev() {
        let ways = [Spoiled::Dropped(number), Spoiled::Swapped(number), Spoiled::Cut(number), Spoiled::Moved(number)];
        for spoiled in ways {
            trials.push(Trial { spoiled, score: court.score(Some(spoiled))?.0, most: full });
        }
        let spoiled = Spoiled::EndsBehind(number);
        let score = court.score(Some(spoiled))?.0;
        trials.push(Trial { spoiled, score, most: behind });
        behind = score;
    }
    Ok((full, trials))
}

fn description(octets: &[u8]) -> Result<Description, capture::Error> {
    let mut source = capture::from_reader("capture", Box::new(Cursor::new(octets.to_vec())))?;
    while !matches!(source.next()?, Next::End) {}
    Ok(source.description().clone())
}

struct Court<'c> {
    rubric: &'c Rubric,
    octets: &'c [u8],
    who: &'c Who<'c>,
    description: Description,
}

impl Court<'_> {
    /// The score of the capture, spoiled or not, and how many frames it has.
    fn score(&self, spoiled: Option<Spoiled>) -> Result<(Points, u64), capture::Error> {
        let name = self.who.id.as_ref().map_or_else(|| "capture.pcapng".to_owned(), |id| format!("{id}.pcapng"));
        let record = Record::read(&name, self.spoil(spoiled)?, &self.rubric.plan())?;
        let handed = Handed { is_all: true, ..self.rubric.handed() };
        let graded = grade(self.rubric, &record, self.who, &handed);
        Ok((graded.score.unwrap_or_default(), record.trace.survey.frames))
    }

    /// The capture, written anew.
    fn spoil(&self, spoiled: Option<Spoiled>) -> Result<Vec<u8>, capture::Error> {
        let mut source = capture::from_reader("capture", Box::new(Cursor::new(self.octets.to_vec())))?;
        let mut writer = Writer::new(Vec::new(), &self.description);
        let mut waiting: Option<Vec<u8>> = None;
        while let Next::Frame(frame) = source.next()? {
            let mut octets = frame.octets.to_vec();
            match spoiled {
                Some(Spoiled::Dropped(number)) if number == frame.number => continue,
                Some(Spoiled::EndsBehind(number)) if frame.number > number => break,
                Some(Spoiled::Cut(number)) if number == frame.number => octets.truncate(HEADERS),
                Some(Spoiled::Moved(number)) if number == frame.number => move_away(&frame, &mut octets),
                Some(Spoiled::Swapped(number)) if number == frame.number => {
                    waiting = Some(octets);
                    continue;
                }
                _ => {}
            }
            put(&mut writer, &frame, &octets);
            if let Some(octets) = waiting.take() {
                put(&mut writer, &frame, &octets);
            }
        }
        Ok(writer.finish().unwrap_or_default())
    }
}

/// Writing into memory cannot fail, and a frame without an interface is no packet.
fn put(writer: &mut Writer<'_, Vec<u8>>, frame: &Frame<'_>, octets: &[u8]) {
    let original_len = frame.original_len.max(u32::try_from(octets.len()).unwrap_or(u32::MAX));
    let _ = writer.frame(&Frame { octets, original_len, ..*frame });
}

/// Changes the last octet of the packet's source address.
fn move_away(frame: &Frame<'_>, octets: &mut [u8]) {
    let packet = decode::packet(frame);
    let Some(ip) = packet.ip() else { return };
    let source = match ip.source {
        std::net::IpAddr::V4(address) => address.octets().to_vec(),
        std::net::IpAddr::V6(address) => address.octets().to_vec(),
    };
    let at = octets.windows(source.len()).position(|window| window == source);
    if let Some(last) = at.and_then(|at| octets.get_mut(at.saturating_add(source.len()).saturating_sub(1))) {
        *last = last.wrapping_add(7);
    }
}
