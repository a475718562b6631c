//! Holds what sockscope says of both ends of every connection against what the kernel said at the same moment.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use sockscope::track::{Claim, Evidence, SocketState, State};

use super::Testimony;
use super::history::{History, Moment, Row, sockets_at};
use super::report::Report;
use super::sampler::Sample;
use super::stage::{FIN_TIMEOUT, Limit};
use super::table::End;

/// A sample is not used for an end that has a frame this close to it. A sender changes its state before its frame is
/// stamped and a receiver after: microseconds, unless the processor is taken away in between. On an idle machine not one
/// of 25,000 pairs disagrees even with no guard, if only no frame falls into the sample itself.
pub const GUARD: Duration = Duration::from_millis(3);

/// Between two moments at which the socket table as a whole, as `sockets --at` prints it, is held against the kernel's.
const TABLE_EVERY: Duration = Duration::from_millis(150);

const CLOSED: &str = SocketState::Closed.word();
const LISTEN: &str = SocketState::Listen.word();

/// One end at the time of one sample.
struct Instant<'t> {
    end: End,
    kernel: State,
    moments: &'t [Moment],
    /// The first of the moments after the sample.
    next: usize,
    sample: &'t Sample,
}

/// A comparison under way.
struct Comparison<'t> {
    testimony: &'t Testimony,
    history: History,
    /// Which limits have explained something.
    used: Vec<bool>,
    report: Report,
}

/// Compares every end at every sample, and the whole table now and then.
pub fn hold(testimony: &Testimony) -> Report {
    let history = History::read(&testimony.capture);
    let report = Report::of(history.frames, testimony.samples.len());
    // Tables are compared so seldom that a limit on listeners may fall between two of them.
    let used = testimony.limits.iter().map(|limit| matches!(limit, Limit::Nobody { .. })).collect();
    let mut comparison = Comparison { testimony, history, used, report };
    comparison.hold_ends();
    comparison.hold_tables();
    comparison.finish()
}

impl Comparison<'_> {
    fn finish(mut self) -> Report {
        let unused = self.testimony.limits.iter().zip(self.used).filter(|(_, used)| !used);
        self.report.unused_limits = unused.map(|(limit, _)| format!("{limit:?}")).collect();
        self.report
    }

    fn hold_ends(&mut self) {
        for sample in &self.testimony.samples {
            let ends: BTreeSet<End> = self.history.ends().chain(sample.table.connected.keys()).copied().collect();
            for end in ends {
                let instant = Instant::of(end, sample, &self.history);
                let excuse = self.testimony.limits.iter().position(|limit| limit.excuses(&instant));
                self.used.iter_mut().zip(0..).for_each(|(used, place)| *used |= Some(place) == excuse && instant.differs());
                self.report.add(&instant, excuse.map(|place| &self.testimony.limits[place]));
            }
        }
    }

    /// Whole tables are held at moments far from every frame.
    fn hold_tables(&mut self) {
        let times = self.history.times();
        let mut due = Duration::ZERO;
        for sample in &self.testimony.samples {
            if sample.before >= due && is_quiet(&times, sample) {
                due = sample.before + TABLE_EVERY;
                let table = sockets_at(&self.testimony.capture, sample.before);
                self.hold_rows(&table, sample);
                self.hold_listeners(&table, sample);
            }
        }
    }

    /// Every connected socket of the kernel has one row in that state, and no row is left over.
    fn hold_rows(&mut self, table: &[Row], sample: &Sample) {
        let mut rows: BTreeMap<End, &str> = BTreeMap::new();
        for row in table.iter().filter(|row| row.rule != "R1" && row.peer.is_some() && row.state != CLOSED) {
            let end = (row.local(), row.peer.unwrap());
            if let Some(other) = rows.insert(end, &row.state) {
                self.report.add_row(Some(format!("{} -> {}: two rows, {other} and {}", end.0, end.1, row.state)));
            }
        }
        for end in rows.keys().chain(sample.table.connected.keys()).collect::<BTreeSet<_>>() {
            let ours = rows.get(end).copied().unwrap_or(CLOSED);
            let instant = Instant::of(*end, sample, &self.history);
            let same = ours == SocketState::from(instant.kernel).word();
            let explained = || self.testimony.limits.iter().any(|limit| limit.excuses(&instant));
            let fault = || format!("{} -> {}: {ours}, kernel {}", end.0, end.1, instant.kernel);
            self.report.add_row((!same && !explained()).then(fault));
        }
    }

    /// Every listener of ours is one of the kernel's, and where a refusal says that none is there, the kernel has none.
    ///
    /// The kernel has more: a listener that nobody called, or that closed since, shows in no capture.
    fn hold_listeners(&mut self, table: &[Row], sample: &Sample) {
        for row in table.iter().filter(|row| row.rule == "R1") {
            let at_its_address = |address: &&SocketAddr| {
                let same = address.ip().is_unspecified() || row.seen_at.contains(&address.ip());
                address.port() == row.port && same
            };
            let listens = sample.table.listening.iter().find(at_its_address).is_some();
            self.report.listeners += u64::from(listens);
            let same = listens == (row.state == LISTEN);
            let explained = || self.testimony.limits.iter().any(|limit| limit.excuses_listener(row));
            let fault = || format!("port {}: {} {}, kernel listens: {listens}", row.port, row.state, row.evidence);
            self.report.add_row((!same && !explained()).then(fault));
        }
    }
}

