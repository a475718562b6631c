//! Where Wireshark, Zeek and sockscope disagree about a stream, and which rule of whom makes it so.
//!
//! All three read the same packets. What they call a connection, who they say began it, when they say it was over and
//! what they count differ by rules that each of them has; a difference is told together with its rule, so that two right
//! answers are not taken for an error.

use std::fmt;
use std::net::SocketAddr;

use jiff::SignedDuration;

use crate::track::{
    ConnState, Connection, Conversation, End, Ending, FlowId, Opening, Outcome, Protocol, Side, Trace, Verdicts, ZeekConnection,
    ZeekCount,
};

/// One thing on which they disagree.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// What it is about.
    pub subject: Subject,
    /// What each of them says, in one sentence.
    pub text: String,
    /// The rules that make it so, a sentence each.
    pub rules: Vec<&'static str>,
}

impl Difference {
    fn new(subject: Subject, text: String, rule: &'static str) -> Self {
        Self { subject, text, rules: vec![rule] }
    }
}

/// All sentences.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        self.rules.iter().try_for_each(|rule| write!(f, " {rule}"))
    }
}

/// What a difference is about, in the order in which they are told.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Subject {
    /// Which packets are one connection.
    Extent,
    /// Who called whom.
    Roles,
    /// How many packets each side sent.
    Packets,
    /// How many octets of payload each side sent.
    Payload,
    /// How long it lasted.
    Duration,
    /// What became of it.
    Fate,
    /// Whether segments were sent again.
    Repeats,
}

impl Subject {
    /// The word for it in machine-readable output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Extent => "extent",
            Self::Roles => "roles",
            Self::Packets => "packets",
            Self::Payload => "payload",
            Self::Duration => "duration",
            Self::Fate => "fate",
            Self::Repeats => "repeats",
        }
    }
}

/// Says where the three disagree about a stream; `None` if the trace has no such stream. An empty list means that they
/// agree. `rows` are those of the same capture.
pub fn differences(trace: &Trace, rows: &[ZeekConnection], id: FlowId) -> Option<Vec<Difference>> {
    let case = Case::new(trace, rows, id)?;
    let mut found = case.extent(&trace.conversations);
    found.extend(case.roles());
    found.extend(case.packets());
    found.extend(case.payload());
    found.extend(case.duration());
    if let Some(connection) = case.connection {
        found.extend(case.completeness(connection));
        found.extend(case.fate(connection));
        found.extend([Side::Initiator, Side::Responder].into_iter().filter_map(|side| case.repeats(connection, side)));
    }
    Some(found)
}

/// A stream and Zeek's connections with packets of it.
struct Case<'a> {
    conversation: &'a Conversation,
    /// Of a TCP stream.
    connection: Option<&'a Connection>,
    rows: Vec<&'a ZeekConnection>,
}

impl<'a> Case<'a> {
    fn new(trace: &'a Trace, rows: &'a [ZeekConnection], id: FlowId) -> Option<Self> {
        let conversation = trace.conversations.iter().find(|conversation| conversation.id == id)?;
        let connection = match id.protocol {
            Protocol::Tcp => trace.connections.iter().find(|connection| connection.id == id),
            Protocol::Udp => None,
        };
        let rows = rows.iter().filter(|row| shares_packets(row, conversation)).collect();
        Some(Self { conversation, connection, rows })
    }

