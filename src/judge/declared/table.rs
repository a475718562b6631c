//! The socket table in TOML: `[[socket]]` after `[[socket]]`, in the order in which they were bound, and `[[interface]]`
//! with the addresses of the host, where they matter.

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::iter;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::TextFault;
use super::plain;
use crate::capture::HostAddress;
use crate::track::{Declared, Protocol, Setup, Standing};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'t> {
    #[serde(default, borrow)]
    socket: Vec<Row<'t>>,
    #[serde(default)]
    interface: Vec<Interface>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row<'t> {
    #[serde(borrow)]
    name: Cow<'t, str>,
    #[serde(borrow)]
    protocol: Cow<'t, str>,
    #[serde(borrow)]
    local: Cow<'t, str>,
    peer: Option<String>,
    state: Option<String>,
    #[serde(default)]
    reuse_addr: bool,
    #[serde(default)]
    reuse_port: bool,
    #[serde(default)]
    only_v6: bool,
    device: Option<String>,
    #[serde(default)]
    syn_cookies: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Interface {
    /// What a device is called in a row; one interface with several addresses may stand there several times.
    name: String,
    address: String,
}

/// The text begins as a table does: such a one is not searched for what systems print.
pub(super) fn is_table(text: &str) -> bool {
    text.trim_start().starts_with("[[")
}

/// Octets of a text that are read at once: so few that what becomes of them stays near the processor.
const PIECE: usize = 4 << 10;

/// Octets of a short row, so that there is room for all rows from the start.
const SHORT_ROW: usize = 64;

/// The sockets of a table, in its order, and the host they are on.
pub(super) fn setup(text: &str) -> Result<Setup, TextFault> {
    let mut table = Table::new(text.len() / SHORT_ROW);
    for piece in pieces(text) {
        let Some(document) = document(piece) else {
            // Wrong, or not to be cut here: the whole text tells.
            table = Table { text, ..Table::new(0) };
            table.add(whole(text)?)?;
            break;
        };
        table.text = &text[..table.text.len() + piece.len()];
        table.add(document)?;
    }
    if table.sockets.is_empty() {
        return Err(TextFault::at(text, 0, "expected [[socket]], or what ss, netstat or /proc/net print"));
    }
    Ok(Setup::declared(table.sockets, true).on(table.addresses))
}

/// Pieces of a text: each begins with a line that a row begins with, unless a text of several lines holds that.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    iter::from_fn(move || {
        let row = rest.as_bytes().get(PIECE..).and_then(|behind| behind.windows(3).position(|octets| octets == b"\n[["));
        let (piece, behind) = rest.split_at(row.map_or(rest.len(), |row| PIECE + row + 1));
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}

/// What stands in a piece of a text; `None` if that is for the whole text to tell.
fn document(piece: &str) -> Option<Document<'_>> {
    let sockets = plain::rows(piece, "socket").map(|socket| Document { socket, interface: Vec::new() });
    sockets.or_else(|| toml::from_str(piece).ok())
}

fn whole(text: &str) -> Result<Document<'_>, TextFault> {
    toml::from_str(text).map_err(|error| TextFault::of_toml(text, &error))
}

/// What was read so far.
struct Table<'t> {
    /// The text up to here.
    text: &'t str,
    sockets: Vec<Declared>,
    addresses: Vec<HostAddress>,
    /// Places in `sockets` by their names.
    by_name: HashTable<usize>,
    hasher: RandomState,
}

impl Table<'_> {
    /// Nothing, and room for so many rows.
    fn new(rows: usize) -> Self {
        let (by_name, hasher) = (HashTable::with_capacity(rows), RandomState::default());
        Self { text: "", sockets: Vec::with_capacity(rows), addresses: Vec::new(), by_name, hasher }
    }

    fn add(&mut self, document: Document<'_>) -> Result<(), TextFault> {
        for row in document.socket {
            let socket = row.declared().map_err(|wrong| self.fault("socket", self.sockets.len(), &wrong))?;
            self.add_socket(socket)?;
        }
        for row in &document.interface {
            let address = row.address().map_err(|wrong| self.fault("interface", self.addresses.len(), &wrong))?;
            self.addresses.push(address);
        }
        Ok(())
    }

    /// Adds a socket if no other one has its name.
    fn add_socket(&mut self, socket: Declared) -> Result<(), TextFault> {
        let (row, hash) = (self.sockets.len(), self.hasher.hash_one(&socket.name));
        if let Some(first) = self.by_name.find(hash, |row| self.sockets[*row].name == socket.name) {
            let name = |text| Wrong { key: "name", text };
            let line = self.fault("socket", *first, &name(String::new())).line;
            let twice = format!("the name \"{}\" stands in line {line} already", socket.name);
            return Err(self.fault("socket", row, &name(twice)));
        }
        self.sockets.push(socket);
        let Self { sockets, by_name, hasher, .. } = self;
        by_name.insert_unique(hash, row, |row| hasher.hash_one(&sockets[*row].name));
        Ok(())
    }

    /// What is wrong in this row, and where it stands.
    #[cold]
    fn fault(&self, table: &str, row: usize, wrong: &Wrong) -> TextFault {
        let document = DeValue::Table(DeTable::parse_recoverable(self.text).0.into_inner());
        let row = document.get(table).and_then(|table| table.get_ref().get(row));
        let value = row.and_then(|row| row.get_ref().get(wrong.key));
        TextFault::at(self.text, value.map_or(0, |value| value.span().start), &wrong.text)
    }
}

