//! The capture itself as text: what made it, on which interfaces, and what it can and cannot show.

use std::borrow::Cow;
use std::io::{self, Write};

use super::look::{Ink, Look};
use super::sanitize::sanitize;
use super::table::{Align, Table};
use super::time::{self, Dial, Seconds, Span};
use super::words;
use crate::capture::{Description, Format, Interface, Section};
use crate::judge::Finding;
use crate::track::{Survey, Trace};

/// All that is known of a capture once it was read.
#[derive(Clone, Copy, Debug)]
pub struct Overview<'a> {
    /// The file's name as the user gave it; `-` for standard input.
    pub file: &'a str,
    /// SHA-256 of the file on disk, in hexadecimal; `None` for standard input.
    pub sha256: Option<&'a str>,
    /// Octets of the file on disk.
    pub size: Option<u64>,
    /// What the file says of itself.
    pub description: &'a Description,
    /// What its packets showed.
    pub trace: &'a Trace,
    /// What it can and cannot decide, in plain words.
    pub findings: &'a [Finding],
}

/// Writes the lines that head the default view: the file, who made it, and its frames.
///
/// # Errors
/// What the writer says.
pub fn write_heading(overview: &Overview<'_>, look: Look, dial: &Dial, out: &mut impl Write) -> io::Result<()> {
    let (description, survey) = (overview.description, &overview.trace.survey);
    let made_by = description.sections.iter().find_map(maker).map(|maker| format!(" by {maker}")).unwrap_or_default();
    writeln!(out, "{}", look.paint(Ink::Strong, file_name(overview)))?;
    writeln!(out, "{}{}", format_name(description), sanitize(&made_by))?;
    let frames = words::counted(survey.frames, "frame");
    writeln!(out, "{frames}, {}{}", words::counted(survey.octets, "octet"), sanitize(&interfaces(description)))?;
    match (survey.earliest, survey.duration()) {
        (Some(start), Some(duration)) => writeln!(out, "from {}, for {}", dial.date(start, digits(description)), Span(duration)),
        _ => Ok(()),
    }
}

fn file_name<'a>(overview: &Overview<'a>) -> Cow<'a, str> {
    if overview.file == "-" { Cow::Borrowed("standard input") } else { sanitize(overview.file) }
}

/// ` on lo (ETHERNET)`: the interfaces that frames came from, at most three.
fn interfaces(description: &Description) -> String {
    let used: Vec<String> = description.interfaces.iter().filter(|interface| interface.frames > 0).map(interface_name).collect();
    match used.as_slice() {
        [] => String::new(),
        few @ ([_] | [_, _] | [_, _, _]) => format!(" on {}", few.join(", ")),
        many => format!(" on {}, … ({} interfaces)", many[..2].join(", "), many.len()),
    }
}

/// The most digits that an interface's clock is worth.
fn digits(description: &Description) -> usize {
    description.interfaces.iter().map(|interface| time::digits(interface.resolution)).max().unwrap_or(6)
}

/// `pcapng`, `nanosecond pcap in gzip`.
fn format_name(description: &Description) -> String {
    let format = match description.format {
        Format::PcapNanosecond => "nanosecond pcap",
        Format::PcapModified => "modified pcap",
        other => other.word(),
    };
    match description.compression.word() {
        Some(compression) => format!("{format} in {compression}"),
        None => format.to_owned(),
    }
}

/// `Dumpcap (Wireshark) 4.0.17 on Linux 6.1`, without the remarks on its build.
fn maker(section: &Section) -> Option<String> {
    let plain = |text: &String| text.split(" (Git").next().unwrap_or(text).to_owned();
    match (section.application.as_ref().map(plain), section.os.as_ref().map(plain)) {
        (Some(application), Some(os)) => Some(format!("{application} on {os}")),
        (one, other) => one.or(other),
    }
}

