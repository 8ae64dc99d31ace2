//! Why there is no connection: one clear sentence each.

use super::proxy::ProxyError;
use super::websocket::WebSocketError;
use crate::config::BrokerUrl;
use rumqttc::tokio_rustls::rustls;
use rumqttc::{ConnectReturnCode, ConnectionError, StateError, TlsError};
use std::io::{self, ErrorKind};
use std::path::PathBuf;

/// Why there is no connection to the broker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokerFault {
    /// Nothing answers there.
    #[error("no broker answers at {url} ({why}): check broker.url, and that the broker runs")]
    NotThere {
        /// The broker.
        url: String,
        /// What the system says.
        why: String,
    },
    /// The broker says no.
    #[error(
        "the broker at {url} refuses this node ({why}): check broker.username, broker.password_file and the broker's access list"
    )]
    Refused {
        /// The broker.
        url: String,
        /// The reason code of CONNACK (MQTT 5 §3.2.2.2).
        why: String,
    },
    /// The broker is there and has no room.
    #[error("the broker at {url} is busy ({why}); it is tried again")]
    Busy {
        /// The broker.
        url: String,
        /// The reason code of CONNACK (MQTT 5 §3.2.2.2).
        why: String,
    },
    /// Something else answers.
    #[error("what answers at {url} does not speak MQTT: check the port in broker.url")]
    NotMqtt {
        /// The broker.
        url: String,
    },
    /// An older broker.
    #[error(
        "the broker at {url} speaks MQTT 3.1.1 only: update it, or set broker.mqtt = \"auto\" or \"3.1.1\""
    )]
    OldMqtt {
        /// The broker.
        url: String,
    },
    /// A broker that no longer speaks the old version.
    #[error("the broker at {url} does not speak MQTT 3.1.1: set broker.mqtt = \"auto\"")]
    NoOldMqtt {
        /// The broker.
        url: String,
    },
    /// It accepts and hangs up.
    #[error(
        "the server at {url} hangs up at once: check the port and whether it wants TLS (mqtts://)"
    )]
    HangsUp {
        /// The broker.
        url: String,
    },
    /// It accepts and says nothing.
    #[error(
        "the server at {url} accepts the connection and says nothing: check the port, and whether the broker hangs"
    )]
    Silent {
        /// The broker.
        url: String,
    },
    /// TLS does not come about.
    #[error(
        "TLS with {url} fails ({why}): check broker.ca_file, broker.client_cert and the name in the broker's certificate"
    )]
    Tls {
        /// The broker.
        url: String,
        /// What the TLS library says.
        why: String,
    },
    /// Something other than MQTT over WebSocket answers.
    #[error(
        "the server at {url} takes no MQTT over WebSocket ({why}): check port and path in broker.url"
    )]
    NoWebSocket {
        /// The broker.
        url: String,
        /// What it does instead.
        why: String,
    },
    /// The proxy on the way.
    #[error("the way to {url} ends at the proxy broker.proxy ({why})")]
    Proxy {
        /// The broker.
        url: String,
        /// What the proxy does.
        why: String,
    },
    /// A certificate, key or password file cannot be used.
    #[error("{path} cannot be used ({why}): check {key}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The setting that names it.
        key: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A connection that stood has broken.
    #[error("the connection to the broker at {url} broke ({why}); messages wait")]
    Lost {
        /// The broker.
        url: String,
        /// What happened.
        why: String,
    },
}

