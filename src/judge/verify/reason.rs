//! Why a table rebuilt from packets and the kernel may differ.

use crate::track::{Evidence, Socket, SocketState};

/// Why the two differ.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Reason {
    /// A packet of it is so close that one of both had not seen it yet.
    InFlight,
    /// The socket was there before the capture began, and no packet has shown it since.
    BeganEarlier,
    /// The capture lost packets, and this may have been among them.
    PacketsLost,
    /// The capture is filtered, and this may have been left out.
    FilteredOut,
    /// No packet of it was captured.
    NoPacket,
    /// A captured segment should have changed its state, and nothing shows that it arrived.
    Assumed,
    /// The kernel ended TIME-WAIT: after its time, or earlier, for a new connection or since it has too many of them.
    TimeWaitEnded,
    /// The kernel's TIME-WAIT lasts longer than ours.
    TimeWaitLonger,
    /// The program closed it, and its FIN waits behind octets that it could not send yet.
    FinWaits,
    /// It goes on though a captured RST bore its address: somebody else sent that.
    ForgedReset,
    /// A timer of the kernel gave the socket up, or it had too many that nobody holds.
    TimedOut,
    /// The socket was closed without a packet, as listeners and UDP sockets are.
    SilentClose,
    /// The socket was opened without a packet, after one had said that nobody was there.
    SilentOpen,
    /// Nothing known explains it.
    Unexplained,
}

impl Reason {
    /// The word in machine-readable output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InFlight => "in_flight",
            Self::BeganEarlier => "began_earlier",
            Self::PacketsLost => "packets_lost",
            Self::FilteredOut => "filtered_out",
            Self::NoPacket => "no_packet",
            Self::Assumed => "assumed",
            Self::TimeWaitEnded => "time_wait_ended",
            Self::TimeWaitLonger => "time_wait_longer",
            Self::FinWaits => "fin_waits",
            Self::ForgedReset => "forged_reset",
            Self::TimedOut => "timed_out",
            Self::SilentClose => "silent_close",
            Self::SilentOpen => "silent_open",
            Self::Unexplained => "unexplained",
        }
    }

    /// The reason in a sentence.
    pub const fn text(self) -> &'static str {
        match self {
            Self::InFlight => "a packet of it was on its way",
            Self::BeganEarlier => "it is older than the capture, and has sent and got nothing since",
            Self::PacketsLost => "the capture lost packets, perhaps its own",
            Self::FilteredOut => "the capture filter may have left its packets out",
            Self::NoPacket => "no packet of it was captured",
            Self::Assumed => "a segment that was captured may not have reached it",
            Self::TimeWaitEnded => "the kernel ends TIME-WAIT by its own clock, for a new connection, or when it has too many",
            Self::TimeWaitLonger => "the kernel's clock ends TIME-WAIT a little later",
            Self::FinWaits => "it was closed, and its FIN waits behind octets that it could not send yet",
            Self::ForgedReset => "a RST bore its address, and somebody else sent that",
            Self::TimedOut => "a timer of the kernel gave it up, which sends nothing",
            Self::SilentClose => "it was closed, which sends nothing",
            Self::SilentOpen => "it was opened, which sends nothing",
            Self::Unexplained => "nothing known explains it",
        }
    }

    /// The capture has no packet of the socket, so that nothing could have been said of it.
    pub const fn is_unseen(self) -> bool {
        matches!(self, Self::BeganEarlier | Self::FilteredOut | Self::NoPacket)
    }

    /// It is worth a line of its own: something was seen of the socket, and it is not the moment alone.
    pub const fn is_told(self) -> bool {
        !self.is_unseen() && !matches!(self, Self::InFlight)
    }

    /// Why the kernel does not have an end of a connection that we say is there.
    pub(super) fn of_missing(row: &Socket) -> Self {
        match row.state {
            SocketState::TimeWait => Self::TimeWaitEnded,
            SocketState::FinWait2
            | SocketState::FinWait1
            | SocketState::LastAck
            | SocketState::Closing
            | SocketState::SynSent => Self::TimedOut,
            _ => Self::of_other_state(row),
        }
    }

    /// Why the kernel still has an end of a connection that we say is closed.
    pub(super) fn of_left_over(row: &Socket, kernel: SocketState) -> Self {
        match (kernel, row.evidence) {
            (SocketState::TimeWait, _) => Self::TimeWaitLonger,
            // An end closes observably in one way only: by sending a RST.
            (_, Evidence::Observed) => Self::ForgedReset,
            _ => Self::of_other_state(row),
        }
    }

    /// Why an end of a connection of which octets wait to be sent is in this state.
    pub(super) fn of_waiting(row: &Socket, kernel: SocketState) -> Self {
        match (row.state, kernel) {
            (SocketState::Estab, SocketState::FinWait1) | (SocketState::CloseWait, SocketState::LastAck) => Self::FinWaits,
            _ => Self::of_other_state(row),
        }
    }

    /// Why an end of a connection is in another state.
    pub(super) fn of_other_state(row: &Socket) -> Self {
        if row.evidence == Evidence::Assumed { Self::Assumed } else { Self::Unexplained }
    }
}
