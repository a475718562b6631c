//! UDP sockets, fragments, ICMP errors and copies, through the tracker: datagrams made here, one property a test.

#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

mod support;

use etherparse::{IpFragOffset, Ipv4Header, PacketBuilder};
use sockscope::capture::{Frame, InterfaceId, Timestamp};
use sockscope::decode;
use sockscope::track::{Evidence, Limits, Oddity, Protocol, SocketState, Trace, Tracker};
use support::script::{Made, frame};

const SERVER: ([u8; 4], u16) = ([10, 0, 0, 9], 5000);
const CLIENT: ([u8; 4], u16) = ([10, 0, 0, 1], 40_000);
const OTHER: ([u8; 4], u16) = ([10, 0, 0, 2], 40_000);

fn udp(from: ([u8; 4], u16), to: ([u8; 4], u16), payload: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    PacketBuilder::ipv4(from.0, to.0, 64).udp(from.1, to.1).write(&mut octets, payload).unwrap();
    octets
}

/// ICMP port unreachable from the receiver of `packet` to its sender.
fn port_unreachable(packet: &[u8]) -> Vec<u8> {
    let (source, destination) = (packet[12..16].try_into().unwrap(), packet[16..20].try_into().unwrap());
    let quoted = &packet[..packet.len().min(28)];
    let mut octets = Vec::new();
    let error = etherparse::Icmpv4Type::DestinationUnreachable(etherparse::icmpv4::DestUnreachableHeader::Port);
    PacketBuilder::ipv4(destination, source, 64).icmpv4(error).write(&mut octets, quoted).unwrap();
    octets
}

/// The fragments of a packet, cut at these offsets of its payload.
fn fragments(packet: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
    let (header, payload) = Ipv4Header::from_slice(packet).unwrap();
    let ends = cuts.iter().copied().skip(1).chain([payload.len()]);
    cuts.iter().zip(ends).map(|(start, end)| fragment(&header, &payload[*start..end], *start, end < payload.len())).collect()
}

fn fragment(header: &Ipv4Header, payload: &[u8], offset: usize, more: bool) -> Vec<u8> {
    let mut header = header.clone();
    header.identification = 77;
    header.dont_fragment = false;
    header.more_fragments = more;
    header.fragment_offset = IpFragOffset::try_new((offset / 8) as u16).unwrap();
    header.set_payload_len(payload.len()).unwrap();
    header.header_checksum = header.calc_header_checksum();
    let mut octets = Vec::new();
    header.write(&mut octets).unwrap();
    octets.extend(payload);
    octets
}

fn made(packets: &[Vec<u8>]) -> Vec<Made> {
    let time = |number: u32| Timestamp::new(1_700_000_000, number * 1_000_000);
    (0..).zip(packets).map(|(number, octets)| Made { time: time(number), octets: octets.clone() }).collect()
}

fn track(packets: &[Vec<u8>]) -> Trace {
    track_within(Limits::default(), packets)
}

fn track_within(limits: Limits, packets: &[Vec<u8>]) -> Trace {
    let mut tracker = Tracker::new(limits);
    for (number, made) in (1..).zip(&made(packets)) {
        tracker.push(&decode::packet(&frame(number, made)));
    }
    tracker.finish()
}

#[test]
fn one_socket_serves_every_peer() {
    let (a, b) = (udp(CLIENT, SERVER, b"a"), udp(OTHER, SERVER, b"bb"));
    let trace = track(&[a.clone(), udp(SERVER, CLIENT, b"a"), b, udp(SERVER, OTHER, b"bb"), a]);
    let server = trace.udp_sockets.iter().find(|socket| socket.local.port() == 5000).unwrap();
    let peers: Vec<_> = server.peers.iter().map(|peer| (peer.stream, peer.received.frames, peer.sent.frames)).collect();
    assert_eq!(peers, [(0, 2, 1), (1, 1, 1)]);
    assert_eq!((server.evidence, server.received().payload, server.sent().payload), (Evidence::Proved, 4, 3));
    assert_eq!(trace.sockets.ports()[0].to_string(), "UDP 5000: 1 socket, 2 peers");
}

#[test]
fn a_receiver_is_assumed_until_it_answers() {
    let trace = track(&[udp(CLIENT, SERVER, b"a")]);
    let states: Vec<_> = trace.sockets.sockets.iter().map(|row| (row.local.port, row.evidence)).collect();
    assert_eq!(states, [(40_000, Evidence::Proved), (5000, Evidence::Assumed)]);
}

#[test]
fn an_icmp_error_refutes_the_socket_and_names_the_datagram_that_drew_it() {
    let first = udp(CLIENT, SERVER, b"a");
    let second = udp(CLIENT, SERVER, b"b");
    let trace = track(&[first, second.clone(), port_unreachable(&second)]);
    let (client, server) = (&trace.udp_sockets[0], &trace.udp_sockets[1]);
    let error = client.peers[0].unreachable.unwrap();
    assert_eq!((error.frame, error.datagram), (3, Some(2)));
    assert_eq!(server.refuted, Some(error));
    assert_eq!(trace.sockets.sockets[1].state, SocketState::Closed);
    assert_eq!(trace.conversations.len(), 1, "the quoted header belongs to no conversation of its own");
}

#[test]
fn a_server_that_answers_later_is_there() {
    let request = udp(CLIENT, SERVER, b"a");
    let trace = track(&[request.clone(), port_unreachable(&request), request, udp(SERVER, CLIENT, b"a")]);
    assert_eq!(trace.udp_sockets[1].refuted, None);
    assert_eq!(trace.sockets.sockets[1].state, SocketState::Unconn);
}

