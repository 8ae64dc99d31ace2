//! Scores of a detector over many calls: area under the ROC curve, misses at a false-alarm rate, F1;
//! and the paired difference of two detectors on the same calls, bootstrapped by call.

use crate::call::Seeded;

/// Ranks kept apart; scores that fall into one rank count as tied.
const RANKS: usize = 4_096;

/// Resamplings of the bootstrap.
const ROUNDS: usize = 1_000;

/// One detector's frames, call by call, as histograms over ranks: pooled figures of any choice of
/// calls then cost a sum.
#[derive(Debug, Clone)]
pub(crate) struct Ranked {
    clips: Vec<Histogram>,
    /// Of each call, at a threshold of 0.5: hits, false alarms, misses.
    halves: Vec<[f64; 3]>,
}

#[derive(Debug, Clone)]
struct Histogram {
    speech: Vec<f32>,
    other: Vec<f32>,
}

impl Ranked {
    /// Of each call the scores and truths of the frames that count.
    pub(crate) fn new(clips: &[Vec<(f32, bool)>]) -> Self {
        let mut all: Vec<f32> = clips.iter().flatten().map(|f| f.0).collect();
        all.sort_by(f32::total_cmp);
        let rank = |score: f32| {
            // Ties share the place of the first of them.
            let place = all.partition_point(|&s| s < score);
            place * (RANKS - 1) / all.len().max(1)
        };
        let histogram = |frames: &Vec<(f32, bool)>| {
            let mut kept = Histogram {
                speech: vec![0.0; RANKS],
                other: vec![0.0; RANKS],
            };
            for &(score, truth) in frames {
                let side = if truth {
                    &mut kept.speech
                } else {
                    &mut kept.other
                };
                side[rank(score)] += 1.0;
            }
            kept
        };
        let halves = |frames: &Vec<(f32, bool)>| {
            let count = |yes: &dyn Fn(f32, bool) -> bool| {
                frames.iter().filter(|f| yes(f.0, f.1)).count() as f64
            };
            [
                count(&|s, t| s >= 0.5 && t),
                count(&|s, t| s >= 0.5 && !t),
                count(&|s, t| s < 0.5 && t),
            ]
        };
        Self {
            clips: clips.iter().map(histogram).collect(),
            halves: clips.iter().map(halves).collect(),
        }
    }

    /// The curve of all calls: (false, found) shares, from the highest rank down.
    pub(crate) fn curve(&self) -> Vec<(f64, f64)> {
        self.curve_of(&vec![1.0; self.clips.len()])
    }

    fn curve_of(&self, weights: &[f32]) -> Vec<(f64, f64)> {
        let mut speech = vec![0.0_f32; RANKS];
        let mut other = vec![0.0_f32; RANKS];
        for (clip, &weight) in self.clips.iter().zip(weights).filter(|c| *c.1 > 0.0) {
            for k in 0..RANKS {
                speech[k] += weight * clip.speech[k];
                other[k] += weight * clip.other[k];
            }
        }
        let total = |x: &[f32]| x.iter().map(|v| f64::from(*v)).sum::<f64>().max(1.0);
        let (positives, negatives) = (total(&speech), total(&other));
        let (mut found, mut falses) = (0.0, 0.0);
        let mut curve = vec![(0.0, 0.0)];
        for k in (0..RANKS).rev() {
            found += f64::from(speech[k]);
            falses += f64::from(other[k]);
            curve.push((falses / negatives, found / positives));
        }
        curve
    }

    pub(crate) fn auc(&self) -> f64 {
        area(&self.curve())
    }

    pub(crate) fn miss_at_tenth(&self) -> f64 {
        miss_at(&self.curve(), 0.1)
    }

    pub(crate) fn f1(&self) -> f64 {
        let [hits, falses, misses] = self.halves.iter().fold([0.0; 3], |mut sum, half| {
            for (s, h) in sum.iter_mut().zip(half) {
                *s += h;
            }
            sum
        });
        2.0 * hits / (2.0 * hits + falses + misses).max(1.0)
    }
}

/// What two detectors are compared by; more is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merit {
    Area,
    FoundAtTenth,
}

