//! Who says what when: two people who take turns as people do.
//!
//! A turn follows the other's after a gap whose median is about 200 ms; about one in five begins before
//! the other has ended, most of those by well under half a second (Stivers et al. 2009, PNAS 106:10587;
//! Heldner and Edlund 2010, Journal of Phonetics 38:555; Levinson and Torreira 2015, Frontiers in
//! Psychology 6:731). Within a turn they pause longer than between turns; the listener says "yes" and "I
//! see" meanwhile.

use super::dice::Dice;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Party {
    Agent,
    Customer,
}

impl Party {
    fn other(self) -> Self {
        match self {
            Self::Agent => Self::Customer,
            Self::Customer => Self::Agent,
        }
    }

    fn slot(self) -> usize {
        match self {
            Self::Agent => 0,
            Self::Customer => 1,
        }
    }
}

/// What a person can say: how long each prompt lasts, in seconds. Neither list is empty.
#[derive(Debug, Clone)]
pub(super) struct Repertoire {
    /// What a turn is made of.
    pub(super) turns: Vec<f64>,
    /// Said while listening.
    pub(super) short: Vec<f64>,
}

/// One thing said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Said {
    pub(super) by: Party,
    /// Seconds from the start of the conversation.
    pub(super) start: f64,
    pub(super) length: f64,
    /// Which of the list.
    pub(super) prompt: usize,
    /// Of the short ones, said while listening.
    pub(super) listening: bool,
}

/// A turn that follows after less than nothing begins so much before the other's end at most.
const LONGEST_OVERLAP: f64 = 0.75;

/// What a quarrel is made of lasts at least this long.
const TIRADE: f64 = 3.5;

/// A conversation, made as it goes on.
#[derive(Debug)]
pub(super) struct Conversation {
    dice: Dice,
    people: [Repertoire; 2],
    floor: Party,
    /// End of the turn said last, and how long its last part was.
    end: f64,
    last: f64,
    /// Until when each is busy with what is said already.
    busy: [f64; 2],
}

impl Conversation {
    /// Begins after `start` seconds with the agent's greeting.
    pub(super) fn new(agent: Repertoire, customer: Repertoire, start: f64, dice: Dice) -> Self {
        Self {
            dice,
            people: [agent, customer],
            floor: Party::Customer,
            end: start,
            last: 0.0,
            busy: [start; 2],
        }
    }

    /// When the turn said last ends, in seconds.
    pub(super) fn end(&self) -> f64 {
        self.end
    }

    /// The next turn, and what the listener says meanwhile. `heated`: they do not let each other finish.
    pub(super) fn turn(&mut self, heated: bool) -> Vec<Said> {
        let by = self.floor.other();
        let offset = if heated {
            -self.dice.between(2.4, 3.2)
        } else {
            self.offset()
        };
        // Nobody begins before the other has said something.
        let earliest = self.end - (self.last - 0.3).max(0.0);
        let mut at = (self.end + offset)
            .max(earliest)
            .max(self.busy[by.slot()] + 0.05);
        let parts = if heated {
            1
        } else {
            1 + usize::from(self.dice.chance(0.45)) + usize::from(self.dice.chance(0.2))
        };
        let mut said = Vec::with_capacity(parts + 1);
        for part in 0..parts {
            if part > 0 {
                at += self.dice.log_normal(0.45, 0.45).clamp(0.2, 1.6);
            }
            let (prompt, length) = self.pick(by, heated);
            said.push(Said {
                by,
                start: at,
                length,
                prompt,
                listening: false,
            });
            if !heated {
                said.extend(self.while_listening(by.other(), at, length));
            }
            at += length;
            self.last = length;
        }
        self.busy[by.slot()] = at;
        self.floor = by;
        self.end = at;
        said
    }

    /// Seconds between the other's end and the next beginning.
    fn offset(&mut self) -> f64 {
        if self.dice.chance(0.2) {
            -self.dice.log_normal(0.2, 0.6).min(LONGEST_OVERLAP)
        } else {
            self.dice.log_normal(0.28, 0.75).min(2.5)
        }
    }

    fn pick(&mut self, by: Party, heated: bool) -> (usize, f64) {
        let turns = &self.people[by.slot()].turns;
        let mut prompt = self.dice.below(turns.len());
        if heated {
            let long = |n: &usize| turns.get(*n).is_some_and(|length| *length >= TIRADE);
            let from = prompt;
            prompt = (from..turns.len())
                .chain(0..from)
                .find(long)
                .unwrap_or(from);
        }
        (prompt, turns.get(prompt).copied().unwrap_or(0.0))
    }

