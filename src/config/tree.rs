//! A configuration document before it is typed: values that know where they were written.

use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// Byte range in the document; empty for documents that have no lines.
    pub(super) span: Range<usize>,
    /// What was written.
    pub(super) value: Value,
}

/// A table's entry.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// Where the key was written.
    pub(super) key_span: Range<usize>,
    /// Its value.
    pub(super) node: Node,
}

/// What was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Boolean(bool),
    /// `None`: does not fit into 64 bits.
    Integer(Option<i64>),
    Float(f64),
    Text(String),
    /// TOML has dates; no key takes one.
    Date,
    /// JSON has it, and there it takes a key away.
    Null,
    List(Vec<Node>),
    Table(BTreeMap<String, Entry>),
}

impl Node {
    /// A parsed TOML table.
    pub(super) fn from_toml(table: &Spanned<DeTable<'_>>) -> Self {
        Self {
            span: table.span(),
            value: from_table(table.get_ref()),
        }
    }

    /// A JSON document, which has no lines.
    pub(super) fn from_json(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        let value = match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Boolean(*value),
            Json::Number(number) => match number.as_i64() {
                Some(value) => Value::Integer(Some(value)),
                None if number.is_u64() => Value::Integer(None),
                None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(items) => Value::List(items.iter().map(Self::from_json).collect()),
            Json::Object(entries) => Value::Table(
                entries
                    .iter()
                    .map(|(key, value)| {
                        let entry = Entry {
                            key_span: 0..0,
                            node: Self::from_json(value),
                        };
                        (key.clone(), entry)
                    })
                    .collect(),
            ),
        };
        Self { span: 0..0, value }
    }

    /// The value as JSON, for merging and for serde.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Boolean(value) => (*value).into(),
            Value::Integer(value) => value.unwrap_or_default().into(),
            Value::Float(value) => (*value).into(),
            Value::Text(value) => value.as_str().into(),
            Value::Date | Value::Null => serde_json::Value::Null,
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Table(entries) => entries
                .iter()
                .map(|(key, entry)| (key.clone(), entry.node.to_json()))
                .collect(),
        }
    }

    /// What was written, for a person.
    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Boolean(_) => "true or false",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Text(_) => "text in quotes",
            Value::Date => "a date",
            Value::Null => "null",
            Value::List(_) => "a list",
            Value::Table(_) => "a section",
        }
    }
}

fn from_table(table: &DeTable<'_>) -> Value {
    Value::Table(
        table
            .iter()
            .map(|(key, value)| {
                let entry = Entry {
                    key_span: key.span(),
                    node: from_value(value),
                };
                (key.get_ref().clone().into_owned(), entry)
            })
            .collect(),
    )
}

fn from_value(value: &Spanned<DeValue<'_>>) -> Node {
    let typed = match value.get_ref() {
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Integer(value) => {
            Value::Integer(i64::from_str_radix(value.as_str(), value.radix()).ok())
        }
        DeValue::Float(value) => Value::Float(value.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::String(value) => Value::Text(value.clone().into_owned()),
        DeValue::Datetime(_) => Value::Date,
        DeValue::Array(items) => Value::List(items.iter().map(from_value).collect()),
        DeValue::Table(table) => from_table(table),
    };
    Node {
        span: value.span(),
        value: typed,
    }
}
