//! Steps become frames: numbers, windows and identifications go on as a script's lines do.
//!
//! Both ends are told of what arrives, and of nothing else: acknowledgments stand still behind a segment that is lost,
//! and jump when it comes again.

use std::net::{IpAddr, SocketAddr};

use super::script::{
    Act, Fate, Fault, Flow, Fragments, Load, Packet, Payload, Protocol, Script, Segment, Sender, Step, Unreachable,
};
use super::wire::{self, Ip, Piece, Tcp};
use crate::capture::{ByteOrder, Frame, InterfaceId, LinkType, Timestamp};
use crate::decode::tcp::Flags;

/// When the first script began, in seconds since the Unix epoch: 14 November 2023, 22:13:20 UTC.
const BEGIN: i64 = 1_700_000_000;

/// Time a frame takes, in microseconds.
const FRAME: i64 = 1000;

/// Time after which a copy is captured, in microseconds.
const COPY: i64 = 10;

/// Window of an end that was told of none.
const WINDOW: u16 = 8192;

/// Hop limit of a packet that was told of none.
const HOP_LIMIT: u8 = 64;

/// A frame made by a script.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Made {
    /// When it is captured.
    pub time: Timestamp,
    /// The interface it is captured on.
    pub interface: InterfaceId,
    /// The whole frame, from its Ethernet header on.
    pub octets: Vec<u8>,
    /// The remark on its line, as a pcapng comment.
    options: Vec<u8>,
}

impl Made {
    /// The frame as a reader of the file would deliver it.
    pub fn frame(&self, number: u64) -> Frame<'_> {
        let microseconds = self.time.seconds() * 1_000_000 + i64::from(self.time.nanoseconds() / 1000);
        Frame {
            number,
            timestamp: Some(self.time),
            ticks: microseconds.unsigned_abs(),
            interface: self.interface,
            link_type: LinkType::ETHERNET,
            original_len: self.octets.len() as u32,
            octets: &self.octets,
            file_offset: 0,
            options: &self.options,
            byte_order: ByteOrder::Little,
        }
    }
}

/// The frames of a script, in order.
pub fn frames(script: &Script) -> Vec<Made> {
    let mut stage = Stage { microseconds: 0, flows: vec![Talk::new(Flow::default())], made: Vec::new() };
    for step in &script.steps {
        stage.play(step);
    }
    stage.made
}

/// Where a script is played.
struct Stage {
    /// Since the script began.
    microseconds: i64,
    flows: Vec<Talk>,
    made: Vec<Made>,
}

impl Stage {
    fn play(&mut self, step: &Step) {
        match &step.act {
            Act::Begin(number, flow) => {
                self.flows.splice(*number..self.flows.len().min(number + 1), [Talk::new(*flow)]).for_each(drop)
            }
            Act::Wait(microseconds) => self.microseconds += microseconds,
            Act::Copy { interface, hop_limit } => self.copy(*interface, *hop_limit, &step.remark),
            Act::Send(packet) => self.send(packet, &step.remark),
        }
    }

    fn copy(&mut self, interface: u32, hop_limit: Option<u8>, remark: &str) {
        let Some(mut octets) = self.made.last().map(|made| made.octets.clone()) else { return };
        if let Some(hop_limit) = hop_limit {
            wire::with_hop_limit(&mut octets, hop_limit);
        }
        self.microseconds += COPY;
        self.capture(interface, octets, remark);
    }

    fn send(&mut self, packet: &Packet, remark: &str) {
        let now = self.microseconds + FRAME;
        let Some(talk) = self.flows.get_mut(packet.flow) else { return };
        let (ip, payload) = talk.say(packet, (now / 1000) as u32);
        let fault = packet.network.fault == Some(Fault::HeaderChecksum);
        let cut = packet.network.fragments.as_ref().map_or_else(|| vec![(None, &payload[..])], |cut| pieces(cut, &payload));
        for (piece, payload) in cut {
            self.microseconds += FRAME;
            if packet.network.fate != Fate::Uncaptured {
                let octets = wire::ethernet(&ip, &wire::ip_packet(&ip, piece, payload, fault));
                self.capture(packet.network.interface, octets, remark);
            }
        }
    }

