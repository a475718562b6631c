//! The long lists: a line for each frame or conversation, printed as it comes.

use std::io::{self, Write};

use unicode_width::UnicodeWidthChar;

use super::info_column::{self, Mac};
use super::line::{GAP, Line};
use super::look::{Ink, Look};
use super::time::Dial;
use super::words::counted;
use crate::capture::Timestamp;
use crate::decode::tcp::Flags;
use crate::decode::{Network, Packet, Transport};
use crate::track::{Conversation, Count, Update};

/// Frames in Wireshark's columns, with the stream: `No. Time Source Destination Protocol Length Stream Info`.
///
/// Nothing is known of the frames to come, so a column is as wide as its widest text so far.
#[derive(Debug)]
pub struct Packets {
    look: Look,
    dial: Dial,
    line: Line,
    texts: [String; 6],
    widths: [usize; 6],
    info: String,
    begun: bool,
}

/// Places in [`Packets::texts`].
const NUMBER: usize = 0;
const TIME: usize = 1;
const SOURCE: usize = 2;
const DESTINATION: usize = 3;
const PROTOCOL: usize = 4;
const STREAM: usize = 5;

const TITLES: [&str; 6] = ["No.", "Time", "Source", "Destination", "Protocol", "Stream"];

impl Packets {
    /// No frame yet.
    pub fn new(look: Look, dial: Dial) -> Self {
        let texts = Default::default();
        Self { look, dial, line: Line::new(), texts, widths: TITLES.map(str::len), info: String::new(), begun: false }
    }

    /// Writes one frame, the first one under a heading; its time has `digits` digits after the point.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&mut self, packet: &Packet<'_>, update: &Update<'_>, digits: usize, out: &mut impl Write) -> io::Result<()> {
        self.fill(packet, update, digits);
        if !self.begun {
            self.begun = true;
            self.write_heading(out)?;
        }
        let width = |place: usize| self.widths[place];
        self.line.right(&self.texts[NUMBER], width(NUMBER)).left(&self.texts[TIME], width(TIME));
        self.line.left(&self.texts[SOURCE], width(SOURCE)).left(&self.texts[DESTINATION], width(DESTINATION));
        match ink(update) {
            Some(ink) => self.line.painted(self.look, ink, &self.texts[PROTOCOL], width(PROTOCOL)),
            None => self.line.left(&self.texts[PROTOCOL], width(PROTOCOL)),
        };
        self.line.number(u64::from(packet.original_len), LENGTH).left(&self.texts[STREAM], width(STREAM));
        let room = self.make_room(out)?;
        let (info, mark) = shortened(&self.info, room);
        self.line.text(info).text(mark).end(out)
    }

    /// Passes over a frame that is not shown: times since the first frame and the frame before count it.
    pub fn pass(&mut self, packet: &Packet<'_>) {
        self.dial.pass(packet.timestamp);
    }

    fn write_heading(&mut self, out: &mut impl Write) -> io::Result<()> {
        let quiet = |line: &mut Line, title: &str, width: usize| {
            line.painted(self.look, Ink::Quiet, title, width);
        };
        quiet(&mut self.line, &format!("{:>1$}", TITLES[NUMBER], self.widths[NUMBER]), 0);
        for (title, width) in TITLES.iter().zip(self.widths).skip(TIME).take(PROTOCOL) {
            quiet(&mut self.line, title, width);
        }
        quiet(&mut self.line, "Length", LENGTH);
        quiet(&mut self.line, TITLES[STREAM], self.widths[STREAM]);
        self.make_room(out)?;
        self.line.painted(self.look, Ink::Quiet, "Info", 0).end(out)
    }

    /// Goes on to a line of its own for the last column where a narrow terminal leaves it too little, and gives the
    /// cells it has.
    fn make_room(&mut self, out: &mut impl Write) -> io::Result<usize> {
        let Some(width) = self.look.width.map(usize::from) else { return Ok(usize::MAX) };
        let gaps = 2 * (self.widths.len() + 1);
        let left = width.saturating_sub(self.widths.iter().sum::<usize>() + LENGTH + gaps);
        if left >= MIN_INFO {
            return Ok(left);
        }
        self.line.end(out)?;
        let indent = self.widths[NUMBER];
        self.line.left("", indent);
        Ok(width.saturating_sub(indent + 2))
    }

    fn fill(&mut self, packet: &Packet<'_>, update: &Update<'_>, digits: usize) {
        self.texts.iter_mut().for_each(String::clear);
        self.info.clear();
        let [number, time, source, destination, protocol, stream] = &mut self.texts;
        push(number, packet.number);
        self.dial.write(packet.timestamp, digits, time);
        write_ends(packet, source, destination);
        info_column::write_protocol(packet, update.transport.as_ref(), protocol);
        if let Some(flow) = update.flow {
            push(stream, flow.number);
        }
        info_column::write(packet, update, &mut self.info);
        for (width, text) in self.widths.iter_mut().zip(&self.texts) {
            *width = text.len().max(*width);
        }
    }
}

