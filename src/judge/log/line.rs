//! A line of a log becomes a receipt: from which address and port, and which octets.
//!
//! The lab's programs print `[recv] 127.0.0.1:49740 (7 bytes) b'client1'` or `[recv] 127.0.0.1:5000 -> client1`; dots,
//! colons and arrows between them vary. Decoded text has lost its line end, and octets in `repr` have not.

use std::net::{IpAddr, SocketAddr};

use super::{Fault, Pattern, Text, repr};

/// How a line tells the octets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// As Python's `repr`: nothing is lost.
    Octets,
    /// As text: a line end that came with it is lost.
    Text,
}

/// A line that tells of a receipt.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Receipt {
    /// The line, from 1.
    pub line: u64,
    /// Who had sent it, as the line says; IPv4 addresses mapped into IPv6 are unmapped.
    pub peer: SocketAddr,
    /// How the octets are told.
    pub kind: Kind,
    /// The octets.
    pub octets: Vec<u8>,
    /// The lines behind one of text that may still be of its payload.
    pub behind: Vec<String>,
}

/// A log, read.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Lines that tell of a receipt.
    pub receipts: Vec<Receipt>,
    /// Lines that tell of none.
    pub skipped: u64,
    /// Lines that tell of a receipt in a way that could not be read.
    pub faults: Vec<Fault>,
    /// The socket that the program says is its own, in its first `[i]` line with an address.
    pub own: Option<SocketAddr>,
}

/// Lines that one payload may be printed on, behind the first.
const MAX_BEHIND: usize = 64;

/// Faults that are remembered.
const MAX_FAULTS: usize = 100;

impl Log {
    /// Reads every line, by the pattern if there is one.
    pub fn read(text: &Text, pattern: Option<&Pattern>) -> Self {
        let mut log = Self::default();
        for (number, line) in (1..).zip(text.text.lines()) {
            let found = match pattern {
                Some(pattern) => pattern.find(line).map(by_pattern),
                None => by_habit(line),
            };
            match found {
                None => log.skip(number, line),
                Some(Ok((peer, kind, octets))) => {
                    log.receipts.push(Receipt { line: number, peer, kind, octets, behind: Vec::new() });
                }
                Some(Err((at, expected))) if log.faults.len() < MAX_FAULTS => {
                    log.faults.push(Fault { line: number, column: column(line, at), text: expected });
                }
                Some(Err(_)) => {}
            }
        }
        log
    }

    fn skip(&mut self, number: u64, line: &str) {
        self.skipped = self.skipped.saturating_add(1);
        let follows = |receipt: &&mut Receipt| {
            let lines = receipt.behind.len();
            receipt.kind == Kind::Text && lines < MAX_BEHIND && receipt.line.saturating_add(lines as u64 + 1) == number
        };
        if let Some(receipt) = self.receipts.last_mut().filter(follows).filter(|_| !is_own_word(line)) {
            receipt.behind.push(line.to_owned());
        }
        if self.own.is_none()
            && let Some(said) = line.trim_start().strip_prefix("[i]")
        {
            self.own = own(said);
        }
    }
}

/// The program says this itself: `[i] …`, `[send] …`, or the prompt of a client.
fn is_own_word(line: &str) -> bool {
    line.trim_start().starts_with(['[', '>'])
}

/// The first address among the words of a line; a long line has none.
fn own(said: &str) -> Option<SocketAddr> {
    const WORDS: usize = 32;
    const LENGTH: usize = 512;
    let begins = said.match_indices(' ').map(|(at, space)| at + space.len()).take(WORDS);
    begins.filter(|_| said.len() <= LENGTH).find_map(|at| address(said.get(at..)?)).map(|(own, _)| own)
}

type Said = (SocketAddr, Kind, Vec<u8>);

/// The octet of the line where reading stopped, and what was expected.
type Stopped = (usize, String);

fn by_habit(line: &str) -> Option<Result<Said, Stopped>> {
    let said = line.trim_start_matches(|character: char| character == '>' || character.is_whitespace());
    let said = said.strip_prefix("[recv]")?.trim_start();
    let (peer, rest) = address(said)?;
    let rest = payload(rest)?;
    let at = line.len().saturating_sub(rest.len());
    Some(octets(rest, at).map(|(kind, octets)| (peer, kind, octets)))
}

