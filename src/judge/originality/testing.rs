//! Small things for the tests of this room.
use super::prints::Sight;

/// A datagram to the server.
pub(super) fn sight(frame: u64, micros: i64, port: u16, id: u16) -> Sight {
    Sight { frame, micros: Some(micros), headers: 0, payload: 0, port, to_server: true, id: Some(id), sequence: None, of_lab: true }
}
