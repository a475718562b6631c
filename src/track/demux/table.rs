//! The kernel's tables of sockets.
//!
//! As in the kernel, connected sockets are found by their 4-tuple and the others by address and port, so that it does
//! not matter how many sockets there are on other ports.

use std::net::{IpAddr, SocketAddr};

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::delivery::Name;
use super::lookup::Places;
use super::losers::Shared;
use super::ways::Ways;
use super::{Declared, Delivery, Reach, Setup};
use crate::capture::HostAddress;
use crate::track::Protocol;
use crate::track::shelves::Shelves;

/// The place of a socket in the order of binding.
pub(super) type Place = u32;

/// Where a socket waits: protocol, address (`None` for any) and port.
pub(super) type Slot = (Protocol, Option<IpAddr>, u16);

/// Declared sockets, and what became of them in the capture.
#[derive(Debug)]
pub struct DemuxTable {
    sockets: Vec<Declared>,
    /// The order of binding is known.
    pub(super) ordered: bool,
    /// Connected sockets, last one first.
    pub(super) connected: HashMap<(Slot, SocketAddr), Places, RandomState>,
    /// All others: the kernel's chains, head first.
    pub(super) waiting: HashMap<Slot, Places, RandomState>,
    /// All sockets of a port in the order of binding.
    pub(super) ports: HashMap<(Protocol, u16), Vec<Place>, RandomState>,
    /// The members of each SO_REUSEPORT group.
    groups: Vec<Vec<Place>>,
    /// The group of each socket.
    group_of: Vec<Option<usize>>,
    /// The addresses that sockets are bound to, and all others known to be this host's.
    pub(super) addresses: HashSet<IpAddr, RandomState>,
    /// The broadcast addresses of this host's networks, as far as they are known.
    pub(super) broadcasts: HashSet<IpAddr, RandomState>,
    /// They may come from the capture.
    hears_of_networks: bool,
    /// Some socket is bound to any address.
    pub(super) any_address: bool,
    /// The sockets are those that the capture shows.
    pub(super) inferred: bool,
    /// Ports with sockets that come and go, or are bound to devices.
    pub(super) changing: HashSet<(Protocol, u16), RandomState>,
    pub(super) ways: Ways,
    /// Endpoints of UDP that sent without being declared.
    pub(super) strangers: HashSet<SocketAddr, RandomState>,
    /// Verdicts by their numbers.
    pub(super) verdicts: Shelves<Delivery>,
    /// The verdict on the last packet, if it is of that packet alone.
    pub(super) last: Delivery,
    pub(super) losers: Shared,
    /// Nobody asks who does not get a packet.
    pub(super) losers_left_out: bool,
}

impl DemuxTable {
    /// A table of sockets in the order of binding; where that is not known, what it would decide is left open.
    pub fn new(sockets: Vec<Declared>, ordered: bool) -> Self {
        Self::of(Setup::declared(sockets, ordered))
    }

    /// The table as it stands before the first packet.
    pub fn of(setup: Setup) -> Self {
        let Setup { sockets, ordered, addresses, inferred, births } = setup;
        let mut table = Self::empty(ordered, inferred, Ways::new(births, inferred));
        // Most are alone at their address and port.
        table.waiting.reserve(sockets.len());
        table.group_of.reserve(sockets.len());
        table.sockets = sockets;
        (0..table.sockets.len() as Place).for_each(|place| table.enter(place));
        table.hears_of_networks = addresses.is_empty();
        table.addresses.extend(addresses.iter().map(|address| address.ip));
        table.join(&addresses);
        table
    }

    /// From now on does not look for [`Delivery::losers`], which takes most of the time of a new verdict.
    pub fn leave_losers_out(&mut self) {
        self.losers_left_out = true;
    }

    /// Takes notice of the networks that an interface of the capture is in, unless the host's own were declared.
    ///
    /// Whose address the interface has, the capture does not tell: of a network only its broadcast address is taken, which
    /// is the same for all in it.
    pub fn hear_of(&mut self, addresses: &[HostAddress]) {
        if self.hears_of_networks && !addresses.is_empty() {
            self.forget();
            self.join(addresses);
        }
    }

