//! Classic pcap files (draft-ietf-opsawg-pcap): a header of 24 octets, then records.
//!
//! Nothing marks where a record begins, so one wrong length loses the thread. The reader then looks for the next place
//! where two records follow each other, or one ends with the file, at times near those already seen.

use std::ops::Range;
use std::path::PathBuf;

use super::buffer::Buffer;
use super::clock::Clock;
use super::{
    ByteOrder, Compression, Description, Error, Format, Frame, Interface, InterfaceId, LinkType, Next, Resolution, Section,
    Source, Timestamp,
};

/// Octets of the file header.
const FILE_HEADER: usize = 24;

/// The longest frame taken on its length alone, in octets: libpcap's own limit, and Wireshark's.
const USUAL_LONGEST: u32 = 262_144;

/// The longest frame taken at all, and only if a sound record or the end of the file follows it.
const LONGEST: u32 = 16 * 1024 * 1024;

/// How far from times already seen a record may be to be taken up after damage, in seconds.
const NEAR: u64 = 30 * 86_400;

/// What the magic number tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Variant {
    byte_order: ByteOrder,
    format: Format,
}

impl Variant {
    /// The variant with this magic number; `None` if it is not pcap's.
    pub(super) fn of(magic: [u8; 4]) -> Option<Self> {
        let of = |order: ByteOrder| {
            let format = match order.u32(magic) {
                0xa1b2_c3d4 => Format::Pcap,
                0xa1b2_3c4d => Format::PcapNanosecond,
                0xa1b2_cd34 => Format::PcapModified,
                _ => return None,
            };
            Some(Self { byte_order: order, format })
        };
        of(ByteOrder::Little).or_else(|| of(ByteOrder::Big))
    }

    const fn resolution(self) -> Resolution {
        match self.format {
            Format::PcapNanosecond => Resolution::Decimal(9),
            _ => Resolution::Decimal(6),
        }
    }

    /// Units of the record's second number in a second.
    const fn per_second(self) -> u32 {
        match self.format {
            Format::PcapNanosecond => 1_000_000_000,
            _ => 1_000_000,
        }
    }

    /// Octets before each frame; Kuznetzov's variant adds interface index, protocol and packet type.
    const fn record_header(self) -> usize {
        match self.format {
            Format::PcapModified => 24,
            _ => 16,
        }
    }
}

/// Where the record header holds which length; versions before 2.4 were not of one mind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum LengthOrder {
    /// Captured length first, as the draft has it.
    CapturedFirst,
    /// Original length first: versions up to 2.2, and DG/UX.
    OriginalFirst,
    /// Version 2.3: whichever is smaller is the captured length.
    Either,
}

impl LengthOrder {
    const fn of(major: u16, minor: u16) -> Self {
        match (major, minor) {
            (2, 0..=2) | (543, _) => Self::OriginalFirst,
            (2, 3) => Self::Either,
            _ => Self::CapturedFirst,
        }
    }
}

/// A pcap file being read.
pub(super) struct Reader {
    buffer: Buffer,
    path: PathBuf,
    description: Description,
    variant: Variant,
    length_order: LengthOrder,
    link_type: LinkType,
    snap_length: u32,
    frames: u64,
    /// Octets of the record lent out by the last call.
    lent: usize,
    first_seconds: Option<u32>,
    last_seconds: Option<u32>,
}

/// The numbers in front of a frame.
#[derive(Clone, Copy, Debug)]
struct Record {
    seconds: u32,
    fraction: u32,
    captured_len: u32,
    original_len: u32,
}

impl Record {
    /// Octets of the frame in memory.
    fn len(self) -> usize {
        self.captured_len as usize
    }
}

