//! Frames that show something, and a display filter that gives exactly these in Wireshark.

use super::{Passage, Traffic};

/// Frames, by Wireshark's numbers, and the filter for them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Evidence {
    /// In file order.
    pub frames: Vec<u64>,
    /// Selects these frames; `None` where there are none to select.
    pub filter: Option<String>,
}

impl Evidence {
    /// Frames that one piece of evidence lists; the filter ends where the list does.
    pub const MAX_FRAMES: usize = 100;

    /// What a filter shows: `meant` says the same of a passage as the filter does.
    pub fn of(filter: impl Into<String>, traffic: &Traffic, meant: impl Fn(&Passage) -> bool) -> Self {
        Self::whole(filter.into(), traffic.frames(meant))
    }

    /// All frames that a filter shows.
    pub fn whole(filter: String, mut frames: Vec<u64>) -> Self {
        let more = frames.len() > Self::MAX_FRAMES;
        frames.truncate(Self::MAX_FRAMES);
        let filter = match frames.last().filter(|_| more) {
            Some(last) => format!("({filter}) && frame.number <= {last}"),
            None => filter,
        };
        let filter = (!frames.is_empty()).then_some(filter);
        Self { frames, filter }
    }

    /// These frames and no others.
    pub fn frames(frames: impl IntoIterator<Item = u64>) -> Self {
        let mut frames: Vec<u64> = frames.into_iter().collect();
        frames.sort_unstable();
        frames.dedup();
        frames.truncate(Self::MAX_FRAMES);
        let list = frames.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        let filter = match frames.as_slice() {
            [] => None,
            [frame] => Some(format!("frame.number == {frame}")),
            _ => Some(format!("frame.number in {{{list}}}")),
        };
        Self { frames, filter }
    }
}