    fn capture(&mut self, interface: u32, octets: Vec<u8>, remark: &str) {
        let (seconds, rest) = (self.microseconds.div_euclid(1_000_000), self.microseconds.rem_euclid(1_000_000));
        let time = Timestamp::new(BEGIN + seconds, rest as u32 * 1000);
        self.made.push(Made { time, interface: InterfaceId(interface), octets, options: comment(remark) });
    }
}

/// The chosen fragments of an IP payload.
fn pieces<'p>(cut: &Fragments, payload: &'p [u8]) -> Vec<(Option<Piece>, &'p [u8])> {
    let chunks: Vec<&[u8]> = payload.chunks(usize::from(cut.size)).collect();
    let all: Vec<usize> = (1..=chunks.len()).collect();
    let chosen = if cut.only.is_empty() { &all } else { &cut.only };
    let piece = |number: &usize| {
        let offset = (number - 1) as u16 * cut.size;
        Some((Some(Piece { offset, more: *number < chunks.len() }), *chunks.get(number - 1)?))
    };
    chosen.iter().filter_map(piece).collect()
}

/// A pcapng comment with its end, or nothing.
fn comment(remark: &str) -> Vec<u8> {
    if remark.is_empty() {
        return Vec::new();
    }
    let mut octets = vec![1, 0];
    octets.extend((remark.len() as u16).to_le_bytes());
    octets.extend(remark.as_bytes());
    octets.resize(octets.len().next_multiple_of(4), 0);
    octets.extend([0; 4]);
    octets
}

/// A flow being played.
struct Talk {
    flow: Flow,
    ends: [End; 2],
}

/// One end of it; numbers are counted from its initial one.
#[derive(Default)]
struct End {
    /// The number after what it sent.
    next: u32,
    /// The number before which everything of the other end arrived.
    arrived: u32,
    /// Begins and ends of what arrived beyond that.
    waiting: Vec<(u32, u32)>,
    window: Option<u16>,
    /// Its segments carry timestamps.
    timestamps: bool,
    /// The last timestamp that arrived.
    stamp: u32,
    /// Packets it sent.
    packets: u16,
    /// The last packet it sent, from its IP header on.
    last: Vec<u8>,
}

impl Talk {
    fn new(flow: Flow) -> Self {
        Self { flow, ends: [End::default(), End::default()] }
    }

    /// What an end sends: the IP header's facts and the payload behind it.
    fn say(&mut self, packet: &Packet, milliseconds: u32) -> (Ip, Vec<u8>) {
        let [from, to] = match packet.sender {
            Sender::Initiator => self.flow.ends,
            Sender::Responder => [self.flow.ends[1], self.flow.ends[0]],
        };
        let ip = self.network(packet, from, to);
        let octets = match &packet.load {
            Load::Segment(segment) => self.segment(packet, segment, (from, to), milliseconds),
            Load::Datagram { payload, length } => {
                let payload = letters(payload, 0);
                let length = length.unwrap_or(8 + payload.len() as u16);
                [wire::udp([from.port(), to.port()], length), payload].concat()
            }
            Load::Unreachable { reason, router } => return self.unreachable(packet, *reason, *router, ip),
        };
        let octets = wire::sealed(octets, &ip, packet.network.fault == Some(Fault::Checksum));
        self.ends[packet.sender as usize].last = wire::ip_packet(&ip, None, &octets, false);
        (ip, octets)
    }

    fn network(&mut self, packet: &Packet, from: SocketAddr, to: SocketAddr) -> Ip {
        let end = &mut self.ends[packet.sender as usize];
        end.packets = end.packets.wrapping_add(1);
        Ip {
            source: from.ip(),
            destination: to.ip(),
            protocol: if self.flow.protocol == Protocol::Tcp { wire::TCP } else { wire::UDP },
            hop_limit: packet.network.hop_limit.unwrap_or(HOP_LIMIT),
            id: packet.network.id.unwrap_or(end.packets),
        }
    }

