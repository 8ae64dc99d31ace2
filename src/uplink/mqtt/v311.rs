//! What the client of MQTT 3.1.1 is told, and how a message looks that it carries.

use super::connect::Route;
use super::fault::BrokerFault;
use super::options::{IN_FLIGHT, PACKET_MAX};
use crate::uplink::config::BrokerConfig;
use crate::uplink::outgoing::Outgoing;
use rumqttc_v4::mqttbytes::QoS;
use rumqttc_v4::{AsyncClient, EventLoop, LastWill, MqttOptions, PublishOptions};
use sidetone_wire::{Qos, stamp};
use std::time::Duration;

/// What every connection is told that does not come from files; nothing of it stays.
pub(super) fn plain(broker: &BrokerConfig, client_id: &str) -> MqttOptions {
    let mut options = MqttOptions::new(client_id, (broker.url.host.as_str(), broker.url.port));
    options
        .set_keep_alive(broker.keep_alive_s)
        .set_clean_session(true)
        .set_max_packet_size(PACKET_MAX as usize, PACKET_MAX as usize)
        .set_inflight(IN_FLIGHT);
    options
}

/// What the node's own session is told that does not come from files. The will has no delay here.
pub(super) fn base(broker: &BrokerConfig, client_id: &str, will: Outgoing) -> MqttOptions {
    let mut options = plain(broker, client_id);
    let delivery = will.class.delivery();
    let qos = quality(delivery.qos);
    let will = LastWill::new(will.topic, will.payload, qos, delivery.retain);
    options.set_last_will(will);
    options
}

/// Both ends of a client.
pub(super) fn build(
    options: MqttOptions,
    connect_timeout: Duration,
    capacity: usize,
) -> (AsyncClient, EventLoop) {
    let (client, mut events) = AsyncClient::builder(options).capacity(capacity).build();
    let seconds = connect_timeout.as_secs().max(1);
    events.network_options.set_connection_timeout(seconds);
    (client, events)
}

/// Reads the password, and says how the connection is made.
pub(super) fn refresh(
    options: &mut MqttOptions,
    broker: &BrokerConfig,
    route: Route,
) -> Result<(), BrokerFault> {
    if let Some(credentials) = &broker.credentials {
        let password = credentials.password("broker.password_file")?;
        options.set_credentials(credentials.username.clone(), password);
    }
    options.set_socket_connector(move |_, _| route.clone().open());
    Ok(())
}

/// How a message is published.
pub(super) fn publish(message: &Outgoing) -> PublishOptions {
    PublishOptions::new(quality(message.class.delivery().qos)).retain(message.retained())
}

fn quality(qos: Qos) -> QoS {
    match qos {
        Qos::AtMostOnce => QoS::AtMostOnce,
        Qos::AtLeastOnce => QoS::AtLeastOnce,
    }
}

/// The message with the time it runs out in its payload, as nothing beside the payload can say it (CONTRACT §1).
/// `age_s` is taken off its life.
pub(super) fn dated(message: &Outgoing, age_s: u64, now_ms: u64) -> Outgoing {
    let mut message = message.clone();
    let Some(life) = message.class.delivery().expiry_s else {
        return message;
    };
    // Every payload is a JSON object with keys; a removal is empty.
    if message.payload.ends_with(b"}") {
        let left_s = u64::from(life).saturating_sub(age_s).max(1);
        let until = now_ms.saturating_add(left_s.saturating_mul(1000));
        message.payload.pop();
        let key = format!(",\"{}\":{until}}}", stamp::VALID_UNTIL);
        message.payload.extend_from_slice(key.as_bytes());
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use sidetone_wire::{MessageClass, NodeName, Stamp};

    fn message(class: MessageClass, payload: &[u8]) -> Outgoing {
        Outgoing {
            topic: "t".to_owned(),
            payload: payload.to_vec(),
            properties: Vec::new(),
            class,
            superseded: false,
        }
    }

    #[test]
    fn what_runs_out_says_when_and_its_age_is_taken_off() {
        let stamp = Stamp::new(NodeName::new("ws-1").unwrap(), 3);
        let payload = serde_json::to_vec(&stamp).unwrap();
        let read = |class, age_s| {
            let dated = dated(&message(class, &payload), age_s, 1_000_000);
            serde_json::from_slice::<Stamp>(&dated.payload).unwrap()
        };
        assert_eq!(
            read(MessageClass::Telemetry, 0).valid_until_ms,
            Some(1_030_000)
        );
        let day_ms = 24 * 3_600_000;
        assert_eq!(
            read(MessageClass::Event, 400).valid_until_ms,
            Some(600_000 + day_ms)
        );
        let overdue = read(MessageClass::Event, 90_000).valid_until_ms;
        assert_eq!(overdue, Some(1_001_000), "it lives a second at least");
        assert_eq!(
            read(MessageClass::Status, 0),
            stamp,
            "a state never runs out"
        );
    }

    #[test]
    fn a_removal_stays_empty() {
        let removal = message(MessageClass::AlertCleared, b"");
        assert_eq!(dated(&removal, 0, 5), removal);
    }
}
