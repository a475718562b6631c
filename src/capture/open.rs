//! From a path, or any stream of octets, to a [`Source`].
//!
//! The first octets decide, never the name: students rename files, and tshark reads by content as well.
//! gzip, Zstandard and LZ4 are unwrapped, one layer of them. A compressed stream that is cut or corrupt is damage behind
//! the frames that could be read, not a file that cannot be opened.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use lz4_flex::frame::FrameDecoder;

use super::buffer::{Buffer, Supply};
use super::{Compression, Error, Foreign, Source, foreign, pcap, pcapng};

/// Opens the capture at `path`; `-` is standard input.
///
/// # Errors
/// [`Error::Open`] if the operating system refuses, [`Error::NotACapture`] if the content is something else, or a
/// capture whose very beginning cannot be read.
pub fn open(path: &Path) -> Result<Box<dyn Source>, Error> {
    if path == Path::new("-") {
        return from_reader("standard input", Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|source| Error::Open { path: path.to_owned(), source })?;
    from_reader(path, Box::new(file))
}

/// Reads a capture from any stream of octets; `name` stands for the path in errors.
///
/// # Errors
/// As [`open()`].
pub fn from_reader(name: impl Into<PathBuf>, input: Box<dyn Read>) -> Result<Box<dyn Source>, Error> {
    let path = name.into();
    match unwrapped(input) {
        Ok((buffer, compression)) => recognise(buffer, compression, path),
        Err(source) => Err(Error::Open { path, source }),
    }
}

/// Octets decompressed at once. A decoder that fails loses what it made in that call, so it is asked for little.
const DECOMPRESSED_AT_ONCE: usize = 16 * 1024;

/// Zstandard windows up to 2^24 octets, 16 MiB: all levels, but not `--ultra` or `--long` for large files.
const ZSTD_WINDOW_LOG: u32 = 24;

fn unwrapped(input: Box<dyn Read>) -> io::Result<(Buffer, Compression)> {
    let supply = Supply::default();
    let mut input = supply.watch(input);
    let magic = first_octets(&mut input)?;
    let compression = Compression::of(&magic);
    let input = Cursor::new(magic).chain(input);
    let (input, at_once): (Box<dyn Read>, _) = match compression {
        Compression::None => (Box::new(input), usize::MAX),
        Compression::Gzip => (Box::new(MultiGzDecoder::new(input)), DECOMPRESSED_AT_ONCE),
        Compression::Lz4 => (Box::new(Frames(FrameDecoder::new(input))), DECOMPRESSED_AT_ONCE),
        Compression::Zstd => {
            let mut decoder = zstd::Decoder::new(input)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            (Box::new(decoder), DECOMPRESSED_AT_ONCE)
        }
    };
    Ok((Buffer::new(input, supply, at_once), compression))
}

/// The first four octets; fewer only if there are no more. A pipe may deliver them one by one.
fn first_octets(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut octets = Vec::with_capacity(4);
    input.take(4).read_to_end(&mut octets)?;
    Ok(octets)
}

/// LZ4 frames one after the other: the decoder says "end" after each.
struct Frames<R: Read>(FrameDecoder<R>);

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self.0.read(room)? {
            0 => self.0.read(room),
            count => Ok(count),
        }
    }
}