/// A value that cannot be.
struct Wrong {
    /// What it is a value of.
    key: &'static str,
    /// What was expected instead.
    text: String,
}

impl Wrong {
    fn new(key: &'static str, text: impl Into<String>) -> Self {
        Self { key, text: text.into() }
    }
}

impl Row<'_> {
    fn declared(self) -> Result<Declared, Wrong> {
        if self.name.is_empty() {
            return Err(Wrong::new("name", "expected a name"));
        }
        let protocol = word("protocol", &self.protocol, &[("udp", Protocol::Udp), ("tcp", Protocol::Tcp)])?;
        let local = endpoint("local", &self.local)?;
        let peer = self.peer.as_deref().map(|peer| far_end(peer, local)).transpose()?;
        if self.only_v6 && local.is_ipv4() {
            return Err(Wrong::new("only_v6", "only_v6 is an option of IPv6 sockets, and this one is bound to IPv4"));
        }
        if self.device.as_deref() == Some("") {
            return Err(Wrong::new("device", "expected the name of an interface, such as \"lo\""));
        }
        if self.syn_cookies && (protocol == Protocol::Udp || peer.is_some()) {
            return Err(Wrong::new("syn_cookies", "syn_cookies is of listeners: tcp, and no peer"));
        }
        Ok(Declared {
            standing: standing(self.state.as_deref(), protocol, peer)?,
            name: self.name.into(),
            protocol,
            local,
            peer,
            reuse_addr: self.reuse_addr,
            reuse_port: self.reuse_port,
            only_v6: self.only_v6,
            device: self.device,
            syn_cookies: self.syn_cookies,
            shown: None,
        })
    }
}

impl Interface {
    fn address(&self) -> Result<HostAddress, Wrong> {
        if self.name.is_empty() {
            return Err(Wrong::new("name", "expected the name of an interface, such as \"eth0\""));
        }
        let address = self.address.split_once('/').and_then(|(ip, prefix)| {
            let ip = IpAddr::from_str(ip).ok().filter(|ip| !ip.is_unspecified())?;
            let prefix = prefix.parse().ok().filter(|prefix| *prefix <= if ip.is_ipv4() { 32 } else { 128 })?;
            Some(HostAddress { ip, prefix })
        });
        let expected = "expected an address of this host and the length of its prefix, such as \"192.168.0.7/24\"";
        address.ok_or_else(|| Wrong::new("address", expected))
    }
}

fn word<T: Copy>(key: &'static str, value: &str, words: &[(&str, T)]) -> Result<T, Wrong> {
    let found = words.iter().find(|(word, _)| *word == value);
    let expected = || words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
    found.map(|(_, meaning)| *meaning).ok_or_else(|| Wrong::new(key, format!("expected {}", expected())))
}

fn endpoint(key: &'static str, value: &str) -> Result<SocketAddr, Wrong> {
    let end = SocketAddr::from_str(value).ok().filter(|end| end.port() != 0);
    end.ok_or_else(|| Wrong::new(key, "expected address and port, such as \"0.0.0.0:5000\" or \"[::]:5000\""))
}

fn far_end(value: &str, local: SocketAddr) -> Result<SocketAddr, Wrong> {
    let peer = endpoint("peer", value)?;
    if peer.ip().is_unspecified() {
        return Err(Wrong::new("peer", "expected the address of a peer; a socket without one has no such line"));
    }
    // A socket of AF_INET6 may speak IPv4, and may be told so with or without the mapping.
    if local.is_ipv4() && peer.ip().to_canonical().is_ipv6() {
        return Err(Wrong::new("peer", "expected an IPv4 address, as in local"));
    }
    Ok(peer)
}

/// What the socket does: where nothing is said, its peer tells.
fn standing(state: Option<&str>, protocol: Protocol, peer: Option<SocketAddr>) -> Result<Standing, Wrong> {
    let implied = if peer.is_some() { Standing::Connected } else { Standing::Open };
    let Some(state) = state else { return Ok(implied) };
    if protocol == Protocol::Udp {
        return Err(Wrong::new("state", "expected no state: it is for tcp"));
    }
    let words = [("listen", Standing::Open), ("established", Standing::Connected), ("time-wait", Standing::TimeWait)];
    match (word("state", state, &words)?, peer.is_some()) {
        (Standing::Open, true) => Err(Wrong::new("state", "expected \"established\" or \"time-wait\": a listener has no peer")),
        (Standing::Connected | Standing::TimeWait, false) => {
            Err(Wrong::new("name", "expected a peer: a connected socket has one"))
        }
        (standing, _) => Ok(standing),
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
        assert!(pieces(&long).all(|piece| piece.starts_with("[[")) && pieces(&long).collect::<String>() == long);
        let sockets = setup(&long).unwrap().sockets;
        assert!(sockets.iter().map(|socket| socket.local.port()).eq(1..=1000));
        let last = "[[socket]]\nname = \"s7\"\nprotocol = \"udp\"\nlocal = \"0.0.0.0:9\"\n";
        assert_eq!(fault(&format!("{long}{last}")), "line 4002, column 8: the name \"s7\" stands in line 30 already");
        assert!(fault(&format!("{long}[[socket]]\ncolour = 3\n{}", rows(900))).starts_with("line 4002, column 1: unknown field"));
        let first = "[[socket]]\nname = \"first\"\nprotocol = \"ftp\"\nlocal = \"0.0.0.0:9\"\n";
        let two_faults = format!("{first}{long}[[socket]\n");
        assert_eq!(fault(&two_faults), "line 3, column 12: expected \"udp\" or \"tcp\"", "the first one is told");
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
