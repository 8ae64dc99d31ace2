//! What goes on at a node right now: its call, its headset's switches, its latest figures.
//!
//! *Promises*: made of events and telemetry alone, so that it needs no history; a consumer that joins
//! in the middle of a call knows the call from its first figures. *Never* outlives what it is made of:
//! a new start of the node, or a gap in the consumer's own subscription, forgets it.

use serde_json::{Map, Value};
use sidetone_wire::event::{EventBody, EventType};
use sidetone_wire::telemetry::AudioFigures;
use sidetone_wire::{Item, Stamp};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Most headsets of one node whose switches are kept.
const HEADSETS_MAX: usize = 16;

/// Longest id of a headset, in bytes: longer ones are none of the contract's.
const HEADSET_ID_MAX: usize = 64;

/// Most calls that wait on hold at one node; a person keeps fewer.
const WAITING_MAX: usize = 16;

/// Figures older than this say nothing about now. They come every 1–10 s.
pub const FIGURES_STALE_MS: u64 = 12_000;

/// What goes on at a node.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Live {
    /// The call the agent is in, or was in last; `None` = there is none.
    pub call: Option<CallView>,
    /// Calls that wait beside it, on hold.
    waiting: Vec<CallView>,
    /// Whether agent and customer are talking over each other (between `overtalk.started` and `.ended`).
    pub overtalk: bool,
    audio: Option<(AudioFigures, u64)>,
    headsets: BTreeMap<String, Switches>,
}

/// A call.
#[derive(Debug, Clone, PartialEq)]
pub struct CallView {
    /// Its id.
    pub id: Uuid,
    /// When it began, by the node's clock, ms since 1970 UTC.
    pub since_ms: u64,
    /// On hold.
    pub held: bool,
    /// The headset it is made with, if that was said.
    pub headset: Option<String>,
}

/// What a headset's switches say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Switches {
    /// Muted; `None` = nobody has said.
    pub muted: Option<bool>,
    /// The quick disconnect is pulled.
    pub qd_open: bool,
}

impl Live {
    /// The latest figures, unless they are too old to say anything about now.
    #[must_use]
    pub fn audio(&self, now_ms: u64) -> Option<&AudioFigures> {
        let (figures, heard_ms) = self.audio.as_ref()?;
        (now_ms.saturating_sub(*heard_ms) <= FIGURES_STALE_MS).then_some(figures)
    }

    /// The switches of the call's headset, or of the only one.
    #[must_use]
    pub fn switches(&self) -> Switches {
        let in_call = self.call.as_ref().and_then(|call| call.headset.as_ref());
        let one = match in_call {
            Some(headset) => self.headsets.get(headset),
            None => self.headsets.values().next(),
        };
        one.copied().unwrap_or_default()
    }

    /// An event that was not seen before.
    pub(crate) fn event(&mut self, stamp: &Stamp, event: &EventBody, now_ms: u64) {
        let detail = &event.detail;
        match event.kind {
            EventType::DaemonStarted | EventType::DaemonStopped => *self = Self::default(),
            EventType::HeadsetRemoved => {
                self.headsets
                    .remove(detail.headset.as_deref().unwrap_or_default());
            }
            EventType::MuteOn => self.switch(detail.headset.as_ref(), |s| s.muted = Some(true)),
            EventType::MuteOff => self.switch(detail.headset.as_ref(), |s| s.muted = Some(false)),
            EventType::QdOpen => self.switch(detail.headset.as_ref(), |s| s.qd_open = true),
            EventType::QdClosed => self.switch(detail.headset.as_ref(), |s| s.qd_open = false),
            EventType::CallStarted => {
                if let Some(id) = detail.call {
                    let since_ms = stamp.ts.unwrap_or(now_ms);
                    self.bring_to_front(call(id, since_ms, detail.headset.as_ref()));
                }
            }
            EventType::CallHeld => self.held(detail.call),
            EventType::CallResumed => self.resumed(detail.call),
            EventType::CallEnded => self.ended(detail.call),
            EventType::OvertalkStarted => self.overtalk = true,
            EventType::OvertalkEnded => self.overtalk = false,
            _ => {}
        }
    }

