//! The broker is found, reached, and lets this node in.

use crate::config::{Config, MqttChoice};
use crate::doctor::{Check, Desk, Finding};
use crate::local::state::State;
use crate::uplink::config::BrokerConfig;
use crate::uplink::{BrokerFault, probe};
use sidetone_wire::vocabulary::MqttVersion;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

pub(super) const CHECK: Check = Check {
    id: "broker",
    about: "the broker's name is found, its port reached, and it lets this node in over MQTT",
    run,
};

/// What a broker that speaks MQTT 3.1.1 only should become.
const UPDATE: &str = "update the broker (Mosquitto from 1.6, EMQX from 4, HiveMQ from 4)";

/// What is off with MQTT 3.1.1.
const OFF: &str = "With MQTT 3.1.1 commands are off, nothing expires at the broker (valid_until_ms in the payload says when), a refused message looks like a taken one, and a lost workstation is told at once. See docs/mqtt.md.";

/// For each step: name, port, MQTT.
const PATIENCE: Duration = Duration::from_secs(3);

fn run(desk: &Desk) -> Vec<Finding> {
    let Some(config) = desk.config() else {
        return vec![Finding::skipped("The configuration is not valid.")];
    };
    let Some(node) = node_name(config) else {
        return vec![Finding::problem(
            "The host name cannot be made a node name, so Sidetone does not start.",
            "set node.name",
        )];
    };
    // Where the certificate's name is the client id, a second connection would throw the daemon off.
    let daemon = desk.connected_daemon();
    let at = daemon.map(|daemon| daemon.broker.url.as_str());
    let mut findings: Vec<Finding> = daemon
        .map(|daemon| told_by(daemon, config))
        .unwrap_or_default();
    let mut brokers = BrokerConfig::from(&config.broker).each();
    brokers.retain(|broker| at != Some(broker.url.to_string().as_str()));
    if brokers.is_empty() {
        return findings;
    }
    let Ok(runtime) = runtime() else {
        return vec![Finding::skipped(
            "The system has no room for another event loop.",
        )];
    };
    let alone = desk.at_broker();
    // Side by side, as each may need all the time there is.
    let looks: Vec<_> = brokers
        .into_iter()
        .zip(client_ids(&node))
        .map(|(broker, id)| runtime.spawn(async move { look(&broker, &id).await }))
        .collect();
    for look in looks {
        findings.extend(runtime.block_on(look));
    }
    drop(alone);
    // A name that is still looked up is not waited for.
    runtime.shutdown_background();
    findings
}

/// A client id for each broker: of those in one cluster the second would end the session of the first.
pub(super) fn client_ids(node: &str) -> impl Iterator<Item = String> {
    let first = format!("{node}-doctor");
    let further = (2..).map({
        let first = first.clone();
        move |number| format!("{first}-{number}")
    });
    std::iter::once(first).chain(further)
}

/// What this node is called.
pub(super) fn node_name(config: &Config) -> Option<String> {
    config.node.effective_name().map(|name| name.to_string())
}

/// What the daemon, which is connected, knows of the broker.
fn told_by(daemon: &State, config: &Config) -> Vec<Finding> {
    let url = &daemon.broker.url;
    let process = daemon.node.pid;
    let is_old = daemon.broker.mqtt == Some(MqttVersion::V311);
    let with = daemon.broker.mqtt.map(|mqtt| format!(" with MQTT {mqtt}"));
    let says = format!(
        "{url} lets this node in: the daemon (process {process}) is connected{}.",
        with.unwrap_or_default()
    );
    let connected = match config.broker.mqtt {
        MqttChoice::Auto | MqttChoice::V5 if is_old => {
            Finding::warning(format!("{says} It speaks MQTT 3.1.1 only."), UPDATE)
        }
        _ => Finding::ok(says),
    };
    let mut findings = vec![if is_old {
        connected.with_detail(OFF)
    } else {
        connected
    }];
    let others = &config.broker.fallback;
    if let Some(place) = others.iter().position(|other| other.to_string() == *url) {
        findings.push(
            Finding::warning(
                format!(
                    "That is broker {} of {}: the first, {}, could not be used.",
                    place + 2,
                    others.len() + 1,
                    config.broker.url
                ),
                format!("see what is wrong with {}; the daemon goes back by itself one to two minutes after it can be reached again", config.broker.url),
            ),
        );
    }
    let refused: Vec<String> = daemon
        .broker
        .refused
        .iter()
        .map(|refused| format!("{} ({})", refused.topic, refused.reason))
        .collect();
    if !refused.is_empty() {
        let finding = Finding::problem(
            format!(
                "{url} refuses what the daemon publishes: {}.",
                refused.join(", ")
            ),
            "let this node write its own topics in the broker's access list, by the name in its certificate; see docs/broker.md",
        );
        findings.push(finding.with_detail(
            "Events and alerts wait and are tried again every 30 s; what else the broker refuses is told by `sidetone doctor --broker` once the daemon has ended.",
        ));
    }
    findings
}

