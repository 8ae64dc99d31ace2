//! Two people taking turns, with the times conversations have.
//!
//! Turns of one to four phrases; the next speaker begins 0.2 ± 0.4 s after the last word, so that some
//! turns overlap a little; now and then one breaks in early, or only says "yes" while the other goes on.

use crate::call::{Seeded, Track, Utterance, Voice};

/// Both sides of a conversation, clean.
#[derive(Clone)]
pub(crate) struct Conversation {
    pub(crate) agent: Track,
    pub(crate) customer: Track,
}

/// A back-channel is shorter than this many frames.
const SHORT: usize = 85;

/// Of ten turns, so many begin well within the other's.
const BREAKS_IN: f32 = 0.2;

/// Of ten phrases, so many are answered with a back-channel.
const NODS: f32 = 0.2;

impl Conversation {
    pub(crate) fn new(frames: usize, agent: &Voice, customer: &Voice, seed: &mut Seeded) -> Self {
        let mut sides = [Track::silent(frames), Track::silent(frames)];
        let voices = [agent, customer];
        let short = voices.map(short_phrases);
        // The frame after each side's last word: nobody speaks over themselves.
        let mut free = [0_usize; 2];
        let mut who = seed.below(2);
        let mut at = 50 + seed.below(100);
        while at < frames {
            let (begun, mut end) = (at.max(free[who]), at.max(free[who]));
            for _ in 0..=seed.below(4) {
                let phrase = any(voices[who], seed);
                let start = end;
                end = sides[who].put(start, phrase);
                let other = 1 - who;
                if seed.unit() < NODS && end - start > 120 && !short[other].is_empty() {
                    let nod = start + 40 + seed.below(end - start - 80);
                    if nod > free[other] + 20 {
                        let phrase = short[other][seed.below(short[other].len())];
                        free[other] = sides[other].put(nod, phrase) + 20;
                    }
                }
                end += 8 + seed.below(30);
            }
            free[who] = end;
            who = 1 - who;
            let offset = if seed.unit() < BREAKS_IN {
                -seed.between(60.0, 250.0)
            } else {
                20.0 + 40.0 * seed.normal()
            };
            let next = end as f32 + offset.clamp(-300.0, 200.0);
            at = (next.max(0.0) as usize).max(begun + 30);
        }
        let [agent, customer] = sides;
        Self { agent, customer }
    }
}

fn any<'a>(voice: &'a Voice, seed: &mut Seeded) -> &'a Utterance {
    &voice.utterances[seed.below(voice.utterances.len())]
}

fn short_phrases(voice: &Voice) -> Vec<&Utterance> {
    let is_short = |u: &&Utterance| u.truth.len() < SHORT;
    voice.utterances.iter().filter(is_short).collect()
}
