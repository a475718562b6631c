//! The checks that are built in, by the names that a rubric calls them.

use jiff::SignedDuration;

use crate::judge::query::Query;
use crate::track::Closer;

/// How a check is judged.
#[derive(Clone, Debug)]
pub enum Kind {
    /// The capture can be read.
    Readable,
    /// The file carries the student's number.
    Named,
    /// The loopback was captured.
    Loopback,
    /// A person compares the picture of the terminal.
    Screenshot,
    /// The server's log tells what the capture brought.
    Log,
    /// UDP packets to the server's port.
    UdpEndpoint,
    /// The system chose the clients' ports.
    UdpClientPort {
        /// The lowest and the highest port that it may have chosen.
        range: (u16, u16),
    },
    /// Clients get back the same octets.
    UdpEcho {
        /// Clients that must.
        clients: u64,
        /// In what time.
        within: SignedDuration,
    },
    /// Replies leave from the socket that was asked.
    UdpDemux,
    /// The text tells who sent it.
    Identity {
        /// What it must tell.
        fields: Vec<Field>,
    },
    /// SYN, SYN-ACK, ACK.
    TcpHandshake,
    /// Clients get back the octets that they sent.
    TcpEcho {
        /// Clients that must.
        clients: u64,
    },
    /// Both ends closed.
    TcpClose {
        /// Connections that must.
        clients: u64,
    },
    /// Who closed first.
    TcpFirstFin {
        /// Who should have.
        side: Closer,
    },
    /// Two connections to one port at the same time.
    TcpDemux,
    /// Rows that a filter selects.
    Query(Box<Query>),
}

/// A kind as a teacher meets it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KindHelp {
    /// Its name in a rubric.
    pub name: &'static str,
    /// What it takes beside what every check takes.
    pub parameters: &'static [&'static str],
    /// What it is for, in one sentence.
    pub about: &'static str,
}

const fn help(name: &'static str, parameters: &'static [&'static str], about: &'static str) -> KindHelp {
    KindHelp { name, parameters, about }
}

/// All kinds, in the order of the documentation.
pub const KINDS: &[KindHelp] = &[
    help("file.readable", &[], "the capture is whole and pcapng; 3/5 of the points if it is cut or pcap"),
    help("file.named", &[], "the file is named after the student's number; repaired suffixes cost nothing"),
    help("file.screenshot", &[], "a person compares the picture with the lines that the server must have printed"),
    help("capture.interface", &[], "the loopback was captured"),
    help("udp.endpoint", &[], "UDP packets to {server_port}; half the points on another port or over IPv6"),
    help("udp.client_port", &["range"], "the system chose the clients' ports; range = [32768, 65535] unless told otherwise"),
    help("udp.echo", &["clients", "within_ms"], "each client gets the same octets back in time; half a client's share if late"),
    help("udp.demux", &[], "every reply leaves from the address and port that was asked"),
    help("payload.identity", &["fields"], "the clients' texts tell these of the student, in UTF-8: dept, id, name"),
    help("log.match", &[], "the server's log tells what the capture brought; a share for each line"),
    help("tcp.handshake", &[], "a connection to {server_port} opened with SYN, SYN-ACK and ACK"),
    help("tcp.echo", &["clients"], "each client gets back the octets that it sent"),
    help("tcp.close", &["clients"], "both ends closed, and both FINs were acknowledged; half for one end, nothing for a RST"),
    help("tcp.first_fin", &["side"], "who closed first, and so is in TIME-WAIT: client or server"),
    help("tcp.demux", &[], "two connections to {server_port} were open at the same time; half if one followed the other"),
    help(
        "query",
        &["select", "where", "group_by", "require", "score", "near", "show", "absent"],
        "rows that a display filter selects, in groups, as many as required",
    ),
];

/// What a text has to tell.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Field {
    /// The department (학과).
    Department,
    /// The student's number (학번).
    Id,
    /// The name (이름).
    Name,
}

impl Field {
    /// The words in a rubric.
    pub const ALL: [(&'static str, Self); 3] = [("dept", Self::Department), ("id", Self::Id), ("name", Self::Name)];
}
