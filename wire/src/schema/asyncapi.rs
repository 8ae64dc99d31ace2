//! The AsyncAPI 3.0 document: channels with their addresses, what a node sends and receives on
//! them, and how (MQTT bindings 0.2).

use super::payloads::definitions;
use crate::delivery::MessageClass;
use crate::event::EventType;
use crate::topics::ROOT;
use crate::vocabulary::{AlertKind, Command};
use serde_json::{Map, Value, json};

/// One channel of a node: name, address below the organisation, class, payload definitions.
struct Channel {
    name: &'static str,
    address: &'static str,
    class: MessageClass,
    payloads: &'static [&'static str],
    /// Whether the node sends it or receives it.
    action: &'static str,
    description: &'static str,
}

const CHANNELS: [Channel; 13] = [
    Channel {
        name: "status",
        address: "node/{node}/status",
        class: MessageClass::Status,
        payloads: &["Status"],
        action: "send",
        description: "Birth, state and last will of a node. The will is sent 5 s after the connection broke.",
    },
    Channel {
        name: "inventory",
        address: "node/{node}/inventory/{item}",
        class: MessageClass::Inventory,
        payloads: &["Inventory"],
        action: "send",
        description: "Facts about the host, the daemon, a softphone, a headset. A removed item is an empty payload.",
    },
    Channel {
        name: "telemetry",
        address: "node/{node}/telemetry/{stream}",
        class: MessageClass::Telemetry,
        payloads: &["TelemetryAudio", "TelemetryHealth"],
        action: "send",
        description: "Live figures, every 1 to 10 s, never stored by the node.",
    },
    Channel {
        name: "event",
        address: "node/{node}/event/{type}",
        class: MessageClass::Event,
        payloads: &["Event"],
        action: "send",
        description: "Something that happened. Never lost without being counted in event/outbox.dropped. Dedupe on (node, boot, seq).",
    },
    Channel {
        name: "alert",
        address: "node/{node}/alert/{kind}/{subject}",
        class: MessageClass::AlertActive,
        payloads: &["Alert"],
        action: "send",
        description: "The state of one alert. Published again every 60 s while active, with the same boot and seq; without refresh for 180 s, or of a lost node: expired. Cleared alerts expire after 1 h.",
    },
    Channel {
        name: "hold_request",
        address: "node/{node}/hold/request",
        class: MessageClass::Hold,
        payloads: &["HoldRequest"],
        action: "send",
        description: "Asks the gateway beside the PBX to hold or resume the call on this extension. Only where adapters.mqtt is enabled.",
    },
    Channel {
        name: "hold_reply",
        address: "node/{node}/hold/reply",
        class: MessageClass::Hold,
        payloads: &["HoldReply"],
        action: "receive",
        description: "The gateway's answer, after it has done it: the request's keys, `ok`, and `reason` if not. Never retained.",
    },
    Channel {
        name: "fleet_config_desired",
        address: "fleet/config/desired",
        class: MessageClass::Config,
        payloads: &["ConfigDesired"],
        action: "receive",
        description: "What IT sets for the whole fleet; an empty payload takes it back.",
    },
    Channel {
        name: "group_config_desired",
        address: "fleet/group/{group}/config/desired",
        class: MessageClass::Config,
        payloads: &["ConfigDesired"],
        action: "receive",
        description: "What IT sets for the nodes with this group in their local node.groups.",
    },
    Channel {
        name: "config_desired",
        address: "node/{node}/config/desired",
        class: MessageClass::Config,
        payloads: &["ConfigDesired"],
        action: "receive",
        description: "What IT sets for one node.",
    },
    Channel {
        name: "config_reported",
        address: "node/{node}/config/reported",
        class: MessageClass::Config,
        payloads: &["ConfigReported"],
        action: "send",
        description: "What the node made of the documents: the versions in force, what was refused and why, what waits for a restart, which signals it does not send.",
    },
    Channel {
        name: "command_request",
        address: "node/{node}/cmd/{name}/request",
        class: MessageClass::Command,
        payloads: &["CommandRequest"],
        action: "receive",
        description: "Asks a node to identify itself, to publish its states again, or for figures of itself. Never retained; a Response Topic is ignored.",
    },
    Channel {
        name: "command_reply",
        address: "node/{node}/cmd/{name}/reply",
        class: MessageClass::Command,
        payloads: &["CommandReply"],
        action: "send",
        description: "The node's answer, with the request's Correlation Data.",
    },
];