#[test]
fn nobody_is_invented_behind_a_group_address() {
    let trace = track(&[udp(CLIENT, ([224, 0, 0, 251], 5353), b"?"), udp(CLIENT, ([255, 255, 255, 255], 67), b"?")]);
    assert_eq!(trace.udp_sockets.iter().map(|socket| socket.local.port()).collect::<Vec<_>>(), [40_000]);
    assert_eq!(trace.conversations.len(), 2);
}

#[test]
fn a_quoted_header_takes_a_stream_number() {
    let (never_seen, seen) = (udp(CLIENT, ([10, 0, 0, 7], 7), b"a"), udp(CLIENT, SERVER, b"a"));
    let trace = track(&[port_unreachable(&never_seen), seen]);
    assert_eq!(trace.conversations.iter().map(|row| row.id.number).collect::<Vec<_>>(), [1]);
}

/// A datagram counts once, in the frame that completes it, whatever the order of its fragments.
#[test]
fn fragments_in_any_order_are_one_datagram() {
    let packet = udp(CLIENT, SERVER, &[7; 3000]);
    let pieces = fragments(&packet, &[0, 1480, 2960]);
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]] {
        let trace = track(&order.map(|place: usize| pieces[place].clone()));
        let [row] = trace.conversations.as_slice() else { panic!("{order:?}: {:?}", trace.conversations) };
        assert_eq!((row.first_frame, row.a_to_b.frames, row.a_to_b.payload), (3, 1, 3000), "{order:?}");
        assert_eq!(trace.survey.checksum_good.frames, 1, "{order:?}");
        assert!(trace.notes.is_empty(), "{:?}", trace.notes);
    }
}

#[test]
fn a_fragment_that_comes_twice_is_told_and_changes_nothing() {
    let packet = udp(CLIENT, SERVER, &[7; 3000]);
    let pieces = fragments(&packet, &[0, 1480, 2960]);
    let trace = track(&[pieces[0].clone(), pieces[0].clone(), pieces[1].clone(), pieces[2].clone()]);
    assert_eq!(trace.conversations[0].a_to_b.payload, 3000);
    assert!(trace.notes.iter().any(|note| note.oddity == Oddity::FragmentOverlap && note.frame == 4));
}

#[test]
fn fragments_that_never_complete_belong_to_no_conversation() {
    let packet = udp(CLIENT, SERVER, &[7; 3000]);
    let trace = track(&fragments(&packet, &[0, 1480, 2960])[..2]);
    assert!(trace.conversations.is_empty());
    assert_eq!(trace.survey.fragments.frames, 2);
}

#[test]
fn what_waits_is_bounded_and_given_up_aloud() {
    let limits = Limits { fragment_datagrams: 10, ..Limits::default() };
    let packets: Vec<Vec<u8>> =
        (0..30_u8).map(|number| fragments(&udp(([10, 0, 1, number], 1), SERVER, &[7; 3000]), &[0, 1480]).remove(0)).collect();
    let trace = track_within(limits, &packets);
    assert_eq!(trace.overflow.fragments, 20);
    assert_eq!(trace.notes.iter().filter(|note| note.oddity == Oddity::FragmentGivenUp).count(), 20);
}

#[test]
fn conversations_beyond_the_limit_are_counted() {
    let limits = Limits { conversations: 3, connections: 3, udp_peers: 2, notes: 0, ..Limits::default() };
    let packets: Vec<Vec<u8>> = (0..5_u8).map(|number| udp(([10, 0, 1, number], 1), SERVER, b"a")).collect();
    let trace = track_within(limits, &packets);
    assert_eq!((trace.conversations.len(), trace.overflow.conversation_packets, trace.overflow.udp_datagrams), (3, 2, 1));
    assert!(trace.overflow.any());
}

/// The same packet on two interfaces within a millisecond is a copy; later, or with another identification, it is not.
#[test]
fn copies_are_told_from_repetitions() {
    let octets = udp(CLIENT, SERVER, b"a");
    let copies = |interface: u32, microseconds: u32| {
        let first = Made { time: Timestamp::new(1_700_000_000, 0), octets: octets.clone() };
        let second = Made { time: Timestamp::new(1_700_000_000, microseconds * 1000), octets: octets.clone() };
        let mut tracker = Tracker::new(Limits::default());
        tracker.push(&decode::packet(&frame(1, &first)));
        let second = Frame { interface: InterfaceId(interface), ..frame(2, &second) };
        tracker.push(&decode::packet(&second));
        tracker.finish().notes.iter().map(|note| note.oddity).collect::<Vec<_>>()
    };
    assert_eq!(copies(1, 500), [Oddity::CopyOf(1)]);
    assert_eq!(copies(1, 2000), []);
    assert_eq!(copies(0, 500), [], "identification 0 tells nothing on one interface");
}

#[test]
fn udp_and_tcp_count_their_streams_apart() {
    let mut segment = Vec::new();
    PacketBuilder::ipv4(CLIENT.0, SERVER.0, 64).tcp(CLIENT.1, SERVER.1, 1, 100).syn().write(&mut segment, &[]).unwrap();
    let trace = track(&[udp(CLIENT, SERVER, b"a"), segment]);
    let ids: Vec<_> = trace.conversations.iter().map(|row| (row.id.protocol, row.id.number)).collect();
    assert_eq!(ids, [(Protocol::Udp, 0), (Protocol::Tcp, 0)]);
}