    /// The only one of Zeek's connections; `None` where there are more, or none.
    fn only(&self) -> Option<&'a ZeekConnection> {
        match self.rows.as_slice() {
            [row] => Some(row),
            _ => None,
        }
    }

    fn protocol(&self) -> Protocol {
        self.conversation.id.protocol
    }

    fn extent(&self, conversations: &[Conversation]) -> Vec<Difference> {
        if self.rows.is_empty() {
            let stream = self.conversation.id.number;
            let text = format!("Wireshark and sockscope have this as stream {stream}; Zeek lists no connection for it.");
            return vec![Difference::new(Subject::Extent, text, RULE_NONE)];
        }
        self.split().into_iter().chain(self.joined(conversations)).collect()
    }

    /// Zeek has several connections for the stream.
    fn split(&self) -> Option<Difference> {
        let [first, .., last] = self.rows.as_slice() else { return None };
        let places: Vec<String> = self.rows.iter().map(|row| frames(row)).collect();
        let text = format!(
            "Wireshark and sockscope have one stream, {}, in frames {} to {}; Zeek has {} connections, in frames {}.",
            self.conversation.id.number,
            first.first_frame,
            last.last_frame,
            self.rows.len(),
            places.join(", ")
        );
        let mut rules: Vec<&'static str> = Vec::new();
        for rule in self.rows.iter().filter_map(|row| split_rule(row.ending, self.protocol())) {
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
        Some(Difference { subject: Subject::Extent, text, rules })
    }

    /// Zeek has one connection for several streams.
    fn joined(&self, conversations: &[Conversation]) -> Option<Difference> {
        let id = self.conversation.id;
        let with = |other: &&Conversation| other.id != id && self.rows.iter().any(|row| shares_packets(row, other));
        let others: Vec<String> = conversations.iter().filter(with).map(|other| other.id.number.to_string()).collect();
        let text = format!(
            "Wireshark and sockscope tell stream {} from {}; Zeek has packets of them in one connection.",
            id.number,
            others.join(", ")
        );
        (!others.is_empty()).then(|| Difference::new(Subject::Extent, text, RULE_JOINED))
    }

    fn roles(&self) -> Option<Difference> {
        let a = self.conversation.a;
        let caller = self.connection.map_or(a, |connection| connection.initiator);
        let row = self.rows.iter().find(|row| row.originator != caller || row.originator != a)?;
        let ours = match self.connection.map(|connection| connection.opening) {
            Some(Opening::Syn) => "which sent the SYN",
            Some(Opening::SynAck) => "to which the SYN-ACK was sent",
            Some(Opening::FirstSender) => "which sent the first segment captured",
            None => "which sent the first datagram",
        };
        let text =
            format!("Wireshark lists {a} first, sockscope takes {caller} for the caller, {ours}, and Zeek {}.", row.originator);
        let rule = match (row.is_flipped(), self.protocol()) {
            (true, Protocol::Udp) => RULE_UDP_PORTS,
            (true, Protocol::Tcp) => RULE_TCP_PORTS,
            (false, _) => RULE_FIRST_SENDER,
        };
        Some(Difference::new(Subject::Roles, text, rule))
    }

    fn packets(&self) -> Option<Difference> {
        if self.rows.is_empty() {
            return None;
        }
        let ours = [self.conversation.a_to_b.frames, self.conversation.b_to_a.frames];
        let theirs = self.counts(|count| count.packets);
        let text = format!(
            "Wireshark and sockscope count {} and {} packets from {} and {}, Zeek {} and {}.",
            ours[0], ours[1], self.conversation.a, self.conversation.b, theirs[0], theirs[1]
        );
        (ours != theirs).then(|| Difference::new(Subject::Packets, text, RULE_PACKETS))
    }

    fn payload(&self) -> Option<Difference> {
        let ours = [self.conversation.a_to_b.payload, self.conversation.b_to_a.payload];
        let row = self.rows.first()?;
        let (a, b) = (self.conversation.a, self.conversation.b);
        if self.rows.iter().all(|row| row.duration.is_none()) {
            let text = format!(
                "Wireshark and sockscope count {} and {} octets of payload from {a} and {b}, Zeek none.",
                ours[0], ours[1]
            );
            return (ours != [0, 0]).then(|| Difference::new(Subject::Payload, text, RULE_NO_TIME));
        }
        let theirs = self.counts(|count| count.payload);
        if ours == theirs {
            return None;
        }
        let read = self.connection.map_or(String::new(), |connection| {
            let read = |address| end_at(connection, address).delivered().octets;
            format!("; sockscope has {} and {} of them in order", read(a), read(b))
        });
        let text = format!(
            "Wireshark counts {} and {} octets of payload from {a} and {b}, Zeek {} and {}{read}.",
            ours[0], ours[1], theirs[0], theirs[1]
        );
        let rule = match (self.protocol(), row.missed > 0 || theirs[0] > ours[0] || theirs[1] > ours[1]) {
            (Protocol::Udp, _) => RULE_PACKETS,
            (Protocol::Tcp, true) => RULE_MISSED,
            (Protocol::Tcp, false) => RULE_ONCE,
        };
        Some(Difference::new(Subject::Payload, text, rule))
    }

    /// Sums over Zeek's connections, for `a` and for `b`.
    fn counts(&self, of: impl Fn(ZeekCount) -> u64) -> [u64; 2] {
        let from = |address| self.rows.iter().map(|row| of(sent_by(row, address))).sum();
        // An endpoint that talks to itself sends everything as originator.
        if self.conversation.a == self.conversation.b {
            return [from(self.conversation.a), 0];
        }
        [from(self.conversation.a), from(self.conversation.b)]
    }

    fn duration(&self) -> Option<Difference> {
        let row = self.only()?;
        let ours = self.conversation.duration()?;
        let theirs = row.duration.unwrap_or_default();
        // Zeek cuts times to microseconds.
        if ours.is_negative() || ours.saturating_sub(theirs).abs() < SignedDuration::from_micros(1) {
            return None;
        }
        let text = format!(
            "Wireshark and sockscope measure {:.6} s from the first to the last packet, Zeek {:.6} s.",
            ours.as_secs_f64(),
            theirs.as_secs_f64()
        );
        let rule = if self.protocol() == Protocol::Tcp && theirs < ours { RULE_CLOSED } else { RULE_LAST_PACKET };
        Some(Difference::new(Subject::Duration, text, rule))
    }

    /// Wireshark's word against sockscope's.
    fn completeness(&self, connection: &Connection) -> Option<Difference> {
        let word = connection.completeness.text();
        let outcome = connection.outcome();
        let over = matches!(outcome, Outcome::Closed | Outcome::Reset);
        if !word.starts_with("Complete") || over {
            return None;
        }
        let text =
            format!("Wireshark calls the stream \"{word}\"; to sockscope it is {}, {}.", outcome.word(), states(connection));
        Some(Difference::new(Subject::Fate, text, RULE_COMPLETE))
    }

    /// Zeek's word against sockscope's.
    fn fate(&self, connection: &Connection) -> Option<Difference> {
        let (row, outcome) = (self.rows.last()?, connection.outcome());
        if means(row.state) == outcome {
            return None;
        }
        let text = format!(
            "Zeek's conn_state is {} ({}), with the history {}; to sockscope the connection is {}, {}.",
            row.state,
            row.state.meaning(),
            row.history,
            outcome.word(),
            states(connection)
        );
        Some(Difference::new(Subject::Fate, text, self.fate_rule(row, connection)))
    }

    fn fate_rule(&self, row: &ZeekConnection, connection: &Connection) -> &'static str {
        if self.rows.len() > 1 {
            RULE_FATE_SPLIT
        } else if connection.opening != Opening::Syn {
            RULE_FATE_MIDSTREAM
        } else if row.state == ConnState::Oth {
            RULE_FATE_OTHER
        } else if [&connection.ends.initiator, &connection.ends.responder].iter().any(|end| end.rst.is_some()) {
            RULE_FATE_RESET
        } else if row.history.contains(['C', 'c']) {
            RULE_PACKETS
        } else {
            RULE_FATE
        }
    }

    fn repeats(&self, connection: &Connection, side: Side) -> Option<Difference> {
        let end = connection.end_of(side);
        let address = match side {
            Side::Initiator => connection.initiator,
            Side::Responder => connection.responder,
        };
        let said =
            [Verdicts::RETRANSMISSION, Verdicts::OUT_OF_ORDER, Verdicts::KEEP_ALIVE].map(|verdict| end.analysis.of(verdict));
        let [again, overtaken, keep_alives] = said;
        let told: usize = self.rows.iter().map(|row| row.history.matches(repeat_letter(row, address)).count()).sum();
        if (again > 0) == (told > 0) {
            return None;
        }
        let theirs = match told {
            0 => "no segment sent again".to_owned(),
            1 => "at least one segment sent again".to_owned(),
            more => format!("at least {} segments sent again", 10_u64.pow(u32::try_from(more - 1).unwrap_or(0).min(9))),
        };
        let text = format!(
            "From {address} Wireshark sees {again} retransmissions, {overtaken} segments out of order and {keep_alives} keep-alives; Zeek's \
             history has {theirs}; sockscope counts {} octets that came again.",
            end.delivered().repeated
        );
        Some(Difference::new(Subject::Repeats, text, RULE_REPEATS))
    }
}

