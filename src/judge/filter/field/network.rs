//! `ip` and `ipv6`: the headers of a packet and of the one that an ICMP error quotes.

use super::Definition as Row;
use super::Kind::{Flag, Ipv4, Ipv6, Number, Protocol, Text};
use super::out::{Out, bits, u8_at, u16_at, u32_at};
use super::{CHECKSUM_NAMES, Kind, Read};
use crate::decode::checksum;
use crate::decode::ip::Ip;

const PROTOCOLS: &[(u64, &str)] =
    &[(1, "ICMP"), (2, "IGMP"), (6, "TCP"), (17, "UDP"), (47, "GRE"), (58, "ICMPv6"), (132, "SCTP"), (136, "UDPLite")];

const fn v4(name: &'static str, kind: Kind, meaning: &'static str, read: for<'a> fn(&Ip<'a>, &mut Out<'_, 'a>)) -> Row {
    Row::new(name, kind, meaning, Read::Ipv4(read))
}

const fn v6(name: &'static str, kind: Kind, meaning: &'static str, read: for<'a> fn(&Ip<'a>, &mut Out<'_, 'a>)) -> Row {
    Row::new(name, kind, meaning, Read::Ipv6(read))
}

pub(super) const FIELDS: &[Row] = &[
    Row::new("ip", Protocol, "IPv4", Read::Frame(|row, out| row.networks(4).for_each(|value| out.put(Some(value))))),
    Row::new(
        "ip.version",
        Number(8),
        "4, or 6 of IPv6",
        Read::Frame(|row, out| {
            for ip in [4, 6].into_iter().flat_map(|version| row.ips(version)) {
                out.number(bits(u8_at(ip.header, 0), 4, 4));
            }
        }),
    ),
    v4("ip.hdr_len", Number(8), "Octets of the header", |ip, out| {
        out.number(bits(u8_at(ip.header, 0), 0, 4).map(|words| words * 4));
    }),
    v4("ip.dsfield", Number(8), "Differentiated services", |ip, out| out.number(u8_at(ip.header, 1))),
    v4("ip.dsfield.dscp", Number(8), "Their code point", |ip, out| out.number(bits(u8_at(ip.header, 1), 2, 6))),
    v4("ip.dsfield.ecn", Number(8), "Congestion notification", |ip, out| out.number(bits(u8_at(ip.header, 1), 0, 2))),
    v4("ip.len", Number(16), "Octets of the packet", |ip, out| out.number(total_len(ip))),
    v4("ip.id", Number(16), "Identification", |ip, out| out.number(u16_at(ip.header, 4))),
    v4("ip.flags", Number(8), "The three flags", |ip, out| out.number(bits(u8_at(ip.header, 6), 5, 3))),
    v4("ip.flags.rb", Flag, "Reserved bit", |ip, out| out.flag(u8_at(ip.header, 6).map(|octet| octet & 0x80 != 0))),
    v4("ip.flags.df", Flag, "Don't fragment", |ip, out| out.flag(u8_at(ip.header, 6).map(|octet| octet & 0x40 != 0))),
    v4("ip.flags.mf", Flag, "More fragments", |ip, out| out.flag(u8_at(ip.header, 6).map(|octet| octet & 0x20 != 0))),
    v4("ip.frag_offset", Number(16), "Octets of the datagram before this fragment", |ip, out| {
        out.number(u16_at(ip.header, 6).map(|field| (field & 0x1fff) << 3));
    }),
    v4("ip.ttl", Number(8), "Time to live", |ip, out| out.number(u8_at(ip.header, 8))),
    v4("ip.proto", Number(8), "What it carries: 1 ICMP, 6 TCP, 17 UDP", |ip, out| out.number(u8_at(ip.header, 9)))
        .names(PROTOCOLS),
    v4("ip.checksum", Number(16), "Checksum of the header", |ip, out| out.number(u16_at(ip.header, 10))),
    v4("ip.checksum.status", Number(8), "The verdict on it", |ip, out| out.verdict(Some(checksum::ip_header(ip))))
        .names(CHECKSUM_NAMES),
    v4("ip.src", Ipv4, "Sender", |ip, out| out.ipv4(ip.header, 12)),
    v4("ip.dst", Ipv4, "Receiver", |ip, out| out.ipv4(ip.header, 16)),
    v4("ip.addr", Ipv4, "Sender or receiver", |ip, out| {
        out.ipv4(ip.header, 12);
        out.ipv4(ip.header, 16);
    }),
    v4("ip.src_host", Text, "Sender, as text", |ip, out| out.written(Some(ip.source.to_string()))),
    v4("ip.dst_host", Text, "Receiver, as text", |ip, out| out.written(Some(ip.destination.to_string()))),
    v4("ip.host", Text, "Sender or receiver, as text", |ip, out| {
        out.written(Some(ip.source.to_string()));
        out.written(Some(ip.destination.to_string()));
    }),
    Row::new("ipv6", Protocol, "IPv6", Read::Frame(|row, out| row.networks(6).for_each(|value| out.put(Some(value))))),
    v6("ipv6.version", Number(8), "6", |ip, out| out.number(bits(u8_at(ip.header, 0), 4, 4))),
    v6("ipv6.tclass", Number(32), "Traffic class", |ip, out| out.number(first_word(ip).map(|word| word >> 20 & 0xff))),
    v6("ipv6.tclass.dscp", Number(32), "Its differentiated services", |ip, out| {
        out.number(first_word(ip).map(|word| word >> 22 & 0x3f));
    }),
    v6("ipv6.tclass.ecn", Number(32), "Its congestion notification", |ip, out| {
        out.number(first_word(ip).map(|word| word >> 20 & 0x3));
    }),
    v6("ipv6.flow", Number(24), "Flow label", |ip, out| out.number(first_word(ip).map(|word| word & 0x000f_ffff))),
    v6("ipv6.plen", Number(16), "Octets of payload", |ip, out| out.number(u16_at(ip.header, 4))),
    v6("ipv6.nxt", Number(8), "What follows: 6 TCP, 17 UDP, 58 ICMPv6", |ip, out| out.number(u8_at(ip.header, 6)))
        .names(PROTOCOLS),
    v6("ipv6.hlim", Number(8), "Hop limit", |ip, out| out.number(u8_at(ip.header, 7))),
    v6("ipv6.src", Ipv6, "Sender", |ip, out| out.ipv6(ip.header, 8)),
    v6("ipv6.dst", Ipv6, "Receiver", |ip, out| out.ipv6(ip.header, 24)),
    v6("ipv6.addr", Ipv6, "Sender or receiver", |ip, out| {
        out.ipv6(ip.header, 8);
        out.ipv6(ip.header, 24);
    }),
    v6("ipv6.src_host", Text, "Sender, as text", |ip, out| out.written(Some(ip.source.to_string()))),
    v6("ipv6.dst_host", Text, "Receiver, as text", |ip, out| out.written(Some(ip.destination.to_string()))),
    v6("ipv6.host", Text, "Sender or receiver, as text", |ip, out| {
        out.written(Some(ip.source.to_string()));
        out.written(Some(ip.destination.to_string()));
    }),
];

/// As the header says; of packets too large for the field as many as the frame holds.
fn total_len(ip: &Ip<'_>) -> Option<u32> {
    let whole = || u32::try_from(ip.header.len()).unwrap_or(u32::MAX).saturating_add(ip.payload_len);
    u16_at(ip.header, 2).map(|len| if len == 0 { whole() } else { len.into() })
}

fn first_word(ip: &Ip<'_>) -> Option<u32> {
    u32_at(ip.header, 0)
}
