//! Oddities: data beside the results, each with its frame. Only a rubric makes one a fault.

use std::fmt;

/// Something odd in one frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Note {
    /// The frame.
    pub frame: u64,
    /// What is odd about it.
    pub oddity: Oddity,
}

/// What can be odd about a frame.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Oddity {
    /// The same packet was captured before, on another interface or in the other direction (traps T1-T3).
    CopyOf(u64),
    /// The transport checksum is wrong, and not as an offloaded one is.
    BadChecksum,
    /// The IPv4 header checksum is wrong.
    BadHeaderChecksum,
    /// The frame's time is before the time of the frame in front of it.
    ClockStep,
    /// The fragment repeats or contradicts octets that an earlier fragment of its datagram brought.
    FragmentOverlap,
    /// The datagram's fragments were given up before all had come.
    FragmentGivenUp,
    /// A new connection on a 5-tuple that an earlier one used.
    PortReuse,
    /// A SYN-ACK carries another sequence number than the one before.
    SynAckChanged,
    /// SYN together with FIN or RST.
    StrangeFlags,
    /// The segment carries payload on a SYN (TCP Fast Open, RFC 7413, or a scan).
    DataOnSyn,
    /// A RST outside of what the receiver expects: it changes nothing there (RFC 5961 section 3.2).
    ResetIgnored,
    /// Payload from a side that had sent its FIN.
    DataAfterFin,
    /// The UDP length contradicts the IP length.
    BadLength,
}

impl Oddity {
    /// The word for it in machine-readable output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CopyOf(_) => "copy",
            Self::BadChecksum => "bad_checksum",
            Self::BadHeaderChecksum => "bad_header_checksum",
            Self::ClockStep => "clock_step",
            Self::FragmentOverlap => "fragment_overlap",
            Self::FragmentGivenUp => "fragment_given_up",
            Self::PortReuse => "port_reuse",
            Self::SynAckChanged => "syn_ack_changed",
            Self::StrangeFlags => "strange_flags",
            Self::DataOnSyn => "data_on_syn",
            Self::ResetIgnored => "reset_ignored",
            Self::DataAfterFin => "data_after_fin",
            Self::BadLength => "bad_length",
        }
    }
}

/// A few words for a table.
impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CopyOf(frame) => return write!(f, "copy of frame {frame}"),
            Self::BadChecksum => "bad checksum",
            Self::BadHeaderChecksum => "bad IPv4 header checksum",
            Self::ClockStep => "clock stepped back",
            Self::FragmentOverlap => "fragment overlaps an earlier one",
            Self::FragmentGivenUp => "fragments never completed",
            Self::PortReuse => "ports used again for a new connection",
            Self::SynAckChanged => "SYN-ACK with another sequence number",
            Self::StrangeFlags => "SYN together with FIN or RST",
            Self::DataOnSyn => "payload on a SYN",
            Self::ResetIgnored => "RST that its receiver ignores",
            Self::DataAfterFin => "payload after FIN",
            Self::BadLength => "UDP length contradicts IP",
        })
    }
}
