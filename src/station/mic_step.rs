//! A pulled quick disconnect, concluded from the microphone: a living room gives way, from one second
//! to the next, to digital zeros or to the electronic floor of an open input.
//!
//! A mute in the headset, a noise gate and an idle radio link look alike, so this speaks only when
//! nothing else explains it and the evidence is worth at least one half: the step to a floor that is
//! not zero (a mute gives zeros), or the step to zeros right after the click of a plug.

use crate::alerts::Confidence;
use sidetone_dsp::second::SideSecond;
use std::collections::VecDeque;

/// Seconds a living room must have been heard before, and whose quietest is its floor.
const LIVING_S: usize = 5;

/// Seconds the silence must last: a gap in the stream is shorter.
const DEAD_S: u32 = 2;

/// An open input lies below this level in dBov, and
const FLOOR_DBOV: f32 = -80.0;

/// lies this many dB below the room.
const STEP_DB: f32 = 20.0;

/// A second louder than this in dBov is alive again.
const ALIVE_DBOV: f32 = -70.0;

/// A second with this share of digital zeros holds nothing else.
const ALL_ZEROS: f32 = 0.99;

/// What each piece of evidence is worth.
const ZEROS: f64 = 0.3;
const FLOOR: f64 = 0.5;
const CLICK: f64 = 0.2;

/// From which sum on it is said.
const ENOUGH: f64 = 0.5;

/// Watches one microphone.
#[derive(Debug, Default)]
pub(super) struct MicStep {
    /// Levels of the last living seconds in dBov.
    living: VecDeque<f32>,
    /// The newest living second held a click.
    clicked: bool,
    dead_s: u32,
    open: Option<Confidence>,
}

impl MicStep {
    /// How sure it is that the quick disconnect is open.
    pub(super) fn open(&self) -> Option<Confidence> {
        self.open
    }

    /// Takes in a second; `explained` if a mute explains silence.
    pub(super) fn second(&mut self, agent: &SideSecond, explained: bool) {
        if explained || agent.noise_gated {
            *self = Self::default();
            return;
        }
        let zeros = agent.digital_silence_ratio >= ALL_ZEROS;
        let room = self.living.iter().copied().fold(f32::INFINITY, f32::min);
        let floor = !zeros && agent.level.0 <= FLOOR_DBOV && agent.level.0 <= room - STEP_DB;
        if self.open.is_some() {
            if !zeros && agent.level.0 > ALIVE_DBOV {
                *self = Self::default();
            }
            return;
        }
        if (zeros || floor) && self.living.len() >= LIVING_S {
            self.dead_s += 1;
            if self.dead_s >= DEAD_S {
                let step = if zeros { ZEROS } else { FLOOR };
                let sum = step + if self.clicked { CLICK } else { 0.0 };
                self.open = (sum >= ENOUGH).then(|| Confidence::new(sum));
            }
            return;
        }
        self.dead_s = 0;
        if zeros {
            self.living.clear();
            return;
        }
        self.clicked = agent.crackles > 0 || agent.clipped_ratio > 0.0;
        self.living.push_back(agent.level.0);
        if self.living.len() > LIVING_S {
            self.living.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MicStep;
    use sidetone_dsp::second::SideSecond;
    use sidetone_dsp::units::Dbov;

    fn second(level: f32, zeros: f32, crackles: u32) -> SideSecond {
        SideSecond {
            level: Dbov(level),
            active_speech_level: None,
            noise: None,
            noise_a: None,
            snr: None,
            noise_kind: None,
            noise_gated: false,
            speech_ratio: 0.0,
            clipped_ratio: 0.0,
            dropouts: 0,
            dropout_ms: 0.0,
            crackles,
            hum: None,
            dc_offset: 0.0,
            digital_silence_ratio: zeros,
        }
    }

    fn after_a_room(end: &[SideSecond]) -> MicStep {
        let mut step = MicStep::default();
        for level in [-30.0, -55.0, -58.0, -32.0, -57.0] {
            step.second(&second(level, 0.0, 0), false);
        }
        for s in end {
            step.second(s, false);
        }
        step
    }

    #[test]
    fn zeros_alone_say_nothing_and_zeros_after_a_click_do() {
        let zeros = second(-100.0, 1.0, 0);
        assert_eq!(after_a_room(&[zeros; 10]).open(), None);
        let told = after_a_room(&[second(-50.0, 0.0, 2), zeros, zeros]);
        assert_eq!(told.open().map(|c| c.get()), Some(0.5));
    }

    #[test]
    fn the_floor_of_an_open_input_is_told_until_the_room_returns() {
        let floor = second(-88.0, 0.0, 0);
        let mut step = after_a_room(&[floor]);
        assert_eq!(step.open(), None);
        step.second(&floor, false);
        assert_eq!(step.open().map(|c| c.get()), Some(0.5));
        step.second(&second(-56.0, 0.0, 0), false);
        assert_eq!(step.open(), None);
    }

    #[test]
    fn a_quiet_room_a_gate_and_a_mute_are_not_a_pulled_plug() {
        assert_eq!(after_a_room(&[second(-76.0, 0.0, 0); 9]).open(), None);
        let gated = SideSecond {
            noise_gated: true,
            ..second(-90.0, 0.0, 0)
        };
        assert_eq!(after_a_room(&[gated; 9]).open(), None);
        let mut step = after_a_room(&[]);
        for _ in 0..9 {
            step.second(&second(-90.0, 0.0, 0), true);
        }
        assert_eq!(step.open(), None);
    }
}
