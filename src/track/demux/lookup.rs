//! The kernel's search for a socket.

use std::net::SocketAddr;

use smallvec::{SmallVec, smallvec};

use super::sought::Sought;
use super::table::{DemuxTable, Place};
use super::{Declared, Standing};
use crate::track::{FiveTuple, Protocol};

/// What decided who gets a packet, in the kernel's words.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Lookup {
    /// `__inet_lookup_established`: the connected socket with exactly this 4-tuple.
    Established,
    /// The same table, where closed connections wait for late segments.
    TimeWait,
    /// The same table, where a SYN left a request: its ACK makes the connected socket (`tcp_check_req`).
    Request,
    /// `__inet_lookup_listener`, first turn.
    ListenerOnAddress,
    /// `__inet_lookup_listener`, second turn.
    ListenerOnAny,
    /// `udp4_lib_lookup4`: the UDP socket connected to the sender.
    ConnectedUdp,
    /// `udp4_lib_lookup2`, first turn: bound to the address.
    Bound,
    /// `udp4_lib_lookup2`, second turn: bound to any address.
    Wildcard,
    /// `reuseport_select_sock`: a hash with a secret picks a member.
    ReuseportGroup,
    /// `__udp4_lib_mcast_deliver`: a copy to each.
    EveryMember,
    /// Nothing matched.
    #[default]
    None,
}

impl Lookup {
    /// Its name in output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Established => "established 4-tuple",
            Self::TimeWait => "TIME-WAIT",
            Self::Request => "request socket",
            Self::ListenerOnAddress => "listener on the address",
            Self::ListenerOnAny => "listener on any address",
            Self::ConnectedUdp => "connected UDP",
            Self::Bound => "bound",
            Self::Wildcard => "wildcard",
            Self::ReuseportGroup => "reuseport group",
            Self::EveryMember => "every member",
            Self::None => "none",
        }
    }
}

/// Places of sockets: mostly there are few.
pub(super) type Places = SmallVec<[Place; 4]>;

/// A socket that takes a packet, and its score.
type Scored = SmallVec<[(Place, u32); 2]>;

/// What a search found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Found {
    pub(super) sockets: Places,
    pub(super) rule: Lookup,
    /// Each of them gets a copy.
    pub(super) every: bool,
    /// It hangs on something unknown.
    pub(super) undecided: bool,
}

/// Searches as Linux does.
pub(super) fn find(table: &DemuxTable, sought: &Sought<'_>) -> Found {
    let found = match (sought.protocol(), sought.goes_to_many()) {
        (Protocol::Tcp, true) => None,
        (Protocol::Tcp, false) => tcp(table, sought),
        (Protocol::Udp, true) => every(table, sought),
        (Protocol::Udp, false) => udp(table, sought),
    };
    found.unwrap_or_default()
}

/// `__inet_lookup`. A SYN goes to the listener, though its connection be declared: it begins with this very SYN. One
/// for TIME-WAIT does so too (`TCP_TW_SYN`).
fn tcp(table: &DemuxTable, sought: &Sought<'_>) -> Option<Found> {
    let connected = || connected(table, sought);
    let listener = || waiting(table, sought);
    if sought.opens() { listener().or_else(connected) } else { connected().or_else(listener) }
}

/// `__udp4_lib_lookup`: the connected socket, then those bound to the address, then those bound to any.
fn udp(table: &DemuxTable, sought: &Sought<'_>) -> Option<Found> {
    connected(table, sought).or_else(|| waiting(table, sought))
}

/// The socket connected to the sender; the last one, should there be several.
fn connected(table: &DemuxTable, sought: &Sought<'_>) -> Option<Found> {
    let FiveTuple { protocol, source, destination } = sought.tuple;
    let at = |address| table.connected.get(&(sought.slot(address), source));
    let chain = at(Some(destination.ip())).or_else(|| at(None))?;
    let takes = |place: &&Place| table.socket(**place).is_some_and(|socket| fits(socket, sought));
    let fitting: Places = chain.iter().filter(takes).copied().collect();
    let rule = match (protocol, table.socket(*fitting.first()?)?.standing) {
        (Protocol::Udp, _) => Lookup::ConnectedUdp,
        (Protocol::Tcp, Standing::TimeWait) => Lookup::TimeWait,
        (Protocol::Tcp, _) => Lookup::Established,
    };
    let several = if table.ordered { 1 } else { fitting.len() };
    Some(Found { sockets: fitting.into_iter().take(several).collect(), rule, ..Found::default() })
}

