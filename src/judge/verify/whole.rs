//! A whole capture against all samples taken meanwhile.
//!
//! A sample is due when a packet comes that was captured after it: then the table is that of its moment. What differs
//! then waits for [`SETTLED`], whether a packet of the same connection still comes: it was on its way.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::net::SocketAddr;

use super::hold::canonical;
use super::{Difference, Held, Reason, SETTLED, hold};
use crate::capture::Timestamp;
use crate::capture::kernel::{KernelSocket, Sample, Transport};
use crate::track::{FiveTuple, Protocol, SocketState, Tracker};

/// A comparison under way. Packets and samples come in the order in which they were captured and taken; a sample may come
/// before packets that are older than it, never after one that is younger.
#[derive(Debug, Default)]
pub struct Verification {
    /// The capture loses packets.
    lost: bool,
    /// The capture is filtered.
    filtered: bool,
    /// Samples that are not due yet.
    waiting: VecDeque<Sample>,
    /// Differences that a packet on its way may explain, by both ends: a packet finds its own at once.
    doubtful: HashMap<(SocketAddr, SocketAddr), Vec<Difference>>,
    /// The sockets of the first sample.
    first: Option<HashSet<(SocketAddr, Option<SocketAddr>)>>,
    /// The time of the last packet.
    now: Option<Timestamp>,
    found: HashMap<Socket, Discrepancy>,
    /// Those found since somebody asked.
    fresh: Vec<Difference>,
    account: Account,
}

/// What makes two differences one: the socket, what both say of it, and why.
type Socket = (Protocol, SocketAddr, Option<SocketAddr>, Option<SocketState>, Option<SocketState>, Reason);

/// A difference, and for how long it was seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Discrepancy {
    /// At the first sample that showed it.
    pub first: Difference,
    /// The last sample that showed it.
    pub last: Timestamp,
    /// How many did.
    pub samples: u64,
}

/// What a verification found in the end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    /// Samples that were compared.
    pub samples: u64,
    /// Samples that came after younger packets, and could not be.
    pub late: u64,
    /// Ends of connections at samples on which both agree.
    pub agreeing: u64,
    /// The same by state, in the words of `ss`: TIME-WAIT lasts, and would hide the others.
    pub states: BTreeMap<&'static str, u64>,
    /// Those with a packet so close that nothing counts.
    pub unsettled: u64,
    /// Those that differ though a packet has shown them, and something explains it.
    pub explained: u64,
    /// Those that differ, and nothing explains it.
    pub unexplained: u64,
    /// Those of which no packet was captured.
    pub unseen: u64,
    /// Listeners and UDP sockets at samples on which both agree.
    pub agreeing_places: u64,
    /// Those that differ: what opens and closes them is no packet.
    pub differing_places: u64,
    /// All that differs, in the order in which it showed first.
    pub discrepancies: Vec<Discrepancy>,
    /// Discrepancies beyond [`Verification::MAX_DISCREPANCIES`].
    pub more: u64,
}

impl Account {
    /// Of the ends that packets show, the share that agrees, from 0 to 1; what no capture can know counts against it.
    pub fn share(&self) -> f64 {
        share(self.agreeing, self.explained.saturating_add(self.unexplained))
    }

    /// The same without those that agree on TIME-WAIT.
    pub fn share_of_others(&self) -> f64 {
        let waiting = self.states.get(SocketState::TimeWait.word()).copied().unwrap_or(0);
        share(self.agreeing.saturating_sub(waiting), self.explained.saturating_add(self.unexplained))
    }

    /// The share of those that agree or are explained.
    pub fn share_explained(&self) -> f64 {
        share(self.agreeing.saturating_add(self.explained), self.unexplained)
    }
}

fn share(good: u64, bad: u64) -> f64 {
    if bad == 0 { 1.0 } else { good as f64 / good.saturating_add(bad) as f64 }
}

impl Verification {
    /// Discrepancies kept; more are counted.
    pub const MAX_DISCREPANCIES: usize = 10_000;

    /// Nothing is compared yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The capture loses packets: what nothing else explains is put down to that.
    pub fn has_lost(&mut self) {
        self.lost = true;
    }

    /// The capture is filtered: it cannot show all sockets.
    pub fn is_filtered(&mut self) {
        self.filtered = true;
    }

    /// Takes a sample, to be compared when it is due.
    pub fn sample(&mut self, sample: Sample) {
        if self.now.is_some_and(|now| now > sample.before) {
            self.account.late += 1;
        } else {
            self.waiting.push_back(sample);
        }
    }

    /// Compares the samples that were taken before this time: that of the packet that comes next, or a time that no
    /// packet to come is older than. The tracker has followed all packets before, and none behind.
    pub fn catch_up(&mut self, time: Timestamp, tracker: &Tracker) {
        while let Some(sample) = self.waiting.pop_front_if(|sample| sample.before < time) {
            self.compare(&sample, tracker);
        }
    }

    /// Differences found since this was asked last that may be told: of each kind on each socket the first one.
    pub fn fresh(&mut self) -> Vec<Difference> {
        let fresh = std::mem::take(&mut self.fresh);
        fresh.into_iter().map(|difference| self.told(difference)).collect()
    }

