//! Rungs as lines of text: frame, time, the state of the left end, the arrow, the state of the right end.
//!
//! ```text
//!   No. Time      State        │127.0.0.1:41320       127.0.0.1:5001│ State
//!     1 0.000000  SYN-SENT !   │── SYN Seq=0 ──────────────────────▶│ CLOSED ?
//! ```

use std::io::{self, Write};
use std::net::SocketAddr;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Run, Rung, Rungs, Runs, Step};
use crate::decode::Packet;
use crate::present::look::{Ink, Look};
use crate::present::sanitize::sanitize;
use crate::present::time::Dial;
use crate::present::words::{counted, grouped};
use crate::track::{FlowId, Protocol, Side, Update};

/// Cells of a line, unless the terminal has more.
const WIDTH: usize = 80;
/// Cells of a frame number.
const FRAME: usize = 5;
/// Cells of a time at least, and its digits behind the point at most.
const TIME: usize = 9;
const DIGITS: usize = 6;
/// Cells of a state: `CLOSE-WAIT +`.
const STATE: usize = 12;
/// Cells between the uprights at most: a longer arrow only leads the eyes astray.
const LONGEST: usize = 60;

/// How wide the columns of a ladder are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Paper {
    /// Cells between the uprights.
    room: usize,
    time: usize,
    /// Cells of a state; datagrams have none.
    state: usize,
}

impl Paper {
    /// Room for a stream of this protocol, its times being as long as this one.
    pub fn new(protocol: Protocol, look: Look, time: &str) -> Self {
        let width = look.width.map_or(WIDTH, |width| usize::from(width).max(WIDTH));
        let (time, state) = (time.width().max(TIME), if protocol == Protocol::Tcp { STATE } else { 0 });
        let paper = Self { room: 0, time, state };
        // The uprights, and the state behind the right one.
        let beside = paper.front() + 2 + if state > 0 { 1 + state } else { 0 };
        Self { room: width.saturating_sub(beside).clamp(20, LONGEST), ..paper }
    }

    /// What stands above the rungs between these ends.
    pub fn heading(self, ends: [SocketAddr; 2]) -> String {
        let [left, right] = ends.map(|end| end.to_string());
        let state = if self.state > 0 { "State" } else { "" };
        let gap = self.room.saturating_sub(left.width() + right.width()).max(1);
        format!("{}│{left}{:gap$}{right}│ {state}", self.beside("No.", "Time", state), "").trim_end().to_owned()
    }

    /// Cells in front of the left upright.
    const fn front(self) -> usize {
        FRAME + 1 + self.time + 1 + if self.state > 0 { self.state + 1 } else { 0 }
    }

    /// What stands in front of the left upright.
    fn beside(self, frame: &str, time: &str, state: &str) -> String {
        let front = format!("{frame:>FRAME$} {time:<width$} {state}", width = self.time);
        let space = self.front().saturating_sub(front.width());
        format!("{front}{:space$}", "")
    }

    /// A text between the uprights, with nothing beside them.
    fn between(self, text: &str) -> String {
        format!("{}│{}│", self.beside("", "", ""), centred(&cut(text, self.room), self.room))
    }
}

/// The ladder of one stream, drawn as its packets come.
#[derive(Debug)]
pub struct Ladder {
    look: Look,
    dial: Dial,
    time: String,
    flow: FlowId,
    rungs: Rungs,
    runs: Runs,
    /// Known once there is a rung.
    paper: Option<Paper>,
}

impl Ladder {
    /// A ladder without rungs; `all` folds none of them.
    pub fn new(flow: FlowId, look: Look, dial: Dial, all: bool) -> Self {
        Self { look, dial, time: String::new(), flow, rungs: Rungs::new(flow), runs: Runs::new(all), paper: None }
    }

    /// Sets the clock by a frame, whether it is of the stream or not.
    pub fn see(&mut self, packet: &Packet<'_>, digits: usize) {
        self.time.clear();
        self.dial.write(packet.timestamp, digits.min(DIGITS), &mut self.time);
    }

    /// Draws the packet that was seen last, if it is a rung.
    ///
    /// # Errors
    /// What the writer says.
    pub fn push(&mut self, packet: &Packet<'_>, update: &Update<'_>, out: &mut impl Write) -> io::Result<()> {
        let Some(rung) = self.rungs.rung(packet, update, &self.time) else { return Ok(()) };
        if self.paper.is_none() {
            let paper = Paper::new(self.flow.protocol, self.look, &rung.time);
            self.paper = Some(paper);
            self.head(paper, out)?;
        }
        let steps = self.runs.push(rung);
        self.steps(&steps, out)
    }

