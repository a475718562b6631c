//! Sockets as text: the table in the columns of `ss`, UDP sockets with their peers, and the card of each port.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::SocketAddr;

use jiff::SignedDuration;

use super::look::{Ink, Look};
use super::table::{Align, Table};
use super::time::Seconds;
use super::words;
use crate::decode::port::PortClass;
use crate::track::{
    Change, Count, Peer, PortCard, Protocol, Socket, SocketId, SocketState, SocketTable, Trace, UdpSocket, Unreachable,
};

/// What `?` stands for in a local address.
pub const LEGEND: &str = "?: bound to this port; to which address, or to all, no packet tells.";

/// Rows of a table that are laid out together; a longer list repeats the heading.
const ROWS: usize = 1000;

/// How much of a socket a table shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Columns {
    /// What fits into 80 cells.
    Few,
    /// Its number, and the frames behind it, as well.
    All,
}

/// Writes sockets in the columns of `ss`, children under their listener, then a legend if there is a `?`.
///
/// # Errors
/// What the writer says.
pub fn write(sockets: &[&Socket], columns: Columns, look: Look, out: &mut impl Write) -> io::Result<()> {
    if sockets.is_empty() {
        return writeln!(out, "  none");
    }
    let ordered = families(sockets);
    for rows in ordered.chunks(ROWS) {
        let mut table = Table::new(look, &titles(columns, look));
        for (socket, child) in rows {
            table.row(Some(ink(socket)), shown(row(socket, *child), columns));
        }
        table.write(out)?;
    }
    if sockets.iter().any(|socket| socket.local.address.is_none()) {
        writeln!(out, "  {}", look.paint(Ink::Quiet, LEGEND))?;
    }
    Ok(())
}

/// Writes what changed between two moments: `+` for births, `-` for deaths, `~` for states.
///
/// # Errors
/// What the writer says.
pub fn write_changes(changes: &[Change<'_>], look: Look, out: &mut impl Write) -> io::Result<()> {
    if changes.is_empty() {
        return writeln!(out, "  nothing changed");
    }
    let columns =
        [("", Align::Left), ("Netid", Align::Left), ("State", Align::Left), ("Local", Align::Left), ("Peer", Align::Left)];
    let mut table = Table::new(look, &columns);
    for change in changes {
        let (sign, socket, state) = match change {
            Change::Born(socket) => ("+", socket, socket.state.word().to_owned()),
            Change::Died(socket) => ("-", socket, socket.state.word().to_owned()),
            Change::Moved(old, new) => ("~", new, format!("{} → {}", old.state.word(), new.state.word())),
        };
        let peer = socket.peer.map_or_else(|| "*".to_owned(), |peer| peer.to_string());
        let cells = vec![sign.to_owned(), socket.protocol.word().to_owned(), state, socket.local.to_string(), peer];
        table.row(Some(Ink::of(socket.protocol)), cells);
    }
    table.write(out)
}

/// The columns of `ss`, and what it does not know.
fn titles(columns: Columns, look: Look) -> Vec<(&'static str, Align)> {
    let narrow = columns == Columns::Few || look.width.is_some_and(|width| width < 110);
    let (local, peer) = if narrow { ("Local", "Peer") } else { ("Local Address:Port", "Peer Address:Port") };
    let titles = vec![
        ("Id", Align::Left),
        ("Netid", Align::Left),
        ("State", Align::Left),
        (local, Align::Left),
        (peer, Align::Left),
        ("Evidence", Align::Left),
        ("Rule", Align::Left),
        ("Rcvd", Align::Right),
        ("Sent", Align::Right),
        ("Frames", Align::Wrapped),
    ];
    shown(titles, columns)
}

fn row(socket: &Socket, child: bool) -> Vec<String> {
    let branch = if child { "└ " } else { "" };
    vec![
        format!("s{}", socket.id),
        format!("{branch}{}", socket.protocol.word()),
        socket.state.word().to_owned(),
        socket.local.to_string(),
        socket.peer.map_or_else(|| "*".to_owned(), |peer| peer.to_string()),
        socket.evidence.word().to_owned(),
        socket.rule.word().to_owned(),
        socket.received.frames.to_string(),
        socket.sent.frames.to_string(),
        words::frames(&socket.frames),
    ]
}

/// The cells of a row that these columns show: the number comes first and the frames last.
fn shown<T>(mut cells: Vec<T>, columns: Columns) -> Vec<T> {
    if columns == Columns::Few {
        cells.pop();
        cells.remove(0);
    }
    cells
}

const fn ink(socket: &Socket) -> Ink {
    match socket.state {
        SocketState::Closed => Ink::Quiet,
        _ => Ink::of(socket.protocol),
    }
}

/// The sockets in their order, but each child behind its listener, if that is among them; `true` marks such children.
fn families<'s>(sockets: &[&'s Socket]) -> Vec<(&'s Socket, bool)> {
    let here: HashMap<SocketId, &Socket> = sockets.iter().map(|socket| (socket.id, *socket)).collect();
    let mut ordered = Vec::with_capacity(sockets.len());
    for socket in sockets {
        if socket.listener.is_some_and(|listener| here.contains_key(&listener)) {
            continue;
        }
        ordered.push((*socket, false));
        ordered.extend(socket.children.iter().filter_map(|child| here.get(child)).map(|child| (*child, true)));
    }
    ordered
}

