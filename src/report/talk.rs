//! Who talked how much, how long answers took, and when nobody spoke.
//!
//! Counted are seconds in which both sides can be heard by each other: not on hold. What a muted
//! agent says is no talk of the call; it is counted apart.

use super::rounded;
use sidetone_dsp::measurement::Side;
use sidetone_dsp::second::SecondSummary;
use sidetone_dsp::units::FRAMES_PER_SECOND;
use sidetone_wire::call_report::CallReport;

/// Silence of both sides from which it is dead air: a caller begins to ask "hello?".
const DEAD_AIR_S: f64 = 5.0;

/// Response delays kept for each side; a call of four hours has about so many.
const MOST_DELAYS: usize = 4_096;

/// What else is known of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct During {
    pub(super) muted: bool,
    pub(super) quick_disconnect_open: bool,
    /// The far end is truly heard.
    pub(super) far_end_usable: bool,
}

/// Sums over the seconds of a call.
#[derive(Debug, Default)]
pub(super) struct Talk {
    seconds: u32,
    /// Seconds in which the customer was heard too.
    pairs: u32,
    agent: f64,
    customer: f64,
    both: f64,
    silent: f64,
    muted_speech: f64,
    /// Delays in frames.
    delays: [Vec<u32>; 2],
    answers: [u32; 2],
    /// Silence that goes on.
    silence_s: f64,
    dead_air_count: u32,
    dead_air_s: f64,
    dead_air_longest_s: f64,
}

impl Talk {
    /// Takes in a second that is not on hold.
    pub(super) fn second(&mut self, second: &SecondSummary, during: During) {
        let talk = &second.talk;
        self.seconds += 1;
        if during.muted {
            self.muted_speech += f64::from(talk.agent_ratio);
        } else {
            self.agent += f64::from(talk.agent_ratio);
        }
        if second.customer.is_none() || !during.far_end_usable {
            self.interrupt();
            return;
        }
        self.pairs += 1;
        self.customer += f64::from(talk.customer_ratio);
        if during.muted {
            self.silent += 1.0 - f64::from(talk.customer_ratio);
        } else {
            self.both += f64::from(second.double_talk_ratio);
            self.silent += f64::from(talk.silence_ratio);
        }
        for response in talk.responses.into_iter().flatten() {
            let side = usize::from(response.side == Side::Customer);
            self.answers[side] += 1;
            if self.delays[side].len() < MOST_DELAYS {
                let frames = u32::try_from(response.frames).unwrap_or(u32::MAX);
                self.delays[side].push(frames);
            }
        }
        if during.muted || during.quick_disconnect_open {
            self.interrupt();
        } else if talk.silence_ratio >= 1.0 {
            self.silence_s += 1.0;
        } else {
            self.silence_s += f64::from(talk.leading_silence_ratio);
            self.end_silence();
            self.silence_s = f64::from(talk.trailing_silence_ratio);
        }
    }

    /// What was silent so far was a stretch of its own: a hold or a mute begins, or the call ends.
    pub(super) fn interrupt(&mut self) {
        self.end_silence();
        self.silence_s = 0.0;
    }

    fn end_silence(&mut self) {
        if self.silence_s >= DEAD_AIR_S {
            self.dead_air_count += 1;
            self.dead_air_s += self.silence_s;
            self.dead_air_longest_s = self.dead_air_longest_s.max(self.silence_s);
        }
    }

    /// Seconds of sound behind the figures.
    fn heard_s(&self) -> f64 {
        f64::from(self.seconds)
    }

    /// Writes the figures.
    pub(super) fn put(mut self, report: &mut CallReport) {
        self.interrupt();
        if self.seconds == 0 {
            return;
        }
        let share = |part: f64, of: u32| rounded(part / f64::from(of), 4);
        report.heard_s = rounded(self.heard_s(), 0);
        report.agent_talk_ratio = share(self.agent, self.seconds);
        if self.muted_speech > 0.0 {
            report.muted_speech_s = rounded(self.muted_speech, 2);
        }
        if self.pairs == 0 {
            return;
        }
        report.customer_talk_ratio = share(self.customer, self.pairs);
        report.double_talk_ratio = share(self.both, self.pairs);
        report.silence_ratio = share(self.silent, self.pairs);
        report.dead_air_count = Some(self.dead_air_count);
        report.dead_air_s = rounded(self.dead_air_s, 2);
        if self.dead_air_count > 0 {
            report.dead_air_longest_s = rounded(self.dead_air_longest_s, 2);
        }
        let [agent, customer] = &mut self.delays;
        report.agent_response_count = Some(self.answers[0]);
        report.customer_response_count = Some(self.answers[1]);
        report.agent_response_median_s = percentile(agent, 0.5);
        report.agent_response_p90_s = percentile(agent, 0.9);
        report.customer_response_median_s = percentile(customer, 0.5);
        report.customer_response_p90_s = percentile(customer, 0.9);
    }
}

/// Nearest rank: a delay that occurred. `None` of nothing.
fn percentile(frames: &mut [u32], share: f64) -> Option<f64> {
    frames.sort_unstable();
    let rank = (share * frames.len() as f64).ceil() as usize;
    let found = *frames.get(rank.max(1) - 1)?;
    rounded(f64::from(found) / FRAMES_PER_SECOND as f64, 2)
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_are_delays_that_occurred() {
        assert_eq!(percentile(&mut [], 0.5), None);
        assert_eq!(percentile(&mut [40], 0.9), Some(0.4));
        let mut ten = [100, 10, 20, 30, 40, 50, 60, 70, 80, 90];
        assert_eq!(percentile(&mut ten, 0.5), Some(0.5));
        assert_eq!(percentile(&mut ten, 0.9), Some(0.9));
    }
}
