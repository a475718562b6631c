//! The life of a connected socket: from the SYN at a listener to the last acknowledgment.
//!
//! A request becomes the connected socket with its first ACK (`tcp_check_req`). It is gone after a RST, and after both
//! FINs were acknowledged, unless it closed first: then its 4-tuple stays in TIME-WAIT.

use std::net::SocketAddr;

use super::delivery::{Name, Names};
use super::lookup::Lookup;
use super::{Basis, Mark, Standing};
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::Flags;

/// A connected socket, or what is to become one.
///
/// It fills one line of memory: fetching it is what costs.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Child {
    /// One name for each listener that may have accepted it.
    pub(super) names: Names,
    pub(super) stage: Stage,
    /// What acknowledges the FIN of the client, then that of the server, in the order they came.
    fins: [Option<SeqNumber>; 2],
    acknowledged: [bool; 2],
    server_closed_first: bool,
    /// How the capture shows it.
    pub(super) basis: Option<Basis>,
    /// The listener it came from, if the capture shows that.
    pub(super) listener: Option<Name>,
}

const _: () = assert!(size_of::<Child>() == 64, "a connected socket outgrew its line of memory");

/// How far a connection has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// A SYN came.
    Request,
    /// A SYN came, and nothing was kept of it: its answer was a cookie.
    Cookie,
    /// Open, or closing.
    Open,
    TimeWait,
    Gone,
}

/// Places in [`Child::fins`].
pub(super) const CLIENT: usize = 0;
pub(super) const SERVER: usize = 1;

impl Child {
    pub(super) const fn new(names: Names, stage: Stage) -> Self {
        Self { names, stage, fins: [None; 2], acknowledged: [false; 2], server_closed_first: false, basis: None, listener: None }
    }

    /// The same, as the capture shows it.
    pub(super) fn shown(self, basis: Basis, listener: Option<Name>) -> Self {
        Self { basis: Some(basis), listener, ..self }
    }

    /// Where it stands and how, if it is not gone.
    pub(super) fn standing(&self, local: SocketAddr) -> Option<(SocketAddr, &str, Standing)> {
        let standing = match self.stage {
            Stage::Open => Standing::Connected,
            Stage::TimeWait => Standing::TimeWait,
            Stage::Request | Stage::Cookie | Stage::Gone => return None,
        };
        Some((local, self.names.first()?, standing))
    }

    /// What only acknowledges or brings data changes nothing: no end has begun to close, or all is over.
    pub(super) fn is_quiet(&self) -> bool {
        match self.stage {
            Stage::Open => self.fins == [None; 2],
            Stage::Gone => true,
            Stage::Request | Stage::Cookie | Stage::TimeWait => false,
        }
    }

    /// A segment for this socket, and what finds it; `None` if it is gone, or not there yet.
    pub(super) fn receives(&mut self, mark: Mark) -> Option<Lookup> {
        let rule = match self.stage {
            Stage::Gone => return None,
            Stage::TimeWait => Some(Lookup::TimeWait),
            Stage::Request => Some(Lookup::Request),
            Stage::Open => Some(Lookup::Established),
            // What does not bring the cookie back concerns no connection.
            Stage::Cookie if !mark.flags.contains(Flags::ACK) || mark.flags.contains(Flags::RST) => return None,
            Stage::Cookie => None,
        };
        if matches!(self.stage, Stage::Request | Stage::Cookie) && mark.flags.contains(Flags::ACK) {
            self.stage = Stage::Open;
        }
        self.sends(mark, CLIENT);
        rule
    }

    /// What one end sent: its FIN, what it acknowledges, the end of it all.
    pub(super) fn sends(&mut self, mark: Mark, from: usize) {
        if mark.flags.contains(Flags::RST) && self.stage != Stage::TimeWait {
            self.stage = Stage::Gone;
        }
        if self.stage != Stage::Open {
            return;
        }
        let to = if from == CLIENT { SERVER } else { CLIENT };
        if mark.flags.contains(Flags::FIN) && self.fin(from).is_none() {
            // A FIN that crosses the other one closes first as well (RFC 9293 section 3.6, case 3).
            let answers = self.fin(CLIENT).is_some_and(|fin| mark.acknowledgment.since(fin) >= 0);
            self.server_closed_first |= from == SERVER && !answers;
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
