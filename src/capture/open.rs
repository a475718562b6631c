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
use super::{Compression, Error, Source, foreign, pcap, pcapng};

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
/// As [`open`].
pub fn from_reader(name: impl Into<PathBuf>, input: Box<dyn Read>) -> Result<Box<dyn Source>, Error> {
    let path = name.into();
    match unwrapped(input) {
        Ok((buffer, compression)) => recognise(buffer, compression, path),
        Err(source) => Err(Error::Open { path, source }),
    }
}

/// Octets decompressed at once. A decoder that fails loses what it made in that call, so it is asked for little.
const DECOMPRESSED_AT_ONCE: usize = 16 * 1024;

/// Zstandard windows up to 2^25 octets, 32 MiB: all levels but `--ultra` and `--long` for large files.
const ZSTD_WINDOW_LOG: u32 = 25;

fn unwrapped(input: Box<dyn Read>) -> io::Result<(Buffer, Compression)> {
    let supply = Supply::default();
    let mut input = supply.watch(input);
    let magic = first_octets(&mut input)?;
    let compression = compression(&magic);
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

/// What a file that begins with `magic` is wrapped in.
pub(super) fn compression(magic: &[u8]) -> Compression {
    match magic {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
        [0x04, 0x22, 0x4d, 0x18, ..] => Compression::Lz4,
        _ => Compression::None,
    }
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
        return Err(not_a_capture(path, format!("this {compression} data cannot be unpacked: {text}")));
    }
    if magic == pcapng::MAGIC {
        return match pcapng::Reader::new(buffer, compression, path.clone()) {
            Ok(reader) => Ok(Box::new(reader)),
            Err(reason) => Err(not_a_capture(path, reason)),
        };
    }
    if let Some(variant) = pcap::Variant::of(magic) {
        return match pcap::Reader::new(buffer, variant, compression, path.clone()) {
            Ok(reader) => Ok(Box::new(reader)),
            Err(reason) => Err(not_a_capture(path, reason)),
        };
    }
    let reason = foreign::explain(buffer.peek(foreign::ENOUGH));
    Err(not_a_capture(path, reason))
}

fn not_a_capture(path: PathBuf, reason: String) -> Error {
    Error::NotACapture { path, reason }
}
