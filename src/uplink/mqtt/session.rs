//! The handle through which the engine publishes: one session at one of the brokers, and a second one for as long as
//! it takes to come home to the first broker.

use super::BrokerState;
use super::client::{self, Client, OnItsWay};
use super::driver::Driver;
use super::fault::BrokerFault;
use super::handshake::handshake;
use super::home::Home;
use super::outage::Outage;
use super::probe::is_let_in;
use super::proven::Proven;
use super::renewal::Print;
use super::shown::Shown;
use crate::config::MqttChoice;
use crate::uplink::config::{BrokerConfig, Timing};
use crate::uplink::outgoing::Outgoing;
use crate::uplink::sent::SentLog;
use rumqttc::mqttbytes::v5::PubAckReason;
use sidetone_wire::vocabulary::MqttVersion;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// Longest wait for a broker that is left in good order.
const FAREWELL: Duration = Duration::from_secs(1);

/// What became of a message that was handed to the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The broker has it.
    Acknowledged,
    /// The session was reset before the broker had it.
    Reset,
    /// The broker will not have it now: not authorised, or over quota.
    Refused(PubAckReason),
    /// The broker can never take it.
    Impossible,
}

/// What a session tells the engine, and which.
#[derive(Debug)]
pub(in crate::uplink) struct Told {
    pub(super) from: u64,
    pub(super) event: SessionEvent,
}

/// Whose words they are.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::uplink) enum Word {
    /// The session's that stands.
    Current(SessionEvent),
    /// The first broker has let the node in: [`Session::come_home`].
    HomeIsOpen,
    /// Of nobody any more.
    Stale,
}

/// What the session tells the engine.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::uplink) enum SessionEvent {
    /// Connected.
    Up {
        /// Whether the broker remembered the session.
        session_present: bool,
    },
    /// Not connected any more.
    Down,
    /// This broker is given up for now; the session has ended.
    GivenUp(Outage),
    /// This broker is to be asked with the other version of MQTT; the session has ended.
    OtherVersion(Outage),
    /// Something came on a topic that was asked for.
    Received(Received),
}

/// A message of a topic that was asked for, as it came: nothing in it is believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Where it came.
    pub topic: String,
    /// What it holds; of one longer than [`PAYLOAD_MAX`](sidetone_wire::stamp::PAYLOAD_MAX) bytes only so much that it shows.
    pub payload: Vec<u8>,
    /// The broker had kept it. A retained message that comes while one listens does not say so.
    pub retained: bool,
    /// Who asks knows its question by this; `None` if there is none, or one longer than
    /// [`CORRELATION_MAX`] bytes.
    pub correlation: Option<Vec<u8>>,
}

/// Longest Correlation Data that is echoed, in bytes.
pub const CORRELATION_MAX: usize = 256;

/// The running session.
#[derive(Debug)]
pub(in crate::uplink) struct Session {
    now: Running,
    /// A session at the first broker, while the other one still stands.
    trial: Option<Running>,
    /// Sessions begun.
    count: u64,
    home: Home,
    /// Of each broker since when it is known to speak nothing newer than MQTT 3.1.1.
    old: Vec<Option<Instant>>,
    /// Everything handed over.
    sent: watch::Sender<SentLog>,
    recipe: Recipe,
}

/// A session at a broker. Dropping it ends it without a farewell.
#[derive(Debug)]
struct Running {
    client: Client,
    task: JoinHandle<()>,
    number: u64,
    /// Which broker; 0 is the first.
    place: usize,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Running {
    /// Says DISCONNECT, so that no will is sent, and ends.
    async fn stop(&mut self, patience: Duration) {
        if self.client.disconnect(patience).await {
            let _ =
                tokio::time::timeout(patience + Duration::from_millis(500), &mut self.task).await;
        }
    }
}

/// What a session is made of.
#[derive(Debug, Clone)]
struct Recipe {
    /// In the order in which they are tried.
    brokers: Vec<BrokerConfig>,
    timing: Timing,
    client_id: String,
    will: Outgoing,
    state: watch::Sender<BrokerState>,
    events: mpsc::Sender<Told>,
    files: watch::Sender<Option<Print>>,
    proven: Proven,
    shown: Shown,
}

/// What tells one session from another.
#[derive(Debug)]
struct Start {
    number: u64,
    place: usize,
    outage: Outage,
    on_trial: bool,
    /// See [`Session::old`].
    old_since: Option<Instant>,
}

impl Recipe {
    fn start(&self, start: Start) -> Running {
        let Start {
            number,
            place,
            outage,
            on_trial,
            old_since,
        } = start;
        let broker = self.brokers[place].clone();
        let ask_for_5 = old_since.map(|since| since + self.timing.ask_for_5);
        let version = match (broker.mqtt, ask_for_5) {
            (MqttChoice::V5, _) | (MqttChoice::Auto, None) => MqttVersion::V5,
            (MqttChoice::V311, _) => MqttVersion::V311,
            (MqttChoice::Auto, Some(then)) if then <= Instant::now() => MqttVersion::V5,
            (MqttChoice::Auto, Some(_)) => MqttVersion::V311,
        };
        let will = self.will.clone();
        let (client, event_loop) =
            client::session(version, &broker, &self.timing, &self.client_id, will);
        let driver = Driver {
            number,
            place,
            brokers: self.brokers.len(),
            broker,
            timing: self.timing,
            version,
            ask_for_5: ask_for_5.filter(|_| version == MqttVersion::V311),
            event_loop,
            events: self.events.clone(),
            state: self.state.clone(),
            files: self.files.clone(),
            proven: self.proven.clone(),
            shown: self.shown.clone(),
            outage,
            on_trial,
            connected: false,
        };
        Running {
            client,
            task: tokio::spawn(driver.run()),
            number,
            place,
        }
    }

