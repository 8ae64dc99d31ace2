//! Dropouts: sound that stops dead and comes back as suddenly.
//!
//! *Promises*: finds gaps of 5 ms to 1 s in which every sample is the same (zero or held), with
//! sound right before and right after, wherever the frame edges fall. A gap is told in the frame in which the
//! sound after it has been heard.
//!
//! *Fails* to see gaps that a concealment has filled, and gaps in a pause.
//!
//! *Never* takes a pause of digital silence, a mute, or the end of a file for a dropout: those fade,
//! or do not come back.

use crate::units::SampleRate;

/// Shortest gap, seconds.
const SHORTEST_S: f32 = 0.005;
/// Longest gap, seconds; beyond, it is a mute or a hold.
const LONGEST_S: f32 = 1.0;
/// How much of the sound is looked at before and after, seconds.
const BESIDE_S: f32 = 0.004;
/// Mean square that counts as sound: −56 dBov.
const SOUND: f32 = 2.5e-6;
/// How long a run must be before it is worth looking at the sound before it, seconds.
const SUSPICIOUS_S: f32 = 0.0025;

/// Dropouts told in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Dropouts {
    /// How many.
    pub count: u32,
    /// Milliseconds lost in them.
    pub lost_ms: f32,
}

/// Finds dropouts.
#[derive(Debug, Clone)]
pub struct DropoutDetector {
    /// Lengths in samples, after the constants above.
    shortest: usize,
    longest: usize,
    beside: usize,
    suspicious: usize,
    ms_per_sample: f32,
    /// The last `beside + suspicious` samples, oldest first.
    history: Box<[f32]>,
    /// The run of equal samples that is open.
    value: f32,
    length: usize,
    /// There was sound right before the open run.
    sound_before: bool,
    /// A gap that has ended and waits for the sound after it.
    pending: Option<Pending>,
}

/// A gap whose other side is not yet known.
#[derive(Debug, Clone, Copy)]
struct Pending {
    length: usize,
    heard: usize,
    energy: f32,
}

impl DropoutDetector {
    /// A detector that has heard nothing yet.
    #[must_use]
    pub fn new(rate: SampleRate) -> Self {
        let samples = |seconds: f32| (rate.hz() as f32 * seconds).round() as usize;
        let (beside, suspicious) = (samples(BESIDE_S), samples(SUSPICIOUS_S));
        Self {
            shortest: samples(SHORTEST_S),
            longest: samples(LONGEST_S),
            beside,
            suspicious,
            ms_per_sample: 1000.0 / rate.hz() as f32,
            history: vec![0.0; beside + suspicious].into_boxed_slice(),
            value: 0.0,
            length: 0,
            sound_before: false,
            pending: None,
        }
    }

    /// Looks at one frame (of any length).
    pub fn process(&mut self, frame: &[f32]) -> Dropouts {
        let mut found = Dropouts::default();
        if self.passes_over(frame) {
            self.remember(frame);
            return found;
        }
        for (at, &x) in frame.iter().enumerate() {
            if x == self.value {
                self.length += 1;
                if self.length == self.suspicious {
                    self.sound_before = self.energy_before(frame, at) > self.sound();
                }
            } else {
                if self.length >= self.suspicious {
                    self.end_run();
                }
                (self.value, self.length) = (x, 1);
            }
            if self.pending.is_some() {
                self.hear_after(x, &mut found);
            }
        }
        self.remember(frame);
        found
    }

    /// Takes a frame in which no run becomes suspicious and none ends that is, without looking at
    /// every sample; says whether it was one. A suspicious run would hold two samples in a row of
    /// those half its least length apart.
    fn passes_over(&mut self, frame: &[f32]) -> bool {
        let apart = self.suspicious / 2;
        let [first, .., last] = *frame else {
            return false;
        };
        let goes_on = first == self.value;
        if self.pending.is_some() || frame.len() < 2 * apart {
            return false;
        }
        if self.length >= self.suspicious {
            // Within a long silence.
            let same = goes_on && frame.iter().all(|&x| x == self.value);
            self.length += if same { frame.len() } else { 0 };
            return same;
        }
        if goes_on && self.length + apart >= self.suspicious {
            return false;
        }
        let mut from = 0;
        while let Some(part) = frame.get(from..=from + apart) {
            if part[0] == part[apart] && part.iter().all(|&x| x == part[0]) {
                return false;
            }
            from += apart;
        }
        self.value = last;
        self.length = frame.iter().rev().take_while(|&&x| x == last).count();
        true
    }

    fn sound(&self) -> f32 {
        SOUND * self.beside as f32
    }

    /// Energy of the sound right before the run that has just become suspicious at `at`.
    fn energy_before(&self, frame: &[f32], at: usize) -> f32 {
        let kept = self.history.len();
        // In the line of history and frame, the run begins at `run`.
        let run = kept + at + 1 - self.suspicious;
        let (from_history, from_frame) = (run.min(kept), run.saturating_sub(kept));
        let begin = run - self.beside;
        let old = &self.history[begin.min(kept)..from_history];
        let new = &frame[begin.saturating_sub(kept).min(from_frame)..from_frame];
        old.iter().chain(new).map(|x| x * x).sum()
    }

