//! Both sides of a call, 10 ms at a time: every analyser joined.
//!
//! *Promises*: one [`Measurement`] per frame, the same for the same samples whether they come live
//! or from a file; nothing allocated, locked or waited for in [`CallAnalyzer::process`].
//!
//! *Fails* by counting: samples that are no numbers are taken as zero, frames of a wrong length are
//! padded or cut ([`CallAnalyzer::broken`]).
//!
//! *Never* keeps sound: what remains of a frame is overwritten within half a second.
//!
//! ```text
//! agent ──► side figures          customer ──► side figures
//!   │                                 │
//!   └► 16 kHz ──► echo taken out ◄────┴► 16 kHz
//!                     │                    │
//!               speech score          speech score
//!                     └──► double talk ◄───┘
//!                              │
//!                      overtalk, turns
//! ```

use crate::double_talk;
use crate::echo::EchoGuard;
use crate::measurement::{
    Measurement, OvertalkEvent, PairMeasurement, SPEECH_LAG_FRAMES, Side, TalkMeasurement,
};
use crate::overtalk::OvertalkTracker;
use crate::side_path::SidePath;
use crate::slip::Slip;
use crate::totals::CallTotals;
use crate::turns::TurnTracker;
use crate::units::SampleRate;

/// What could not be used of what came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Broken {
    /// Samples that were NaN or infinite.
    pub samples: u64,
    /// Frames of a wrong length (a missing customer frame is one of length 0).
    pub frames: u64,
}

/// Analyses one call.
#[derive(Debug)]
pub struct CallAnalyzer {
    rates: (SampleRate, Option<SampleRate>),
    frame: u64,
    agent: SidePath,
    customer: Option<SidePath>,
    echo: EchoGuard,
    overtalk: OvertalkTracker,
    turns: TurnTracker,
    excluded: bool,
    /// `excluded` of the frames not judged yet, newest in bit 0.
    excluded_frames: u64,
    broken: Broken,
    double_talk_frames: u64,
    silent_frames: u64,
}

impl CallAnalyzer {
    /// An analyser for the headset's microphone at `agent`, and the far end if there is one.
    #[must_use]
    pub fn new(agent: SampleRate, customer: Option<SampleRate>) -> Self {
        Self {
            rates: (agent, customer),
            frame: 0,
            double_talk_frames: 0,
            silent_frames: 0,
            agent: SidePath::new(agent),
            customer: customer.map(SidePath::new),
            echo: EchoGuard::new(),
            overtalk: OvertalkTracker::new(),
            turns: TurnTracker::new(),
            excluded: false,
            excluded_frames: 0,
            broken: Broken::default(),
        }
    }

    /// Analyses the next 10 ms of both sides; full scale is ±1.0.
    ///
    /// With a far end, a missing `customer` frame is analysed as silence; without, it is ignored.
    #[cfg_attr(feature = "rtsan", rtsan_standalone::nonblocking)]
    pub fn process(&mut self, agent: &[f32], customer: Option<&[f32]>) -> Measurement {
        let frame = self.frame;
        self.frame += 1;
        let now = self.agent.take(agent, &mut self.broken);
        let far_now = self
            .customer
            .as_mut()
            .map(|c| c.take(customer.unwrap_or(&[]), &mut self.broken));
        let heard = self.judge(frame);
        let agent = self.agent.measure(&now, heard.agent, heard.leaks);
        let customer = match (&mut self.customer, far_now, heard.customer) {
            (Some(side), Some(now), Some(heard)) => Some(side.measure(&now, heard, false)),
            _ => None,
        };
        Measurement {
            frame,
            agent,
            customer,
            both: heard.both,
            overtalk: heard.overtalk,
            talk: heard.talk,
        }
    }

