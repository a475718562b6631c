//! Capture time: nanoseconds since the capture began.
//!
//! A plain number, since flows add, multiply and compare times for every frame.

/// Nanoseconds: a point since the capture began, or a span.
pub(crate) type Nanoseconds = u64;

pub(crate) const MICROSECOND: Nanoseconds = 1_000;
pub(crate) const MILLISECOND: Nanoseconds = 1_000_000;
pub(crate) const SECOND: Nanoseconds = 1_000_000_000;

/// When captures begin, since the Unix epoch: 14 November 2023, 22:13:20 UTC.
pub(crate) const EPOCH: Nanoseconds = 1_700_000_000 * SECOND;
