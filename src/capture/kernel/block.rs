//! A sample in a capture file: the data of a pcapng Custom Block (draft-ietf-opsawg-pcapng, section 4.8).
//!
//! The block has type 0x00000BAD, which other programs may copy, and the Private Enterprise Number 32473, which RFC 5612
//! gives to examples: sockscope has none of its own, so eight octets of [`MAGIC`] behind it tell whose the block is. All
//! numbers are in the byte order of the section, addresses in that of the network, IPv4 mapped into IPv6 (RFC 4291
//! section 2.5.5.2).
//!
//! ```text
//!  0  magic            8  "SOCKTABL"
//!  8  version          2  1
//! 10  reserved         2  0
//! 12  addresses, n     4
//! 16  sockets, m       4
//! 20  reserved         4  0
//! 24  before           8  nanoseconds since 1970: the kernel was asked after this
//! 32  after            8  nanoseconds since 1970: its last answer came before this
//! 40  n addresses of the host, 16 octets each
//!     m sockets, 60 octets each:
//!      0  protocol      1  6 TCP, 17 UDP
//!      1  state         1  as in Linux' tcp_states.h
//!      2  family        1  4 or 6
//!      3  reserved      1  0
//!      4  local port    2
//!      6  remote port   2  0 without peer
//!      8  local        16
//!     24  remote       16
//!     40  receive queue 4  octets, of a listener connections
//!     44  send queue    4
//!     48  user id       4
//!     52  inode         8  0 if no process holds it
//! ```

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::{KernelSocket, KernelState, Sample, Transport};
use crate::capture::pcapng::Blocks;
use crate::capture::{ByteOrder, Frame, LinkType, Timestamp};

/// The Private Enterprise Number of the block: that for examples (RFC 5612).
pub const PEN: u32 = 32_473;

/// The first octets of the data.
pub const MAGIC: [u8; 8] = *b"SOCKTABL";

/// Custom Block that other programs may copy.
const CUSTOM: u32 = 0x0bad;

const VERSION: u16 = 1;

const NANOSECONDS: u64 = 1_000_000_000;

/// Why a block of ours cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BlockFault {
    /// A later version of the layout.
    #[error("found version {0} of a kernel table, expected {VERSION}")]
    Version(u16),
    /// It ends too early.
    #[error("the kernel table is cut off")]
    Cut,
    /// It says that it holds more than it may.
    #[error("found a kernel table of {0} sockets, expected at most {max}", max = Sample::MAX_SOCKETS)]
    TooMany(u32),
    /// A number in it has no meaning.
    #[error("found {found} for the {what} of a socket")]
    Number {
        /// What it is to say.
        what: &'static str,
        /// The number.
        found: u8,
    },
}

impl Sample {
    /// The whole block, as it goes into a section of this byte order.
    pub fn to_block(&self, order: ByteOrder) -> Vec<u8> {
        let mut block = Blocks::new(order, 0);
        block.begin(CUSTOM);
        block.u32(PEN);
        block.octets.extend(MAGIC);
        block.u16(VERSION);
        block.u16(0);
        let addresses = self.addresses.get(..Self::MAX_ADDRESSES).unwrap_or(&self.addresses);
        let sockets = self.sockets.get(..Self::MAX_SOCKETS).unwrap_or(&self.sockets);
        block.u32(addresses.len() as u32);
        block.u32(sockets.len() as u32);
        block.u32(0);
        block.u64(nanoseconds(self.before));
        block.u64(nanoseconds(self.after));
        addresses.iter().for_each(|address| block.octets.extend(in_ipv6(*address)));
        sockets.iter().for_each(|socket| put_socket(&mut block, socket));
        // At most 16 MiB: all parts are whole words.
        block.end();
        block.octets
    }

    /// The sample that a frame holds; `None` if the frame is something else.
    ///
    /// # Errors
    /// The block is ours, and cannot be read.
    pub fn from_frame(frame: &Frame<'_>) -> Option<Result<Self, BlockFault>> {
        let octets = frame.octets.strip_prefix(&MAGIC)?;
        (frame.link_type == LinkType::NO_PACKET).then(|| Cursor { order: frame.byte_order, octets }.sample())
    }
}

fn put_socket(block: &mut Blocks, socket: &KernelSocket) {
    let family = if socket.local.is_ipv4() { 4 } else { 6 };
    block.octets.extend([socket.transport.number(), socket.state.code(), family, 0]);
    block.u16(socket.local.port());
    block.u16(socket.remote.port());
    block.octets.extend(in_ipv6(socket.local.ip()));
    block.octets.extend(in_ipv6(socket.remote.ip()));
    block.u32(socket.receive_queue);
    block.u32(socket.send_queue);
    block.u32(socket.uid);
    block.u64(socket.inode);
}

