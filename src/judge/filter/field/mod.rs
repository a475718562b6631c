//! The fields a filter may name: one row of a table each, with its type, its meaning, and how a packet is read for it.
//!
//! Names and types are Wireshark's; `conn`, `state`, `sock`, `xchg` and `demux` are our own. A protocol above TCP and UDP
//! joins as a room beside these, with a table of its own rows.

mod connection;
mod frame;
mod icmp;
mod link;
mod network;
mod out;
mod tcp;
mod udp;

use std::fmt;

pub(super) use out::Out;

use super::packet::{PacketRow, Upper};
use crate::decode::ip::Ip;
use crate::track::{Connection, Update};

/// A field of the table.
#[derive(Clone, Copy)]
pub struct Field(&'static Definition);

impl Field {
    /// The field with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|field| field.name() == name)
    }

    /// All fields, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLES.into_iter().flatten().map(Self)
    }

    /// The name, such as `tcp.port`.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// What kind of value it has.
    pub const fn kind(self) -> Kind {
        self.0.kind
    }

    /// What it means, in a few words.
    pub const fn meaning(self) -> &'static str {
        self.0.meaning
    }

    /// What must be known of a frame to tell its values.
    pub const fn needs(self) -> Needs {
        match self.0.read {
            Read::Frame(_) | Read::Link(..) | Read::Ipv4(_) | Read::Ipv6(_) => Needs::Headers,
            Read::Tcp(_) | Read::Udp(_) | Read::Icmp(_) | Read::Icmpv6(_) | Read::Datagram(_) => Needs::Datagrams,
            Read::Tracked(_) | Read::Connection(_) => Needs::Tracker,
            Read::Row => Needs::Rows,
        }
    }

    /// The words that stand for some of its numbers.
    pub(super) const fn names(self) -> &'static [(u64, &'static str)] {
        self.0.names
    }

    pub(super) const fn read(self) -> Read {
        self.0.read
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Field {}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What kind of value a field has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// None: the field is there or not.
    Mark,
    /// A protocol, as its octets.
    Protocol,
    /// True or false.
    Flag,
    /// A number of at most so many bits.
    Number(u32),
    /// A number that may be negative, of at most so many bits.
    Signed(u32),
    /// Text.
    Text,
    /// Octets.
    Octets,
    /// A hardware address.
    Mac,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An address of either version.
    Address,
    /// A point in time.
    Time,
    /// A span of time in seconds.
    Duration,
}

/// What it is called in a list of fields.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mark => f.pad("mark"),
            Self::Protocol => f.pad("protocol"),
            Self::Flag => f.pad("true/false"),
            Self::Number(bits) => f.pad(&format!("number, {bits} bits")),
            Self::Signed(bits) => f.pad(&format!("signed, {bits} bits")),
            Self::Text => f.pad("text"),
            Self::Octets => f.pad("octets"),
            Self::Mac => f.pad("hardware address"),
            Self::Ipv4 => f.pad("IPv4 address"),
            Self::Ipv6 => f.pad("IPv6 address"),
            Self::Address => f.pad("IP address"),
            Self::Time => f.pad("time"),
            Self::Duration => f.pad("seconds"),
        }
    }
}

impl Kind {
    /// What a value of it is called in a sentence.
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Mark => "a mark",
            Self::Protocol => "a protocol",
            Self::Flag => "true or false",
            Self::Number(_) | Self::Signed(_) => "a number",
            Self::Text => "a text",
            Self::Octets => "octets",
            Self::Mac => "a hardware address",
            Self::Ipv4 => "an IPv4 address",
            Self::Ipv6 => "an IPv6 address",
            Self::Address => "an IP address",
            Self::Time => "a time",
            Self::Duration => "a span of time",
        }
    }

    /// Slices, `contains` and `matches` work on it.
    pub(super) const fn is_sequence(self) -> bool {
        matches!(self, Self::Protocol | Self::Text | Self::Octets | Self::Mac | Self::Ipv4 | Self::Ipv6 | Self::Address)
    }

    /// Values of it can be added and compared as numbers.
    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::Number(_) | Self::Signed(_) | Self::Flag)
    }

    /// Values of the two compare.
    pub(super) fn compares_with(self, other: Self) -> bool {
        let address = |kind| matches!(kind, Self::Ipv4 | Self::Ipv6 | Self::Address);
        let octets = |kind| matches!(kind, Self::Protocol | Self::Octets | Self::Mac | Self::Text);
        self == other
            || (self.is_number() && other.is_number())
            || (address(self) && address(other) && (self == Self::Address || other == Self::Address))
            || (octets(self) && octets(other))
    }
}