    /// The agent is in this call now; the one they were in waits, if it is on hold.
    fn bring_to_front(&mut self, call: CallView) {
        self.waiting.retain(|other| other.id != call.id);
        let before = self.call.replace(call);
        self.waiting.extend(before.filter(|call| call.held));
        if self.waiting.len() > WAITING_MAX {
            self.waiting.remove(0);
        }
        self.audio = None;
        self.overtalk = false;
    }

    fn held(&mut self, id: Option<Uuid>) {
        let of_it = |call: &&mut CallView| id.is_none_or(|id| call.id == id);
        if let Some(call) = self.call.as_mut().filter(of_it) {
            call.held = true;
        }
    }

    fn resumed(&mut self, id: Option<Uuid>) {
        let waits = |call: &CallView| Some(call.id) == id;
        if let Some(place) = self.waiting.iter().position(waits) {
            let call = self.waiting.remove(place);
            self.bring_to_front(call);
        }
        let of_it = |call: &&mut CallView| id.is_none_or(|id| call.id == id);
        if let Some(call) = self.call.as_mut().filter(of_it) {
            call.held = false;
        }
    }

    fn ended(&mut self, id: Option<Uuid>) {
        if let Some(id) = id
            && self.waiting.iter().any(|call| call.id == id)
        {
            self.waiting.retain(|call| call.id != id);
            return;
        }
        self.call = self.waiting.pop();
        self.audio = None;
        self.overtalk = false;
    }

    /// One second of a call. Figures of a call that is not known begin it: the consumer joined late.
    pub(crate) fn figures(&mut self, figures: AudioFigures, now_ms: u64) {
        if let Some(id) = figures.call
            && self.call.as_ref().is_none_or(|call| call.id != id)
        {
            let since_ms = minted_ms(id).unwrap_or(now_ms);
            let known = self.waiting.iter().find(|call| call.id == id).cloned();
            let call = known.unwrap_or_else(|| call(id, since_ms, figures.headset.as_ref()));
            self.bring_to_front(call);
        }
        if let Some(muted) = figures.muted {
            self.switch(figures.headset.as_ref(), |s| s.muted = Some(muted));
        }
        self.audio = Some((figures, now_ms));
    }

    fn switch(&mut self, headset: Option<&String>, set: impl FnOnce(&mut Switches)) {
        let Some(headset) = headset.filter(|id| id.len() <= HEADSET_ID_MAX) else {
            return;
        };
        if self.headsets.len() >= HEADSETS_MAX && !self.headsets.contains_key(headset) {
            return;
        }
        set(self.headsets.entry(headset.clone()).or_default());
    }
}

fn call(id: Uuid, since_ms: u64, headset: Option<&String>) -> CallView {
    CallView {
        id,
        since_ms,
        held: false,
        headset: headset.filter(|id| id.len() <= HEADSET_ID_MAX).cloned(),
    }
}

/// When a UUIDv7 was minted, ms since 1970 UTC: nodes mint a call's id at its start.
fn minted_ms(id: Uuid) -> Option<u64> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    Some(seconds * 1000 + u64::from(nanos) / 1_000_000)
}

/// What an inventory says about the node's headsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Headset<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) id: &'a str,
}

/// The headsets in an inventory.
pub(crate) fn headsets(
    inventory: &BTreeMap<Item, Map<String, Value>>,
) -> impl Iterator<Item = Headset<'_>> {
    inventory.iter().filter_map(|(item, facts)| {
        let id = item.as_str().strip_prefix("headset-")?;
        let name = facts.get("name").and_then(Value::as_str);
        Some(Headset { name, id })
    })
}
