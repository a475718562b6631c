//! Lines against datagrams: each line takes one datagram of the same peer with the same octets.
//!
//! What is left is paired within a peer: other octets. What is then left is too much or lacks. The order is that of one
//! socket's queue, so the lines that do not fit into the longest run of rising frames are out of order.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::compare::first_difference;
use super::{Altered, Comparison, Datagram, Extra, Kind, Match, Missing, Nearest, Receipt};

/// Datagrams that are looked at for one line, where looking is not by key.
const MAX_LOOKS: usize = 256;

/// Lays lines beside datagrams; `incomplete` if there were more of these.
pub(super) fn compare<'a>(datagrams: &[&'a Datagram], receipts: &'a [Receipt], incomplete: bool, found: &mut Comparison<'a>) {
    let mut pool = Pool::new(datagrams);
    let (mut matched, mut left) = (Vec::new(), Vec::new());
    for receipt in receipts {
        match pool.take(receipt) {
            Some(place) => matched.push((receipt, place)),
            None => left.push(receipt),
        }
    }
    left.retain(|receipt| match pool.take_cut(receipt) {
        Some(place) => {
            matched.push((receipt, place));
            false
        }
        None => true,
    });
    matched.sort_by_key(|(receipt, _)| receipt.line);
    found.matched.extend(ordered(&matched, datagrams));
    let mut rest = Rest::new(&pool, datagrams);
    let mut extra = Vec::new();
    for receipt in left {
        match rest.other_octets(receipt) {
            Some(altered) => found.altered.push(altered),
            None if incomplete => found.undecided.push(receipt),
            None => extra.push(receipt),
        }
    }
    let nearest = Candidates::new(&rest, datagrams);
    found.extra.extend(extra.into_iter().map(|receipt| Extra { receipt, nearest: nearest.to(receipt) }));
    found.missing.extend(rest.into_missing());
}

/// Datagrams that no line has taken yet.
struct Pool<'a, 'd> {
    datagrams: &'d [&'a Datagram],
    taken: Vec<bool>,
    whole: HashMap<SocketAddr, HashMap<&'a [u8], VecDeque<usize>, RandomState>, RandomState>,
    /// Those of which not all octets were captured.
    cut: HashMap<SocketAddr, VecDeque<usize>, RandomState>,
}

impl<'a, 'd> Pool<'a, 'd> {
    fn new(datagrams: &'d [&'a Datagram]) -> Self {
        let taken = vec![false; datagrams.len()];
        let mut pool = Self { datagrams, taken, whole: HashMap::default(), cut: HashMap::default() };
        // Of equal ones, those are taken first that were certainly delivered.
        for certain in [true, false] {
            for (place, datagram) in datagrams.iter().enumerate().filter(|(_, datagram)| datagram.is_certain() == certain) {
                if datagram.octets.len() as u64 >= u64::from(datagram.len) {
                    pool.whole.entry(datagram.source).or_default().entry(&datagram.octets).or_default().push_back(place);
                } else {
                    pool.cut.entry(datagram.source).or_default().push_back(place);
                }
            }
        }
        pool
    }

    fn take(&mut self, receipt: &Receipt) -> Option<usize> {
        let ends: &[&[u8]] = if receipt.kind == Kind::Text { &[b"", b"\n", b"\r\n"] } else { &[b""] };
        let of_peer = self.whole.get_mut(&receipt.peer)?;
        let place = ends.iter().find_map(|end| {
            let octets = [&receipt.octets, *end].concat();
            of_peer.get_mut(octets.as_slice())?.pop_front()
        })?;
        *self.taken.get_mut(place)? = true;
        Some(place)
    }

    fn take_cut(&mut self, receipt: &Receipt) -> Option<usize> {
        let queue = self.cut.get_mut(&receipt.peer)?;
        let fits = |place: &usize| {
            self.datagrams.get(*place).is_some_and(|datagram| {
                receipt.octets.len() as u64 == u64::from(datagram.len) && receipt.octets.starts_with(&datagram.octets)
            })
        };
        let place = queue.iter().take(MAX_LOOKS).position(fits).and_then(|at| queue.remove(at))?;
        *self.taken.get_mut(place)? = true;
        Some(place)
    }
}

/// What the lines left over.
struct Rest<'a> {
    by_peer: HashMap<SocketAddr, VecDeque<&'a Datagram>, RandomState>,
}

