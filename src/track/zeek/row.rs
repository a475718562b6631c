//! One connection as a row of `conn.log`.

use std::fmt;
use std::net::SocketAddr;

use jiff::SignedDuration;

use super::endpoint::State;
use crate::capture::Timestamp;
use crate::decode::IpProtocol;

/// One row of `conn.log`.
#[derive(Clone, Debug, PartialEq)]
pub struct ZeekConnection {
    /// A name like Zeek's, which follows from the packets.
    pub uid: String,
    /// Time of the first packet, in whole microseconds.
    pub start: Timestamp,
    /// TCP, UDP, ICMP or ICMPv6.
    pub protocol: IpProtocol,
    /// Who called, as Zeek sees it; of an ICMP connection the port is the message type.
    pub originator: SocketAddr,
    /// Who was called; of an ICMP connection the port is the type of the answer, or the code where there is none.
    pub responder: SocketAddr,
    /// From the first packet to the close, or to the last packet if there was none; `None` if no time passed, and then
    /// Zeek gives no payload either.
    pub duration: Option<SignedDuration>,
    /// What became of it.
    pub state: ConnState,
    /// Octets that were acknowledged but are not in the capture.
    pub missed: u64,
    /// A letter for each thing that happened.
    pub history: String,
    /// What the originator sent.
    pub from_originator: ZeekCount,
    /// What the responder sent.
    pub from_responder: ZeekCount,
    /// First frame.
    pub first_frame: u64,
    /// Last frame.
    pub last_frame: u64,
    /// Why Zeek ended it there.
    pub ending: Ending,
}

/// What one side sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ZeekCount {
    /// Octets of payload. Of TCP they are told from sequence numbers: each once, also those that are not in the capture.
    pub payload: u64,
    /// Packets.
    pub packets: u64,
    /// Octets of these packets from the IP header on.
    pub octets: u64,
}

impl ZeekConnection {
    /// `tcp`, `udp` or `icmp`.
    pub const fn protocol_word(&self) -> &'static str {
        match self.protocol {
            IpProtocol::TCP => "tcp",
            IpProtocol::UDP => "udp",
            _ => "icmp",
        }
    }

    /// Zeek turned the roles round at some time.
    pub fn is_flipped(&self) -> bool {
        self.history.contains('^')
    }
}

/// What became of a connection (`conn_state`).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ConnState {
    /// `S0`: an attempt, no answer.
    S0,
    /// `S1`: established, not closed.
    S1,
    /// `SF`: established and closed.
    SF,
    /// `REJ`: an attempt, refused.
    Rej,
    /// `S2`: established, closed by the originator only.
    S2,
    /// `S3`: established, closed by the responder only.
    S3,
    /// `RSTO`: established, reset by the originator.
    Rsto,
    /// `RSTR`: reset by the responder.
    Rstr,
    /// `RSTOS0`: a SYN and a RST of the originator, no SYN-ACK.
    Rstos0,
    /// `RSTRH`: a SYN-ACK and a RST of the responder, no SYN.
    Rstrh,
    /// `SH`: a SYN and a FIN of the originator, no SYN-ACK.
    Sh,
    /// `SHR`: a SYN-ACK and a FIN of the responder, no SYN.
    Shr,
    /// `OTH`: none of these; no begin was seen.
    Oth,
}

