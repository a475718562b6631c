//! The capture file: pcap or pcapng, little-endian, one interface.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use crate::plan::{Format, Plan};
use crate::time::{EPOCH, Nanoseconds, SECOND};

const BUFFER: usize = 4 << 20;

/// A capture being written.
pub(crate) struct Capture<'a> {
    plan: &'a Plan,
    file: BufWriter<Box<dyn Write>>,
    /// Octets written to the file.
    pub(crate) file_octets: u64,
    pub(crate) frames: u64,
    /// Octets of frames kept.
    pub(crate) captured: u64,
    /// Octets that frames had on the wire.
    pub(crate) original: u64,
}

impl<'a> Capture<'a> {
    /// Opens the file and writes what comes before frames.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn create(plan: &'a Plan) -> io::Result<Self> {
        let sink: Box<dyn Write> = match plan.out.as_str() {
            "-" => Box::new(io::stdout()),
            path => Box::new(File::create(path)?),
        };
        let file = BufWriter::with_capacity(BUFFER, sink);
        let mut capture = Self { plan, file, file_octets: 0, frames: 0, captured: 0, original: 0 };
        let header = if plan.format.is_pcapng() { pcapng_header(plan) } else { pcap_header(plan) };
        capture.put(&header)?;
        Ok(capture)
    }

    /// Writes one frame, cut at the snap length.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn write(&mut self, time: Nanoseconds, frame: &[u8]) -> io::Result<()> {
        let kept = &frame[..frame.len().min(self.plan.snap_length as usize)];
        let lengths = [kept.len() as u32, frame.len() as u32];
        let time = EPOCH + time;
        if self.plan.format.is_pcapng() {
            self.put_packet_block(time, lengths, kept)?;
        } else {
            self.put_record(time, lengths, kept)?;
        }
        self.frames += 1;
        self.captured += kept.len() as u64;
        self.original += frame.len() as u64;
        Ok(())
    }

    /// Writes what is still buffered.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    /// An Enhanced Packet Block (draft-ietf-opsawg-pcapng §4.3).
    fn put_packet_block(&mut self, time: Nanoseconds, [kept, original]: [u32; 2], octets: &[u8]) -> io::Result<()> {
        const TYPE: u32 = 6;
        const INTERFACE: u32 = 0;
        let ticks = time / self.plan.format.resolution();
        let padding = &[0; 3][..octets.len().wrapping_neg() % 4];
        let length = 32 + kept + padding.len() as u32;
        let (high, low) = ((ticks >> 32) as u32, ticks as u32);
        self.put(&words([TYPE, length, INTERFACE, high, low, kept, original]))?;
        self.put(octets)?;
        self.put(padding)?;
        self.put(&words([length]))
    }

    /// A packet record (draft-ietf-opsawg-pcap §5).
    fn put_record(&mut self, time: Nanoseconds, [kept, original]: [u32; 2], octets: &[u8]) -> io::Result<()> {
        let ticks = time % SECOND / self.plan.format.resolution();
        self.put(&words([(time / SECOND) as u32, ticks as u32, kept, original]))?;
        self.put(octets)
    }

    fn put(&mut self, octets: &[u8]) -> io::Result<()> {
        self.file_octets += octets.len() as u64;
        self.file.write_all(octets)
    }
}

fn words<const COUNT: usize>(words: [u32; COUNT]) -> Vec<u8> {
    words.map(u32::to_le_bytes).concat()
}

/// The file header (draft-ietf-opsawg-pcap §4).
fn pcap_header(plan: &Plan) -> Vec<u8> {
    const VERSION: u32 = 4 << 16 | 2;
    let magic = match plan.format {
        Format::PcapNanoseconds => 0xa1b2_3c4d,
        _ => 0xa1b2_c3d4,
    };
    words([magic, VERSION, 0, 0, plan.snap_length, plan.link as u32])
}

/// A Section Header Block and an Interface Description Block (draft-ietf-opsawg-pcapng §4.1, §4.2).
fn pcapng_header(plan: &Plan) -> Vec<u8> {
    const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
    const VERSION: u32 = 1;
    const UNKNOWN: u32 = u32::MAX;
    let mut octets = words([0x0a0d_0d0a, 28, BYTE_ORDER_MAGIC, VERSION, UNKNOWN, UNKNOWN, 28]);

    let (name, name_length) = if plan.is_loopback() { (b"lo\0\0", 2) } else { (b"eth0", 4) };
    let decimals = match plan.format.resolution() {
        1 => 9,
        _ => 6,
    };
    octets.extend(words([1, 40, plan.link as u32, plan.snap_length]));
    octets.extend([2, 0, name_length, 0]); // if_name
    octets.extend(name);
    octets.extend([9, 0, 1, 0, decimals, 0, 0, 0]); // if_tsresol
    octets.extend(words([0, 40])); // opt_endofopt
    octets
}
