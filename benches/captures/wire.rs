//! A planned frame as octets: link, IP and TCP or UDP headers, payload, padding.

use crate::checksum::{fold, sum};
use crate::flow::{Address, Flow, Options, Planned, SYN, Segment, Transport};
use crate::payload::Payloads;
use crate::plan::{Link, Plan};
use crate::rng::Rng;
use crate::side::Side;
use crate::time::{MILLISECOND, Nanoseconds};

const TCP: u8 = 6;
const UDP: u8 = 17;

/// What a receiver pads Ethernet frames to, check sequence not counted.
const SHORTEST_ETHERNET_FRAME: usize = 60;

/// Writes frames into buffers that it uses again.
pub(crate) struct Wire<'a> {
    plan: &'a Plan,
    payloads: Payloads,
    /// Transport header and payload.
    segment: Vec<u8>,
    frame: Vec<u8>,
}

impl<'a> Wire<'a> {
    pub(crate) fn new(plan: &'a Plan, rng: &mut Rng) -> Self {
        let payloads = Payloads::new(rng);
        Self { plan, payloads, segment: Vec::new(), frame: Vec::new() }
    }

    /// The whole frame; the flow keeps what the next one needs of it, timestamp and identification.
    pub(crate) fn frame(&mut self, flow: &mut Flow, planned: &Planned) -> &[u8] {
        self.segment.clear();
        self.append_transport_header(flow, planned);
        self.payloads.append(flow.tuple.service, planned, &mut self.segment);

        self.frame.clear();
        append_link_header(self.plan, flow, planned.sender, &mut self.frame);
        let pseudo_header = self.append_network_header(flow, planned.sender);
        self.set_checksum(flow.transport, planned.sender, pseudo_header);
        self.frame.extend_from_slice(&self.segment);
        self.pad(planned.sender);
        &self.frame
    }

    fn append_transport_header(&mut self, flow: &mut Flow, planned: &Planned) {
        let octets = &mut self.segment;
        let ports = flow.tuple.addresses;
        octets.extend(ports[planned.sender].port.to_be_bytes());
        octets.extend(ports[planned.sender.other()].port.to_be_bytes());
        match planned.segment {
            Some(segment) => append_tcp(flow, planned, segment, octets),
            None => {
                octets.extend((8 + planned.length as u16).to_be_bytes());
                octets.extend([0; 2]);
            }
        }
    }

    /// Returns the sum of the pseudo-header.
    fn append_network_header(&mut self, flow: &mut Flow, sender: Side) -> u64 {
        let protocol = match flow.transport {
            Transport::Tcp => TCP,
            Transport::Udp => UDP,
        };
        let packet = Packet {
            protocol,
            from: flow.tuple.addresses[sender],
            to: flow.tuple.addresses[sender.other()],
            length: self.segment.len(),
        };
        let addresses = if flow.tuple.v6 {
            append_ipv6(packet, self.plan.is_loopback(), &mut self.frame)
        } else {
            let here = sender == Side::Client || self.plan.is_loopback();
            let identification = &mut flow.ends[sender].identification;
            let header = Ipv4 { packet, identification: *identification, hops: if here { 0 } else { 7 } };
            *identification = identification.wrapping_add(1);
            append_ipv4(header, &mut self.frame)
        };
        u64::from(protocol) + self.segment.len() as u64 + addresses
    }

