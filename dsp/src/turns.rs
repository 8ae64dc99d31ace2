//! Turns (who spoke last, and how long the other side took to answer), decided live.
//!
//! A pure state machine over two booleans per frame, as [`crate::overtalk`] is, with the same
//! utterances: a side's speech with gaps shorter than 200 ms joined. An utterance shorter than
//! 200 ms (a cough, a click of the tongue) is no turn and answers nothing.
//!
//! *Response*: an utterance that begins when the other side spoke last and has ended. One that
//! begins while the other still speaks is no response but an interruption or a back-channel.
//!
//! *Promises*: at most one response per frame, told when the answer is 200 ms long.
//!
//! *Never* measures across an exclusion (hold, mute): what was said before is forgotten there.

use crate::measurement::{Response, Side, TalkMeasurement};

/// Gaps shorter than this are joined: 200 ms.
const GAP: u64 = 20;

/// The shortest utterance that takes the turn: 200 ms.
const LEAST_TURN: u64 = 20;

/// One side's utterance, and the one before.
#[derive(Debug, Clone, Copy, Default)]
struct Speaker {
    /// First and last frame of the utterance that goes on, or has just gone by.
    run: Option<(u64, u64)>,
    /// That utterance took the turn.
    took: bool,
    /// One past the last frame of the latest utterance that took the turn.
    ended: Option<u64>,
}

impl Speaker {
    /// Takes the next frame; gives the first frame of an utterance that has now taken the turn.
    fn push(&mut self, frame: u64, speaks: bool) -> Option<u64> {
        if self.run.is_some_and(|(_, last)| frame - last > GAP) {
            *self = Self {
                ended: self.ended,
                ..Self::default()
            };
        }
        if !speaks {
            return None;
        }
        let first = self.run.map_or(frame, |(first, _)| first);
        self.run = Some((first, frame));
        (!self.took && frame + 1 - first >= LEAST_TURN).then_some(first)
    }

    /// Counts the utterance that goes on, if it took the turn.
    fn settle(&mut self, takes: bool) {
        self.took |= takes;
        if let (true, Some((_, last))) = (self.took, self.run) {
            self.ended = Some(last + 1);
        }
    }
}

/// Follows both sides and tells of responses.
#[derive(Debug, Clone, Default)]
pub struct TurnTracker {
    frame: u64,
    agent: Speaker,
    customer: Speaker,
}

impl TurnTracker {
    /// A tracker at frame 0.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next frame. With `excluded` (hold, mute) nobody answers anybody.
    pub fn push(&mut self, agent: bool, customer: bool, excluded: bool) -> TalkMeasurement {
        let frame = self.frame;
        self.frame += 1;
        let mut talk = TalkMeasurement {
            agent,
            customer,
            response: None,
        };
        if excluded {
            self.agent = Speaker::default();
            self.customer = Speaker::default();
            return talk;
        }
        let began = [
            self.agent.push(frame, agent),
            self.customer.push(frame, customer),
        ];
        talk.response = response(Side::Agent, began[0], &self.agent, &self.customer)
            .or_else(|| response(Side::Customer, began[1], &self.customer, &self.agent));
        self.agent.settle(began[0].is_some());
        self.customer.settle(began[1].is_some());
        talk
    }
}

