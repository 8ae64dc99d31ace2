//! `sidetone config …` as a shell sees it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::PathBuf;
use support::{Run, sidetone};
use tempfile::TempDir;

/// A configuration file of this text, in a directory that lives as long as the first.
fn file(text: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sidetone.toml");
    fs::write(&path, text).unwrap();
    (directory, path)
}

fn check(text: impl AsRef<[u8]>) -> (Run, String) {
    let (_directory, path) = file(text);
    let run = sidetone(["config", "check", "-c", path.to_str().unwrap()]);
    (run, path.display().to_string())
}

/// The lines of standard error without `sidetone: FILE:`.
fn faults(text: impl AsRef<[u8]>) -> Vec<String> {
    let (run, path) = check(text);
    assert_eq!((run.status, run.out.as_str()), (1, ""), "{}", run.err);
    let prefix = format!("sidetone: {path}:");
    run.err
        .lines()
        .map(|line| {
            let rest = line.strip_prefix(&prefix);
            rest.unwrap_or_else(|| panic!("no place in {line:?}"))
                .to_owned()
        })
        .collect()
}

#[test]
fn each_mistake_is_told_with_its_place_and_what_would_be_right() {
    for (text, expected) in [
        (
            "[broker]\nulr = \"mqtt://b\"",
            "2:1: there is no key `broker.ulr`; did you mean `broker.url`? (the keys of [broker] are",
        ),
        (
            "[brokr]\nurl = \"mqtt://b\"",
            "1:2: there is no key `brokr`; did you mean `broker`? (the sections are adapters, alerts, audio, broker, config,",
        ),
        (
            "\n\n[alerts.line_nois]\nhum_dbov = -50",
            "3:9: there is no key `alerts.line_nois`; did you mean `alerts.line_noise`?",
        ),
        (
            "[alerts.double_talk]\n  overlap_s = 3",
            "2:3: there is no key `alerts.double_talk.overlap_s`; did you mean `alerts.double_talk.overtalk_s`?",
        ),
        (
            "url = \"mqtt://b\"",
            "1:1: there is no key `url`; did you mean `broker.url`?",
        ),
        (
            "[log]\naudio_interval = 2",
            "2:1: there is no key `log.audio_interval`; did you mean `telemetry.audio_interval_s`? (the only key of [log] is level)",
        ),
        (
            "[node]\nzzzzzzzz = 1",
            "2:1: there is no key `node.zzzzzzzz`; the keys of [node] are groups, name, org, site, state_dir, team",
        ),
        (
            "[node]\norg = \"Big Corp\"",
            "2:7: `node.org` cannot be \"Big Corp\": allowed are 1 to 63 small letters",
        ),
        (
            "[metrics]\nlisten = \"0.0.0.0:9464\"",
            "2:10: `metrics.listen` cannot be \"0.0.0.0:9464\": write unix:/absolute/path",
        ),
        (
            "[node]\nteam = \"a/b\"",
            "2:8: `node.team` cannot be \"a/b\": allowed are 1 to 64 characters",
        ),
        (
            "[node]\nstate_dir = \"\"",
            "2:13: `node.state_dir` cannot be \"\": it is empty; leave the key out",
        ),
        (
            "[broker]\nurl = \"broker\"",
            "2:7: `broker.url` cannot be \"broker\": write mqtt://host, or mqtts://host for TLS",
        ),
        (
            "[broker]\nkeep_alive_s = 3",
            "2:16: `broker.keep_alive_s` must be a whole number from 5 to 300, not 3",
        ),
        (
            "[broker]\nkeep_alive_s = \"20\"",
            "2:16: `broker.keep_alive_s` must be a whole number from 5 to 300, not text in quotes",
        ),
        (
            "[broker]\nkeep_alive_s = 20.5",
            "must be a whole number from 5 to 300, not 20.5",
        ),
        (
            "[broker]\nkeep_alive_s = 99999999999999999999",
            "must be a whole number from 5 to 300, not a number beyond 64 bits",
        ),
        (
            "[privacy]\naggregate = 1",
            "2:13: `privacy.aggregate` must be true or false, not 1",
        ),
        (
            "[privacy]\naggregate = 1979-05-27",
            "must be true or false, not a date",
        ),
        (
            "[audio]\nbackend = \"Pulse\"",
            "2:11: `audio.backend` cannot be \"Pulse\"; did you mean \"pulse\"? (allowed: \"auto\", \"pulse\", \"alsa\" or \"off\")",
        ),
        (
            "[audio]\nbackend = \"jack\"",
            "2:11: `audio.backend` must be \"auto\", \"pulse\", \"alsa\" or \"off\", not \"jack\"",
        ),
        (
            "[devices]\ninclude = \"047f:c056\"",
            "2:11: `devices.include` must be a list [ … ], not text in quotes",
        ),
        (
            "[devices]\ninclude = [\n  \"047f:c056\",\n  \"headset\",\n]",
            "4:3: `devices.include` cannot be \"headset\": name a headset as vid:pid",
        ),
        (
            "privacy = true",
            "1:11: `privacy` is a section, not true or false; write [privacy] and its keys below it",
        ),
        (
            "[alerts.double_talk]\nratio = nan",
            "2:9: `alerts.double_talk.ratio` must be a number, not NaN",
        ),
        (
            "[alerts.double_talk]\nratio = 1.5",
            "2:1: `alerts.double_talk.ratio` must be above 0 and at most 1",
        ),
        (
            "[alerts.noisy_environment]\nwindow_s = 5",
            "2:1: `alerts.noisy_environment.bad_s` must be at least 1 and at most window_s",
        ),
        (
            "[alerts.qd_open_in_call]\nseverity = \"hihg\"",
            "2:12: `alerts.qd_open_in_call.severity` must be",
        ),
        (
            "[broker]\nclient_cert = \"/c.pem\"\nurl = \"mqtts://b\"",
            "2:1: `broker.client_cert` needs its private key; set `broker.client_key` too",
        ),
        (
            "[broker]\nca_file = \"/ca.pem\"",
            "2:1: `broker.ca_file` is for TLS, but `broker.url` is without; write mqtts:// there",
        ),
        (
            "[broker]\nurl = \"mqtts://b\"\nfallback = [\"mqtts://c\", \"mqtt://d\"]",
            "3:1: `broker.fallback` names mqtt://d:1883 without TLS, but `broker.url` has it; write mqtts:// there",
        ),
        (
            "[broker]\nfallback = [\"d\"]",
            "2:13: `broker.fallback` cannot be \"d\": write mqtt://host, or mqtts://host for TLS",
        ),
        (
            "[broker]\npassword_file = \"/p\"",
            "2:1: `broker.password_file` needs a user name; set `broker.username` too",
        ),
        ("[broker\nurl = 1", "1:8: this is not TOML: "),
        (
            "# Ä\n[node]\nsite = \"Ä\"\n \"ö\" = 1",
            "4:2: there is no key `node.ö`;",
        ),
    ] {
        let all = faults(text);
        assert!(
            all.iter().any(|fault| fault.contains(expected)),
            "{text}\nexpected {expected:?}\ngot {all:#?}"
        );
    }
}

