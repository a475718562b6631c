//! Writes chosen frames of a capture as a pcapng file (draft-ietf-opsawg-pcapng), each as it was captured.
//!
//! Sections, interfaces, ticks and packet options are kept; interfaces have the same numbers within their section.
//! A pcap file becomes one section with one interface. Not kept: decryption secrets, blocks that hold no packet and are
//! unknown here, and whatever a damaged place held. Texts are written as UTF-8, whatever they were.

use std::io::{self, BufWriter, Write};
use std::net::IpAddr;

use super::clock::Clock;
use super::pcapng::{self, code};
use super::{ByteOrder, Description, Frame, Interface, InterfaceId, Resolution, Statistics};

/// Writes frames of the capture that `description` describes; it must be complete, so read the capture once before.
///
/// Statistics are written where an interface has them: they count all packets, so take them out for a selection.
pub struct Writer<'d, W: Write> {
    out: BufWriter<W>,
    description: &'d Description,
    /// Sections begun; frames go to the last of them.
    begun: usize,
    block: Block,
}

impl<'d, W: Write> Writer<'d, W> {
    /// Nothing is written before the first frame.
    pub fn new(out: W, description: &'d Description) -> Self {
        Self { out: BufWriter::new(out), description, begun: 0, block: Block::default() }
    }

    /// Writes `frame`; frames come in the order of the capture. Those that hold no packet are left out.
    ///
    /// # Errors
    /// Those of the output, and [`io::ErrorKind::InvalidInput`] for a frame that is not of this capture or out of order.
    pub fn frame(&mut self, frame: &Frame<'_>) -> io::Result<()> {
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
            Some(_) => self.block.enhanced_packet(number, frame),
            None => self.block.simple_packet(frame),
        }
        self.out.write_all(self.block.octets())
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
        self.out.flush()?;
        self.out.into_inner().map_err(io::IntoInnerError::into_error)
    }

    fn begin_section(&mut self) -> io::Result<()> {
        self.end_section()?;
        let Some(section) = self.description.sections.get(self.begun) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the frame's section is not described"));
        };
        self.block.order = section.byte_order;
        self.block.section(section);
        self.out.write_all(self.block.octets())?;
        for interface in self.interfaces_of(self.begun) {
            self.block.interface(interface);
            self.out.write_all(self.block.octets())?;
        }
        if self.begun == 0 && !self.description.names.is_empty() {
            self.block.names(&self.description.names);
            self.out.write_all(self.block.octets())?;
        }
        self.begun = self.begun.saturating_add(1);
        Ok(())
    }

    fn end_section(&mut self) -> io::Result<()> {
        let Some(section) = self.begun.checked_sub(1) else { return Ok(()) };
        for (number, interface) in (0..).zip(self.interfaces_of(section)) {
            if let Some(statistics) = &interface.statistics {
                self.block.statistics(number, statistics, Clock::of(interface));
                self.out.write_all(self.block.octets())?;
            }
        }
        Ok(())
    }

    fn interfaces_of(&self, section: usize) -> impl Iterator<Item = &'d Interface> + use<'d, W> {
        let interfaces = &self.description.interfaces;
        let start = interfaces.partition_point(|interface| interface.section < section);
        interfaces.iter().skip(start).take_while(move |interface| interface.section == section)
    }
}

/// One block being built, in the byte order of its section.
struct Block {
    order: ByteOrder,
    octets: Vec<u8>,
}

impl Default for Block {
    fn default() -> Self {
        Self { order: ByteOrder::Little, octets: Vec::new() }
    }
}

impl Block {
    /// The finished block.
    fn octets(&self) -> &[u8] {
        &self.octets
    }

    fn section(&mut self, section: &super::Section) {
        self.begin(pcapng::SECTION);
        self.u32(0x1a2b_3c4d);
        self.u16(1);
        self.u16(0);
        self.u64(u64::MAX); // Section length: unknown.
        self.texts(code::COMMENT, &section.comments);
        self.texts(code::SHB_HARDWARE, &section.hardware);
        self.texts(code::SHB_OS, &section.os);
        self.texts(code::SHB_USERAPPL, &section.application);
        self.octets.extend(&section.other_options);
        self.end_with_options(24);
    }

    fn interface(&mut self, interface: &Interface) {
        self.begin(pcapng::INTERFACE);
        self.u16(interface.link_type.0);
        self.u16(0);
        self.u32(interface.snap_length.unwrap_or(0));
        self.texts(code::COMMENT, &interface.comments);
        self.texts(code::IF_NAME, &interface.name);
        self.texts(code::IF_DESCRIPTION, &interface.description);
        if interface.resolution != Resolution::Decimal(6) {
            self.option(code::IF_TSRESOL, &[unit(interface.resolution)]);
        }
        if let Some(filter) = &interface.filter {
            self.option(code::IF_FILTER, &[b"\0", filter.as_bytes()].concat());
        }
        self.texts(code::IF_OS, &interface.os);
        if interface.offset_seconds != 0 {
            self.option(code::IF_TSOFFSET, &self.order.u64_octets(interface.offset_seconds.cast_unsigned()));
        }
        self.texts(code::IF_HARDWARE, &interface.hardware);
        self.octets.extend(&interface.other_options);
        self.end_with_options(16);
    }

