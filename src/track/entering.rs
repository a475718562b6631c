//! A packet is entered: into its conversation, its connection or UDP sockets, and the notes on what is odd about it.

use std::net::{IpAddr, SocketAddr};

use super::books::{Books, Scope};
use super::conversations::Met;
use super::events::{Detail, Events, Seen};
use super::fragment::{Arrival, Reassembler};
use super::sighting::with_sighting;
use super::udp::Sent;
use super::{About, Analyzed, Claim, Connection, FiveTuple, FlowId, Oddity, Protocol, Relative, Side, Sighting, Verdicts};
use crate::capture::Frame;
use crate::decode::checksum::{self, Verdict};
use crate::decode::icmp::Message;
use crate::decode::plain::Plain;
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::{Flags, Segment};
use crate::decode::{IpProtocol, Packet, Transport};

/// What a connection says of the segment at hand.
#[derive(Clone, Copy)]
pub(super) struct Followed {
    pub(super) relative: Relative,
    pub(super) analyzed: Option<Analyzed>,
    pub(super) side: Side,
    pub(super) states: (Claim, Claim),
}

/// What was found out about the packet at hand.
pub(super) struct Taken<'t> {
    pub(super) arrival: Arrival<'t>,
    pub(super) met: Option<Met>,
    pub(super) about: Option<About>,
    pub(super) checksum: Option<Verdict>,
    pub(super) followed: Option<Followed>,
}

impl Books {
    /// Enters one packet; `None` if it is passed over.
    #[inline(always)] // So that what only `push` tells is not made for `absorb`.
    pub(super) fn take<'t>(&mut self, reassembler: &'t mut Reassembler, packet: &Packet<'t>) -> Option<Taken<'t>> {
        self.turn();
        if self.scope != Scope::Everything && !may_concern_tcp(packet) {
            return None;
        }
        if self.scope != Scope::Table {
            self.see(packet);
        }
        for frame in reassembler.take_given_up() {
            self.note(frame, Oddity::FragmentGivenUp);
        }
        let arrival = reassembler.push(packet);
        if matches!(&arrival, Arrival::Complete(datagram) if datagram.overlap) {
            self.note(packet.number, Oddity::FragmentOverlap);
        }
        let checksum = if self.scope == Scope::Table { None } else { self.verify(packet, &arrival) };
        let met = self.meet(packet, &arrival);
        let followed = met.and_then(|met| self.follow(packet, &arrival, &met));
        let about = about(packet, || self.flow_of(&met?));
        if let (Some(about), Some(met)) = (&about, &met) {
            self.hear_of(packet, about, met);
        }
        self.keep_fresh();
        Some(Taken { arrival, met, about, checksum, followed })
    }

    /// Enters an ordinary frame as [`Books::take`] would; false if that has more to do.
    #[inline(always)]
    pub(super) fn take_plain(&mut self, frame: &Frame<'_>, plain: &Plain<'_>) -> bool {
        // No datagram concerns TCP.
        if plain.is_udp() {
            return true;
        }
        match &plain.transport() {
            Some(transport @ Transport::Tcp(segment)) if self.scope == Scope::Table => {
                self.turn();
                let sighting = Sighting::plain(frame, plain, transport);
                let met = sighting.and_then(|sighting| self.conversations.identify(&sighting));
                met.into_iter().for_each(|met| self.follow_plain(frame, plain, segment, &met));
                self.keep_fresh();
                true
            }
            _ => false,
        }
    }

    fn follow_plain(&mut self, frame: &Frame<'_>, plain: &Plain<'_>, segment: &Segment<'_>, met: &Met) {
        self.note_met(frame.number, met);
        let (number, timestamp, octets) = (frame.number, frame.timestamp, frame.original_len);
        let seen = Seen { frame: number, timestamp, octets, from: met.from, segment, whole: true };
        self.follow_segment(&seen, met, || five_tuple(plain.ends(), &Transport::Tcp(*segment)));
    }

    /// What concerns every frame, whatever it carries.
    fn see(&mut self, packet: &Packet<'_>) {
        if self.scope == Scope::Everything && self.survey.see(packet) {
            self.note(packet.number, Oddity::ClockStep);
        }
        if let Some(first) = self.copies.find(packet) {
            self.survey.copies.add(packet.number);
            self.note(packet.number, Oddity::CopyOf(first));
        }
        if packet.ip().is_some_and(|ip| checksum::ip_header(ip) == Verdict::Bad) {
            self.note(packet.number, Oddity::BadHeaderChecksum);
        }
    }

