//! Small captures built octet by octet, for tests, and what is read from them.

use std::io::{self, Read};

use super::{ByteOrder, Description, Error, InterfaceId, LinkType, Next, Source, Timestamp, from_reader};

pub(super) const ORDERS: [ByteOrder; 2] = [ByteOrder::Little, ByteOrder::Big];

/// When the first frame of a sample is captured, in seconds.
pub(super) const SECONDS: u32 = 1_700_000_000;

/// A frame that outlives the call it came from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    pub(super) number: u64,
    pub(super) timestamp: Option<Timestamp>,
    pub(super) ticks: u64,
    pub(super) interface: InterfaceId,
    pub(super) link_type: LinkType,
    pub(super) original_len: u32,
    pub(super) octets: Vec<u8>,
    pub(super) options: Vec<u8>,
}

/// Reads `octets` to their end: the frames, where each began, and the description.
pub(super) fn read(octets: &[u8]) -> (Vec<Kept>, Vec<u64>, Description) {
    let source = open(octets).unwrap_or_else(|error| panic!("{error}"));
    drain(source)
}

pub(super) fn open(octets: &[u8]) -> Result<Box<dyn Source>, Error> {
    from_reader("sample", Box::new(io::Cursor::new(octets.to_vec())))
}

pub(super) fn drain(mut source: Box<dyn Source>) -> (Vec<Kept>, Vec<u64>, Description) {
    let (mut frames, mut offsets) = (Vec::new(), Vec::new());
    loop {
        match source.next().unwrap() {
            Next::Frame(frame) => {
                offsets.push(frame.file_offset);
                frames.push(Kept {
                    number: frame.number,
                    timestamp: frame.timestamp,
                    ticks: frame.ticks,
                    interface: frame.interface,
                    link_type: frame.link_type,
                    original_len: frame.original_len,
                    octets: frame.octets.to_vec(),
                    options: frame.options.to_vec(),
                });
            }
            Next::Idle(_) => panic!("files are never idle"),
            Next::End => break,
        }
    }
    assert!(matches!(source.next(), Ok(Next::End)), "the end stays the end");
    let description = source.description().clone();
    (frames, offsets, description)
}

/// Why `octets` cannot be opened.
pub(super) fn refusal(octets: &[u8]) -> String {
    match open(octets) {
        Ok(_) => panic!("opened"),
        Err(error) => error.to_string(),
    }
}

/// A pcap file header with version 2.4 for Ethernet.
pub(super) fn pcap_header(order: ByteOrder, magic: u32) -> Vec<u8> {
    pcap_header_of(order, magic, (2, 4), 262_144)
}

pub(super) fn pcap_header_of(order: ByteOrder, magic: u32, version: (u16, u16), snap_length: u32) -> Vec<u8> {
    let mut octets = order.u32_octets(magic).to_vec();
    octets.extend(order.u16_octets(version.0));
    octets.extend(order.u16_octets(version.1));
    octets.extend([0; 8]);
    octets.extend(order.u32_octets(snap_length));
    octets.extend(order.u32_octets(1));
    octets
}

/// A pcap record whose frame was captured whole.
pub(super) fn record(order: ByteOrder, seconds: u32, fraction: u32, octets: &[u8]) -> Vec<u8> {
    let len = octets.len() as u32;
    let numbers = [seconds, fraction, len, len];
    [numbers.map(|number| order.u32_octets(number)).concat(), octets.to_vec()].concat()
}

/// A pcapng block around `body`, which is padded.
pub(super) fn block(order: ByteOrder, kind: u32, body: &[u8]) -> Vec<u8> {
    let length = order.u32_octets((body.len().next_multiple_of(4) + 12) as u32);
    let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
    [&order.u32_octets(kind), &length, body, &padding, &length].concat()
}

pub(super) fn section(order: ByteOrder, options: &[u8]) -> Vec<u8> {
    let mut body = order.u32_octets(0x1a2b_3c4d).to_vec();
    body.extend(order.u16_octets(1));
    body.extend(order.u16_octets(0));
    body.extend([0xff; 8]);
    body.extend(options);
    block(order, 0x0a0d_0d0a, &body)
}

pub(super) fn interface(order: ByteOrder, link_type: u16, snap_length: u32, options: &[u8]) -> Vec<u8> {
    let mut body = order.u16_octets(link_type).to_vec();
    body.extend([0; 2]);
    body.extend(order.u32_octets(snap_length));
    body.extend(options);
    block(order, 1, &body)
}

/// An Enhanced Packet Block whose frame was captured whole.
pub(super) fn packet(order: ByteOrder, interface: u32, ticks: u64, octets: &[u8], options: &[u8]) -> Vec<u8> {
    let len = octets.len() as u32;
    let mut body = [interface, (ticks >> 32) as u32, ticks as u32, len, len].map(|number| order.u32_octets(number)).concat();
    body.extend(octets);
    body.resize(body.len().next_multiple_of(4), 0);
    body.extend(options);
    block(order, 6, &body)
}

/// An option with its padding.
pub(super) fn option(order: ByteOrder, code: u16, value: &[u8]) -> Vec<u8> {
    let mut octets = [order.u16_octets(code), order.u16_octets(value.len() as u16)].concat();
    octets.extend(value);
    octets.resize(octets.len().next_multiple_of(4), 0);
    octets
}

/// Gives octets one to seven at a time, as a slow pipe does.
pub(super) struct Dribble {
    octets: io::Cursor<Vec<u8>>,
    portion: usize,
}

impl Dribble {
    pub(super) fn new(octets: &[u8]) -> Self {
        Self { octets: io::Cursor::new(octets.to_vec()), portion: 0 }
    }
}

impl Read for Dribble {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.portion = self.portion % 7 + 1;
        let len = room.len().min(self.portion);
        self.octets.read(&mut room[..len])
    }
}
