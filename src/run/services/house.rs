//! The stations as the uplink sees them: whose turn it is, what each says, what is told to the one that speaks.

use super::door::{Came, Guest};
use crate::config::Config;
use crate::run::announce;
use crate::run::disclosure::Disclosure;
use crate::run::sight::BrokerSight;
use crate::services::message::{GatewayAnswer, PROTOCOL, View, Welcome};
use crate::services::standing::{Moment, Standing};
use crate::services::turns::{Admitted, Peer, Turn, Turns};
use crate::services::{ToStation, ToUplink};
use crate::softphone::{Signal, SignalKind};
use crate::uplink::config::AgentConfig;
use crate::uplink::outgoing::now_ms;
use crate::uplink::{Order, Orders, OutboxStats, SentLog};
use sidetone_wire::command::{Diagnostics, ShownOn};
use sidetone_wire::event::{EventDetail, EventType};
use sidetone_wire::message::StationMessage;
use sidetone_wire::vocabulary::{ClearReason, NodeState};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};

/// A station that went without a goodbye may come back for so long before its alerts end.
const GRACE: Duration = Duration::from_secs(5);

/// The same after the uplink's own start: stations look for it every few seconds.
const GRACE_AT_START: Duration = Duration::from_secs(10);

/// Why `status` tells of no headset.
const NO_SESSION: &str = "no_session";

/// What a station is told whose alerts and calls were ended while it was away.
const TOO_LATE: &str =
    "it was away for too long, and its calls and alerts were ended for it: it begins anew";

/// Bits of an order's number that are the station's.
const ORDER_BITS: u32 = 32;

/// What the house is told at its start.
pub(super) struct Setup {
    pub(super) config: Config,
    pub(super) say: mpsc::Sender<StationMessage>,
    pub(super) orders: Orders,
    pub(super) standing: Standing,
    pub(super) node: String,
    pub(super) boot: u64,
    pub(super) naming: String,
    pub(super) broker: BrokerSight,
    pub(super) outbox: watch::Receiver<OutboxStats>,
    pub(super) sent: watch::Receiver<SentLog>,
    pub(super) present: watch::Sender<usize>,
}

/// Whose turn it is, or was a moment ago.
struct Spoken {
    station: uuid::Uuid,
    user: u32,
    /// The last message it said.
    last: u64,
    /// The last one that is kept for good.
    taken: Arc<AtomicU64>,
    said: Option<watch::Sender<u64>>,
    /// It has said goodbye.
    rested: bool,
    /// It was told to begin anew, and will say a goodbye that is none.
    renewed: bool,
}

/// The house.
pub(super) struct House {
    pub(super) with: Setup,
    pub(super) turns: Turns,
    pub(super) guests: BTreeMap<Peer, Guest>,
    spoken: Option<Spoken>,
    /// The one that spoke is away: until then it may come back.
    grace: Option<Instant>,
    /// Since when.
    gone: Option<Moment>,
    /// Inventory items of the station.
    items: BTreeSet<String>,
    pub(super) disclosure: Disclosure,
    /// Once the station has applied its settings.
    pub(super) next_disclosure: Option<Disclosure>,
    pub(super) asks: BTreeMap<u64, Ask>,
    pub(super) last_ask: u64,
    /// Counts turns, so that an answer to one station's order is not taken for another's.
    turn: u64,
    pub(super) view: Option<View>,
    pub(super) sent_until: u64,
    pub(super) began: Instant,
}

/// A question to the station.
pub(super) enum Ask {
    Facts(oneshot::Sender<Diagnostics>),
    Shown(oneshot::Sender<ShownOn>),
}

impl House {
    pub(super) fn new(with: Setup) -> Self {
        Self {
            turns: Turns::new(),
            disclosure: Disclosure::new(&with.config.privacy),
            guests: BTreeMap::new(),
            spoken: None,
            grace: Some(Instant::now() + GRACE_AT_START),
            gone: None,
            items: BTreeSet::new(),
            next_disclosure: None,
            asks: BTreeMap::new(),
            last_ask: 0,
            turn: 0,
            view: None,
            sent_until: 0,
            began: Instant::now(),
            with,
        }
    }

    /// Takes in what comes through the door.
    pub(super) async fn take(&mut self, came: Came) {
        match came {
            Came::Joined(guest) => self.joined(*guest),
            Came::Said(peer, said) => self.said(peer, *said).await,
            Came::Left(peer) => {
                self.guests.remove(&peer);
                if self.turns.left(peer)
                    && let Some(spoken) = &mut self.spoken
                {
                    spoken.said = None;
                    let patience = if spoken.rested { Duration::ZERO } else { GRACE };
                    self.grace = Some(Instant::now() + patience);
                    self.gone = Some(now(self.began));
                }
            }
        }
        let present = self.guests.len();
        self.with
            .present
            .send_if_modified(|known| std::mem::replace(known, present) != present);
        self.settle().await;
    }

    /// Others may speak.
    pub(super) async fn admit(&mut self, admitted: Admitted) {
        self.turns.admit(admitted);
        self.settle().await;
    }

