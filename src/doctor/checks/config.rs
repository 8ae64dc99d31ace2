//! The configuration files are valid.

use crate::config::{CONFIG_DIR, ConfigError};
use crate::doctor::{Check, Desk, Finding};

pub(super) const CHECK: Check = Check {
    id: "config",
    about: "the configuration files are valid",
    run,
};

fn run(desk: &Desk) -> Vec<Finding> {
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

fn edit(desk: &Desk) -> String {
    match &desk.config_file {
        Some(file) => format!(
            "correct it, then: sidetone config check -c {}",
            file.display()
        ),
        None => "correct it, then: sidetone config check".to_owned(),
    }
}
