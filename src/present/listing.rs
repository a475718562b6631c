//! The long lists: a line for each frame or conversation, printed as it comes.

use std::io::{self, Write};

use unicode_width::UnicodeWidthChar;

use super::info_column::{self, Mac};
use super::line::Line;
use super::look::{Ink, Look};
use super::time::Dial;
use crate::capture::Timestamp;
use crate::decode::tcp::Flags;
use crate::decode::{Network, Packet, Transport};
use crate::track::{Conversation, Update};

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
        Self { look, dial, line: Line::new(), texts, widths: [5, 11, 9, 11, 8, 6], info: String::new() }
    }

    /// Writes the heading.
    ///
    /// # Errors
    /// What the writer says.
    pub fn heading(&mut self, out: &mut impl Write) -> io::Result<()> {
        let quiet = |line: &mut Line, title: &str, width: usize| {
            line.painted(self.look, Ink::Quiet, title, width);
        };
        quiet(&mut self.line, &format!("{:>1$}", TITLES[NUMBER], self.widths[NUMBER]), 0);
        for (title, width) in TITLES.iter().zip(self.widths).skip(TIME).take(PROTOCOL) {
            quiet(&mut self.line, title, width);
        }
        quiet(&mut self.line, "Length", 6);
        quiet(&mut self.line, TITLES[STREAM], self.widths[STREAM]);
        quiet(&mut self.line, "Info", 0);
        self.line.end(out)
    }

    /// Writes one frame; its time has `digits` digits after the point.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&mut self, packet: &Packet<'_>, update: &Update<'_>, digits: usize, out: &mut impl Write) -> io::Result<()> {
        self.fill(packet, update, digits);
        let width = |place: usize| self.widths[place];
        self.line.right(&self.texts[NUMBER], width(NUMBER)).left(&self.texts[TIME], width(TIME));
        self.line.left(&self.texts[SOURCE], width(SOURCE)).left(&self.texts[DESTINATION], width(DESTINATION));
        match ink(update) {
            Some(ink) => self.line.painted(self.look, ink, &self.texts[PROTOCOL], width(PROTOCOL)),
            None => self.line.left(&self.texts[PROTOCOL], width(PROTOCOL)),
        };
        self.line.number(u64::from(packet.original_len), 6).left(&self.texts[STREAM], width(STREAM));
        let taken = self.widths.iter().sum::<usize>() + 6 + 7 * 2;
        let room = self.look.width.map_or(usize::MAX, |width| usize::from(width).saturating_sub(taken).max(MIN_INFO));
        self.line.text(shortened(&self.info, room)).end(out)
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

/// Cells of the Info column that a terminal always gets, even if lines then wrap.
const MIN_INFO: usize = 20;

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
        Some(Transport::Icmp(message)) if message.quoted.is_some() => Some(Ink::Bad),
        _ => None,
    }
}

/// The start of a text that fits into `room` cells.
fn shortened(text: &str, room: usize) -> &str {
    if text.len() <= room {
        return text;
    }
    let mut cells = 0;
    let past = text.char_indices().find(|(_, character)| {
        cells += character.width().unwrap_or(0);
        cells > room
    });
    past.map_or(text, |(end, _)| &text[..end])
}

/// Conversations in the columns of Wireshark's window, written as they come.
#[derive(Debug)]
pub struct ConversationRows {
    line: Line,
    /// Cells of the two endpoints.
    endpoints: usize,
    /// Relative times count from here.
    first: Option<Timestamp>,
}

impl ConversationRows {
    /// Columns that suit these conversations, of which only the first thousand are looked at; relative times count from
    /// `first`, the time of the capture's first frame.
    pub fn new(conversations: impl Iterator<Item = Conversation>, first: Option<Timestamp>) -> Self {
        let longest = |conversation: Conversation| conversation.a.to_string().len().max(conversation.b.to_string().len());
        let endpoints = conversations.take(1000).map(longest).fold("Address A:Port".len(), usize::max);
        Self { line: Line::new(), endpoints, first }
    }

    /// Writes the heading.
    ///
    /// # Errors
    /// What the writer says.
    pub fn heading(&mut self, look: Look, out: &mut impl Write) -> io::Result<()> {
        let endpoints = self.endpoints;
        let (right, left) =
            (|title: &str, width: usize| format!("{title:>width$}"), |title: &str, width: usize| format!("{title:<width$}"));
        let titles = [
            left("Address A:Port", endpoints),
            left("Address B:Port", endpoints),
            left("Stream", 8),
            right("Packets", 8),
            right("Bytes", 10),
            right("Pkts A→B", 8),
            right("Bytes A→B", 10),
            right("Pkts B→A", 8),
            right("Bytes B→A", 10),
            right("Rel Start", 12),
            right("Duration", 12),
        ];
        self.line.painted(look, Ink::Quiet, &titles.join("  "), 0).end(out)
    }

    /// Writes one conversation.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&mut self, conversation: &Conversation, look: Look, out: &mut impl Write) -> io::Result<()> {
        let (forth, back) = (conversation.a_to_b, conversation.b_to_a);
        let line = &mut self.line;
        line.endpoint(conversation.a, self.endpoints).endpoint(conversation.b, self.endpoints);
        line.stream(conversation.id, look, 8);
        line.number(forth.frames + back.frames, 8).number(forth.octets + back.octets, 10);
        line.number(forth.frames, 8).number(forth.octets, 10).number(back.frames, 8).number(back.octets, 10);
        match (conversation.start, self.first) {
            (Some(start), Some(first)) => line.seconds(start.since(first), 12),
            _ => line.left("", 12),
        };
        match conversation.duration() {
            Some(duration) => line.seconds(duration, 12),
            None => line.left("", 12),
        };
        line.end(out)
    }
}
