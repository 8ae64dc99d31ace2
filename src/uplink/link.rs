//! How the broker treats this node while it is there: how often they were connected, and which topics it
//! refuses. For who looks at this daemon; nothing is decided by it.

use rumqttc::mqttbytes::v5::PubAckReason;
use std::collections::BTreeMap;
use tokio::sync::watch;

/// Most refused topics that are named; the contract has fewer.
const NAMED: usize = 100;

/// What is known of the broker's treatment, since the daemon's start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkStats {
    /// Times a connection was made.
    pub connections: u64,
    /// The topics whose last message was refused, and why in words (`not authorized`, `quota exceeded`).
    /// What is refused at QoS 0 (live figures) is not among them: the broker does not say.
    pub refused: BTreeMap<String, &'static str>,
    /// When the certificates of the connection end.
    pub certificates: CertificateEnds,
}

/// When the certificates of a connection over TLS end, in seconds since 1970 UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CertificateEnds {
    /// This node's.
    pub node: Option<i64>,
    /// The one that the broker showed.
    pub broker: Option<i64>,
}

/// The writing end.
#[derive(Debug)]
pub(super) struct Link(watch::Sender<LinkStats>);

impl Link {
    /// Nothing is known yet.
    pub(super) fn new() -> (Self, watch::Receiver<LinkStats>) {
        let (tell, hear) = watch::channel(LinkStats::default());
        (Self(tell), hear)
    }

    /// A connection was made.
    pub(super) fn connected(&self) {
        self.0.send_modify(|stats| stats.connections += 1);
    }

    /// The certificates of this connection end then.
    pub(super) fn certificates(&self, ends: CertificateEnds) {
        self.0
            .send_if_modified(|stats| std::mem::replace(&mut stats.certificates, ends) != ends);
    }

    /// The broker took a message of this topic.
    pub(super) fn taken(&self, topic: &str) {
        self.0
            .send_if_modified(|stats| stats.refused.remove(topic).is_some());
    }

    /// The broker refused a message of this topic.
    pub(super) fn refused(&self, topic: &str, reason: PubAckReason) -> bool {
        self.0.send_if_modified(|stats| {
            let known = stats.refused.contains_key(topic);
            let room = stats.refused.len() < NAMED;
            if known || room {
                stats.refused.insert(topic.to_owned(), words(reason));
            }
            !known && room
        })
    }
}

/// The reasons for which a message can be refused (MQTT 5 §3.4.2.1).
pub(crate) fn words(reason: PubAckReason) -> &'static str {
    match reason {
        PubAckReason::NotAuthorized => "not authorized",
        PubAckReason::QuotaExceeded => "quota exceeded",
        PubAckReason::ImplementationSpecificError => "implementation specific error",
        PubAckReason::PacketIdentifierInUse => "packet identifier in use",
        _ => "unspecified error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_refused_until_it_is_taken() {
        let (link, stats) = Link::new();
        link.refused("a", PubAckReason::NotAuthorized);
        link.refused("b", PubAckReason::QuotaExceeded);
        link.taken("b");
        link.taken("c");
        let refused = stats.borrow().refused.clone();
        assert_eq!(
            refused,
            BTreeMap::from([("a".to_owned(), "not authorized")])
        );
        for number in 0..2 * NAMED {
            link.refused(&number.to_string(), PubAckReason::NotAuthorized);
        }
        assert_eq!(stats.borrow().refused.len(), NAMED);
    }
}
