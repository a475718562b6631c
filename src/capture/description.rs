//! What is known of a capture beside its frames: who made it, on which interfaces, and what is broken in it.

use std::fmt;
use std::net::IpAddr;

use super::{ByteOrder, HostAddress, LinkType, Timestamp, text};

/// The capture itself: complete once its source said [`Next::End`](super::Next::End).
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// The file format.
    pub format: Format,
    /// What the file was wrapped in.
    pub compression: Compression,
    /// Sections in file order; a pcap file counts as one.
    pub sections: Vec<Section>,
    /// Interfaces in file order, over all sections: [`InterfaceId`] indexes this list.
    pub interfaces: Vec<Interface>,
    /// Names from Name Resolution Blocks, in file order.
    pub names: Vec<(IpAddr, String)>,
    /// Decryption Secrets Blocks seen.
    pub secrets: u64,
    /// Blocks of a type not known here, which were stepped over.
    pub other_blocks: u64,
    /// Comments on packets: frame number and text; at most [`Description::MAX_COMMENTS`] are kept.
    pub packet_comments: Vec<(u64, String)>,
    /// Places where the file is broken, first to last; at most [`Description::MAX_DAMAGE`] are kept.
    pub damage: Vec<Damage>,
    /// Broken places beyond those kept in `damage`.
    pub more_damage: u64,
    /// Frames whose captured length exceeds their interface's snap length.
    pub beyond_snap_length: u64,
    /// Names, comments, texts and sections beyond the limits below, which were read but not kept.
    pub left_out: u64,
    /// What the texts kept so far count against [`Description::MAX_TEXT`].
    text_kept: usize,
}

impl Description {
    /// Packet comments kept.
    pub const MAX_COMMENTS: usize = 1000;
    /// Broken places kept.
    pub const MAX_DAMAGE: usize = 16;
    /// Sections and interfaces kept, of each.
    pub const MAX_INTERFACES: usize = 65_536;
    /// Names from Name Resolution Blocks kept.
    pub const MAX_NAMES: usize = 65_536;
    /// Octets of text kept over all fields, where each text counts for 64 more than its length.
    pub const MAX_TEXT: usize = 8 * 1024 * 1024;

    /// A description with nothing in it yet.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            compression: Compression::None,
            sections: Vec::new(),
            interfaces: Vec::new(),
            names: Vec::new(),
            secrets: 0,
            other_blocks: 0,
            packet_comments: Vec::new(),
            damage: Vec::new(),
            more_damage: 0,
            beyond_snap_length: 0,
            left_out: 0,
            text_kept: 0,
        }
    }

    /// The interface with this number; `None` if the file never described it.
    pub fn interface(&self, id: InterfaceId) -> Option<&Interface> {
        self.interfaces.get(usize::try_from(id.0).ok()?)
    }

    /// The text in `octets`, decoded; `None`, counted, where no more is kept.
    pub(super) fn keep_text(&mut self, octets: &[u8]) -> Option<String> {
        let text = text::decode(octets);
        self.may_keep(text.len()).then(|| text.into_owned())
    }

    /// Whether `octets` more are kept; counts what is not.
    pub(super) fn may_keep(&mut self, octets: usize) -> bool {
        let kept = self.text_kept.saturating_add(octets).saturating_add(64);
        if kept > Self::MAX_TEXT {
            self.left_out = self.left_out.saturating_add(1);
            return false;
        }
        self.text_kept = kept;
        true
    }

    /// Notes a broken place, or only counts it if there are many already.
    pub(super) fn note_damage(&mut self, offset: u64, skipped: u64, text: impl FnOnce() -> String) {
        if self.damage.len() < Self::MAX_DAMAGE {
            self.damage.push(Damage { offset, text: text(), skipped });
        } else {
            self.more_damage = self.more_damage.saturating_add(1);
        }
    }
}

/// A capture file format.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// pcapng (draft-ietf-opsawg-pcapng).
    Pcapng,
    /// Classic pcap with microseconds (draft-ietf-opsawg-pcap).
    Pcap,
    /// Classic pcap with nanoseconds.
    PcapNanosecond,
    /// Alexey Kuznetzov's pcap with eight more octets in each record.
    PcapModified,
}

impl Format {
    /// The word for it in machine-readable output: `pcapng` or `pcap`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pcapng => "pcapng",
            Self::Pcap | Self::PcapNanosecond | Self::PcapModified => "pcap",
        }
    }
}

/// What a capture file was wrapped in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Compression {
    /// Nothing.
    None,
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
    /// LZ4 frames.
    Lz4,
}

impl Compression {
    /// What a file that begins so is wrapped in.
    pub(super) const fn of(begin: &[u8]) -> Self {
        match begin {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [0x04, 0x22, 0x4d, 0x18, ..] => Self::Lz4,
            _ => Self::None,
        }
    }

    /// The word for it in machine-readable output; `None` when there was none.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
            Self::Lz4 => Some("lz4"),
        }
    }
}

/// The common name: `gzip`, `Zstandard`, `LZ4`; `raw` for none.
impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "raw",
            Self::Gzip => "gzip",
            Self::Zstd => "Zstandard",
            Self::Lz4 => "LZ4",
        })
    }
}