    /// An outage that begins now.
    fn outage(&self) -> Outage {
        let first = &self.brokers[0];
        let others = (self.brokers.len() > 1).then_some(first.fallback_after);
        Outage::begin(Instant::now(), others, self.timing.backoff_max)
    }
}

impl Session {
    /// Starts the task.
    pub(in crate::uplink) fn start(
        broker: BrokerConfig,
        timing: Timing,
        client_id: &str,
        will: Outgoing,
        state: watch::Sender<BrokerState>,
        sent: watch::Sender<SentLog>,
    ) -> (Self, mpsc::Receiver<Told>) {
        // One Up or Down per connection attempt, and the engine takes them at once.
        let (events, receiver) = mpsc::channel(16);
        let recipe = Recipe {
            brokers: broker.each(),
            timing,
            client_id: client_id.to_owned(),
            will,
            state,
            events,
            files: watch::channel(None).0,
            proven: Proven::default(),
            shown: Shown::default(),
        };
        let first = Start {
            number: 0,
            place: 0,
            outage: recipe.outage(),
            on_trial: false,
            old_since: None,
        };
        let session = Self {
            now: recipe.start(first),
            trial: None,
            count: 1,
            home: Home::new(&timing),
            old: vec![None; recipe.brokers.len()],
            sent,
            recipe,
        };
        (session, receiver)
    }

    /// Who says so.
    pub(in crate::uplink) fn hear(&mut self, told: Told) -> Word {
        if told.from == self.now.number {
            if self.now.place == 0 && matches!(told.event, SessionEvent::Up { .. }) {
                self.home.is_back(Instant::now());
            }
            return Word::Current(told.event);
        }
        if self.trial.as_ref().is_none_or(|t| t.number != told.from) {
            return Word::Stale;
        }
        match told.event {
            SessionEvent::Up { .. } => return Word::HomeIsOpen,
            SessionEvent::OtherVersion(_) => {
                self.turn_version(0);
                self.ask_home();
            }
            _ => {
                self.trial = None;
                self.home.begin(Instant::now());
            }
        }
        Word::Stale
    }

    /// Whether there is another broker to go to.
    pub(in crate::uplink) fn has_others(&self) -> bool {
        self.recipe.brokers.len() > 1
    }

    /// The version that the present session speaks.
    pub(in crate::uplink) fn version(&self) -> MqttVersion {
        self.now.client.version()
    }

    fn begin(&mut self, place: usize, outage: Outage) {
        if self.now.place == 0 && place != 0 {
            self.home.left(Instant::now());
        }
        self.trial = None;
        self.now = self.start_next(place, outage, false);
    }

    fn start_next(&mut self, place: usize, outage: Outage, on_trial: bool) -> Running {
        let start = Start {
            number: self.count,
            place,
            outage,
            on_trial,
            old_since: self.old[place],
        };
        self.count += 1;
        self.recipe.start(start)
    }

    fn turn_version(&mut self, place: usize) {
        let broker = &self.recipe.brokers[place].url;
        self.old[place] = match self.old[place] {
            None => {
                tracing::warn!(%broker, "the broker speaks MQTT 3.1.1 only: commands are off; see docs/mqtt.md");
                Some(Instant::now())
            }
            Some(_) => None,
        };
    }

    /// Begins anew at the same broker with the other version of MQTT.
    pub(in crate::uplink) fn change_version(&mut self, outage: Outage) {
        self.turn_version(self.now.place);
        self.begin(self.now.place, outage);
    }

    fn ask_home(&mut self) {
        let outage = self.recipe.outage();
        self.trial = Some(self.start_next(0, outage, true));
    }

    /// Throws the connection and everything the client remembers away, and begins anew. What was on its way is
    /// [`Fate::Reset`].
    pub(in crate::uplink) fn begin_anew(&mut self) {
        self.begin(self.now.place, self.recipe.outage());
    }

