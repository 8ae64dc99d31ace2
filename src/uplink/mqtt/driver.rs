//! The task that drives the client's event loop, of one session at one broker.

use super::BrokerState;
use super::client::{EventLoop, Step};
use super::connect::Route;
use super::fault::BrokerFault;
use super::outage::{Next, Outage};
use super::probe::is_old;
use super::proven::Proven;
use super::renewal::Print;
use super::session::{SessionEvent, Told};
use super::shown::Shown;
use crate::config::MqttChoice;
use crate::uplink::config::{BrokerConfig, Timing};
use sidetone_wire::vocabulary::MqttVersion;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// Drives the event loop.
pub(super) struct Driver {
    /// Which session this is.
    pub(super) number: u64,
    /// Which broker, and of how many.
    pub(super) place: usize,
    pub(super) brokers: usize,
    pub(super) broker: BrokerConfig,
    pub(super) timing: Timing,
    pub(super) version: MqttVersion,
    /// From then on MQTT 5 is asked for again, once there is no connection; `None` = the version stays.
    pub(super) ask_for_5: Option<Instant>,
    pub(super) event_loop: EventLoop,
    pub(super) events: mpsc::Sender<Told>,
    pub(super) state: watch::Sender<BrokerState>,
    /// The files the connection is made with.
    pub(super) files: watch::Sender<Option<Print>>,
    pub(super) proven: Proven,
    /// The certificate that the broker shows.
    pub(super) shown: Shown,
    pub(super) outage: Outage,
    /// It may fail: another session stands meanwhile.
    pub(super) on_trial: bool,
    pub(super) connected: bool,
}

impl Driver {
    pub(super) async fn run(mut self) {
        let (mut ready, mut tls) = (false, None);
        loop {
            if !ready {
                let (print, route) = self.proven.route(&self.broker, &self.shown);
                self.files.send_replace(Some(print));
                tls = route.as_ref().ok().and_then(Route::tls);
                let gone = route.and_then(|route| self.event_loop.go(&self.broker, route));
                if let Err(fault) = gone {
                    if self.down(fault).await {
                        continue;
                    }
                    return;
                }
                self.leave_repeating_to_the_outbox().await;
                ready = true;
            }
            match self.event_loop.step().await {
                Ok(Step::Welcome {
                    session_present, ..
                }) => {
                    if let Some(print) = *self.files.borrow() {
                        self.proven.note(print, tls.clone());
                    }
                    self.up(session_present).await;
                }
                Ok(Step::Received(message)) => self.tell(SessionEvent::Received(message)).await,
                Ok(Step::Farewell | Step::Other) => {}
                Err(failure) if failure.is_the_end() => break,
                Err(failure) => {
                    if failure.is_mismatch() {
                        // The broker remembers a session we do not: begin anew.
                        self.event_loop.begin_anew(true);
                    }
                    tracing::debug!(?failure, "connection attempt failed");
                    let fault = failure.explain(&self.broker.url, self.connected);
                    let fault = self.recognize_old(fault).await;
                    let print = *self.files.borrow();
                    ready = false;
                    if print.is_some_and(|print| self.proven.turn(print, &fault)) {
                        tracing::warn!(
                            "the renewed certificate files are not used, those before still are: {fault}"
                        );
                        continue;
                    }
                    if !self.down(fault).await {
                        return;
                    }
                }
            }
        }
        self.state.send_if_modified(|state| {
            // One that was left for another broker's has nothing to say any more.
            let own =
                matches!(state, BrokerState::Connected { session, .. } if *session == self.number);
            if own {
                *state = BrokerState::Stopped;
            }
            own
        });
    }

    /// What was on its way is not sent again by the client, but by the engine, which knows what must go before it (what
    /// an ended broker acknowledged and lost). The broker's session goes on: a new one would send the will.
    async fn leave_repeating_to_the_outbox(&mut self) {
        // Once the engine has taken the news that the connection is gone, it hands nothing more over.
        while self.events.capacity() < self.events.max_capacity() && !self.events.is_closed() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.event_loop.forget();
    }

    /// A broker that knows no MQTT 5 may hang up instead of saying so.
    async fn recognize_old(&self, fault: BrokerFault) -> BrokerFault {
        let asked_for_5 = self.version == MqttVersion::V5 && !self.connected;
        let patience = self.timing.connect_timeout;
        if asked_for_5
            && self.broker.mqtt == MqttChoice::Auto
            && is_old(&self.broker, &fault, patience).await
        {
            let url = self.broker.url.to_string();
            return BrokerFault::OldMqtt { url };
        }
        fault
    }

    /// Whether the next attempt is to be made with the other version.
    fn changes_version(&self, fault: &BrokerFault) -> bool {
        let refused = matches!(fault, BrokerFault::OldMqtt { .. });
        let overdue = self.ask_for_5.is_some_and(|then| then <= Instant::now());
        refused && self.broker.mqtt == MqttChoice::Auto || overdue
    }

    async fn tell(&self, event: SessionEvent) {
        let from = self.number;
        let _ = self.events.send(Told { from, event }).await;
    }

    async fn up(&mut self, session_present: bool) {
        self.event_loop.begin_anew(false);
        self.connected = true;
        self.on_trial = false;
        tracing::info!(broker = %self.broker.url, mqtt = %self.version, session_present, "connected to the broker");
        self.state.send_replace(BrokerState::Connected {
            url: self.broker.url.clone(),
            session: self.number,
            mqtt: self.version,
            session_present,
        });
        self.tell(SessionEvent::Up { session_present }).await;
    }

    /// Whether this session goes on.
    async fn down(&mut self, fault: BrokerFault) -> bool {
        let changes = self.changes_version(&fault);
        if self.on_trial && changes {
            self.tell(SessionEvent::OtherVersion(self.outage.clone()))
                .await;
            return false;
        }
        if self.on_trial {
            tracing::debug!("the first broker is reachable, but: {fault}");
            self.tell(SessionEvent::Down).await;
            return false;
        }
        if std::mem::take(&mut self.connected) {
            let others = (self.brokers > 1).then_some(self.broker.fallback_after);
            self.outage = Outage::begin(Instant::now(), others, self.timing.backoff_max);
            self.tell(SessionEvent::Down).await;
        }
        if changes {
            self.tell(SessionEvent::OtherVersion(self.outage.clone()))
                .await;
            return false;
        }
        if self.outage.is_news(self.place, &fault) {
            tracing::warn!("{fault}");
        }
        // Another broker cannot help a file of this node that cannot be used.
        let own_fault = matches!(fault, BrokerFault::Unreadable { .. });
        let brokers = if own_fault { 1 } else { self.brokers };
        self.state.send_replace(BrokerState::Down(fault));
        match self.outage.failed(Instant::now(), brokers) {
            Next::MoveOn(pause) if brokers > 1 => {
                tokio::time::sleep(pause).await;
                let outage = self.outage.clone();
                self.tell(SessionEvent::GivenUp(outage)).await;
                false
            }
            Next::Again(pause) | Next::MoveOn(pause) => {
                tokio::time::sleep(pause.max(Duration::from_millis(1))).await;
                true
            }
        }
    }
}
