//! Lines against streams: what one peer's lines tell, put together, is what its connections brought.
//!
//! TCP keeps no borders, so a line may hold part of a segment or several. Lines are first laid along the stream one
//! behind the other; one that is not there is looked for further on, then in the gaps. What then remains of a gap is told
//! with other octets, or not at all.

use std::collections::BTreeMap;
use std::iter::repeat;
use std::net::SocketAddr;
use std::ops::Range;

use super::compare::first_difference;
use super::{Altered, Comparison, Extra, Kind, Match, Missing, Nearest, Receipt, Stream};

/// Octets that may be looked at to find lines again that are not where they should be.
const MAX_LOOKS: u64 = 1 << 27;

/// Peers, or connections of one peer, that are searched for the octets of a line.
const MAX_PEERS: usize = 16;

/// Lays lines beside streams.
pub(super) fn compare<'a>(streams: &[&'a Stream], receipts: &'a [Receipt], found: &mut Comparison<'a>) {
    let mut peers: BTreeMap<SocketAddr, Peer<'a>> = BTreeMap::new();
    for stream in streams {
        peers.entry(stream.source).or_default().lanes.push(Lane::new(stream));
    }
    let mut budget = Budget(MAX_LOOKS);
    let mut strangers = Vec::new();
    for receipt in receipts {
        match peers.get_mut(&receipt.peer) {
            Some(peer) => peer.lay(receipt, &mut budget, found),
            None => strangers.push(receipt),
        }
    }
    for peer in peers.values_mut() {
        peer.settle(&mut budget, found, &mut strangers);
    }
    let ports: BTreeMap<u16, &Stream> = streams.iter().rev().map(|stream| (stream.source.port(), *stream)).collect();
    for receipt in strangers {
        found.extra.push(Extra { receipt, nearest: nearest(receipt, &ports, &mut budget) });
    }
}

/// Connections of one peer, in order, and lines that were not found where they should be.
#[derive(Default)]
struct Peer<'a> {
    lanes: Vec<Lane<'a>>,
    /// The connection that is being read.
    current: usize,
    /// Lines left, each with its connection and the octet it should begin with.
    left: Vec<(&'a Receipt, usize, usize)>,
}

/// One stream, and what of it the lines told.
struct Lane<'a> {
    stream: &'a Stream,
    /// The octet behind the last line that was found in order.
    position: usize,
    /// What no line told, in order.
    gaps: Vec<Range<usize>>,
}

/// How much may still be looked at.
pub(super) struct Budget(pub(super) u64);

impl<'a> Peer<'a> {
    /// Finds a line in order: right behind the last one, or further on.
    fn lay(&mut self, receipt: &'a Receipt, budget: &mut Budget, found: &mut Comparison<'a>) {
        if receipt.octets.is_empty() {
            // Python reads no octets at the end of a stream; some programs print that.
            found.matched.push(Match { receipt, frames: None, in_order: true });
            return;
        }
        let places = self.lanes.iter().enumerate().skip(self.current).take(MAX_PEERS);
        let at_once = places.clone().find(|(_, lane)| lane.rest().starts_with(&receipt.octets));
        let place = at_once
            .map(|(number, _)| (number, 0))
            .or_else(|| places.clone().find_map(|(number, lane)| Some((number, budget.find(lane.rest(), &receipt.octets)?))));
        match place {
            Some((number, skipped)) => {
                self.current = number;
                let Some(lane) = self.lanes.get_mut(number) else { return };
                let begin = lane.position.saturating_add(skipped);
                found.matched.push(Match { receipt, frames: lane.take(receipt, begin), in_order: true });
            }
            None => {
                let position = self.lanes.get(self.current).map_or(0, |lane| lane.position);
                self.left.push((receipt, self.current, position));
            }
        }
    }

    /// Finds lines out of order and lines with other octets; what is left of them goes to `strangers`.
    fn settle(&mut self, budget: &mut Budget, found: &mut Comparison<'a>, strangers: &mut Vec<&'a Receipt>) {
        for lane in &mut self.lanes {
            lane.end();
        }
        let mut left = std::mem::take(&mut self.left);
        left.retain(|(receipt, ..)| {
            let frames = self.lanes.iter_mut().find_map(|lane| lane.take_from_gaps(receipt, budget));
            found.matched.extend(frames.map(|frames| Match { receipt, frames: Some(frames), in_order: false }));
            frames.is_none()
        });
        for (receipt, number, position) in left {
            // In its own connection behind the line before; else in a later one.
            let mut lanes = self.lanes.iter_mut().skip(number).take(MAX_PEERS).zip([position].into_iter().chain(repeat(0)));
            match lanes.find_map(|(lane, position)| lane.other_octets(receipt, position)) {
                Some(altered) => found.altered.push(altered),
                None if self.lanes.iter().any(|lane| lane.stream.cut) => found.undecided.push(receipt),
                None => strangers.push(receipt),
            }
        }
        found.missing.extend(self.lanes.iter().flat_map(Lane::missing));
    }
}

impl<'a> Lane<'a> {
    fn new(stream: &'a Stream) -> Self {
        Self { stream, position: 0, gaps: Vec::new() }
    }

