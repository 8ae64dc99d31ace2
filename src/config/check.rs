//! A document against the schema: every unknown key, wrong type and impossible value, not only the
//! first. The schema comes from the types, so that nothing is said twice.

use super::broker_url::BrokerUrl;
use super::http_url::HttpUrl;
use super::local_address::LocalAddress;
use super::metrics_address::MetricsAddress;
use super::names::{Label, Name};
use super::selector::HeadsetSelector;
use super::signing_key::SigningKey;
use super::tree::{Node, Value};
use super::web_origin::WebOrigin;
use serde_json::Value as Schema;
use std::ops::Range;

/// Something wrong, not yet tied to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// Where in the document.
    pub(super) span: Range<usize>,
    /// Dotted key.
    pub(super) key: String,
    /// What is wrong and what would be right.
    pub(super) message: String,
}

/// Everything wrong with `document`, in the order of the document.
pub(super) fn check(document: &Node, schema: &Schema) -> Vec<Finding> {
    let mut checker = Checker {
        root: schema,
        findings: Vec::new(),
    };
    checker.value(document, schema, "");
    checker.findings.sort_by_key(|finding| finding.span.start);
    checker.findings
}

struct Checker<'s> {
    root: &'s Schema,
    findings: Vec<Finding>,
}

impl Checker<'_> {
    fn found(&mut self, span: &Range<usize>, key: &str, message: String) {
        self.findings.push(Finding {
            span: span.clone(),
            key: key.to_owned(),
            message,
        });
    }

    fn value(&mut self, node: &Node, schema: &Schema, key: &str) {
        let schema = not_null(schema);
        if node.value == Value::Null {
            // Takes the key away, whatever it holds.
        } else if is_section(schema) {
            self.section(node, schema, key);
        } else if let Some(choices) = choices(schema) {
            self.choice(node, &choices, key);
        } else if type_of(schema) == "array" {
            self.list(node, schema, key);
        } else if let Some(message) = scalar_problem(node, schema) {
            self.found(&node.span, key, format!("`{key}` {message}"));
        }
    }

    fn section(&mut self, node: &Node, schema: &Schema, section: &str) {
        let Value::Table(entries) = &node.value else {
            let message = format!(
                "`{section}` is a section, not {}; write [{section}] and its keys below it",
                node.kind()
            );
            return self.found(&node.span, section, message);
        };
        for (name, entry) in entries {
            let key = join(section, name);
            let known = schema
                .get("properties")
                .and_then(|properties| properties.get(name))
                .or_else(|| schema.get("additionalProperties").filter(|s| s.is_object()));
            match known {
                Some(schema) => self.value(&entry.node, schema, &key),
                None => {
                    let message = self.unknown(section, name, schema);
                    self.found(&entry.key_span, &key, message);
                }
            }
        }
    }

    fn unknown(&self, section: &str, name: &str, schema: &Schema) -> String {
        let siblings = property_names(schema);
        let key = join(section, name);
        let list = siblings.join(", ");
        let place = match (section, siblings.len()) {
            ("", _) => "the sections are".to_owned(),
            (_, 1) => format!("the only key of [{section}] is"),
            _ => format!("the keys of [{section}] are"),
        };
        let meant = nearest(name, &siblings)
            .map(|sibling| join(section, sibling))
            .or_else(|| self.elsewhere(name));
        match meant {
            Some(meant) => {
                format!("there is no key `{key}`; did you mean `{meant}`? ({place} {list})")
            }
            None => format!("there is no key `{key}`; {place} {list}"),
        }
    }

    /// The same or nearly the same key in another section.
    fn elsewhere(&self, name: &str) -> Option<String> {
        let mut all = Vec::new();
        collect_keys(self.root, "", &mut all);
        all.into_iter()
            .map(|key| {
                let last = key.rsplit('.').next().unwrap_or_default();
                let similarity = if last.len() > name.len() && last.ends_with(name) {
                    0.8
                } else {
                    strsim::normalized_damerau_levenshtein(name, last)
                };
                (similarity, key)
            })
            .filter(|(similarity, _)| *similarity >= 0.75)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, key)| key)
    }

    fn choice(&mut self, node: &Node, choices: &[&str], key: &str) {
        let allowed = or_list(choices);
        match &node.value {
            Value::Text(text) if choices.contains(&text.as_str()) => {}
            Value::Text(text) => {
                let message = match nearest(text, choices) {
                    Some(meant) => format!(
                        "`{key}` cannot be {text:?}; did you mean \"{meant}\"? (allowed: {allowed})"
                    ),
                    None => format!("`{key}` must be {allowed}, not {text:?}"),
                };
                self.found(&node.span, key, message);
            }
            _ => {
                let message = format!("`{key}` must be {allowed}, not {}", written(node));
                self.found(&node.span, key, message);
            }
        }
    }

    fn list(&mut self, node: &Node, schema: &Schema, key: &str) {
        let Value::List(items) = &node.value else {
            let message = format!("`{key}` must be a list [ … ], not {}", written(node));
            return self.found(&node.span, key, message);
        };
        let Some(item_schema) = schema.get("items") else {
            return;
        };
        for item in items {
            self.value(item, item_schema, key);
        }
    }
}

