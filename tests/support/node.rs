//! A node's uplink, as the daemon starts it, and messages for it.

use sidetone::uplink::config::{BrokerConfig, Left, OutboxLimits, Timing, UplinkConfig};
use sidetone::uplink::{BrokerState, Speaker, Uplink, UplinkError, UplinkHandle};
use sidetone_wire::alert::{Alert, AlertDetail};
use sidetone_wire::event::{Event, EventDetail, EventType};
use sidetone_wire::message::StationMessage;
use sidetone_wire::vocabulary::{AlertKind, AlertState, ClearReason, Notify, Severity};
use sidetone_wire::{NodeName, OrgName};
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc;

/// A running uplink and the station's end of its channel.
#[allow(dead_code)]
pub(crate) struct Node {
    pub(crate) handle: UplinkHandle,
    pub(crate) station: mpsc::Sender<StationMessage>,
}

/// The configuration of node `ws-1` of `acme`, quick to come back.
pub(crate) fn config(url: &str, state_dir: &Path) -> UplinkConfig {
    UplinkConfig {
        org: OrgName::new("acme").unwrap(),
        node: NodeName::new("ws-1").unwrap(),
        broker: BrokerConfig {
            keep_alive_s: 5,
            ..BrokerConfig::at(url.parse().unwrap())
        },
        speaker: Speaker {
            team: Some("Late".to_owned()),
            site: Some("Köln".to_owned()),
            names_agent: true,
        },
        state_dir: state_dir.to_owned(),
        agent: None,
        gateway: None,
        subscriptions: None,
        left: Left::Ended { calls: true },
        limits: OutboxLimits::default(),
        timing: Timing {
            backoff_max: Duration::from_millis(500),
            ..Timing::default()
        },
    }
}

#[allow(dead_code)]
impl Node {
    pub(crate) fn start(config: UplinkConfig) -> Self {
        let (station, receiver) = mpsc::channel(1000);
        let handle = Uplink::start(config, receiver).unwrap();
        Self { handle, station }
    }

    /// Starts it with the state directory of one that was dropped, once that has let go of it.
    pub(crate) async fn start_again(config: UplinkConfig) -> Self {
        let until = std::time::Instant::now() + super::broker::PATIENCE;
        loop {
            let (station, receiver) = mpsc::channel(1000);
            match Uplink::start(config.clone(), receiver) {
                Ok(handle) => return Self { handle, station },
                Err(UplinkError::InUse(_)) if std::time::Instant::now() < until => {}
                Err(error) => panic!("{error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn say(&self, message: StationMessage) {
        self.station.send(message).await.unwrap();
    }

    /// Waits for a broker state.
    pub(crate) async fn broker(&self, wanted: impl FnMut(&BrokerState) -> bool) -> BrokerState {
        let mut watch = self.handle.broker();
        let patience = super::broker::PATIENCE;
        let state = tokio::time::timeout(patience, watch.wait_for(wanted)).await;
        state.expect("the broker's state changes").unwrap().clone()
    }

    /// Waits until everything is acknowledged.
    pub(crate) async fn settled(&self) {
        let mut watch = self.handle.outbox();
        let done =
            tokio::time::timeout(super::broker::PATIENCE, watch.wait_for(|s| s.records == 0));
        done.await.expect("everything is acknowledged").unwrap();
    }
}

/// `volume.changed` with a number to tell it by.
#[allow(dead_code)]
pub(crate) fn numbered(number: i32) -> StationMessage {
    let detail = EventDetail {
        step: Some(number),
        ..EventDetail::default()
    };
    StationMessage::Event(Event {
        ts: 1_795_305_600_000,
        kind: EventType::VolumeChanged,
        detail,
    })
}

/// A `double_talk` alert.
#[allow(dead_code)]
pub(crate) fn alert(id: u128, state: AlertState) -> StationMessage {
    let reason = (state == AlertState::Cleared).then_some(ClearReason::Condition);
    StationMessage::Alert(Alert {
        ts: 1_795_305_600_000,
        detail: AlertDetail {
            id: uuid::Uuid::from_u128(id),
            kind: AlertKind::DoubleTalk,
            subject: "call".to_owned(),
            state,
            severity: Severity::Minor,
            notify: Notify::Alarm,
            since: 1_795_305_600_000,
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
            text: "Both talk at once.".to_owned(),
            action: "Listen in.".to_owned(),
            reason,
        },
    })
}
