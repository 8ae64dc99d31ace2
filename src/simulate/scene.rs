//! A call as it sounds at the desk: two voices who talk with each other, the room, the line, and
//! whatever is wrong with them now.

use super::conversation::{Conversation, Party, Said};
use super::dice::Dice;
use super::player::{Loop, Player};
use super::room::{Crackle, Dropouts, Hum, Leak, add_noise, noise_gain};
use super::troubles::{Sky, Weather};
use super::voices::{Prompt, Speaker, Voice};
use sidetone_devices::simulated::{RATE, Scene};
use sidetone_dsp::resample::{ANALYSIS_FRAME, To16k};
use sidetone_dsp::units::{SampleRate, UnsupportedSampleRate};
use std::collections::VecDeque;
use std::sync::Arc;

/// Seconds of call before the agent's greeting.
const GREETING: f64 = 0.9;

/// What is said is settled this many seconds ahead: longer than any overlap.
const AHEAD: f64 = 3.5;

/// The room of a call centre in good order, and the line, in dBov.
const ROOM_DBOV: f32 = -67.0;
const LINE_DBOV: f32 = -63.0;

/// A line from which nothing comes: its last bits are noise.
const DEAD_LINE_DBOV: f32 = -86.0;

/// Babble loud enough to be a nuisance, in dBov.
const BABBLE_DBOV: f32 = -36.0;

/// Amplitude of the lowest tone of hum.
const HUM: f32 = 0.006;

/// Gain of a microphone that clips.
const CLIPPING: f32 = 14.0;

/// Seconds of babble, repeated.
const BABBLE_S: usize = 15;

/// How many talk in it.
const BABBLERS: usize = 8;

/// The seconds of many voices at once that desks are surrounded by; shared by all.
///
/// # Errors
/// Never in practice: the rate of the prompts is a supported one.
pub(super) fn babble(
    speakers: &[Arc<Speaker>],
    dice: &mut Dice,
) -> Result<Arc<[f32]>, UnsupportedSampleRate> {
    let rate = SampleRate::new(super::voices::PROMPT_RATE)?;
    let mut sum = vec![0.0_f32; BABBLE_S * 16_000];
    for talker in 0..BABBLERS {
        let mut to_16k = To16k::new(rate);
        let Some(speaker) = speakers.get(talker % speakers.len().max(1)) else {
            break;
        };
        let mut spoken = VecDeque::new();
        for frame in sum.chunks_exact_mut(ANALYSIS_FRAME) {
            while spoken.len() < rate.frame_len() {
                let prompt = speaker.turns.get(dice.below(speaker.turns.len()));
                let prompt = prompt.map(|prompt| prompt.as_ref()).unwrap_or_default();
                spoken.extend(prompt.iter().map(|s| f32::from(*s) / 32_768.0));
                spoken.extend(std::iter::repeat_n(0.0, rate.frame_len()));
            }
            let input: Vec<f32> = spoken.drain(..rate.frame_len()).collect();
            let mut output = [0.0; ANALYSIS_FRAME];
            to_16k.process(&input, &mut output);
            frame.iter_mut().zip(output).for_each(|(sum, s)| *sum += s);
        }
    }
    let power = sum.iter().map(|s| s * s).sum::<f32>() / sum.len() as f32;
    let gain = 10.0_f32.powf(BABBLE_DBOV / 20.0) / power.sqrt().max(1e-6);
    Ok(sum.into_iter().map(|sample| sample * gain).collect())
}

/// One side's mouth and what it is going to say.
#[derive(Debug)]
struct Mouth {
    voice: Voice,
    player: Player,
    going_to: VecDeque<Said>,
    gain: f32,
}

impl Mouth {
    fn new(voice: Voice, gain_db: f64) -> Result<Self, UnsupportedSampleRate> {
        Ok(Self {
            player: Player::new(voice.pitch)?,
            voice,
            going_to: VecDeque::new(),
            gain: 10.0_f32.powf(gain_db as f32 / 20.0),
        })
    }

