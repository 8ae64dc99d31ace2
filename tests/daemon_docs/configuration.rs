//! `docs/configuration.md` is made of the schema and of the comments in `defaults.toml`. After a change:
//! `SIDETONE_BLESS=1 cargo nextest run --workspace --test daemon_docs configuration`.

use crate::page::root;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Write;
use std::fs;

const HEAD: &str = "\
# Configuration

Made of `src/config/defaults.toml` and the schema; a test fails when it is stale. `sidetone config defaults`
prints the same with its comments, `sidetone config schema` the JSON Schema.

Write only what you want to change into `/etc/sidetone/NAME.toml`. The files there are read in the order of
their names, and a later one wins; `-c FILE` reads that file instead of them. Then:

```sh
cat > sidetone.toml <<'END'
[node]
org = \"acme\"
team = \"Service Munich\"
END
sidetone config check -c sidetone.toml
sidetone config show -c sidetone.toml | grep sidetone.toml:
```

`check` says all that is wrong, each with file, line, column and what would be right; nothing starts with a
configuration that is wrong. `show` says of each key which line, or which document over MQTT, set it. *Scope* says where a key may be set: `local` only in a file of this workstation,
`remote` also [over MQTT](mqtt.md#settings) (`sidetone fleet`). `→ x`: from elsewhere it may only be changed
to x.
";

/// The comments of `defaults.toml` by `section` and by `section.key`, each with its place in the file.
type Comments = HashMap<String, (usize, String)>;

fn comments() -> Comments {
    let text = fs::read_to_string(root().join("src/config/defaults.toml")).unwrap();
    let (mut section, mut comment, mut found) = (String::new(), String::new(), HashMap::new());
    for (number, line) in text.lines().enumerate() {
        let body = line.strip_prefix("# ").unwrap_or(line);
        let key = body.split_once(" = ").map(|(key, _)| key);
        let is_key = |key: &&str| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if let Some(key) = key.filter(is_key) {
            let comment = std::mem::take(&mut comment);
            found.insert(format!("{section}.{key}"), (number, comment));
        } else if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = name.to_owned();
            found.insert(section.clone(), (number, std::mem::take(&mut comment)));
        } else if line.is_empty() || body.starts_with("---") {
            comment.clear();
        } else {
            comment += body;
            comment.push(' ');
        }
    }
    found
}

/// Type and range, in a few words.
fn allowed(key: &Value) -> String {
    if let Some(Value::Array(values)) = key.get("enum") {
        let values: Vec<String> = values
            .iter()
            .map(|v| format!("`{}`", v.as_str().unwrap()))
            .collect();
        return values.join(" ");
    }
    let kind = key["type"].as_str().unwrap_or("string");
    let bound = |name: &str| key.get(name).map(ToString::to_string);
    let range = match (bound("minimum"), bound("maximum")) {
        (Some(from), Some(to)) => format!(", {from} to {to}"),
        (Some(from), None) if from != "0" => format!(", from {from}"),
        _ => String::new(),
    };
    match key["items"]["type"].as_str() {
        Some(items) => format!("list of {items}s"),
        None => format!("{kind}{range}"),
    }
}

/// What the file says of a key or section, else the schema.
fn meaning(path: &str, schema: &Value, comments: &Comments) -> String {
    let comment = comments.get(path).map_or("", |(_, comment)| comment.trim());
    let described = schema["description"].as_str().unwrap_or_default();
    let meaning = if comment.is_empty() {
        described
    } else {
        comment
    };
    assert!(!meaning.is_empty(), "{path} is not explained");
    meaning.replace('|', "\\|").replace('\n', " ")
}

/// The keys of a section in the order of the file.
fn keys<'a>(name: &str, schema: &'a Value, comments: &Comments) -> Vec<(String, &'a Value)> {
    let properties = schema["properties"].as_object().unwrap();
    let path = |key: &String| format!("{name}.{key}").trim_start_matches('.').to_owned();
    let mut keys: Vec<_> = properties
        .iter()
        .map(|(key, value)| (path(key), value))
        .collect();
    // A section stands where the first of its keys does.
    let place = |path: &str| {
        let within = format!("{path}.");
        let about = comments
            .iter()
            .filter(|(key, _)| *key == path || key.starts_with(&within));
        about.map(|(_, (line, _))| *line).min()
    };
    keys.sort_by_key(|(path, _)| place(path));
    keys
}

fn section(out: &mut String, name: &str, schema: &Value, comments: &Comments) {
    let keys = keys(name, schema, comments);
    let is_section = |key: &Value| key.get("properties").is_some();
    if keys.iter().any(|(_, key)| !is_section(key)) {
        let about = meaning(name, schema, comments);
        writeln!(out, "\n## `[{name}]`\n\n{about}\n").unwrap();
        out.push_str(
            "| key | value | default | scope | meaning |\n| --- | --- | --- | --- | --- |\n",
        );
    }
    for (path, value) in keys.iter().filter(|(_, key)| !is_section(key)) {
        let key = path.rsplit('.').next().unwrap();
        let (allowed, meaning) = (allowed(value), meaning(path, value, comments));
        let default = value
            .get("default")
            .map_or("–".to_owned(), |default| format!("`{default}`"));
        let scope = value["x-scope"].as_str().unwrap();
        let only = value
            .get("x-tighten-to")
            .map_or(String::new(), |to| format!(" → {to}"));
        writeln!(
            out,
            "| `{key}` | {allowed} | {default} | {scope}{only} | {meaning} |"
        )
        .unwrap();
    }
    for (path, value) in keys.iter().filter(|(_, key)| is_section(key)) {
        section(out, path, value, comments);
    }
}

#[test]
fn the_configuration_page_is_not_stale() {
    let schema = sidetone::config::json_schema();
    let mut page = HEAD.to_owned();
    section(&mut page, "", &schema, &comments());
    let path = root().join("docs/configuration.md");
    if std::env::var_os("SIDETONE_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == page,
        "docs/configuration.md is stale: see the head of {}",
        file!()
    );
}