fn by_pattern([ip, port, data]: [(usize, &str); 3]) -> Result<Said, Stopped> {
    let address = self::ip(ip.1).ok_or_else(|| (ip.0, "expected an IP address in the group ip".to_owned()))?;
    let number = port.1.parse().map_err(|_| (port.0, "expected a port, 0 to 65535, in the group port".to_owned()))?;
    let (kind, octets) = octets(data.1, data.0)?;
    Ok((SocketAddr::new(address, number), kind, octets))
}

/// The octets that a text tells, which begins at octet `at` of its line.
fn octets(text: &str, at: usize) -> Result<(Kind, Vec<u8>), Stopped> {
    if !repr::is_repr(text) {
        return Ok((Kind::Text, text.as_bytes().to_vec()));
    }
    let place = |character| text.char_indices().nth(character).map_or(text.len(), |(octet, _)| octet);
    let octets = repr::parse(text).map_err(|(character, expected)| (at + place(character), expected.to_owned()))?;
    Ok((Kind::Octets, octets))
}

/// What stands behind the address: a length in parentheses and a separator are passed over. `None` if nothing does: behind
/// a separator not even the space that stands before the text of an empty payload.
fn payload(rest: &str) -> Option<&str> {
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('(').and_then(|inside| inside.split_once(')')) {
        Some((inside, behind)) if inside.starts_with(|digit: char| digit.is_ascii_digit()) => behind.trim_start(),
        _ => rest,
    };
    for separator in ["->", "→", "=>", "...", "…", ":"] {
        if let Some(behind) = rest.strip_prefix(separator) {
            let text = behind.strip_prefix(' ').unwrap_or(behind);
            let dots = matches!(separator, "..." | "…");
            return Some(text).filter(|text| !(behind.is_empty() || dots && text.is_empty()));
        }
    }
    Some(rest).filter(|rest| !rest.is_empty())
}

/// An address at the begin of a text, and what is behind it: `127.0.0.1:5000`, `[::1]:5000` or `('127.0.0.1', 5000)`.
fn address(text: &str) -> Option<(SocketAddr, &str)> {
    let (host, rest) = if let Some(tuple) = text.strip_prefix("('") {
        let (host, rest) = tuple.split_once("', ")?;
        let end = rest.find(')')?;
        let port = rest.get(..end)?.split(',').next()?.parse().ok()?;
        return Some((SocketAddr::new(ip(host)?, port), rest.get(end + 1..)?));
    } else if let Some(bracket) = text.strip_prefix('[') {
        bracket.split_once("]:")?
    } else {
        text.split_once(':')?
    };
    let end = rest.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(rest.len());
    let (port, rest) = rest.split_at_checked(end)?;
    Some((SocketAddr::new(ip(host)?, port.parse().ok()?), rest))
}

