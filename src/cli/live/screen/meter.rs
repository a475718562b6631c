//! What moved lately, by stream.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use sockscope::capture::{Frame, Timestamp};
use sockscope::present::tui::{Recent, Tick};
use sockscope::track::FlowId;

/// Streams that are measured at once; of others, no more is known than that they are there.
const MOST: usize = 1 << 16;

/// Ticks kept: those that are over, and the present one.
const KEPT: usize = Recent::TICKS + 1;

/// The ticks of one stream.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    /// The number of the present tick, since 1970.
    now: i64,
    /// Each in the place of its number.
    ticks: [Tick; KEPT],
}

/// The number of the tick at this time.
pub(super) fn tick_at(time: Timestamp) -> i64 {
    let tick = Recent::TICK.as_nanos();
    let nanoseconds = i128::from(time.seconds()) * 1_000_000_000 + i128::from(time.nanoseconds());
    i64::try_from(nanoseconds.div_euclid(tick)).unwrap_or_default()
}

impl Meter {
    /// Nothing moved yet.
    pub(super) const fn new(now: i64) -> Self {
        Self { now, ticks: [Tick { packets: 0, octets: 0 }; KEPT] }
    }

    /// Counts a frame; one whose time steps back counts now.
    pub(super) fn count(&mut self, now: i64, frame: &Frame<'_>) {
        self.advance(now);
        let place = self.place(self.now);
        if let Some(tick) = self.ticks.get_mut(place) {
            tick.add(Tick { packets: 1, octets: frame.original_len });
        }
    }

    /// The ticks before this one.
    pub(super) fn recent(&self, now: i64) -> Recent {
        let mut meter = self.clone();
        meter.advance(now);
        let mut recent = Recent::default();
        for (back, tick) in (1..).zip(recent.0.iter_mut().rev()) {
            *tick = meter.ticks.get(self.place(meter.now - back)).copied().unwrap_or_default();
        }
        recent
    }

    /// All that is kept is over: nothing moved for so long.
    fn is_silent(&self, now: i64) -> bool {
        now.saturating_sub(self.now) >= KEPT as i64
    }

    fn advance(&mut self, now: i64) {
        let steps = now.saturating_sub(self.now).clamp(0, KEPT as i64);
        self.now = self.now.max(now);
        for back in 0..steps {
            let place = self.place(self.now - back);
            self.ticks.iter_mut().skip(place).take(1).for_each(|tick| *tick = Tick::default());
        }
    }

    const fn place(&self, number: i64) -> usize {
        number.rem_euclid(KEPT as i64) as usize
    }
}

/// The ticks of all streams that moved lately.
#[derive(Debug, Default)]
pub(super) struct Meters(HashMap<FlowId, Meter, RandomState>);

impl Meters {
    /// Counts a frame of a stream.
    pub(super) fn count(&mut self, flow: FlowId, now: i64, frame: &Frame<'_>) {
        if let Some(meter) = self.0.get_mut(&flow) {
            return meter.count(now, frame);
        }
        if self.0.len() < MOST {
            self.0.entry(flow).or_insert_with(|| Meter::new(now)).count(now, frame);
        }
    }

    /// What moved lately in a stream.
    pub(super) fn recent(&self, flow: FlowId, now: i64) -> Recent {
        self.0.get(&flow).map_or_else(Recent::default, |meter| meter.recent(now))
    }

    /// Forgets streams in which nothing moved for so long that nothing is lost with them.
    pub(super) fn forget(&mut self, now: i64) {
        self.0.retain(|_, meter| !meter.is_silent(now));
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::frame;
    use super::*;
    use sockscope::track::Protocol;

    #[test]
    fn ticks_that_are_over_count() {
        let mut meter = Meter::new(100);
        for now in [100, 100, 101, 99] {
            meter.count(now, &frame(1, &[0; 60]));
        }
        assert_eq!(meter.recent(101).packets(), 2);
        assert_eq!(meter.recent(102).packets(), 4);
        assert_eq!(meter.recent(102).octets(), 240);
        assert_eq!(meter.recent(103).packets(), 2);
        assert_eq!(meter.recent(103).bars(4), "▁██▁");
        assert_eq!(meter.recent(1000), Recent::default());
    }

    #[test]
    fn silent_streams_are_forgotten() {
        let flow = |number| FlowId { protocol: Protocol::Udp, number };
        let mut meters = Meters::default();
        (0..MOST as u32 + 10).for_each(|number| meters.count(flow(number), 7, &frame(1, b"x")));
        assert_eq!(meters.0.len(), MOST);
        meters.forget(7 + KEPT as i64 - 1);
        assert_eq!(meters.0.len(), MOST);
        meters.forget(7 + KEPT as i64);
        assert!(meters.0.is_empty() && meters.recent(flow(1), 8) == Recent::default());
    }

    #[test]
    fn half_seconds_have_numbers() {
        let numbers = [(0, 0), (0, 499_999_999), (0, 500_000_000), (1, 0), (-1, 0)].map(|(s, ns)| tick_at(Timestamp::new(s, ns)));
        assert_eq!(numbers, [0, 0, 1, 2, -2]);
    }
}
