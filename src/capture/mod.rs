//! World in: capture files (later devices) become [`Frame`]s.
//!
//! The only floor that reads files, and with `Live` an interface. [`open()`] looks at the first octets, never at a file name, unwraps compression, and
//! hands back a [`Source`]: frames one at a time, borrowed from the reader's buffer, and beside them the
//! [`Description`] of the capture itself, which is complete once [`Next::End`] was returned.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects))]

mod address;
#[cfg(feature = "live")]
mod bpf;
mod buffer;
mod clock;
mod description;
mod error;
mod foreign;
mod frame;
#[cfg(feature = "live")]
mod host;
pub mod kernel;
#[cfg(feature = "live")]
mod live;
mod open;
mod pcap;
mod pcapng;
#[cfg(test)]
mod sample;
mod text;
mod timestamp;
mod write;

pub use address::HostAddress;
#[cfg(feature = "live")]
pub use bpf::CaptureFilter;
pub use description::{Compression, Damage, Description, Format, Interface, InterfaceId, Resolution, Section, Statistics};
pub use error::Error;
pub use foreign::Foreign;
pub use frame::{ByteOrder, Frame, LinkType, PacketFlags};
#[cfg(feature = "live")]
pub use live::{Device, LATENCY, Live, Tap, leave_root};
pub use open::{from_reader, open};
pub use pcapng::{PacketOption, packet_options};
pub use timestamp::Timestamp;
pub use write::Writer;

/// Where frames come from: a capture file, or an interface.
pub trait Source {
    /// The next frame, borrowed until the next call.
    ///
    /// Damage inside a file is not an error here: the reader steps over it, goes on with the next sound record, and
    /// notes it in [`Description::damage`].
    ///
    /// # Errors
    /// [`Error::Read`] when the operating system cannot deliver more octets.
    fn next(&mut self) -> Result<Next<'_>, Error>;

    /// What is known so far of the capture itself: all of it once [`Next::End`] was seen.
    fn description(&self) -> &Description;

    /// Octets of the file consumed so far, before decompression; for progress.
    fn consumed(&self) -> u64;
}

/// What a [`Source`] delivers.
#[derive(Debug)]
pub enum Next<'a> {
    /// A captured frame.
    Frame(Frame<'a>),
    /// Nothing arrived for a while; the interface's clock reads this. Files never say so.
    Idle(Timestamp),
    /// No more will come.
    End,
}
