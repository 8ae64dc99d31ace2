//! The mean power of the last seconds of pause.
//!
//! A window with an end, not a decaying mean: after a loud noise stops, a decaying mean of powers
//! takes its time constant again for every 4.3 dB of the fall, which for 40 dB is half a minute of
//! pauses; a window has forgotten it after its own length.

/// Frames in a block: 300 ms.
const BLOCK_FRAMES: u32 = 30;

/// Blocks in the window: 3 s, enough for a mean within 0.3 dB in steady noise.
const BLOCKS: usize = 10;

/// Flat and A-weighted mean power over the last pauses.
#[derive(Debug, Clone, Default)]
pub(super) struct PauseWindow {
    blocks: [Block; BLOCKS],
    newest: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Block {
    frames: u32,
    flat: f32,
    a: f32,
}

impl PauseWindow {
    /// Takes the power of one frame of pause.
    pub(super) fn push(&mut self, flat: f32, a: f32) {
        if self.blocks[self.newest].frames == BLOCK_FRAMES {
            self.newest = (self.newest + 1) % BLOCKS;
            self.blocks[self.newest] = Block::default();
        }
        let block = &mut self.blocks[self.newest];
        block.frames += 1;
        block.flat += flat;
        block.a += a;
    }

    /// Frames the means are made of.
    pub(super) fn frames(&self) -> u32 {
        self.blocks.iter().map(|block| block.frames).sum()
    }

    /// Mean power, flat; 0 before any frame.
    pub(super) fn flat(&self) -> f32 {
        self.mean(|block| block.flat)
    }

    /// Mean power, A-weighted; 0 before any frame.
    pub(super) fn a(&self) -> f32 {
        self.mean(|block| block.a)
    }

    fn mean(&self, of: impl Fn(&Block) -> f32) -> f32 {
        self.blocks.iter().map(of).sum::<f32>() / self.frames().max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::PauseWindow;

    #[test]
    fn a_noise_that_stops_is_forgotten_within_the_window() {
        let mut window = PauseWindow::default();
        for _ in 0..2_000 {
            window.push(1e-3, 1e-4);
        }
        assert!((window.flat() - 1e-3).abs() < 1e-6 && (window.a() - 1e-4).abs() < 1e-7);
        for _ in 0..330 {
            window.push(1e-8, 1e-9);
        }
        assert!(window.flat() < 1.01e-8, "{}", window.flat());
        assert!(window.a() < 1.01e-9, "{}", window.a());
    }

    #[test]
    fn the_first_frames_count_at_once() {
        let mut window = PauseWindow::default();
        assert_eq!(window.frames(), 0);
        window.push(4.0, 1.0);
        window.push(2.0, 3.0);
        assert_eq!((window.frames(), window.flat(), window.a()), (2, 3.0, 2.0));
    }
}