/// Writes the sentence of each port that has a socket, such as `UDP 5000: 1 socket, 3 peers`, the range that the port is
/// in, and the 5-tuples of its connected sockets.
///
/// # Errors
/// What the writer says.
pub fn write_ports(ports: &[PortCard], look: Look, most: usize, out: &mut impl Write) -> io::Result<()> {
    for card in ports.iter().take(most) {
        writeln!(out, "  {}", look.paint(Ink::of(card.protocol), card))?;
        write_tuples(card, look, out)?;
    }
    match ports.len().saturating_sub(most) {
        0 => Ok(()),
        more => writeln!(out, "  … and {}", words::counted(more as u64, "more port")),
    }
}

/// Writes `registered port (1024 to 49151)`, and a line for each 5-tuple.
fn write_tuples(card: &PortCard, look: Look, out: &mut impl Write) -> io::Result<()> {
    let class = PortClass::of(card.port);
    let (first, last) = class.ports().into_inner();
    let tuples = if card.ends.is_empty() { "" } else { "; its connected sockets, by their 5-tuples:" };
    writeln!(out, "    {}", look.paint(Ink::Quiet, format!("{class} port ({first} to {last}){tuples}")))?;
    for (local, peer) in &card.ends {
        writeln!(out, "    {} {local} ↔ {peer}", card.protocol)?;
    }
    match card.connected.saturating_sub(card.ends.len()) {
        0 => Ok(()),
        more => writeln!(out, "    … and {} more", words::grouped(more as u64)),
    }
}

/// UDP sockets, and when each of their exchanges began.
#[derive(Debug)]
pub struct UdpView<'t> {
    sockets: &'t [UdpSocket],
    table: &'t SocketTable,
    by_address: HashMap<SocketAddr, &'t UdpSocket>,
    starts: HashMap<u32, SignedDuration>,
    look: Look,
    most: usize,
}

impl<'t> UdpView<'t> {
    /// A view of at most so many sockets and peers of each.
    pub fn new(trace: &'t Trace, look: Look, most: usize) -> Self {
        let udp = trace.conversations.iter().filter(|conversation| conversation.id.protocol == Protocol::Udp);
        let first = trace.survey.first;
        let starts = udp.filter_map(|conversation| Some((conversation.id.number, conversation.start?.since(first?))));
        let by_address = trace.udp_sockets.iter().map(|socket| (socket.local, socket)).collect();
        Self { sockets: &trace.udp_sockets, table: &trace.sockets, by_address, starts: starts.collect(), look, most }
    }

    /// Writes each socket with its peers. A client whose only peer is listed stands there as a peer and nowhere else.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let heads: Vec<_> = self.sockets.iter().filter(|socket| !self.is_shown_elsewhere(socket)).collect();
        for socket in heads.iter().take(self.most) {
            self.write_socket(socket, out)?;
        }
        if let more @ 1.. = heads.len().saturating_sub(self.most) {
            writeln!(out, "  … and {}", words::counted(more as u64, "more socket"))?;
        }
        let borrowed = |peer: &Peer| PortClass::is_borrowed(peer.address.port());
        if heads.iter().take(self.most).any(|socket| socket.peers.iter().take(self.most).any(borrowed)) {
            writeln!(out, "  {}", self.look.paint(Ink::Quiet, words::BORROWED_PORTS))?;
        }
        Ok(())
    }

    /// The socket is a client that appears as a peer of another.
    fn is_shown_elsewhere(&self, socket: &UdpSocket) -> bool {
        match socket.peers.as_slice() {
            [only] => self.by_address.get(&only.address).is_some_and(|peer| peer.peers.len() > 1 || asked_first(socket)),
            _ => false,
        }
    }

    fn write_socket(&self, socket: &UdpSocket, out: &mut impl Write) -> io::Result<()> {
        let (received, sent) = (socket.received(), socket.sent());
        let local = self.look.paint(Ink::Udp, socket.local);
        match &socket.refuted {
            Some(error) => {
                let text = format!("no socket: nobody listened here, says the ICMP error in frame {}", error.frame);
                writeln!(out, "  {local}  {}", self.look.paint(Ink::Bad, text))?;
            }
            None => {
                let peers = words::counted(socket.peers.len() as u64, "peer");
                match self.table.row_of(socket.local).filter(|row| row.local.seen_at.len() > 1) {
                    Some(row) => writeln!(out, "  {local}  {peers}; one socket with its other addresses ({})", row.evidence)?,
                    None => writeln!(out, "  {local}  one socket, {peers} ({})", socket.evidence)?,
                }
            }
        }
        if socket.refuted.is_some() && sent.frames == 0 {
            writeln!(out, "    {} came for it", datagrams(&received))?;
        } else {
            writeln!(out, "    received {}; sent {}", datagrams(&received), datagrams(&sent))?;
        }
        self.write_peers(socket, out)
    }

    fn write_peers(&self, socket: &UdpSocket, out: &mut impl Write) -> io::Result<()> {
        let mut table = Table::new(self.look, &PEER_TITLES);
        for peer in socket.peers.iter().take(self.most) {
            let refusal = peer.unreachable.or_else(|| self.answer_to(peer, socket.local));
            table.row(Some(if refusal.is_some() { Ink::Bad } else { Ink::Udp }), self.peer_row(peer, refusal));
        }
        table.write(out)?;
        match socket.peers.len().saturating_sub(self.most) {
            0 => Ok(()),
            more => writeln!(out, "    … and {}", words::counted(more as u64, "more peer")),
        }
    }

    /// The ICMP error that a peer got for a datagram to `local`.
    fn answer_to(&self, peer: &Peer, local: SocketAddr) -> Option<Unreachable> {
        self.by_address.get(&peer.address)?.peers.iter().find(|back| back.address == local)?.unreachable
    }

    fn peer_row(&self, peer: &Peer, refusal: Option<Unreachable>) -> Vec<String> {
        let frames = words::frame_range(peer.first_frame, peer.last_frame);
        vec![
            format!("  {}", peer.address),
            PortClass::of(peer.address.port()).to_string(),
            format!("udp:{}", peer.stream),
            words::traffic(&peer.received),
            words::traffic(&peer.sent),
            refusal.map_or(frames.clone(), |error| format!("{frames}, refused in {}", error.frame)),
            self.starts.get(&peer.stream).map_or_else(String::new, |start| format!("{:.6}", Seconds(*start))),
        ]
    }
}