impl BrokerFault {
    /// Whether it is the same thing again, whatever the details say.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// What an error of the client means; `connected` tells whether CONNACK had come.
pub(crate) fn explain(error: &ConnectionError, url: &BrokerUrl, connected: bool) -> BrokerFault {
    let url = url.to_string();
    if connected {
        let why = match error {
            ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, .. }) => {
                format!(
                    "the broker ended it: {}",
                    words(&format!("{reason_code:?}"))
                )
            }
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
        ConnectionError::ConnectionRefused(code)
        | ConnectionError::MqttState(StateError::ConnFail { reason: code }) => refusal(url, *code),
        ConnectionError::Timeout(_) => BrokerFault::Silent { url },
        ConnectionError::Tls(error) => tls(url, error),
        ConnectionError::Io(error) | ConnectionError::MqttState(StateError::Io(error)) => {
            io_fault(url, error)
        }
        ConnectionError::MqttState(StateError::ConnectionAborted) => BrokerFault::HangsUp { url },
        // The kind `Other` is the codec's: the answer ended in what would be the middle of a packet.
        ConnectionError::MqttState(StateError::Deserialization(rumqttc::Error::Io(error)))
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

fn refusal(url: String, code: ConnectReturnCode) -> BrokerFault {
    use ConnectReturnCode as C;
    let why = words(&format!("{code:?}"));
    match code {
        C::RefusedProtocolVersion | C::UnsupportedProtocolVersion => BrokerFault::OldMqtt { url },
        C::ServiceUnavailable
        | C::ServerUnavailable
        | C::ServerBusy
        | C::ConnectionRateExceeded
        | C::QuotaExceeded => BrokerFault::Busy { url, why },
        _ => BrokerFault::Refused { url, why },
    }
}

/// What is wrong with the broker's certificate, if that is the matter.
fn disbelief(error: &rustls::Error) -> Option<&'static str> {
    use rustls::CertificateError as C;
    let rustls::Error::InvalidCertificate(error) = error else {
        return None;
    };
    Some(match error {
        C::Expired | C::ExpiredContext { .. } => "the broker's certificate has expired",
        C::NotValidYet | C::NotValidYetContext { .. } => {
            "the broker's certificate is not valid yet, or this clock is slow"
        }
        C::NotValidForName | C::NotValidForNameContext { .. } => {
            "the broker's certificate is for another name"
        }
        C::UnknownIssuer => "the broker's certificate is signed by nobody who is believed here",
        C::Revoked => "the broker's certificate is revoked",
        C::UnknownRevocationStatus => {
            "the broker's certificate is of an authority whose list is not in broker.crl_file"
        }
        C::ExpiredRevocationList | C::ExpiredRevocationListContext { .. } => {
            "the broker's certificate cannot be checked: the list in broker.crl_file has run out"
        }
        _ => return None,
    })
}

pub(super) fn io_fault(url: String, error: &io::Error) -> BrokerFault {
    // In TLS 1.3 the server judges this node's certificate after the handshake, and says so instead of
    // its first answer.
    if let Some(why) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
    {
        let why = disbelief(why).map_or_else(|| error.to_string(), str::to_owned);
        return BrokerFault::Tls { url, why };
    }
    let inner = error.get_ref();
    if let Some(why) = inner.and_then(|inner| inner.downcast_ref::<ProxyError>()) {
        let why = why.to_string();
        return BrokerFault::Proxy { url, why };
    }
    if let Some(why) = inner.and_then(|inner| inner.downcast_ref::<WebSocketError>()) {
        let why = why.to_string();
        return BrokerFault::NoWebSocket { url, why };
    }
    match error.kind() {
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe => BrokerFault::HangsUp { url },
        ErrorKind::InvalidData | ErrorKind::InvalidInput => BrokerFault::NotMqtt { url },
        ErrorKind::TimedOut => BrokerFault::Silent { url },
        _ => BrokerFault::NotThere {
            url,
            why: error.to_string(),
        },
    }
}

fn tls(url: String, error: &TlsError) -> BrokerFault {
    match error {
        TlsError::Io(error) if error.get_ref().is_none() => io_fault(url, error),
        TlsError::Io(error) => BrokerFault::Tls {
            url,
            why: error.to_string(),
        },
        other => BrokerFault::Tls {
            url,
            why: other.to_string(),
        },
    }
}

/// `NotAuthorized` → `not authorized`
pub(super) fn words(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}
