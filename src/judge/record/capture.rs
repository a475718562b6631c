//! One capture, read once: all that checks may ask of it.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::net::SocketAddr;

use sha2::{Digest, Sha256};

use super::gather::Gathering;
use super::{Prints, Traffic};
use crate::capture::{self, Description, Interface, LinkType, Next};
use crate::decode;
use crate::judge::Deliveries;
use crate::judge::filter::{Clock, Filter, PacketRow};
use crate::track::{Limits, Trace, Tracker, Update};

/// A capture as far as it could be read, with everything that was found in it.
#[derive(Debug)]
pub struct Record {
    /// The file's name as handed in, without folders.
    pub name: String,
    /// SHA-256 of the file as handed in, in hexadecimal.
    pub sha256: String,
    /// What the file says of itself.
    pub description: Description,
    /// Connections, sockets, counts.
    pub trace: Trace,
    /// What was said, to the octet.
    pub deliveries: Deliveries,
    /// Which frames belong to which conversation.
    pub traffic: Traffic,
    /// What tells it from the captures of others.
    pub prints: Prints,
    /// Why reading stopped before the end.
    pub fault: Option<String>,
    /// The frames that the filters of the plan selected.
    selected: BTreeMap<String, Vec<Selected>>,
}

/// What is to be looked for while a capture is read.
#[derive(Debug, Default)]
pub struct Plan {
    /// The port of the lab's server.
    pub port: u16,
    /// Display filters for packets, by their texts.
    pub filters: BTreeMap<String, Filter>,
}

/// A frame that a filter selected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Selected {
    /// The frame.
    pub frame: u64,
    /// Source and destination, if it has ports.
    pub ends: Option<(SocketAddr, SocketAddr)>,
    /// Its stream.
    pub stream: Option<u32>,
}

/// Frames remembered for one filter.
const MAX_SELECTED: usize = 100_000;

/// Memory for one of many captures: what more than that would be, no lab makes.
const LIMITS: Limits = Limits {
    conversations: 200_000,
    connections: 50_000,
    udp_peers: 100_000,
    fragment_octets: 8 << 20,
    fragment_datagrams: 1024,
    stream_octets: 16 << 20,
    notes: 10_000,
};

impl Record {
    /// Reads a capture.
    ///
    /// # Errors
    /// The file is no capture; a damaged one is no error but [`Record::damage`].
    pub fn read(name: &str, octets: Vec<u8>, plan: &Plan) -> Result<Self, capture::Error> {
        let sha256 = sha256(&octets);
        let mut source = capture::from_reader(name, Box::new(Cursor::new(octets)))?;
        let mut tracker = Tracker::new(LIMITS);
        tracker.follow_all();
        let (mut deliveries, mut traffic) = (Deliveries::about(plan.port), Traffic::about(plan.port));
        let (mut clock, mut chosen) = (Clock::new(), Chosen::of(plan));
        let mut prints = Gathering::about(plan.port);
        let fault = loop {
            match source.next() {
                Ok(Next::Frame(frame)) => {
                    let packet = decode::packet(&frame);
                    let update = tracker.push(&packet);
                    let times = clock.see(&frame, Some(&update));
                    let row = PacketRow { frame: &frame, packet: &packet, update: Some(&update), interface_name: None, times };
                    chosen.see(&row, &update);
                    deliveries.see(&packet, &update);
                    traffic.see(packet.number, &update);
                    prints.see(&frame, &packet, &update);
                }
                Ok(Next::Idle(_)) => {}
                Ok(Next::End) => break None,
                Err(fault) => break Some(fault.to_string()),
            }
        };
        let description = source.description().clone();
        let prints = prints.finish(&sha256, &description, &deliveries);
        let name = name.to_owned();
        let (trace, selected) = (tracker.finish(), chosen.selected);
        Ok(Self { name, sha256, description, trace, deliveries, traffic, prints, fault, selected })
    }

    /// What a filter of the plan selected.
    pub fn selected(&self, filter: &str) -> &[Selected] {
        self.selected.get(filter).map_or(&[], Vec::as_slice)
    }

    /// The frames of the same; `None` if it was not looked for.
    pub fn frames_of(&self, filter: &str) -> Option<Vec<u64>> {
        Some(self.selected.get(filter)?.iter().map(|selected| selected.frame).collect())
    }

    /// Its interfaces are loopbacks, by their names or by what their frames begin with.
    pub fn is_of_loopback(&self) -> bool {
        let names = |interface: &Interface| {
            [&interface.name, &interface.description].into_iter().flatten().any(|name| {
                let name = name.to_lowercase();
                name == "lo" || name == "lo0" || name.contains("loopback")
            })
        };
        let null = |interface: &Interface| interface.frames > 0 && interface.link_type == LinkType::NULL;
        let mut used = self.description.interfaces.iter().filter(|interface| interface.frames > 0);
        used.any(|interface| names(interface) || null(interface))
    }

    /// Where the file is broken, in words; `None` if it is whole.
    pub fn damage(&self) -> Option<String> {
        let damage = || self.description.damage.first().map(|damage| format!("octet {}: {}", damage.offset, damage.text));
        self.fault.clone().or_else(damage)
    }

    /// The system that made it, as the file says.
    pub fn os(&self) -> Option<&str> {
        let section = || self.description.sections.iter().find_map(|section| section.os.as_deref());
        self.description.interfaces.iter().find_map(|interface| interface.os.as_deref()).or_else(section)
    }

    /// Packets that the capture lost, as its statistics say.
    pub fn lost(&self) -> u64 {
        let lost = self.description.interfaces.iter().map(|interface| {
            let counted = interface.statistics.as_ref();
            let dropped = counted.and_then(|counted| counted.dropped).unwrap_or(0);
            let by_system = counted.and_then(|counted| counted.os_dropped).unwrap_or(0);
            interface.lost.saturating_add(dropped.max(by_system))
        });
        lost.fold(0, u64::saturating_add)
    }
}

/// What the filters of a plan have selected so far.
struct Chosen<'p> {
    plan: &'p Plan,
    selected: BTreeMap<String, Vec<Selected>>,
}

impl<'p> Chosen<'p> {
    fn of(plan: &'p Plan) -> Self {
        Self { plan, selected: plan.filters.keys().map(|text| (text.clone(), Vec::new())).collect() }
    }

    fn see(&mut self, row: &PacketRow<'_>, update: &Update<'_>) {
        for (text, filter) in &self.plan.filters {
            let Some(selected) = self.selected.get_mut(text).filter(|selected| selected.len() < MAX_SELECTED) else { continue };
            if filter.matches(row) {
                let ends = update.tuple.map(|tuple| (tuple.source, tuple.destination));
                selected.push(Selected { frame: row.frame.number, ends, stream: update.flow.map(|flow| flow.number) });
            }
        }
    }
}

/// SHA-256 in hexadecimal.
pub fn sha256(octets: &[u8]) -> String {
    Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}
