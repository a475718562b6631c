//! What is supposed: `s1: no connect`, `s1: bind 127.0.0.1`, `second s1`, `restart s1 after frame 30`.

use std::net::{IpAddr, SocketAddr};

use super::super::TextFault;
use crate::track::{Declared, Protocol, Standing};

/// One change of a socket table; sockets by their places in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Change {
    /// One thing of one socket.
    Switch(usize, Switch),
    /// A second socket with the same options at the same address, bound last.
    Second(usize),
    /// Its program ends behind this frame, or the last one, and starts again.
    Restart(usize, Option<u64>),
}

/// What can be otherwise about a socket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Switch {
    Connect(SocketAddr),
    NoConnect,
    Bind(IpAddr, Option<u16>),
    ReuseAddr(bool),
    ReusePort(bool),
    OnlyV6(bool),
}

/// What can stand behind a name.
pub(super) const SWITCHES: &str = "expected bind ADDRESS, connect ADDRESS:PORT, no connect, or reuse_addr, reuse_port, only_v6, each also \
                        with no in front";

/// Names that a fault tells.
const NAMES: usize = 8;

impl Change {
    /// Reads one change of these sockets.
    pub(super) fn read(text: &str, sockets: &[Declared]) -> Result<Self, TextFault> {
        let reader = Reader { text, sockets };
        let body = text.trim_start();
        if let Some((place, rest)) = reader.named(body) {
            return Ok(Self::Switch(place, reader.switch(rest, place)?));
        }
        match split(body) {
            ("second", rest) => Ok(Self::Second(reader.socket(rest)?)),
            ("restart", rest) => reader.restart(rest),
            _ => Err(reader.fault(body, &format!("expected NAME: CHANGE, second NAME, or restart NAME; {}", reader.names()))),
        }
    }
}

/// Reads parts of one text, and knows where they stand.
struct Reader<'t> {
    text: &'t str,
    sockets: &'t [Declared],
}

impl<'t> Reader<'t> {
    /// A fault at a part of the text.
    fn fault(&self, part: &str, expected: &str) -> TextFault {
        let octet = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        TextFault::at(self.text, octet, expected)
    }

    /// The socket in front of a colon, and what stands behind it; of several names the longest.
    fn named(&self, body: &'t str) -> Option<(usize, &'t str)> {
        let fits = |(place, socket): (usize, &Declared)| {
            let rest = body.strip_prefix(&*socket.name)?.trim_start().strip_prefix(':')?;
            Some((socket.name.len(), place, rest.trim_start()))
        };
        let longest = self.sockets.iter().enumerate().filter_map(fits).max_by_key(|(length, ..)| *length);
        longest.map(|(_, place, rest)| (place, rest))
    }

    fn socket(&self, name: &str) -> Result<usize, TextFault> {
        let place = self.sockets.iter().position(|socket| *socket.name == *name.trim_end());
        place.ok_or_else(|| self.fault(name, &format!("expected the name of a socket; {}", self.names())))
    }

    /// `the sockets are s1, s2, s3`.
    fn names(&self) -> String {
        let names: Vec<&str> = self.sockets.iter().take(NAMES).map(|socket| &*socket.name).collect();
        let more = if self.sockets.len() > NAMES { ", …" } else { "" };
        if names.is_empty() { "there are no sockets".to_owned() } else { format!("the sockets are {}{more}", names.join(", ")) }
    }

    /// `s1`, `s1 after frame 30`.
    fn restart(&self, rest: &str) -> Result<Change, TextFault> {
        let Some((name, after)) = rest.split_once(" after ") else {
            return Ok(Change::Restart(self.waiting(rest)?, None));
        };
        let (frame, number) = split(after.trim_start());
        let number = number.trim_end();
        if frame != "frame" {
            return Err(self.fault(frame, "expected frame NUMBER"));
        }
        let frame = number.parse().map_err(|_| self.fault(number, "expected the number of a frame"))?;
        Ok(Change::Restart(self.waiting(name)?, Some(frame)))
    }

