//! Capture filters (BPF, pcap-filter(7)) that were typed where a display filter belongs, translated.
//!
//! The two languages look alike: `tcp` is a filter in both, `udp port 5000` only in the other one. What is translated is
//! what students type; anything else is no capture filter here, and gets no translation.

use std::net::{IpAddr, Ipv4Addr};

/// The display filter that means the same as a capture filter; `None` if the text is none, or is not understood.
pub fn translated(text: &str) -> Option<String> {
    if text.len() > MAX_LEN {
        return None;
    }
    let words = words(text);
    let mut reader = Reader { words: &words, at: 0, depth: 0, last: Qualifiers::default(), certain: false };
    let translation = reader.expression()?;
    (reader.at == words.len() && reader.certain).then_some(translation.text)
}

/// Octets of text that are looked at.
const MAX_LEN: usize = 4096;

/// How deep parentheses may nest.
const MAX_DEPTH: usize = 32;

/// The words of the text; signs stand alone.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for part in text.split_whitespace() {
        let mut rest = part;
        while !rest.is_empty() {
            let sign = ["&&", "||", "!", "(", ")"].into_iter().find(|sign| rest.starts_with(sign));
            let len = sign.map_or_else(|| rest.find(['(', ')', '&', '|', '!']).unwrap_or(rest.len()).max(1), str::len);
            let (word, after) = rest.split_at_checked(len).unwrap_or((rest, ""));
            words.push(word);
            rest = after;
        }
    }
    words
}

/// What stands before an address or a port; an address or port alone takes those of the one before.
#[derive(Clone, Copy, Debug, Default)]
struct Qualifiers<'t> {
    protocol: Option<&'t str>,
    direction: Option<Direction>,
    kind: Option<&'t str>,
}

#[derive(Clone, Copy, Debug)]
enum Direction {
    Source,
    Destination,
}

/// A translated part, and the word that joins it where it is joined.
struct Translation {
    text: String,
    joined_by: Option<&'static str>,
}

impl Translation {
    fn plain(text: String) -> Self {
        Self { text, joined_by: None }
    }

    /// In parentheses unless it is joined by this word too, or by none.
    fn within(self, word: &str) -> String {
        if self.joined_by.is_none_or(|joined| joined == word) { self.text } else { format!("({})", self.text) }
    }
}

struct Reader<'w, 't> {
    words: &'w [&'t str],
    at: usize,
    depth: usize,
    last: Qualifiers<'t>,
    /// Something was read that no display filter has.
    certain: bool,
}

