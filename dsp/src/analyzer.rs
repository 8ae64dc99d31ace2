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
//!                          overtalk
//! ```

use crate::double_talk;
use crate::measurement::{Measurement, PairMeasurement, SPEECH_LAG_FRAMES};
use crate::overtalk::OvertalkTracker;
use crate::side_path::SidePath;
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
    frame: u64,
    agent: SidePath,
    customer: Option<SidePath>,
    overtalk: OvertalkTracker,
    excluded: bool,
    /// `excluded` of the frames not judged yet, newest in bit 0.
    excluded_frames: u64,
    broken: Broken,
}

impl CallAnalyzer {
    /// An analyser for the headset's microphone at `agent`, and the far end if there is one.
    #[must_use]
    pub fn new(agent: SampleRate, customer: Option<SampleRate>) -> Self {
        Self {
            frame: 0,
            agent: SidePath::new(agent),
            customer: customer.map(SidePath::new),
            overtalk: OvertalkTracker::new(),
            excluded: false,
            excluded_frames: 0,
            broken: Broken::default(),
        }
    }

    /// Analyses the next 10 ms of both sides; full scale is ±1.0.
    ///
    /// With a far end, a missing `customer` frame is analysed as silence; without, it is ignored.
    pub fn process(&mut self, agent: &[f32], customer: Option<&[f32]>) -> Measurement {
        let frame = self.frame;
        self.frame += 1;
        self.excluded_frames = self.excluded_frames << 1 | u64::from(self.excluded);
        let excluded = self.excluded_frames >> SPEECH_LAG_FRAMES & 1 == 1;

        let agent_now = self.agent.take(agent, &mut self.broken);
        let Some(far) = &mut self.customer else {
            let score = self.agent.hear();
            return Measurement {
                frame,
                agent: self.agent.measure(&agent_now, score, false),
                customer: None,
                both: None,
                overtalk: None,
            };
        };
        let customer_now = far.take(customer.unwrap_or(&[]), &mut self.broken);
        let (agent_score, customer_score) = (self.agent.hear(), far.hear());
        let agent = self.agent.measure(&agent_now, agent_score, false);
        let customer = far.measure(&customer_now, customer_score, false);
        let both = double_talk::judge(
            agent_score,
            customer_score,
            self.agent.speaks_now(),
            far.speaks_now(),
        );
        let overtalk = if frame >= SPEECH_LAG_FRAMES {
            self.overtalk
                .push(self.agent.speaks_now(), far.speaks_now(), excluded)
        } else {
            None
        };
        Measurement {
            frame,
            agent,
            customer: Some(customer),
            both: Some(PairMeasurement {
                double_talk_score: both.score,
                double_talk: both.both,
                echo_return_loss: None,
            }),
            overtalk,
        }
    }

    /// Tells whether the frames that come now count for overtalk: not on hold, not muted.
    pub fn set_excluded(&mut self, excluded: bool) {
        self.excluded = excluded;
    }

    /// What could not be used so far.
    #[must_use]
    pub fn broken(&self) -> Broken {
        self.broken
    }

    /// Ends the call or file: judges the last frames, which the speech scores still lag behind, and
    /// ends an overtalk that is going on.
    ///
    /// The measurements carry what [`Self::process`] would say if silence followed: only their
    /// lagged figures (speech, both, overtalk) mean something, and those only for frames that were
    /// there, or for overtalk. Not for the real-time thread: it collects into a vector.
    pub fn finish(&mut self) -> Vec<Measurement> {
        let mut tail = Vec::new();
        for _ in 0..SPEECH_LAG_FRAMES {
            let customer = self.customer.is_some().then_some(&[][..]);
            tail.push(self.process(&[], customer));
        }
        self.overtalk.close();
        while let Some(event) = self.overtalk.take() {
            let customer = self.customer.is_some().then_some(&[][..]);
            let mut last = self.process(&[], customer);
            last.overtalk = Some(event);
            tail.push(last);
        }
        tail
    }
}
