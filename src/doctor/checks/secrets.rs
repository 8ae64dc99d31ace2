//! Keys and passwords: there, readable by the daemon, and by nobody else.

use super::services;
use crate::config::Config;
use crate::doctor::{Check, Desk, Finding};
use crate::uplink::identity::{IdentityError, KEY_MIN, Key};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub(super) const CHECK: Check = Check {
    id: "secrets",
    about: "agent key, password and private key are there, readable, and hidden from others",
    run,
};

/// Read or write by others than owner and group.
const OTHERS: u32 = 0o006;

fn run(desk: &Desk) -> Vec<Finding> {
    let Some(config) = desk.config() else {
        return vec![Finding::skipped("The configuration is not valid.")];
    };
    if services::is_uplinks(desk) {
        return vec![Finding::skipped(
            "They are the uplink's, which runs as the user sidetone: `sudo -u sidetone sidetone doctor` looks at it.",
        )];
    }
    let mut findings = Vec::new();
    let broker = &config.broker;
    for (key, file) in [
        ("broker.password_file", &broker.password_file),
        ("broker.client_key", &broker.client_key),
    ] {
        let Some(file) = file else { continue };
        match fs::read(file) {
            Ok(_) => findings.extend(too_open(key, file)),
            Err(error) => findings.push(unreadable(desk, key, file, &error)),
        }
    }
    findings.extend(agent_key(desk, config));
    if findings.is_empty() {
        findings.push(Finding::ok(
            "What is secret can be read by Sidetone and not by everybody.",
        ));
    }
    findings
}

fn agent_key(desk: &Desk, config: &Config) -> Option<Finding> {
    let privacy = &config.privacy;
    if !privacy.agent || privacy.aggregate {
        return None;
    }
    let file = &privacy.agent_key_file;
    let shown = file.display();
    match Key::read(file) {
        Ok(_) => too_open("privacy.agent_key_file", file),
        Err(IdentityError::Key { error, .. }) if error.kind() == ErrorKind::NotFound => {
            Some(Finding::warning(
                format!("There is no agent key {shown}: messages carry no agent."),
                format!("openssl rand -hex 32 | sudo install -m 0400 -o {} /dev/stdin {shown}", desk.person.login()),
            ).with_detail(
                "The same key belongs on every workstation, or one agent has two pseudonyms. Where no agent is to be named, set privacy.agent = false.",
            ))
        }
        Err(IdentityError::Key { error, .. }) => {
            Some(unreadable(desk, "privacy.agent_key_file", file, &error))
        }
        Err(_) => Some(Finding::warning(
            format!("The agent key {shown} is shorter than {KEY_MIN} bytes: messages carry no agent."),
            format!("openssl rand -hex 32 | sudo tee {shown} > /dev/null"),
        )),
    }
}

fn unreadable(desk: &Desk, key: &str, file: &Path, error: &std::io::Error) -> Finding {
    let shown = file.display();
    let action = if error.kind() == ErrorKind::PermissionDenied {
        format!(
            "sudo chown {} {shown} && sudo chmod 0600 {shown}",
            desk.person.login()
        )
    } else {
        format!("put it there, or correct {key}")
    };
    Finding::problem(format!("{shown} ({key}) cannot be read: {error}."), action)
}

fn too_open(key: &str, file: &Path) -> Option<Finding> {
    let mode = fs::metadata(file).ok()?.permissions().mode() & 0o777;
    (mode & OTHERS != 0).then(|| {
        let shown = file.display();
        Finding::warning(
            format!("{shown} ({key}) is open to every user of this machine (mode {mode:04o})."),
            format!("sudo chmod o= {shown}"),
        )
    })
}