    /// The verdict on the transport checksum.
    fn verify(&mut self, packet: &Packet<'_>, arrival: &Arrival<'_>) -> Option<Verdict> {
        let verdict = match arrival {
            Arrival::Whole => checksum::transport(packet),
            Arrival::Start(_) => Some(Verdict::Unverifiable),
            Arrival::Piece => None,
            Arrival::Complete(datagram) => {
                let ip = &datagram.ip;
                checksum::datagram(ip.ends(), ip.protocol, ip.payload)
            }
        }?;
        self.survey.see_checksum(packet.number, verdict);
        if verdict == Verdict::Bad {
            self.note(packet.number, Oddity::BadChecksum);
        }
        Some(verdict)
    }

    /// Finds the conversation that the packet, or the header it quotes, belongs to.
    fn meet(&mut self, packet: &Packet<'_>, arrival: &Arrival<'_>) -> Option<Met> {
        if let Some(Transport::Udp(datagram)) = arrival.transport(packet)
            && (datagram.bad_length || (arrival.is_whole() && datagram.is_beyond_ip()))
        {
            self.note(packet.number, Oddity::BadLength);
        }
        let met = with_sighting(packet, arrival, |sighting| match self.scope {
            Scope::Everything => self.conversations.meet(&sighting),
            Scope::Connections | Scope::Table => self.conversations.identify(&sighting),
        })??;
        self.note_met(packet.number, &met);
        Some(met)
    }

    /// Tells what is odd about a conversation as a packet meets it.
    fn note_met(&mut self, frame: u64, met: &Met) {
        if met.reopens {
            self.note(frame, Oddity::PortReuse);
        }
        if met.rebased {
            self.note(frame, Oddity::SynAckChanged);
        }
    }

    /// Follows the packet in its connection or at its UDP sockets.
    fn follow(&mut self, packet: &Packet<'_>, arrival: &Arrival<'_>, met: &Met) -> Option<Followed> {
        match arrival.transport(packet)? {
            Transport::Tcp(segment) => {
                let (number, timestamp, octets) = (packet.number, packet.timestamp, packet.original_len);
                let seen = Seen { frame: number, timestamp, octets, from: met.from, segment, whole: arrival.is_whole() };
                self.follow_segment(&seen, met, || tuple(packet, arrival))
            }
            Transport::Udp(datagram) => {
                let (tuple, flow) = (tuple(packet, arrival)?, self.flow_of(met)?);
                self.udp.push(&Sent {
                    frame: packet.number,
                    timestamp: packet.timestamp,
                    stream: flow.number,
                    octets: packet.original_len,
                    payload: datagram.payload_len,
                    source: tuple.source,
                    destination: tuple.destination,
                });
                None
            }
            _ => None,
        }
    }

    fn follow_segment(&mut self, seen: &Seen<'_>, met: &Met, tuple: impl FnOnce() -> Option<FiveTuple>) -> Option<Followed> {
        let place = self.connection(seen, met, tuple)?;
        let connection = self.connections.get_mut(place as usize)?;
        let mut events = Events {
            frame: seen.frame,
            notes: &mut self.fresh,
            transitions: &mut self.transitions,
            pieces: Some(&mut self.pieces).filter(|_| self.following_all || self.following == Some(connection.id)),
        };
        let waited = connection.waiting_octets();
        let mut analyzed = connection.push(seen, &mut events);
        self.waiting_octets = self.waiting_octets.saturating_add(connection.waiting_octets()).saturating_sub(waited);
        if self.waiting_octets > self.limits.stream_octets {
            self.waiting_octets = self.waiting_octets.saturating_sub(connection.waiting_octets());
            connection.give_up_holes(&mut events);
            self.overflow.stream_holes = self.overflow.stream_holes.saturating_add(1);
        }
        if let Some(analyzed) = &mut analyzed
            && (met.rebased || met.reopens)
        {
            analyzed.verdicts.add(Verdicts::REUSED_PORTS);
        }
        connection.keep_notes(&self.fresh);
        let (side, segment) = (connection.side_of(met.from), seen.segment);
        let shift = if segment.flags.contains(Flags::SYN) { None } else { connection.window_shift(side) };
        let states = (connection.ends.initiator.state, connection.ends.responder.state);
        Some(Followed { relative: relative(segment, met, shift.unwrap_or(0)), analyzed, side, states })
    }

