//! The checks: one room for each part of a lab, and here the table of who judges what.

mod echo;
mod file;
mod identity;
mod log;
mod place;
mod query;
mod recipe;
mod ruling;
mod said;
mod tcp;

pub(super) use place::{air_play, narrow_filter};
pub(super) use ruling::Ruling;

use super::hand_in::{Handed, Who};
use super::log::{Addressee, Delivered, Server, expected_line};
use super::record::{Evidence, Record, UdpLab};
use super::rubric::{Check, Kind, Rubric};
use super::{Datagram, Message, Status};
use crate::track::{Connection, Protocol};

/// What lies before a check: a capture, read, and who handed it in with what else.
#[derive(Debug)]
pub(super) struct Bench<'a> {
    pub(super) rubric: &'a Rubric,
    pub(super) record: &'a Record,
    pub(super) who: &'a Who<'a>,
    pub(super) handed: &'a Handed,
    /// The UDP lab in the capture.
    pub(super) udp: &'a UdpLab<'a>,
    /// The connections to the server's TCP port.
    pub(super) tcp: &'a [&'a Connection],
    /// The port that the rubric asks for.
    pub(super) port: u16,
    /// Whether the lab is one of TCP or of UDP.
    pub(super) protocol: Protocol,
}

/// Judges one check; what the capture lost takes no points.
pub(super) fn judge(bench: &Bench<'_>, check: &Check) -> Ruling {
    let ruling = by_kind(bench, check).excused(bench.record.lost(), check.points);
    if !ruling.near.is_empty() || ruling.status(check.points) == Status::Pass {
        return ruling;
    }
    let near = nearest(bench, check, &ruling);
    ruling.near(near)
}

/// What came near, where the check has nothing better to tell: the connections of a lab of TCP, or what is there.
fn nearest(bench: &Bench<'_>, check: &Check, ruling: &Ruling) -> Vec<Message> {
    use Kind::{TcpClose, TcpDemux, TcpEcho, TcpFirstFin, TcpHandshake};
    let of_tcp = matches!(check.kind, TcpHandshake | TcpEcho { .. } | TcpClose { .. } | TcpFirstFin { .. } | TcpDemux);
    let connections = if of_tcp { tcp::nearest(bench) } else { Vec::new() };
    if connections.is_empty() { ruling.found.iter().cloned().collect() } else { connections }
}

fn by_kind(bench: &Bench<'_>, check: &Check) -> Ruling {
    let max = check.points;
    match &check.kind {
        Kind::Readable => file::readable(bench, max),
        Kind::Named => file::named(bench, max),
        Kind::Screenshot => file::screenshot(bench, max),
        Kind::Loopback => place::loopback(bench, max),
        Kind::UdpEndpoint => place::udp_endpoint(bench, max),
        Kind::UdpClientPort { range } => place::client_port(bench, max, *range),
        Kind::UdpEcho { clients, within } => echo::udp_echo(bench, max, *clients, *within),
        Kind::UdpDemux => echo::udp_demux(bench, max),
        Kind::Identity { fields } => identity::identity(bench, max, fields),
        Kind::Log => log::log(bench, max),
        Kind::TcpHandshake => tcp::handshake(bench, max),
        Kind::TcpEcho { clients } => tcp::echo(bench, max, *clients),
        Kind::TcpClose { clients } => tcp::close(bench, max, *clients),
        Kind::TcpFirstFin { side } => tcp::first_fin(bench, max, *side),
        Kind::TcpDemux => tcp::demux(bench, max),
        Kind::Query(query) => query::query(bench, max, query),
    }
}

impl Bench<'_> {
    /// The port that served.
    pub(super) fn served_port(&self) -> u16 {
        match self.protocol {
            Protocol::Udp => self.udp.port,
            Protocol::Tcp => self.port,
        }
    }

    /// What clients asked the UDP server.
    pub(super) fn requests(&self) -> impl Iterator<Item = &Datagram> {
        self.udp.exchanges.iter().filter_map(|exchange| exchange.request)
    }

    /// Whose log is asked for.
    pub(super) fn server(&self) -> Addressee {
        Addressee::server(Server { protocol: self.protocol, port: self.served_port() })
    }

    /// What the server must have received: frame, peer, octets.
    pub(super) fn received(&self) -> Vec<Delivered<'_>> {
        let mut received = self.server().expected(&self.record.deliveries);
        received.truncate(Evidence::MAX_FRAMES);
        received
    }

    /// The lines that the server must have printed.
    pub(super) fn printed(&self) -> Vec<Message> {
        let lines = self.received().iter().map(|delivered| cut_off(expected_line(delivered))).collect::<Vec<_>>();
        lines.into_iter().map(|line| Message::new(line.clone(), line)).collect()
    }
}

/// The begin of a line, as much as a person reads.
fn cut_off(line: String) -> String {
    const MOST: usize = 400;
    let end = line.floor_char_boundary(MOST);
    if end < line.len() { format!("{}…", line.get(..end).unwrap_or_default()) } else { line }
}

/// `1 frame`, `2 frames`.
fn number(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}
