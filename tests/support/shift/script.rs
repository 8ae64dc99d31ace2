//! Writes a day from seeded statistics.
//!
//! Calls: handling times are log-normal with a median of four minutes, 70 s to 15 min; between them 10 to 60 s of
//! writing up and an exponential wait. A third of the calls hold a hold, a mute or a pause; a fifth something that looks
//! like a fault. How often real faults come has no published figure: two per agent and day are assumed, so that
//! what is measured is what the rules make of them, not how many there are.

use super::dice::Dice;
use super::{Happening, What};

pub(crate) const AGENTS: u32 = 20;
pub(crate) const DAY_MS: u64 = 8 * 3_600_000;

/// What must be told: how often in the day, and how long it lasts in seconds. A headset that failed three
/// times is among them by its `third_gap`.
const FAULTS: [(What, usize, f64, f64); 18] = [
    (What::MutedAtStart, 5, 5.0, 20.0),
    (What::Pulled, 4, 8.0, 40.0),
    (What::HoldRefused, 1, 10.0, 30.0),
    (What::LongOvertalk, 4, 2.6, 6.0),
    (What::Quarrel, 2, 40.0, 70.0),
    (What::NoisyNeighbour, 4, 25.0, 90.0),
    (What::Hum, 1, 30.0, 60.0),
    (What::Crackle, 2, 20.0, 60.0),
    (What::Hiss, 1, 30.0, 60.0),
    (What::Dropouts, 2, 15.0, 40.0),
    (What::Network, 3, 25.0, 60.0),
    (What::DeadMicrophone, 2, 9.0, 20.0),
    (What::DeadCustomer, 2, 26.0, 40.0),
    (What::QuietVoice, 3, 90.0, 140.0),
    (What::RareClipping, 3, 60.0, 120.0),
    (What::Silence, 5, 36.0, 60.0),
    (What::Unplugged, 4, 5.0, 25.0),
    (What::ThirdGap, 1, 120.0, 120.0),
];

/// What may be in any call, with its share of calls and how long it lasts.
const DAILY: [(What, f64, f64, f64); 11] = [
    (What::Hold, 0.13, 20.0, 90.0),
    (What::Mute, 0.15, 6.0, 40.0),
    (What::ShortPause, 0.12, 8.0, 18.0),
    (What::PassingNoise, 0.04, 2.0, 6.0),
    (What::NoiseNearTheLimit, 0.03, 30.0, 80.0),
    (What::Knock, 0.06, 1.0, 1.0),
    (What::OneClippedLaugh, 0.03, 2.0, 3.0),
    (What::OneLostReport, 0.04, 5.0, 5.0),
    (What::Interruption, 0.15, 0.8, 1.6),
    (What::CaptureGap, 0.01, 1.0, 1.0),
    (What::Restart, 0.004, 1.0, 1.0),
];

/// Things in a call keep this distance from each other and its ends: a window of the rules must see them apart.
const APART_MS: u64 = 20_000;

fn ms(seconds: f64) -> u64 {
    (seconds * 10.0).round() as u64 * 100
}

/// A call and what is in it.
struct CallPlan {
    call: Happening,
    inside: Vec<Happening>,
    faulty: bool,
}

impl CallPlan {
    /// Puts something into the call where there is room; `false` if there is none.
    fn place(&mut self, dice: &mut Dice, what: What, length_ms: u64) -> bool {
        let (start, end) = (self.call.start_ms, self.call.end_ms);
        let add = |start_ms| Happening {
            agent: self.call.agent,
            start_ms,
            end_ms: start_ms + length_ms,
            what,
        };
        if matches!(what, What::MutedAtStart | What::UnmutedInTime) {
            let row = add(start);
            let free = self
                .inside
                .iter()
                .all(|other| other.start_ms > row.end_ms + APART_MS);
            if free {
                self.inside.push(row);
            }
            return free;
        }
        for _ in 0..40 {
            let room = (end - start) as f64 - length_ms as f64 - 2.0 * APART_MS as f64;
            if room <= 0.0 {
                return false;
            }
            let at = start + APART_MS + ms(dice.between(0.0, room / 1e3));
            let row = add(at);
            let free = self.inside.iter().all(|other| {
                row.end_ms + APART_MS < other.start_ms || other.end_ms + APART_MS < row.start_ms
            });
            if free {
                self.inside.push(row);
                return true;
            }
        }
        false
    }
}

