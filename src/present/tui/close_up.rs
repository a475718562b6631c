//! One connection or exchange looked at closely: its ladder, and what its ends said.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use unicode_width::UnicodeWidthChar;

use crate::present::follow_view::{Follow, FollowForm};
use crate::present::ladder::{Paper, Step, draw};
use crate::present::look::{Ink, Look};
use crate::present::words::counted;
use crate::track::{FlowId, Piece, Side};

/// What is known of a stream that is open, as far as it is kept.
#[derive(Clone, Debug)]
pub struct CloseUp {
    /// The stream.
    pub flow: FlowId,
    /// Initiator and responder, once a packet has shown them.
    pub ends: Option<[SocketAddr; 2]>,
    /// The last steps of its ladder.
    pub steps: Vec<Arc<Step>>,
    /// The last of what was said.
    pub said: Vec<Said>,
    /// Something came before what is kept.
    pub begins_late: bool,
}

/// What the ends of a stream said.
#[derive(Clone, Debug)]
pub enum Said {
    /// A piece of it.
    Piece(Arc<Piece>),
    /// So many octets, which came too fast to be shown.
    Skipped(u64),
}

/// A line of text, and its colour if it has one.
pub(super) type Inked = (Option<Ink>, String);

impl CloseUp {
    /// The ladder, drawn for a terminal of so many cells, and what stands above it.
    pub(super) fn ladder(&self, width: u16) -> (Option<String>, Vec<Inked>) {
        let time = self.steps.iter().rev().find_map(|step| match &**step {
            Step::Rung(rung) => Some(rung.time.as_str()),
            Step::Run(_) => None,
        });
        let paper = Paper::new(self.flow.protocol, Look { colour: false, width: Some(width) }, time.unwrap_or_default());
        let lines = self.steps.iter().flat_map(|step| rung(step, paper)).collect();
        (self.ends.map(|ends| paper.heading(ends)), lines)
    }

    /// What was said, in lines of so many cells.
    pub(super) fn stream(&self, width: u16) -> Vec<Inked> {
        let mut text = Vec::new();
        let mut follow = Follow::new(Look::default(), FollowForm::Text, false, None);
        let written = self.said.iter().try_for_each(|said| match said {
            Said::Piece(piece) => follow.write(piece, &mut text),
            Said::Skipped(octets) => writeln!(text, "[{} came too fast to be shown]", counted(*octets, "octet")),
        });
        // Writing to a vector cannot fail.
        let _ = written.and_then(|()| follow.finish(&mut text));
        String::from_utf8_lossy(&text).lines().flat_map(|line| folded(line, width.into())).collect()
    }
}

/// A step as lines in the colour of who sent it; what is remarked of it in another one.
fn rung(step: &Step, paper: Paper) -> Vec<Inked> {
    let lines = draw(step, paper);
    let (ink, remarks) = match step {
        Step::Run(_) => (Ink::Quiet, 0),
        Step::Rung(rung) => (ink(rung.side), usize::from(!rung.remark.is_empty())),
    };
    let plain = lines.len().saturating_sub(remarks);
    let inked = |(place, line)| (Some(if place < plain { ink } else { Ink::Bad }), line);
    lines.into_iter().enumerate().map(inked).collect()
}

/// The colours of a stream: who opened it, who was called.
const fn ink(side: Side) -> Ink {
    match side {
        Side::Initiator => Ink::Tcp,
        Side::Responder => Ink::Udp,
    }
}

/// A line of the stream in lines of at most so many cells; the headings of speakers are coloured.
fn folded(line: &str, width: usize) -> Vec<Inked> {
    let ink = match line.chars().next() {
        Some('→') => Some(ink(Side::Initiator)),
        Some('←') => Some(ink(Side::Responder)),
        Some('[') => Some(Ink::Bad),
        _ => None,
    };
    let mut lines = vec![(ink, String::new())];
    let mut used = 0;
    for character in line.chars() {
        // A tab is as wide as the terminal likes.
        let (character, cells) = if character == '\t' { (' ', 1) } else { (character, character.width().unwrap_or(0)) };
        if used + cells > width.max(2) {
            lines.push((ink, String::new()));
            used = 0;
        }
        used += cells;
        lines.iter_mut().rev().take(1).for_each(|(_, line)| line.push(character));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_at_whole_characters() {
        let lines: Vec<String> = folded("  가나다라", 5).into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, ["  가", "나다", "라"]);
        assert_eq!(folded("", 5), [(None, String::new())]);
        assert_eq!(folded("→ initiator", 0).len(), 6);
    }
}
