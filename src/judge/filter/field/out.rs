//! Where readers put the values they find.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::SignedDuration;

use super::super::value::Value;
use crate::decode::checksum::Verdict;
use crate::decode::link::MacAddress;

/// Takes the values of one field; what is not there is passed over.
pub(in crate::judge::filter) struct Out<'e, 'a>(pub(in crate::judge::filter) &'e mut dyn FnMut(Value<'a>));

impl<'a> Out<'_, 'a> {
    pub(super) fn put(&mut self, value: Option<Value<'a>>) {
        if let Some(value) = value {
            (self.0)(value);
        }
    }

    pub(super) fn number(&mut self, number: Option<impl Into<u64>>) {
        self.put(number.map(|number| Value::Number(number.into())));
    }

    pub(super) fn flag(&mut self, flag: Option<bool>) {
        self.put(flag.map(Value::Flag));
    }

    pub(super) fn mark(&mut self, there: bool) {
        self.put(there.then_some(Value::Mark));
    }

    pub(super) fn text(&mut self, text: Option<&'a str>) {
        self.put(text.map(Value::text));
    }

    pub(super) fn written(&mut self, text: Option<String>) {
        self.put(text.map(|text| Value::Text(Cow::Owned(text))));
    }

    pub(super) fn octets(&mut self, octets: Option<&'a [u8]>) {
        self.put(octets.map(Value::octets));
    }

    pub(super) fn duration(&mut self, duration: Option<SignedDuration>) {
        self.put(duration.map(Value::Duration));
    }

    pub(super) fn address(&mut self, address: Option<IpAddr>) {
        self.put(address.map(Value::Address));
    }

    pub(super) fn mac(&mut self, octets: &[u8], at: usize) {
        self.put(chunk(octets, at).map(|octets| Value::Mac(MacAddress(octets))));
    }

    pub(super) fn ipv4(&mut self, octets: &[u8], at: usize) {
        self.address(chunk::<4>(octets, at).map(|octets| IpAddr::V4(Ipv4Addr::from(octets))));
    }

    pub(super) fn ipv6(&mut self, octets: &[u8], at: usize) {
        self.address(chunk::<16>(octets, at).map(|octets| IpAddr::V6(Ipv6Addr::from(octets))));
    }

    /// Wireshark's number for the verdict on a checksum; one that was left to the network card cannot be verified.
    pub(super) fn verdict(&mut self, verdict: Option<Verdict>) {
        self.number(verdict.map(|verdict| match verdict {
            Verdict::Bad => 0_u8,
            Verdict::Good => 1,
            Verdict::Partial | Verdict::Unverifiable => 2,
            Verdict::Absent => 3,
        }));
    }
}

/// The octet at `at`, if it was captured.
pub(super) fn u8_at(octets: &[u8], at: usize) -> Option<u8> {
    octets.get(at).copied()
}

/// The big-endian number at `at`, if it was captured.
pub(super) fn u16_at(octets: &[u8], at: usize) -> Option<u16> {
    chunk(octets, at).map(u16::from_be_bytes)
}

/// The big-endian number at `at`, if it was captured.
pub(super) fn u32_at(octets: &[u8], at: usize) -> Option<u32> {
    chunk(octets, at).map(u32::from_be_bytes)
}

/// Bits of an octet, the last one first.
pub(super) fn bits(octet: Option<u8>, shift: u32, width: u32) -> Option<u8> {
    octet.map(|octet| octet >> shift & (u8::MAX >> (8 - width)))
}

fn chunk<const LEN: usize>(octets: &[u8], at: usize) -> Option<[u8; LEN]> {
    octets.get(at..)?.first_chunk().copied()
}
