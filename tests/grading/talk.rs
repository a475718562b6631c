//! What the programs of a lab say to each other, as IP packets in time.

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::wire::{self, ACK, Checksum, FIN, PSH, RST, SYN, Segment};

/// A packet on an interface.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    /// Microseconds since the capture began.
    pub(crate) at: i64,
    /// The interface that captured it, from 0.
    pub(crate) interface: u32,
    /// It was captured on its way out, where the link tells.
    pub(crate) leaving: bool,
    /// From the IP header up.
    pub(crate) octets: Vec<u8>,
}

/// Packets, each a little later than the one before.
#[derive(Clone, Debug)]
pub(crate) struct Talk {
    pub(crate) packets: Vec<Packet>,
    pub(crate) checksum: Checksum,
    /// What the server received and printed: from whom, and what.
    pub(crate) heard: Vec<(SocketAddr, Vec<u8>)>,
    pub(crate) now: i64,
    pub(crate) id: u16,
    /// What each direction of a connection will send next.
    pub(crate) next: HashMap<(SocketAddr, SocketAddr), u32>,
}

impl Default for Talk {
    fn default() -> Self {
        Self { packets: Vec::new(), checksum: Checksum::Partial, heard: Vec::new(), now: 1_000, id: 0x3a51, next: HashMap::new() }
    }
}

/// `5000` is a port of 127.0.0.1.
pub(crate) fn end(text: &str) -> SocketAddr {
    match text.parse() {
        Ok(port) => SocketAddr::from(([127, 0, 0, 1], port)),
        Err(_) => text.parse().unwrap_or_else(|error| panic!("{text}: {error}")),
    }
}

impl Talk {
    /// Lets time pass.
    pub(crate) fn wait(mut self, milliseconds: i64) -> Self {
        self.now += milliseconds * 1_000;
        self
    }

    /// One datagram.
    pub(crate) fn udp(mut self, from: &str, to: &str, octets: impl AsRef<[u8]>) -> Self {
        let id = self.id();
        let packet = wire::udp(end(from), end(to), octets.as_ref(), id, self.checksum);
        self.push(packet);
        self
    }

    /// One datagram that the server receives.
    pub(crate) fn ask(mut self, client: &str, server: &str, octets: impl AsRef<[u8]>) -> Self {
        self.heard.push((end(client), octets.as_ref().to_vec()));
        self.udp(client, server, octets)
    }

    /// The same, and the same octets back.
    pub(crate) fn echo(self, client: &str, server: &str, octets: impl AsRef<[u8]>) -> Self {
        self.ask(client, server, &octets).udp(server, client, &octets)
    }

    /// An echo over UDP-Lite.
    pub(crate) fn echo_lite(mut self, client: &str, server: &str, octets: impl AsRef<[u8]>) -> Self {
        self.heard.push((end(client), octets.as_ref().to_vec()));
        for (from, to) in [(client, server), (server, client)] {
            let id = self.id();
            self.push(wire::udp_lite(end(from), end(to), octets.as_ref(), id));
        }
        self
    }

    /// Nobody had the port to which the last packet went.
    pub(crate) fn refused(mut self) -> Self {
        let id = self.id();
        let error = wire::unreachable(&self.packets.last().expect("a packet to refuse").octets, id);
        self.push(error);
        self
    }

    /// The last packet comes in fragments instead.
    pub(crate) fn fragmented(mut self, size: usize) -> Self {
        let whole = self.packets.pop().expect("a packet to cut up");
        wire::fragments(&whole.octets, size).into_iter().for_each(|fragment| self.push(fragment));
        self
    }

    /// The last packet is not in the capture.
    pub(crate) fn lost(mut self) -> Self {
        self.packets.pop().expect("a packet to lose");
        self
    }

    /// Every packet was captured on a second interface too.
    pub(crate) fn doubled(mut self) -> Self {
        let twice = |packet: Packet| [packet.clone(), Packet { at: packet.at + 7, interface: 1, ..packet }];
        self.packets = self.packets.into_iter().flat_map(twice).collect();
        self
    }

