//! Which port served: the one whose log this is.

use std::collections::BTreeMap;
use std::hash::Hash;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::{Deliveries, Log};
use crate::track::{Protocol, Trace};

/// A port that serves.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Server {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The port, at whichever address.
    pub port: u16,
}

/// Why a port is believed to be the server's; what stands first counts most.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
struct Claim {
    /// Receipts in the log that name one of its clients.
    named: u64,
    /// Receipts in the log with octets that were sent to it.
    told: u64,
    /// It listened, or answered a datagram.
    answered: bool,
    /// Datagrams or segments it received.
    served: u64,
}

/// The port that served: `port` if it is given, else the one whose clients the log names, else the busiest that answered.
pub fn server(deliveries: &Deliveries, trace: &Trace, port: Option<u16>, log: &Log) -> Option<Server> {
    let mut claims = claims(trace);
    claims.retain(|server, _| port.is_none_or(|port| port == server.port));
    name_clients(&mut claims, deliveries, log);
    tell_octets(&mut claims, deliveries, log);
    claims.into_iter().max_by_key(|(server, claim)| (*claim, std::cmp::Reverse(*server))).map(|(server, _)| server)
}

fn claims(trace: &Trace) -> BTreeMap<Server, Claim> {
    let mut claims: BTreeMap<Server, Claim> = BTreeMap::new();
    for connection in &trace.connections {
        let server = Server { protocol: Protocol::Tcp, port: connection.responder.port() };
        let claim = claims.entry(server).or_default();
        claim.answered |= connection.ends.responder.sent.frames > 0 && connection.ends.responder.rst.is_none();
        claim.served = claim.served.saturating_add(connection.ends.initiator.sent.frames);
    }
    for socket in &trace.udp_sockets {
        let received = socket.received().frames;
        if received > 0 {
            let claim = claims.entry(Server { protocol: Protocol::Udp, port: socket.local.port() }).or_default();
            claim.answered |= socket.first_sent.is_some_and(|sent| sent > socket.first_frame);
            claim.served = claim.served.saturating_add(received);
        }
    }
    claims
}

/// Counts for each port the receipts that name its clients.
fn name_clients(claims: &mut BTreeMap<Server, Claim>, deliveries: &Deliveries, log: &Log) {
    let receipts = counted(log.receipts.iter().map(|receipt| receipt.peer));
    let udp = deliveries.datagrams.iter().map(|datagram| (Protocol::Udp, datagram.source, datagram.destination.port()));
    let tcp = deliveries.streams.iter().map(|stream| (Protocol::Tcp, stream.source, stream.destination.port()));
    let clients: HashSet<_, RandomState> = udp.chain(tcp).collect();
    for (protocol, client, port) in clients {
        if let (Some(claim), Some(count)) = (claims.get_mut(&Server { protocol, port }), receipts.get(&client)) {
            claim.named = claim.named.saturating_add(*count);
        }
    }
}

/// Counts for each port the receipts with octets that were sent to it.
fn tell_octets(claims: &mut BTreeMap<Server, Claim>, deliveries: &Deliveries, log: &Log) {
    let receipts = counted(log.receipts.iter().map(|receipt| receipt.octets.as_slice()));
    let udp =
        deliveries.datagrams.iter().map(|datagram| (Protocol::Udp, datagram.destination.port(), datagram.octets.as_slice()));
    let tcp = deliveries
        .streams
        .iter()
        .flat_map(|stream| stream.segments().map(|(_, octets)| (Protocol::Tcp, stream.destination.port(), octets)));
    let octets: HashSet<_, RandomState> = udp.chain(tcp).filter(|(.., octets)| receipts.contains_key(octets)).collect();
    for (protocol, port, octets) in octets {
        if let (Some(claim), Some(count)) = (claims.get_mut(&Server { protocol, port }), receipts.get(octets)) {
            claim.told = claim.told.saturating_add(*count);
        }
    }
}

fn counted<T: Eq + Hash>(items: impl Iterator<Item = T>) -> HashMap<T, u64, RandomState> {
    let mut counts: HashMap<T, u64, RandomState> = HashMap::default();
    for item in items {
        let count = counts.entry(item).or_default();
        *count = count.saturating_add(1);
    }
    counts
}
