//! The addresses of this host, as `/proc/net` lists them.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Sample;

/// The addresses of this network namespace but for loopback; none where they cannot be read.
pub(super) fn addresses() -> Vec<IpAddr> {
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    let mut addresses: Vec<IpAddr> = local_v4(&read("/proc/net/fib_trie")).into_iter().map(IpAddr::V4).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses.extend(read("/proc/net/if_inet6").lines().filter_map(local_v6));
    addresses.retain(|address| !address.is_loopback());
    addresses.truncate(Sample::MAX_ADDRESSES);
    addresses
}

/// The leaves of the routing trie below which a line says `host LOCAL`: `|-- 192.0.2.7`, `/32 host LOCAL`.
fn local_v4(trie: &str) -> Vec<Ipv4Addr> {
    let mut leaf: Option<Ipv4Addr> = None;
    let mut found = Vec::new();
    for line in trie.lines().map(str::trim_start) {
        if let Some(address) = line.strip_prefix("|-- ") {
            leaf = address.parse().ok();
        } else if line.starts_with("/32 host LOCAL") {
            found.extend(leaf);
        }
    }
    found
}

/// `fe80000000000000…0001 02 40 20 80 eth0`.
fn local_v6(line: &str) -> Option<IpAddr> {
    let bits = u128::from_str_radix(line.split_whitespace().next()?, 16).ok()?;
    Some(Ipv6Addr::from(bits).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_of_the_trie_are_told_from_its_branches() {
        let trie = "\
Local:
  +-- 0.0.0.0/0 2 0 2
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
     |-- 192.0.2.0
        /24 link UNICAST
     |-- 192.0.2.7
        /32 host LOCAL
     |-- 192.0.2.255
        /32 link BROADCAST
";
        assert_eq!(local_v4(trie), [Ipv4Addr::LOCALHOST, Ipv4Addr::new(192, 0, 2, 7)]);
        let six = local_v6("fe80000000000000024277fffe2da0b1 02 40 20 80 eth0");
        assert_eq!(six.map(|address| address.to_string()), Some("fe80::242:77ff:fe2d:a0b1".into()));
    }
}
