//! Reads a pcapng file block by block, and finds its way after damage.
//!
//! A block whose two lengths disagree, or that reaches past the end, breaks the chain. The reader then tries the place
//! its first length points to, and after that searches octet by octet for a block of a known type with a sane length at
//! both ends. A fault inside a block that is itself well framed costs that block alone.

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
        let ordinary = Ordinary::read(self.buffer.ahead(), self.byte_order);
        if let Some(Ordinary { total, interface, ticks, original_len, captured_len }) = ordinary
            && let Ok(counted) = self.count(interface, Some(ticks), captured_len)
        {
            self.lent = total;
            let octets = self.buffer.ahead().get(Ordinary::BEFORE..).and_then(|octets| octets.get(..captured_len));
            return Ok(Next::Frame(Frame {
                number: self.frames,
                timestamp: counted.timestamp,
                ticks,
                interface: counted.interface,
                link_type: counted.link_type,
                original_len,
                octets: octets.unwrap_or_default(),
                file_offset: self.buffer.offset(),
                options: &[],
                byte_order: self.byte_order,
            }));
        }
        self.next_of_any()
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn consumed(&self) -> u64 {
        self.buffer.drawn()
    }
}

impl Reader {
    /// The next frame, whatever its block is like.
    #[inline(never)]
    fn next_of_any(&mut self) -> Result<Next<'_>, Error> {
        let Some(ready) = self.advance() else {
            if let Some(source) = self.buffer.take_system_fault() {
                return Err(Error::Read { path: self.path.clone(), offset: self.buffer.offset(), source });
            }
            self.finish();
            return Ok(Next::End);
        };
        let block = self.buffer.front(self.lent);
        Ok(Next::Frame(Frame {
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
        }))
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
        let undefined = Broken::Interface { found: interface, described };
        let index = self.section_start.saturating_add(interface as usize);
        let port = self.ports.get_mut(index).ok_or(undefined)?;
        let interface = self.description.interfaces.get_mut(index).ok_or(undefined)?;

