//! `sidetone fleet …`

use super::args::{
    DiffArgs, FleetArgs, FleetCommand, GetArgs, KeygenArgs, SetArgs, WatchArgs, WhoseArgs,
};
use super::{Failure, config, output};
use crate::fleet::{
    self, Desired, Edit, FleetError, Heard, Link, NodeDiff, Snapshot, State, Target, Watch,
};
use crate::remote::signature::Signer;
use crate::uplink::config::BrokerConfig;
use crate::uplink::outgoing::now_ms;
use serde_json::{Map, Value, json};
use sidetone_wire::{NodeName, OrgName};
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;

/// Runs one of the commands.
///
/// # Errors
/// [`Failure`], if the configuration, the broker or the change is wrong.
pub fn run(args: &FleetArgs) -> Result<(), Failure> {
    if let FleetCommand::Keygen(args) = &args.command {
        return keygen(args);
    }
    let loaded = config::load(args.config.as_ref())?;
    let org = OrgName::new(loaded.config.node.org.as_str()).map_err(FleetError::from)?;
    let broker = BrokerConfig::from(&loaded.config.broker);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::Output)?;
    runtime.block_on(async {
        let mut link = Link::open(&broker).await?;
        for note in link.notes() {
            eprintln!("sidetone: note: {note}");
        }
        let mut snapshot = Snapshot::default();
        let mut seen = Vec::new();
        let filters = Snapshot::filters(&org);
        link.retained(&filters, |topic, payload| {
            snapshot.take(topic, payload);
            seen.push((topic.to_owned(), payload.to_vec()));
        })
        .await?;
        match &args.command {
            FleetCommand::Get(args) => get(args, &snapshot)?,
            FleetCommand::Set(args) => set(args, &org, &snapshot, &mut link).await?,
            FleetCommand::Diff(args) => diff(args, &snapshot)?,
            FleetCommand::Watch(args) => {
                return watch(args, Watch::new(link, &org, seen)).await;
            }
            FleetCommand::Keygen(_) => {}
        }
        link.close().await;
        Ok(())
    })
}

fn whose(args: &WhoseArgs) -> Result<Target, FleetError> {
    Ok(Target::named(args.group.as_deref(), args.node.as_deref())?)
}

fn get(args: &GetArgs, snapshot: &Snapshot) -> Result<(), Failure> {
    let all = !args.whose.fleet && args.whose.group.is_none() && args.whose.node.is_none();
    let only = whose(&args.whose)?;
    let chosen = snapshot
        .desired
        .iter()
        .filter(|(target, _)| all || **target == only);
    if args.json {
        let documents = chosen.map(|(target, document)| {
            let value = match document {
                Ok(document) => serde_json::to_value(document).unwrap_or_default(),
                Err(error) => json!({ "error": error.to_string() }),
            };
            (target.to_string(), value)
        });
        return output::print_json(&documents.collect::<Map<_, _>>());
    }
    let mut text = String::new();
    for (target, document) in chosen {
        let _ = write!(text, "{}", written(target, document));
    }
    if text.is_empty() {
        text = "nothing is published\n".to_owned();
    }
    output::print(&text)
}

fn written(target: &Target, document: &Desired) -> String {
    let document = match document {
        Ok(document) => document,
        Err(error) => return format!("{target}: no document: {error}\n"),
    };
    let signed = document.signature.as_ref().map_or("", |_| ", signed");
    let issued = sidetone_wire::cloudevents::rfc3339(document.issued_ms);
    let mut text = format!(
        "{target}: version {}{signed}, issued {issued}\n",
        document.version
    );
    for (key, value) in fleet::dotted(&document.set) {
        let _ = writeln!(text, "  {key} = {value}");
    }
    text
}