impl<'a> Rest<'a> {
    fn new(pool: &Pool<'a, '_>, datagrams: &[&'a Datagram]) -> Self {
        let mut by_peer: HashMap<SocketAddr, VecDeque<&'a Datagram>, RandomState> = HashMap::default();
        let left = datagrams.iter().zip(&pool.taken).filter(|(datagram, taken)| !**taken && datagram.is_certain());
        for (datagram, _) in left {
            by_peer.entry(datagram.source).or_default().push_back(datagram);
        }
        Self { by_peer }
    }

    fn other_octets(&mut self, receipt: &'a Receipt) -> Option<Altered<'a>> {
        let datagram = self.by_peer.get_mut(&receipt.peer)?.pop_front()?;
        let offset = first_difference(&receipt.octets, &datagram.octets);
        Some(Altered { receipt, frame: datagram.frame, octets: &datagram.octets, offset })
    }

    fn all(&self) -> impl Iterator<Item = &'a Datagram> {
        self.by_peer.values().flatten().copied()
    }

    fn into_missing(self) -> impl Iterator<Item = Missing<'a>> {
        let datagrams = self.by_peer.into_values().flatten();
        datagrams.map(|datagram| Missing { frame: datagram.frame, peer: datagram.source, octets: &datagram.octets })
    }
}

/// Datagrams by what a line may have in common with them; those that lack a line come first.
struct Candidates<'a> {
    by_octets: HashMap<&'a [u8], Vec<&'a Datagram>, RandomState>,
    by_port: BTreeMap<u16, &'a Datagram>,
}

impl<'a> Candidates<'a> {
    fn new(rest: &Rest<'a>, datagrams: &[&'a Datagram]) -> Self {
        let mut candidates = Self { by_octets: HashMap::default(), by_port: BTreeMap::new() };
        let mut left: Vec<&Datagram> = rest.all().collect();
        left.sort_by_key(|datagram| datagram.frame);
        for datagram in left {
            candidates.by_octets.entry(&datagram.octets).or_default().push(datagram);
        }
        for datagram in datagrams {
            let same = candidates.by_octets.entry(&datagram.octets).or_default();
            if same.is_empty() {
                same.push(datagram);
            }
            candidates.by_port.entry(datagram.source.port()).or_insert(datagram);
        }
        candidates
    }

    fn to(&self, receipt: &Receipt) -> Option<Nearest> {
        let port = receipt.peer.port();
        let near = |datagram: &&&Datagram| datagram.source.port().abs_diff(port);
        let same = self.by_octets.get(receipt.octets.as_slice());
        if let Some(datagram) = same.and_then(|same| same.iter().take(MAX_LOOKS).min_by_key(near)) {
            return Some(Nearest { frame: datagram.frame, peer: datagram.source, same_octets: true });
        }
        let around = [self.by_port.range(..=port).next_back(), self.by_port.range(port..).next()];
        let nearest = around.into_iter().flatten().map(|(_, datagram)| datagram).min_by_key(near)?;
        Some(Nearest { frame: nearest.frame, peer: nearest.source, same_octets: false })
    }
}

/// Lines and their datagrams, with those out of order marked: as few as possible.
fn ordered<'a>(matched: &[(&'a Receipt, usize)], datagrams: &[&Datagram]) -> Vec<Match<'a>> {
    let rising = longest_rising(&matched.iter().map(|(_, place)| *place).collect::<Vec<_>>());
    let lines = matched.iter().zip(rising).map(|((receipt, place), in_order)| {
        let frames = datagrams.get(*place).map(|datagram| (datagram.frame, datagram.frame));
        Match { receipt, frames, in_order }
    });
    lines.collect()
}

/// Which of the numbers belong to a longest rising run.
fn longest_rising(numbers: &[usize]) -> Vec<bool> {
    let mut tails: Vec<(usize, usize)> = Vec::new(); // Number and its index, for each length of a run.
    let mut before = vec![None; numbers.len()];
    for (index, number) in numbers.iter().enumerate() {
        let length = tails.partition_point(|(tail, _)| tail < number);
        let previous = length.checked_sub(1).and_then(|length| tails.get(length)).map(|(_, index)| *index);
        before.get_mut(index).into_iter().for_each(|link| *link = previous);
        match tails.get_mut(length) {
            Some(tail) => *tail = (*number, index),
            None => tails.push((*number, index)),
        }
    }
    let mut rising = vec![false; numbers.len()];
    let mut at = tails.last().map(|(_, index)| *index);
    while let Some(index) = at {
        rising.get_mut(index).into_iter().for_each(|mark| *mark = true);
        at = before.get(index).copied().flatten();
    }
    rising
}
