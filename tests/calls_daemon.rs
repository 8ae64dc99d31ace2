//! The whole daemon between a headset, a real softphone, a real broker and a customer who judges: the quick
//! disconnect is pulled, and the customer is on hold.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/softphones/mod.rs"]
mod softphones;
#[path = "support/testbed.rs"]
mod testbed;

use broker::{Broker, Seen, Watcher};
use daemon::{Daemon, PROGRAM};
use serde_json::Value;
use softphones::{
    Baresip, Control, Customer, Linphone, Lossy, Program, Verdict, print_distribution, wait_for,
};
use std::process::Command;
use std::time::Duration;
use testbed::{HidHeadset, OFF_HOOK, ON_HOOK, mute, quick_disconnect, vendor};

/// A desk with a headset, a daemon that reads `agent`, and somebody who listens to the broker.
struct Desk {
    broker: Broker,
    watcher: Watcher,
    headset: HidHeadset,
    _daemon: Daemon,
    _desk: daemon::Desk,
}

impl Desk {
    async fn with(configuration: &str) -> Self {
        let broker = Broker::start("");
        let watcher = Watcher::start(broker.port);
        let headset = HidHeadset::new();
        let desk = daemon::Desk::new(
            broker.port,
            &format!("[audio]\nbackend = \"off\"\n{configuration}"),
        );
        let daemon = desk.run(headset.seen_by(Command::new("umockdev-run"), PROGRAM));
        watcher
            .until("the headset", |seen| count(seen, "headset.added") == 1)
            .await;
        Self {
            broker,
            watcher,
            headset,
            _daemon: daemon,
            _desk: desk,
        }
    }

    async fn reading(agent: &Baresip, further: &str) -> Self {
        Self::with(&format!(
            "[adapters.baresip]\naddress = \"{}\"\n{further}",
            agent.control
        ))
        .await
    }

    /// Waits for the nth event of a type.
    async fn event(&self, kind: &str, nth: usize) -> Value {
        let seen = self
            .watcher
            .until(kind, |seen| count(seen, kind) >= nth)
            .await;
        events(&seen, kind)[nth - 1].clone()
    }

    fn events(&self, kind: &str) -> Vec<Value> {
        events(&self.watcher.all(), kind)
    }

    /// Waits until the retained state of an alert is as wanted.
    async fn alert(&self, topic: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let seen = self
            .watcher
            .until(topic, |seen| {
                let on = seen.iter().rfind(|s| s.topic.ends_with(topic));
                on.is_some_and(|s| wanted(&s.json()))
            })
            .await;
        seen.iter()
            .rfind(|s| s.topic.ends_with(topic))
            .unwrap()
            .json()
    }
}

fn events(seen: &[Seen], kind: &str) -> Vec<Value> {
    let topic = format!("/event/{kind}");
    seen.iter()
        .filter(|s| s.topic.ends_with(&topic))
        .map(Seen::json)
        .collect()
}

fn count(seen: &[Seen], kind: &str) -> usize {
    events(seen, kind).len()
}

const TAKE_BACK: &str = "[hold]\nresume = \"on_reconnect\"";

