//! `verify`: where the sockets that packets show differ from those of the kernel; of a live capture a line
//! `{"difference": …}` for each as it is found, and `{"verification": …}` with all of them at the end.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;

use serde::Serialize;

use super::SCHEMA;
use super::format::{Text, document, line};
use crate::capture::Timestamp;
use crate::judge::verify::{Account, Difference, Discrepancy};

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
    states: BTreeMap<&'static str, u64>,
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

/// A socket, what both say of it, and why.
#[derive(Serialize)]
struct Differing {
    protocol: &'static str,
    local: Text<SocketAddr>,
    peer: Option<Text<SocketAddr>>,
    ours: Option<&'static str>,
    kernel: Option<&'static str>,
    reason: &'static str,
    because: &'static str,
}

impl From<&Difference> for Differing {
    fn from(difference: &Difference) -> Self {
        Self {
            protocol: difference.protocol.word(),
            local: Text(difference.local),
            peer: difference.peer.map(Text),
            ours: difference.ours.map(|state| state.word()),
            kernel: difference.kernel.map(|state| state.word()),
            reason: difference.reason.word(),
            because: difference.reason.text(),
        }
    }
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    differing: Differing,
    first: Text<Timestamp>,
    last: Text<Timestamp>,
    samples: u64,
}

impl From<&Discrepancy> for Row {
    fn from(Discrepancy { first, last, samples }: &Discrepancy) -> Self {
        Self { differing: first.into(), first: Text(first.at), last: Text(*last), samples: *samples }
    }
}

impl From<&Account> for Document {
    fn from(account: &Account) -> Self {
        let Account { samples, late, agreeing, unsettled, explained, unexplained, unseen, .. } = *account;
        Self {
            schema: SCHEMA,
            samples,
            late,
            connections: Connections { agreeing, states: account.states.clone(), explained, unexplained, unsettled, unseen },
            places: Places { agreeing: account.agreeing_places, differing: account.differing_places },
            differences: account.discrepancies.iter().map(Row::from).collect(),
            more: account.more,
        }
    }
}

/// Writes what a verification found as one document.
///
/// # Errors
/// What the writer says.
pub fn write(account: &Account, out: &mut impl Write) -> io::Result<()> {
    document(&Document::from(account), out)
}

#[derive(Serialize)]
struct VerificationLine {
    verification: Document,
}

/// Writes the same as a line of JSON Lines.
///
/// # Errors
/// What the writer says.
pub fn write_line(account: &Account, out: &mut impl Write) -> io::Result<()> {
    line(&VerificationLine { verification: account.into() }, out)
}

#[derive(Serialize)]
struct DifferenceLine {
    difference: Moment,
}

#[derive(Serialize)]
struct Moment {
    time: Text<Timestamp>,
    #[serde(flatten)]
    differing: Differing,
}

/// Writes one difference as a line of JSON Lines.
///
/// # Errors
/// What the writer says.
pub fn write_difference(difference: &Difference, out: &mut impl Write) -> io::Result<()> {
    line(&DifferenceLine { difference: Moment { time: Text(difference.at), differing: difference.into() } }, out)
}
