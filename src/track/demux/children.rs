//! Connections that open while the capture runs: from the SYN at a listener to the last acknowledgment.
//!
//! A request becomes the connected socket with its first ACK (`tcp_check_req`). It is gone after a RST, and after both
//! FINs were acknowledged, unless it closed first: then its 4-tuple stays in TIME-WAIT.

use std::net::SocketAddr;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::lookup::Lookup;
use super::table::opens;
use super::{Arriving, Basis, Mark, Standing};
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::Flags;
use crate::track::FiveTuple;

/// Connections remembered, about 200 octets each.
const MAX_CHILDREN: usize = 2_000_000;

/// What a connection of the capture has to do with a segment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part {
    /// Nothing: the lookup decides.
    None,
    /// Its own socket gets it.
    Child(Lookup),
    /// It opened before the capture, and the table does not tell its socket.
    Before,
}

/// A connected socket that the capture shows, and the frame that brings it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Birth {
    pub(super) frame: u64,
    /// What comes in to it.
    pub(super) tuple: FiveTuple,
    pub(super) born: Born,
    pub(super) name: String,
    pub(super) basis: Basis,
}

/// How a connected socket begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Born {
    /// It called, or is older than the capture.
    Open,
    /// Its SYN was not captured, its SYN-ACK was.
    Request,
    /// This listener makes it from a SYN.
    Accepted(Option<String>),
}

impl Birth {
    /// The birth of a socket that has a row in the table.
    pub(super) fn of(frame: u64, tuple: FiveTuple, born: Born, row: Option<(String, Basis)>) -> Option<Self> {
        row.map(|(name, basis)| Self { frame, tuple, born, name, basis })
    }
}

/// Connections by the 4-tuple of what comes in.
#[derive(Debug, Default)]
pub(super) struct Children {
    /// Births to come, in the order of frames, those behind `born` of them.
    births: Vec<Birth>,
    born: usize,
    /// Births at listeners, whose SYN is at hand.
    accepted: HashMap<FiveTuple, usize, RandomState>,
    /// Only births bring connections.
    foretold: bool,
    by_tuple: HashMap<FiveTuple, Child, RandomState>,
    /// 4-tuples on which something was sent that was no RST, by sockets that are not declared.
    strangers: HashSet<FiveTuple, RandomState>,
}

#[derive(Debug)]
struct Child {
    /// One name for each listener that may have accepted it.
    names: Vec<String>,
    stage: Stage,
    /// What acknowledges the FIN of the client, then that of the server, in the order they came.
    fins: [Option<SeqNumber>; 2],
    acknowledged: [bool; 2],
    server_closed_first: bool,
    /// How the capture shows it.
    basis: Option<Basis>,
    /// The listener it came from, if the capture shows that.
    listener: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// A SYN came.
    Request,
    /// Open, or closing.
    Open,
    TimeWait,
    Gone,
}

/// Places in [`Child::fins`].
const CLIENT: usize = 0;
const SERVER: usize = 1;

impl Children {
    /// Connections that the capture shows, where it is what there is.
    pub(super) fn new(births: Vec<Birth>, foretold: bool) -> Self {
        Self { births, foretold, ..Self::default() }
    }

    /// Lets all sockets come to be that this frame brings.
    pub(super) fn enter(&mut self, frame: u64) {
        while let Some(birth) = self.births.get(self.born).filter(|birth| birth.frame <= frame) {
            self.by_tuple.remove(&birth.tuple);
            let stage = match birth.born {
                Born::Open => Stage::Open,
                Born::Request => Stage::Request,
                Born::Accepted(_) => {
                    self.accepted.insert(birth.tuple, self.born);
                    self.born = self.born.saturating_add(1);
                    continue;
                }
            };
            self.by_tuple.insert(birth.tuple, Child { basis: Some(birth.basis), ..Child::new(vec![birth.name.clone()], stage) });
            self.born = self.born.saturating_add(1);
        }
    }

    /// Enters a segment that the lookup found these listeners for, or a connected socket (`None`); `own` if a connected
    /// socket of the table sent it.
    pub(super) fn step(&mut self, arriving: &Arriving, listeners: Option<Vec<&str>>, own: bool) -> Part {
        let back = arriving.tuple.reversed();
        if let (Some(child), Some(mark)) = (self.by_tuple.get_mut(&back), arriving.mark) {
            child.sends(mark, SERVER);
        } else if !own && !arriving.has(Flags::RST) && self.strangers.len() < MAX_CHILDREN {
            self.strangers.insert(arriving.tuple);
        }
        let Some(listeners) = listeners else { return Part::None };
        if opens(arriving) {
            return self.open(arriving.tuple, &listeners);
        }
        match (self.by_tuple.get_mut(&arriving.tuple), arriving.mark) {
            (Some(child), Some(mark)) => child.receives(mark),
            // What may answer a SYN, or refuse one, need not belong to a connection.
            _ if arriving.has(Flags::SYN) || arriving.has(Flags::RST) => Part::None,
            _ => Part::Before,
        }
    }

    /// A SYN leaves a request at the listener, if there is one; a repeated one finds it.
    fn open(&mut self, tuple: FiveTuple, listeners: &[&str]) -> Part {
        match self.by_tuple.get(&tuple).map(|child| child.stage) {
            Some(Stage::Open) => Part::Child(Lookup::Established),
            Some(Stage::Request) => Part::None,
            Some(Stage::TimeWait | Stage::Gone) | None if listeners.is_empty() || self.by_tuple.len() >= MAX_CHILDREN => {
                Part::None
            }
            Some(Stage::TimeWait | Stage::Gone) | None => {
                let child = self.child(listeners, tuple);
                self.by_tuple.extend(child.map(|child| (tuple, child)));
                Part::None
            }
        }
    }

