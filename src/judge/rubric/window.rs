//! A span of time in which a lab is done.

use jiff::Timestamp as Instant;

use crate::capture::Timestamp;

/// From a moment to a moment, both included.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Window {
    /// The first moment.
    pub from: Instant,
    /// The last moment: when the work is due.
    pub to: Instant,
}

impl Window {
    /// Whether a time is inside; `None` if no calendar holds it.
    pub fn holds(&self, time: Timestamp) -> Option<bool> {
        let time = Instant::new(time.seconds(), i32::try_from(time.nanoseconds()).ok()?).ok()?;
        Some(self.from <= time && time <= self.to)
    }
}
