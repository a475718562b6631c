//! `tcp`: the header, its options, and what Wireshark's sequence analysis says of a segment.

use std::net::SocketAddr;

use super::Definition as Row;
use super::Kind::{Duration, Flag, Mark, Number, Octets, Protocol, Signed, Text};
use super::out::{Out, u8_at, u16_at, u32_at};
use super::{CHECKSUM_NAMES, Kind, Read};
use crate::decode::options::{self, Value as Meaning};
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::{Flags, Segment};
use crate::judge::filter::packet::{PacketRow, Upper};
use crate::judge::filter::value::Value;
use crate::track::Protocol::Tcp;
use crate::track::{Connection, Relative, Side, Update, Verdicts};

const fn tcp(name: &'static str, kind: Kind, meaning: &'static str, read: for<'a> fn(&Upper<'a>, &mut Out<'_, 'a>)) -> Row {
    Row::new(name, kind, meaning, Read::Tcp(read))
}

type ReadTracked = for<'a> fn(&PacketRow<'a>, &Update<'a>, &mut Out<'_, 'a>);

const fn tracked(name: &'static str, kind: Kind, meaning: &'static str, read: ReadTracked) -> Row {
    Row::new(name, kind, meaning, Read::Tracked(read))
}

const fn found(name: &'static str, meaning: &'static str, read: ReadTracked) -> Row {
    Row::new(name, Mark, meaning, Read::Tracked(read))
}

const SET: &[(u64, &str)] = &[(1, "Set"), (0, "Not set")];

