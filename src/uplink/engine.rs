//! The task that joins outbox, retained states and session.

use super::active::ActiveAlerts;
use super::certificates::Certificates;
use super::cleared::Cleared;
use super::config::{Left, Subscriptions, Timing};
use super::gateway::Gateway;
use super::items::KnownItems;
use super::link::Link;
use super::log_limit::LogLimit;
use super::mqtt::OnItsWay;
use super::mqtt::session::{Fate, Received, Session, Told};
use super::order::Order;
use super::outbox::disk::{Disk, Report};
use super::outbox::stands::OpenCalls;
use super::outbox::{Id, Outbox, OutboxStats};
use super::outgoing::{Sender, now_ms};
use super::retained::Retained;
use sidetone_wire::MessageClass;
use sidetone_wire::config::ConfigReported;
use sidetone_wire::event::{Event, EventDetail, EventType};
use sidetone_wire::message::StationMessage;
use sidetone_wire::vocabulary::NodeState;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

/// Messages of the outbox on their way at once: below the 20 that mosquitto takes by default.
const WINDOW: usize = 16;

/// A topic the broker refused waits this long.
const REFUSED_PAUSE: Duration = Duration::from_secs(30);

/// Longest wait for the disk when the uplink stops.
const DISK_PATIENCE: Duration = Duration::from_secs(2);

/// How often the outbox' age and what could not be sent are looked at.
pub(super) const HOUSEKEEPING: Duration = Duration::from_secs(1);

/// Which message an acknowledgement belongs to.
#[derive(Debug)]
enum Token {
    /// A record, and over which connection it went.
    Record {
        id: Id,
        topic: String,
        session: u64,
        /// It is the state of an alert that has ended, and the broker keeps it.
        ends: bool,
    },
    /// A state, its generation, and over which connection it went.
    State {
        topic: String,
        generation: u64,
        session: u64,
    },
}

/// The uplink's one writer.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) sender: Sender,
    pub(super) outbox: Outbox,
    pub(super) disk: Disk,
    /// What the station last said of the node.
    pub(super) node: (NodeState, Option<String>),
    pub(super) retained: Retained,
    pub(super) active: ActiveAlerts,
    pub(super) calls: OpenCalls,
    pub(super) left: Left,
    /// Ends of what an older start left standing and open.
    pub(super) left_over: Vec<StationMessage>,
    pub(super) session: Session,
    pub(super) timing: Timing,
    pub(super) stats: watch::Sender<OutboxStats>,
    pub(super) connected: bool,
    /// Since when the broker owes an acknowledgement.
    pub(super) owed_since: Option<Instant>,
    pub(super) on_its_way: usize,
    /// When the broker last took a record, or had none to take.
    pub(super) progress: Instant,
    /// Counts connections that broke.
    pub(super) sessions: u64,
    pub(super) gateway: Gateway,
    pub(super) link: Link,
    pub(super) subscriptions: Option<Subscriptions>,
    /// The agent's, whether or not it is sent now.
    pub(super) pseudonym: Option<String>,
    /// Whether it is sent.
    pub(super) names_agent: bool,
    /// What `config/reported` last said.
    pub(super) report: Option<Box<ConfigReported>>,
    /// Who waits until the records up to a `seq` are kept.
    pub(super) waiting: Vec<(u64, oneshot::Sender<()>)>,
    pub(super) items: KnownItems,
    /// Messages to the node that came faster than they were taken.
    pub(super) too_fast: LogLimit,
    pub(super) cleared: Cleared,
    pub(super) began: Instant,
    pub(super) certificates: Certificates,
}

/// Where the engine's input comes from.
pub(super) struct Inputs {
    pub(super) station: mpsc::Receiver<StationMessage>,
    pub(super) session: mpsc::Receiver<Told>,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) stop: oneshot::Receiver<Option<String>>,
}

