//! `show`: the capture, its connections and its sockets in one document.

use std::io::{self, Write};
use std::net::SocketAddr;

use serde::Serialize;

use super::format::{Text, document};
use super::{SCHEMA, connections, info, sockets};
use crate::decode::port::PortClass;
use crate::present::overview::Overview;
use crate::track::{Note, PortCard};

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    capture: info::Capture<'a>,
    connections: Vec<connections::Row>,
    sockets: Vec<sockets::Row<'a>>,
    ports: Vec<Port>,
    notes: Vec<FrameNote>,
}

#[derive(Serialize)]
struct Port {
    protocol: &'static str,
    port: u16,
    /// The range that it is in: `well-known`, `registered` or `dynamic`.
    class: Text<PortClass>,
    listening: usize,
    connected: usize,
    unconnected: usize,
    peers: usize,
    /// Of connected sockets, at most [`PortCard::MAX_ENDS`]; `connected` counts all.
    tuples: Vec<Tuple>,
    text: Text<PortCard>,
}

/// A 5-tuple: its protocol is that of the port.
#[derive(Serialize)]
struct Tuple {
    local: Text<SocketAddr>,
    peer: Text<SocketAddr>,
}

impl From<PortCard> for Port {
    fn from(card: PortCard) -> Self {
        let PortCard { protocol, port, listening, connected, unconnected, peers, .. } = card;
        let class = Text(PortClass::of(port));
        let tuples = card.ends.iter().map(|(local, peer)| Tuple { local: Text(*local), peer: Text(*peer) }).collect();
        Self { protocol: protocol.word(), port, class, listening, connected, unconnected, peers, tuples, text: Text(card) }
    }
}

#[derive(Serialize)]
struct FrameNote {
    frame: u64,
    kind: &'static str,
    text: Text<crate::track::Oddity>,
}

impl From<&Note> for FrameNote {
    fn from(note: &Note) -> Self {
        Self { frame: note.frame, kind: note.oddity.word(), text: Text(note.oddity) }
    }
}

/// Writes all of the default view as one document.
///
/// # Errors
/// What the writer says.
pub fn write(overview: &Overview<'_>, out: &mut impl Write) -> io::Result<()> {
    let trace = overview.trace;
    let document_of_all = Document {
        schema: SCHEMA,
        capture: overview.into(),
        connections: trace.connections.iter().map(Into::into).collect(),
        sockets: trace.sockets.sockets.iter().map(Into::into).collect(),
        ports: trace.sockets.ports().into_iter().map(Into::into).collect(),
        notes: trace.notes.iter().map(Into::into).collect(),
    };
    document(&document_of_all, out)
}
