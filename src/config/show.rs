//! A configuration as a file one could write, with who said what.

use super::check::join;
use super::load::defaults;
use super::model::Config;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write;

/// A configuration as TOML; each key (dotted) that somebody set carries, as a comment, who.
#[must_use]
pub fn show(config: &Config, origins: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    let base = defaults()
        .map(|config| as_json(&config))
        .unwrap_or_default();
    if let Value::Object(sections) = as_json(config) {
        write_section(&mut text, "", &sections, &base, origins);
    }
    text
}

fn as_json(config: &Config) -> Value {
    serde_json::to_value(config).unwrap_or_default()
}

fn write_section(
    text: &mut String,
    section: &str,
    keys: &Map<String, Value>,
    base: &Value,
    origins: &BTreeMap<String, String>,
) {
    let (tables, leaves): (Vec<_>, Vec<_>) = keys.iter().partition(|(_, value)| value.is_object());
    if !leaves.is_empty() && !section.is_empty() {
        let gap = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{gap}[{section}]");
    }
    for (name, value) in leaves {
        let _ = write!(text, "{name} = {}", as_toml(value));
        let key = join(section, name);
        match origins.get(&key) {
            Some(origin) => {
                let same = base.get(name) == Some(value);
                let note = if same { " (same as the default)" } else { "" };
                let _ = writeln!(text, "  # {origin}{note}");
            }
            None => text.push('\n'),
        }
    }
    for (name, value) in tables {
        if let Some(keys) = value.as_object() {
            let base = base.get(name).unwrap_or(&Value::Null);
            write_section(text, &join(section, name), keys, base, origins);
        }
    }
}

/// A scalar or list as TOML writes it.
fn as_toml(value: &Value) -> String {
    toml::Value::try_from(value).map_or_else(|_| value.to_string(), |value| value.to_string())
}