/// An address without its zone, unmapped.
fn ip(text: &str) -> Option<IpAddr> {
    let text = text.split('%').next().unwrap_or(text);
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// The character, from 1, at an octet of a line.
fn column(line: &str, at: usize) -> u64 {
    line.char_indices().take_while(|(octet, _)| *octet < at).count() as u64 + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::log::Encoding;

    fn log(text: &str, pattern: Option<&str>) -> Log {
        let pattern = pattern.map(|pattern| Pattern::new(pattern).unwrap());
        Log::read(&Text { encoding: Encoding::Utf8 { mark: false }, text: text.to_owned() }, pattern.as_ref())
    }

    #[test]
    fn the_family_of_the_lab_is_read() {
        let client1 = (Kind::Octets, "client1");
        let text = (Kind::Text, "client1");
        let cases = [
            ("[recv] 127.0.0.1:49740 ... b'client1'", "127.0.0.1:49740", client1),
            ("[recv] 127.0.0.1:49740 → b'client1'", "127.0.0.1:49740", client1),
            ("[recv] 127.0.0.1:49740 (7 bytes) b'client1'", "127.0.0.1:49740", client1),
            ("  [recv] ('127.0.0.1', 49740) b\"client1\"", "127.0.0.1:49740", client1),
            ("[recv] ('::1', 49740, 0, 0): b'client1'", "[::1]:49740", client1),
            ("> [recv] 127.0.0.1:5000 -> client1", "127.0.0.1:5000", text),
            ("[recv] 127.0.0.1:5000 ... client1", "127.0.0.1:5000", text),
            ("[recv] 127.0.0.1:5000: client1", "127.0.0.1:5000", text),
            ("[recv] [::ffff:127.0.0.1]:5000 => client1", "127.0.0.1:5000", text),
            ("[recv] [fe80::1%eth0]:5000 client1", "[fe80::1]:5000", text),
            ("[recv] 127.0.0.1:5000 -> ", "127.0.0.1:5000", (Kind::Text, "")),
        ];
        for (line, peer, (kind, octets)) in cases {
            let read = log(line, None);
            let expected =
                Receipt { line: 1, peer: peer.parse().unwrap(), kind, octets: octets.as_bytes().to_vec(), behind: Vec::new() };
            assert_eq!(read.receipts, [expected], "{line}: {:?}", read.faults);
        }
    }

    #[test]
    fn other_lines_are_counted() {
        let read = log(
            "[i] UDP echo server on 0.0.0.0:5000\n\n[accept] 1.2.3.4:5\nrecv\n[recv] me\n[recv] 1.2.3.4:99999 b''\n[recv] 1.2.3.4:9",
            None,
        );
        assert_eq!((read.skipped, read.receipts.len(), read.faults.len()), (7, 0, 0));
        assert_eq!(read.own, Some("0.0.0.0:5000".parse().unwrap()));
    }

    #[test]
    fn an_address_without_a_payload_is_no_receipt() {
        for behind in ["", " ", ":", " ->", " →", " =>", " ...", " … ", " (7 bytes)", " (7 bytes) ->"] {
            let read = log(&format!("[recv] 1.2.3.4:9{behind}"), None);
            assert_eq!((read.skipped, read.receipts.len()), (1, 0), "{behind:?}");
        }
    }

    #[test]
    fn lines_behind_text_may_be_of_its_payload() {
        let text = "[recv] 1.2.3.4:9 -> a\nb\n\n[i] c\nd\n[recv] 1.2.3.4:9 b'e'\nf\n[recv] 1.2.3.4:9 -> g\n> h\n";
        let behind: Vec<_> = log(text, None).receipts.into_iter().map(|receipt| receipt.behind).collect();
        assert_eq!(behind, [vec!["b", ""], vec![], vec![]]);
    }

    #[test]
    fn a_client_tells_its_own_socket() {
        let read = |line| log(line, None).own.map(|own| own.to_string());
        assert_eq!(read("[i] Client local endpoint before send: ('0.0.0.0', 52162)").as_deref(), Some("0.0.0.0:52162"));
        assert_eq!(read("[i] 내 소켓 / my socket [::]:51095").as_deref(), Some("[::]:51095"));
        assert_eq!(read("[i] 127.0.0.2:41000 -> 127.0.0.1:5001 connected").as_deref(), Some("127.0.0.2:41000"));
    }

    #[test]
    fn a_repr_that_is_none_has_a_place() {
        let read = log("[i]\n[recv] 1.2.3.4:5 → b'\\xe'", None);
        assert_eq!((read.faults[0].line, read.faults[0].column), (2, 22), "{}", read.faults[0]);
    }

    #[test]
    fn a_pattern_reads_other_logs() {
        let pattern = r"^from (?P<ip>\S+) port (?P<port>\d+) got (?P<data>.*)$";
        let read = log("from ::1 port 7 got b'a'\nfrom x port 7 got a\nother\nfrom 1.2.3.4 port 70000 got a", Some(pattern));
        assert_eq!((read.receipts.len(), read.skipped), (1, 1));
        assert_eq!(read.faults.iter().map(|fault| (fault.line, fault.column)).collect::<Vec<_>>(), [(2, 6), (4, 19)]);
    }
}
