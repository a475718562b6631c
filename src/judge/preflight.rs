//! The pre-flight check: what a capture cannot decide, in plain words, before anything is concluded from it.

use crate::capture::{Description, Interface};
use crate::track::{Connection, Opening, Outcome, Survey, Tally, Trace};

/// One thing to know about a capture.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// Which check found it.
    pub kind: Kind,
    /// What was found, in one sentence.
    pub text: String,
    /// What cannot be decided because of it.
    pub undecidable: Option<&'static str>,
    /// Frames that show it, at most [`Finding::MAX_FRAMES`].
    pub frames: Vec<u64>,
}

/// The checks, in the order of their findings.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// There are no frames.
    Empty,
    /// The file is broken somewhere.
    Damaged,
    /// Packets were lost while capturing.
    Dropped,
    /// A capture filter kept packets out.
    Filtered,
    /// Connections were open before the capture began.
    StartsMidConnection,
    /// Connections were open when the capture ended.
    EndsMidConnection,
    /// A snap length cut frames.
    Cut,
    /// Packets were captured twice.
    Copies,
    /// Checksums were left to hardware.
    OffloadedChecksums,
    /// Checksums are wrong.
    BadChecksums,
    /// Segments are larger than any network carries.
    OffloadedSegments,
    /// Datagrams came in fragments.
    Fragments,
    /// The clock stepped back.
    ClockSteps,
    /// Frames carry no time.
    Untimed,
    /// The statistics' times were written in another unit than the file says.
    StatisticsUnit,
    /// Link types that are not read.
    UnknownLink,
    /// No packet between loopback addresses.
    NoLoopback,
    /// Neither TCP nor UDP.
    NoTransport,
    /// More conversations than the limits allow.
    Limits,
}

impl Kind {
    /// The word for it in machine-readable output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Damaged => "damaged",
            Self::Dropped => "dropped",
            Self::Filtered => "filtered",
            Self::StartsMidConnection => "starts_mid_connection",
            Self::EndsMidConnection => "ends_mid_connection",
            Self::Cut => "cut_by_snap_length",
            Self::Copies => "copies",
            Self::OffloadedChecksums => "offloaded_checksums",
            Self::BadChecksums => "bad_checksums",
            Self::OffloadedSegments => "offloaded_segments",
            Self::Fragments => "fragments",
            Self::ClockSteps => "clock_steps",
            Self::Untimed => "untimed",
            Self::StatisticsUnit => "statistics_unit",
            Self::UnknownLink => "unknown_link_type",
            Self::NoLoopback => "no_loopback",
            Self::NoTransport => "no_tcp_or_udp",
            Self::Limits => "limits",
        }
    }
}

impl Finding {
    /// Frames listed with one finding.
    pub const MAX_FRAMES: usize = 10;

    fn new(kind: Kind, text: String) -> Self {
        Self { kind, text, undecidable: None, frames: Vec::new() }
    }

    fn because(self, undecidable: &'static str) -> Self {
        Self { undecidable: Some(undecidable), ..self }
    }

    fn at(mut self, frames: impl IntoIterator<Item = u64>) -> Self {
        self.frames = frames.into_iter().take(Self::MAX_FRAMES).collect();
        self
    }
}

/// Checks a capture; an empty list means that nothing is in the way.
pub fn preflight(description: &Description, trace: &Trace) -> Vec<Finding> {
    let survey = &trace.survey;
    if survey.frames == 0 {
        return damaged(description)
            .into_iter()
            .chain([Finding::new(Kind::Empty, "The capture holds no frames.".into())])
            .collect();
    }
    let mut findings: Vec<Finding> = Vec::new();
    findings.extend(damaged(description));
    findings.extend(dropped(&description.interfaces));
    findings.extend(description.interfaces.iter().filter_map(filtered));
    findings.extend(starts_mid_connection(&trace.connections));
    findings.extend(ends_mid_connection(&trace.connections));
    findings.extend(survey_findings(survey));
    findings.extend(description.interfaces.iter().find_map(statistics_unit));
    findings.extend(trace.overflow.any().then(limits));
    findings
}

fn damaged(description: &Description) -> Option<Finding> {
    let damage = description.damage.first()?;
    let text = format!("The file is damaged at octet {}: {}.", damage.offset, damage.text);
    Some(Finding::new(Kind::Damaged, text).because("whether packets are missing that the damaged part held"))
}

fn dropped(interfaces: &[Interface]) -> Option<Finding> {
    let lost = |interface: &Interface| {
        let statistics = interface.statistics.as_ref()?;
        Some(statistics.dropped.unwrap_or(0).saturating_add(statistics.os_dropped.unwrap_or(0)))
    };
    let total: u64 = interfaces.iter().filter_map(lost).sum();
    let text = format!("{} lost while capturing: a gap may be the capture's, not the network's.", packets(total));
    (total > 0).then(|| Finding::new(Kind::Dropped, text).because("whether a packet that is missing was ever sent"))
}

fn filtered(interface: &Interface) -> Option<Finding> {
    let text = format!("A capture filter was set: \"{}\".", interface.filter.as_ref()?);
    Some(Finding::new(Kind::Filtered, text).because("what the filter kept out"))
}

