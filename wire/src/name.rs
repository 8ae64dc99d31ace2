//! The names that become topic levels. Each is checked where it enters the program, so that no
//! topic can hold a wildcard, an empty level or a foreign node's name by accident.
//!
//! *Never* mends a name by itself: what a person configured wrongly is an error that says so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Longest organisation, node, group or team name in topics (CONTRACT §2: `[a-z0-9][a-z0-9-]{0,62}`).
pub const NAME_MAX: usize = 63;

/// Why a text cannot be a topic level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The name does not match `[a-z0-9][a-z0-9-]{0,62}`.
    #[error(
        "{0:?} is not a valid name: use 1 to 63 of a-z, 0-9 and -, beginning with a letter or digit"
    )]
    Name(String),
    /// Not one of the subjects of CONTRACT §1.
    #[error("{0:?} is not an alert subject: use agent, customer, call, node or headset-<id>")]
    Subject(String),
    /// Not one of the inventory items of CONTRACT §1.
    #[error("{0:?} is not an inventory item: use host, daemon, softphone or headset-<id>")]
    Item(String),
}

/// `[a-z0-9][a-z0-9-]{0,62}`
fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= NAME_MAX
        && bytes.first().is_some_and(|first| *first != b'-')
        && bytes
            .iter()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// `headset-<id>` with an id that is itself a name.
fn is_headset(text: &str) -> bool {
    text.strip_prefix("headset-").is_some_and(is_name)
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $error:ident, $check:expr, $pattern:literal) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(try_from = "String", into = "String")]
        #[schemars(!try_from, !into)]
        pub struct $name(#[schemars(regex(pattern = $pattern))] String);

        impl $name {
            /// Checks the text.
            ///
            /// # Errors
            /// If the text does not match the contract's pattern.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                let valid: fn(&str) -> bool = $check;
                if valid(&text) { Ok(Self(text)) } else { Err(NameError::$error(text)) }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

name_type!(
    /// The organisation: second level of every topic.
    OrgName, Name, is_name, "^[a-z0-9][a-z0-9-]{0,62}$"
);
name_type!(
    /// One workstation; equals the common name of its certificate.
    NodeName, Name, is_name, "^[a-z0-9][a-z0-9-]{0,62}$"
);
name_type!(
    /// A team, group, command or telemetry stream in a topic.
    LevelName, Name, is_name, "^[a-z0-9][a-z0-9-]{0,62}$"
);
name_type!(
    /// Whom or what an alert is about: `agent`, `customer`, `call`, `node` or `headset-<id>`.
    Subject,
    Subject,
    |text| matches!(text, "agent" | "customer" | "call" | "node") || is_headset(text),
    "^(agent|customer|call|node|headset-[a-z0-9][a-z0-9-]{0,62})$"
);
name_type!(
    /// A retained inventory item: `host`, `daemon`, `softphone` or `headset-<id>`.
    Item,
    Item,
    |text| matches!(text, "host" | "daemon" | "softphone") || is_headset(text),
    "^(host|daemon|softphone|headset-[a-z0-9][a-z0-9-]{0,62})$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_contract() {
        for good in ["a", "0", "ws-17", "a-", &"x".repeat(63)] {
            assert!(NodeName::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-a",
            "A",
            "a.b",
            "a/b",
            "+",
            "#",
            "ä",
            "a b",
            &"x".repeat(64),
        ] {
            assert!(NodeName::new(bad).is_err(), "{bad}");
            assert!(OrgName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn subjects_and_items_are_closed() {
        for good in [
            "agent",
            "customer",
            "call",
            "node",
            "headset-047f-c053-1a2b3c4d",
        ] {
            assert!(Subject::new(good).is_ok(), "{good}");
        }
        for bad in ["both", "headset-", "headset-/x", "headset-+", "agents", ""] {
            assert!(Subject::new(bad).is_err(), "{bad}");
        }
        assert!(Item::new("host").is_ok() && Item::new("headset-a").is_ok());
        assert!(Item::new("agent").is_err() && Item::new("headset-#").is_err());
    }

    #[test]
    fn a_wrong_name_in_json_is_refused() {
        assert!(serde_json::from_str::<NodeName>("\"ws-1\"").is_ok());
        assert!(serde_json::from_str::<NodeName>("\"ws/1\"").is_err());
    }
}
