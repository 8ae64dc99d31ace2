//! A change to a document: keys set and unset, its version, its signature.

use super::FleetError;
use super::pairs::Pair;
use super::snapshot::{Snapshot, Target};
use crate::config::{check_remote, defaults, overlay};
use crate::remote::sign;
use crate::remote::signature::Signer;
use serde_json::{Map, Value};
use sidetone_wire::OrgName;
use sidetone_wire::config::ConfigDesired;
use sidetone_wire::stamp::{PAYLOAD_MAX, VERSION};

/// What is to change.
#[derive(Debug, Default)]
pub struct Edit {
    /// Keys to set.
    pub set: Vec<Pair>,
    /// Keys of which the document is to say nothing any more.
    pub unset: Vec<String>,
    /// Begin with an empty document.
    pub replace: bool,
}

/// A document that can be published.
#[derive(Debug)]
pub struct Changed {
    /// Where.
    pub topic: String,
    /// Its version.
    pub version: u64,
    /// The whole of it.
    pub document: Value,
    /// What to know about it, each a sentence.
    pub notes: Vec<String>,
}

/// The target's document with this change; `None` if it already says so. `now_ms` is UTC.
///
/// # Errors
/// What nodes would refuse in it.
pub fn change(
    org: &OrgName,
    target: &Target,
    snapshot: &Snapshot,
    edit: &Edit,
    signer: Option<&Signer>,
    now_ms: u64,
) -> Result<Option<Changed>, FleetError> {
    let there = match snapshot.desired.get(target) {
        Some(Err(why)) if !edit.replace => {
            return Err(FleetError::NoDocument {
                target: target.clone(),
                why: why.to_string(),
            });
        }
        Some(Ok(document)) => Some(document),
        Some(Err(_)) | None => None,
    };
    let before = there.map(|document| document.set.clone());
    let mut set = match (&before, edit.replace) {
        (Some(before), false) => before.clone(),
        _ => Map::new(),
    };
    for key in &edit.unset {
        unset(&mut set, key);
    }
    for pair in &edit.set {
        put(&mut set, &pair.key, &pair.value).ok_or(FleetError::Tangled(pair.key.clone()))?;
    }
    let signed = there.is_some_and(|document| document.signature.is_some());
    if before.as_ref() == Some(&set) && signed == signer.is_some() {
        return Ok(None);
    }
    let faults = check_remote(&Value::Object(set.clone()));
    if !faults.is_empty() {
        let messages = faults.into_iter().map(|fault| fault.message);
        return Err(FleetError::Refused(messages.collect()));
    }
    let mut notes = apart(&set);
    if signed && signer.is_none() {
        notes.push("the document so far was signed, this one is not: nodes with config.signing_key refuse it; sign it with --key FILE".to_owned());
    }
    let known = there.map_or(0, |document| document.version);
    let version = known.max(snapshot.highest_reported(target)) + 1;
    let document = ConfigDesired {
        v: VERSION,
        version,
        issued_ms: now_ms,
        set,
        signature: None,
    };
    let topic = target.topic(org);
    let document = sign(document, &topic, signer).unwrap_or_default();
    let length = document.to_string().len();
    if length > PAYLOAD_MAX {
        return Err(FleetError::TooLong(length));
    }
    Ok(Some(Changed {
        topic,
        version,
        document,
        notes,
    }))
}

/// What does not go together beside the defaults: other layers may mend it, which only the node knows.
fn apart(set: &Map<String, Value>) -> Vec<String> {
    let Ok(defaults) = defaults() else {
        return Vec::new();
    };
    let faults = overlay(&defaults, [&Value::Object(set.clone())]).err();
    let told = faults.unwrap_or_default().into_iter();
    told.map(|fault| {
        format!(
            "{}; a node refuses the document unless its other layers change that",
            fault.message
        )
    })
    .collect()
}

/// `None` if a part of the way is no section, or the end is one.
fn put(set: &mut Map<String, Value>, key: &str, value: &Value) -> Option<()> {
    match key.split_once('.') {
        Some((section, rest)) => {
            let section = set
                .entry(section)
                .or_insert_with(|| Value::Object(Map::new()));
            put(section.as_object_mut()?, rest, value)
        }
        None => {
            let before = set.insert(key.to_owned(), value.clone());
            before
                .is_none_or(|before| !before.is_object())
                .then_some(())
        }
    }
}

