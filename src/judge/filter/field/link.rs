//! Link headers: `eth`, `sll`, `null`, `vlan`, `arp`, and others of which only the presence is told.

use super::Definition as Row;
use super::Kind::{Flag, Mac, Number, Protocol};
use super::out::{Out, bits, u8_at, u16_at, u32_at};
use super::{Kind, Read};
use crate::decode::Network;
use crate::judge::filter::packet::PacketRow;
use crate::judge::filter::value::Value;

const ETHER_TYPES: &[(u64, &str)] = &[(0x0800, "IPv4"), (0x0806, "ARP"), (0x86dd, "IPv6"), (0x8100, "802.1Q Virtual LAN")];

const OPERATIONS: &[(u64, &str)] = &[(1, "request"), (2, "reply")];

/// A protocol that is told by its name alone.
const fn named(name: &'static str, meaning: &'static str) -> Row {
    Row::new(name, Protocol, meaning, Read::Link(name, |octets, out| out.put(Some(Value::Protocol(octets, octets.len())))))
}

const fn eth(name: &'static str, kind: Kind, meaning: &'static str, read: for<'a> fn(&'a [u8], &mut Out<'_, 'a>)) -> Row {
    Row::new(name, kind, meaning, Read::Link("eth", read))
}

const fn vlan(name: &'static str, kind: Kind, meaning: &'static str, read: for<'a> fn(&'a [u8], &mut Out<'_, 'a>)) -> Row {
    Row::new(name, kind, meaning, Read::Link("vlan", read))
}

const fn sll(name: &'static str, kind: Kind, meaning: &'static str, read: for<'a> fn(&'a [u8], &mut Out<'_, 'a>)) -> Row {
    Row::new(name, kind, meaning, Read::Link("sll", read))
}

const fn arp(name: &'static str, kind: Kind, meaning: &'static str, read: for<'a> fn(&PacketRow<'a>, &mut Out<'_, 'a>)) -> Row {
    Row::new(name, kind, meaning, Read::Frame(read))
}