    /// A socket that a program can be started again with.
    fn waiting(&self, name: &str) -> Result<usize, TextFault> {
        let place = self.socket(name)?;
        match self.sockets.get(place).filter(|socket| socket.protocol == Protocol::Udp || socket.standing == Standing::Open) {
            Some(_) => Ok(place),
            None => Err(self.fault(name, "expected a listener or a UDP socket: what was accepted is never bound")),
        }
    }

    fn switch(&self, rest: &'t str, place: usize) -> Result<Switch, TextFault> {
        let (first, behind) = split(rest);
        let (on, word, behind) = match first {
            "no" => (false, split(behind).0, split(behind).1),
            word => (true, word, behind),
        };
        let switch = match (word, on) {
            ("bind", true) => self.bind(behind)?,
            ("connect", true) => self.connect(rest, behind, place)?,
            ("connect", false) => self.no_connect(rest, place)?,
            ("reuse_addr", _) => Switch::ReuseAddr(on),
            ("reuse_port", _) => Switch::ReusePort(on),
            ("only_v6", _) => self.only_v6(rest, place, on)?,
            _ => return Err(self.fault(rest, SWITCHES)),
        };
        let takes_value = matches!(switch, Switch::Bind(..) | Switch::Connect(_));
        match behind.trim() {
            "" => Ok(switch),
            _ if takes_value => Ok(switch),
            _ => Err(self.fault(behind, "expected the end of the change")),
        }
    }

    /// `127.0.0.1`, `::1`, or one of them with a port.
    fn bind(&self, value: &str) -> Result<Switch, TextFault> {
        let text = value.trim_end();
        let alone = text.parse().map(|ip| Switch::Bind(ip, None));
        let with_port = || text.parse::<SocketAddr>().map(|end| Switch::Bind(end.ip(), Some(end.port())));
        alone.or_else(|_| with_port()).map_err(|_| self.fault(value, "expected an address such as 127.0.0.1 or ::1"))
    }

    fn connect(&self, rest: &str, value: &str, place: usize) -> Result<Switch, TextFault> {
        let local = self.udp(rest, place)?;
        let peer: Option<SocketAddr> = value.trim_end().parse().ok();
        let same_family = |peer: &SocketAddr| local.is_ipv6() || peer.is_ipv4();
        let expected = "expected address and port of a peer, such as 127.0.0.1:49740, in the socket's family";
        peer.filter(same_family).map(Switch::Connect).ok_or_else(|| self.fault(value, expected))
    }

    fn no_connect(&self, rest: &str, place: usize) -> Result<Switch, TextFault> {
        self.udp(rest, place)?;
        match self.sockets.get(place).and_then(|socket| socket.peer) {
            Some(_) => Ok(Switch::NoConnect),
            None => Err(self.fault(rest, "expected a socket that is connected: this one is not, as far as its table tells")),
        }
    }

    fn only_v6(&self, rest: &str, place: usize, on: bool) -> Result<Switch, TextFault> {
        match self.sockets.get(place).filter(|socket| socket.local.is_ipv6()) {
            Some(_) => Ok(Switch::OnlyV6(on)),
            None => Err(self.fault(rest, "expected another change: only_v6 is an option of IPv6 sockets")),
        }
    }

    /// The address of a UDP socket.
    fn udp(&self, rest: &str, place: usize) -> Result<SocketAddr, TextFault> {
        let socket = self.sockets.get(place).filter(|socket| socket.protocol == Protocol::Udp);
        socket.map(|socket| socket.local).ok_or_else(|| self.fault(rest, "expected a change of a TCP socket: connect is for UDP"))
    }
}

/// The first word, and what stands behind it.
fn split(text: &str) -> (&str, &str) {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, rest.trim_start())
}