    /// The place of a segment's connection, made if this is its first; `None` if it does not fit into the limits.
    fn connection(&mut self, seen: &Seen<'_>, met: &Met, tuple: impl FnOnce() -> Option<FiveTuple>) -> Option<u32> {
        if let Some(place) = self.place_of(met) {
            return Some(place);
        }
        if self.connections.len() >= self.limits.connections {
            self.overflow.connection_segments = self.overflow.connection_segments.saturating_add(1);
            return None;
        }
        let place = u32::try_from(self.connections.len()).ok()?;
        let detail = match (self.scope, &self.look) {
            (Scope::Table, _) => Detail::Table,
            (_, Some(_)) => Detail::Live,
            (_, None) => Detail::Full,
        };
        let identity = self.conversations.identity(met.place)?;
        self.connections.push(Connection::new(identity, tuple()?, seen, detail));
        let at = met.place as usize;
        if self.by_conversation.len() <= at {
            self.by_conversation.resize(at.saturating_add(1), None);
        }
        self.by_conversation.get_mut(at).into_iter().for_each(|known| *known = Some(place));
        Some(place)
    }

    /// Ties an ICMP error to the socket or connection it is about.
    fn hear_of(&mut self, packet: &Packet<'_>, about: &About, met: &Met) {
        let Some(source) = about.sender() else { return };
        if !packet.icmp().is_some_and(Message::is_port_unreachable) {
            return;
        }
        match self.flow_of(met) {
            Some(FlowId { protocol: Protocol::Udp, number }) => self.udp.port_unreachable(number, source, packet.number),
            _ => {
                if let Some(connection) = self.place_of(met).and_then(|place| self.connections.get_mut(place as usize)) {
                    connection.unreachable.get_or_insert(packet.number);
                }
            }
        }
    }
}

/// TCP segments, the errors that quote them, and fragments of either.
fn may_concern_tcp(packet: &Packet<'_>) -> bool {
    match packet.transport {
        Some(Transport::Tcp(_) | Transport::Icmp(_)) => true,
        Some(_) => false,
        None => packet.ip().is_some_and(|ip| ip.fragment.is_some() && ip.protocol != IpProtocol::UDP),
    }
}

/// The endpoints of a packet with ports.
pub(super) fn tuple(packet: &Packet<'_>, arrival: &Arrival<'_>) -> Option<FiveTuple> {
    five_tuple(arrival.ip(packet)?.ends(), arrival.transport(packet)?)
}

fn five_tuple((source, destination): (IpAddr, IpAddr), transport: &Transport<'_>) -> Option<FiveTuple> {
    let (protocol, from, to) = ports(transport)?;
    Some(FiveTuple { protocol, source: SocketAddr::new(source, from), destination: SocketAddr::new(destination, to) })
}

/// The protocol of a transport header, and its ports.
#[inline]
pub(super) const fn ports(transport: &Transport<'_>) -> Option<(Protocol, u16, u16)> {
    match transport {
        Transport::Tcp(segment) => Some((Protocol::Tcp, segment.source_port, segment.destination_port)),
        Transport::Udp(datagram) => Some((Protocol::Udp, datagram.source_port, datagram.destination_port)),
        _ => None,
    }
}

/// What an ICMP error quotes.
fn about(packet: &Packet<'_>, flow: impl FnOnce() -> Option<FlowId>) -> Option<About> {
    let quoted = packet.icmp()?.quoted()?;
    let (source, destination) = quoted.ip.ends();
    Some(About { protocol: quoted.protocol(), source, destination, ports: quoted.ports, flow: flow() })
}

fn relative(segment: &Segment<'_>, met: &Met, shift: u8) -> Relative {
    let distance = |number: SeqNumber, base: Option<SeqNumber>| base.map_or(number.0, |base| number.since(base).cast_unsigned());
    let acknowledged = segment.flags.contains(Flags::ACK);
    Relative {
        sequence: distance(segment.sequence, met.bases.0),
        acknowledgment: if acknowledged { distance(segment.acknowledgment, met.bases.1) } else { 0 },
        window: u32::from(segment.window) << shift.min(14),
    }
}
