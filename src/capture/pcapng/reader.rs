//! Reads a pcapng file block by block, and finds its way after damage.
//!
//! A block whose two lengths disagree, or that reaches past the end, breaks the chain. The reader then tries the place
//! its first length points to, and after that searches octet by octet for a block of a known type with a sane length at
//! both ends. A fault inside a block that is itself well framed costs that block alone.
//!
//! Nearly all blocks are sound and hold a packet without options: these are [`Ordinary`] and go a short way.

use std::ops::Range;
use std::path::PathBuf;

use super::super::buffer::Buffer;
use super::super::clock::Clock;
use super::super::{
    ByteOrder, Compression, Description, Error, Format, Frame, InterfaceId, LinkType, Next, Resolution, Section, Source,
    Timestamp,
};
use super::block::{
    Broken, CUSTOM, CUSTOM_PRIVATE, ENHANCED_PACKET, Header, INTERFACE, INTERFACE_STATISTICS, JOURNAL, NAME_RESOLUTION, Ordinary,
    PACKET, Packet, SECRETS, SECTION, SIMPLE_PACKET, SMALLEST, padded,
};
use super::code;
use super::describe::{self, Block};
use super::options::Options;
use super::port::Port;

/// Octets of the beginning of a block, enough to know its length.
const HEADER: usize = SMALLEST as usize;

/// A pcapng file being read.
pub(in crate::capture) struct Reader {
    buffer: Buffer,
    path: PathBuf,
    description: Description,
    byte_order: ByteOrder,
    ports: Vec<Port>,
    /// The first of this section's interfaces in `ports`.
    section_start: usize,
    frames: u64,
    /// Octets of the block lent out by the last call.
    lent: usize,
}

/// A frame at the front of the buffer.
struct Ready {
    counted: Counted,
    ticks: u64,
    original_len: u32,
    octets: Range<usize>,
    options: Range<usize>,
}

/// What is known of a frame once it is counted.
struct Counted {
    timestamp: Option<Timestamp>,
    interface: InterfaceId,
    link_type: LinkType,
}

/// Where reading may go on after damage.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Restart {
    /// At any sound block.
    Anywhere,
    /// At the next section: this one cannot be read.
    NextSection,
}

impl Reader {
    /// Looks at the first section header.
    ///
    /// # Errors
    /// What was found and expected, if the header is cut or its byte order, length or version unknown.
    pub(in crate::capture) fn new(mut buffer: Buffer, compression: Compression, path: PathBuf) -> Result<Self, String> {
        let octets = buffer.peek(28);
        let cut = || format!("this pcapng file ends inside its section header: {} octets, expected at least 28", octets.len());
        let broken = |broken: Broken| format!("this looks like a pcapng file, but: {broken}");
        let start = octets.first_chunk().filter(|_| octets.len() == 28).ok_or_else(cut)?;
        let header = Header::parse(*start, ByteOrder::Little).map_err(broken)?;
        let block = Block { octets, order: header.byte_order };
        header.total().filter(|total| *total >= 28).ok_or_else(|| broken(Broken::Length { found: header.length }))?;
        check_version(block).map_err(broken)?;

        let mut description = Description::new(Format::Pcapng);
        description.compression = compression;
        description.sections.push(Section::new(header.byte_order));
        Ok(Self {
            buffer,
            path,
            description,
            byte_order: header.byte_order,
            ports: Vec::new(),
            section_start: 0,
            frames: 0,
            lent: 0,
        })
    }
}

impl Source for Reader {
    #[inline]
    fn next(&mut self) -> Result<Next<'_>, Error> {
        self.buffer.consume(std::mem::take(&mut self.lent));
        match self.ordinary() {
            Some(ready) => Ok(Next::Frame(self.frame(ready))),
            None => self.next_of_any(),
        }
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn consumed(&self) -> u64 {
        self.buffer.drawn()
    }
}

impl Reader {
    /// The next frame, if its block goes the short way.
    #[inline(always)]
    fn ordinary(&mut self) -> Option<Ready> {
        let block = Ordinary::read(self.buffer.ahead(), self.byte_order)?;
        let counted = self.count(block.interface, Some(block.ticks), block.captured_len).ok()?;
        self.lent = block.total;
        let octets = Ordinary::BEFORE..Ordinary::BEFORE.wrapping_add(block.captured_len);
        Some(Ready { counted, ticks: block.ticks, original_len: block.original_len, octets, options: 0..0 })
    }

