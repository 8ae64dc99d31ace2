//! Seeded chance (SplitMix64: Steele, Lea and Flood 2014).

/// The same numbers at every run with the same seed.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly between the two.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// `true` in this share of cases.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.between(0.0, 1.0) < share
    }

    /// 0 … `end` − 1.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// Around `mean` (Box and Muller 1958).
    pub(crate) fn normal(&mut self, mean: f64, spread: f64) -> f64 {
        let radius = (-2.0 * self.between(f64::MIN_POSITIVE, 1.0).ln()).sqrt();
        let angle = self.between(0.0, std::f64::consts::TAU);
        mean + spread * radius * angle.cos()
    }

    /// Around `median`, skewed as handling times are.
    pub(crate) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        (self.normal(0.0, sigma)).exp() * median
    }

    /// Waiting times.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.between(f64::MIN_POSITIVE, 1.0).ln()
    }
}
