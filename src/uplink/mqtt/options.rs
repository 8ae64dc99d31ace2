//! What the client is told: address, TLS, credentials, will. Files are read at every attempt.

use super::answer::Answer;
use super::connect::Route;
use super::fault::BrokerFault;
use super::tls::read;
use crate::uplink::config::{BrokerConfig, Credentials, Timing};
use crate::uplink::outgoing::Outgoing;
use rumqttc::mqttbytes::v5::{LastWillProperties, PublishProperties};
use rumqttc::{LastWill, MqttOptions, PublishOptions, QoS};
use sidetone_wire::Qos;
use sidetone_wire::delivery::WILL_DELAY_S;
use std::time::Duration;

/// The broker keeps the session this long for a node that is away, in seconds.
const SESSION_EXPIRY_S: u32 = 3600;

/// Messages on their way at once, states included. The client keeps room for each from the start:
/// for its default of 65,535 that is 16 MiB.
pub(super) const IN_FLIGHT: u16 = 64;

/// The broker sends nothing larger: the longest payload of the contract, with topic and properties beside it.
/// (The client's own default of 10 KiB would end the connection over a larger document, again and again.)
pub(super) const PACKET_MAX: u32 = sidetone_wire::stamp::PAYLOAD_MAX as u32 + 8192;

/// What every connection is told that does not come from files; it begins anew, and nothing of it stays.
pub(super) fn plain(
    broker: &BrokerConfig,
    connect_timeout: Duration,
    client_id: &str,
) -> MqttOptions {
    let mut options = MqttOptions::new(client_id, (broker.url.host.as_str(), broker.url.port));
    options
        .set_keep_alive(broker.keep_alive_s)
        .set_connect_timeout(connect_timeout)
        .set_clean_start(true)
        .set_max_packet_size(Some(PACKET_MAX))
        .set_outgoing_inflight_upper_limit(IN_FLIGHT);
    options
}

/// What the node's own session is told that does not come from files.
pub(super) fn base(
    broker: &BrokerConfig,
    timing: &Timing,
    client_id: &str,
    will: Outgoing,
) -> MqttOptions {
    // The first connection of a process starts anew: it has no memory of the last one's packet
    // ids. Later ones continue: a session begun anew would send the will at once.
    let mut options = plain(broker, timing.connect_timeout, client_id);
    let delivery = will.class.delivery();
    let properties = LastWillProperties {
        delay_interval: Some(WILL_DELAY_S),
        payload_format_indicator: Some(1),
        message_expiry_interval: delivery.expiry_s,
        content_type: Some("application/json".to_owned()),
        response_topic: None,
        correlation_data: None,
        user_properties: will.properties,
    };
    let qos = quality(delivery.qos);
    options
        .set_session_expiry_interval(Some(SESSION_EXPIRY_S))
        .set_last_will(LastWill::new(
            will.topic,
            will.payload,
            qos,
            delivery.retain,
            Some(properties),
        ));
    options
}

/// How a message is published. `age_s` is taken off the life of an event.
pub(super) fn publish(message: &Outgoing, age_s: u64) -> PublishOptions {
    with(message, properties(message, age_s))
}

/// How an answer is published.
pub(super) fn answer(message: &Outgoing, correlation: Option<Vec<u8>>) -> PublishOptions {
    let mut properties = properties(message, 0);
    properties.correlation_data = correlation.map(Into::into);
    with(message, properties)
}

fn with(message: &Outgoing, properties: PublishProperties) -> PublishOptions {
    let delivery = message.class.delivery();
    PublishOptions::new(quality(delivery.qos))
        .retain(message.retained())
        .properties(properties)
}

fn properties(message: &Outgoing, age_s: u64) -> PublishProperties {
    let delivery = message.class.delivery();
    let age = u32::try_from(age_s).unwrap_or(u32::MAX);
    let removal = message.payload.is_empty();
    PublishProperties {
        message_expiry_interval: delivery
            .expiry_s
            .map(|life| life.saturating_sub(age).max(1)),
        payload_format_indicator: (!removal).then_some(1),
        content_type: (!removal).then(|| "application/json".to_owned()),
        user_properties: message.properties.clone(),
        ..PublishProperties::default()
    }
}

fn quality(qos: Qos) -> QoS {
    match qos {
        Qos::AtMostOnce => QoS::AtMostOnce,
        Qos::AtLeastOnce => QoS::AtLeastOnce,
    }
}

/// Reads the password, and says how the connection is made; `answer` tells of each connection what the
/// broker's first words were.
pub(super) fn refresh(
    options: &mut MqttOptions,
    broker: &BrokerConfig,
    answer: &Answer,
    route: Route,
) -> Result<(), BrokerFault> {
    if let Some(credentials) = &broker.credentials {
        let password = credentials.password("broker.password_file")?;
        options.set_credentials(credentials.username.clone(), password);
    }
    // The client would do TLS by itself, but no list of the revoked, no WebSocket and no proxy.
    let answer = answer.clone();
    options.set_socket_connector(move |_, _| {
        let (route, answer) = (route.clone(), answer.clone());
        async move { route.open().await.map(|line| answer.listen(line)) }
    });
    Ok(())
}

impl Credentials {
    /// The password; `key` names its file's setting.
    pub(super) fn password(&self, key: &'static str) -> Result<Vec<u8>, BrokerFault> {
        let Some(path) = &self.password_file else {
            return Ok(Vec::new());
        };
        let bytes = read(path, key)?;
        let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
        Ok(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
    }
}
