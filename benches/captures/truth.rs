//! What an analyzer should find: one row a flow, and totals.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::container::Capture;
use crate::flow::{Fate, Flow, Tally, Transport};
use crate::plan::Plan;
use crate::schedule::Schedule;
use crate::side::Side;
use crate::time::EPOCH;
use crate::wire::ipv6_address;

const COLUMNS: &str = "proto\tclient\tcport\tserver\tsport\topen\tclose\tpkts_c2s\tpkts_s2c\t\
    payload_c2s\tpayload_s2c\tunique_c2s\tunique_s2c\tretrans_c2s\tretrans_s2c\t\
    swapped_c2s\tswapped_s2c\tholes_filled_c2s\tholes_filled_s2c\tspurious_c2s\tspurious_s2c\t\
    syn_retrans\thandshake_rtt_ns\tfirst_ns\tlast_ns";

/// What a column says where there is nothing to say.
const NOTHING: &str = "-";

/// Counts ended flows, and writes their rows if the plan asks for them.
pub(crate) struct Truth<'a> {
    plan: &'a Plan,
    table: Option<BufWriter<File>>,
    totals: Totals,
}

/// Flows, by how they begin and end, and segments, by what happens to them.
#[derive(Default)]
struct Totals {
    tcp: u64,
    udp: u64,
    handshake: u64,
    midstream: u64,
    refused: u64,
    unanswered: u64,
    fin: u64,
    reset: u64,
    abandoned: u64,
    retransmitted: u64,
    holes_filled: u64,
    swapped: u64,
}

impl<'a> Truth<'a> {
    /// Opens the table, if there is to be one.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn create(plan: &'a Plan) -> io::Result<Self> {
        let mut table = match &plan.truth {
            Some(path) => Some(BufWriter::new(File::create(path)?)),
            None => None,
        };
        if let Some(table) = &mut table {
            writeln!(table, "{COLUMNS}")?;
        }
        Ok(Self { plan, table, totals: Totals::default() })
    }

    /// Notes a flow that has ended.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn record(&mut self, flow: &Flow) -> io::Result<()> {
        self.totals.add(flow);
        match &mut self.table {
            Some(table) => writeln!(table, "{}", row(flow, self.plan).join("\t")),
            None => Ok(()),
        }
    }

    /// Writes what is still buffered.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.table.as_mut().map_or(Ok(()), BufWriter::flush)
    }

    /// One line of JSON.
    pub(crate) fn totals(&self, capture: &Capture, schedule: &Schedule) -> String {
        let totals = &self.totals;
        let numbers = [
            ("file_bytes", capture.file_octets),
            ("packets", capture.frames),
            ("captured_bytes", capture.captured),
            ("original_bytes", capture.original),
            ("flows", schedule.begun),
            ("peak_active_flows", schedule.peak as u64),
            ("tcp", totals.tcp),
            ("tcp_handshake", totals.handshake),
            ("tcp_midstream", totals.midstream),
            ("tcp_refused", totals.refused),
            ("tcp_unanswered", totals.unanswered),
            ("close_fin", totals.fin),
            ("close_rst", totals.reset),
            ("close_none", totals.abandoned),
            ("retrans_seen", totals.retransmitted),
            ("holes_filled", totals.holes_filled),
            ("swapped", totals.swapped),
            ("udp", totals.udp),
        ];
        let members = numbers.map(|(name, number)| format!("\"{name}\":{number}"));
        let out = self.plan.out.escape_default();
        format!("{{\"out\":\"{out}\",{}}}", members.join(","))
    }
}

impl Totals {
    fn add(&mut self, flow: &Flow) {
        if flow.transport == Transport::Udp {
            self.udp += 1;
            return;
        }
        self.tcp += 1;
        *match (flow.fate, flow.midstream) {
            (_, true) => &mut self.midstream,
            (Fate::Refused, _) => &mut self.refused,
            (Fate::Unanswered, _) => &mut self.unanswered,
            _ => &mut self.handshake,
        } += 1;
        match flow.fate {
            Fate::Closed => self.fin += 1,
            Fate::Reset => self.reset += 1,
            Fate::Abandoned => self.abandoned += 1,
            Fate::Refused | Fate::Unanswered => {}
        }
        for tally in [flow.tallies.client, flow.tallies.server] {
            self.retransmitted += tally.retransmitted;
            self.holes_filled += tally.holes_filled;
            self.swapped += tally.swapped;
        }
    }
}

/// A flow's columns, in the order of [`COLUMNS`].
fn row(flow: &Flow, plan: &Plan) -> Vec<String> {
    let protocol = match flow.transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    };
    let mut row = vec![protocol.to_owned()];
    for side in [Side::Client, Side::Server] {
        row.push(host(flow, plan, side));
        row.push(flow.tuple.addresses[side].port.to_string());
    }
    row.extend([opening(flow).to_owned(), closing(flow).to_owned()]);

    let both = |count: fn(&Tally) -> u64| [flow.tallies.client, flow.tallies.server].map(|tally| count(&tally).to_string());
    row.extend(both(|tally| tally.packets));
    row.extend(both(|tally| tally.payload));
    row.extend([Side::Client, Side::Server].map(|side| known(flow.unique(side))));
    row.extend(both(|tally| tally.retransmitted));
    row.extend(both(|tally| tally.swapped));
    row.extend(both(|tally| tally.holes_filled));
    row.extend(both(|tally| tally.spurious));

    row.push(flow.syn_retransmissions.to_string());
    row.push(known(flow.handshake));
    row.extend([flow.first, flow.last].map(|time| (EPOCH + time).to_string()));
    row
}

fn host(flow: &Flow, plan: &Plan, side: Side) -> String {
    let address = flow.tuple.addresses[side];
    if flow.tuple.v6 {
        Ipv6Addr::from(ipv6_address(plan.is_loopback(), address)).to_string()
    } else {
        Ipv4Addr::from(address.host).to_string()
    }
}

fn opening(flow: &Flow) -> &'static str {
    match (flow.transport, flow.fate) {
        (Transport::Udp, _) => NOTHING,
        _ if flow.midstream => "midstream",
        (_, Fate::Refused) => "refused",
        (_, Fate::Unanswered) => "unanswered",
        _ => "handshake",
    }
}

fn closing(flow: &Flow) -> &'static str {
    match (flow.transport, flow.fate) {
        (Transport::Udp, _) | (_, Fate::Refused | Fate::Unanswered) => NOTHING,
        (_, Fate::Closed) => "fin",
        (_, Fate::Reset) => "rst",
        (_, Fate::Abandoned) => "none",
    }
}

fn known(number: Option<u64>) -> String {
    number.map_or_else(|| NOTHING.to_owned(), |number| number.to_string())
}