fn starts_mid_connection(connections: &[Connection]) -> Option<Finding> {
    let older: Vec<&Connection> = connections.iter().filter(|connection| connection.opening != Opening::Syn).collect();
    let text = format!("Starts mid-connection: {} before the capture began.", were(older.len(), "was opened", "were opened"));
    (!older.is_empty()).then(|| {
        Finding::new(Kind::StartsMidConnection, text)
            .because("who opened those connections, and how their windows are scaled")
            .at(older.iter().map(|connection| connection.first_frame))
    })
}

fn ends_mid_connection(connections: &[Connection]) -> Option<Finding> {
    let unfinished =
        |connection: &&Connection| matches!(connection.outcome(), Outcome::Open | Outcome::HalfClosed | Outcome::Midstream);
    let open: Vec<&Connection> = connections.iter().filter(unfinished).collect();
    let text = format!("Ends mid-connection: {} when the capture ended.", were(open.len(), "was still open", "were still open"));
    (!open.is_empty()).then(|| {
        Finding::new(Kind::EndsMidConnection, text)
            .because("how those connections were closed")
            .at(open.iter().map(|connection| connection.last_frame))
    })
}

/// What the counts over all frames say.
fn survey_findings(survey: &Survey) -> Vec<Finding> {
    let seen = |kind, tally: &Tally, text: String| (tally.frames > 0).then(|| Finding::new(kind, text).at(tally.first));
    let share = |tally: &Tally| format!("{} of {} frames", tally.frames, survey.frames);
    let transport = survey.protocols.keys().any(|name| matches!(name.as_str(), "tcp" | "udp" | "udplite"));
    let checks = [
        seen(Kind::Cut, &survey.cut, format!("Cut by a snap length: {}.", share(&survey.cut)))
            .map(|finding| finding.because("what the payload of those frames says, and whether their checksums are right")),
        seen(
            Kind::Copies,
            &survey.copies,
            format!("Copies of packets captured before (two interfaces, or out and in): {}.", share(&survey.copies)),
        ),
        seen(
            Kind::OffloadedChecksums,
            &survey.checksum_partial,
            format!("Checksums left to the hardware, as on every loopback: {}.", share(&survey.checksum_partial)),
        )
        .map(|finding| finding.because("whether those frames were damaged on the way")),
        seen(Kind::BadChecksums, &survey.checksum_bad, format!("Wrong transport checksums: {}.", share(&survey.checksum_bad))),
        seen(
            Kind::OffloadedSegments,
            &survey.oversized,
            format!(
                "Frames larger than a network carries, because segmentation was left to the hardware or this is loopback: {}.",
                share(&survey.oversized)
            ),
        ),
        seen(
            Kind::Fragments,
            &survey.fragments,
            format!(
                "Fragments of larger datagrams: {}; each datagram counts in the frame that completes it.",
                share(&survey.fragments)
            ),
        ),
        seen(
            Kind::ClockSteps,
            &survey.clock_steps,
            format!(
                "The clock steps back {} (at most {:.6} s).",
                times(survey.clock_steps.frames),
                survey.largest_step.as_secs_f64()
            ),
        )
        .map(|finding| finding.because("exact intervals across those steps")),
        seen(Kind::Untimed, &survey.untimed, format!("Frames without a time: {}.", share(&survey.untimed)))
            .map(|finding| finding.because("intervals between those frames")),
        unknown_links(survey),
        (survey.loopback.frames == 0).then(|| {
            Finding::new(Kind::NoLoopback, "No packet between loopback addresses (127.0.0.0/8, ::1).".into())
                .because("what programs on one machine said to each other over 127.0.0.1")
        }),
        (!transport).then(|| Finding::new(Kind::NoTransport, "Neither TCP nor UDP: there is no socket to show.".into())),
    ];
    checks.into_iter().flatten().collect()
}

fn unknown_links(survey: &Survey) -> Option<Finding> {
    let frames: u64 = survey.unknown_links.values().map(|tally| tally.frames).sum();
    let numbers: Vec<String> = survey.unknown_links.keys().map(u16::to_string).collect();
    let text = format!("Frames of a link type that is not read ({}): {frames} of {} frames.", numbers.join(", "), survey.frames);
    let first = survey.unknown_links.values().filter_map(|tally| tally.first).min();
    (frames > 0).then(|| Finding::new(Kind::UnknownLink, text).because("what those frames carry").at(first))
}

fn statistics_unit(interface: &Interface) -> Option<Finding> {
    let repaired = interface.statistics.as_ref()?.unit_repaired;
    let text =
        "The capture statistics give their times in microseconds under another unit, as dumpcap 4.0 does; they are read so.";
    repaired.then(|| Finding::new(Kind::StatisticsUnit, text.into()))
}

fn limits() -> Finding {
    let text = "The capture holds more than the limits on memory allow; what is left out is counted.";
    Finding::new(Kind::Limits, text.into()).because("the conversations that were left out")
}

/// `1 connection was open`, `2 connections were open`.
fn were(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 TCP connection {one}") } else { format!("{number} TCP connections {many}") }
}

fn packets(number: u64) -> String {
    if number == 1 { "1 packet was".into() } else { format!("{number} packets were") }
}

fn times(number: u64) -> String {
    if number == 1 { "once".into() } else { format!("{number} times") }
}