pub(super) const FIELDS: &[Row] = &[
    tcp("tcp", Protocol, "TCP", |tcp, out| {
        let header = u8_at(tcp.octets, 12).map_or(tcp.octets.len(), |offset| usize::from(offset >> 4) * 4);
        out.put(Some(Value::Protocol(tcp.octets, header.min(tcp.octets.len()))));
    }),
    tcp("tcp.srcport", Number(16), "Sender's port", |tcp, out| out.number(u16_at(tcp.octets, 0))),
    tcp("tcp.dstport", Number(16), "Receiver's port", |tcp, out| out.number(u16_at(tcp.octets, 2))),
    tcp("tcp.port", Number(16), "Either port", |tcp, out| {
        out.number(u16_at(tcp.octets, 0));
        out.number(u16_at(tcp.octets, 2));
    }),
    tracked("tcp.stream", Number(32), "Number of the connection, from 0", |row, update, out| out.number(row.stream(Tcp, update))),
    tracked(
        "tcp.completeness",
        Number(8),
        "Kinds of segments so far: SYN 1, SYN-ACK 2, ACK 4, data 8, FIN 16, RST 32",
        |_, update, out| {
            out.number(update.connection.map(|connection| completeness(update, connection)));
        },
    ),
    tcp("tcp.len", Number(32), "Octets of payload", |tcp, out| {
        out.number(tcp.segment().filter(|_| !tcp.quoted).map(|segment| segment.payload_len));
    }),
    tracked(
        "tcp.seq",
        Number(32),
        "Sequence number, from the first of its connection; of a quoted segment as sent",
        |row, update, out| {
            out.number(update.relative.map(|relative| relative.sequence));
            out.number(row.quoted_tcp().and_then(|tcp| u32_at(tcp.octets, 4)));
        },
    ),
    tcp("tcp.seq_raw", Number(32), "Sequence number as sent", |tcp, out| {
        out.number(u32_at(tcp.octets, 4).filter(|_| !tcp.quoted));
    }),
    tracked("tcp.nxtseq", Number(32), "The sequence number after it", |_, update, out| {
        // Wireshark counts one for SYN and FIN together.
        let control = |flags: Flags| u32::from(flags.0 & (Flags::SYN.0 | Flags::FIN.0) != 0);
        let len = |segment: &Segment<'_>| segment.payload_len.wrapping_add(control(segment.flags));
        let next = |(segment, relative): (&Segment<'_>, Relative)| relative.sequence.wrapping_add(len(segment));
        out.number(update.segment().zip(update.relative).map(next));
    }),
    tracked("tcp.ack", Number(32), "Acknowledgment, from the first number of the other side", |row, update, out| {
        out.number(acknowledgment(update));
        out.number(row.quoted_tcp().and_then(|tcp| u32_at(tcp.octets, 8)));
    }),
    tcp("tcp.ack_raw", Number(32), "Acknowledgment as sent", |tcp, out| out.number(u32_at(tcp.octets, 8))),
    tcp("tcp.hdr_len", Number(8), "Octets of the header", |tcp, out| {
        out.number(u8_at(tcp.octets, 12).map(|offset| (offset >> 4) * 4));
    }),
    tcp("tcp.flags", Number(16), "All flags: FIN 1, SYN 2, RST 4, PSH 8, ACK 0x10, URG 0x20", |tcp, out| out.number(flags(tcp))),
    tcp("tcp.flags.res", Flag, "Reserved bits", |tcp, out| out.flag(flag(tcp, 0xe00))).names(SET),
    tcp("tcp.flags.ae", Flag, "Accurate ECN", |tcp, out| out.flag(flag(tcp, Flags::AE.0))).names(SET),
    tcp("tcp.flags.cwr", Flag, "Congestion window reduced", |tcp, out| out.flag(flag(tcp, Flags::CWR.0))).names(SET),
    tcp("tcp.flags.ece", Flag, "ECN echo", |tcp, out| out.flag(flag(tcp, Flags::ECE.0))).names(SET),
    tcp("tcp.flags.urg", Flag, "The urgent pointer counts", |tcp, out| out.flag(flag(tcp, Flags::URG.0))).names(SET),
    tcp("tcp.flags.ack", Flag, "The acknowledgment counts", |tcp, out| out.flag(flag(tcp, Flags::ACK.0))).names(SET),
    tcp("tcp.flags.push", Flag, "Push", |tcp, out| out.flag(flag(tcp, Flags::PSH.0))).names(SET),
    tcp("tcp.flags.reset", Flag, "Reset", |tcp, out| out.flag(flag(tcp, Flags::RST.0))).names(SET),
    tcp("tcp.flags.syn", Flag, "Opens a connection", |tcp, out| out.flag(flag(tcp, Flags::SYN.0))).names(SET),
    tcp("tcp.flags.fin", Flag, "No more data from the sender", |tcp, out| out.flag(flag(tcp, Flags::FIN.0))).names(SET),
    tcp("tcp.flags.str", Text, "The flags as twelve letters, ·······A··S·", |tcp, out| {
        out.written(flags(tcp).map(letters))
    }),
    tcp("tcp.window_size_value", Number(16), "Window before scaling", |tcp, out| out.number(u16_at(tcp.octets, 14))),
    tracked("tcp.window_size", Number(32), "Window in octets", |row, update, out| {
        out.number(update.relative.map(|relative| relative.window));
        out.number(row.quoted_tcp().and_then(|tcp| u16_at(tcp.octets, 14)));
    }),
    tracked("tcp.window_size_scalefactor", Signed(32), "Factor of the window; -1 unknown, -2 none", |row, update, out| {
        out.put(scale_factor(row, update).map(Value::Signed));
    }),
    tcp("tcp.checksum", Number(16), "Checksum", |tcp, out| out.number(u16_at(tcp.octets, 16))),
    tcp("tcp.checksum.status", Number(8), "The verdict on it", |tcp, out| out.verdict(tcp.verdict())).names(CHECKSUM_NAMES),
    tcp("tcp.urgent_pointer", Number(16), "Urgent pointer", |tcp, out| out.number(u16_at(tcp.octets, 18))),
    tcp("tcp.options", Octets, "All options", |tcp, out| {
        out.octets(tcp.segment().map(|segment| segment.options).filter(|octets| !octets.is_empty()));
    }),
    tcp("tcp.option_kind", Number(8), "Kind of each option", |tcp, out| {
        tcp.options().for_each(|option| out.number(Some(option.kind)));
    }),
    tcp("tcp.option_len", Number(8), "Length of each option longer than one octet", |tcp, out| {
        tcp.options().filter(|option| option.kind > 1).for_each(|option| out.number(Some(option.len as u64)));
    }),
    tcp("tcp.options.nop", Protocol, "No operation", |tcp, out| put_options(tcp, 1, out)),
    tcp("tcp.options.mss", Protocol, "Maximum segment size option", |tcp, out| put_options(tcp, 2, out)),
    tcp("tcp.options.mss_val", Number(16), "Maximum segment size", |tcp, out| {
        for option in tcp.options() {
            if let Meaning::MaximumSegmentSize(size) = option.value {
                out.number(Some(size));
            }
        }
    }),
    tcp("tcp.options.wscale", Protocol, "Window scale option", |tcp, out| put_options(tcp, 3, out)),
    tcp("tcp.options.wscale.shift", Number(8), "Window scale", |tcp, out| out.number(window_scale(tcp))),
    tcp("tcp.options.wscale.multiplier", Number(16), "Factor of the window", |tcp, out| {
        out.number(window_scale(tcp).map(|shift| 1_u32 << shift.min(14)));
    }),
    tcp("tcp.options.sack_perm", Protocol, "Selective acknowledgment is permitted", |tcp, out| put_options(tcp, 4, out)),
    tcp("tcp.options.sack", Protocol, "Selective acknowledgment", |tcp, out| put_options(tcp, 5, out)),
    tracked(
        "tcp.options.sack_le",
        Number(32),
        "First number of each block, from the first of the other side",
        |_, update, out| {
            sack_edges(update).for_each(|(left, _)| out.number(Some(left)));
        },
    ),
    tracked(
        "tcp.options.sack_re",
        Number(32),
        "The number after each block, from the first of the other side",
        |_, update, out| {
            sack_edges(update).for_each(|(_, right)| out.number(Some(right)));
        },
    ),
    tcp("tcp.options.sack.count", Number(8), "Blocks", |tcp, out| {
        for option in tcp.options() {
            if let Meaning::Sack(blocks) = option.value {
                out.number(Some(blocks.iter().count() as u64));
            }
        }
    }),
    tcp("tcp.options.timestamp", Protocol, "Timestamps option", |tcp, out| put_options(tcp, 8, out)),
    tcp("tcp.options.timestamp.tsval", Number(32), "Timestamp of the sender", |tcp, out| {
        out.number(timestamps(tcp).map(|(value, _)| value));
    }),
    tcp("tcp.options.timestamp.tsecr", Number(32), "Timestamp it echoes", |tcp, out| {
        out.number(timestamps(tcp).map(|(_, echo)| echo));
    }),
    tcp("tcp.options.tfo", Protocol, "Fast open option", |tcp, out| put_options(tcp, 34, out)),
    tcp("tcp.payload", Octets, "What the application sent", |tcp, out| {
        out.octets(tcp.payload().filter(|octets| !octets.is_empty()));
    }),
    tracked("tcp.time_relative", Duration, "Seconds since the first frame of the connection", |row, update, out| {
        if row.stream(Tcp, update).is_some() {
            out.duration(Some(row.times.since_first()));
        }
    }),
    tracked("tcp.time_delta", Duration, "Seconds since the frame before in the connection", |row, update, out| {
        if row.stream(Tcp, update).is_some() {
            out.duration(Some(row.times.since_previous()));
        }
    }),
    tcp("tcp.connection.syn", Mark, "A SYN", |tcp, out| {
        out.mark(tcp.segment().map(|segment| segment.flags).is_some_and(Flags::is_pure_syn))
    }),
    tcp("tcp.connection.synack", Mark, "A SYN-ACK", |tcp, out| {
        out.mark(tcp.segment().map(|segment| segment.flags).is_some_and(Flags::is_syn_ack))
    }),
    tcp("tcp.connection.fin", Mark, "A FIN", |tcp, out| {
        out.mark(tcp.segment().map(|segment| segment.flags).is_some_and(|flags| flags.contains(Flags::FIN)))
    }),
    tcp("tcp.connection.rst", Mark, "A RST", |tcp, out| {
        out.mark(tcp.segment().map(|segment| segment.flags).is_some_and(|flags| flags.contains(Flags::RST)))
    }),
    found("tcp.analysis", "The analysis says something", |_, update, out| out.mark(is_analysed(update))),
    found("tcp.analysis.flags", "Something is odd", |_, update, out| {
        out.mark(update.analyzed.is_some_and(|analyzed| !analyzed.verdicts.is_empty()));
    }),
    tracked("tcp.analysis.initial_rtt", Duration, "Seconds from the SYN to the end of the handshake", |_, update, out| {
        let connection = update.connection.filter(|_| is_analysed(update));
        out.duration(connection.and_then(|connection| connection.initial_rtt()));
    }),
    tracked("tcp.analysis.acks_frame", Number(32), "The frame it acknowledges", |_, update, out| {
        out.number(update.analyzed.and_then(|analyzed| analyzed.acknowledges).map(|(frame, _)| frame));
    }),
    tracked("tcp.analysis.ack_rtt", Duration, "Seconds since that frame", |_, update, out| {
        let passed = update.analyzed.and_then(|analyzed| analyzed.acknowledges).map(|(_, passed)| passed);
        out.duration(passed.filter(|passed| !passed.is_zero()));
    }),
    tracked("tcp.analysis.bytes_in_flight", Number(32), "Octets sent and not acknowledged", |_, update, out| {
        out.number(update.analyzed.and_then(|analyzed| analyzed.in_flight));
    }),
    tracked("tcp.analysis.duplicate_ack_num", Number(32), "How often the acknowledgment was repeated", |_, update, out| {
        out.number(update.analyzed.and_then(|analyzed| analyzed.duplicate_of).map(|(_, count)| count));
    }),
    tracked("tcp.analysis.duplicate_ack_frame", Number(32), "The frame whose acknowledgment it repeats", |_, update, out| {
        out.number(update.analyzed.and_then(|analyzed| analyzed.duplicate_of).map(|(frame, _)| frame));
    }),
    found("tcp.analysis.retransmission", "Sent again", |_, update, out| out.mark(has(update, Verdicts::RETRANSMISSION))),
    found("tcp.analysis.fast_retransmission", "Sent again after duplicate acknowledgments", |_, update, out| {
        out.mark(has(update, Verdicts::FAST_RETRANSMISSION));
    }),
    found("tcp.analysis.spurious_retransmission", "Sent again though acknowledged", |_, update, out| {
        out.mark(has(update, Verdicts::SPURIOUS_RETRANSMISSION));
    }),
    found("tcp.analysis.out_of_order", "Overtaken by a later segment", |_, update, out| {
        out.mark(has(update, Verdicts::OUT_OF_ORDER))
    }),
    found("tcp.analysis.lost_segment", "A segment before it was not captured", |_, update, out| {
        out.mark(has(update, Verdicts::LOST_SEGMENT));
    }),
    found("tcp.analysis.ack_lost_segment", "Acknowledges octets that were not captured", |_, update, out| {
        out.mark(has(update, Verdicts::ACK_LOST_SEGMENT));
    }),
    found("tcp.analysis.duplicate_ack", "Repeats the last acknowledgment", |_, update, out| {
        out.mark(has(update, Verdicts::DUPLICATE_ACK));
    }),
    found("tcp.analysis.zero_window", "The sender takes no more for now", |_, update, out| {
        out.mark(has(update, Verdicts::ZERO_WINDOW))
    }),
    found("tcp.analysis.zero_window_probe", "One octet into a closed window", |_, update, out| {
        out.mark(has(update, Verdicts::ZERO_WINDOW_PROBE));
    }),
    found("tcp.analysis.zero_window_probe_ack", "The answer to such a probe", |_, update, out| {
        out.mark(has(update, Verdicts::ZERO_WINDOW_PROBE_ACK));
    }),
    found("tcp.analysis.window_full", "Fills the receiver's window", |_, update, out| {
        out.mark(has(update, Verdicts::WINDOW_FULL))
    }),
    found("tcp.analysis.window_update", "Says nothing but a new window", |_, update, out| {
        out.mark(has(update, Verdicts::WINDOW_UPDATE));
    }),
    found("tcp.analysis.keep_alive", "Asks whether the other side is there", |_, update, out| {
        out.mark(has(update, Verdicts::KEEP_ALIVE));
    }),
    found("tcp.analysis.keep_alive_ack", "The answer to a keep-alive", |_, update, out| {
        out.mark(has(update, Verdicts::KEEP_ALIVE_ACK));
    }),
    found("tcp.analysis.reused_ports", "A new connection on ports used before", |_, update, out| {
        out.mark(has(update, Verdicts::REUSED_PORTS));
    }),
];

fn flags(tcp: &Upper<'_>) -> Option<u16> {
    u16_at(tcp.octets, 12).map(|word| word & 0x0fff)
}

fn flag(tcp: &Upper<'_>, mask: u16) -> Option<bool> {
    flags(tcp).map(|flags| flags & mask != 0)
}

/// Wireshark's twelve letters.
fn letters(flags: u16) -> String {
    let letter = |(place, letter): (u32, char)| if flags >> (11 - place) & 1 == 1 { letter } else { '·' };
    (0..).zip("RRRACEUAPRSF".chars()).map(letter).collect()
}

fn put_options<'a>(tcp: &Upper<'a>, kind: u8, out: &mut Out<'_, 'a>) {
    let Some(segment) = tcp.segment() else { return };
    for option in tcp.options().filter(|option| option.kind == kind) {
        let octets = segment.options.get(option.at..option.at.saturating_add(option.len)).unwrap_or_default();
        out.put(Some(Value::Protocol(octets, octets.len())));
    }
}

