//! How the configuration names a site whose pages are answered.

use super::names::text_type;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// An origin: `https://host` or `https://host:port`, in small letters and without the default port.
/// (Pages without TLS cannot reach this machine in today's browsers.)
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebOrigin(String);

/// A text that is not a [`WebOrigin`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "name a site as https://host or https://host:port, without anything behind it, e.g. https://apps.mypurecloud.com"
)]
pub struct InvalidOrigin;

const SCHEME: &str = "https://";
/// RFC 1035 §2.3.4.
const HOST_BYTES: usize = 253;

impl WebOrigin {
    /// As it stands in a header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The origin of an address, such as a `Referer`.
    #[must_use]
    pub fn of_url(url: &str) -> Option<Self> {
        let rest = url.strip_prefix(SCHEME)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        url.get(..SCHEME.len() + end)?.parse().ok()
    }
}

impl FromStr for WebOrigin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let rest = text.strip_prefix(SCHEME).ok_or(InvalidOrigin)?;
        let (host, port) = match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        };
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
        let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = host.as_bytes();
        if host.len() > HOST_BYTES
            || !bytes.iter().all(|&b| good(b))
            || !edge(bytes.first())
            || !edge(bytes.last())
        {
            return Err(InvalidOrigin);
        }
        let host = host.to_ascii_lowercase();
        let port = match port {
            Some(digits) if !digits.starts_with('+') => {
                Some(digits.parse::<u16>().map_err(|_| InvalidOrigin)?)
            }
            Some(_) => return Err(InvalidOrigin),
            None => None,
        };
        Ok(Self(match port {
            None | Some(443) => format!("{SCHEME}{host}"),
            Some(0) => return Err(InvalidOrigin),
            Some(port) => format!("{SCHEME}{host}:{port}"),
        }))
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_type!(WebOrigin, InvalidOrigin, "web-origin");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_one_spelling() {
        for (written, meant) in [
            ("https://apps.example.com", "https://apps.example.com"),
            ("https://Apps.Example.com:443", "https://apps.example.com"),
            ("https://127.0.0.1:8443", "https://127.0.0.1:8443"),
            ("https://pbx", "https://pbx"),
        ] {
            assert_eq!(written.parse::<WebOrigin>().unwrap().as_str(), meant);
        }
        for bad in [
            "",
            "https://",
            "http://apps.example.com",
            "https://apps.example.com/",
            "https://apps.example.com:0",
            "https://apps.example.com:x",
            "https://apps.example.com:+443",
            "https://a@b",
            "https://*.example.com",
            "https://.example.com",
            "https://example.com.",
            "https://[::1]",
            "HTTPS://apps.example.com",
        ] {
            assert_eq!(bad.parse::<WebOrigin>(), Err(InvalidOrigin), "{bad}");
        }
    }

    #[test]
    fn the_origin_of_an_address_is_what_stands_before_its_path() {
        let of = |url| WebOrigin::of_url(url).map(|origin| origin.to_string());
        let here = Some("https://a.example".to_owned());
        for url in [
            "https://a.example",
            "https://a.example/",
            "https://a.example:443/x?y#z",
            "https://a.example?https://b.example",
            "https://A.example#x",
        ] {
            assert_eq!(of(url), here, "{url}");
        }
        assert_eq!(of("https://a.example@b.example/"), None);
        assert_eq!(of("https://a.example\\@b.example/"), None);
        assert_eq!(of("http://a.example/"), None);
        assert_eq!(of("about:blank"), None);
    }
}