    /// Fills in the transport checksum, or what stands there while the network card has yet to do it.
    fn set_checksum(&mut self, transport: Transport, sender: Side, pseudo_header: u64) {
        let sent_here = sender == Side::Client || self.plan.is_loopback();
        let checksum = if self.plan.offload_checksums && sent_here {
            fold(pseudo_header)
        } else {
            match (transport, !fold(pseudo_header + sum(&self.segment))) {
                // 0 would say that there is none (RFC 768).
                (Transport::Udp, 0) => 0xffff,
                (_, checksum) => checksum,
            }
        };
        let at = match transport {
            Transport::Tcp => 16,
            Transport::Udp => 6,
        };
        self.segment[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
    }

    /// Frames from the network have been padded by their sender; those sent here are not yet.
    fn pad(&mut self, sender: Side) {
        let received = sender == Side::Server && !self.plan.is_loopback();
        if self.plan.link == Link::Ethernet && received {
            self.frame.resize(self.frame.len().max(SHORTEST_ETHERNET_FRAME), 0);
        }
    }
}

fn append_link_header(plan: &Plan, flow: &Flow, sender: Side, octets: &mut Vec<u8>) {
    const CLIENT: [u8; 6] = [2, 0, 0, 0, 0, 2];
    const SERVER: [u8; 6] = [2, 0, 0, 0, 0, 1];
    let ether_type: u16 = if flow.tuple.v6 { 0x86dd } else { 0x0800 };
    match plan.link {
        Link::Raw => {}
        // AF_INET, and macOS's AF_INET6.
        Link::Null => octets.extend(if flow.tuple.v6 { 30_u32 } else { 2 }.to_le_bytes()),
        Link::Ethernet => {
            let (destination, source) = match sender {
                _ if plan.is_loopback() => ([0; 6], [0; 6]),
                Side::Client => (SERVER, CLIENT),
                Side::Server => (CLIENT, SERVER),
            };
            octets.extend(destination);
            octets.extend(source);
            octets.extend(ether_type.to_be_bytes());
        }
        Link::Sll2 => {
            const INTERFACE: u32 = 1;
            let hardware: u16 = if plan.is_loopback() { 772 } else { 1 };
            let (to_us, from_us) = (0, 4);
            octets.extend(ether_type.to_be_bytes());
            octets.extend([0; 2]);
            octets.extend(INTERFACE.to_be_bytes());
            octets.extend(hardware.to_be_bytes());
            octets.extend([if sender == Side::Client { from_us } else { to_us }, 6]);
            octets.extend([0; 8]);
        }
    }
}

/// What both versions of IP say.
struct Packet {
    protocol: u8,
    from: Address,
    to: Address,
    /// Octets of what the packet carries.
    length: usize,
}

struct Ipv4 {
    packet: Packet,
    identification: u16,
    /// Routers passed on the way.
    hops: u8,
}

/// Returns the sum of both addresses.
fn append_ipv4(header: Ipv4, octets: &mut Vec<u8>) -> u64 {
    let start = octets.len();
    let packet = header.packet;
    octets.extend([0x45, 0]);
    octets.extend((20 + packet.length as u16).to_be_bytes());
    octets.extend(header.identification.to_be_bytes());
    // Don't fragment; time to live, protocol, checksum.
    octets.extend([0x40, 0, 64 - header.hops, packet.protocol, 0, 0]);
    octets.extend(packet.from.host.to_be_bytes());
    octets.extend(packet.to.host.to_be_bytes());
    let checksum = !fold(sum(&octets[start..]));
    octets[start + 10..start + 12].copy_from_slice(&checksum.to_be_bytes());
    sum(&octets[start + 12..])
}

/// Returns the sum of both addresses.
fn append_ipv6(packet: Packet, loopback: bool, octets: &mut Vec<u8>) -> u64 {
    let start = octets.len();
    octets.extend([0x60, 0, 0, 0]);
    octets.extend((packet.length as u16).to_be_bytes());
    octets.extend([packet.protocol, 64]);
    octets.extend(ipv6_address(loopback, packet.from));
    octets.extend(ipv6_address(loopback, packet.to));
    sum(&octets[start + 8..])
}

/// `::1`, or the host under 2001:db8:1::/96.
pub(crate) fn ipv6_address(loopback: bool, address: Address) -> [u8; 16] {
    let mut octets = [0; 16];
    if loopback {
        octets[15] = 1;
    } else {
        octets[..6].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8, 0, 1]);
        octets[12..].copy_from_slice(&address.host.to_be_bytes());
    }
    octets
}

/// Appends a TCP header from the sequence number on (RFC 9293 §3.1).
fn append_tcp(flow: &mut Flow, planned: &Planned, segment: Segment, octets: &mut Vec<u8>) {
    let timestamp = timestamp_value(flow, planned.sender, planned.time);
    let echo = flow.ends[planned.sender.other()].last_timestamp;
    let mut options = Vec::with_capacity(40);
    append_options(flow, segment.options, [timestamp, echo], &mut options);
    if flow.timestamps {
        flow.ends[planned.sender].last_timestamp = timestamp;
    }

    let header_words = 5 + options.len() as u8 / 4;
    let window: u16 = match segment.options {
        Options::Refusal => 0,
        // Not scaled, unlike all others.
        _ if segment.flags & SYN != 0 => 64_240,
        _ => 501,
    };
    octets.extend(segment.sequence.to_be_bytes());
    octets.extend(segment.acknowledgment.to_be_bytes());
    octets.extend([header_words << 4, segment.flags]);
    octets.extend(window.to_be_bytes());
    octets.extend([0; 4]);
    octets.extend(options);
}

