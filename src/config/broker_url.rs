//! Where the broker is.

use super::names::text_type;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// `mqtt://host[:port]` (port 1883) or `mqtts://host[:port]` (TLS, port 8883); over WebSocket
/// `ws://host[:port][/path]` (port 80) or `wss://host[:port][/path]` (TLS, port 443), where the path is `/mqtt` unless
/// another is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BrokerUrl {
    /// TLS.
    pub tls: bool,
    /// Host name or address; an IPv6 address without its brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The path of the WebSocket; `None` = MQTT straight over TCP or TLS.
    pub websocket: Option<String>,
}

/// Where brokers put their WebSocket, as a rule.
const USUAL_PATH: &str = "/mqtt";

impl BrokerUrl {
    /// How users know it, without `://`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        match (self.websocket.is_some(), self.tls) {
            (false, false) => "mqtt",
            (false, true) => "mqtts",
            (true, false) => "ws",
            (true, true) => "wss",
        }
    }
}

/// A text that is not a [`BrokerUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBrokerUrl {
    /// None of the four schemes.
    #[error(
        "write mqtt://host, or mqtts://host for TLS, with :port if it is not 1883 or 8883; over WebSocket ws:// or wss://"
    )]
    Scheme,
    /// Not the path of a WebSocket.
    #[error("the path may hold letters, digits and -._~/ only, and goes with ws:// and wss://")]
    Path,
    /// User name and password do not belong in the address.
    #[error("leave out user name and password, and set broker.username and broker.password_file")]
    Credentials,
    /// Nothing, or something impossible, where the host should be.
    #[error("the host must be a name, an IPv4 address or an IPv6 address in brackets")]
    Host,
    /// Not a port.
    #[error("the port must be a number from 1 to 65535")]
    Port,
}

impl FromStr for BrokerUrl {
    type Err = InvalidBrokerUrl;

    fn from_str(text: &str) -> Result<Self, InvalidBrokerUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidBrokerUrl::Scheme)?;
        let (tls, over_websocket, usual_port) = match scheme {
            "mqtt" => (false, false, 1883),
            "mqtts" => (true, false, 8883),
            "ws" => (false, true, 80),
            "wss" => (true, true, 443),
            _ => return Err(InvalidBrokerUrl::Scheme),
        };
        if rest.contains('@') {
            return Err(InvalidBrokerUrl::Credentials);
        }
        let (rest, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, "/"),
        };
        let in_path = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
        if !path.chars().all(in_path) || path.len() > 200 || !over_websocket && path != "/" {
            return Err(InvalidBrokerUrl::Path);
        }
        let path = if path == "/" { USUAL_PATH } else { path };
        let (host, port) = match rest.strip_prefix('[') {
            Some(v6) => {
                let (host, after) = v6.split_once(']').ok_or(InvalidBrokerUrl::Host)?;
                host.parse::<std::net::Ipv6Addr>()
                    .map_err(|_| InvalidBrokerUrl::Host)?;
                let port = match after {
                    "" => None,
                    _ => Some(after.strip_prefix(':').ok_or(InvalidBrokerUrl::Host)?),
                };
                (host, port)
            }
            None => match rest.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        let v6 = rest.starts_with('[');
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if host.is_empty() || host.len() > 253 || !(v6 || host.chars().all(good)) {
            return Err(InvalidBrokerUrl::Host);
        }
        let port = match port {
            None => usual_port,
            Some(port) => match port.parse::<u16>() {
                Ok(port) if port > 0 => port,
                _ => return Err(InvalidBrokerUrl::Port),
            },
        };
        Ok(Self {
            tls,
            host: host.to_owned(),
            port,
            websocket: over_websocket.then(|| path.to_owned()),
        })
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, path) = (self.scheme(), self.websocket.as_deref().unwrap_or_default());
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}{path}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}{path}", self.host, self.port)
        }
    }
}

text_type!(BrokerUrl, InvalidBrokerUrl, "broker-url");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_written_alike() {
        for (text, whole) in [
            ("mqtt://localhost", "mqtt://localhost:1883"),
            (
                "mqtts://broker.example.com/",
                "mqtts://broker.example.com:8883",
            ),
            ("mqtt://10.0.0.7:1884", "mqtt://10.0.0.7:1884"),
            ("mqtts://[2001:db8::1]:8884", "mqtts://[2001:db8::1]:8884"),
            ("mqtt://[::1]", "mqtt://[::1]:1883"),
            ("ws://broker", "ws://broker:80/mqtt"),
            ("ws://broker/", "ws://broker:80/mqtt"),
            (
                "wss://broker.example.com/a/b",
                "wss://broker.example.com:443/a/b",
            ),
            ("wss://[2001:db8::1]:8443", "wss://[2001:db8::1]:8443/mqtt"),
        ] {
            let url: BrokerUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), whole);
            assert_eq!(whole.parse(), Ok(url));
        }
    }

    #[test]
    fn what_is_no_broker_is_refused_with_the_reason() {
        use InvalidBrokerUrl as E;
        for (text, error) in [
            ("localhost:1883", E::Scheme),
            ("tcp://localhost", E::Scheme),
            ("mqtt://user:secret@host", E::Credentials),
            ("mqtt://", E::Host),
            ("mqtt://a b", E::Host),
            ("mqtt://host/path", E::Path),
            ("ws://host/a?b=c", E::Path),
            ("wss://host/a b", E::Path),
            ("wss://:443/mqtt", E::Host),
            ("http://host", E::Scheme),
            ("mqtt://[::1", E::Host),
            ("mqtt://[nonsense]", E::Host),
            ("mqtt://host:0", E::Port),
            ("mqtt://host:70000", E::Port),
            ("mqtt://host:", E::Port),
        ] {
            assert_eq!(text.parse::<BrokerUrl>(), Err(error), "{text}");
        }
    }
}