const PEER_TITLES: [(&str, Align); 7] = [
    ("  Peer", Align::Left),
    ("Port class", Align::Left),
    ("Stream", Align::Left),
    ("Received", Align::Right),
    ("Sent", Align::Right),
    ("Frames", Align::Wrapped),
    ("Begins at", Align::Right),
];

/// `5 datagrams, 154 octets`.
fn datagrams(count: &Count) -> String {
    format!("{}, {}", words::counted(count.frames, "datagram"), words::counted(count.payload, "octet"))
}

/// The socket sent before it received.
fn asked_first(socket: &UdpSocket) -> bool {
    socket.first_sent == Some(socket.first_frame)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::testing::{opened_and_closed, trace, udp, written};

    #[test]
    fn one_udp_socket_serves_its_peers() {
        let (server, first, second) = ("127.0.0.1:5000", "127.0.0.1:40001", "127.0.0.1:50002");
        let trace = trace(&[udp(first, server, 5), udp(server, first, 5), udp(second, server, 7), udp(server, second, 7)]);
        let text = written(|out| UdpView::new(&trace, Look::default(), 10).write(out));
        let expected = "  \
127.0.0.1:5000  one socket, 2 peers (proved)
    received 2 datagrams, 12 octets; sent 2 datagrams, 12 octets
    Peer             Port class  Stream  Received    Sent  Frames  Begins at
    127.0.0.1:40001  registered  udp:0     1, 5 B  1, 5 B  1–2      0.000000
    127.0.0.1:50002  dynamic     udp:1     1, 7 B  1, 7 B  3–4      0.002000
  Linux gives clients ports 32768–60999, registered and dynamic ones alike.
";
        assert_eq!(text, expected);
    }

    #[test]
    fn children_stand_under_their_listener() {
        let trace = trace(&opened_and_closed());
        let sockets: Vec<&Socket> = trace.sockets.sockets.iter().collect();
        let text = written(|out| write(&sockets, Columns::Few, Look::default(), out));
        let starts: Vec<String> =
            text.lines().map(|line| line.split_whitespace().take(3).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(starts[1..4], ["tcp LISTEN ?:80", "└ tcp CLOSED", "tcp TIME-WAIT 10.0.0.1:40000"]);
        assert_eq!(text.lines().last(), Some("  ?: bound to this port; to which address, or to all, no packet tells."));
    }

    #[test]
    fn a_card_counts_the_tuples_that_it_leaves_out() {
        let ends = vec![(([10, 0, 0, 2], 80).into(), ([10, 0, 0, 1], 40_000).into())];
        let counts = PortCard { protocol: Protocol::Tcp, port: 80, listening: 1, connected: 3, unconnected: 0, peers: 0, ends };
        let mut out = Vec::new();
        write_ports(&[counts], Look::default(), 9, &mut out).unwrap();
        let expected = "  TCP 80: 1 listening + 3 connected = 4 sockets, all on port 80
    well-known port (0 to 1023); its connected sockets, by their 5-tuples:
    TCP 10.0.0.2:80 ↔ 10.0.0.1:40000
    … and 2 more
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
