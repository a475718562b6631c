//! `info`: the capture itself.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::IpAddr;

use serde::Serialize;

use super::SCHEMA;
use super::format::{Text, document};
use crate::capture::{self, Description, HostAddress, Resolution, Timestamp};
use crate::judge;
use crate::present::overview::Overview;
use crate::present::time::Seconds;
use crate::track::Survey;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    #[serde(flatten)]
    capture: Capture<'a>,
}

#[derive(Serialize)]
pub(super) struct Capture<'a> {
    file: &'a str,
    sha256: Option<&'a str>,
    size: Option<u64>,
    format: &'static str,
    compression: Option<&'static str>,
    sections: Vec<Section<'a>>,
    interfaces: Vec<Interface<'a>>,
    frames: u64,
    octets: u64,
    captured_octets: u64,
    first: Option<Text<Timestamp>>,
    last: Option<Text<Timestamp>>,
    duration: Option<Seconds>,
    link_types: Vec<Text<capture::LinkType>>,
    protocols: &'a BTreeMap<String, u64>,
    packet_comments: Vec<Comment<'a>>,
    names: Vec<Name<'a>>,
    findings: Vec<Finding<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    damage: Option<Damage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    more_damage: Vec<Damage<'a>>,
}

#[derive(Serialize)]
struct Section<'a> {
    hardware: Option<&'a str>,
    os: Option<&'a str>,
    application: Option<&'a str>,
    comments: &'a [String],
}

#[derive(Serialize)]
struct Interface<'a> {
    id: u32,
    section: usize,
    link_type: Text<capture::LinkType>,
    link_type_number: u16,
    name: Option<&'a str>,
    description: Option<&'a str>,
    /// Such as `192.168.0.7/24`, in file order.
    addresses: Vec<Text<HostAddress>>,
    os: Option<&'a str>,
    hardware: Option<&'a str>,
    filter: Option<&'a str>,
    snap_length: Option<u32>,
    resolution: Text<Resolution>,
    offset_seconds: i64,
    frames: u64,
    received: Option<u64>,
    dropped: Option<u64>,
    os_dropped: Option<u64>,
    delivered: Option<u64>,
    comments: &'a [String],
}

#[derive(Serialize)]
struct Comment<'a> {
    frame: u64,
    text: &'a str,
}

#[derive(Serialize)]
struct Name<'a> {
    address: Text<IpAddr>,
    name: &'a str,
}

#[derive(Serialize)]
struct Finding<'a> {
    kind: &'a str,
    text: &'a str,
    undecidable: Option<&'a str>,
    frames: &'a [u64],
}

#[derive(Serialize)]
struct Damage<'a> {
    offset: u64,
    text: &'a str,
    skipped_octets: u64,
}

impl<'a> From<&Overview<'a>> for Capture<'a> {
    fn from(overview: &Overview<'a>) -> Self {
        let (description, survey): (&'a Description, &'a Survey) = (overview.description, &overview.trace.survey);
        let mut damage = description.damage.iter().map(Damage::from);
        Self {
            file: overview.file,
            sha256: overview.sha256,
            size: overview.size,
            format: description.format.word(),
            compression: description.compression.word(),
            sections: description.sections.iter().map(Section::from).collect(),
            interfaces: description.interfaces.iter().map(Interface::from).collect(),
            frames: survey.frames,
            octets: survey.octets,
            captured_octets: survey.captured_octets,
            first: survey.first.map(Text),
            last: survey.last.map(Text),
            duration: survey.duration().map(Seconds),
            link_types: survey.link_types().map(Text).collect(),
            protocols: &survey.protocols,
            packet_comments: description.packet_comments.iter().map(|(frame, text)| Comment { frame: *frame, text }).collect(),
            names: description.names.iter().map(|(address, name)| Name { address: Text(*address), name }).collect(),
            findings: overview.findings.iter().map(Finding::from).collect(),
            damage: damage.next(),
            more_damage: damage.collect(),
        }
    }
}

impl<'a> From<&'a capture::Section> for Section<'a> {
    fn from(section: &'a capture::Section) -> Self {
        Self {
            hardware: section.hardware.as_deref(),
            os: section.os.as_deref(),
            application: section.application.as_deref(),
            comments: &section.comments,
        }
    }
}

impl<'a> From<&'a capture::Interface> for Interface<'a> {
    fn from(interface: &'a capture::Interface) -> Self {
        let statistics = interface.statistics.as_ref();
        Self {
            id: interface.id.0,
            section: interface.section,
            link_type: Text(interface.link_type),
            link_type_number: interface.link_type.0,
            name: interface.name.as_deref(),
            description: interface.description.as_deref(),
            addresses: interface.addresses.iter().copied().map(Text).collect(),
            os: interface.os.as_deref(),
            hardware: interface.hardware.as_deref(),
            filter: interface.filter.as_deref(),
            snap_length: interface.snap_length,
            resolution: Text(interface.resolution),
            offset_seconds: interface.offset_seconds,
            frames: interface.frames,
            received: statistics.and_then(|counters| counters.received),
            dropped: statistics.and_then(|counters| counters.dropped),
            os_dropped: statistics.and_then(|counters| counters.os_dropped),
            delivered: statistics.and_then(|counters| counters.delivered),
            comments: &interface.comments,
        }
    }
}

impl<'a> From<&'a judge::Finding> for Finding<'a> {
    fn from(finding: &'a judge::Finding) -> Self {
        Self { kind: finding.kind.word(), text: &finding.text, undecidable: finding.undecidable, frames: &finding.frames }
    }
}

impl<'a> From<&'a capture::Damage> for Damage<'a> {
    fn from(damage: &'a capture::Damage) -> Self {
        Self { offset: damage.offset, text: &damage.text, skipped_octets: damage.skipped }
    }
}

/// Writes what is known of the capture itself as one document.
///
/// # Errors
/// What the writer says.
pub fn write(overview: &Overview<'_>, out: &mut impl Write) -> io::Result<()> {
    document(&Document { schema: SCHEMA, capture: Capture::from(overview) }, out)
}
