//! `connections`: TCP connections with handshake, close, and the states of both ends.

use std::io::{self, Write};
use std::net::SocketAddr;

use serde::Serialize;

use super::SCHEMA;
use super::format::{Text, document, hex};
use crate::capture::Timestamp;
use crate::present::time::Seconds;
use crate::track::{self, Claim, Connection, Note, Side, Verdicts};

#[derive(Serialize)]
struct Document {
    schema: u32,
    connections: Vec<Row>,
}

#[derive(Serialize)]
pub(super) struct Row {
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
    completeness_letters: String,
    complete: Sides<bool>,
    initiator_to_responder: Way,
    responder_to_initiator: Way,
    initial_rtt: Option<Seconds>,
    notes: Vec<Odd>,
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

/// One direction: frames, what Wireshark's analysis says of them, and the octets an application reads.
#[derive(Serialize)]
struct Way {
    frames: u64,
    octets: u64,
    payload: u64,
    stream_octets: u64,
    missing_octets: u64,
    repeated_octets: u64,
    retransmitted: u32,
    out_of_order: u32,
    lost: u32,
    duplicate_acks: u32,
    zero_windows: u32,
    keep_alives: u32,
    retransmitted_octets: u64,
    sha256: Option<String>,
    mss: Option<u16>,
    window_scale: Option<u8>,
    sack_permitted: bool,
    timestamps: bool,
    fast_open: bool,
    sack: u32,
    dsack: u32,
    window: Spread<u32>,
    segment: Spread<u32>,
    rtt: RoundTrips,
    longest_silence: Option<Seconds>,
    throughput: Option<u64>,
}

#[derive(Serialize)]
struct Spread<T> {
    min: Option<T>,
    max: Option<T>,
}

/// Times from segments to their acknowledgments.
#[derive(Serialize)]
struct RoundTrips {
    count: u32,
    min: Option<Seconds>,
    average: Option<Seconds>,
    max: Option<Seconds>,
}

impl From<&track::RoundTrips> for RoundTrips {
    fn from(trips: &track::RoundTrips) -> Self {
        let track::Spread { min, max } = trips.spread;
        Self { count: trips.count, min: min.map(Seconds), average: trips.mean().map(Seconds), max: max.map(Seconds) }
    }
}

impl Way {
    fn new(connection: &Connection, side: Side) -> Self {
        let (end, metrics) = (connection.end_of(side), connection.metrics(side));
        let delivered = end.delivered();
        let duration = connection.start.zip(connection.end).map(|(start, end)| end.since(start).as_secs_f64());
        Self {
            frames: end.sent.frames,
            octets: end.sent.octets,
            payload: end.sent.payload,
            stream_octets: delivered.octets,
            missing_octets: delivered.missing,
            repeated_octets: delivered.repeated,
            retransmitted: end.analysis.of(Verdicts::RETRANSMISSION),
            out_of_order: end.analysis.of(Verdicts::OUT_OF_ORDER),
            lost: end.analysis.of(Verdicts::LOST_SEGMENT),
            duplicate_acks: end.analysis.of(Verdicts::DUPLICATE_ACK),
            zero_windows: end.analysis.of(Verdicts::ZERO_WINDOW),
            keep_alives: end.analysis.of(Verdicts::KEEP_ALIVE),
            retransmitted_octets: metrics.retransmitted_octets,
            sha256: delivered.sha256.map(|digest| hex(&digest)),
            mss: metrics.maximum_segment,
            window_scale: end.window_scale,
            sack_permitted: metrics.sack_permitted,
            timestamps: metrics.timestamps,
            fast_open: metrics.fast_open,
            sack: metrics.selective,
            dsack: metrics.duplicate_selective,
            window: Spread { min: metrics.window.min, max: metrics.window.max },
            segment: Spread { min: metrics.segment.min, max: metrics.segment.max },
            rtt: (&metrics.round_trip).into(),
            longest_silence: metrics.longest_silence.map(Seconds),
            throughput: duration.filter(|duration| *duration > 0.0).map(|duration| (end.sent.payload as f64 / duration) as u64),
        }
    }
}

impl From<&Connection> for Row {
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
            completeness_letters: connection.completeness.letters(),
            complete: Sides {
                initiator: connection.is_complete(Side::Initiator),
                responder: connection.is_complete(Side::Responder),
            },
            initiator_to_responder: Way::new(connection, Side::Initiator),
            responder_to_initiator: Way::new(connection, Side::Responder),
            initial_rtt: connection.initial_rtt().map(Seconds),
            notes: connection.notes.iter().map(Odd::from).collect(),
        }
    }
}

/// Something odd about a frame of the connection.
#[derive(Serialize)]
struct Odd {
    frame: u64,
    kind: &'static str,
    text: String,
}

impl From<&Note> for Odd {
    fn from(note: &Note) -> Self {
        Self { frame: note.frame, kind: note.oddity.word(), text: note.oddity.to_string() }
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
