//! What a tool asks of a broker, and the answer: a message published, a topic subscribed. The same for both versions.

use super::client::{Client, OnItsWay};
use rumqttc::mqttbytes::v5::PublishProperties;
use rumqttc::{PublishOptions, QoS, SubscribeNoticeError};
use rumqttc_v4::mqttbytes as old;

/// A subscription on its way.
pub(crate) enum Asked {
    V5(rumqttc::SubscribeNotice),
    V311(rumqttc_v4::SubscribeNotice),
}

/// What the broker made of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    /// It sends what comes there. (Some brokers say so and send nothing.)
    Granted,
    /// It does not, and why.
    Refused(&'static str),
    /// The connection ended before.
    HungUp,
}

impl Client {
    /// Hands over a message that a person or a check wants to say, with QoS 1; `None` if the queue is full or closed.
    /// `life_s` is its expiry, which MQTT 3.1.1 does not know.
    pub(super) fn say(
        &self,
        topic: &str,
        payload: &[u8],
        retain: bool,
        life_s: Option<u32>,
    ) -> Option<OnItsWay> {
        match self {
            Self::V5(client) => {
                let properties = PublishProperties {
                    message_expiry_interval: life_s,
                    ..PublishProperties::default()
                };
                let options = PublishOptions::new(QoS::AtLeastOnce)
                    .retain(retain)
                    .properties(properties);
                let sent = client.try_publish_tracked(topic, payload.to_vec(), options);
                sent.ok().map(OnItsWay::V5)
            }
            Self::V311(client) => {
                let options = rumqttc_v4::PublishOptions::new(old::QoS::AtLeastOnce).retain(retain);
                let sent = client.try_publish_tracked(topic, payload.to_vec(), options);
                sent.ok().map(OnItsWay::V311)
            }
        }
    }

    /// Asks for a topic's messages; `None` if the queue is full or closed.
    pub(super) fn ask(&self, filter: &str) -> Option<Asked> {
        match self {
            Self::V5(client) => {
                let asked = client.try_subscribe_tracked(filter, QoS::AtLeastOnce);
                asked.ok().map(Asked::V5)
            }
            Self::V311(client) => {
                let asked = client.try_subscribe_tracked(filter, old::QoS::AtLeastOnce);
                asked.ok().map(Asked::V311)
            }
        }
    }
}

impl Asked {
    /// Waits for the answer.
    pub(crate) async fn answer(self) -> Answered {
        match self {
            Self::V5(notice) => match notice.wait_completion_async().await {
                Ok(_) => Answered::Granted,
                Err(SubscribeNoticeError::V5SubAckFailure(_)) => Answered::Refused(NOT_AUTHORIZED),
                Err(_) => Answered::HungUp,
            },
            Self::V311(notice) => match notice.wait_completion_async().await {
                Ok(_) => Answered::Granted,
                Err(rumqttc_v4::SubscribeNoticeError::V4SubAckFailure(_)) => {
                    Answered::Refused(NOT_AUTHORIZED)
                }
                Err(_) => Answered::HungUp,
            },
        }
    }
}

/// As `uplink::link::words` says it of a message.
const NOT_AUTHORIZED: &str = "not authorized";
