//! Blocks: where they begin and end, and the three kinds that hold packets.
//!
//! A block is its type, its total length, a body, and the same length again (draft-ietf-opsawg-pcapng, section 3.1).
//! The length ought to be a multiple of four; as tshark does, one that is not is rounded up.

use std::ops::Range;

use super::super::ByteOrder;
use super::MAGIC;

/// Section Header Block, section 4.1.
pub(in crate::capture) const SECTION: u32 = 0x0a0d_0d0a;
/// Interface Description Block, section 4.2.
pub(in crate::capture) const INTERFACE: u32 = 1;
/// Packet Block, obsolete, appendix A.
pub(super) const PACKET: u32 = 2;
/// Simple Packet Block, section 4.4.
pub(in crate::capture) const SIMPLE_PACKET: u32 = 3;
/// Name Resolution Block, section 4.5.
pub(in crate::capture) const NAME_RESOLUTION: u32 = 4;
/// Interface Statistics Block, section 4.6.
pub(in crate::capture) const INTERFACE_STATISTICS: u32 = 5;
/// Enhanced Packet Block, section 4.3.
pub(in crate::capture) const ENHANCED_PACKET: u32 = 6;
/// systemd Journal Export Block.
pub(super) const JOURNAL: u32 = 9;
/// Decryption Secrets Block, section 4.7.
pub(super) const SECRETS: u32 = 10;
/// Custom Block, section 4.8, which other programs may copy.
pub(super) const CUSTOM: u32 = 0x0bad;
/// Custom Block which other programs may not copy.
pub(super) const CUSTOM_PRIVATE: u32 = 0x4000_0bad;

/// Octets of the smallest block: type, length, and length again.
pub(super) const SMALLEST: u32 = 12;
/// Octets of the largest block read.
pub(super) const LARGEST: u32 = 16 * 1024 * 1024;
/// Octets of the largest block taken up again after damage.
const LARGEST_AFTER_DAMAGE: u32 = 1024 * 1024;
/// The byte-order magic of a Section Header Block.
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

/// What is wrong with a block: found and expected.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Broken {
    #[error("found {found} octets of a block, expected at least {SMALLEST}")]
    HeaderCut { found: usize },
    #[error("found a block length of {found} octets, expected {SMALLEST} to {LARGEST}")]
    Length { found: u32 },
    #[error("found {found} octets of a block, expected {expected}")]
    Cut { found: usize, expected: usize },
    #[error("found a block of {first} octets with {second} for its length at the end, expected the same at both ends")]
    Trailer { first: u32, second: u32 },
    #[error("found a block of type {kind} with {found} octets, expected at least {least}")]
    TooShort { kind: u32, found: usize, least: usize },
    #[error("found a captured length of {found} octets, expected at most {room} in this block")]
    CapturedLength { found: u32, room: usize },
    #[error("found {found} octets for a frame, expected {expected} by its interface's snap length")]
    Slack { found: usize, expected: usize },
    #[error("found a frame of interface {found}, expected one of the {described} described in this section")]
    Interface { found: u32, described: usize },
    #[error("found option {code} of {found} octets, expected at most {room}")]
    Option { code: u16, found: usize, room: usize },
    #[error("found a name record of {found} octets, expected at most {room}")]
    NameRecord { found: usize, room: usize },
    #[error("found secrets of {found} octets, expected at most {room}")]
    Secrets { found: u32, room: usize },
    #[error("found the byte-order magic 0x{found:08x}, expected 0x1a2b3c4d in either order")]
    ByteOrder { found: u32 },
    #[error("found a section of version {major}.{minor}, expected 1.0 or 1.2")]
    Version { major: u16, minor: u16 },
    #[error("found one section or interface more than the {limit} that are kept")]
    TooMany { limit: usize },
}

/// The beginning of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) kind: u32,
    pub(super) length: u32,
    /// The byte order of the block: its section's, or its own if it begins one.
    pub(super) byte_order: ByteOrder,
}

impl Header {
    /// Reads the first twelve octets of a block in a section of `byte_order`.
    #[inline]
    pub(super) fn parse(octets: [u8; 12], byte_order: ByteOrder) -> Result<Self, Broken> {
        let [t0, t1, t2, t3, l0, l1, l2, l3, b0, b1, b2, b3] = octets;
        let kind = [t0, t1, t2, t3];
        let byte_order = if kind == MAGIC { order_of([b0, b1, b2, b3])? } else { byte_order };
        Ok(Self { kind: byte_order.u32(kind), length: byte_order.u32([l0, l1, l2, l3]), byte_order })
    }

    /// Octets of the whole block with its padding; `None` if that is too few or too many.
    #[inline]
    pub(super) fn total(self) -> Option<usize> {
        (SMALLEST..=LARGEST).contains(&self.length).then(|| padded(self.length as usize))
    }