/// `lo (ETHERNET)`; on Windows, where names are numbers, `Wi-Fi (ETHERNET)`.
fn interface_name(interface: &Interface) -> String {
    let name = interface.name.as_ref().filter(|name| !name.starts_with(r"\Device\"));
    match name.or(interface.description.as_ref()) {
        Some(name) => format!("{name} ({})", interface.link_type),
        None => interface.link_type.to_string(),
    }
}

/// Writes what the capture can and cannot decide, a line or two for each finding.
///
/// # Errors
/// What the writer says.
pub fn write_findings(findings: &[Finding], look: Look, out: &mut impl Write) -> io::Result<()> {
    for finding in findings {
        let frames = match finding.frames.as_slice() {
            [] => String::new(),
            [one] => format!(" (frame {one})"),
            several => format!(" (frames {})", words::frames(several)),
        };
        write_wrapped(&format!("{}{frames}", sanitize(&finding.text)), "  · ", look.width, out)?;
        if let Some(undecidable) = finding.undecidable {
            write_wrapped(&format!("This capture cannot tell {undecidable}."), "    ", look.width, out)?;
        }
    }
    Ok(())
}

/// Writes a paragraph, its later lines indented as its first; one line where no width is given.
pub(super) fn write_wrapped(text: &str, mark: &str, width: Option<u16>, out: &mut impl Write) -> io::Result<()> {
    use unicode_width::UnicodeWidthStr;
    let room = width.map_or(usize::MAX, |width| usize::from(width).max(40)) - mark.width();
    let mut lead = mark.to_owned();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.width() + 1 + word.width() > room {
            writeln!(out, "{lead}{line}")?;
            lead = " ".repeat(mark.width());
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(out, "{lead}{line}")
}

/// Writes all that is known of the capture: the `info` view.
///
/// # Errors
/// What the writer says.
pub fn write(overview: &Overview<'_>, look: Look, dial: &Dial, out: &mut impl Write) -> io::Result<()> {
    write_file(overview, look, out)?;
    write_time(overview, dial, out)?;
    for section in &overview.description.sections {
        write_section(section, out)?;
    }
    write_counts(&overview.trace.survey, out)?;
    write_interfaces(overview.description, look, out)?;
    write_comments(overview.description, look, out)?;
    if !overview.findings.is_empty() {
        writeln!(out, "\n{}", look.paint(Ink::Strong, "Before you rely on it"))?;
        write_findings(overview.findings, look, out)?;
    }
    write_damage(overview.description, look, out)
}

/// Writes one `name  value` line, if there is a value.
fn field(name: &str, value: Option<&str>, out: &mut impl Write) -> io::Result<()> {
    match value {
        Some(value) => writeln!(out, "{name:<12} {}", sanitize(value)),
        None => Ok(()),
    }
}

fn write_file(overview: &Overview<'_>, look: Look, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{:<12} {}", "File", look.paint(Ink::Strong, file_name(overview)))?;
    field("SHA-256", overview.sha256, out)?;
    field("Format", Some(&format_name(overview.description)), out)?;
    field("Size", overview.size.map(|size| words::counted(size, "octet")).as_deref(), out)
}

fn write_time(overview: &Overview<'_>, dial: &Dial, out: &mut impl Write) -> io::Result<()> {
    let (survey, digits) = (&overview.trace.survey, digits(overview.description));
    field("First frame", survey.first.map(|time| dial.date(time, digits)).as_deref(), out)?;
    field("Last frame", survey.last.map(|time| dial.date(time, digits)).as_deref(), out)?;
    field("Duration", survey.duration().map(|duration| format!("{:.digits$} s", Seconds(duration))).as_deref(), out)
}

fn write_section(section: &Section, out: &mut impl Write) -> io::Result<()> {
    field("Application", section.application.as_deref(), out)?;
    field("System", section.os.as_deref(), out)?;
    field("Hardware", section.hardware.as_deref(), out)?;
    section.comments.iter().try_for_each(|comment| field("Comment", Some(comment), out))
}

fn write_counts(survey: &Survey, out: &mut impl Write) -> io::Result<()> {
    let captured = match survey.octets - survey.captured_octets.min(survey.octets) {
        0 => String::new(),
        missing => format!(", {} of them not captured", words::grouped(missing)),
    };
    let frames = format!("{}, {}{captured}", words::counted(survey.frames, "frame"), words::counted(survey.octets, "octet"));
    field("Frames", Some(&frames), out)?;
    let protocols = survey.protocols.iter().map(|(name, frames)| format!("{name} {frames}")).collect::<Vec<_>>().join(", ");
    field("Protocols", (!protocols.is_empty()).then_some(protocols.as_str()), out)
}

fn write_interfaces(description: &Description, look: Look, out: &mut impl Write) -> io::Result<()> {
    if description.interfaces.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let mut table = Table::new(look, &INTERFACE_COLUMNS);
    for interface in &description.interfaces {
        table.row(None, interface_row(interface));
    }
    table.write(out)?;
    description.interfaces.iter().try_for_each(|interface| write_addresses(interface, out))
}

/// `Interface 0 has 192.168.0.7/24, fe80::1/64`, of those that the file tells addresses of.
fn write_addresses(interface: &Interface, out: &mut impl Write) -> io::Result<()> {
    let Some((first, rest)) = interface.addresses.split_first() else { return Ok(()) };
    write!(out, "  Interface {} has {first}", interface.id.0)?;
    rest.iter().try_for_each(|address| write!(out, ", {address}"))?;
    writeln!(out)
}

const INTERFACE_COLUMNS: [(&str, Align); 8] = [
    ("Interface", Align::Right),
    ("Name", Align::Wrapped),
    ("Link type", Align::Left),
    ("Filter", Align::Wrapped),
    ("Snap length", Align::Right),
    ("Clock", Align::Right),
    ("Frames", Align::Right),
    ("Dropped", Align::Right),
];

fn interface_row(interface: &Interface) -> [String; 8] {
    let name = match (&interface.name, &interface.description) {
        (Some(name), Some(description)) => format!("{description} ({name})"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => "–".to_owned(),
    };
    let dropped = interface.statistics.as_ref().and_then(|statistics| statistics.dropped);
    [
        interface.id.0.to_string(),
        name,
        interface.link_type.to_string(),
        interface.filter.clone().unwrap_or_else(|| "–".to_owned()),
        interface.snap_length.map_or_else(|| "none".to_owned(), |octets| octets.to_string()),
        interface.resolution.to_string(),
        interface.frames.to_string(),
        dropped.map_or_else(|| "?".to_owned(), |frames| frames.to_string()),
    ]
}

fn write_comments(description: &Description, look: Look, out: &mut impl Write) -> io::Result<()> {
    if description.packet_comments.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", look.paint(Ink::Strong, "Comments on packets"))?;
    for (frame, comment) in &description.packet_comments {
        writeln!(out, "  frame {frame}: {}", sanitize(comment))?;
    }
    Ok(())
}

/// Writes the broken places of the file, if there are any.
///
/// # Errors
/// What the writer says.
pub fn write_damage(description: &Description, look: Look, out: &mut impl Write) -> io::Result<()> {
    if description.damage.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", look.paint(Ink::Bad, "The file is damaged"))?;
    for damage in &description.damage {
        let skipped = words::counted(damage.skipped, "octet");
        writeln!(out, "  octet {}: {}; {skipped} skipped", damage.offset, sanitize(&damage.text))?;
    }
    match description.more_damage {
        0 => Ok(()),
        more => writeln!(out, "  … and {}", words::counted(more, "more place")),
    }
}
