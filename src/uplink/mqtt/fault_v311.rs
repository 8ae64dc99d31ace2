//! What an error of the client of MQTT 3.1.1 means.

use super::fault::{BrokerFault, io_fault, words};
use crate::config::BrokerUrl;
use rumqttc_v4::{ConnectReturnCode, ConnectionError, StateError};
use std::io::ErrorKind;

/// The same sentences as for MQTT 5; `connected` tells whether CONNACK had come.
pub(super) fn explain(error: &ConnectionError, url: &BrokerUrl, connected: bool) -> BrokerFault {
    let url = url.to_string();
    if connected {
        let why = match error {
            ConnectionError::MqttState(StateError::AwaitPingResp) => {
                "the broker no longer answers".to_owned()
            }
            ConnectionError::MqttState(StateError::ConnectionAborted) => {
                "the broker hung up".to_owned()
            }
            other => other.to_string(),
        };
        return BrokerFault::Lost { url, why };
    }
    match error {
        ConnectionError::ConnectionRefused(code) => refusal(url, *code),
        ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => {
            BrokerFault::Silent { url }
        }
        ConnectionError::Io(error) | ConnectionError::MqttState(StateError::Io(error)) => {
            io_fault(url, error)
        }
        ConnectionError::MqttState(StateError::ConnectionAborted) => BrokerFault::HangsUp { url },
        // The kind `Other` is the codec's: the answer ended in what would be the middle of a packet.
        ConnectionError::MqttState(StateError::Deserialization(rumqttc_v4::Error::Io(error)))
            if error.kind() != ErrorKind::Other =>
        {
            io_fault(url, error)
        }
        ConnectionError::NotConnAck(_) | ConnectionError::MqttState(_) => {
            BrokerFault::NotMqtt { url }
        }
        other => BrokerFault::NotThere {
            url,
            why: other.to_string(),
        },
    }
}

/// The return codes of CONNACK (MQTT 3.1.1 §3.2.2.3).
fn refusal(url: String, code: ConnectReturnCode) -> BrokerFault {
    use ConnectReturnCode as C;
    let why = words(&format!("{code:?}"));
    match code {
        C::RefusedProtocolVersion => BrokerFault::NoOldMqtt { url },
        C::ServiceUnavailable => BrokerFault::Busy { url, why },
        C::Success | C::BadClientId | C::BadUserNamePassword | C::NotAuthorized => {
            BrokerFault::Refused { url, why }
        }
    }
}