        self.frames = self.frames.saturating_add(1);
        interface.frames = interface.frames.saturating_add(1);
        if captured_len > port.snap_length as usize {
            self.description.beyond_snap_length = self.description.beyond_snap_length.saturating_add(1);
        }
        let timestamp = ticks.map(|ticks| port.clock.time(ticks));
        if let Some(time) = timestamp {
            port.times = Some((port.times.map_or(time, |(first, _)| first), time));
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

#[cfg(test)]
mod tests {
    use super::super::super::sample::{
        Kept, ORDERS, SECONDS, block, interface, option, packet, pcap_header, read, record, refusal, section,
    };
    use super::super::super::{Damage, Statistics};
    use super::*;

    const LITTLE: ByteOrder = ByteOrder::Little;
    /// Ticks of the first packet, in microseconds.
    const TICKS: u64 = SECONDS as u64 * 1_000_000;

    /// A section, an Ethernet interface, and three packets of 60, 61 and 62 octets a second apart, block by block.
    fn three(order: ByteOrder) -> Vec<Vec<u8>> {
        let packets = (0..3_u8)
            .map(|index| packet(order, 0, TICKS + u64::from(index) * 1_000_000, &vec![index + 1; 60 + usize::from(index)], &[]));
        [section(order, &[]), interface(order, 1, 262_144, &[])].into_iter().chain(packets).collect()
    }

    fn first_octets(frames: &[Kept]) -> Vec<u8> {
        frames.iter().map(|frame| frame.octets[0]).collect()
    }

    fn places(description: &Description) -> Vec<(u64, u64)> {
        description.damage.iter().map(|damage| (damage.offset, damage.skipped)).collect()
    }

    #[test]
    fn every_resolution_in_both_byte_orders() {
        for order in ORDERS {
            let check = |options: &[u8], ticks: u64, nanoseconds: u32| {
                let file = [section(order, &[]), interface(order, 113, 96, options), packet(order, 0, ticks, b"x", &[])].concat();
                let (frames, offsets, description) = read(&file);
                assert_eq!(frames[0].timestamp, Some(Timestamp::new(SECONDS.into(), nanoseconds)), "{order:?} {options:?}");
                assert_eq!((frames[0].ticks, &frames[0].octets[..], frames[0].link_type), (ticks, &b"x"[..], LinkType::SLL));
                assert_eq!(offsets, [(28 + 20 + options.len()) as u64]);
                assert_eq!(description.damage, []);
                description.interfaces[0].clone()
            };
            let seconds = u64::from(SECONDS);
            let unit = |unit: u8| option(order, 9, &[unit]);
            assert_eq!(check(&[], seconds * 1_000_000 + 250_000, 250_000_000).resolution, Resolution::Decimal(6));
            assert_eq!(check(&unit(0), seconds, 0).resolution, Resolution::Decimal(0));
            assert_eq!(check(&unit(3), seconds * 1000 + 250, 250_000_000).resolution, Resolution::Decimal(3));
            check(&unit(9), seconds * 1_000_000_000 + 250_000_001, 250_000_001);
            check(&unit(10), seconds * 10_000_000_000 + 2_500_000_019, 250_000_001);
            assert_eq!(check(&unit(0x80 | 20), seconds << 20 | 1 << 18, 250_000_000).resolution, Resolution::Binary(20));
            let offset = [unit(6), option(order, 14, &order.u64_octets((-10_i64).cast_unsigned()))].concat();
            assert_eq!(check(&offset, (seconds + 10) * 1_000_000, 0).offset_seconds, -10);
        }
    }

    #[test]
    fn every_kind_of_packet_block() {
        for order in ORDERS {
            let mut obsolete = order.u16_octets(1).to_vec();
            obsolete.extend(order.u16_octets(7)); // Drops.
            for number in [(TICKS >> 32) as u32, TICKS as u32, 3, 90] {
                obsolete.extend(order.u32_octets(number));
            }
            obsolete.extend(b"old\0");
            let simple = [&order.u32_octets(90)[..], &[5; 40]].concat();
            let file = [
                section(order, &[]),
                interface(order, 1, 40, &[]),
                interface(order, 101, 0, &[]),
                block(order, 3, &simple),
                block(order, 2, &obsolete),
                packet(order, 1, TICKS, b"new", &option(order, 4, &order.u64_octets(5))),
            ]
            .concat();
            let (frames, _, description) = read(&file);
            assert_eq!(description.damage, []);
            let brief: Vec<_> =
                frames.iter().map(|frame| (frame.interface.0, frame.timestamp, frame.original_len, &frame.octets[..])).collect();
            let time = Some(Timestamp::new(SECONDS.into(), 0));
            assert_eq!(brief, [(0, None, 90, &[5; 40][..]), (1, time, 90, b"old"), (1, time, 3, b"new")]);
            assert_eq!(frames[1].link_type, LinkType::RAW);
            assert_eq!(
                description.interfaces.iter().map(|interface| (interface.frames, interface.lost)).collect::<Vec<_>>(),
                [(1, 0), (2, 12)]
            );
        }
    }

    #[test]
    fn what_the_file_says_of_itself_is_kept() {
        for order in ORDERS {
            let texts =
                |pairs: &[(u16, &[u8])]| pairs.iter().map(|(code, text)| option(order, *code, text)).collect::<Vec<_>>().concat();
            let names =
                [option(order, 1, b"\x7f\0\0\x01localhost\0me\0"), option(order, 2, &[&[0; 15][..], b"\x01v6\0"].concat())];
            let counters = texts(&[(1, b"Counters"), (4, &order.u64_octets(9)), (5, &order.u64_octets(2))]);
            let secrets = [order.u32_octets(0x544c_534b), order.u32_octets(4), *b"keys"].concat();
            let file = [
                section(order, &texts(&[(2, b"CPU"), (3, b"Linux"), (4, b"Dumpcap"), (1, b"one"), (1, b"two"), (99, b"?")])),
                interface(
                    order,
                    0,
                    0,
                    &texts(&[
                        (2, b"lo"),
                        (3, b"\xc8\xab\xb1\xe6"), // CP949.
                        (11, b"\0udp port 5000"),
                        (12, b"Linux 6"),
                        (15, b"virtual"),
                        (8, &[1; 8]),
                    ]),
                ),
                block(order, 4, &[names.concat(), vec![0; 4]].concat()),
                packet(order, 0, TICKS, b"x", &texts(&[(1, "안녕".as_bytes()), (1, b"again")])),
                block(order, 5, &[order.u32_octets(0).to_vec(), vec![0; 8], counters].concat()),
                block(order, 10, &secrets),
                block(order, 0x1234, b"unknown."),
            ]
            .concat();
            let (_, _, description) = read(&file);
            assert_eq!(description.damage, []);
            let section = &description.sections[0];
            assert_eq!(
                (section.hardware.as_deref(), section.os.as_deref(), section.application.as_deref()),
                (Some("CPU"), Some("Linux"), Some("Dumpcap"))
            );
            assert_eq!(section.comments, ["one", "two"]);
            assert_eq!(section.other_options, option(order, 99, b"?"));
            let interface = &description.interfaces[0];
            assert_eq!((interface.name.as_deref(), interface.description.as_deref()), (Some("lo"), Some("홍길")));
            assert_eq!((interface.filter.as_deref(), interface.os.as_deref()), (Some("udp port 5000"), Some("Linux 6")));
            assert_eq!((interface.hardware.as_deref(), interface.snap_length), (Some("virtual"), None));
            assert_eq!(interface.other_options, option(order, 8, &[1; 8]));
            let statistics = interface.statistics.as_ref().unwrap();
            assert_eq!((statistics.received, statistics.dropped, statistics.os_dropped), (Some(9), Some(2), None));
            assert_eq!(statistics.comments, ["Counters"]);
            let names: Vec<_> = description.names.iter().map(|(address, name)| format!("{address} {name}")).collect();
            assert_eq!(names, ["127.0.0.1 localhost", "127.0.0.1 me", "::1 v6"]);
            assert_eq!(description.packet_comments, [(1, "안녕".to_owned()), (1, "again".to_owned())]);
            assert_eq!((description.secrets, description.other_blocks), (1, 1));
        }
    }

    #[test]
    fn interfaces_are_numbered_over_sections_of_either_order() {
        let file = [three(ByteOrder::Little).concat(), three(ByteOrder::Big).concat()].concat();
        let (frames, _, description) = read(&file);
        assert_eq!(frames.iter().map(|frame| frame.interface.0).collect::<Vec<_>>(), [0, 0, 0, 1, 1, 1]);
        assert_eq!(frames.iter().map(|frame| frame.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(frames[5].timestamp, frames[2].timestamp);
        assert_eq!(description.interfaces.iter().map(|interface| interface.section).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(description.sections.iter().map(|section| section.byte_order).collect::<Vec<_>>(), ORDERS);
    }

    #[test]
    fn custom_blocks_and_journal_entries_count_as_frames() {
        let custom = [&LITTLE.u32_octets(32_473)[..], b"data"].concat();
        let journal = b"_PID=1\n__REALTIME_TIMESTAMP=1700000000250000\n";
        let mut file = three(LITTLE);
        file.insert(2, block(LITTLE, 0x0bad, &custom));
        file.insert(3, block(LITTLE, 0x4000_0bad, &custom));
        file.insert(4, block(LITTLE, 9, journal));
        let (frames, _, description) = read(&file.concat());
        assert_eq!(frames.len(), 6);
        assert_eq!(
            (&frames[1].octets[..], frames[1].link_type, frames[1].interface),
            (&b"data"[..], LinkType::NO_PACKET, InterfaceId::NONE)
        );
        assert_eq!(frames[2].timestamp, Some(Timestamp::new(SECONDS.into(), 250_000_000)));
        assert_eq!(frames[3].number, 4);
        assert_eq!(description.interfaces[0].frames, 3);
    }

    #[test]
    fn every_prefix_keeps_the_frames_before_the_cut() {
        for order in ORDERS {
            let blocks = three(order);
            let file = blocks.concat();
            let starts: Vec<usize> = (0..=blocks.len()).map(|count| blocks[..count].iter().map(Vec::len).sum()).collect();
            for cut in 0..28 {
                assert!(refusal(&file[..cut]).contains("expected"), "cut at {cut}");
            }
            for cut in 28..=file.len() {
                let (frames, _, description) = read(&file[..cut]);
                let whole = starts.iter().filter(|start| **start <= cut).count() - 1;
                assert_eq!(frames.len(), whole.saturating_sub(2), "cut at {cut}");
                let expected: &[_] = match cut - starts[whole] {
                    0 => &[],
                    rest => &[(starts[whole] as u64, rest as u64)],
                };
                assert_eq!(places(&description), expected, "cut at {cut}");
            }
        }
    }

    #[test]
    fn garbage_between_blocks_is_stepped_over() {
        for order in ORDERS {
            for (len, octet) in (1..60).flat_map(|len| [(len, 0xee), (len, 0)]) {
                let mut blocks = three(order);
                let offset: usize = blocks[..3].iter().map(Vec::len).sum();
                blocks.insert(3, vec![octet; len]);
                let (frames, _, description) = read(&blocks.concat());
                assert_eq!(first_octets(&frames), [1, 2, 3], "{len} octets of {octet}");
                assert_eq!(places(&description), [(offset as u64, len as u64)], "{len} octets of {octet}");
            }
        }
    }

    #[test]
    fn a_broken_length_at_either_end_costs_one_block() {
        let check = |place: usize, length: u32, text: &str| {
            let mut blocks = three(LITTLE);
            let len = blocks[3].len();
            blocks[3][place..place + 4].copy_from_slice(&length.to_le_bytes());
            let (frames, _, description) = read(&blocks.concat());
            assert_eq!(first_octets(&frames), [1, 3], "{text}");
            assert_eq!(description.damage, [Damage { offset: 28 + 20 + 92, text: text.to_owned(), skipped: len as u64 }]);
        };
        let trailer = "found a block of 96 octets with 97 for its length at the end, expected the same at both ends";
        check(92, 97, trailer);
        check(4, 0, "found a block length of 0 octets, expected 12 to 16777216");
        check(4, u32::MAX, "found a block length of 4294967295 octets, expected 12 to 16777216");
        check(4, 1_000_000, "found 192 octets of a block, expected 1000000");
    }

    #[test]
    fn a_fault_inside_a_block_costs_that_block_alone() {
        let check = |broken: Vec<u8>, numbers: &[u8], text: &str| {
            let skipped = broken.len() as u64;
            let mut blocks = three(LITTLE);
            blocks[3] = broken;
            let (frames, _, description) = read(&blocks.concat());
            assert_eq!(first_octets(&frames), numbers, "{text}");
            assert_eq!((&description.damage[0].text[..], description.damage[0].offset), (text, 28 + 20 + 92));
            assert_eq!(description.damage[0].skipped, if numbers.len() == 3 { 0 } else { skipped });
        };
        let mut lying = packet(LITTLE, 0, 0, &[2; 61], &[]);
        lying[20..24].copy_from_slice(&4000_u32.to_le_bytes());
        check(lying, &[1, 3], "found a captured length of 4000 octets, expected at most 64 in this block");
        check(
            packet(LITTLE, 7, 0, &[2; 61], &[]),
            &[1, 3],
            "found a frame of interface 7, expected one of the 1 described in this section",
        );
        check(block(LITTLE, 6, &[0; 4]), &[1, 3], "found a block of type 6 with 16 octets, expected at least 32");
        let overrun = [LITTLE.u16_octets(1), LITTLE.u16_octets(500), [b'a'; 2], [b'b'; 2]].concat();
        check(packet(LITTLE, 0, 0, &[2; 61], &overrun), &[1, 2, 3], "found option 1 of 500 octets, expected at most 4");
        check(
            block(LITTLE, 4, &LITTLE.u32_octets(0xffff_0001)),
            &[1, 3],
            "found a name record of 65535 octets, expected at most 0",
        );
        check(block(LITTLE, 10, &[0xff; 8]), &[1, 3], "found secrets of 4294967295 octets, expected at most 0");
    }

    #[test]
    fn a_faulty_option_costs_neither_its_interface_nor_its_section() {
        let options = [option(LITTLE, 9, &[9]), vec![2, 0, 99, 0]].concat();
        let (shb, idb) = (section(LITTLE, &options), interface(LITTLE, 1, 40, &options));
        let (frames, _, description) = read(&[&shb[..], &idb, &packet(LITTLE, 0, TICKS * 1000, b"x", &[])].concat());
        assert_eq!(frames[0].timestamp, Some(Timestamp::new(SECONDS.into(), 0)));
        assert_eq!(places(&description), [(0, 0), (shb.len() as u64, 0)]);
        assert_eq!(description.damage[0].text, "found option 2 of 99 octets, expected at most 0");
    }

    #[test]
    fn a_simple_packet_longer_than_the_snap_length_is_read_and_noted() {
        let simple = [&LITTLE.u32_octets(90)[..], &[5; 60]].concat();
        let (frames, _, description) =
            read(&[section(LITTLE, &[]), interface(LITTLE, 1, 40, &[]), block(LITTLE, 3, &simple)].concat());
        assert_eq!(frames[0].octets, [5; 40]);
        assert_eq!(description.damage[0].text, "found 60 octets for a frame, expected 40 by its interface's snap length");
    }

    #[test]
    fn a_section_of_an_unknown_version_is_skipped_whole() {
        let mut unknown = three(LITTLE);
        unknown[0][12] = 2;
        let (first, last) = (three(LITTLE).concat(), three(ByteOrder::Big).concat());
        let (frames, _, description) = read(&[&first[..], &unknown.concat(), &last].concat());
        assert_eq!(frames.len(), 6);
        assert_eq!(places(&description), [(first.len() as u64, first.len() as u64)]);
        assert_eq!(description.sections.len(), 2);
        assert!(refusal(&unknown.concat()).ends_with("found a section of version 2.0, expected 1.0 or 1.2"));
    }

    #[test]
    fn a_record_of_pcap_inside_is_only_garbage() {
        let foreign = [pcap_header(LITTLE, 0xa1b2_c3d4), record(LITTLE, SECONDS, 0, &[9; 60])].concat();
        let mut blocks = three(LITTLE);
        blocks.insert(3, foreign);
        assert_eq!(first_octets(&read(&blocks.concat()).0), [1, 2, 3]);
    }

    fn statistics(ticks: (u64, u64), packets: bool) -> Statistics {
        let time = |ticks: u64| [((ticks >> 32) as u32).to_le_bytes(), (ticks as u32).to_le_bytes()].concat();
        let options = [option(LITTLE, 2, &time(ticks.0)), option(LITTLE, 3, &time(ticks.1))].concat();
        let packet = packet(LITTLE, 0, TICKS * 1000, b"x", &[]);
        let file = [
            section(LITTLE, &[]),
            interface(LITTLE, 1, 0, &option(LITTLE, 9, &[9])),
            if packets { packet } else { Vec::new() },
            block(LITTLE, 5, &[vec![0; 12], options].concat()),
        ];
        read(&file.concat()).2.interfaces[0].statistics.clone().unwrap()
    }

    #[test]
    fn statistics_in_the_wrong_unit_are_known_by_their_packets() {
        let expected = (Some(Timestamp::new(i64::from(SECONDS) - 5, 0)), Some(Timestamp::new(i64::from(SECONDS) + 5, 0)));
        let (start, end) = (TICKS - 5_000_000, TICKS + 5_000_000);
        for packets in [true, false] {
            let wrong = statistics((start, end), packets);
            assert_eq!(((wrong.start, wrong.end), wrong.unit_repaired), (expected, true));
            let right = statistics((start * 1000, end * 1000), packets);
            assert_eq!(((right.start, right.end), right.unit_repaired), (expected, false));
        }
        let waited = 86_400_000_000 * 10;
        let early = statistics((start - waited, end), true);
        assert_eq!((early.end, early.unit_repaired), (expected.1, true), "ten days until the first packet");
        let old = statistics((86_400_000_000_000, 86_400_000_000_000), true);
        assert_eq!((old.start, old.unit_repaired), (Some(Timestamp::new(86_400, 0)), false), "near in neither unit");
    }

    #[test]
    fn what_hostile_files_pile_up_is_bounded() {
        let empty_comment = option(LITTLE, 1, b"");
        let comments = packet(LITTLE, 0, TICKS, b"x", &empty_comment.repeat(2000));
        let stranger = packet(LITTLE, 7, TICKS, b"x", &[]);
        let file = [section(LITTLE, &[]), interface(LITTLE, 1, 0, &[]), comments, stranger.repeat(100)].concat();
        let description = read(&file).2;
        assert_eq!(description.packet_comments.len(), Description::MAX_COMMENTS);
        assert_eq!(description.left_out, 1000);
        assert_eq!((description.damage.len(), description.more_damage), (Description::MAX_DAMAGE, 84));

        let texts = option(LITTLE, 1, &[b'a'; 60_000]).repeat(200);
        let description = read(&section(LITTLE, &texts)).2;
        assert_eq!(description.sections[0].comments.len(), Description::MAX_TEXT / 60_064);
        assert_eq!(description.left_out as usize, 200 - Description::MAX_TEXT / 60_064);

        let interfaces = interface(LITTLE, 1, 0, &[]).repeat(Description::MAX_INTERFACES + 2);
        let description = read(&[section(LITTLE, &[]), interfaces].concat()).2;
        assert_eq!((description.interfaces.len(), description.damage.len()), (Description::MAX_INTERFACES, 2));
        let description = read(&section(LITTLE, &[]).repeat(Description::MAX_INTERFACES + 2)).2;
        assert_eq!((description.sections.len(), description.damage.len()), (Description::MAX_INTERFACES, 2));
    }

    #[test]
    fn a_megabyte_of_false_beginnings_is_searched_once() {
        // Each claims a packet block of 600,000 octets, and none ends with that length.
        let claim = [6_u32, 600_000, 0, 0].map(u32::to_le_bytes).concat();
        let mut blocks = three(LITTLE);
        blocks.insert(3, claim.repeat(65_536));
        let (frames, _, description) = read(&blocks.concat());
        assert_eq!(first_octets(&frames), [1, 2, 3]);
        assert_eq!(places(&description), [(28 + 20 + 92, 1 << 20)]);
    }
}
