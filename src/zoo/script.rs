//! The line-script language: a connection told segment by segment, parsed once into steps.
//!
//! ```text
//! title: A lost segment comes again
//! > S mss=1460            # The initiator's SYN. A remark becomes the frame's comment.
//! < SA mss=1460
//! > A
//! > data 100 lost         # Captured, but it never arrives: the responder's next acknowledgment is as before.
//! +250
//! > data 100 seq=1        # The same octets again.
//! < A
//! ```
//! **Packets.** `>` is sent by the initiator (10.0.0.1:40000), `<` by the responder (10.0.0.2:5001). Then flags, letters
//! of `FSRPAUEC`, or `data N` (N octets) or `data "text"`, which alone means `PA`. Numbers follow the script: what was
//! sent before, and what arrived. For one segment, counted from the initial numbers, `seq=N` and `ack=N` set them.
//! From a segment on, `win=N` is its sender's window, and `ts` puts timestamps on its segments. Options of one segment:
//! `mss=N`, `ws=N`, `sackok`, `sack=A-B,C-D`, `cookie` and `cookie=HEX` (TCP Fast Open).
//! Of one packet: `ttl=N`, `id=N`, `on=N` (captured on that interface), `lost` (captured, never arrives), `uncaptured`
//! (arrives, but is not in the capture), `badsum` and `badipsum` (wrong checksums), `fragments=SIZE` and of these
//! `only=2,1`; for UDP `len=N`, the length it claims.
//! `< unreachable KIND` is an ICMP error about the last packet of the other side: `port`, `host`, `network`,
//! `filtered`, or `toobig`; `from=ADDR` names the router that sends it.
//!
//! **Time.** Each frame takes a millisecond. `+MS` lets more pass, `-MS` sets the clock back. `copy` captures the last
//! frame again, 10 µs later, on interface 1 or `on=N`, with its own hop limit or `ttl=N`.
//!
//! **Flows.** `tcp NAME ADDR:PORT ADDR:PORT isn=N,N` names another connection, whose packets are `NAME>` and `NAME<`;
//! `udp` likewise. Without NAME it is the nameless one. A name used before begins anew.
//!
//! **Headings.** `title:`, `teaches:` and `korean:` say what the script shows.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::parse;
pub use super::words::Error;
use crate::decode::tcp::Flags;

/// A script that was read and found sound.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Script {
    /// What it shows, in a line.
    pub title: String,
    /// What is to be learned from it.
    pub teaches: String,
    /// The same in Korean.
    pub korean: String,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// One thing that happens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// The remark on its line.
    pub remark: String,
    /// What happens.
    pub act: Act,
}

/// What can happen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Act {
    /// The flow with this number begins, or begins anew; flow 0 has begun as [`Flow::default`].
    Begin(usize, Flow),
    /// So many microseconds pass; where negative, the clock is set back.
    Wait(i64),
    /// A packet is sent.
    Send(Packet),
    /// The last frame is captured again.
    Copy {
        /// The interface.
        interface: u32,
        /// Its hop limit there; `None` as before.
        hop_limit: Option<u8>,
    },
}

/// A TCP connection or a UDP exchange.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Flow {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The initiator's endpoint and the responder's, both of one address family.
    pub ends: [SocketAddr; 2],
    /// Their initial sequence numbers.
    pub initial: [u32; 2],
}

/// The connection whose packets have no name: from 10.0.0.1:40000 to 10.0.0.2:5001.
impl Default for Flow {
    fn default() -> Self {
        let end = |last, port| SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), port);
        Self { protocol: Protocol::Tcp, ends: [end(1, 40_000), end(2, 5001)], initial: INITIAL }
    }
}

/// The initial sequence numbers of a flow that names none.
pub(super) const INITIAL: [u32; 2] = [1000, 5000];

/// What a flow's packets are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protocol {
    /// Segments.
    Tcp,
    /// Datagrams.
    Udp,
}

