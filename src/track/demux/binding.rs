//! Which sockets may share an address: what Linux's `bind` allows.
//!
//! UDP is `udp_lib_lport_inuse`, TCP `inet_bind_conflict`, and whether two addresses overlap `inet_rcv_saddr_equal`. All
//! sockets are taken to be of one user.
//!
//! The surprise: the check of UDP ends at the first socket with SO_REUSEPORT that it meets on the chain, whatever stands
//! behind it.

use std::net::IpAddr;

use super::{Declared, Standing};
use crate::track::Protocol;

/// The socket that stands against binding another one, which fails with EADDRINUSE then; a listener is to be bound and to
/// listen. `others` are those that are there, in the order of binding.
pub fn obstacle<'d>(new: &Declared, others: &'d [Declared]) -> Option<&'d Declared> {
    let shares = |other: &&Declared| shares_port(new, other) && overlap(new, other, true);
    match new.protocol {
        Protocol::Udp => {
            let (behind, before): (Vec<_>, Vec<_>) = others.iter().filter(shares).partition(|other| other.is_added_behind());
            let mut chain = before.into_iter().rev().chain(behind);
            let against = chain.find(|other| !(new.reuse_addr && other.reuse_addr))?;
            (!share_group(new, against)).then_some(against)
        }
        Protocol::Tcp if Bucket::of(new, others).lets(new) => None,
        Protocol::Tcp => others.iter().filter(shares).find(|other| {
            let lets = new.reuse_addr && other.reuse_addr && other.standing != Standing::Open;
            !lets && !share_group(new, other)
        }),
    }
}

/// What the kernel remembers of a TCP port, so that it need not look at all its sockets (`tb->fastreuseport`).
enum Bucket<'d> {
    /// Nothing.
    Empty,
    /// All sockets have SO_REUSEPORT.
    Any,
    /// Those with SO_REUSEPORT at this one's address do not stand in each other's way.
    Strict(&'d Declared),
    /// The last socket does not have SO_REUSEPORT.
    Off,
}

impl<'d> Bucket<'d> {
    /// The bucket of a port after these binds (`inet_csk_update_fastreuse`).
    fn of(new: &Declared, others: &'d [Declared]) -> Self {
        let same_port = |other: &&Declared| other.protocol == new.protocol && other.local.port() == new.local.port();
        others.iter().filter(same_port).fold(Self::Empty, |bucket, other| match bucket {
            Self::Empty if other.reuse_port => Self::Any,
            _ if !other.reuse_port => Self::Off,
            bucket if bucket.lets(other) => bucket,
            _ => Self::Strict(other),
        })
    }

    /// One more socket may be bound without a look at the others (`sk_reuseport_match`).
    fn lets(&self, new: &Declared) -> bool {
        new.reuse_port
            && match self {
                Self::Empty | Self::Off => false,
                Self::Any => true,
                Self::Strict(saved) => overlap(saved, new, false),
            }
    }
}

fn share_group(new: &Declared, other: &Declared) -> bool {
    new.reuse_port && other.reuse_port
}

fn shares_port(new: &Declared, other: &Declared) -> bool {
    let devices = new.device.as_ref().zip(other.device.as_ref());
    new.protocol == other.protocol && new.local.port() == other.local.port() && devices.is_none_or(|(mine, its)| mine == its)
}

/// `inet_rcv_saddr_equal`: a wildcard of the first holds the address of the second, and the other way round if `both`.
fn overlap(first: &Declared, second: &Declared, both: bool) -> bool {
    let (one, other) = (first.bound(), second.address());
    let (one_holds, other_holds) = (one.is_none(), both && other.is_none());
    match (first.is_v4() || is_v4(one), second.is_v4() || is_v4(other)) {
        (true, true) => !keeps_to_v6(second) && (one == other || one_holds || other_holds),
        // A socket that a dual-stack listener accepted over IPv6 stands against any IPv4 address all the same: to the
        // kernel it is bound to 127.0.0.6 (`LOOPBACK4_IPV6`).
        (true, false) => !keeps_to_v6(second) && (other_holds || (first.is_v4() && one_holds)),
        // Of IPv6, only the unspecified address holds IPv4 as well, unless told not to.
        (false, true) => one_holds && !first.is_only_v6(),
        (false, false) => one == other || one_holds || other_holds,
    }
}

/// `sk_ipv6only`: binding to an IPv6 address sets it, but being accepted there does not.
fn keeps_to_v6(other: &Declared) -> bool {
    let accepted = other.protocol == Protocol::Tcp && other.standing != Standing::Open;
    if accepted { other.only_v6 } else { other.is_only_v6() }
}

fn is_v4(address: Option<IpAddr>) -> bool {
    address.is_some_and(|address| address.is_ipv4())
}