#[tokio::test]
async fn a_pulled_quick_disconnect_puts_the_customer_on_hold_and_plugged_together_takes_them_back()
{
    let agent = Baresip::start("agent");
    let desk = Desk::reading(&agent, TAKE_BACK).await;
    let customer = Customer::call(agent.sip, 15_000);
    let started = desk.event("call.started", 1).await;
    assert_eq!(started["provenance"], "softphone");
    desk.headset.send(&quick_disconnect(true));
    let done = desk.event("hold.done", 1).await;
    assert_eq!(
        (&done["call"], &done["adapter"], &done["hold"]),
        (&started["call"], &"baresip".into(), &"held".into())
    );
    let requested = desk.event("hold.requested", 1).await;
    assert_eq!(requested["call"], started["call"]);
    desk.alert("alert/qd_open_in_call/call", |alert| {
        alert["hold"] == "held"
    })
    .await;
    desk.headset.send(&quick_disconnect(false));
    desk.event("call.resumed", 1).await;
    desk.alert("alert/qd_open_in_call/call", |alert| {
        alert["state"] == "cleared"
    })
    .await;
    let ended = desk.event("call.ended", 1).await;
    assert_eq!(
        (&ended["call"], &ended["reason"]),
        (&started["call"], &"hung_up".into())
    );
    assert_eq!(customer.verdict(), Verdict::HeldAndResumed);
    let order: Vec<String> = desk
        .watcher
        .all()
        .iter()
        .filter_map(|s| Some(s.topic.split_once("/event/")?.1.to_owned()))
        .filter(|kind| kind.starts_with("call.") || kind.starts_with("hold."))
        .collect();
    assert_eq!(
        order,
        [
            "call.started",
            "hold.requested",
            "call.held",
            "hold.done",
            "call.resumed",
            "call.ended"
        ]
    );
    assert_eq!(desk.headset.written_to(), 0, "no report is written unasked");
}

#[tokio::test]
async fn nothing_but_a_reported_quick_disconnect_in_a_call_holds_anyone() {
    let agent = Baresip::start("agent");
    let desk = Desk::reading(&agent, TAKE_BACK).await;
    // Outside a call.
    desk.headset.send(&quick_disconnect(true));
    desk.event("qd.open", 1).await;
    desk.headset.send(&quick_disconnect(false));
    desk.event("qd.closed", 1).await;
    let customer = Customer::call(agent.sip, 4_000);
    desk.event("call.started", 1).await;
    // The headset's own mute, a vendor message that means nothing, its hook switch.
    desk.headset.send(&mute(true));
    desk.event("mute.on", 1).await;
    desk.headset.send(&mute(false));
    desk.headset.send(&vendor(0x77, 1));
    desk.headset.send(OFF_HOOK);
    desk.event("hook.off", 1).await;
    desk.headset.send(ON_HOOK);
    assert_eq!(customer.verdict(), Verdict::NotSo);
    desk.event("call.ended", 1).await;
    let held: Vec<String> = desk
        .watcher
        .all()
        .iter()
        .map(|s| s.topic.clone())
        .filter(|topic| topic.contains("/event/hold.") || topic.ends_with("/event/call.held"))
        .collect();
    assert_eq!(held, [""; 0]);
    assert_eq!(desk.events("call.started").len(), 1);
}

#[tokio::test]
async fn two_hundred_quick_disconnects_are_two_hundred_holds() {
    let (agent, customer) = (Baresip::start("agent"), Baresip::start("customer"));
    let desk = Desk::reading(&agent, TAKE_BACK).await;
    Control::open(customer.control).tell("dial", &agent.uri("agent"));
    desk.event("call.started", 1).await;
    let mut took = Vec::new();
    for cycle in 1..=200 {
        desk.headset.send(&quick_disconnect(true));
        let done = desk.event("hold.done", cycle).await;
        took.push(Duration::from_millis(done["latency_ms"].as_u64().unwrap()));
        desk.headset.send(&quick_disconnect(false));
        desk.event("call.resumed", cycle).await;
    }
    for (kind, times) in [("call.held", 200), ("hold.failed", 0), ("call.ended", 0)] {
        assert_eq!(desk.events(kind).len(), times, "{kind}");
    }
    print_distribution("first report of the quick disconnect to hold seen", took);
}

#[tokio::test]
async fn a_killed_softphone_is_a_failed_hold() {
    let (mut agent, customer) = (Baresip::start("agent"), Baresip::start("customer"));
    let desk = Desk::reading(&agent, "").await;
    Control::open(customer.control).tell("dial", &agent.uri("agent"));
    desk.event("call.started", 1).await;
    agent.kill();
    desk.headset.send(&quick_disconnect(true));
    let failed = desk.event("hold.failed", 1).await;
    assert_eq!(failed["hold"], "failed");
    desk.alert("alert/qd_open_in_call/call", |alert| {
        alert["hold"] == "failed"
    })
    .await;
    let ended = desk.event("call.ended", 1).await;
    assert_eq!(ended["reason"], "softphone_gone");
}

