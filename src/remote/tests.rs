//! Documents as they come to a node, good and hostile.

use super::signature::Signer;
use super::*;
use crate::config::{Config, defaults};
use proptest::prelude::*;
use serde_json::{Value, json};
use sidetone_wire::{NodeName, OrgName, Topics};
use std::time::Duration;

const FLEET: &str = "sidetone/v1/acme/fleet/config/desired";
const LATE: &str = "sidetone/v1/acme/fleet/group/late/config/desired";
const TRIAL: &str = "sidetone/v1/acme/fleet/group/trial/config/desired";
const NODE: &str = "sidetone/v1/acme/node/ws-1/config/desired";

fn topics() -> Topics {
    Topics::new(
        OrgName::new("acme").unwrap(),
        NodeName::new("ws-1").unwrap(),
    )
}

fn local() -> Config {
    let mut config = defaults().unwrap();
    config.node.groups = vec!["late".parse().unwrap(), "trial".parse().unwrap()];
    config
}

fn with(local: Config, kept: Kept) -> Remote {
    Remote::new(local, topics(), kept, Duration::ZERO)
}

fn remote() -> Remote {
    let mut remote = with(local(), Kept::default());
    remote.broker(Duration::ZERO, true);
    remote
}

fn document(version: u64, set: &Value) -> Vec<u8> {
    let document = json!({"v": 1, "version": version, "issued_ms": 1, "set": set});
    document.to_string().into_bytes()
}

fn overtalk(seconds: f64) -> Value {
    json!({"alerts": {"double_talk": {"overtalk_s": seconds}}})
}

/// What became of a document, in a word; `-` if nothing is to be told.
fn hear(remote: &mut Remote, topic: &str, payload: &[u8]) -> &'static str {
    match remote.receive(Duration::from_secs(1), topic, payload) {
        None => "-",
        Some(told) => match told.verdict {
            Verdict::Applied(_) => "applied",
            Verdict::Refused(refusal) => refusal.reason.as_str(),
        },
    }
}

fn in_force(remote: &Remote) -> f64 {
    remote.effective().alerts.double_talk.overtalk_s
}

#[test]
fn later_layers_win_whatever_the_order_in_which_they_come() {
    let mut remote = remote();
    let filters: Vec<String> = remote.filters().collect();
    assert_eq!(filters, [FLEET, LATE, TRIAL, NODE]);
    for (topic, seconds, expected) in [
        (TRIAL, 4.0, 4.0),
        (FLEET, 3.0, 4.0),
        (LATE, 5.0, 4.0),
        (NODE, 6.0, 6.0),
    ] {
        assert_eq!(
            hear(&mut remote, topic, &document(1, &overtalk(seconds))),
            "applied"
        );
        assert_eq!(in_force(&remote), expected, "{topic}");
    }
    assert_eq!(hear(&mut remote, NODE, b""), "applied");
    assert_eq!(in_force(&remote), 4.0);
    assert_eq!(hear(&mut remote, NODE, b""), "-");
    let elsewhere = "sidetone/v1/acme/node/ws-2/config/desired";
    assert_eq!(
        hear(&mut remote, elsewhere, &document(1, &overtalk(9.0))),
        "-"
    );
    let reported = remote.reported();
    assert_eq!(
        (reported.fleet_version, reported.node_version),
        (Some(1), None)
    );
    assert!(reported.applied);
}

#[test]
fn only_newer_versions_are_taken_and_each_refusal_is_told_once() {
    let mut remote = remote();
    let third = document(3, &overtalk(3.0));
    assert_eq!(hear(&mut remote, FLEET, &third), "applied");
    assert_eq!(hear(&mut remote, FLEET, &third), "-");
    for (payload, verdict) in [
        (document(2, &overtalk(2.5)), "old_version"),
        (document(3, &overtalk(2.5)), "old_version"),
        (
            document(4, &json!({"broker": {"url": "mqtt://evil"}})),
            "keys",
        ),
        (document(4, &json!({"alerts": {"double_tlak": {}}})), "keys"),
        (
            document(4, &json!({"adapters": {"mqtt": {"enabled": true}}})),
            "conflict",
        ),
        (vec![b'['; 70_000], "malformed"),
        (b"\xff\xfe".to_vec(), "malformed"),
        (
            br#"{"v":2,"version":9,"issued_ms":1,"set":{}}"#.to_vec(),
            "malformed",
        ),
        (document(u64::MAX, &json!({})), "malformed"),
    ] {
        assert_eq!(hear(&mut remote, FLEET, &payload), verdict);
        assert_eq!(hear(&mut remote, FLEET, &payload), "-", "{verdict} again");
        let reported = remote.reported();
        assert!(!reported.applied && !reported.errors.is_empty());
        assert_eq!(reported.errors[0].layer, "fleet");
        assert_eq!((reported.fleet_version, in_force(&remote)), (Some(3), 3.0));
    }
    // The right one again: nothing is wrong any more.
    assert_eq!(hear(&mut remote, FLEET, &third), "applied");
    assert!(remote.reported().applied);
}

#[test]
fn a_document_is_refused_whole_with_every_key_named() {
    let mut remote = remote();
    let set = json!({
        "alerts": {"double_talk": {"overtalk_s": 9}},
        "broker": {"url": "mqtt://evil"},
        "telemetry": {"audio_intervall_s": 2},
    });
    assert_eq!(hear(&mut remote, NODE, &document(1, &set)), "keys");
    assert_eq!(in_force(&remote), 2.0);
    let errors = remote.reported().errors;
    let keys: Vec<&str> = errors.iter().filter_map(|e| e.key.as_deref()).collect();
    assert_eq!(keys, ["broker.url", "telemetry.audio_intervall_s"]);
    assert!(
        errors[1]
            .message
            .contains("did you mean `telemetry.audio_interval_s`")
    );
}