fn recognise(mut buffer: Buffer, compression: Compression, path: PathBuf) -> Result<Box<dyn Source>, Error> {
    let mut magic = [0; 4];
    for (octet, found) in magic.iter_mut().zip(buffer.peek(4)) {
        *octet = *found;
    }
    if let Some(source) = buffer.take_system_fault() {
        return Err(Error::Open { path, source });
    }
    if buffer.front(4).is_empty()
        && let Some(text) = buffer.take_compression_fault()
    {
        return Err(not_a_capture(path, Foreign::Remnant, format!("this {compression} data cannot be unpacked: {text}")));
    }
    if magic == pcapng::MAGIC {
        return match pcapng::Reader::new(buffer, compression, path.clone()) {
            Ok(reader) => Ok(Box::new(reader)),
            Err(reason) => Err(not_a_capture(path, Foreign::Remnant, reason)),
        };
    }
    if let Some(variant) = pcap::Variant::of(magic) {
        return match pcap::Reader::new(buffer, variant, compression, path.clone()) {
            Ok(reader) => Ok(Box::new(reader)),
            Err(reason) => Err(not_a_capture(path, Foreign::Remnant, reason)),
        };
    }
    let (foreign, reason) = foreign::explain(buffer.peek(foreign::ENOUGH));
    Err(not_a_capture(path, foreign, reason))
}