/// Takes a key or a section away, and the sections that are empty then.
fn unset(set: &mut Map<String, Value>, key: &str) {
    match key.split_once('.') {
        Some((name, rest)) => {
            if let Some(section) = set.get_mut(name).and_then(Value::as_object_mut) {
                unset(section, rest);
                if section.is_empty() {
                    set.remove(name);
                }
            }
        }
        None => {
            set.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn acme() -> OrgName {
        OrgName::new("acme").unwrap()
    }

    fn snapshot(payload: &str) -> Snapshot {
        let mut snapshot = Snapshot::default();
        snapshot.take(&Target::Fleet.topic(&acme()), payload.as_bytes());
        let reported = r#"{"v":1,"boot":1,"node":"ws-1","applied":true,"names_agent":false,"fleet_version":6}"#;
        snapshot.take(
            "sidetone/v1/acme/node/ws-1/config/reported",
            reported.as_bytes(),
        );
        snapshot
    }

    fn edit(set: &[&str], unset: &[&str]) -> Edit {
        Edit {
            set: set.iter().map(|pair| pair.parse().unwrap()).collect(),
            unset: unset.iter().map(|key| (*key).to_owned()).collect(),
            replace: false,
        }
    }

    const THERE: &str = r#"{"v":1,"version":4,"issued_ms":1,"set":{"log":{"level":"debug"},"telemetry":{"audio_interval_s":2}}}"#;

    #[test]
    fn a_change_keeps_the_rest_and_its_version_grows_past_what_nodes_report() {
        let made = |edit: &Edit| change(&acme(), &Target::Fleet, &snapshot(THERE), edit, None, 99);
        let edit_one = edit(&["alerts.double_talk.overtalk_s=3"], &["log.level"]);
        let changed = made(&edit_one).unwrap().unwrap();
        assert_eq!(
            changed.document,
            json!({"v": 1, "version": 7, "issued_ms": 99, "set": {
                "alerts": {"double_talk": {"overtalk_s": 3}}, "telemetry": {"audio_interval_s": 2}}})
        );
        assert_eq!(changed.topic, "sidetone/v1/acme/fleet/config/desired");
        assert!(
            made(&edit(&["log.level=debug"], &["hold.resume"]))
                .unwrap()
                .is_none()
        );
        let told = |edit: &Edit| made(edit).unwrap_err().to_string();
        assert!(
            told(&edit(&["broker.url=mqtt://x", "log.levle=warn"], &[]))
                .lines()
                .count()
                == 2
        );
        assert!(told(&edit(&["log=3"], &[])).contains("section"));
        assert!(told(&edit(&["log.level.x=3"], &[])).contains("section"));
        let apart = made(&edit(&["adapters.mqtt.enabled=true"], &[]))
            .unwrap()
            .unwrap();
        assert!(apart.notes[0].contains("other layers"), "{:?}", apart.notes);
    }

    #[test]
    fn what_is_no_document_is_only_replaced_on_demand() {
        let broken = snapshot("{}");
        let mut edit = edit(&["log.level=warn"], &[]);
        let made = |edit: &Edit| change(&acme(), &Target::Fleet, &broken, edit, None, 1);
        assert!(made(&edit).unwrap_err().to_string().contains("--replace"));
        edit.replace = true;
        assert_eq!(made(&edit).unwrap().unwrap().version, 7);
    }

    #[test]
    fn a_signed_document_is_signed_again() {
        let (signer, _) = Signer::generate().unwrap();
        let edit = edit(&["log.level=warn"], &[]);
        let org = acme();
        let first = change(
            &org,
            &Target::Fleet,
            &snapshot(THERE),
            &edit,
            Some(&signer),
            1,
        );
        let first = first.unwrap().unwrap();
        let snapshot = snapshot(&first.document.to_string());
        let again = |signer| change(&org, &Target::Fleet, &snapshot, &edit, signer, 2).unwrap();
        assert!(again(Some(&signer)).is_none());
        assert!(again(None).unwrap().notes[0].contains("--key"));
    }
}
