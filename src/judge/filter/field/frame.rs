//! `frame`: what the file says of a frame.

use super::Definition as Row;
use super::Kind::{Flag, Mark, Number, Octets, Protocol, Text, Time};
use super::{Kind, Read};
use crate::capture::{PacketOption, packet_options};
use crate::judge::filter::value::Value;

const SECONDS: Kind = Kind::Duration;

pub(super) const FIELDS: &[Row] = &[
    Row::new(
        "frame",
        Protocol,
        "The frame as captured",
        Read::Frame(|row, out| {
            out.put(Some(Value::Protocol(row.frame.octets, row.frame.octets.len())));
        }),
    ),
    Row::new(
        "frame.number",
        Number(32),
        "Number in the file, from 1",
        Read::Frame(|row, out| {
            out.number(Some(row.frame.number));
        }),
    ),
    Row::new(
        "frame.time",
        Time,
        "When it was captured",
        Read::Frame(|row, out| {
            out.put(row.frame.timestamp.map(Value::Time));
        }),
    ),
    Row::new(
        "frame.time_epoch",
        SECONDS,
        "Seconds since 1970",
        Read::Frame(|row, out| {
            out.duration(row.frame.timestamp.map(|time| time.since(crate::capture::Timestamp::new(0, 0))));
        }),
    ),
    Row::new(
        "frame.time_relative",
        SECONDS,
        "Seconds since the first frame",
        Read::Frame(|row, out| {
            out.duration(row.frame.timestamp.map(|time| time.since(row.times.first)));
        }),
    ),
    Row::new(
        "frame.time_delta",
        SECONDS,
        "Seconds since the frame before",
        Read::Frame(|row, out| {
            out.duration(row.frame.timestamp.map(|time| time.since(row.times.previous)));
        }),
    ),
    Row::new(
        "frame.len",
        Number(32),
        "Octets on the wire",
        Read::Frame(|row, out| {
            out.number(Some(row.frame.original_len));
        }),
    ),
    Row::new(
        "frame.cap_len",
        Number(32),
        "Octets captured",
        Read::Frame(|row, out| {
            out.number(Some(row.frame.captured_len()));
        }),
    ),
    Row::new(
        "frame.protocols",
        Text,
        "Names of its protocols, colons between",
        Read::Datagram(|row, out| {
            out.written(Some(row.protocols()));
        }),
    ),
    Row::new(
        "frame.interface_id",
        Number(32),
        "Number of the interface",
        Read::Frame(|row, out| {
            out.number(row.interface_name.map(|_| row.frame.interface.0));
        }),
    ),
    Row::new("frame.interface_name", Text, "Name of the interface", Read::Frame(|row, out| out.text(row.interface_name))),
    Row::new(
        "frame.comment",
        Text,
        "A comment on it",
        Read::Frame(|row, out| {
            for option in packet_options(row.frame) {
                if let PacketOption::Comment(text) = option {
                    out.put(Some(Value::Text(text)));
                }
            }
        }),
    ),
    Row::new("frame.marked", Flag, "Marked by hand, which sockscope never does", Read::Frame(|_, out| out.flag(Some(false)))),
    Row::new("frame.ignored", Flag, "Ignored by hand, which sockscope never does", Read::Frame(|_, out| out.flag(Some(false)))),
    Row::new(
        "frame.incomplete",
        Mark,
        "Reading stopped before the payload",
        Read::Frame(|row, out| {
            out.mark(row.packet.stop.is_some());
        }),
    ),
    Row::new(
        "data",
        Protocol,
        "What an application or an unread protocol sent",
        Read::Datagram(|row, out| {
            row.payloads().for_each(|octets| out.put(Some(Value::Protocol(octets, octets.len()))));
        }),
    ),
    Row::new(
        "data.data",
        Octets,
        "Its octets",
        Read::Datagram(|row, out| {
            row.payloads().for_each(|octets| out.octets(Some(octets)));
        }),
    ),
    Row::new(
        "data.len",
        Kind::Signed(32),
        "How many they are",
        Read::Datagram(|row, out| {
            row.payloads().for_each(|octets| out.put(i64::try_from(octets.len()).ok().map(Value::Signed)));
        }),
    ),
];