    fn rest(&self) -> &'a [u8] {
        self.stream.octets.get(self.position..).unwrap_or_default()
    }

    /// The line tells the octets from `begin` on; gives their frames.
    fn take(&mut self, receipt: &Receipt, begin: usize) -> Option<(u64, u64)> {
        if begin > self.position {
            self.gaps.push(self.position..begin);
        }
        let end = begin.saturating_add(receipt.octets.len());
        self.position = end.saturating_add(self.line_ends(receipt, end));
        self.frames(begin..end)
    }

    /// Text has lost the line ends behind it.
    fn line_ends(&self, receipt: &Receipt, at: usize) -> usize {
        let behind = self.stream.octets.get(at..).unwrap_or_default().iter();
        if receipt.kind == Kind::Text { behind.take_while(|octet| matches!(octet, b'\r' | b'\n')).count() } else { 0 }
    }

    fn frames(&self, octets: Range<usize>) -> Option<(u64, u64)> {
        Some((self.stream.frame_at(octets.start)?, self.stream.frame_at(octets.end.checked_sub(1)?)?))
    }

    /// What is behind the last line is a gap too.
    fn end(&mut self) {
        let end = self.stream.octets.len();
        if self.position < end {
            self.gaps.push(self.position..end);
        }
    }

    fn take_from_gaps(&mut self, receipt: &Receipt, budget: &mut Budget) -> Option<(u64, u64)> {
        budget.spend(self.gaps.len())?;
        let octets = |gap: &Range<usize>| self.stream.octets.get(gap.clone()).unwrap_or_default();
        let find = |(number, gap): (usize, &Range<usize>)| Some((number, budget.find(octets(gap), &receipt.octets)?));
        let (number, skipped) = self.gaps.iter().enumerate().find_map(find)?;
        let gap = self.gaps.get(number)?.clone();
        let begin = gap.start.saturating_add(skipped);
        let end = begin.saturating_add(receipt.octets.len());
        let behind = end.saturating_add(self.line_ends(receipt, end)).min(gap.end);
        let pieces = [gap.start..begin, behind..gap.end].into_iter().filter(|piece| !piece.is_empty());
        self.gaps.splice(number..=number, pieces);
        self.frames(begin..end)
    }

    /// The line stands where octets of a gap should stand; the gap's other octets remain one.
    fn other_octets(&mut self, receipt: &'a Receipt, position: usize) -> Option<Altered<'a>> {
        let number = self.gaps.partition_point(|gap| gap.end <= position);
        let gap = self.gaps.get(number)?.clone();
        let len = receipt.octets.len();
        // A gap not much longer than the line is the line with octets added or lost.
        let end = if gap.len() <= len.saturating_mul(2) { gap.end } else { gap.start.saturating_add(len) };
        let octets = self.stream.octets.get(gap.start..end)?;
        match self.gaps.get_mut(number) {
            Some(gap) if end < gap.end => gap.start = end,
            _ => drop(self.gaps.remove(number)),
        }
        let offset = first_difference(&receipt.octets, octets);
        Some(Altered { receipt, frame: self.stream.frame_at(gap.start)?, octets, offset })
    }

    fn missing(&self) -> impl Iterator<Item = Missing<'a>> {
        self.gaps.iter().filter_map(|gap| {
            let octets = self.stream.octets.get(gap.clone())?;
            Some(Missing { frame: self.stream.frame_at(gap.start)?, peer: self.stream.source, octets })
        })
    }
}

impl Budget {
    fn spend(&mut self, looks: usize) -> Option<()> {
        self.0 = self.0.checked_sub(looks as u64)?;
        Some(())
    }

    /// Where one occurs in the other, as long as looking is allowed.
    pub(super) fn find(&mut self, octets: &[u8], wanted: &[u8]) -> Option<usize> {
        self.spend(1)?;
        let first = *wanted.first()?;
        let last = octets.len().checked_sub(wanted.len())?;
        for (at, octet) in octets.iter().enumerate().take(last.saturating_add(1)) {
            let same = if *octet == first { first_difference(octets.get(at..)?, wanted) } else { 0 };
            self.spend(same + 1)?;
            if same == wanted.len() {
                return Some(at);
            }
        }
        None
    }
}

/// The peer with the same octets, or else with the nearest port.
fn nearest(receipt: &Receipt, ports: &BTreeMap<u16, &Stream>, budget: &mut Budget) -> Option<Nearest> {
    let port = receipt.peer.port();
    let distance = |stream: &Stream| stream.source.port().abs_diff(port);
    let below = ports.range(..port).rev().take(MAX_PEERS);
    let mut near: Vec<&Stream> = below.chain(ports.range(port..).take(MAX_PEERS)).map(|(_, stream)| *stream).collect();
    near.sort_by_key(|stream| (distance(stream), stream.source));
    let same = near.iter().find_map(|stream| Some((stream, budget.find(&stream.octets, &receipt.octets)?)));
    let (stream, at) = same.or_else(|| near.first().map(|stream| (stream, 0)))?;
    Some(Nearest { frame: stream.frame_at(at)?, peer: stream.source, same_octets: same.is_some() })
}