/// The gateway example beside a PBX: here beside the agent's baresip. It listens once this returns.
fn gateway(broker_port: u16, agent: &Baresip) -> Program {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/hold_gateway.py");
    let log = tempfile::NamedTempFile::new().unwrap();
    let gateway = Program::start(
        // Debian's Python, which has Debian's paho-mqtt.
        Command::new("/usr/bin/python3")
            .arg(script)
            .arg(format!("mqtt://127.0.0.1:{broker_port}"))
            .args(["--org", "acme"])
            .args(["--phone", &format!("204={}", agent.control)])
            .stdout(log.reopen().unwrap()),
    );
    wait_for("the gateway", || {
        let said = std::fs::read_to_string(log.path()).unwrap();
        said.contains("answers").then_some(())
    });
    gateway
}

#[tokio::test]
async fn without_an_adapter_a_gateway_beside_the_pbx_holds() {
    let agent = Baresip::start("agent");
    let desk = Desk::with(&format!(
        "[adapters.baresip]\nenabled = false\n[adapters.mqtt]\nenabled = true\nextension = \"204\"\n{TAKE_BACK}"
    ))
    .await;
    let _gateway = gateway(desk.broker.port, &agent);
    let customer = Customer::call(agent.sip, 15_000);
    wait_for("the call", || {
        let calls = Control::open(agent.control).tell("listcalls", "");
        calls["data"]
            .as_str()?
            .contains("ESTABLISHED")
            .then_some(())
    });
    // Nobody tells the daemon of it but the hook switch.
    desk.headset.send(OFF_HOOK);
    desk.event("call.started", 1).await;
    desk.headset.send(&quick_disconnect(true));
    let done = desk.event("hold.done", 1).await;
    assert_eq!(done["adapter"], "mqtt");
    desk.event("call.held", 1).await;
    desk.headset.send(&quick_disconnect(false));
    desk.event("call.resumed", 1).await;
    assert_eq!(customer.verdict(), Verdict::HeldAndResumed);
}

#[tokio::test]
async fn packets_lost_on_their_way_to_the_customer_are_a_line_that_is_told() {
    let (agent, customer) = (Baresip::start("agent"), Baresip::start("customer"));
    let desk = Desk::reading(&agent, "").await;
    let lossy = Lossy::between(customer.sip, agent.sip, 0, 10);
    Control::open(customer.control).tell("dial", &lossy.uri("agent"));
    desk.event("call.started", 1).await;
    let alert = desk
        .alert("alert/line_unstable/call", |alert| {
            alert["state"] == "raised"
        })
        .await;
    println!("line_unstable: {alert}");
    let lost = alert["value"].as_f64().unwrap();
    assert!((0.05..0.15).contains(&lost), "{alert}");
    Control::open(customer.control).tell("hangup", "");
    let ended = desk.event("call.ended", 1).await;
    println!("call.ended: {ended}");
    assert_eq!(ended["reason"], "hung_up");
    desk.alert("alert/line_unstable/call", |alert| {
        alert["state"] == "cleared" && alert["reason"] == "call_ended"
    })
    .await;
}

#[tokio::test]
async fn linphone_holds_by_the_same_contract() {
    let agent = Linphone::start();
    let desk = Desk::with(&format!(
        "[adapters.baresip]\nenabled = false\n[adapters.linphone]\npipe = {:?}\n{TAKE_BACK}",
        agent.pipe
    ))
    .await;
    let customer = Customer::call(agent.sip, 15_000);
    let started = desk.event("call.started", 1).await;
    assert_eq!(started["provenance"], "softphone");
    desk.headset.send(&quick_disconnect(true));
    let done = desk.event("hold.done", 1).await;
    assert_eq!(done["adapter"], "linphone");
    println!("linphone: {done}");
    desk.headset.send(&quick_disconnect(false));
    desk.event("call.resumed", 1).await;
    desk.event("call.ended", 1).await;
    assert_eq!(customer.verdict(), Verdict::HeldAndResumed);
}