impl<'t> Reader<'_, 't> {
    /// `and` and `or` bind alike, from left to right: unlike in a display filter.
    fn expression(&mut self) -> Option<Translation> {
        let mut left = self.factor()?;
        loop {
            let word = match self.peek() {
                Some("and" | "&&") => "and",
                Some("or" | "||") => "or",
                _ => return Some(left),
            };
            self.at += 1;
            let right = self.factor()?;
            left = Translation { text: format!("{} {word} {}", left.within(word), right.within(word)), joined_by: Some(word) };
        }
    }

    fn factor(&mut self) -> Option<Translation> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let translation = match self.peek()? {
            "not" | "!" => {
                self.at += 1;
                let inner = self.factor()?;
                Translation::plain(format!("not ({})", inner.text))
            }
            "(" => {
                self.at += 1;
                let inner = self.expression()?;
                self.take(")")?;
                inner
            }
            _ => self.primitive()?,
        };
        self.depth -= 1;
        Some(translation)
    }

    fn primitive(&mut self) -> Option<Translation> {
        let start = self.at;
        let protocol = self.one_of(&["tcp", "udp", "ip", "ip6", "arp", "ether", "icmp", "icmp6", "sctp"]);
        let (direction, both) = self.direction();
        let kind = self.one_of(&["host", "net", "portrange", "port", "proto"]);
        let bare = protocol.filter(|_| direction.is_none() && !both && kind.is_none());
        if let Some(protocol) = bare {
            self.last = Qualifiers::default();
            return self.protocol(protocol);
        }
        if self.at > start {
            let kind = kind.or(Some("host"));
            self.last = Qualifiers { protocol, direction, kind };
            self.certain = true;
        } else if let Some(translation) = self.special() {
            return Some(translation);
        }
        self.qualified()
    }

    /// A protocol alone.
    fn protocol(&mut self, protocol: &str) -> Option<Translation> {
        let name = match protocol {
            "ip6" => "ipv6",
            "icmp6" => "icmpv6",
            "ether" | "sctp" => return None,
            same => same,
        };
        self.certain |= name != protocol;
        Some(Translation::plain(name.to_owned()))
    }

    /// `src`, `dst`, and whether both were named.
    fn direction(&mut self) -> (Option<Direction>, bool) {
        let direction = match self.one_of(&["src", "dst"]) {
            Some("src") => Direction::Source,
            Some(_) => Direction::Destination,
            None => return (None, false),
        };
        let or_other = matches!(self.words.get(self.at..self.at + 2), Some(["or", "src" | "dst"]));
        if or_other {
            self.at += 2;
            return (None, true);
        }
        (Some(direction), false)
    }

    /// `greater 100`, `less 100`, `vlan 5`, `broadcast`.
    fn special(&mut self) -> Option<Translation> {
        let word = self.one_of(&["greater", "less", "vlan", "broadcast"])?;
        let number = self.peek().filter(|word| is_number(word));
        let text = match (word, number) {
            ("greater", Some(number)) => format!("frame.len >= {number}"),
            ("less", Some(number)) => format!("frame.len <= {number}"),
            ("vlan", Some(number)) => format!("vlan.id == {number}"),
            ("broadcast", None) => "eth.dst == ff:ff:ff:ff:ff:ff".to_owned(),
            _ => return None,
        };
        self.at += usize::from(number.is_some());
        self.certain = true;
        Some(Translation::plain(text))
    }

    /// An address or a port under the last qualifiers.
    fn qualified(&mut self) -> Option<Translation> {
        let id = self.peek()?;
        self.at += 1;
        let Qualifiers { protocol, direction, kind } = self.last;
        match kind? {
            "host" | "net" if protocol == Some("ether") => mac(id, direction),
            "host" => address(id, direction),
            "net" => network(id, direction),
            "port" if is_number(id) => ports(protocol, direction, &format!("== {id}")),
            "portrange" => {
                let (first, last) = id.split_once('-').filter(|(first, last)| is_number(first) && is_number(last))?;
                ports(protocol, direction, &format!("in {{{first}..{last}}}"))
            }
            "proto" => carried(protocol, id),
            _ => None,
        }
    }

    fn peek(&self) -> Option<&'t str> {
        self.words.get(self.at).copied()
    }

    fn one_of(&mut self, words: &[&str]) -> Option<&'t str> {
        let word = self.peek().filter(|word| words.contains(word))?;
        self.at += 1;
        Some(word)
    }

    fn take(&mut self, word: &str) -> Option<()> {
        self.one_of(&[word]).map(|_| ())
    }
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.len() <= 10 && word.bytes().all(|digit| digit.is_ascii_digit())
}

fn mac(id: &str, direction: Option<Direction>) -> Option<Translation> {
    let is_mac = id.split(':').count() == 6 && id.bytes().all(|digit| digit.is_ascii_hexdigit() || digit == b':');
    is_mac.then(|| Translation::plain(format!("eth.{} == {id}", end(direction))))
}

fn address(id: &str, direction: Option<Direction>) -> Option<Translation> {
    let protocol = if id.parse::<IpAddr>().ok()?.is_ipv4() { "ip" } else { "ipv6" };
    Some(Translation::plain(format!("{protocol}.{} == {id}", end(direction))))
}

/// `10.0.0.0/8`, `192.168` for `192.168.0.0/16`, `fe80::/10`.
fn network(id: &str, direction: Option<Direction>) -> Option<Translation> {
    let (network, bits) = match id.split_once('/') {
        Some((network, bits)) => (network.to_owned(), bits.parse::<u8>().ok()?),
        None => {
            let parts = id.split('.').count();
            let bits = u8::try_from(parts * 8).ok().filter(|bits| *bits <= 32)?;
            (format!("{id}{}", ".0".repeat(4 - parts)), bits)
        }
    };
    let parts = network.split('.').count();
    let padded = if network.contains(':') { network } else { format!("{network}{}", ".0".repeat(4_usize.checked_sub(parts)?)) };
    let protocol = if padded.parse::<Ipv4Addr>().is_ok() { "ip" } else { padded.parse::<IpAddr>().ok().map(|_| "ipv6")? };
    Some(Translation::plain(format!("{protocol}.{} == {padded}/{bits}", end(direction))))
}

