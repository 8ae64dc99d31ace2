//! Takes away what the simulated nodes left retained at the broker.
//!
//! *Never* touches another node's topics.

use crate::uplink::config::{BrokerConfig, Timing};
use crate::uplink::{BrokerFault, NoBroker, Tour};
use sidetone_wire::{OrgName, Topics};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Longest time for all of it.
const PATIENCE: Duration = Duration::from_secs(5);

/// After this long without another retained message there is none left.
const QUIET: Duration = Duration::from_millis(400);

/// Messages on their way at once.
const AT_ONCE: usize = 16;

/// Why it stayed there.
#[derive(Debug, thiserror::Error)]
pub enum ForgetError {
    /// No broker lets them in.
    #[error(transparent)]
    Access(#[from] NoBroker),
    /// The connection broke.
    #[error(
        "the simulated nodes stay in the broker's memory: {0}; run the command with --forget again"
    )]
    Broker(#[from] BrokerFault),
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
    let mut tour = Tour::new(broker, "sidetone-simulate-forget", &Timing::default(), None);
    tour.connect(true).await?;
    let visit = tour.here();
    for filter in filters {
        // The answer comes with what is retained.
        visit.ask(filter).ok_or(ForgetError::Slow)?;
    }
    let mut retained = Vec::new();
    while let Ok(message) = timeout(QUIET, visit.next()).await {
        let message = message?;
        if message.retained && !message.payload.is_empty() {
            retained.push(message.topic);
        }
    }
    for some in retained.chunks(AT_ONCE) {
        let mut on_their_way = JoinSet::new();
        for topic in some {
            on_their_way.spawn(visit.publish(topic, b"").ok_or(ForgetError::Slow)?);
        }
        while !on_their_way.is_empty() {
            tokio::select! {
                _ = on_their_way.join_next() => {}
                message = visit.next() => drop(message?),
            }
        }
    }
    tour.here().leave().await;
    Ok(retained.len())
}
