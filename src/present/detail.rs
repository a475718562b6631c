//! One frame in full: layer by layer, field by field, where each stands in the octets, and the octets themselves.

use std::io::{self, Write};
use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use super::look::{Ink, Look};
use super::sanitize::sanitize;
use super::{info_column, layout, words};
use crate::capture::Frame;
use crate::decode::field::{Field, LayerView, layers};
use crate::decode::port::PortClass;
use crate::decode::{Packet, Transport};
use crate::track::{Transition, Update};

/// One frame, and what became of it in the tracker.
#[derive(Clone, Copy, Debug)]
pub struct Detail<'a> {
    /// The frame.
    pub frame: &'a Frame<'a>,
    /// Its headers.
    pub packet: &'a Packet<'a>,
    /// What it belongs to.
    pub update: &'a Update<'a>,
    /// Its time in the format asked for.
    pub time: &'a str,
}

/// Writes the frame: what it is, its fields, its header as a drawing, and its octets.
///
/// # Errors
/// What the writer says.
pub fn write(detail: &Detail<'_>, look: Look, out: &mut impl Write) -> io::Result<()> {
    write_heading(detail, look, out)?;
    let layers = layers(detail.frame);
    for (place, layer) in layers.iter().enumerate() {
        write_layer(layer, place, look, out)?;
    }
    write_layout(detail.packet, look, out)?;
    if let Some(stop) = detail.packet.stop {
        writeln!(out, "\n{}", look.paint(Ink::Bad, format_args!("Reading stopped: {stop}")))?;
    }
    write_octets(detail.frame.octets, &layers, look, out)
}

fn write_heading(detail: &Detail<'_>, look: Look, out: &mut impl Write) -> io::Result<()> {
    let (packet, update) = (detail.packet, detail.update);
    let mut text = String::new();
    info_column::write_protocol(packet, update.transport.as_ref(), &mut text);
    text.push(' ');
    info_column::write(packet, update, &mut text);
    writeln!(out, "{}  {}", look.paint(Ink::Strong, format_args!("Frame {}", packet.number)), sanitize(&text))?;
    let cut = words::cut(packet).map(|cut| format!(", {cut}")).unwrap_or_default();
    let time = if detail.time.is_empty() { "no time".to_owned() } else { format!("time {}", detail.time) };
    writeln!(
        out,
        "{}{cut} · interface {} · {time}",
        words::counted(u64::from(packet.original_len), "octet"),
        packet.interface.0
    )?;
    if let Some(flow) = update.flow {
        writeln!(out, "belongs to {}", look.paint(Ink::of(flow.protocol), flow))?;
    }
    write_ports(update, out)?;
    write_context(update, look, out)
}

/// The class of each port: who hands such numbers out.
fn write_ports(update: &Update<'_>, out: &mut impl Write) -> io::Result<()> {
    let Some((source, destination)) = words::ports(update) else { return Ok(()) };
    for (name, port) in [("source port", source), ("destination port", destination)] {
        writeln!(out, "{name} {port}: {}", PortClass::of(port))?;
    }
    if [source, destination].into_iter().any(PortClass::is_borrowed) {
        writeln!(out, "{}", words::BORROWED_PORTS)?;
    }
    Ok(())
}

fn write_context(update: &Update<'_>, look: Look, out: &mut impl Write) -> io::Result<()> {
    if update.fragment {
        writeln!(out, "a fragment: its datagram is complete in a later frame, if at all")?;
    }
    if let Some(datagram) = &update.reassembled {
        let octets = words::counted(u64::from(datagram.ip.payload_len), "octet");
        writeln!(out, "completes a datagram of {octets} from frames {}", words::frames(datagram.frames))?;
    }
    if let Some(about) = &update.about {
        let flow = about.flow.map(|flow| format!(", {flow}")).unwrap_or_default();
        writeln!(out, "an error about a packet from {} to {}{flow}", about.source, about.destination)?;
    }
    for Transition { side, from, to, .. } in update.transitions {
        writeln!(out, "{}: {} → {} ({})", words::side(*side), from.state, to.state, to.evidence)?;
    }
    update.notes.iter().try_for_each(|note| writeln!(out, "{}", look.paint(Ink::Bad, note.oddity)))
}

/// TCP and UDP in their own colours, the layers around them in colours that repeat.
fn ink(layer: &LayerView, place: usize) -> Ink {
    match layer.name {
        "tcp" => Ink::Tcp,
        "udp" => Ink::Udp,
        _ => Ink::Layer(place),
    }
}

fn write_layer(layer: &LayerView, place: usize, look: Look, out: &mut impl Write) -> io::Result<()> {
    let name = look.paint(ink(layer, place), layer.label);
    writeln!(out, "\n{name}  {}", look.paint(Ink::Quiet, format!("{}, {}", layer.name, octets(&layer.span))))?;
    let widest = layer.fields.iter().map(|field| field.label.width()).max().unwrap_or(0);
    layer.fields.iter().try_for_each(|field| write_field(field, widest, look, out))
}

