//! Recent traffic: how much moved in each of the last half seconds.

use std::iter::Sum;

use jiff::SignedDuration;

/// What moved in one half second.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tick {
    /// Packets.
    pub packets: u32,
    /// Octets of their frames on the wire.
    pub octets: u32,
}

/// The last ticks that are over, the oldest first.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Recent(pub [Tick; Recent::TICKS]);

impl Recent {
    /// How long a tick lasts.
    pub const TICK: SignedDuration = SignedDuration::from_millis(500);
    /// Ticks that are kept: twelve seconds.
    pub const TICKS: usize = 24;
    /// Ticks of the last second.
    const SECOND: usize = 2;
    /// From nothing to the most that is shown.
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

    /// Packets of the last second.
    pub fn packets(&self) -> u64 {
        self.second().map(|tick| u64::from(tick.packets)).sum()
    }

    /// Octets of the last second.
    pub fn octets(&self) -> u64 {
        self.second().map(|tick| u64::from(tick.octets)).sum()
    }

    /// The packets of the last ticks as a row of bars, the highest of which is the most of them.
    pub fn bars(&self, cells: usize) -> String {
        let ticks = self.0.get(Self::TICKS.saturating_sub(cells)..).unwrap_or(&self.0);
        let most = ticks.iter().map(|tick| tick.packets).max().unwrap_or(0).max(1);
        ticks.iter().map(|tick| Self::bar(tick.packets, most)).collect()
    }

    /// Whatever moved at all stands above the line.
    fn bar(packets: u32, most: u32) -> char {
        let height = (u64::from(packets) * (Self::BARS.len() as u64 - 1)).div_ceil(u64::from(most));
        Self::BARS.get(height as usize).copied().unwrap_or('█')
    }

    fn second(&self) -> impl Iterator<Item = &Tick> {
        self.0.iter().rev().take(Self::SECOND)
    }
}

impl Tick {
    /// Counts more.
    pub fn add(&mut self, more: Self) {
        self.packets = self.packets.saturating_add(more.packets);
        self.octets = self.octets.saturating_add(more.octets);
    }
}

impl<'r> Sum<&'r Recent> for Recent {
    fn sum<I: Iterator<Item = &'r Recent>>(recents: I) -> Self {
        recents.fold(Self::default(), |mut all, recent| {
            all.0.iter_mut().zip(&recent.0).for_each(|(all, tick)| all.add(*tick));
            all
        })
    }
}

/// A number in at most five cells: `999`, `1.2k`, `34k`, `5.6M`.
pub(super) fn short(number: u64) -> String {
    const UNITS: [&str; 6] = ["k", "M", "G", "T", "P", "E"];
    if number < 1000 {
        return number.to_string();
    }
    let mut scaled = number as f64 / 1000.0;
    for unit in UNITS {
        // What would be rounded to 10.0 has no digit behind the point, what would become 1000 has the next unit.
        if scaled < 9.95 {
            return format!("{scaled:.1}{unit}");
        }
        if scaled < 999.5 {
            return format!("{scaled:.0}{unit}");
        }
        scaled /= 1000.0;
    }
    format!("{scaled:.0}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let cases =
            [(0, "0"), (999, "999"), (1000, "1.0k"), (9_949, "9.9k"), (9_950, "10k"), (999_499, "999k"), (999_500, "1.0M")];
        for (number, text) in cases {
            assert_eq!(short(number), text);
        }
        assert!([u64::MAX, 12_345_678_901].into_iter().all(|number| short(number).len() <= 5));
    }

    #[test]
    fn bars_show_the_newest_ticks_and_whatever_moved() {
        let mut recent = Recent::default();
        assert_eq!(recent.bars(4), "▁▁▁▁");
        let counts = [1, 0, 700, 350];
        recent.0.iter_mut().rev().zip(counts.into_iter().rev()).for_each(|(tick, packets)| tick.packets = packets);
        assert_eq!(recent.bars(4), "▂▁█▅");
        assert_eq!(recent.bars(100).chars().count(), Recent::TICKS);
        assert_eq!(recent.packets(), 1050);
    }

    #[test]
    fn sums_do_not_overflow() {
        let most = Recent([Tick { packets: u32::MAX, octets: u32::MAX }; Recent::TICKS]);
        let all: Recent = [most, most].iter().sum();
        assert_eq!(all, most);
        assert_eq!(all.octets(), 2 * u64::from(u32::MAX));
    }
}