async fn set(
    args: &SetArgs,
    org: &OrgName,
    snapshot: &Snapshot,
    link: &mut Link,
) -> Result<(), Failure> {
    let target = whose(&args.whose)?;
    let signer = args.key.as_deref().map(Signer::read).transpose();
    let signer = signer.map_err(FleetError::from)?;
    let edit = Edit {
        set: args.set.clone(),
        unset: args.unset.clone(),
        replace: args.replace,
    };
    let changed = fleet::change(org, &target, snapshot, &edit, signer.as_ref(), now_ms())?;
    let Some(changed) = changed else {
        if args.json {
            return output::print_json(&Value::Null);
        }
        return output::print(&format!(
            "{target}: says so already, nothing is published\n"
        ));
    };
    for note in &changed.notes {
        eprintln!("sidetone: note: {note}");
    }
    if !args.dry_run {
        let payload = changed.document.to_string().into_bytes();
        link.publish(&changed.topic, &payload).await?;
    }
    if args.json {
        return output::print_json(&changed.document);
    }
    let done = if args.dry_run {
        "would be published"
    } else {
        "is published; `sidetone fleet diff` says who has it"
    };
    let mut text = format!("{target}: version {} {done}\n", changed.version);
    if let Some(set) = changed.document["set"].as_object() {
        for (key, value) in fleet::dotted(set) {
            let _ = writeln!(text, "  {key} = {value}");
        }
    }
    output::print(&text)
}

fn diff(args: &DiffArgs, snapshot: &Snapshot) -> Result<(), Failure> {
    let only = args.node.as_deref().map(NodeName::new).transpose();
    let only = only.map_err(FleetError::from)?;
    let mut nodes = fleet::differences(snapshot);
    nodes.retain(|node| only.as_ref().is_none_or(|only| node.node == *only));
    let same = |node: &NodeDiff| node.state == State::Same;
    if args.json {
        output::print_json(&nodes)?;
    } else {
        let mut text: String = nodes.iter().filter(|node| !same(node)).map(told).collect();
        let have = nodes.iter().filter(|node| same(node)).count();
        let _ = writeln!(
            text,
            "{have} of {} workstations have what is published for them",
            nodes.len()
        );
        output::print(&text)?;
    }
    if nodes.iter().all(same) {
        Ok(())
    } else {
        Err(Failure::Problems)
    }
}

fn told(node: &NodeDiff) -> String {
    let name = &node.node;
    let mut text = String::new();
    let version = |version: Option<u64>| version.map_or("none".to_owned(), |v| v.to_string());
    if node.state == State::Silent {
        let _ = writeln!(
            text,
            "{name}: has reported nothing; is its daemon running, and is the name right?"
        );
    }
    for layer in &node.layers {
        let _ = writeln!(
            text,
            "{name}: {}: published {}, in force {}",
            layer.layer,
            version(layer.desired),
            version(layer.reported)
        );
    }
    for error in &node.errors {
        let _ = writeln!(text, "{name}: refused {}: {}", error.layer, error.message);
    }
    for key in &node.restart {
        let _ = writeln!(
            text,
            "{name}: {key} is in force after a restart of the daemon"
        );
    }
    text
}

async fn watch(args: &WatchArgs, mut watch: Watch) -> Result<(), Failure> {
    let show = |topic: &str, payload: &[u8]| {
        let Some(line) = fleet::line(topic, payload) else {
            return Ok(true);
        };
        if args.json {
            let payload = serde_json::from_slice::<Value>(payload).unwrap_or_default();
            output::print_line(&json!({ "topic": topic, "payload": payload }).to_string())
        } else {
            output::print_line(&line)
        }
    };
    let end = crate::run::told_to_end().map_err(Failure::Output)?;
    tokio::pin!(end);
    loop {
        tokio::select! {
            () = &mut end => break,
            heard = watch.next() => match heard? {
                Heard::Message { topic, payload } => if !show(&topic, &payload)? {
                    break;
                },
                Heard::Moved(note) => eprintln!("sidetone: note: {note}"),
            },
        }
    }
    watch.close().await;
    Ok(())
}

fn keygen(args: &KeygenArgs) -> Result<(), Failure> {
    let (signer, pem) = Signer::generate().map_err(FleetError::from)?;
    let public = signer.public().map_err(FleetError::from)?;
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&args.file)
        .and_then(|mut file| file.write_all(pem.as_bytes()));
    written.map_err(|source| Failure::Write {
        path: args.file.clone(),
        source: if source.kind() == io::ErrorKind::AlreadyExists {
            io::Error::new(source.kind(), "it exists, and a key is never overwritten")
        } else {
            source
        },
    })?;
    output::print(&format!("[config]\nsigning_key = \"{public}\"\n"))
}
