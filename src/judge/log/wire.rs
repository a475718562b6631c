//! What decoded text was on the wire.
//!
//! A program that prints `data.decode()` loses two things: where the payload ends, if it holds line ends, and how it was
//! encoded. Of all that a line may stand for, what its peer sent decides: the line and as many of those behind it as make
//! one of the peer's payloads, in UTF-8 or in CP949.

use std::net::SocketAddr;

use encoding_rs::EUC_KR;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::streams::Budget;
use super::{Deliveries, Kind, Log, Receipt};

/// Octets of streams that may be searched.
const MAX_LOOKS: u64 = 1 << 27;

/// What a line end was on the wire.
const LINE_ENDS: [&str; 2] = ["\n", "\r\n"];

impl Log {
    /// Gives every line of text the octets that its peer sent, where the capture has them.
    pub fn put_together(&mut self, deliveries: &Deliveries) {
        let sent = Sent::new(deliveries);
        let mut budget = Budget(MAX_LOOKS);
        for receipt in self.receipts.iter_mut().filter(|receipt| is_open(receipt)) {
            let Some((lines, octets)) = sent.payload(receipt, &mut budget) else { continue };
            self.skipped = self.skipped.saturating_sub(lines as u64);
            receipt.octets = octets;
            receipt.behind.truncate(lines);
        }
    }
}

/// A line that may stand for more than one payload.
fn is_open(receipt: &Receipt) -> bool {
    receipt.kind == Kind::Text && !(receipt.behind.is_empty() && receipt.octets.is_ascii())
}

/// What was sent, by its sender.
struct Sent<'a> {
    datagrams: HashMap<SocketAddr, HashSet<&'a [u8], RandomState>, RandomState>,
    streams: HashMap<SocketAddr, Vec<&'a [u8]>, RandomState>,
}

impl<'a> Sent<'a> {
    fn new(deliveries: &'a Deliveries) -> Self {
        let mut sent = Self { datagrams: HashMap::default(), streams: HashMap::default() };
        for datagram in &deliveries.datagrams {
            sent.datagrams.entry(datagram.source).or_default().insert(without_end(&datagram.octets));
        }
        for stream in &deliveries.streams {
            sent.streams.entry(stream.source).or_default().push(&stream.octets);
        }
        sent
    }

    /// How many of the lines behind a line belong to it, and the octets of them all: as many as can be.
    fn payload(&self, receipt: &Receipt, budget: &mut Budget) -> Option<(usize, Vec<u8>)> {
        let first = std::str::from_utf8(&receipt.octets).ok()?;
        for count in (0..=receipt.behind.len()).rev() {
            let lines: Vec<&str> = [first].into_iter().chain(receipt.behind.iter().take(count).map(String::as_str)).collect();
            let texts = LINE_ENDS.map(|end| lines.join(end));
            // Without a line end, both are the same.
            let texts = if count == 0 { texts.get(..1).unwrap_or_default() } else { &texts };
            let octets = texts.iter().flat_map(|text| encodings(text)).find(|octets| self.has(receipt.peer, octets, budget));
            if let Some(octets) = octets {
                return Some((count, octets));
            }
        }
        None
    }

    fn has(&self, peer: SocketAddr, octets: &[u8], budget: &mut Budget) -> bool {
        let whole = self.datagrams.get(&peer).is_some_and(|datagrams| datagrams.contains(without_end(octets)));
        let streams = self.streams.get(&peer).into_iter().flatten();
        whole || streams.into_iter().any(|stream| budget.find(stream, octets).is_some())
    }
}

/// A text in UTF-8, and in CP949 if that is something else.
fn encodings(text: &str) -> impl Iterator<Item = Vec<u8>> {
    let (korean, _, unmapped) = EUC_KR.encode(text);
    let korean = Some(korean.into_owned()).filter(|octets| !unmapped && octets != text.as_bytes());
    [text.as_bytes().to_vec()].into_iter().chain(korean)
}

/// The octets without the line end behind them, which a printed text may have lost.
fn without_end(octets: &[u8]) -> &[u8] {
    let octets = octets.strip_suffix(b"\n").unwrap_or(octets);
    octets.strip_suffix(b"\r").unwrap_or(octets)
}
