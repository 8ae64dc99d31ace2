//! States of cleared alerts that a broker keeps for ever, because MQTT 3.1.1 knows no expiry: each is removed in time.
//!
//! *Promises*: a topic whose alert was cleared over MQTT 3.1.1 gets the empty retained payload an hour later (CONTRACT
//! §1), by this process or a later one, unless the alert was raised again. *Fails* by leaving a state behind: if the list
//! cannot be written, that is logged once. The removal goes to the broker that the node is connected to by then.

use super::engine::Engine;
use super::later::WrittenLater;
use super::outgoing::Outgoing;
use sidetone_wire::MessageClass;
use sidetone_wire::vocabulary::MqttVersion;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// The topics to be removed.
#[derive(Debug)]
pub(super) struct Cleared {
    list: WrittenLater,
    life_ms: u64,
    /// By topic, when, in ms since 1970 UTC.
    due: BTreeMap<String, u64>,
}

impl Cleared {
    /// Those of earlier starts, each in `life` at the latest, whatever the clock did meanwhile.
    pub(super) fn read(state_dir: &Path, life: Duration, now_ms: u64) -> Self {
        let path = state_dir.join("cleared.json");
        let read = std::fs::read(&path).ok();
        let due =
            read.and_then(|bytes| serde_json::from_slice::<BTreeMap<String, u64>>(&bytes).ok());
        let mut due = due.unwrap_or_default();
        let life_ms = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
        let latest = now_ms.saturating_add(life_ms);
        due.values_mut().for_each(|due| *due = latest.min(*due));
        Self {
            list: WrittenLater::new(path, "the list of cleared alerts"),
            life_ms,
            due,
        }
    }

    /// The broker keeps the state of an alert that has ended.
    fn note(&mut self, topic: String, now_ms: u64) {
        self.due.insert(topic, now_ms.saturating_add(self.life_ms));
        self.keep();
    }

    /// Something newer is said on this topic.
    pub(super) fn forget(&mut self, topic: &str) {
        if self.due.remove(topic).is_some() {
            self.keep();
        }
    }

    /// The broker took the last state of a topic; if that was the removal, it is done.
    pub(super) fn removed(&mut self, topic: &str, now_ms: u64) {
        if self.due.get(topic).is_some_and(|due| *due <= now_ms) {
            self.forget(topic);
        }
    }

    fn overdue(&self, now_ms: u64) -> impl Iterator<Item = &String> {
        let overdue = self.due.iter().filter(move |(_, due)| **due <= now_ms);
        overdue.map(|(topic, _)| topic)
    }

    /// Waits so long for the list to be on the disk, at the end.
    pub(super) async fn settle(&mut self, patience: Duration) {
        self.list.settle(patience).await;
    }

    fn keep(&mut self) {
        match serde_json::to_vec(&self.due) {
            Ok(bytes) => self.list.write(bytes),
            Err(error) => tracing::error!(%error, "the list of cleared alerts cannot be written"),
        }
    }
}

impl Engine {
    /// The broker has taken the state of an alert that has ended.
    pub(super) fn cleared_is_kept(&mut self, topic: String, now_ms: u64) {
        let stands = self.active.states().any(|state| state.topic == topic);
        if self.sender.mqtt == MqttVersion::V311 && !stands {
            self.cleared.note(topic, now_ms);
        }
    }

    /// Removes the states whose time has come.
    pub(super) fn remove_cleared(&mut self, now_ms: u64) {
        if !self.connected {
            return;
        }
        for topic in self.cleared.overdue(now_ms) {
            if !self.retained.holds(topic) && !self.outbox.holds(topic) {
                self.retained.set(Outgoing {
                    topic: topic.clone(),
                    payload: Vec::new(),
                    properties: Vec::new(),
                    class: MessageClass::AlertCleared,
                    superseded: false,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const HOUR_MS: u64 = 3_600_000;

    fn overdue(cleared: &Cleared, now_ms: u64) -> Vec<String> {
        cleared.overdue(now_ms).cloned().collect()
    }

    #[tokio::test]
    async fn a_removal_comes_due_in_a_later_start_too_and_only_once() {
        let directory = tempfile::tempdir().unwrap();
        let mut first = Cleared::read(directory.path(), HOUR, 0);
        first.note("a".to_owned(), 1000);
        first.note("b".to_owned(), 1000);
        first.forget("b");
        first.settle(HOUR).await;
        let mut second = Cleared::read(directory.path(), HOUR, 2000);
        assert_eq!(overdue(&second, HOUR_MS), Vec::<String>::new());
        // An acknowledgement of something else.
        second.removed("a", HOUR_MS);
        assert_eq!(overdue(&second, HOUR_MS + 1000), ["a"]);
        second.removed("a", HOUR_MS + 1000);
        second.settle(HOUR).await;
        let third = Cleared::read(directory.path(), HOUR, HOUR_MS * 2);
        assert_eq!(overdue(&third, u64::MAX), Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_clock_that_was_years_ahead_does_not_put_it_off_for_years() {
        let directory = tempfile::tempdir().unwrap();
        let mut first = Cleared::read(directory.path(), HOUR, 0);
        first.note("a".to_owned(), 1_000_000 * HOUR_MS);
        first.settle(HOUR).await;
        let later = Cleared::read(directory.path(), HOUR, 5);
        assert_eq!(overdue(&later, 5 + HOUR_MS), ["a"]);
    }
}
