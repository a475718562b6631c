//! The states of one endpoint: Figure 5 of RFC 9293, section 3.3.2, as a table.
//!
//! An observer sees segments, not states. What a segment means for the end that sent it and for the end it was sent to
//! becomes a [`Signal`] first (see [`super::connection`]); this file only follows the arrows.

use std::fmt;

use Signal::*;
use State::*;

/// A state of RFC 9293 section 3.3.2.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum State {
    /// No connection.
    Closed,
    /// Waiting for a connection request.
    Listen,
    /// A SYN was sent, its answer is awaited.
    SynSent,
    /// SYN came and was answered; the acknowledgment is awaited.
    SynReceived,
    /// Open both ways.
    Established,
    /// FIN was sent, neither acknowledged nor answered.
    FinWait1,
    /// FIN was sent and acknowledged; the peer may go on sending.
    FinWait2,
    /// The peer's FIN came; this end may go on sending.
    CloseWait,
    /// Both sent FIN before either was acknowledged.
    Closing,
    /// The peer closed first, then this end; its FIN is not acknowledged yet.
    LastAck,
    /// Closed first; waiting so that late segments die (twice the maximum segment lifetime).
    TimeWait,
}

impl State {
    /// The name in RFC 9293, with hyphens.
    pub const fn name(self) -> &'static str {
        match self {
            Closed => "CLOSED",
            Listen => "LISTEN",
            SynSent => "SYN-SENT",
            SynReceived => "SYN-RECEIVED",
            Established => "ESTABLISHED",
            FinWait1 => "FIN-WAIT-1",
            FinWait2 => "FIN-WAIT-2",
            CloseWait => "CLOSE-WAIT",
            Closing => "CLOSING",
            LastAck => "LAST-ACK",
            TimeWait => "TIME-WAIT",
        }
    }

    /// Follows one arrow of Figure 5; `None` where it draws none.
    pub const fn after(self, signal: Signal) -> Option<Self> {
        Some(match (self, signal) {
            (Closed | Listen, SentSyn) => SynSent,
            (Closed | Listen, SentSynAck) => SynReceived,
            (SynSent, GotSyn) => SynReceived, // Simultaneous open, Figure 7.
            (SynSent, GotSynAck) => Established,
            (SynReceived, SynAcked) => Established,
            (SynReceived | Established, SentFin) => FinWait1,
            (SynReceived | Established, GotFin) => CloseWait,
            (FinWait1, FinAcked) => FinWait2,
            (FinWait1, GotFin) => Closing, // Simultaneous close, Figure 13.
            (FinWait2, GotFin) => TimeWait,
            (CloseWait, SentFin) => LastAck,
            (Closing, FinAcked) => TimeWait,
            (LastAck, FinAcked) => Closed,
            // A RST answers for no connection here, or refuses what belongs to another one.
            (Closed | Listen | SynSent, SentRst) => return None,
            (_, SentRst) => Closed,
            (Closed | Listen, GotRst) => return None,
            (_, GotRst) => Closed,
            _ => return None,
        })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What happened at one endpoint.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Signal {
    /// It sent a SYN.
    SentSyn,
    /// It sent a SYN-ACK.
    SentSynAck,
    /// A SYN reached it.
    GotSyn,
    /// An acceptable SYN-ACK reached it.
    GotSynAck,
    /// Its SYN was acknowledged.
    SynAcked,
    /// It sent a FIN.
    SentFin,
    /// The peer's FIN reached it, in order.
    GotFin,
    /// Its FIN was acknowledged.
    FinAcked,
    /// It sent a RST.
    SentRst,
    /// An acceptable RST reached it.
    GotRst,
}

impl Signal {
    /// What happened, in a few words.
    pub const fn text(self) -> &'static str {
        match self {
            SentSyn => "sent SYN",
            SentSynAck => "answered with SYN-ACK",
            GotSyn => "got SYN while its own was under way",
            GotSynAck => "got the answer to its SYN",
            SynAcked => "got the acknowledgment of its SYN",
            SentFin => "sent FIN",
            GotFin => "got the peer's FIN",
            FinAcked => "got the acknowledgment of its FIN",
            SentRst => "sent RST",
            GotRst => "got a RST it has to take",
        }
    }

    /// The section of RFC 9293 that says what it does in this state.
    pub const fn section(self, state: State) -> &'static str {
        match (self, state) {
            (SentSyn | GotSyn, _) => "3.5",
            (SentSynAck, _) => "3.10.7.2",
            (GotSynAck, _) | (GotRst, SynSent) => "3.10.7.3",
            (SynAcked | GotFin | FinAcked | GotRst, _) => "3.10.7.4",
            (SentFin, _) => "3.6",
            (SentRst, _) => "3.5.2",
        }
    }
}

/// How a claim is known.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Evidence {
    /// Follows from what should have happened; nothing in the capture shows it.
    Assumed,
    /// The endpoint acted on it later.
    Proved,
    /// The endpoint's own packet says so.
    Observed,
}

impl Evidence {
    /// `assumed`, `proved` or `observed`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Assumed => "assumed",
            Self::Proved => "proved",
            Self::Observed => "observed",
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The state an endpoint is in, since which frame, and how that is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Claim {
    /// The state.
    pub state: State,
    /// The frame that brought it about.
    pub frame: u64,
    /// How it is known.
    pub evidence: Evidence,
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 11] =
        [Closed, Listen, SynSent, SynReceived, Established, FinWait1, FinWait2, CloseWait, Closing, LastAck, TimeWait];
    const SIGNALS: [Signal; 10] = [SentSyn, SentSynAck, GotSyn, GotSynAck, SynAcked, SentFin, GotFin, FinAcked, SentRst, GotRst];

    /// Every pair, one row per state, one letter per signal: the figure, to lay beside the RFC.
    #[test]
    fn every_state_meets_every_signal() {
        let letter = |state: Option<State>| match state {
            None => '.',
            Some(Closed) => 'C',
            Some(Listen) => 'L',
            Some(SynSent) => 's',
            Some(SynReceived) => 'r',
            Some(Established) => 'E',
            Some(FinWait1) => '1',
            Some(FinWait2) => '2',
            Some(CloseWait) => 'W',
            Some(Closing) => 'x',
            Some(LastAck) => 'A',
            Some(TimeWait) => 'T',
        };
        let table: Vec<String> =
            STATES.iter().map(|state| SIGNALS.iter().map(|signal| letter(state.after(*signal))).collect()).collect();
        let expected = [
            "sr........", // CLOSED
            "sr........", // LISTEN
            "..rE.....C", // SYN-SENT
            "....E1W.CC", // SYN-RECEIVED
            ".....1W.CC", // ESTABLISHED
            "......x2CC", // FIN-WAIT-1
            "......T.CC", // FIN-WAIT-2
            ".....A..CC", // CLOSE-WAIT
            ".......TCC", // CLOSING
            ".......CCC", // LAST-ACK
            "........CC", // TIME-WAIT
        ];
        assert_eq!(table, expected);
    }
}
