//! The kernel's tables of sockets, and the one call that delivers a packet.
//!
//! As in the kernel, connected sockets are found by their 4-tuple and the others by address and port, so that it does
//! not matter how many sockets there are on other ports.

use std::net::{IpAddr, SocketAddr};

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::children::{Children, Part};
use super::declared::Basis;
use super::declared::Declared;
use super::lookup::{self, Found, Lookup};
use super::losers::losers;
use super::{Arriving, Delivery, Reach, Setup};
use crate::decode::tcp::Flags;
use crate::track::{Evidence, FiveTuple, Protocol};

/// The place of a socket in the order of binding.
pub(super) type Place = u32;

/// Where a socket waits: protocol, address (`None` for any) and port.
pub(super) type Slot = (Protocol, Option<IpAddr>, u16);

/// Senders remembered that the table does not know, about 100 octets each.
const MAX_STRANGERS: usize = 1_000_000;

/// Declared sockets, and what became of them in the capture.
#[derive(Debug, Default)]
pub struct DemuxTable {
    sockets: Vec<Declared>,
    /// The order of binding is known.
    pub(super) ordered: bool,
    /// Connected sockets, last one first.
    pub(super) connected: HashMap<(Slot, SocketAddr), Vec<Place>, RandomState>,
    /// All others: the kernel's chains, head first.
    pub(super) waiting: HashMap<Slot, Vec<Place>, RandomState>,
    /// All sockets of a port in the order of binding.
    pub(super) ports: HashMap<(Protocol, u16), Vec<Place>, RandomState>,
    /// The members of each SO_REUSEPORT group.
    groups: Vec<Vec<Place>>,
    /// The group of each socket.
    group_of: Vec<Option<usize>>,
    /// The addresses that sockets are bound to.
    addresses: HashSet<IpAddr, RandomState>,
    /// Some socket is bound to any address.
    any_address: bool,
    /// The sockets are those that the capture shows.
    inferred: bool,
    children: Children,
    /// Endpoints of UDP that sent without being declared.
    strangers: HashSet<SocketAddr, RandomState>,
}

impl DemuxTable {
    /// A table of sockets in the order of binding; where that is not known, what it would decide is left open.
    pub fn new(sockets: Vec<Declared>, ordered: bool) -> Self {
        Self::of(Setup::declared(sockets, ordered))
    }

    /// The table as it stands before the first packet.
    pub fn of(setup: Setup) -> Self {
        let Setup { sockets, ordered, inferred, births } = setup;
        let children = Children::new(births, inferred);
        let mut table = Self { ordered, inferred, children, ..Self::default() };
        sockets.into_iter().for_each(|socket| table.add(socket));
        table
    }

    /// Opens one more socket, bound last.
    pub fn open(&mut self, socket: Declared) {
        self.add(socket);
    }

    /// Closes a socket; what it accepted stays.
    pub fn close(&mut self, name: &str) {
        let Some(place) = self.sockets.iter().position(|socket| socket.name == name) else { return };
        let is_its = |other: &Place| *other as usize == place;
        let chains = self.waiting.values_mut().chain(self.connected.values_mut()).chain(self.ports.values_mut());
        chains.chain(&mut self.groups).for_each(|chain| chain.retain(|other| !is_its(other)));
    }

    /// All sockets on the port of another one, those that listeners accepted among them.
    pub fn bound_beside(&self, other: &Declared) -> Vec<Declared> {
        let here = self.on_port(other.protocol, other.local.port()).iter().filter_map(|place| self.socket(*place).cloned());
        let tcp = other.protocol == Protocol::Tcp;
        let accepted = if tcp { self.children.on_port(other.local.port()) } else { Vec::new() };
        let accepted = accepted.into_iter().map(|(local, name, standing)| Declared {
            name: name.to_owned(),
            local,
            standing,
            only_v6: other.is_only_v6(),
            ..other.clone()
        });
        here.chain(accepted).collect()
    }

    fn add(&mut self, socket: Declared) {
        let Ok(place) = Place::try_from(self.sockets.len()) else { return };
        let (address, port) = (socket.address(), socket.local.port());
        let slot = (socket.protocol, address, port);
        match socket.connected_to() {
            Some(peer) => self.connected.entry((slot, peer)).or_default().insert(0, place),
            None if socket.is_added_behind() => self.waiting.entry(slot).or_default().push(place),
            None => self.waiting.entry(slot).or_default().insert(0, place),
        }
        self.ports.entry((socket.protocol, port)).or_default().push(place);
        self.addresses.extend(address);
        self.any_address |= address.is_none();
        let group = self.join_group(&socket, place);
        self.group_of.push(group);
        self.sockets.push(socket);
    }

