//! Files over defaults, and files of any content.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use sidetone::alerts::config::AlertConfig;
use sidetone::config::{self, ConfigError, LogLevel, Source};
use std::fs;
use tempfile::tempdir;

#[test]
fn files_of_a_directory_are_merged_in_the_order_of_their_names() {
    let directory = tempdir().unwrap();
    for (name, text) in [
        (
            "10-site.toml",
            "[node]\norg = \"site\"\n[devices]\nexclude = [\"0b0e:*\", \"1395:*\"]\n[log]\nlevel = \"debug\"\n",
        ),
        (
            "20-desk.toml",
            "[node]\norg = \"desk\"\n[devices]\nexclude = [\"047f:c056\"]\n",
        ),
        ("30-not.conf", "[node]\norg = \"never\"\n"),
        (".40-hidden.toml", "[node]\norg = \"never\"\n"),
    ] {
        fs::write(directory.path().join(name), text).unwrap();
    }
    let loaded = config::load(Source::Directory(directory.path())).unwrap();
    let names: Vec<_> = loaded.files.iter().filter_map(|f| f.file_name()).collect();
    assert_eq!(names, ["10-site.toml", "20-desk.toml"]);
    let node = &loaded.config.node;
    assert_eq!(node.org.as_str(), "desk");
    // A list is replaced, not appended to (RFC 7396).
    let exclude = &loaded.config.devices.exclude;
    let exclude: Vec<_> = exclude.iter().map(ToString::to_string).collect();
    assert_eq!(exclude, ["047f:c056"]);
    assert_eq!(loaded.config.log.level, LogLevel::Debug);
    assert!(loaded.origins["node.org"].file.ends_with("20-desk.toml"));
    assert!(loaded.origins["log.level"].file.ends_with("10-site.toml"));
}

#[test]
fn no_directory_means_the_defaults() {
    let nowhere = tempdir().unwrap().path().join("gone");
    let loaded = config::load(Source::Directory(&nowhere)).unwrap();
    assert_eq!(loaded.config, config::defaults().unwrap());
    assert!(loaded.files.is_empty() && loaded.origins.is_empty());
}

#[test]
fn mistakes_in_several_files_are_all_told() {
    let directory = tempdir().unwrap();
    fs::write(directory.path().join("a.toml"), "[nod]\n").unwrap();
    fs::write(directory.path().join("b.toml"), "[log]\nlevel = 3\n").unwrap();
    let Err(ConfigError::Faults(faults)) = config::load(Source::Directory(directory.path())) else {
        panic!("it is wrong");
    };
    let files: Vec<_> = faults
        .iter()
        .map(|f| f.place.as_ref().unwrap().file.as_str())
        .collect();
    assert!(
        files[0].ends_with("a.toml") && files[1].ends_with("b.toml"),
        "{files:?}"
    );
}

#[test]
fn two_files_that_do_not_go_together_are_told_where() {
    let directory = tempdir().unwrap();
    let files = [
        (
            "a.toml",
            "[broker]\nurl = \"mqtts://b\"\nca_file = \"/ca.pem\"\n",
        ),
        ("b.toml", "[broker]\nurl = \"mqtt://b\"\n"),
    ];
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    let error = config::load(Source::Directory(directory.path()))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("a.toml:3:1: `broker.ca_file` is for TLS"),
        "{error}"
    );
}

#[test]
fn the_documented_alert_limits_are_those_of_the_rules() {
    assert_eq!(config::defaults().unwrap().alerts, AlertConfig::default());
}

/// Text that looks like configuration, so that more than the TOML parser is reached.
fn toml_like() -> impl Strategy<Value = String> {
    let section = prop::sample::select(vec![
        "node",
        "broker",
        "alerts.double_talk",
        "alerts",
        "privacy.signals",
        "x",
        "\"a.b\"",
        "",
    ]);
    let key = prop::sample::select(vec![
        "url",
        "org",
        "exclude",
        "ratio",
        "node",
        "enabled",
        "a.b.c",
        "\"\"",
        "keep_alive_s",
    ]);
    let value = prop::sample::select(vec![
        "1",
        "-9223372036854775808",
        "99999999999999999999",
        "nan",
        "-inf",
        "1e400",
        "true",
        "\"mqtt://[::1]:1\"",
        "\"\u{0}\"",
        "[1, [2, {a = 3}]]",
        "{}",
        "2020-01-01",
        "\"ä\"",
        "[]",
        "'''\n'''",
    ]);
    let line = prop_oneof![
        section.prop_map(|s| format!("[{s}]\n")),
        (key, value).prop_map(|(k, v)| format!("{k} = {v}\n")),
        ".{0,12}\n",
    ];
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_configuration_or_says_where_it_is_not(text in toml_like()) {
        match config::load_text("any.toml", &text) {
            Ok(loaded) => {
                // What is shown can be loaded, and means the same.
                let places = loaded.origins.iter();
                let origins = places.map(|(key, at)| (key.clone(), format!("{}:{}", at.file, at.line)));
                let shown = config::show(&loaded.config, &origins.collect());
                let again = config::load_text("shown.toml", &shown).unwrap();
                prop_assert_eq!(again.config, loaded.config);
            }
            Err(error) => {
                let lines = text.lines().count() + 1;
                let ConfigError::Faults(faults) = error else {
                    panic!("{error}");
                };
                prop_assert!(!faults.is_empty());
                for fault in faults {
                    let place = fault.place.as_ref().unwrap();
                    prop_assert!(place.line <= lines && place.column >= 1);
                    prop_assert!(!fault.message.is_empty());
                    prop_assert!(!fault.to_string().contains('\n'), "{fault}");
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = config::load_text("any.toml", &String::from_utf8_lossy(&bytes));
    }
}