#[test]
fn all_mistakes_of_a_file_are_told_in_their_order() {
    let all = faults(
        "[node]\nnam = \"x\"\n[broker]\nkeep_alive_s = 1\npassword_file = \"/p\"\n[alerts.double_talk]\nratio = 2.0\nenabled = \"yes\"\n",
    );
    let places: Vec<&str> = all
        .iter()
        .map(|fault| fault.split(": ").next().unwrap())
        .collect();
    assert_eq!(places, ["2:1", "4:16", "8:11", "5:1", "7:1"], "{all:#?}");
}

#[test]
fn text_that_is_not_utf_8_is_told_with_its_line() {
    assert_eq!(
        faults(b"[node]\nteam = \"\xe4\"\n"),
        ["2:9: this is not UTF-8 text; save the file as UTF-8"]
    );
}

#[test]
fn a_missing_file_is_one_sentence_that_says_what_to_do() {
    let run = sidetone(["config", "check", "-c", "/nowhere/sidetone.toml"]);
    assert_eq!((run.status, run.out.as_str()), (1, ""));
    assert_eq!(
        run.err,
        "sidetone: cannot read /nowhere/sidetone.toml: No such file or directory (os error 2); check that it exists and may be read, or name another with -c FILE\n"
    );
}

#[test]
fn a_file_too_long_is_refused_unread() {
    let (_directory, path) = file("");
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let run = sidetone(["config", "check", "-c", path.to_str().unwrap()]);
    assert_eq!(run.status, 1);
    assert!(run.err.contains("has at most 1048576 bytes"), "{}", run.err);
}