impl Reader {
    /// Reads the file header.
    ///
    /// # Errors
    /// What was found and expected, if the header is cut or of an unknown version.
    pub(super) fn new(mut buffer: Buffer, variant: Variant, compression: Compression, path: PathBuf) -> Result<Self, String> {
        let header = buffer.peek(FILE_HEADER);
        let found = header.len();
        let Some([_, _, _, _, m0, m1, n0, n1, _, _, _, _, _, _, _, _, s0, s1, s2, s3, l0, l1, l2, l3]) = header.first_chunk()
        else {
            return Err(format!("this pcap file ends inside its file header: {found} octets, expected {FILE_HEADER}"));
        };
        let order = variant.byte_order;
        let (major, minor) = (order.u16([*m0, *m1]), order.u16([*n0, *n1]));
        if major < 2 {
            return Err(format!("this is a pcap file of version {major}.{minor}, expected 2.4"));
        }
        let snap_length = order.u32([*s0, *s1, *s2, *s3]);
        // The upper half holds the length of a frame check sequence, which no layer above needs.
        let link_type = LinkType(order.u32([*l0, *l1, *l2, *l3]) as u16);
        buffer.consume(FILE_HEADER);

        let mut description = Description::new(variant.format);
        description.compression = compression;
        description.sections.push(Section::new(order));
        let mut interface = Interface::new(InterfaceId(0), 0, link_type);
        interface.snap_length = (snap_length != 0).then_some(snap_length);
        interface.resolution = variant.resolution();
        description.interfaces.push(interface);
        Ok(Self {
            buffer,
            path,
            description,
            variant,
            length_order: LengthOrder::of(major, minor),
            link_type,
            snap_length: if snap_length == 0 { u32::MAX } else { snap_length },
            frames: 0,
            lent: 0,
            first_seconds: None,
            last_seconds: None,
        })
    }
}

impl Source for Reader {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        let Some(record) = self.advance() else {
            return match self.buffer.take_system_fault() {
                Some(source) => Err(Error::Read { path: self.path.clone(), offset: self.buffer.offset(), source }),
                None => Ok(Next::End),
            };
        };
        let (ticks, timestamp) = self.count(record);
        let total = self.total(record);
        self.lent = total;
        let octets: Range<usize> = self.variant.record_header()..total;
        Ok(Next::Frame(Frame {
            number: self.frames,
            timestamp: Some(timestamp),
            ticks,
            interface: InterfaceId(0),
            link_type: self.link_type,
            original_len: record.original_len,
            octets: self.buffer.front(total).get(octets).unwrap_or_default(),
            file_offset: self.buffer.offset(),
            options: &[],
            byte_order: self.variant.byte_order,
        }))
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn consumed(&self) -> u64 {
        self.buffer.drawn()
    }
}

impl Reader {
    /// The next record that can be read, with its octets in memory; `None` at the end.
    fn advance(&mut self) -> Option<Record> {
        self.buffer.consume(std::mem::take(&mut self.lent));
        loop {
            let header_len = self.variant.record_header();
            let Some(record) = self.record_at(0) else {
                self.finish_at(self.buffer.front(header_len).len());
                return None;
            };
            if self.is_readable(record) {
                return Some(record);
            }
            self.recover(record);
        }
    }

    /// The record header `at` octets from the front.
    #[inline]
    fn record_at(&mut self, at: usize) -> Option<Record> {
        let end = at.checked_add(self.variant.record_header())?;
        let header = self.buffer.peek(end).get(at..end)?;
        let [s0, s1, s2, s3, f0, f1, f2, f3, c0, c1, c2, c3, o0, o1, o2, o3] = *header.first_chunk()?;
        let order = self.variant.byte_order;
        let (first, second) = (order.u32([c0, c1, c2, c3]), order.u32([o0, o1, o2, o3]));
        let (captured_len, original_len) = match self.length_order {
            LengthOrder::CapturedFirst => (first, second),
            LengthOrder::OriginalFirst => (second, first),
            LengthOrder::Either => (first.min(second), first.max(second)),
        };
        Some(Record { seconds: order.u32([s0, s1, s2, s3]), fraction: order.u32([f0, f1, f2, f3]), captured_len, original_len })
    }

    /// Whether the record at the front is all there and no longer than a frame can be.
    #[inline]
    fn is_readable(&mut self, record: Record) -> bool {
        if record.captured_len > USUAL_LONGEST && !self.is_long_but_sound(record) {
            return false;
        }
        let total = self.total(record);
        self.buffer.peek(total).len() == total
    }