/// The day of this seed.
pub(crate) fn day(seed: u64) -> Vec<Happening> {
    let mut dice = Dice::new(seed);
    let mut rows = Vec::new();
    let mut calls = Vec::new();
    for agent in 1..=AGENTS {
        worked_through(&mut dice, agent, &mut calls, &mut rows);
    }
    for (what, times, shortest, longest) in FAULTS {
        for _ in 0..times {
            let length = ms(dice.between(shortest, longest));
            for _ in 0..10_000 {
                let at = dice.below(calls.len());
                let call: &mut CallPlan = &mut calls[at];
                if !call.faulty && call.place(&mut dice, what, length) {
                    call.faulty = true;
                    break;
                }
            }
        }
    }
    for call in calls {
        for row in &call.inside {
            // The first two of three failures within ten minutes, which alone are none.
            if row.what == What::ThirdGap {
                rows.extend([1, 2].map(|earlier| Happening {
                    start_ms: row.start_ms - earlier * 8_000,
                    end_ms: row.start_ms - earlier * 8_000 + 1_000,
                    what: What::CaptureGap,
                    ..*row
                }));
            }
        }
        rows.push(call.call);
        rows.extend(call.inside);
    }
    rows.sort_by_key(|row| (row.start_ms, row.agent, row.what));
    rows
}

/// One agent's calls, and what happens between them.
fn worked_through(
    dice: &mut Dice,
    agent: u32,
    calls: &mut Vec<CallPlan>,
    rows: &mut Vec<Happening>,
) {
    let between = |start_ms, length_ms, what| Happening {
        agent,
        start_ms,
        end_ms: start_ms + length_ms,
        what,
    };
    let mut at = ms(dice.between(5.0, 120.0));
    let lunch = ms(dice.between(3.0, 5.0) * 3_600.0);
    let mut eaten = false;
    let mut battery = dice.chance(0.1);
    loop {
        let length = ms(dice.log_normal(240.0, 0.5).clamp(70.0, 900.0));
        if at + length + 60_000 > DAY_MS {
            break;
        }
        let mut plan = CallPlan {
            call: between(at, length, What::Call),
            inside: Vec::new(),
            faulty: false,
        };
        for (what, share, shortest, longest) in DAILY {
            if dice.chance(share) {
                let length = ms(dice.between(shortest, longest));
                plan.place(dice, what, length);
            }
        }
        if dice.chance(0.03) {
            let length = ms(dice.between(0.5, 2.4));
            plan.place(dice, What::UnmutedInTime, length);
        }
        calls.push(plan);
        at += length + 2_000;
        let pause = ms(dice.between(10.0, 60.0) + dice.exponential(25.0).min(300.0));
        let mut odd = |share, what, length| {
            if dice.chance(share) {
                rows.push(between(at, length, what));
            }
        };
        odd(0.01, What::UnpluggedBetweenCalls, 4_000);
        odd(0.02, What::PulledBetweenCalls, 5_000);
        odd(0.005, What::Restart, 1_000);
        odd(0.005, What::ClockStep, 1_000);
        if battery && at > DAY_MS / 2 {
            battery = false;
            rows.push(between(at, 1_800_000, What::LowBattery));
        }
        if !eaten && at > lunch {
            eaten = true;
            rows.push(between(at + 5_500, 1_800_000, What::Suspend));
            at += 1_812_000;
        }
        at += pause;
    }
}
