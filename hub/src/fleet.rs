//! The fold of all messages of one organisation.

use crate::node::{ALERTS_MAX, AlertView, NodeView, bounded};
use crate::refusal::{Refusal, RefusalCounts};
use crate::room::Room;
use sidetone_wire::alert::AlertDetail;
use sidetone_wire::delivery::ALERT_EXPIRY_S;
use sidetone_wire::event::EventBody;
use sidetone_wire::event::EventType;
use sidetone_wire::inventory::InventoryBody;
use sidetone_wire::status::StatusBody;
use sidetone_wire::telemetry::{AudioFigures, HealthFigures};
use sidetone_wire::topics::TelemetryStream;
use sidetone_wire::vocabulary::{AlertKind, AlertState, NodeState};
use sidetone_wire::{Item, NodeName, NodePlace, OrgName, Place, Stamp, Stamped, Subject, Topic};
use std::collections::BTreeMap;

/// Most nodes of one organisation: more than a page can show usefully. Whoever may write anything at the broker can
/// invent as many as he likes; those that are heard stay as they are, those that are silent make room for new ones.
pub const NODES_MAX: usize = 20_000;

/// What is kept of alerts and inventories, in bytes as they came: of one node at most …
const NODE_BYTES_MAX: usize = 256 * 1024;
/// … of one node whatever the others have …
const NODE_BYTES_SURE: usize = 4 * 1024;
/// … and of all nodes together, what is sure to each not counted. A node has 2 KiB.
const FLEET_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Longest end of a known alert, in bytes, that needs no room: whoever saw it begin is to see it end.
const END_SURE: usize = 1024;

/// What a message did.
#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    /// It changed or refreshed a state: status, inventory, telemetry, an alert.
    State,
    /// Something that happened, for the first time.
    Event(Box<Stamped<EventBody>>),
    /// An event that was seen before, or an older alert state.
    Repetition,
    /// It is of the contract, and not about the fleet's state (configuration, commands, holds,
    /// acknowledgements).
    Elsewhere,
    /// It was refused.
    Refused(Refusal),
}

/// Everything that is known of an organisation's nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetState {
    org: OrgName,
    nodes: BTreeMap<NodeName, NodeView>,
    refused: RefusalCounts,
    repeated: u64,
    /// How many nodes made room for others, and which do next.
    forgotten: u64,
    room: Room,
    /// Bytes kept of all nodes.
    kept: usize,
}

impl FleetState {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(org: OrgName) -> Self {
        Self {
            org,
            nodes: BTreeMap::new(),
            refused: RefusalCounts::default(),
            repeated: 0,
            forgotten: 0,
            room: Room::default(),
            kept: 0,
        }
    }

    /// Its nodes.
    #[must_use]
    pub fn nodes(&self) -> &BTreeMap<NodeName, NodeView> {
        &self.nodes
    }

    /// What was refused, and why.
    #[must_use]
    pub fn refused(&self) -> &RefusalCounts {
        &self.refused
    }

    /// How many events came again.
    #[must_use]
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// How many silent nodes were forgotten to make room for others.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Takes one message that arrived now (ms since 1970 UTC, the consumer's clock).
    pub fn apply(&mut self, topic: &str, payload: &[u8], now_ms: u64) -> Applied {
        match self.fold(topic, payload, now_ms) {
            Ok(applied) => {
                self.repeated += u64::from(applied == Applied::Repetition);
                applied
            }
            Err(refusal) => {
                self.refused.count(refusal);
                Applied::Refused(refusal)
            }
        }
    }

    /// Messages may have been missed: forgets what only events tell. What is retained comes again, and
    /// calls are known from their next figures.
    pub fn missed(&mut self) {
        for view in self.nodes.values_mut() {
            view.live = crate::live::Live::default();
        }
    }

    /// The organisation.
    #[must_use]
    pub fn org(&self) -> &OrgName {
        &self.org
    }