impl Engine {
    /// Runs until told to stop, or until the station is gone.
    pub(super) async fn run(mut self, mut inputs: Inputs) {
        let mut fates = JoinSet::new();
        let mut refresh = tokio::time::interval(self.timing.alert_refresh);
        let mut housekeeping = tokio::time::interval(HOUSEKEEPING);
        refresh.set_missed_tick_behavior(MissedTickBehavior::Delay);
        housekeeping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for message in std::mem::take(&mut self.left_over) {
            self.take(message);
        }
        if self.left == (Left::Ended { calls: false }) {
            // Of calls that nobody is told of any more, no later start has to know.
            self.outbox.note_standing(self.active.states(), &self.calls);
        }
        let reason = loop {
            // Append and publish start together.
            self.outbox.flush(&self.disk);
            self.pump(&mut fates);
            self.outbox.flush(&self.disk);
            self.tell_kept();
            let wake = self.outbox.wake();
            tokio::select! {
                reason = &mut inputs.stop => break reason.ok().flatten(),
                Some(told) = inputs.session.recv() => self.told(told).await,
                Some(order) = inputs.orders.recv() => {
                    if order.follows_what_was_said() {
                        self.take_all(&mut inputs.station);
                    }
                    self.order(order);
                }
                Some((token, fate)) = next_fate(&mut fates) => self.settle(token, fate),
                message = inputs.station.recv() => {
                    let Some(message) = message else { break None };
                    // What was ordered before it was said holds for it.
                    let mut message = Some(message);
                    while let Ok(order) = inputs.orders.try_recv() {
                        if order.follows_what_was_said() {
                            message.take().into_iter().for_each(|said| self.take(said));
                            self.take_all(&mut inputs.station);
                        }
                        self.order(order);
                    }
                    message.into_iter().for_each(|said| self.take(said));
                    self.take_waiting(&mut inputs.station);
                }
                Some(report) = self.disk.report() => self.kept(report),
                () = sleep_until(wake) => {}
                _ = refresh.tick() => self.refresh(),
                _ = housekeeping.tick() => {
                    self.outbox.expire(Instant::now());
                    self.retained.offer_refused(Instant::now());
                    self.remove_left_items();
                    self.remove_cleared(now_ms());
                    self.end_a_stall();
                    if self.connected {
                        self.session.look_home();
                    }
                    self.look_at_certificates().await;
                }
            }
        };
        while let Ok(message) = inputs.station.try_recv() {
            self.take(message);
        }
        self.outbox.flush(&self.disk);
        self.stop(reason, fates, inputs.session).await;
    }

    /// The disk has told something; trouble with it is part of the node's state.
    fn kept(&mut self, report: Report) {
        let before = self.outbox.stats().trouble;
        if let Report::Opened(left) = &report {
            self.found(left);
        }
        self.outbox.hear(report);
        if before.is_some() && self.outbox.stats().trouble.is_none() {
            self.outbox.note_standing(self.active.states(), &self.calls);
        }
        if self.outbox.stats().trouble != before
            && let Err(error) = self.say_state()
        {
            tracing::error!(%error, "the status cannot be written");
        }
    }

    /// Tells who waits that what they wait for is kept.
    fn tell_kept(&mut self) {
        while let Some((seq, _)) = self.waiting.first()
            && self.outbox.is_kept(*seq)
        {
            // Who has left meanwhile need not know.
            let _ = self.waiting.remove(0).1.send(());
        }
    }

    /// What was in the inventory of an earlier start and is not there any more.
    fn remove_left_items(&mut self) {
        if !self.connected {
            // Killed before a broker hears of it, the next start must still know.
            return;
        }
        let grace = self.timing.inventory_grace;
        for item in self.items.overdue(self.began, grace) {
            self.take(StationMessage::Inventory { item, facts: None });
        }
    }

    /// What came on a topic that was asked for.
    pub(super) fn received(&mut self, message: Received) {
        if message.topic == self.sender.topics.hold_reply() {
            self.gateway.replied(self.sender.boot, &message);
        } else if let Some(subscriptions) = &self.subscriptions
            && subscriptions.to.try_send(message).is_err()
        {
            // It is asked for again at the next connection; a command is of use now or not at all.
            if let Some(times) = self.too_fast.happened(Instant::now()) {
                tracing::warn!(
                    times,
                    "messages to this node come faster than they are taken: some are left out"
                );
            }
        }
    }

    /// Publishes the state of each alert that stands again, unless a newer one is on its way.
    pub(super) fn refresh(&mut self) {
        if !self.connected {
            return;
        }
        for state in self.active.states() {
            if !self.outbox.holds(&state.topic) {
                self.retained.set(state.clone());
            }
        }
    }

    /// Hands over what can be handed over.
    fn pump(&mut self, fates: &mut JoinSet<(Token, Fate)>) {
        while self.connected {
            let Some((message, generation)) = self.retained.next() else {
                break;
            };
            let topic = message.topic.clone();
            let Some(way) = self.session.publish(message, 0) else {
                break;
            };
            self.retained.sent(&topic);
            let session = self.sessions;
            let token = Token::State {
                topic,
                generation,
                session,
            };
            fates.spawn(follow(token, way));
        }
        let now = Instant::now();
        self.outbox.settle(now);
        while self.connected && self.on_its_way < WINDOW {
            let Some((id, message, waited_s)) = self.outbox.next(now) else {
                break;
            };
            // An event's life runs while it waits; an alert's state is true until it changes.
            let age_s = match message.class {
                MessageClass::Event | MessageClass::Hold => waited_s,
                _ if message.superseded => waited_s,
                _ => 0,
            };
            let topic = message.topic.clone();
            let ends = message.class == MessageClass::AlertCleared && message.retained();
            let Some(way) = self.session.publish(message, age_s) else {
                break;
            };
            self.outbox.sent(id);
            self.on_its_way += 1;
            self.owed_since.get_or_insert(now);
            let session = self.sessions;
            let token = Token::Record {
                id,
                topic,
                session,
                ends,
            };
            fates.spawn(follow(token, way));
        }
        self.tell_losses();
        let stats = self.outbox.stats();
        self.stats
            .send_if_modified(|last| std::mem::replace(last, stats) != stats);
    }

