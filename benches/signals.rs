//! Seeded two-sided material for the benchmarks: noise with the rhythm of speech, taking turns, with or
//! without leakage. Cost does not depend on the words; accuracy is measured elsewhere, on real voices.

/// Both sides of a call, frame by frame.
#[derive(Debug)]
pub(crate) struct Call {
    agent: Vec<f32>,
    customer: Vec<f32>,
    frame_len: usize,
}

impl Call {
    /// `seconds` of a call at `rate` Hz in which the customer's voice comes back through the agent's
    /// microphone `echo_return_loss_db` lower, 20 ms later.
    pub(crate) fn new(rate: u32, seconds: usize, echo_return_loss_db: f32) -> Self {
        let frame_len = rate as usize / 100;
        let total = rate as usize * seconds;
        let mut noise = Noise(0x9E37_79B9_7F4A_7C15);
        let customer: Vec<f32> = (0..total)
            .map(|i| 0.2 * turn(i, rate, 0) * noise.next())
            .collect();
        let leak = 10f32.powf(-echo_return_loss_db / 20.0);
        let delay = rate as usize / 50;
        let agent = (0..total)
            .map(|i| {
                let echo = if i < delay {
                    0.0
                } else {
                    leak * customer[i - delay]
                };
                0.2 * turn(i, rate, 1) * noise.next() + echo + 1e-4 * noise.next()
            })
            .collect();
        Self {
            agent,
            customer,
            frame_len,
        }
    }

    /// Frame `index`, starting over at the end.
    pub(crate) fn frame(&self, index: usize) -> (&[f32], &[f32]) {
        let frames = self.agent.len() / self.frame_len;
        let start = index % frames * self.frame_len;
        let range = start..start + self.frame_len;
        (&self.agent[range.clone()], &self.customer[range])
    }
}

/// Turns of two seconds, `who` first or second, with syllables at 4 Hz.
fn turn(sample: usize, rate: u32, who: usize) -> f32 {
    let seconds = sample as f32 / rate as f32;
    let mine = (seconds / 2.0) as usize % 2 == who;
    if mine {
        (std::f32::consts::TAU * 4.0 * seconds).sin().max(0.0)
    } else {
        0.0
    }
}

struct Noise(u64);

impl Noise {
    /// Uniform in −1..1 (xorshift64*).
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 40) as f32 / 8_388_608.0 - 1.0
    }
}
