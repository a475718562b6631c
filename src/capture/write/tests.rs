//! What is written is read again: by our own reader, and of other captures too.

use std::path::{Path, PathBuf};

use super::super::sample::{Kept, ORDERS, SECONDS, block, drain, interface, option, packet, pcap_header, read, record, section};
use super::super::{ByteOrder, LinkType, Next, Resolution, open};
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
    for (order, len) in [(ByteOrder::Little, 60_001), (ByteOrder::Big, 8192), (ByteOrder::Big, 8190), (ByteOrder::Little, 7)] {
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