/// A clock of milliseconds, begun at random.
fn timestamp_value(flow: &Flow, sender: Side, time: Nanoseconds) -> u32 {
    flow.ends[sender].clock.wrapping_add((time / MILLISECOND) as u32)
}

/// Appends options as Linux lays them out, padded to words.
fn append_options(flow: &Flow, options: Options, timestamps: [u32; 2], octets: &mut Vec<u8>) {
    const NOP: u8 = 1;
    const TIMESTAMPS: [u8; 2] = [8, 10];
    const SACK_PERMITTED: [u8; 2] = [4, 2];
    const WINDOW_SCALE: [u8; 3] = [3, 3, 7];
    let timestamps = timestamps.map(u32::to_be_bytes).concat();
    match options {
        Options::Refusal => {}
        Options::Syn => {
            let segment_size = flow.mss as u16 + if flow.timestamps { 12 } else { 0 };
            octets.extend([2, 4]);
            octets.extend(segment_size.to_be_bytes());
            // SACK-permitted takes the place of the timestamps' padding.
            if flow.sack && flow.timestamps {
                octets.extend(SACK_PERMITTED);
            } else if flow.sack {
                octets.extend([NOP, NOP]);
                octets.extend(SACK_PERMITTED);
            } else if flow.timestamps {
                octets.extend([NOP, NOP]);
            }
            if flow.timestamps {
                octets.extend(TIMESTAMPS);
                octets.extend(timestamps);
            }
            octets.push(NOP);
            octets.extend(WINDOW_SCALE);
        }
        Options::Usual | Options::Sack { .. } => {
            if flow.timestamps {
                octets.extend([NOP, NOP]);
                octets.extend(TIMESTAMPS);
                octets.extend(timestamps);
            }
            if let (true, Options::Sack { left, right }) = (flow.sack, options) {
                octets.extend([NOP, NOP, 5, 10]);
                octets.extend(left.to_be_bytes());
                octets.extend(right.to_be_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Schedule;

    /// Every frame that `line` asks for, without link header.
    fn packets(line: &str) -> Vec<Vec<u8>> {
        let line = format!("{line} --out - --link raw");
        let plan = Plan::parse(line.split(' ').map(str::to_owned)).unwrap();
        let mut rng = plan.rng();
        let mut wire = Wire::new(&plan, &mut rng);
        let mut schedule = Schedule::new(&plan, rng);
        let mut packets = Vec::new();
        while let Some(slot) = schedule.next() {
            let flow = schedule.flow(slot);
            let frame = flow.take_frame();
            packets.push(wire.frame(flow, &frame).to_vec());
            schedule.settle(slot, frame.time);
        }
        packets
    }

    /// What a packet carries, its protocol, and the sum of its addresses.
    fn parts(packet: &[u8]) -> (&[u8], u8, u64) {
        match packet[0] >> 4 {
            4 => (&packet[20..], packet[9], sum(&packet[12..20])),
            _ => (&packet[40..], packet[6], sum(&packet[8..40])),
        }
    }

    #[test]
    fn checksums_are_right() {
        for line in ["small --flows 40", "lab --flows 40 --bytes 2e5"] {
            for packet in packets(line) {
                if packet[0] == 0x45 {
                    assert_eq!(fold(sum(&packet[..20])), 0xffff, "{packet:02x?}");
                }
                let (segment, protocol, addresses) = parts(&packet);
                let pseudo_header = addresses + u64::from(protocol) + segment.len() as u64;
                assert_eq!(fold(pseudo_header + sum(segment)), 0xffff, "{packet:02x?}");
            }
        }
    }

    #[test]
    fn a_sender_that_offloads_leaves_the_pseudo_header() {
        for packet in packets("lab --flows 40 --bytes 2e5 --offload-checksums") {
            let (segment, protocol, addresses) = parts(&packet);
            let at = if protocol == TCP { 16 } else { 6 };
            let pseudo_header = addresses + u64::from(protocol) + segment.len() as u64;
            assert_eq!(segment[at..at + 2], fold(pseudo_header).to_be_bytes());
        }
    }
}