const RULE_NONE: &str = "Zeek makes no connection of UDP-Lite, of headers that the capture cuts, of fragments that never become a \
                         datagram, and, where it verifies checksums, of packets whose IPv4 header checksum is wrong.";
const RULE_JOINED: &str = "Wireshark 4.0 starts a new stream at every SYN with another sequence number; Zeek does not if the SYN \
                           only overtook its answer, or if it drops the SYN.";
const RULE_UDP_PORTS: &str = "Of UDP, Zeek takes the end with a well-known server port for the one that was called, whoever sent \
                              first (^ in the history).";
const RULE_TCP_PORTS: &str = "Where the begin is missing, Zeek takes the end with a well-known server port for the one that was \
                              called, and so the sender of a SYN-ACK that is followed by more (^ in the history); sockscope goes \
                              by SYN and SYN-ACK, never by ports.";
const RULE_FIRST_SENDER: &str = "Zeek takes the sender of a connection's first packet for its originator; Wireshark lists the \
                                 sender of the first frame, sockscope the end that the SYN or SYN-ACK names.";
const RULE_PACKETS: &str = "Unless it is told to ignore checksums (-C), Zeek drops packets whose checksum is wrong, those left to \
                            the network card among them; it also drops TCP segments whose header is cut.";
const RULE_NO_TIME: &str = "Zeek gives no octets for a connection whose first and last packet came at the same time.";
const RULE_MISSED: &str = "Zeek counts sequence numbers: octets that were sent again count once, and octets that are not in the \
                           capture count too, also as missed_bytes once they are acknowledged.";
