//! What may have been meant instead.

use super::field::{Field, Kind};
use super::literal::{Wanted, Written};

/// Names offered at once.
const MAX_NAMES: usize = 3;

/// A sentence with the fields whose names are nearest to a word; `None` if none is near.
pub(super) fn for_field(word: &str) -> Option<String> {
    let lower = word.chars().take(64).collect::<String>().to_lowercase();
    let mut near: Vec<(usize, &str)> = Field::all().map(|field| (distance(&lower, field.name()), field.name())).collect();
    near.retain(|(distance, name)| *distance <= allowed(name.len().min(lower.len())));
    near.sort_unstable();
    let best = near.first()?.0;
    let names: Vec<&str> =
        near.into_iter().filter(|(distance, _)| *distance == best).map(|(_, name)| name).take(MAX_NAMES).collect();
    Some(format!("Did you mean {}?", alternatives(&names)))
}

/// A sentence about a word that is no value of a field of this kind.
pub(super) fn for_word(word: &str, kind: Kind) -> Option<String> {
    let is =
        |address: Result<std::net::IpAddr, _>, v6: bool| address.is_ok_and(|address: std::net::IpAddr| address.is_ipv6() == v6);
    let address = || word.split('/').next().unwrap_or_default().parse();
    match kind {
        Kind::Ipv4 if is(address(), true) => Some("IPv6 addresses are in ipv6.addr, ipv6.src and ipv6.dst.".to_owned()),
        Kind::Ipv6 if is(address(), false) => Some("IPv4 addresses are in ip.addr, ip.src and ip.dst.".to_owned()),
        Kind::Ipv4 if word == "localhost" => Some("Names are not looked up: write 127.0.0.1.".to_owned()),
        _ => for_field(word).filter(|_| word.contains('.')),
    }
}

/// A sentence about a value that needs no quotes.
pub(super) fn without_quotes(octets: &[u8], wanted: Wanted<'_>) -> Option<String> {
    let word = std::str::from_utf8(octets).ok()?;
    wanted.read(Written::Word(word)).is_ok().then(|| format!("Write {word} without quotes."))
}

/// `a`, `a or b`, `a, b or c`.
fn alternatives(names: &[&str]) -> String {
    match names {
        [all @ .., last] if !all.is_empty() => format!("{} or {last}", all.join(", ")),
        names => names.concat(),
    }
}

/// Edits that a name of this length may be away.
const fn allowed(len: usize) -> usize {
    match len {
        0..=3 => 1,
        4..=7 => 2,
        _ => 3,
    }
}

/// Letters to insert, remove, replace or swap with the next one.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > allowed(usize::MAX) {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX - 1);
            let mut best = (at(&row, j) + usize::from(from != to)).min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(to) && b.get(j - 1) == Some(from);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (a, b, expected) in
            [("tcp", "tcp", 0), ("tpc", "tcp", 1), ("tcp.prt", "tcp.port", 1), ("", "ab", 2), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_names_are_offered() {
        assert_eq!(for_field("tcp.flags.sin").as_deref(), Some("Did you mean tcp.flags.fin or tcp.flags.syn?"));
        assert_eq!(for_field("TCP.PORT").as_deref(), Some("Did you mean tcp.port?"));
        assert_eq!(for_field("tcp.flag.syn").as_deref(), Some("Did you mean tcp.flags.syn?"));
        assert_eq!(for_field("something.else.entirely"), None);
    }
}
