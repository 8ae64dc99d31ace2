//! Names that become MQTT topic levels.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A node, organisation or group: `[a-z0-9][a-z0-9-]{0,62}` (CONTRACT §2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// A team or site as people write it: 1 to 64 characters, none of which means something in a topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(String);

/// A text that is not a [`Name`] or [`Label`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Not a [`Name`].
    #[error(
        "allowed are 1 to 63 small letters, digits and hyphens, starting with a letter or digit"
    )]
    Name,
    /// Not a [`Label`].
    #[error("allowed are 1 to 64 characters, none of them a control character, `/`, `+` or `#`")]
    Label,
}

impl Name {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Makes a name of a host name: the part before the first dot, in small letters, everything else
    /// a hyphen. `None` if nothing is left.
    #[must_use]
    pub fn from_host(host: &str) -> Option<Self> {
        let first = host.split('.').next().unwrap_or_default();
        let text: String = first
            .chars()
            .map(|c| match c.to_ascii_lowercase() {
                c @ ('a'..='z' | '0'..='9') => c,
                _ => '-',
            })
            .take(63)
            .collect();
        text.trim_matches('-').parse().ok()
    }
}

impl Label {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=63).contains(&text.len()) && !text.starts_with('-') && text.chars().all(good) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName::Name)
        }
    }
}

impl FromStr for Label {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let bad = |c: char| c.is_control() || matches!(c, '/' | '+' | '#');
        if (1..=64).contains(&text.chars().count()) && !text.chars().any(bad) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName::Label)
        }
    }
}

macro_rules! text_type {
    ($type:ident, $error:ty, $format:literal) => {
        impl TryFrom<String> for $type {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.to_string()
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $format })
            }
        }
    };
}
pub(super) use text_type;

text_type!(Name, InvalidName, "sidetone-name");
text_type!(Label, InvalidName, "sidetone-label");

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_topic_level_of_small_letters() {
        for good in ["a", "0", "desk-17", &"x".repeat(63)] {
            assert!(good.parse::<Name>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "-a",
            "A",
            "a b",
            "a/b",
            "a+",
            "a#",
            "ä",
            &"x".repeat(64),
        ] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_label_may_be_any_text_without_topic_signs() {
        assert!("Service München".parse::<Label>().is_ok());
        assert!("x".repeat(64).parse::<Label>().is_ok());
        for bad in ["", "a/b", "+", "#", "a\nb", &"x".repeat(65)] {
            assert!(bad.parse::<Label>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_host_name_becomes_a_name() {
        let name = |host| Name::from_host(host).map(|n| n.to_string());
        assert_eq!(name("DESK_17.example.com").as_deref(), Some("desk-17"));
        assert_eq!(name("-x-").as_deref(), Some("x"));
        assert_eq!(name("___"), None);
        assert_eq!(name(""), None);
    }
}