    /// An ICMP error about the last packet of the other end.
    fn unreachable(&self, packet: &Packet, reason: Unreachable, router: Option<IpAddr>, ip: Ip) -> (Ip, Vec<u8>) {
        let kind = match reason {
            Unreachable::Port => [(3, 3), (1, 4)],
            Unreachable::Host => [(3, 1), (1, 3)],
            Unreachable::Network => [(3, 0), (1, 0)],
            Unreachable::Filtered => [(3, 13), (1, 1)],
            Unreachable::TooBig => [(3, 4), (2, 0)],
        };
        let ip = Ip { source: router.unwrap_or(ip.source), ..ip };
        let (protocol, octets) = wire::icmp(kind, &self.ends[1 - packet.sender as usize].last, &ip);
        (Ip { protocol, ..ip }, octets)
    }

    fn segment(&mut self, packet: &Packet, segment: &Segment, ends: (SocketAddr, SocketAddr), milliseconds: u32) -> Vec<u8> {
        let (mine, theirs) = (packet.sender as usize, 1 - packet.sender as usize);
        let [initial, base] = [self.flow.initial[mine], self.flow.initial[theirs]];
        let end = &mut self.ends[mine];
        let sequence = segment.sequence.unwrap_or(end.next);
        let acknowledgment = segment.acknowledgment.unwrap_or(end.arrived);
        end.window = segment.window.or(end.window);
        end.timestamps |= segment.timestamps;
        let syn = u32::from(segment.flags.contains(Flags::SYN));
        let payload = letters(&segment.payload, sequence.wrapping_add(syn));
        let after = sequence + syn + payload.len() as u32 + u32::from(segment.flags.contains(Flags::FIN));
        if after > sequence {
            end.next = end.next.max(after);
        }
        let acknowledges = segment.flags.contains(Flags::ACK);
        let header = wire::tcp(&Tcp {
            ports: [ends.0.port(), ends.1.port()],
            sequence: initial.wrapping_add(sequence),
            acknowledgment: if acknowledges { base.wrapping_add(acknowledgment) } else { 0 },
            flags: segment.flags,
            window: end.window.unwrap_or(WINDOW),
            options: &end.options(segment, base, milliseconds),
        });
        let timestamps = end.timestamps;
        if packet.network.fate != Fate::Lost {
            self.ends[theirs].arrive(sequence, after, syn == 1);
            if timestamps {
                self.ends[theirs].stamp = milliseconds;
            }
        }
        [header, payload].concat()
    }
}

impl End {
    /// The options of a segment, filled up to a multiple of four.
    fn options(&self, segment: &Segment, base: u32, milliseconds: u32) -> Vec<u8> {
        let mut octets = Vec::new();
        for option in &segment.options {
            wire::tcp_option(option, base, &mut octets);
        }
        if self.timestamps {
            wire::timestamps(milliseconds, self.stamp, &mut octets);
        }
        octets.resize(octets.len().next_multiple_of(4), 1); // "No operation".
        octets
    }

    /// A segment of the other end arrives, which takes up the numbers before `after`.
    fn arrive(&mut self, sequence: u32, after: u32, syn: bool) {
        if syn && sequence > self.arrived {
            (self.arrived, self.waiting) = (sequence, Vec::new());
        }
        self.waiting.push((sequence, after));
        self.waiting.sort_unstable();
        for (begin, end) in &self.waiting {
            if *begin <= self.arrived {
                self.arrived = self.arrived.max(*end);
            }
        }
        self.waiting.retain(|(_, end)| *end > self.arrived);
    }
}

