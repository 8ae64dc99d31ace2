//! How often what became of documents from elsewhere is told: as an event and in the log.
//!
//! Sans-IO: the time is told by the caller. Whoever may publish a document must not be able to fill the log or the
//! outbox with wrong ones that differ; `config/reported` says how each layer stands without this.

use crate::remote::{Layer, Told};
use std::collections::BTreeMap;
use std::time::Duration;

/// So many of a layer at once: a person who tries until it fits is told each time.
const BURST: u32 = 10;

/// Then one in this time.
const PAUSE: Duration = Duration::from_secs(60);

/// What is to be told now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// The newest of its layer.
    pub(super) told: Told,
    /// How many of the layer went untold before it.
    pub(super) untold: u64,
}

/// The verdicts of all layers.
#[derive(Debug, Default)]
pub(super) struct Verdicts(BTreeMap<Layer, Pace>);

/// Those of one layer.
#[derive(Debug)]
struct Pace {
    left: u32,
    /// When one more was last allowed.
    filled: Duration,
    /// The newest that was not told.
    waits: Option<Told>,
    untold: u64,
}

impl Pace {
    fn new(now: Duration) -> Self {
        Self {
            left: BURST,
            filled: now,
            waits: None,
            untold: 0,
        }
    }

    fn hear(&mut self, now: Duration, told: Told) -> Option<Due> {
        if self.waits.replace(told).is_some() {
            self.untold = self.untold.saturating_add(1);
        }
        self.due(now)
    }

    fn due(&mut self, now: Duration) -> Option<Due> {
        while self.left < BURST && now.saturating_sub(self.filled) >= PAUSE {
            self.filled += PAUSE;
            self.left += 1;
        }
        if self.left == 0 {
            return None;
        }
        let told = self.waits.take()?;
        if self.left == BURST {
            self.filled = now;
        }
        self.left -= 1;
        Some(Due {
            told,
            untold: std::mem::take(&mut self.untold),
        })
    }
}

impl Verdicts {
    /// A verdict fell; it is due now, or waits as the newest of its layer.
    pub(super) fn hear(&mut self, now: Duration, told: Told) -> Option<Due> {
        let pace = self.0.entry(told.layer.clone());
        pace.or_insert_with(|| Pace::new(now)).hear(now, told)
    }

    /// Those that have waited long enough.
    pub(super) fn due(&mut self, now: Duration) -> Vec<Due> {
        self.0
            .values_mut()
            .filter_map(|pace| pace.due(now))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::Verdict;

    fn told(layer: Layer, version: u64) -> Told {
        Told {
            layer,
            verdict: Verdict::Applied(Some(version)),
        }
    }

    fn seconds(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn of_a_flood_the_first_are_told_then_the_newest_of_each_minute_and_the_last() {
        let mut verdicts = Verdicts::default();
        let mut heard = Vec::new();
        // Ten a second for 130 s, and then nothing.
        for version in 0..1300 {
            let now = Duration::from_millis(1000 + version * 100);
            heard.extend(verdicts.hear(now, told(Layer::Fleet, version)));
            if version == 700 {
                // Another layer has its own.
                let other = verdicts.hear(now, told(Layer::Node, 1));
                assert_eq!(other.map(|due| due.untold), Some(0));
            }
        }
        assert_eq!(verdicts.due(seconds(180)), []);
        heard.extend(verdicts.due(seconds(181)));
        let heard: Vec<(Told, u64)> = heard
            .into_iter()
            .map(|due| (due.told, due.untold))
            .collect();
        let first = (0..10).map(|version| (told(Layer::Fleet, version), 0));
        let then = [(600, 590), (1200, 599), (1299, 98)];
        let then = then.map(|(version, untold)| (told(Layer::Fleet, version), untold));
        assert_eq!(heard, first.chain(then).collect::<Vec<_>>());
        assert_eq!(verdicts.due(seconds(10_000)), []);
    }
}
