//! The one call that delivers a packet: its connection has its say, then the lookup, then the verdict is told.
//!
//! A verdict that holds for all packets of a way is made once and found again by its number.

use std::net::SocketAddr;

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use super::child::Stage;
use super::delivery::Names;
use super::lookup::{self, Found, Lookup};
use super::losers::{Lost, losers};
use super::pair::{Asked, Given, WayId};
use super::sought::Sought;
use super::table::{DemuxTable, Place};
use super::ways::Listeners;
use super::{Arriving, Basis, Declared, Delivery, Reach, Ruling};
use crate::track::{Evidence, FiveTuple, Protocol};

/// Senders remembered that the table does not know, about 100 octets each.
const MAX_STRANGERS: usize = 1_000_000;

/// Verdicts kept, up to 500 octets each.
const MAX_VERDICTS: usize = 200_000;

impl DemuxTable {
    /// Looks at what the next packets will need: memory answers many questions at once faster than one after the other.
    /// `likely` hears the numbers of the verdicts that they are likely to get.
    #[inline]
    pub fn expect<'a>(&mut self, batch: impl Iterator<Item = &'a Arriving> + Clone, likely: impl FnMut(u32)) {
        self.ways.expect(batch, likely);
    }

    /// Says who gets a packet, and remembers the connection it opens or ends. Packets come in file order.
    ///
    /// `interface` is asked for the name of the interface that it came in on, where that may matter and the capture tells.
    #[inline]
    pub fn deliver<'i>(&mut self, arriving: &Arriving, interface: impl FnOnce() -> Option<&'i str>) -> Ruling<'_> {
        // What a capture shows is of all its hosts: whoever it passes by, it reaches its destination.
        if arriving.passes_by && !self.inferred {
            self.last = Delivery::none(Reach::NotThisHost);
            return Ruling::from(&self.last);
        }
        if self.ways.are_born(arriving.frame) {
            self.ways.enter(arriving.frame);
        }
        let (way, steady) = self.ways.of(arriving);
        let number = match steady {
            Some(_) => steady,
            None if self.is_directed_broadcast(arriving) => {
                let arriving = Arriving { link_broadcast: true, ..*arriving };
                self.decide(way, &Sought::new(&arriving, interface()))
            }
            None => self.decide(way, &Sought::new(arriving, interface())),
        };
        Ruling { number, again: steady.is_some(), known: Some(&self.verdicts), alone: &self.last }
    }

    /// The numbered verdict given last on datagrams that travel so.
    pub fn last_on(&self, tuple: &FiveTuple) -> Option<Ruling<'_>> {
        let number = self.ways.last_given(Arriving::new(*tuple, None).way())?;
        Some(Ruling { number: Some(number), again: false, known: Some(&self.verdicts), alone: &self.last })
    }

    /// The number of the verdict on a packet that the connection on its way, if there is one, has a say in; without a
    /// number it is the last one.
    #[inline(never)]
    fn decide(&mut self, way: Option<WayId>, sought: &Sought<'_>) -> Option<u32> {
        let calm = way.filter(|way| self.ways.is_calm(*way, sought));
        let (asked, found) = match sought.protocol() {
            Protocol::Tcp => self.step(way, sought),
            Protocol::Udp => {
                self.meet_sender(way, sought);
                (Asked::Open, None)
            }
        };
        // What goes to everyone on the link fares otherwise than the rest of its way.
        let kept = way.filter(|_| !sought.link_broadcast).and_then(|way| self.ways.given(way, asked));
        let given = kept.filter(|given| self.still_holds(*given, way, sought));
        let given = given.or_else(|| {
            self.last = self.verdict(way, (asked, found), sought);
            self.keep(way?, asked, sought)
        })?;
        if given.is_settled() {
            calm.into_iter().for_each(|way| self.ways.settle(way, given.number()));
        }
        Some(given.number())
    }

    /// It goes to everyone in a network of this host, and nothing else has said so yet.
    fn is_directed_broadcast(&self, arriving: &Arriving) -> bool {
        !self.broadcasts.is_empty() && !arriving.link_broadcast && self.broadcasts.contains(&arriving.destination().ip())
    }

    /// What a segment means for the connections of the capture, what that leaves to ask, and what was found already.
    fn step(&mut self, way: Option<WayId>, sought: &Sought<'_>) -> (Asked, Option<Found>) {
        if let Some(way) = way {
            let own = !self.connected.is_empty() && self.sends_declared(sought.tuple);
            self.ways.send(way, sought, own);
        }
        if sought.opens() {
            let found = self.search(sought);
            let listeners = self.listeners(&found.sockets);
            let asked = match way.filter(|_| !is_connected(&found)) {
                Some(way) => self.ways.open(way, sought, &listeners),
                None => Asked::Syn,
            };
            return (asked, Some(found));
        }
        if self.is_for_connected(sought) {
            let found = self.search(sought);
            if is_connected(&found) {
                return (Asked::Open, Some(found));
            }
        }
        (self.ways.receive(way, sought), None)
    }

    fn listeners(&self, places: &[Place]) -> Listeners {
        let cookies = places.iter().filter_map(|place| self.socket(*place)).any(|listener| listener.syn_cookies);
        Listeners { names: self.names(places), stage: if cookies { Stage::Cookie } else { Stage::Request } }
    }

    /// The table has a socket that is connected to the sender of this segment, and may get it.
    fn is_for_connected(&self, sought: &Sought<'_>) -> bool {
        let at = |address| self.connected.contains_key(&(sought.slot(address), sought.source()));
        !self.connected.is_empty() && (at(Some(sought.destination().ip())) || at(None))
    }

    /// The sender of this segment is a connected socket of the table.
    fn sends_declared(&self, tuple: FiveTuple) -> bool {
        let slot = (tuple.protocol, Some(tuple.source.ip()), tuple.source.port());
        self.connected.contains_key(&(slot, tuple.destination))
    }

    /// Keeps the endpoint of a datagram that no declared socket can have sent.
    fn meet_sender(&mut self, way: Option<WayId>, sought: &Sought<'_>) {
        if way.is_some_and(|way| self.ways.is_strange(way)) {
            return;
        }
        let source = sought.source();
        way.into_iter().for_each(|way| self.ways.mark_stranger(way));
        if self.strangers.len() < MAX_STRANGERS && !self.may_send(source) {
            self.strangers.insert(source);
        }
    }

    /// A UDP socket of the table can have sent from here.
    fn may_send(&self, source: SocketAddr) -> bool {
        let takes = |place: &Place| self.socket(*place).is_some_and(|socket| socket.takes(source.ip()));
        let at = |address| self.waiting.get(&(Protocol::Udp, address, source.port()));
        let is_at = |place: &&Place| self.socket(**place).is_some_and(|socket| lookup::is_at(socket, source));
        let connected = || self.on_port((Protocol::Udp, source.port())).iter().filter(is_at).any(takes);
        let unconnected = [Some(source.ip()), None].into_iter().filter_map(at).flatten().any(takes);
        unconnected || (!self.connected.is_empty() && connected())
    }

    /// A verdict of before holds of this packet too: what nobody got may have been answered since, or refused.
    fn still_holds(&self, given: Given, way: Option<WayId>, sought: &Sought<'_>) -> bool {
        let before = || self.verdicts.get(given.number());
        given.is_settled() || before().is_some_and(|before| before.verdict == self.unmet(way, sought))
    }

    /// It holds whatever comes: somebody got it, or who did is not known, and the capture is not to show it.
    fn settles(&self, verdict: &Delivery) -> bool {
        !verdict.sockets.is_empty() || (verdict.verdict == Reach::Unknown && !self.inferred)
    }

    /// Keeps the last verdict, if it holds for the whole way; on a port whose sockets come and go, or are bound to
    /// devices, none does.
    fn keep(&mut self, way: WayId, asked: Asked, sought: &Sought<'_>) -> Option<Given> {
        let changes = sought.link_broadcast || self.changing.contains(&sought.port());
        if changes || self.verdicts.len() >= MAX_VERDICTS {
            return None;
        }
        let number = u32::try_from(self.verdicts.len()).ok()?;
        let given = Given::new(number, self.settles(&self.last))?;
        self.ways.keep(way, asked, given)?;
        self.verdicts.push(std::mem::replace(&mut self.last, Delivery::none(Reach::Unknown)));
        Some(given)
    }

    /// The lookup; where the interface is unknown and would decide, that is left open.
    fn search(&self, sought: &Sought<'_>) -> Found {
        // Who joined a group, no packet of this table tells.
        if self.inferred && sought.goes_to_many() {
            return Found { undecided: true, ..Found::default() };
        }
        let found = lookup::find(self, sought);
        if sought.interface.is_some() || !self.changing.contains(&sought.port()) {
            return found;
        }
        let here = self.on_port(sought.port());
        let devices = here.iter().filter_map(|place| self.socket(*place)?.device.as_deref());
        for device in devices.collect::<HashSet<_, RandomState>>() {
            if lookup::find(self, &sought.on(device)) != found {
                return Found { undecided: true, ..Found::default() };
            }
        }
        found
    }

    fn verdict(&mut self, way: Option<WayId>, (asked, found): (Asked, Option<Found>), sought: &Sought<'_>) -> Delivery {
        match (asked, way) {
            (Asked::Child(rule), Some(way)) => self.verdict_of_child(way, rule, sought),
            (Asked::Before | Asked::Child(_), _) => self.told(&Found::default(), Reach::Unknown, sought),
            (Asked::Open | Asked::Syn, _) => {
                let found = found.unwrap_or_else(|| self.search(sought));
                let reach = self.reach(&found, way, sought);
                let kin = way.and_then(|way| self.ways.kin(way, sought));
                Delivery { kin, ..self.told(&found, reach, sought) }
            }
        }
    }

    fn reach(&self, found: &Found, way: Option<WayId>, sought: &Sought<'_>) -> Reach {
        match found.sockets.len() {
            0 if found.undecided => Reach::Unknown,
            0 => self.unmet(way, sought),
            _ if found.every => Reach::Every,
            1 => Reach::To,
            _ => Reach::OneOf,
        }
    }

    /// The verdict on what no socket of the table gets.
    fn unmet(&self, way: Option<WayId>, sought: &Sought<'_>) -> Reach {
        let FiveTuple { protocol, destination, .. } = sought.tuple;
        if self.inferred {
            let refused = way.is_some_and(|way| self.ways.is_gone(way)) || self.absent(sought).is_some();
            return if refused { Reach::Refused } else { Reach::Unknown };
        }
        let undeclared = match protocol {
            Protocol::Tcp => way.is_some_and(|way| self.ways.is_of_stranger(way, sought)),
            Protocol::Udp => self.strangers.contains(&destination),
        };
        let address = destination.ip();
        match undeclared {
            true => Reach::Unknown,
            false if address.is_loopback() || self.addresses.contains(&address) || sought.goes_to_many() => Reach::Refused,
            false if self.any_address => Reach::Unknown,
            false => Reach::NotThisHost,
        }
    }

    /// The socket that would get it, had it been there.
    fn absent(&self, sought: &Sought<'_>) -> Option<&Declared> {
        let here = self.on_port(sought.port()).iter().filter_map(|place| self.socket(*place));
        here.filter(|socket| lookup::is_at(socket, sought.destination())).find(|socket| !socket.is_there(sought.frame))
    }

    /// How the capture shows the receiver, or that there is none.
    fn basis(&self, found: &Found, reach: Reach, sought: &Sought<'_>) -> Option<Basis> {
        let of = |socket: &Declared| socket.shown.as_ref().map(|shown| shown.basis);
        let observed = |basis| Basis { evidence: Evidence::Observed, ..basis };
        match (found.sockets.first(), reach) {
            (Some(first), _) => self.socket(*first).and_then(of),
            (None, Reach::Refused) => self.absent(sought).and_then(of).map(observed),
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

    fn told(&mut self, found: &Found, reach: Reach, sought: &Sought<'_>) -> Delivery {
        let none_told = reach == Reach::NotThisHost || self.losers_left_out;
        let lost = if none_told { Lost::new() } else { losers(self, sought, found) };
        Delivery {
            sockets: self.names(&found.sockets),
            rule: found.rule,
            losers: self.share(lost),
            basis: self.basis(found, reach, sought),
            or_rule: self.or_rule(found),
            ..Delivery::none(reach)
        }
    }

    fn verdict_of_child(&mut self, way: WayId, rule: Lookup, sought: &Sought<'_>) -> Delivery {
        let none = Found { rule, ..Found::default() };
        let (sockets, basis) = self.ways.child(way).map(|child| (child.names.clone(), child.basis)).unwrap_or_default();
        let reach = if sockets.len() > 1 { Reach::OneOf } else { Reach::To };
        let kin = self.ways.kin(way, sought);
        Delivery { sockets, basis, kin, ..self.told(&none, reach, sought) }
    }

    fn names(&self, places: &[Place]) -> Names {
        places.iter().filter_map(|place| self.name(*place).cloned()).collect()
    }
}

/// A connected socket of the table gets it.
const fn is_connected(found: &Found) -> bool {
    matches!(found.rule, Lookup::Established | Lookup::TimeWait)
}
