//! Every permission of CONTRACT §1: who may write each topic, and who is sent what is written there.

use crate::client::{Client, Door};
use crate::trial::{Certificates, PEOPLE, Site, WORKSTATIONS};
use std::collections::{BTreeMap, BTreeSet};

/// Everyone, and the listener they belong to.
const EVERYONE: [(&str, &str); 8] = [
    (WORKSTATIONS, "ws-1"),
    (WORKSTATIONS, "ws-2"),
    (PEOPLE, "supervisor-1"),
    (PEOPLE, "historian"),
    (PEOPLE, "it-admin"),
    (PEOPLE, "hub"),
    (PEOPLE, "gateway"),
    (PEOPLE, "site-1"),
];

/// Topics below `sidetone/v1/acme/`, who may write them, and who reads them.
const TABLE: [(&str, &str, &str); 19] = [
    ("node/ws-1/status", "ws-1 site-1", SEE),
    ("node/ws-1/inventory/host", "ws-1 site-1", SEE),
    ("node/ws-1/telemetry/audio", "ws-1 site-1", SEE),
    ("node/ws-1/event/call.started", "ws-1 site-1", SEE),
    ("node/ws-1/alert/line_noise/agent", "ws-1 site-1", SEE),
    ("node/ws-1/config/reported", "ws-1 site-1", SEE),
    ("node/ws-1/cmd/identify/reply", "ws-1 site-1", SEE),
    ("node/ws-2/telemetry/audio", "ws-2 site-1", SEE),
    (
        "node/ws-1/cmd/identify/request",
        "supervisor-1 it-admin",
        "ws-1 site-1 supervisor-1 historian it-admin hub",
    ),
    (
        "node/ws-1/config/desired",
        "it-admin",
        "ws-1 site-1 supervisor-1 historian it-admin hub",
    ),
    (
        "node/ws-2/config/desired",
        "it-admin",
        "ws-2 site-1 supervisor-1 historian it-admin hub",
    ),
    (
        "node/ws-1/hold/request",
        "ws-1 site-1",
        "gateway supervisor-1 historian it-admin hub",
    ),
    (
        "node/ws-1/hold/reply",
        "gateway",
        "ws-1 site-1 supervisor-1 historian it-admin hub",
    ),
    ("fleet/config/desired", "it-admin", FLEET),
    ("fleet/group/sales/config/desired", "it-admin", FLEET),
    (
        "ack/ws-1/01a21ed4-b340-7c9a-808c-512f6d804b2d",
        "supervisor-1 hub",
        "supervisor-1 it-admin hub",
    ),
    ("team/red/telemetry/audio", "hub", SEE),
    // None of the contract's topics.
    ("node/ws-1", "", ""),
    ("node/ws-1/config/other", "", ""),
];

/// Who sees what workstations and teams say.
const SEE: &str = "supervisor-1 historian it-admin hub";

/// Who is told what holds for all.
const FLEET: &str = "ws-1 ws-2 site-1 supervisor-1 it-admin hub";

/// The last message that each of these readers is sent.
const ENDS: [(&str, &str); 3] = [
    ("it-admin", "fleet/config/desired"),
    ("hub", "team/red/telemetry/audio"),
    ("ws-1", "node/ws-1/hold/request"),
];

fn names(list: &str) -> BTreeSet<String> {
    list.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn everyone_may_what_the_contract_says_and_nothing_else() {
    let certificates = Certificates::new();
    let mut site = Site::start(&certificates, "", |_| {});
    let mut clients = BTreeMap::new();
    for (of, name) in EVERYONE {
        let kind = if of == PEOPLE {
            "person"
        } else {
            "workstation"
        };
        certificates.make(&[kind, name]);
        let door = Door {
            certificates: &certificates,
            port: if of == PEOPLE {
                site.people
            } else {
                site.nodes
            },
            who: Some((of, name)),
            will: None,
        };
        clients.insert(name, Client::connect(door).await.unwrap());
    }

    let other = TABLE.map(|(topic, ..)| (format!("sidetone/v1/other/{topic}"), "", ""));
    let own = TABLE
        .map(|(topic, writers, readers)| (format!("sidetone/v1/acme/{topic}"), writers, readers));
    let table: Vec<_> = own.into_iter().chain(other).collect();
    for (topic, writers, _) in &table {
        let mut could = BTreeSet::new();
        for (name, client) in &clients {
            if client.say(topic, name).await {
                could.insert((*name).to_owned());
            }
        }
        assert_eq!(could, names(writers), "may write {topic}");
    }
    for (name, topic) in ENDS {
        let topic = format!("sidetone/v1/acme/{topic}");
        assert!(clients[name].say(&topic, "end").await);
    }
    for (name, client) in &clients {
        let last = match *name {
            "ws-1" | "ws-2" | "site-1" => "fleet/config/desired",
            "gateway" => "node/ws-1/hold/request",
            _ => "team/red/telemetry/audio",
        };
        client
            .until(&format!("sidetone/v1/acme/{last}"), "end")
            .await;
    }
    for (topic, writers, readers) in &table {
        let of = |client: &Client| -> BTreeSet<String> {
            let got = client.got().into_iter();
            got.filter(|g| g.topic == *topic && g.payload != "end")
                .map(|g| g.payload)
                .collect()
        };
        let sent = clients.iter().filter(|(_, client)| !of(client).is_empty());
        let sent: BTreeSet<String> = sent.map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(sent, names(readers), "is sent {topic}");
        for (name, client) in clients.iter().filter(|(name, _)| sent.contains(**name)) {
            assert_eq!(of(client), names(writers), "{topic} at {name}");
        }
    }
    site.broker.kill();
}

#[tokio::test]
async fn a_will_is_sent_on_the_own_topic_only() {
    let certificates = Certificates::new();
    certificates.make(&["workstation", "ws-1"]);
    certificates.make(&["person", "hub"]);
    let site = Site::start(&certificates, "", |_| {});
    let door = |port, who, will| Door {
        certificates: &certificates,
        port,
        who: Some(who),
        will,
    };
    let [foreign, own] = ["ws-2", "ws-1"].map(|n| format!("sidetone/v1/acme/node/{n}/status"));
    let hub = Client::connect(door(site.people, (PEOPLE, "hub"), None)).await;
    let hub = hub.unwrap();
    for topic in [&foreign, &own] {
        let dying = door(site.nodes, (WORKSTATIONS, "ws-1"), Some(topic.as_str()));
        Client::connect(dying).await.unwrap().vanish().await;
    }
    hub.until(&own, "will").await;
    assert_eq!(hub.got().len(), 1, "{:?}", hub.got());
}