    /// Sockets that are not gone yet, with their own end: those in TIME-WAIT first, then those that are connected.
    pub(super) fn on_port(&self, port: u16) -> Vec<(SocketAddr, &str, Standing)> {
        let here = self.by_tuple.iter().filter(|(tuple, _)| tuple.destination.port() == port);
        let mut sockets: Vec<_> = here.filter_map(|(tuple, child)| child.standing(tuple.destination)).collect();
        sockets.sort_by_key(|(local, name, standing)| (*standing != Standing::TimeWait, *local, *name));
        sockets
    }

    /// The socket that one of these listeners makes, by the name that the capture gives it.
    fn child(&self, listeners: &[&str], tuple: FiveTuple) -> Option<Child> {
        let named = |listener: &&str| format!("{listener}>{}", tuple.source);
        if !self.foretold {
            return Some(Child::new(listeners.iter().map(named).collect(), Stage::Request));
        }
        let birth = self.births.get(*self.accepted.get(&tuple)?)?;
        let Born::Accepted(listener) = &birth.born else { return None };
        let is_its = |other: &&str| listener.as_deref() == Some(*other);
        let names = listeners.iter().map(|other| if is_its(other) { birth.name.clone() } else { named(other) }).collect();
        Some(Child { basis: Some(birth.basis), listener: listener.clone(), ..Child::new(names, Stage::Request) })
    }

    /// Of a SYN the socket it leads to, of all else the listener, where the capture shows them.
    pub(super) fn kin(&self, arriving: &Arriving) -> Option<&str> {
        let child = self.by_tuple.get(&arriving.tuple)?;
        if opens(arriving) { child.names.first().filter(|_| child.basis.is_some()) } else { child.listener.as_ref() }
            .map(String::as_str)
    }

    /// How the capture shows the socket that gets what travels so.
    pub(super) fn basis(&self, tuple: FiveTuple) -> Option<Basis> {
        self.by_tuple.get(&tuple)?.basis
    }

    /// A connection that was, or would have been, is no more.
    pub(super) fn is_gone(&self, tuple: FiveTuple) -> bool {
        self.foretold && self.by_tuple.get(&tuple).is_some_and(|child| child.stage == Stage::Gone)
    }

    /// The names of the socket that gets what travels so.
    pub(super) fn names(&self, tuple: FiveTuple) -> Vec<&str> {
        self.by_tuple.get(&tuple).map_or_else(Vec::new, |child| child.names.iter().map(String::as_str).collect())
    }

    /// Somebody whom the table does not know sent the other way.
    pub(super) fn is_of_stranger(&self, tuple: FiveTuple) -> bool {
        self.strangers.contains(&tuple.reversed())
    }
}

impl Child {
    const fn new(names: Vec<String>, stage: Stage) -> Self {
        Self { names, stage, fins: [None; 2], acknowledged: [false; 2], server_closed_first: false, basis: None, listener: None }
    }

    /// Where it stands and how, if it is not gone.
    fn standing(&self, local: SocketAddr) -> Option<(SocketAddr, &str, Standing)> {
        let standing = match self.stage {
            Stage::Open => Standing::Connected,
            Stage::TimeWait => Standing::TimeWait,
            Stage::Request | Stage::Gone => return None,
        };
        Some((local, self.names.first()?.as_str(), standing))
    }

    /// A segment for this socket.
    fn receives(&mut self, mark: Mark) -> Part {
        let rule = match self.stage {
            Stage::Gone => return Part::None,
            Stage::TimeWait => Lookup::TimeWait,
            Stage::Request => Lookup::Request,
            Stage::Open => Lookup::Established,
        };
        if self.stage == Stage::Request && mark.flags.contains(Flags::ACK) {
            self.stage = Stage::Open;
        }
        self.sends(mark, CLIENT);
        Part::Child(rule)
    }

    /// What one end sent: its FIN, what it acknowledges, the end of it all.
    fn sends(&mut self, mark: Mark, from: usize) {
        if mark.flags.contains(Flags::RST) && self.stage != Stage::TimeWait {
            self.stage = Stage::Gone;
        }
        if self.stage != Stage::Open {
            return;
        }
        let to = if from == CLIENT { SERVER } else { CLIENT };
        if mark.flags.contains(Flags::FIN) && self.fin(from).is_none() {
            // A FIN that crosses the other one closes first as well (RFC 9293 section 3.6, case 3).
            let answers = self.fin(CLIENT).is_some_and(|fin| mark.acknowledgment.since(fin) >= 0);
            self.server_closed_first |= from == SERVER && !answers;
            if let Some(fin) = self.fins.get_mut(from) {
                *fin = Some(mark.end);
            }
        }
        let acknowledges = self.fin(to).is_some_and(|fin| mark.acknowledgment.since(fin) >= 0);
        if let Some(acknowledged) = self.acknowledged.get_mut(to).filter(|_| mark.flags.contains(Flags::ACK) && acknowledges) {
            *acknowledged = true;
        }
        if self.acknowledged == [true; 2] {
            self.stage = if self.server_closed_first { Stage::TimeWait } else { Stage::Gone };
        }
    }

    fn fin(&self, of: usize) -> Option<SeqNumber> {
        self.fins.get(of).copied().flatten()
    }
}
