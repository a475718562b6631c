//! PKTAP, the header of macOS's `pktap` interface: it names the interface's own link type and goes on with that.

use super::super::Reason;
use super::super::cursor::cut;
use super::{Link, Protocol, Step, Travel};
use crate::capture::LinkType;

/// The shortest header, `struct pktap_header` of the first release, in octets.
const MIN_LEN: usize = 108;

/// Flags that tell the direction.
const DIRECTION_IN: u32 = 1;
const DIRECTION_OUT: u32 = 2;

/// LINKTYPE_PKTAP: little-endian length, kind of record, link type of what follows, interface name, flags.
pub(super) fn pktap(octets: &[u8], link: &mut Link) -> Result<Step, Reason> {
    let header = octets.first_chunk::<MIN_LEN>().ok_or_else(|| cut(octets, MIN_LEN))?;
    let word = |at: usize| header.get(at..).and_then(<[u8]>::first_chunk).copied().map_or(0, u32::from_le_bytes);
    let (len, inner, flags) = (word(0), word(8), word(36));
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if len < MIN_LEN {
        return Err(Reason::Malformed("PKTAP header shorter than 108 octets"));
    }
    if len > octets.len() {
        return Err(cut(octets, len));
    }
    link.travel = match flags & (DIRECTION_IN | DIRECTION_OUT) {
        DIRECTION_IN => Some(Travel::In),
        DIRECTION_OUT => Some(Travel::Out),
        _ => None,
    };
    let inner = u16::try_from(inner).map_err(|_| Reason::Malformed("PKTAP link type beyond 65535"))?;
    Ok(Step { len, next: Protocol::of_link_type(LinkType(inner)) })
}