impl ConnState {
    /// Zeek's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::S0 => "S0",
            Self::S1 => "S1",
            Self::SF => "SF",
            Self::Rej => "REJ",
            Self::S2 => "S2",
            Self::S3 => "S3",
            Self::Rsto => "RSTO",
            Self::Rstr => "RSTR",
            Self::Rstos0 => "RSTOS0",
            Self::Rstrh => "RSTRH",
            Self::Sh => "SH",
            Self::Shr => "SHR",
            Self::Oth => "OTH",
        }
    }

    /// What it stands for, in a few words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::S0 => "an attempt without answer",
            Self::S1 => "established, not closed",
            Self::SF => "established and closed",
            Self::Rej => "an attempt that was refused",
            Self::S2 => "established, closed by the originator only",
            Self::S3 => "established, closed by the responder only",
            Self::Rsto => "reset by the originator",
            Self::Rstr => "reset by the responder",
            Self::Rstos0 => "a SYN and a RST of the originator, no SYN-ACK",
            Self::Rstrh => "a SYN-ACK and a RST of the responder, no SYN",
            Self::Sh => "a FIN of the originator, no SYN-ACK",
            Self::Shr => "a FIN of the responder, no SYN",
            Self::Oth => "none of its other words fits",
        }
    }

    /// Of a TCP connection whose ends are in these states; `empty` if neither sent any payload. The first rule counts.
    pub(super) fn of_tcp(originator: State, responder: State, empty: bool, history: &str) -> Self {
        use State::{Closed, Established, Inactive, Partial, Reset, SynAckSent, SynSent};
        match (originator, responder) {
            (SynSent | SynAckSent, Reset) => Self::Rej,
            (Reset, Reset) if empty => Self::Rej,
            (Inactive | Partial, Reset) => Self::Rstrh,
            (_, Reset) => Self::Rstr,
            (Reset, Inactive | Partial) if is_syn_then_reset(history) => Self::Rstos0,
            (Reset, Inactive | Partial) => Self::Oth,
            (Reset, _) => Self::Rsto,
            (Closed, Closed) => Self::SF,
            (Closed, Inactive | Partial) => Self::Sh,
            (Closed, _) => Self::S2,
            (Inactive | Partial, Closed) => Self::Shr,
            (_, Closed) => Self::S3,
            (SynSent, Inactive) => Self::S0,
            (Established, Established) => Self::S1,
            _ => Self::Oth,
        }
    }

    /// Of a UDP connection whose ends sent something, or did not.
    pub(super) const fn of_udp(originator: bool, responder: bool) -> Self {
        match (originator, responder) {
            (true, true) => Self::SF,
            (true, false) => Self::S0,
            (false, true) => Self::Shr,
            (false, false) => Self::Oth,
        }
    }
}

/// [`ConnState::word`].
impl fmt::Display for ConnState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The originator sent a SYN, and nothing that shows an answer before its RST: `^?S[^HAFGIQ]*R.*`.
fn is_syn_then_reset(history: &str) -> bool {
    let letters = history.strip_prefix('^').unwrap_or(history);
    let Some(after) = letters.strip_prefix('S') else { return false };
    after.split_once('R').is_some_and(|(between, _)| !between.contains(['H', 'A', 'F', 'G', 'I', 'Q']))
}

/// Why Zeek ended a connection where it did: what comes later on the same addresses is another one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Ending {
    /// Nothing came for so long.
    Silence(SignedDuration),
    /// The SYN was not answered in five seconds.
    NoAnswer,
    /// It was closed or reset, and five seconds passed.
    Close,
    /// An exchange of DNS, and nothing came for nine seconds.
    Dns,
    /// A new SYN on the same addresses.
    Reuse,
    /// The capture ended.
    Capture,
}

/// Half a sentence: why it ended.
impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silence(limit) if limit.as_hours() > 0 => write!(f, "after {} h of silence", limit.as_hours()),
            Self::Silence(limit) => write!(f, "after {} min of silence", limit.as_mins()),
            Self::NoAnswer => f.write_str("5 s after a SYN that was not answered"),
            Self::Close => f.write_str("5 s after its close"),
            Self::Dns => f.write_str("some 10 s after an exchange of DNS"),
            Self::Reuse => f.write_str("at a new SYN on the same addresses"),
            Self::Capture => f.write_str("with the capture"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resets_before_an_answer_are_told_from_the_history() {
        for (history, expected) in
            [("SR", true), ("^SR", true), ("SaR", true), ("STR", true), ("ShR", true), ("SAR", false), ("R", false)]
        {
            assert_eq!(is_syn_then_reset(history), expected, "{history}");
        }
    }
}
