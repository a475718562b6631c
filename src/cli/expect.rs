//! What a user expects of the verdicts: lines such as `udp 127.0.0.1:49740 > 127.0.0.1:5000 -> s1`.
//!
//! The arrow may be `->` or `→`; a source of `*` means any; several sockets are told with commas; `refused` expects that
//! none gets it.

use std::net::SocketAddr;

use sockscope::judge::TextFault;
use sockscope::track::{Arriving, Delivery, FiveTuple, Protocol, Reach};

/// All lines, and the first that a packet contradicts.
#[derive(Debug, Default)]
pub(crate) struct Expectations {
    lines: Vec<Expectation>,
    contradicted: Option<String>,
}

#[derive(Debug)]
struct Expectation {
    line: usize,
    protocol: Protocol,
    /// `None` for anybody.
    source: Option<SocketAddr>,
    destination: SocketAddr,
    /// In alphabetical order; nothing for a refusal.
    sockets: Vec<String>,
    met: bool,
}

impl Expectations {
    /// Reads the lines; empty ones and those that begin with `#` are none.
    ///
    /// # Errors
    /// The first line that cannot be read, and what was expected there.
    pub(crate) fn read(text: &str) -> Result<Self, TextFault> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.trim().starts_with('#'));
        let lines = lines.map(|(place, line)| Expectation::read(place + 1, line)).collect::<Result<_, _>>()?;
        Ok(Self { lines, contradicted: None })
    }

    /// Nothing is expected.
    pub(crate) const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Holds the verdict on one packet against all lines.
    pub(crate) fn see(&mut self, arriving: &Arriving, delivery: &Delivery) {
        if self.contradicted.is_some() {
            return;
        }
        let (frame, tuple) = (arriving.frame, arriving.tuple());
        for expected in self.lines.iter_mut().filter(|expected| expected.is_of(tuple)) {
            expected.met = true;
            if !expected.holds(delivery) {
                let got = match delivery.sockets.as_slice() {
                    [] => delivery.verdict.word().to_owned(),
                    sockets => sockets.join(", "),
                };
                let wanted = if expected.sockets.is_empty() { "refused".to_owned() } else { expected.sockets.join(", ") };
                let line = expected.line;
                self.contradicted = Some(format!("line {line} does not hold in frame {frame}: expected {wanted}, got {got}"));
                return;
            }
        }
    }

    /// What does not hold: a line that a packet contradicts, or one that no packet is about.
    pub(crate) fn unmet(&self) -> Option<String> {
        let lonely = || self.lines.iter().find(|expected| !expected.met);
        let lonely = || lonely().map(|expected| format!("line {} does not hold: no frame has such a packet", expected.line));
        self.contradicted.clone().or_else(lonely)
    }
}

impl Expectation {
    fn read(line: usize, text: &str) -> Result<Self, TextFault> {
        let arrow = if text.contains('→') { "→" } else { "->" };
        let fault = |part: &str, text_of: &str| {
            let octet = part.as_ptr() as usize - text.as_ptr() as usize;
            let column = text[..octet].chars().count() + 1;
            TextFault { line, column, text: text_of.to_owned() }
        };
        let end = &text[text.len()..];
        let (tuple, sockets) = text.split_once(arrow).ok_or_else(|| fault(end, "expected -> and the name of a socket"))?;
        let (from, to) = tuple.split_once('>').ok_or_else(|| fault(sockets, "expected SOURCE > DESTINATION before the arrow"))?;
        let (first, source) = from.trim().split_once(char::is_whitespace).unwrap_or((from.trim(), &from[from.len()..]));
        let protocol = match first {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return Err(fault(first, "expected tcp or udp")),
        };
        let address = |part: &str| part.trim().parse::<SocketAddr>();
        let expected = "expected address and port, such as 127.0.0.1:5000";
        let source = match source.trim() {
            "*" => None,
            some => Some(address(some).map_err(|_| fault(some, expected))?),
        };
        let destination = address(to).map_err(|_| fault(to.trim(), expected))?;
        let mut names: Vec<String> = sockets.split(',').map(|name| name.trim().to_owned()).collect();
        if names.iter().any(String::is_empty) {
            return Err(fault(sockets, "expected the name of a socket, or refused"));
        }
        names.retain(|name| name != "refused");
        names.sort();
        Ok(Self { line, protocol, source, destination, sockets: names, met: false })
    }

    fn is_of(&self, tuple: FiveTuple) -> bool {
        self.protocol == tuple.protocol
            && self.destination == tuple.destination
            && self.source.is_none_or(|source| source == tuple.source)
    }

    fn holds(&self, delivery: &Delivery) -> bool {
        if self.sockets.is_empty() {
            return delivery.verdict == Reach::Refused;
        }
        let mut sockets: Vec<&str> = delivery.sockets.iter().map(|socket| &**socket).collect();
        sockets.sort_unstable();
        let is_kin = |(got, expected): (&&str, &String)| is_kin(got, expected) || delivery.kin.as_deref() == Some(expected);
        sockets.len() == self.sockets.len() && sockets.iter().zip(&self.sockets).all(is_kin)
    }
}

/// Equal, or a listener and the socket it accepted: a line for a connection holds of its SYN as well.
fn is_kin(got: &str, expected: &str) -> bool {
    let of = |child: &str, listener: &str| child.strip_prefix(listener).is_some_and(|rest| rest.starts_with('>'));
    got == expected || of(got, expected) || of(expected, got)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_read_or_say_why_not() {
        let good = "# the lesson\n\nudp 127.0.0.1:1 > 127.0.0.1:5000 -> s1\ntcp * > [::1]:80 → s2, s3\n";
        assert_eq!(Expectations::read(good).unwrap().lines.len(), 2);
        let cases = [
            ("udp 127.0.0.1:1 > 127.0.0.1:5000", "line 1, column 33: expected -> and the name of a socket"),
            ("\nsctp * > 127.0.0.1:5000 -> s1", "line 2, column 1: expected tcp or udp"),
            ("udp * > 127.0.0.1 -> s1", "line 1, column 9: expected address and port, such as 127.0.0.1:5000"),
            ("udp * > 127.0.0.1:5 ->", "line 1, column 23: expected the name of a socket, or refused"),
        ];
        for (text, expected) in cases {
            assert_eq!(Expectations::read(text).unwrap_err().to_string(), expected);
        }
    }
}