    /// Time passes.
    pub(super) async fn tick(&mut self) {
        self.settle().await;
        self.show();
    }

    /// An answer of the gateway.
    pub(super) fn signal(&mut self, signal: Signal) {
        if let SignalKind::Answer { order, answer } = signal.kind
            && order >> ORDER_BITS == self.turn
        {
            let order = order & ((1 << ORDER_BITS) - 1);
            let answer = GatewayAnswer::from(answer);
            self.tell(ToStation::Gateway { order, answer });
        }
    }

    /// The uplink ends: what still stands is left to its next start, if the station is there.
    pub(super) async fn end(&mut self) {
        if self.turns.speaker().is_none() {
            self.close(ClearReason::Restart).await;
        }
    }

    fn joined(&mut self, guest: Guest) {
        let hello = &guest.hello;
        let own = env!("CARGO_PKG_VERSION");
        if hello.protocol != PROTOCOL {
            tracing::warn!(
                user = guest.user,
                "the station is sidetone {} and speaks another protocol than this one ({own}): it is told to start again",
                hello.version
            );
            let told = ToStation::Restart {
                protocol: PROTOCOL,
                version: own.to_owned(),
            };
            let _ = guest.tell.try_send(told);
            return;
        }
        if hello.version != own {
            tracing::warn!(
                user = guest.user,
                "the station is still sidetone {}, this is {own}: it goes on until its user logs out",
                hello.version
            );
        }
        self.turns.joined(guest.peer, guest.user);
        self.guests.insert(guest.peer, guest);
    }

    async fn settle(&mut self) {
        for turn in self.turns.settle(self.began.elapsed()) {
            match turn {
                Turn::Rest(peer) => {
                    tracing::info!("the station rests: its user is not at the seat any more");
                    self.tell_to_wait(peer);
                }
                Turn::Over(_) => self.close(ClearReason::Suspend).await,
                Turn::Begin(peer) => self.begin(peer).await,
            }
        }
        let waiting: Vec<Peer> = self.turns.waiting().collect();
        for peer in waiting {
            self.tell_to_wait(peer);
        }
        if self.turns.speaker().is_none() && self.grace.is_some_and(|until| Instant::now() >= until)
        {
            self.close(ClearReason::Restart).await;
        }
    }

    /// Tells a station, once, that it is another's turn.
    fn tell_to_wait(&mut self, peer: Peer) {
        if let Some(guest) = self.guests.get_mut(&peer)
            && !std::mem::replace(&mut guest.waits, true)
        {
            let _ = guest.tell.try_send(inactive());
        }
    }

    /// Ends what the last station left, under its user's name.
    async fn close(&mut self, reason: ClearReason) {
        self.grace = None;
        let gone = self.gone.take().unwrap_or_else(|| now(self.began));
        for message in self.with.standing.end_all(gone, reason) {
            // Its calls may have become nobody's business since they began.
            if let Some(message) = self.disclosure.filter(message) {
                self.say(message).await;
            }
        }
        for item in std::mem::take(&mut self.items) {
            self.say(StationMessage::Inventory { item, facts: None })
                .await;
        }
        if self.spoken.take().is_some() {
            self.say(no_session()).await;
            self.with.orders.give(Order::Agent(None)).await;
        }
        self.asks.clear();
        self.view = None;
    }

    async fn begin(&mut self, peer: Peer) {
        let Some(guest) = self.guests.get_mut(&peer) else {
            return;
        };
        guest.waits = false;
        let (station, user) = (guest.hello.station, guest.user);
        let (login, tell) = (guest.login.clone(), guest.tell.clone());
        let (standing, lost) = (guest.hello.standing.clone(), guest.hello.lost);
        let calls = guest.hello.calls.clone();
        let is_back = |spoken: &Spoken| spoken.station == station && spoken.user == user;
        let back = self.spoken.as_ref().is_some_and(is_back);
        if !back && self.spoken.is_some() {
            self.close(ClearReason::Restart).await;
        }
        (self.grace, self.gone) = (None, None);
        let renewed = self.with.standing.has_ended(&standing, &calls);
        let taken = match self.spoken.take().filter(|_| back) {
            Some(spoken) => (spoken.last, spoken.taken),
            None => {
                let key_file = self.with.config.privacy.agent_key_file.clone();
                let agent = login.map(|login| AgentConfig { key_file, login });
                self.with.orders.give(Order::Agent(agent)).await;
                self.disclosure = Disclosure::new(&self.with.config.privacy);
                self.next_disclosure = None;
                self.turn += 1;
                self.sent_until = newest(&self.with.sent.borrow());
                (0, Arc::default())
            }
        };
        let (said, hear) = watch::channel(0);
        let kept = Arc::clone(&taken.1);
        tokio::spawn(acknowledge(hear, self.with.orders.clone(), tell, kept));
        self.spoken = Some(Spoken {
            station,
            user,
            last: taken.0,
            taken: taken.1,
            said: Some(said),
            rested: false,
            renewed,
        });
        let now = now(self.began);
        for message in self.with.standing.adopt(now, &standing, calls) {
            // A call may have become nobody's business since it began; each alert ends.
            let of_call = matches!(&message, StationMessage::Event(event) if event.kind == EventType::CallEnded);
            if !of_call || self.disclosure.filter(message.clone()).is_some() {
                self.say(message).await;
            }
        }
        if lost > 0 {
            let detail = EventDetail {
                dropped: Some(lost),
                ..EventDetail::default()
            };
            self.say(announce::event(now_ms(), EventType::OutboxDropped, detail))
                .await;
        }
        tracing::info!(user, back, "the station speaks for this node");
        if renewed {
            self.tell(ToStation::Inactive {
                reason: TOO_LATE.to_owned(),
            });
        }
        let view = self.view_now();
        self.view = Some(view.clone());
        self.next_disclosure = Some(Disclosure::new(&self.with.config.privacy));
        let spoken = self
            .spoken
            .as_ref()
            .map(|spoken| spoken.taken.load(Ordering::Relaxed));
        self.tell(ToStation::Welcome(Box::new(Welcome {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            node: self.with.node.clone(),
            boot: self.with.boot,
            naming: self.with.naming.clone(),
            config: self.with.config.clone(),
            taken: spoken.unwrap_or_default(),
            view,
        })));
    }

