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
use tokio::time::timeout;

/// CONNECT of MQTT 3.1.1 with an empty client id: fixed header, `MQTT`, level 4, clean session, keep
/// alive 10 s (MQTT 3.1.1 §3.1).
const OLD_CONNECT: [u8; 14] = *b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x0a\x00\x00";

/// The same of MQTT 5: level 5, clean start, no properties (MQTT 5 §3.1).
const CONNECT_5: [u8; 15] = *b"\x10\x0d\x00\x04MQTT\x05\x02\x00\x0a\x00\x00\x00";

/// How often each version is asked before a broker that hangs up at MQTT 5 is believed to be old: behind a load
/// balancer one of several brokers may be down, and hang up at anything.
const ROUNDS: u32 = 3;

/// So long a broker may take to answer one of these questions.
const SILENCE: Duration = Duration::from_secs(1);

/// Connects as `client_id` with this node's credentials, and disconnects: no will, no session, nothing
/// published. It takes `patience` twice at most. Must be called on a tokio runtime with time and I/O.
///
/// Tells with which version the node is let in; as the daemon, it takes 3.1.1 where `broker.mqtt` allows it.
///
/// # Errors
/// [`BrokerFault`]: why this node is not let in. [`BrokerFault::OldMqtt`] where the daemon would not find out by itself
/// that the broker speaks 3.1.1 (it says nothing to MQTT 5, and does not hang up), or must not use it.
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
    // Some old brokers say nothing to MQTT 5, or something else, and hang up.
    if first == MqttVersion::V311 || !is_unclear(&fault) {
        return Err(fault);
    }
    let old = timeout(patience, speaks_old_only(broker)).await;
    match then {
        _ if !old.unwrap_or(false) => Err(fault),
        // The daemon does not wait for a second silence.
        Some(then) if !matches!(fault, BrokerFault::Silent { .. }) => {
            let_in(broker, client_id, patience, then)
                .await
                .map(|()| then)
        }
        _ => Err(BrokerFault::OldMqtt {
            url: broker.url.to_string(),
        }),
    }
}

/// Whether it may be that the broker does not know MQTT 5.
fn is_unclear(fault: &BrokerFault) -> bool {
    use BrokerFault as B;
    matches!(
        fault,
        B::NotMqtt { .. } | B::HangsUp { .. } | B::Silent { .. }
    )
}

/// Whether a broker that does not answer MQTT 5 answers 3.1.1: some hang up instead of naming the version (RabbitMQ
/// 3.10). Takes `patience` at most.
pub(super) async fn is_old(broker: &BrokerConfig, fault: &BrokerFault, patience: Duration) -> bool {
    let may_be = is_unclear(fault) && !matches!(fault, BrokerFault::Silent { .. });
    may_be && timeout(patience, speaks_old_only(broker)).await == Ok(true)
}

/// Whether the broker believes this node's files as they are now. Under the node's own client id it would end the session
/// that stands; that it will not have this one, it says only to whom it believes.
///
/// # Errors
/// Why it does not, or cannot be asked.
pub(super) async fn is_let_in(
    broker: &BrokerConfig,
    patience: Duration,
    version: MqttVersion,
) -> Result<(), BrokerFault> {
    let id = format!("sidetone-trial-{}", uuid::Uuid::now_v7().simple());
    match let_in(broker, &id, patience, version).await {
        Err(BrokerFault::Refused { .. } | BrokerFault::Busy { .. }) => Ok(()),
        answer => answer,
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
    events.refresh(broker)?;
    let attempt = timeout(patience, connect(events, &client, &broker.url));
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

/// Whether it answers MQTT 3.1.1, and never MQTT 5.
async fn speaks_old_only(broker: &BrokerConfig) -> bool {
    for _ in 0..ROUNDS {
        if first_bytes(broker, &OLD_CONNECT).await != Some(OLD_CONNACK) {
            return false;
        }
        // To a broker that is silent at MQTT 5, one question is enough.
        match timeout(SILENCE, first_bytes(broker, &CONNECT_5)).await {
            Ok(Some([first, _])) if first == OLD_CONNACK[0] => return false,
            Ok(_) => {}
            Err(_) => return true,
        }
    }
    true
}

/// What it answers first.
async fn first_bytes(broker: &BrokerConfig, connect: &[u8]) -> Option<[u8; 2]> {
    let mut stream = Route::new(broker, &Shown::default())
        .ok()?
        .open()
        .await
        .ok()?;
    stream.write_all(connect).await.ok()?;
    stream.flush().await.ok()?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await.ok()?;
    Some(answer)
}