/// A pcapng section: one run of one capture program.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// The byte order its numbers are written in.
    pub byte_order: ByteOrder,
    /// `shb_hardware`: the machine's processor.
    pub hardware: Option<String>,
    /// `shb_os`: the operating system.
    pub os: Option<String>,
    /// `shb_userappl`: the program that wrote the section.
    pub application: Option<String>,
    /// Comments on the section.
    pub comments: Vec<String>,
    /// Options without a field here, as the file holds them.
    pub other_options: Vec<u8>,
}

impl Section {
    /// A section of which nothing but its byte order is known.
    pub fn new(byte_order: ByteOrder) -> Self {
        Self { byte_order, hardware: None, os: None, application: None, comments: Vec::new(), other_options: Vec::new() }
    }
}

/// The number of an interface over the whole file, from 0.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct InterfaceId(pub u32);

impl InterfaceId {
    /// No interface: the frame is a block of the file that holds no packet ([`LinkType::NO_PACKET`]).
    pub const NONE: Self = Self(u32::MAX);
}

/// An interface that frames were captured on.
#[derive(Clone, Debug, PartialEq)]
pub struct Interface {
    /// Its number in this file.
    pub id: InterfaceId,
    /// The section that describes it, from 0.
    pub section: usize,
    /// What its frames begin with.
    pub link_type: LinkType,
    /// Octets kept of each frame; `None` for no limit.
    pub snap_length: Option<u32>,
    /// `if_name`, such as `lo` or `\Device\NPF_Loopback`.
    pub name: Option<String>,
    /// `if_description`.
    pub description: Option<String>,
    /// `if_IPv4addr` and `if_IPv6addr`: its own addresses, in file order.
    pub addresses: Vec<HostAddress>,
    /// `if_os`.
    pub os: Option<String>,
    /// `if_hardware`.
    pub hardware: Option<String>,
    /// `if_filter`: the capture filter's text.
    pub filter: Option<String>,
    /// Unit of its timestamps.
    pub resolution: Resolution,
    /// `if_tsoffset`: seconds to add to each timestamp.
    pub offset_seconds: i64,
    /// Comments on the interface.
    pub comments: Vec<String>,
    /// Options without a field here, as the file holds them.
    pub other_options: Vec<u8>,
    /// Frames read from it.
    pub frames: u64,
    /// Packets lost between its frames, as the frames themselves say (`epb_dropcount`, or the obsolete Packet Block).
    pub lost: u64,
    /// The last Interface Statistics Block about it.
    pub statistics: Option<Statistics>,
}

impl Interface {
    /// An interface in `section` of which only the link type is known: microseconds, no snap length.
    pub fn new(id: InterfaceId, section: usize, link_type: LinkType) -> Self {
        Self {
            id,
            section,
            link_type,
            snap_length: None,
            name: None,
            description: None,
            addresses: Vec::new(),
            os: None,
            hardware: None,
            filter: None,
            resolution: Resolution::Decimal(6),
            offset_seconds: 0,
            comments: Vec::new(),
            other_options: Vec::new(),
            frames: 0,
            lost: 0,
            statistics: None,
        }
    }
}

/// The unit of an interface's timestamps: `if_tsresol` (draft-ietf-opsawg-pcapng, section 4.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Resolution {
    /// Ten to the minus n-th seconds; 6 unless the file says otherwise.
    Decimal(u8),
    /// Two to the minus n-th seconds.
    Binary(u8),
}

/// `1 µs`, `1 ns`, `10^-4 s`, `2^-20 s`.
impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decimal(0) => f.write_str("1 s"),
            Self::Decimal(3) => f.write_str("1 ms"),
            Self::Decimal(6) => f.write_str("1 µs"),
            Self::Decimal(9) => f.write_str("1 ns"),
            Self::Decimal(n) => write!(f, "10^-{n} s"),
            Self::Binary(n) => write!(f, "2^-{n} s"),
        }
    }
}

/// Counters of an interface, from an Interface Statistics Block; `None` is unknown, never zero.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Statistics {
    /// When the capture started.
    pub start: Option<Timestamp>,
    /// When the capture ended.
    pub end: Option<Timestamp>,
    /// Packets received from the interface.
    pub received: Option<u64>,
    /// Packets the interface dropped for want of resources.
    pub dropped: Option<u64>,
    /// Packets the capture filter accepted.
    pub filter_accepted: Option<u64>,
    /// Packets the operating system dropped.
    pub os_dropped: Option<u64>,
    /// Packets delivered to the capture program.
    pub delivered: Option<u64>,
    /// The block's times were written in microseconds under another resolution, as dumpcap 4.0 does, and are read so.
    pub unit_repaired: bool,
    /// Comments on the block.
    pub comments: Vec<String>,
}

/// A broken place in a capture file, and how far the reader had to skip to go on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Damage {
    /// Offset of the fault in octets, after decompression.
    pub offset: u64,
    /// What was found and what was expected, in one line.
    pub text: String,
    /// Octets not read because of it.
    pub skipped: u64,
}
