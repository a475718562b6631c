//! `verify`: the sockets that packets show beside those of the kernel.

use std::io::{self, Write};

use super::look::{Ink, Look};
use super::table::{Align, Table};
use super::words::counted;
use crate::capture::Timestamp;
use crate::judge::verify::{Account, Difference, Discrepancy, Reason};
use crate::track::SocketState;

/// Differences laid out together; a longer list repeats the heading.
const ROWS: usize = 1000;

/// Writes the figures, then every socket on which both differed. Times count from `begin`, the first frame's.
///
/// # Errors
/// What the writer says.
pub fn write(account: &Account, begin: Option<Timestamp>, look: Look, out: &mut impl Write) -> io::Result<()> {
    figures(account, look, out)?;
    if account.discrepancies.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    for rows in account.discrepancies.chunks(ROWS) {
        let mut table = Table::new(look, &TITLES);
        for found in rows {
            table.row(Some(ink(&found.first)), row(found, begin));
        }
        table.write(out)?;
    }
    match account.more {
        0 => Ok(()),
        more => writeln!(out, "  … and {}", counted(more, "more difference")),
    }
}

const TITLES: [(&str, Align); 8] = [
    ("From", Align::Right),
    ("To", Align::Right),
    ("Netid", Align::Left),
    ("Local", Align::Left),
    ("Peer", Align::Left),
    ("Packets", Align::Left),
    ("Kernel", Align::Left),
    ("Because", Align::Wrapped),
];

/// Writes one difference as it is found, on a line: `≠ 1.250 udp 127.0.0.1:40000  packets UNCONN, kernel none: …`.
///
/// # Errors
/// What the writer says.
pub fn line(difference: &Difference, begin: Option<Timestamp>, look: Look, out: &mut impl Write) -> io::Result<()> {
    let Difference { at, protocol, local, peer, ours, kernel, reason } = difference;
    let peer = peer.map(|peer| format!(" {peer}")).unwrap_or_default();
    let (ours, kernel) = (word(*ours), word(*kernel));
    let place = format!("≠ {} {} {local}{peer}", since(*at, begin), protocol.word());
    let text = format!("{place}  packets {ours}, kernel {kernel}: {}", reason.text());
    writeln!(out, "{}", look.paint(ink(difference), text))
}

/// Writes how often both agreed.
///
/// # Errors
/// What the writer says.
pub fn figures(account: &Account, look: Look, out: &mut impl Write) -> io::Result<()> {
    let Account { samples, late, agreeing, unsettled, explained, unexplained, unseen, .. } = *account;
    let (percent, others) = (100.0 * account.share(), 100.0 * account.share_of_others());
    writeln!(out, "{}", look.paint(Ink::Strong, format!("{} of the kernel's table", counted(samples, "sample"))))?;
    let differing = explained + unexplained;
    writeln!(
        out,
        "  ends of connections: {agreeing} agree, {differing} differ: {percent:.3} %, without TIME-WAIT {others:.3} %"
    )?;
    let ink = if unexplained > 0 { Ink::Bad } else { Ink::Quiet };
    writeln!(out, "  {}", look.paint(ink, format!("of those that differ nothing explains {unexplained}")))?;
    writeln!(out, "  within 50 ms of a packet, and not counted: {unsettled}; without any packet: {unseen}")?;
    writeln!(out, "  listeners and UDP sockets: {} agree, {} differ", account.agreeing_places, account.differing_places)?;
    match late {
        0 => Ok(()),
        late => writeln!(out, "  {} behind younger packets and left out", counted(late, "sample")),
    }
}

fn row(Discrepancy { first, last, .. }: &Discrepancy, begin: Option<Timestamp>) -> Vec<String> {
    vec![
        since(first.at, begin),
        since(*last, begin),
        first.protocol.word().to_owned(),
        first.local.to_string(),
        first.peer.map_or_else(|| "*".to_owned(), |peer| peer.to_string()),
        word(first.ours).to_owned(),
        word(first.kernel).to_owned(),
        first.reason.text().to_owned(),
    ]
}

fn ink(difference: &Difference) -> Ink {
    if difference.reason == Reason::Unexplained { Ink::Bad } else { Ink::of(difference.protocol) }
}

fn since(time: Timestamp, begin: Option<Timestamp>) -> String {
    begin.map_or_else(|| time.to_string(), |begin| format!("{:.3}", time.since(begin).as_secs_f64()))
}

fn word(state: Option<SocketState>) -> &'static str {
    state.map_or("none", SocketState::word)
}
