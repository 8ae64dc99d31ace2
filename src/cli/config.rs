//! `sidetone config …`

use super::args::{ConfigArgs, ConfigCommand};
use super::{Failure, output};
use crate::config::{self, CONFIG_DIR, Loaded, Source};
use crate::run::InForce;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Runs one of the commands.
///
/// # Errors
/// [`Failure`], if the configuration is wrong or cannot be read, or the output cannot be written.
pub fn run(args: &ConfigArgs) -> Result<(), Failure> {
    match args.command {
        ConfigCommand::Check => {
            let loaded = load(args.config.as_ref())?;
            output::print(&verdict(&loaded))
        }
        ConfigCommand::Show => output::print(&shown(&load(args.config.as_ref())?)),
        ConfigCommand::Defaults { commented: false } => output::print(config::DEFAULTS),
        ConfigCommand::Defaults { commented: true } => {
            output::print(&config::commented(config::DEFAULTS))
        }
        ConfigCommand::Schema => output::print_json(&config::json_schema()),
    }
}

/// The configuration: of one file if it is named, else of the directory.
pub(super) fn load(file: Option<&PathBuf>) -> Result<Loaded, Failure> {
    let source = match file {
        Some(file) => Source::File(file),
        None => Source::Directory(Path::new(CONFIG_DIR)),
    };
    Ok(config::load(source)?)
}

/// What is in force, with what came over MQTT if that is known here.
fn shown(loaded: &Loaded) -> String {
    let places = loaded.origins.iter();
    let places = places.map(|(key, place)| (key.clone(), format!("{}:{}", place.file, place.line)));
    let mut origins: BTreeMap<String, String> = places.collect();
    match InForce::read(&loaded.config, Path::new("/")) {
        Ok(in_force) => {
            origins.extend(in_force.origins());
            let mut text = String::new();
            for sentence in &in_force.left_out {
                text += &format!("# left out, {}\n", sentence.replace('\n', " "));
            }
            text + &config::show(&in_force.config, &origins)
        }
        Err(why) => {
            let text = config::show(&loaded.config, &origins);
            format!("# without settings over MQTT: {why}\n{text}")
        }
    }
}

fn verdict(loaded: &Loaded) -> String {
    if loaded.files.is_empty() {
        return format!("ok: there are no files in {CONFIG_DIR}, so the defaults hold\n");
    }
    let files: Vec<String> = loaded
        .files
        .iter()
        .map(|f| f.display().to_string())
        .collect();
    let keys = loaded.origins.len();
    let set = if keys == 1 { "key" } else { "keys" };
    format!("ok: {} ({keys} {set} set)\n", files.join(", "))
}
