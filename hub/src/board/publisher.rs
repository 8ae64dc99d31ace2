//! Folds what the link hears, and publishes what the page shows at most five times a second.
//!
//! *Promises*: memory is bounded by the fleet alone: there is one newest publication, which every
//! browser shares. A browser that falls behind skips publications and is brought to the newest one
//! (see [`super::stream`]).

use super::heard::{BrokerLink, Heard};
use super::picture::{NodePicture, Rank};
use crate::{FleetState, Refusal};
use serde::Serialize;
use sidetone_wire::{NodeName, OrgName, Place, Topic};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, watch};

/// Publications are at least so far apart.
const PUBLISH: Duration = Duration::from_millis(200);

/// Every node is looked at this often, as alerts expire and figures go stale without a message.
const SWEEP_MS: u64 = 1000;

/// A publication comes at least this often, so that a page knows that it is still being told.
const BEAT_MS: u64 = 4000;

/// What goes above the tiles.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Header {
    org: OrgName,
    /// Which program shows it.
    version: &'static str,
    now_ms: u64,
    broker: Broker,
    /// How the fleet stands.
    pub(super) counts: Counts,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Broker {
    shown: String,
    /// Since when it stands so, ms since 1970 UTC.
    since_ms: u64,
    #[serde(flatten)]
    link: BrokerLink,
}

/// How many nodes …
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// … are known.
    pub nodes: usize,
    /// … are in a call, on hold or not.
    pub in_call: usize,
    /// … have an alert that stands.
    pub with_alerts: usize,
    /// … are lost or silent.
    pub lost: usize,
    /// … send figures of a call.
    pub heard: usize,
    /// Messages that were refused since the start: they follow no contract.
    pub refused_messages: u64,
    /// Of these, messages of nodes that found no place ([`NODES_MAX`](crate::NODES_MAX)).
    pub refused_nodes: u64,
    /// Silent nodes that made room for others since the start.
    pub forgotten_nodes: u64,
}

/// What the page shows, at one moment.
#[derive(Debug, Clone)]
pub(super) struct Publication {
    pub(super) header: Header,
    /// Worst first.
    pub(super) order: Arc<[Arc<str>]>,
    /// Each node's JSON; the same allocation as long as nothing changes.
    pub(super) nodes: Arc<BTreeMap<Arc<str>, Arc<str>>>,
}

impl Publication {
    pub(super) fn first(org: &OrgName, shown: &str, now_ms: u64) -> Self {
        Self {
            header: Header {
                org: org.clone(),
                version: env!("CARGO_PKG_VERSION"),
                now_ms,
                broker: Broker {
                    shown: shown.to_owned(),
                    since_ms: now_ms,
                    link: BrokerLink::Connecting,
                },
                counts: Counts::default(),
            },
            order: Arc::default(),
            nodes: Arc::default(),
        }
    }
}

/// What is kept of a node between two publications.
#[derive(Debug)]
struct Shown {
    rank: Rank,
    json: Arc<str>,
    counts: [bool; 4],
}

/// Folds and publishes until the link ends or nobody looks any more.
#[derive(Debug)]
pub(super) struct Publisher {
    fleet: FleetState,
    shown: BTreeMap<Arc<str>, Shown>,
    touched: BTreeSet<NodeName>,
    /// Something but a node changed.
    header_changed: bool,
    swept_ms: u64,
    next: Publication,
    published: watch::Sender<Arc<Publication>>,
}

impl Publisher {
    pub(super) fn new(org: OrgName, broker: &str) -> (Self, watch::Receiver<Arc<Publication>>) {
        let next = Publication::first(&org, broker, now_ms());
        let (published, receiver) = watch::channel(Arc::new(next.clone()));
        let publisher = Self {
            fleet: FleetState::new(org),
            shown: BTreeMap::new(),
            touched: BTreeSet::new(),
            header_changed: true,
            swept_ms: 0,
            next,
            published,
        };
        (publisher, receiver)
    }

