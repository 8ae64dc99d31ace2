//! The configuration files are valid; what over MQTT lies over them.

use crate::config::{CONFIG_DIR, ConfigError};
use crate::doctor::{Check, Desk, Finding};
use crate::run::{InForce, Taken};
use std::path::Path;

pub(super) const CHECK: Check = Check {
    id: "config",
    about: "the configuration files are valid",
    run,
};

fn run(desk: &Desk) -> Vec<Finding> {
    let mut findings = of_files(desk);
    findings.extend(over_mqtt(desk));
    findings
}

fn of_files(desk: &Desk) -> Vec<Finding> {
    match &desk.loaded {
        Ok(loaded) if loaded.files.is_empty() => vec![Finding::ok(format!(
            "There are no files in {CONFIG_DIR}, so the defaults hold (broker {}).",
            loaded.config.broker.url
        ))],
        Ok(loaded) => {
            let files: Vec<_> = loaded
                .files
                .iter()
                .map(|f| f.display().to_string())
                .collect();
            let keys = loaded.origins.len();
            let keys = if keys == 1 {
                "1 key".to_owned()
            } else {
                format!("{keys} keys")
            };
            vec![Finding::ok(format!("{}: {keys} set.", files.join(", ")))]
        }
        Err(ConfigError::Faults(faults)) => faults
            .iter()
            .map(|fault| Finding::problem(format!("{fault}."), edit(desk)))
            .collect(),
        Err(error) => vec![Finding::problem(format!("{error}."), edit(desk))],
    }
}

/// What came over MQTT, if anything did.
fn over_mqtt(desk: &Desk) -> Vec<Finding> {
    let Some(local) = desk.config() else {
        return Vec::new();
    };
    let root = desk.roots.run.parent().unwrap_or(Path::new("/"));
    let in_force = match InForce::read(local, root) {
        Ok(in_force) => in_force,
        Err(why) => {
            return vec![Finding::skipped(format!(
                "Settings over MQTT are not known: {why}."
            ))];
        }
    };
    let mut findings = Vec::new();
    if !in_force.documents.is_empty() {
        let told = |one: &Taken| {
            let keys = one.keys.join(", ");
            format!("{} version {} ({keys})", one.layer, one.version)
        };
        let documents: Vec<_> = in_force.documents.iter().map(told).collect();
        findings.push(Finding::ok(format!(
            "Set over MQTT: {}.",
            documents.join("; ")
        )));
    }
    let left_out = in_force.left_out.iter().map(|sentence| {
        Finding::warning(
            format!(
                "A document over MQTT is left out, as it does not go with the files: {sentence}."
            ),
            "correct the file, or publish a newer document: sidetone fleet diff",
        )
    });
    findings.extend(left_out);
    findings
}

fn edit(desk: &Desk) -> String {
    match &desk.config_file {
        Some(file) => format!(
            "correct it, then: sidetone config check -c {}",
            file.display()
        ),
        None => "correct it, then: sidetone config check".to_owned(),
    }
}
