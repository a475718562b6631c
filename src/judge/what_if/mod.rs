//! The same packets under other sockets: who gets them then, and which bind would have failed.
//!
//! `change` reads what is supposed, `bind` says whether the sockets can be bound that way. A socket whose bind fails
//! is left out: its program would have ended.
//!
//! The packets are those of the capture, though under other sockets some would not have been sent.

mod bind;
mod change;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

pub use bind::{Bind, Errno};

use super::TextFault;
use crate::capture::HostAddress;
use crate::track::{Arriving, Declared, Delivery, DemuxTable, Name, Reach, Setup};
use change::{Change, Switch};

/// Sockets as they are and as they are supposed to be.
#[derive(Debug)]
pub struct WhatIf {
    before: DemuxTable,
    after: DemuxTable,
    binds: Vec<Bind>,
    /// Restarts to come, the next one last.
    restarts: Vec<Restart>,
}

/// A socket that is closed and opened anew.
#[derive(Clone, Debug)]
struct Restart {
    /// The last frame before.
    after: Option<u64>,
    old: Name,
    new: Declared,
}

impl WhatIf {
    /// Supposes all changes, one after the other.
    ///
    /// # Errors
    /// The change that cannot be read, by its place in the list, and what was expected there.
    pub fn new(setup: &Setup, changes: &[String]) -> Result<Self, (usize, TextFault)> {
        let mut supposed = Supposed { setup: setup.clone(), touched: Vec::new(), restarts: Vec::new() };
        for (place, text) in changes.iter().enumerate() {
            let change = Change::read(text, &supposed.setup.sockets).map_err(|fault| (place, fault))?;
            supposed.make(change);
        }
        let Supposed { setup: mut after, touched, mut restarts } = supposed;
        let binds = bind::replay(setup, &mut after, &touched);
        restarts.sort_by_key(|restart| std::cmp::Reverse(restart.after.unwrap_or(u64::MAX)));
        Ok(Self { before: DemuxTable::of(setup.clone()), after: DemuxTable::of(after), binds, restarts })
    }

    /// Takes notice of networks; see [`DemuxTable::hear_of`].
    pub fn hear_of(&mut self, addresses: &[HostAddress]) {
        self.before.hear_of(addresses);
        self.after.hear_of(addresses);
    }

    /// Who gets a packet, and who would get it; packets come in file order.
    pub fn deliver(&mut self, arriving: &Arriving, interface: Option<&str>) -> (Delivery, Delivery) {
        while let Some(restart) = self.restarts.pop_if(|next| next.after.is_some_and(|after| after < arriving.frame)) {
            self.restart(restart);
        }
        let before = Delivery::clone(&self.before.deliver(arriving, || interface));
        let mut after = Delivery::clone(&self.after.deliver(arriving, || interface));
        // Somebody answered from there, but that one is supposed away.
        if after.verdict == Reach::Unknown && !before.sockets.is_empty() {
            after.verdict = Reach::Refused;
        }
        (before, after)
    }

    /// Makes the restarts that are to come after the last packet.
    pub fn finish(&mut self) {
        while let Some(restart) = self.restarts.pop() {
            self.restart(restart);
        }
    }

    /// The binds that the changes bring, in order; those of restarts when they have been made.
    pub fn binds(&self) -> &[Bind] {
        &self.binds
    }

    fn restart(&mut self, Restart { after, old, new }: Restart) {
        self.after.close(&old);
        let there = self.after.bound_beside(&new);
        let failure = bind::failure(&new, &there);
        self.binds.push(Bind { socket: new.name.clone(), local: new.local, after, restarted: Some(old), failure });
        if self.binds.last().is_some_and(|bind| bind.failure.is_none()) {
            self.after.open(new);
        }
    }
}

/// Sockets as they become, change by change.
struct Supposed {
    setup: Setup,
    /// The names of those that are bound otherwise.
    touched: Vec<Name>,
    restarts: Vec<Restart>,
}

impl Supposed {
    fn make(&mut self, change: Change) {
        match change {
            Change::Switch(place, switch) => {
                if let Some(socket) = self.setup.sockets.get_mut(place) {
                    turn(socket, switch);
                    self.touched.push(socket.name.clone());
                }
            }
            Change::Second(place) => {
                if let Some(second) = self.copy(place) {
                    self.touched.push(second.name.clone());
                    self.setup.sockets.push(second);
                }
            }
            Change::Restart(place, after) => {
                let old = self.setup.sockets.get(place).map(|socket| socket.name.clone());
                let restart = old.zip(self.copy(place)).map(|(old, new)| Restart { after, old, new });
                self.restarts.extend(restart);
            }
        }
    }

    /// Another socket with the same options at the same address, under a name of its own: `s1b`.
    fn copy(&self, place: usize) -> Option<Declared> {
        let original = self.setup.sockets.get(place)?;
        let taken = |name: &str| {
            let restarted = self.restarts.iter().any(|restart| *restart.new.name == *name);
            restarted || self.setup.sockets.iter().any(|socket| *socket.name == *name)
        };
        let mut names = (0..).map(|number: u32| match number {
            0 => format!("{}b", original.name),
            more => format!("{}b{more}", original.name),
        });
        let name = names.find(|name| !taken(name))?.into();
        let shown = original.shown.clone().map(|shown| crate::track::Shown { absent: Vec::new(), ..shown });
        Some(Declared { name, shown, ..original.clone() })
    }
}

/// Changes one socket.
fn turn(socket: &mut Declared, switch: Switch) {
    match switch {
        Switch::Connect(peer) => (socket.peer, socket.standing) = (Some(peer), crate::track::Standing::Connected),
        Switch::NoConnect => (socket.peer, socket.standing) = (None, crate::track::Standing::Open),
        Switch::Bind(ip, port) => {
            socket.local = SocketAddr::new(ip, port.unwrap_or(socket.local.port()));
            socket.only_v6 &= socket.local.is_ipv6();
            // Where it is bound to is now known, and that it was there when nobody was, supposed.
            socket.shown = None;
        }
        Switch::ReuseAddr(on) => socket.reuse_addr = on,
        Switch::ReusePort(on) => socket.reuse_port = on,
        Switch::OnlyV6(on) => socket.only_v6 = on,
    }
}