/// What must be known of a frame to tell the values of a field; each includes those before it.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Needs {
    /// Its headers.
    #[default]
    Headers,
    /// The datagram that its fragment completes: fragments are to be put together.
    Datagrams,
    /// Its conversation: all frames are to be followed.
    Tracker,
    /// It is known of rows of a table only, not of frames.
    Rows,
}

/// One row of the table.
pub(super) struct Definition {
    name: &'static str,
    kind: Kind,
    meaning: &'static str,
    names: &'static [(u64, &'static str)],
    read: Read,
}

impl Definition {
    const fn new(name: &'static str, kind: Kind, meaning: &'static str, read: Read) -> Self {
        Self { name, kind, meaning, names: &[], read }
    }

    /// The same, some numbers of which have words.
    const fn names(self, names: &'static [(u64, &'static str)]) -> Self {
        Self { names, ..self }
    }
}

/// How a packet is read for a field.
#[derive(Clone, Copy)]
pub(super) enum Read {
    /// From what is said of the frame.
    Frame(for<'a> fn(&PacketRow<'a>, &mut Out<'_, 'a>)),
    /// From a link header of this name.
    Link(&'static str, for<'a> fn(&'a [u8], &mut Out<'_, 'a>)),
    /// From each IPv4 header.
    Ipv4(for<'a> fn(&Ip<'a>, &mut Out<'_, 'a>)),
    /// From each IPv6 header.
    Ipv6(for<'a> fn(&Ip<'a>, &mut Out<'_, 'a>)),
    /// From each TCP header.
    Tcp(for<'a> fn(&Upper<'a>, &mut Out<'_, 'a>)),
    /// From each UDP header.
    Udp(for<'a> fn(&Upper<'a>, &mut Out<'_, 'a>)),
    /// From the ICMP header.
    Icmp(for<'a> fn(&Upper<'a>, &mut Out<'_, 'a>)),
    /// From the ICMPv6 header.
    Icmpv6(for<'a> fn(&Upper<'a>, &mut Out<'_, 'a>)),
    /// From what is said of the frame when its datagram is complete.
    Datagram(for<'a> fn(&PacketRow<'a>, &mut Out<'_, 'a>)),
    /// From what the tracker says of it.
    Tracked(for<'a> fn(&PacketRow<'a>, &Update<'a>, &mut Out<'_, 'a>)),
    /// From its connection as of this frame.
    Connection(for<'a> fn(&'a Connection, &mut Out<'_, 'a>)),
    /// A frame has no such field.
    Row,
}

/// Wireshark's words for the verdict on a checksum.
const CHECKSUM_NAMES: &[(u64, &str)] = &[(0, "Bad"), (1, "Good"), (2, "Unverified"), (3, "Not present"), (4, "Illegal")];

const TABLES: [&[Definition]; 8] =
    [frame::FIELDS, link::FIELDS, network::FIELDS, icmp::FIELDS, udp::FIELDS, tcp::FIELDS, connection::FIELDS, connection::ROWS];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_field_has_one_row() {
        let mut seen = HashSet::new();
        for field in Field::all() {
            assert!(seen.insert(field.name()), "{field} stands twice");
            assert!(!field.meaning().is_empty() && field.name().is_ascii(), "{field}");
            assert_eq!(Field::named(field.name()), Some(field));
        }
        assert!(seen.len() > 200);
    }
}
