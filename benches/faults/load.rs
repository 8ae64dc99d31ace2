//! The process that is killed: the real uplink, and a station that says numbered things as fast as it is told.
//!
//! Each message's name is printed as the uplink has taken it: `v17` an event, `R`/`r` an alert's raised state and its
//! event, `C`/`c` its end. USR1 stops new messages, USR2 lets them go on; `waiting N` tells how full the outbox is, `trouble` that it
//! cannot be written.

use rumqttc::{AsyncClient, MqttOptions, PublishOptions, QoS};
use sidetone::uplink::config::{BrokerConfig, Left, OutboxLimits, Timing, UplinkConfig};
use sidetone::uplink::{Speaker, Uplink};
use sidetone_wire::alert::{Alert, AlertDetail};
use sidetone_wire::event::{Event, EventDetail, EventType};
use sidetone_wire::message::StationMessage;
use sidetone_wire::vocabulary::{AlertKind, AlertState, ClearReason, Notify, Severity};
use sidetone_wire::{NodeName, OrgName};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Numbers in a turn; two of eight are alerts, of two messages each.
const IN_A_TURN: u64 = 4;

#[derive(Default)]
struct Told {
    port: u16,
    state: PathBuf,
    first: u64,
    start: u64,
    turn: Duration,
    settle: Duration,
}

pub(crate) fn run(arguments: &[String]) {
    let mut told = Told::default();
    for argument in arguments {
        match argument.split_once('=') {
            Some(("port", value)) => told.port = value.parse().unwrap(),
            Some(("state", value)) => told.state = value.into(),
            Some(("first", value)) => told.first = value.parse().unwrap(),
            Some(("start", value)) => told.start = value.parse().unwrap(),
            Some(("turn", value)) => told.turn = Duration::from_millis(value.parse().unwrap()),
            Some(("settle", value)) => told.settle = Duration::from_millis(value.parse().unwrap()),
            _ => {}
        }
    }
    // `RUST_LOG=debug` shows what the session does.
    let level = std::env::var("RUST_LOG").ok();
    let level = level.and_then(|level| level.parse::<tracing::Level>().ok());
    tracing_subscriber::fmt()
        .with_max_level(level.unwrap_or(tracing::Level::ERROR))
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    if arguments.iter().any(|a| a == "bare") {
        runtime.block_on(bare(&told));
    } else {
        runtime.block_on(uplink(&told));
    }
}

/// The numbers of each turn, as long as they are wanted.
struct Turns {
    next: u64,
    stopped: bool,
    interval: tokio::time::Interval,
    stop: tokio::signal::unix::Signal,
    go_on: tokio::signal::unix::Signal,
}

impl Turns {
    fn new(told: &Told) -> Self {
        Self {
            next: told.first,
            stopped: false,
            interval: tokio::time::interval(told.turn),
            stop: signal(SignalKind::user_defined1()).unwrap(),
            go_on: signal(SignalKind::user_defined2()).unwrap(),
        }
    }

    async fn turn(&mut self) -> std::ops::Range<u64> {
        tokio::select! {
            _ = self.stop.recv() => self.stopped = true,
            _ = self.go_on.recv() => self.stopped = false,
            _ = self.interval.tick() => {}
        }
        // An alert that has begun is ended first.
        if self.stopped && self.next.is_multiple_of(8) {
            return self.next..self.next;
        }
        self.next += IN_A_TURN;
        self.next - IN_A_TURN..self.next
    }
}

fn say(names: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(names.as_bytes()).and_then(|()| out.flush());
}