#[test]
fn a_good_file_is_said_to_be_good() {
    let (run, path) = check("[broker]\nurl = \"mqtts://broker.example.com\"\n");
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert_eq!(run.out, format!("ok: {path} (1 key set)\n"));
}

#[test]
fn the_documented_defaults_are_a_good_file_and_change_nothing() {
    let defaults = sidetone(["config", "defaults"]);
    assert_eq!(defaults.status, 0);
    let (_directory, path) = file(&defaults.out);
    let path = path.to_str().unwrap();
    let own = sidetone(["config", "show", "-c", path]);
    assert_eq!((own.status, own.err.as_str()), (0, ""));
    let (_other, empty) = file("");
    let none = sidetone(["config", "show", "-c", empty.to_str().unwrap()]);
    let without_notes: String = own
        .out
        .lines()
        .map(|line| format!("{}\n", line.split("  # ").next().unwrap()))
        .collect();
    assert_eq!(without_notes, none.out);
}

#[test]
fn show_says_which_file_set_what() {
    let (_directory, path) = file("[log]\n\nlevel = \"debug\"\n[broker]\nkeep_alive_s = 20\n");
    let path = path.to_str().unwrap();
    let run = sidetone(["config", "show", "--config", path]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert!(
        run.out
            .contains(&format!("level = \"debug\"  # {path}:3\n")),
        "{}",
        run.out
    );
    assert!(
        run.out.contains(&format!(
            "keep_alive_s = 20  # {path}:5 (same as the default)\n"
        )),
        "{}",
        run.out
    );
    assert!(run.out.contains("\naggregate = false\n"), "{}", run.out);
    // What it shows can be used as a file again.
    let (again, _) = check(&run.out);
    assert_eq!((again.status, again.err.as_str()), (0, ""));
}

#[test]
fn the_schema_says_scope_default_and_description_of_every_key() {
    let run = sidetone(["config", "schema"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    let schema: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let mut leaves = 0;
    visit(&schema, "", &mut |key, leaf| {
        leaves += 1;
        let scope = leaf["x-scope"].as_str();
        let expected = match key {
            "devices.quirks_dir" | "privacy.agent_key_file" | "hold.on_inferred" => "local",
            "adapters.baresip.address" | "adapters.linphone.pipe" | "adapters.mqtt.extension" => {
                "local"
            }
            _ if key.starts_with("adapters.exec.") || key.starts_with("adapters.http.") => "local",
            "spokes.call_control" => "remote",
            _ if key.starts_with("spokes.") => "local",
            "node.team" | "node.site" => "remote",
            "config.signing_key" => "local",
            _ if key.starts_with("node.") || key.starts_with("broker.") => "local",
            _ if key.starts_with("metrics.") || key.starts_with("uplink.") => "local",
            _ => "remote",
        };
        assert_eq!(scope, Some(expected), "{key}");
        assert!(leaf["description"].is_string(), "{key} has no description");
    });
    assert!(leaves > 60, "{leaves}");
    assert_eq!(
        schema["properties"]["broker"]["properties"]["keep_alive_s"]["default"],
        20
    );
    assert_eq!(
        schema["properties"]["privacy"]["properties"]["agent"]["x-tighten-to"],
        false
    );
}

#[test]
fn every_key_is_in_the_documented_defaults() {
    let schema: serde_json::Value =
        serde_json::from_str(&sidetone(["config", "schema"]).out).unwrap();
    let defaults = sidetone(["config", "defaults"]).out;
    visit(&schema, "", &mut |key, _| {
        let (section, name) = key.rsplit_once('.').unwrap();
        let (_, after) = defaults
            .split_once(&format!("\n[{section}]\n"))
            .unwrap_or_else(|| panic!("no section [{section}]"));
        let own = after.split("\n[").next().unwrap();
        let named = own.lines().any(|line| {
            line.starts_with(&format!("{name} = ")) || line.starts_with(&format!("# {name} = "))
        });
        assert!(named, "{key} is not documented");
    });
}

fn visit(schema: &serde_json::Value, at: &str, act: &mut impl FnMut(&str, &serde_json::Value)) {
    for (name, key) in schema["properties"].as_object().unwrap() {
        let path = if at.is_empty() {
            name.clone()
        } else {
            format!("{at}.{name}")
        };
        if key["properties"].is_object() {
            visit(key, &path, act);
        } else {
            act(&path, key);
        }
    }
}
