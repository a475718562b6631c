//! `udp`, of UDP and of UDP-Lite.

use super::Definition as Row;
use super::Kind::{Duration, Number, Octets, Protocol};
use super::out::{Out, u16_at};
use super::{CHECKSUM_NAMES, Kind, Read};
use crate::decode::IpProtocol;
use crate::decode::udp::Datagram;
use crate::judge::filter::packet::Upper;
use crate::judge::filter::value::Value;
use crate::track::Protocol::Udp;

const fn udp(name: &'static str, kind: Kind, meaning: &'static str, read: for<'a> fn(&Upper<'a>, &mut Out<'_, 'a>)) -> Row {
    Row::new(name, kind, meaning, Read::Udp(read))
}

pub(super) const FIELDS: &[Row] = &[
    udp("udp", Protocol, "UDP", |udp, out| out.put(header(udp).filter(|_| udp.protocol == IpProtocol::UDP))),
    udp("udplite", Protocol, "UDP-Lite", |udp, out| out.put(header(udp).filter(|_| udp.protocol == IpProtocol::UDP_LITE))),
    udp("udp.srcport", Number(16), "Sender's port", |udp, out| out.number(u16_at(udp.octets, 0))),
    udp("udp.dstport", Number(16), "Receiver's port", |udp, out| out.number(u16_at(udp.octets, 2))),
    udp("udp.port", Number(16), "Either port", |udp, out| {
        out.number(u16_at(udp.octets, 0));
        out.number(u16_at(udp.octets, 2));
    }),
    udp("udp.length", Number(16), "Octets of header and payload", |udp, out| {
        out.number(u16_at(udp.octets, 4).filter(|_| udp.protocol == IpProtocol::UDP));
    }),
    udp("udp.checksum_coverage", Number(16), "Octets the checksum covers (UDP-Lite)", |udp, out| {
        out.number(u16_at(udp.octets, 4).filter(|_| udp.protocol == IpProtocol::UDP_LITE));
    }),
    udp("udp.checksum", Number(16), "Checksum", |udp, out| out.number(u16_at(udp.octets, 6))),
    udp("udp.checksum.status", Number(8), "The verdict on it", |udp, out| out.verdict(udp.verdict())).names(CHECKSUM_NAMES),
    udp("udp.payload", Octets, "What the application sent", |udp, out| {
        out.octets(udp.payload().filter(|octets| !octets.is_empty()))
    }),
    Row::new(
        "udp.stream",
        Number(32),
        "Number of the exchange, from 0",
        Read::Tracked(|row, update, out| {
            out.number(row.stream(Udp, update));
        }),
    ),
    Row::new(
        "udp.time_relative",
        Duration,
        "Seconds since the first frame of the exchange",
        Read::Tracked(|row, update, out| {
            if update.flow.is_some() && row.stream(Udp, update).is_some() {
                out.duration(Some(row.times.since_first()));
            }
        }),
    ),
    Row::new(
        "udp.time_delta",
        Duration,
        "Seconds since the frame before in the exchange",
        Read::Tracked(|row, update, out| {
            if update.flow.is_some() && row.stream(Udp, update).is_some() {
                out.duration(Some(row.times.since_previous()));
            }
        }),
    ),
];

fn header<'a>(udp: &Upper<'a>) -> Option<Value<'a>> {
    Some(Value::Protocol(udp.octets, Datagram::HEADER_LEN.min(udp.octets.len())))
}
