//! An address of an interface with its netmask, as pcapng's `if_IPv4addr` and `if_IPv6addr` tell it
//! (draft-ietf-opsawg-pcapng, section 4.2).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address of a host and its netmask, as in `192.168.0.7/24`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HostAddress {
    /// The address.
    pub ip: IpAddr,
    /// The bits that all addresses of its network share: up to 32, of IPv6 128.
    pub prefix: u8,
}

impl HostAddress {
    /// The address of everyone in its network (RFC 919); a network of two hosts or one has none (RFC 3021), and neither
    /// has one of IPv6.
    pub fn broadcast(self) -> Option<Ipv4Addr> {
        let IpAddr::V4(ip) = self.ip else { return None };
        let hosts = u32::MAX.checked_shr(self.prefix.into()).filter(|hosts| *hosts > 1)?;
        Some((u32::from(ip) | hosts).into())
    }

    /// `if_IPv4addr`: address and netmask; `None` for a mask with holes, which is none.
    pub(super) fn from_v4_option(value: &[u8]) -> Option<Self> {
        let &[a, b, c, d, m0, m1, m2, m3] = value else { return None };
        let mask = u32::from_be_bytes([m0, m1, m2, m3]);
        let whole = mask.leading_ones() == mask.count_ones();
        whole.then_some(Self { ip: Ipv4Addr::new(a, b, c, d).into(), prefix: mask.leading_ones() as u8 })
    }

    /// `if_IPv6addr`: address and length of the prefix; `None` for one beyond 128.
    pub(super) fn from_v6_option(value: &[u8]) -> Option<Self> {
        let (address, &[prefix]) = value.split_first_chunk::<16>()? else { return None };
        (prefix <= 128).then_some(Self { ip: Ipv6Addr::from(*address).into(), prefix })
    }

    /// The value of the option that tells it.
    pub(super) fn to_option(self) -> Vec<u8> {
        match self.ip {
            IpAddr::V4(ip) => {
                let hosts = u32::MAX.checked_shr(self.prefix.into()).unwrap_or(0);
                [ip.octets(), (!hosts).to_be_bytes()].concat()
            }
            IpAddr::V6(ip) => [&ip.octets()[..], &[self.prefix]].concat(),
        }
    }
}

/// `192.168.0.7/24`.
impl fmt::Display for HostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ip, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_both_versions_there_and_back() {
        let v4 = |mask: [u8; 4]| HostAddress::from_v4_option(&[[192, 168, 0, 7], mask].concat());
        for (mask, prefix) in [([0; 4], 0), ([255, 254, 0, 0], 15), ([255, 255, 255, 0], 24), ([255; 4], 32)] {
            let address = v4(mask).unwrap();
            assert_eq!(address.to_string(), format!("192.168.0.7/{prefix}"));
            assert_eq!(address.to_option(), [[192, 168, 0, 7], mask].concat());
        }
        for prefix in [0, 64, 128] {
            let value = [&[0xfe, 0x80][..], &[0; 13], &[1, prefix]].concat();
            let address = HostAddress::from_v6_option(&value).unwrap();
            assert_eq!((address.to_string(), address.to_option()), (format!("fe80::1/{prefix}"), value));
        }
    }

    #[test]
    fn what_is_no_address_with_a_mask() {
        assert_eq!(HostAddress::from_v4_option(&[10, 0, 0, 1, 255, 0, 255, 0]), None, "a mask with holes");
        assert_eq!(HostAddress::from_v4_option(&[10, 0, 0, 1]), None, "no mask");
        assert_eq!(HostAddress::from_v6_option(&[1; 16]), None, "no prefix");
        assert_eq!(HostAddress::from_v6_option(&[129; 17]), None, "a prefix of 129");
        assert_eq!(HostAddress::from_v6_option(&[1; 18]), None, "more than a prefix");
    }
}