    /// The group of a socket with SO_REUSEPORT, as `udp_reuseport_add_sock` and `inet_reuseport_add_sock` find it.
    fn join_group(&mut self, socket: &Declared, place: Place) -> Option<usize> {
        // Connecting a socket that is bound to any address takes it out of its group (`udp_lib_rehash`).
        let left = socket.peer.is_some() && (socket.bound().is_none() || socket.protocol == Protocol::Tcp);
        if !socket.reuse_port || left {
            return None;
        }
        let kin = |other: &Declared| {
            other.reuse_port
                && other.is_v4() == socket.is_v4()
                && other.bound() == socket.bound()
                && other.is_only_v6() == socket.is_only_v6()
                && other.device == socket.device
        };
        let here = self.ports.get(&(socket.protocol, socket.local.port()))?;
        let mut kin = here.iter().filter(|other| self.sockets.get(**other as usize).is_some_and(kin));
        let group = kin.find_map(|kin| *self.group_of.get(*kin as usize)?);
        let group = group.unwrap_or_else(|| {
            self.groups.push(Vec::new());
            self.groups.len().saturating_sub(1)
        });
        self.groups.get_mut(group)?.push(place);
        Some(group)
    }

    /// The socket at this place.
    pub(super) fn socket(&self, place: Place) -> Option<&Declared> {
        self.sockets.get(place as usize)
    }

    /// The members of a socket's group that are not connected, and whether others are (`reuseport_has_conns`).
    ///
    /// One that connected before the second member came does not count; when that was, only the order of connecting
    /// tells. `late` assumes that sockets were connected after all were bound, otherwise each at once.
    pub(super) fn group(&self, place: Place, late: bool) -> Option<(Vec<Place>, bool)> {
        let members = self.groups.get((*self.group_of.get(place as usize)?)?)?;
        let open = |member: &Place| self.socket(*member).is_some_and(|socket| socket.peer.is_none());
        let unconnected: Vec<Place> = members.iter().copied().filter(open).collect();
        let connections = match late {
            true => unconnected.len() < members.len(),
            false => members.iter().skip_while(|member| !open(member)).any(|member| !open(member)),
        };
        Some((unconnected, connections))
    }

    /// All sockets of the packet's port, in the order of binding.
    pub(super) fn on_port(&self, protocol: Protocol, port: u16) -> &[Place] {
        self.ports.get(&(protocol, port)).map_or(&[], Vec::as_slice)
    }

    fn name(&self, place: Place) -> Option<&str> {
        self.socket(place).map(|socket| socket.name.as_str())
    }