async fn uplink(told: &Told) {
    let config = UplinkConfig {
        org: OrgName::new("acme").unwrap(),
        node: NodeName::new("ws-1").unwrap(),
        broker: BrokerConfig {
            keep_alive_s: 5,
            ..BrokerConfig::at(format!("mqtt://127.0.0.1:{}", told.port).parse().unwrap())
        },
        speaker: Speaker {
            team: Some("Late".to_owned()),
            site: None,
            names_agent: false,
        },
        subscriptions: None,
        left: Left::Ended { calls: true },
        state_dir: told.state.clone(),
        agent: None,
        gateway: None,
        limits: OutboxLimits {
            records: 200_000,
            bytes: 256 << 20,
            ..OutboxLimits::default()
        },
        timing: Timing {
            backoff_max: Duration::from_millis(500),
            settle: told.settle,
            ..Timing::default()
        },
    };
    // Signals first: they may come while an old outbox is read.
    let mut turns = Turns::new(told);
    // As wide as the daemon's: what the station says in one breath, an alert's state and its event, is taken together.
    let (station, receiver) = mpsc::channel(1024);
    let handle = Uplink::start(config, receiver).unwrap();
    let mut outbox = handle.outbox();
    loop {
        for number in turns.turn().await {
            for (name, message) in messages(number) {
                station.send(message).await.unwrap();
                say(&format!("{name}\n"));
            }
        }
        if turns.stopped || outbox.has_changed().unwrap_or(false) {
            let stats = *outbox.borrow_and_update();
            if stats.trouble.is_some() {
                say("trouble\n");
            }
            say(&format!("waiting {}\n", stats.records));
        }
    }
}

/// What everyone does first: the client, its queue, QoS 1, a session that lasts. A message counts as handed over
/// when the client has taken it.
async fn bare(told: &Told) {
    let mut options = MqttOptions::new("ws-1", ("127.0.0.1", told.port));
    options.set_keep_alive(5_u16).set_clean_start(true);
    options.set_session_expiry_interval(Some(3600));
    let (client, mut events) = AsyncClient::builder(options).capacity(1000).build();
    tokio::spawn(async move {
        loop {
            if events.poll().await.is_ok() {
                events.options.set_clean_start(false);
            } else {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    });
    let mut turns = Turns::new(told);
    let mut seq = 0;
    loop {
        for number in turns.turn().await {
            seq += 1;
            let payload = format!(
                r#"{{"v":1,"boot":{},"seq":{seq},"step":{number}}}"#,
                told.start
            );
            let topic = "sidetone/v1/acme/node/ws-1/event/volume.changed";
            if client
                .publish(topic, payload, PublishOptions::new(QoS::AtLeastOnce))
                .await
                .is_ok()
            {
                say(&format!("v{number}\n"));
            }
        }
        if turns.stopped {
            say("waiting 0\n");
        }
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_millis().try_into().unwrap()
}

/// What the station says under a number: of eight, an alert's beginning, its end, and six events.
fn messages(number: u64) -> Vec<(String, StationMessage)> {
    match number % 8 {
        0 => alert(number, AlertState::Raised, ['R', 'r']),
        1 => alert(number - 1, AlertState::Cleared, ['C', 'c']),
        _ => {
            let detail = EventDetail {
                step: Some(number.try_into().unwrap()),
                ..EventDetail::default()
            };
            let event = Event {
                ts: now_ms(),
                kind: EventType::VolumeChanged,
                detail,
            };
            vec![(format!("v{number}"), StationMessage::Event(event))]
        }
    }
}

fn alert(number: u64, state: AlertState, names: [char; 2]) -> Vec<(String, StationMessage)> {
    let ended = state == AlertState::Cleared;
    let ts = now_ms();
    let detail = AlertDetail {
        id: uuid::Uuid::from_u128(number.into()),
        kind: AlertKind::DoubleTalk,
        subject: "call".to_owned(),
        state,
        severity: Severity::Minor,
        notify: Notify::Alarm,
        since: ts,
        value: Some(2.4),
        threshold: Some(2.0),
        unit: Some("s".to_owned()),
        fault: None,
        side: None,
        headset: None,
        call: None,
        provenance: None,
        confidence: None,
        hold: None,
        text: "Agent and customer have been talking at the same time for 2.4 s.".to_owned(),
        action: "Listen in, or speak to the agent after the call.".to_owned(),
        reason: ended.then_some(ClearReason::Condition),
    };
    let carried = EventDetail {
        alert: Some(detail.clone()),
        ..EventDetail::default()
    };
    let kind = if ended {
        EventType::AlertCleared
    } else {
        EventType::AlertRaised
    };
    let event = StationMessage::Event(Event {
        ts,
        kind,
        detail: carried,
    });
    let state = StationMessage::Alert(Alert { ts, detail });
    names
        .into_iter()
        .map(|name| format!("{name}{number}"))
        .zip([state, event])
        .collect()
}
