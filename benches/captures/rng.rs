//! Random numbers that never change (SplitMix64: Steele, Lea and Flood, OOPSLA 2014).
//!
//! A library's generator may give other numbers after an update, and a capture must not change with it.
//! The number of draws is part of a capture's identity: one more anywhere changes everything after it.

const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Self(seed ^ GOLDEN_GAMMA);
        rng.next();
        rng
    }

    /// 64 random bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// At least 0, less than 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// At least `low`, at most `high`.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// True with this probability; an impossible event draws nothing.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.unit() < probability
    }

    /// An exponential spread: the gaps between unrelated events.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -(1.0 - self.unit()).ln() * mean
    }

    /// A log-normal spread, long on the right: sizes and delays. `sigma` is that of the logarithm.
    pub(crate) fn log_normal(&mut self, mean: f64, sigma: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.unit()).cos();
        mean * (sigma * normal - sigma * sigma / 2.0).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_first_capture() {
        let mut rng = Rng::new(1);
        assert_eq!(
            [rng.next(), rng.next(), rng.next()],
            [4048727598324417001, 7862637804313477842, 13015481187462834606],
            "another sequence makes another capture of every seed"
        );
    }

    #[test]
    fn both_ends_of_a_range_are_drawn() {
        let mut rng = Rng::new(1);
        let drawn: std::collections::BTreeSet<u64> = (0..100).map(|_| rng.between(3, 5)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [3, 4, 5]);
    }

    #[test]
    fn spreads_keep_their_mean() {
        let mut rng = Rng::new(1);
        let draws = 100_000;
        let exponential: f64 = (0..draws).map(|_| rng.exponential(20.0)).sum();
        let log_normal: f64 = (0..draws).map(|_| rng.log_normal(20.0, 0.8)).sum();
        for sum in [exponential, log_normal] {
            let mean = sum / f64::from(draws);
            assert!((19.0..21.0).contains(&mean), "{mean}");
        }
    }
}