    /// The next frame, however its block is made.
    #[inline(never)]
    fn next_of_any(&mut self) -> Result<Next<'_>, Error> {
        if let Some(ready) = self.advance() {
            return Ok(Next::Frame(self.frame(ready)));
        }
        if let Some(source) = self.buffer.take_system_fault() {
            return Err(Error::Read { path: self.path.clone(), offset: self.buffer.offset(), source });
        }
        self.finish();
        Ok(Next::End)
    }

    /// Lends out the frame at the front.
    #[inline(always)]
    fn frame(&self, ready: Ready) -> Frame<'_> {
        let block = self.buffer.front(self.lent);
        Frame {
            number: self.frames,
            timestamp: ready.counted.timestamp,
            ticks: ready.ticks,
            interface: ready.counted.interface,
            link_type: ready.counted.link_type,
            original_len: ready.original_len,
            octets: block.get(ready.octets).unwrap_or_default(),
            file_offset: self.buffer.offset(),
            options: block.get(ready.options).unwrap_or_default(),
            byte_order: self.byte_order,
        }
    }

    /// Moves to the next frame; `None` at the end.
    fn advance(&mut self) -> Option<Ready> {
        loop {
            let (kind, total) = match self.block() {
                Ok(Some(block)) => block,
                Ok(None) => return None,
                Err(broken) => {
                    self.recover(broken, Restart::Anywhere);
                    continue;
                }
            };
            let outcome = match kind {
                ENHANCED_PACKET | PACKET | SIMPLE_PACKET => match self.packet(kind, total) {
                    Ok(ready) => {
                        self.lent = total;
                        return Some(ready);
                    }
                    Err(broken) => Err(broken),
                },
                CUSTOM | CUSTOM_PRIVATE | JOURNAL => {
                    self.lent = total;
                    return Some(self.no_packet(kind, total));
                }
                SECTION => match self.section(total) {
                    Err(broken @ (Broken::Version { .. } | Broken::TooMany { .. })) => {
                        self.recover(broken, Restart::NextSection);
                        continue;
                    }
                    outcome => outcome,
                },
                _ => self.other(kind, total),
            };
            let offset = self.buffer.offset();
            self.buffer.consume(total);
            if let Err(broken) = outcome {
                // All but the faulty option was read.
                let skipped = if matches!(broken, Broken::Option { .. }) { 0 } else { total };
                self.description.note_damage(offset, skipped as u64, || broken.to_string());
            }
        }
    }

    /// Type and octets of the block at the front, all of it in memory; `None` at the end of the file.
    #[inline]
    fn block(&mut self) -> Result<Option<(u32, usize)>, Broken> {
        let octets = self.buffer.peek(HEADER);
        let found = octets.len();
        let Some(octets) = octets.first_chunk() else {
            return if found == 0 { Ok(None) } else { Err(Broken::HeaderCut { found }) };
        };
        let header = Header::parse(*octets, self.byte_order)?;
        let total = header.total().ok_or(Broken::Length { found: header.length })?;
        let block = self.buffer.peek(total);
        if block.len() < total {
            return Err(Broken::Cut { found: block.len(), expected: total });
        }
        header.check_trailer(block)?;
        Ok(Some((header.kind, total)))
    }

    /// Reads the packet block at the front.
    #[inline]
    fn packet(&mut self, kind: u32, total: usize) -> Result<Ready, Broken> {
        let (block, order) = (self.buffer.front(total), self.byte_order);
        let packet = match kind {
            ENHANCED_PACKET => Packet::enhanced(block, order)?,
            PACKET => Packet::obsolete(block, order)?,
            _ => Packet::simple(block, order, self.ports.get(self.section_start).map_or(0, |port| port.snap_length))?,
        };
        let counted = self.count(packet.interface, packet.ticks, packet.octets.len())?;
        if packet.lost > 0
            && let Some(interface) = self.description.interfaces.get_mut(counted.interface.0 as usize)
        {
            interface.lost = interface.lost.saturating_add(packet.lost.into());
        }
        if kind == SIMPLE_PACKET {
            self.note_slack(&packet, total);
        }
        if !packet.options.is_empty() {
            self.note_options(&packet, total, counted.interface);
        }
        Ok(Ready {
            counted,
            ticks: packet.ticks.unwrap_or(0),
            original_len: packet.original_len,
            octets: packet.octets,
            options: packet.options,
        })
    }

    /// Counts a packet, and says what its interface tells of it.
    #[inline(always)]
    fn count(&mut self, interface: u32, ticks: Option<u64>, captured_len: usize) -> Result<Counted, Broken> {
        let described = self.ports.len().saturating_sub(self.section_start);
        let undefined = || Broken::Interface { found: interface, described };
        let index = self.section_start.saturating_add(interface as usize);
        let port = self.ports.get_mut(index).ok_or_else(undefined)?;
        let interface = self.description.interfaces.get_mut(index).ok_or_else(undefined)?;

        self.frames = self.frames.wrapping_add(1);
        interface.frames = interface.frames.wrapping_add(1);
        if captured_len > port.snap_length as usize {
            self.description.beyond_snap_length = self.description.beyond_snap_length.saturating_add(1);
        }
        let timestamp = ticks.map(|ticks| port.clock.time(ticks));
        match (&mut port.times, timestamp) {
            (Some((_, last)), Some(time)) => *last = time,
            (None, Some(time)) => port.times = Some((time, time)),
            (_, None) => {}
        }
        // At most MAX_INTERFACES are kept.
        Ok(Counted { timestamp, interface: InterfaceId(index as u32), link_type: port.link_type })
    }

    /// Counts the Custom Block or journal entry at the front as a frame, because Wireshark does.
    #[cold]
    fn no_packet(&mut self, kind: u32, total: usize) -> Ready {
        self.frames = self.frames.saturating_add(1);
        // A Custom Block's body begins with the number of the enterprise that made it.
        let start = if kind == JOURNAL { 8_usize } else { 12 };
        let octets = start.min(total)..total.saturating_sub(4).max(start);
        let entry = self.buffer.front(total).get(octets.clone()).unwrap_or_default();
        let timestamp = if kind == JOURNAL { journal_time(entry) } else { None };
        Ready {
            counted: Counted { timestamp, interface: InterfaceId::NONE, link_type: LinkType::NO_PACKET },
            ticks: 0,
            original_len: u32::try_from(entry.len()).unwrap_or(u32::MAX),
            octets,
            options: 0..0,
        }
    }

    /// Notes a Simple Packet Block that holds more than its interface captures; tshark reads no further there.
    #[cold]
    fn note_slack(&mut self, packet: &Packet, total: usize) {
        let (found, expected) = (total.saturating_sub(16), padded(packet.octets.len()));
        if found > expected {
            let offset = self.buffer.offset();
            self.description.note_damage(offset, 0, || Broken::Slack { found, expected }.to_string());
        }
    }

    /// Keeps the comments of a packet and counts the drops it tells of.
    fn note_options(&mut self, packet: &Packet, total: usize, of: InterfaceId) {
        let block = self.buffer.front(total);
        let notes = &mut self.description;
        for option in Options::new(block.get(packet.options.clone()).unwrap_or_default(), self.byte_order) {
            match option {
                Ok((code::COMMENT, text)) if notes.packet_comments.len() < Description::MAX_COMMENTS => {
                    let text = notes.keep_text(text);
                    notes.packet_comments.extend(text.map(|text| (self.frames, text)));
                }
                Ok((code::COMMENT, _)) => notes.left_out = notes.left_out.saturating_add(1),
                Ok((code::EPB_DROPCOUNT, &[a, b, c, d, e, f, g, h])) => {
                    if let Some(interface) = notes.interfaces.get_mut(of.0 as usize) {
                        let lost = self.byte_order.u64([a, b, c, d, e, f, g, h]);
                        interface.lost = interface.lost.saturating_add(lost);
                    }
                }
                Ok(_) => {}
                Err(broken) => notes.note_damage(self.buffer.offset(), 0, || broken.to_string()),
            }
        }
    }

    /// Begins the section whose header is at the front.
    #[cold]
    fn section(&mut self, total: usize) -> Result<(), Broken> {
        let octets = self.buffer.front(total);
        let header = Header::parse(*octets.first_chunk().ok_or(Broken::HeaderCut { found: total })?, self.byte_order)?;
        let block = Block { octets, order: header.byte_order };
        check_version(block)?;
        if self.buffer.offset() > 0 {
            if self.description.sections.len() >= Description::MAX_INTERFACES {
                return Err(Broken::TooMany { limit: Description::MAX_INTERFACES });
            }
            self.description.sections.push(Section::new(header.byte_order));
        }
        self.byte_order = header.byte_order;
        self.section_start = self.ports.len();
        let mut section = Section::new(header.byte_order);
        let outcome = describe::section(block, &mut section, &mut self.description);
        if let Some(last) = self.description.sections.last_mut() {
            *last = section;
        }
        outcome
    }

    /// Reads a block that holds neither a packet nor a section header.
    #[cold]
    fn other(&mut self, kind: u32, total: usize) -> Result<(), Broken> {
        let block = Block { octets: self.buffer.front(total), order: self.byte_order };
        let notes = &mut self.description;
        match kind {
            INTERFACE => {
                if notes.interfaces.len() >= Description::MAX_INTERFACES {
                    return Err(Broken::TooMany { limit: Description::MAX_INTERFACES });
                }
                let (interface, outcome) = describe::interface(block, notes)?;
                self.ports.push(Port::of(&interface));
                notes.interfaces.push(interface);
                outcome
            }
            NAME_RESOLUTION => describe::names(block, notes),
            INTERFACE_STATISTICS => {
                let (raw, outcome) = describe::statistics(block, notes)?;
                let described = self.ports.len().saturating_sub(self.section_start);
                let undefined = Broken::Interface { found: raw.interface, described };
                let index = self.section_start.saturating_add(raw.interface as usize);
                let port = self.ports.get_mut(index).ok_or(undefined)?;
                let interface = notes.interfaces.get_mut(index).ok_or(undefined)?;
                interface.statistics = Some(port.timed(raw));
                outcome
            }
            SECRETS => {
                notes.secrets = notes.secrets.saturating_add(1);
                describe::secrets(block)
            }
            _ => {
                notes.other_blocks = notes.other_blocks.saturating_add(1);
                Ok(())
            }
        }
    }

    /// Notes the fault at the front and moves on to where reading may restart, or to the end.
    #[cold]
    fn recover(&mut self, broken: Broken, restart: Restart) {
        let offset = self.buffer.offset();
        let jump = match broken {
            Broken::Trailer { first, .. } => Some(first as usize).filter(|at| self.is_sound(*at, restart) || self.ends_at(*at)),
            _ => None,
        };
        self.buffer.consume(jump.unwrap_or(1));
        while !self.buffer.peek(1).is_empty() && jump.is_none() && !self.is_sound(0, restart) {
            self.buffer.consume(1);
        }
        let skipped = self.buffer.offset().saturating_sub(offset);
        let fault = self.buffer.take_compression_fault();
        self.description.note_damage(offset, skipped, || fault.unwrap_or_else(|| broken.to_string()));
    }

    /// Whether a block that is no accident begins `at` octets from the front.
    fn is_sound(&mut self, at: usize, restart: Restart) -> bool {
        let byte_order = self.byte_order;
        let Some(octets) = self.buffer.peek(at.saturating_add(HEADER)).get(at..) else { return false };
        let Some(Ok(header)) = octets.first_chunk().map(|octets| Header::parse(*octets, byte_order)) else { return false };
        let Some(total) = header.total_after_damage() else { return false };
        if restart == Restart::NextSection && header.kind != SECTION {
            return false;
        }
        let end = at.saturating_add(total);
        self.buffer.peek(end).get(at..end).is_some_and(|block| header.check_trailer(block).is_ok())
    }

    /// Whether the file ends `at` octets from the front.
    fn ends_at(&mut self, at: usize) -> bool {
        self.buffer.peek(at.saturating_add(1)).len() == at
    }

    /// Notes compressed data that broke off between two blocks, and settles what only all the frames can tell.
    #[cold]
    fn finish(&mut self) {
        if let Some(text) = self.buffer.take_compression_fault() {
            self.description.note_damage(self.buffer.offset(), 0, || text);
        }
        let of_any = self.ports.iter().find_map(|port| port.times);
        for (port, interface) in self.ports.iter().zip(&mut self.description.interfaces) {
            if let Some(statistics) = &mut interface.statistics {
                port.repair(statistics, of_any);
            }
        }
    }
}

/// When a journal entry was made: its field `__REALTIME_TIMESTAMP`, in microseconds.
fn journal_time(entry: &[u8]) -> Option<Timestamp> {
    let mut lines = entry.split(|octet| *octet == b'\n');
    let number = lines.find_map(|line| line.strip_prefix(b"__REALTIME_TIMESTAMP="))?;
    let ticks = std::str::from_utf8(number).ok()?.parse().ok()?;
    Some(Clock::new(Resolution::Decimal(6), 0).time(ticks))
}

fn check_version(block: Block<'_>) -> Result<(), Broken> {
    match describe::version(block)? {
        // 1.2 was written by some programs, and is the same.
        (1, 0 | 2) => Ok(()),
        (major, minor) => Err(Broken::Version { major, minor }),
    }
}
