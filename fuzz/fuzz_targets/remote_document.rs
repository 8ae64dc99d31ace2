//! Documents of settings and commands as anybody at the broker may send them: taken whole or refused, and never a
//! local key changed or a privacy switch loosened.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetone::config::{Config, defaults};
use sidetone::remote::{CommandDesk, Kept, Remote};
use sidetone_wire::{NodeName, OrgName, Topics};
use std::sync::LazyLock;
use std::time::Duration;

static LOCAL: LazyLock<(Config, Topics)> = LazyLock::new(|| {
    let org = OrgName::new("acme").expect("a name");
    let node = NodeName::new("ws-1").expect("a name");
    (defaults().expect("the defaults"), Topics::new(org, node))
});

fuzz_target!(|input: &[u8]| {
    let (local, topics) = &*LOCAL;
    let mut remote = Remote::new(
        local.clone(),
        topics.clone(),
        Kept::default(),
        Duration::ZERO,
    );
    for topic in [topics.config_desired(), topics.fleet_config_desired()] {
        remote.receive(Duration::ZERO, &topic, input);
        remote.receive(Duration::ZERO, &topic, input);
    }
    let now = remote.effective();
    assert_eq!(now.broker, local.broker);
    assert_eq!(now.provisioning, local.provisioning);
    assert_eq!(now.adapters.exec, local.adapters.exec);
    assert!(local.privacy.agent || !now.privacy.agent);
    assert!(!local.privacy.aggregate || now.privacy.aggregate);
    let reported = serde_json::to_vec(&remote.reported()).expect("JSON");
    assert!(reported.len() < 65_536);
    let kept = remote.kept().to_json().expect("JSON");
    let kept = Kept::from_json(&kept).expect("what was kept");
    let again = Remote::new(local.clone(), topics.clone(), kept, Duration::ZERO);
    assert_eq!(again.effective(), now);
    let request = format!("{}/cmd/refresh/request", topics.base());
    CommandDesk::new(topics.clone()).receive(Duration::ZERO, 1, &request, input, false);
});
