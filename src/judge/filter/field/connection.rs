//! Our own fields: `conn` and `state` of frames and rows, `sock`, `xchg` and `demux` of rows.
//!
//! Of a frame they tell its TCP connection as of that frame: `conn.outcome` is `open` until the second FIN. Of a row of
//! connections they tell the whole.

use std::net::SocketAddr;

use super::Definition as Row;
use super::Kind::{Address, Duration, Flag, Mark, Number, Octets, Text};
use super::out::Out;
use super::{Kind, Read};
use crate::judge::filter::packet::PacketRow;
use crate::track::{Connection, End, Handshake, Side, Update};

type ReadConnection = for<'a> fn(&'a Connection, &mut Out<'_, 'a>);

const fn conn(name: &'static str, kind: Kind, meaning: &'static str, read: ReadConnection) -> Row {
    Row::new(name, kind, meaning, Read::Connection(read))
}

type ReadTracked = for<'a> fn(&PacketRow<'a>, &Update<'a>, &mut Out<'_, 'a>);

const fn of_frame(name: &'static str, kind: Kind, meaning: &'static str, read: ReadTracked) -> Row {
    Row::new(name, kind, meaning, Read::Tracked(read))
}

const fn row(name: &'static str, kind: Kind, meaning: &'static str) -> Row {
    Row::new(name, kind, meaning, Read::Row)
}

/// Fields of frames and of connections.
pub(super) const FIELDS: &[Row] = &[
    conn("conn.stream", Number(32), "Number of the connection, as tcp.stream", |conn, out| out.number(Some(conn.id.number))),
    conn("conn.incarnation", Number(32), "Which connection on these addresses and ports, from 1", |conn, out| {
        out.number(Some(conn.incarnation));
    }),
    conn("conn.initiator", Text, "Who opened it, as address:port", |conn, out| out.written(Some(conn.initiator.to_string()))),
    conn("conn.initiator.addr", Address, "Address of who opened it", |conn, out| out.address(Some(conn.initiator.ip()))),
    conn("conn.initiator.port", Number(16), "Port of who opened it", |conn, out| out.number(Some(conn.initiator.port()))),
    conn("conn.initiator.frames", Number(64), "Frames it sent", |conn, out| out.number(Some(conn.ends.initiator.sent.frames))),
    conn("conn.initiator.payload", Number(64), "Octets of payload it sent, repeated ones too", |conn, out| {
        out.number(Some(conn.ends.initiator.sent.payload));
    }),
    conn("conn.initiator.fin", Number(32), "Frame of its FIN", |conn, out| out.number(conn.ends.initiator.fin)),
    conn("conn.initiator.rst", Number(32), "Frame of its RST", |conn, out| out.number(conn.ends.initiator.rst)),
    conn("conn.responder", Text, "Who was called, as address:port", |conn, out| out.written(Some(conn.responder.to_string()))),
    conn("conn.responder.addr", Address, "Address of who was called", |conn, out| out.address(Some(conn.responder.ip()))),
    conn("conn.responder.port", Number(16), "Port of who was called", |conn, out| out.number(Some(conn.responder.port()))),
    conn("conn.responder.frames", Number(64), "Frames it sent", |conn, out| out.number(Some(conn.ends.responder.sent.frames))),
    conn("conn.responder.payload", Number(64), "Octets of payload it sent, repeated ones too", |conn, out| {
        out.number(Some(conn.ends.responder.sent.payload));
    }),
    conn("conn.responder.fin", Number(32), "Frame of its FIN", |conn, out| out.number(conn.ends.responder.fin)),
    conn("conn.responder.rst", Number(32), "Frame of its RST", |conn, out| out.number(conn.ends.responder.rst)),
    conn("conn.addr", Address, "Address of either end", |conn, out| ends(conn).for_each(|end| out.address(Some(end.ip())))),
    conn("conn.port", Number(16), "Port of either end", |conn, out| ends(conn).for_each(|end| out.number(Some(end.port())))),
    conn("conn.opening", Text, "How it is known who opened it: syn, syn_ack, first_sender", |conn, out| {
        out.text(Some(conn.opening.word()));
    }),
    conn("conn.midstream", Flag, "The capture began after it did", |conn, out| out.flag(Some(conn.midstream()))),
    conn("conn.handshake", Text, "complete, syn_ack, syn or none: how far it came", |conn, out| {
        out.text(Some(handshake(&conn.handshake)));
    }),
    conn("conn.handshake.rtt", Duration, "Seconds from the SYN to the end of the handshake", |conn, out| {
        out.duration(conn.handshake.round_trip());
    }),
    conn("conn.handshake.syns", Number(32), "SYNs sent", |conn, out| out.number(Some(conn.handshake.syns))),
    conn("conn.outcome", Text, "open, half_closed, closed, reset, refused, no_reply, midstream", |conn, out| {
        out.text(Some(conn.outcome().word()));
    }),
    conn("conn.close", Text, "three_segments, four_segments, simultaneous", |conn, out| {
        out.text(conn.close().map(|close| close.word()));
    }),
    conn("conn.closed_first", Text, "initiator, responder, both", |conn, out| {
        out.text(conn.closed_first().map(|closer| closer.word()));
    }),
    conn("conn.graceful", Flag, "Both sent a FIN and both FINs were acknowledged", |conn, out| {
        let closed = |side: &End| side.fin.is_some() && side.fin_acked.is_some();
        out.flag(Some(closed(&conn.ends.initiator) && closed(&conn.ends.responder)));
    }),
    conn("conn.reset", Number(32), "Frame of the RST that ended it", |conn, out| out.number(conn.reset)),
    conn("conn.unreachable", Number(32), "Frame of the first ICMP error about it", |conn, out| out.number(conn.unreachable)),
    conn("conn.completeness", Number(8), "As tcp.completeness", |conn, out| out.number(Some(conn.completeness.0))),
    conn("conn.frames", Number(64), "Frames", |conn, out| {
        out.number(Some(conn.ends.initiator.sent.frames.saturating_add(conn.ends.responder.sent.frames)));
    }),
    conn("conn.first_frame", Number(32), "Its first frame", |conn, out| out.number(Some(conn.first_frame))),
    conn("conn.last_frame", Number(32), "Its last frame", |conn, out| out.number(Some(conn.last_frame))),
    conn("conn.duration", Duration, "Seconds from its first to its last frame", |conn, out| {
        out.duration(conn.start.zip(conn.end).map(|(start, end)| end.since(start)));
    }),
    conn("state.initiator", Text, "State of who opened the connection, such as ESTABLISHED", |conn, out| {
        out.text(Some(conn.ends.initiator.state.state.name()));
    }),
    conn("state.responder", Text, "State of who was called", |conn, out| out.text(Some(conn.ends.responder.state.state.name()))),
    conn("state.initiator.evidence", Text, "observed, proved, assumed", |conn, out| {
        out.text(Some(conn.ends.initiator.state.evidence.word()));
    }),
    conn("state.responder.evidence", Text, "observed, proved, assumed", |conn, out| {
        out.text(Some(conn.ends.responder.state.evidence.word()));
    }),
    of_frame("state.changed", Mark, "The frame changes a state", |_, update, out| out.mark(!update.transitions.is_empty())),
    of_frame("conn.side", Text, "Who sent the frame: initiator or responder", |_, update, out| {
        out.text(update.side.map(|side| match side {
            Side::Initiator => "initiator",
            Side::Responder => "responder",
        }));
    }),
];