    fn add_to(&mut self, now: f64, out: &mut [f32]) {
        while let Some(said) = self.going_to.front()
            && said.start <= now
        {
            if let Some(prompt) = self.prompt(said) {
                self.player.speak(prompt);
            }
            self.going_to.pop_front();
        }
        self.player.add_to(out, self.gain);
    }

    fn prompt(&self, said: &Said) -> Option<Prompt> {
        let speaker = &self.voice.speaker;
        let list = if said.listening {
            &speaker.short
        } else {
            &speaker.turns
        };
        list.get(said.prompt).cloned()
    }
}

/// A call.
#[derive(Debug)]
pub(super) struct Call {
    talk: Conversation,
    agent: Mouth,
    customer: Mouth,
    /// Samples so far.
    played: u64,
    sky: Sky,
    dice: Dice,
    babble: Loop,
    hum: Hum,
    crackle: Crackle,
    dropouts: Dropouts,
    leak: Leak,
    room: f32,
    line: f32,
}

impl Call {
    /// A new call of these two under this sky.
    ///
    /// # Errors
    /// Never in practice: the rate of the prompts is a supported one.
    pub(super) fn new(
        agent: Voice,
        customer: Voice,
        babble: Arc<[f32]>,
        sky: Sky,
        dice: &mut Dice,
    ) -> Result<Self, UnsupportedSampleRate> {
        let start = GREETING + dice.between(0.0, 0.6);
        let mut of_talk = dice.of(1);
        let said_by = (agent.repertoire(), customer.repertoire());
        Ok(Self {
            talk: Conversation::new(said_by.0, said_by.1, start, of_talk.of(0)),
            agent: Mouth::new(agent, of_talk.between(-2.0, 3.0))?,
            customer: Mouth::new(customer, of_talk.between(-4.0, 2.0))?,
            played: 0,
            sky,
            dice: dice.of(2),
            babble: Loop::new(babble, dice.unit()),
            hum: Hum::default(),
            crackle: Crackle::default(),
            dropouts: Dropouts::default(),
            leak: Leak::new(dice.between(36.0, 48.0) as f32),
            room: noise_gain(ROOM_DBOV + dice.between(-3.0, 3.0) as f32),
            line: noise_gain(LINE_DBOV + dice.between(-3.0, 3.0) as f32),
        })
    }

    fn settle(&mut self, now: f64, weather: Weather) {
        while self.talk.end() - now < AHEAD {
            let mut turn = self.talk.turn(weather.quarrel);
            turn.sort_by(|a, b| a.start.total_cmp(&b.start));
            for said in turn {
                let mouth = match said.by {
                    Party::Agent => &mut self.agent,
                    Party::Customer => &mut self.customer,
                };
                mouth.going_to.push_back(said);
            }
        }
    }
}

impl Scene for Call {
    fn block(&mut self, microphone: &mut [f32], far_end: &mut [f32]) {
        let now = self.played as f64 / f64::from(RATE);
        self.played += microphone.len() as u64;
        let weather = self.sky.now();
        self.settle(now, weather);

        self.customer.add_to(now, far_end);
        add_noise(far_end, self.line, &mut self.dice);
        if weather.dropouts {
            self.dropouts.cut(far_end, &mut self.dice);
        }
        if weather.dead_line {
            far_end.fill(0.0);
            add_noise(far_end, noise_gain(DEAD_LINE_DBOV), &mut self.dice);
        }

        self.agent.add_to(now, microphone);
        add_noise(microphone, self.room, &mut self.dice);
        self.leak.add_to(microphone, far_end);
        if weather.noise {
            self.babble.add_to(microphone, 1.0);
        }
        if weather.hum {
            self.hum.add_to(microphone, HUM);
        }
        if weather.crackle {
            self.crackle.add_to(microphone, &mut self.dice);
        }
        if weather.dead_microphone {
            microphone.fill(0.0);
        }
        let gain = if weather.clipping { CLIPPING } else { 1.0 };
        for sample in microphone {
            *sample = (*sample * gain).clamp(-1.0, 1.0);
        }
    }
}

#[cfg(test)]
#[path = "scene_tests.rs"]
mod tests;
