//! The running noise level out of the last pauses and those of the whole call.
//!
//! A few seconds of pause are few of a noise that swells, and the detector takes a whole sentence for a pause now and
//! then. So the last pauses count where they speak against the call's, and louder ones only as far as the gaps between
//! the words agree: a noise that has come fills them, speech does not.

/// The last pauses may be so many times louder than the floor between the words (6 dB), where that is more than the
/// call's: the floor of a steady noise lies 2 to 3 dB under its mean, that of one that swells further.
const OVER_FLOOR: f32 = 4.0;

/// Nearer than the first to the call's level (1.5 dB) the last pauses say nothing new, further than the other (3 dB)
/// they alone count.
const ALIKE: (f32, f32) = (1.4, 2.0);

/// The power of the last pauses as far as it is believed, beside that of the call and the floor right now.
pub(super) fn believed(pauses: f32, call: f32, floor: f32) -> f32 {
    pauses.min(call.max(OVER_FLOOR * floor))
}

/// The running level of that lately and that of the call.
pub(super) fn settled(lately: f32, call: f32) -> f32 {
    let off = lately.max(call) / lately.min(call).max(f32::MIN_POSITIVE);
    let apart = ((off - ALIKE.0) / (ALIKE.1 - ALIKE.0)).clamp(0.0, 1.0);
    call + (lately - call) * apart
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_among_the_pauses_is_not_the_noise_and_a_noise_that_came_is() {
        let (before, sentence) = (1e-6, 1e-4);
        assert!(believed(sentence, before, 0.5 * before) <= 2.0 * before);
        assert!(believed(sentence, before, 0.5 * sentence) >= sentence);
        // What has become quieter is believed at once.
        assert!(believed(1e-8, before, 1e-8) <= 1e-8);
    }

    #[test]
    fn a_little_off_is_the_call_and_far_off_is_new() {
        assert!((settled(1.3e-6, 1e-6) - 1e-6).abs() < 1e-9);
        assert!((settled(0.8e-6, 1e-6) - 1e-6).abs() < 1e-9);
        assert!((settled(2.5e-6, 1e-6) - 2.5e-6).abs() < 1e-9);
        assert!((settled(0.1e-6, 1e-6) - 0.1e-6).abs() < 1e-9);
        let between = settled(1.7e-6, 1e-6);
        assert!(between > 1e-6 && between < 1.7e-6, "{between}");
    }
}
