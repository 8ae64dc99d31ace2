//! What the network says of a room in which nobody speaks, and scores relative to it.
//!
//! The network's score of noise alone depends on the noise: about 0.23 for most, but 0.5 in loud
//! office noise and 0.8 in a crowd, for as long as it lasts. Within such a call the speech still
//! scores higher; only the threshold is in the wrong place. So the floor of the score is followed, a
//! low percentile of the last half minute, and what it has over the floor of a quiet room is in part
//! taken off. In a quiet room nothing changes.
//!
//! *Promises*: constant work per score and no allocation; a score never rises; at a given floor
//! scores keep their order; no more than a fixed amount of evidence is taken off, so that a talker
//! who never pauses stays speech.

use super::BLOCKS_PER_SECOND;

/// Log odds one bin of the histogram spans.
const BIN: f32 = 0.25;

/// Bins of the histogram.
const BINS: usize = 32;

/// The lowest log odds told apart; with the bins, up to +5.
const LOWEST: f32 = -3.0;

/// The share of the scores that lie under the floor. People pause for more than that.
const UNDER: f32 = 0.1;

/// After so many seconds a score counts half.
const HALF_LIFE: f32 = 20.0;

/// The log odds of a quiet room, of which so many seconds are taken to have been heard at the start. No more: who
/// speaks from the first moment stays speech anyway, and a crowd was taken for speech until the floor had arrived.
const QUIET: f32 = -1.2;
const QUIET_SECONDS: f32 = 0.03;

/// Floors up to here are usual and nothing is taken off; in log odds.
const USUAL: f32 = -0.5;

/// The share of the floor's height over the usual that is taken off. Chosen, like the other figures
/// here, on the tuning part (benches/accuracy) with real meetings unharmed.
const TAKEN: f32 = 0.85;

/// The height over the usual from which on no more is taken off.
const HIGHEST: f32 = 1.8;

/// The floor of one stream's scores.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ScoreFloor {
    /// The scores heard, by their log odds; older ones weigh less.
    histogram: [f32; BINS],
    /// The weight of a score one block later.
    fading: f32,
}

impl ScoreFloor {
    /// The floor of a quiet room.
    pub(super) fn new() -> Self {
        let mut histogram = [0.0; BINS];
        histogram[bin(QUIET)] = QUIET_SECONDS * BLOCKS_PER_SECOND;
        Self {
            histogram,
            fading: 0.5_f32.powf(1.0 / (HALF_LIFE * BLOCKS_PER_SECOND)),
        }
    }

    /// Hears the score of the next block in log odds; gives it relative to the floor.
    pub(super) fn relative(&mut self, log_odds: f32) -> f32 {
        for weight in &mut self.histogram {
            *weight *= self.fading;
        }
        self.histogram[bin(log_odds)] += 1.0;
        log_odds - TAKEN * (self.floor() - USUAL).clamp(0.0, HIGHEST)
    }

    /// The floor in log odds: interpolated within its bin.
    fn floor(&self) -> f32 {
        let mut left = UNDER * self.histogram.iter().sum::<f32>();
        for (k, &weight) in self.histogram.iter().enumerate() {
            if left <= weight && weight > 0.0 {
                return LOWEST + BIN * (k as f32 + left / weight);
            }
            left -= weight;
        }
        LOWEST + BIN * BINS as f32
    }
}

/// The bin of some log odds.
fn bin(log_odds: f32) -> usize {
    // The cast saturates, and takes NaN to 0.
    (((log_odds - LOWEST) / BIN) as usize).min(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A room that scores about `room`, and every other two seconds a talker that scores 2.5.
    fn call(room: f32, seconds: usize) -> impl Iterator<Item = (bool, f32)> {
        (0..seconds * 62).map(move |n| {
            let speaks = n / 125 % 2 == 1;
            let level = if speaks { 2.5 } else { room };
            (speaks, level + 0.4 * (n as f32 * 1.7).sin())
        })
    }

    #[test]
    fn a_quiet_room_changes_nothing() {
        let mut floor = ScoreFloor::new();
        for (_, x) in call(-1.2, 120) {
            assert!((floor.relative(x) - x).abs() < 1e-6);
        }
    }

    #[test]
    fn a_crowd_is_speech_less_often_and_the_talker_in_it_always() {
        let mut floor = ScoreFloor::new();
        let mut alarms = (0, 0);
        for (n, (speaks, x)) in call(0.6, 60).enumerate() {
            let relative = floor.relative(x);
            if n < 125 {
                continue;
            } else if speaks {
                assert!(relative >= 0.9, "block {n}: {relative}");
            } else {
                assert!(x >= 0.0);
                alarms.0 += usize::from(relative >= 0.0);
                alarms.1 += 1;
            }
        }
        // Without the floor, all of them.
        assert!(alarms.0 * 10 < alarms.1 * 6, "{alarms:?}");
    }

    #[test]
    fn a_talker_who_never_pauses_stays_speech() {
        let mut floor = ScoreFloor::new();
        for n in 0..600 * 62 {
            let x = 2.3 + 0.7 * (n as f32 * 0.9).sin();
            assert!(floor.relative(x) >= 0.0);
        }
    }

    #[test]
    fn the_floor_is_the_percentile_of_the_weighed_scores() {
        let mut floor = ScoreFloor::new();
        let mut heard: Vec<f32> = Vec::new();
        for (n, (_, x)) in call(0.4, 40).enumerate() {
            floor.relative(x);
            heard.push(x);
            if n % 97 != 0 {
                continue;
            }
            // The slow way: every score with its age, sorted.
            let weight = |age: f32| 0.5_f32.powf(age / (62.5 * 20.0));
            let mut all: Vec<(f32, f32)> = (0..=n)
                .map(|k| (heard[k], weight((n - k) as f32)))
                .collect();
            all.push((-1.2, 0.03 * 62.5 * weight(n as f32 + 1.0)));
            all.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut left = 0.1 * all.iter().map(|(_, w)| w).sum::<f32>();
            let exact = all
                .iter()
                .find(|(_, w)| {
                    left -= w;
                    left <= 0.0
                })
                .map_or(f32::NAN, |(x, _)| *x);
            assert!((floor.floor() - exact).abs() <= BIN, "block {n}: {exact}");
        }
    }

    #[test]
    fn whatever_the_network_says_a_score_never_rises_and_falls_by_a_bounded_amount() {
        let mut floor = ScoreFloor::new();
        for x in [-9.2, 9.2, 0.0, f32::MIN_POSITIVE, 30.0].repeat(500) {
            let relative = floor.relative(x);
            assert!(relative <= x && relative >= x - TAKEN * HIGHEST - 1e-5);
        }
    }

    #[test]
    fn a_crowd_is_known_within_a_second() {
        let mut floor = ScoreFloor::new();
        let relative: Vec<f32> = call(0.6, 1).map(|(_, x)| floor.relative(x)).collect();
        let later = &relative[31..];
        let taken = later.iter().filter(|&&x| x >= 0.0).count();
        assert!(taken * 10 < later.len() * 7, "{taken} of {}", later.len());
    }
}
