//! A day of a live capture in less than that: the loop itself, with a source whose clock is that of its packets, and a
//! kernel that knows sockets which no packet shows.
//!
//! A thousand packets a second: connections that open, ask, are answered and close, some that nobody answers, one that
//! stays open, and exchanges of datagrams. What is remembered is to be bounded by what is of use, however long it goes on.
//! `cargo test --release day -- --ignored --nocapture` takes the whole day, and prints how memory goes.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::net::Ipv4Addr;
use std::rc::Rc;

use etherparse::{PacketBuilder, PacketBuilderStep, TcpHeader};
use jiff::SignedDuration;
use sockscope::capture::kernel::{KernelSocket, KernelState, Sample, Transport};
use sockscope::capture::{
    ByteOrder, Description, Error, Format, Frame, Interface, InterfaceId, LinkType, Next, Section, Source, Statistics, Timestamp,
};

use super::super::failure::Failure;
use super::super::selection::Selection;
use super::bounds::{Bounds, Signals};
use super::recording::Recording;
use super::watch::{Asked, Audience, Seen, Sight, Watch};
use super::witness::Witness;

const SERVER: [u8; 4] = [192, 0, 2, 1];

/// How much comes in a second, beside a connection that nobody answers.
#[derive(Clone, Copy)]
struct Rate {
    connections: u64,
    exchanges: u64,
}

/// A thousand packets, and a hundred: the same in less time.
const FULL: Rate = Rate { connections: 105, exchanges: 131 };
const TENTH: Rate = Rate { connections: 10, exchanges: 14 };

/// Sockets of a sample that no packet shows, every time others: at once more than are told one by one.
const STRANGERS: u32 = 12_000;

/// Seconds between two looks at memory.
const MINUTE: u64 = 60;

/// When the day begins.
const DAWN: i64 = 1_800_000_000;

/// Packets, and the clock that stamps them.
struct Day {
    description: Description,
    rate: Rate,
    packets: VecDeque<Vec<u8>>,
    /// The packet that is out.
    packet: Vec<u8>,
    number: u64,
    seconds: u64,
    last: u64,
    clients: u64,
    now: Rc<Cell<Timestamp>>,
    /// Octets of memory, minute by minute.
    memory: Vec<u64>,
}

impl Day {
    fn new(seconds: u64, rate: Rate) -> Self {
        let mut description = Description::new(Format::Pcapng);
        description.sections.push(Section::new(ByteOrder::Little));
        description.interfaces.push(Interface::new(InterfaceId(0), 0, LinkType::IPV4));
        Self {
            description,
            rate,
            packets: VecDeque::new(),
            packet: Vec::new(),
            number: 0,
            seconds: 0,
            last: seconds,
            clients: 0,
            now: Rc::new(Cell::new(Timestamp::new(DAWN, 0))),
            memory: Vec::new(),
        }
    }

    /// An address and port that nobody had for many hours.
    fn client(&mut self) -> ([u8; 4], u16) {
        self.clients += 1;
        let address = 0x0a00_0000 + (self.clients / 20_000) as u32;
        (Ipv4Addr::from(address).octets(), 40_000 + (self.clients % 20_000) as u16)
    }

    fn fill(&mut self) {
        if self.seconds.is_multiple_of(MINUTE) {
            self.memory.push(resident_octets());
            let from = PacketBuilder::ipv4([10, 9, 9, 9], SERVER, 64).tcp(39_999, 22, 1 + (self.seconds / MINUTE) as u32, 9000);
            self.packets.push_back(written(from.ack(1), b"."));
        }
        (0..self.rate.connections).for_each(|_| self.connect(true));
        (0..self.rate.exchanges).for_each(|_| self.exchange());
        self.connect(false);
        self.seconds += 1;
    }

    /// Seven segments, or one that nobody answers.
    fn connect(&mut self, answered: bool) {
        let (address, port) = self.client();
        let from_client = |sequence| PacketBuilder::ipv4(address, SERVER, 64).tcp(port, 80, sequence, 9000);
        let from_server = |sequence| PacketBuilder::ipv4(SERVER, address, 64).tcp(80, port, sequence, 9000);
        self.packets.push_back(written(from_client(0).syn(), b""));
        if answered {
            self.packets.extend([
                written(from_server(0).syn().ack(1), b""),
                written(from_client(1).ack(1), b"GET"),
                written(from_server(1).ack(4), b"200"),
                written(from_client(4).fin().ack(4), b""),
                written(from_server(4).fin().ack(5), b""),
                written(from_client(5).ack(5), b""),
            ]);
        }
    }