const RULE_ONCE: &str = "Wireshark adds up the payload of all segments; Zeek counts sequence numbers, so that octets that were \
                         sent again count once.";
const RULE_CLOSED: &str = "Zeek's duration ends when both ends have closed: the last acknowledgments and what comes after a reset \
                           do not count.";
const RULE_LAST_PACKET: &str = "Zeek measures to the last packet that it does not drop.";
const RULE_COMPLETE: &str = "To Wireshark a stream is complete after one FIN or RST from either end; sockscope follows both ends, \
                             and asks whether the receiver of a RST takes it (RFC 5961 section 3.2).";
const RULE_FATE_SPLIT: &str = "Zeek judges each of its connections by its own packets; this is the last of them.";
const RULE_FATE_MIDSTREAM: &str = "Where the SYN is missing, Zeek's words depend on which end was seen, and a bare FIN or RST counts \
                                   as half a connection; sockscope assumes that both ends were established.";
const RULE_FATE_OTHER: &str = "OTH is what Zeek says where none of its other words fits: in mid-stream without a close, or where the \
                               originator's RST does not follow its SYN at once.";
const RULE_FATE_RESET: &str = "Zeek believes every RST, unless both ends have closed; sockscope believes one that its receiver \
                               takes (RFC 9293 section 3.10.7, RFC 5961 section 3.2).";
const RULE_FATE: &str = "Zeek has one of seven states for each end, told from the flags each end sent; sockscope follows RFC 9293 \
                         at both ends.";
