//! A room full of voices: the network is never quite sure that nobody speaks there.
//!
//! Where one person speaks, the score falls near zero between the words, whatever noise there is. Where a
//! crowd talks and nobody near the microphone, it stays between 0.5 and 0.8 all the time. What it does not
//! fall under says nothing about the near speaker, and is not counted for them.
//!
//! *Promises*: a score that falls to [`NOBODY`] now and then is left as it is.
//!
//! *Fails* towards silence: beside a crowd, a near voice is told only where the network is surer of it than
//! of the crowd by a margin; who talks without a gap from the first half second on is told from the first gap on.

/// The score falls under this between one person's words.
const NOBODY: f32 = 0.3;

/// What lies above it is taken off this many times: the crowd's score moves about its floor.
const MARGIN: f32 = 1.8;

/// The lowest score is that of the last eight to sixteen seconds, two windows of so many frames: nobody near talks so
/// long without a gap, but somebody in a hurry does for four.
const WINDOW: u32 = 800;

/// The network settles in so many frames; they say nothing about the room.
const SETTLING: u32 = 50;

/// Follows the lowest score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Crowd {
    /// Lowest of the window that runs, and of the one before.
    lowest: [f32; 2],
    frames: u32,
    settled: bool,
}

impl Crowd {
    /// Nothing heard yet.
    pub(crate) fn new() -> Self {
        Self {
            lowest: [1.0; 2],
            frames: 0,
            settled: false,
        }
    }

    /// The score of the next frame, without what the crowd is worth.
    pub(crate) fn without(&mut self, score: f32) -> f32 {
        self.frames += 1;
        if !self.settled {
            self.settled = self.frames > SETTLING;
            self.frames %= SETTLING + 1;
            return score;
        }
        self.lowest[0] = self.lowest[0].min(score);
        let floor = self.lowest[0].min(self.lowest[1]);
        if self.frames == WINDOW {
            self.lowest = [1.0, self.lowest[0]];
            self.frames = 0;
        }
        (score - MARGIN * (floor - NOBODY).max(0.0)).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_nobody_and_one_person_is() {
        let mut crowd = Crowd::new();
        // Twenty seconds of one person, told from the first gap on: words of a second, gaps of a tenth.
        let score = |n: usize| if n % 110 < 100 { 0.9 } else { 0.25 };
        for n in 0..2_000 {
            let told = crowd.without(score(n));
            assert!(n < 100 || told == score(n), "{n}: {told}");
        }
        // A hurried sentence of six seconds without a gap is a person's too.
        for n in 0..600 {
            assert!(crowd.without(0.9) == 0.9, "{n}");
        }
        let told = |n: i32| 0.65 + 0.12 * (0.37 * n as f32).sin();
        let taken = (0..6_000)
            .map(|n| crowd.without(told(n)) >= 0.5)
            .collect::<Vec<_>>();
        assert!(taken[..100].iter().any(|&t| t));
        assert!(taken[1_700..].iter().all(|&t| !t));
        assert!(crowd.without(0.95) >= 0.5);
    }
}