    async fn said(&mut self, peer: Peer, said: ToUplink) {
        if self.turns.speaker() != Some(peer) {
            // It has not heard yet that its turn is over.
            return;
        }
        match said {
            ToUplink::Said { n, message } => self.message(n, message).await,
            ToUplink::Applied => {
                if let Some(next) = self.next_disclosure.take() {
                    self.disclosure = next;
                }
            }
            ToUplink::Facts { ask, diagnostics } => {
                if let Some(Ask::Facts(answer)) = self.asks.remove(&ask) {
                    let stats = *self.with.outbox.borrow();
                    let _ = answer.send(Diagnostics {
                        outbox_records: Some(stats.records),
                        outbox_dropped: Some(stats.dropped),
                        ..*diagnostics
                    });
                }
            }
            ToUplink::Shown { ask, on } => {
                if let Some(Ask::Shown(answer)) = self.asks.remove(&ask) {
                    let _ = answer.send(on);
                }
            }
            ToUplink::Rested => {
                if let Some(spoken) = &mut self.spoken
                    && !std::mem::take(&mut spoken.renewed)
                {
                    spoken.rested = true;
                    self.turns.rested(peer);
                }
            }
            ToUplink::Hello(_) => {}
        }
    }

    async fn message(&mut self, n: u64, message: StationMessage) {
        let Some(spoken) = &mut self.spoken else {
            return;
        };
        let is_kept = matches!(message, StationMessage::Event(_) | StationMessage::Alert(_));
        if n > spoken.last {
            spoken.last = n;
            self.pass(message).await;
        }
        if is_kept && let Some(said) = self.spoken.as_ref().and_then(|one| one.said.as_ref()) {
            said.send_replace(n);
        }
    }

    /// On its way to the broker, as far as it may leave this workstation and was not said before.
    async fn pass(&mut self, message: StationMessage) {
        let Some(mut message) = self.disclosure.filter(message) else {
            return;
        };
        if !self.with.standing.admits(self.began.elapsed(), &message) {
            return;
        }
        match &mut message {
            StationMessage::Inventory { item, facts } => {
                let is_its_own = facts.is_some() && !matches!(item.as_str(), "host" | "daemon");
                if is_its_own {
                    self.items.insert(item.clone());
                } else {
                    self.items.remove(item);
                }
            }
            StationMessage::Hold { order, .. } => {
                *order = (*order & ((1 << ORDER_BITS) - 1)) | self.turn << ORDER_BITS;
            }
            _ => {}
        }
        self.say(message).await;
    }

    pub(super) async fn say(&self, message: StationMessage) {
        if self.with.say.send(message).await.is_err() {
            tracing::error!("the uplink has ended");
        }
    }
}

/// The node while nobody sits there.
pub(super) fn no_session() -> StationMessage {
    StationMessage::State {
        state: NodeState::Ready,
        reason: Some(NO_SESSION.to_owned()),
    }
}

fn inactive() -> ToStation {
    ToStation::Inactive {
        reason: "its user is not the one at the seat".to_owned(),
    }
}

/// The moment, on the clock that began then and on the wall.
fn now(began: Instant) -> Moment {
    Moment {
        monotonic: began.elapsed(),
        ts: now_ms(),
    }
}

fn newest(log: &SentLog) -> u64 {
    log.after(0).last().map_or(0, |message| message.number)
}

/// Tells the station up to where its messages are kept for good.
async fn acknowledge(
    mut said: watch::Receiver<u64>,
    orders: Orders,
    tell: mpsc::Sender<ToStation>,
    taken: Arc<AtomicU64>,
) {
    while said.changed().await.is_ok() {
        let n = *said.borrow_and_update();
        let (kept, is_kept) = oneshot::channel();
        orders.give(Order::Kept(kept)).await;
        if is_kept.await.is_err() {
            return;
        }
        taken.fetch_max(n, Ordering::Relaxed);
        if tell.send(ToStation::Taken { n }).await.is_err() {
            return;
        }
    }
}
