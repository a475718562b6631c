//! The words for what became of a connection: how it was opened, how it closed, who closed it.

/// How it is known who opened a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Opening {
    /// It sent the SYN.
    Syn,
    /// A SYN-ACK was sent to it.
    SynAck,
    /// It sent the first segment in the capture, which began later than the connection: a guess.
    FirstSender,
}

impl Opening {
    /// `syn`, `syn_ack` or `first_sender`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Syn => "syn",
            Self::SynAck => "syn_ack",
            Self::FirstSender => "first_sender",
        }
    }
}

/// What became of a connection, as far as the capture shows.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Outcome {
    /// A SYN, and nothing from the responder.
    NoReply,
    /// A SYN, answered by a RST.
    Refused,
    /// Open when the capture ended.
    Open,
    /// One end sent a FIN, the other did not.
    HalfClosed,
    /// Both ends sent a FIN.
    Closed,
    /// A RST ended it.
    Reset,
    /// Neither its begin nor its end was captured.
    Midstream,
}

impl Outcome {
    /// The word for it in machine-readable output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoReply => "no_reply",
            Self::Refused => "refused",
            Self::Open => "open",
            Self::HalfClosed => "half_closed",
            Self::Closed => "closed",
            Self::Reset => "reset",
            Self::Midstream => "midstream",
        }
    }
}

/// How a connection's two FINs met (RFC 9293 section 3.6).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Close {
    /// FIN, FIN with its acknowledgment, ACK.
    ThreeSegments,
    /// FIN, ACK, FIN, ACK.
    FourSegments,
    /// Two FINs that crossed.
    Simultaneous,
}

impl Close {
    /// The word for it in machine-readable output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ThreeSegments => "three_segments",
            Self::FourSegments => "four_segments",
            Self::Simultaneous => "simultaneous",
        }
    }
}

/// Which end sent the first FIN.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Closer {
    /// The initiator, which then waits in TIME-WAIT.
    Initiator,
    /// The responder, which then waits in TIME-WAIT.
    Responder,
    /// Both: their FINs crossed.
    Both,
}

impl Closer {
    /// `initiator`, `responder` or `both`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Initiator => "initiator",
            Self::Responder => "responder",
            Self::Both => "both",
        }
    }
}
