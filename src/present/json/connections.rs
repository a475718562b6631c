//! `connections`: TCP connections with handshake, close, and the states of both ends.

use std::io::{self, Write};
use std::net::SocketAddr;

use serde::Serialize;

use super::SCHEMA;
use super::format::{Text, document};
use crate::capture::Timestamp;
use crate::present::time::Seconds;
use crate::track::{Claim, Connection, Count};

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    connections: Vec<Row<'a>>,
}

#[derive(Serialize)]
pub(super) struct Row<'a> {
    stream: u32,
    incarnation: u32,
    initiator: Text<SocketAddr>,
    responder: Text<SocketAddr>,
    opening: &'static str,
    midstream: bool,
    outcome: &'static str,
    state: Sides<&'static str>,
    state_evidence: Sides<&'static str>,
    state_frame: Sides<u64>,
    first_frame: u64,
    last_frame: u64,
    start: Option<Text<Timestamp>>,
    duration: Option<Seconds>,
    handshake: Handshake,
    fin: Sides<Option<u64>>,
    fin_acked: Sides<Option<u64>>,
    rst: Sides<Option<u64>>,
    reset: Option<u64>,
    unreachable: Option<u64>,
    close: Option<&'static str>,
    closed_first: Option<&'static str>,
    completeness: u8,
    completeness_text: &'static str,
    initiator_to_responder: Way,
    responder_to_initiator: Way,
    analysis: &'a [&'static str],
    notes: Option<&'a [&'static str]>,
}

#[derive(Serialize)]
struct Sides<T> {
    initiator: T,
    responder: T,
}

#[derive(Serialize)]
struct Handshake {
    syn: Option<u64>,
    syn_ack: Option<u64>,
    ack: Option<u64>,
    syns: u32,
    rtt: Option<Seconds>,
}

/// One direction; what only a reassembled stream can tell is `null`.
#[derive(Serialize)]
struct Way {
    frames: u64,
    octets: u64,
    payload: u64,
    stream_octets: Option<u64>,
    retransmitted: Option<u64>,
    out_of_order: Option<u64>,
    lost: Option<u64>,
    sha256: Option<String>,
}

impl From<Count> for Way {
    fn from(Count { frames, octets, payload }: Count) -> Self {
        let (stream_octets, retransmitted, out_of_order, lost) = (None, None, None, None);
        Self { frames, octets, payload, stream_octets, retransmitted, out_of_order, lost, sha256: None }
    }
}

impl From<&Connection> for Row<'_> {
    fn from(connection: &Connection) -> Self {
        let (initiator, responder) = (&connection.ends.initiator, &connection.ends.responder);
        Self {
            stream: connection.id.number,
            incarnation: connection.incarnation,
            initiator: Text(connection.initiator),
            responder: Text(connection.responder),
            opening: connection.opening.word(),
            midstream: connection.midstream(),
            outcome: connection.outcome().word(),
            state: states(connection, |claim| claim.state.name()),
            state_evidence: states(connection, |claim| claim.evidence.word()),
            state_frame: states(connection, |claim| claim.frame),
            first_frame: connection.first_frame,
            last_frame: connection.last_frame,
            start: connection.start.map(Text),
            duration: connection.start.zip(connection.end).map(|(start, end)| Seconds(end.since(start))),
            handshake: handshake(connection),
            fin: Sides { initiator: initiator.fin, responder: responder.fin },
            fin_acked: Sides { initiator: initiator.fin_acked, responder: responder.fin_acked },
            rst: Sides { initiator: initiator.rst, responder: responder.rst },
            reset: connection.reset,
            unreachable: connection.unreachable,
            close: connection.close().map(|close| close.word()),
            closed_first: connection.closed_first().map(|closer| closer.word()),
            completeness: connection.completeness.0,
            completeness_text: connection.completeness.text(),
            initiator_to_responder: initiator.sent.into(),
            responder_to_initiator: responder.sent.into(),
            analysis: &[],
            notes: None,
        }
    }
}

fn states<T>(connection: &Connection, of: impl Fn(&Claim) -> T) -> Sides<T> {
    Sides { initiator: of(&connection.ends.initiator.state), responder: of(&connection.ends.responder.state) }
}

fn handshake(connection: &Connection) -> Handshake {
    let handshake = &connection.handshake;
    let rtt = handshake.round_trip().map(Seconds);
    Handshake { syn: handshake.syn, syn_ack: handshake.syn_ack, ack: handshake.ack, syns: handshake.syns, rtt }
}

/// Writes connections as one document.
///
/// # Errors
/// What the writer says.
pub fn write(connections: &[Connection], out: &mut impl Write) -> io::Result<()> {
    document(&Document { schema: SCHEMA, connections: connections.iter().map(Row::from).collect() }, out)
}