    /// What was lost is itself an event, once there is a broker to hear it.
    fn tell_losses(&mut self) {
        if !self.connected || self.on_its_way >= WINDOW {
            return;
        }
        if let Some(lost) = self.outbox.take_untold() {
            tracing::warn!(lost, "the outbox was full or too old: records were lost");
            let detail = EventDetail {
                dropped: Some(lost),
                ..EventDetail::default()
            };
            let event = Event {
                ts: now_ms(),
                kind: EventType::OutboxDropped,
                detail,
            };
            self.take(StationMessage::Event(event));
        }
    }

    fn settle(&mut self, token: Token, fate: Fate) {
        match token {
            // What a broken connection left open has been offered again since.
            Token::Record { session, .. } | Token::State { session, .. }
                if session < self.sessions => {}
            Token::Record {
                id, topic, ends, ..
            } => {
                self.judge(&topic, fate);
                self.progress = Instant::now();
                self.on_its_way = self.on_its_way.saturating_sub(1);
                self.owed_since = (self.on_its_way > 0).then(Instant::now);
                match fate {
                    Fate::Acknowledged => {
                        let settled = Instant::now() + self.timing.settle;
                        self.outbox.acknowledged(id, settled);
                        if ends {
                            self.cleared_is_kept(topic, now_ms());
                        }
                    }
                    Fate::Reset => self.outbox.reset(id),
                    Fate::Impossible => self.outbox.lose(id),
                    Fate::Refused(_) => {
                        self.outbox.refused(id, Instant::now() + REFUSED_PAUSE);
                    }
                }
            }
            Token::State {
                topic, generation, ..
            } => {
                self.judge(&topic, fate);
                match fate {
                    Fate::Acknowledged | Fate::Impossible => {
                        self.retained.acknowledged(&topic, generation);
                        self.cleared.removed(&topic, now_ms());
                    }
                    Fate::Refused(_) => {
                        self.retained.refused(&topic, generation, Instant::now());
                    }
                    Fate::Reset => self.retained.reset(&topic, generation),
                }
            }
        }
    }

    /// Notes whether the broker takes a topic.
    fn judge(&self, topic: &str, fate: Fate) {
        match fate {
            Fate::Acknowledged => self.link.taken(topic),
            Fate::Refused(reason) => {
                // It is offered again and again; once is enough in the log.
                if self.link.refused(topic, reason) {
                    tracing::warn!(
                        topic,
                        ?reason,
                        "the broker refuses a message: check its access list with `sidetone doctor`"
                    );
                }
            }
            Fate::Reset | Fate::Impossible => {}
        }
    }

    /// Says `stopped`, waits a little for what is on its way, and disconnects.
    async fn stop(
        mut self,
        reason: Option<String>,
        mut fates: JoinSet<(Token, Fate)>,
        mut session: mpsc::Receiver<Told>,
    ) {
        match self.sender.status(NodeState::Stopped, reason) {
            Ok(message) => self.retained.set(message),
            Err(error) => tracing::error!(%error, "the last status cannot be written"),
        }
        let deadline = tokio::time::sleep(self.timing.drain);
        tokio::pin!(deadline);
        loop {
            self.outbox.flush(&self.disk);
            self.pump(&mut fates);
            self.outbox.flush(&self.disk);
            let wake = self.outbox.wake();
            let idle = self.retained.settled() && self.outbox.stats().records == 0;
            if idle || !self.connected {
                break;
            }
            tokio::select! {
                () = &mut deadline => break,
                Some(told) = session.recv() => self.told_last(told),
                Some((token, fate)) = next_fate(&mut fates) => self.settle(token, fate),
                Some(report) = self.disk.report() => self.outbox.hear(report),
                () = sleep_until(wake) => {}
            }
        }
        let left = self.outbox.stats().records;
        if left > 0 {
            tracing::warn!(
                left,
                "stopped with messages the broker has not acknowledged; they are kept for the next start"
            );
        }
        if self.connected {
            self.outbox.settle_all();
            self.outbox.flush(&self.disk);
        }
        // The session may wait for the engine to take an event; nobody will.
        drop(session);
        self.session
            .stop(self.connected, Duration::from_secs(1))
            .await;
        self.disk.close(DISK_PATIENCE).await;
        self.items.settle(DISK_PATIENCE).await;
        self.cleared.settle(DISK_PATIENCE).await;
    }
}

/// Never ends without a time.
async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake.into()).await,
        None => std::future::pending().await,
    }
}

async fn follow(token: Token, way: OnItsWay) -> (Token, Fate) {
    (token, way.fate().await)
}

/// The next fate that is known; never ends while nothing is on its way.
async fn next_fate(fates: &mut JoinSet<(Token, Fate)>) -> Option<(Token, Fate)> {
    match fates.join_next().await {
        Some(Ok(fate)) => Some(fate),
        // A following task can only end early when the runtime goes.
        Some(Err(_)) | None => None,
    }
}
