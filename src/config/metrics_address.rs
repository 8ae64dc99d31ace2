//! Where metrics are served: on this machine only.

use super::local_address::LocalAddress;
use super::names::text_type;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Longest path of a Unix socket on Linux, in bytes (unix(7): 108 with the final zero).
const PATH_MAX: usize = 107;

/// `unix:/run/sidetone/metrics.sock`, or a port of the loopback interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum MetricsAddress {
    /// The absolute path of a socket.
    Unix(PathBuf),
    /// `127.0.0.1:9464` or `[::1]:9464`.
    Loopback(LocalAddress),
}

/// A text that is not a [`MetricsAddress`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write unix:/absolute/path of at most 107 bytes, or an address of this machine with its port, e.g. 127.0.0.1:9464; the figures are for this machine only"
)]
pub struct InvalidMetricsAddress;

impl FromStr for MetricsAddress {
    type Err = InvalidMetricsAddress;

    fn from_str(text: &str) -> Result<Self, InvalidMetricsAddress> {
        match text.strip_prefix("unix:") {
            Some(path) => Some(Path::new(path))
                .filter(|path| path.is_absolute() && path.as_os_str().len() <= PATH_MAX)
                .map(|path| Self::Unix(path.to_owned()))
                .ok_or(InvalidMetricsAddress),
            None => text
                .parse()
                .map(Self::Loopback)
                .map_err(|_| InvalidMetricsAddress),
        }
    }
}

impl fmt::Display for MetricsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Loopback(address) => address.fmt(f),
        }
    }
}

text_type!(MetricsAddress, InvalidMetricsAddress, "metrics-address");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_taken() {
        for good in ["unix:/run/m.sock", "127.0.0.1:9464", "[::1]:9464"] {
            let address = good.parse::<MetricsAddress>().unwrap();
            assert_eq!(address.to_string(), good);
        }
        let long = format!("unix:/{}", "x".repeat(107));
        for bad in [
            "unix:m.sock",
            "unix:",
            &long,
            "0.0.0.0:9464",
            "9464",
            "localhost:9464",
        ] {
            assert!(bad.parse::<MetricsAddress>().is_err(), "{bad}");
        }
    }
}
