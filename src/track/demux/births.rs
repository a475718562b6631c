//! Connected sockets that the capture shows, by the frame that brings each.

use super::{Basis, Name};
use crate::track::FiveTuple;

/// A connected socket that the capture shows, and the frame that brings it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Birth {
    pub(super) frame: u64,
    /// What comes in to it.
    pub(super) tuple: FiveTuple,
    pub(super) born: Born,
    pub(super) name: Name,
    pub(super) basis: Basis,
}

/// How a connected socket begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Born {
    /// It called, or is older than the capture.
    Open,
    /// Its SYN was not captured, its SYN-ACK was.
    Request,
    /// This listener makes it from a SYN.
    Accepted(Option<Name>),
}

impl Birth {
    /// The birth of a socket that has a row in the table.
    pub(super) fn of(frame: u64, tuple: FiveTuple, born: Born, row: Option<(Name, Basis)>) -> Option<Self> {
        row.map(|(name, basis)| Self { frame, tuple, born, name, basis })
    }
}
