//! A second of measurements folded into one summary.
//!
//! *Promises*: every 100th measurement gives a [`SecondSummary`] of the last 100, exact sums of what
//! can be summed, the latest value of what runs.
//!
//! *Never* waits: an unfinished second is not told.

use crate::measurement::{Measurement, Response, SideMeasurement, TalkMeasurement};
use crate::second::{MOST_RESPONSES, SecondSummary, SideSecond, TalkSecond};
use crate::units::{Dbov, FRAMES_PER_SECOND, SampleRate};

/// Sums of one side.
#[derive(Debug, Clone, Copy, Default)]
struct SideSums {
    power: f64,
    speech: u32,
    clipped: u32,
    dropouts: u32,
    dropout_ms: f32,
    crackles: u32,
    silent: u32,
}

impl SideSums {
    fn add(&mut self, m: &SideMeasurement) {
        if m.level > Dbov::FLOOR {
            self.power += 10.0_f64.powf(f64::from(m.level.0) / 10.0);
        }
        self.speech += u32::from(m.speech);
        self.clipped += m.clipped_samples;
        self.dropouts += m.dropouts;
        self.dropout_ms += m.dropout_ms;
        self.crackles += m.crackles;
        self.silent += u32::from(m.digital_silence);
    }

    fn close(&self, last: &SideMeasurement, rate: SampleRate) -> SideSecond {
        let frames = FRAMES_PER_SECOND as f32;
        SideSecond {
            level: Dbov::from_mean_square(self.power / f64::from(frames)),
            active_speech_level: last.active_speech_level,
            noise: last.noise,
            noise_a: last.noise_a,
            snr: last.snr,
            noise_kind: last.noise_kind,
            noise_gated: last.noise_gated,
            speech_ratio: self.speech as f32 / frames,
            clipped_ratio: self.clipped as f32 / rate.hz() as f32,
            dropouts: self.dropouts,
            dropout_ms: self.dropout_ms,
            crackles: self.crackles,
            hum: last.hum,
            dc_offset: last.dc_offset,
            digital_silence_ratio: self.silent as f32 / frames,
        }
    }
}

/// Sums of who talks.
#[derive(Debug, Clone, Copy, Default)]
struct TalkSums {
    frames: u32,
    agent: u32,
    customer: u32,
    silent: u32,
    /// Silent frames before the first word.
    leading: u32,
    /// Silent frames since the last word.
    trailing: u32,
    responses: [Option<Response>; MOST_RESPONSES],
}

impl TalkSums {
    fn add(&mut self, talk: TalkMeasurement) {
        let silent = !talk.agent && !talk.customer;
        self.leading += u32::from(silent && self.leading == self.frames);
        self.frames += 1;
        self.agent += u32::from(talk.agent);
        self.customer += u32::from(talk.customer);
        self.silent += u32::from(silent);
        self.trailing = if silent { self.trailing + 1 } else { 0 };
        if let Some(free) = self.responses.iter_mut().find(|free| free.is_none()) {
            *free = talk.response;
        }
    }

    fn close(&self) -> TalkSecond {
        let share = |frames: u32| frames as f32 / self.frames.max(1) as f32;
        TalkSecond {
            agent_ratio: share(self.agent),
            customer_ratio: share(self.customer),
            silence_ratio: share(self.silent),
            leading_silence_ratio: share(self.leading),
            trailing_silence_ratio: share(self.trailing),
            responses: self.responses,
        }
    }
}

/// Folds measurements into seconds.
#[derive(Debug, Clone)]
pub struct SecondAggregator {
    agent_rate: SampleRate,
    customer_rate: Option<SampleRate>,
    second: u64,
    frames: usize,
    agent: SideSums,
    customer: SideSums,
    double_talk: u32,
    talk: TalkSums,
}

impl SecondAggregator {
    /// An aggregator for measurements of these rates (they give the share of clipped samples).
    #[must_use]
    pub fn new(agent: SampleRate, customer: Option<SampleRate>) -> Self {
        Self {
            agent_rate: agent,
            customer_rate: customer,
            second: 0,
            frames: 0,
            agent: SideSums::default(),
            customer: SideSums::default(),
            double_talk: 0,
            talk: TalkSums::default(),
        }
    }

    /// Takes the next measurement; gives a summary with every 100th.
    pub fn push(&mut self, m: &Measurement) -> Option<SecondSummary> {
        self.agent.add(&m.agent);
        if let Some(customer) = &m.customer {
            self.customer.add(customer);
        }
        self.double_talk += u32::from(m.both.is_some_and(|b| b.double_talk));
        self.talk.add(m.talk);
        self.frames += 1;
        if self.frames < FRAMES_PER_SECOND {
            return None;
        }
        let summary = SecondSummary {
            second: self.second,
            agent: self.agent.close(&m.agent, self.agent_rate),
            customer: m.customer.as_ref().map(|c| {
                self.customer
                    .close(c, self.customer_rate.unwrap_or(self.agent_rate))
            }),
            double_talk_ratio: self.double_talk as f32 / FRAMES_PER_SECOND as f32,
            echo_return_loss: m.both.and_then(|b| b.echo_return_loss),
            talk: self.talk.close(),
        };
        self.second += 1;
        self.frames = 0;
        self.agent = SideSums::default();
        self.customer = SideSums::default();
        self.double_talk = 0;
        self.talk = TalkSums::default();
        Some(summary)
    }
}