/// An event loop for one check.
pub(super) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

async fn look(broker: &BrokerConfig, client_id: &str) -> Finding {
    let url = &broker.url;
    if broker.proxy.is_some() {
        // The proxy looks up the name and reaches the port.
        return asked(broker, client_id).await;
    }
    let found = timeout(PATIENCE, lookup_host((url.host.as_str(), url.port))).await;
    let addresses: Vec<SocketAddr> = match found {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(error)) => return unknown_name(&url.host, &error.to_string()),
        Err(_) => return unknown_name(&url.host, "the name servers do not answer"),
    };
    let reached = timeout(PATIENCE, TcpStream::connect(addresses.as_slice())).await;
    // Closed at once: a connection that says nothing is none that a broker should keep.
    let reached = reached.map(|reached| reached.map(drop));
    match reached {
        Ok(Ok(())) => {}
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            return not_reached(
                broker,
                &addresses,
                "nothing listens there",
                "start the broker, or correct the port in broker.url",
            );
        }
        Ok(Err(error)) => {
            return not_reached(
                broker,
                &addresses,
                &error.to_string(),
                &format!("ping {}", url.host),
            );
        }
        Err(_) => {
            return not_reached(
                broker,
                &addresses,
                "no answer",
                &format!(
                    "let port {} through the firewall, or correct broker.url",
                    url.port
                ),
            );
        }
    }
    asked(broker, client_id).await
}

/// What the broker says to this node.
async fn asked(broker: &BrokerConfig, client_id: &str) -> Finding {
    let url = &broker.url;
    match probe(broker, client_id, PATIENCE).await {
        Ok(MqttVersion::V5) => {
            Finding::ok(format!("{url} lets this node in (MQTT 5, as {client_id})."))
        }
        Ok(MqttVersion::V311) => {
            let says = format!("{url} lets this node in (MQTT 3.1.1, as {client_id}).");
            let said = match broker.mqtt {
                MqttChoice::V311 => Finding::ok(says),
                _ => Finding::warning(format!("{says} It speaks MQTT 3.1.1 only."), UPDATE),
            };
            said.with_detail(OFF)
        }
        Err(fault) => refused(broker, client_id, fault),
    }
}

fn unknown_name(host: &str, why: &str) -> Finding {
    let why = why.trim_start_matches("failed to lookup address information: ");
    Finding::problem(
        format!("The broker's name {host} is not found ({why})."),
        format!("correct broker.url, or the name servers: getent hosts {host}"),
    )
}

