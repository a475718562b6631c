//! The three ranges of port numbers (RFC 6335 section 6).

use std::fmt;
use std::ops::RangeInclusive;

/// The range a port number is in: who hands it out.
///
/// It says what a number is meant for, not what it is used for: a server may listen on any port.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PortClass {
    /// System ports, 0 to 1023: assigned by IANA, opened only by privileged programs on most systems.
    WellKnown,
    /// User ports, 1024 to 49151: assigned by IANA on request.
    Registered,
    /// Dynamic ports, 49152 to 65535: never assigned; systems take them, and often lower ones, for clients.
    Dynamic,
}

/// The ports that Linux hands out to clients unless told otherwise (`net.ipv4.ip_local_port_range`): they begin among the
/// registered ones.
pub const LINUX_CLIENTS: RangeInclusive<u16> = 32_768..=60_999;

impl PortClass {
    /// `port` is registered by its number, and yet one that Linux gives to clients.
    pub fn is_borrowed(port: u16) -> bool {
        Self::of(port) == Self::Registered && LINUX_CLIENTS.contains(&port)
    }

    /// All ports in it.
    pub const fn ports(self) -> RangeInclusive<u16> {
        match self {
            Self::WellKnown => 0..=1023,
            Self::Registered => 1024..=49151,
            Self::Dynamic => 49152..=u16::MAX,
        }
    }

    /// The range `port` is in.
    pub const fn of(port: u16) -> Self {
        match port {
            0..=1023 => Self::WellKnown,
            1024..=49151 => Self::Registered,
            49152.. => Self::Dynamic,
        }
    }
}

/// `well-known`, `registered`, `dynamic`.
impl fmt::Display for PortClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WellKnown => "well-known",
            Self::Registered => "registered",
            Self::Dynamic => "dynamic",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_meet_without_gaps() {
        for (port, expected) in [
            (0, "well-known"),
            (1023, "well-known"),
            (1024, "registered"),
            (49151, "registered"),
            (49152, "dynamic"),
            (65535, "dynamic"),
        ] {
            assert_eq!(PortClass::of(port).to_string(), expected, "{port}");
        }
    }
}