/// No frame at all is close to the sample.
fn is_quiet(times: &[Duration], sample: &Sample) -> bool {
    let next = times.partition_point(|time| *time <= sample.before);
    let last = next.checked_sub(1).map(|last| times[last]);
    last.is_none_or(|last| last + GUARD <= sample.before) && times.get(next).is_none_or(|next| *next >= sample.after + GUARD)
}

impl<'t> Instant<'t> {
    fn of(end: End, sample: &'t Sample, history: &'t History) -> Self {
        let moments = history.of(end);
        let kernel = sample.table.connected.get(&end).copied().unwrap_or(State::Closed);
        Self { end, kernel, moments, next: moments.partition_point(|moment| moment.time <= sample.before), sample }
    }

    /// The last moment before the sample; `None` if the end has not shown yet.
    fn last(&self) -> Option<&Moment> {
        self.moments.get(self.next.checked_sub(1)?)
    }

    fn claim(&self) -> Option<Claim> {
        self.last().map(|moment| moment.claim)
    }

    /// What we say; a socket that no frame has shown does not exist.
    fn ours(&self) -> State {
        self.claim().map_or(State::Closed, |claim| claim.state)
    }

    fn differs(&self) -> bool {
        self.kernel != self.ours()
    }

    /// Our claim is assumed, and the end has sent nothing since that would tell.
    fn is_assumed(&self) -> bool {
        let Some(claim) = self.claim() else { return false };
        let silent =
            self.moments[..self.next].iter().rev().take_while(|moment| moment.frame > claim.frame).all(|moment| moment.received);
        claim.evidence == Evidence::Assumed && silent
    }

    /// Neither the kernel nor we have such a socket.
    fn is_nothing(&self) -> bool {
        self.kernel == State::Closed && self.ours() == State::Closed
    }

    fn is_too_close(&self) -> bool {
        let (last, next) = (self.last(), self.moments.get(self.next));
        last.is_some_and(|last| last.time + GUARD > self.sample.before)
            || next.is_some_and(|next| next.time < self.sample.after + GUARD)
    }

    /// What happened last, for a person to read.
    fn story(&self) -> String {
        let lines: Vec<String> = self.moments[self.next.saturating_sub(4)..self.next].iter().map(Moment::to_string).collect();
        format!("{} -> {}: kernel {}, after {}", self.end.0, self.end.1, self.kernel, lines.join("; "))
    }
}

impl Report {
    fn add(&mut self, instant: &Instant<'_>, excuse: Option<&Limit>) {
        if instant.is_nothing() {
            return;
        }
        if instant.is_too_close() {
            self.too_close += 1;
        } else if !instant.differs() {
            self.agree(instant.kernel, (instant.end, instant.last().map_or(0, |last| last.frame)));
        } else if let Some(limit) = excuse {
            let what = format!("{}, ours {}: {}", instant.kernel, instant.ours(), limit.reason());
            *self.excused.entry(what).or_default() += 1;
        } else {
            *self.disagreeing.entry(instant.story()).or_default() += 1;
        }
    }
}

impl Limit {
    /// It explains why the kernel's state is not the one of our last claim.
    fn excuses(&self, instant: &Instant<'_>) -> bool {
        match self {
            Self::Silent { end, kernel, ours, .. } => (*end, *kernel, *ours) == (instant.end, instant.kernel, instant.ours()),
            Self::Deaf { end, from, until } => {
                let heard = instant.moments.iter().find(|moment| moment.received && moment.time > *until);
                let over = heard.map_or(Duration::MAX, |moment| moment.time);
                let deaf = *from < instant.sample.before && instant.sample.after < over;
                *end == instant.end && deaf && instant.is_assumed()
            }
            Self::TimedOut => {
                let long = instant.last().is_some_and(|last| last.time + FIN_TIMEOUT <= instant.sample.before);
                (instant.kernel, instant.ours()) == (State::Closed, State::FinWait2) && long
            }
            Self::Nobody { .. } => false,
        }
    }

    /// It explains why a row says that somebody listens where nobody does.
    fn excuses_listener(&self, row: &Row) -> bool {
        let Self::Nobody { port, ours, .. } = self else { return false };
        (row.port, row.state.as_str(), row.evidence.as_str()) == (*port, LISTEN, ours.word())
    }
}