/// Cells of the length of a frame.
const LENGTH: usize = 6;

/// Cells that the last column needs if it is to stand beside the others.
const MIN_INFO: usize = 44;

fn push(text: &mut String, value: impl std::fmt::Display) {
    use std::fmt::Write;
    // Writing to a string cannot fail.
    let _ = write!(text, "{value}");
}

/// The addresses of the innermost header that has any.
fn write_ends(packet: &Packet<'_>, source: &mut String, destination: &mut String) {
    match (&packet.network, &packet.link) {
        (Some(Network::Ip(ip)), _) => {
            let (from, to) = ip.ends();
            push(source, from);
            push(destination, to);
        }
        (_, Some(link)) => {
            link.source.into_iter().for_each(|mac| push(source, Mac(mac)));
            link.destination.into_iter().for_each(|mac| push(destination, Mac(mac)));
        }
        _ => {}
    }
}

/// Wireshark's meaning of colours: red for a reset, lilac for TCP, pale blue for UDP.
fn ink(update: &Update<'_>) -> Option<Ink> {
    match &update.transport {
        Some(Transport::Tcp(segment)) if segment.flags.contains(Flags::RST) => Some(Ink::Bad),
        Some(Transport::Tcp(_)) => Some(Ink::Tcp),
        Some(Transport::Udp(_)) => Some(Ink::Udp),
        Some(Transport::Icmp(_)) if update.about.is_some() => Some(Ink::Bad),
        _ => None,
    }
}

/// A text if it fits into `room` cells, else its start and a mark that something is missing.
fn shortened(text: &str, room: usize) -> (&str, &'static str) {
    if text.len() <= room {
        return (text, "");
    }
    let (mut cells, mut kept) = (0, 0);
    for (at, character) in text.char_indices() {
        cells += character.width().unwrap_or(0);
        if cells < room {
            kept = at + character.len_utf8();
        }
    }
    if cells <= room { (text, "") } else { (&text[..kept], "…") }
}

/// Conversations in the columns of Wireshark's window, written as they come.
///
/// Where a terminal is too narrow for them, what went each way stands in a line of its own.
#[derive(Debug)]
pub struct ConversationRows {
    line: Line,
    look: Look,
    /// Cells of the two endpoints.
    endpoints: usize,
    /// Relative times count from here.
    first: Option<Timestamp>,
}

/// Cells of all columns but the endpoints, where each way has its own, with the gaps between them.
const BESIDE_ENDPOINTS: usize = 2 * GAP + 8 + 3 * (8 + 10) + 2 * 12 + 8 * GAP;

impl ConversationRows {
    /// Columns that suit these conversations, of which only the first thousand are looked at; relative times count from
    /// `first`, the time of the capture's first frame.
    pub fn new(conversations: impl Iterator<Item = Conversation>, first: Option<Timestamp>, look: Look) -> Self {
        let longest = |conversation: Conversation| conversation.a.to_string().len().max(conversation.b.to_string().len());
        let endpoints = conversations.take(1000).map(longest).fold("Address A:Port".len(), usize::max);
        Self { line: Line::new(), look, endpoints, first }
    }

    /// Writes the heading.
    ///
    /// # Errors
    /// What the writer says.
    pub fn heading(&mut self, out: &mut impl Write) -> io::Result<()> {
        let left = |title: &str, width: usize| format!("{title:<width$}");
        let right = |(title, width): (&str, usize)| format!("{title:>width$}");
        let mut titles = vec![left("Address A:Port", self.endpoints), left("Address B:Port", self.endpoints)];
        if self.is_narrow() {
            titles.push(left("Stream", 7));
            titles.extend([("Packets", 7), ("Bytes", 7), ("Rel Start", 9), ("Duration", 8)].map(right));
        } else {
            titles.push(left("Stream", 8));
            titles.extend([("Packets", 8), ("Bytes", 10), ("Pkts A→B", 8), ("Bytes A→B", 10)].map(right));
            titles.extend([("Pkts B→A", 8), ("Bytes B→A", 10), ("Rel Start", 12), ("Duration", 12)].map(right));
        }
        self.line.painted(self.look, Ink::Quiet, &titles.join("  "), 0).end(out)
    }

