//! `icmp` and `icmpv6`.

use super::Definition as Row;
use super::Kind::{Ipv4, Ipv6, Number, Protocol};
use super::out::{Out, u8_at, u16_at, u32_at};
use super::{CHECKSUM_NAMES, Kind, Read};
use crate::judge::filter::packet::Upper;
use crate::judge::filter::value::Value;

const fn v4(name: &'static str, kind: Kind, meaning: &'static str, read: for<'a> fn(&Upper<'a>, &mut Out<'_, 'a>)) -> Row {
    Row::new(name, kind, meaning, Read::Icmp(read))
}

const fn v6(name: &'static str, kind: Kind, meaning: &'static str, read: for<'a> fn(&Upper<'a>, &mut Out<'_, 'a>)) -> Row {
    Row::new(name, kind, meaning, Read::Icmpv6(read))
}

pub(super) const FIELDS: &[Row] = &[
    v4("icmp", Protocol, "ICMP", |icmp, out| out.put(Some(whole(icmp)))),
    v4("icmp.type", Number(8), "0 echo reply, 3 unreachable, 8 echo request, 11 time exceeded", |icmp, out| {
        out.number(u8_at(icmp.octets, 0));
    }),
    v4("icmp.code", Number(8), "Under type 3: 0 net, 1 host, 3 port, 4 too large", |icmp, out| out.number(u8_at(icmp.octets, 1))),
    v4("icmp.checksum", Number(16), "Checksum", |icmp, out| out.number(u16_at(icmp.octets, 2))),
    v4("icmp.checksum.status", Number(8), "The verdict on it", |icmp, out| out.verdict(icmp.verdict())).names(CHECKSUM_NAMES),
    v4("icmp.ident", Number(16), "Identifier of an echo", |icmp, out| out.number(of_echo(icmp, 4))),
    v4("icmp.seq", Number(16), "Sequence number of an echo", |icmp, out| out.number(of_echo(icmp, 6))),
    v4("icmp.mtu", Number(16), "MTU of the next hop", |icmp, out| {
        let too_large = icmp.octets.starts_with(&[3, 4]);
        out.number(u16_at(icmp.octets, 6).filter(|_| too_large));
    }),
    v4("icmp.redir_gw", Ipv4, "The better gateway", |icmp, out| {
        if icmp.octets.first() == Some(&5) {
            out.ipv4(icmp.octets, 4);
        }
    }),
    v6("icmpv6", Protocol, "ICMPv6", |icmp, out| out.put(Some(whole(icmp)))),
    v6("icmpv6.type", Number(8), "1 unreachable, 2 too big, 128 echo request, 129 reply, 135 and 136 neighbours", |icmp, out| {
        out.number(u8_at(icmp.octets, 0));
    }),
    v6("icmpv6.code", Number(8), "Under type 1: 4 port unreachable", |icmp, out| out.number(u8_at(icmp.octets, 1))),
    v6("icmpv6.checksum", Number(16), "Checksum", |icmp, out| out.number(u16_at(icmp.octets, 2))),
    v6("icmpv6.checksum.status", Number(8), "The verdict on it", |icmp, out| out.verdict(icmp.verdict())).names(CHECKSUM_NAMES),
    v6("icmpv6.echo.identifier", Number(16), "Identifier of an echo", |icmp, out| out.number(of_kind(icmp, &[128, 129], 4))),
    v6("icmpv6.echo.sequence_number", Number(16), "Sequence number of an echo", |icmp, out| {
        out.number(of_kind(icmp, &[128, 129], 6));
    }),
    v6("icmpv6.mtu", Number(32), "MTU of the next hop", |icmp, out| {
        let too_big = icmp.octets.first() == Some(&2);
        out.number(u32_at(icmp.octets, 4).filter(|_| too_big));
    }),
    v6("icmpv6.nd.ns.target_address", Ipv6, "Whose hardware address is asked for", |icmp, out| {
        if icmp.octets.first() == Some(&135) {
            out.ipv6(icmp.octets, 8);
        }
    }),
    v6("icmpv6.nd.na.target_address", Ipv6, "Whose hardware address is told", |icmp, out| {
        if icmp.octets.first() == Some(&136) {
            out.ipv6(icmp.octets, 8);
        }
    }),
];

fn whole<'a>(icmp: &Upper<'a>) -> Value<'a> {
    Value::Protocol(icmp.octets, icmp.octets.len())
}

/// Echo requests and replies and timestamps have two numbers.
fn of_echo(icmp: &Upper<'_>, at: usize) -> Option<u16> {
    of_kind(icmp, &[0, 8, 13, 14, 15, 16, 17, 18], at)
}

fn of_kind(icmp: &Upper<'_>, kinds: &[u8], at: usize) -> Option<u16> {
    let wanted = icmp.octets.first().is_some_and(|kind| kinds.contains(kind));
    u16_at(icmp.octets, at).filter(|_| wanted)
}
