//! The figures of a comparison, and what must hold of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sockscope::track::State;

use super::hold::GUARD;
use super::table::End;

/// The kernel and we must agree on this share of what no limit of captures explains; the rest is left to processors
/// that are taken away for longer than the guard.
const SHARE: f64 = 0.998;
/// Pairs of an end and a sample that must agree, TIME-WAIT apart: it lasts, and would outnumber all others.
const PAIRS: u64 = 5_000;
/// The states that must be seen, each in so many pairs.
const SEEN: u64 = 20;
const STATES: [State; 9] = {
    use State::*;
    [SynSent, SynReceived, Established, FinWait1, FinWait2, CloseWait, Closing, LastAck, TimeWait]
};

/// What a comparison found. A pair is an end and a sample at which the end exists, to the kernel or to us.
#[derive(Default)]
pub struct Report {
    /// Frames captured.
    frames: u64,
    /// Samples taken.
    samples: usize,
    /// Pairs too close to a frame to be used.
    pub too_close: u64,
    /// What agrees, by state.
    agreeing: BTreeMap<&'static str, Agreement>,
    /// Pairs that a limit of captures explains, by what it explains.
    pub excused: BTreeMap<String, u64>,
    /// All other pairs, with their story.
    pub disagreeing: BTreeMap<String, u64>,
    /// Limits that explained nothing.
    pub unused_limits: Vec<String>,
    /// Listeners of ours that the kernel has.
    pub listeners: u64,
    /// Rows of socket tables held against the kernel's.
    rows: u64,
    /// Those that differ.
    row_faults: BTreeMap<String, u64>,
}

/// How often one state was agreed on.
#[derive(Default)]
struct Agreement {
    pairs: u64,
    /// The stretches between two frames in which the pairs lie: an end, and the frame that began it.
    stretches: BTreeSet<(End, u64)>,
}

impl Report {
    /// A report with nothing compared yet.
    pub fn of(frames: u64, samples: usize) -> Self {
        Self { frames, samples, ..Self::default() }
    }

    /// The kernel and we agree on a state, in the stretch that a frame began for an end.
    pub fn agree(&mut self, state: State, stretch: (End, u64)) {
        let agreement = self.agreeing.entry(state.name()).or_default();
        agreement.pairs += 1;
        agreement.stretches.insert(stretch);
    }

    /// One row of a socket table, and what is wrong with it.
    pub fn add_row(&mut self, fault: Option<String>) {
        self.rows += 1;
        fault.into_iter().for_each(|fault| *self.row_faults.entry(fault).or_default() += 1);
    }

    /// What does not hold; empty if all is well.
    pub fn faults(&self) -> Vec<String> {
        let missing = STATES.iter().filter(|state| self.pairs_in(**state) < SEEN).map(|state| format!("{state} was hardly seen"));
        let rules = [
            (self.unlike_time_wait() < PAIRS, "too few pairs"),
            (self.listeners == 0, "no listener was compared"),
            (share(self.unlike_time_wait(), total(&self.disagreeing)) < SHARE, "too many pairs disagree"),
            (!self.row_faults.is_empty(), "rows of a socket table differ"),
            (!self.unused_limits.is_empty(), "a limit explains nothing"),
        ];
        let broken = rules.into_iter().filter(|(broken, _)| *broken).map(|(_, rule)| rule.to_owned());
        missing.chain(broken).collect()
    }

    fn pairs_in(&self, state: State) -> u64 {
        self.agreeing.get(state.name()).map_or(0, |agreement| agreement.pairs)
    }

    /// Agreeing pairs in other states than TIME-WAIT.
    fn unlike_time_wait(&self) -> u64 {
        self.all_agreeing() - self.pairs_in(State::TimeWait)
    }

    fn all_agreeing(&self) -> u64 {
        self.agreeing.values().map(|agreement| agreement.pairs).sum()
    }
}

fn total(counts: &BTreeMap<String, u64>) -> u64 {
    counts.values().sum()
}

fn share(good: u64, bad: u64) -> f64 {
    good as f64 / (good + bad).max(1) as f64
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { frames, samples, too_close, rows, listeners, .. } = self;
        let (bad, excused) = (total(&self.disagreeing), total(&self.excused));
        writeln!(f, "{frames} frames, {samples} samples; {too_close} pairs within {GUARD:?} of a frame are not used")?;
        for (agreeing, which) in [(self.all_agreeing(), "all"), (self.unlike_time_wait(), "without TIME-WAIT")] {
            let percent = 100.0 * share(agreeing, bad);
            writeln!(f, "{which}: {agreeing} pairs agree, {bad} do not: {percent:.3} %; {excused} more are explained")?;
        }
        for (state, Agreement { pairs, stretches }) in &self.agreeing {
            writeln!(f, "{state:>13}: {pairs:>7} pairs in {:>4} stretches between two frames", stretches.len())?;
        }
        writeln!(f, "{rows} rows of socket tables, {listeners} of them listening; {} differ", total(&self.row_faults))?;
        let lists = [("explained", &self.excused), ("DISAGREES", &self.disagreeing), ("ROW", &self.row_faults)];
        for (word, list) in lists {
            list.iter().try_for_each(|(text, count)| writeln!(f, "{word} {count:>5}: {text}"))?;
        }
        self.unused_limits.iter().try_for_each(|limit| writeln!(f, "EXPLAINS NOTHING: {limit}"))
    }
}
