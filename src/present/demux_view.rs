//! Verdicts as text: a line for each packet, printed as it comes.

use std::io::{self, Write};

use super::line::Line;
use super::look::{Ink, Look};
use super::sanitize::sanitize;
use crate::track::{Delivery, FiveTuple, Reach};

/// Losers that a line tells; the others are counted.
const LOSERS: usize = 3;

/// The table of verdicts: `No. Protocol Source Destination Verdict Socket Rule Losers`.
///
/// Nothing is known of the packets to come, so a column is as wide as its widest text so far.
#[derive(Debug)]
pub struct Verdicts {
    look: Look,
    line: Line,
    texts: [String; COLUMNS],
    widths: [usize; COLUMNS],
    begun: bool,
}

const COLUMNS: usize = 7;
const TITLES: [&str; COLUMNS] = ["No.", "Proto", "Source", "Destination", "Verdict", "Socket", "Rule"];
const VERDICT: usize = 4;

/// What most texts need, so that the table stands still from its first line.
const WIDTHS: [usize; COLUMNS] = [4, 5, 15, 15, 7, 8, 23];

impl Verdicts {
    /// No packet yet.
    pub fn new(look: Look) -> Self {
        Self { look, line: Line::new(), texts: Default::default(), widths: WIDTHS, begun: false }
    }

    /// Writes the verdict on the packet of one frame, the first one under a heading.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&mut self, frame: u64, tuple: FiveTuple, delivery: &Delivery<'_>, out: &mut impl Write) -> io::Result<()> {
        self.texts = [
            frame.to_string(),
            tuple.protocol.word().to_owned(),
            tuple.source.to_string(),
            tuple.destination.to_string(),
            words(delivery.verdict).to_owned(),
            sockets(delivery),
            delivery.rule.word().to_owned(),
        ];
        for (width, text) in self.widths.iter_mut().zip(&self.texts) {
            *width = text.chars().count().max(*width);
        }
        if !self.begun {
            self.begun = true;
            self.write_heading(out)?;
        }
        let ink = ink(tuple, delivery.verdict);
        for (column, (text, width)) in self.texts.iter().zip(self.widths).enumerate() {
            match column {
                0 => self.line.right(text, width),
                VERDICT => self.line.painted(self.look, ink, text, width),
                _ => self.line.left(text, width),
            };
        }
        self.line.painted(self.look, Ink::Quiet, &losers(delivery), 0).end(out)
    }

    fn write_heading(&mut self, out: &mut impl Write) -> io::Result<()> {
        let first = format!("{:>1$}", TITLES[0], self.widths[0]);
        self.line.painted(self.look, Ink::Quiet, &first, 0);
        for (title, width) in TITLES.iter().zip(self.widths).skip(1) {
            self.line.painted(self.look, Ink::Quiet, title, width);
        }
        self.line.painted(self.look, Ink::Quiet, "Not to", 0).end(out)
    }
}

/// The verdict as people say it.
const fn words(verdict: Reach) -> &'static str {
    match verdict {
        Reach::To => "to",
        Reach::OneOf => "to one of",
        Reach::Every => "to every",
        Reach::Refused => "refused",
        Reach::NotThisHost => "not this host",
        Reach::Unknown => "unknown",
    }
}

fn sockets(delivery: &Delivery<'_>) -> String {
    if delivery.sockets.is_empty() { "-".to_owned() } else { sanitize(&delivery.sockets.join(", ")).into_owned() }
}

/// `s2 (bound to another address), s3 (…) and 4 more`.
fn losers(delivery: &Delivery<'_>) -> String {
    let told = delivery.losers.iter().take(LOSERS).map(|(socket, because)| format!("{} ({because})", sanitize(socket)));
    let told = told.collect::<Vec<_>>().join(", ");
    match delivery.losers.len().saturating_sub(LOSERS) {
        0 => told,
        more if delivery.losers.len() == Delivery::MAX_LOSERS => format!("{told} and {more} or more"),
        more => format!("{told} and {more} more"),
    }
}

const fn ink(tuple: FiveTuple, verdict: Reach) -> Ink {
    match verdict {
        Reach::To | Reach::OneOf | Reach::Every => Ink::of(tuple.protocol),
        Reach::Refused => Ink::Bad,
        Reach::NotThisHost | Reach::Unknown => Ink::Quiet,
    }
}
