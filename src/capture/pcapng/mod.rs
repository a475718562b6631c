//! pcapng files (draft-ietf-opsawg-pcapng): sections of blocks, each block with its length at both ends.
//!
//! * `block`: where blocks begin and end, and the three kinds that hold packets.
//! * `build`: blocks in the making.
//! * `options`: the lists of options at the end of blocks.
//! * `describe`: blocks about sections, interfaces, names and statistics.
//! * `port`: one interface while its frames are read.
//! * `reader`: the [`Source`](super::Source), and how it finds its way after damage.

mod block;
mod build;
mod describe;
mod options;
mod port;
mod reader;
#[cfg(test)]
mod tests;

pub(super) use block::{ENHANCED_PACKET, INTERFACE, INTERFACE_STATISTICS, NAME_RESOLUTION, SECTION, SIMPLE_PACKET, padded};
pub(super) use build::Blocks;
pub use options::{PacketOption, packet_options};
pub(super) use options::{code, options_are_sound, sound_options};
pub(super) use reader::Reader;

/// The first four octets of every pcapng file, the same in either byte order.
pub(super) const MAGIC: [u8; 4] = *b"\x0a\x0d\x0d\x0a";
