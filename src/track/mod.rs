//! State: packets become conversations, connections, sockets.
//!
//! No I/O and no clock: the capture's time is the only time, and frames count in file order even where their times
//! step back. [`Tracker::push`] takes one packet and says at once what it belongs to; [`Tracker::finish`] hands out
//! the whole [`Trace`].
//!
//! Stream numbers are Wireshark's: a conversation takes its number when its first packet, or the first ICMP error that
//! quotes it, is seen. [`Conversations`] is that table and nothing else, fast enough to be used alone.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects))]

mod aging;
mod analysis;
mod books;
mod by_stream;
mod change;
mod completeness;
mod connection;
mod conversation;
mod conversations;
mod copies;
mod demux;
mod endpoint;
mod entering;
mod events;
mod flow;
mod fragment;
mod handshake;
mod index;
mod infer;
mod limits;
mod metrics;
mod note;
mod outcome;
mod shelves;
mod sighting;
mod socket;
mod state;
mod stream;
mod survey;
mod trace;
mod tracker;
mod udp;
mod update;
mod verdict;
mod waiting;
mod zeek;

pub use aging::{Aging, Forgotten};
pub use analysis::Analyzed;
pub use change::Change;
pub use completeness::Completeness;
pub use connection::{Connection, Ends};
pub use conversation::{Conversation, Count};
pub use conversations::Conversations;
pub use demux::{
    Arrival, Arrivals, Arriving, Basis, Declared, Delivery, DemuxTable, Lookup, Losers, Mark, Name, Names, Reach, Refusal,
    Ruling, Setup, Share, Shares, Shown, Standing, obstacle,
};
pub use endpoint::End;
pub use events::{Piece, Side, Step, Transition};
pub use flow::{FiveTuple, FlowId, FlowKey, Protocol};
pub use fragment::Reassembled;
pub use handshake::Handshake;
pub use limits::{Limits, Overflow};
pub use metrics::{Metrics, RoundTrips, Spread};
pub use note::{Note, Oddity};
pub use outcome::{Close, Closer, Opening, Outcome};
pub use sighting::{Sighting, Sightings};
pub use socket::{Local, PortCard, Rule, Socket, SocketId, SocketState, SocketTable};
pub use state::{Claim, Evidence, Signal, State};
pub use stream::{Chunk, Delivered};
pub use survey::{Survey, Tally};
pub use trace::Trace;
pub use tracker::Tracker;
pub use udp::{Past, Peer, UdpSocket, Unreachable};
pub use update::{About, Relative, Update};
pub use verdict::{Tallies, Verdicts};
pub use zeek::{ConnState, Ending, ZeekChecksums, ZeekConnection, ZeekCount, ZeekLog, ZeekTracker};
