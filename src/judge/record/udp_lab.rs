//! The UDP lab in a capture: where its server was, who its clients were, what they said.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::decode::port::PortClass;
use crate::judge::{Echo, Exchange, WITHIN, exchanges};

use super::Record;

/// A server with its clients.
#[derive(Debug)]
pub struct UdpLab<'r> {
    /// The port that the lab asks for.
    pub asked: u16,
    /// The port that served; the one asked for if none did.
    pub port: u16,
    /// Requests and replies.
    pub exchanges: Vec<Exchange<'r>>,
}

/// One client: a socket, told apart by its endpoint.
#[derive(Debug)]
pub struct Client<'l> {
    /// Its address and port.
    pub endpoint: SocketAddr,
    /// What it asked and was told.
    pub exchanges: Vec<&'l Exchange<'l>>,
}

impl<'r> UdpLab<'r> {
    /// Finds the lab's traffic: at the port asked for, else where somebody echoed.
    pub fn find(record: &'r Record, asked: u16) -> Self {
        let datagrams = &record.deliveries.datagrams;
        let at = |port: u16| Self { asked, port, exchanges: exchanges(datagrams, port, WITHIN) };
        let as_asked = at(asked);
        if !as_asked.exchanges.is_empty() {
            return as_asked;
        }
        match busiest_echo(record) {
            Some(port) => at(port),
            None => as_asked,
        }
    }

    /// Nobody served, neither at the port asked for nor elsewhere.
    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }

    /// All was said over IPv6.
    pub fn is_ipv6(&self) -> bool {
        !self.is_empty() && self.exchanges.iter().all(|exchange| exchange.server.ip().to_canonical().is_ipv6())
    }

    /// The clients, in the order of their first frames.
    pub fn clients(&self) -> Vec<Client<'_>> {
        let mut clients: Vec<Client<'_>> = Vec::new();
        let mut places = BTreeMap::new();
        for exchange in &self.exchanges {
            let place = *places.entry(exchange.client).or_insert(clients.len());
            match clients.get_mut(place) {
                Some(client) => client.exchanges.push(exchange),
                None => clients.push(Client { endpoint: exchange.client, exchanges: vec![exchange] }),
            }
        }
        clients
    }
}

/// Ports that are looked at for an echo.
const MAX_CANDIDATES: usize = 32;

/// The port that returned most requests unchanged, on one host; services with a port of their own are no lab.
fn busiest_echo(record: &Record) -> Option<u16> {
    let datagrams = &record.deliveries.datagrams;
    let mut received: BTreeMap<u16, usize> = BTreeMap::new();
    let local = |datagram: &&crate::judge::Datagram| {
        datagram.source.ip() == datagram.destination.ip() || datagram.destination.ip().is_loopback()
    };
    for datagram in datagrams.iter().filter(local) {
        let count = received.entry(datagram.destination.port()).or_default();
        *count = count.saturating_add(1);
    }
    let mut ports: Vec<(u16, usize)> =
        received.into_iter().filter(|(port, _)| PortClass::of(*port) != PortClass::WellKnown).collect();
    ports.sort_by_key(|(port, count)| (std::cmp::Reverse(*count), *port));
    ports.truncate(MAX_CANDIDATES);
    let echoes = |port: u16| {
        let found = exchanges(datagrams, port, WITHIN);
        let asked_first =
            found.iter().filter(|exchange| matches!(exchange.echo(WITHIN), Echo::Same | Echo::Untimed | Echo::Backwards));
        asked_first.count()
    };
    let best = ports.into_iter().map(|(port, _)| (echoes(port), std::cmp::Reverse(port))).filter(|(count, _)| *count > 0).max();
    best.map(|(_, port)| port.0)
}