fn not_reached(
    broker: &BrokerConfig,
    addresses: &[SocketAddr],
    why: &str,
    action: &str,
) -> Finding {
    let places: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let finding = Finding::problem(
        format!(
            "The broker {} is not reached at {} ({why}).",
            broker.url,
            places.join(", ")
        ),
        action,
    );
    if broker.proxy.is_some() {
        return finding;
    }
    let proxies = [
        "https_proxy",
        "HTTPS_PROXY",
        "http_proxy",
        "HTTP_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ];
    match proxies.iter().find(|name| std::env::var_os(name).is_some()) {
        Some(name) => finding.with_detail(format!(
            "{name} is set: this network may want a proxy; Sidetone uses only the one in broker.proxy."
        )),
        None => finding,
    }
}

fn refused(broker: &BrokerConfig, client_id: &str, fault: BrokerFault) -> Finding {
    let url = &broker.url;
    match fault {
        BrokerFault::Refused { why, .. } => {
            let action = match why.as_str() {
                "bad user name password" | "not authorized"
                    if broker.credentials.is_none() && broker.client.is_none() =>
                {
                    "set broker.username and broker.password_file"
                }
                "bad user name password" | "not authorized" => {
                    "correct broker.username and the password in broker.password_file, or the broker's access list"
                }
                "banned" => "lift the ban of this workstation on the broker",
                "client identifier not valid" | "bad client id" => {
                    "let the broker accept the node's name as client id"
                }
                _ => "see the broker's log for this client id",
            };
            Finding::problem(format!("{url} refuses this node: {why}."), action).with_detail(
                format!("It was asked as client {client_id}{}.", as_user(broker)),
            )
        }
        BrokerFault::Busy { why, .. } => Finding::warning(
            format!("{url} has no room now: {why}."),
            "see the broker's limits of connections; Sidetone tries again by itself",
        ),
        BrokerFault::OldMqtt { .. } => Finding::problem(
            format!("{url} speaks MQTT 3.1.1 only, and broker.mqtt does not let this node use it."),
            "set broker.mqtt = \"3.1.1\", or update the broker (Mosquitto from 1.6, EMQX from 4, HiveMQ from 4)",
        )
        .with_detail(OFF),
        BrokerFault::NoOldMqtt { .. } => Finding::problem(
            format!("{url} does not speak MQTT 3.1.1."),
            "set broker.mqtt = \"auto\"",
        ),
        BrokerFault::NotMqtt { .. } => Finding::problem(
            format!("What answers at {url} does not speak MQTT."),
            "correct the port in broker.url: 1883, with TLS 8883",
        ),
        BrokerFault::HangsUp { .. } if !url.tls => Finding::problem(
            format!("The server at {url} hangs up at once; it may want TLS."),
            "write mqtts:// in broker.url, or correct the port",
        ),
        BrokerFault::HangsUp { .. } => Finding::problem(
            format!(
                "The server at {url} hangs up at once; it may have no TLS, or want a certificate."
            ),
            "correct broker.url, or set broker.client_cert and broker.client_key",
        ),
        BrokerFault::Silent { .. } => Finding::problem(
            format!("The server at {url} accepts the connection and says nothing."),
            "correct the port in broker.url; restart the broker if it hangs",
        ),
        BrokerFault::Tls { why, .. } => tls(broker, &why),
        BrokerFault::Proxy { why, .. } => Finding::problem(
            format!("The way to {url} ends at the proxy: {why}."),
            "correct broker.proxy, broker.proxy_username and broker.proxy_password_file, or have the proxy let CONNECT to this host and port through",
        ),
        BrokerFault::NoWebSocket { why, .. } => Finding::problem(
            format!("The server at {url} takes no MQTT over WebSocket: {why}."),
            "correct port and path in broker.url (mosquitto: a listener with `protocol websockets`)",
        ),
        BrokerFault::Unreadable { path, key, why } => Finding::problem(
            format!("{} cannot be used: {why}.", path.display()),
            format!("correct {key}"),
        ),
        other => Finding::problem(format!("{other}."), "see the broker's log"),
    }
}

fn tls(broker: &BrokerConfig, why: &str) -> Finding {
    let url = &broker.url;
    if why.contains("CertificateRequired") {
        return Finding::problem(
            format!("{url} wants a certificate of this node, and none is set."),
            "set broker.client_cert and broker.client_key",
        );
    }
    if ["invalid peer certificate", "the broker's certificate"]
        .iter()
        .any(|start| why.starts_with(start))
    {
        return Finding::problem(
            format!("TLS with {url} does not come about: its certificate is not believed."),
            "do what the check `certificate` says",
        );
    }
    let from_broker = why.contains("received fatal alert");
    if from_broker && broker.client.is_some() {
        return Finding::problem(
            format!("{url} does not believe this node's certificate ({why})."),
            "have it signed by the authority that the broker trusts, and see the check `certificate`",
        );
    }
    Finding::problem(
        format!("TLS with {url} does not come about ({why})."),
        "see the check `certificate`",
    )
}

fn as_user(broker: &BrokerConfig) -> String {
    let user = broker.credentials.as_ref();
    user.map(|c| format!(", user {:?}", c.username))
        .unwrap_or_default()
}
