//! `verify`: where the sockets that packets show differ from those of the kernel.

use std::io::{self, Write};
use std::net::SocketAddr;

use serde::Serialize;

use super::SCHEMA;
use super::format::{Text, document};
use crate::capture::Timestamp;
use crate::judge::verify::{Account, Discrepancy};

#[derive(Serialize)]
struct Document {
    schema: u32,
    samples: u64,
    late: u64,
    connections: Connections,
    places: Places,
    differences: Vec<Row>,
    more: u64,
}

/// Ends of connections at samples.
#[derive(Serialize)]
struct Connections {
    agreeing: u64,
    explained: u64,
    unexplained: u64,
    unsettled: u64,
    unseen: u64,
}

/// Listeners and UDP sockets at samples.
#[derive(Serialize)]
struct Places {
    agreeing: u64,
    differing: u64,
}

#[derive(Serialize)]
struct Row {
    protocol: &'static str,
    local: Text<SocketAddr>,
    peer: Option<Text<SocketAddr>>,
    ours: Option<&'static str>,
    kernel: Option<&'static str>,
    reason: &'static str,
    because: &'static str,
    first: Text<Timestamp>,
    last: Text<Timestamp>,
    samples: u64,
}

impl From<&Discrepancy> for Row {
    fn from(Discrepancy { first, last, samples }: &Discrepancy) -> Self {
        Self {
            protocol: first.protocol.word(),
            local: Text(first.local),
            peer: first.peer.map(Text),
            ours: first.ours.map(|state| state.word()),
            kernel: first.kernel.map(|state| state.word()),
            reason: first.reason.word(),
            because: first.reason.text(),
            first: Text(first.at),
            last: Text(*last),
            samples: *samples,
        }
    }
}

/// Writes what a verification found as one document.
///
/// # Errors
/// What the writer says.
pub fn write(account: &Account, out: &mut impl Write) -> io::Result<()> {
    let Account { samples, late, agreeing, unsettled, explained, unexplained, unseen, .. } = *account;
    document(
        &Document {
            schema: SCHEMA,
            samples,
            late,
            connections: Connections { agreeing, explained, unexplained, unsettled, unseen },
            places: Places { agreeing: account.agreeing_places, differing: account.differing_places },
            differences: account.discrepancies.iter().map(Row::from).collect(),
            more: account.more,
        },
        out,
    )
}