fn window_scale(tcp: &Upper<'_>) -> Option<u8> {
    tcp.options().find_map(|option| match option.value {
        Meaning::WindowScale(shift) => Some(shift),
        _ => None,
    })
}

fn timestamps(tcp: &Upper<'_>) -> Option<(u32, u32)> {
    tcp.options().find_map(|option| match option.value {
        Meaning::Timestamps { value, echo } => Some((value, echo)),
        _ => None,
    })
}

/// The blocks, counted as acknowledgments are.
fn sack_edges(update: &Update<'_>) -> impl Iterator<Item = (u32, u32)> {
    let numbers = update.segment().copied().zip(update.relative);
    numbers.into_iter().flat_map(|(segment, relative)| {
        let base = segment.acknowledgment.0.wrapping_sub(relative.acknowledgment);
        let place = move |number: SeqNumber| number.0.wrapping_sub(base);
        let blocks = options::options(segment.options).filter_map(|option| match option.value {
            Meaning::Sack(blocks) => Some(blocks),
            _ => None,
        });
        blocks.flat_map(options::SackBlocks::iter).map(move |(left, right)| (place(left), place(right))).collect::<Vec<_>>()
    })
}

/// Wireshark's number for the scale that a segment's window is read with; a SYN has none.
fn scale_factor(row: &PacketRow<'_>, update: &Update<'_>) -> Option<i64> {
    let connection = update.connection?;
    let (flags, side) = match update.segment() {
        Some(segment) => (segment.flags, update.side?),
        None => (row.quoted_tcp()?.segment()?.flags, quoted_side(update, connection)?),
    };
    if flags.contains(Flags::SYN) {
        return None;
    }
    let refuses = |side| connection.window_shift(side).is_some() && connection.end_of(side).window_scale.is_none();
    Some(match connection.window_shift(side) {
        _ if refuses(side) || refuses(side.other()) => -2,
        None => -1,
        Some(shift) => 1 << shift.min(14),
    })
}