    /// The open run has ended; it may have been a gap.
    fn end_run(&mut self) {
        if self.sound_before && (self.shortest..=self.longest).contains(&self.length) {
            self.pending = Some(Pending {
                length: self.length,
                heard: 0,
                energy: 0.0,
            });
        }
        self.sound_before = false;
    }

    /// One more sample of what comes after a gap.
    fn hear_after(&mut self, x: f32, found: &mut Dropouts) {
        let sound = self.sound();
        if let Some(pending) = &mut self.pending {
            pending.heard += 1;
            pending.energy += x * x;
            if pending.heard == self.beside {
                if pending.energy > sound {
                    found.count += 1;
                    found.lost_ms += pending.length as f32 * self.ms_per_sample;
                }
                self.pending = None;
            }
        }
    }

    /// Keeps the end of the frame.
    fn remember(&mut self, frame: &[f32]) {
        let kept = self.history.len();
        let new = &frame[frame.len().saturating_sub(kept)..];
        self.history.copy_within(new.len().., 0);
        self.history[kept - new.len()..].copy_from_slice(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::side::testing::Noise;

    fn rate(hz: u32) -> SampleRate {
        SampleRate::new(hz).unwrap()
    }

    fn find(hz: u32, signal: &[f32]) -> Dropouts {
        let mut detector = DropoutDetector::new(rate(hz));
        signal
            .chunks(hz as usize / 100)
            .fold(Dropouts::default(), |sum, frame| {
                let found = detector.process(frame);
                Dropouts {
                    count: sum.count + found.count,
                    lost_ms: sum.lost_ms + found.lost_ms,
                }
            })
    }

    fn sound(hz: u32, seconds: f32) -> Vec<f32> {
        let mut noise = Noise::new(2);
        (0..(hz as f32 * seconds) as usize)
            .map(|_| 0.05 * noise.normal())
            .collect()
    }

    /// The obvious way: the whole signal at hand, every run looked at from both sides.
    fn slow(hz: u32, signal: &[f32]) -> Dropouts {
        let beside = (hz as f32 * 0.004).round() as usize;
        let loud = |part: &[f32]| part.iter().map(|x| x * x).sum::<f32>() > 2.5e-6 * beside as f32;
        let mut found = Dropouts::default();
        let mut at = 0;
        for run in signal.chunk_by(|a, b| a == b) {
            let end = at + run.len();
            let ms = run.len() as f32 * 1000.0 / hz as f32;
            let whole = at >= beside && end + beside <= signal.len();
            if (5.0..=1000.0).contains(&ms)
                && whole
                && loud(&signal[at - beside..at])
                && loud(&signal[end..end + beside])
            {
                found.count += 1;
                found.lost_ms += ms;
            }
            at = end;
        }
        found
    }

    #[test]
    fn finds_what_the_slow_way_finds_at_every_rate_and_offset() {
        for hz in SampleRate::ALLOWED {
            let mut noise = Noise::new(u64::from(hz));
            let mut signal = sound(hz, 12.0);
            for second in 0..11 {
                let length = hz as usize * (4 + noise.bits() as usize % 80) / 1000 + 1;
                let at = second * hz as usize + noise.bits() as usize % (hz as usize / 2);
                let held = if second % 3 == 0 { signal[at] } else { 0.0 };
                signal[at..at + length].fill(held);
            }
            let truth = slow(hz, &signal);
            assert!(truth.count >= 9, "{truth:?}");
            let found = find(hz, &signal);
            assert_eq!(found.count, truth.count);
            assert!((found.lost_ms - truth.lost_ms).abs() < 0.01);
        }
    }

    #[test]
    fn shorter_than_5_ms_is_not_a_dropout() {
        let mut signal = sound(8_000, 1.0);
        signal[2_000..2_039].fill(0.0);
        assert_eq!(find(8_000, &signal).count, 0);
        signal[4_000..4_041].fill(0.0);
        assert_eq!(find(8_000, &signal).count, 1);
    }

    #[test]
    fn mutes_ends_and_faded_pauses_are_not_dropouts() {
        let mut signal = sound(8_000, 6.0);
        signal[4_000..14_000].fill(0.0); // a mute of 1.25 s
        for (n, x) in signal[20_000..20_480].iter_mut().enumerate() {
            *x *= (1.0 - n as f32 / 480.0).powi(2); // fades out within 60 ms
        }
        signal[20_480..22_000].fill(0.0);
        signal[47_000..].fill(0.0); // and ends in silence
        assert_eq!(find(8_000, &signal).count, 0);
    }

    #[test]
    fn a_file_that_begins_with_silence_has_no_dropout() {
        let mut signal = sound(8_000, 1.0);
        signal[..400].fill(0.0);
        assert_eq!(find(8_000, &signal).count, 0);
    }
}
