//! Why a socket on the right port does not get a packet.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use smallvec::SmallVec;

use super::delivery::Losers;
use super::lookup::{Found, Lookup, fits, is_at, score};
use super::sought::Sought;
use super::table::{DemuxTable, Place};
use super::{Declared, Delivery, Standing};

/// Lists kept, up to 600 octets each.
const MAX_SHARED: usize = 20_000;

/// Why a socket does not get a packet.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Reason {
    TakesNoV6,
    TakesNoV4,
    OnV4,
    OtherAddress,
    OtherPeer,
    NotThere,
    OtherDevice,
    UnknownDevice,
    InTimeWait,
    BeginsHere,
    Unconnected,
    Undecided,
    AnyAddress,
    NoDevice,
    V6,
    AtTail,
    BoundEarlier,
    BehindGroup,
}

impl Reason {
    const fn text(self) -> &'static str {
        match self {
            Self::TakesNoV6 => "AF_INET: takes no IPv6",
            Self::TakesNoV4 => "IPV6_V6ONLY: takes no IPv4",
            Self::OnV4 => "bound to an IPv4 address",
            Self::OtherAddress => "bound to another address",
            Self::OtherPeer => "connected to another peer",
            Self::NotThere => "not there: a call was refused",
            Self::OtherDevice => "bound to another device",
            Self::UnknownDevice => "bound to a device, and none is known",
            Self::InTimeWait => "TIME-WAIT: a new SYN goes to the listener",
            Self::BeginsHere => "its connection begins with this SYN",
            Self::Unconnected => "a connected socket comes first",
            Self::Undecided => "what would decide is not known",
            Self::AnyAddress => "bound to any address: the specific one comes first",
            Self::NoDevice => "bound to no device: scores lower",
            Self::V6 => "AF_INET6: scores lower for IPv4",
            Self::AtTail => "AF_INET6 with SO_REUSEPORT: added at the tail",
            Self::BoundEarlier => "bound earlier: the last one bound is found first",
            Self::BehindGroup => "the walk ended at a reuseport group before it",
        }
    }
}

/// Sockets, each with why it does not get a packet.
pub(super) type Lost = SmallVec<[(Place, Reason); Delivery::MAX_LOSERS]>;

/// Lists of losers, each made once.
pub(super) type Shared = HashMap<Lost, Arc<Losers>, RandomState>;

impl DemuxTable {
    /// The list of these losers by their names, if there are any.
    pub(super) fn share(&mut self, lost: Lost) -> Option<Arc<Losers>> {
        if lost.is_empty() {
            return None;
        }
        if let Some(known) = self.losers.get(&lost) {
            return Some(known.clone());
        }
        let list = lost.iter().filter_map(|(place, because)| Some((self.name(*place)?.clone(), because.text()))).collect();
        let room = self.losers.len() < MAX_SHARED;
        let number = u32::try_from(self.losers.len()).ok().filter(|_| room);
        let losers = Arc::new(Losers { list, number });
        if room {
            self.losers.insert(lost, losers.clone());
        }
        Some(losers)
    }
}

/// The sockets of the packet's port that do not get it, in the order of binding, each with the reason.
pub(super) fn losers(table: &DemuxTable, sought: &Sought<'_>, found: &Found) -> Lost {
    let winner = found.sockets.first().and_then(|winner| table.socket(*winner));
    let mut lost = Lost::new();
    for place in table.on_port(sought.port()).iter().filter(|place| !found.sockets.contains(place)) {
        let Some(socket) = table.socket(*place).filter(|_| lost.len() < Delivery::MAX_LOSERS) else { break };
        lost.push((*place, unfit(socket, sought).unwrap_or_else(|| beaten(socket, winner, found))));
    }
    lost
}

/// What keeps a socket from getting this packet at all.
fn unfit(socket: &Declared, sought: &Sought<'_>) -> Option<Reason> {
    if !socket.takes(sought.destination().ip()) {
        return Some(match (socket.is_v4(), socket.only_v6) {
            (true, _) => Reason::TakesNoV6,
            (false, true) => Reason::TakesNoV4,
            (false, false) => Reason::OnV4,
        });
    }
    if !is_at(socket, sought.destination()) {
        return Some(Reason::OtherAddress);
    }
    if socket.connected_to().is_some_and(|peer| peer != sought.source()) {
        return Some(Reason::OtherPeer);
    }
    if !socket.is_there(sought.frame) {
        return Some(Reason::NotThere);
    }
    if !fits(socket, sought) {
        return Some(if sought.interface.is_some() { Reason::OtherDevice } else { Reason::UnknownDevice });
    }
    let opened = sought.opens() && socket.peer.is_some();
    opened.then_some(match socket.standing {
        Standing::TimeWait => Reason::InTimeWait,
        _ => Reason::BeginsHere,
    })
}

/// Why another one came first.
fn beaten(socket: &Declared, winner: Option<&Declared>, found: &Found) -> Reason {
    if matches!(found.rule, Lookup::Established | Lookup::TimeWait | Lookup::Request | Lookup::ConnectedUdp)
        && socket.peer.is_none()
    {
        return Reason::Unconnected;
    }
    let Some(winner) = winner else { return Reason::Undecided };
    if winner.address().is_some() && socket.address().is_none() {
        return Reason::AnyAddress;
    }
    match score(socket).cmp(&score(winner)) {
        std::cmp::Ordering::Less if winner.device.is_some() && socket.device.is_none() => Reason::NoDevice,
        std::cmp::Ordering::Less => Reason::V6,
        std::cmp::Ordering::Equal if socket.is_added_behind() => Reason::AtTail,
        std::cmp::Ordering::Equal => Reason::BoundEarlier,
        std::cmp::Ordering::Greater => Reason::BehindGroup,
    }
}