    /// Writes one conversation; it may not be sent before the [end](Self::finish).
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&mut self, conversation: &Conversation, out: &mut impl Write) -> io::Result<()> {
        let narrow = self.is_narrow();
        let (forth, back) = (conversation.a_to_b, conversation.b_to_a);
        let all = (forth.frames + back.frames, forth.octets + back.octets);
        self.line.endpoint(conversation.a, self.endpoints).endpoint(conversation.b, self.endpoints);
        if narrow {
            self.line.stream(conversation.id, self.look, 7).number(all.0, 7).number(all.1, 7);
            self.times(conversation, (9, 8)).close();
            let way = |count: Count| format!("{}, {}", counted(count.frames, "packet"), counted(count.octets, "byte"));
            self.line.text(&format!("  A→B {}; B→A {}", way(forth), way(back)));
        } else {
            self.line.stream(conversation.id, self.look, 8).number(all.0, 8).number(all.1, 10);
            self.line.number(forth.frames, 8).number(forth.octets, 10).number(back.frames, 8).number(back.octets, 10);
            self.times(conversation, (12, 12));
        }
        self.line.end_among_many(out)
    }

    /// Sends what waits.
    ///
    /// # Errors
    /// What the writer says.
    pub fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.line.send(out)
    }

    /// Adds when it began and how long it went on, in columns so wide.
    fn times(&mut self, conversation: &Conversation, widths: (usize, usize)) -> &mut Line {
        match (conversation.start, self.first) {
            (Some(start), Some(first)) => self.line.seconds(start.since(first), widths.0),
            _ => self.line.left("", widths.0),
        };
        match conversation.duration() {
            Some(duration) => self.line.seconds(duration, widths.1),
            None => self.line.left("", widths.1),
        }
    }

    fn is_narrow(&self) -> bool {
        self.look.width.is_some_and(|width| usize::from(width) < 2 * self.endpoints + BESIDE_ENDPOINTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::testing::{dial, trace, track, udp, written};

    #[test]
    fn frames_in_the_columns_of_wireshark() {
        let (mut packets, mut out) = (Packets::new(Look::default(), dial()), Vec::new());
        track(&[udp("127.0.0.1:40001", "192.168.100.200:5000", 5)], |packet, update| {
            packets.write(packet, update, 6, &mut out).unwrap();
        });
        let expected = "\
No.  Time      Source     Destination      Protocol  Length  Stream  Info
  1  0.000000  127.0.0.1  192.168.100.200  UDP           47  0       40001 → 5000 Len=5
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn conversations_in_the_columns_of_wireshark() {
        let trace = trace(&[udp("10.0.0.1:1", "10.0.0.2:2", 5), udp("10.0.0.2:2", "10.0.0.1:1", 9)]);
        let mut rows = ConversationRows::new(trace.conversations.iter().copied(), trace.survey.first, Look::default());
        let text = written(|out| {
            rows.write(&trace.conversations[0], out)?;
            rows.finish(out)
        });
        let words: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(words, ["10.0.0.1:1", "10.0.0.2:2", "udp:0", "2", "98", "1", "47", "1", "51", "0.000000", "0.001000"]);
    }

    #[test]
    fn conversations_on_a_terminal_of_80_cells() {
        let trace = trace(&[udp("127.0.0.1:49740", "127.0.0.1:50000", 5), udp("127.0.0.1:50000", "127.0.0.1:49740", 9)]);
        let look = Look { width: Some(80), ..Look::default() };
        let mut rows = ConversationRows::new(trace.conversations.iter().copied(), trace.survey.first, look);
        let text = written(|out| {
            rows.heading(out)?;
            rows.write(&trace.conversations[0], out)?;
            rows.finish(out)
        });
        let expected = "\
Address A:Port   Address B:Port   Stream   Packets    Bytes  Rel Start  Duration
127.0.0.1:49740  127.0.0.1:50000  udp:0          2       98   0.000000  0.001000
  A→B 1 packet, 47 bytes; B→A 1 packet, 51 bytes
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_terminal_cuts_the_last_column() {
        assert_eq!(shortened("40001 → 5000", 8), ("40001 →", "…"));
        assert_eq!(shortened("40001 → 5000", 12), ("40001 → 5000", ""));
        assert_eq!(shortened("홍길동", 5), ("홍길", "…"));
        assert_eq!(shortened("short", 20), ("short", ""));
    }
}