    /// Judges the frame [`SPEECH_LAG_FRAMES`] before `frame`, both sides having taken `frame`.
    fn judge(&mut self, frame: u64) -> Heard {
        self.excluded_frames = self.excluded_frames << 1 | u64::from(self.excluded);
        let excluded = self.excluded_frames >> SPEECH_LAG_FRAMES & 1 == 1;
        // Before that many frames there is nothing to judge yet.
        let judged = frame >= SPEECH_LAG_FRAMES;

        let Some(far) = &mut self.customer else {
            let score = self.agent.hear();
            let agent = (score, self.agent.decide(score, judged));
            self.silent_frames += u64::from(judged && !agent.1);
            let speaks = judged && self.agent.speaks_now();
            return Heard {
                agent,
                customer: None,
                leaks: false,
                both: None,
                overtalk: None,
                talk: TalkMeasurement {
                    agent: speaks,
                    ..TalkMeasurement::default()
                },
            };
        };
        self.echo.process(
            &mut self.agent.wide,
            &self.agent.spectrum.bins,
            &far.wide,
            &far.spectrum.bins,
        );
        let score = self.agent.hear() * self.echo.weight();
        let agent = (score, self.agent.decide(score, judged));
        let score = far.hear();
        let customer = (score, far.decide(score, judged));
        let (agent_on, customer_on) = (self.agent.speaks_now(), far.speaks_now());
        let both = double_talk::judge(agent.0, customer.0, agent_on, customer_on);
        let (overtalk, talk) = if judged {
            self.silent_frames += u64::from(!agent.1 && !customer.1);
            self.double_talk_frames += u64::from(both.both);
            (
                self.overtalk.push(agent_on, customer_on, excluded),
                self.turns.push(agent_on, customer_on, excluded),
            )
        } else {
            (None, TalkMeasurement::default())
        };
        Heard {
            agent,
            customer: Some(customer),
            leaks: customer.1 && self.echo.may_leak(),
            both: Some(PairMeasurement {
                double_talk_score: both.score,
                double_talk: both.both,
                echo_return_loss: self.echo.return_loss(),
            }),
            overtalk,
            talk,
        }
    }

    /// Ends the call or file: judges the last frames, which the speech scores still lag behind, and
    /// ends an overtalk that is going on. Nothing more may be processed before [`Self::reset`].
    ///
    /// The measurements stand for frames past the end: their levels are silence, their lagged
    /// figures (speech, both, overtalk) those of the last frames. There can be more of them than
    /// [`SPEECH_LAG_FRAMES`], one per overtalk event left to tell. Not for the real-time thread: it
    /// collects into a vector.
    pub fn finish(&mut self) -> Vec<Measurement> {
        let mut tail = Vec::new();
        for late in 0..SPEECH_LAG_FRAMES {
            self.agent.take_end();
            if let Some(far) = &mut self.customer {
                far.take_end();
            }
            let heard = self.judge(self.frame + late);
            tail.push(self.after_end(self.frame + late, heard));
        }
        self.overtalk.close();
        while let Some(event) = self.overtalk.take() {
            let heard = Heard {
                overtalk: Some(event),
                ..Heard::default()
            };
            tail.push(self.after_end(self.frame + tail.len() as u64, heard));
        }
        tail
    }

    fn after_end(&self, frame: u64, heard: Heard) -> Measurement {
        let customer = self.customer.as_ref().map(|side| {
            let (score, speech) = heard.customer.unwrap_or_default();
            side.join_end(score, speech)
        });
        Measurement {
            frame,
            agent: self.agent.join_end(heard.agent.0, heard.agent.1),
            customer,
            both: heard.both,
            overtalk: heard.overtalk,
            talk: heard.talk,
        }
    }

    /// What the call comes to so far; of the whole call, after [`Self::finish`].
    #[must_use]
    pub fn totals(&self) -> CallTotals {
        CallTotals {
            frames: self.frame,
            agent: self.agent.totals(),
            customer: self.customer.as_ref().map(SidePath::totals),
            double_talk_frames: self.double_talk_frames,
            silent_frames: self.silent_frames,
        }
    }

    /// Starts again for another call. It builds everything anew and so allocates: it belongs between
    /// calls, never on the real-time thread.
    pub fn reset(&mut self) {
        *self = Self::new(self.rates.0, self.rates.1);
    }

    /// Tells whether the frames that come now count for overtalk: not on hold, not muted.
    pub fn set_excluded(&mut self, excluded: bool) {
        self.excluded = excluded;
    }

    /// Tells that a stream was kept in step by repeating or leaving out a frame, before the frame that
    /// [`Self::process`] is given next.
    pub fn realign(&mut self, side: Side, slip: Slip) {
        self.echo.realign(side, slip);
    }

    /// What could not be used so far.
    #[must_use]
    pub fn broken(&self) -> Broken {
        self.broken
    }
}

/// What was heard of one lagged frame: score and decision of each side.
#[derive(Debug, Clone, Copy, Default)]
struct Heard {
    agent: (f32, bool),
    customer: Option<(f32, bool)>,
    /// The customer's speech may be in the agent's microphone.
    leaks: bool,
    both: Option<PairMeasurement>,
    overtalk: Option<OvertalkEvent>,
    talk: TalkMeasurement,
}