/// The octets of a payload that begins at this place of its stream.
fn letters(payload: &Payload, place: u32) -> Vec<u8> {
    match payload {
        Payload::Letters(len) => (0..u32::from(*len)).map(|at| b'a' + (place.wrapping_add(at) % 26) as u8).collect(),
        Payload::Text(text) => text.as_bytes().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::checksum::{self, Verdict};
    use crate::decode::{self, Transport};

    fn made(script: &str) -> Vec<Made> {
        frames(&Script::parse(script).unwrap_or_else(|error| panic!("{error}")))
    }

    /// `flags seq ack payload` of each segment.
    fn segments(script: &str) -> Vec<String> {
        let line = |(number, made): (u64, &Made)| {
            let frame = made.frame(number);
            let packet = decode::packet(&frame);
            assert!(matches!(checksum::transport(&packet), Some(Verdict::Good)), "frame {number}");
            let segment = packet.tcp().unwrap();
            format!("{} {} {} {}", segment.flags, segment.sequence.0, segment.acknowledgment.0, segment.payload.len())
        };
        (1..).zip(&made(script)).map(line).collect()
    }

    #[test]
    fn numbers_follow_the_script() {
        assert_eq!(
            segments("> S\n< SA\n> data 5\n< A\n> FA"),
            ["SYN 1000 0 0", "SYN, ACK 5000 1001 0", "PSH, ACK 1001 5001 5", "ACK 5001 1006 0", "FIN, ACK 1006 5001 0"]
        );
    }

    #[test]
    fn acknowledgments_stand_still_behind_a_gap() {
        let script = "> S\n< SA\n> data 10 lost\n> data 10\n< A\n> data 10 uncaptured\n< A\n> data 10 seq=1\n< A";
        let acks: Vec<String> = segments(script).into_iter().filter(|line| line.starts_with("ACK")).collect();
        assert_eq!(acks, ["ACK 5001 1001 0", "ACK 5001 1001 0", "ACK 5001 1031 0"]);
    }

    #[test]
    fn frames_are_a_millisecond_apart_and_the_clock_may_step_back() {
        let times: Vec<String> = made("> S\n+0.5\n< SA\n-10\n> A\ncopy").iter().map(|made| made.time.to_string()).collect();
        let expected = ["1700000000.001000000", "1700000000.002500000", "1699999999.993500000", "1699999999.993510000"];
        assert_eq!(times, expected);
    }

    #[test]
    fn faults_are_what_they_say() {
        for (script, transport, header) in [
            ("> S badsum", Verdict::Bad, Verdict::Good),
            ("> S badipsum", Verdict::Good, Verdict::Bad),
            ("tcp [fd00::1]:1 [fd00::2]:2\n> S badsum", Verdict::Bad, Verdict::Absent),
        ] {
            let made = made(script).remove(0);
            let frame = made.frame(1);
            let packet = decode::packet(&frame);
            assert_eq!(checksum::transport(&packet), Some(transport), "{script}");
            assert_eq!(checksum::ip_header(packet.ip().unwrap()), header, "{script}");
        }
    }

    #[test]
    fn errors_quote_the_last_packet_of_the_other_side() {
        for ends in ["10.0.0.1:9 10.0.0.2:53", "[fd00::1]:9 [fd00::2]:53"] {
            let made = made(&format!("udp u {ends}\nu> data 4\nu< unreachable port"));
            let frame = made[1].frame(2);
            let packet = decode::packet(&frame);
            assert_eq!(checksum::transport(&packet), Some(Verdict::Good));
            let Some(Transport::Icmp(message)) = packet.transport else { panic!("{packet:?}") };
            assert_eq!(message.quoted().unwrap().ports, Some((9, 53)));
        }
    }

    #[test]
    fn fragments_are_cut_and_chosen() {
        let offsets = |script: &str| {
            let fragment = |made: &Made| {
                let frame = made.frame(1);
                let fragment = decode::packet(&frame).ip().and_then(|ip| ip.fragment).unwrap();
                (fragment.offset, fragment.more)
            };
            made(script).iter().map(fragment).collect::<Vec<_>>()
        };
        let begin = "udp u 10.0.0.1:9 10.0.0.2:53\nudp v [fd00::1]:9 [fd00::2]:53\n";
        assert_eq!(offsets(&format!("{begin}u> data 20 fragments=16")), [(0, true), (16, false)]);
        assert_eq!(offsets(&format!("{begin}v> data 20 fragments=16 only=2,1")), [(16, false), (0, true)]);
    }
}