/// The response that an utterance of `own` is, if it is one.
fn response(side: Side, began: Option<u64>, own: &Speaker, other: &Speaker) -> Option<Response> {
    let (first, ended) = (began?, other.ended?);
    let other_spoke_last = own.ended.is_none_or(|own| own < ended);
    let still_speaks = other
        .run
        .is_some_and(|(from, to)| from < first && first <= to);
    (other_spoke_last && ended <= first && !still_speaks).then(|| Response {
        side,
        frames: first - ended,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every response of a call given as stretches of speech `[first, one past the last)`.
    fn responses(agent: &[(u64, u64)], customer: &[(u64, u64)]) -> Vec<(Side, u64)> {
        let within = |all: &[(u64, u64)], frame| all.iter().any(|s| s.0 <= frame && frame < s.1);
        let mut tracker = TurnTracker::new();
        (0..2_000)
            .filter_map(|f| {
                let talk = tracker.push(within(agent, f), within(customer, f), false);
                talk.response.map(|r| (r.side, r.frames))
            })
            .collect()
    }

    #[test]
    fn an_answer_is_measured_from_the_end_of_the_question() {
        let told = responses(&[(0, 100), (420, 500)], &[(150, 300)]);
        assert_eq!(told, [(Side::Customer, 50), (Side::Agent, 120)]);
    }

    #[test]
    fn pauses_of_one_side_are_no_answers() {
        let told = responses(&[(0, 100), (200, 300), (310, 400)], &[(430, 500)]);
        assert_eq!(told, [(Side::Customer, 30)]);
    }

    #[test]
    fn who_breaks_in_answers_nothing_and_still_has_the_turn_afterwards() {
        // The customer breaks in and goes on alone; the agent then answers that.
        let told = responses(&[(0, 200), (400, 500)], &[(150, 350)]);
        assert_eq!(told, [(Side::Agent, 50)]);
    }

    #[test]
    fn a_click_is_neither_question_nor_answer() {
        let told = responses(&[(0, 100), (150, 169)], &[(300, 400)]);
        assert_eq!(told, [(Side::Customer, 200)]);
    }

    #[test]
    fn who_starts_in_a_short_gap_of_the_other_has_broken_in() {
        let told = responses(&[(0, 100), (110, 300)], &[(105, 250)]);
        assert_eq!(told, []);
    }

    #[test]
    fn nothing_is_measured_across_a_hold() {
        let mut tracker = TurnTracker::new();
        let mut told = 0;
        for frame in 0..400 {
            let talk = tracker.push(frame < 100, frame >= 300, (150..250).contains(&frame));
            told += u32::from(talk.response.is_some());
        }
        assert_eq!(told, 0);
    }

    /// The utterances of one side, from the whole call at once: `[first, one past the last)`.
    fn utterances(speaks: &[bool]) -> Vec<(u64, u64)> {
        let mut all: Vec<(u64, u64)> = Vec::new();
        for frame in (0..speaks.len()).filter(|&frame| speaks[frame]) {
            let frame = frame as u64;
            match all.last_mut() {
                Some(last) if frame - last.1 < 20 => last.1 = frame + 1,
                _ => all.push((frame, frame + 1)),
            }
        }
        all
    }

    /// Those that take the turn.
    fn turns(speaks: &[bool]) -> Vec<(u64, u64)> {
        let mut all = utterances(speaks);
        all.retain(|turn| turn.1 - turn.0 >= 20);
        all
    }

    /// Responses by the words of the module's head: `(side, first frame, delay)`. Left out are turns
    /// that the other side joins before they are 400 ms long: live, that may come too late to see.
    fn offline(agent: &[bool], customer: &[bool]) -> Vec<(Side, u64, u64)> {
        let (a, c) = (turns(agent), turns(customer));
        let mut found = Vec::new();
        for (side, own, other, heard) in [
            (Side::Agent, &a, &c, utterances(customer)),
            (Side::Customer, &c, &a, utterances(agent)),
        ] {
            for (index, &(first, _)) in own.iter().enumerate() {
                let before = other.iter().rfind(|turn| turn.0 < first);
                let joined = heard.iter().any(|t| t.0 < first + 40 && first < t.1);
                let Some(&(_, ended)) = before.filter(|_| !joined) else {
                    continue;
                };
                let spoke_last = index == 0 || own[index - 1].1 < ended;
                if ended <= first && spoke_last {
                    found.push((side, first, first - ended));
                }
            }
        }
        found
    }

    proptest! {
        #[test]
        fn live_finds_what_the_whole_call_shows(
            agent in proptest::collection::vec(any::<bool>(), 60),
            customer in proptest::collection::vec(any::<bool>(), 60),
        ) {
            // Blocks of 70 ms make runs and gaps on both sides of every limit.
            let frames = |blocks: &[bool]| -> Vec<bool> {
                blocks.iter().flat_map(|&on| [on; 7]).collect()
            };
            let (agent, customer) = (frames(&agent), frames(&customer));
            let mut tracker = TurnTracker::new();
            let mut live = Vec::new();
            for (frame, (&a, &c)) in (0..).zip(agent.iter().zip(&customer)) {
                if let Some(Response { side, frames }) = tracker.push(a, c, false).response {
                    let own = if side == Side::Agent { &agent } else { &customer };
                    let turn = turns(own).into_iter().find(|t| t.0 <= frame && frame < t.1);
                    let (first, _) = turn.expect("an answer is a turn");
                    live.push((side, first, frames));
                }
            }
            for wanted in offline(&agent, &customer) {
                prop_assert!(live.contains(&wanted), "{wanted:?} is not in {live:?}");
            }
            for (side, first, delay) in live {
                let other = if side == Side::Agent { &customer } else { &agent };
                let heard = turns(other);
                let ended = first - delay;
                prop_assert!(heard.iter().any(|t| t.1 == ended), "{side:?} {first} {delay}");
                let between = heard.iter().any(|t| t.0 < first && t.1 > ended);
                prop_assert!(!between, "{side:?} {first} {delay}");
            }
        }
    }
}
