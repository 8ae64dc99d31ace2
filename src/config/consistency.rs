//! What no single key can show: keys that need or exclude each other.

use super::fault::Fault;
use super::load::Origin;
use super::model::{Config, SessionsTaken};
use std::collections::BTreeMap;

/// Every conflict, at the place of the key that causes it.
pub(super) fn conflicts(config: &Config, origins: &BTreeMap<String, Origin>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut conflict = |key: &str, message: &str| {
        faults.push(Fault {
            place: place_of(key, origins),
            key: key.to_owned(),
            message: message.to_owned(),
        });
    };
    let broker = &config.broker;
    match (&broker.client_cert, &broker.client_key) {
        (Some(_), None) => conflict(
            "broker.client_cert",
            "`broker.client_cert` needs its private key; set `broker.client_key` too",
        ),
        (None, Some(_)) => conflict(
            "broker.client_key",
            "`broker.client_key` needs its certificate; set `broker.client_cert` too",
        ),
        _ => {}
    }
    if broker.password_file.is_some() && broker.username.is_none() {
        conflict(
            "broker.password_file",
            "`broker.password_file` needs a user name; set `broker.username` too",
        );
    }
    if broker.proxy_password_file.is_some() && broker.proxy_username.is_none() {
        conflict(
            "broker.proxy_password_file",
            "`broker.proxy_password_file` needs a user name; set `broker.proxy_username` too",
        );
    }
    if broker.proxy_username.is_some() && broker.proxy.is_none() {
        conflict(
            "broker.proxy_username",
            "`broker.proxy_username` needs a proxy; set `broker.proxy` too",
        );
    }
    if let Some(bare) = broker.fallback.iter().find(|f| broker.url.tls && !f.tls) {
        let message = format!(
            "`broker.fallback` names {bare} without TLS, but `broker.url` has it; write mqtts:// there, or nobody could rely on TLS"
        );
        conflict("broker.fallback", &message);
    }
    if !broker.url.tls && !broker.fallback.iter().any(|f| f.tls) {
        for (key, set) in [
            ("broker.ca_file", broker.ca_file.is_some()),
            ("broker.client_cert", broker.client_cert.is_some()),
            ("broker.crl_file", broker.crl_file.is_some()),
        ] {
            if set {
                let message = format!(
                    "`{key}` is for TLS, but `broker.url` is without; write mqtts:// there, or leave `{key}` out"
                );
                conflict(key, &message);
            }
        }
    }
    if config.uplink.sessions == SessionsTaken::Listed && config.uplink.users.is_empty() {
        conflict(
            "uplink.users",
            "`uplink.sessions` = \"listed\" needs the login names whose stations are taken; set `uplink.users` too",
        );
    }
    for error in config.alerts.check() {
        let message = format!("`alerts.{}` {}", error.key, error.message);
        conflict(&format!("alerts.{}", error.key), &message);
    }
    for (key, why) in config.adapters.conflicts() {
        let key = format!("adapters.{key}");
        let message = format!("`{key}` {why}");
        conflict(&key, &message);
    }
    faults
}

/// Where the key was set; if it has its default, where another key of its section was set, which
/// then is the one it does not go with.
fn place_of(key: &str, origins: &BTreeMap<String, Origin>) -> Option<Origin> {
    let section = &key[..=key.rfind('.')?];
    let same_section = origins.iter().find(|(other, _)| other.starts_with(section));
    origins
        .get(key)
        .or(same_section.map(|(_, place)| place))
        .cloned()
}
