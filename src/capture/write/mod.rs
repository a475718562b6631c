//! Writes chosen frames of a capture as a pcapng file (draft-ietf-opsawg-pcapng), each as it was captured.
//!
//! Sections, interfaces, ticks and packet options are kept; interfaces have the same numbers within their section.
//! A pcap file becomes one section with one interface. Not kept: decryption secrets, blocks that hold no packet and are
//! unknown here, and whatever a damaged place held. Texts are written as UTF-8, whatever they were.

mod blocks;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use super::clock::Clock;
use super::kernel::Sample;
use super::pcapng::{self, Blocks};
use super::{ByteOrder, Description, Frame, Interface, InterfaceId, Statistics};

/// Writes frames of the capture that `description` describes; it must be complete, so read the capture once before. Of a
/// live capture, [`Live`](super::Live) describes all but the statistics, which [`Writer::finish_with`] takes.
///
/// Statistics are written where an interface has them: they count all packets, so take them out for a selection.
///
/// The output is flushed behind whole blocks only: one that fails may cut off what it wrote since then, and the file is sound.
pub struct Writer<'d, W: Write> {
    out: W,
    /// Octets of the blocks that were handed to the output.
    written: u64,
    description: &'d Description,
    /// Sections begun; frames go to the last of them.
    begun: usize,
    /// Of the last interface, in place of those described.
    statistics: Option<Statistics>,
    blocks: Blocks,
}

/// Octets of blocks gathered before they are written.
const GATHERED: usize = 64 << 10;

/// Octets of a frame that is not gathered, but written from where it stands: to copy it takes as long as to read it.
const LARGE: usize = 8 << 10;

impl<'d, W: Write> Writer<'d, W> {
    /// Nothing is written before the first frame.
    pub fn new(out: W, description: &'d Description) -> Self {
        Self { out, written: 0, description, begun: 0, statistics: None, blocks: Blocks::new(ByteOrder::Little, GATHERED) }
    }

    /// Writes what stands before the first frame, for a reader who waits for it.
    ///
    /// # Errors
    /// Those of the output.
    pub fn begin(&mut self) -> io::Result<()> {
        if self.begun == 0 {
            self.begin_section()?;
        }
        self.flush()
    }

    /// Octets of the file so far.
    pub const fn octets(&self) -> u64 {
        self.written.saturating_add(self.blocks.octets.len() as u64)
    }

    /// Hands all blocks so far to the output. What it fails to take is lost; writing may go on behind it.
    ///
    /// # Errors
    /// Those of the output.
    pub fn flush(&mut self) -> io::Result<()> {
        self.written = self.octets();
        let written = self.out.write_all(&self.blocks.octets);
        self.blocks.octets.clear();
        written?;
        self.out.flush()
    }

    /// Writes `frame`; frames come in the order of the capture. Those that hold no packet are left out.
    ///
    /// # Errors
    /// Those of the output, and [`io::ErrorKind::InvalidInput`] for a frame that is not of this capture or out of order.
    pub fn frame(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.commented(frame, None)
    }

    /// Writes `frame`, perhaps with a comment beside those it has; one without a time cannot have any.
    ///
    /// # Errors
    /// Those of [`Writer::frame`].
    pub fn commented(&mut self, frame: &Frame<'_>, comment: Option<&str>) -> io::Result<()> {
        if frame.interface == InterfaceId::NONE {
            return Ok(());
        }
        let stranger = || io::Error::new(io::ErrorKind::InvalidInput, "the frame does not belong to this capture, or comes late");
        let section = self.description.interface(frame.interface).ok_or_else(stranger)?.section;
        while self.begun <= section {
            self.begin_section()?;
        }
        if self.begun != section.saturating_add(1) {
            return Err(stranger());
        }
        let first = self.interfaces_of(section).next().map_or(0, |interface| interface.id.0);
        let number = frame.interface.0.saturating_sub(first);
        match frame.timestamp {
            Some(_) if frame.octets.len() >= LARGE && frame.options.is_empty() && comment.is_none() => {
                return self.large_packet(number, frame);
            }
            Some(_) => self.blocks.enhanced_packet(number, frame, comment),
            None => self.blocks.simple_packet(frame),
        }
        self.put()
    }