const RULE_REPEATS: &str = "To Zeek a segment with payload is sent again if it ends no further than what was sent before, so that \
                            those out of order, keep-alives with an octet, and payload on a SYN count; Wireshark tells them apart \
                            by sequence number and time, and counts a repeated SYN or FIN too.";

/// Why Zeek ended a connection that went on in Wireshark's stream.
const fn split_rule(ending: Ending, protocol: Protocol) -> Option<&'static str> {
    Some(match (ending, protocol) {
        (Ending::Silence(_), Protocol::Udp) => {
            "Zeek ends a UDP connection after 1 minute of silence; Wireshark never ends a UDP stream."
        }
        (Ending::Silence(_), Protocol::Tcp) => {
            "Zeek ends a TCP connection after 5 minutes of silence, after 1 minute in its handshake, and after 1 hour on the ports \
             of FTP, SSH, Telnet and rlogin; Wireshark never ends one by time."
        }
        (Ending::NoAnswer, _) => "Zeek ends an attempt 5 s after its first SYN if nothing came back; Wireshark keeps waiting.",
        (Ending::Close, _) => {
            "Zeek ends a connection 5 s after its close or reset, and takes what comes later for another one; Wireshark 4.0 starts a \
             new stream only at a SYN with another sequence number, newer versions also at a SYN after a FIN or RST."
        }
        (Ending::Dns, _) => {
            "Zeek looks at an exchange of DNS every 10 s, and ends it if nothing came for 9 s; Wireshark never ends a UDP stream."
        }
        (Ending::Reuse, _) => {
            "Zeek starts a new connection at a SYN with another sequence number from either end, and at any SYN after a FIN or RST; \
             Wireshark 4.0 only at a SYN with another sequence number from the same end, newer versions also after a FIN or RST."
        }
        (Ending::Capture, _) => return None,
    })
}

/// The connection has packets of the conversation.
fn shares_packets(row: &ZeekConnection, conversation: &Conversation) -> bool {
    let (a, b) = (conversation.a, conversation.b);
    let ends = [(a, b), (b, a)].contains(&(row.originator, row.responder));
    let overlap = row.first_frame <= conversation.last_frame && conversation.first_frame <= row.last_frame;
    row.protocol_word() == conversation.id.protocol.word() && ends && overlap
}

fn frames(row: &ZeekConnection) -> String {
    if row.first_frame == row.last_frame {
        return row.first_frame.to_string();
    }
    format!("{} to {}", row.first_frame, row.last_frame)
}

fn sent_by(row: &ZeekConnection, address: SocketAddr) -> ZeekCount {
    if row.originator == address { row.from_originator } else { row.from_responder }
}

/// The letter that a repetition from this address has in the row's history.
fn repeat_letter(row: &ZeekConnection, address: SocketAddr) -> char {
    if row.originator == address { 'T' } else { 't' }
}

fn end_at(connection: &Connection, address: SocketAddr) -> &End {
    connection.end_of(if connection.initiator == address { Side::Initiator } else { Side::Responder })
}

/// `the initiator in TIME-WAIT, the responder in CLOSED`.
fn states(connection: &Connection) -> String {
    let [initiator, responder] = [&connection.ends.initiator, &connection.ends.responder].map(|end| end.state.state);
    format!("the initiator in {initiator}, the responder in {responder}")
}

/// What sockscope would call a connection that Zeek says this of.
const fn means(state: ConnState) -> Outcome {
    match state {
        ConnState::S0 => Outcome::NoReply,
        ConnState::S1 => Outcome::Open,
        ConnState::SF => Outcome::Closed,
        ConnState::Rej => Outcome::Refused,
        ConnState::S2 | ConnState::S3 | ConnState::Sh | ConnState::Shr => Outcome::HalfClosed,
        ConnState::Rsto | ConnState::Rstr | ConnState::Rstos0 | ConnState::Rstrh => Outcome::Reset,
        ConnState::Oth => Outcome::Midstream,
    }
}
