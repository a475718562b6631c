//! All flows of a capture at once: begins them in turn and says whose frame is next.
//!
//! Only flows under way are in memory; a flow that has ended leaves its slot to the next.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::flow::{Birth, Fate, Flow, Transport, Tuple, draw};
use crate::plan::{Plan, Profile};
use crate::rng::Rng;
use crate::time::Nanoseconds;

const PORTS_REUSED: f64 = 0.01;

/// Closed connections kept before one's ports are used again, so that it is some time ago.
const CLOSED_AT_LEAST: usize = 20;

/// Where a flow under way is kept.
type Slot = usize;

/// Merges the flows of a plan by time.
pub(crate) struct Schedule<'a> {
    plan: &'a Plan,
    rng: Rng,
    flows: Vec<Option<Flow>>,
    free: Vec<Slot>,
    due: BinaryHeap<Reverse<(Nanoseconds, Slot)>>,
    next_birth: Nanoseconds,
    /// Mean time between two births, in nanoseconds.
    birth_gap: f64,
    closed: VecDeque<Tuple>,
    /// Flows begun.
    pub(crate) begun: u64,
    /// Most flows under way at once.
    pub(crate) peak: usize,
}

impl<'a> Schedule<'a> {
    pub(crate) fn new(plan: &'a Plan, rng: Rng) -> Self {
        // Long exchanges need the rest of the time to end.
        let share = if plan.profile == Profile::Small { 0.6 } else { 1.0 };
        Self {
            plan,
            rng,
            flows: Vec::new(),
            free: Vec::new(),
            due: BinaryHeap::new(),
            next_birth: 0,
            birth_gap: plan.duration as f64 * share / plan.flows as f64,
            closed: VecDeque::new(),
            begun: 0,
            peak: 0,
        }
    }

    /// Takes the slot whose frame is next off the schedule, until [`Schedule::settle`].
    pub(crate) fn next(&mut self) -> Option<Slot> {
        while self.begun < self.plan.flows && self.is_birth_next() {
            self.begin_flow();
        }
        self.due.pop().map(|Reverse((_, slot))| slot)
    }

    pub(crate) fn flow(&mut self, slot: Slot) -> &mut Flow {
        self.flows[slot].as_mut().expect("a scheduled slot holds a flow")
    }

    /// Schedules a flow again after a frame at `sent`; hands it over if that was its last.
    pub(crate) fn settle(&mut self, slot: Slot, sent: Nanoseconds) -> Option<Flow> {
        let plan = self.plan;
        if let Some(due) = self.flow(slot).due(plan) {
            self.due.push(Reverse((due.max(sent), slot)));
            return None;
        }
        self.free.push(slot);
        let ended = self.flows[slot].take()?;
        if self.leaves_ports(&ended) {
            self.closed.push_back(ended.tuple);
        }
        Some(ended)
    }

    fn is_birth_next(&self) -> bool {
        self.due.peek().is_none_or(|Reverse((due, _))| self.next_birth <= *due)
    }

    fn begin_flow(&mut self) {
        let birth = Birth { number: self.begun, time: self.next_birth, reused: self.ports_to_reuse() };
        let mut flow = draw(self.plan, birth);
        self.begun += 1;
        self.next_birth += self.rng.exponential(self.birth_gap) as u64 + 1;
        let Some(due) = flow.due(self.plan) else {
            return;
        };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.flows.push(None);
            self.flows.len() - 1
        });
        self.flows[slot] = Some(flow);
        self.due.push(Reverse((due, slot)));
        self.peak = self.peak.max(self.due.len());
    }

    fn ports_to_reuse(&mut self) -> Option<Tuple> {
        let reuses =
            self.plan.is_loopback() && self.closed.len() > CLOSED_AT_LEAST && self.rng.chance(PORTS_REUSED * self.plan.anomalies);
        if reuses { self.closed.pop_front() } else { None }
    }

    fn leaves_ports(&self, flow: &Flow) -> bool {
        self.plan.is_loopback() && flow.transport == Transport::Tcp && flow.fate == Fate::Closed && !flow.midstream
    }
}
