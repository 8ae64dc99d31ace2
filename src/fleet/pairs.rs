//! `KEY=VALUE` as it is typed, and back.

use serde_json::{Map, Value};
use std::str::FromStr;

/// A key with dots and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// E.g. `telemetry.audio_interval_s`.
    pub key: String,
    /// As JSON.
    pub value: Value,
}

/// A text that is no [`Pair`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write KEY=VALUE, e.g. alerts.double_talk.overtalk_s=3")]
pub struct InvalidPair;

impl FromStr for Pair {
    type Err = InvalidPair;

    /// The value as in a file (`3`, `false`, `["a"]`), or `null`: as if no layer below had set the key (RFC 7396).
    /// What is none of that is text, so that a shell's quotes are enough.
    fn from_str(text: &str) -> Result<Self, InvalidPair> {
        let (key, written) = text.split_once('=').ok_or(InvalidPair)?;
        let key = key.trim();
        if key.is_empty() || key.split('.').any(str::is_empty) {
            return Err(InvalidPair);
        }
        if written.trim() == "null" {
            return Ok(Self {
                key: key.to_owned(),
                value: Value::Null,
            });
        }
        let read = toml::from_str::<Map<String, Value>>(&format!("v = {written}"));
        let value = read
            .ok()
            .filter(|read| read.len() == 1)
            .and_then(|mut read| read.remove("v"))
            .unwrap_or_else(|| Value::from(written.trim()));
        Ok(Self {
            key: key.to_owned(),
            value,
        })
    }
}

/// Every key of a document with its value, in the order of their names.
#[must_use]
pub fn dotted(set: &Map<String, Value>) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    walk(set, "", &mut found);
    found
}

fn walk<'v>(set: &'v Map<String, Value>, at: &str, found: &mut Vec<(String, &'v Value)>) {
    for (name, value) in set {
        let key = if at.is_empty() {
            name.clone()
        } else {
            format!("{at}.{name}")
        };
        match value.as_object() {
            Some(section) => walk(section, &key, found),
            None => found.push((key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_read_as_in_a_file_and_anything_else_is_text() {
        for (text, value) in [
            ("a.b=3", json!(3)),
            ("a.b=3.5", json!(3.5)),
            ("a.b=false", json!(false)),
            ("a.b=[\"x\", \"y\"]", json!(["x", "y"])),
            ("a.b=\"3\"", json!("3")),
            ("a.b=null", json!(null)),
            ("a.b=\"null\"", json!("null")),
            ("a.b=critical", json!("critical")),
            ("a.b = Service Munich", json!("Service Munich")),
            ("a.b=1\nc = 2", json!("1\nc = 2")),
        ] {
            let pair: Pair = text.parse().unwrap();
            assert_eq!((pair.key.as_str(), pair.value), ("a.b", value), "{text}");
        }
        for bad in ["a", "=3", "a.=3", ".a=3", "a..b=3"] {
            assert_eq!(bad.parse::<Pair>(), Err(InvalidPair), "{bad}");
        }
    }
}