    fn fold(&mut self, topic: &str, payload: &[u8], now_ms: u64) -> Result<Applied, Refusal> {
        let topic = Topic::parse(topic).ok_or(Refusal::Topic)?;
        if topic.org != self.org {
            return Err(Refusal::Organisation);
        }
        let Place::Node(node, place) = topic.place else {
            return Ok(Applied::Elsewhere);
        };
        match place {
            NodePlace::Status => self.status(node, payload, now_ms),
            NodePlace::Inventory(item) => self.inventory(node, item, payload, now_ms),
            NodePlace::Telemetry(stream) => self.telemetry(node, stream, payload, now_ms),
            NodePlace::Event(kind) => self.event(node, kind, payload, now_ms),
            NodePlace::Alert(kind, subject) => self.alert(node, kind, &subject, payload, now_ms),
            _ => Ok(Applied::Elsewhere),
        }
    }

    fn is_full(&self) -> bool {
        self.nodes.len() >= NODES_MAX
    }

    /// The node's view, made if there is room or a silent node makes some.
    fn view(&mut self, node: NodeName, now_ms: u64) -> Result<&mut NodeView, Refusal> {
        if self.is_full() && !self.nodes.contains_key(&node) {
            let silent = self.room.made_by(&self.nodes, now_ms);
            let gone = silent.and_then(|name| self.nodes.remove(&name));
            let gone = gone.ok_or(Refusal::TooManyNodes)?;
            self.kept -= gone.kept;
            self.forgotten += 1;
        }
        Ok(self.nodes.entry(node).or_default())
    }

    fn status(&mut self, node: NodeName, payload: &[u8], now_ms: u64) -> Result<Applied, Refusal> {
        let Stamped { stamp, body } = read::<StatusBody>(&node, payload)?;
        // Nobody makes room for who is not there.
        if body.state == NodeState::Lost && self.is_full() && !self.nodes.contains_key(&node) {
            return Err(Refusal::TooManyNodes);
        }
        let view = self.view(node, now_ms)?;
        if body.state != NodeState::Lost {
            view.heard(&stamp, now_ms);
            view.version = body.version.as_deref().map(bounded);
        }
        view.state = Some(body.state);
        view.reason = body.reason.as_deref().map(bounded);
        Ok(Applied::State)
    }

    fn inventory(
        &mut self,
        node: NodeName,
        item: Item,
        payload: &[u8],
        now_ms: u64,
    ) -> Result<Applied, Refusal> {
        if payload.is_empty() {
            if let Some(view) = self.nodes.get_mut(&node) {
                view.inventory.remove(&item);
                view.sizes.remove(&item);
                let others = self.kept - view.kept;
                self.kept = others + view.weigh();
            }
            return Ok(Applied::State);
        }
        let Stamped { stamp, body } = read::<InventoryBody>(&node, payload)?;
        if body.item != item {
            return Err(Refusal::Mismatch);
        }
        let kept = self.kept;
        let view = self.view(node, now_ms)?;
        if view.inventory.len() >= ALERTS_MAX && !view.inventory.contains_key(&item) {
            return Err(Refusal::TooMany);
        }
        let others = kept - view.kept;
        let before = view.sizes.get(&item).copied().unwrap_or(0);
        if !has_room(others, view.kept - before, payload.len()) {
            return Err(Refusal::TooMany);
        }
        view.heard(&stamp, now_ms);
        view.sizes.insert(item.clone(), payload.len());
        view.inventory.insert(item, body.facts);
        self.kept = others + view.weigh();
        Ok(Applied::State)
    }

    fn telemetry(
        &mut self,
        node: NodeName,
        stream: TelemetryStream,
        payload: &[u8],
        now_ms: u64,
    ) -> Result<Applied, Refusal> {
        match stream {
            TelemetryStream::Audio => {
                let Stamped { stamp, body } = read::<AudioFigures>(&node, payload)?;
                let view = self.view(node, now_ms)?;
                view.heard(&stamp, now_ms);
                view.live.figures(body, now_ms);
            }
            TelemetryStream::Health => {
                let stamp = read::<HealthFigures>(&node, payload)?.stamp;
                self.view(node, now_ms)?.heard(&stamp, now_ms);
            }
            TelemetryStream::Link => return Ok(Applied::Elsewhere),
        }
        Ok(Applied::State)
    }

