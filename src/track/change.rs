//! What became of the sockets between two moments.

use std::collections::HashMap;

use super::{Protocol, Socket, SocketState, SocketTable};

/// One socket that is not as it was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change<'t> {
    /// It was not there before.
    Born(&'t Socket),
    /// It is not there any more.
    Died(&'t Socket),
    /// Its state is another one: before, after.
    Moved(&'t Socket, &'t Socket),
}

/// What tells a socket apart in tables of one capture: its first frame and its side of it.
type Name = (Protocol, u64, u16, Option<std::net::SocketAddr>);

impl SocketTable {
    /// The changes from this table to `later`, which is of the same capture; in the order of `later`.
    pub fn changes<'t>(&'t self, later: &'t Self) -> Vec<Change<'t>> {
        let before: HashMap<Name, &Socket> = self.alive().map(|socket| (name(socket), socket)).collect();
        let after: HashMap<Name, &Socket> = later.alive().map(|socket| (name(socket), socket)).collect();
        let born_or_moved = later.alive().filter_map(|socket| match before.get(&name(socket)) {
            None => Some(Change::Born(socket)),
            Some(old) if old.state != socket.state => Some(Change::Moved(old, socket)),
            Some(_) => None,
        });
        let died = self.alive().filter(|socket| !after.contains_key(&name(socket))).map(Change::Died);
        born_or_moved.chain(died).collect()
    }

    /// The sockets that are not closed.
    fn alive(&self) -> impl Iterator<Item = &Socket> {
        self.sockets.iter().filter(|socket| socket.state != SocketState::Closed)
    }
}

fn name(socket: &Socket) -> Name {
    (socket.protocol, socket.first_frame, socket.local.port, socket.peer)
}