#[test]
fn what_was_taken_holds_after_a_restart_without_a_broker() {
    let mut first = remote();
    hear(&mut first, LATE, &document(7, &overtalk(5.0)));
    let bytes = first.kept().to_json().unwrap();
    let kept = Kept::from_json(&bytes).unwrap();
    let mut again = with(local(), kept.clone());
    assert_eq!(in_force(&again), 5.0);
    // Live settings are no trial: the broker may be away for long after a start.
    assert_eq!(again.tick(Duration::from_secs(600)), []);
    assert_eq!(in_force(&again), 5.0);
    assert_eq!(hear(&mut again, LATE, &document(7, &overtalk(5.0))), "-");
    // Of a group that the node has left nothing stays.
    let mut left = local();
    left.node.groups.clear();
    assert_eq!(in_force(&with(left, kept)), 2.0);
}

#[test]
fn a_broker_lost_after_new_settings_takes_them_back() {
    let at = Duration::from_secs;
    let mut remote = remote();
    remote.receive(at(0), FLEET, &document(1, &overtalk(3.0)));
    assert_eq!(remote.tick(at(60)), []);
    remote.receive(at(100), FLEET, &document(2, &overtalk(4.0)));
    remote.broker(at(120), false);
    assert_eq!(remote.tick(at(179)), []);
    let told = remote.tick(at(180));
    assert_eq!(told.len(), 1);
    assert!(matches!(&told[0].verdict, Verdict::Refused(r) if r.reason == Reason::RolledBack));
    assert_eq!(in_force(&remote), 3.0);
    remote.broker(at(200), true);
    // The broker still has it; it is not tried again, a newer one is.
    assert_eq!(hear(&mut remote, FLEET, &document(2, &overtalk(4.0))), "-");
    let errors = remote.reported().errors;
    assert!(
        errors[0].message.contains("version 2 was taken back"),
        "{errors:?}"
    );
    let mut again = with(local(), remote.kept().clone());
    assert_eq!(
        hear(&mut again, FLEET, &document(2, &overtalk(4.0))),
        "rolled_back"
    );
    assert_eq!(
        hear(&mut again, FLEET, &document(3, &overtalk(4.0))),
        "applied"
    );
}

#[test]
fn a_broker_lost_later_takes_nothing_back() {
    let at = Duration::from_secs;
    let mut remote = remote();
    remote.receive(at(0), FLEET, &document(1, &overtalk(3.0)));
    assert_eq!(remote.tick(at(61)), []);
    remote.broker(at(62), false);
    assert_eq!(remote.tick(at(600)), []);
    assert_eq!(in_force(&remote), 3.0);
}

#[test]
fn a_key_that_needs_a_restart_says_so_and_is_on_trial_after_it() {
    let at = Duration::from_secs;
    let mut first = remote();
    let off = document(1, &json!({"audio": {"backend": "off"}}));
    assert_eq!(hear(&mut first, FLEET, &off), "applied");
    let reported = first.reported();
    assert_eq!(reported.restart[0].key, "audio.backend");
    assert!(!reported.applied && reported.errors.is_empty());
    assert_eq!(first.tick(at(300)), []);
    let mut second = with(local(), first.kept().clone());
    assert!(second.reported().applied);
    assert_eq!(second.effective().audio, first.effective().audio);
    assert_eq!(second.tick(at(60)).len(), 1, "no broker since the start");
    assert_eq!(second.effective().audio, local().audio);
    let mut third = with(local(), first.kept().clone());
    third.broker(at(3), true);
    assert_eq!(third.tick(at(63)), []);
    assert_eq!(third.kept().proven, third.kept().accepted);
}

#[test]
fn with_a_signing_key_only_signed_documents_of_their_topic_count() {
    let (signer, _) = Signer::generate().unwrap();
    let mut local = local();
    local.provisioning.signing_key = Some(signer.public().unwrap());
    let mut remote = with(local.clone(), Kept::default());
    let read = |payload: &[u8]| sidetone_wire::config::ConfigDesired::from_json(payload).unwrap();
    let signed = |version, topic| {
        let document = read(&document(version, &overtalk(3.0)));
        sign(document, topic, Some(&signer)).unwrap()
    };
    assert_eq!(
        hear(&mut remote, FLEET, &document(1, &overtalk(3.0))),
        "signature"
    );
    let for_group = signed(1, LATE).to_string();
    assert_eq!(hear(&mut remote, FLEET, for_group.as_bytes()), "signature");
    let mut changed = signed(1, FLEET);
    changed["set"]["alerts"]["double_talk"]["overtalk_s"] = json!(99);
    assert_eq!(
        hear(&mut remote, FLEET, changed.to_string().as_bytes()),
        "-"
    );
    let good = signed(1, FLEET).to_string();
    assert_eq!(hear(&mut remote, FLEET, good.as_bytes()), "applied");
    assert_eq!(hear(&mut remote, FLEET, b""), "signature");
    assert_eq!(in_force(&remote), 3.0);
    // What was kept is checked again, so that a new key also ends what the old one let in.
    assert_eq!(in_force(&with(local.clone(), remote.kept().clone())), 3.0);
    local.provisioning.signing_key = Some(Signer::generate().unwrap().0.public().unwrap());
    assert_eq!(in_force(&with(local, remote.kept().clone())), 2.0);
}

proptest! {
    #[test]
    fn no_bytes_panic_or_change_what_they_may_not(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut remote = remote();
        remote.receive(Duration::ZERO, NODE, &bytes);
        prop_assert_eq!(&remote.effective().broker, &local().broker);
        let _ = Kept::from_json(&bytes);
    }
}
