//! The socket table in TOML: `[[socket]]` after `[[socket]]`, in the order in which they were bound, and `[[interface]]`
//! with the addresses of the host, where they matter.

use std::hash::BuildHasher;
use std::iter;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use serde::Deserialize;
use toml::Spanned;

use super::TextFault;
use crate::capture::HostAddress;
use crate::track::{Declared, Protocol, Setup, Standing};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    socket: Vec<Row>,
    #[serde(default)]
    interface: Vec<Interface>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: Spanned<String>,
    protocol: Spanned<String>,
    local: Spanned<String>,
    peer: Option<Spanned<String>>,
    state: Option<Spanned<String>>,
    #[serde(default)]
    reuse_addr: bool,
    #[serde(default)]
    reuse_port: bool,
    only_v6: Option<Spanned<bool>>,
    device: Option<Spanned<String>>,
    syn_cookies: Option<Spanned<bool>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Interface {
    /// What a device is called in a row; one interface with several addresses may stand there several times.
    name: Spanned<String>,
    address: Spanned<String>,
}

/// The text begins as a table does: such a one is not searched for what systems print.
pub(super) fn is_table(text: &str) -> bool {
    text.trim_start().starts_with("[[")
}

/// Octets of a text that are read at once: so few that what becomes of them stays near the processor.
const PIECE: usize = 4 << 10;

/// The sockets of a table, in its order, and the host they are on.
pub(super) fn setup(text: &str) -> Result<Setup, TextFault> {
    let mut table = Table::default();
    for (begin, piece) in pieces(text) {
        let Ok(document) = toml::from_str(piece) else {
            // Wrong, or not to be cut here: the whole text tells.
            table = Table::default();
            table.add(whole(text)?, Reader { text, begin: 0 })?;
            break;
        };
        table.add(document, Reader { text, begin })?;
    }
    if table.sockets.is_empty() {
        return Err(TextFault::at(text, 0, "expected [[socket]], or what ss, netstat or /proc/net print"));
    }
    Ok(Setup::declared(table.sockets, true).on(table.addresses))
}

/// Pieces of a text, and where each begins: in a line that a row begins with, unless a text of several lines holds that.
fn pieces(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut begin = 0;
    iter::from_fn(move || {
        let rest = text.get(begin..).filter(|rest| !rest.is_empty())?;
        let row = rest.as_bytes().get(PIECE..).and_then(|behind| behind.windows(3).position(|octets| octets == b"\n[["));
        let piece = &rest[..row.map_or(rest.len(), |row| PIECE + row + 1)];
        begin += piece.len();
        Some((begin - piece.len(), piece))
    })
}

fn whole(text: &str) -> Result<Document, TextFault> {
    toml::from_str(text).map_err(|error| {
        let place = error.span().map_or(0, |span| span.start);
        TextFault::at(text, place, error.message().lines().collect::<Vec<_>>().join(", "))
    })
}

/// What was read so far.
#[derive(Default)]
struct Table {
    sockets: Vec<Declared>,
    addresses: Vec<HostAddress>,
    /// Where the name of each socket stands.
    begins: Vec<usize>,
    /// Places in `sockets` by their names.
    by_name: HashTable<usize>,
    hasher: RandomState,
}

impl Table {
    fn add(&mut self, document: Document, reader: Reader<'_>) -> Result<(), TextFault> {
        for row in document.socket {
            let begin = reader.begin + row.name.span().start;
            let hash = self.new_name(&row.name, reader)?;
            let place = self.sockets.len();
            self.sockets.push(reader.row(row)?);
            self.begins.push(begin);
            let Self { sockets, by_name, hasher, .. } = self;
            by_name.insert_unique(hash, place, |place| hasher.hash_one(&sockets[*place].name));
        }
        for interface in &document.interface {
            self.addresses.push(reader.interface(interface)?);
        }
        Ok(())
    }

    /// The hash of a name that no other socket has.
    fn new_name(&self, name: &Spanned<String>, reader: Reader<'_>) -> Result<u64, TextFault> {
        if name.get_ref().is_empty() {
            return Err(reader.fault(name, "expected a name"));
        }
        let hash = self.hasher.hash_one(name.get_ref());
        match self.by_name.find(hash, |place| *self.sockets[*place].name == **name.get_ref()) {
            None => Ok(hash),
            Some(first) => {
                let line = TextFault::at(reader.text, self.begins[*first], "").line;
                Err(reader.fault(name, &format!("the name \"{}\" stands in line {line} already", name.get_ref())))
            }
        }
    }
}

/// Reads values, and knows where they stand.
#[derive(Clone, Copy)]
struct Reader<'t> {
    /// The whole text.
    text: &'t str,
    /// Where the piece begins that is read.
    begin: usize,
}

