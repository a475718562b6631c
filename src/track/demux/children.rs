//! Connections that open while the capture runs: from the SYN at a listener to the last acknowledgment.
//!
//! A request becomes the connected socket with its first ACK (`tcp_check_req`). It is gone after a RST, and after both
//! FINs were acknowledged, unless it closed first: then its 4-tuple stays in TIME-WAIT.

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::lookup::Lookup;
use super::table::opens;
use super::{Arriving, Mark};
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

/// Connections by the 4-tuple of what comes in.
#[derive(Debug, Default)]
pub(super) struct Children {
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
        if listeners.is_empty() || self.by_tuple.len() >= MAX_CHILDREN {
            return Part::None;
        }
        let open = self.by_tuple.get(&tuple).map(|child| child.stage);
        match open {
            Some(Stage::Open) => Part::Child(Lookup::Established),
            Some(Stage::Request) => Part::None,
            Some(Stage::TimeWait | Stage::Gone) | None => {
                self.by_tuple.insert(tuple, Child::of(listeners, tuple));
                Part::None
            }
        }
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
    fn of(listeners: &[&str], tuple: FiveTuple) -> Self {
        Self {
            names: listeners.iter().map(|listener| format!("{listener}>{}", tuple.source)).collect(),
            stage: Stage::Request,
            fins: [None; 2],
            acknowledged: [false; 2],
            server_closed_first: false,
        }
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
            self.server_closed_first |= from == SERVER && self.fin(CLIENT).is_none();
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
