//! A bound on a power ratio that near speech can only raise: the lowest of sums over windows.

/// The lowest ratio of two powers over windows of frames.
///
/// Where the delay between the two is not known, the lower power comes with several delays, and the
/// one with the least sum counts: the ratio is rather too high than too low.
#[derive(Debug, Clone, Copy)]
pub(super) struct LowestRatio<const DELAYS: usize> {
    top: f32,
    bottom: [f32; DELAYS],
    frames: u32,
    windows: u32,
    bound: f32,
    shape: Shape,
}

/// How a [`LowestRatio`] behaves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Frames of a window.
    pub(super) window: u32,
    /// The bound before a window is full, and its ceiling.
    pub(super) start: f32,
    /// It never falls below this.
    pub(super) least: f32,
    /// Forgetting: the bound rises by this factor with each window.
    pub(super) rise: f32,
}

impl<const DELAYS: usize> LowestRatio<DELAYS> {
    pub(super) fn new(shape: Shape) -> Self {
        Self {
            top: 0.0,
            bottom: [0.0; DELAYS],
            frames: 0,
            windows: 0,
            bound: shape.start,
            shape,
        }
    }

    pub(super) fn push(&mut self, top: f32, bottom: [f32; DELAYS]) {
        self.top += top;
        for (sum, power) in self.bottom.iter_mut().zip(bottom) {
            *sum += power;
        }
        self.frames += 1;
        if self.frames < self.shape.window {
            return;
        }
        let bottom = self.bottom.iter().copied().fold(f32::INFINITY, f32::min);
        if bottom > 0.0 {
            let raised = self.bound * self.shape.rise;
            self.bound = raised
                .min(self.top / bottom)
                .clamp(self.shape.least, self.shape.start);
            self.windows += 1;
        }
        self.top = 0.0;
        self.bottom = [0.0; DELAYS];
        self.frames = 0;
    }

    pub(super) fn bound(&self) -> f32 {
        self.bound
    }

    /// At least two windows have been seen.
    pub(super) fn known(&self) -> bool {
        self.windows >= 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_speech_raises_no_bound_and_a_late_echo_lowers_none() {
        let shape = Shape {
            window: 50,
            start: 2.0,
            least: 1e-6,
            rise: 1.0,
        };
        let mut ratio = LowestRatio::<2>::new(shape);
        let far = |n: usize| if n % 80 < 30 { 0.0 } else { 1.0 };
        for n in 30..2_000 {
            // An echo of a tenth, 20 frames late; near speech for most of the time.
            let near = if n > 1_000 { 5.0 } else { 0.0 };
            ratio.push(0.1 * far(n - 20) + near, [far(n), far(n - 20)]);
        }
        assert!((0.08..0.2).contains(&ratio.bound()), "{}", ratio.bound());
    }
}