    /// Leaves the broker with DISCONNECT, so that no will is sent, and begins anew with the files as they are now.
    pub(in crate::uplink) async fn renew(&mut self) {
        self.now.stop(FAREWELL).await;
        self.begin_anew();
    }

    /// The files of certificates that the last connection was tried with.
    pub(in crate::uplink) fn files(&self) -> Option<Print> {
        *self.recipe.files.borrow()
    }

    /// What is known of files that the broker lets in or refuses.
    pub(in crate::uplink) fn proven(&self) -> &Proven {
        &self.recipe.proven
    }

    /// Tries the files as they are now at the present broker, with a connection of its own that is closed at once. What
    /// comes of it is told later; never waits.
    pub(in crate::uplink) fn try_files(&self) -> oneshot::Receiver<Result<(), BrokerFault>> {
        let broker = self.recipe.brokers[self.now.place].clone();
        let (patience, version) = (self.recipe.timing.connect_timeout, self.version());
        let (tell, hear) = oneshot::channel();
        tokio::spawn(async move { tell.send(is_let_in(&broker, patience, version).await) });
        hear
    }

    /// The certificate that the broker showed.
    pub(in crate::uplink) fn shown(&self) -> &Shown {
        &self.recipe.shown
    }

    /// Looks at the broker's certificate again, with a handshake and no more. Never waits.
    pub(in crate::uplink) fn look_at_certificate(&self) {
        let broker = self.recipe.brokers[self.now.place].clone();
        let (patience, shown) = (
            self.recipe.timing.connect_timeout,
            self.recipe.shown.clone(),
        );
        tokio::spawn(async move {
            match handshake(&broker, patience).await {
                Ok(Some(presented)) => shown.note(Some(&presented.certificate.into())),
                Ok(None) | Err(_) => shown.still(),
            }
        });
    }

    /// The same at the next broker; `None`: the present one is connected, but of no use.
    pub(in crate::uplink) fn move_on(&mut self, outage: Option<Outage>) {
        let longest = self.recipe.timing.backoff_max;
        let outage = outage.unwrap_or_else(|| Outage::over(Instant::now(), longest));
        self.begin((self.now.place + 1) % self.recipe.brokers.len(), outage);
    }

    /// On another broker than the first: looks now and then whether the first is there again, and if it has been for a
    /// while, asks it in. Never waits.
    pub(in crate::uplink) fn look_home(&mut self) {
        if self.now.place == 0 || self.trial.is_some() {
            return;
        }
        let patience = self.recipe.timing.connect_timeout;
        if self.home.is_steady(&self.recipe.brokers[0], patience) {
            self.ask_home();
        }
    }

    /// Leaves the present broker with a last message and DISCONNECT, at most a second long, for the first, which has
    /// let the node in. What was on its way is [`Fate::Reset`].
    pub(in crate::uplink) async fn come_home(&mut self, farewell: Option<&Outgoing>) {
        let Some(trial) = self.trial.take() else {
            return;
        };
        if let Some(farewell) = farewell {
            self.publish_untracked(farewell);
        }
        let mut left = std::mem::replace(&mut self.now, trial);
        left.stop(FAREWELL).await;
        self.home.is_back(Instant::now());
    }

    /// Hands a message over; `None` if the client's queue is full or closed. Never waits.
    pub(in crate::uplink) fn publish(&self, message: &Outgoing, age_s: u64) -> Option<OnItsWay> {
        let worded = self.now.client.worded(message, age_s);
        let way = self.now.client.publish_tracked(&worded, age_s)?;
        self.sent.send_modify(|log| log.note(&worded));
        Some(way)
    }

    /// Asks for the messages of a topic, from now on.
    pub(in crate::uplink) fn subscribe(&self, topic: &str) {
        self.now.client.subscribe(topic);
    }

    /// Hands over a message that may be lost.
    pub(in crate::uplink) fn publish_untracked(&self, message: &Outgoing) {
        let worded = self.now.client.worded(message, 0);
        self.note(&worded, self.now.client.publish(&worded));
    }

    /// Hands over an answer, which may be lost, with the Correlation Data of its question.
    pub(in crate::uplink) fn answer(&self, message: &Outgoing, correlation: Option<Vec<u8>>) {
        let worded = self.now.client.worded(message, 0);
        self.note(&worded, self.now.client.answer(&worded, correlation));
    }

    fn note(&self, message: &Outgoing, taken: bool) {
        if taken {
            self.sent.send_modify(|log| log.note(message));
        } else {
            tracing::debug!(topic = message.topic, "dropped: the broker is slow");
        }
    }

    /// Says DISCONNECT, so that no will is sent, and ends.
    pub(in crate::uplink) async fn stop(mut self, connected: bool, patience: Duration) {
        if connected {
            self.now.stop(patience).await;
        }
    }
}
