//! The connection to the broker for one command: connects once, reads what is retained, publishes.

use super::FleetError;
use crate::uplink::config::BrokerConfig;
use crate::uplink::{BrokerFault, explain, refresh};
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v5::{PubAckReason, SubscribeReasonCode};
use rumqttc::{
    AsyncClient, Event, EventLoop, Incoming, MqttOptions, PublishNoticeError, PublishOptions,
};
use sidetone_wire::stamp::PAYLOAD_MAX;
use std::time::Duration;

/// Longest wait for the broker's answer to anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is retained comes at once after the broker's answer to the subscription; after this pause that was all.
const QUIET: Duration = Duration::from_millis(500);

/// A connection. Must be used on a tokio runtime with time and I/O.
pub struct Link {
    broker: BrokerConfig,
    client: AsyncClient,
    events: EventLoop,
    connected: bool,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Link").field(&self.broker.url).finish()
    }
}

impl Link {
    /// Prepares it; the first message connects.
    ///
    /// # Errors
    /// If certificates or password cannot be read.
    pub fn new(broker: BrokerConfig) -> Result<Self, FleetError> {
        let id = format!("sidetone-fleet-{}", uuid::Uuid::now_v7().simple());
        let mut options = MqttOptions::new(id, (broker.url.host.as_str(), broker.url.port));
        // Topic and properties fit beside the longest payload.
        let packet_max = u32::try_from(PAYLOAD_MAX).unwrap_or(u32::MAX) + 8192;
        options
            .set_keep_alive(broker.keep_alive_s)
            .set_connect_timeout(PATIENCE)
            .set_clean_start(true)
            .set_max_packet_size(Some(packet_max));
        refresh(&mut options, &broker)?;
        let (client, events) = AsyncClient::builder(options).capacity(16).build();
        Ok(Self {
            broker,
            client,
            events,
            connected: false,
        })
    }

    async fn poll(&mut self) -> Result<Event, FleetError> {
        match self.events.poll().await {
            Ok(event) => {
                if let Event::Incoming(Incoming::ConnAck(_)) = &event {
                    self.connected = true;
                }
                Ok(event)
            }
            Err(error) => {
                let fault: BrokerFault = explain(&error, &self.broker.url, self.connected);
                Err(fault.into())
            }
        }
    }

    /// Subscribes, and hands over each message that is retained there.
    ///
    /// # Errors
    /// If the broker does not answer or does not let this account read.
    pub async fn retained(
        &mut self,
        filters: &[String],
        mut take: impl FnMut(&str, &[u8]),
    ) -> Result<(), FleetError> {
        for filter in filters {
            let asked = self.client.try_subscribe(filter.as_str(), QoS::AtLeastOnce);
            asked.map_err(|_| FleetError::Silent)?;
        }
        let mut answered = 0;
        loop {
            let all = answered == filters.len();
            let patience = if all { QUIET } else { PATIENCE };
            let event = match tokio::time::timeout(patience, self.poll()).await {
                Ok(event) => event?,
                Err(_) if all => return Ok(()),
                Err(_) => return Err(FleetError::Silent),
            };
            match event {
                Event::Incoming(Incoming::SubAck(ack)) => {
                    // One answer to each, in order.
                    let topic = filters.get(answered).cloned().unwrap_or_default();
                    answered += 1;
                    let refused = |code: &&SubscribeReasonCode| {
                        !matches!(code, SubscribeReasonCode::Success(_))
                    };
                    if let Some(code) = ack.return_codes.iter().find(refused) {
                        return Err(FleetError::NotAllowed {
                            doing: "read",
                            topic,
                            why: format!("{code:?}"),
                        });
                    }
                }
                Event::Incoming(Incoming::Publish(message)) => {
                    take(&String::from_utf8_lossy(&message.topic), &message.payload);
                }
                _ => {}
            }
        }
    }

    /// The next message of what was subscribed.
    ///
    /// # Errors
    /// If the connection breaks.
    pub async fn next(&mut self) -> Result<(String, Vec<u8>), FleetError> {
        loop {
            if let Event::Incoming(Incoming::Publish(message)) = self.poll().await? {
                let topic = String::from_utf8_lossy(&message.topic).into_owned();
                return Ok((topic, message.payload.to_vec()));
            }
        }
    }

    /// Publishes a retained message, and waits until the broker has it.
    ///
    /// # Errors
    /// If it does not take it.
    pub async fn publish(&mut self, topic: &str, payload: Vec<u8>) -> Result<(), FleetError> {
        let options = PublishOptions::new(QoS::AtLeastOnce).retain(true);
        let sent = self.client.try_publish_tracked(topic, payload, options);
        let notice = sent.map_err(|_| FleetError::Silent)?;
        let done = notice.wait_completion_async();
        tokio::pin!(done);
        let until = tokio::time::sleep(PATIENCE);
        tokio::pin!(until);
        loop {
            tokio::select! {
                done = &mut done => return match done {
                    Ok(()) | Err(PublishNoticeError::V5PubAck(PubAckReason::NoMatchingSubscribers)) => Ok(()),
                    Err(PublishNoticeError::V5PubAck(reason)) => Err(FleetError::NotAllowed {
                        doing: "write",
                        topic: topic.to_owned(),
                        why: format!("{reason:?}"),
                    }),
                    Err(_) => Err(FleetError::Silent),
                },
                event = self.poll() => drop(event?),
                () = &mut until => return Err(FleetError::Silent),
            }
        }
    }

    /// Says goodbye.
    pub async fn close(mut self) {
        if self.client.try_disconnect().is_ok() {
            let _ = tokio::time::timeout(Duration::from_secs(1), async {
                while self.poll().await.is_ok() {}
            })
            .await;
        }
    }
}
