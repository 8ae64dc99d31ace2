//! Chance that comes out the same for the same seed.

use std::f64::consts::TAU;

/// A seeded source of chance (SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice of their own for part `number`, so that one part's throws do not move another's.
    pub(super) fn of(&self, number: u64) -> Self {
        let mut part = Self(self.0 ^ number.wrapping_mul(0xd134_2543_de82_ef95));
        Self(part.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly in 0..1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly in `low..high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// `true` this often.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of `count` numbers; 0 of none.
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// Log-normal: half of all lie below `median`; `spread` is the deviation of the logarithm.
    pub(super) fn log_normal(&mut self, median: f64, spread: f64) -> f64 {
        let (u, v) = (1.0 - self.unit(), self.unit());
        let normal = (-2.0 * u.ln()).sqrt() * (TAU * v).cos();
        median * (spread * normal).exp()
    }

    /// Evenly in -1..1, quickly.
    pub(super) fn noise(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_same_seed_throws_the_same_and_parts_differ() {
        let throws = |mut dice: Dice| -> Vec<usize> { (0..40).map(|_| dice.below(6)).collect() };
        let seed = Dice::new(7);
        assert_eq!(throws(seed.clone()), throws(Dice::new(7)));
        assert_ne!(throws(seed.of(1)), throws(seed.of(2)));
    }

    #[test]
    fn half_of_a_log_normal_lies_below_its_median() {
        let mut dice = Dice::new(1);
        let below = (0..10_000)
            .filter(|_| dice.log_normal(0.2, 0.8) < 0.2)
            .count();
        assert!((4_700..5_300).contains(&below), "{below}");
        let mean = (0..10_000).map(|_| f64::from(dice.noise())).sum::<f64>() / 10_000.0;
        assert!(mean.abs() < 0.02, "{mean}");
    }
}
