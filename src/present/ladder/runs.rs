//! Long runs of rungs that only move data are folded: the first few and the last stay.

use std::collections::VecDeque;

use super::Rung;
use crate::track::Side;

/// What a ladder shows next.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// A packet.
    Rung(Rung),
    /// Packets that are not shown.
    Run(Run),
}

/// Packets that are not shown, and the octets they carry.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Run {
    /// How many.
    pub packets: u64,
    /// Octets from initiator to responder.
    pub to_responder: u64,
    /// Octets from responder to initiator.
    pub to_initiator: u64,
}

impl Run {
    fn add(&mut self, rung: &Rung) {
        self.packets = self.packets.saturating_add(1);
        let octets = match rung.side {
            Side::Initiator => &mut self.to_responder,
            Side::Responder => &mut self.to_initiator,
        };
        *octets = octets.saturating_add(rung.octets);
    }
}

/// Folds runs as rungs come: it holds no more than [`Runs::KEPT`] of them.
#[derive(Debug, Default)]
pub struct Runs {
    /// Every rung is wanted.
    all: bool,
    /// Plain rungs in a row so far.
    plain: usize,
    run: Run,
    /// The last ones of the run.
    last: VecDeque<Rung>,
}

impl Runs {
    /// Rungs shown at the begin of a run.
    pub const FIRST: usize = 6;
    /// Rungs held back: one at the end of a run is shown, and to fold two lines into one would save nothing.
    pub const KEPT: usize = 3;

    /// No rung yet; `all` folds none.
    pub fn new(all: bool) -> Self {
        Self { all, ..Self::default() }
    }

    /// Takes the next rung, and gives what is to be shown now.
    pub fn push(&mut self, rung: Rung) -> Vec<Step> {
        if self.all {
            return vec![Step::Rung(rung)];
        }
        if !rung.is_plain {
            let mut steps = self.finish();
            steps.push(Step::Rung(rung));
            return steps;
        }
        self.plain = self.plain.saturating_add(1);
        if self.plain <= Self::FIRST {
            return vec![Step::Rung(rung)];
        }
        self.last.push_back(rung);
        if self.last.len() > Self::KEPT
            && let Some(folded) = self.last.pop_front()
        {
            self.run.add(&folded);
        }
        Vec::new()
    }

    /// Ends a run, and gives what was held back of it.
    pub fn finish(&mut self) -> Vec<Step> {
        self.plain = 0;
        let mut run = std::mem::take(&mut self.run);
        let mut last = std::mem::take(&mut self.last);
        if run.packets > 0 {
            // Folded is folded: all but the last one.
            while last.len() > 1
                && let Some(folded) = last.pop_front()
            {
                run.add(&folded);
            }
        }
        let folded = (run.packets > 0).then_some(Step::Run(run));
        folded.into_iter().chain(last.into_iter().map(Step::Rung)).collect()
    }
}
