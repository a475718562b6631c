//! What holds for every frame: nothing panics, a cut invents nothing, and a second decoder agrees.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects)]

use pnet_packet::Packet as _;
use pnet_packet::ethernet::EthernetPacket;
use pnet_packet::ipv4::Ipv4Packet;
use pnet_packet::ipv6::Ipv6Packet;
use pnet_packet::tcp::TcpPacket;
use pnet_packet::udp::UdpPacket;
use proptest::prelude::*;

use super::testing::{PORTS, concat, cut, ends4, ends6, ethernet, frame, ipv4, ipv6, tcp, udp};
use super::{EtherType, Layer, Network, Packet, Reason, Transport, checksum, field, packet};
use crate::capture::{Frame, LinkType};

/// Frames of every shape that this floor reads, as link type and octets.
fn samples() -> Vec<(LinkType, Vec<u8>)> {
    let segment4 = tcp(ends4(), &[2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 1, 0], b"hello");
    let (packet4, packet6) = (ipv4(6, &segment4), ipv6(17, &udp(ends6(), b"hello")));
    let snap = concat(&[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &packet4]);
    let wireless = concat(&[&[0x88, 1, 0, 0], &[2; 18], &[0, 0, 0, 0], &snap]);
    let quoted = concat(&[&[3, 3, 0, 0, 0, 0, 0, 0], &packet4[..28]]);
    let options = [6, 2, 1, 2, 0, 0, 0xc9, 16, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
    let extended = ipv6(60, &concat(&[&options, &segment4]));
    let routed = ipv6(43, &concat(&[&[17, 2, 0, 1, 0, 0, 0, 0], &[0xfd; 16], &udp(ends6(), b"x")]));
    let nflog = concat(&[&[2, 0, 0, 5, 8, 0, 1, 0, 8, 0, 1, 0, 60, 0, 9, 0], &packet4]);
    let mut pktap = vec![0; 108];
    (pktap[0], pktap[8], pktap[36]) = (108, 1, 1);
    vec![
        (LinkType::ETHERNET, ethernet(0x0800, &packet4)),
        (LinkType::ETHERNET, ethernet(0x86dd, &packet6)),
        (LinkType::ETHERNET, ethernet(0x8100, &concat(&[&[0, 5, 0x88, 0xa8, 0, 6, 8, 0], &packet4]))),
        (LinkType::ETHERNET, ethernet(0x8847, &concat(&[&[0, 1, 0, 64, 0, 1, 1, 64], &packet4]))),
        (LinkType::ETHERNET, ethernet(0x8864, &concat(&[&[0x11, 0, 0, 1, 0, 62, 0, 0x57], &packet6]))),
        (LinkType::ETHERNET, ethernet(0x0806, &concat(&[&[0, 1, 8, 0, 6, 4, 0, 1], &[2; 20]]))),
        (LinkType::ETHERNET, ethernet(0x0800, &ipv4(1, &quoted))),
        (LinkType::ETHERNET, ethernet(0x0800, &ipv4(1, &[8, 0, 0, 0, 0, 1, 0, 1, 9, 9]))),
        (LinkType::ETHERNET, ethernet(0x0800, &ipv4(132, &[0, 7, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0]))),
        (LinkType::ETHERNET, ethernet(0x86dd, &extended)),
        (LinkType::ETHERNET, ethernet(0x86dd, &routed)),
        (LinkType::ETHERNET, ethernet(68, &snap)),
        (LinkType::NULL, concat(&[&[2, 0, 0, 0], &packet4])),
        (LinkType::LOOP, concat(&[&[0, 0, 0, 24], &packet6])),
        (LinkType::RAW, packet4.clone()),
        (LinkType::SLL, concat(&[&[0, 4, 3, 4, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0], &packet4])),
        (LinkType::SLL2, concat(&[&[0x86, 0xdd, 0, 0, 0, 0, 0, 1, 3, 4, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0], &packet6])),
        (LinkType::PPP, concat(&[&[0xff, 3, 0x21], &packet4])),
        (LinkType::CISCO_HDLC, concat(&[&[0x0f, 0, 8, 0], &packet4])),
        (LinkType::FDDI, concat(&[&[0x50], &[2; 12], &snap])),
        (LinkType::RADIOTAP, concat(&[&[0, 0, 9, 0, 2, 0, 0, 0, 0], &wireless])),
        (LinkType::IEEE_802_11, wireless),
        (LinkType::NFLOG, nflog),
        (LinkType::PKTAP, concat(&[&pktap, &ethernet(0x0800, &packet4)])),
    ]
}

/// Everything this floor can be asked about a frame.
fn exercise(frame: &Frame<'_>) {
    let packet = packet(frame);
    checksum::transport(&packet);
    packet.ports();
    if let Some(ip) = packet.ip() {
        checksum::ip_header(ip);
        super::first_fragment(ip);
        super::reassembled(ip, ip.payload);
    }
    for layer in field::layers(frame) {
        assert!(layer.span.end <= frame.octets.len(), "{layer:?}");
        for field in layer.fields {
            assert!(field.span.is_empty() || field.span.end <= layer.span.end, "{field:?}");
        }
    }
}

#[test]
fn every_sample_is_read_to_its_end() {
    for (link_type, octets) in samples() {
        let frame = frame(link_type, &octets);
        let packet = packet(&frame);
        assert_eq!(packet.stop, None, "{link_type}");
        assert!(packet.transport.is_some() || matches!(packet.network, Some(Network::Arp(_))), "{link_type}");
        let shown = field::layers(&frame);
        assert!(shown.len() >= 3, "{link_type}: {shown:?}");
    }
}

#[test]
fn a_cut_at_any_octet_invents_nothing() {
    for (link_type, octets) in samples() {
        let whole = frame(link_type, &octets);
        let expected = summary(&packet(&whole));
        for len in 0..octets.len() {
            let part = cut(&whole, len);
            exercise(&part);
            let found = summary(&packet(&part));
            for (found, expected) in found.iter().zip(&expected) {
                assert!(found.is_none() || found == expected, "{link_type} cut at {len}: {found:?}");
            }
        }
    }
}

/// Addresses, ports, numbers and lengths: each either missing or true. The length of a raw frame's payload is on the wire.
fn summary(packet: &Packet<'_>) -> [Option<String>; 5] {
    [
        packet.ip().map(|ip| format!("{} {}", ip.source, ip.destination)),
        packet.transport.and(packet.ip()).map(|ip| format!("{:?} {:?} {}", ip.ends(), ip.protocol, ip.payload_len)),
        packet.ports().map(|ports| format!("{ports:?}")),
        packet.tcp().map(|segment| format!("{} {} {}", segment.sequence, segment.flags, segment.payload_len)),
        packet.udp().map(|datagram| format!("{} {}", datagram.length, datagram.payload_len)),
    ]
}

#[test]
fn no_flipped_bit_and_no_other_link_type_panics() {
    for (link_type, mut octets) in samples() {
        for number in 0..=300 {
            exercise(&frame(LinkType(number), &octets));
        }
        for bit in 0..octets.len() * 8 {
            octets[bit / 8] ^= 1 << (bit % 8);
            exercise(&frame(link_type, &octets));
            octets[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn an_unknown_link_type_is_a_stop() {
    let packet = packet(&frame(LinkType(147), &[0; 40]));
    assert!(packet.link.is_none() && packet.network.is_none());
    let stop = packet.stop.unwrap();
    assert_eq!((stop.layer, stop.at, stop.reason), (Layer::Link, 0, Reason::Unsupported(147)));
    assert_eq!(stop.to_string(), "link header at octet 0: type 147 is not read");
}

#[test]
fn ethernet_padding_is_no_payload() {
    let octets = ethernet(0x0800, &concat(&[&ipv4(17, &udp(ends4(), b"ab")), &[0xff; 16]]));
    let frame = frame(LinkType::ETHERNET, &octets);
    let packet = packet(&frame);
    let datagram = packet.udp().unwrap();
    assert_eq!((datagram.payload, datagram.payload_len), (&b"ab"[..], 2));
    assert_eq!(checksum::transport(&packet), Some(checksum::Verdict::Good));
}

#[test]
fn what_is_only_named_is_no_stop() {
    let octets = ethernet(0x88cc, &[0; 40]);
    let lldp = frame(LinkType::ETHERNET, &octets);
    assert!(matches!(packet(&lldp).network, Some(Network::Other(EtherType(0x88cc)))));
    assert_eq!(packet(&lldp).stop, None);
    let octets = ethernet(0x0800, &ipv4(47, &[0; 8]));
    let gre = frame(LinkType::ETHERNET, &octets);
    assert!(matches!(packet(&gre).transport, Some(Transport::Other(super::IpProtocol::GRE))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_can_be_asked_of_anything(number in 0_u16..300, octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        exercise(&frame(LinkType(number), &octets));
    }

    #[test]
    fn the_second_decoder_agrees_on_tcp(
        numbers: [u8; 12],
        flags: u8,
        words in 0_usize..=10,
        payload in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut segment = tcp(ends4(), &vec![1; words * 4], &payload);
        segment[..12].copy_from_slice(&numbers);
        segment[13] = flags;
        let octets = ethernet(0x0800, &ipv4(6, &segment));
        let frame = frame(LinkType::ETHERNET, &octets);
        let packet = packet(&frame);
        let (ip, ours) = (packet.ip().unwrap(), packet.tcp().unwrap());

        let ethernet = EthernetPacket::new(&octets).unwrap();
        let header = Ipv4Packet::new(ethernet.payload()).unwrap();
        let theirs = TcpPacket::new(header.payload()).unwrap();
        prop_assert_eq!((ip.source, ip.destination), (header.get_source().into(), header.get_destination().into()));
        prop_assert_eq!((ip.hop_limit, ip.protocol.0), (header.get_ttl(), header.get_next_level_protocol().0));
        prop_assert_eq!((ours.source_port, ours.destination_port), (theirs.get_source(), theirs.get_destination()));
        prop_assert_eq!((ours.sequence.0, ours.acknowledgment.0), (theirs.get_sequence(), theirs.get_acknowledgement()));
        prop_assert_eq!((ours.flags.0 & 0xff, ours.window), (u16::from(theirs.get_flags()), theirs.get_window()));
        prop_assert_eq!((ours.checksum, ours.urgent), (theirs.get_checksum(), theirs.get_urgent_ptr()));
        prop_assert_eq!((ours.options, ours.payload), (theirs.get_options_raw(), theirs.payload()));
        let right = pnet_packet::tcp::ipv4_checksum(&theirs, &header.get_source(), &header.get_destination());
        prop_assert_eq!(checksum::transport(&packet) == Some(checksum::Verdict::Good), right == theirs.get_checksum());
    }

    #[test]
    fn the_second_decoder_agrees_on_udp(payload in proptest::collection::vec(any::<u8>(), 0..40), wrong: bool) {
        let mut datagram = udp(ends6(), &payload);
        datagram[7] ^= u8::from(wrong);
        let octets = ipv6(17, &datagram);
        let frame = frame(LinkType::RAW, &octets);
        let packet = packet(&frame);
        let (ip, ours) = (packet.ip().unwrap(), packet.udp().unwrap());

        let header = Ipv6Packet::new(&octets).unwrap();
        let theirs = UdpPacket::new(header.payload()).unwrap();
        prop_assert_eq!((ip.source, ip.destination), (header.get_source().into(), header.get_destination().into()));
        prop_assert_eq!((ours.source_port, ours.destination_port), (theirs.get_source(), theirs.get_destination()));
        prop_assert_eq!((ours.source_port, ours.destination_port), PORTS);
        prop_assert_eq!((ours.length, ours.payload), (theirs.get_length(), theirs.payload()));
        let right = pnet_packet::udp::ipv6_checksum(&theirs, &header.get_source(), &header.get_destination());
        let is_good = theirs.get_checksum() != 0 && right == theirs.get_checksum();
        prop_assert_eq!(checksum::transport(&packet) == Some(checksum::Verdict::Good), is_good);
    }
}