    #[cold]
    fn is_long_but_sound(&mut self, record: Record) -> bool {
        record.captured_len <= LONGEST
            && record.captured_len <= record.original_len
            && record.captured_len <= self.snap_length
            && self.is_followed_soundly(record)
    }

    fn total(&self, record: Record) -> usize {
        self.variant.record_header().saturating_add(record.len())
    }

    /// Notes the fault at the front and goes on with the next sound record.
    #[cold]
    fn recover(&mut self, broken: Record) {
        let offset = self.buffer.offset();
        let total = self.total(broken);
        let too_long = broken.captured_len > USUAL_LONGEST;
        let there = if too_long { 0 } else { self.buffer.peek(total).len() };
        self.buffer.consume(1);
        while !self.buffer.peek(1).is_empty() && !self.is_sound_restart() {
            self.buffer.consume(1);
        }
        let skipped = self.buffer.offset().saturating_sub(offset);
        let fault = self.buffer.take_compression_fault();
        self.description.note_damage(offset, skipped, || match fault {
            Some(text) => text,
            None if too_long => {
                format!("found a record of {} octets, expected at most {USUAL_LONGEST}", broken.captured_len)
            }
            None => format!("found {there} octets of a record, expected {total}"),
        });
    }

    /// Whether a record begins at the front that looks right in every number and is followed by another, or by the end.
    fn is_sound_restart(&mut self) -> bool {
        let Some(record) = self.record_at(0) else { return false };
        self.is_plausible(record) && record.captured_len > 0 && self.is_followed_soundly(record)
    }

    fn is_plausible(&self, record: Record) -> bool {
        record.fraction < self.variant.per_second()
            && record.captured_len <= USUAL_LONGEST
            && record.captured_len <= record.original_len
            && record.original_len <= USUAL_LONGEST
            && self.is_near(record.seconds)
    }

    fn is_near(&self, seconds: u32) -> bool {
        let near = |seen: u32| u64::from(seconds.abs_diff(seen)) <= NEAR;
        match (self.first_seconds, self.last_seconds) {
            (Some(first), Some(last)) => near(first) || near(last),
            _ => true,
        }
    }

    /// Whether another sound record, or the end of the file, comes right after `record`.
    fn is_followed_soundly(&mut self, record: Record) -> bool {
        let total = self.total(record);
        match self.record_at(total) {
            Some(next) => self.is_plausible(next) && u64::from(next.seconds.abs_diff(record.seconds)) <= NEAR,
            None => self.buffer.front(usize::MAX).len() == total,
        }
    }

    /// The end of the file, with `rest` octets that are no record.
    fn finish_at(&mut self, rest: usize) {
        let offset = self.buffer.offset();
        self.buffer.consume(rest);
        let fault = self.buffer.take_compression_fault();
        let header_len = self.variant.record_header();
        if rest > 0 || fault.is_some() {
            self.description.note_damage(offset, rest as u64, || {
                fault.unwrap_or_else(|| format!("found {rest} octets of a record header, expected {header_len}"))
            });
        }
    }