/// `ours` less `theirs` on the same calls, and the end of its 95 % interval on the bad side.
pub(crate) fn difference(ours: &Ranked, theirs: &Ranked, merit: Merit) -> (f64, f64) {
    let of = |ranked: &Ranked, weights: &[f32]| {
        let curve = ranked.curve_of(weights);
        match merit {
            Merit::Area => area(&curve),
            Merit::FoundAtTenth => 1.0 - miss_at(&curve, 0.1),
        }
    };
    bootstrap(ours.clips.len(), |weights| {
        of(ours, weights) - of(theirs, weights)
    })
}

/// A figure over all of so many calls, and the lower end of its 95 % interval when they are drawn anew.
/// The figure is asked for with how often each call counts.
pub(crate) fn bootstrap(count: usize, figure: impl Fn(&[f32]) -> f64) -> (f64, f64) {
    let mean = figure(&vec![1.0; count]);
    let mut dice = Seeded::new(77);
    let mut drawn: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let mut weights = vec![0.0; count];
            for _ in 0..count {
                weights[dice.below(count)] += 1.0;
            }
            figure(&weights)
        })
        .collect();
    drawn.sort_by(f64::total_cmp);
    (mean, drawn[ROUNDS / 40])
}

fn area(curve: &[(f64, f64)]) -> f64 {
    let step = |w: &[(f64, f64)]| (w[1].0 - w[0].0) * (w[0].1 + w[1].1) / 2.0;
    curve.windows(2).map(step).sum()
}

/// The share missed where so large a share of the others is taken for speech.
fn miss_at(curve: &[(f64, f64)], falses: f64) -> f64 {
    let after = curve
        .partition_point(|p| p.0 <= falses)
        .min(curve.len() - 1);
    let (a, b) = (curve[after.saturating_sub(1)], curve[after]);
    let share = if b.0 > a.0 {
        (falses - a.0) / (b.0 - a.0)
    } else {
        0.0
    };
    1.0 - (a.1 + share.clamp(0.0, 1.0) * (b.1 - a.1))
}

/// What a paired difference and its lower 95 % bound come to; `slack` is too little to matter.
pub(crate) fn verdict((mean, least): (f64, f64), slack: f64) -> &'static str {
    match least {
        l if l > 0.0 => "ahead",
        l if l >= -slack => "at least as good",
        _ if mean > 0.0 => "ahead, but not beyond chance",
        _ => "**behind**",
    }
}

/// Mean of absolute values; 0 of none.
pub(crate) fn mean_abs(errors: &[f64]) -> f64 {
    errors.iter().map(|e| e.abs()).sum::<f64>() / errors.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detector(good: f32) -> Ranked {
        let mut dice = Seeded::new(3);
        let clip = |_| -> Vec<(f32, bool)> {
            (0..400)
                .map(|i| {
                    (
                        dice.normal() + if i % 2 == 0 { good } else { 0.0 },
                        i % 2 == 0,
                    )
                })
                .collect()
        };
        let clips: Vec<_> = (0..20).map(clip).collect();
        Ranked::new(&clips)
    }

    #[test]
    fn the_area_is_that_of_two_normals_apart() {
        // Φ(1.5 / √2) = 0.8556.
        let area = detector(1.5).auc();
        assert!((area - 0.8556).abs() < 0.01, "{area}");
        assert!((detector(0.0).auc() - 0.5).abs() < 0.02);
        // Φ(1.2816 − 1.5) = 0.4136 are missed.
        let miss = detector(1.5).miss_at_tenth();
        assert!((miss - 0.4136).abs() < 0.03, "{miss}");
    }

    #[test]
    fn a_better_detector_is_ahead_and_an_equal_one_is_not() {
        let (mean, low) = difference(&detector(1.5), &detector(1.0), Merit::Area);
        assert!(mean > 0.05 && low > 0.0, "{mean} {low}");
        let (mean, low) = difference(&detector(1.0), &detector(1.0), Merit::Area);
        assert!(mean.abs() < 1e-9 && low <= 0.0, "{mean} {low}");
    }
}
