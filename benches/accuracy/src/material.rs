//! The voices that calls are made of, in two parts that share no speaker.
//!
//! *Tuning* is the part constants may be chosen on, *test* the part that only tells how good they are.
//! Asterisk's English and Spanish prompts are spoken by the same person, so both are in one part.

use crate::call::{SPEAKERS, Seeded, Voice, voice};

/// Which speakers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Tuning,
    Test,
}

impl Part {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tuning => "tuning",
            Self::Test => "test",
        }
    }

    fn speakers(self) -> &'static [usize] {
        match self {
            Self::Tuning => &[0, 2, 1],
            Self::Test => &[3, 4],
        }
    }
}

/// What is measured with.
pub(crate) struct Material {
    pub(crate) part: Part,
    /// The speakers of the calls.
    pub(crate) voices: Vec<Voice>,
    /// The same speakers, other prompts: they talk in the background.
    pub(crate) others: Vec<Voice>,
    /// A share of the calls of a whole measurement: 1 for all.
    divisor: usize,
}

impl Material {
    /// All calls, or for a `quick` look a tenth of them.
    pub(crate) fn new(part: Part, quick: bool) -> Self {
        let of = |step| {
            part.speakers()
                .iter()
                .map(|&n| voice(SPEAKERS[n], step))
                .collect()
        };
        Self {
            part,
            voices: of(3),
            others: of(7),
            divisor: if quick { 10 } else { 1 },
        }
    }

    /// How many calls to make of those a whole measurement has; two at least.
    pub(crate) fn calls(&self, whole: usize) -> usize {
        (whole / self.divisor).max(2)
    }

    /// The seed of call `n` of a row; the parts have calls of their own.
    pub(crate) fn seed(&self, row: u64, n: usize) -> Seeded {
        let part = match self.part {
            Part::Tuning => 0,
            Part::Test => 500_000,
        };
        Seeded::new(part + row * 1_000 + n as u64 + 1)
    }

    /// The two speakers of call `n`, never the same person.
    pub(crate) fn pair(&self, n: usize) -> (&Voice, &Voice) {
        // The third voice of the tuning part is the first one's in another language.
        let second = |first: usize| match (self.part, first) {
            (Part::Tuning, 1) => (n / 3 % 2) * 2,
            (Part::Tuning, _) => 1,
            (Part::Test, first) => 1 - first,
        };
        let first = n % self.voices.len();
        (&self.voices[first], &self.voices[second(first)])
    }

    pub(crate) fn voice(&self, n: usize) -> &Voice {
        &self.voices[n % self.voices.len()]
    }
}
