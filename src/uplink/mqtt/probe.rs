//! Whether a broker lets this node in, found out by a connection that is closed at once.

use super::answer::OLD_CONNACK;
use super::client::{self, Client, EventLoop, Manner, Step};
use super::connect::Route;
use super::fault::BrokerFault;
use super::shown::Shown;
use crate::config::{BrokerUrl, MqttChoice};
use crate::uplink::config::BrokerConfig;
use sidetone_wire::vocabulary::MqttVersion;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// CONNECT of MQTT 3.1.1 with an empty client id: fixed header, `MQTT`, level 4, clean session, keep
/// alive 10 s (MQTT 3.1.1 §3.1).
const OLD_CONNECT: [u8; 14] = *b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x0a\x00\x00";

/// Connects as `client_id` with this node's credentials, and disconnects: no will, no session, nothing
/// published. It takes `patience` twice at most. Must be called on a tokio runtime with time and I/O.
///
/// Tells with which version the node is let in; as the daemon, it takes 3.1.1 where `broker.mqtt` allows it.
///
/// # Errors
/// [`BrokerFault`]: why this node is not let in. [`BrokerFault::OldMqtt`] where the daemon would not find out by itself
/// that the broker speaks 3.1.1, or must not use it.
pub async fn probe(
    broker: &BrokerConfig,
    client_id: &str,
    patience: Duration,
) -> Result<MqttVersion, BrokerFault> {
    let (first, then) = match broker.mqtt {
        MqttChoice::Auto => (MqttVersion::V5, Some(MqttVersion::V311)),
        MqttChoice::V5 => (MqttVersion::V5, None),
        MqttChoice::V311 => (MqttVersion::V311, None),
    };
    let fault = match (let_in(broker, client_id, patience, first).await, then) {
        (Ok(()), _) => return Ok(first),
        (Err(BrokerFault::OldMqtt { .. }), Some(then)) => {
            return let_in(broker, client_id, patience, then)
                .await
                .map(|()| then);
        }
        (Err(fault), _) => fault,
    };
    match fault {
        // Some old brokers say nothing to MQTT 5, or something else, and hang up.
        BrokerFault::NotMqtt { .. } | BrokerFault::HangsUp { .. } | BrokerFault::Silent { .. }
            if first == MqttVersion::V5 =>
        {
            let old = tokio::time::timeout(patience, is_old(broker)).await;
            let url = broker.url.to_string();
            Err(if old.unwrap_or(false) {
                BrokerFault::OldMqtt { url }
            } else {
                fault
            })
        }
        other => Err(other),
    }
}

async fn let_in(
    broker: &BrokerConfig,
    client_id: &str,
    patience: Duration,
    version: MqttVersion,
) -> Result<(), BrokerFault> {
    let (client, mut events) =
        client::plain(version, broker, patience, client_id, Manner::default());
    events.refresh(broker, &Shown::default())?;
    let attempt = tokio::time::timeout(patience, connect(events, &client, &broker.url));
    attempt.await.unwrap_or_else(|_| {
        Err(BrokerFault::Silent {
            url: broker.url.to_string(),
        })
    })
}

async fn connect(
    mut events: EventLoop,
    client: &Client,
    url: &BrokerUrl,
) -> Result<(), BrokerFault> {
    let mut connected = false;
    loop {
        match events.step().await {
            Ok(Step::Welcome { .. }) => {
                connected = true;
                if !client.disconnect(Duration::from_secs(1)).await {
                    return Ok(());
                }
            }
            Ok(Step::Farewell) => return Ok(()),
            Ok(Step::Received(_) | Step::Other) => {}
            // What happens to a connection that is being closed does not matter.
            Err(_) if connected => return Ok(()),
            Err(failure) => return Err(failure.explain(url, false)),
        }
    }
}

/// Whether it answers MQTT 3.1.1.
async fn is_old(broker: &BrokerConfig) -> bool {
    let Ok(route) = Route::new(broker, &Shown::default()) else {
        return false;
    };
    let Ok(mut stream) = route.open().await else {
        return false;
    };
    let mut answer = [0; 2];
    stream.write_all(&OLD_CONNECT).await.is_ok()
        && stream.flush().await.is_ok()
        && stream.read_exact(&mut answer).await.is_ok()
        && answer == OLD_CONNACK
}