    /// Draws what was held back.
    ///
    /// # Errors
    /// What the writer says.
    pub fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        let steps = self.runs.finish();
        self.steps(&steps, out)
    }

    fn head(&self, paper: Paper, out: &mut impl Write) -> io::Result<()> {
        let Some([initiator, responder]) = self.rungs.ends() else { return Ok(()) };
        let title = format!("{}  {initiator} → {responder}", self.flow);
        writeln!(out, "{}", self.look.paint(Ink::Strong, title))?;
        let legend = match self.flow.protocol {
            Protocol::Tcp => "States where they change: ! observed, + proved by a later segment, ? assumed.",
            Protocol::Udp => "Who sent the first datagram stands at the left.",
        };
        writeln!(out, "{}\n", self.look.paint(Ink::Quiet, legend))?;
        writeln!(out, "{}", self.look.paint(Ink::Quiet, paper.heading([initiator, responder])))
    }

    fn steps(&self, steps: &[Step], out: &mut impl Write) -> io::Result<()> {
        let Some(paper) = self.paper else { return Ok(()) };
        for line in steps.iter().flat_map(|step| draw(step, paper)) {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }
}

/// A step as lines of text.
pub fn draw(step: &Step, paper: Paper) -> Vec<String> {
    match step {
        Step::Rung(rung) => draw_rung(rung, paper),
        Step::Run(run) => vec![paper.between(&folded(run))],
    }
}

fn draw_rung(rung: &Rung, paper: Paper) -> Vec<String> {
    let mut lines = Vec::new();
    // Dashes on both sides of the label, and the head of the arrow.
    let most = paper.room.saturating_sub(5);
    let label = match [&rung.label, &rung.short].into_iter().find(|label| label.width() <= most) {
        Some(label) => with_payload(&sanitize(label), &rung.payload, most),
        None => {
            lines.push(paper.between(&sanitize(&rung.label)));
            String::new()
        }
    };
    let [left, right] = rung.states.each_ref().map(|state| state.as_deref().unwrap_or_default());
    let beside = paper.beside(&rung.frame.to_string(), &rung.time, left);
    lines.push(format!("{beside}│{}│ {right}", arrow(rung.side, &label, paper.room)).trim_end().to_owned());
    if !rung.remark.is_empty() {
        lines.push(paper.between(&format!("({})", sanitize(&rung.remark))));
    }
    lines
}

/// The label, and the begin of what is carried if some of it fits.
fn with_payload(label: &str, payload: &[u8], most: usize) -> String {
    const LEAST: usize = 6;
    let room = most.saturating_sub(label.width() + 3);
    match text(payload) {
        Some(text) if room >= LEAST => format!("{label} ‘{}’", cut(&text, room)),
        _ => label.to_owned(),
    }
}

/// What is carried, if it is text; its line ends are no part of it.
fn text(payload: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(payload) {
        Ok(text) => text,
        // Only the end may be missing: the begin of a character that was cut.
        Err(error) if error.error_len().is_none() => std::str::from_utf8(payload.get(..error.valid_up_to())?).ok()?,
        Err(_) => return None,
    };
    let text = text.trim_end_matches(['\r', '\n']);
    let is_text = !text.is_empty() && text.chars().all(|character| !character.is_control() || character.is_whitespace());
    is_text.then(|| sanitize(text).into_owned())
}

/// `── SYN Seq=0 ─────▶`, as wide as the ladder.
fn arrow(side: Side, label: &str, room: usize) -> String {
    let label = if label.is_empty() { String::new() } else { format!(" {label} ") };
    let shaft = "─".repeat(room.saturating_sub(label.width() + 3));
    match side {
        Side::Initiator => format!("──{label}{shaft}▶"),
        Side::Responder => format!("◀{shaft}{label}──"),
    }
}

/// `… 12 more: 8,760 octets →, 0 ←`.
fn folded(run: &Run) -> String {
    let octets = |octets: u64, arrow| (octets > 0).then(|| format!("{arrow} {} octets", grouped(octets)));
    let ways: Vec<String> = [octets(run.to_responder, '→'), octets(run.to_initiator, '←')].into_iter().flatten().collect();
    let more = counted(run.packets, "more").replace("mores", "more");
    if ways.is_empty() { format!("… {more}") } else { format!("… {more}: {}", ways.join(", ")) }
}

fn centred(text: &str, room: usize) -> String {
    let space = room.saturating_sub(text.width());
    format!("{:before$}{text}{:after$}", "", "", before = space / 2, after = space - space / 2)
}

/// As much of a text as so many cells hold.
fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut cells = 1; // The ellipsis.
    let fits = |character: &char| {
        cells += character.width().unwrap_or(0);
        cells <= room
    };
    text.chars().take_while(fits).chain(['…']).collect()
}
