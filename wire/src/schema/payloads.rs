//! One JSON Schema (draft 2020-12) document with a definition per payload.

use crate::alert::AlertDetail;
use crate::command::{CommandReply, CommandRequest};
use crate::config::{ConfigDesired, ConfigReported};
use crate::event::EventBody;
use crate::hold::{HoldReply, HoldRequest};
use crate::inventory::InventoryBody;
use crate::stamp::Stamped;
use crate::status::StatusBody;
use crate::telemetry::{AudioFigures, HealthFigures};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// Makes the schema of one payload.
type Maker = fn(&mut SchemaGenerator) -> Value;

/// The payloads: name of the definition, and how its schema is made.
const PAYLOADS: [(&str, Maker); 12] = [
    ("Status", schema_of::<StatusBody>),
    ("Inventory", schema_of::<InventoryBody>),
    ("TelemetryAudio", schema_of::<AudioFigures>),
    ("TelemetryHealth", schema_of::<HealthFigures>),
    ("Event", event_schema),
    ("Alert", schema_of::<AlertDetail>),
    ("HoldRequest", schema_of::<HoldRequest>),
    ("HoldReply", plain::<HoldReply>),
    ("ConfigDesired", plain::<ConfigDesired>),
    ("ConfigReported", schema_of::<ConfigReported>),
    ("CommandRequest", plain::<CommandRequest>),
    ("CommandReply", schema_of::<CommandReply>),
];

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    let mut schema = Stamped::<T>::json_schema(generator).to_value();
    no_null(&mut schema);
    schema
}

/// What others send to a node carries no node's stamp. (The gateway's reply repeats the request's keys, which
/// the node does not read again.)
fn plain<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    let mut schema = T::json_schema(generator).to_value();
    no_null(&mut schema);
    schema
}

/// An `alert.*` event carries the whole alert; only the type tells which keys must be there.
fn event_schema(generator: &mut SchemaGenerator) -> Value {
    let mut schema = schema_of::<EventBody>(generator);
    if let Value::Object(map) = &mut schema {
        map.insert(
            "if".to_owned(),
            json!({ "properties": { "type": { "pattern": "^alert\\." } } }),
        );
        map.insert("then".to_owned(), json!({ "$ref": "#/$defs/Alert" }));
    }
    schema
}

/// An optional key is absent, never `null`: takes `null` out of the types that `Option` wrote.
fn no_null(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|t| t != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    map.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = map.get_mut("anyOf") {
                choices.retain(|c| c.get("type") != Some(&json!("null")));
                if let [Value::Object(only)] = choices.as_slice() {
                    let only = only.clone();
                    map.remove("anyOf");
                    map.extend(only);
                }
            }
            map.values_mut().for_each(no_null);
        }
        Value::Array(list) => list.iter_mut().for_each(no_null),
        _ => {}
    }
}

/// The definitions: one per payload, and those they share.
pub(super) fn definitions() -> Map<String, Value> {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut all = Map::new();
    for (name, make) in PAYLOADS {
        let mut schema = make(&mut generator);
        if let Value::Object(map) = &mut schema {
            map.remove("$schema");
            map.insert("title".to_owned(), json!(name));
        }
        all.insert(name.to_owned(), schema);
    }
    for (name, mut schema) in generator.take_definitions(true) {
        no_null(&mut schema);
        all.insert(name, schema);
    }
    all
}

/// The schema of every payload: `$defs/<name>`; the document as a whole accepts any of them.
#[must_use]
pub fn json_schema() -> Value {
    let any: Vec<Value> = PAYLOADS
        .iter()
        .map(|(name, _)| json!({ "$ref": format!("#/$defs/{name}") }))
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:sidetone:wire:v1",
        "title": "Sidetone MQTT payloads, version 1",
        "description": "Flat JSON objects: top-level scalars only; a key that is unknown or does not apply is absent, never null. Readers ignore keys they do not know.",
        "anyOf": any,
        "$defs": definitions(),
    })
}
