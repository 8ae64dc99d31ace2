//! Is the channel dead?
//!
//! *Promises*: a channel is dead as long as it has never held anything above the electronic floor:
//! digital silence, dither, or the hiss of an input with nothing connected.
//!
//! *Fails* towards "dead": a live microphone in a silent room is not dead only once it has picked
//! something up.
//!
//! *Never* looks at the DC offset, which a dead input may well have.

use super::levels::Levels;

/// Mean square of what an input without a source gives at most: −72 dBov.
const ELECTRONIC_FLOOR: f32 = 6.3e-8;
/// Frames above the floor that show life: 50 ms, so that the pop of plugging in does not.
const FRAMES_OF_LIFE: u32 = 5;

/// Watches for the first sign of life.
#[derive(Debug, Clone, Default)]
pub struct DeadChannel {
    live_frames: u32,
}

impl DeadChannel {
    /// A channel that has given nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at one frame's levels.
    pub fn process(&mut self, levels: &Levels) {
        if levels.mean_square_ac > ELECTRONIC_FLOOR {
            self.live_frames = self.live_frames.saturating_add(1);
        }
    }

    /// Nothing above the electronic floor so far (true before the first frame).
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.live_frames < FRAMES_OF_LIFE
    }
}

#[cfg(test)]
mod tests {
    use super::super::levels::LevelMeter;
    use super::*;

    fn is_dead(frames: impl Iterator<Item = Vec<f32>>) -> bool {
        let (mut meter, mut channel) = (LevelMeter::new(), DeadChannel::new());
        for frame in frames {
            channel.process(&meter.process(&frame));
        }
        channel.is_dead()
    }

    #[test]
    fn silence_dither_and_an_offset_are_dead() {
        let lsb = 1.0 / 32_768.0;
        assert!(is_dead((0..500).map(|_| vec![0.0; 80])));
        assert!(is_dead((0..500).map(|_| vec![0.02; 80])));
        let dither = (0..500).map(|n| {
            (0..80)
                .map(move |i| (i * 7 + n) % 3)
                .map(|i| i as f32 * lsb)
        });
        assert!(is_dead(dither.map(Iterator::collect)));
    }

    #[test]
    fn a_pop_is_not_life_but_a_tenth_of_a_second_is() {
        let tone = || {
            (0..80)
                .map(|i| 0.001 * ((i % 8) as f32 - 3.5))
                .collect::<Vec<f32>>()
        };
        let quiet = || vec![0.0f32; 80];
        assert!(is_dead((0..500).map(|n| if n == 3 {
            tone()
        } else {
            quiet()
        })));
        assert!(!is_dead((0..500).map(|n| if n / 10 == 3 {
            tone()
        } else {
            quiet()
        })));
    }
}