    /// Says who gets a packet, and remembers the connection it opens or ends. Packets come in file order.
    ///
    /// `interface` is the name of the interface that it came in on, where the capture tells.
    pub fn deliver(&mut self, arriving: &Arriving, interface: Option<&str>) -> Delivery<'_> {
        // What a capture shows is of all its hosts: whoever it passes by, it reaches its destination.
        if arriving.passes_by && !self.inferred {
            return Delivery::none(Reach::NotThisHost);
        }
        self.children.enter(arriving.frame);
        let interface = arriving.interface(interface);
        let found = self.search(arriving, interface);
        let part = match arriving.tuple.protocol {
            Protocol::Tcp => self.step_connection(arriving, &found),
            Protocol::Udp => {
                self.remember_stranger(arriving.tuple.source);
                Part::None
            }
        };
        match part {
            Part::Child(rule) => self.to_child(arriving, interface, rule),
            Part::Before => self.told(arriving, interface, &Found::default(), Reach::Unknown),
            Part::None => self.told(arriving, interface, &found, self.verdict(arriving, &found)),
        }
    }

    /// The lookup; where the interface is unknown and would decide, that is left open.
    fn search(&self, arriving: &Arriving, interface: Option<&str>) -> Found {
        // Who joined a group, no packet of this table tells.
        if self.inferred && arriving.goes_to_many() {
            return Found { undecided: true, ..Found::default() };
        }
        let found = lookup::find(self, arriving, interface);
        if interface.is_some() {
            return found;
        }
        let here = self.on_port(arriving.tuple.protocol, arriving.tuple.destination.port());
        let devices = here.iter().filter_map(|place| self.socket(*place)?.device.as_deref());
        for device in devices.collect::<HashSet<_, RandomState>>() {
            if lookup::find(self, arriving, Some(device)) != found {
                return Found { undecided: true, ..Found::default() };
            }
        }
        found
    }

    /// What a segment means for the connections of the capture.
    fn step_connection(&mut self, arriving: &Arriving, found: &Found) -> Part {
        let connected = matches!(found.rule, Lookup::Established | Lookup::TimeWait);
        let names = |place: &Place| self.sockets.get(*place as usize).map(|socket| socket.name.as_str());
        let parents: Vec<&str> = found.sockets.iter().filter_map(names).collect();
        let own = self.sends_declared(arriving.tuple);
        self.children.step(arriving, if connected { None } else { Some(parents) }, own)
    }

    /// The sender of this segment is a connected socket of the table.
    fn sends_declared(&self, tuple: FiveTuple) -> bool {
        let slot = (tuple.protocol, Some(tuple.source.ip()), tuple.source.port());
        self.connected.contains_key(&(slot, tuple.destination))
    }

    /// Keeps the endpoint of a datagram that no declared socket can have sent.
    fn remember_stranger(&mut self, source: SocketAddr) {
        let takes = |place: &Place| {
            self.socket(*place)
                .is_some_and(|socket| socket.takes(source.ip()) && socket.address().is_none_or(|address| address == source.ip()))
        };
        if self.strangers.len() < MAX_STRANGERS && !self.on_port(Protocol::Udp, source.port()).iter().any(takes) {
            self.strangers.insert(source);
        }
    }

    fn verdict(&self, arriving: &Arriving, found: &Found) -> Reach {
        match found.sockets.len() {
            0 if found.undecided => Reach::Unknown,
            0 => self.unmet(arriving),
            _ if found.every => Reach::Every,
            1 => Reach::To,
            _ => Reach::OneOf,
        }
    }

    /// The verdict on what no declared socket gets.
    fn unmet(&self, arriving: &Arriving) -> Reach {
        let FiveTuple { protocol, destination, .. } = arriving.tuple;
        if self.inferred || self.children.is_gone(arriving.tuple) {
            let refused = self.children.is_gone(arriving.tuple) || self.absent(arriving).is_some();
            return if refused { Reach::Refused } else { Reach::Unknown };
        }
        let undeclared = match protocol {
            Protocol::Tcp => self.children.is_of_stranger(arriving.tuple),
            Protocol::Udp => self.strangers.contains(&destination),
        };
        let address = destination.ip();
        match undeclared {
            true => Reach::Unknown,
            false if address.is_loopback() || self.addresses.contains(&address) || arriving.goes_to_many() => Reach::Refused,
            false if self.any_address => Reach::Unknown,
            false => Reach::NotThisHost,
        }
    }

    /// The socket that would get it, had it been there.
    fn absent(&self, arriving: &Arriving) -> Option<&Declared> {
        let FiveTuple { protocol, destination, .. } = arriving.tuple;
        let here = self.on_port(protocol, destination.port()).iter().filter_map(|place| self.socket(*place));
        here.filter(|socket| lookup::is_at(socket, destination)).find(|socket| !socket.is_there(arriving.frame))
    }

    /// How the capture shows the receiver, or that there is none.
    fn basis(&self, arriving: &Arriving, found: &Found, verdict: Reach) -> Option<Basis> {
        let of = |socket: &Declared| socket.shown.as_ref().map(|shown| shown.basis);
        match (found.sockets.first(), verdict) {
            (Some(first), _) => self.socket(*first).and_then(of),
            (None, Reach::Refused) => {
                self.absent(arriving).and_then(of).map(|basis| Basis { evidence: Evidence::Observed, ..basis })
            }
            (None, _) => None,
        }
    }

    /// What may have decided instead: whether a socket is bound to its address or to any, no packet tells.
    fn or_rule(&self, found: &Found) -> Option<Lookup> {
        let winner = self.socket(*found.sockets.first()?)?;
        match found.rule {
            _ if !winner.shown.as_ref()?.binding_unknown => None,
            Lookup::Bound => Some(Lookup::Wildcard),
            Lookup::ListenerOnAddress => Some(Lookup::ListenerOnAny),
            _ => None,
        }
    }

    fn told(&self, arriving: &Arriving, interface: Option<&str>, found: &Found, verdict: Reach) -> Delivery<'_> {
        let sockets = found.sockets.iter().filter_map(|place| self.name(*place)).collect();
        let passed = verdict == Reach::NotThisHost;
        let losers = if passed { Vec::new() } else { self.named(losers(self, arriving, interface, found)) };
        let (basis, or_rule) = (self.basis(arriving, found, verdict), self.or_rule(found));
        Delivery { verdict, sockets, rule: found.rule, losers, basis, or_rule, kin: self.children.kin(arriving) }
    }

    fn to_child(&self, arriving: &Arriving, interface: Option<&str>, rule: Lookup) -> Delivery<'_> {
        let none = Found { rule, ..Found::default() };
        let sockets = self.children.names(arriving.tuple);
        let verdict = if sockets.len() > 1 { Reach::OneOf } else { Reach::To };
        let basis = self.children.basis(arriving.tuple);
        Delivery { sockets, basis, ..self.told(arriving, interface, &none, verdict) }
    }

    fn named(&self, losers: Vec<(Place, &'static str)>) -> Vec<(&str, &'static str)> {
        losers.into_iter().filter_map(|(place, because)| Some((self.name(place)?, because))).collect()
    }
}

/// The segment asks for a connection.
pub(super) fn opens(arriving: &Arriving) -> bool {
    arriving.has(Flags::SYN) && !arriving.has(Flags::ACK) && !arriving.has(Flags::RST)
}