fn ports(protocol: Option<&str>, direction: Option<Direction>, comparison: &str) -> Option<Translation> {
    let field = match direction {
        None => "port",
        Some(Direction::Source) => "srcport",
        Some(Direction::Destination) => "dstport",
    };
    match protocol {
        Some(protocol @ ("tcp" | "udp")) => Some(Translation::plain(format!("{protocol}.{field} {comparison}"))),
        None => {
            let text = format!("tcp.{field} {comparison} or udp.{field} {comparison}");
            Some(Translation { text, joined_by: Some("or") })
        }
        Some(_) => None,
    }
}

/// `ip proto 6`, `ether proto 0x800`.
fn carried(protocol: Option<&str>, id: &str) -> Option<Translation> {
    let text = match (protocol, id.trim_start_matches('\\')) {
        (Some("ip") | None, name @ ("tcp" | "udp" | "icmp")) => name.to_owned(),
        (Some("ip") | None, number) if is_number(number) => format!("ip.proto == {number}"),
        (Some("ip6"), number) if is_number(number) => format!("ipv6.nxt == {number}"),
        (Some("ether"), number) if is_number(number) || number.starts_with("0x") => format!("eth.type == {number}"),
        _ => return None,
    };
    Some(Translation::plain(text))
}

const fn end(direction: Option<Direction>) -> &'static str {
    match direction {
        None => "addr",
        Some(Direction::Source) => "src",
        Some(Direction::Destination) => "dst",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bpf: &str, expected: &str) {
        assert_eq!(translated(bpf).as_deref(), Some(expected), "{bpf}");
        assert!(crate::judge::filter::Filter::compile(expected).is_ok(), "{expected}");
    }

    #[test]
    fn what_students_type() {
        check("udp port 5000", "udp.port == 5000");
        check("host 10.0.0.1", "ip.addr == 10.0.0.1");
        check("tcp port 80 and src 1.2.3.4", "tcp.port == 80 and ip.src == 1.2.3.4");
        check("port 53", "tcp.port == 53 or udp.port == 53");
        check("dst host ::1 && tcp dst port 80", "ipv6.dst == ::1 and tcp.dstport == 80");
        check("port 80 or 443", "tcp.port == 80 or udp.port == 80 or tcp.port == 443 or udp.port == 443");
        check("not port 22", "not (tcp.port == 22 or udp.port == 22)");
        check("tcp portrange 5000-5010", "tcp.port in {5000..5010}");
        check("net 192.168", "ip.addr == 192.168.0.0/16");
        check("src net 10.0.0.0/8 and icmp", "ip.src == 10.0.0.0/8 and icmp");
        check("ip6 and not tcp", "ipv6 and not (tcp)");
        check("ether host 02:00:00:00:00:01", "eth.addr == 02:00:00:00:00:01");
        check("ip proto 17", "ip.proto == 17");
        check("greater 100 and vlan 5", "frame.len >= 100 and vlan.id == 5");
        check("src or dst port 53", "tcp.port == 53 or udp.port == 53");
    }

    #[test]
    fn and_binds_no_tighter_than_or() {
        check("host 1.1.1.1 or host 2.2.2.2 and tcp port 80", "(ip.addr == 1.1.1.1 or ip.addr == 2.2.2.2) and tcp.port == 80");
        check("tcp port 80 and (host 1.1.1.1 or host 2.2.2.2)", "tcp.port == 80 and (ip.addr == 1.1.1.1 or ip.addr == 2.2.2.2)");
    }

    #[test]
    fn what_is_no_capture_filter() {
        for text in
            ["tcp", "tcp.port == 80", "", "host", "port http", "foo 5", "tcp port", "host 1.1.1.1 and", "(port 80", "tcp or udp"]
        {
            assert_eq!(translated(text), None, "{text}");
        }
        assert_eq!(translated(&format!("{}port 80{}", "(".repeat(1000), ")".repeat(1000))), None);
    }
}
