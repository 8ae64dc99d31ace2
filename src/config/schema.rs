//! The JSON Schema of the configuration: made of the types, and what documents are checked against.

use super::model::Config;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// The schema of `sidetone.toml`: descriptions, units, ranges, defaults and scopes (`x-scope`:
/// `local` or `remote`) of every key.
#[must_use]
pub fn json_schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
    });
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<Config>()
        .to_value();
    let defaults = super::load::defaults_json().unwrap_or_default();
    finish(&mut schema, "local", Some(&defaults));
    schema
}

/// Hands a section's scope down to its keys, writes the defaults in, and drops what only holds for
/// the merged whole (`required`).
fn finish(schema: &mut Value, scope: &str, default: Option<&Value>) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    object.remove("required");
    let scope = match object.get("x-scope").and_then(Value::as_str) {
        Some(own) => own.to_owned(),
        None => scope.to_owned(),
    };
    let is_section = ["properties", "additionalProperties"]
        .iter()
        .any(|key| object.get(*key).is_some_and(Value::is_object));
    if is_section {
        object.remove("x-scope");
        for_each_key(object, |key, schema| {
            let default = default.and_then(|default| default.get(key));
            finish(schema, &scope, default);
        });
    } else {
        object.insert("x-scope".into(), scope.into());
        if let Some(default) = default {
            object.insert("default".into(), default.clone());
        }
    }
}

fn for_each_key(section: &mut Map<String, Value>, mut act: impl FnMut(&str, &mut Value)) {
    if let Some(properties) = section.get_mut("properties").and_then(Value::as_object_mut) {
        for (key, schema) in properties {
            act(key, schema);
        }
    }
}
