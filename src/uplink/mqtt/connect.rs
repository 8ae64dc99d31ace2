//! The way to the broker's port.

use crate::uplink::config::BrokerConfig;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Whether something listens where this broker should be. The connection is closed at once.
pub(super) async fn reach(broker: &BrokerConfig, patience: Duration) -> bool {
    let address = (broker.url.host.as_str(), broker.url.port);
    matches!(
        timeout(patience, TcpStream::connect(address)).await,
        Ok(Ok(_))
    )
}