/// Which end sends a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sender {
    /// The end that a flow names first.
    Initiator,
    /// The other end.
    Responder,
}

/// A packet that is sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Packet {
    /// Number of its flow.
    pub flow: usize,
    /// Who sends it.
    pub sender: Sender,
    /// What it carries.
    pub load: Load,
    /// What is said of it below the transport.
    pub network: Network,
}

/// What a packet carries.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Load {
    /// TCP.
    Segment(Segment),
    /// UDP.
    Datagram {
        /// The payload.
        payload: Payload,
        /// The length it claims; `None` for the true one.
        length: Option<u16>,
    },
    /// An ICMP error about the last packet of the flow's other end, which there is.
    Unreachable {
        /// Why that packet did not arrive.
        reason: Unreachable,
        /// The router that says so; `None` for the sender's end of the flow.
        router: Option<IpAddr>,
    },
}

/// A segment; numbers are counted from the initial ones.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Segment {
    /// Its control bits.
    pub flags: Flags,
    /// Its payload.
    pub payload: Payload,
    /// Sequence number; `None` where its sender stands.
    pub sequence: Option<u32>,
    /// Acknowledgment; `None` for what arrived.
    pub acknowledgment: Option<u32>,
    /// Its sender's window from now on; `None` as before.
    pub window: Option<u16>,
    /// Its sender puts timestamps on its segments from now on.
    pub timestamps: bool,
    /// Its options, but for timestamps.
    pub options: Vec<TcpOption>,
}

/// Octets for the application.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Payload {
    /// So many letters, chosen by their place in the stream: what is sent again is the same again.
    Letters(u16),
    /// This text.
    Text(String),
}

impl Default for Payload {
    fn default() -> Self {
        Self::Letters(0)
    }
}

/// A TCP option.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TcpOption {
    /// RFC 9293 section 3.7.1.
    MaximumSegmentSize(u16),
    /// The shift of RFC 7323 section 2.2.
    WindowScale(u8),
    /// RFC 2018 section 2.
    SackPermitted,
    /// Begin and end of blocks that arrived, counted from the other side's initial number (RFC 2018 section 3).
    Sack(Vec<(u32, u32)>),
    /// A cookie, or with no octets the request for one (RFC 7413 section 4.1.1).
    FastOpen(Vec<u8>),
}

/// What is said of a packet below the transport.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Network {
    /// Hop limit; `None` for 64.
    pub hop_limit: Option<u8>,
    /// IPv4 identification; `None` for the sender's next.
    pub id: Option<u16>,
    /// The interface it is captured on.
    pub interface: u32,
    /// What becomes of it.
    pub fate: Fate,
    /// What is broken in it.
    pub fault: Option<Fault>,
    /// How it is cut into fragments; `None` for not at all.
    pub fragments: Option<Fragments>,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Fate {
    /// It is captured, and arrives.
    #[default]
    Arrives,
    /// It is captured, and lost behind the place of capture.
    Lost,
    /// It arrives, but the capture does not hold it.
    Uncaptured,
}

/// A wrong checksum.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// In the transport header.
    Checksum,
    /// In the IPv4 header.
    HeaderChecksum,
}

/// How a packet is cut.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fragments {
    /// Octets in each but the last, a multiple of eight.
    pub size: u16,
    /// Which are sent, from 1, in this order; empty for all.
    pub only: Vec<usize>,
}

/// Why a packet did not arrive (RFC 792, RFC 4443).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unreachable {
    /// Nobody listens.
    Port,
    /// The host does not answer.
    Host,
    /// There is no way to it.
    Network,
    /// A router may not forward it.
    Filtered,
    /// It is larger than the next link takes, and must not be cut: 1280 octets are the limit.
    TooBig,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// The first line that cannot be read, with the place and what may stand there.
    pub fn parse(text: &str) -> Result<Self, Error> {
        parse::script(text)
    }
}