/// Fields of rows of sockets, exchanges and verdicts, which frames do not have.
pub(super) const ROWS: &[Row] = &[
    row("sock.protocol", Text, "tcp or udp"),
    row("sock.addr", Address, "Local address"),
    row("sock.port", Number(16), "Local port"),
    row("sock.peer.addr", Address, "Address of each peer"),
    row("sock.peer.port", Number(16), "Port of each peer"),
    row("sock.peers", Number(32), "How many peers"),
    row("sock.state", Text, "State, such as LISTEN"),
    row("sock.evidence", Text, "observed, proved, assumed"),
    row("sock.sent", Number(64), "Datagrams or segments sent"),
    row("sock.received", Number(64), "Datagrams or segments received"),
    row("xchg.stream", Number(32), "Number of the exchange, as udp.stream"),
    row("xchg.client.addr", Address, "Address of who asked"),
    row("xchg.client.port", Number(16), "Port of who asked"),
    row("xchg.server.addr", Address, "Address of who was asked"),
    row("xchg.server.port", Number(16), "Port of who was asked"),
    row("xchg.request", Number(32), "Frame of the request"),
    row("xchg.reply", Number(32), "Frame of the reply"),
    row("xchg.answered", Flag, "There is a reply"),
    row("xchg.same", Flag, "The reply has the octets of the request"),
    row("xchg.delay", Duration, "Seconds from the request to the reply"),
    row("xchg.payload", Octets, "Octets of the request"),
    row("xchg.reply.payload", Octets, "Octets of the reply"),
    row("demux.socket", Text, "Name of the socket that gets the packet"),
    row("demux.rule", Text, "The rule by which it gets it"),
    row("demux.verdict", Text, "to, one_of, every, refused, not_this_host, unknown"),
    row("demux.loser", Text, "Name of each socket on its port that does not get it"),
];

fn ends(conn: &Connection) -> impl Iterator<Item = SocketAddr> {
    [conn.initiator, conn.responder].into_iter()
}

/// How far the handshake came.
fn handshake(handshake: &Handshake) -> &'static str {
    match (handshake.syn, handshake.syn_ack) {
        _ if handshake.complete() => "complete",
        (_, Some(_)) => "syn_ack",
        (Some(_), None) => "syn",
        (None, None) => "none",
    }
}
