//! Takes away what the simulated nodes left retained at the broker.
//!
//! *Never* touches another node's topics.

use crate::uplink::config::BrokerConfig;
use crate::uplink::{BrokerFault, refresh};
use rumqttc::{AsyncClient, ConnectionError, Event, Incoming, MqttOptions, PublishOptions, QoS};
use sidetone_wire::{OrgName, Topics};
use std::time::Duration;

/// Longest time for all of it.
const PATIENCE: Duration = Duration::from_secs(5);

/// After this long without another retained message there is none left.
const QUIET: Duration = Duration::from_millis(400);

/// Requests that may wait: a few topics of 64 nodes.
const CHANNEL: usize = 4096;

/// Messages on their way at once; the client keeps room for each from the start.
const IN_FLIGHT: u16 = 64;

/// Why it stayed there.
#[derive(Debug, thiserror::Error)]
pub enum ForgetError {
    /// The broker's files.
    #[error(transparent)]
    Access(#[from] BrokerFault),
    /// The broker.
    #[error(
        "the simulated nodes stay in the broker's memory: {0}; run the command with --forget again"
    )]
    Broker(#[from] ConnectionError),
    /// It took too long.
    #[error(
        "the simulated nodes stay in the broker's memory: it answers too slowly; run the command with --forget again"
    )]
    Slow,
}

/// Removes every retained message of these nodes; returns how many there were.
///
/// # Errors
/// [`ForgetError`] if the broker cannot be reached in time.
pub(super) async fn forget(
    broker: &BrokerConfig,
    org: &OrgName,
    nodes: &[sidetone_wire::NodeName],
) -> Result<usize, ForgetError> {
    let filters = nodes
        .iter()
        .map(|node| format!("{}/#", Topics::new(org.clone(), node.clone()).base()));
    let filters: Vec<String> = filters.collect();
    tokio::time::timeout(PATIENCE, remove(broker, &filters))
        .await
        .unwrap_or(Err(ForgetError::Slow))
}

async fn remove(broker: &BrokerConfig, filters: &[String]) -> Result<usize, ForgetError> {
    let address = (broker.url.host.as_str(), broker.url.port);
    let mut options = MqttOptions::new("sidetone-simulate-forget", address);
    options
        .set_clean_start(true)
        .set_outgoing_inflight_upper_limit(IN_FLIGHT);
    refresh(&mut options, broker)?;
    let (client, mut events) = AsyncClient::builder(options).capacity(CHANNEL).build();
    let (mut asked, mut removed, mut gone) = (0, 0, 0);
    loop {
        let heard = match tokio::time::timeout(QUIET, events.poll()).await {
            Ok(heard) => heard?,
            Err(_) if asked == filters.len() && gone == removed => return Ok(removed),
            Err(_) => continue,
        };
        match heard {
            Event::Incoming(Incoming::ConnAck(_)) => {
                for filter in filters {
                    client
                        .try_subscribe(filter.as_str(), QoS::AtLeastOnce)
                        .map_err(|_| ForgetError::Slow)?;
                }
            }
            Event::Incoming(Incoming::SubAck(_)) => asked += 1,
            Event::Incoming(Incoming::PubAck(_)) => gone += 1,
            Event::Incoming(Incoming::Publish(publish))
                if publish.retain && !publish.payload.is_empty() =>
            {
                let topic = String::from_utf8_lossy(&publish.topic).into_owned();
                let empty = PublishOptions::new(QoS::AtLeastOnce).retain(true);
                client
                    .try_publish(topic, Vec::new(), empty)
                    .map_err(|_| ForgetError::Slow)?;
                removed += 1;
            }
            _ => {}
        }
    }
}
