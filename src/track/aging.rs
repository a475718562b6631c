//! Forgetting, for captures that do not end.
//!
//! A tracker that ages looks through what it remembers whenever that has doubled since the last look, so that a look costs
//! no packet more than a little, and twice of what is still of use is all it ever holds. What is forgotten keeps its stream
//! number, and a packet that comes later than that begins a new stream.

use std::net::SocketAddr;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use jiff::SignedDuration;

use super::infer::calls_a_listener;
use super::{Connection, Limits, Outcome};
use crate::capture::Timestamp;

/// When a conversation is of no more use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Aging {
    /// So long after the last segment of a connection that is closed, reset, refused or was never answered; default two
    /// minutes, which is longer than any of these is seen by the system itself.
    pub over: SignedDuration,
    /// So long after the last segment of any connection, and of the last one to each listener; default two hours.
    pub idle_connection: SignedDuration,
    /// So long after the last datagram between two UDP endpoints; default three minutes.
    pub idle_exchange: SignedDuration,
}

impl Default for Aging {
    fn default() -> Self {
        Self {
            over: SignedDuration::from_mins(2),
            idle_connection: SignedDuration::from_hours(2),
            idle_exchange: SignedDuration::from_mins(3),
        }
    }
}

impl Aging {
    /// The connection is still of use.
    fn keeps(&self, connection: &Connection, is_newest: bool, now: Timestamp) -> bool {
        let over =
            matches!(connection.outcome(), Outcome::NoReply | Outcome::Refused | Outcome::Reset | Outcome::Closed) && !is_newest;
        let patience = if over { self.over } else { self.idle_connection };
        connection.end.is_some_and(|end| now.since(end) <= patience)
    }

    /// Whether each of the connections is still of use at `now`. The newest one to each listener tells of the listener.
    pub(super) fn fates(&self, connections: &[Connection], now: Timestamp) -> Vec<bool> {
        let numbered = || connections.iter().enumerate();
        let newest: HashMap<SocketAddr, usize, RandomState> = numbered()
            .filter(|(_, connection)| calls_a_listener(connection))
            .map(|(place, connection)| (connection.responder, place))
            .collect();
        let is_newest = |place, connection: &Connection| newest.get(&connection.responder) == Some(&place);
        let fate = |(place, connection)| self.keeps(connection, is_newest(place, connection), now);
        numbered().map(fate).collect()
    }
}

/// What was forgotten because it was of no more use.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Forgotten {
    /// TCP connections.
    pub connections: u64,
    /// UDP exchanges between two endpoints.
    pub exchanges: u64,
}

impl Forgotten {
    /// Something was.
    pub fn any(&self) -> bool {
        *self != Self::default()
    }
}

/// When to look for what is of no more use.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) aging: Aging,
    /// Conversations that call for a look.
    enough: usize,
    most: usize,
    last: Option<Timestamp>,
}

/// Conversations below which no look is worth it.
const FEW: usize = 4096;

/// Between two looks, where all that is remembered is of use.
const PAUSE: SignedDuration = SignedDuration::from_secs(1);

impl Look {
    pub(super) fn new(aging: Aging, limits: &Limits) -> Self {
        let most = limits.conversations.min(limits.connections).min(limits.udp_peers);
        Self { aging, enough: FEW.min(most), most, last: None }
    }

    /// It is time for a look.
    #[inline]
    pub(super) fn is_due(&self, remembered: usize, now: Option<Timestamp>) -> bool {
        remembered >= self.enough && now.zip(self.last).is_none_or(|(now, last)| now.since(last) >= PAUSE)
    }

    /// After a look, so many are left.
    pub(super) fn left(&mut self, remembered: usize, now: Timestamp) {
        self.enough = remembered.saturating_mul(2).max(FEW).min(self.most);
        self.last = Some(now);
    }
}