    /// As [`Self::total`], but only for a block that no accident looks like: the way to go on after damage.
    pub(super) fn total_after_damage(self) -> Option<usize> {
        let least = match self.kind {
            SECTION => 28,
            INTERFACE => 20,
            PACKET | ENHANCED_PACKET => 32,
            SIMPLE_PACKET | CUSTOM | CUSTOM_PRIVATE => 16,
            NAME_RESOLUTION | JOURNAL => SMALLEST,
            INTERFACE_STATISTICS => 24,
            SECRETS => 20,
            _ => return None,
        };
        let is_sane = (least..=LARGEST_AFTER_DAMAGE).contains(&self.length) && self.length.is_multiple_of(4);
        is_sane.then_some(self.length as usize)
    }

    /// Whether `block`, all of it, ends with its length.
    #[inline]
    pub(super) fn check_trailer(self, block: &[u8]) -> Result<(), Broken> {
        let second = block.last_chunk().map_or(0, |octets| self.byte_order.u32(*octets));
        if second == self.length { Ok(()) } else { Err(Broken::Trailer { first: self.length, second }) }
    }
}

fn order_of(magic: [u8; 4]) -> Result<ByteOrder, Broken> {
    match (u32::from_le_bytes(magic), u32::from_be_bytes(magic)) {
        (BYTE_ORDER_MAGIC, _) => Ok(ByteOrder::Little),
        (_, BYTE_ORDER_MAGIC) => Ok(ByteOrder::Big),
        (_, found) => Err(Broken::ByteOrder { found }),
    }
}

/// `len` rounded up to whole 32-bit words, as all of pcapng is.
#[inline]
pub(in crate::capture) const fn padded(len: usize) -> usize {
    len.saturating_add(3) & !3
}

/// A packet, or what Wireshark counts as one, as a block holds it: its octets and options by their place in the block.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Packet {
    /// The interface's number within the section.
    pub(super) interface: u32,
    /// `None` in Simple Packet Blocks.
    pub(super) ticks: Option<u64>,
    pub(super) original_len: u32,
    pub(super) octets: Range<usize>,
    pub(super) options: Range<usize>,
    /// Packets lost before this one, where the block itself says so.
    pub(super) lost: u16,
}

impl Packet {
    /// Reads an Enhanced Packet Block.
    #[inline]
    pub(super) fn enhanced(block: &[u8], order: ByteOrder) -> Result<Self, Broken> {
        let (packet, interface) = shared_part(block, order)?;
        Ok(Self { interface: order.u32(interface), ..packet })
    }

    /// Reads an obsolete Packet Block, where 16 bits of interface and 16 bits of drop count stand for the interface.
    pub(super) fn obsolete(block: &[u8], order: ByteOrder) -> Result<Self, Broken> {
        let (packet, [i0, i1, d0, d1]) = shared_part(block, order)?;
        let lost = match order.u16([d0, d1]) {
            u16::MAX => 0, // Unknown.
            lost => lost,
        };
        Ok(Self { interface: order.u16([i0, i1]).into(), lost, ..packet })
    }

    /// Reads a Simple Packet Block of an interface that keeps `snap_length` octets.
    pub(super) fn simple(block: &[u8], order: ByteOrder, snap_length: u32) -> Result<Self, Broken> {
        let too_short = Broken::TooShort { kind: SIMPLE_PACKET, found: block.len(), least: 16 };
        let original_len = u32_at(block, 8, order).ok_or(too_short)?;
        let room = block.len().checked_sub(16).ok_or(too_short)?;
        let captured_len = original_len.min(snap_length);
        if captured_len as usize > room {
            return Err(Broken::CapturedLength { found: captured_len, room });
        }
        let octets = 12..(captured_len as usize).saturating_add(12);
        Ok(Self { interface: 0, ticks: None, original_len, octets, options: 0..0, lost: 0 })
    }
}

/// An ordinary block: an Enhanced Packet Block without options, sound and in memory to its end.
///
/// Most blocks are like that; [`Header`] and [`Packet`] would say the same of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Ordinary {
    /// Octets of the block.
    pub(super) total: usize,
    /// The number of the interface in its section.
    pub(super) interface: u32,
    /// The time in the interface's units.
    pub(super) ticks: u64,
    /// Octets on the wire.
    pub(super) original_len: u32,
    /// Octets captured, which begin at [`Ordinary::BEFORE`].
    pub(super) captured_len: usize,
}

impl Ordinary {
    /// Octets before the packet's own.
    pub(super) const BEFORE: usize = 28;

    /// Reads the block in front; `None` if anything about it is not ordinary.
    #[inline(always)]
    pub(super) fn read(octets: &[u8], order: ByteOrder) -> Option<Self> {
        match order {
            ByteOrder::Little => Self::read_by(octets, u32::from_le_bytes),
            ByteOrder::Big => Self::read_by(octets, u32::from_be_bytes),
        }
    }

