//! What a consumer makes of the messages: the contract's rules, checked on everything that was seen.

use super::broker::Seen;
use sidetone_hub::{Applied, FleetState, Standing};
use sidetone_wire::{NodeName, OrgName};
use std::collections::BTreeMap;

/// The messages of one kind of event, alert state and so on, without repetitions and in order of `seq`.
pub(crate) struct Board {
    /// Name and payload of each event, in the order in which the node said them.
    pub(crate) events: Vec<(String, serde_json::Value)>,
    fleet: FleetState,
    clock_ms: u64,
}

#[allow(dead_code)]
impl Board {
    /// Folds everything that was seen.
    ///
    /// # Panics
    /// If a message breaks the contract.
    pub(crate) fn of(seen: &[Seen]) -> Self {
        let mut fleet = FleetState::new(OrgName::new("acme").unwrap());
        let mut events = BTreeMap::new();
        let mut clock_ms = 0;
        for message in seen.iter().filter(|seen| seen.topic != "sidetone/probe") {
            let json = message.json();
            clock_ms = clock_ms.max(json["ts"].as_u64().unwrap_or(0));
            match fleet.apply(&message.topic, message.payload.as_bytes(), clock_ms) {
                Applied::Refused(refusal) => panic!("{refusal:?}: {message:?}"),
                Applied::Event(_) => {
                    let name = json["type"].as_str().unwrap().to_owned();
                    let number = |key: &str| json[key].as_u64().unwrap();
                    let order = (number("boot"), number("seq"));
                    assert!(events.insert(order, (name, json)).is_none());
                }
                _ => {}
            }
        }
        Self {
            events: events.into_values().collect(),
            fleet,
            clock_ms,
        }
    }

    /// The events' names, in order.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.events.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The one event of this name.
    pub(crate) fn the(&self, name: &str) -> &serde_json::Value {
        let mut found = self.events.iter().filter(|(other, _)| other == name);
        let (_, payload) = found.next().unwrap_or_else(|| panic!("no {name}"));
        assert!(found.next().is_none(), "{name} came twice");
        payload
    }

    /// Kind and reason of each alert's clear, in order: each raise has exactly one, and no alert stands.
    pub(crate) fn clears(&self) -> Vec<String> {
        let ids = |name: &str| {
            let named = self.events.iter().filter(|(other, _)| other == name);
            let ids = named.map(|(_, payload)| payload["id"].as_str().unwrap());
            let mut ids: Vec<&str> = ids.collect();
            ids.sort_unstable();
            ids
        };
        let raised = ids("alert.raised");
        assert_eq!(raised, ids("alert.cleared"), "one clear for each raise");
        let node = &self.fleet.nodes()[&NodeName::new("ws-1").unwrap()];
        for (alert, standing) in node.alerts(self.clock_ms) {
            assert_eq!(standing, Standing::Cleared, "{alert:?}");
        }
        let cleared = self
            .events
            .iter()
            .filter(|(name, _)| name == "alert.cleared");
        cleared
            .map(|(_, alert)| {
                let text = |key: &str| alert[key].as_str().unwrap();
                format!("{} {}", text("kind"), text("reason"))
            })
            .collect()
    }
}
