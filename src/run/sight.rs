//! What a station can see of its uplink, for who looks on: in the same process, or as the other process tells it.

use crate::local::state::{Broker, BrokerConnection, RefusedTopic};
use crate::uplink::{BrokerState, LinkStats, SentLog, UplinkHandle};
use tokio::sync::watch;

/// The uplink, seen from the station.
#[derive(Debug)]
pub(super) struct Sight {
    /// The node's name.
    pub(super) node: String,
    /// Its start's number.
    pub(super) boot: u64,
    /// What was handed to the broker.
    pub(super) sent: watch::Receiver<SentLog>,
    /// How the broker stands.
    pub(super) broker: BrokerSight,
}

/// How the broker stands.
#[derive(Debug, Clone)]
pub(super) enum BrokerSight {
    /// The uplink is in this process.
    Here {
        /// Where the first broker is.
        url: String,
        /// Its state.
        state: watch::Receiver<BrokerState>,
        /// How it treats this node.
        link: watch::Receiver<LinkStats>,
    },
    /// Another process tells it.
    Told(watch::Receiver<Broker>),
}

impl Sight {
    /// Of an uplink in this process.
    pub(super) fn of(uplink: &UplinkHandle, url: String) -> Self {
        Self {
            node: uplink.node().to_string(),
            boot: uplink.boot(),
            sent: uplink.sent(),
            broker: BrokerSight::of(uplink, url),
        }
    }
}

impl BrokerSight {
    /// Of an uplink in this process.
    pub(super) fn of(uplink: &UplinkHandle, url: String) -> Self {
        Self::Here {
            url,
            state: uplink.broker(),
            link: uplink.link(),
        }
    }

    /// What is now.
    pub(super) fn now(&self) -> Broker {
        match self {
            Self::Here { url, state, link } => {
                connection(url.clone(), &state.borrow(), &link.borrow())
            }
            Self::Told(broker) => broker.borrow().clone(),
        }
    }
}

fn connection(first: String, broker: &BrokerState, link: &LinkStats) -> Broker {
    let url = match broker {
        BrokerState::Connected { url, .. } => url.to_string(),
        _ => first,
    };
    let (connection, reason) = match broker {
        BrokerState::Connecting => (BrokerConnection::Connecting, None),
        BrokerState::Connected { .. } => (BrokerConnection::Connected, None),
        BrokerState::Down(fault) => (BrokerConnection::Down, Some(fault.to_string())),
        BrokerState::Stopped => (BrokerConnection::Stopped, None),
    };
    let refused = link.refused.iter();
    Broker {
        url,
        connection,
        reason,
        mqtt: match broker {
            BrokerState::Connected { mqtt, .. } => Some(*mqtt),
            _ => None,
        },
        uplink_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        node_certificate_until: link.certificates.node,
        broker_certificate_until: link.certificates.broker,
        connections: link.connections,
        refused: refused
            .map(|(topic, reason)| RefusedTopic {
                topic: topic.clone(),
                reason: (*reason).to_owned(),
            })
            .collect(),
    }
}