    #[inline(always)]
    fn read_by(octets: &[u8], u32: fn([u8; 4]) -> u32) -> Option<Self> {
        let (words, []) = octets.first_chunk::<{ Self::BEFORE }>()?.as_chunks::<4>() else { return None };
        let &[kind, length, interface, high, low, captured_len, original_len] = words else { return None };
        let (length, captured_len) = (u32(length), u32(captured_len) as usize);
        let total = padded(captured_len).saturating_add(Self::BEFORE + 4);
        let is_ordinary = u32(kind) == ENHANCED_PACKET && length <= LARGEST && length as usize == total;
        let trailer = octets.get(..total).filter(|_| is_ordinary)?.last_chunk()?;
        (u32(*trailer) == length).then_some(Self {
            total,
            interface: u32(interface),
            ticks: u64::from(u32(high)) << 32 | u64::from(u32(low)),
            original_len: u32(original_len),
            captured_len,
        })
    }
}

/// What Enhanced and obsolete Packet Blocks share, and the four octets of the interface, which they read differently.
#[inline]
fn shared_part(block: &[u8], order: ByteOrder) -> Result<(Packet, [u8; 4]), Broken> {
    let too_short = || Broken::TooShort { kind: ENHANCED_PACKET, found: block.len(), least: 32 };
    let body_end = block.len().checked_sub(4).filter(|end| *end >= 28).ok_or_else(too_short)?;
    let fixed: &[u8; 28] = block.first_chunk().ok_or_else(too_short)?;
    let [_, _, _, _, _, _, _, _, fixed @ ..] = *fixed;
    let [i0, i1, i2, i3, h0, h1, h2, h3, l0, l1, l2, l3, c0, c1, c2, c3, o0, o1, o2, o3] = fixed;
    let captured_len = order.u32([c0, c1, c2, c3]);
    let end = 28_usize.saturating_add(captured_len as usize);
    if end > body_end {
        return Err(Broken::CapturedLength { found: captured_len, room: body_end.saturating_sub(28) });
    }
    let packet = Packet {
        interface: 0,
        ticks: Some(u64::from(order.u32([h0, h1, h2, h3])) << 32 | u64::from(order.u32([l0, l1, l2, l3]))),
        original_len: order.u32([o0, o1, o2, o3]),
        octets: 28..end,
        options: padded(end).min(body_end)..body_end,
        lost: 0,
    };
    Ok((packet, [i0, i1, i2, i3]))
}

/// The 32-bit number `at` octets into a block.
pub(super) fn u32_at(block: &[u8], at: usize, order: ByteOrder) -> Option<u32> {
    Some(order.u32(*block.get(at..)?.first_chunk()?))
}

/// The 16-bit number `at` octets into a block.
pub(super) fn u16_at(block: &[u8], at: usize, order: ByteOrder) -> Option<u16> {
    Some(order.u16(*block.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::{ORDERS, option, packet};
    use super::*;

    /// What the long way says of a block, as [`Ordinary`] would; `None` if it has options or is not sound.
    fn long_way(octets: &[u8], order: ByteOrder) -> Option<Ordinary> {
        let header = Header::parse(*octets.first_chunk()?, order).ok()?;
        let total = header.total().filter(|_| header.kind == ENHANCED_PACKET)?;
        let block = octets.get(..total)?;
        header.check_trailer(block).ok()?;
        let Packet { interface, ticks, original_len, octets, options, .. } = Packet::enhanced(block, order).ok()?;
        let ordinary = Ordinary { total, interface, ticks: ticks?, original_len, captured_len: octets.len() };
        options.is_empty().then_some(ordinary)
    }

    #[test]
    fn the_short_way_says_what_the_long_way_says() {
        for order in ORDERS {
            for len in 0..70 {
                let mut octets = packet(order, 3, 7 << 40 | 5, &vec![9; len], &[]);
                let expected = Ordinary {
                    total: 32 + len.next_multiple_of(4),
                    interface: 3,
                    ticks: 7 << 40 | 5,
                    original_len: len as u32,
                    captured_len: len,
                };
                octets.extend([6; 8]);
                assert_eq!(Ordinary::read(&octets, order), Some(expected), "{order:?} {len}");
                assert_eq!(long_way(&octets, order), Some(expected), "{order:?} {len}");
            }
        }
    }

    #[test]
    fn whatever_is_not_ordinary_takes_the_long_way() {
        for order in ORDERS {
            let with_flags = packet(order, 0, 1, b"abcd", &option(order, 2, &[0; 4]));
            assert_eq!(Ordinary::read(&with_flags, order), None, "options");
            let sound = packet(order, 0, 1, b"abcde", &[]);
            for end in 0..sound.len() {
                assert_eq!(Ordinary::read(&sound[..end], order), None, "cut at {end}");
            }
            for at in 0..sound.len() {
                for bit in 0..8 {
                    let mut octets = sound.clone();
                    octets[at] ^= 1 << bit;
                    let short = Ordinary::read(&octets, order);
                    assert!(short.is_none() || short == long_way(&octets, order), "octet {at}, bit {bit}");
                }
            }
        }
    }
}
