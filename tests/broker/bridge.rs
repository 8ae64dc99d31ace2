//! A site's broker hands on to the central one, also what happened while the line was cut.

use crate::client::{Client, Door};
use crate::line::Line;
use crate::trial::{Certificates, PEOPLE, Site, WORKSTATIONS, text};
use rumqttc::mqttbytes::v5::PublishProperties;
use rumqttc::{PublishOptions, QoS};
use std::collections::BTreeSet;
use std::fs;

/// QoS 1, with a life in seconds.
fn lasting(expiry: u32, retained: bool) -> PublishOptions {
    let properties = PublishProperties {
        message_expiry_interval: Some(expiry),
        ..PublishProperties::default()
    };
    PublishOptions::new(QoS::AtLeastOnce)
        .retain(retained)
        .properties(properties)
}

#[tokio::test]
async fn alerts_and_events_come_through_a_cut_line_and_orders_come_back() {
    let certificates = Certificates::new();
    certificates.make(&["workstation", "ws-1"]);
    certificates.make(&["person", "historian", "it-admin", "site-1"]);
    let central = Site::start(&certificates, "", |_| {});
    let line = Line::to(central.people);
    let bridge = text("bridge.conf").replace(
        "central.example.com:8884",
        &format!("127.0.0.1:{}", line.port),
    );
    let site = Site::start(&certificates, &bridge, |dir| {
        for file in ["site-1.crt", "site-1.key"] {
            fs::copy(certificates.file(PEOPLE, "site-1", file), dir.join(file)).unwrap();
        }
    });
    let door = |port, who| Door {
        certificates: &certificates,
        port,
        who: Some(who),
        will: None,
    };
    let historian = Client::connect(door(central.people, (PEOPLE, "historian"))).await;
    let it = Client::connect(door(central.people, (PEOPLE, "it-admin"))).await;
    let node = Client::connect(door(site.nodes, (WORKSTATIONS, "ws-1"))).await;
    let (historian, it, node) = (historian.unwrap(), it.unwrap(), node.unwrap());
    let own = |topic: &str| format!("sidetone/v1/acme/node/ws-1/{topic}");

    let status = PublishOptions::new(QoS::AtLeastOnce).retain(true);
    assert!(node.publish(&own("status"), "ready", status.clone()).await);
    historian.until(&own("status"), "ready").await;

    line.cut();
    let (event, alert) = (own("event/qd.open"), own("alert/qd_open_in_call/call"));
    for number in 0..50 {
        let number = number.to_string();
        assert!(node.publish(&event, &number, lasting(86_400, false)).await);
    }
    assert!(node.say(&own("telemetry/audio"), "in the cut").await);
    assert!(node.publish(&alert, "raised", lasting(180, true)).await);
    let fleet = "sidetone/v1/acme/fleet/config/desired";
    assert!(it.publish(fleet, "1", status).await);
    assert!(!historian.got().iter().any(|got| got.topic == event));

    line.mend();
    let raised = historian.until(&alert, "raised").await;
    assert!(
        raised.expiry.is_some_and(|left| left <= 180),
        "the expiry is lost on the way: {raised:?}"
    );
    node.until(fleet, "1").await;
    assert!(it.say(&own("config/desired"), "2").await);
    node.until(&own("config/desired"), "2").await;
    historian.until(&event, "49").await;
    assert!(node.say(&own("telemetry/audio"), "after the cut").await);
    historian
        .until(&own("telemetry/audio"), "after the cut")
        .await;

    let got = historian.got();
    let of = |topic: String| -> BTreeSet<&str> {
        let of_it = got.iter().filter(|got| got.topic == topic);
        of_it.map(|got| got.payload.as_str()).collect()
    };
    assert_eq!(of(event).len(), 50, "each event at least once");
    let live = of(own("telemetry/audio"));
    assert_eq!(live, BTreeSet::from(["after the cut"]));
    // Who comes later is told what stands.
    let late = Client::connect(door(central.people, (PEOPLE, "historian"))).await;
    let late = late.unwrap();
    assert!(late.until(&own("status"), "ready").await.retained);
    assert!(late.until(&alert, "raised").await.retained);
    it.until("bridge/site-1", "1").await;
}