/// The search among sockets without a peer, first on the address, then on any.
fn waiting(table: &DemuxTable, sought: &Sought<'_>) -> Option<Found> {
    [Some(sought.destination().ip()), None].into_iter().find_map(|address| {
        let chain = table.waiting.get(&sought.slot(address))?;
        let rule = match (sought.protocol(), address) {
            (Protocol::Tcp, Some(_)) => Lookup::ListenerOnAddress,
            (Protocol::Tcp, None) => Lookup::ListenerOnAny,
            (Protocol::Udp, Some(_)) => Lookup::Bound,
            (Protocol::Udp, None) => Lookup::Wildcard,
        };
        walk(table, chain, sought).map(|sockets| Found {
            rule: if sockets.len() > 1 && table.ordered { Lookup::ReuseportGroup } else { rule },
            sockets,
            ..Found::default()
        })
    })
}

/// A walk along a chain (`udp4_lib_lookup2`, `inet_lhash2_lookup`): the best score wins, of equals the first. The first
/// socket of a reuseport group to beat the best so far ends the walk, unless the group has connected members, which do
/// not take part in its choice.
fn walk(table: &DemuxTable, chain: &[Place], sought: &Sought<'_>) -> Option<Places> {
    let scored = chain.iter().filter_map(|place| {
        let socket = table.socket(*place)?;
        fits(socket, sought).then(|| (*place, score(socket)))
    });
    if !table.ordered {
        return equals(scored);
    }
    let scored: Scored = scored.collect();
    let (late, at_once) = (first_best(table, &scored, true), first_best(table, &scored, false));
    match (late, at_once) {
        (Some(mut late), Some(at_once)) if late != at_once => {
            // When its peers connected decides, and no table tells.
            late.extend(at_once);
            late.sort_unstable();
            late.dedup();
            Some(late)
        }
        (late, _) => late,
    }
}

/// What a walk ends with; for `late` see [`DemuxTable::group`].
fn first_best(table: &DemuxTable, scored: &[(Place, u32)], late: bool) -> Option<Places> {
    let (mut best, mut result) = (0, None);
    for (place, score) in scored {
        if *score <= best {
            continue;
        }
        best = *score;
        match table.group(*place, late) {
            Some((members, false)) => return Some(members),
            Some((members, true)) => result = Some(members),
            None => result = Some(smallvec![*place]),
        }
    }
    result
}

/// All sockets with the best score: which of them is first, only the order of binding would tell.
fn equals(scored: impl Iterator<Item = (Place, u32)>) -> Option<Places> {
    let scored: Scored = scored.collect();
    let best = scored.iter().map(|(_, score)| *score).max()?;
    let mut sockets: Places = scored.into_iter().filter(|(_, score)| *score == best).map(|(place, _)| place).collect();
    sockets.sort_unstable();
    Some(sockets)
}

/// `__udp4_lib_mcast_deliver`: every socket that could take it.
fn every(table: &DemuxTable, sought: &Sought<'_>) -> Option<Found> {
    let tuple = sought.tuple;
    let here = table.on_port(sought.port());
    let takes = |socket: &Declared| {
        fits(socket, sought)
            && socket.address().is_none_or(|address| address == tuple.destination.ip())
            && socket.connected_to().is_none_or(|peer| peer == tuple.source)
    };
    let takes = |place: &Place| table.socket(*place).is_some_and(takes);
    let sockets: Places = here.iter().copied().filter(takes).collect();
    (!sockets.is_empty()).then_some(Found { sockets, rule: Lookup::EveryMember, every: true, ..Found::default() })
}

/// Family and device do not stand against it, and the socket is there.
pub(super) fn fits(socket: &Declared, sought: &Sought<'_>) -> bool {
    socket.takes(sought.destination().ip()) && socket.hears(sought.interface) && socket.is_there(sought.frame)
}

/// `compute_score` of a socket without a peer, of those that fit: for UDP, 2 for AF_INET and 1 for AF_INET6, and 4 more
/// for a bound device; for TCP, 1 more for each. Both order sockets alike: a device counts more than the family, but a
/// TCP listener of AF_INET without a device equals one of AF_INET6 with one.
pub(super) fn score(socket: &Declared) -> u32 {
    let family = if socket.is_v4() { 2 } else { 1 };
    let device = match (socket.device.is_some(), socket.protocol) {
        (false, _) => 0,
        (true, Protocol::Udp) => 4,
        (true, Protocol::Tcp) => 1,
    };
    u32::saturating_add(family, device)
}

/// The endpoint is that of the packet's receiver.
pub(super) fn is_at(socket: &Declared, destination: SocketAddr) -> bool {
    socket.address().is_none_or(|address| address == destination.ip())
}
