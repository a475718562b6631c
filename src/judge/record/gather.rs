//! Gathers the prints of a capture while it is read.

use std::net::{IpAddr, SocketAddr};

use sha2::{Digest as _, Sha256};

use super::prints::{Digest, MAX_ASIDE, MAX_SAID, MAX_SIGHTS, MAX_TEXT, Origin, Prints, Said, Sight, micros};
use crate::capture::{Description, Frame};
use crate::decode::ip::Ip;
use crate::decode::{Packet, Transport};
use crate::judge::Deliveries;
use crate::judge::payload::text_of;
use crate::sanitize::sanitize;
use crate::track::Update;

/// The prints of a capture that is being read.
#[derive(Debug)]
pub(in crate::judge) struct Gathering {
    port: u16,
    content: Sha256,
    prints: Prints,
    /// Sights so far, of the lab's port and of others.
    of_lab: usize,
    aside: usize,
}

impl Gathering {
    /// Nothing yet; the lab's server has this port.
    pub(in crate::judge) fn about(port: u16) -> Self {
        Self { port, content: Sha256::new(), prints: Prints { port, ..Prints::default() }, of_lab: 0, aside: 0 }
    }

    /// Enters a frame.
    pub(in crate::judge) fn see(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, update: &Update<'_>) {
        self.content.update(frame.captured_len().to_le_bytes());
        self.content.update(frame.octets);
        let prints = &mut self.prints;
        let time = frame.timestamp.map(micros);
        prints.first = if prints.frames == 0 { time } else { prints.first };
        prints.last = time;
        prints.frames = prints.frames.saturating_add(1);
        prints.making.clock(frame.timestamp);
        if let Some(sight) = sight(frame, packet, self.port) {
            prints.making.packet(packet, update.checksum, sight.of_lab);
            let (held, room) = if sight.of_lab { (&mut self.of_lab, MAX_SIGHTS) } else { (&mut self.aside, MAX_ASIDE) };
            if *held < room {
                *held = held.saturating_add(1);
                prints.sights.push(Sight { micros: time, ..sight });
            }
        }
    }

    /// The prints of the whole capture.
    pub(in crate::judge) fn finish(self, sha256: &str, description: &Description, deliveries: &Deliveries) -> Prints {
        let said = said(deliveries, self.port);
        let content = begin(self.content);
        Prints { file: sha256.to_owned(), content, said, origin: origin(description), ..self.prints }
    }
}

/// The frame, if it uses the lab's port or stays on one host: what many hosts see at once, such as broadcasts, is left out.
fn sight(frame: &Frame<'_>, packet: &Packet<'_>, port: u16) -> Option<Sight> {
    let (ip, (source, destination)) = (packet.ip()?, packet.ports()?);
    let of_lab = source == port || destination == port;
    let stays = ip.source == ip.destination || (ip.source.is_loopback() && ip.destination.is_loopback());
    if !of_lab && !stays {
        return None;
    }
    let to_server = if of_lab { destination == port } else { destination < source };
    let (headers, payload) = digests(frame, packet, ip)?;
    Some(Sight {
        frame: packet.number,
        micros: None,
        headers,
        payload,
        port: if to_server { source } else { destination },
        to_server,
        id: identification(ip),
        sequence: packet.tcp().map(|segment| segment.sequence.0),
        of_lab,
    })
}

/// IPv4's identification.
fn identification(ip: &Ip<'_>) -> Option<u16> {
    match (ip.source, ip.header) {
        (IpAddr::V4(_), [_, _, _, _, high, low, ..]) => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

/// Of the headers, without what follows from the payload, and of the payload's begin and length.
fn digests(frame: &Frame<'_>, packet: &Packet<'_>, ip: &Ip<'_>) -> Option<(u64, u64)> {
    let mut headers = Sha256::new();
    headers.update(frame.octets.get(..ip.at)?);
    match (ip.source, ip.header) {
        // Total length and header checksum.
        (IpAddr::V4(_), [a, b, _, _, middle @ ..]) => {
            headers.update([*a, *b]);
            headers.update(middle.get(..6)?);
            headers.update(middle.get(8..)?);
        }
        // Payload length.
        (_, header) => {
            headers.update(header.get(..4)?);
            headers.update(header.get(6..)?);
        }
    }
    let payload = match &packet.transport {
        Some(Transport::Udp(datagram)) => {
            headers.update(ip.payload.get(..4)?);
            datagram.payload
        }
        Some(Transport::Tcp(segment)) => {
            headers.update(ip.payload.get(..16)?);
            headers.update(segment.options);
            segment.payload
        }
        _ => return None,
    };
    let said = Sha256::new_with_prefix(payload.len().to_le_bytes());
    Some((short(headers), short(said.chain_update(payload.get(..MAX_TEXT).unwrap_or(payload)))))
}

fn short(hash: Sha256) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = begin(hash);
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

fn begin(hash: Sha256) -> Digest {
    let mut digest = Digest::default();
    digest.iter_mut().zip(hash.finalize()).for_each(|(place, octet)| *place = octet);
    digest
}

/// What was said to the lab's server, or to any on the same host; each text once.
fn said(deliveries: &Deliveries, port: u16) -> Vec<Said> {
    let meant = |end: SocketAddr| end.port() == port || end.ip().is_loopback();
    let datagrams = deliveries.datagrams.iter().filter(|datagram| meant(datagram.destination) && datagram.source.port() != port);
    let datagrams = datagrams.map(|datagram| (datagram.frame, datagram.octets.as_slice()));
    let streams = deliveries.streams.iter().filter(|stream| meant(stream.destination) && stream.source.port() != port);
    let streams = streams.filter_map(|stream| Some((stream.frame_at(0)?, stream.octets.as_slice())));
    let mut said: Vec<Said> = Vec::new();
    for (frame, octets) in datagrams.chain(streams).filter(|(_, octets)| !octets.is_empty()) {
        if said.len() == MAX_SAID {
            break;
        }
        let text = text_of(octets.get(..MAX_TEXT).unwrap_or(octets), octets.len() > MAX_TEXT);
        if said.iter().all(|other| other.text != text) {
            said.push(Said { frame, text });
        }
    }
    said
}

fn origin(description: &Description) -> Origin {
    let Some(section) = description.sections.first() else { return Origin::default() };
    let short = |text: &Option<String>| text.as_ref().map(|text| sanitize(text).chars().take(MAX_TEXT).collect());
    Origin { hardware: short(&section.hardware), os: short(&section.os), application: short(&section.application) }
}