    fn names(&mut self, names: &[(IpAddr, String)]) {
        self.begin(pcapng::NAME_RESOLUTION);
        for (address, name) in names {
            let (kind, address) = match address {
                IpAddr::V4(address) => (1, address.octets().to_vec()),
                IpAddr::V6(address) => (2, address.octets().to_vec()),
            };
            self.option(kind, &[&address, name.as_bytes(), b"\0"].concat());
        }
        self.u32(0); // End of records.
        self.end();
    }

    fn enhanced_packet(&mut self, interface: u32, frame: &Frame<'_>) {
        self.begin(pcapng::ENHANCED_PACKET);
        self.u32(interface);
        self.ticks(frame.ticks);
        self.u32(frame.captured_len());
        self.u32(frame.original_len);
        self.padded(frame.octets);
        if pcapng::options_are_sound(frame) {
            self.octets.extend(frame.options);
            self.end();
        } else {
            let body = self.octets.len();
            pcapng::sound_options(frame).for_each(|(code, value)| self.option(code, value));
            self.end_with_options(body);
        }
    }

    fn simple_packet(&mut self, frame: &Frame<'_>) {
        self.begin(pcapng::SIMPLE_PACKET);
        self.u32(frame.original_len);
        self.padded(frame.octets);
        self.end();
    }

    fn statistics(&mut self, interface: u32, statistics: &Statistics, clock: Clock) {
        let (start, end) =
            (statistics.start.and_then(|time| clock.ticks(time)), statistics.end.and_then(|time| clock.ticks(time)));
        self.begin(pcapng::INTERFACE_STATISTICS);
        self.u32(interface);
        self.ticks(end.or(start).unwrap_or(0));
        self.texts(code::COMMENT, &statistics.comments);
        for (code, time) in [(code::ISB_STARTTIME, start), (code::ISB_ENDTIME, end)] {
            if let Some(ticks) = time {
                self.u16(code);
                self.u16(8);
                self.ticks(ticks);
            }
        }
        for (code, count) in [
            (code::ISB_IFRECV, statistics.received),
            (code::ISB_IFDROP, statistics.dropped),
            (code::ISB_FILTERACCEPT, statistics.filter_accepted),
            (code::ISB_OSDROP, statistics.os_dropped),
            (code::ISB_USRDELIV, statistics.delivered),
        ] {
            if let Some(count) = count {
                self.option(code, &self.order.u64_octets(count));
            }
        }
        self.end_with_options(20);
    }

    fn begin(&mut self, kind: u32) {
        self.octets.clear();
        self.u32(kind);
        self.u32(0); // The length, known at the end.
    }

    /// Ends a block whose options begin after `fixed` octets.
    fn end_with_options(&mut self, fixed: usize) {
        if self.octets.len() > fixed {
            self.u16(code::END);
            self.u16(0);
        }
        self.end();
    }

    /// Writes the length at both ends.
    fn end(&mut self) {
        // A block holds one packet of at most 16 MiB, or texts that are bounded likewise.
        let length = self.order.u32_octets(self.octets.len().saturating_add(4) as u32);
        self.octets.extend(length);
        if let Some(place) = self.octets.get_mut(4..8) {
            place.copy_from_slice(&length);
        }
    }

    fn texts<'t>(&mut self, code: u16, texts: impl IntoIterator<Item = &'t String>) {
        for text in texts {
            self.option(code, text.as_bytes());
        }
    }

    /// An option or record; a value beyond 65,535 octets, which only escapes in a faulty text can make, is cut there.
    fn option(&mut self, code: u16, value: &[u8]) {
        let len = u16::try_from(value.len()).unwrap_or(u16::MAX);
        self.u16(code);
        self.u16(len);
        self.padded(value.get(..usize::from(len)).unwrap_or(value));
    }

    fn padded(&mut self, octets: &[u8]) {
        self.octets.extend(octets);
        self.octets.resize(pcapng::padded(self.octets.len()), 0);
    }

    /// 64 bits of time, upper half first.
    fn ticks(&mut self, ticks: u64) {
        self.u32((ticks >> 32) as u32);
        self.u32(ticks as u32);
    }

    fn u16(&mut self, number: u16) {
        self.octets.extend(self.order.u16_octets(number));
    }

    fn u32(&mut self, number: u32) {
        self.octets.extend(self.order.u32_octets(number));
    }

    fn u64(&mut self, number: u64) {
        self.octets.extend(self.order.u64_octets(number));
    }
}

/// A resolution as `if_tsresol` holds it.
const fn unit(resolution: Resolution) -> u8 {
    match resolution {
        Resolution::Decimal(digits) => digits & 0x7f,
        Resolution::Binary(bits) => bits | 0x80,
    }
}