fn in_ipv6(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

/// What is left of a block.
struct Cursor<'a> {
    order: ByteOrder,
    octets: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn sample(mut self) -> Result<Sample, BlockFault> {
        let version = self.u16()?;
        if version != VERSION {
            return Err(BlockFault::Version(version));
        }
        self.take::<2>()?;
        let (addresses, sockets) = (self.u32()?, self.u32()?);
        if addresses as usize > Sample::MAX_ADDRESSES || sockets as usize > Sample::MAX_SOCKETS {
            return Err(BlockFault::TooMany(sockets));
        }
        self.take::<4>()?;
        let (before, after) = (time(self.u64()?), time(self.u64()?));
        let addresses = (0..addresses).map(|_| Ok(self.address()?.to_canonical())).collect::<Result<_, _>>()?;
        let sockets = (0..sockets).map(|_| self.socket()).collect::<Result<_, _>>()?;
        Ok(Sample { before, after, addresses, sockets })
    }

    fn socket(&mut self) -> Result<KernelSocket, BlockFault> {
        let [protocol, state, family, _] = self.take()?;
        let (local_port, remote_port) = (self.u16()?, self.u16()?);
        let of_family = |address: Ipv6Addr| if family == 4 { address.to_canonical() } else { address.into() };
        let (local, remote) = (of_family(self.address()?), of_family(self.address()?));
        Ok(KernelSocket {
            transport: Transport::from_number(protocol).ok_or(BlockFault::Number { what: "protocol", found: protocol })?,
            state: KernelState::from_code(state).ok_or(BlockFault::Number { what: "state", found: state })?,
            local: SocketAddr::new(local, local_port),
            remote: SocketAddr::new(remote, remote_port),
            receive_queue: self.u32()?,
            send_queue: self.u32()?,
            uid: self.u32()?,
            inode: self.u64()?,
        })
    }

    fn address(&mut self) -> Result<Ipv6Addr, BlockFault> {
        Ok(self.take::<16>()?.into())
    }

    fn u16(&mut self) -> Result<u16, BlockFault> {
        Ok(self.order.u16(self.take()?))
    }

    fn u32(&mut self) -> Result<u32, BlockFault> {
        Ok(self.order.u32(self.take()?))
    }

    fn u64(&mut self) -> Result<u64, BlockFault> {
        Ok(self.order.u64(self.take()?))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], BlockFault> {
        let (taken, rest) = self.octets.split_first_chunk().ok_or(BlockFault::Cut)?;
        self.octets = rest;
        Ok(*taken)
    }
}

/// Until the year 2554; before 1970 counts as 1970.
fn nanoseconds(time: Timestamp) -> u64 {
    let seconds = u64::try_from(time.seconds()).unwrap_or(0);
    seconds.saturating_mul(NANOSECONDS).saturating_add(time.nanoseconds().into())
}

fn time(nanoseconds: u64) -> Timestamp {
    // A remainder is below its divisor.
    Timestamp::new((nanoseconds / NANOSECONDS).cast_signed(), (nanoseconds % NANOSECONDS) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::sample::{ORDERS, interface, open, section};
    use crate::capture::{Next, Source};

    fn sample() -> Sample {
        let socket = |transport, state, local: &str, remote: &str| KernelSocket {
            transport,
            local: local.parse().unwrap(),
            remote: remote.parse().unwrap(),
            state,
            receive_queue: 1,
            send_queue: 2,
            uid: 1000,
            inode: 1 << 40,
        };
        Sample {
            before: Timestamp::new(1_700_000_000, 1),
            after: Timestamp::new(1_700_000_000, 900_001),
            addresses: vec!["192.0.2.7".parse().unwrap(), "fe80::1".parse().unwrap()],
            sockets: vec![
                socket(Transport::Tcp, KernelState::Listen, "[::]:80", "[::]:0"),
                socket(Transport::Tcp, KernelState::TimeWait, "[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:40000"),
                socket(Transport::Udp, KernelState::Closed, "0.0.0.0:5000", "0.0.0.0:0"),
            ],
        }
    }

    /// What a reader of the whole file makes of the block, after `spoil`.
    fn read(order: ByteOrder, spoil: impl FnOnce(&mut Vec<u8>)) -> Option<Result<Sample, BlockFault>> {
        let mut block = sample().to_block(order);
        spoil(&mut block);
        let file = [section(order, &[]), interface(order, 1, 0, &[]), block].concat();
        let mut source: Box<dyn Source> = open(&file).unwrap();
        match source.next().unwrap() {
            Next::Frame(frame) => Sample::from_frame(&frame),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_sample_comes_back_as_it_went_in() {
        for order in ORDERS {
            assert_eq!(read(order, |_| {}), Some(Ok(sample())));
        }
    }

    #[test]
    fn other_blocks_are_not_ours_and_broken_ones_say_why() {
        let order = ByteOrder::Little;
        assert_eq!(read(order, |block| block[12] = b'x'), None);
        assert_eq!(read(order, |block| block[20] = 2), Some(Err(BlockFault::Version(2))));
        assert_eq!(read(order, |block| block[28] = 9), Some(Err(BlockFault::Cut)));
        assert_eq!(read(order, |block| block[31] = 9), Some(Err(BlockFault::TooMany(0x0900_0003))));
        let state = Some(Err(BlockFault::Number { what: "state", found: 99 }));
        assert_eq!(read(order, |block| block[12 + 40 + 32 + 1] = 99), state);
    }
}
