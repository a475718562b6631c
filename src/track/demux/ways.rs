//! The 5-tuples that packets travel on, each with the connection it belongs to and the verdicts already given.
//!
//! One lookup for each packet: the way back lies beside it, and a way knows its connected socket if it has one, and by
//! number the verdicts that hold for all its packets.

use std::fmt::Write as _;
use std::net::SocketAddr;

use smallvec::smallvec;

use super::births::{Birth, Born};
use super::child::{Child, SERVER, Stage};
use super::delivery::{Name, Names};
use super::lookup::Lookup;
use super::pair::{Asked, Given, Number, Pair, Way, WayId, way_back, way_id};
use super::sought::Sought;
use super::{Arriving, Standing};
use crate::decode::tcp::Flags;
use crate::track::FlowKey;
use crate::track::flow::Slot;
use crate::track::index::{Hash, Index};
use crate::track::shelves::{Shelves, fetch};

/// Ways remembered, about 70 octets each, and 130 more for a connection; what travels on others is delivered without
/// memory.
const MAX_WAYS: WayId = 4_000_000;

/// Octets that most names of accepted sockets need.
const ROOM_FOR_NAME: usize = 64;

/// Who takes a SYN.
#[derive(Debug)]
pub(super) struct Listeners {
    /// The one, or those of which one does.
    pub(super) names: Names,
    /// What it leaves there.
    pub(super) stage: Stage,
}

/// All ways.
#[derive(Debug, Default)]
pub(super) struct Ways {
    index: Index,
    pairs: Shelves<Pair>,
    children: Shelves<Child>,
    /// The packets that come next.
    ahead: Vec<Ahead>,
    /// How many of them are behind us.
    taken: usize,
    /// Births to come, in the order of frames, those behind `born` of them.
    births: Vec<Birth>,
    born: usize,
    /// Only births bring connections.
    foretold: bool,
    /// Verdicts with lower numbers are of other sockets than those there are now.
    valid_from: u32,
}

/// A packet to come.
#[derive(Debug)]
struct Ahead {
    frame: u64,
    hash: Hash,
    /// Where its pair seems to be, then where it is.
    pair: Option<u32>,
    from: Slot,
    /// The verdict on it, unless something comes between.
    steady: Option<Number>,
}

impl Ways {
    /// No way yet; connections that the capture shows, where it is what there is.
    pub(super) fn new(births: Vec<Birth>, foretold: bool) -> Self {
        Self { births, foretold, ..Self::default() }
    }

