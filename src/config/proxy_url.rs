//! Where the HTTP proxy on the way to the broker is.

use super::names::text_type;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// `http://host:port`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProxyUrl {
    /// Host name or address; an IPv6 address without its brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// A text that is not a [`ProxyUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProxyUrl {
    /// Not such an address at all.
    #[error("write http://host:port, the HTTP proxy that the connection is to go through")]
    Form,
    /// User name and password do not belong in the address.
    #[error(
        "leave out user name and password, and set broker.proxy_username and broker.proxy_password_file"
    )]
    Credentials,
}

impl FromStr for ProxyUrl {
    type Err = InvalidProxyUrl;

    fn from_str(text: &str) -> Result<Self, InvalidProxyUrl> {
        let uri: hyper::Uri = text.parse().map_err(|_| InvalidProxyUrl::Form)?;
        let authority = uri.authority().ok_or(InvalidProxyUrl::Form)?;
        if authority.as_str().contains('@') {
            return Err(InvalidProxyUrl::Credentials);
        }
        let port = uri.port_u16().filter(|port| *port > 0);
        let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let (Some("http"), Some(port), true) = (uri.scheme_str(), port, bare) else {
            return Err(InvalidProxyUrl::Form);
        };
        let host = authority.host();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(InvalidProxyUrl::Form);
        }
        let host = host.to_owned();
        Ok(Self { host, port })
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "http://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "http://{}:{}", self.host, self.port)
        }
    }
}

text_type!(ProxyUrl, InvalidProxyUrl, "proxy-url");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_host_and_a_port() {
        for text in [
            "http://proxy.acme.example:3128",
            "http://[2001:db8::1]:8080",
        ] {
            let url: ProxyUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), text);
        }
        use InvalidProxyUrl as E;
        for (text, error) in [
            ("proxy:3128", E::Form),
            ("http://proxy", E::Form),
            ("https://proxy:3128", E::Form),
            ("socks5://proxy:1080", E::Form),
            ("http://proxy:3128/path", E::Form),
            ("http://me:secret@proxy:3128", E::Credentials),
        ] {
            assert_eq!(text.parse::<ProxyUrl>(), Err(error), "{text}");
        }
    }
}
