//! Writes chosen frames of a capture as a pcapng file (draft-ietf-opsawg-pcapng), each as it was captured.
//!
//! Sections, interfaces, ticks and packet options are kept; interfaces have the same numbers within their section.
//! A pcap file becomes one section with one interface. Not kept: decryption secrets, blocks that hold no packet and are
//! unknown here, and whatever a damaged place held. Texts are written as UTF-8, whatever they were.

use std::io::{self, Write};
use std::net::IpAddr;

use super::clock::Clock;
use super::kernel::Sample;
use super::pcapng::{self, code};
use super::{ByteOrder, Description, Frame, Interface, InterfaceId, Resolution, Statistics};

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
        Self { out, written: 0, description, begun: 0, statistics: None, blocks: Blocks::default() }
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

/// Blocks that are still to be written, the last of which may be in the making.
struct Blocks {
    /// The byte order of their section.
    order: ByteOrder,
    octets: Vec<u8>,
    /// Where the last one begins.
    begin: usize,
}

impl Default for Blocks {
    fn default() -> Self {
        Self { order: ByteOrder::Little, octets: Vec::with_capacity(GATHERED), begin: 0 }
    }
}

impl Blocks {
    /// Octets of the last block so far.
    fn len(&self) -> usize {
        self.octets.len().saturating_sub(self.begin)
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
        for address in &interface.addresses {
            let code = if address.ip.is_ipv4() { code::IF_IPV4ADDR } else { code::IF_IPV6ADDR };
            self.option(code, &address.to_option());
        }
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

    fn enhanced_packet(&mut self, interface: u32, frame: &Frame<'_>, comment: Option<&str>) {
        self.packet_head(interface, frame);
        self.padded(frame.octets);
        if comment.is_none() && pcapng::options_are_sound(frame) {
            self.octets.extend(frame.options);
            self.end();
        } else {
            let body = self.len();
            pcapng::sound_options(frame).for_each(|(code, value)| self.option(code, value));
            comment.into_iter().for_each(|comment| self.option(code::COMMENT, comment.as_bytes()));
            self.end_with_options(body);
        }
    }

    /// What stands before the frame, 28 octets.
    fn packet_head(&mut self, interface: u32, frame: &Frame<'_>) {
        self.begin(pcapng::ENHANCED_PACKET);
        self.u32(interface);
        self.ticks(frame.ticks);
        self.u32(frame.captured_len());
        self.u32(frame.original_len);
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
        self.begin = self.octets.len();
        self.u32(kind);
        self.u32(0); // The length, known at the end.
    }

    /// Ends a block whose options begin after `fixed` octets.
    fn end_with_options(&mut self, fixed: usize) {
        if self.len() > fixed {
            self.u16(code::END);
            self.u16(0);
        }
        self.end();
    }

    /// Writes the length at both ends.
    fn end(&mut self) {
        // A block holds one packet of at most 16 MiB, or texts that are bounded likewise.
        let length = self.order.u32_octets(self.len().saturating_add(4) as u32);
        self.octets.extend(length);
        self.set_length(length);
    }

    /// Writes the length at the begin.
    fn set_length(&mut self, length: [u8; 4]) {
        if let Some(place) = self.octets.get_mut(self.begin.saturating_add(4)..self.begin.saturating_add(8)) {
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

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::super::sample::{
        Kept, ORDERS, SECONDS, block, drain, interface, option, packet, pcap_header, read, record, section,
    };
    use super::super::{LinkType, Next, open};
    use super::*;

    /// Writes the frames of `octets` that `choose` accepts.
    fn copy(octets: &[u8], choose: impl Fn(&Frame<'_>) -> bool) -> Vec<u8> {
        let (.., description) = read(octets);
        let mut source = super::super::sample::open(octets).unwrap();
        let mut writer = Writer::new(Vec::new(), &description);
        while let Next::Frame(frame) = source.next().unwrap() {
            if choose(&frame) {
                writer.frame(&frame).unwrap();
            }
        }
        writer.finish().unwrap()
    }

    /// Also a large frame gets its comment, and keeps the options it had.
    #[test]
    fn a_comment_stands_behind_the_options_there_were() {
        for order in ORDERS {
            let flags = option(order, 2, &order.u32_octets(0x201));
            let packets = [packet(order, 0, 1, b"small", &flags), packet(order, 0, 2, &[7; LARGE + 1], &[])].concat();
            let file = [section(order, &[]), interface(order, 1, 0, &[]), packets].concat();
            let (.., description) = read(&file);
            let (mut source, mut writer) = (super::super::sample::open(&file).unwrap(), Writer::new(Vec::new(), &description));
            while let Next::Frame(frame) = source.next().unwrap() {
                writer.commented(&frame, Some("of 나")).unwrap();
            }
            let frames = read(&writer.finish().unwrap()).0;
            let comment = option(order, 1, "of 나".as_bytes());
            let written = |frame: &Kept| frame.options.strip_suffix(&[0; 4]).unwrap_or(&frame.options).to_vec();
            assert_eq!(frames.iter().map(written).collect::<Vec<_>>(), [[flags, comment.clone()].concat(), comment]);
            assert_eq!(frames[1].octets, [7; LARGE + 1]);
        }
    }

    /// Two sections in different orders, with everything a file can say of itself.
    fn rich() -> Vec<u8> {
        let mut file = Vec::new();
        for order in ORDERS {
            let ticks = u64::from(SECONDS) << 20 | 0x12345;
            let time = [((ticks >> 32) as u32), ticks as u32].map(|half| order.u32_octets(half)).concat();
            let texts =
                |code: u16| [option(order, code, b"text"), option(order, 1, b"comment"), option(order, 99, b"other")].concat();
            let addresses = [option(order, 4, &[10, 0, 0, 1, 255, 255, 254, 0]), option(order, 5, &[7; 17])].concat();
            let idb = [
                texts(2),
                addresses,
                option(order, 9, &[0x94]),
                option(order, 11, b"\0tcp"),
                option(order, 14, &order.u64_octets(60)),
            ];
            let isb = [option(order, 2, &time), option(order, 4, &order.u64_octets(3)), option(order, 7, &order.u64_octets(1))];
            let flags = [option(order, 2, &order.u32_octets(0x201)), option(order, 1, b"here"), vec![0; 4]].concat();
            file.extend(section(order, &texts(4)));
            file.extend(interface(order, 1, 50, &[]));
            file.extend(interface(order, 113, 96, &idb.concat()));
            file.extend(packet(order, 1, ticks, b"abcde", &flags));
            file.extend(block(order, 3, &[&order.u32_octets(90)[..], &[8; 50]].concat()));
            file.extend(block(order, 5, &[order.u32_octets(1).to_vec(), time, isb.concat()].concat()));
        }
        let names = [option(ByteOrder::Big, 1, b"\x0a\0\0\x01a\0"), option(ByteOrder::Big, 2, &[&[0; 16][..], b"b\0"].concat())];
        file.extend(block(ByteOrder::Big, 4, &[names.concat(), vec![0; 4]].concat()));
        file
    }

    #[test]
    fn a_copy_says_all_that_the_capture_says() {
        let (frames, _, description) = read(&rich());
        assert_eq!((frames.len(), description.interfaces.len(), description.names.len()), (4, 4, 2));
        let (copied, _, copied_description) = read(&copy(&rich(), |_| true));
        assert_eq!(copied, frames);
        assert_eq!(copied_description, description);
    }

    #[test]
    fn chosen_frames_keep_their_interface_and_section() {
        let (frames, _, description) = read(&copy(&rich(), |frame| frame.number == 3));
        assert_eq!((frames.len(), frames[0].interface.0, &frames[0].octets[..]), (1, 3, &b"abcde"[..]));
        assert_eq!((description.sections.len(), description.interfaces.len()), (2, 4));
        let (frames, _, description) = read(&copy(&rich(), |_| false));
        assert_eq!((frames.len(), description.sections.len(), description.interfaces.len()), (0, 2, 4));
    }

    #[test]
    fn pcap_becomes_one_section_with_the_same_ticks() {
        for (magic, resolution) in [(0xa1b2_c3d4, Resolution::Decimal(6)), (0xa1b2_3c4d, Resolution::Decimal(9))] {
            for order in ORDERS {
                let file = [pcap_header(order, magic), record(order, SECONDS, 123_456, b"frame")].concat();
                let (frames, ..) = read(&file);
                let (copied, _, description) = read(&copy(&file, |_| true));
                assert_eq!(copied, frames);
                assert_eq!((description.format.word(), description.sections[0].byte_order), ("pcapng", order));
                assert_eq!(description.interfaces[0].resolution, resolution);
            }
        }
    }

    #[test]
    fn broken_options_are_copied_as_far_as_they_are_sound() {
        let order = ByteOrder::Little;
        let options = [option(order, 1, b"good"), vec![2, 0, 0xff, 0]].concat();
        let file = [section(order, &[]), interface(order, 1, 0, &[]), packet(order, 0, 5, b"x", &options)].concat();
        assert_eq!(read(&file).2.damage.len(), 1);
        let (frames, _, description) = read(&copy(&file, |_| true));
        assert_eq!(frames[0].options, [option(order, 1, b"good"), vec![0; 4]].concat());
        assert_eq!(description.damage, []);
    }

    #[test]
    fn frames_of_another_capture_or_out_of_order_are_refused() {
        let file = rich();
        let (.., description) = read(&file);
        let mut source = super::super::sample::open(&file).unwrap();
        let mut writer = Writer::new(Vec::new(), &description);
        writer.begin_section().unwrap();
        writer.begin_section().unwrap();
        let Next::Frame(first) = source.next().unwrap() else { panic!("no frame") };
        assert_eq!(writer.frame(&first).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        let stranger = Frame { interface: super::super::InterfaceId(4), ..first };
        assert_eq!(writer.frame(&stranger).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_full_disk_is_an_error_at_the_latest_when_finishing() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (.., description) = read(&rich());
        let error = Writer::new(Full, &description).finish().err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }

    /// What the output was asked to write, and where it was flushed.
    #[derive(Default)]
    struct Flushed(Vec<u8>, Vec<usize>);

    impl Write for Flushed {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.write(octets)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.1.push(self.0.len());
            Ok(())
        }
    }

    #[test]
    fn the_output_is_flushed_behind_whole_blocks_and_the_counters_come_last() {
        for (order, len) in [(ByteOrder::Little, 60_001), (ByteOrder::Big, 8192), (ByteOrder::Big, 8190), (ByteOrder::Little, 7)]
        {
            let file = [section(order, &[]), interface(order, 1, 0, &[]), packet(order, 0, 5, &vec![7; len], &[])].concat();
            let (.., description) = read(&file);
            let mut writer = Writer::new(Flushed::default(), &description);
            writer.begin().unwrap();
            assert_eq!(writer.octets(), 28 + 20);
            let mut source = super::super::sample::open(&file).unwrap();
            let Next::Frame(frame) = source.next().unwrap() else { panic!("no frame") };
            for _ in 0..5 {
                writer.frame(&frame).unwrap();
            }
            let octets = writer.octets();
            let counters = Statistics { received: Some(5), dropped: Some(2), ..Statistics::default() };
            let Flushed(written, flushes) = writer.finish_with(counters.clone()).unwrap();
            for end in flushes {
                assert_eq!(read(&written[..end]).2.damage, [], "cut at {end}");
            }
            assert_eq!(written.len() as u64 - octets, 52, "no more than the counters");
            let (frames, _, description) = read(&written);
            assert!(frames.len() == 5 && frames.iter().all(|frame| frame.octets == vec![7; len]));
            assert_eq!((description.damage.len(), description.interfaces[0].statistics.as_ref()), (0, Some(&counters)));
        }
    }

    /// The folder of real captures: beside the project, or where `SOCKSCOPE_CORPUS` says.
    fn corpus() -> PathBuf {
        let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
        std::env::var_os("SOCKSCOPE_CORPUS").map_or_else(beside, PathBuf::from)
    }

    fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
        let Ok(entries) = folder.read_dir() else { return };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() { files_below(&path, found) } else { found.push(path) }
        }
    }

    #[test]
    fn every_real_capture_survives_being_copied() {
        let folder = corpus();
        let mut files = Vec::new();
        files_below(&folder.join("files"), &mut files);
        if files.is_empty() {
            eprintln!("SKIPPED: no captures in {}", folder.display());
            return;
        }
        for path in files {
            let octets = std::fs::read(&path).unwrap();
            let packets = |frames: Vec<Kept>| {
                let packets = frames.into_iter().filter(|frame| frame.link_type != LinkType::NO_PACKET);
                packets.zip(1..).map(|(frame, number)| Kept { number, ..frame }).collect::<Vec<_>>()
            };
            let frames = packets(drain(open(&path).unwrap()).0);
            let (copied, _, description) = read(&copy(&octets, |_| true));
            assert!(packets(copied) == frames, "{}", path.display());
            assert_eq!(description.damage, [], "{}", path.display());
        }
    }
}
