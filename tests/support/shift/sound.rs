//! How a call sounds, second by second: who talks, how loud, over what noise.
//!
//! Turns last a few seconds (a chain with two talkers and silence); levels and noise have the spread of the measured
//! figures (docs/measurements.md: a running noise level is off by 0.4 to 2.2 dB, a voice moves by some 3 dB from one second
//! to the next). No figure is constant.

use super::What;
use super::dice::Dice;
use sidetone_dsp::measurement::{Hum, NoiseKind};
use sidetone_dsp::second::{SecondSummary, SideSecond, TalkSecond};
use sidetone_dsp::units::{Db, Dbov, Hz};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Agent,
    Customer,
    Nobody,
}

/// One call's voices.
#[derive(Debug)]
pub(crate) struct Sound {
    dice: Dice,
    turn: Turn,
    quiet_s: u32,
    agent: Voice,
    customer: Voice,
}

/// One side as it usually is.
#[derive(Debug, Clone, Copy)]
struct Voice {
    level: f64,
    noise: f64,
    kind: NoiseKind,
}

impl Sound {
    /// Of a call between an agent whose microphone stays the same all day and a new customer.
    pub(crate) fn new(agent: u32, call: u64) -> Self {
        let mut desk = Dice::new(u64::from(agent));
        let mut dice = Dice::new(u64::from(agent) << 32 | call);
        let own = desk.normal(-25.0, 2.5).clamp(-31.0, -19.0);
        let line = dice.normal(-24.0, 4.0).clamp(-36.0, -15.0);
        let room = desk.between(28.0, 45.0);
        // Comfort noise, a circuit, a living room: what one_way_audio.silence_dbov takes for alive.
        let far = dice.normal(-62.0, 4.0).clamp(-71.0, -54.0);
        Self {
            turn: Turn::Agent,
            quiet_s: 0,
            agent: Voice {
                level: own,
                noise: own - room,
                kind: NoiseKind::Office,
            },
            customer: Voice {
                level: line,
                noise: far,
                kind: if dice.chance(0.3) {
                    NoiseKind::Hiss
                } else {
                    NoiseKind::Office
                },
            },
            dice,
        }
    }

    /// The next second, with what goes on now.
    pub(crate) fn second(&mut self, number: u64, now: &[What]) -> SecondSummary {
        let has = |what| now.contains(&what);
        let silence = has(What::Silence) || has(What::ShortPause);
        let muted = [What::Mute, What::MutedAtStart, What::UnmutedInTime];
        self.turn(silence, has(What::DeadCustomer), muted.into_iter().any(has));
        let (agent_talks, customer_talks) = (self.turn == Turn::Agent, self.turn == Turn::Customer);
        let (own, far) = (self.agent, self.customer);
        let mut agent = self.side(own, agent_talks);
        let mut customer = self.side(far, customer_talks);
        for what in now {
            self.disturb(*what, &mut agent, &mut customer);
        }
        let silent = |side: &SideSecond| side.digital_silence_ratio > 0.5;
        let share = |talks: bool, side: &SideSecond| {
            if talks && !silent(side) {
                side.speech_ratio
            } else {
                0.0
            }
        };
        let talk = TalkSecond {
            agent_ratio: share(agent_talks, &agent),
            customer_ratio: share(customer_talks, &customer),
            silence_ratio: 0.0,
            ..TalkSecond::default()
        };
        SecondSummary {
            second: number,
            agent,
            customer: Some(customer),
            double_talk_ratio: 0.0,
            echo_return_loss: None,
            talk,
        }
    }

    /// Who talks in this second. Nobody for more than eight seconds happens only when something is up.
    fn turn(&mut self, silence: bool, customer_dead: bool, muted: bool) {
        let stays = self.dice.chance(0.78);
        self.turn = match self.turn {
            _ if silence => Turn::Nobody,
            _ if customer_dead => Turn::Agent,
            // Somebody who hears nothing asks.
            Turn::Agent if muted => Turn::Customer,
            turn if stays && (turn != Turn::Nobody || self.quiet_s < 8) => turn,
            Turn::Agent | Turn::Customer if self.dice.chance(0.25) => Turn::Nobody,
            Turn::Agent => Turn::Customer,
            Turn::Customer => Turn::Agent,
            Turn::Nobody if self.dice.chance(0.5) => Turn::Agent,
            Turn::Nobody => Turn::Customer,
        };
        self.quiet_s = if self.turn == Turn::Nobody {
            self.quiet_s + 1
        } else {
            0
        };
    }

