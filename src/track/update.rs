//! What a tracker says of one packet: what it belongs to, what is odd about it, what it changed.

use std::net::{IpAddr, SocketAddr};

use super::{Analyzed, Claim, Connection, FiveTuple, FlowId, Note, Piece, Reassembled, Side, Transition};
use crate::decode::checksum::Verdict;
use crate::decode::tcp::Segment;
use crate::decode::{IpProtocol, Transport};

/// What a tracker says of the packet it was just given.
#[derive(Debug)]
pub struct Update<'t> {
    /// Protocol and endpoints, after reassembly; `None` for packets without ports.
    pub tuple: Option<FiveTuple>,
    /// The conversation it belongs to.
    pub flow: Option<FlowId>,
    /// What the header says that an ICMP error quotes.
    pub about: Option<About>,
    /// A fragment of a datagram that is not complete yet.
    pub fragment: bool,
    /// The datagram that this fragment completed.
    pub reassembled: Option<Reassembled<'t>>,
    /// The transport header: the packet's own, or that of the completed datagram.
    pub transport: Option<Transport<'t>>,
    /// The verdict on its checksum.
    pub checksum: Option<Verdict>,
    /// The connection that it belongs to or is an ICMP error about, as of this packet.
    pub connection: Option<&'t Connection>,
    /// The segment's numbers as Wireshark shows them.
    pub relative: Option<Relative>,
    /// What Wireshark's sequence analysis says of the segment.
    pub analyzed: Option<Analyzed>,
    /// What is odd about the packet.
    pub notes: &'t [Note],
    /// The changes of states it brings about, in order.
    pub transitions: &'t [Transition],
    /// Which end of its connection sent it.
    pub side: Option<Side>,
    /// The states of the initiator and the responder after it.
    pub states: Option<(Claim, Claim)>,
    /// What an application reads because of this packet, of the connections that are followed.
    pub pieces: &'t [Piece],
}

impl<'t> Update<'t> {
    /// What is said of a packet that nobody asks about.
    pub(super) const fn nothing() -> Self {
        Self {
            tuple: None,
            flow: None,
            about: None,
            fragment: false,
            reassembled: None,
            transport: None,
            checksum: None,
            connection: None,
            relative: None,
            analyzed: None,
            notes: &[],
            transitions: &[],
            side: None,
            states: None,
            pieces: &[],
        }
    }

    /// The segment, if the packet carries one.
    pub fn segment(&self) -> Option<&Segment<'t>> {
        match &self.transport {
            Some(Transport::Tcp(segment)) => Some(segment),
            _ => None,
        }
    }
}

/// The packet that an ICMP error is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct About {
    /// Its protocol.
    pub protocol: IpProtocol,
    /// Who had sent it.
    pub source: IpAddr,
    /// Whom it was for.
    pub destination: IpAddr,
    /// Source and destination port, if that much was quoted.
    pub ports: Option<(u16, u16)>,
    /// The conversation it belonged to.
    pub flow: Option<FlowId>,
}

/// A segment's numbers, counted from the begin of its conversation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Relative {
    /// Sequence number; 0 on a SYN.
    pub sequence: u32,
    /// Acknowledgment number; 0 where there is none.
    pub acknowledgment: u32,
    /// Window in octets, scaled where the scale is known.
    pub window: u32,
}

impl About {
    /// The endpoint that had sent the quoted packet.
    pub(super) fn sender(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.source, self.ports?.0))
    }
}