    /// Every packet was captured on its way out and on its way in.
    pub(crate) fn out_and_in(mut self) -> Self {
        let twice = |packet: Packet| [Packet { leaving: true, ..packet.clone() }, Packet { at: packet.at + 3, ..packet }];
        self.packets = self.packets.into_iter().flat_map(twice).collect();
        self
    }

    /// One segment; what it acknowledges is all that came before.
    pub(crate) fn tcp(mut self, from: &str, to: &str, flags: u8, octets: impl AsRef<[u8]>) -> Self {
        let (from, to, octets) = (end(from), end(to), octets.as_ref());
        let first = |port: u16| u32::from(port).wrapping_mul(0x0101_4f35);
        let seq = *self.next.entry((from, to)).or_insert_with(|| first(from.port()));
        let ack = if flags & ACK > 0 { *self.next.entry((to, from)).or_insert_with(|| first(to.port())) } else { 0 };
        let taken = octets.len() as u32 + u32::from(flags & (SYN | FIN) > 0);
        self.next.insert((from, to), seq.wrapping_add(taken));
        let id = self.id();
        self.push(wire::tcp(from, to, Segment { seq, ack, flags }, octets, id));
        self
    }

    /// One segment from somebody who has not heard the last thing that the other said, a FIN.
    pub(crate) fn ahead(mut self, from: &str, to: &str, flags: u8) -> Self {
        let unheard = self.next.get_mut(&(end(to), end(from))).expect("a connection");
        *unheard = unheard.wrapping_sub(1);
        let mut talk = self.tcp(from, to, flags, "");
        let heard = talk.next.get_mut(&(end(to), end(from))).expect("a connection");
        *heard = heard.wrapping_add(1);
        talk
    }

    /// An octet that was sent already, or none, to see whether the other is there.
    pub(crate) fn keep_alive(mut self, from: &str, to: &str) -> Self {
        let next = self.next.get_mut(&(end(from), end(to))).expect("a connection");
        *next = next.wrapping_sub(1);
        let mut talk = self.tcp(from, to, ACK, "");
        let next = talk.next.get_mut(&(end(from), end(to))).expect("a connection");
        *next = next.wrapping_add(1);
        talk.tcp(to, from, ACK, "")
    }

    /// The last segment once more.
    pub(crate) fn again(mut self) -> Self {
        let last = self.packets.last().expect("a segment to send again").octets.clone();
        self.now += 200_000;
        self.push(last);
        self
    }

    pub(crate) fn open(self, client: &str, server: &str) -> Self {
        self.tcp(client, server, SYN, "").tcp(server, client, SYN | ACK, "").tcp(client, server, ACK, "")
    }

    pub(crate) fn say(self, from: &str, to: &str, text: &str) -> Self {
        self.tcp(from, to, PSH | ACK, text).tcp(to, from, ACK, "")
    }

    /// A text there and the same back.
    pub(crate) fn echo_tcp(self, client: &str, server: &str, text: &str) -> Self {
        self.say(client, server, text).say(server, client, text)
    }

    /// FIN, FIN and ACK in one, ACK: what a real close looks like.
    pub(crate) fn close(self, first: &str, second: &str) -> Self {
        self.tcp(first, second, FIN | ACK, "").tcp(second, first, FIN | ACK, "").tcp(first, second, ACK, "")
    }

    pub(crate) fn reset(self, from: &str, to: &str) -> Self {
        self.tcp(from, to, RST | ACK, "")
    }

    fn id(&mut self) -> u16 {
        self.id = self.id.wrapping_add(1 + self.id % 3);
        self.id
    }

    fn push(&mut self, octets: Vec<u8>) {
        // Neither in step nor to the microsecond: no machine is so regular.
        self.now += 61 + i64::from(self.id) * 37 % 311;
        self.packets.push(Packet { at: self.now, interface: 0, leaving: false, octets });
    }
}