/// Where a field stands, its name, its value with what that means, and its name in display filters.
fn write_field(field: &Field, widest: usize, look: Look, out: &mut impl Write) -> io::Result<()> {
    let pad = " ".repeat(widest.saturating_sub(field.label.width()));
    let note = field.note.as_ref().map(|note| format!("  ({})", sanitize(note))).unwrap_or_default();
    let (place, name) = (look.paint(Ink::Quiet, format!("{:>7}", range(&field.span))), look.paint(Ink::Quiet, field.name));
    writeln!(out, "  {place}  {}{pad}  {}{note}  {name}", field.label, sanitize(&field.value))
}

/// `octets 34–41`, `no octets`.
fn octets(span: &Range<usize>) -> String {
    match span.len() {
        0 => "no octets".to_owned(),
        1 => format!("octet {}", span.start),
        _ => format!("octets {}", range(span)),
    }
}

/// `34–41`, `23`, or nothing.
fn range(span: &Range<usize>) -> String {
    match span.len() {
        0 => String::new(),
        1 => span.start.to_string(),
        _ => format!("{}–{}", span.start, span.end - 1),
    }
}

fn write_layout(packet: &Packet<'_>, look: Look, out: &mut impl Write) -> io::Result<()> {
    match &packet.transport {
        Some(Transport::Udp(datagram)) => {
            writeln!(out, "\n{}", look.paint(Ink::Strong, "The UDP header, 32 bits a row (RFC 768)"))?;
            layout::udp(datagram, out)
        }
        Some(Transport::Tcp(segment)) => {
            writeln!(out, "\n{}", look.paint(Ink::Strong, "The TCP header, 32 bits a row (RFC 9293 section 3.1)"))?;
            layout::tcp(segment, out)
        }
        _ => Ok(()),
    }
}

/// The layer that stands for the whole frame: it has octets of no header.
const WHOLE: &str = "frame";

/// Octets in a line of the dump.
const ROW: usize = 16;

/// Writes the octets, each layer on lines of its own with its name in front.
fn write_octets(octets: &[u8], layers: &[LayerView], look: Look, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n{}", look.paint(Ink::Strong, words::counted(octets.len() as u64, "octet")))?;
    let widest = layers.iter().map(|layer| layer.name.len()).max().unwrap_or(0).max(REST.len());
    let mut at = 0;
    for (place, layer) in layers.iter().enumerate().filter(|(_, layer)| layer.name != WHOLE) {
        let (start, end) = (layer.span.start.clamp(at, octets.len()), layer.span.end.clamp(at, octets.len()));
        write_part(octets, at..start, &format!("{REST:widest$}"), Ink::Quiet, look, out)?;
        write_part(octets, start..end, &format!("{:widest$}", layer.name), ink(layer, place), look, out)?;
        at = end;
    }
    write_part(octets, at..octets.len(), &format!("{REST:widest$}"), Ink::Quiet, look, out)
}

/// What octets outside of all layers are called: padding, and what follows a header that is not read.
const REST: &str = "rest";

/// Writes the octets of one layer in their columns.
fn write_part(octets: &[u8], span: Range<usize>, name: &str, ink: Ink, look: Look, out: &mut impl Write) -> io::Result<()> {
    let mut at = span.start;
    while at < span.end {
        let row = at - at % ROW;
        let end = span.end.min(row + ROW);
        let (hex, text) = dump(&octets[at..end], at - row);
        writeln!(out, "  {}", look.paint(ink, format_args!("{name}  {row:04x}  {hex:49} {text}")))?;
        at = end;
    }
    Ok(())
}

/// Octets in hexadecimal and as text, after `before` empty columns.
fn dump(octets: &[u8], before: usize) -> (String, String) {
    let (mut hex, mut text) = (String::new(), " ".repeat(before));
    for column in 0..before {
        hex.push_str(if column == ROW / 2 { "    " } else { "   " });
    }
    for (column, octet) in (before..).zip(octets) {
        let gap = if column == ROW / 2 { " " } else { "" };
        hex.push_str(&format!("{gap}{octet:02x} "));
        text.push(if octet.is_ascii_graphic() || *octet == b' ' { char::from(*octet) } else { '.' });
    }
    (hex, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_keeps_its_columns() {
        let octets: Vec<u8> = (0x41..0x61).collect();
        let mut out = Vec::new();
        write_part(&octets, 0..6, "one", Ink::Quiet, Look::default(), &mut out).unwrap();
        write_part(&octets, 6..18, "two", Ink::Quiet, Look::default(), &mut out).unwrap();
        let expected = "  \
one  0000  41 42 43 44 45 46                                 ABCDEF
  two  0000                    47 48  49 4a 4b 4c 4d 4e 4f 50        GHIJKLMNOP
  two  0010  51 52                                             QR
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