    fn event(
        &mut self,
        node: NodeName,
        kind: EventType,
        payload: &[u8],
        now_ms: u64,
    ) -> Result<Applied, Refusal> {
        let event = read::<EventBody>(&node, payload)?;
        if event.body.kind != kind {
            return Err(Refusal::Mismatch);
        }
        let seq = sequence(&event.stamp)?;
        let view = self.view(node, now_ms)?;
        view.heard(&event.stamp, now_ms);
        if view.is_new(event.stamp.boot, seq) {
            view.live.event(&event.stamp, &event.body, now_ms);
            Ok(Applied::Event(Box::new(event)))
        } else {
            Ok(Applied::Repetition)
        }
    }

    /// A repetition of an alert's state is its refresh: it says that the alert still stands.
    fn alert(
        &mut self,
        node: NodeName,
        kind: AlertKind,
        subject: &Subject,
        payload: &[u8],
        now_ms: u64,
    ) -> Result<Applied, Refusal> {
        if payload.is_empty() {
            return Ok(Applied::State);
        }
        let Stamped { stamp, body } = read::<AlertDetail>(&node, payload)?;
        if body.kind != kind || body.subject != subject.as_str() {
            return Err(Refusal::Mismatch);
        }
        let order = (stamp.boot, sequence(&stamp)?);
        // What a broker of MQTT 3.1.1 has kept may have run out long ago: nothing there removes it.
        let refreshed_ms = stamp.valid_until_ms.map_or(now_ms, |until| {
            now_ms.min(until.saturating_sub(u64::from(ALERT_EXPIRY_S) * 1000))
        });
        let kept = self.kept;
        let view = self.view(node, now_ms)?;
        view.heard(&stamp, now_ms);
        view.is_new(order.0, order.1);
        let known = view.alerts.get(&body.id);
        if known.is_some_and(|known| order < known.order) {
            return Ok(Applied::Repetition);
        }
        let (others, before) = (kept - view.kept, known.map_or(0, |known| known.size));
        let is_end =
            known.is_some() && body.state == AlertState::Cleared && payload.len() <= END_SURE;
        // Those that are over make room, the oldest first.
        while beside(view, &body.id) >= ALERTS_MAX
            || !is_end && !has_room(others, view.kept - before, payload.len())
        {
            let oldest_cleared = view
                .alerts
                .iter()
                .filter(|(id, alert)| alert.detail.state == AlertState::Cleared && **id != body.id)
                .min_by_key(|(_, alert)| alert.order)
                .map(|(id, _)| *id);
            let Some(oldest) = oldest_cleared else {
                self.kept = others + view.weigh();
                return Err(Refusal::TooMany);
            };
            view.alerts.remove(&oldest);
            view.weigh();
        }
        view.alerts.insert(
            body.id,
            AlertView {
                detail: body,
                order,
                refreshed_ms,
                size: payload.len(),
            },
        );
        self.kept = others + view.weigh();
        Ok(Applied::State)
    }
}

/// How many alerts a node has beside this one.
fn beside(view: &NodeView, id: &uuid::Uuid) -> usize {
    view.alerts.len() - usize::from(view.alerts.contains_key(id))
}

/// Whether `more` bytes of a node fit, beside what it keeps already and what all others keep.
const fn has_room(others: usize, own: usize, more: usize) -> bool {
    let own = own + more;
    own <= NODE_BYTES_SURE || own <= NODE_BYTES_MAX && others + own <= FLEET_BYTES_MAX
}

/// Reads a payload that must be of the topic's node.
fn read<T: serde::de::DeserializeOwned>(
    node: &NodeName,
    payload: &[u8],
) -> Result<Stamped<T>, Refusal> {
    let read = Stamped::<T>::from_json(payload).map_err(|_| Refusal::Payload)?;
    if read.stamp.node == *node {
        Ok(read)
    } else {
        Err(Refusal::ForeignNode)
    }
}

fn sequence(stamp: &Stamp) -> Result<u64, Refusal> {
    stamp.seq.ok_or(Refusal::NoSequence)
}
