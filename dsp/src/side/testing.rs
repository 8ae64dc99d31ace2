//! Seeded signals for the tests.

/// A small seeded generator (SplitMix64), the same on every machine.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in −1..1.
    pub(crate) fn uniform(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    /// Roughly normal, variance 1.
    pub(crate) fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.uniform()).sum::<f32>() / 2.0
    }

    /// Something with the shape of speech: a pulse train through resonances, switched on and off.
    pub(crate) fn voice(&mut self, rate: u32, seconds: f32) -> Vec<f32> {
        let rate = rate as f32;
        let resonances = [(500.0, 80.0), (1_500.0, 120.0), (2_600.0, 160.0)].map(|(hz, width)| {
            let radius = (-std::f32::consts::PI * width / rate).exp();
            (
                2.0 * radius * (std::f32::consts::TAU * hz / rate).cos(),
                radius * radius,
            )
        });
        let mut state = [[0f32; 2]; 3];
        let (mut pulse_in, mut word_in, mut loudness) = (0.0f32, 0.0f32, 0.0f32);
        let mut signal: Vec<f32> = (0..(rate * seconds) as usize)
            .map(|_| {
                if word_in <= 0.0 {
                    word_in = rate * (0.3 + 0.2 * self.uniform());
                    loudness = if self.uniform() > 0.2 {
                        0.0
                    } else {
                        0.4 + 0.3 * self.uniform()
                    };
                }
                word_in -= 1.0;
                pulse_in -= 1.0;
                let mut x = 0.01 * self.normal();
                if pulse_in <= 0.0 {
                    pulse_in = rate / (120.0 + 20.0 * self.uniform());
                    x += 1.0;
                }
                for (held, (a, b)) in state.iter_mut().zip(resonances) {
                    let y = x + a * held[0] - b * held[1];
                    *held = [y, held[0]];
                    x = y * (1.0 - a + b).abs().sqrt();
                }
                loudness * x
            })
            .collect();
        let peak = signal.iter().fold(0f32, |peak, x| peak.max(x.abs()));
        signal.iter_mut().for_each(|x| *x *= 0.7 / peak);
        signal
    }
}