pub(super) const FIELDS: &[Row] = &[
    Row::new("eth", Protocol, "Ethernet", Read::Frame(|row, out| row.ethernets().for_each(|value| out.put(Some(value))))),
    eth("eth.dst", Mac, "Receiver's hardware address", |octets, out| out.mac(octets, 0)),
    eth("eth.src", Mac, "Sender's hardware address", |octets, out| out.mac(octets, 6)),
    eth("eth.addr", Mac, "Either hardware address", |octets, out| {
        out.mac(octets, 0);
        out.mac(octets, 6);
    }),
    eth("eth.type", Number(16), "What it carries", |octets, out| out.number(ether_type(octets, 12))).names(ETHER_TYPES),
    eth("eth.len", Number(16), "Octets it carries, of 802.3 frames", |octets, out| out.number(length(octets, 12))),
    eth("eth.ig", Flag, "Either address is of a group", |octets, out| {
        out.flag(bit(octets, 0, 0x01));
        out.flag(bit(octets, 6, 0x01));
    }),
    eth("eth.lg", Flag, "Either address was given by hand", |octets, out| {
        out.flag(bit(octets, 0, 0x02));
        out.flag(bit(octets, 6, 0x02));
    }),
    named("sll", "Linux cooked capture, of the interface any"),
    sll("sll.pkttype", Number(16), "0 to us, 1 to all, 2 to a group, 3 to others, 4 sent by us", |octets, out| {
        out.number(if is_sll2(octets) { u8_at(octets, 10).map(u16::from) } else { u16_at(octets, 0) });
    }),
    sll("sll.hatype", Number(16), "ARP hardware type of the interface", |octets, out| {
        out.number(u16_at(octets, if is_sll2(octets) { 8 } else { 2 }));
    }),
    sll("sll.halen", Number(16), "Octets of the hardware address", |octets, out| {
        out.number(if is_sll2(octets) { u8_at(octets, 11).map(u16::from) } else { u16_at(octets, 4) });
    }),
    sll("sll.src.eth", Mac, "Sender's hardware address", |octets, out| {
        let (len, at) = if is_sll2(octets) { (u8_at(octets, 11).map(u16::from), 12) } else { (u16_at(octets, 4), 6) };
        if len == Some(6) {
            out.mac(octets, at);
        }
    }),
    sll("sll.ifindex", Number(32), "Number of the interface on its host (SLL2)", |octets, out| {
        out.number(if is_sll2(octets) { u32_at(octets, 4) } else { None });
    }),
    sll("sll.etype", Number(16), "What it carries", |octets, out| {
        out.number(u16_at(octets, if is_sll2(octets) { 0 } else { 14 }).filter(|number| *number >= 0x600));
    })
    .names(ETHER_TYPES),
    named("null", "Loopback of BSD, macOS and Npcap"),
    Row::new(
        "null.family",
        Number(32),
        "Address family: 2 IPv4; 10, 23, 24, 28 or 30 IPv6",
        Read::Link("null", |octets, out| {
            let family = u32_at(octets, 0);
            out.number(family.map(|family| if family > 0xffff { family.swap_bytes() } else { family }));
        }),
    ),
    named("vlan", "802.1Q tag"),
    vlan("vlan.priority", Number(16), "Priority, 0 to 7", |octets, out| out.number(bits(u8_at(octets, 0), 5, 3))),
    vlan("vlan.dei", Flag, "May be dropped first", |octets, out| out.flag(bit(octets, 0, 0x10))),
    vlan("vlan.id", Number(16), "VLAN, 0 to 4095", |octets, out| out.number(u16_at(octets, 0).map(|tag| tag & 0x0fff))),
    vlan("vlan.etype", Number(16), "What it carries", |octets, out| out.number(ether_type(octets, 2))).names(ETHER_TYPES),
    named("llc", "802.2 header"),
    named("fddi", "FDDI"),
    named("mpls", "MPLS label"),
    named("pppoes", "PPP over Ethernet"),
    named("ppp", "PPP"),
    named("chdlc", "Cisco HDLC"),
    named("nflog", "Linux netfilter log"),
    named("radiotap", "Radio header of 802.11"),
    named("wlan", "802.11"),
    arp("arp", Protocol, "Address resolution", |row, out| {
        out.put(row.arp().map(|octets| Value::Protocol(octets, octets.len())));
    }),
    arp("arp.hw.type", Number(16), "Kind of hardware address", |row, out| out.number(u16_at(row.arp().unwrap_or_default(), 0))),
    arp("arp.proto.type", Number(16), "Kind of address asked for", |row, out| {
        out.number(u16_at(row.arp().unwrap_or_default(), 2));
    })
    .names(ETHER_TYPES),
    arp("arp.hw.size", Number(8), "Octets of a hardware address", |row, out| out.number(u8_at(row.arp().unwrap_or_default(), 4))),
    arp("arp.proto.size", Number(8), "Octets of an address", |row, out| out.number(u8_at(row.arp().unwrap_or_default(), 5))),
    arp("arp.opcode", Number(16), "1 asks, 2 answers", |row, out| out.number(u16_at(row.arp().unwrap_or_default(), 6)))
        .names(OPERATIONS),
    arp("arp.src.hw_mac", Mac, "Sender's hardware address", |row, out| out.mac(ipv4_arp(row), 8)),
    arp("arp.src.proto_ipv4", Kind::Ipv4, "Sender's address", |row, out| out.ipv4(ipv4_arp(row), 14)),
    arp("arp.dst.hw_mac", Mac, "Target's hardware address", |row, out| out.mac(ipv4_arp(row), 18)),
    arp("arp.dst.proto_ipv4", Kind::Ipv4, "Target's address", |row, out| out.ipv4(ipv4_arp(row), 24)),
];

/// A message about MAC and IPv4 addresses; empty if there is none.
fn ipv4_arp<'a>(row: &PacketRow<'a>) -> &'a [u8] {
    let readable = matches!(row.packet.network, Some(Network::Arp(_)));
    row.arp().filter(|_| readable).unwrap_or_default()
}

/// The second version has a reserved field where the first has a number that is never zero there.
fn is_sll2(octets: &[u8]) -> bool {
    octets.len() == 20
}

fn ether_type(octets: &[u8], at: usize) -> Option<u16> {
    u16_at(octets, at).filter(|number| *number >= 0x600)
}

fn length(octets: &[u8], at: usize) -> Option<u16> {
    u16_at(octets, at).filter(|number| *number <= 1500)
}

fn bit(octets: &[u8], at: usize, mask: u8) -> Option<bool> {
    u8_at(octets, at).map(|octet| octet & mask != 0)
}
