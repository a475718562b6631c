//! A capture that does not end: what is of no more use is forgotten, counted, and missed by nobody.
//!
//! Time is the capture's, so that minutes take no longer than their packets do. A whole day of the live loop, and how its
//! memory goes, is beside that loop: `src/cli/live/day.rs`.

#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

mod support;

use std::net::Ipv4Addr;
use std::ops::AddAssign;

use etherparse::PacketBuilder;
use sockscope::capture::Timestamp;
use sockscope::decode;
use sockscope::track::{Aging, FlowId, Limits, Overflow, Protocol, SocketState, Tracker};
use support::script::{Made, frame};

const SERVER: [u8; 4] = [192, 0, 2, 1];
const HTTP: u16 = 80;
const DNS: u16 = 53;

/// Of each second; together with what else there is, a thousand packets.
const CONNECTIONS: u64 = 105;
const EXCHANGES: u64 = 131;

/// A tracker, and the clock that stamps its packets.
struct Day {
    tracker: Tracker,
    packets: u64,
    second: i64,
    microsecond: u32,
    clients: u64,
    /// The most that was remembered at once.
    most: Most,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Most {
    connections: usize,
    udp_sockets: usize,
}

impl AddAssign<&Tracker> for Most {
    fn add_assign(&mut self, tracker: &Tracker) {
        self.connections = self.connections.max(tracker.connections().len());
        self.udp_sockets = self.udp_sockets.max(tracker.udp_sockets().len());
    }
}

impl Day {
    fn new() -> Self {
        let tracker = Tracker::new(Limits::live()).forgetting(Aging::default());
        Self { tracker, packets: 0, second: 0, microsecond: 0, clients: 0, most: Most::default() }
    }

    fn push(&mut self, octets: Vec<u8>) {
        self.packets += 1;
        self.microsecond += 1;
        let made = Made { time: Timestamp::new(1_800_000_000 + self.second, self.microsecond * 1000), octets };
        self.tracker.push(&decode::packet(&frame(self.packets, &made)));
    }

    /// An address and port that nobody had for many hours.
    fn client(&mut self) -> ([u8; 4], u16) {
        self.clients += 1;
        let address = 0x0a00_0000 + (self.clients / 20_000) as u32;
        (Ipv4Addr::from(address).octets(), 40_000 + (self.clients % 20_000) as u16)
    }

    /// A connection that opens, asks, is answered and closes, or one that nobody answers: seven segments at most.
    fn connect(&mut self, answered: bool) {
        let (address, port) = self.client();
        let from_client = |sequence| PacketBuilder::ipv4(address, SERVER, 64).tcp(port, HTTP, sequence, 9000);
        let from_server = |sequence| PacketBuilder::ipv4(SERVER, address, 64).tcp(HTTP, port, sequence, 9000);
        self.push(written(from_client(0).syn(), b""));
        if answered {
            self.push(written(from_server(0).syn().ack(1), b""));
            self.push(written(from_client(1).ack(1), b"GET"));
            self.push(written(from_server(1).ack(4), b"200"));
            self.push(written(from_client(4).fin().ack(4), b""));
            self.push(written(from_server(4).fin().ack(5), b""));
            self.push(written(from_client(5).ack(5), b""));
        }
    }

    /// A datagram and its answer.
    fn exchange(&mut self) {
        let (address, port) = self.client();
        for (from, to, ports) in [(address, SERVER, (port, DNS)), (SERVER, address, (DNS, port))] {
            let builder = PacketBuilder::ipv4(from, to, 64).udp(ports.0, ports.1);
            let mut octets = Vec::with_capacity(builder.size(4));
            builder.write(&mut octets, b"name").unwrap();
            self.push(octets);
        }
    }

    /// A connection that says something once a minute.
    fn keep_one_open(&mut self) {
        let sequence = (self.second / 60) as u32;
        let builder = PacketBuilder::ipv4([10, 9, 9, 9], SERVER, 64).tcp(39_999, 22, 1 + sequence, 9000);
        self.push(written(builder.ack(1), b"."));
    }

    fn pass(&mut self, seconds: i64) {
        for _ in 0..seconds {
            if self.second % 60 == 0 {
                self.keep_one_open();
            }
            (0..CONNECTIONS).for_each(|_| self.connect(true));
            (0..EXCHANGES).for_each(|_| self.exchange());
            self.connect(false);
            self.most += &self.tracker;
            self.second += 1;
            self.microsecond = 0;
        }
    }

    /// Everything is remembered or counted, and no more than twice of what is of use.
    fn check(self) {
        let seconds = self.second as u64;
        let aging = Aging::default();
        let of_use = |a_second: u64, patience: i64| 2 * (a_second * (patience as u64 + 1)) as usize;
        let bound = of_use(CONNECTIONS + 1, aging.over.as_secs()) + of_use(EXCHANGES, aging.idle_exchange.as_secs());
        assert!(self.most.connections + self.most.udp_sockets <= bound, "{:?}, not {bound}", self.most);
        let first = FlowId { protocol: Protocol::Tcp, number: 0 };
        assert!(self.tracker.flows().any(|flow| flow == first), "the connection that stayed open");
        let trace = self.tracker.finish();
        assert_eq!(trace.overflow, Overflow::default());
        let (connections, forgotten) = (trace.connections.len() as u64, trace.forgotten);
        assert_eq!(connections + forgotten.connections, 1 + seconds * (CONNECTIONS + 1));
        let lasting = &trace.connections[0];
        assert_eq!((lasting.id.number, lasting.first_frame), (0, 1));
        assert_eq!(lasting.ends.initiator.sent.frames, seconds.div_ceil(60));
        let server = trace.udp_sockets.iter().find(|socket| socket.local.port() == DNS).unwrap();
        assert_eq!(server.peers.len() as u64 + server.past.peers, seconds * EXCHANGES);
        assert_eq!(server.past.peers, forgotten.exchanges);
        assert_eq!(server.received().frames, seconds * EXCHANGES);
        assert_eq!(server.sent().payload, 4 * seconds * EXCHANGES);
        let last = trace.connections.last().unwrap().id.number;
        assert_eq!(u64::from(last), seconds * (CONNECTIONS + 1), "stream numbers go on");
    }
}

fn written(builder: etherparse::PacketBuilderStep<etherparse::TcpHeader>, payload: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(builder.size(payload.len()));
    builder.write(&mut octets, payload).unwrap();
    octets
}

#[test]
fn ten_minutes_are_forgotten_as_they_age() {
    let mut day = Day::new();
    day.pass(600);
    assert!(day.tracker.forgotten().any());
    day.check();
}

#[test]
fn a_listener_outlives_its_clients() {
    let mut day = Day::new();
    day.pass(1);
    day.second += 1000;
    (0..40).for_each(|_| (0..131).for_each(|_| day.exchange()));
    let sockets = day.tracker.sockets().sockets;
    let listener = sockets.iter().find(|socket| socket.state == SocketState::Listen).unwrap();
    assert_eq!((listener.local.port, listener.children.len()), (HTTP, 1), "with the newest of its clients");
}
