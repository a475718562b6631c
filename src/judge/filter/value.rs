//! What a field holds in one row, and how two values compare.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::SignedDuration;

use crate::capture::Timestamp;
use crate::decode::link::MacAddress;

/// One value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// The field is there and has no value, such as `tcp.analysis.retransmission`.
    Mark,
    /// A protocol: its octets with all that it carries, and how many of them are its header.
    Protocol(&'a [u8], usize),
    /// True or false.
    Flag(bool),
    /// A number that is never negative.
    Number(u64),
    /// A number.
    Signed(i64),
    /// Text.
    Text(Cow<'a, str>),
    /// Octets.
    Octets(Cow<'a, [u8]>),
    /// A hardware address.
    Mac(MacAddress),
    /// An address of either version.
    Address(IpAddr),
    /// A point in time.
    Time(Timestamp),
    /// A span of time.
    Duration(SignedDuration),
}

impl<'a> Value<'a> {
    /// Text that lives as long as the row.
    pub const fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// Octets that live as long as the row.
    pub const fn octets(octets: &'a [u8]) -> Self {
        Self::Octets(Cow::Borrowed(octets))
    }

    /// How it stands to another one; `None` if the two do not compare.
    pub(super) fn order(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Flag(a), Value::Flag(b)) => Some(a.cmp(b)),
            (Self::Address(a), Value::Address(b)) => (a.is_ipv4() == b.is_ipv4()).then(|| a.cmp(b)),
            (Self::Time(a), Value::Time(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
            _ => match (self.number(), other.number()) {
                (Some(a), Some(b)) => Some(a.cmp(&b)),
                _ => self.order_of_octets(other),
            },
        }
    }

    /// Text by its letters; of octets as in Wireshark the longer ones are greater.
    fn order_of_octets(&self, other: &Value<'_>) -> Option<Ordering> {
        let (a, b) = (self.as_octets()?, other.as_octets()?);
        let by_length = if matches!(self, Self::Text(_)) { Ordering::Equal } else { a.len().cmp(&b.len()) };
        Some(by_length.then_with(|| a.as_ref().cmp(b.as_ref())))
    }

    /// The number it is.
    pub(super) fn number(&self) -> Option<i128> {
        match self {
            Self::Flag(flag) => Some(i128::from(*flag)),
            Self::Number(number) => Some(i128::from(*number)),
            Self::Signed(number) => Some(i128::from(*number)),
            _ => None,
        }
    }

    /// The octets it is made of; numbers and times have none.
    pub(super) fn as_octets(&self) -> Option<Cow<'_, [u8]>> {
        Some(match self {
            Self::Protocol(octets, _) => Cow::Borrowed(octets),
            Self::Text(text) => Cow::Borrowed(text.as_bytes()),
            Self::Octets(octets) => Cow::Borrowed(octets),
            Self::Mac(MacAddress(octets)) => Cow::Borrowed(octets),
            Self::Address(IpAddr::V4(address)) => Cow::Owned(address.octets().to_vec()),
            Self::Address(IpAddr::V6(address)) => Cow::Owned(address.octets().to_vec()),
            _ => return None,
        })
    }

    /// Something else than zero, nothing and false.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Duration(duration) => !duration.is_zero(),
            Self::Octets(octets) => octets.iter().any(|octet| *octet != 0),
            Self::Address(address) => !address.is_unspecified(),
            value => value.number().is_none_or(|number| number != 0),
        }
    }

    /// What the function `string` makes of it.
    pub(super) fn written(&self) -> Option<String> {
        Some(match self {
            Self::Mark => return None,
            Self::Flag(flag) => if *flag { "True" } else { "False" }.to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Signed(number) => number.to_string(),
            Self::Text(text) => text.clone().into_owned(),
            Self::Octets(octets) => hexadecimal(octets),
            Self::Protocol(octets, _) => hexadecimal(octets),
            Self::Mac(address) => address.to_string(),
            Self::Address(address) => address.to_string(),
            Self::Time(time) => time.to_string(),
            Self::Duration(duration) => Timestamp::new(0, 0).after(*duration)?.to_string(),
        })
    }
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// A value that stands in the filter itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Constant {
    Value(Value<'static>),
    /// An address and the bits of it that count.
    Network(IpAddr, u8),
}

impl Constant {
    /// How a value of a row stands to this one.
    pub(super) fn order_of(&self, value: &Value<'_>) -> Option<Ordering> {
        match (self, value) {
            (Self::Value(constant), value) => value.order(constant),
            (Self::Network(network, bits), Value::Address(address)) => {
                let (address, network) = (masked(*address, *bits), masked(*network, *bits));
                Value::Address(address).order(&Value::Address(network))
            }
            (Self::Network(..), _) => None,
        }
    }

    /// The value itself; of a network its address.
    pub(super) fn value(&self) -> Value<'static> {
        match self {
            Self::Value(value) => value.clone(),
            Self::Network(address, _) => Value::Address(*address),
        }
    }
}

/// The address with all bits but the first ones cleared.
fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits.into())).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits.into())).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}
