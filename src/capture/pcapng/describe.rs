//! Blocks that describe: sections, interfaces, names and statistics (draft-ietf-opsawg-pcapng, sections 4.1, 4.2, 4.5, 4.6).
//!
//! Each function notes what could be read and says what was broken: a faulty option does not take the block with it.

use std::net::IpAddr;

use super::super::{ByteOrder, Description, HostAddress, Interface, InterfaceId, LinkType, Resolution, Section, Statistics};
use super::block::{Broken, INTERFACE, INTERFACE_STATISTICS, NAME_RESOLUTION, SECRETS, SECTION, padded, u16_at, u32_at};
use super::code;
use super::options::Options;

/// A block with what is needed to read it.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    /// All of it, both lengths included.
    pub(super) octets: &'a [u8],
    pub(super) order: ByteOrder,
}

impl<'a> Block<'a> {
    /// What lies between `fixed` octets from the beginning and the length at the end.
    fn after(self, fixed: usize, kind: u32) -> Result<&'a [u8], Broken> {
        let end = self.octets.len().saturating_sub(4);
        let least = fixed.saturating_add(4);
        self.octets.get(fixed..end).ok_or(Broken::TooShort { kind, found: self.octets.len(), least })
    }

    fn options(self, fixed: usize, kind: u32) -> Result<Options<'a>, Broken> {
        Ok(Options::new(self.after(fixed, kind)?, self.order))
    }

    fn u16(self, at: usize) -> u16 {
        u16_at(self.octets, at, self.order).unwrap_or_default()
    }

    fn u32(self, at: usize) -> u32 {
        u32_at(self.octets, at, self.order).unwrap_or_default()
    }
}

/// Major and minor version of a Section Header Block.
pub(super) fn version(block: Block<'_>) -> Result<(u16, u16), Broken> {
    block.after(24, SECTION)?;
    Ok((block.u16(12), block.u16(14)))
}

/// Fills `section` from the options of its Section Header Block.
pub(super) fn section(block: Block<'_>, section: &mut Section, notes: &mut Description) -> Result<(), Broken> {
    for option in block.options(24, SECTION)? {
        let (code, value) = option?;
        match code {
            code::COMMENT => section.comments.extend(notes.keep_text(value)),
            code::SHB_HARDWARE => section.hardware = notes.keep_text(value),
            code::SHB_OS => section.os = notes.keep_text(value),
            code::SHB_USERAPPL => section.application = notes.keep_text(value),
            _ => keep_option(&mut section.other_options, code, value, block.order, notes),
        }
    }
    Ok(())
}

/// Reads an Interface Description Block, as far as it is sound.
pub(super) fn interface(block: Block<'_>, notes: &mut Description) -> Result<(Interface, Result<(), Broken>), Broken> {
    let options = block.options(16, INTERFACE)?;
    let id = InterfaceId(u32::try_from(notes.interfaces.len()).unwrap_or(u32::MAX));
    let mut interface = Interface::new(id, notes.sections.len().saturating_sub(1), LinkType(block.u16(8)));
    interface.snap_length = Some(block.u32(12)).filter(|octets| *octets != 0);
    let outcome = interface_options(options, &mut interface, block.order, notes);
    Ok((interface, outcome))
}

fn interface_options(
    options: Options<'_>,
    interface: &mut Interface,
    order: ByteOrder,
    notes: &mut Description,
) -> Result<(), Broken> {
    for option in options {
        match option? {
            (code::COMMENT, text) => interface.comments.extend(notes.keep_text(text)),
            (code::IF_NAME, text) => interface.name = notes.keep_text(text),
            (code::IF_DESCRIPTION, text) => interface.description = notes.keep_text(text),
            (code::IF_OS, text) => interface.os = notes.keep_text(text),
            (code::IF_HARDWARE, text) => interface.hardware = notes.keep_text(text),
            // Kind 0 is the text a person typed; kind 1 is machine code, kept as it is.
            (code::IF_FILTER, [0, text @ ..]) => interface.filter = notes.keep_text(text),
            (code::IF_TSRESOL, &[unit]) => interface.resolution = resolution(unit),
            (code::IF_TSOFFSET, value) if value.len() == 8 => interface.offset_seconds = offset(value, order),
            (code, value) => match address(code, value).filter(|_| notes.may_keep(value.len())) {
                Some(address) => interface.addresses.push(address),
                None => keep_option(&mut interface.other_options, code, value, order, notes),
            },
        }
    }
    Ok(())
}

/// An address of the interface; what is none is kept as it is.
fn address(code: u16, value: &[u8]) -> Option<HostAddress> {
    match code {
        code::IF_IPV4ADDR => HostAddress::from_v4_option(value),
        code::IF_IPV6ADDR => HostAddress::from_v6_option(value),
        _ => None,
    }
}