    /// The listener says "yes" while the other speaks on.
    fn while_listening(&mut self, by: Party, start: f64, length: f64) -> Option<Said> {
        if length < 2.5 || !self.dice.chance(0.3) {
            return None;
        }
        let short = &self.people[by.slot()].short;
        let prompt = self.dice.below(short.len());
        let takes = short.get(prompt).copied()?;
        let at = start + length * self.dice.between(0.35, 0.7);
        if at < self.busy[by.slot()] + 0.5 || at + takes > start + length {
            return None;
        }
        self.busy[by.slot()] = at + takes;
        Some(Said {
            by,
            start: at,
            length: takes,
            prompt,
            listening: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> Repertoire {
        Repertoire {
            turns: (0..60).map(|n| 1.3 + f64::from(n % 20) * 0.25).collect(),
            short: vec![0.4, 0.5, 0.6],
        }
    }

    /// The turns and what was said while listening in `minutes`.
    fn talk(seed: u64, minutes: f64, heated: bool) -> Vec<Said> {
        let mut talk = Conversation::new(people(), people(), 1.0, Dice::new(seed));
        let mut said = Vec::new();
        while talk.end() < minutes * 60.0 {
            said.extend(talk.turn(heated));
        }
        said
    }

    /// Seconds from each turn's end to the other's next beginning.
    fn offsets(said: &[Said]) -> Vec<f64> {
        let turns: Vec<&Said> = said.iter().filter(|said| !said.listening).collect();
        let changes = turns.windows(2).filter(|pair| pair[0].by != pair[1].by);
        let mut offsets: Vec<f64> = changes
            .map(|pair| pair[1].start - (pair[0].start + pair[0].length))
            .collect();
        offsets.sort_by(f64::total_cmp);
        offsets
    }

    fn both_speak(said: &[Said]) -> f64 {
        let (agent, customer): (Vec<&Said>, Vec<&Said>) =
            said.iter().partition(|said| said.by == Party::Agent);
        let shared = |a: &Said, c: &Said| {
            (a.start + a.length).min(c.start + c.length) - a.start.max(c.start)
        };
        agent
            .iter()
            .flat_map(|a| customer.iter().map(|c| shared(a, c).max(0.0)))
            .sum()
    }

    #[test]
    fn turns_follow_each_other_as_people_take_them() {
        let said = talk(3, 60.0, false);
        let offsets = offsets(&said);
        let at = |share: f64| offsets[(offsets.len() as f64 * share) as usize];
        assert!((0.15..0.28).contains(&at(0.5)), "median {}", at(0.5));
        let overlaps = offsets.iter().filter(|offset| **offset < 0.0).count() as f64;
        let share = overlaps / offsets.len() as f64;
        assert!((0.12..0.28).contains(&share), "{share} begin early");
        assert!(at(0.0) >= -LONGEST_OVERLAP - 1e-9 && at(0.05) > -0.6);
        let listening = said.iter().filter(|said| said.listening).count() as f64;
        let per_minute = listening / 60.0;
        assert!((0.5..5.0).contains(&per_minute), "{per_minute} a minute");
        let both = both_speak(&said) / 3600.0;
        assert!((0.01..0.08).contains(&both), "{both} of the time");
    }

    #[test]
    fn nobody_talks_over_himself_and_both_have_their_say() {
        let said = talk(5, 30.0, false);
        let mut spoken = [0.0; 2];
        for by in [Party::Agent, Party::Customer] {
            let mut own: Vec<&Said> = said.iter().filter(|said| said.by == by).collect();
            own.sort_by(|a, b| a.start.total_cmp(&b.start));
            for pair in own.windows(2) {
                assert!(pair[1].start >= pair[0].start + pair[0].length, "{pair:?}");
            }
            spoken[by.slot()] = own.iter().map(|said| said.length).sum::<f64>();
        }
        let share = spoken[0] / (spoken[0] + spoken[1]);
        assert!((0.35..0.65).contains(&share), "{share}");
        assert_eq!(said[0].by, Party::Agent);
    }

    #[test]
    fn a_quarrel_is_told_from_a_talk() {
        let said = talk(9, 5.0, true);
        assert!(both_speak(&said) / 300.0 > 0.3);
        assert_eq!(talk(9, 1.0, false), talk(9, 1.0, false));
        assert_ne!(talk(9, 1.0, false), talk(8, 1.0, false));
    }
}
