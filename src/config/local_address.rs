//! A port of this machine.

use super::names::text_type;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// `127.0.0.1:4444`: an address of the loopback interface with a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalAddress(SocketAddr);

/// A text that is not a [`LocalAddress`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write an address of this machine with its port, e.g. 127.0.0.1:4444 or [::1]:4444; the control of a softphone has no password, so it must not come over the network"
)]
pub struct InvalidLocalAddress;

impl LocalAddress {
    /// The address.
    #[must_use]
    pub fn get(self) -> SocketAddr {
        self.0
    }
}

impl FromStr for LocalAddress {
    type Err = InvalidLocalAddress;

    fn from_str(text: &str) -> Result<Self, InvalidLocalAddress> {
        text.parse()
            .ok()
            .filter(|address: &SocketAddr| address.ip().is_loopback() && address.port() > 0)
            .map(Self)
            .ok_or(InvalidLocalAddress)
    }
}

impl fmt::Display for LocalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_type!(LocalAddress, InvalidLocalAddress, "local-address");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_taken() {
        for good in ["127.0.0.1:4444", "[::1]:1"] {
            assert_eq!(good.parse::<LocalAddress>().unwrap().to_string(), good);
        }
        for bad in [
            "0.0.0.0:4444",
            "10.0.0.1:4444",
            "127.0.0.1",
            "localhost:4444",
            "127.0.0.1:0",
        ] {
            assert!(bad.parse::<LocalAddress>().is_err(), "{bad}");
        }
    }
}
