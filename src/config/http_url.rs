//! Where a softphone's HTTP service is.

use super::names::text_type;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// `https://host[:port]/path`, or `http://` on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HttpUrl {
    /// TLS.
    pub tls: bool,
    /// Host name or address; an IPv6 address without its brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Path and query.
    pub path: String,
}

/// A text that is not an [`HttpUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHttpUrl {
    /// Not such an address at all.
    #[error("write https://host/path, or http://127.0.0.1:port/path on this machine")]
    Form,
    /// User name and password do not belong in the address.
    #[error("leave out user name and password, and set adapters.http.token_file")]
    Credentials,
    /// Anybody on the way could read the calls, and hold them.
    #[error(
        "http:// may go to this machine only (127.0.0.1, [::1], localhost); write https:// there"
    )]
    NotEncrypted,
}

impl HttpUrl {
    /// Host and port as the `Host` header has them.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl FromStr for HttpUrl {
    type Err = InvalidHttpUrl;

    fn from_str(text: &str) -> Result<Self, InvalidHttpUrl> {
        let uri: hyper::Uri = text.parse().map_err(|_| InvalidHttpUrl::Form)?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(InvalidHttpUrl::Form),
        };
        let authority = uri.authority().ok_or(InvalidHttpUrl::Form)?;
        if authority.as_str().contains('@') {
            return Err(InvalidHttpUrl::Credentials);
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let port = match authority.port_u16() {
            Some(0) => return Err(InvalidHttpUrl::Form),
            Some(port) => port,
            None if authority.as_str().ends_with(':') => return Err(InvalidHttpUrl::Form),
            None if tls => 443,
            None => 80,
        };
        if !tls && !is_this_machine(&host) {
            return Err(InvalidHttpUrl::NotEncrypted);
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            tls,
            host,
            port,
            path: path.to_owned(),
        })
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

text_type!(HttpUrl, InvalidHttpUrl, "http-url");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_alike() {
        for (text, whole) in [
            (
                "http://127.0.0.1:8080/calls?of=me",
                "http://127.0.0.1:8080/calls?of=me",
            ),
            ("http://localhost", "http://localhost:80/"),
            ("http://[::1]:9/x", "http://[::1]:9/x"),
            (
                "https://pbx.example.com/hold",
                "https://pbx.example.com:443/hold",
            ),
        ] {
            let url: HttpUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), whole);
            assert_eq!(whole.parse(), Ok(url));
        }
    }

    #[test]
    fn calls_do_not_go_in_the_clear() {
        use InvalidHttpUrl as E;
        for (text, error) in [
            ("http://pbx.example.com/", E::NotEncrypted),
            ("http://10.0.0.7/", E::NotEncrypted),
            ("http://127.0.0.1.example.com/", E::NotEncrypted),
            ("https://me:secret@pbx.example.com/", E::Credentials),
            ("ftp://localhost/", E::Form),
            ("pbx.example.com/hold", E::Form),
            ("https://pbx.example.com:0/", E::Form),
            ("", E::Form),
        ] {
            assert_eq!(text.parse::<HttpUrl>(), Err(error), "{text}");
        }
    }
}