    fn side(&mut self, voice: Voice, talks: bool) -> SideSecond {
        let dice = &mut self.dice;
        let speech = if talks { dice.between(0.45, 1.0) } else { 0.0 };
        let noise = dice.normal(voice.noise, 1.2);
        let level = if talks {
            dice.normal(voice.level, 3.0) + 10.0 * speech.log10()
        } else {
            dice.normal(voice.noise, 1.5)
        };
        SideSecond {
            level: Dbov(level as f32),
            active_speech_level: Some(Dbov(dice.normal(voice.level, 0.5) as f32)),
            noise: Some(Dbov(noise as f32)),
            noise_a: Some(Dbov((noise - 4.0) as f32)),
            snr: Some(Db((dice.normal(voice.level, 0.5) - noise) as f32)),
            noise_kind: Some(voice.kind),
            noise_gated: false,
            speech_ratio: speech as f32,
            clipped_ratio: 0.0,
            dropouts: u32::from(dice.chance(0.002)),
            dropout_ms: 0.0,
            // The detector errs once in five minutes (docs/measurements.md).
            crackles: u32::from(dice.chance(1.0 / 300.0)),
            hum: None,
            dc_offset: dice.normal(0.0, 0.001) as f32,
            digital_silence_ratio: 0.0,
        }
    }

    /// What a happening does to the sound.
    fn disturb(&mut self, what: What, agent: &mut SideSecond, customer: &mut SideSecond) {
        let dice = &mut self.dice;
        match what {
            What::NoisyNeighbour | What::PassingNoise => noise(agent, dice.normal(9.0, 1.5)),
            What::NoiseNearTheLimit => {
                noise(agent, dice.normal(18.5, 1.0));
                // Inside the other limit as well: in dBov(A).
                agent.noise_a = Some(Dbov(dice.normal(-49.5, 0.8) as f32));
            }
            What::Hum => {
                agent.hum = Some(Hum {
                    fundamental: Hz(dice.normal(50.0, 0.05) as f32),
                    level: Dbov(dice.normal(-47.0, 1.5) as f32),
                });
            }
            What::Hiss => {
                customer.noise_kind = Some(NoiseKind::Hiss);
                customer.noise_a = Some(Dbov(dice.normal(-42.0, 1.2) as f32));
            }
            What::Crackle => agent.crackles += dice.below(4) as u32,
            What::Knock => agent.crackles += 6 + dice.below(20) as u32,
            What::Dropouts => {
                customer.dropouts += 1 + dice.below(3) as u32;
                customer.dropout_ms += dice.between(10.0, 120.0) as f32;
            }
            What::OneClippedLaugh => agent.clipped_ratio = dice.between(0.001, 0.02) as f32,
            What::RareClipping if dice.chance(0.25) => {
                agent.clipped_ratio = dice.between(0.0006, 0.0018) as f32;
            }
            What::QuietVoice if customer.speech_ratio > 0.0 => {
                let level = dice.normal(-51.0, 1.5);
                let pauses = 10.0 * f64::from(customer.speech_ratio).log10();
                customer.level = Dbov((level + pauses) as f32);
            }
            What::DeadMicrophone | What::Mute | What::MutedAtStart | What::UnmutedInTime => {
                zeros(agent)
            }
            What::Pulled | What::HoldRefused => zeros(agent),
            What::DeadCustomer => {
                customer.level = Dbov(dice.normal(-84.0, 1.5) as f32);
                customer.speech_ratio = 0.0;
                customer.digital_silence_ratio = dice.between(0.0, 0.4) as f32;
            }
            What::Hold => zeros(customer),
            _ => {}
        }
    }
}

/// Noise so loud that the voice stands `snr` dB above it.
fn noise(side: &mut SideSecond, snr: f64) {
    side.snr = Some(Db(snr as f32));
    side.noise = side
        .active_speech_level
        .map(|level| Dbov(level.0 - snr as f32));
    side.noise_a = side.noise.map(|level| Dbov(level.0 - 4.0));
    side.noise_kind = Some(NoiseKind::Babble);
}

fn zeros(side: &mut SideSecond) {
    side.level = Dbov::FLOOR;
    side.speech_ratio = 0.0;
    side.digital_silence_ratio = 1.0;
    side.crackles = 0;
    side.dropouts = 0;
}