    pub(super) async fn run(mut self, mut heard: mpsc::Receiver<Heard>) {
        let mut tick = tokio::time::interval(PUBLISH);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                // A flood of messages must not keep the page from being told.
                biased;
                _ = tick.tick() => self.publish(now_ms()),
                message = heard.recv() => match message {
                    Some(message) => self.take_in(message, now_ms()),
                    None => return,
                },
            }
        }
    }

    fn take_in(&mut self, heard: Heard, now_ms: u64) {
        match heard {
            Heard::Message { topic, payload } => {
                self.fleet.apply(&topic, &payload, now_ms);
                if let Some(Topic {
                    place: Place::Node(node, _),
                    ..
                }) = Topic::parse(&topic)
                {
                    self.touched.insert(node);
                }
            }
            Heard::Missed => {
                self.fleet.missed();
                self.swept_ms = 0;
            }
            Heard::Link(link) => {
                let broker = &mut self.next.header.broker;
                let same = std::mem::discriminant(&broker.link) == std::mem::discriminant(&link);
                if !same {
                    broker.since_ms = now_ms;
                }
                broker.link = link;
                self.header_changed = true;
            }
        }
    }

    fn publish(&mut self, now_ms: u64) {
        let sweep = now_ms.saturating_sub(self.swept_ms) >= SWEEP_MS || now_ms < self.swept_ms;
        let mut changed = false;
        if self.fleet.forgotten() != self.next.header.counts.forgotten_nodes {
            let known = self.fleet.nodes();
            self.shown.retain(|name, _| {
                NodeName::new(&**name).is_ok_and(|name| known.contains_key(&name))
            });
            changed = true;
        }
        if sweep {
            self.swept_ms = now_ms;
            self.touched.clear();
            for (name, view) in self.fleet.nodes() {
                changed |= look(&mut self.shown, NodePicture::of(name, view, now_ms));
            }
        } else {
            for name in std::mem::take(&mut self.touched) {
                // What was refused has no node.
                if let Some(view) = self.fleet.nodes().get(&name) {
                    changed |= look(&mut self.shown, NodePicture::of(&name, view, now_ms));
                }
            }
        }
        let due = now_ms.saturating_sub(self.next.header.now_ms) >= BEAT_MS;
        if !(changed || self.header_changed || due) {
            return;
        }
        if changed {
            self.arrange();
        }
        self.header_changed = false;
        self.next.header.now_ms = now_ms;
        let refused = self.fleet.refused();
        self.next.header.counts.refused_messages = refused.total();
        self.next.header.counts.refused_nodes = refused.of(Refusal::TooManyNodes);
        self.published.send_replace(Arc::new(self.next.clone()));
    }

    fn arrange(&mut self) {
        let mut order: Vec<(&Rank, &Arc<str>)> = self
            .shown
            .iter()
            .map(|(name, shown)| (&shown.rank, name))
            .collect();
        order.sort_unstable();
        self.next.order = order
            .into_iter()
            .map(|(_, name)| Arc::clone(name))
            .collect();
        let nodes = self.shown.iter();
        self.next.nodes = Arc::new(
            nodes
                .map(|(name, shown)| (Arc::clone(name), Arc::clone(&shown.json)))
                .collect(),
        );
        let count = |which: usize| self.shown.values().filter(|s| s.counts[which]).count();
        self.next.header.counts = Counts {
            nodes: self.shown.len(),
            in_call: count(0),
            with_alerts: count(1),
            lost: count(2),
            heard: count(3),
            refused_messages: 0,
            refused_nodes: 0,
            forgotten_nodes: self.fleet.forgotten(),
        };
    }
}

/// Takes a picture in; whether it differs from the last one.
fn look(shown: &mut BTreeMap<Arc<str>, Shown>, picture: NodePicture) -> bool {
    let Ok(json) = serde_json::to_string(&picture) else {
        return false;
    };
    if shown
        .get(picture.node.as_str())
        .is_some_and(|last| *last.json == *json)
    {
        return false;
    }
    let counts = [
        picture.presence.in_call(),
        picture.active().next().is_some(),
        picture.presence.is_lost(),
        picture.is_heard(),
    ];
    let latest = Shown {
        rank: picture.rank(),
        json: json.into(),
        counts,
    };
    shown.insert(picture.node.into(), latest);
    true
}

/// The consumer's clock, ms since 1970 UTC.
pub(super) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}
