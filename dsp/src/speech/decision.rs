//! From scores to "speaks": a threshold with 200 ms of hangover (CONTRACT §7).

/// How long a decision holds on after the last frame over the threshold.
pub const HANGOVER_FRAMES: u32 = 20;

/// Scores at or over this are speech.
const THRESHOLD: f32 = 0.5;

/// How long speech is taken to go on within words and their endings, where overlaps are concerned: a
/// score falls under the threshold in stops and at weak ends. Measured: the seconds of overtalk
/// come nearest with this much (benches/accuracy).
const WITHIN_WORDS: u32 = 6;

/// One side's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpeechDecision {
    left: u32,
}

impl SpeechDecision {
    /// Judges the next frame's score; true = speech, hangover included.
    pub fn push(&mut self, score: f32) -> bool {
        if score >= THRESHOLD {
            self.left = HANGOVER_FRAMES;
            true
        } else if self.left > 0 {
            self.left -= 1;
            true
        } else {
            false
        }
    }

    /// Speech in the last frame itself, or within the word it belongs to: without the hangover.
    #[must_use]
    pub fn active(self) -> bool {
        self.left >= HANGOVER_FRAMES - WITHIN_WORDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_on_for_200_ms_and_no_longer() {
        let mut decision = SpeechDecision::default();
        assert!(!decision.push(0.49));
        assert!(decision.push(0.5));
        let held = (0..100).take_while(|_| decision.push(0.1)).count();
        assert_eq!(held, 20);
        assert!(!decision.active());
        decision.push(0.9);
        let within = (0..100).take_while(|_| {
            decision.push(0.1);
            decision.active()
        });
        assert_eq!(within.count(), 6);
    }
}