fn not_a_capture(path: PathBuf, foreign: Foreign, reason: String) -> Error {
    Error::NotACapture { path, foreign, reason }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::sample::{
        Dribble, Kept, ORDERS, SECONDS, drain, interface, option, packet, pcap_header, read, record, refusal, section,
    };
    use super::super::{ByteOrder, Description, Next};
    use super::*;

    /// Frames of a size and number that fill several blocks of any compression.
    fn payloads() -> Vec<Vec<u8>> {
        (0..3000_u32).map(|index| index.wrapping_mul(2_654_435_761).to_be_bytes().repeat(1 + index as usize % 40)).collect()
    }

    fn pcap() -> Vec<u8> {
        let records = (0..).zip(payloads()).map(|(index, octets)| record(ByteOrder::Big, SECONDS + index, index, &octets));
        [pcap_header(ByteOrder::Big, 0xa1b2_3c4d), records.collect::<Vec<_>>().concat()].concat()
    }

    fn pcapng(order: ByteOrder) -> Vec<u8> {
        let ticks = |index: u32| u64::from(SECONDS + index) * 1_000_000_000 + u64::from(index);
        let packets = (0..).zip(payloads()).map(|(index, octets)| packet(order, 0, ticks(index), &octets, &[]));
        let head = [section(order, &[]), interface(order, 1, 262_144, &option(order, 9, &[9]))].concat();
        [head, packets.collect::<Vec<_>>().concat()].concat()
    }

    fn gzip(octets: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(octets).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(octets: &[u8]) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(octets).unwrap();
        encoder.finish().unwrap()
    }

    fn lz4(octets: &[u8]) -> Vec<u8> {
        let info = lz4_flex::frame::FrameInfo::new().block_size(lz4_flex::frame::BlockSize::Max64KB);
        let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
        encoder.write_all(octets).unwrap();
        encoder.finish().unwrap()
    }

    type Compressor = fn(&[u8]) -> Vec<u8>;
    const COMPRESSORS: [(Compression, Compressor); 3] =
        [(Compression::Gzip, gzip), (Compression::Zstd, zstd), (Compression::Lz4, lz4)];

    /// In two members, as appending to a compressed file makes them.
    fn in_two(compressor: Compressor, octets: &[u8]) -> Vec<u8> {
        let (first, second) = octets.split_at(octets.len() / 3);
        [compressor(first), compressor(second)].concat()
    }

    #[test]
    fn the_same_frames_come_from_every_wrapping() {
        let (expected, _, _) = read(&pcap());
        assert_eq!(expected.len(), 3000);
        let check = |found: (Vec<Kept>, Vec<u64>, Description), compression, what: &str| {
            assert!(found.0 == expected, "{what} {compression}");
            assert_eq!((found.2.compression, found.2.damage), (compression, vec![]), "{what}");
        };
        for order in ORDERS {
            check(read(&pcapng(order)), Compression::None, "pcapng");
        }
        check(drain(from_reader("slow", Box::new(Dribble::new(&pcap()))).unwrap()), Compression::None, "slow pcap");
        for (compression, compressor) in COMPRESSORS {
            check(read(&compressor(&pcap())), compression, "pcap");
            check(read(&in_two(compressor, &pcapng(ByteOrder::Little))), compression, "pcapng in two");
            let slow = Dribble::new(&in_two(compressor, &pcap()));
            check(drain(from_reader("slow", Box::new(slow)).unwrap()), compression, "slow pcap in two");
        }
    }

    #[test]
    fn a_cut_compressed_file_keeps_the_frames_before() {
        let (expected, _, _) = read(&pcap());
        for (compression, compressor) in COMPRESSORS {
            let whole = compressor(&pcap());
            let (frames, _, description) = read(&whole[..whole.len() * 3 / 4]);
            assert!((1000..3000).contains(&frames.len()), "{compression}: {}", frames.len());
            assert!(frames[..] == expected[..frames.len()], "{compression}");
            let [damage] = &description.damage[..] else { panic!("{:?}", description.damage) };
            assert!(damage.text.starts_with("found compressed data that breaks off ("), "{}", damage.text);
            assert!(!damage.text.contains('\n'));
        }
    }

    #[test]
    fn a_corrupt_compressed_file_is_damaged() {
        for (compression, compressor) in COMPRESSORS {
            let mut octets = compressor(&pcap());
            let place = octets.len() / 2;
            octets[place..place + 64].fill(0xff);
            let (frames, _, description) = read(&octets);
            assert!(frames.len() > 500, "{compression}: {}", frames.len());
            assert_ne!(description.damage, [], "{compression}");
        }
    }

    #[test]
    fn compressed_data_without_a_capture_is_refused() {
        let check = |octets: &[u8], expected: &str| {
            let text = refusal(octets);
            assert!(text.contains(expected) && text.starts_with("sample: ") && !text.contains('\n'), "{text}");
        };
        check(&gzip(b""), "the file is empty");
        check(&gzip(&gzip(&pcap())), "compressed data inside compressed data");
        check(&zstd(b"hello"), "this is a text file");
        check(&gzip(&pcap())[..8], "this gzip data cannot be unpacked");
        check(b"\x28\xb5\x2f\xfd\xff\xff", "this Zstandard data cannot be unpacked");
        check(b"", "the file is empty");
        check(b"\x0a\x0d", "no file format known here");
    }

    #[test]
    fn a_window_too_large_for_memory_is_refused() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        encoder.include_contentsize(false).unwrap();
        encoder.write_all(&pcap()).unwrap();
        let text = refusal(&encoder.finish().unwrap());
        assert!(text.contains("Zstandard") && text.contains("too much memory"), "{text}");
    }

    #[test]
    fn missing_files_and_folders_cannot_be_opened() {
        let folder = tempfile::tempdir().unwrap();
        let check = |path: &Path| match open(path) {
            Err(Error::Open { path: named, .. }) => assert_eq!(named, path),
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("opened"),
        };
        check(&folder.path().join("missing.pcapng"));
        check(folder.path());
    }

    #[test]
    fn a_file_is_read_by_content_not_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("20231234.pcapng.txt");
        std::fs::write(&path, gzip(&pcap())).unwrap();
        assert_eq!(drain(open(&path).unwrap()).0.len(), 3000);
    }

    #[test]
    fn a_failing_device_is_an_error_after_the_frames_before() {
        struct Fails;
        impl Read for Fails {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let cut = pcap().len() - 5;
        let octets = pcap()[..cut].to_vec();
        let mut source = from_reader("disk", Box::new(Cursor::new(octets).chain(Fails))).unwrap();
        let mut frames = 0;
        let error = loop {
            match source.next() {
                Ok(Next::Frame(_)) => frames += 1,
                Ok(_) => panic!("the end, without an error"),
                Err(error) => break error,
            }
        };
        assert_eq!(frames, 2999);
        assert_eq!(error.to_string(), format!("disk: cannot read past octet {cut}: the disk is gone"));
    }
}