    /// Writes what the kernel said between the frames before and after.
    ///
    /// # Errors
    /// Those of the output, and [`io::ErrorKind::InvalidInput`] for a capture without a section.
    pub fn sample(&mut self, sample: &Sample) -> io::Result<()> {
        if self.begun == 0 {
            self.begin_section()?;
        }
        let block = sample.to_block(self.blocks.order);
        self.blocks.octets.extend(block);
        self.put()
    }

    /// Writes what is left to write, and gives the output back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self) -> io::Result<W> {
        while self.begun < self.description.sections.len() {
            self.begin_section()?;
        }
        self.end_section()?;
        self.flush()?;
        Ok(self.out)
    }

    /// The same, with what only the end of a capture tells: the counters of its last interface.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish_with(mut self, statistics: Statistics) -> io::Result<W> {
        self.statistics = Some(statistics);
        self.finish()
    }

    fn begin_section(&mut self) -> io::Result<()> {
        self.end_section()?;
        let Some(section) = self.description.sections.get(self.begun) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the frame's section is not described"));
        };
        self.blocks.order = section.byte_order;
        self.blocks.section(section);
        self.put()?;
        for interface in self.interfaces_of(self.begun) {
            self.blocks.interface(interface);
            self.put()?;
        }
        if self.begun == 0 && !self.description.names.is_empty() {
            self.blocks.names(&self.description.names);
            self.put()?;
        }
        self.begun = self.begun.saturating_add(1);
        Ok(())
    }

    fn end_section(&mut self) -> io::Result<()> {
        let Some(section) = self.begun.checked_sub(1) else { return Ok(()) };
        for (number, interface) in (0..).zip(self.interfaces_of(section)) {
            let told = self.statistics.as_ref().filter(|_| interface.id == self.last_interface());
            if let Some(statistics) = told.or(interface.statistics.as_ref()) {
                self.blocks.statistics(number, statistics, Clock::of(interface));
                self.put()?;
            }
        }
        Ok(())
    }

    /// Writes a packet without options, and before it the blocks that wait.
    fn large_packet(&mut self, interface: u32, frame: &Frame<'_>) -> io::Result<()> {
        let padding = pcapng::padded(frame.octets.len()).saturating_sub(frame.octets.len());
        let len = 32_u32.saturating_add(frame.captured_len()).saturating_add(padding as u32);
        let length = self.blocks.order.u32_octets(len);
        self.blocks.packet_head(interface, frame);
        self.blocks.set_length(length);
        self.written = self.octets().saturating_add(u64::from(len).saturating_sub(28));
        let head = self.out.write_all(&self.blocks.octets);
        self.blocks.octets.clear();
        head?;
        self.out.write_all(frame.octets)?;
        self.out.write_all([0; 3].get(..padding).unwrap_or_default())?;
        self.out.write_all(&length)?;
        self.out.flush()
    }

    /// Hands the blocks to the output when they are many.
    fn put(&mut self) -> io::Result<()> {
        if self.blocks.octets.len() < GATHERED { Ok(()) } else { self.flush() }
    }

    fn last_interface(&self) -> InterfaceId {
        self.description.interfaces.last().map_or(InterfaceId::NONE, |interface| interface.id)
    }

    fn interfaces_of(&self, section: usize) -> impl Iterator<Item = &'d Interface> + use<'d, W> {
        let interfaces = &self.description.interfaces;
        let start = interfaces.partition_point(|interface| interface.section < section);
        interfaces.iter().skip(start).take_while(move |interface| interface.section == section)
    }
}