    /// Looks at what the next packets will need, one thing after the other for all of them. `likely` hears the numbers of the
    /// verdicts that they are likely to get.
    pub(super) fn expect<'a>(&mut self, batch: impl Iterator<Item = &'a Arriving> + Clone, mut likely: impl FnMut(u32)) {
        let Self { index, pairs, ahead, .. } = self;
        ahead.clear();
        ahead.extend(batch.clone().map(|arriving| {
            let (frame, hash, from) = (arriving.frame, index.hash(&arriving.key), arriving.from);
            index.fetch(hash);
            Ahead { frame, hash, pair: None, from, steady: None }
        }));
        for next in ahead.iter_mut() {
            next.pair = index.guess(next.hash);
            next.pair.and_then(|pair| pairs.get(pair)).into_iter().for_each(fetch);
        }
        let mut ahead = std::mem::take(ahead);
        for (next, arriving) in ahead.iter_mut().zip(batch) {
            let Some(pair) = next.pair.and_then(|pair| self.pairs.get(pair)).filter(|pair| pair.key == arriving.key) else {
                next.pair = self.by_hash(next.hash, arriving.key);
                continue;
            };
            next.steady = pair.steady(next.from).filter(|_| !turns(arriving));
            let number = next.steady.map(Number::get).or_else(|| pair.likely(next.from, &self.children));
            number.into_iter().for_each(&mut likely);
        }
        (self.ahead, self.taken) = (ahead, 0);
    }

    /// The way that a packet comes on, made together with the way back if there is room, and the number of the verdict on
    /// it, if all get that by now which change nothing, and it is one.
    #[inline(always)]
    pub(super) fn of(&mut self, arriving: &Arriving) -> (Option<WayId>, Option<u32>) {
        match self.ahead.get(self.taken).filter(|next| next.frame == arriving.frame) {
            Some(next) => {
                self.taken = self.taken.saturating_add(1);
                (next.pair.map(|pair| way_id(pair, arriving.from)), next.steady.map(Number::get))
            }
            None => self.of_unexpected(arriving),
        }
    }

    /// The same for a packet that was not expected, or not yet: those before it will not be asked for.
    #[cold]
    fn of_unexpected(&mut self, arriving: &Arriving) -> (Option<WayId>, Option<u32>) {
        let rest = self.ahead.get(self.taken..).unwrap_or_default();
        let passed = rest.iter().take_while(|next| next.frame <= arriving.frame).count();
        self.taken = self.taken.saturating_add(passed);
        let way = self.from(arriving.key, arriving.from);
        let steady = way.and_then(|way| self.pairs.get(way / 2)?.steady(arriving.from));
        (way, steady.filter(|_| !turns(arriving)).map(Number::get))
    }

    #[inline]
    fn from(&mut self, key: FlowKey, slot: Slot) -> Option<WayId> {
        self.by_hash(self.index.hash(&key), key).map(|pair| way_id(pair, slot))
    }

    /// The place of the pair with this key, made if there is none, and room.
    fn by_hash(&mut self, hash: Hash, key: FlowKey) -> Option<u32> {
        let known = self.index.find(hash, |pair| self.is_of(pair, &key));
        known.or_else(|| {
            let pair = u32::try_from(self.pairs.len()).ok().filter(|pair| *pair < MAX_WAYS / 2)?;
            self.pairs.push(Pair::new(key));
            self.index.insert(hash, pair);
            Some(pair)
        })
    }

    #[inline]
    fn is_of(&self, pair: u32, key: &FlowKey) -> bool {
        self.pairs.get(pair).is_some_and(|pair| pair.key == *key)
    }

    /// Some socket comes to be with this frame, or has.
    #[inline]
    pub(super) fn are_born(&self, frame: u64) -> bool {
        self.births.get(self.born).is_some_and(|birth| birth.frame <= frame)
    }

    /// Lets all sockets come to be that this frame brings.
    pub(super) fn enter(&mut self, frame: u64) {
        while let Some(birth) = self.births.get(self.born).filter(|birth| birth.frame <= frame).cloned() {
            let number = u32::try_from(self.born).ok().and_then(Number::new);
            self.born = self.born.saturating_add(1);
            let stage = match birth.born {
                Born::Open => Some(Stage::Open),
                Born::Request => Some(Stage::Request),
                Born::Accepted(_) => None,
            };
            let name = || smallvec![birth.name.clone()];
            let child = stage.map(|stage| Child::new(name(), stage).shown(birth.basis, None));
            let (key, slot) = FlowKey::of(&birth.tuple);
            let Some(way) = self.from(key, slot) else { continue };
            self.put(way, child);
            if let Some(way) = self.way(way) {
                way.birth = number;
            }
        }
    }

    /// Enters what a segment says to the socket that sent it; `own` if that is a connected socket of the table.
    pub(super) fn send(&mut self, way: WayId, arriving: &Arriving, own: bool) {
        let child = self.child_mut(way_back(way, arriving));
        match (child, arriving.mark) {
            (Some(child), Some(mark)) => child.sends(mark, SERVER),
            _ if own || arriving.has(Flags::RST) => {}
            _ => self.mark_stranger(way),
        }
    }

    /// A SYN leaves a request, or a cookie, at one of these listeners, if there is one; a repeated one finds it.
    pub(super) fn open(&mut self, way: WayId, sought: &Sought<'_>, listeners: &Listeners) -> Asked {
        match self.child(way).map(|child| child.stage) {
            Some(Stage::Open) => Asked::Child(Lookup::Established),
            Some(Stage::Request | Stage::Cookie) => Asked::Syn,
            Some(Stage::TimeWait | Stage::Gone) | None if listeners.names.is_empty() => Asked::Syn,
            Some(Stage::TimeWait | Stage::Gone) | None => {
                let child = self.accept(way, listeners, sought.source());
                self.put(way, child);
                Asked::Syn
            }
        }
    }

    /// A segment that is no SYN, and no connected socket of the table gets.
    pub(super) fn receive(&mut self, way: Option<WayId>, arriving: &Arriving) -> Asked {
        let child = way.and_then(|way| self.child_mut(way));
        match (child, arriving.mark) {
            (Some(child), Some(mark)) => child.receives(mark).map_or(Asked::Open, Asked::Child),
            // What may answer a SYN, or refuse one, need not belong to a connection.
            _ if arriving.has(Flags::SYN) || arriving.has(Flags::RST) => Asked::Open,
            _ => Asked::Before,
        }
    }

    /// The connected socket that gets what travels so.
    pub(super) fn child(&self, way: WayId) -> Option<&Child> {
        self.children.get(self.get(way)?.child?.get())
    }

    fn child_mut(&mut self, way: WayId) -> Option<&mut Child> {
        self.children.get_mut(self.get(way)?.child?.get())
    }

    /// Of a SYN the socket it leads to, of all else the listener, where the capture shows them.
    pub(super) fn kin(&self, way: WayId, sought: &Sought<'_>) -> Option<Name> {
        let child = self.child(way)?;
        if sought.opens() { child.names.first().filter(|_| child.basis.is_some()).cloned() } else { child.listener.clone() }
    }

    /// A connection that the capture shows, and that is no more.
    pub(super) fn is_gone(&self, way: WayId) -> bool {
        self.foretold && self.child(way).is_some_and(|child| child.stage == Stage::Gone)
    }

    /// Somebody whom the table does not know sent the other way.
    pub(super) fn is_of_stranger(&self, way: WayId, arriving: &Arriving) -> bool {
        self.get(way_back(way, arriving)).is_some_and(|back| back.stranger)
    }

    /// Somebody whom the table does not know may have sent on it, and that has been looked at.
    pub(super) fn is_strange(&self, way: WayId) -> bool {
        self.get(way).is_some_and(|way| way.stranger)
    }

    pub(super) fn mark_stranger(&mut self, way: WayId) {
        if let Some(way) = self.way(way) {
            way.stranger = true;
        }
    }

    /// The verdict given before.
    pub(super) fn given(&self, way: WayId, asked: Asked) -> Option<Given> {
        self.get(way)?.given(asked).filter(|given| given.number() >= self.valid_from)
    }

    /// The number of the verdict given last on what travels so, and belongs to no connection.
    pub(super) fn last_given(&self, (key, from): (FlowKey, Slot)) -> Option<u32> {
        let pair = self.index.find(self.index.hash(&key), |pair| self.is_of(pair, &key))?;
        self.get(way_id(pair, from))?.given(Asked::Open).map(Given::number)
    }

    /// The packet changes nothing, nor will any other of its kind; what may change something makes both ways forget their
    /// steady verdicts.
    pub(super) fn is_calm(&mut self, way: WayId, arriving: &Arriving) -> bool {
        if turns(arriving) {
            self.unsettle(way);
            return false;
        }
        // Its connection, if there is one, is not about to change.
        let is_quiet = |way| self.child(way).is_none_or(Child::is_quiet);
        is_quiet(way) && is_quiet(way ^ 1)
    }

    /// Holds on to the verdict on a [calm](Ways::is_calm) packet for all of its kind.
    pub(super) fn settle(&mut self, way: WayId, verdict: u32) {
        let steady = self.pairs.get_mut(way / 2).and_then(|pair| pair.steady.get_mut(way as usize % 2));
        steady.into_iter().for_each(|steady| *steady = Number::new(verdict));
    }

    /// Forgets the steady verdicts of a way and of the way back, those on packets to come among them.
    fn unsettle(&mut self, way: WayId) {
        let pair = way / 2;
        self.pairs.get_mut(pair).into_iter().for_each(|pair| pair.steady = [None; 2]);
        let to_come = self.ahead.iter_mut().skip(self.taken).filter(|next| next.pair == Some(pair));
        to_come.for_each(|next| next.steady = None);
    }

    /// Keeps a verdict, if there is a place for it.
    pub(super) fn keep(&mut self, way: WayId, asked: Asked, given: Given) -> Option<()> {
        self.way(way)?.keep(asked, given)
    }

    /// Gives none of the verdicts again whose numbers are lower than this one.
    pub(super) fn forget(&mut self, valid_from: u32) {
        self.valid_from = valid_from;
        self.pairs.iter_mut().for_each(|pair| pair.steady = [None; 2]);
        self.ahead.iter_mut().for_each(|next| next.steady = None);
    }

    /// Sockets that are not gone yet, with their own end: those in TIME-WAIT first, then those that are connected.
    pub(super) fn on_port(&self, port: u16) -> Vec<(SocketAddr, &str, Standing)> {
        let here = self.pairs.iter().flat_map(Pair::receivers).filter(|(local, _)| local.port() == port);
        let mut sockets: Vec<_> = here.filter_map(|(local, way)| self.children.get(way.child?.get())?.standing(local)).collect();
        sockets.sort_by_key(|(local, name, standing)| (*standing != Standing::TimeWait, *local, *name));
        sockets
    }

    /// The socket that one of these listeners makes, by the name that the capture gives it.
    fn accept(&self, way: WayId, listeners: &Listeners, client: SocketAddr) -> Option<Child> {
        let Listeners { names, stage } = listeners;
        let named = |listener: &Name| {
            let mut name = String::with_capacity(ROOM_FOR_NAME);
            let written = write!(name, "{listener}>{client}");
            debug_assert!(written.is_ok(), "a String takes all");
            Name::from(name)
        };
        if !self.foretold {
            return Some(Child::new(names.iter().map(named).collect(), *stage));
        }
        let birth = self.births.get(self.get(way)?.birth?.get() as usize)?;
        let Born::Accepted(listener) = &birth.born else { return None };
        let is_its = |other: &Name| listener.as_ref() == Some(other);
        let name = |other: &Name| if is_its(other) { birth.name.clone() } else { named(other) };
        let names = names.iter().map(name).collect();
        Some(Child::new(names, *stage).shown(birth.basis, listener.clone()))
    }

    fn put(&mut self, way: WayId, child: Option<Child>) {
        self.unsettle(way);
        let place = child.and_then(|child| self.house(way, child));
        if let Some(way) = self.way(way) {
            way.replace_child(place);
        }
    }

    /// The place of a child: that of the one before, if there is one.
    fn house(&mut self, way: WayId, child: Child) -> Option<Number> {
        match self.child_mut(way) {
            Some(before) => {
                *before = child;
                self.get(way)?.child
            }
            None => {
                let place = u32::try_from(self.children.len()).ok().and_then(Number::new);
                self.children.push(child);
                place
            }
        }
    }

    fn get(&self, way: WayId) -> Option<&Way> {
        self.pairs.get(way / 2)?.ways.get(way as usize % 2)
    }

    fn way(&mut self, way: WayId) -> Option<&mut Way> {
        self.pairs.get_mut(way / 2)?.ways.get_mut(way as usize % 2)
    }
}

/// The packet may open, end or refuse a connection, or goes to everyone on the link.
#[inline(always)]
fn turns(arriving: &Arriving) -> bool {
    arriving.link_broadcast || arriving.mark.is_some_and(|mark| mark.flags.turns())
}