    /// A datagram and its answer.
    fn exchange(&mut self) {
        let (address, port) = self.client();
        for (from, to, ports) in [(address, SERVER, (port, 53)), (SERVER, address, (53, port))] {
            let mut octets = Vec::new();
            PacketBuilder::ipv4(from, to, 64).udp(ports.0, ports.1).write(&mut octets, b"name").unwrap();
            self.packets.push_back(octets);
        }
    }
}

fn written(builder: PacketBuilderStep<TcpHeader>, payload: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    builder.write(&mut octets, payload).unwrap();
    octets
}

impl Source for Day {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        let Some(packet) = self.packets.pop_front() else {
            if self.seconds == self.last {
                return Ok(Next::End);
            }
            self.fill();
            self.now.set(Timestamp::new(DAWN + self.seconds as i64, 0));
            return Ok(Next::Idle(self.now.get()));
        };
        self.packet = packet;
        self.number += 1;
        self.now.set(self.now.get().after(SignedDuration::from_micros(900)).unwrap());
        Ok(Next::Frame(Frame {
            number: self.number,
            timestamp: Some(self.now.get()),
            ticks: 0,
            interface: InterfaceId(0),
            link_type: LinkType::IPV4,
            original_len: self.packet.len() as u32,
            octets: &self.packet,
            file_offset: 0,
            options: &[],
            byte_order: ByteOrder::Little,
        }))
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn consumed(&self) -> u64 {
        0
    }
}

/// Nobody looks.
struct Nobody;

impl Audience for Nobody {
    fn see(&mut self, _: Sight<'_>) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, _: &mut Seen) -> Result<(), Failure> {
        Ok(())
    }
}

/// Sockets of this host that no packet shows.
fn strangers(now: &Cell<Timestamp>, sample: &mut u32) -> Sample {
    *sample += 1;
    let stranger = |number: u32| KernelSocket {
        transport: Transport::Tcp,
        local: (Ipv4Addr::from(0x7f00_0000 | (*sample % 0xffff)), 1 + number as u16).into(),
        remote: ([127, 0, 0, 1], 9).into(),
        state: KernelState::Established,
        receive_queue: 0,
        send_queue: 0,
        uid: 0,
        inode: 1,
    };
    let sockets = (0..STRANGERS).map(stranger).collect();
    Sample { before: now.get(), after: now.get(), addresses: vec![SERVER.into()], sockets }
}

/// Memory of this process; 0 where the system does not tell.
fn resident_octets() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

/// Lets so many minutes pass; memory grows no more once half of them did.
fn pass(minutes: u64, rate: Rate) {
    let mut day = Day::new(minutes * MINUTE, rate);
    let (now, mut samples) = (Rc::clone(&day.now), 0);
    let kernel = Box::new(move || Ok(strangers(&now, &mut samples)));
    let witness = Some(Witness::of(kernel, SignedDuration::from_millis(1), false));
    let bounds = Bounds::new(None, None, Timestamp::new(DAWN, 0), Signals::silent());
    let selection = Selection::of_live(Some("udp")).unwrap();
    let mut watch = Watch::new(selection, bounds, Asked { witness, census: None });
    let description = day.description.clone();
    let watched = watch.run((&mut day, |_| Statistics::default()), &mut Recording::none(&description), &mut Nobody);
    assert!(watched.is_ok(), "{watched:?}");
    let seen = watch.finish(0);
    let account = seen.account.unwrap();
    println!("{} packets; {} samples; megabytes by the minute:", day.number, account.samples);
    println!("{:?}", day.memory.iter().map(|octets| octets / 1_000_000).collect::<Vec<_>>());
    assert!(account.samples > 0 && account.late == 0, "{account:?}");
    let connections = seen.trace.connections.len() as u64 + seen.trace.forgotten.connections;
    assert!(seen.trace.forgotten.any() && connections <= 1 + minutes * MINUTE * (rate.connections + 1));
    let (first, second) = day.memory.split_at(day.memory.len() / 2);
    let most = |part: &[u64]| part.iter().max().copied().unwrap_or(0);
    assert!(most(second) <= most(first) + most(first) / 10, "{:?}", day.memory);
}

#[test]
fn an_hour_keeps_memory_flat() {
    pass(60, TENTH);
}

#[test]
#[ignore = "takes minutes: a whole day of a thousand packets a second"]
fn a_day_keeps_memory_flat() {
    pass(24 * 60, FULL);
}