    fn join(&mut self, networks: &[HostAddress]) {
        self.broadcasts.extend(networks.iter().filter_map(|network| network.broadcast()).map(IpAddr::V4));
    }

    /// Opens one more socket, bound last.
    pub fn open(&mut self, socket: Declared) {
        self.forget();
        let Ok(place) = Place::try_from(self.sockets.len()) else { return };
        self.sockets.push(socket);
        self.enter(place);
    }

    /// Closes a socket; what it accepted stays.
    pub fn close(&mut self, name: &str) {
        let Some(place) = self.sockets.iter().position(|socket| *socket.name == *name) else { return };
        self.forget();
        let is_its = |other: &Place| *other as usize == place;
        self.waiting.values_mut().chain(self.connected.values_mut()).for_each(|chain| chain.retain(|other| !is_its(other)));
        self.ports.values_mut().chain(&mut self.groups).for_each(|chain| chain.retain(|other| !is_its(other)));
    }

    /// All sockets on the port of another one, those that listeners accepted among them.
    pub fn bound_beside(&self, other: &Declared) -> Vec<Declared> {
        let here = self.on_port((other.protocol, other.local.port())).iter().filter_map(|place| self.socket(*place).cloned());
        let tcp = other.protocol == Protocol::Tcp;
        let accepted = if tcp { self.ways.on_port(other.local.port()) } else { Vec::new() };
        let accepted = accepted.into_iter().map(|(local, name, standing)| Declared {
            name: name.into(),
            local,
            standing,
            only_v6: other.is_only_v6(),
            ..other.clone()
        });
        here.chain(accepted).collect()
    }

    fn empty(ordered: bool, inferred: bool, ways: Ways) -> Self {
        Self {
            sockets: Vec::new(),
            ordered,
            connected: HashMap::default(),
            waiting: HashMap::default(),
            ports: HashMap::default(),
            groups: Vec::new(),
            group_of: Vec::new(),
            addresses: HashSet::default(),
            broadcasts: HashSet::default(),
            hears_of_networks: true,
            any_address: false,
            inferred,
            changing: HashSet::default(),
            ways,
            strangers: HashSet::default(),
            verdicts: Shelves::default(),
            last: Delivery::none(Reach::Unknown),
            losers: Shared::default(),
            losers_left_out: false,
        }
    }

    /// Gives none of the verdicts so far again: the sockets are others now.
    pub(super) fn forget(&mut self) {
        self.ways.forget(self.verdicts.len() as u32);
    }

    /// Enters a socket where it will be looked for; those bound before it have been entered.
    fn enter(&mut self, place: Place) {
        let Some(socket) = self.sockets.get(place as usize) else { return };
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
        if socket.device.is_some() || socket.shown.as_ref().is_some_and(|shown| !shown.absent.is_empty()) {
            self.changing.insert((socket.protocol, port));
        }
        let group = self.join_group(place);
        self.group_of.push(group);
    }

    /// The group of a socket with SO_REUSEPORT, as `udp_reuseport_add_sock` and `inet_reuseport_add_sock` find it.
    fn join_group(&mut self, place: Place) -> Option<usize> {
        let socket = self.sockets.get(place as usize)?;
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
        let before = here.iter().filter(|other| **other < place);
        let mut kin = before.filter(|other| self.sockets.get(**other as usize).is_some_and(kin));
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
    pub(super) fn group(&self, place: Place, late: bool) -> Option<(Places, bool)> {
        if self.groups.is_empty() {
            return None;
        }
        let members = self.groups.get((*self.group_of.get(place as usize)?)?)?;
        let open = |member: &Place| self.socket(*member).is_some_and(|socket| socket.peer.is_none());
        let unconnected: Places = members.iter().copied().filter(open).collect();
        let connections = match late {
            true => unconnected.len() < members.len(),
            false => members.iter().skip_while(|member| !open(member)).any(|member| !open(member)),
        };
        Some((unconnected, connections))
    }

    /// All sockets of the packet's port, in the order of binding.
    pub(super) fn on_port(&self, port: (Protocol, u16)) -> &[Place] {
        self.ports.get(&port).map_or(&[], Vec::as_slice)
    }

    pub(super) fn name(&self, place: Place) -> Option<&Name> {
        self.socket(place).map(|socket| &socket.name)
    }
}
