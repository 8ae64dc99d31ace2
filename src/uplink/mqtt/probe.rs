//! Whether a broker lets this node in, found out by a connection that is closed at once.

use super::connect::Route;
use super::fault::{BrokerFault, explain};
use super::options;
use crate::config::BrokerUrl;
use crate::uplink::config::BrokerConfig;
use rumqttc::{AsyncClient, Event, EventLoop, Incoming};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// CONNECT of MQTT 3.1.1 with an empty client id: fixed header, `MQTT`, level 4, clean session, keep
/// alive 10 s (MQTT 3.1.1 §3.1).
const OLD_CONNECT: [u8; 14] = *b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x0a\x00\x00";

/// CONNACK of MQTT 3.1.1 is always two bytes long (§3.2).
const OLD_CONNACK: [u8; 2] = [0x20, 0x02];

/// Connects as `client_id` with this node's credentials, and disconnects: no will, no session, nothing
/// published. It takes `patience` at most twice. Must be called on a tokio runtime with time and I/O.
///
/// # Errors
/// [`BrokerFault`]: why this node is not let in.
pub async fn probe(
    broker: &BrokerConfig,
    client_id: &str,
    patience: Duration,
) -> Result<(), BrokerFault> {
    let mut options = options::plain(broker, patience, client_id);
    options::refresh(&mut options, broker)?;
    let (client, event_loop) = AsyncClient::builder(options).capacity(1).build();
    let attempt = tokio::time::timeout(patience, connect(event_loop, &client, &broker.url));
    let done = attempt.await.unwrap_or_else(|_| {
        Err(BrokerFault::Silent {
            url: broker.url.to_string(),
        })
    });
    let url = &broker.url;
    match done {
        // An old broker's refusal is too short for an answer of MQTT 5, and most hang up after it.
        Err(
            fault @ (BrokerFault::NotMqtt { .. }
            | BrokerFault::HangsUp { .. }
            | BrokerFault::Silent { .. }),
        ) => {
            let old = tokio::time::timeout(patience, is_old(broker)).await;
            Err(if old.unwrap_or(false) {
                let url = url.to_string();
                BrokerFault::OldMqtt { url }
            } else {
                fault
            })
        }
        other => other,
    }
}

async fn connect(
    mut event_loop: EventLoop,
    client: &AsyncClient,
    url: &BrokerUrl,
) -> Result<(), BrokerFault> {
    let mut connected = false;
    loop {
        match event_loop.poll().await {
            Ok(Event::Incoming(Incoming::ConnAck(_))) => {
                connected = true;
                if client.try_disconnect().is_err() {
                    return Ok(());
                }
            }
            Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) => return Ok(()),
            Ok(_) => {}
            // What happens to a connection that is being closed does not matter.
            Err(_) if connected => return Ok(()),
            Err(error) => return Err(explain(&error, url, false)),
        }
    }
}

/// Whether it answers MQTT 3.1.1.
async fn is_old(broker: &BrokerConfig) -> bool {
    let Ok(route) = Route::new(broker) else {
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