    /// Compares a sample with the table of its moment.
    fn compare(&mut self, sample: &Sample, tracker: &Tracker) {
        self.settle(sample.before);
        let Held { agreeing, states, unsettled, agreeing_places, differences, .. } =
            hold(&tracker.sockets_at(sample.before), sample);
        self.account.samples += 1;
        self.account.agreeing += agreeing;
        states.into_iter().for_each(|(state, count)| *self.account.states.entry(state).or_default() += count);
        self.account.unsettled += unsettled;
        self.account.agreeing_places += agreeing_places;
        let first = self.first.get_or_insert_with(|| sample.sockets.iter().map(ends).collect());
        let of_first = |difference: &Difference| first.contains(&(difference.local, difference.peer));
        let (older, newer): (Vec<Difference>, Vec<Difference>) =
            differences.into_iter().partition(|difference| difference.reason == Reason::NoPacket && of_first(difference));
        let older = older.into_iter().map(|difference| Difference { reason: Reason::BeganEarlier, ..difference });
        older.chain(newer).for_each(|difference| self.doubt(difference));
    }

    /// A packet of these ends was captured at this time; [`Self::catch_up`] goes before it.
    pub fn see(&mut self, time: Timestamp, tuple: Option<FiveTuple>) {
        self.now = self.now.max(Some(time));
        let Some(tuple) = tuple.filter(|tuple| tuple.protocol == Protocol::Tcp && !self.doubtful.is_empty()) else { return };
        let (source, destination) = (canonical(tuple.source), canonical(tuple.destination));
        for ends in [(source, destination), (destination, source)] {
            let doubts = self.doubtful.get_mut(&ends).into_iter().flatten();
            for doubt in doubts.filter(|doubt| doubt.reason != Reason::InFlight && !is_over(doubt, time)) {
                doubt.reason = Reason::InFlight;
                self.account.unsettled += 1;
            }
        }
    }

    /// No packet comes any more: samples that are still waiting are compared with what the last one left.
    pub fn conclude(&mut self, tracker: &Tracker) {
        while let Some(sample) = self.waiting.pop_front() {
            self.compare(&sample, tracker);
        }
        let mut doubtful: Vec<Difference> = std::mem::take(&mut self.doubtful).into_values().flatten().collect();
        doubtful.sort_by_key(|difference| difference.at);
        doubtful.into_iter().for_each(|difference| self.enter(difference));
    }

    /// [Concludes](Self::conclude), and sums up.
    pub fn finish(mut self, tracker: &Tracker) -> Account {
        self.conclude(tracker);
        if self.lost {
            let Account { explained, unexplained, .. } = &mut self.account;
            *explained += std::mem::take(unexplained);
        }
        let told = self.found.values().map(|found| Discrepancy { first: self.told(found.first), ..*found });
        let mut discrepancies: Vec<Discrepancy> = told.collect();
        discrepancies.sort_by_key(|found| (found.first.at, found.first.protocol, found.first.local, found.first.peer));
        Account { discrepancies, ..self.account }
    }

    /// A difference with the reason that the capture as a whole gives it.
    fn told(&self, difference: Difference) -> Difference {
        let reason = match difference.reason {
            Reason::NoPacket if self.filtered => Reason::FilteredOut,
            Reason::NoPacket | Reason::Unexplained if self.lost => Reason::PacketsLost,
            reason => reason,
        };
        Difference { reason, ..difference }
    }

    /// Lets a difference wait for a packet that explains it; what has no states changes by none.
    fn doubt(&mut self, difference: Difference) {
        match difference.peer {
            Some(peer) => self.doubtful.entry((difference.local, peer)).or_default().push(difference),
            None => self.enter(difference),
        }
    }

    /// Enters the differences that no packet explains any more at this time.
    fn settle(&mut self, now: Timestamp) {
        let mut settled = Vec::new();
        self.doubtful.retain(|_, doubts| {
            settled.extend(doubts.extract_if(.., |doubt| is_over(doubt, now)));
            !doubts.is_empty()
        });
        settled.sort_by_key(|difference: &Difference| difference.at);
        settled.into_iter().for_each(|difference| self.enter(difference));
    }

    fn enter(&mut self, difference: Difference) {
        let account = &mut self.account;
        let count = match (difference.peer, difference.reason) {
            // Counted when it was compared, or agreed on but for a packet.
            (_, Reason::InFlight) => None,
            (None, _) => Some(&mut account.differing_places),
            (_, Reason::Unexplained) => Some(&mut account.unexplained),
            (_, reason) if reason.is_unseen() => Some(&mut account.unseen),
            _ => Some(&mut account.explained),
        };
        count.into_iter().for_each(|count| *count += 1);
        let Difference { at, protocol, local, peer, ours, kernel, reason } = difference;
        let key = (protocol, local, peer, ours, kernel, reason);
        if let Some(known) = self.found.get_mut(&key) {
            (known.last, known.samples) = (at, known.samples.saturating_add(1));
        } else if self.found.len() < Self::MAX_DISCREPANCIES {
            self.found.insert(key, Discrepancy { first: difference, last: at, samples: 1 });
            self.fresh.push(difference);
        } else {
            account.more += 1;
        }
    }
}

/// A packet of this time came too late to have been on its way.
fn is_over(doubt: &Difference, time: Timestamp) -> bool {
    time.since(doubt.at) > SETTLED.try_into().unwrap_or_default()
}

/// The ends of a socket by which a difference names it.
fn ends(socket: &KernelSocket) -> (SocketAddr, Option<SocketAddr>) {
    (socket.local(), socket.peer().filter(|_| socket.transport == Transport::Tcp))
}