    /// Counts `record` as a frame and gives its time.
    #[inline]
    fn count(&mut self, record: Record) -> (u64, Timestamp) {
        self.frames = self.frames.saturating_add(1);
        if record.captured_len > self.snap_length {
            self.description.beyond_snap_length = self.description.beyond_snap_length.saturating_add(1);
        }
        if let Some(interface) = self.description.interfaces.first_mut() {
            interface.frames = self.frames;
        }
        self.first_seconds.get_or_insert(record.seconds);
        self.last_seconds = Some(record.seconds);
        // Below 2^32 * 10^9 + 2^32, so below 2^63.
        let ticks =
            u64::from(record.seconds).wrapping_mul(u64::from(self.variant.per_second())).wrapping_add(u64::from(record.fraction));
        (ticks, Clock::new(self.variant.resolution(), 0).time(ticks))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{ORDERS, SECONDS, drain, open, pcap_header, pcap_header_of, read, record, refusal};
    use super::super::{Damage, Next};
    use super::*;

    const MICRO: u32 = 0xa1b2_c3d4;
    const NANO: u32 = 0xa1b2_3c4d;
    const MODIFIED: u32 = 0xa1b2_cd34;

    /// Three frames of 60, 61 and 62 octets, a second apart.
    fn three(order: ByteOrder) -> Vec<Vec<u8>> {
        (0..3).map(|index| record(order, SECONDS + index, 900_000 + index, &vec![index as u8 + 1; 60 + index as usize])).collect()
    }

    #[test]
    fn every_magic_in_both_byte_orders() {
        for order in ORDERS {
            for (magic, format, nanoseconds) in [
                (MICRO, Format::Pcap, 250_000_000),
                (NANO, Format::PcapNanosecond, 250_000),
                (MODIFIED, Format::PcapModified, 250_000_000),
            ] {
                let mut file = pcap_header(order, magic);
                for octets in [&b"one"[..], b"second"] {
                    let mut record = record(order, SECONDS, 250_000, octets);
                    if magic == MODIFIED {
                        record.splice(16..16, [0xaa; 8]);
                    }
                    file.extend(record);
                }
                let (frames, _, description) = read(&file);
                assert_eq!(frames.iter().map(|frame| &frame.octets[..]).collect::<Vec<_>>(), [&b"one"[..], b"second"]);
                assert_eq!(frames[1].timestamp, Some(Timestamp::new(SECONDS.into(), nanoseconds)));
                assert_eq!((frames[1].number, frames[1].original_len, frames[1].link_type), (2, 6, LinkType::ETHERNET));
                assert_eq!((description.format, description.damage), (format, vec![]));
                assert_eq!(description.interfaces[0].frames, 2);
                assert_eq!(description.interfaces[0].snap_length, Some(262_144));
                assert_eq!(description.sections[0].byte_order, order);
            }
        }
    }

    #[test]
    fn the_two_lengths_change_places_in_old_versions() {
        let check = |version, first: u32, second: u32, expected: (usize, u32)| {
            let mut file = pcap_header_of(ByteOrder::Big, MICRO, version, 0);
            let numbers = [SECONDS, 0, first, second].map(|number| ByteOrder::Big.u32_octets(number));
            file.extend(numbers.concat());
            file.extend([7; 40]);
            let (frames, ..) = read(&file);
            assert_eq!((frames[0].octets.len(), frames[0].original_len), expected, "version {version:?}");
        };
        check((2, 4), 40, 90, (40, 90));
        check((2, 3), 90, 40, (40, 90));
        check((2, 3), 40, 90, (40, 90));
        check((2, 2), 90, 40, (40, 90));
        check((543, 0), 90, 40, (40, 90));
    }

    #[test]
    fn every_prefix_keeps_the_frames_before_the_cut() {
        let header = pcap_header(ByteOrder::Little, MICRO);
        let file = [header, three(ByteOrder::Little).concat()].concat();
        let starts = [24, 24 + 76, 24 + 76 + 77, 24 + 76 + 77 + 78];
        for cut in 4..24 {
            assert!(refusal(&file[..cut]).contains(&format!("file header: {cut} octets, expected 24")));
        }
        for cut in 24..=file.len() {
            let (frames, offsets, description) = read(&file[..cut]);
            let whole = starts.iter().filter(|start| **start <= cut).count() - 1;
            assert_eq!(frames.len(), whole, "cut at {cut}");
            assert_eq!(offsets, &starts.map(|start| start as u64)[..whole]);
            let damage: Vec<_> = description.damage.iter().map(|damage| (damage.offset, damage.skipped)).collect();
            match cut - starts[whole] {
                0 => assert_eq!(damage, [], "cut at {cut}"),
                rest => assert_eq!(damage, [(starts[whole] as u64, rest as u64)], "cut at {cut}"),
            }
        }
    }

    #[test]
    fn garbage_between_records_is_stepped_over() {
        for order in ORDERS {
            for len in 1..60 {
                let records = three(order);
                let head = [pcap_header(order, MICRO), records[0].clone()].concat();
                let file = [&head[..], &vec![0xee; len], &records[1], &records[2]].concat();
                let (frames, _, description) = read(&file);
                assert_eq!(frames.len(), 3, "{len} octets of garbage");
                assert_eq!(frames[2].octets, [3; 62]);
                let [Damage { offset, skipped, .. }] = description.damage[..] else { panic!("{:?}", description.damage) };
                assert_eq!((offset, skipped), (head.len() as u64, len as u64));
            }
        }
    }

    #[test]
    fn a_lying_length_costs_one_frame() {
        let order = ByteOrder::Little;
        let mut records = three(order);
        records[1][8..12].copy_from_slice(&order.u32_octets(0x7fff_ffff));
        let file = [pcap_header(order, MICRO), records.concat()].concat();
        let (frames, _, description) = read(&file);
        assert_eq!(frames.iter().map(|frame| frame.octets[0]).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(
            description.damage,
            [Damage { offset: 100, text: "found a record of 2147483647 octets, expected at most 262144".into(), skipped: 77 }]
        );
    }

    #[test]
    fn a_record_of_another_year_is_not_taken_up_after_damage() {
        let order = ByteOrder::Little;
        let file = |seconds| {
            let after = [record(order, seconds, 0, &[9; 60]), record(order, seconds, 1, &[9; 60])].concat();
            [pcap_header(order, MICRO), three(order).concat(), vec![0xee; 20], after].concat()
        };
        assert_eq!(read(&file(SECONDS + 86_400)).0.len(), 5);
        assert_eq!(read(&file(SECONDS - 86_400 * 400)).0.len(), 3);
    }

    #[test]
    fn frames_beyond_256_kib_need_a_sound_successor() {
        let order = ByteOrder::Little;
        let long = record(order, SECONDS, 0, &vec![1; 300_000]);
        let header = pcap_header_of(order, MICRO, (2, 4), 1 << 20);
        let lengths = |file: &[u8]| read(file).0.iter().map(|frame| frame.octets.len()).collect::<Vec<_>>();
        assert_eq!(lengths(&[header.clone(), long.clone()].concat()), [300_000]);
        assert_eq!(lengths(&[header.clone(), long.clone(), three(order).concat()].concat()), [300_000, 60, 61, 62]);
        assert_eq!(lengths(&[header, long, vec![0xee; 100]].concat()), Vec::<usize>::new());
    }

    #[test]
    fn lengths_above_the_snap_length_are_counted_and_fcs_bits_masked() {
        let order = ByteOrder::Big;
        let mut header = pcap_header_of(order, MICRO, (2, 4), 61);
        header[20] = 0x54; // Four octets of frame check sequence.
        let (frames, _, description) = read(&[header, three(order).concat()].concat());
        assert_eq!(frames.len(), 3);
        assert_eq!(frames[0].link_type, LinkType::ETHERNET);
        assert_eq!(description.beyond_snap_length, 1);
    }

    #[test]
    fn versions_before_2_are_refused() {
        let text = refusal(&pcap_header_of(ByteOrder::Little, MICRO, (1, 4), 0));
        assert_eq!(text, "sample: this is a pcap file of version 1.4, expected 2.4");
    }

    #[test]
    fn a_search_through_a_megabyte_of_near_misses_ends() {
        let order = ByteOrder::Little;
        // Each looks like a record, but 200,020 octets on there is no other.
        let near_miss = [SECONDS, 5, 200_004, 200_004].map(|number| order.u32_octets(number)).concat();
        let file = [pcap_header(order, MICRO), three(order).concat(), vec![0xee; 21], near_miss.repeat(65_536)].concat();
        let (frames, _, description) = read(&file);
        assert_eq!(frames.len(), 3);
        let offset = 24 + 76 + 77 + 78;
        assert_eq!((description.damage[0].offset, description.damage[0].skipped), (offset, file.len() as u64 - offset));
    }

    #[test]
    fn consumed_reaches_the_length_of_the_file() {
        let file = [pcap_header(ByteOrder::Little, MICRO), three(ByteOrder::Little).concat()].concat();
        let mut source = open(&file).unwrap();
        while let Next::Frame(_) = source.next().unwrap() {}
        assert_eq!(source.consumed(), file.len() as u64);
        assert_eq!(drain(source).0, []);
    }
}
