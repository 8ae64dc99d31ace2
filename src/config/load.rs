//! From files to the effective configuration: defaults, then each file over it.

use super::DEFAULTS;
use super::check::{check, join};
use super::consistency::conflicts;
use super::fault::{ConfigError, Fault, Place};
use super::model::Config;
use super::schema::json_schema;
use super::tree::{Node, Value};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// Where the files are unless another one is named.
pub const CONFIG_DIR: &str = "/etc/sidetone";

/// A configuration file of 1 MiB is a mistake, not a configuration.
const MAX_BYTES: u64 = 1 << 20;

/// Which files to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source<'p> {
    /// `*.toml` of this directory in the order of their names; no such directory = no files.
    Directory(&'p Path),
    /// Only this file.
    File(&'p Path),
}

/// The effective configuration, and who said what.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The files it is made of, in the order they were merged.
    pub files: Vec<PathBuf>,
    /// Who set each key (dotted) that a file sets.
    pub origins: BTreeMap<String, Origin>,
}

/// Who set a key.
pub type Origin = Place;

/// Reads, checks and merges the files over the defaults.
///
/// # Errors
/// [`ConfigError`], with everything that is wrong in all files.
pub fn load(source: Source<'_>) -> Result<Loaded, ConfigError> {
    let files = match source {
        Source::Directory(directory) => files_of(directory)?,
        Source::File(file) => vec![file.to_owned()],
    };
    let texts = files
        .iter()
        .map(|file| Ok((file.display().to_string(), read(file)?)))
        .collect::<Result<Vec<_>, ConfigError>>()?;
    let (config, origins) = merge_texts(texts)?;
    Ok(Loaded {
        config,
        files,
        origins,
    })
}

/// One document over the defaults; `name` stands for the file in what is said of it.
///
/// # Errors
/// [`ConfigError::Faults`], with everything that is wrong in it.
pub fn load_text(name: &str, text: &str) -> Result<Loaded, ConfigError> {
    let (config, origins) = merge_texts(vec![(name.to_owned(), text.to_owned())])?;
    Ok(Loaded {
        config,
        files: vec![PathBuf::from(name)],
        origins,
    })
}

/// The defaults alone.
///
/// # Errors
/// Never in a tested build: `defaults.toml` is part of the program.
pub fn defaults() -> Result<Config, ConfigError> {
    merge_texts(Vec::new()).map(|(config, _)| config)
}

type Merged = (Config, BTreeMap<String, Origin>);

fn merge_texts(texts: Vec<(String, String)>) -> Result<Merged, ConfigError> {
    let schema = json_schema();
    let mut faults = Vec::new();
    let mut merged = Json::Null;
    let mut origins = BTreeMap::new();
    let built_in = ("defaults.toml".to_owned(), DEFAULTS.to_owned());
    for (layer, (file, text)) in std::iter::once(built_in).chain(texts).enumerate() {
        let (tree, syntax) = parse(&file, &text);
        faults.extend(syntax);
        let findings = check(&tree, &schema);
        let mut json = tree.to_json();
        for finding in findings {
            // What is wrong is left out, so that the rest can still be checked as a whole.
            remove(&mut json, &finding.key);
            faults.push(Fault {
                place: Some(Place::of(&file, &text, &finding.span)),
                key: finding.key,
                message: finding.message,
            });
        }
        merge(&mut merged, json);
        if layer > 0 {
            note_origins(&file, &text, &tree, "", &mut origins);
        }
    }
    match serde_json::from_value::<Config>(merged) {
        Ok(config) => {
            faults.extend(conflicts(&config, &origins));
            if faults.is_empty() {
                return Ok((config, origins));
            }
        }
        Err(error) if faults.is_empty() => faults.push(Fault {
            place: None,
            key: String::new(),
            message: format!("the configuration cannot be used: {error}"),
        }),
        Err(_) => {}
    }
    Err(ConfigError::Faults(faults))
}

/// Takes a dotted key out of a document.
fn remove(document: &mut Json, key: &str) {
    let Some(object) = document.as_object_mut() else {
        return;
    };
    if object.remove(key).is_some() {
        return;
    }
    if let Some((section, rest)) = key.split_once('.')
        && let Some(section) = object.get_mut(section)
    {
        remove(section, rest);
    }
}

fn parse(file: &str, text: &str) -> (Node, Vec<Fault>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let faults = errors.iter().map(|error| Fault {
        place: Some(Place::of(file, text, &error.span().unwrap_or_default())),
        key: String::new(),
        message: format!(
            "this is not TOML: {}",
            error.message().replace('\n', ", ").trim_end_matches(", ")
        ),
    });
    (Node::from_toml(&table), faults.collect())
}

/// The defaults as JSON, unchecked; for the schema's `default`.
pub(super) fn defaults_json() -> Option<Json> {
    let table = DeTable::parse(DEFAULTS).ok()?;
    Some(Node::from_toml(&table).to_json())
}

/// JSON Merge Patch (RFC 7396, section 2).
pub(super) fn merge(target: &mut Json, patch: Json) {
    let Json::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Json::Object(serde_json::Map::new());
    }
    let Some(object) = target.as_object_mut() else {
        return;
    };
    for (key, value) in patch {
        if value.is_null() {
            object.remove(&key);
        } else {
            merge(object.entry(key).or_insert(Json::Null), value);
        }
    }
}

fn note_origins(
    file: &str,
    text: &str,
    node: &Node,
    section: &str,
    origins: &mut BTreeMap<String, Origin>,
) {
    let Value::Table(entries) = &node.value else {
        return;
    };
    for (name, entry) in entries {
        let key = join(section, name);
        if matches!(entry.node.value, Value::Table(_)) {
            note_origins(file, text, &entry.node, &key, origins);
        } else {
            let place = Place::of(file, text, &entry.key_span);
            origins.insert(key, place);
        }
    }
}

fn files_of(directory: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let read_error = |source| ConfigError::Read {
        path: directory.to_owned(),
        source,
    };
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(read_error(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(read_error)?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
            && !hidden
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(file: &Path) -> Result<String, ConfigError> {
    let read_error = |source| ConfigError::Read {
        path: file.to_owned(),
        source,
    };
    let bytes = fs::metadata(file).map_err(read_error)?.len();
    if bytes > MAX_BYTES {
        return Err(ConfigError::TooLong {
            path: file.to_owned(),
            bytes,
            limit: MAX_BYTES,
        });
    }
    let bytes = fs::read(file).map_err(read_error)?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let text = String::from_utf8_lossy(good);
        ConfigError::Faults(vec![Fault {
            place: Some(Place::of(
                &file.display().to_string(),
                &text,
                &(text.len()..text.len()),
            )),
            key: String::new(),
            message: "this is not UTF-8 text; save the file as UTF-8".to_owned(),
        }])
    })
}
