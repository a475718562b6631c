//! Why a socket on the right port does not get a packet.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::delivery::Losers;
use super::lookup::{Found, Lookup, fits, is_at, score};
use super::table::{DemuxTable, Place, opens};
use super::{Arriving, Declared, Delivery, Standing};
use crate::track::FiveTuple;

/// Lists kept, up to 600 octets each.
const MAX_SHARED: usize = 20_000;

/// A socket, and why it does not get a packet.
pub(super) type Loser = (Place, &'static str);

/// Lists of losers, each made once.
pub(super) type Shared = HashMap<Vec<Loser>, Arc<Losers>, RandomState>;

impl DemuxTable {
    /// The list of these losers by their names, if there are any.
    pub(super) fn share(&mut self, lost: Vec<Loser>) -> Option<Arc<Losers>> {
        if lost.is_empty() {
            return None;
        }
        if let Some(known) = self.losers.get(&lost) {
            return Some(known.clone());
        }
        let list = lost.iter().filter_map(|(place, because)| Some((self.name(*place)?.clone(), *because))).collect();
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
pub(super) fn losers(table: &DemuxTable, arriving: &Arriving, interface: Option<&str>, found: &Found) -> Vec<Loser> {
    let tuple = arriving.tuple();
    let here = table.on_port(tuple.protocol, tuple.destination.port());
    let reason = |place: &Place| {
        let socket = table.socket(*place)?;
        let winner = found.sockets.first().and_then(|winner| table.socket(*winner));
        let because = unfit(socket, arriving, tuple, interface).unwrap_or_else(|| beaten(socket, winner, found));
        Some((*place, because))
    };
    let lost = here.iter().filter(|place| !found.sockets.contains(place));
    let mut losers = Vec::with_capacity(here.len().min(Delivery::MAX_LOSERS));
    losers.extend(lost.take(Delivery::MAX_LOSERS).filter_map(reason));
    losers
}

/// What keeps a socket from getting this packet at all.
fn unfit(socket: &Declared, arriving: &Arriving, tuple: FiveTuple, interface: Option<&str>) -> Option<&'static str> {
    if !socket.takes(tuple.destination.ip()) {
        return Some(match (socket.is_v4(), socket.only_v6) {
            (true, _) => "AF_INET: takes no IPv6",
            (false, true) => "IPV6_V6ONLY: takes no IPv4",
            (false, false) => "bound to an IPv4 address",
        });
    }
    if !is_at(socket, tuple.destination) {
        return Some("bound to another address");
    }
    if socket.connected_to().is_some_and(|peer| peer != tuple.source) {
        return Some("connected to another peer");
    }
    if !socket.is_there(arriving.frame) {
        return Some("not there: a call was refused");
    }
    if !fits(socket, arriving, interface) {
        return Some(if interface.is_some() { "bound to another device" } else { "bound to a device, and none is known" });
    }
    let opened = opens(arriving) && socket.peer.is_some();
    opened.then_some(match socket.standing {
        Standing::TimeWait => "TIME-WAIT: a new SYN goes to the listener",
        _ => "its connection begins with this SYN",
    })
}

/// Why another one came first.
fn beaten(socket: &Declared, winner: Option<&Declared>, found: &Found) -> &'static str {
    if matches!(found.rule, Lookup::Established | Lookup::TimeWait | Lookup::Request | Lookup::ConnectedUdp)
        && socket.peer.is_none()
    {
        return "a connected socket comes first";
    }
    let Some(winner) = winner else { return "what would decide is not known" };
    if winner.address().is_some() && socket.address().is_none() {
        return "bound to any address: the specific one comes first";
    }
    match score(socket).cmp(&score(winner)) {
        std::cmp::Ordering::Less if winner.device.is_some() && socket.device.is_none() => "bound to no device: scores lower",
        std::cmp::Ordering::Less => "AF_INET6: scores lower for IPv4",
        std::cmp::Ordering::Equal if socket.is_added_behind() => "AF_INET6 with SO_REUSEPORT: added at the tail",
        std::cmp::Ordering::Equal => "bound earlier: the last one bound is found first",
        std::cmp::Ordering::Greater => "the walk ended at a reuseport group before it",
    }
}
