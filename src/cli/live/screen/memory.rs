//! Recent frames, held in so much memory and no more.
//!
//! They stand in chunks; the oldest one is emptied and used again when a new one is begun, as fresh memory would cost more
//! than what is put there. A full chunk never changes, so that handing all of them to another thread copies no more than the
//! last one.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use sockscope::capture::{ByteOrder, Frame, InterfaceId, LinkType, Timestamp};
use sockscope::present::tui;
use sockscope::track::FlowId;

/// Octets that are held in all, those that describe frames included; with what chunks keep for later, twice that at most.
const MEMORY: usize = 16 << 20;

/// Octets of a chunk.
const CHUNK: usize = 256 << 10;

/// Octets of one frame that are held: bulk data would push everything else out.
const LONGEST: usize = 8 << 10;

/// The frames, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Memory {
    full: VecDeque<Arc<Chunk>>,
    last: Chunk,
    /// Frames in all chunks.
    frames: u64,
}

/// Some frames.
#[derive(Clone, Debug, Default)]
struct Chunk {
    octets: Vec<u8>,
    records: Vec<Record>,
}

/// One frame.
#[derive(Clone, Debug)]
struct Record {
    number: u64,
    timestamp: Option<Timestamp>,
    ticks: u64,
    link_type: LinkType,
    original_len: u32,
    octets: Range<u32>,
    flow: Option<FlowId>,
}

/// The same frames in the hands of somebody else.
#[derive(Debug)]
pub(super) struct Held(Vec<Arc<Chunk>>);

impl Memory {
    /// Holds a frame of this stream.
    pub(super) fn push(&mut self, frame: &Frame<'_>, flow: Option<FlowId>) {
        let octets = frame.octets.get(..LONGEST).unwrap_or(frame.octets);
        if self.last.size() + octets.len() + size_of::<Record>() > CHUNK {
            self.begin();
        }
        self.frames += 1;
        self.last.push(frame, octets, flow);
    }

    /// How many there are, and the first one.
    pub(super) fn sums(&self) -> tui::Held {
        tui::Held {
            frames: self.frames,
            first: self.chunks().flat_map(|chunk| chunk.records.first()).map(|record| record.number).next(),
        }
    }

    /// Shows each frame with its stream.
    pub(super) fn each(&self, mut look: impl FnMut(&Frame<'_>, Option<FlowId>)) {
        self.chunks().for_each(|chunk| chunk.each(&mut look));
    }

    /// Hands all of them out.
    pub(super) fn held(&self) -> Held {
        Held(self.full.iter().cloned().chain([Arc::new(self.last.clone())]).collect())
    }

    fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        self.full.iter().map(|chunk| &**chunk).chain([&self.last])
    }

    /// Begins a new chunk, in place of the oldest one if there are enough.
    fn begin(&mut self) {
        let mut next = Chunk::default();
        // Those that are full, the last one, and the one that is begun.
        while (self.full.len() + 2) * CHUNK > MEMORY
            && let Some(oldest) = self.full.pop_front()
        {
            self.frames = self.frames.saturating_sub(oldest.records.len() as u64);
            next = Arc::try_unwrap(oldest).unwrap_or_default();
        }
        next.clear();
        self.full.push_back(Arc::new(std::mem::replace(&mut self.last, next)));
    }
}

impl Held {
    /// Shows each frame with its stream.
    pub(super) fn each(&self, mut look: impl FnMut(&Frame<'_>, Option<FlowId>)) {
        self.0.iter().for_each(|chunk| chunk.each(&mut look));
    }
}

impl Chunk {
    fn size(&self) -> usize {
        self.octets.len() + self.records.len() * size_of::<Record>()
    }

    fn clear(&mut self) {
        self.octets.clear();
        self.records.clear();
    }

    fn push(&mut self, frame: &Frame<'_>, octets: &[u8], flow: Option<FlowId>) {
        let begin = self.octets.len() as u32; // A chunk is far smaller than 4 GiB.
        self.octets.extend_from_slice(octets);
        self.records.push(Record {
            number: frame.number,
            timestamp: frame.timestamp,
            ticks: frame.ticks,
            link_type: frame.link_type,
            original_len: frame.original_len,
            octets: begin..self.octets.len() as u32,
            flow,
        });
    }

    fn each(&self, look: &mut impl FnMut(&Frame<'_>, Option<FlowId>)) {
        for record in &self.records {
            let octets = self.octets.get(record.octets.start as usize..record.octets.end as usize).unwrap_or_default();
            look(&record.frame(octets), record.flow);
        }
    }
}

impl Record {
    fn frame<'o>(&self, octets: &'o [u8]) -> Frame<'o> {
        Frame {
            number: self.number,
            timestamp: self.timestamp,
            ticks: self.ticks,
            interface: InterfaceId(0),
            link_type: self.link_type,
            original_len: self.original_len,
            octets,
            file_offset: 0,
            options: &[],
            byte_order: ByteOrder::Little,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::frame;
    use super::*;

    #[test]
    fn the_newest_frames_are_held_and_counted() {
        let mut memory = Memory::default();
        let octets = vec![7; 1000];
        for number in 1..=40_000 {
            memory.push(&frame(number, &octets), None);
        }
        let sums = memory.sums();
        let mut numbers = Vec::new();
        memory.held().each(|frame, _| numbers.push((frame.number, frame.octets.len())));
        assert_eq!(numbers.len() as u64, sums.frames);
        assert_eq!(numbers.first(), Some(&(sums.first.unwrap(), 1000)));
        assert!(numbers.is_sorted() && numbers.last() == Some(&(40_000, 1000)));
        let size: usize = memory.chunks().map(Chunk::size).sum();
        assert!(size <= MEMORY && size > MEMORY - 2 * CHUNK, "{size}");
    }

    #[test]
    fn long_frames_are_cut_and_keep_their_length() {
        let mut memory = Memory::default();
        memory.push(&frame(1, &vec![1; 65_000]), None);
        let mut lens = Vec::new();
        memory.each(|frame, _| lens.push((frame.octets.len(), frame.original_len)));
        assert_eq!(lens, [(LONGEST, 65_000)]);
        assert_eq!(Memory::default().sums(), tui::Held::default());
    }
}
