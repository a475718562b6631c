//! Headers drawn as a lecture draws them: rows of 32 bits, each field as wide as its bits, with its value in it.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::decode::tcp::Segment;
use crate::decode::udp::Datagram;

/// One field of a row: bits, name, value.
struct Box {
    bits: usize,
    name: &'static str,
    value: String,
}

fn field(bits: usize, name: &'static str, value: impl ToString) -> Box {
    Box { bits, name, value: value.to_string() }
}

/// Bits in a row.
const BITS: usize = 32;

/// Draws a UDP header (RFC 768).
///
/// # Errors
/// What the writer says.
pub fn udp(datagram: &Datagram<'_>, out: &mut impl Write) -> io::Result<()> {
    let length = if datagram.lite { "Checksum coverage (octets)" } else { "Length (octets)" };
    draw(
        &[
            vec![field(16, "Source port", datagram.source_port), field(16, "Destination port", datagram.destination_port)],
            vec![field(16, length, datagram.coverage), field(16, "Checksum", hex(datagram.checksum))],
            vec![field(BITS, "Data", octets(datagram.payload_len))],
        ],
        out,
    )
}

/// Draws a TCP header (RFC 9293 section 3.1).
///
/// # Errors
/// What the writer says.
pub fn tcp(segment: &Segment<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut rows = vec![
        vec![field(16, "Source port", segment.source_port), field(16, "Destination port", segment.destination_port)],
        vec![field(BITS, "Sequence number", segment.sequence)],
        vec![field(BITS, "Acknowledgment number", segment.acknowledgment)],
        control(segment),
        vec![field(16, "Checksum", hex(segment.checksum)), field(16, "Urgent pointer", segment.urgent)],
    ];
    if segment.header_len > 20 {
        rows.push(vec![field(BITS, "Options", octets(u32::from(segment.header_len) - 20))]);
    }
    rows.push(vec![field(BITS, "Data", octets(segment.payload_len))]);
    draw(&rows, out)
}

/// The row with the data offset, a box for each flag, and the window.
fn control(segment: &Segment<'_>) -> Vec<Box> {
    const FLAGS: [&str; 9] = ["A", "C", "E", "U", "A", "P", "R", "S", "F"];
    let bits = segment.flags.0;
    let mut row = vec![field(4, "Offset", segment.header_len / 4), field(3, "Rsv", format!("{:03b}", bits >> 9 & 0b111))];
    row.extend(FLAGS.iter().enumerate().map(|(place, name)| field(1, name, bits >> (8 - place) & 1)));
    row.push(field(16, "Window", segment.window));
    row
}

fn hex(number: u16) -> String {
    format!("0x{number:04x}")
}

fn octets(number: u32) -> String {
    super::words::counted(u64::from(number), "octet")
}

fn draw(rows: &[Vec<Box>], out: &mut impl Write) -> io::Result<()> {
    write_ruler(out)?;
    let mut above: Option<&Vec<Box>> = None;
    for row in rows {
        writeln!(out, "  {}", border(above, Some(row)))?;
        writeln!(out, "  {}", line(row, |field| field.name))?;
        writeln!(out, "  {}", line(row, |field| &field.value))?;
        above = Some(row);
    }
    writeln!(out, "  {}", border(above, None))
}

/// Bit numbers over the drawing, tens above ones.
fn write_ruler(out: &mut impl Write) -> io::Result<()> {
    let tens = (0..BITS).map(|bit| if bit % 10 == 0 { (bit / 10).to_string() } else { " ".to_owned() });
    let ones = (0..BITS).map(|bit| (bit % 10).to_string());
    writeln!(out, "   {}", tens.collect::<Vec<_>>().join(" ").trim_end())?;
    writeln!(out, "   {}", ones.collect::<Vec<_>>().join(" "))
}

/// One text of each field, centred between bars.
fn line<'r>(row: &'r [Box], text: impl Fn(&'r Box) -> &'r str) -> String {
    let cells = row.iter().map(|field| centred(text(field), 2 * field.bits - 1));
    format!("│{}│", cells.collect::<Vec<_>>().join("│"))
}

fn centred(text: &str, width: usize) -> String {
    let room = width.saturating_sub(text.width());
    format!("{}{text}{}", " ".repeat(room / 2), " ".repeat(room - room / 2))
}

/// The line between two rows; `None` above the first or below the last.
fn border(above: Option<&Vec<Box>>, below: Option<&Vec<Box>>) -> String {
    let (above_ends, below_ends) = (ends(above), ends(below));
    (0..=2 * BITS)
        .map(|column| {
            match (column % 2 == 0 && above_ends.contains(&(column / 2)), column % 2 == 0 && below_ends.contains(&(column / 2))) {
                (up, down) if column == 0 => [['└', '┌'], ['└', '├']][usize::from(up)][usize::from(down)],
                (up, down) if column == 2 * BITS => [['┘', '┐'], ['┘', '┤']][usize::from(up)][usize::from(down)],
                (true, true) => '┼',
                (true, false) => '┴',
                (false, true) => '┬',
                (false, false) => '─',
            }
        })
        .collect()
}

/// The bits at which a row's fields begin and end.
fn ends(row: Option<&Vec<Box>>) -> Vec<usize> {
    let Some(row) = row else { return Vec::new() };
    let mut ends = vec![0];
    ends.extend(row.iter().scan(0, |bit, field| {
        *bit += field.bits;
        Some(*bit)
    }));
    ends
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::seq::SeqNumber;
    use crate::decode::tcp::Flags;

    fn drawn(draw: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        draw(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_udp_header_has_two_rows_of_two_fields() {
        let datagram = Datagram {
            at: 34,
            source_port: 49740,
            destination_port: 5000,
            length: 34,
            coverage: 34,
            checksum: 0xfe35,
            lite: false,
            bad_length: false,
            payload: b"",
            payload_len: 26,
        };
        let text = drawn(|out| udp(&datagram, out));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 12);
        assert_eq!(lines[4].split('│').map(str::trim).collect::<Vec<_>>(), ["", "49740", "5000", ""]);
        assert_eq!(lines[7].split('│').map(str::trim).collect::<Vec<_>>(), ["", "34", "0xfe35", ""]);
        assert!(lines[2..].iter().all(|line| line.width() == 67), "{text}");
    }

    #[test]
    fn every_tcp_flag_has_its_bit() {
        let segment = Segment {
            at: 34,
            source_port: 1637,
            destination_port: 21477,
            sequence: SeqNumber(851_119_730),
            acknowledgment: SeqNumber(0),
            flags: Flags::SYN,
            header_len: 40,
            window: 16384,
            checksum: 0,
            urgent: 0,
            options: &[],
            payload: &[],
            payload_len: 0,
        };
        let text = drawn(|out| tcp(&segment, out));
        let values: Vec<&str> = text.lines().nth(13).unwrap().split('│').map(str::trim).collect();
        assert_eq!(values, ["", "10", "000", "0", "0", "0", "0", "0", "0", "0", "1", "0", "16384", ""]);
        assert!(text.contains("20 octets"));
    }
}
