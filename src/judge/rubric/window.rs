//! A span of time in which a lab is done.

use jiff::Timestamp as Instant;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::capture::Timestamp;

/// From a moment to a moment, both included.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Window {
    /// The first moment.
    pub from: Instant,
    /// The last moment: when the work is due.
    pub to: Instant,
    /// Where the clock hangs that the rubric is written by.
    pub offset: Offset,
}

impl Window {
    /// Days begun between the end and a time of the same clock; 0 if it is not later.
    pub fn days_after(&self, time: DateTime) -> u32 {
        const DAY: i64 = 24 * 60 * 60;
        let Ok(time) = self.offset.to_timestamp(time) else { return 0 };
        let late = time.as_second().saturating_sub(self.to.as_second());
        u32::try_from(late.max(0).saturating_add(DAY - 1) / DAY).unwrap_or(u32::MAX)
    }

    /// Whether a time is inside; `None` if no calendar holds it.
    pub fn holds(&self, time: Timestamp) -> Option<bool> {
        let time = Instant::new(time.seconds(), i32::try_from(time.nanoseconds()).ok()?).ok()?;
        Some(self.from <= time && time <= self.to)
    }
}