impl Reader<'_> {
    fn row(self, row: Row) -> Result<Declared, TextFault> {
        let protocol = self.word(&row.protocol, &[("udp", Protocol::Udp), ("tcp", Protocol::Tcp)])?;
        let local = self.endpoint(&row.local)?;
        let peer = row.peer.as_ref().map(|peer| self.peer(peer, local)).transpose()?;
        if let Some(only_v6) = row.only_v6.as_ref().filter(|only| *only.get_ref() && local.is_ipv4()) {
            return Err(self.fault(only_v6, "only_v6 is an option of IPv6 sockets, and this one is bound to IPv4"));
        }
        if let Some(device) = row.device.as_ref().filter(|device| device.get_ref().is_empty()) {
            return Err(self.fault(device, "expected the name of an interface, such as \"lo\""));
        }
        let listens = protocol == Protocol::Tcp && peer.is_none();
        if let Some(cookies) = row.syn_cookies.as_ref().filter(|cookies| *cookies.get_ref() && !listens) {
            return Err(self.fault(cookies, "syn_cookies is of listeners: tcp, and no peer"));
        }
        Ok(Declared {
            standing: self.standing(&row, protocol, peer)?,
            name: row.name.into_inner().into(),
            protocol,
            local,
            peer,
            reuse_addr: row.reuse_addr,
            reuse_port: row.reuse_port,
            only_v6: row.only_v6.is_some_and(Spanned::into_inner),
            device: row.device.map(Spanned::into_inner),
            syn_cookies: row.syn_cookies.is_some_and(Spanned::into_inner),
            shown: None,
        })
    }

    fn interface(self, interface: &Interface) -> Result<HostAddress, TextFault> {
        if interface.name.get_ref().is_empty() {
            return Err(self.fault(&interface.name, "expected the name of an interface, such as \"eth0\""));
        }
        let address = interface.address.get_ref().split_once('/').and_then(|(ip, prefix)| {
            let ip = IpAddr::from_str(ip).ok().filter(|ip| !ip.is_unspecified())?;
            let prefix = prefix.parse().ok().filter(|prefix| *prefix <= if ip.is_ipv4() { 32 } else { 128 })?;
            Some(HostAddress { ip, prefix })
        });
        let expected = "expected an address of this host and the length of its prefix, such as \"192.168.0.7/24\"";
        address.ok_or_else(|| self.fault(&interface.address, expected))
    }

    fn fault<T>(self, value: &Spanned<T>, text: &str) -> TextFault {
        TextFault::at(self.text, self.begin + value.span().start, text)
    }

    fn word<T: Copy>(self, value: &Spanned<String>, words: &[(&str, T)]) -> Result<T, TextFault> {
        let found = words.iter().find(|(word, _)| word == value.get_ref());
        let expected = || words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
        found.map(|(_, meaning)| *meaning).ok_or_else(|| self.fault(value, &format!("expected {}", expected())))
    }

    fn endpoint(self, value: &Spanned<String>) -> Result<SocketAddr, TextFault> {
        let end = SocketAddr::from_str(value.get_ref()).ok().filter(|end| end.port() != 0);
        end.ok_or_else(|| self.fault(value, "expected address and port, such as \"0.0.0.0:5000\" or \"[::]:5000\""))
    }

    fn peer(self, value: &Spanned<String>, local: SocketAddr) -> Result<SocketAddr, TextFault> {
        let peer = self.endpoint(value)?;
        if peer.ip().is_unspecified() {
            return Err(self.fault(value, "expected the address of a peer; a socket without one has no such line"));
        }
        // A socket of AF_INET6 may speak IPv4, and may be told so with or without the mapping.
        if local.is_ipv4() && peer.ip().to_canonical().is_ipv6() {
            return Err(self.fault(value, "expected an IPv4 address, as in local"));
        }
        Ok(peer)
    }

    /// What the socket does: where nothing is said, its peer tells.
    fn standing(self, row: &Row, protocol: Protocol, peer: Option<SocketAddr>) -> Result<Standing, TextFault> {
        let implied = if peer.is_some() { Standing::Connected } else { Standing::Open };
        let Some(state) = &row.state else { return Ok(implied) };
        if protocol == Protocol::Udp {
            return Err(self.fault(state, "expected no state: it is for tcp"));
        }
        let words = [("listen", Standing::Open), ("established", Standing::Connected), ("time-wait", Standing::TimeWait)];
        match (self.word(state, &words)?, peer.is_some()) {
            (Standing::Open, true) => Err(self.fault(state, "expected \"established\" or \"time-wait\": a listener has no peer")),
            (Standing::Connected | Standing::TimeWait, false) => {
                Err(self.fault(&row.name, "expected a peer: a connected socket has one"))
            }
            (standing, _) => Ok(standing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        setup(text).unwrap_err().to_string()
    }

    #[test]
    fn a_row_says_all_there_is_to_say() {
        let text = r#"
[[socket]]
name = "s1"
protocol = "udp"
local = "[::]:5000"
peer = "[::1]:49740"
reuse_addr = true
reuse_port = true
only_v6 = true
device = "lo"
[[socket]]
name = "s2"
protocol = "tcp"
local = "127.0.0.1:80"
state = "listen"
syn_cookies = true
[[interface]]
name = "eth0"
address = "192.168.0.7/24"
"#;
        let sockets = setup(text).unwrap().sockets;
        let expected = Declared {
            name: "s1".into(),
            protocol: Protocol::Udp,
            local: "[::]:5000".parse().unwrap(),
            peer: Some("[::1]:49740".parse().unwrap()),
            standing: Standing::Connected,
            reuse_addr: true,
            reuse_port: true,
            only_v6: true,
            device: Some("lo".into()),
            syn_cookies: false,
            shown: None,
        };
        assert_eq!(sockets[0], expected);
        assert_eq!((sockets[1].standing, sockets[1].local.port(), sockets[1].syn_cookies), (Standing::Open, 80, true));
        assert_eq!(setup(text).unwrap().addresses, [HostAddress { ip: [192, 168, 0, 7].into(), prefix: 24 }]);
    }

    /// What stands behind the first piece is read, and found fault with, as what stands in it.
    #[test]
    fn a_long_table_is_read_to_its_end() {
        let rows = |count: usize| -> String {
            (0..count)
                .map(|number| {
                    format!("[[socket]]\nname = \"s{number}\"\nprotocol = \"udp\"\nlocal = \"0.0.0.0:{}\"\n", 1 + number)
                })
                .collect()
        };
        let long = rows(1000);
        assert!(long.len() > 10 * PIECE && pieces(&long).count() > 10);
        assert!(pieces(&long).all(|(begin, piece)| piece.starts_with("[[") && long[begin..].starts_with(piece)));
        let sockets = setup(&long).unwrap().sockets;
        assert!(sockets.iter().map(|socket| socket.local.port()).eq(1..=1000));
        let last = "[[socket]]\nname = \"s7\"\nprotocol = \"udp\"\nlocal = \"0.0.0.0:9\"\n";
        assert_eq!(fault(&format!("{long}{last}")), "line 4002, column 8: the name \"s7\" stands in line 30 already");
        assert!(fault(&format!("{long}[[socket]]\ncolour = 3\n{}", rows(900))).starts_with("line 4002, column 1: unknown field"));
        // No row begins within a text of several lines.
        let name = format!(
            "[[socket]]\nname = \"\"\"{}\n[[socket]]\n\"\"\"\nprotocol = \"udp\"\nlocal = \"[::]:9\"\n",
            "x".repeat(PIECE)
        );
        let sockets = setup(&format!("{name}{long}")).unwrap().sockets;
        assert_eq!((sockets.len(), sockets[0].name.len()), (1001, PIECE + "\n[[socket]]\n".len()));
    }

    #[test]
    fn faults_have_a_place() {
        let row = |more: &str| format!("[[socket]]\nname = \"s1\"\nprotocol = \"tcp\"\nlocal = \"0.0.0.0:80\"\n{more}\n");
        let cases = [
            ("state = \"open\"", "line 5, column 9: expected \"listen\" or \"established\" or \"time-wait\""),
            ("state = \"established\"", "line 2, column 8: expected a peer: a connected socket has one"),
            ("peer = \"1.2.3.4\"", "line 5, column 8: expected address and port, such as \"0.0.0.0:5000\" or \"[::]:5000\""),
            ("only_v6 = true", "line 5, column 11: only_v6 is an option of IPv6 sockets, and this one is bound to IPv4"),
            ("peer = \"1.2.3.4:5\"\nsyn_cookies = true", "line 6, column 15: syn_cookies is of listeners: tcp, and no peer"),
            (
                "[[interface]]\nname = \"\"\naddress = \"1.2.3.4/8\"",
                "line 6, column 8: expected the name of an interface, such as \"eth0\"",
            ),
            (
                "[[interface]]\nname = \"a\"\naddress = \"1.2.3.4/33\"",
                "line 7, column 11: expected an address of this host and the length of its prefix, such as \"192.168.0.7/24\"",
            ),
            (
                "[[socket]]\nname = \"s1\"\nprotocol = \"udp\"\nlocal = \"0.0.0.0:1\"",
                "line 6, column 8: the name \"s1\" stands in line 2 already",
            ),
        ];
        for (more, expected) in cases {
            assert_eq!(fault(&row(more)), expected);
        }
        assert!(
            fault("[[socket]]\nname = \"s1\"\n").starts_with("line 1, column 1: missing field"),
            "{}",
            fault("[[socket]]\nname = \"s1\"\n")
        );
        assert!(fault(&row("colour = 3")).starts_with("line 5, column 1: unknown field `colour`, expected one of"));
        assert!(fault("[[socket]\n").starts_with("line 1, column "));
        assert!(fault(&row("reuse_addr = 1")).starts_with("line 5, column 14: "));
    }
}