/// What is wrong with a boolean, number or text; the sentence goes on after the key.
fn scalar_problem(node: &Node, schema: &Schema) -> Option<String> {
    let wanted = wanted(schema);
    let fits = match (type_of(schema), &node.value) {
        ("boolean", Value::Boolean(_)) => true,
        ("integer", Value::Integer(Some(value))) => in_range(*value as f64, schema),
        ("number", Value::Integer(Some(value))) => in_range(*value as f64, schema),
        ("number", Value::Float(value)) => value.is_finite() && in_range(*value, schema),
        ("string", Value::Text(text)) => match format_problem(text, schema) {
            Some(problem) => return Some(format!("cannot be {text:?}: {problem}")),
            None => true,
        },
        _ => false,
    };
    (!fits).then(|| format!("must be {wanted}, not {}", written(node)))
}

fn format_problem(text: &str, schema: &Schema) -> Option<String> {
    fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Option<String> {
        text.parse::<T>().err().map(|error| error.to_string())
    }
    match schema.get("format").and_then(Schema::as_str) {
        Some("sidetone-name") => parse::<Name>(text),
        Some("sidetone-label") => parse::<Label>(text),
        Some("broker-url") => parse::<BrokerUrl>(text),
        Some("http-url") => parse::<HttpUrl>(text),
        Some("local-address") => parse::<LocalAddress>(text),
        Some("metrics-address") => parse::<MetricsAddress>(text),
        Some("headset") => parse::<HeadsetSelector>(text),
        Some("ed25519-key") => parse::<SigningKey>(text),
        Some("web-origin") => parse::<WebOrigin>(text),
        _ if text.is_empty() => {
            Some("it is empty; leave the key out if there is nothing to say".to_owned())
        }
        _ => None,
    }
}

fn in_range(value: f64, schema: &Schema) -> bool {
    let (low, high) = range(schema);
    low.is_none_or(|low| value >= low) && high.is_none_or(|high| value <= high)
}

fn range(schema: &Schema) -> (Option<f64>, Option<f64>) {
    let bound = |name| schema.get(name).and_then(Schema::as_f64);
    (bound("minimum"), bound("maximum"))
}

/// What a scalar key takes, e.g. `a whole number from 5 to 300`.
fn wanted(schema: &Schema) -> String {
    let kind = match type_of(schema) {
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        _ => "text in quotes",
    };
    match range(schema) {
        (Some(low), Some(high)) => format!("{kind} from {low} to {high}"),
        (Some(low), None) => format!("{kind} of at least {low}"),
        (None, Some(high)) => format!("{kind} of at most {high}"),
        (None, None) => kind.to_owned(),
    }
}

/// What was written, shortly: a number as it is, anything else by its kind.
fn written(node: &Node) -> String {
    match &node.value {
        Value::Integer(Some(value)) => value.to_string(),
        Value::Integer(None) => "a number beyond 64 bits".to_owned(),
        Value::Float(value) => value.to_string(),
        Value::Boolean(value) => value.to_string(),
        _ => node.kind().to_owned(),
    }
}

/// The schema without the alternative `null` that stands for an absent key.
pub(super) fn not_null(schema: &Schema) -> &Schema {
    schema
        .get("anyOf")
        .and_then(Schema::as_array)
        .and_then(|any| any.iter().find(|one| type_of(one) != "null"))
        .unwrap_or(schema)
}

fn type_of(schema: &Schema) -> &str {
    match schema.get("type") {
        Some(Schema::String(one)) => one,
        Some(Schema::Array(several)) => several
            .iter()
            .filter_map(Schema::as_str)
            .find(|one| *one != "null")
            .unwrap_or_default(),
        _ => "",
    }
}

pub(super) fn is_section(schema: &Schema) -> bool {
    schema.get("properties").is_some() || type_of(schema) == "object"
}

/// The texts an enumeration allows.
fn choices(schema: &Schema) -> Option<Vec<&str>> {
    if let Some(list) = schema.get("enum").and_then(Schema::as_array) {
        return Some(list.iter().filter_map(Schema::as_str).collect());
    }
    let alternatives = schema.get("oneOf").and_then(Schema::as_array)?;
    let texts = alternatives.iter().flat_map(|one| {
        let single = one.get("const").and_then(Schema::as_str);
        let several = one.get("enum").and_then(Schema::as_array);
        single
            .into_iter()
            .chain(several.into_iter().flatten().filter_map(Schema::as_str))
    });
    Some(texts.collect())
}

fn property_names(schema: &Schema) -> Vec<&str> {
    schema
        .get("properties")
        .and_then(Schema::as_object)
        .map(|properties| properties.keys().map(String::as_str).collect())
        .unwrap_or_default()
}

fn collect_keys(schema: &Schema, section: &str, into: &mut Vec<String>) {
    let properties = schema.get("properties").and_then(Schema::as_object);
    for (name, schema) in properties.into_iter().flatten() {
        let key = join(section, name);
        collect_keys(not_null(schema), &key, into);
        into.push(key);
    }
}

/// The most similar of `candidates`, if it is similar at all.
fn nearest<'c>(text: &str, candidates: &[&'c str]) -> Option<&'c str> {
    candidates
        .iter()
        .map(|candidate| {
            let similarity =
                strsim::normalized_damerau_levenshtein(&text.to_lowercase(), candidate);
            (similarity, *candidate)
        })
        .filter(|(similarity, _)| *similarity >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

fn or_list(choices: &[&str]) -> String {
    let quoted: Vec<String> = choices
        .iter()
        .map(|choice| format!("\"{choice}\""))
        .collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

pub(super) fn join(section: &str, name: &str) -> String {
    if section.is_empty() {
        name.to_owned()
    } else {
        format!("{section}.{name}")
    }
}