/// `if_tsresol`: the highest bit chooses between powers of ten and of two.
fn resolution(unit: u8) -> Resolution {
    if unit & 0x80 == 0 { Resolution::Decimal(unit) } else { Resolution::Binary(unit & 0x7f) }
}

fn offset(value: &[u8], order: ByteOrder) -> i64 {
    value.first_chunk().map_or(0, |octets| order.u64(*octets).cast_signed())
}

/// Keeps an option without a field, as the file holds it, so that a copy of the file has it too.
fn keep_option(kept: &mut Vec<u8>, code: u16, value: &[u8], order: ByteOrder, notes: &mut Description) {
    if !notes.may_keep(value.len()) {
        return;
    }
    // Options come from 16-bit lengths.
    kept.extend(order.u16_octets(code));
    kept.extend(order.u16_octets(value.len() as u16));
    kept.extend(value);
    kept.resize(padded(kept.len()), 0);
}

/// Adds the names of a Name Resolution Block.
pub(super) fn names(block: Block<'_>, notes: &mut Description) -> Result<(), Broken> {
    let mut rest = block.after(8, NAME_RESOLUTION)?;
    while let Some(([t0, t1, l0, l1], after)) = rest.split_first_chunk() {
        let (kind, len) = (block.order.u16([*t0, *t1]), usize::from(block.order.u16([*l0, *l1])));
        if kind == 0 {
            break;
        }
        let value = after.get(..len).ok_or(Broken::NameRecord { found: len, room: after.len() })?;
        if let Some((address, names)) = name_record(kind, value) {
            names.split(|octet| *octet == 0).filter(|name| !name.is_empty()).for_each(|name| keep_name(address, name, notes));
        }
        rest = after.get(padded(len)..).unwrap_or_default();
    }
    Ok(())
}

/// The address in a record and the names after it; hardware addresses are passed over.
fn name_record(kind: u16, value: &[u8]) -> Option<(IpAddr, &[u8])> {
    match kind {
        1 => value.split_first_chunk::<4>().map(|(address, names)| (IpAddr::from(*address), names)),
        2 => value.split_first_chunk::<16>().map(|(address, names)| (IpAddr::from(*address), names)),
        _ => None,
    }
}

fn keep_name(address: IpAddr, name: &[u8], notes: &mut Description) {
    if notes.names.len() >= Description::MAX_NAMES {
        notes.left_out = notes.left_out.saturating_add(1);
    } else if let Some(name) = notes.keep_text(name) {
        notes.names.push((address, name));
    }
}

/// Statistics as the block holds them, its times still in ticks.
#[derive(Debug)]
pub(super) struct RawStatistics {
    /// The interface's number within the section.
    pub(super) interface: u32,
    pub(super) start: Option<u64>,
    pub(super) end: Option<u64>,
    /// All but the times.
    pub(super) counters: Statistics,
}

/// Reads an Interface Statistics Block, as far as it is sound.
pub(super) fn statistics(block: Block<'_>, notes: &mut Description) -> Result<(RawStatistics, Result<(), Broken>), Broken> {
    let options = block.options(20, INTERFACE_STATISTICS)?;
    let mut raw = RawStatistics { interface: block.u32(8), start: None, end: None, counters: Statistics::default() };
    let outcome = statistics_options(options, &mut raw, block.order, notes);
    Ok((raw, outcome))
}

fn statistics_options(
    options: Options<'_>,
    raw: &mut RawStatistics,
    order: ByteOrder,
    notes: &mut Description,
) -> Result<(), Broken> {
    for option in options {
        let (code, value) = option?;
        let number = value.first_chunk().map(|octets| order.u64(*octets));
        match code {
            code::COMMENT => raw.counters.comments.extend(notes.keep_text(value)),
            code::ISB_STARTTIME => raw.start = ticks(value, order),
            code::ISB_ENDTIME => raw.end = ticks(value, order),
            code::ISB_IFRECV => raw.counters.received = number,
            code::ISB_IFDROP => raw.counters.dropped = number,
            code::ISB_FILTERACCEPT => raw.counters.filter_accepted = number,
            code::ISB_OSDROP => raw.counters.os_dropped = number,
            code::ISB_USRDELIV => raw.counters.delivered = number,
            _ => {}
        }
    }
    Ok(())
}

/// A time is two 32-bit numbers, the upper half first in either byte order.
fn ticks(value: &[u8], order: ByteOrder) -> Option<u64> {
    let [h0, h1, h2, h3, l0, l1, l2, l3] = *value.first_chunk()?;
    Some(u64::from(order.u32([h0, h1, h2, h3])) << 32 | u64::from(order.u32([l0, l1, l2, l3])))
}

/// Checks that the secrets of a Decryption Secrets Block fit into it. They themselves are not kept.
pub(super) fn secrets(block: Block<'_>) -> Result<(), Broken> {
    let room = block.after(16, SECRETS)?.len();
    let found = block.u32(12);
    if found as usize <= room { Ok(()) } else { Err(Broken::Secrets { found, room }) }
}
