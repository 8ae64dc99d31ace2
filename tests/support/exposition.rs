//! A strict reader of Prometheus' text format 0.0.4: what `promtool check metrics` refuses, this refuses.

use std::collections::{BTreeMap, BTreeSet};

/// Value by name and labels as written, `name{label="value"}`.
pub(crate) type Samples = BTreeMap<String, f64>;

/// A family in progress.
struct Family {
    name: String,
    kind: String,
}

/// Reads a scrape.
///
/// # Errors
/// The first line that is wrong, and why.
pub(crate) fn read(text: &str) -> Result<Samples, String> {
    if !text.ends_with('\n') {
        return Err("no newline at the end".to_owned());
    }
    let mut samples = Samples::new();
    let mut known = BTreeSet::new();
    let mut family: Option<Family> = None;
    let mut helped: Option<String> = None;
    for line in text.lines() {
        let wrong = |why: &str| format!("{why}: {line}");
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').ok_or_else(|| wrong("no help"))?;
            if words.is_empty() || !is_name(name) {
                return Err(wrong("not a name with its help"));
            }
            if !known.insert(name.to_owned()) {
                return Err(wrong("a family twice"));
            }
            helped = Some(name.to_owned());
            family = None;
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').ok_or_else(|| wrong("no type"))?;
            if helped.as_deref() != Some(name) {
                return Err(wrong("a type without its help"));
            }
            if !["counter", "gauge"].contains(&kind) {
                return Err(wrong("neither counter nor gauge"));
            }
            if (kind == "counter") != name.ends_with("_total") {
                return Err(wrong("counters, and only they, end in _total"));
            }
            if [
                "_ms",
                "_milliseconds",
                "_minutes",
                "_kib",
                "_mib",
                "_percent",
            ]
            .iter()
            .any(|unit| name.contains(unit))
            {
                return Err(wrong("not a base unit"));
            }
            family = Some(Family {
                name: name.to_owned(),
                kind: kind.to_owned(),
            });
        } else {
            let family = family.as_ref().ok_or_else(|| wrong("no type before"))?;
            let (name, value) = line.rsplit_once(' ').ok_or_else(|| wrong("no value"))?;
            let bare = name.split_once('{').map_or(name, |(bare, _)| bare);
            if bare != family.name {
                return Err(wrong("of another family"));
            }
            if let Some((_, labels)) = name.split_once('{') {
                let labels = labels.strip_suffix('}').ok_or_else(|| wrong("no }"))?;
                let (label, quoted) = labels.split_once('=').ok_or_else(|| wrong("no ="))?;
                let inner = quoted
                    .strip_prefix('"')
                    .and_then(|rest| rest.strip_suffix('"'));
                let inner = inner.ok_or_else(|| wrong("a value without quotes"))?;
                if !is_name(label) || inner.contains(['"', '\\', '\n']) {
                    return Err(wrong("not one label with a plain value"));
                }
            }
            let number: f64 = value.parse().map_err(|_| wrong("not a number"))?;
            if !number.is_finite() || number < 0.0 && family.kind == "counter" {
                return Err(wrong("not a value for this"));
            }
            if samples.insert(name.to_owned(), number).is_some() {
                return Err(wrong("a sample twice"));
            }
        }
    }
    Ok(samples)
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
