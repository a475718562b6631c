//! One captured frame, and the few small values that describe it.

use std::fmt;

use super::{InterfaceId, PacketOption, Timestamp, packet_options};

/// One frame as captured, borrowed from the reader's buffer.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Position in the file, from 1: Wireshark's `frame.number`.
    pub number: u64,
    /// When it was captured; `None` for pcapng Simple Packet Blocks, which carry no time.
    pub timestamp: Option<Timestamp>,
    /// The timestamp as the file holds it, in units of the interface's [`Resolution`](super::Resolution).
    pub ticks: u64,
    /// The interface it was captured on.
    pub interface: InterfaceId,
    /// What the first octet belongs to.
    pub link_type: LinkType,
    /// Octets on the wire; more than were captured if a snap length cut the frame.
    pub original_len: u32,
    /// The octets captured.
    pub octets: &'a [u8],
    /// Offset of the frame's record in the file, in octets after decompression.
    pub file_offset: u64,
    /// The pcapng options of the packet, undecoded: see [`packet_options`]. Empty in pcap files.
    pub options: &'a [u8],
    /// The byte order `options` are written in.
    pub byte_order: ByteOrder,
}

impl Frame<'_> {
    /// Octets captured.
    pub fn captured_len(&self) -> u32 {
        u32::try_from(self.octets.len()).unwrap_or(u32::MAX)
    }

    /// The packet's `epb_flags`; `None` if the file has none for it.
    #[inline]
    pub fn flags(&self) -> Option<PacketFlags> {
        if self.options.is_empty() {
            return None;
        }
        packet_options(self).find_map(|option| match option {
            PacketOption::Flags(flags) => Some(flags),
            _ => None,
        })
    }
}

/// The byte order of a file or section.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ByteOrder {
    /// Least significant octet first.
    Little,
    /// Most significant octet first.
    Big,
}

impl ByteOrder {
    /// Reads a 16-bit number in this order.
    pub const fn u16(self, octets: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(octets),
            Self::Big => u16::from_be_bytes(octets),
        }
    }

    /// Reads a 32-bit number in this order.
    pub const fn u32(self, octets: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(octets),
            Self::Big => u32::from_be_bytes(octets),
        }
    }

    /// A 16-bit number's octets in this order.
    pub const fn u16_octets(self, number: u16) -> [u8; 2] {
        match self {
            Self::Little => number.to_le_bytes(),
            Self::Big => number.to_be_bytes(),
        }
    }

    /// A 32-bit number's octets in this order.
    pub const fn u32_octets(self, number: u32) -> [u8; 4] {
        match self {
            Self::Little => number.to_le_bytes(),
            Self::Big => number.to_be_bytes(),
        }
    }

    /// A 64-bit number's octets in this order.
    pub const fn u64_octets(self, number: u64) -> [u8; 8] {
        match self {
            Self::Little => number.to_le_bytes(),
            Self::Big => number.to_be_bytes(),
        }
    }

    /// Reads a 64-bit number in this order.
    pub const fn u64(self, octets: [u8; 8]) -> u64 {
        match self {
            Self::Little => u64::from_le_bytes(octets),
            Self::Big => u64::from_be_bytes(octets),
        }
    }
}

/// What a frame's first octet belongs to: a LINKTYPE number as files hold it (tcpdump.org/linktypes.html).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback, family in the capturing host's byte order.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// PPP, with or without HDLC framing.
    pub const PPP: Self = Self(9);
    /// FDDI.
    pub const FDDI: Self = Self(10);
    /// Raw IP, as some systems number it.
    pub const RAW_12: Self = Self(12);
    /// Raw IP, as OpenBSD numbers it.
    pub const RAW_14: Self = Self(14);
    /// PPP in HDLC-like framing (RFC 1662).
    pub const PPP_HDLC: Self = Self(50);
    /// PPPoE session packets.
    pub const PPP_ETHER: Self = Self(51);
    /// Raw IP, either version.
    pub const RAW: Self = Self(101);
    /// Cisco HDLC.
    pub const CISCO_HDLC: Self = Self(104);
    /// 802.11 without radio header.
    pub const IEEE_802_11: Self = Self(105);
    /// OpenBSD loopback, family in network byte order.
    pub const LOOP: Self = Self(108);
    /// Linux cooked capture, version 1.
    pub const SLL: Self = Self(113);
    /// 802.11 behind a radiotap header.
    pub const RADIOTAP: Self = Self(127);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// Linux netfilter log.
    pub const NFLOG: Self = Self(239);
    /// Apple PKTAP.
    pub const PKTAP: Self = Self(258);
    /// Linux cooked capture, version 2.
    pub const SLL2: Self = Self(276);
    /// No packet at all: a pcapng Custom Block or systemd journal entry, which Wireshark counts as a frame.
    pub const NO_PACKET: Self = Self(u16::MAX);

    /// The name tcpdump's list gives it, without `LINKTYPE_`; `None` for numbers not known here.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::NULL => "NULL",
            Self::ETHERNET => "ETHERNET",
            Self::PPP => "PPP",
            Self::FDDI => "FDDI",
            Self::RAW_12 | Self::RAW_14 | Self::RAW => "RAW",
            Self::PPP_HDLC => "PPP_HDLC",
            Self::PPP_ETHER => "PPP_ETHER",
            Self::CISCO_HDLC => "C_HDLC",
            Self::IEEE_802_11 => "IEEE802_11",
            Self::LOOP => "LOOP",
            Self::SLL => "LINUX_SLL",
            Self::RADIOTAP => "IEEE802_11_RADIOTAP",
            Self::IPV4 => "IPV4",
            Self::IPV6 => "IPV6",
            Self::NFLOG => "NFLOG",
            Self::PKTAP => "PKTAP",
            Self::SLL2 => "LINUX_SLL2",
            Self::NO_PACKET => "no packet",
            _ => return None,
        })
    }
}

/// The name, or `LINKTYPE 147` where there is none.
impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "LINKTYPE {}", self.0),
        }
    }
}

/// The `epb_flags` word of a packet (draft-ietf-opsawg-pcapng, section 4.3.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PacketFlags(pub u32);

impl PacketFlags {
    /// The packet came in.
    pub const fn inbound(self) -> bool {
        self.0 & 0b11 == 1
    }

    /// The packet went out.
    pub const fn outbound(self) -> bool {
        self.0 & 0b11 == 2
    }

    /// The checksum was left to the hardware and is not in the packet.
    pub const fn checksum_not_ready(self) -> bool {
        self.0 & (1 << 9) != 0
    }

    /// The kernel found the checksum good.
    pub const fn checksum_valid(self) -> bool {
        self.0 & (1 << 10) != 0
    }

    /// The packet is to be cut into segments by the hardware.
    pub const fn segmentation_offload(self) -> bool {
        self.0 & (1 << 11) != 0
    }
}
