//! The broker lets this node do what it must, and nothing else (`sidetone doctor --broker`).

use super::broker::{client_ids, node_name, runtime};
use super::services;
use crate::doctor::{Check, Desk, Finding};
use crate::uplink::config::BrokerConfig;
use crate::uplink::{Outcome, Rights, Tried, rights};
use sidetone_wire::{NodeName, OrgName, Topics};
use std::time::Duration;

pub(super) const CHECK: Check = Check {
    id: "access",
    about: "with --broker: what this node may publish and read at the broker, and what it must not, by trying it",
    run,
};

/// For each step; all of them are a dozen round trips.
const PATIENCE: Duration = Duration::from_secs(2);

/// The report of a call with full lists, in bytes.
const LONGEST: u32 = 16_384;

fn run(desk: &Desk) -> Vec<Finding> {
    if !desk.try_broker {
        return vec![Finding::skipped(
            "Not tried; ask for it with: sidetone doctor --broker",
        )];
    }
    let Some(config) = desk.config() else {
        return vec![Finding::skipped("The configuration is not valid.")];
    };
    if desk.connected_daemon().is_some() {
        let end = if services::are_used(desk) {
            "sudo systemctl stop sidetone-uplink"
        } else {
            "systemctl --user stop sidetone"
        };
        return vec![Finding::skipped(format!(
            "Not tried: the daemon is connected, and a second connection may take its place. End it first: {end}"
        ))];
    }
    let names = (
        node_name(config).and_then(|name| NodeName::new(name).ok()),
        OrgName::new(config.node.org.as_str()).ok(),
    );
    let (Some(node), Some(org)) = names else {
        return vec![Finding::skipped("This node has no name.")];
    };
    let Ok(runtime) = runtime() else {
        return vec![Finding::skipped(
            "The system has no room for another event loop.",
        )];
    };
    let topics = Topics::new(org, node.clone());
    let alone = desk.at_broker();
    let brokers = BrokerConfig::from(&config.broker).each();
    let tries: Vec<_> = brokers
        .into_iter()
        .zip(client_ids(node.as_str()))
        .map(|(broker, id)| {
            let topics = topics.clone();
            runtime.spawn(async move {
                let found = rights(&broker, &topics, &id, PATIENCE).await;
                (broker.url.to_string(), found)
            })
        })
        .collect();
    let found: Vec<_> = tries
        .into_iter()
        .filter_map(|tried| runtime.block_on(tried).ok())
        .collect();
    drop(alone);
    runtime.shutdown_background();
    let judged = found.into_iter().map(|(url, found)| match found {
        Ok(rights) => judge(&url, &rights),
        Err(_) => vec![Finding::skipped(format!(
            "Not tried at {url}: see the check `broker`."
        ))],
    });
    judged.flatten().collect()
}

fn judge(url: &str, rights: &Rights) -> Vec<Finding> {
    let mut findings = abilities(url, rights);
    if rights.own.is_empty() {
        return findings;
    }
    findings.push(own(url, &rights.own));
    findings.extend(orders(url, &rights.orders));
    findings.push(foreign(url, &rights.foreign));
    if let Some(first) = rights.overheard.first() {
        findings.push(Finding::warning(
            format!(
                "{url} sends this node what {} other nodes say, e.g. {first}.",
                rights.overheard.len()
            ),
            "let workstations read only their own config/desired, cmd/+/request and hold/reply, and fleet/#; see docs/broker.md",
        ));
    }
    findings
}

/// What the broker itself can do.
fn abilities(url: &str, rights: &Rights) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !rights.retains {
        findings.push(Finding::problem(
            format!(
                "{url} keeps no retained messages: status, inventory and alerts would be unknown to who comes later."
            ),
            "allow retained messages on the broker",
        ));
    }
    if rights.quality == 0 {
        findings.push(Finding::problem(
            format!("{url} acknowledges nothing (QoS 0 only): events and alerts could be lost."),
            "allow QoS 1 on the broker",
        ));
    }
    if let Some(longest) = rights.longest.filter(|longest| *longest < LONGEST) {
        findings.push(Finding::warning(
            format!(
                "{url} takes packets of {longest} bytes at most; reports of calls may be longer."
            ),
            format!("allow {LONGEST} bytes or more (mosquitto: max_packet_size)"),
        ));
    }
    findings
}

fn own(url: &str, tried: &[Tried]) -> Finding {
    if tried.iter().any(|tried| tried.outcome == Outcome::Untold)
        && tried.iter().all(|tried| why(tried.outcome).is_none())
    {
        return Finding::skipped(format!(
            "{url} acknowledges this node's status, inventory, telemetry, events and alerts, and over MQTT 3.1.1 does not say whether it takes them; MQTT 5 is needed to try it."
        ));
    }
    let failed: Vec<String> = tried
        .iter()
        .filter_map(|tried| Some(format!("{} ({})", tried.topic, why(tried.outcome)?)))
        .collect();
    if failed.is_empty() {
        return Finding::ok(format!(
            "{url} takes this node's status, inventory, telemetry, events, alerts and will."
        ));
    }
    Finding::problem(
        format!(
            "{url} does not take what this node must publish: {}.",
            failed.join(", ")
        ),
        "let this node write its own topics in the broker's access list, by the name in its certificate; see docs/broker.md",
    )
}

fn orders(url: &str, tried: &[Tried]) -> Option<Finding> {
    // The last one is of other nodes: refused is as good as nothing sent.
    let own = tried.split_last().map(|(_, own)| own).unwrap_or_default();
    let failed: Vec<String> = own
        .iter()
        .filter_map(|tried| Some(format!("{} ({})", tried.topic, why(tried.outcome)?)))
        .collect();
    (!failed.is_empty()).then(|| {
        Finding::warning(
            format!(
                "{url} does not let this node read its orders: {}.",
                failed.join(", ")
            ),
            "let it read its own config/desired, cmd/+/request and hold/reply, and fleet/#; see docs/broker.md",
        )
    })
}

fn foreign(url: &str, tried: &[Tried]) -> Finding {
    let taken: Vec<&str> = tried
        .iter()
        .filter(|tried| tried.outcome == Outcome::Taken)
        .map(|tried| tried.topic.as_str())
        .collect();
    if tried.iter().any(|tried| tried.outcome == Outcome::Untold) {
        return Finding::skipped(format!(
            "What this node must not write cannot be tried at {url}: over MQTT 3.1.1 a broker acknowledges what it refuses."
        ));
    }
    // A broker may answer with the end of the connection; after that nothing can be tried.
    let answered = |tried: &Tried| tried.outcome != Outcome::Untried;
    if !tried.iter().any(answered) {
        return Finding::skipped(
            "What this node must not write could not be tried: the connection had ended.",
        );
    }
    if taken.is_empty() {
        return Finding::ok(format!(
            "{url} refuses what this node must not write: another node's topics, and the fleet's configuration."
        ));
    }
    Finding::warning(
        format!(
            "{url} lets this node write what is not its own: {}.",
            taken.join(", ")
        ),
        "give the broker an access list for workstations: see docs/broker.md",
    )
}

/// Why it was not taken.
fn why(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Taken | Outcome::Untold => None,
        Outcome::Refused(why) => Some(why),
        Outcome::HungUp => Some("the broker hung up"),
        Outcome::Untried => Some("not tried, the connection had ended"),
    }
}