/// Who had sent the quoted segment.
fn quoted_side(update: &Update<'_>, connection: &Connection) -> Option<Side> {
    let about = update.about?;
    let sender = SocketAddr::new(about.source, about.ports?.0);
    Some(if sender == connection.initiator { Side::Initiator } else { Side::Responder })
}

/// The kinds of segments before this one; an ICMP error comes after those it is about.
fn completeness(update: &Update<'_>, connection: &Connection) -> u8 {
    let own = update.segment().is_some();
    if own { connection.completeness_before().0 } else { connection.completeness.0 }
}

/// Counted from the first number of the other side; as sent where the segment acknowledges nothing.
fn acknowledgment(update: &Update<'_>) -> Option<u32> {
    let (segment, relative) = (update.segment()?, update.relative?);
    let acknowledges = segment.flags.contains(Flags::ACK);
    Some(if acknowledges { relative.acknowledgment } else { segment.acknowledgment.0 })
}

/// Wireshark has an entry on the segment: something is odd, it acknowledges a segment, or octets are in flight.
fn is_analysed(update: &Update<'_>) -> bool {
    update
        .analyzed
        .is_some_and(|analyzed| !analyzed.verdicts.is_empty() || analyzed.acknowledges.is_some() || analyzed.in_flight.is_some())
}

fn has(update: &Update<'_>, verdicts: Verdicts) -> bool {
    update.analyzed.is_some_and(|analyzed| analyzed.verdicts.contains(verdicts))
}
