//! MPLS label stacks (RFC 3032).
//!
//! Nothing in the stack says what it carries: routers guess from the first four bits, and so does this room. A zero there
//! is the control word of a pseudo-wire (RFC 4385), which is named, not read.

use super::super::cursor::cut;
use super::super::{EtherType, Reason};
use super::{Protocol, Step};

/// One entry of the stack: 20 bits of label, three of traffic class, the bottom bit, eight of time to live.
pub(super) fn label(octets: &[u8]) -> Result<Step, Reason> {
    let (&[_, _, low, _], payload) = octets.split_first_chunk().ok_or_else(|| cut(octets, 4))?;
    let bottom = low & 1 == 1;
    let next =
        if bottom { Protocol::of_ip_version(payload).unwrap_or(Protocol::Network(EtherType::MPLS)) } else { Protocol::Mpls };
    Ok(Step { len: 4, next })
}