fn parameter(name: &str) -> Value {
    match name {
        "org" => json!({ "description": "Organisation: [a-z0-9][a-z0-9-]{0,62}" }),
        "node" => json!({ "description": "Workstation; equals its certificate's common name" }),
        "item" => json!({ "description": "host, daemon, softphone or headset-<id>" }),
        "group" => json!({ "description": "Group: [a-z0-9][a-z0-9-]{0,62}" }),
        "name" => {
            json!({ "enum": Command::ALL.iter().map(|c| c.as_str()).collect::<Vec<_>>() })
        }
        "stream" => json!({ "enum": ["audio", "health"] }),
        "type" => {
            json!({ "enum": EventType::ALL.iter().map(|t| t.as_str()).collect::<Vec<_>>() })
        }
        "kind" => {
            json!({ "enum": AlertKind::ALL.iter().map(|k| k.as_str()).collect::<Vec<_>>() })
        }
        _ => json!({ "description": "agent, customer, call, node or headset-<id>" }),
    }
}

/// The names in braces.
fn parameters(address: &str) -> Map<String, Value> {
    address
        .split('/')
        .filter_map(|level| level.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| (name.to_owned(), parameter(name)))
        .collect()
}

fn reference(path: &str) -> Value {
    json!({ "$ref": path })
}

/// References inside a payload's schema point to where AsyncAPI keeps schemas.
fn move_references(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(target)) = map.get_mut("$ref") {
                *target = target.replace("#/$defs/", "#/components/schemas/");
            }
            map.values_mut().for_each(move_references);
        }
        Value::Array(list) => list.iter_mut().for_each(move_references),
        _ => {}
    }
}

/// The AsyncAPI 3.0 document of what a node publishes and reads.
#[must_use]
pub fn asyncapi() -> Value {
    let mut channels = Map::new();
    let mut operations = Map::new();
    let mut messages = Map::new();
    for channel in &CHANNELS {
        let address = format!("{ROOT}/{{org}}/{}", channel.address);
        let delivery = channel.class.delivery();
        let names = channel.payloads.iter();
        channels.insert(
            channel.name.to_owned(),
            json!({
                "address": address,
                "description": channel.description,
                "parameters": parameters(&address),
                "messages": names.clone().map(|name| {
                    ((*name).to_owned(), reference(&format!("#/components/messages/{name}")))
                }).collect::<Map<_, _>>(),
            }),
        );
        let mut binding = json!({
            "qos": delivery.qos.level(), "retain": delivery.retain, "bindingVersion": "0.2.0",
        });
        if let (Some(expiry), Value::Object(map)) = (delivery.expiry_s, &mut binding) {
            map.insert("messageExpiryInterval".to_owned(), json!(expiry));
        }
        operations.insert(
            format!("{}_{}", channel.action, channel.name),
            json!({
                "action": channel.action,
                "channel": reference(&format!("#/channels/{}", channel.name)),
                "summary": channel.description,
                "bindings": { "mqtt": binding },
                "messages": names.clone().map(|name| {
                    reference(&format!("#/channels/{}/messages/{name}", channel.name))
                }).collect::<Vec<_>>(),
            }),
        );
        for name in names {
            messages.insert(
                (*name).to_owned(),
                json!({
                    "name": name,
                    "contentType": "application/json",
                    "payload": reference(&format!("#/components/schemas/{name}")),
                    "headers": reference("#/components/schemas/CloudEventsUserProperties"),
                    "bindings": { "mqtt": { "payloadFormatIndicator": 1, "bindingVersion": "0.2.0" } },
                }),
            );
        }
    }
    let mut schemas = Value::Object(definitions());
    move_references(&mut schemas);
    if let Value::Object(map) = &mut schemas {
        map.insert("CloudEventsUserProperties".to_owned(), user_properties());
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Sidetone",
            "version": "1",
            "description": "What an agent's headset does and how the call sounds, as MQTT messages of the workstation.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "schemas": schemas },
    })
}

/// The CloudEvents attributes, which ride in MQTT 5 user properties.
fn user_properties() -> Value {
    json!({
        "type": "object",
        "description": "CloudEvents 1.0 attributes in MQTT 5 user properties (binary mode)",
        "required": ["specversion", "id", "source", "type"],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": { "type": "string" },
            "source": { "type": "string" },
            "type": { "type": "string", "pattern": "^sidetone\\." },
            "time": { "type": "string", "format": "date-time" },
        },
    })
}
